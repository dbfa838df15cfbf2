"""The graph that lstchain's files and the logs of their makers become."""

from __future__ import annotations

from pathlib import Path

from lineage import vocabulary as v
from lineage.access import AccessRoot
from lineage.graph_store import Direction
from lineage.identity import IdentitySettings, resolve
from lineage.records import FileEvent
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests.file_events import generation
from tests.hdf5_files import (
    LSTCHAIN,
    read,
)
from tests.test_hdf5_lstchain import activity, sample

RECORDED = "/srv/cta/samples/hdf5/lstchain_0.12.3"
"""Where the samples were made."""
LOGS = LSTCHAIN.parent.parent / "ctapipe" / "lstchain"


def imported(*paths: Path) -> MemoryStore:
    """Imported as if the samples lay where they were made."""
    store = MemoryStore()
    import_paths(store, list(paths), Settings(roots=(AccessRoot(RECORDED, LSTCHAIN),)))
    return store


def test_logs_and_files_are_one_graph() -> None:
    """The logs' activities generated the files; nothing is there twice, whatever comes first."""
    both, reverse = imported(LOGS, LSTCHAIN), imported(LSTCHAIN, LOGS)
    alone = imported(LOGS)
    files = [
        element
        for element in both.find("LST-1.Run02008", limit=99).elements
        if element.paths and element.paths[0].startswith(RECORDED)
    ]

    assert list(both.records()) == list(reverse.records())
    assert sorted(one.name for one in files) == sorted(path.name for path in LSTCHAIN.glob("*.h5"))
    assert both.stats().activities == alone.stats().activities + 3


def test_the_record_in_the_file_and_the_log_are_one_activity() -> None:
    """What was written while it ran gives way to what was written at its end."""
    store = imported(LSTCHAIN, LOGS)
    (element,) = store.read(["urn:uuid:850cfba0-c31a-48f5-b3ee-cd03e8ab128f"])
    statuses = {one.values(v.CTAPIPE + "status") for one in element.records}

    assert ("completed",) in statuses
    assert len(element.records) == 1


def test_walks_from_a_dl2_file_reach_raw_data() -> None:
    """dl2 <- dl1_to_dl2 <- dl1 <- the inferred activity <- R0, by the headers alone."""
    store = imported(LSTCHAIN)
    (start,) = store.named("dl2_LST-1.Run02008.0000.h5", limit=2)
    found, frontier = {start.key}, {start.key}
    while frontier:
        frontier = store.reach(frontier, Direction.ANCESTORS, v.INFLUENCES) - found
        found |= frontier

    assert "file:///fefs/aswg/data/real/R0/20200218/LST-1.1.Run02008.0000.fits.fz" in found
    assert "file:///fefs/models/20230901_v0.10.4/dec_2276" in found


def inferred(path: Path) -> list[FileEvent]:
    return [one for one in read(path)[0] if isinstance(one, FileEvent)]


def test_an_inferred_generation_gives_way_to_one_that_was_told() -> None:
    """Identity takes it where nobody says outright who generated the path, and only there."""
    path = sample("dl1_LST-1.Run02008.0000.h5")
    mine = inferred(path)
    told = generation(str(path), "told", 0, 1)
    shared = IdentitySettings(local_prefixes=())  # wherever these tests are run
    alone = resolve(mine, shared)
    both = resolve([*mine, told], shared)
    (before,) = [one for one in alone.versions if one.startswith(f"file://{path}")]
    (after,) = [one for one in both.versions if one.startswith(f"file://{path}")]

    assert before.startswith(f"file://{path}#urn:lineage:hdf5:")
    assert after == f"file://{path}#told"
    assert dict(both.versions[after].attributes)[v.RUN] == 2008
    assert [
        one.values(v.IDENTIFIED_BY)
        for one in alone.bindings.values()
        if one.kind is RelationKind.GENERATION
    ] == [("header",)]


def test_the_inferred_activity_belongs_to_the_content(tmp_path: Path) -> None:
    """A copy names the same one, another content another, wherever they lie."""
    whole = sample("dl1_LST-1.Run02008.0000.h5")
    copy, other = tmp_path / "copy.h5", sample("dl1_LST-1.Run02008.0001.h5")
    copy.write_bytes(whole.read_bytes())
    first, second, third = (activity(read(one)[0]).identifier for one in (whole, copy, other))

    assert first == second != third
