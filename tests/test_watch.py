"""A watch over directories, step by step, into the memory store."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineage import queries, registry, watch_state
from lineage.errors import StoreBusy, StoreError
from lineage.growth import KnownSources
from lineage.interfaces import Confidence, GraphStore, OnProblem
from lineage.records import EventKind, FileEvent, Statement
from lineage.session import Progress, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.tree import look
from lineage.watch import Pace, Stopped, Watch
from lineage.watched import Kind, News, Tally
from tests.ctapipe_logs import WORK32, record
from tests.embedded_engine import until

GOOD = {"prefix": {"ex": "http://example.org/"}, "entity": {"ex:e": {}}}
AT_ONCE = Pace(interval_s=0.01, settle_s=0.0, patience_s=0.0)
PATIENT = Pace(interval_s=0.01, settle_s=0.0, patience_s=1e9)


class Watched:
    """A watch of one directory, its store, and what it told."""

    def __init__(self, directory: Path, pace: Pace = AT_ONCE, store: GraphStore | None = None):
        self.directory = directory
        self.store = store or MemoryStore()
        self.news: list[News] = []
        self.opened_stores = 0
        self.watch = Watch(
            [directory],
            Settings(),
            self.opened,
            pace=pace,
            tell=self.news.append,
            on_progress=self.progress,
            state=lambda *_: directory.parent / "state.json",
        )

    def opened(self) -> GraphStore:
        self.opened_stores += 1
        return self.store

    def progress(self, progress: Progress) -> None:
        """For a test to replace."""

    def step(self) -> list[tuple[Kind, str]]:
        """What one more look leads to."""
        self.news.clear()
        self.watch.step()
        return [(one.kind, Path(one.path).name) for one in self.news]

    def digest(self) -> str:
        return queries.digest(self.store)

    def write(self, name: str, content: object = GOOD) -> Path:
        """A file that appears whole, as one that was renamed into its place."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.directory.parent / "scratch"
        scratch.write_text(content if isinstance(content, str) else json.dumps(content))
        return scratch.rename(path)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """A watch that does everything at once."""
    directory = tmp_path / "live"
    directory.mkdir()
    return Watched(directory)


def patient(watched: Watched) -> Watched:
    """One that takes everything that is wrong for something not whole yet."""
    return Watched(watched.directory, PATIENT)


def alone(*paths: Path) -> str:
    """The digest of these imported into an empty store."""
    store = MemoryStore()
    import_paths(store, paths, Settings())
    return queries.digest(store)


def test_what_appears_is_imported_once(watched: Watched) -> None:
    """Below directories too; what did not change is not touched again."""
    watched.write("a.json")
    watched.write("deep/er/b.json", {**GOOD, "entity": {"ex:f": {}}})

    assert watched.step() == [(Kind.IMPORTED, "a.json"), (Kind.IMPORTED, "b.json")]
    assert watched.step() == []

    watched.write("c.json", {**GOOD, "entity": {"ex:g": {}}})

    assert watched.step() == [(Kind.IMPORTED, "c.json")]
    assert watched.store.stats().entities == 3


def test_a_log_that_grows_stays_one_source(watched: Watched) -> None:
    """At every look its new part is taken; in the end it is as if imported at once."""
    content = b"".join(path.read_bytes() for path in WORK32)
    log = watched.directory / "all.provenance.log"
    for end in range(5_000, len(content) + 20_000, 20_000):
        log.write_bytes(content[:end])
        watched.step()

    assert watched.digest() == alone(log)
    assert len(watched.store.sources()) == 1
    assert watched.watch.tally.grown > 5
    assert watched.watch.tally.problems == {}


def test_a_half_written_document_is_not_imported_by_halves(watched: Watched) -> None:
    """While it may still be written nothing of it is stored, and that is said once."""
    one = patient(watched)
    whole = json.dumps({**GOOD, "activity": {"ex:a": {}}})
    path = one.write("a.json", whole[:40])

    assert one.step() == [(Kind.WAITING, "a.json")]
    assert one.step() == []
    assert one.watch.tally.waiting == 1
    assert list(one.watch.tally.problems) == [str(path)]
    assert one.store.sources() == ()

    one.write("a.json", whole)

    assert one.step() == [(Kind.IMPORTED, "a.json")]
    assert one.watch.tally.problems == {}
    assert one.digest() == alone(path)


def test_what_stays_half_written_is_told_in_the_end(watched: Watched) -> None:
    """Once it has not changed for long what can be read of it is taken, and the rest reported."""
    path = watched.write("a.json", json.dumps({**GOOD, "used": {"_:u": 17}}))

    assert watched.step() == [(Kind.IMPORTED, "a.json"), (Kind.SKIPPED, "a.json")]
    assert watched.store.stats().entities == 1
    assert list(watched.watch.tally.problems) == [str(path)]


def test_the_cut_off_end_of_a_growing_log_is_no_failure(watched: Watched) -> None:
    """What is whole is taken at once, the end is waited for."""
    one = patient(watched)
    text = json.dumps([record(), record(activity_uuid="3" * 8 + "-2222-4333-8444-555555555555")])
    path = one.write("a.provenance.log", text[:-30])

    assert one.step() == [(Kind.IMPORTED, path.name), (Kind.WAITING, path.name)]
    assert one.store.stats().activities == 1
    assert one.watch.tally.waiting == 1

    with path.open("w") as stream:
        stream.write(text)

    assert one.step() == [(Kind.GROWN, path.name)]
    assert one.store.stats().activities == 2
    assert (one.watch.tally.waiting, one.watch.tally.problems) == (0, {})


def test_a_file_is_left_in_peace_until_it_settles(watched: Watched) -> None:
    """What changes at every look is not read, unless it is a log, whose growth is."""
    hasty = Watched(watched.directory, Pace(settle_s=1e9))
    hasty.write("a.json")
    hasty.write("b.provenance.log", [record()])

    assert hasty.step() == []
    assert hasty.watch.tally.waiting == 2

    for one in hasty.watch._files.values():
        one.changing_since -= 6e9

    assert hasty.step() == [(Kind.IMPORTED, "b.provenance.log")]


def test_files_that_vanish_are_no_problem(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two looks, or between the look and the import."""
    first, second = watched.write("a.json"), watched.write("b.json", {})
    watched.step()
    first.unlink()
    watched.write("c.json", {"entity": {"urn:x": {}}})
    recognise = registry.recognise

    def gone(path: Path) -> Any:
        if path.name == "c.json":
            path.unlink()
        return recognise(path)

    monkeypatch.setattr(registry, "recognise", gone)

    assert watched.step() == []
    assert watched.watch.tally.problems == {}
    assert list(watched.watch._files) == [str(second)]


def test_a_file_that_may_not_be_read_is_tried_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once, and imported when it can be, though its stamp is the same."""
    path = watched.write("a.json")
    recognise = registry.recognise

    def closed(source: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr(registry, "recognise", closed)

    assert watched.step() == [(Kind.SKIPPED, "a.json")]
    assert watched.step() == []
    assert "Permission denied" in watched.watch.tally.problems[str(path)][0].message

    monkeypatch.setattr(registry, "recognise", recognise)
    watched.watch._files[str(path)].retry_at = 0.0

    assert watched.step() == [(Kind.IMPORTED, "a.json")]
    assert watched.watch.tally.problems == {}


def test_a_closed_directory_is_told_once_and_forgets_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is away for a while: what lies on it is not taken for removed."""
    path = watched.write("a.json")
    watched.step()
    scandir = os.scandir

    def away(folder: str) -> Any:
        raise OSError(116, "Stale file handle", folder)

    monkeypatch.setattr(os, "scandir", away)

    assert watched.step() == [(Kind.CLOSED, "live")]
    assert watched.step() == []
    assert list(watched.watch.tally.problems) == [str(watched.directory)]

    monkeypatch.setattr(os, "scandir", scandir)

    assert watched.step() == []
    assert watched.watch.tally.problems == {}
    assert list(watched.watch._files) == [str(path)]


def test_links_are_not_followed(watched: Watched) -> None:
    """Neither out of the directory, nor in circles."""
    outside = watched.directory.parent / "outside.json"
    outside.write_text(json.dumps(GOOD))
    (watched.directory / "link.json").symlink_to(outside)
    (watched.directory / "circle").symlink_to(watched.directory)

    assert watched.step() == []
    assert look([watched.directory]).files == {}


def test_unknown_files_need_no_store(watched: Watched) -> None:
    """A directory full of other things bothers nobody who writes to the store."""
    watched.write("notes.txt", "remember the milk")

    def refused() -> GraphStore:
        raise AssertionError("opened")

    watched.opened = refused  # type: ignore[method-assign]

    assert watched.step() == []
    assert watched.watch.tally.unknown == 1


class Unreliable(MemoryStore):
    """A store whose engine ends now and then, or that another process writes to."""

    fails: StoreError | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        if self.fails is not None:
            raise self.fails
        with super().writing():
            yield


def test_a_store_that_is_gone_is_opened_again(watched: Watched) -> None:
    """Nothing is lost meanwhile: what could not be imported is when it is back."""
    store = Unreliable()
    one = Watched(watched.directory, store=store)
    store.fails = StoreError("gone. Start it again.")
    one.write("a.json")

    assert one.step() == [(Kind.STORE, "")]
    assert one.step() == []
    assert (one.watch.tally.waiting, one.opened_stores) == (1, 1)

    one.watch._store_retry_at = 0.0

    assert one.step() == []
    assert one.opened_stores == 2

    store.fails = None
    one.watch._store_retry_at = 0.0

    assert one.step() == [(Kind.IMPORTED, "a.json")]


def test_another_writer_is_waited_for(watched: Watched) -> None:
    """The store stays open, and the next look tries again."""
    store = Unreliable()
    one = Watched(watched.directory, store=store)
    store.fails = StoreBusy("process 7 is writing.")
    one.write("a.json")

    assert one.step() == [(Kind.STORE, "")]

    store.fails = None

    assert one.step() == [(Kind.IMPORTED, "a.json")]


def test_the_right_to_write_is_held_only_while_importing(watched: Watched) -> None:
    """Between two looks anybody may import."""
    watched.write("a.json")
    watched.step()
    with watched.store.writing():
        pass
    other = watched.directory.parent / "other.json"
    other.write_text(json.dumps({"entity": {"urn:x": {}}}))
    import_paths(watched.store, [other], Settings())

    assert watched.store.stats().entities == 2


def run_until_idle(watched: Watched) -> tuple[Tally, list[Kind]]:
    """A whole run that ends when nothing is left to do."""
    pace = Pace(interval_s=0.01, settle_s=0.0, patience_s=0.0, until_idle_s=0.0)
    again = Watched(watched.directory, pace, watched.store)
    return again.watch.run(), [news.kind for news in again.news]


def age(*paths: Path) -> None:
    """Makes files look old enough for their stamps to be trusted."""
    for path in paths:
        os.utime(path, ns=(10**18, 10**18))


@pytest.fixture
def no_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files may be remembered as soon as they are written."""
    monkeypatch.setattr(watch_state, "_TICK_NS", 0)


def test_a_restart_reads_nothing_again(
    watched: Watched, no_ticks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier watch took is known by its stamp; only what changed meanwhile is read."""
    watched.write("a.json")
    watched.write("notes.txt", "remember the milk")
    first, _ = run_until_idle(watched)
    reads: list[str] = []
    recognise = registry.recognise

    def noted(path: Path) -> Any:
        reads.append(path.name)
        return recognise(path)

    monkeypatch.setattr(registry, "recognise", noted)
    second, kinds = run_until_idle(watched)

    assert (first.imported, first.remembered) == (1, 0)
    assert (second.imported, second.remembered, second.unknown) == (0, 2, 1)
    assert (kinds, reads) == ([], [])

    watched.write("b.json", {"entity": {"urn:x": {}}})
    watched.write("a.json", {"entity": {"urn:y": {}}})
    third, _ = run_until_idle(watched)

    assert (third.imported, third.remembered) == (2, 1)
    assert set(reads) == {"a.json", "b.json"}


def test_what_the_store_does_not_hold_is_not_remembered(watched: Watched, no_ticks: None) -> None:
    """Another store under the same name, or one that was emptied, gets everything."""
    watched.write("a.json")
    run_until_idle(watched)
    watched.store = MemoryStore()
    tally, _ = run_until_idle(watched)

    assert tally.imported == 1


def test_a_new_importer_looks_at_what_was_unknown(
    watched: Watched, no_ticks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no importer knew is looked at again when there are others."""
    watched.write("x.card", "a card")
    run_until_idle(watched)
    monkeypatch.setattr(registry, "importers", lambda: {"card": Card()})
    tally, _ = run_until_idle(watched)

    assert tally.imported == 1


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, '{"format": 1}', '{"format":1,'])
def test_a_damaged_state_costs_only_time(watched: Watched, content: str) -> None:
    """Everything is hashed again, and found unchanged."""
    path = watched.write("a.json")
    run_until_idle(watched)
    (watched.directory.parent / "state.json").write_text(content)
    age(path)
    tally, _ = run_until_idle(watched)

    assert (tally.imported, tally.unchanged, tally.remembered) == (0, 1, 0)


def test_a_file_written_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    """Written again within the clock's tick it would have the same stamp and other bytes."""
    (tmp_path / "x").write_text("x")
    ((name, stamp),) = look([tmp_path]).files.items()
    state = tmp_path / "state.json"
    left_out = watch_state.save(state, {}, {name: watch_state.Taken(stamp, "", "")})

    assert left_out == 1
    assert watch_state.load(state, {}, KnownSources(())) == {}


def test_names_that_are_no_text_are_remembered(tmp_path: Path, no_ticks: None) -> None:
    """A file name of any bytes comes back as it was."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / os.fsdecode(b"\xff\n\xe9.json")).write_text("x")
    files = look([tmp_path / "d"]).files
    taken = {name: watch_state.Taken(stamp, "", "", ("/p",)) for name, stamp in files.items()}
    time.sleep(0.01)
    watch_state.save(tmp_path / "state.json", {"a": "1"}, taken)

    assert watch_state.load(tmp_path / "state.json", {"a": "1"}, KnownSources(())) == taken
    assert watch_state.load(tmp_path / "state.json", {"a": "2"}, KnownSources(())) == {}


class Card:
    """``NAME.card`` says that it is there, with all pictures beside it."""

    name, version, describes_files = "card", "1", True
    description, url = "cards", "https://example.org/card"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        return Confidence.CERTAIN if source.suffix == ".card" else Confidence.NO

    def parts(self, source: Path) -> Sequence[Path]:
        return sorted(source.parent.glob("*.picture"))

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        for path in (source, *self.parts(source)):
            yield FileEvent(EventKind.STATE, str(path.absolute()))


def test_a_part_that_comes_later_belongs_to_its_owner(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file whose records depend on others is read again when one of them comes or changes."""
    monkeypatch.setattr(registry, "importers", lambda: {"card": Card()})
    watched.write("x.card", "a card")

    assert watched.step() == [(Kind.IMPORTED, "x.card")]

    picture = watched.write("x.picture", "first")
    watched.step()

    assert [news.path for news in watched.news] == [str(watched.directory / "x.card")]
    assert watched.store.stats().entities == 2
    assert watched.step() == []

    picture.write_text("another")

    assert watched.step() == [(Kind.IMPORTED, "x.card")]


def in_thread(watched: Watched) -> Callable[[], Tally]:
    """Runs a watch beside the test; what is returned ends it and gives its tally."""
    found: list[Tally] = []
    thread = threading.Thread(target=lambda: found.append(watched.watch.run()))
    thread.start()

    def end() -> Tally:
        watched.watch.stop()
        thread.join(60)
        assert not thread.is_alive()
        return found[0]

    return end


def test_it_ends_when_it_is_asked_to(watched: Watched) -> None:
    """Also in the middle of a long pause."""
    one = Watched(watched.directory, Pace(interval_s=1e6, settle_s=0.0))
    one.write("a.json")
    end = in_thread(one)
    until(lambda: len(one.news) > 0, "the import")
    tally = end()

    assert (tally.imported, tally.interrupted) == (1, False)


def test_asked_to_end_amid_an_import_it_does(watched: Watched) -> None:
    """What was begun is not complete, and the next watch takes it up."""
    one = Watched(watched.directory)
    log = one.write("a.provenance.log", [record()])

    def stop(progress: Progress) -> None:
        if progress.records:
            one.watch.stop()

    one.watch._on_progress = stop
    one.write("b.provenance.log", [record(activity_uuid="4" * 8 + UUID_END)])
    tally = one.watch.run()

    assert tally.interrupted
    assert [source.complete for source in one.store.sources()] == [False]

    run_until_idle(one)

    assert all(source.complete for source in one.store.sources())
    assert one.digest() == alone(log.parent)


UUID_END = "-2222-4333-8444-555555555555"


def test_a_check_of_a_large_file_can_be_ended(watched: Watched) -> None:
    """Reading a file to its end before it is imported stops as well."""
    one = patient(watched)
    one.write("a.json", {**GOOD, "entity": {f"ex:e{n}": {} for n in range(3000)}})
    one.watch.stop()
    with pytest.raises(Stopped):
        one.watch.step()

    assert one.store.sources() == ()
