"""Changes of which a part was made when the process died are made to their end first."""

from __future__ import annotations

import pytest
from hypothesis import given

from lineage.graph_store import Source
from lineage.identity import Changes, changes, connected, event_key
from lineage.records import FileEvent
from lineage.stores import bolt
from lineage.stores.bolt import BoltStore
from lineage.stores.bolt_changes import decode_changes, encode_changes
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredEvent
from tests.conftest import wipe
from tests.file_events import SETTINGS, generation, use
from tests.killed_transactions import killed_after
from tests.test_identity_properties import event_sets

A, B, C = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")


def told(source: str, events: list[FileEvent]) -> list[StoredEvent]:
    return [StoredEvent(event_key(event, SETTINGS), source, event) for event in events]


def bind(store: BoltStore | MemoryStore, events: list[StoredEvent]) -> None:
    with store.writing():
        for source in sorted({one.source for one in events}):
            store.begin(Source(source, (f"/{source}",), "test", "1", 1))
        store.bind(changes(connected(events, store.events), events, SETTINGS))


def read(store: BoltStore | MemoryStore) -> tuple[object, ...]:
    return tuple(store.contents()), {(one.key, one.source) for one in store.all_events()}


FIRST = told("first", [use("/d/x", B, 20, 30)])
SECOND = told("second", [generation("/d/x", A, 0, 10), use("/d/in", A, 0, 10)])
"""It makes a version of /d/in that nobody is known to have made, and takes back one of /d/x."""
THIRD = told("third", [generation("/d/in", C, -20, -10)])
"""With it there is no such version of /d/in."""


def test_what_comes_next_finds_whole_changes(
    bolt_store: BoltStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Died in any transaction, then other sources come first: nothing is left over, or missing."""
    monkeypatch.setattr(bolt, "_ITEMS_AT_ONCE", 1)
    expected = MemoryStore()
    for events in (FIRST, THIRD, SECOND):
        bind(expected, events)
    at = 0

    def bind_second(store: BoltStore) -> None:
        bind(store, SECOND)

    killed = True
    while killed:
        wipe(bolt_store)
        bind(bolt_store, FIRST)
        killed = killed_after(bolt_store, at, monkeypatch, bind_second)
        bind(bolt_store, THIRD)
        bind(bolt_store, SECOND)

        assert read(bolt_store) == read(expected), at

        at += 1

    assert at > 8


@given(event_sets(), event_sets())
def test_kept_changes_come_back_as_they_were(
    first: list[FileEvent], second: list[FileEvent]
) -> None:
    """Every kind of change, whatever stands in it."""
    known, new = told("s", first), told("t", second)
    made: Changes = changes(known, new, SETTINGS)

    assert decode_changes(encode_changes(made)) == made
