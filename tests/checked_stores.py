"""Stores with something planted in them, and what a check finds there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineage import vocabulary as v
from lineage.check import check
from lineage.check_findings import Finding
from lineage.graph_store import GraphStore, Source
from lineage.identity import changes, connected, event_key
from lineage.records import Activity, Entity, FileEvent, Record, Relation, Value, attributes
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredEvent
from lineage.vocabulary import RelationKind
from tests.file_events import SETTINGS, at

EX = "http://example.org/"
STARTED, ENDED = (v.PROV_START, at(0)), (v.PROV_END, at(1))


def planted(
    records: Sequence[Record] = (),
    events: Iterable[FileEvent] = (),
    *,
    key: str = "s1",
    store: GraphStore | None = None,
) -> GraphStore:
    """A store in which one source says this."""
    store = MemoryStore() if store is None else store
    source = Source(key, (f"/logs/{key}.log",), "test", "1", 1, complete=True)
    said = [StoredEvent(event_key(event, SETTINGS), key, event) for event in events]
    with store.writing():
        store.begin(source)
        store.write(key, list(records))
        store.bind(changes(connected(said, store.events), said, SETTINGS))
        store.finish(source)
    return store


def found(store: GraphStore) -> list[Finding]:
    """Everything that a check without the disk finds."""
    return list(check(store, SETTINGS).findings)


def words(store: GraphStore) -> list[str]:
    """The kinds of what is found."""
    return [finding.kind.word for finding in found(store)]


def entity(name: str, *said: tuple[str, Value]) -> Entity:
    return Entity(EX + name, attributes(said))


def activity(name: str, *said: tuple[str, Value]) -> Activity:
    return Activity(EX + name, attributes(said))


def relation(kind: RelationKind, subject: str, end: str, *said: tuple[str, Value]) -> Relation:
    return Relation(kind, EX + subject, EX + end, attributes=attributes(said))


def used(subject: str, end: str) -> Relation:
    return relation(RelationKind.USAGE, subject, end)


def generated(subject: str, end: str) -> Relation:
    return relation(RelationKind.GENERATION, subject, end)


def run(name: str) -> Activity:
    """An activity of file events, with times."""
    return Activity(f"urn:uuid:{name}", (ENDED, STARTED))


def only(store: GraphStore, word: str) -> Finding:
    """The one finding of a kind."""
    (finding,) = (one for one in found(store) if one.kind.word == word)
    return finding
