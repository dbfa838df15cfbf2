"""``lineage watch`` as people run it: real processes, real files, one embedded engine."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineage import queries
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores import embedded
from lineage.stores.memory import MemoryStore
from tests.ctapipe_logs import WORK32
from tests.embedded_engine import cleaned, until

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).parent.parent
GOOD = {"prefix": {"ex": "http://example.org/"}, "entity": {"ex:e": {}}}
WHOLE = b"".join(path.read_bytes() for path in WORK32)
FAST = ("--interval", "0.05", "--settle", "0.2")


class Command:
    """``lineage watch`` as a process whose lines are read as they come."""

    def __init__(self, place: Place, *options: str) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", "from lineage.cli import main; main()"),
                *("watch", str(place.live), "--json", *options),
            ],
            env=place.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events: list[dict[str, Any]] = []
        self._errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_events),
            threading.Thread(target=self._read_errors),
        ]
        for reader in self._readers:
            reader.start()

    def _read_events(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self._errors += self.process.stderr

    @property
    def errors(self) -> str:
        return "".join(self._errors)

    def seen(self, name: str, *kinds: str) -> bool:
        """An event of one of these kinds was told of this file."""
        return any(
            event["event"] in kinds and event.get("path", "").endswith(name)
            for event in list(self.events)
        )

    def taken(self) -> int:
        """How much was told; everything that is tried is told of."""
        return len(self.events)

    def wait_for(self, fact: Callable[[], bool], what: str) -> None:
        """Waits for a fact, as long as the process lives."""

        def or_dead() -> bool:
            alive = self.process.poll() is None
            return fact() or (not alive and pytest.fail(f"ended before {what}: {self.errors}"))

        until(or_dead, what)

    def end(self, number: int = signal.SIGTERM) -> dict[str, Any]:
        """Ends it in good order; its summary."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> dict[str, Any]:
        """Its summary, once it ended by itself."""
        self.process.wait(180)
        self.close()
        assert self.events, self.errors
        assert self.events[-1]["event"] == "end", self.errors
        return self.events[-1]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


class Place:
    """A live directory and the store that it is watched into."""

    def __init__(self, tmp_path: Path, store: Path) -> None:
        self.live = tmp_path / "live"
        self.live.mkdir()
        self.store = store
        self.environment = os.environ | {
            "LINEAGE_STORE": f"embedded:{store}",
            "LINEAGE_SETTINGS": str(ROOT / "demo" / "settings.toml"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "PYTHONWARNINGS": "error::ResourceWarning",
        }

    @contextmanager
    def watching(self, *options: str) -> Iterator[Command]:
        command = Command(self, *FAST, *options)
        try:
            yield command
        finally:
            command.close()

    def digest(self) -> str:
        store = embedded.open_embedded(self.store)
        try:
            return queries.digest(store)
        finally:
            store.close()

    def sources(self) -> list[str]:
        """Names of the files whose whole is in the store, once for each that is a source."""
        store = embedded.open_embedded(self.store)
        try:
            whole = [one for one in store.sources() if one.complete]
            return sorted(Path(path).name for one in whole for path in one.paths)
        finally:
            store.close()

    def holds(self, log: Path) -> bool:
        """All of a log is in the store."""
        store = embedded.open_embedded(self.store)
        try:
            sizes = {one.size_bytes for one in store.sources() if one.complete}
        finally:
            store.close()
        return log.stat().st_size in sizes

    def expected(self) -> str:
        """The digest of what lies there now, imported into an empty store."""
        store = MemoryStore()
        import_paths(store, [self.live], Settings())
        return queries.digest(store)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty live directory, and a store directory of its own."""
    with cleaned(tmp_path / "store") as store:
        yield Place(tmp_path, store)


def test_files_appear_grow_are_renamed_and_vanish(place: Place) -> None:
    """In the end the store holds what the directory holds, each file once."""
    (place.live / "old.json").write_text(json.dumps({"entity": {"urn:old": {}}}))
    with place.watching("--patience", "600") as command:
        command.wait_for(lambda: command.seen("old.json", "imported"), "what was there")
        half = place.live / "half.json"
        half.write_text(json.dumps(GOOD)[:30])
        command.wait_for(lambda: command.seen("half.json", "waiting"), "the half")
        # of no known format: whether it was seen under this name makes no difference
        scratch = place.live / "deep" / ".scratch"
        scratch.parent.mkdir()
        scratch.write_text("")
        scratch = scratch.rename(place.live / "deep" / "renamed.json")
        scratch.write_text(json.dumps({"entity": {"urn:renamed": {}}}))
        brief = place.live / "brief.json"
        brief.write_text("{")
        brief.unlink()
        half.write_text(json.dumps(GOOD))
        command.wait_for(lambda: command.seen("half.json", "imported"), "the whole")
        command.wait_for(lambda: command.seen("renamed.json", "imported"), "the renamed")
        summary = command.end()

    assert command.process.returncode == 0
    assert (summary["imported"], summary["problems"]) == (3, {})
    assert place.sources() == ["half.json", "old.json", "renamed.json"]
    assert place.digest() == place.expected()


def test_a_log_written_in_pieces_is_one_source(place: Place) -> None:
    """Whatever the pieces, and whenever they come."""
    log = place.live / "all.provenance.log"
    rng = random.Random(7)
    with place.watching() as command, log.open("ab") as stream:
        at = 0
        while at < len(WHOLE):
            piece = WHOLE[at : at + rng.randint(1, 90_000)]
            before = command.taken()
            stream.write(piece)
            stream.flush()
            at += len(piece)
            command.wait_for(lambda: command.taken() > before, "the piece")  # noqa: B023
        command.wait_for(lambda: place.holds(log), "the whole log")
        summary = command.end(signal.SIGINT)

    assert command.process.returncode == 0
    assert summary["imported"] == 1
    assert summary["grown"] >= 3
    assert summary["problems"] == {}
    assert place.sources() == ["all.provenance.log"]
    assert place.digest() == place.expected()


def test_a_killed_watch_goes_on_where_it_was(place: Place) -> None:
    """kill -9 at any time, also amid an import; what came meanwhile is found by the next."""
    rng = random.Random(3)
    for round_ in range(3):
        with place.watching() as command:
            for number in range(3):
                part = WHOLE[: rng.randint(100_000, len(WHOLE))]
                (place.live / f"{round_}{number}.provenance.log").write_bytes(part)
            command.wait_for(lambda: command.taken() > 0, "something to happen")
            command.process.kill()
    with place.watching("--until-idle", "0.5", "--patience", "1") as command:
        summary = command.ended()

    assert summary["waiting"] == 0
    assert place.digest() == place.expected()
    assert len(place.sources()) == 9

    with place.watching("--until-idle", "0.5", "--patience", "1") as command:
        again = command.ended()

    assert again["grown"] == 0
    assert list(again["problems"]) == list(summary["problems"])
    assert len(place.sources()) == 9


def test_two_watchers_share_a_directory_and_a_store(place: Place) -> None:
    """Each takes what the other has not; nothing is there twice, nothing is missing."""
    with place.watching() as one, place.watching() as two:
        for number, log in enumerate(WORK32):
            (place.live / f"{number}.provenance.log").write_bytes(log.read_bytes())
        for command in (one, two):
            command.wait_for(lambda: len(place.sources()) == len(WORK32), "every log")
        summaries = [command.end() for command in (one, two)]
    with place.watching("--until-idle", "0") as last:
        summaries.append(last.ended())

    assert sum(summary["imported"] for summary in summaries) == len(WORK32)
    assert all(summary["problems"] == {} for summary in summaries)
    assert place.digest() == place.expected()


def test_others_import_while_it_watches(place: Place, tmp_path: Path) -> None:
    """The right to write is free between two imports."""
    other = tmp_path / "other.json"
    other.write_text(json.dumps(GOOD))
    with place.watching() as command:
        (place.live / "a.json").write_text(json.dumps({"entity": {"urn:a": {}}}))
        command.wait_for(lambda: command.seen("a.json", "imported"), "the first")
        store = embedded.open_embedded(place.store)
        try:
            report = import_paths(store, [other], Settings())
        finally:
            store.close()
        command.end()

    assert report.complete
    assert place.sources() == ["a.json", "other.json"]


def test_an_engine_that_is_killed_is_started_again(place: Place) -> None:
    """The watch outlives its engine, and imports what came meanwhile."""
    from lineage.stores import engine_process

    with place.watching() as command:
        (place.live / "a.json").write_text(json.dumps({"entity": {"urn:a": {}}}))
        command.wait_for(lambda: command.seen("a.json", "imported"), "the first")
        known = engine_process.pid_of(place.store)
        assert known is not None
        os.kill(known[0], signal.SIGKILL)
        (place.live / "b.provenance.log").write_bytes(WHOLE)
        # it may be seen, and told of, before all of it is written
        command.wait_for(lambda: place.holds(place.live / "b.provenance.log"), "the second")
        summary = command.end()

    assert summary["problems"] == {}
    assert place.digest() == place.expected()


def test_what_stays_damaged_makes_it_exit_1(place: Place) -> None:
    """The summary names it; everything else is imported."""
    (place.live / "a.json").write_text('{"entity": ')
    (place.live / "b.json").write_text(json.dumps(GOOD))
    with place.watching("--patience", "0.5", "--until-idle", "0.5") as command:
        summary = command.ended()

    assert command.process.returncode == 1
    assert [Path(path).name for path in summary["problems"]] == ["a.json"]
    assert summary["imported"] >= 1


def run(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from lineage.cli import main; main()", *arguments],
        env=place.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_lines_for_people(place: Place) -> None:
    """Without --json what happened stands on standard output, the summary on standard error."""
    (place.live / "a.json").write_text(json.dumps(GOOD))
    done = run(place, "watch", str(place.live), *FAST, "--until-idle", "0")

    assert done.returncode == 0, done.stderr
    assert "imported" in done.stdout
    assert str(place.live / "a.json") in done.stdout
    assert "1 imported, 0 grown" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout


def test_what_cannot_be_watched_is_refused(place: Place) -> None:
    """No such directory; a store that would end with the command."""
    missing = run(place, "watch", str(place.live / "nowhere"))
    memory = run(place, "--store", "memory", "watch", str(place.live))

    assert (missing.returncode, memory.returncode) == (2, 2)
    assert "no such directory" in missing.stderr
    assert "memory store" in memory.stderr
