"""Files that become others while they are read: what they said together, nobody said."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lineage import queries
from lineage.graph_store import GraphStore
from lineage.interfaces import Confidence, OnProblem, Problem
from lineage.records import Activity, EventKind, FileEvent, Statement
from lineage.session import ImportReport, Outcome, Progress, Stopped, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore

Meanwhile = Callable[[Path], None]


class Steps:
    """Each word is a step that wrote a file; after the first one something happens."""

    name, version = "steps", "1"
    description, url = "lines of a test", "https://example.org/steps"

    def __init__(self, meanwhile: Meanwhile = lambda _: None) -> None:
        self._meanwhile = meanwhile

    def recognises(self, source: Path, head: bytes) -> Confidence:
        return Confidence.CERTAIN

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        for at, word in enumerate(source.read_text().split()):
            if word == "wrong":
                on_problem(Problem(str(at), "is wrong."))
                continue
            yield Activity(f"urn:x:{word}")
            yield FileEvent(EventKind.GENERATION, "/shared/file", f"urn:x:{word}")
            if at == 0:
                self._meanwhile(source)


class Chimera(Steps):
    """Reads the beginning before the file changes, and all the rest behind that."""

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        before = super().records(source, on_problem)
        yield from (next(before), next(before))
        self._meanwhile(source)
        yield from list(super().records(source, on_problem))[2:]


def imported(store: GraphStore, source: Path, importer: Steps) -> ImportReport:
    return import_paths(store, [source], Settings(), importer=importer)


def stop_amid(progress: Progress) -> None:
    """Ends an import once all is written, and before it is known that this was all."""
    if progress.records:
        raise Stopped


def replaced(text: str) -> Meanwhile:
    """What puts another file into the place of the source, as tools do that write anew."""

    def replace(source: Path) -> None:
        beside = source.with_suffix(".new")
        beside.write_text(text)
        os.replace(beside, source)

    return replace


def what_is_said(text: str, folder: Path) -> str:
    """The digest of a store that never knew anything else than this text."""
    store, source = MemoryStore(), folder / "alone"
    source.write_text(text)
    imported(store, source, Steps())
    return queries.digest(store)


def test_nothing_is_kept_of_a_file_that_became_another(store: GraphStore, tmp_path: Path) -> None:
    """Neither content is the source of what was read; what others say of the file stays."""
    other, source = tmp_path / "other", tmp_path / "source"
    other.write_text("other")
    source.write_text("one two")
    imported(store, other, Steps())
    report = imported(store, source, Chimera(replaced("three four")))
    (one,) = report.sources

    assert (one.outcome, one.records, report.complete) == (Outcome.FAILED, 0, False)
    assert "changed while it was read; nothing of it is kept" in one.problems[0].message
    assert [known.paths for known in store.sources()] == [(str(other),)]
    assert queries.digest(store) == what_is_said("other", tmp_path)


def test_what_a_file_is_in_the_end_is_what_the_graph_says(
    store: GraphStore, tmp_path: Path
) -> None:
    """Also where it comes back to what it was at first."""
    source = tmp_path / "source"
    source.write_text("one two")
    imported(store, source, Chimera(replaced("three four")))
    source.write_text("one two")
    report = imported(store, source, Steps())

    assert (report.complete, report.count(Outcome.IMPORTED)) == (True, 1)
    assert queries.digest(store) == what_is_said("one two", tmp_path)


def test_a_change_that_damages_the_reading_is_a_change_too(
    store: GraphStore, tmp_path: Path
) -> None:
    """What looks like a damaged file is one that another process was writing."""

    def fail(source: Path) -> None:
        source.write_text("three")
        raise ValueError("cut off")

    source = tmp_path / "source"
    source.write_text("one two")
    report = imported(store, source, Steps(fail))

    assert report.sources[0].outcome is Outcome.FAILED
    assert store.sources() == ()


def test_what_a_damaged_file_said_before_is_kept(store: GraphStore, tmp_path: Path) -> None:
    """A source that was read to its end before is left, whatever the file becomes later."""
    source = tmp_path / "source"
    source.write_text("one wrong two")
    imported(store, source, Steps())
    before = queries.digest(store)
    report = imported(store, source, Steps(replaced("one wrong two three")))

    assert "changed while it was read. Import it again." in [
        problem.message for problem in report.sources[0].problems
    ]
    assert (len(store.sources()), queries.digest(store)) == (1, before)


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_copy_behind_the_changed_file_is_read_in_full(
    store: GraphStore, tmp_path: Path, interrupted: bool
) -> None:
    """What was dropped is not taken for known in the same import."""
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("one two")
    second.write_text("one two")
    if interrupted:
        with pytest.raises(Stopped):
            import_paths(store, [first], Settings(), importer=Steps(), on_progress=stop_amid)
    changes = iter([replaced("three")])

    def once(source: Path) -> None:
        next(changes, lambda _: None)(source)

    report = import_paths(store, [first, second], Settings(), importer=Steps(once))

    assert [one.outcome for one in report.sources] == [Outcome.FAILED, Outcome.IMPORTED]
    assert queries.digest(store) == what_is_said("one two", tmp_path)


def test_a_file_that_is_gone_at_the_end_was_read(tmp_path: Path) -> None:
    """It cannot be compared any more; that is told, and what was read is kept."""
    source, store = tmp_path / "source", MemoryStore()
    source.write_text("one two")
    report = imported(store, source, Steps(Path.unlink))

    assert "cannot be read to its end" in report.sources[0].problems[0].message
    assert queries.digest(store) == what_is_said("one two", tmp_path)


@pytest.mark.parametrize("text", ["one two", "one wrong two"])
def test_a_file_that_is_only_touched_is_no_other(tmp_path: Path, text: str) -> None:
    """Its bytes count, not its times."""
    source, store = tmp_path / "source", MemoryStore()
    source.write_text(text)
    report = imported(store, source, Steps(Path.touch))

    assert report.count(Outcome.IMPORTED) == 1
    assert not any("changed" in problem.message for problem in report.sources[0].problems)
