"""Forgetting a source: what it alone said goes, and identity is worked out again without it."""

from __future__ import annotations

from dataclasses import dataclass

from lineage.graph_store import GraphStore, Source
from lineage.identity import Changes, IdentitySettings, connected, difference, resolve_stored
from lineage.settings import Settings


@dataclass(frozen=True, slots=True)
class Said:
    """How much a source says."""

    source: Source
    records: int
    """Declarations, and the relations that it asserts or that its file events make."""
    events: int
    """What it tells of files."""


def said_by(store: GraphStore, source: Source) -> Said:
    """How much a source says, counted in the store."""
    return Said(source, sum(1 for _ in store.records(source.key)), len(store.events_of(source.key)))


def forget(store: GraphStore, source: Source, settings: Settings) -> Said:
    """Removes what a source asserts and nothing else; imported again, it gives the same graph.

    What other sources say stays as if this one had never been imported, whatever the order was.
    Killed in between, it is done to its end by whoever writes to the store next.

    Returns:
        What was removed.

    Raises:
        StoreBusy: another process is writing.
    """
    with store.writing():
        said = said_by(store, source)
        retract(store, source, settings)
    return said


def retract(store: GraphStore, source: Source, settings: Settings) -> None:
    """`forget` for who has the right to write."""
    store.retract(source.key, _changes(store, source, settings.identity))


def _changes(store: GraphStore, source: Source, settings: IdentitySettings) -> Changes:
    """What identity makes of it that the events of a source go."""
    own = store.events_of(source.key)
    known = {*connected(own, store.events), *own}
    before = resolve_stored(known, settings)
    after = resolve_stored((one for one in known if one.source != source.key), settings)
    return difference(before, after)
