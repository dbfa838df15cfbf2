"""Queries over the memory store; the store contract compares the engines with it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import pytest

from lineage import identity, queries
from lineage import vocabulary as v
from lineage.errors import AmbiguousReference, NotInStore
from lineage.graph_store import Direction, Source
from lineage.records import (
    Activity,
    Agent,
    Bundle,
    Entity,
    FileEvent,
    Namespace,
    Record,
    Relation,
    attributes,
)
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredEvent
from lineage.vocabulary import INFLUENCES, RelationKind
from tests import file_events

EX = "http://example.org/"
SOURCE = Source("0" * 64, ("a.json",), "prov-json", "1", 0)


def stored(*statements: Record | Namespace) -> MemoryStore:
    """A memory store that holds these."""
    store = MemoryStore()
    store.begin(SOURCE)
    store.write(SOURCE.key, statements)
    store.finish(SOURCE)
    return store


def used(activity: str, entity: str) -> Relation:
    return Relation(RelationKind.USAGE, EX + activity, EX + entity)


def generated(entity: str, activity: str) -> Relation:
    return Relation(RelationKind.GENERATION, EX + entity, EX + activity)


def chain() -> MemoryStore:
    """raw -> calibrate -> dl1 -> reduce -> dl2, and another use of raw."""
    return stored(
        Namespace("ex", EX),
        *(Entity(EX + name) for name in ("raw", "dl1", "dl2", "other")),
        *(Activity(EX + name) for name in ("calibrate", "reduce", "look")),
        used("calibrate", "raw"),
        generated("dl1", "calibrate"),
        used("reduce", "dl1"),
        generated("dl2", "reduce"),
        used("look", "raw"),
        generated("other", "look"),
    )


def names(subgraph: queries.Subgraph) -> list[str]:
    return [element.identifier.removeprefix(EX) for element in subgraph.elements]


def test_ancestors_come_nearest_first_with_the_start_at_depth_0() -> None:
    """A walk lists what influenced its start, level by level, and nothing else."""
    found = queries.ancestors(chain(), EX + "dl2")

    assert names(found) == ["dl2", "reduce", "dl1", "calibrate", "raw"]
    assert [found.depths[e.key] for e in found.elements] == [0, 1, 2, 3, 4]
    assert (found.found, found.truncated) == (5, False)


def test_descendants_are_the_other_way() -> None:
    """What a thing influenced is found from it, on every branch."""
    assert set(names(queries.descendants(chain(), EX + "raw"))) == {
        "raw", "calibrate", "dl1", "reduce", "dl2", "look", "other",
    }  # fmt: skip


def test_a_walk_that_is_cut_says_how_much_there_is() -> None:
    """The limit cuts what is returned, never the count."""
    found = queries.descendants(chain(), EX + "raw", limit=3)

    assert len(found.elements) == 3
    assert found.found == 7
    assert found.truncated


def test_depth_stops_a_walk() -> None:
    """Depth is the number of relations crossed."""
    assert names(queries.ancestors(chain(), EX + "dl2", depth=2)) == ["dl2", "reduce", "dl1"]
    assert names(queries.ancestors(chain(), EX + "dl2", depth=0)) == ["dl2"]


def test_what_ended_a_thing_is_not_where_it_came_from() -> None:
    """wasInvalidatedBy, wasEndedBy and hadMember are followed only when asked."""
    store = stored(
        Relation(RelationKind.INVALIDATION, EX + "e", EX + "retraction"),
        Relation(RelationKind.MEMBERSHIP, EX + "e", EX + "member"),
        Relation(RelationKind.END, EX + "a", EX + "signal"),
    )

    assert names(queries.ancestors(store, EX + "e")) == ["e"]
    assert names(queries.ancestors(store, EX + "a")) == ["a"]
    assert set(names(queries.ancestors(store, EX + "e", kinds=tuple(RelationKind)))) == {
        "e", "retraction", "member",
    }  # fmt: skip


class CountingStore(MemoryStore):
    """Counts the frontiers that it is asked about."""

    asked = 0

    def reach(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> set[str]:
        """As the memory store, counted."""
        self.asked += len(frontier)
        return super().reach(frontier, direction, kinds)


def test_a_ladder_costs_its_rungs_not_its_paths() -> None:
    """60 entities joined by 2^30 paths are walked by asking about each of them once."""
    store = CountingStore()
    store.begin(SOURCE)
    relations = [
        Relation(RelationKind.DERIVATION, f"{EX}{side}{rung + 1}", f"{EX}{other}{rung}")
        for rung in range(30)
        for side in "lr"
        for other in "lr"
    ]
    store.write(SOURCE.key, relations)

    found = queries.ancestors(store, EX + "l30")

    assert found.found == 61
    assert store.asked == found.found


def test_a_cycle_ends() -> None:
    """Merged logs hold real cycles; a walk visits each element once."""
    store = stored(used("a", "e"), generated("e", "a"))

    assert names(queries.ancestors(store, EX + "e")) == ["e", "a"]
    assert queries.paths(store, EX + "e", EX + "a").found == 2


def test_a_neighbourhood_counts_what_it_hides() -> None:
    """Each drawn element says how many neighbours are not drawn, on either side."""
    found = queries.neighbourhood(chain(), EX + "dl1", depth=1)

    assert set(names(found)) == {"dl1", "calibrate", "reduce"}
    assert found.hidden == {EX + "calibrate": (1, 0), EX + "reduce": (0, 1)}


def test_opened_elements_show_their_own_neighbours() -> None:
    """Opening an element adds one level around it."""
    found = queries.neighbourhood(chain(), EX + "dl1", depth=1, open_keys=[EX + "calibrate"])

    assert set(names(found)) == {"dl1", "calibrate", "reduce", "raw"}


def test_paths_hold_only_what_lies_between() -> None:
    """A path query returns every chain between two elements, whichever way it runs."""
    store = chain()

    assert set(names(queries.paths(store, EX + "dl2", EX + "raw"))) == {
        "dl2", "reduce", "dl1", "calibrate", "raw",
    }  # fmt: skip
    assert queries.paths(store, EX + "raw", EX + "dl2").found == 5
    assert queries.paths(store, EX + "dl2", EX + "other").found == 0


def test_show_lists_relations_of_both_sides() -> None:
    """One record is shown with all its relations and what they lead to."""
    shown = queries.show(chain(), EX + "dl1")

    assert {(s.relation.kind.keyword, s.relation.subject) for s in shown.relations} == {
        ("wasGeneratedBy", EX + "dl1"),
        ("used", EX + "reduce"),
    }
    assert set(shown.others) == {EX + "calibrate", EX + "reduce"}


def at(hour: int) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC)


def versions() -> MemoryStore:
    """One path generated twice, and another of the same base name."""
    location = (v.PROV_LOCATION, "/data/run1.h5")
    return stored(
        Entity(EX + "early", (location,)),
        Entity(EX + "late", (location,)),
        Entity(EX + "elsewhere", ((v.PROV_LOCATION, "/copy/run1.h5"),)),
        Activity(EX + "first", ((v.PROV_END, at(1)),)),
        Activity(EX + "second", ((v.PROV_END, at(2)),)),
        generated("early", "first"),
        generated("late", "second"),
    )


def test_a_path_means_its_last_version() -> None:
    """The version generated last is taken, and the others are told."""
    element, others = queries.resolve_versions(versions(), "/data/run1.h5")

    assert element.identifier == EX + "late"
    assert [other.identifier for other in others] == [EX + "early"]


def test_the_end_of_a_path_is_a_reference_on_whole_components() -> None:
    """data/run1.h5 is the end of a path; ata/run1.h5 is not."""
    store = versions()

    assert queries.resolve(store, "data/run1.h5").identifier == EX + "late"
    with pytest.raises(NotInStore):
        queries.resolve(store, "ata/run1.h5")


def test_several_paths_are_listed_and_none_is_chosen() -> None:
    """A base name at two paths is ambiguous."""
    with pytest.raises(AmbiguousReference) as refused:
        queries.resolve(versions(), "run1.h5")

    assert refused.value.matches == ("/copy/run1.h5", "/data/run1.h5")


def test_a_curie_and_an_iri_are_references() -> None:
    """A reference is tried as it stands, and expanded."""
    store = chain()

    assert queries.resolve(store, EX + "dl1") == queries.resolve(store, "ex:dl1")


def test_an_iri_that_bundles_speak_of_too_is_told() -> None:
    """What stands outside of bundles is taken; what stands in them is named beside it."""
    store = stored(Entity(EX + "e"), Entity(EX + "e", bundle=EX + "b"), Bundle(EX + "b"))
    element, others = queries.resolve_versions(store, EX + "e")

    assert element.bundle is None
    assert [other.key for other in others] == [f"{EX}b {EX}e"]
    assert queries.resolve(store, f"{EX}b {EX}e").bundle == EX + "b"


def test_a_file_and_its_copy_are_meant_alike() -> None:
    """Two paths that end alike are no two things where one version lies at both."""
    store = MemoryStore()
    made = file_events.generation("/d/x", "a", 0, 1, product=file_events.P1)
    copy = file_events.header("/copy/d/x", file_events.P1, 0.5)
    later = file_events.generation("/d/x", "b", 5, 6)
    bind(store, [made, copy])

    assert queries.resolve(store, "d/x").identifier == f"urn:uuid:{file_events.P1}"
    bind(store, [later])
    with pytest.raises(AmbiguousReference):
        queries.resolve(store, "d/x")


def bind(store: MemoryStore, events: list[FileEvent]) -> None:
    """Tells the store what an import of these events would, their activities too."""
    new = [
        StoredEvent(identity.event_key(one, file_events.SETTINGS), SOURCE.key, one)
        for one in events
    ]
    store.begin(SOURCE)
    ends = {one.activity: one.stop for one in events if one.activity and one.stop}
    store.write(
        SOURCE.key, [Activity(name, attributes([(v.PROV_END, end)])) for name, end in ends.items()]
    )
    known = identity.connected(new, store.events)
    store.bind(identity.changes(known, new, file_events.SETTINGS))


def test_an_unknown_reference_suggests_near_ones() -> None:
    """What is not there is answered with what is near."""
    with pytest.raises(NotInStore) as refused:
        queries.resolve(chain(), "calibrat")

    assert refused.value.suggestions == ("calibrate",)


def test_the_digest_knows_no_order_and_no_repetition() -> None:
    """The same statements in any order, from any number of sources, give one digest."""
    statements = list(chain().records())
    forward = stored(*statements)
    backward = stored(*reversed(statements))
    again = stored(*statements)
    other = Source("1" * 64, ("b.json",), "prov-json", "1", 0)
    again.begin(other)
    again.write(other.key, statements)

    assert queries.digest(forward) == queries.digest(backward) == queries.digest(again)
    assert queries.digest(forward) != queries.digest(stored(*statements[:-1]))


def test_stubs_are_outside_the_digest_until_declared() -> None:
    """Naming a thing says nothing of it; declaring it does."""
    assert queries.digest(stored(used("a", "e"))) != queries.digest(
        stored(used("a", "e"), Entity(EX + "e"))
    )


def test_agents_are_reached_and_a_person_leads_to_what_they_did() -> None:
    """Agents influence: they end an ancestors walk and start a descendants walk."""
    store = stored(
        Agent(EX + "ann"),
        Relation(RelationKind.ASSOCIATION, EX + "a", EX + "ann"),
        generated("e", "a"),
    )

    assert names(queries.ancestors(store, EX + "e")) == ["e", "a", "ann"]
    assert names(queries.descendants(store, EX + "ann")) == ["ann", "a", "e"]
    assert RelationKind.ASSOCIATION in INFLUENCES


@pytest.mark.parametrize("reference", ["ex:two words", EX + "two words", EX + "two%20words"])
def test_an_identifier_is_found_as_its_source_wrote_it(reference: str) -> None:
    """A reference may hold the blank that stands percent-encoded in the identifier."""
    store = stored(Namespace("ex", EX), Entity(EX + "two%20words"))
    found = queries.resolve(store, reference)

    assert found.identifier == EX + "two%20words"


def test_a_curie_means_what_any_source_writes() -> None:
    """One prefix for two namespaces: what both have is ambiguous, what one has is found."""
    store = MemoryStore()
    one, two = "http://one.org/", "http://two.org/"
    records = [
        Namespace("ex", one),
        Namespace("ex", two),
        Entity(one + "e", ((one + "a", "v1"),)),
        Entity(two + "e", ((two + "a", "v2"),)),
        Entity(two + "only"),
    ]
    store.begin(Source("s" * 64, ("/s",), "test", "1", 1))
    store.write("s" * 64, records)

    with pytest.raises(AmbiguousReference):
        queries.resolve(store, "ex:e")
    assert queries.resolve(store, "ex:only").identifier == two + "only"
    assert queries.resolve(store, "ex2:e").identifier == two + "e"
    for text, found in (("ex:a=v1", one), ("ex:a=v2", two), ("ex2:a=v2", two)):
        (element,) = store.find(text, limit=9).elements

        assert element.identifier == found + "e"
