"""A whole graph goes out in each format and comes back into an empty store as it was."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from lineage import export, queries
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore

DEMO = Path(__file__).parent.parent / "demo" / "work32"


@cache
def production() -> MemoryStore:
    """The demonstration's production: 26 activities of six tools, file version by file version."""
    store = MemoryStore()
    import_paths(store, sorted(DEMO.rglob("*.provenance.log")), Settings())
    return store


@pytest.mark.parametrize(
    ("format_", "unqualified"),
    [*((name, False) for name in export.FORMATS), *((name, True) for name in export.RDF)],
)
def test_the_same_graph_comes_back(format_: str, unqualified: bool, tmp_path: Path) -> None:
    """The digest is the same: every element, relation, attribute and piece of evidence."""
    store = production()
    source = tmp_path / f"production{export.FORMATS[format_].suffix}"
    with source.open("wb") as stream:
        export.write(format_, store.records(), store.namespaces(), stream, unqualified=unqualified)
    again = MemoryStore()
    report = import_paths(again, [source], Settings())

    assert report.complete
    assert queries.digest(again) == queries.digest(store)
    assert again.stats().relations == store.stats().relations


def test_a_graph_meets_itself_in_a_store(tmp_path: Path) -> None:
    """An export imported beside its sources adds no element and no relation that says more.

    A use that a file event made and the same use asserted by a document are two assertions.
    """
    store = MemoryStore()
    import_paths(store, sorted(DEMO.rglob("*.provenance.log")), Settings())
    before = set(store.records())
    source = tmp_path / "production.ttl"
    with source.open("wb") as stream:
        export.write("turtle", store.records(), store.namespaces(), stream)
    import_paths(store, [source], Settings())

    assert set(store.records()) == before
    assert len(store.sources()) == len(production().sources()) + 1
