"""Two tools that write one file down under two paths, as two mount points make them do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lineage import vocabulary as v
from lineage.graph_store import GraphStore, Source
from lineage.identity import IdentitySettings, changes, connected, event_key
from lineage.records import Activity, Entity, EventKind, FileEvent, Record, attributes
from lineage.subgraph import StoredEvent

T0 = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
SETTINGS = IdentitySettings()

MAKER = "urn:uuid:00000000-0000-4000-8000-000000000001"
READER = "urn:uuid:00000000-0000-4000-8000-000000000002"
NAME = "dl1_LST-1.Run01807.0000.h5"
MADE = f"file:///data/DL1/{NAME}#00000000-0000-4000-8000-000000000001"
READ = f"file:///mnt/data/DL1/{NAME}"
MADE_PATH = f"/data/DL1/{NAME}"
READ_PATH = f"/mnt/data/DL1/{NAME}"


def tell(store: GraphStore, records: list[Record], events: list[FileEvent], key: str) -> None:
    """Imports what one source says."""
    stored = [StoredEvent(event_key(event, SETTINGS), key, event) for event in events]
    source = Source(key, (f"/logs/{key}.log",), "test", "1", 1)
    with store.writing():
        store.begin(source)
        store.write(key, records)
        store.bind(changes(connected(stored, store.events), stored, SETTINGS))
        store.finish(source)


def event(
    kind: EventKind, path: str, activity: str, minute: int, product: str | None = None
) -> FileEvent:
    """What an activity that lasted a minute did to a path."""
    start = T0 + timedelta(minutes=minute)
    stop = start + timedelta(minutes=1)
    counts = product is not None
    return FileEvent(kind, path, activity, start, stop, product=product, product_counts=counts)


def activity(identifier: str, name: str) -> Activity:
    """An activity by name."""
    return Activity(identifier, attributes([(v.PROV_LABEL, name)]))


def tell_made(store: GraphStore) -> None:
    """One log: the file was made."""
    made = event(EventKind.GENERATION, MADE_PATH, MAKER, 0)
    tell(store, [activity(MAKER, "r0_to_dl1")], [made], "maker")


def tell_read(store: GraphStore, output: str = "/mnt/data/DL2/out.h5") -> None:
    """Another log: it was read through another mount point, and something made of it."""
    used = event(EventKind.USE, READ_PATH, READER, 5)
    made = event(EventKind.GENERATION, output, READER, 5)
    tell(store, [activity(READER, "dl1_to_dl2")], [used, made], "reader")


def tell_both(store: GraphStore) -> None:
    """Both logs, and something that has nothing to do with either."""
    tell_made(store)
    tell_read(store)
    tell(store, [Entity("http://example.org/else")], [], "else")
