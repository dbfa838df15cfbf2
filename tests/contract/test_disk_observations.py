"""What stores keep of what was seen on the disk, whatever the engine."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import queries
from lineage import vocabulary as v
from lineage.graph_store import Direction, GraphStore
from lineage.records import Activity, Attributes, Entity, EventKind, Record, Relation, attributes
from lineage.stores.bolt import BoltStore
from lineage.stores.memory import MemoryStore
from lineage.subgraph import Observations
from lineage.vocabulary import RelationKind
from tests.conftest import EmptyStore
from tests.contract.test_store_values import HOSTILE, VALUES
from tests.contract.test_stores import (
    EVERY_RELATION,
    EX,
    T0,
    an_event,
    bind,
    engine_settings,
    fill,
    lines,
    seen,
)
from tests.strategies import documents

SEEN: Attributes = attributes(
    [
        (v.FILE_STATE, "present"),
        (v.FILE_SIZE, 17),
        (v.FILE_SHA256, "ab" * 32),
        (v.FILE_MODIFIED, T0),
    ]
)
FILES: list[Record] = [Entity(EX + name, ((v.PROV_LOCATION, f"/data/{name}"),)) for name in "abc"]


def link(one: str, other: str) -> tuple[str, Relation]:
    relation = Relation(
        RelationKind.ALTERNATE, EX + one, EX + other, None, ((v.EVIDENCE, v.CONTENT_EVIDENCE),)
    )
    return f"{one}-{other}", relation


def observe(store: GraphStore, observations: Observations) -> None:
    with store.writing():
        store.observe(observations)


def test_what_was_seen_stands_beside_what_is_said(store: GraphStore) -> None:
    """It comes with the element, changes none of its records, and is replaced as a whole."""
    fill(store, [FILES])
    before = queries.digest(store), store.stats(), lines(store.records())
    observe(store, Observations(((EX + "a", SEEN),), (link("b", "a"),)))
    (element,) = store.read([EX + "a"])

    assert element.observed == SEEN
    assert lines(element.records) == lines(FILES[:1])
    assert list(store.observed()) == [(EX + "a", SEEN)]
    assert (queries.digest(store), store.stats(), lines(store.records())) == before

    observe(store, Observations(((EX + "a", SEEN[:1]), (EX + "b", SEEN))))

    assert list(store.observed()) == [(EX + "a", SEEN[:1]), (EX + "b", SEEN)]

    observe(store, Observations(((EX + "a", ()), (EX + "b", ()))))

    assert list(store.observed()) == []


def test_equal_contents_are_linked_outside_of_exports(store: GraphStore) -> None:
    """The link is walked when asked for, belongs to no source, and goes when it is dropped."""
    fill(store, [FILES])
    observations = Observations((), (link("b", "a"), link("c", "a")))
    observe(store, observations)
    found = list(store.neighbours([EX + "a"], Direction.DESCENDANTS, EVERY_RELATION))
    walked = queries.descendants(store, EX + "a", kinds=EVERY_RELATION)
    observe(store, observations)

    assert [(s.subject_key, s.sources) for s in found] == [(EX + "b", ()), (EX + "c", ())]
    assert len(walked.elements) == 3
    assert not [one for one in walked.records() if isinstance(one, Relation)]
    assert not [one for one in store.records() if isinstance(one, Relation)]
    assert store.stats().relations == {}
    assert len(list(store.between([EX + "a", EX + "b"], EVERY_RELATION))) == 1

    observe(store, Observations(dropped_links=("b-a", "nothing")))
    left = list(store.neighbours([EX + "a"], Direction.DESCENDANTS, EVERY_RELATION))

    assert [s.subject_key for s in left] == [EX + "c"]


def test_a_source_may_say_the_same_and_is_exported(store: GraphStore) -> None:
    """An alternateOf that a document asserts is another relation, whatever its evidence."""
    _, said = link("b", "a")
    fill(store, [[*FILES, said]])
    observe(store, Observations((), (link("b", "a"),)))

    assert lines(r for r in store.records() if isinstance(r, Relation)) == lines([said])
    assert store.stats().relations == {"alternateOf": 1}


def test_what_is_not_in_the_store_is_not_made(store: GraphStore) -> None:
    """Neither an element nor a link, when what was looked at went meanwhile."""
    fill(store, [FILES])
    observe(store, Observations(((EX + "gone", SEEN),), (link("a", "gone"),)))

    assert list(store.read([EX + "gone"])) == []
    assert list(store.neighbours([EX + "a"], Direction.ANCESTORS, EVERY_RELATION)) == []


def test_what_was_seen_outlives_what_is_said_later(store: GraphStore) -> None:
    """Further declarations, relations and versions leave it as it was."""
    fill(store, [FILES])
    observe(store, Observations(((EX + "a", SEEN),)))
    fill(store, [[Entity(EX + "a", ((v.PROV_LABEL, "later"),)), Activity(EX + "x")]], "s2")
    fill(store, [[Relation(RelationKind.USAGE, EX + "x", EX + "a")]], "s3")
    (element,) = store.read([EX + "a"])

    assert (element.observed, element.name) == (SEEN, "later")
    assert [e.observed for e in store.find("later", limit=9).elements] == [SEEN]
    assert [e.observed for e in store.find("label=later", limit=9).elements] == [SEEN]
    assert [e.observed for e in store.named("/data/a", limit=9)] == [SEEN]


def test_a_version_that_goes_takes_what_was_seen_with_it(store: GraphStore) -> None:
    """A path that turns out to be some activity's output is looked at anew."""
    bind(store, [an_event(EventKind.USE, "reader", 10)])
    fill(store, [FILES], "s9")
    weak = "file:///data/x.h5"
    between = Relation(RelationKind.ALTERNATE, weak, EX + "a", None, ((v.EVIDENCE, "content"),))
    observe(store, Observations(((weak, SEEN), (EX + "a", SEEN)), (("l", between),)))
    bind(store, [an_event(EventKind.GENERATION, "writer", 0)])

    assert list(store.read([weak])) == []
    assert list(store.observed()) == [(EX + "a", SEEN)]
    assert list(store.neighbours([EX + "a"], Direction.DESCENDANTS, EVERY_RELATION)) == []


def test_any_value_is_kept(store: GraphStore) -> None:
    """Exactly, also under names of ours, and under names that a source uses."""
    everything = attributes(
        [(EX + f"n{number}", value) for number, value in enumerate(VALUES)]
        + [(v.FILE_SIZE, 2**70), (EX + HOSTILE, HOSTILE), (v.PROV_LABEL, "no name")]
    )
    fill(store, [[Entity(EX + "a", ((v.FILE_SIZE, 1), (v.PROV_LABEL, "name")))]])
    observe(store, Observations(((EX + "a", everything),)))
    (element,) = store.read([EX + "a"])

    assert lines([Entity("x", element.observed)]) == lines([Entity("x", everything)])
    assert (element.name, element.values(v.FILE_SIZE)) == ("name", (1,))


def test_users_find_it_in_cypher(bolt_store: BoltStore) -> None:
    """As native properties; what a source says of the file has its own name first."""
    fill(bolt_store, [[*FILES, Entity(EX + "d", ((v.FILE_SIZE, 1),))]])
    observe(bolt_store, Observations(((EX + "a", SEEN), (EX + "d", SEEN)), (link("b", "a"),)))
    table = bolt_store.cypher(
        "MATCH (e:Entity) WHERE e.file_state = 'present' "
        "RETURN e.file_size_bytes, e.file_sha256 ORDER BY e.file_size_bytes"
    )
    linked = bolt_store.cypher(
        "MATCH (a:Entity)-[r:alternateOf]->(b) RETURN a.name, b.name, r.lineage_evidence"
    )

    assert table.rows == ((1, "ab" * 32), (17, "ab" * 32))
    assert linked.rows == (("b", "a", "content"),)


@given(documents(), st.randoms(use_true_random=False))
@engine_settings
def test_every_engine_keeps_it_as_memory_does(
    empty_store: EmptyStore, said: list[Record], rng: random.Random
) -> None:
    """Observations of some elements between two imports of any document."""
    keys = [one.key for one in said if isinstance(one, Entity)]
    observed = tuple((key, SEEN) for key in rng.sample(keys, len(keys) // 2))
    reference, store = MemoryStore(), empty_store()
    for one in (reference, store):
        fill(one, [said[::2]])
        observe(one, Observations(observed))
        fill(one, [said], "s2")

    assert list(store.observed()) == list(reference.observed())
    assert seen(store) == seen(reference)


def test_a_walk_counts_links_as_neighbours_when_asked(store: GraphStore) -> None:
    """Degrees and reach agree with what is shown."""
    fill(store, [FILES])
    observe(store, Observations((), (link("b", "a"),)))

    assert store.degrees([EX + "a"], EVERY_RELATION) == {EX + "a": (0, 1)}
    assert store.reach([EX + "b"], Direction.ANCESTORS, EVERY_RELATION) == {EX + "a"}
    assert replace(queries.ancestors(store, EX + "b"), hidden={}).found == 1
    with pytest.raises(KeyError):
        dict(store.observed())[EX + "a"]
