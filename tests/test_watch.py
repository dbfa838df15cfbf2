"""A watch over directories, step by step, into the memory store."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineage import registry
from lineage.errors import StoreBusy, StoreError
from lineage.graph_store import GraphStore
from lineage.interfaces import Confidence, OnProblem
from lineage.records import EventKind, FileEvent, Relation, Statement
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.tree import look
from lineage.watch import Pace
from lineage.watched import Kind
from tests.ctapipe_logs import WORK32, record
from tests.golden import DATA
from tests.watched_directory import GOOD, Watched, alone, patient

GOCART = DATA / "gocart" / "mockevents"


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """A watch that does everything at once."""
    directory = tmp_path / "live"
    directory.mkdir()
    return Watched(directory)


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

    assert watched.step() == []
    assert (watched.watch.tally.unknown, watched.opened_stores) == (1, 0)


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


@pytest.mark.parametrize("seed", range(3))
def test_alerts_that_are_copied_in_any_order_are_chained(watched: Watched, seed: int) -> None:
    """A file on which others depend is looked for beside them, and in directories beside theirs."""
    files = [path for path in GOCART.rglob("*") if path.is_file() and path.suffix != ".jsonl"]
    random.Random(seed).shuffle(files)
    for path in files:
        copy = watched.directory / path.relative_to(GOCART)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
        watched.step()
    watched.step()
    at_once = MemoryStore()
    import_paths(at_once, [watched.directory], Settings())

    assert relations(watched.store) == relations(at_once)
    assert ("wasDerivedFrom", "20230425T121940_initial", "20230425T105653_preliminary") in {
        (kind, one.rpartition(":")[2], other.rpartition(":")[2])
        for kind, one, other in relations(watched.store)
    }


def relations(store: GraphStore) -> set[tuple[str, str, str]]:
    found = (one for one in store.records() if isinstance(one, Relation))
    return {(one.kind.keyword, one.subject or "", one.object or "") for one in found}
