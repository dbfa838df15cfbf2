"""File events that wait to be bound together, so that the work grows with their number.

To bind events is to resolve all that they are connected with again. Where a million of them share
some files, a batch of a fixed size would resolve the whole million for each batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineage import identity
from lineage.graph_store import GraphStore
from lineage.identity import IdentitySettings
from lineage.reading import characters
from lineage.runs import is_run
from lineage.subgraph import StoredEvent

AT_ONCE = 20_000
"""Events that are resolved at once where they are not all connected; fewer are gathered only at
the end."""
_MOST = 200_000
_MOST_CHARACTERS = 40_000_000
"""Waiting; they take about 100 MB."""
_FEWEST_AT_ONCE = 500
"""Each lot costs transactions of its own."""


class Gathering:
    """File events on their way into a store."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings
        self._events: list[StoredEvent] = []
        self._characters = 0
        self._met = 0
        """Events of the store that those bound last had to do with."""
        self._lot = AT_ONCE

    def add(self, event: StoredEvent) -> None:
        """Takes one up."""
        self._events.append(event)
        self._characters += characters(event.event)

    @property
    def empty(self) -> bool:
        """Nothing waits."""
        return not self._events

    @property
    def due(self) -> bool:
        """It is time to bind: as many came as would have to be resolved again, or as can wait."""
        wanted = min(max(AT_ONCE, self._met), _MOST)
        return len(self._events) >= wanted or self._characters >= _MOST_CHARACTERS

    def bind(self, store: GraphStore) -> None:
        """Makes the store say what they mean, one lot after the other.

        A process killed between two lots leaves a settled store and sources that are not complete.
        """
        self._met = 0
        lot: list[StoredEvent] = []
        for group in _together(self._events):
            lot += group
            if len(lot) >= self._lot:
                self._bind(store, lot)
                lot = []
        if lot:
            self._bind(store, lot)
        self._events.clear()
        self._characters = 0

    def _bind(self, store: GraphStore, lot: Sequence[StoredEvent]) -> None:
        known = identity.connected(lot, store.events)
        store.bind(identity.changes(known, lot, self._settings))
        self._met += len(known)
        share = len(lot) / (len(lot) + len(known))
        self._lot = max(_FEWEST_AT_ONCE, int(AT_ONCE * share))


def _together(events: Sequence[StoredEvent]) -> Iterable[list[StoredEvent]]:
    """The events in groups: those that share a path, a product or a run, as far as is seen here.

    What else they are connected with is found in the store.
    """
    if len(events) <= AT_ONCE:
        return [list(events)]
    parents: list[int] = []
    firsts: dict[str, int] = {}
    for at, stored in enumerate(events):
        event = stored.event
        parents.append(at)
        for name in (event.path, event.activity if is_run(event.activity) else event.product):
            if name is not None:
                parents[_root(parents, at)] = _root(parents, firsts.setdefault(name, at))
    groups: dict[int, list[StoredEvent]] = {}
    for at, stored in enumerate(events):
        groups.setdefault(_root(parents, at), []).append(stored)
    return groups.values()


def _root(parents: list[int], at: int) -> int:
    while parents[at] != at:
        parents[at] = parents[parents[at]]
        at = parents[at]
    return at
