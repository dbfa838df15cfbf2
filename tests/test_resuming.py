"""An import that was interrupted goes on where it stopped, and says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from importers.ctapipe import CtapipeImporter
from importers.provjson import ProvJsonImporter
from lineage import queries, reading, report, settling
from lineage.graph_store import GraphStore
from lineage.interfaces import Confidence, OnProblem
from lineage.records import Entity, Namespace, Record, Statement
from lineage.session import ImportReport, Outcome, Progress, Stopped, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.ctapipe_logs import WORK32

EX = "http://example.org/"
BATCH = 10


class Counted(MemoryStore):
    """A store that counts what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def write(self, source: str, statements: Sequence[Record | Namespace]) -> int:
        self.written += [one.identifier for one in statements if isinstance(one, Entity)]
        return super().write(source, statements)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are small, and final at once."""
    monkeypatch.setattr(reading, "_BATCH_STATEMENTS", BATCH)
    monkeypatch.setattr(settling, "EVERY_S", 0.0)
    monkeypatch.setattr(settling, "SHARE", 0.0)


def document(path: Path, count: int = 100, **more: object) -> Path:
    """PROV-JSON of so many entities."""
    entities = {f"ex:e{i:03}": {} for i in range(count)}
    path.write_text(json.dumps({"prefix": {"ex": EX}, "entity": entities, **more}))
    return path


def stop_at(
    records: int, index: int = 0, error: type[BaseException] = Stopped
) -> Callable[[Progress], None]:
    """Ends an import at that file once so many records of it were read."""

    def on_progress(progress: Progress) -> None:
        if progress.index == index and progress.records >= records:
            raise error

    return on_progress


def interrupt(
    store: GraphStore,
    *paths: Path,
    at: int = 50,
    index: int = 0,
    error: type[BaseException] = Stopped,
) -> None:
    """An import that ends too early."""
    with pytest.raises(error):
        import_paths(store, paths, Settings(), on_progress=stop_at(at, index, error))


def imported(store: GraphStore, *paths: Path) -> ImportReport:
    return import_paths(store, paths, Settings())


def alone(*paths: Path) -> str:
    """The digest without an interruption."""
    store = MemoryStore()
    imported(store, *paths)
    return queries.digest(store)


@pytest.mark.parametrize("error", [Stopped, KeyboardInterrupt, MemoryError])
def test_a_large_file_goes_on_in_its_middle(tmp_path: Path, error: type[BaseException]) -> None:
    """What is in the store is not written again, however the import ended."""
    source, store = document(tmp_path / "a.json"), Counted()
    interrupt(store, source, error=error)
    before, store.written = store.written, []
    done = imported(store, source).sources[0]

    assert not set(before) & set(store.written)
    assert len(before) + len(store.written) == 100
    assert (done.outcome, done.records) == (Outcome.IMPORTED, 100)
    assert done.resumed + done.new >= 100
    assert queries.digest(store) == alone(source)


def test_a_resumed_import_knows_of_its_source_what_a_whole_one_knows(
    store: GraphStore, tmp_path: Path
) -> None:
    """Counts and mark are those of the whole file; the note is gone."""
    log = tmp_path / "x.provenance.log"
    log.write_bytes(b"".join(path.read_bytes() for path in WORK32))
    with pytest.raises(Stopped):
        import_paths(store, [log], Settings(), on_progress=stop_at(60))
    (interrupted,) = store.sources()
    done = imported(store, log).sources[0]
    (source,) = store.sources()
    whole = MemoryStore()
    imported(whole, log)
    (expected,) = whole.sources()

    assert interrupted.written is not None
    assert not interrupted.complete
    assert done.resumed == interrupted.written.statements
    assert source.written is None
    assert (source.records, source.mark) == (expected.records, expected.mark)
    assert queries.digest(store) == queries.digest(whole)


def test_files_that_were_done_are_not_read_again(tmp_path: Path) -> None:
    """Of many files the interrupted one goes on, and those before it are unchanged."""
    files = [document(tmp_path / f"{i}.json", i + 20) for i in range(5)]
    store = Counted()
    interrupt(store, *files, at=10, index=3, error=KeyboardInterrupt)
    report = imported(store, *files)

    assert [one.outcome for one in report.sources] == [Outcome.UNCHANGED] * 3 + [
        Outcome.IMPORTED
    ] * 2
    assert [bool(one.resumed) for one in report.sources] == [False] * 3 + [True, False]
    assert report.resumed == 1


def test_what_is_wrong_in_the_part_that_is_skipped_is_said_again(tmp_path: Path) -> None:
    """Problems are those of the whole file."""
    bad = {f"_:u{i}": 17 for i in range(3)}
    source = tmp_path / "a.json"
    entities = {f"ex:e{i:03}": {} for i in range(100)}
    source.write_text(json.dumps({"prefix": {"ex": EX}, "used": bad, "entity": entities}))
    whole, store = MemoryStore(), MemoryStore()
    expected = imported(whole, source).sources[0].problems
    interrupt(store, source)
    found = imported(store, source).sources[0]

    assert found.resumed
    assert found.problems == expected
    assert store.sources()[0].skipped == whole.sources()[0].skipped == 3


def test_another_version_of_the_importer_writes_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may say other things of the same bytes."""
    source, store = document(tmp_path / "a.json"), Counted()
    interrupt(store, source)
    store.written.clear()
    monkeypatch.setattr(ProvJsonImporter, "version", "another")
    done = imported(store, source).sources[0]

    assert not done.resumed
    assert len(store.written) == 100


def test_other_content_is_written_whole(tmp_path: Path) -> None:
    """A file that changed since the interruption is another source."""
    source, store = document(tmp_path / "a.json"), Counted()
    interrupt(store, source)
    store.written.clear()
    document(source, 101)
    done = imported(store, source).sources[0]

    assert not done.resumed
    assert len(store.written) == 101


class Fickle:
    """An importer that says the same things in another order each time."""

    name = "fickle"
    description = "a format whose importer iterates over a set"
    url = "https://example.org/fickle"
    version = "1"

    def __init__(self) -> None:
        self.turn = 0

    def recognises(self, source: Path, head: bytes) -> Confidence:
        return Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        self.turn += 37
        yield from (Entity(f"{EX}e{(i + self.turn) % 100}") for i in range(100))


def test_an_importer_with_another_order_loses_nothing(tmp_path: Path) -> None:
    """What it says first is not what was written: then everything is written."""
    source, store, fickle = tmp_path / "a.txt", Counted(), Fickle()
    source.write_text("anything")
    with pytest.raises(Stopped):
        import_paths(store, [source], Settings(), importer=fickle, on_progress=stop_at(50))
    done = import_paths(store, [source], Settings(), importer=fickle).sources[0]

    assert store.stats().entities == 100
    assert (done.resumed, done.records) == (0, 100)


def test_batches_of_another_size_resume_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note amid a batch splits it."""
    source, store = document(tmp_path / "a.json"), Counted()
    interrupt(store, source)
    before = len(store.written)
    monkeypatch.setattr(reading, "_BATCH_STATEMENTS", 37)
    done = imported(store, source).sources[0]

    assert done.resumed == before + 1  # the namespace
    assert len(store.written) == 100


def test_a_grown_log_goes_on_behind_its_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has grown by is read from the mark on, and written from where it stopped."""
    whole = b"".join(path.read_bytes() for path in WORK32)
    log, store = tmp_path / "x.provenance.log", MemoryStore()
    log.write_bytes(whole[: len(whole) // 3])
    imported(store, log)
    log.write_bytes(whole)
    starts = []
    appended = CtapipeImporter.appended

    def seen(
        self: CtapipeImporter, source: Path, told: OnProblem, mark: object, note: object
    ) -> object:
        starts.append(mark)
        return appended(self, source, told, mark, note)  # type: ignore[arg-type]

    monkeypatch.setattr(CtapipeImporter, "appended", seen)
    interrupt(store, log, at=30)
    done = imported(store, log).sources[0]

    assert done.outcome is Outcome.GROWN
    assert done.resumed
    assert starts[0] == starts[1] is not None
    assert queries.digest(store) == alone(log)


def test_a_file_interrupted_twice_goes_on_from_the_later_place(tmp_path: Path) -> None:
    """The note moves on, never back."""
    source, store = document(tmp_path / "a.json"), Counted()
    interrupt(store, source, at=30)
    interrupt(store, source, at=70)
    imported(store, source)

    assert len(store.written) == 100


def test_the_report_says_what_was_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the table, and in a sentence."""
    source, store = document(tmp_path / "a.json"), Counted()
    interrupt(store, source)
    done = imported(store, source)
    report.write_import(done)
    said = capsys.readouterr().out

    assert "imported, resumed" in said
    assert "1 file resumed: written from where an interrupted import had stopped" in said
    assert report.import_json(done)["sources"][0]["resumed"] > 0
