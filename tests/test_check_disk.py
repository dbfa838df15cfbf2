"""A check that looks at the disk: gone, changed and unreadable files, below the access roots."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lineage import vocabulary as v
from lineage.access import AccessRoot
from lineage.check import check
from lineage.check_findings import CheckReport, FindingKind
from lineage.graph_store import GraphStore
from lineage.records import Entity, Value, attributes
from lineage.subgraph import Observations
from tests.checked_stores import planted
from tests.file_events import SETTINGS, generation

CONTENT = b"ten bytes!"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MTIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """What a root leads to, with one file of known content and time."""
    below = tmp_path / "below"
    below.mkdir()
    path = below / "x.h5"
    path.write_bytes(CONTENT)
    os.utime(path, (MTIME.timestamp(), MTIME.timestamp()))
    return below


def looked_at(store: GraphStore, directory: Path) -> CheckReport:
    """A check with one root: what is recorded below /srv lies in the directory."""
    return check(store, SETTINGS, roots=(AccessRoot("/srv", directory),))


def recorded(name: str, *said: tuple[str, Value]) -> GraphStore:
    """A store that knows one file below /srv, of which a source says this."""
    return planted([Entity(f"file:///srv/{name}", attributes(said))])


def seen_before(name: str, *seen: tuple[str, Value]) -> GraphStore:
    """A store that knows one file below /srv, which somebody looked at before."""
    store = recorded(name)
    with store.writing():
        store.observe(Observations(elements=((f"file:///srv/{name}", attributes(seen)),)))
    return store


def kinds(report: CheckReport) -> list[str]:
    return [one.kind.word for one in report.findings]


SIZE, HASH, TIME = v.FILE_SIZE, v.FILE_SHA256, v.FILE_MODIFIED
OLDER = (TIME, MTIME.replace(year=2025))


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ([], None),
        ([(SIZE, 10)], None),
        ([(SIZE, 11)], "10 bytes, before 11"),
        ([(HASH, SHA256)], None),
        ([(HASH, SHA256.upper())], None),
        ([(HASH, "0" * 64)], f"SHA-256 {SHA256}, before {'0' * 64}"),
        ([(SIZE, "many")], None),
    ],
)
def test_a_file_is_compared_with_what_a_source_says(
    directory: Path, said: list[tuple[str, Value]], change: str | None
) -> None:
    """Size first, then the SHA-256."""
    report = looked_at(recorded("x.h5", *said), directory)

    assert kinds(report) == ([] if change is None else ["file-changed"])
    assert report.checked["files_on_disk"] == 1
    assert change is None or change in report.findings[0].message


@pytest.mark.parametrize(
    ("seen", "change"),
    [
        ([(SIZE, 10), (TIME, MTIME)], None),
        ([(SIZE, 10), OLDER], "modified 2026-01-02 03:04:05+00:00, before 2025"),
        ([(SIZE, 10), OLDER, (HASH, SHA256)], None),
        ([(SIZE, 10), OLDER, (HASH, "0" * 64)], "SHA-256"),
        ([(SIZE, 10), (TIME, MTIME), (HASH, "0" * 64)], None),
        ([(SIZE, 11), (TIME, MTIME)], "10 bytes, before 11"),
        ([(SIZE, 10), (v.FILE_FIRST_SIZE, 12)], "10 bytes, before 12"),
    ],
)
def test_a_file_is_compared_with_the_first_look(
    directory: Path, seen: list[tuple[str, Value]], change: str | None
) -> None:
    """A new time alone is a change unless the SHA-256 is the same; nobody reads without need."""
    report = looked_at(seen_before("x.h5", *seen), directory)

    assert kinds(report) == ([] if change is None else ["file-changed"])
    assert change is None or change in report.findings[0].message


def test_a_missing_file(directory: Path) -> None:
    """Gone from its place below a root."""
    report = looked_at(recorded("gone/y.h5"), directory)

    assert kinds(report) == ["file-missing"]
    assert report.findings[0].records == ("file:///srv/gone/y.h5",)
    assert report.findings[0].message.startswith("/srv/gone/y.h5: is not there")


def test_a_file_that_leads_out_of_its_root(directory: Path) -> None:
    """It is there, and nobody looks at it."""
    (directory / "out.h5").symlink_to("/etc/hostname")
    report = looked_at(recorded("out.h5"), directory)

    assert kinds(report) == ["file-unreadable"]


def test_files_under_no_root_are_counted_and_left_alone(directory: Path) -> None:
    """Recorded paths are hostile: without a root nothing is opened."""
    store = planted([Entity("file:///etc/passwd"), Entity("http://example.org/e")])
    report = looked_at(store, directory)

    assert kinds(report) == []
    assert (report.checked["files_on_disk"], report.checked["files_under_no_root"]) == (0, 1)


def test_only_the_version_that_a_path_holds_is_looked_for(directory: Path) -> None:
    """Of an overwritten version the disk says nothing."""
    events = [generation("/srv/y.h5", "a", 0, 1), generation("/srv/y.h5", "b", 2, 3)]
    report = looked_at(planted([], events), directory)

    assert [one.records for one in report.findings if one.kind is FindingKind.FILE_MISSING] == [
        ("file:///srv/y.h5#b",)
    ]


def test_nobody_looks_at_the_disk_unless_asked(directory: Path) -> None:
    """Neither without roots, nor for other kinds of finding."""
    store = recorded("gone.h5")
    roots = (AccessRoot("/srv", directory),)

    assert check(store, SETTINGS).findings == ()
    assert "files_on_disk" not in check(store, SETTINGS, kinds=(), roots=roots).checked


def test_only_the_files_of_a_lineage_are_looked_at(directory: Path) -> None:
    """Who asks about one record does not wait for all files."""
    store = planted([Entity("file:///srv/x.h5"), Entity("file:///srv/gone.h5")])
    roots = (AccessRoot("/srv", directory),)
    report = check(store, SETTINGS, lineage_of=["file:///srv/x.h5"], roots=roots)

    assert report.findings == ()
    assert report.checked["files_on_disk"] == 1
