"""A whole run of lstosa says the same in every store: links between activities, cycles and all."""

from __future__ import annotations

import random

import pytest

from lineage import queries
from lineage.check import check
from lineage.graph_store import GraphStore
from lineage.records import Relation
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests.conftest import EmptyStore
from tests.contract.test_stores import SETTINGS
from tests.lstosa_logs import MERGED_DOCUMENTS, MERGED_LOGS, PROV_LOG

SOURCES = [PROV_LOG, *MERGED_DOCUMENTS, *MERGED_LOGS]
DL2 = "dl2_LST-1.Run01807.h5"


def reference() -> MemoryStore:
    store = MemoryStore()
    import_paths(store, SOURCES, Settings())
    return store


@pytest.mark.parametrize("seed", [1, 2])
def test_one_source_after_another_gives_the_graph_of_all(
    empty_store: EmptyStore, seed: int
) -> None:
    """In whatever order; what is asked of it and what a check finds are the same."""
    store, expected = empty_store(), reference()
    for one in random.Random(seed).sample(SOURCES, len(SOURCES)):
        import_paths(store, [one], Settings())

    assert queries.digest(store) == queries.digest(expected)
    assert store.stats() == expected.stats()
    assert check(store, SETTINGS).findings == check(expected, SETTINGS).findings
    for start in (DL2, "DL1Collection"):
        for walk in (queries.ancestors, queries.descendants):
            ours, theirs = (
                walk(one, queries.resolve(one, start).key, depth=50, limit=1000)
                for one in (store, expected)
            )

            assert [one.key for one in ours.elements] == [one.key for one in theirs.elements]
            assert ours.found == theirs.found == len(ours.elements)


def test_links_to_parts_stand_in_the_graph(store: GraphStore) -> None:
    """Each of six merged records is linked to its subruns' activities, or to the only one."""
    import_paths(store, SOURCES, Settings())
    links = [
        one
        for one in store.records()
        if isinstance(one, Relation) and one.kind is RelationKind.INFLUENCE
    ]

    assert len(links) == 4 * 3 + 2
    assert len({one.subject for one in links}) == 6
