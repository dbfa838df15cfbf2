"""A check says the same over every store."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.canonical import relation_key
from lineage.check import check
from lineage.graph_store import GraphStore
from lineage.identity import event_key
from lineage.records import EventKind, FileEvent, Record, Relation
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.subgraph import Observations, StoredElement, StoredEvent, StoredRelation
from lineage.vocabulary import RelationKind
from tests.conftest import EmptyStore
from tests.contract.test_stores import SETTINGS, bind, engine_settings, fill
from tests.file_events import at
from tests.strategies import documents
from tests.test_identity_properties import event_sets

DEMO = Path(__file__).parents[2] / "demo" / "work32"


@given(documents(), event_sets(), st.randoms(use_true_random=False))
@engine_settings
def test_every_engine_is_checked_as_memory_is(
    empty_store: EmptyStore, said: list[Record], events: list[FileEvent], rng: random.Random
) -> None:
    """The same findings, with the same records and sources, in the same order."""
    reference, store = MemoryStore(), empty_store()
    stored = [StoredEvent(event_key(one, SETTINGS), rng.choice("st"), one) for one in events]
    for one in (reference, store):
        fill(one, [said[::2]])
        fill(one, [said], "s2")
        bind(one, stored)
        rng.shuffle(stored)
    ours, theirs = (check(one, SETTINGS) for one in (store, reference))

    assert ours.findings == theirs.findings
    assert replace(ours, checked={}) == replace(theirs, checked={})


def test_the_demonstration_is_checked_alike_in_every_store(store: GraphStore) -> None:
    """What the tools left is told with the same counts."""
    reference = MemoryStore()
    for one in (store, reference):
        import_paths(one, [DEMO], Settings())

    assert check(store, SETTINGS) == check(reference, SETTINGS)


def test_contents_are_elements_before_relations(store: GraphStore) -> None:
    """Elements by key, then relations with their sources; not what was seen on the disk alone."""
    import_paths(store, [DEMO], Settings())
    ends = (
        "urn:uuid:36f083a3-6837-44cc-9d6c-ecac35147593",
        "urn:uuid:3217a743-4344-452f-bc96-4ba2a0de3ac2",
    )
    same = Relation(RelationKind.ALTERNATE, *ends, None, ((v.EVIDENCE, v.CONTENT_EVIDENCE),))
    with store.writing():
        store.observe(Observations(links=((relation_key(same), same),)))
    contents = list(store.contents())
    elements = [one for one in contents if isinstance(one, StoredElement)]
    relations = [one for one in contents if isinstance(one, StoredRelation)]
    stats = store.stats()

    assert contents == [*elements, *relations]
    assert [one.key for one in elements] == sorted(one.key for one in elements)
    assert len(relations) == sum(stats.relations.values())
    assert [one.relation for one in relations] == list(_relations(store))
    assert {source for one in relations for source in one.sources} <= {
        source.key for source in store.sources()
    }


def _relations(store: GraphStore) -> Iterator[Record]:
    """The relations among a store's records."""
    return (one for one in store.records() if isinstance(one, Relation))


@pytest.mark.parametrize("number", [0, 1, 2500])
def test_all_events_of_a_store(store: GraphStore, number: int) -> None:
    """Each once, whether or not it made a relation, beyond what one page of an answer holds."""
    events = [
        FileEvent(
            (EventKind.USE, EventKind.GENERATION, EventKind.STATE)[index % 3],
            f"/d/{index}",
            None if index % 3 == 2 else f"urn:uuid:{index}",
            at(0),
            at(1),
            product=f"p{index}" if index % 3 == 2 else None,
        )
        for index in range(number)
    ]
    bind(store, [StoredEvent(event_key(one, SETTINGS), "s", one) for one in events])
    found = list(store.all_events())

    assert len(found) == number
    assert {stored.event for stored in found} == set(events)
