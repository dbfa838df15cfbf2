"""What one source said goes, and nothing else: every store, compared with never having heard it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage.forgetting import forget
from lineage.graph_store import GraphStore, Source
from lineage.identity import changes, connected, event_key
from lineage.records import FileEvent, Namespace, Record
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.source_names import sources_named
from lineage.stores.bolt import BoltStore
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredEvent, StoredRelation
from lineage.vocabulary import RelationKind
from tests.conftest import EmptyStore, wipe
from tests.contract.test_stores import a_source, engine_settings, seen
from tests.file_events import SETTINGS
from tests.killed_transactions import killed_after
from tests.strategies import documents, namespaces
from tests.test_identity_properties import event_sets

DEMO = Path(__file__).parents[2] / "demo" / "work32"
LSTOSA = Path(__file__).parents[1] / "data" / "lstosa"


@dataclass(frozen=True)
class Told:
    """What one source says."""

    key: str
    records: Sequence[Record | Namespace]
    events: Sequence[FileEvent]


@st.composite
def productions(draw: st.DrawFn) -> tuple[list[Told], int]:
    """Up to three sources, which may say the same things, and which of them is to be forgotten."""
    pool = draw(documents())
    told = []
    for number in range(draw(st.integers(1, 3))):
        shared = draw(st.lists(st.sampled_from(pool), unique=True)) if pool else []
        records = [*shared, *draw(documents()), *draw(st.lists(namespaces, max_size=2))]
        told.append(Told(f"s{number}", records, draw(event_sets())))
    return told, draw(st.integers(0, len(told) - 1))


def tell(store: GraphStore, told: Told, *, finished: bool = True) -> None:
    """Imports what a source says."""
    said = [StoredEvent(event_key(event, SETTINGS), told.key, event) for event in told.events]
    with store.writing():
        store.begin(a_source(told.key))
        store.write(told.key, list(told.records))
        store.bind(changes(connected(said, store.events), said, SETTINGS))
        if finished:
            store.finish(a_source(told.key))


def the_source(store: GraphStore, key: str) -> Source:
    """The source of this key."""
    return next(source for source in store.sources() if source.key == key)


def state(store: GraphStore) -> dict[str, object]:
    """Everything that a store knows, but prefixes, which outlive the sources that declare them."""
    said = seen(store)
    del said["namespaces"]
    said["events"] = sorted(map(repr, store.all_events()))
    said["observed"] = list(store.observed())
    return said


def forgotten_as_never_said(empty_store: EmptyStore, production: tuple[list[Told], int]) -> None:
    """Forgets one source of several, and imports it again; both states are those of imports."""
    several, index = production
    one = several[index]
    store = empty_store()
    for told in several:
        if told is not one:
            tell(store, told)
    without = state(store)
    tell(store, one)
    together = state(store)
    store = empty_store()
    for told in several:
        tell(store, told, finished=told is not one or index == 0)
    forget(store, the_source(store, one.key), Settings())

    assert state(store) == without
    tell(store, one)
    assert state(store) == together


@given(productions())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_forgotten_source_was_never_there(production: tuple[list[Told], int]) -> None:
    """In memory: whatever the sources say together, one of them goes without a trace."""
    forgotten_as_never_said(MemoryStore, production)


@given(productions())
@engine_settings
def test_a_forgotten_source_was_never_in_an_engine(
    empty_store: EmptyStore, production: tuple[list[Told], int]
) -> None:
    """In engines, too."""
    forgotten_as_never_said(empty_store, production)


def test_forgetting_everything_leaves_nothing(store: GraphStore) -> None:
    """Real logs, headers and lstosa's records: nothing is left of them, prefixes neither."""
    import_paths(store, [DEMO, LSTOSA], Settings())
    for source in store.sources():
        forget(store, source, Settings())

    assert list(store.contents()) == []
    assert list(store.all_events()) == []
    assert (store.sources(), store.namespaces()) == ((), ())


def test_a_killed_forgetting_is_done_again_or_undone(
    bolt_store: BoltStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between any two transactions, then done again or the source imported again."""
    logs = [
        DEMO / f"ctapipe-{tool}.provenance.log" for tool in ("process", "merge", "apply-models")
    ]
    import_paths(bolt_store, logs, Settings())
    first = bolt_store.sources()[0]
    path = Path(first.paths[0])

    def forget_first(store: BoltStore) -> None:
        forget(store, first, Settings())

    together = graph(bolt_store)
    forget_first(bolt_store)
    without = graph(bolt_store)
    import_paths(bolt_store, [path], Settings())
    points = 0
    while killed_after(bolt_store, points, monkeypatch, forget_first):
        if points % 2:
            import_paths(bolt_store, [path], Settings())
            assert graph(bolt_store) == together
        else:
            forget_first(bolt_store)
            assert graph(bolt_store) == without
            import_paths(bolt_store, [path], Settings())
        points += 1

    assert points > 8
    assert graph(bolt_store) == without


def test_a_killed_import_leaves_nothing_behind_that_others_build_on(
    bolt_store: BoltStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between any two transactions; then other logs come before it is taken up again."""
    first, *others = (
        DEMO / f"ctapipe-{tool}.provenance.log" for tool in ("process", "merge", "apply-models")
    )
    import_paths(bolt_store, [first, *others], Settings())
    whole = graph(bolt_store)
    points = 0

    def take_up(store: BoltStore) -> None:
        import_paths(store, [first], Settings())

    while True:
        wipe(bolt_store)
        if not killed_after(bolt_store, points, monkeypatch, take_up):
            break
        import_paths(bolt_store, others, Settings())
        take_up(bolt_store)
        assert graph(bolt_store) == whole
        points += 1

    assert points > 5


def graph(store: GraphStore) -> dict[str, object]:
    """`state` without the times of imports."""
    said = state(store)
    return said | {"sources": [replace(one, recorded_at=None) for one in store.sources()]}


def test_a_grown_log_is_forgotten_whole(store: GraphStore, tmp_path: Path) -> None:
    """What it said before it grew goes with the rest, by its path or by either content."""
    whole = (DEMO / "ctapipe-process.provenance.log").read_bytes()
    log = tmp_path / "x.provenance.log"
    log.write_bytes(whole[: len(whole) // 2])
    import_paths(store, [log], Settings())
    log.write_bytes(whole)
    import_paths(store, [log], Settings())
    (source,) = store.sources()

    assert source.key != source.content
    for reference in (str(log), source.key, source.content[:12]):
        assert sources_named(store, reference) == [source]
    forget(store, source, Settings())

    assert list(store.contents()) == []


def test_a_declared_relation_that_identity_makes_too_outlives_either(store: GraphStore) -> None:
    """A document says what identity says: with one of them gone the other still says it."""
    paths = sorted(DEMO.glob("*.provenance.log"))
    reference = MemoryStore()
    import_paths(reference, paths, Settings())
    links = [
        one
        for one in reference.contents()
        if isinstance(one, StoredRelation) and one.relation.kind is RelationKind.ALTERNATE
    ]
    import_paths(store, paths, Settings())
    before = graph(store)
    tell(store, Told("document", [links[0].relation], []))
    forget(store, the_source(store, "document"), Settings())

    assert graph(store) == before
    tell(store, Told("document", [links[0].relation], []))
    for source in store.sources():
        if source.key != "document":
            forget(store, source, Settings())
    left = [one for one in store.contents() if isinstance(one, StoredRelation)]

    assert [(one.key, one.sources) for one in left] == [(links[0].key, ("document",))]
