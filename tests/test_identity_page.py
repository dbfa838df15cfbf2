"""docs/identity.md: the demonstration's file versions, as the graph has them and as they are."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import pytest

from lineage import queries
from lineage import vocabulary as v
from lineage.records import Activity, Entity
from lineage.session import import_paths
from lineage.settings import load_settings
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredElement
from tests.file_versions import DEMO, DIRECTORY, ROOT, demonstration, rows, sources, table

PAGE = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
WORK = DEMO / "work32"


@cache
def production() -> MemoryStore:
    """The demonstration's graph, which no test here changes."""
    return demonstration()


def recorded() -> dict[str, dict[str, Any]]:
    """The activities of the provenance logs by uuid, read by json alone; finished ones count."""
    found: dict[str, dict[str, Any]] = {}
    for log in sorted(WORK.rglob("*.provenance.log")):
        text, at = log.read_text("utf-8"), 0
        while at < len(text.rstrip()):
            array, at = json.JSONDecoder().raw_decode(text, at)
            for one in array:
                known = found.get(one["activity_uuid"])
                if known is None or one["stop"]:
                    found[one["activity_uuid"]] = one
    return found


def files(key: str) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    """Each recorded input or output: path, product id that a file carries, activity."""
    for one in recorded().values():
        for file in one[key]:
            meta = file.get("reference_meta") or {}
            product = meta.get("CTA PRODUCT ID") if meta.get("CTA ACTIVITY ID") else None
            yield file["url"].removeprefix(DIRECTORY), product, one


def expected() -> set[tuple[str, str]]:
    """(path, first eight digits of the product, or of the maker) of every version there was."""
    made = {(path, (product or one["activity_uuid"])[:8]) for path, product, one in files("output")}
    paths = {path for path, _ in made}
    made |= {(path, product[:8]) for path, product, _ in files("input") if product}
    origins = {(path, "-") for path, product, _ in files("input") if path not in paths}
    return made | origins


def test_each_file_version_is_one_node_and_each_node_one_version() -> None:
    """What json alone finds in the logs is what the graph holds, but for what text logs add."""
    told = {(row[0], row[1]) for row in rows(production())}
    claims = {pair for pair in told if "#" in pair[1]}
    only_in_text_logs = {pair for pair in told if pair[0] == "never.h5"}

    assert told - claims - only_in_text_logs == expected()
    assert claims == {("dl1/gamma_run1.dl1.h5", "36f083a3#b754f77c")}
    assert len(told) == len(rows(production()))


@pytest.mark.parametrize("path", sorted(WORK.rglob("*.h5")), ids=lambda path: path.name)
def test_the_file_on_the_disk_is_the_version_that_is_not_overwritten(path: Path) -> None:
    """The product id that h5py finds in the file is the one that the graph says is there."""
    with h5py.File(path) as file:
        product = file.attrs["CTA PRODUCT ID"].decode()
    place = str(path.relative_to(WORK))
    there = {
        row[1].partition("#")[0] for row in rows(production()) if row[0] == place and not row[5]
    }

    assert there == {product[:8]}


def test_the_order_of_sources_does_not_show() -> None:
    """Logs, text logs and headers in any order, in several runs: one table, one digest."""
    settings, digest = load_settings(DEMO / "settings.toml"), queries.digest(production())
    for seed in range(4):
        rng, store = random.Random(seed), MemoryStore()
        order = rng.sample(sources(), len(sources()))
        cut = rng.randint(1, len(order))
        for part in (order[:cut], order[cut:] + order[:3]):
            import_paths(store, part, settings)

        assert queries.digest(store) == digest
        assert table(store) == table(production())


def test_the_page_shows_the_graph() -> None:
    """The table in the page is what ``python -m tests.file_versions`` prints."""
    assert table(production()) in PAGE


def ancestors() -> list[StoredElement]:
    """Everything that influenced the last merged DL2 file."""
    store = production()
    start = queries.resolve(store, "dl2/merged.dl2.h5")
    return list(queries.ancestors(store, start.key, depth=50, limit=10_000).elements)


def test_the_merged_dl2_file_comes_from_what_made_it_and_from_nothing_else() -> None:
    """One simulation, two configurations, one model: those that its versions came from."""
    found = ancestors()
    places = {path.removeprefix(DIRECTORY) for one in found for path in one.paths}
    shorts = {one.identifier.rpartition(":")[2][:8] for one in found}

    assert {path for path in places if not path.startswith(("dl1/", "dl2/"))} == {
        "sim/gamma_run1.simtel.gz",
        "conf/process_v2.yaml",
        "conf/train.yaml",
        "models/energy.pkl",
    }
    assert "file:///srv/cta/work32/models/energy.pkl#a5fe78d9-238e-4ef0-a181-4a45e973f5b2" in {
        one.identifier for one in found
    }
    assert {"73b05d3a", "a5fe78d9", "674e6bd5", "36f083a3"} <= shorts
    assert not shorts & {"3217a743", "1874e528", "6b0d488d", "7897cb72", "b754f77c"}


def test_the_page_names_every_evidence() -> None:
    """Whatever stands in ``lineage_identified_by`` in the demonstration is explained."""
    seen = {
        str(one)
        for record in production().records()
        if isinstance(record, Entity | Activity)
        for one in record.values(v.IDENTIFIED_BY)
    }

    assert seen
    assert all(f"`{one}`" in PAGE for one in seen)
