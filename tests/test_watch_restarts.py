"""Watches that end, and what the next one remembers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage import registry, watch_state
from lineage.growth import KnownSources
from lineage.session import Progress
from lineage.stores.memory import MemoryStore
from lineage.tree import look
from lineage.watch import Pace, Stopped
from lineage.watched import Kind, Tally
from tests.ctapipe_logs import record
from tests.embedded_engine import until
from tests.test_watch import Card
from tests.watched_directory import GOOD, Watched, alone, patient


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """A watch that does everything at once."""
    directory = tmp_path / "live"
    directory.mkdir()
    return Watched(directory)


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
    """What was read is complete, and the next watch takes up the rest."""
    one = Watched(watched.directory)
    log = one.write("a.provenance.log", [record()])

    def stop(progress: Progress) -> None:
        if progress.records:
            one.watch.stop()

    one.watch._on_progress = stop
    one.write("b.provenance.log", [record(activity_uuid="4" * 8 + UUID_END)])
    tally = one.watch.run()

    assert tally.interrupted
    assert (tally.imported, tally.records) == (1, one.store.sources()[0].records)
    assert [news.kind for news in one.news] == [Kind.IMPORTED]
    assert [source.complete for source in one.store.sources()] == [True]

    run_until_idle(one)

    assert len(one.store.sources()) == 2
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
