"""How often events are resolved that share their files with very many others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import pytest

from lineage import gathering, identity, queries
from lineage.gathering import Gathering
from lineage.graph_store import Source
from lineage.identity import Changes, IdentitySettings, event_key
from lineage.records import EventKind, FileEvent
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredEvent

SETTINGS = IdentitySettings()
FILES = 10
SOURCE = Source("s", ("/s",), "test", "1", 1, datetime(2026, 1, 1, tzinfo=UTC))


class Counting(MemoryStore):
    """Counts the events that it is asked for, and the changes that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched = 0
        self.most = 0
        self.bound = 0

    def events(self, paths: Collection[str], products: Collection[str]) -> tuple[StoredEvent, ...]:
        found = super().events(paths, products)
        self.fetched += len(found)
        self.most = max(self.most, len(found))
        return found

    def bind(self, changes: Changes) -> None:
        self.bound += 1
        super().bind(changes)


def uses(number: int, files: int) -> list[StoredEvent]:
    """Uses of some files, one after the other, each by an activity of its own."""
    events = [FileEvent(EventKind.USE, f"/{at % files}", f"urn:a:{at}") for at in range(number)]
    return [StoredEvent(event_key(event, SETTINGS), "s", event) for event in events]


def bind(events: Sequence[StoredEvent]) -> Counting:
    """A store into which these events were gathered."""
    store = Counting()
    store.begin(SOURCE)
    waiting = Gathering(SETTINGS)
    for event in events:
        waiting.add(event)
        if waiting.due:
            waiting.bind(store)
    waiting.bind(store)
    return store


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lots of a hundred events."""
    monkeypatch.setattr(gathering, "AT_ONCE", 100)
    monkeypatch.setattr(gathering, "_FEWEST_AT_ONCE", 10)


@pytest.mark.usefixtures("small")
def test_the_work_grows_with_the_events() -> None:
    """Of events that share ten files each is fetched again once or twice, not fifty times."""
    store = bind(uses(10_000, FILES))

    assert store.fetched < 2.5 * 10_000
    assert len(list(store.all_events())) == 10_000


@pytest.mark.usefixtures("small")
def test_files_are_resolved_some_at_a_time() -> None:
    """What has nothing to do with each other is never in memory together."""
    store = bind(uses(10_000, 500))

    assert store.most < 1_000


@pytest.mark.usefixtures("small")
def test_the_graph_is_that_of_one_batch() -> None:
    """However the events were gathered."""
    events = uses(2_000, FILES)
    for at, stored in enumerate(events[::7]):
        made = FileEvent(
            EventKind.GENERATION, stored.event.path, f"urn:b:{at}", product=f"p{at % 5}"
        )
        events.append(StoredEvent(event_key(made, SETTINGS), "s", made))
    once = MemoryStore()
    once.begin(SOURCE)
    once.bind(identity.changes((), events, SETTINGS))

    assert queries.digest(bind(events)) == queries.digest(once)


def test_ordinary_imports_are_bound_at_once() -> None:
    """Up to 20,000 events together."""
    assert bind(uses(15_000, 7_500)).bound == 1


def test_events_of_many_characters_do_not_wait_for_others() -> None:
    """Or they would fill the memory before they are many."""
    waiting = Gathering(SETTINGS)
    text = (("urn:a", "x" * 1_000_000),)
    for at in range(40):
        event = FileEvent(EventKind.USE, "/a", f"urn:a:{at}", attributes=text)
        assert not waiting.due
        waiting.add(StoredEvent(str(at), "s", event))

    assert waiting.due


def test_nothing_is_bound_where_nothing_came() -> None:
    """And the gathering can be used again."""
    store = Counting()
    Gathering(SETTINGS).bind(store)

    assert store.bound == 0
