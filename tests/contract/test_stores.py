"""What every store promises, whatever the engine: each is compared with the memory store."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import prov
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from importers.provjson import ProvJsonImporter
from lineage import vocabulary as v
from lineage.canonical import canonical
from lineage.graph_store import Direction, GraphStore, Source
from lineage.identity import IdentitySettings, changes, connected, event_key
from lineage.records import (
    Activity,
    Agent,
    Bundle,
    Entity,
    EventKind,
    FileEvent,
    Iri,
    Namespace,
    Record,
    Relation,
    attributes,
)
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredElement, StoredEvent
from lineage.vocabulary import ElementKind, RelationKind
from tests.conftest import EmptyStore
from tests.strategies import documents, namespaces
from tests.test_identity_properties import event_sets

EX = "http://example.org/"
T0 = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
EVERY_RELATION = tuple(RelationKind)
CORPUS = sorted(Path(prov.__file__).parent.glob("tests/json/*.json"))

engine_settings = settings(
    max_examples=10,
    deadline=None,
    # an example costs an engine a second: what fails is shown as it was found
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def a_source(key: str = "s1", **more: Any) -> Source:
    return replace(
        Source(key, (f"/data/{key}.json",), "prov-json", "1", 10), recorded_at=T0, **more
    )


def fill(
    store: GraphStore, batches: Iterable[Sequence[Record | Namespace]], key: str = "s1"
) -> int:
    """Imports batches as one source; returns how many records were new."""
    with store.writing():
        store.begin(a_source(key))
        new = sum(store.write(key, batch) for batch in batches)
        store.finish(a_source(key))
    return new


def lines(records: Iterable[Record]) -> list[str]:
    """Records as text: to Python 1, 1.0 and True are equal, and so would be records."""
    return [canonical(record) for record in records]


def seen(store: GraphStore) -> dict[str, object]:
    """Everything that a store answers about itself."""
    keys = sorted(element.key for element in store.find("", limit=10_000).elements)
    return {
        "records": lines(store.records()),
        "contents": [
            (one.key, lines(one.records) if isinstance(one, StoredElement) else 0, one.sources)
            for one in store.contents()
        ],
        "of sources": {s.key: lines(store.records(s.key)) for s in store.sources()},
        "elements": [
            (lines(e.records), e.key, e.kinds, e.name, e.is_bundle, e.aliases, e.sources, e.stub)
            for e in store.read(keys)
        ],
        "neighbours": {
            direction: [
                (stored.key, canonical(stored.relation), stored.sources)
                for stored in store.neighbours(keys, direction, EVERY_RELATION)
            ]
            for direction in Direction
        },
        "reach": {d: store.reach(keys, d, EVERY_RELATION) for d in Direction},
        "between": [stored.key for stored in store.between(keys[::2], EVERY_RELATION)],
        "degrees": store.degrees(keys, EVERY_RELATION),
        "stats": store.stats(),
        "sources": store.sources(),
        "namespaces": store.namespaces(),
    }


def test_importing_again_changes_nothing(store: GraphStore) -> None:
    """The second import of a document finds nothing new and leaves every answer as it was."""
    said = A_DOCUMENT
    first = fill(store, [said])
    before = seen(store)

    assert first == len(said)
    assert fill(store, [said]) == 0
    assert seen(store) == before


A_DOCUMENT: list[Record] = [
    Bundle(EX + "bundle"),
    Entity(EX + "e1", attributes([(v.PROV_TYPE, Iri(v.PROV + "Plan")), (v.PROV_LABEL, "one")])),
    Entity(EX + "e1", bundle=EX + "bundle"),
    Entity(EX + "e2", ((v.PROV_LOCATION, "/data/run1/dl1.h5"),)),
    Activity(EX + "a", ((v.PROV_START, T0),)),
    Agent(EX + "e1", ((v.PROV_LABEL, "uno"),)),
    Relation(RelationKind.USAGE, EX + "a", EX + "e1"),
    Relation(RelationKind.USAGE, EX + "a", EX + "e1", None, ((v.PROV_ROLE, "input"),)),
    Relation(RelationKind.USAGE, EX + "a", None),
    Relation(RelationKind.GENERATION, EX + "e2", EX + "a", EX + "g", ((v.PROV_TIME, T0),)),
    Relation(RelationKind.INFLUENCE, EX + "x", EX + "y", bundle=EX + "other"),
    Relation(RelationKind.ASSOCIATION, EX + "a", EX + "e1", None, ((v.PROV_PLAN, Iri(EX + "p")),)),
]


def test_a_stub_is_replaced_when_its_declaration_arrives(store: GraphStore) -> None:
    """A dangling identifier is a stub of the implied kind, counted as nothing, until declared."""
    fill(store, [[Relation(RelationKind.USAGE, EX + "a", EX + "e")]])
    (stub,) = store.read([EX + "e"])
    stats = store.stats()
    fill(store, [[Entity(EX + "e", ((v.PROV_LABEL, "declared"),))]])
    (declared,) = store.read([EX + "e"])

    assert (stub.stub, stub.kinds, stats.entities) == (True, {ElementKind.ENTITY}, 0)
    assert (declared.stub, declared.name, store.stats().entities) == (False, "declared", 1)
    assert store.degrees([EX + "e"], EVERY_RELATION) == {EX + "e": (0, 1)}


def test_one_identifier_may_be_of_several_kinds(store: GraphStore) -> None:
    """PROV lets one thing be entity and agent; it is one element with both records."""
    said = [Entity(EX + "x", ((v.PROV_LABEL, "e"),)), Agent(EX + "x", ((v.PROV_VALUE, 1),))]
    for number, record in enumerate(said):
        fill(store, [[record]], f"s{number}")
    (element,) = store.read([EX + "x"])

    assert element.kinds == {ElementKind.ENTITY, ElementKind.AGENT}
    assert lines(element.records) == lines(said)
    assert element.sources == ("s0", "s1")


def test_bundles_are_contexts_of_their_own(store: GraphStore) -> None:
    """The same identifier in and outside a bundle is two elements; a bundle exists when used."""
    said = [Entity(EX + "e", ((v.PROV_VALUE, 1),)), Entity(EX + "e", bundle=EX + "b")]
    fill(store, [said])
    bundle, inside, outside = store.read([EX + "b", f"{EX}b {EX}e", EX + "e"])

    assert (bundle.is_bundle, bundle.stub) == (True, False)
    assert (lines(inside.records), lines(outside.records)) == (lines(said[1:]), lines(said[:1]))
    assert lines(store.records()) == lines([Bundle(EX + "b"), said[1], said[0]])


def test_an_absent_end_is_kept_and_left_out_of_walks(store: GraphStore) -> None:
    """``used(a, -)`` comes back whole; it leads nowhere and makes no element."""
    said: list[Record] = [
        Relation(RelationKind.USAGE, None, None),
        Relation(RelationKind.USAGE, None, EX + "e"),
        Relation(RelationKind.USAGE, EX + "a", None),
        Relation(RelationKind.USAGE, EX + "a", None, EX + "u"),
    ]
    fill(store, [said])
    again = fill(store, [said])

    assert again == 0
    assert sorted(lines(store.records())) == sorted(lines(said))
    assert list(store.neighbours([EX + "a"], Direction.ANCESTORS, EVERY_RELATION)) == []
    assert list(store.neighbours([EX + "e"], Direction.DESCENDANTS, EVERY_RELATION)) == []
    assert sorted(e.key for e in store.find("", limit=9).elements) == [EX + "a", EX + "e"]
    assert store.stats().relations == {"used": 4}


def test_what_two_sources_say_is_folded_and_kept_apart(store: GraphStore) -> None:
    """The finished record wins whoever comes first; each source's own words stay with it."""
    running = Activity(EX + "a", attributes([(v.PROV_START, T0), (EX + "status", "running")]))
    finished = Activity(
        EX + "a",
        attributes([(v.PROV_END, T0 + timedelta(hours=1)), (EX + "status", "done"), (EX + "n", 1)]),
    )
    fill(store, [[finished]], "s1")
    fill(store, [[running]], "s2")
    fill(store, [[finished]], "s3")
    (element,) = store.read([EX + "a"])

    assert element.values(EX + "status") == ("done",)
    assert element.values(v.PROV_START) == (T0,)
    assert lines(store.records("s2")) == lines([running])
    assert lines(store.records("s1")) == lines(store.records("s3")) == lines([finished])


@given(documents(), st.lists(namespaces, max_size=3), st.randoms(use_true_random=False))
@engine_settings
def test_every_engine_answers_as_memory_does(
    empty_store: EmptyStore, said: list[Record], declared: list[Namespace], rng: random.Random
) -> None:
    """Any document, cut into any batches from two sources in any order, gives the same graph."""
    reference, store = MemoryStore(), empty_store()
    fill(reference, [[*declared, *said]])
    fill(reference, [said[::2]], "s2")
    shuffled: list[Record | Namespace] = [*declared, *said]
    rng.shuffle(shuffled)
    cut = rng.randint(0, len(shuffled))
    fill(store, [said[::2]], "s2")
    fill(store, [shuffled[:cut], shuffled[cut:], shuffled[:cut]])

    assert seen(store) == seen(reference)


@given(documents(), st.data())
@engine_settings
def test_every_engine_finds_what_memory_finds(
    empty_store: EmptyStore, said: list[Record], data: st.DataObject
) -> None:
    """Searches by text, by attribute and by name answer the same, in the same order."""
    reference, store = MemoryStore(), empty_store()
    for one in (reference, store):
        fill(one, [[Namespace("ex", "http://example.org/"), *said]])
    known = [record for record in said if isinstance(record, Entity | Activity | Agent)]
    words = ["", "a", "http", "ex:a=", "label=", "b=1", "Run", "É"]
    words += [record.identifier[-3:] for record in known]
    words += [str(value)[:4] for record in known for _, value in record.attributes]
    text = data.draw(st.sampled_from(words))
    kinds = data.draw(st.sets(st.sampled_from(ElementKind)))
    limit = data.draw(st.sampled_from([1, 3, 100]))
    ours, theirs = (one.find(text, kinds=kinds, limit=limit) for one in (store, reference))

    assert (ours.found, [e.key for e in ours.elements]) == (
        theirs.found,
        [e.key for e in theirs.elements],
    )
    assert [e.key for e in store.named(text, limit=limit)] == [
        e.key for e in reference.named(text, limit=limit)
    ]


SETTINGS = IdentitySettings()


def bind(store: GraphStore, events: Sequence[StoredEvent]) -> None:
    """Resolves events with those that the store knows, as an import does."""
    with store.writing():
        for key in sorted({stored.source for stored in events}):
            store.begin(a_source(key))
        store.bind(changes(connected(events, store.events), events, SETTINGS))


def sayings(events: Iterable[StoredEvent]) -> set[tuple[str, str]]:
    """What is told, and by whom; an event that a better one replaced may be there or not."""
    return {(stored.key, stored.source) for stored in events}


@given(event_sets(), st.randoms(use_true_random=False))
@engine_settings
def test_file_events_make_the_same_graph_in_any_batches(
    empty_store: EmptyStore, events: list[FileEvent], rng: random.Random
) -> None:
    """Versions move, and leftovers go, however the events of two sources arrive."""
    reference, store = MemoryStore(), empty_store()
    stored = [StoredEvent(event_key(one, SETTINGS), rng.choice("st"), one) for one in events]
    bind(reference, stored)
    rng.shuffle(stored)
    cut = rng.randint(0, len(stored))
    for batch in (stored[:cut], stored[cut:], stored):
        bind(store, batch)

    assert seen(store) == seen(reference) | {"sources": store.sources()}

    paths = {one.path for one in events}
    products = {one.product for one in events if one.product is not None}

    for asked in ((paths, ()), ((), products)):
        assert sayings(store.events(*asked)) == sayings(reference.events(*asked))
    assert sayings(store.all_events()) == sayings(reference.all_events())
    assert sayings(store.all_events()) == sayings(stored)


def an_event(kind: EventKind, activity: str, minutes: int) -> StoredEvent:
    start = T0 + timedelta(minutes=minutes)
    event = FileEvent(kind, "/data/x.h5", EX + activity, start, start + timedelta(minutes=1))
    return StoredEvent(event_key(event, SETTINGS), f"{activity}-log", event)


def test_a_usage_moves_to_the_version_that_a_later_import_reveals(store: GraphStore) -> None:
    """First bound to the bare path, then to the generation; the bare path's entity goes."""
    bind(store, [an_event(EventKind.USE, "reader", 10)])
    (before,) = store.neighbours([EX + "reader"], Direction.ANCESTORS, EVERY_RELATION)
    bind(store, [an_event(EventKind.GENERATION, "writer", 0)])
    (after,) = store.neighbours([EX + "reader"], Direction.ANCESTORS, EVERY_RELATION)
    (origin,) = store.neighbours([after.object_key or ""], Direction.ANCESTORS, EVERY_RELATION)

    assert before.object_key == "file:///data/x.h5"
    assert (origin.object_key, origin.sources) == (EX + "writer", ("writer-log",))
    assert (after.key, after.sources) == (before.key, ("reader-log",))
    assert list(store.read(["file:///data/x.h5"])) == []
    assert [e.key for e in store.named("file:///data/x.h5", limit=9)] == [after.object_key]


def test_a_version_that_a_source_declares_stays_when_identity_drops_it(store: GraphStore) -> None:
    """What identity made and a document also says is kept for the document's sake."""
    declared = Entity("file:///data/x.h5", ((EX + "note", "kept"),))
    fill(store, [[declared]])
    bind(store, [an_event(EventKind.USE, "reader", 10)])
    bind(store, [an_event(EventKind.GENERATION, "writer", 0)])
    (element,) = store.read(["file:///data/x.h5"])

    assert lines(element.records) == lines([declared])
    assert element.sources == ("s1",)


def test_sources_are_incomplete_until_they_are_finished(store: GraphStore) -> None:
    """A path seen later is added; counts come with the end."""
    with store.writing():
        store.begin(a_source())
        (begun,) = store.sources()
        store.begin(a_source(paths=("/other.json",)))
        store.finish(a_source(records=7, skipped=1))
    (finished,) = store.sources()

    assert not begun.complete
    assert finished == a_source(
        paths=("/data/s1.json", "/other.json"), records=7, skipped=1, complete=True
    )


def _corpus_document(path: Path) -> list[Record | Namespace]:
    return list(ProvJsonImporter().records(path, lambda problem: None))  # type: ignore[arg-type]


def test_every_document_of_the_corpus_comes_back_out_of_a_full_store(
    store: GraphStore, request: pytest.FixtureRequest
) -> None:
    """Documents that share identifiers are told apart again by their source."""
    # a server is asked about every fifth, as the embedded engine runs the same Cypher on all
    chosen = CORPUS[::5] if "neo4j" in request.node.name else CORPUS
    said = {path.stem: _corpus_document(path) for path in chosen}
    with store.writing():
        for key, statements in said.items():
            store.begin(a_source(key))
            store.write(key, statements)
    wrong = [
        key
        for key, statements in said.items()
        if sorted(lines(store.records(key)))
        != sorted({canonical(s) for s in statements if not isinstance(s, Namespace)})
    ]

    assert len(CORPUS) == 398
    assert wrong == []
