"""Files on the disk beside the graph: present, missing, changed, overwritten, identical."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lineage import disk, disk_facts, queries
from lineage import vocabulary as v
from lineage.access import AccessRoot, OpenedFile
from lineage.disk import DiskProgress, DiskReport, FileReport, look_at_files
from lineage.disk_facts import State
from lineage.graph_store import Direction
from lineage.identity import IdentitySettings, changes, connected, event_key
from lineage.records import Attributes, Entity, EventKind, FileEvent, attributes
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredEvent
from lineage.vocabulary import RelationKind

DEMO = Path(__file__).parent.parent / "demo"
EX = "http://example.org/"
T0 = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


class Disk:
    """A directory that sources know as ``/recorded``, and a store that mentions files in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = MemoryStore()
        self.roots = (AccessRoot("/recorded", directory),)

    def file(self, name: str, content: str | bytes = "content", *, hour: int = 0) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        moment = int((T0 + timedelta(hours=hour)).timestamp())
        os.utime(path, (moment, moment))
        return path

    def mention(self, name: str, *more: tuple[str, Any], path: str | None = None) -> str:
        """An entity of a file, and its key."""
        location = path or f"/recorded/{name}"
        self.store.write("s", [Entity(EX + name, attributes([(v.PROV_LOCATION, location), *more]))])
        return EX + name

    def generated(self, name: str, *hours: int) -> list[str]:
        """Keys of the versions of a file that activities wrote at these hours."""
        events = []
        for hour in hours:
            start = T0 + timedelta(hours=hour)
            event = FileEvent(
                EventKind.GENERATION, f"/recorded/{name}", f"{EX}{name}{hour}", start, start
            )
            events.append(StoredEvent(event_key(event, IdentitySettings()), "s", event))
        known = connected(events, self.store.events)
        self.store.bind(changes(known, events, IdentitySettings()))
        return [f"file:///recorded/{name}#{EX}{name}{hour}" for hour in hours]

    def look(self, *keys: str, hashed: bool = False) -> DiskReport:
        return look_at_files(self.store, self.roots, keys or None, hashed=hashed)

    def one(self, key: str, *, hashed: bool = False) -> FileReport:
        (found,) = self.look(key, hashed=hashed).files
        return found

    def observed(self, key: str) -> dict[str, Any]:
        (element,) = self.store.read([key])
        return {name.removeprefix(v.FILE): value for name, value in element.observed}


@pytest.fixture
def files(tmp_path: Path) -> Disk:
    """An empty disk and an empty store."""
    return Disk(tmp_path)


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def test_what_is_there_is_described(files: Disk) -> None:
    """Size, time, media type; the digest only when it is asked for."""
    files.file("a.json", "{}")
    key = files.mention("a.json")
    assert files.one(key).state is State.PRESENT
    seen = files.observed(key)

    assert (seen["state"], seen["size_bytes"], seen["modified"]) == ("present", 2, T0)
    assert (seen["media_type"], seen["observed_path"]) == ("application/json", "/recorded/a.json")
    assert "sha256" not in seen

    files.one(key, hashed=True)

    assert files.observed(key)["sha256"] == sha256("{}")


def test_a_digest_that_is_known_stays_while_the_stamp_is_the_same(files: Disk) -> None:
    """A later look without hashing keeps it."""
    files.file("a")
    key = files.mention("a")
    files.look(hashed=True)
    files.look()

    assert files.observed(key)["sha256"] == sha256("content")


def test_another_size_is_a_change(files: Disk) -> None:
    """What it was like before is kept beside, and the change stays told."""
    path = files.file("a")
    key = files.mention("a")
    files.look(hashed=True)
    files.file("a", "longer content", hour=1)

    for _ in range(2):
        assert files.one(key).state is State.CHANGED
        seen = files.observed(key)
        assert (seen["size_bytes"], seen["first_size_bytes"]) == (14, 7)
        assert (seen["first_sha256"], seen["first_modified"]) == (sha256("content"), T0)
        assert "first_observed_at" in seen

    files.file("a")

    assert path.stat().st_size == 7
    assert files.one(key).state is State.PRESENT
    assert "first_sha256" not in files.observed(key)


def test_another_time_alone_is_looked_into(files: Disk) -> None:
    """Where the digest is known the file is read; where it is not, the time is a change."""
    files.file("a")
    files.file("b")
    known, unknown = files.mention("a"), files.mention("b")
    files.look(known, hashed=True)
    files.look(unknown)
    files.file("a", hour=1)
    files.file("b", hour=1)

    assert files.one(known).state is State.PRESENT
    assert files.one(unknown).state is State.CHANGED


def test_same_size_and_time_but_other_bytes_are_found_by_hashing(files: Disk) -> None:
    """Rot that no stamp shows."""
    files.file("a")
    key = files.mention("a")
    files.look(hashed=True)
    files.file("a", "CONTENT")

    assert files.one(key).state is State.PRESENT
    assert files.one(key, hashed=True).state is State.CHANGED


def test_what_sources_say_of_a_file_counts(files: Disk) -> None:
    """A size or digest in the record is what the file should be like at the first look."""
    files.file("a")
    good = files.mention("a", (v.FILE_SIZE, 7), (v.FILE_SHA256, sha256("content").upper()))
    files.file("b")
    large = files.mention("b", (v.FILE_SIZE, 8))
    files.file("c")
    other = files.mention("c", (v.FILE_SHA256, sha256("other")))
    states = {one.key: one.state for one in files.look(hashed=True).files}

    assert states == {good: State.PRESENT, large: State.CHANGED, other: State.CHANGED}
    assert files.observed(large)["first_size_bytes"] == 8


def test_what_is_gone_is_missing_and_what_it_was_is_kept(files: Disk) -> None:
    """It comes back as present if it is the same."""
    path = files.file("deep/a")
    key = files.mention("deep/a")
    files.look(hashed=True)
    path.unlink()
    path.parent.rmdir()

    assert files.one(key).state is State.MISSING
    assert files.one(key).state is State.MISSING
    assert files.observed(key)["first_sha256"] == sha256("content")

    files.file("deep/a")

    assert files.one(key).state is State.PRESENT


def test_a_file_that_was_never_there_is_missing(files: Disk) -> None:
    """That, and when it was found out, is all that is known."""
    key = files.mention("a")

    assert files.one(key).state is State.MISSING
    assert set(files.observed(key)) == {"state", "observed_at"}


def test_the_content_belongs_to_the_last_version(files: Disk) -> None:
    """Of earlier versions only what was seen in their time is known."""
    files.file("a", "first")
    (first,) = files.generated("a", 0)
    assert files.one(first, hashed=True).state is State.PRESENT

    files.file("a", "second!", hour=1)
    last, oldest = files.generated("a", 1, -1)
    states = {one.key: one.state for one in files.look(hashed=True).files}

    assert states == {
        first: State.OVERWRITTEN,
        oldest: State.OVERWRITTEN,
        last: State.PRESENT,
    }
    assert (files.observed(first)["state"], files.observed(first)["sha256"]) == (
        "overwritten",
        sha256("first"),
    )
    assert files.observed(oldest) == {}
    assert files.observed(last)["sha256"] == sha256("second!")
    assert files.one(first).state is State.OVERWRITTEN


def test_a_change_that_was_a_new_version_is_put_right(files: Disk) -> None:
    """A look between the overwriting and the import of its log took it for a change."""
    files.file("a", "first")
    (first,) = files.generated("a", 0)
    files.look(hashed=True)
    files.file("a", "second!", hour=1)

    assert files.one(first).state is State.CHANGED

    (last,) = files.generated("a", 1)
    files.look(hashed=True)

    assert files.observed(first)["sha256"] == sha256("first")
    assert files.observed(first)["state"] == "overwritten"
    assert "first_sha256" not in files.observed(first)
    assert files.observed(last)["state"] == "present"


def test_documents_that_name_the_same_path_agree_on_one(files: Disk) -> None:
    """Two entities at one path, neither overwritten: one of them, always the same."""
    files.file("a")
    keys = [files.mention("x", path="/recorded/a"), files.mention("y", path="/recorded/a")]
    reports = [files.look().files, files.look(keys[0]).files, files.look(keys[1]).files]

    assert [one.state for one in reports[0]] == [State.OVERWRITTEN, State.PRESENT]
    assert reports[1][0].state is State.OVERWRITTEN
    assert reports[2][0].state is State.PRESENT


def test_equal_contents_are_linked_to_the_smallest(files: Disk) -> None:
    """A star, outside of the digest; links follow what is seen."""
    for name in "cab":
        files.file(name)
        files.mention(name)
    files.file("d", "another")
    files.mention("d")
    before = queries.digest(files.store)
    report = files.look(hashed=True)

    assert report.identical == [(EX + "a", EX + "b", EX + "c")]
    assert links(files) == {(EX + "b", EX + "a"), (EX + "c", EX + "a")}
    assert queries.digest(files.store) == before
    assert files.look().identical == report.identical

    files.file("d", "content", hour=2)
    files.mention("0")
    files.file("0")
    files.look(hashed=True)

    assert links(files) == {(EX + n, EX + "0") for n in "abc"}


def links(files: Disk) -> set[tuple[str, str]]:
    keys = [key for key, _ in files.store.observed()]
    found = files.store.neighbours(keys, Direction.ANCESTORS, {RelationKind.ALTERNATE})
    return {(one.relation.subject or "", one.relation.object or "") for one in found}


def test_what_lies_elsewhere_is_only_counted(files: Disk, tmp_path: Path) -> None:
    """No file outside of the access roots is looked at, whatever a record claims."""
    files.file("a")
    files.mention("a")
    for number, path in enumerate(
        ["/etc/passwd", "/recorded/../etc/passwd", "relative", "http://example.org/x", "/recorded"]
    ):
        files.mention(f"n{number}", path=path)
    report = files.look()

    assert (len(report.files), report.elsewhere) == (1, 5)


def test_what_cannot_be_looked_at_is_said(files: Disk, tmp_path: Path) -> None:
    """A directory, a link out of the root; what was seen before is kept."""
    (files.directory / "folder").mkdir()
    files.file("link")
    folder, link = files.mention("folder"), files.mention("link")
    files.look(link)
    before = files.observed(link)
    (files.directory / "link").unlink()
    (files.directory / "link").symlink_to("/etc/passwd")
    report = files.look()

    assert [one.state for one in report.files] == [None, None]
    assert "regular file" in report.files[0].reason
    assert "lead out of its access root" in report.files[1].reason
    assert (files.observed(folder), files.observed(link)) == ({}, before)


def test_a_disk_that_is_away_makes_nothing_missing(files: Disk) -> None:
    """Where the root itself cannot be opened nobody knows what lies below."""
    key = files.mention("a")
    files.roots = (AccessRoot("/recorded", files.directory / "unmounted"),)

    assert files.one(key).state is None
    assert files.observed(key) == {}


def test_a_file_that_is_being_written_gets_no_digest(
    files: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes that were read are of no one moment."""
    path = files.file("a")
    key = files.mention("a")
    summing = disk._sha256

    def late(opened: OpenedFile, head: bytes, tell: Callable[[int, int], None]) -> str:
        path.write_text("written meanwhile")
        return summing(opened, head, tell)

    monkeypatch.setattr(disk, "_sha256", late)

    assert files.one(key, hashed=True).state is None
    assert "changed while it was read" in files.one(key, hashed=True).reason


@pytest.mark.parametrize("moment_ns", [2**60 * 1000, -(2**60) * 1000, 253402300800 * 10**9])
def test_a_time_that_no_calendar_has_is_left_out(
    files: Disk, monkeypatch: pytest.MonkeyPatch, moment_ns: int
) -> None:
    """A file system may say any number of seconds."""
    files.file("a")
    key = files.mention("a")
    status = SimpleNamespace(st_size=7, st_mtime_ns=moment_ns)
    monkeypatch.setattr(disk_facts, "os", SimpleNamespace(fstat=lambda _: status))

    assert files.one(key).state is State.PRESENT
    assert files.observed(key)["size_bytes"] == 7
    assert "modified" not in files.observed(key)


def test_progress_counts_files_and_bytes(files: Disk) -> None:
    """A large file is told of while it is read."""
    content = b"x" * 3_000_000
    files.file("a", content)
    files.mention("a")
    told: list[DiskProgress] = []
    look_at_files(files.store, files.roots, hashed=True, on_progress=told.append)

    assert [one.path for one in told] == ["/recorded/a"] * len(told)
    assert told[0].hashed_bytes == 0
    assert told[-1].hashed_bytes == told[-1].size_bytes == len(content)


def test_many_files_are_written_in_parts(files: Disk) -> None:
    """More than fit into one batch; each is looked at once."""
    for number in range(1_100):
        files.mention(f"f{number}")
    files.file("f7")
    report = files.look()

    assert (report.count(State.MISSING), report.count(State.PRESENT)) == (1_099, 1)
    assert len(list(files.store.observed())) == 1_100


def test_every_attribute_that_is_observed_is_described(files: Disk) -> None:
    """`lineage attributes` explains each."""
    files.file("a")
    files.mention("a", (v.FILE_SIZE, 1))
    seen: Attributes = files.look(hashed=True).files[0].observed

    assert {name for name, _ in seen} <= set(v.OUR_ATTRIBUTES)
