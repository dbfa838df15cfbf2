"""Imports that kill themselves, or their engine, at a chosen moment.

Run as a program it is a server: a line of JSON on standard input is a job, which a forked process
does and mostly does not survive; the answer says how far it came. Forking from a process that has
everything loaded, and nothing open, makes a kill cost no start of Python.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lineage import reading, registry, settling
from lineage.session import import_paths, open_store
from lineage.settings import Settings
from lineage.stores import bolt, engine_process
from lineage.stores.bolt_connection import Connection
from lineage.watch import Pace, Watch

MOMENTS = ("before", "amid", "unsent", "unanswered", "after")
"""Of a transaction: before it; after one of its queries; before its commit; after its commit was
sent and before it was answered; and after the answer."""


@dataclass(frozen=True, slots=True)
class Kill:
    """When to kill, and whom."""

    at: int = 0
    """Number of the transaction, from 1; 0 for none."""
    moment: str = "before"
    query: int = 1
    """For ``amid``: after which query of the transaction."""
    after_s: float = 0.0
    """Else so many seconds after the import began; 0 for not at all."""
    group: bool = False
    """All the importer's processes, not only the one that writes."""
    engine: str = ""
    """Directory of a store whose engine is killed too; ``alone``: it, and not the importer."""
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """An import into a store; small transactions make many moments of a small import."""

    store: str
    phases: list[tuple[str, str]]
    """Before each but the last import: the file to write to, and the one with its content."""
    paths: list[str]
    kill: Kill
    eager: bool = True
    """It settles after each batch; else as in earnest."""
    watched: bool = False
    """By a watch of the paths instead."""


def small_transactions(eager: bool) -> None:
    """Makes this process import in many small steps."""
    reading._BATCH_STATEMENTS = 60
    bolt._ITEMS_AT_ONCE = 40
    if eager:
        settling.EVERY_S = settling.SHARE = 0.0


_engines_killed = 0
"""By this process, which outlived them."""


def fatal(kill: Kill) -> Callable[[], None]:
    """What kills."""

    def die() -> None:
        global _engines_killed
        if kill.engine:
            known = engine_process.pid_of(Path(kill.engine))
            if known is not None:
                os.kill(known[0], signal.SIGKILL)
                _engines_killed += 1
        if not kill.alone:
            os.killpg(0, signal.SIGKILL) if kill.group else os.kill(os.getpid(), signal.SIGKILL)

    return die


def arm(kill: Kill) -> Callable[[], int]:
    """Puts the kill into every transaction that writes; returns how many there were so far."""
    die, count = fatal(kill), 0
    write = Connection.write

    def armed(self: Connection, work: Callable[[Any], Any]) -> Any:
        nonlocal count

        def counted(tx: Any) -> Any:
            nonlocal count
            count += 1
            if count != kill.at:
                return work(tx)
            if kill.moment == "before":
                die()
            if kill.moment == "amid":
                run, left = tx.run, kill.query

                def run_and_die(*args: Any, **named: Any) -> Any:
                    nonlocal left
                    result, left = run(*args, **named), left - 1
                    if left == 0:
                        die()
                    return result

                tx.run = run_and_die
            result = work(tx)
            if kill.moment == "unsent":
                die()
            if kill.moment == "unanswered":
                connection = tx._connection
                commit = connection.commit

                def commit_and_die(*args: Any, **named: Any) -> Any:
                    fetch = connection.fetch_all

                    def dying() -> Any:
                        connection.fetch_all = fetch
                        die()
                        return fetch()

                    connection.fetch_all = dying
                    connection.commit = commit
                    return commit(*args, **named)

                connection.commit = commit_and_die
            return result

        before = count
        done = write(self, counted)
        if kill.moment == "after" and before < kill.at <= count:
            die()
        return done

    Connection.write = armed  # type: ignore[method-assign, assignment]
    return lambda: count


def do(job: Job) -> dict[str, Any]:
    """Does a job; returns what the import said, if it survives."""
    os.setpgid(0, 0)
    small_transactions(job.eager)
    if job.kill.after_s:
        timer = threading.Timer(job.kill.after_s, fatal(job.kill))
        timer.daemon = True
        timer.start()
    counted = arm(job.kill)
    outcomes: list[str] = []
    if job.watched:
        pace = Pace(interval_s=0.05, settle_s=0.0, patience_s=0.0, until_idle_s=0.0)
        state = Path(job.store).parent / "watch.json"
        Watch(
            [Path(path) for path in job.paths],
            Settings(),
            lambda: open_store(f"embedded:{job.store}", Settings()),
            pace=pace,
            state=lambda *_: state,
        ).run()
        return {"transactions": counted(), "outcomes": []}
    store = open_store(f"embedded:{job.store}", Settings())
    for phase in [*job.phases, None]:
        report = import_paths(store, [Path(path) for path in job.paths], Settings())
        outcomes = [one.outcome.value for one in report.sources]
        if phase:
            Path(phase[0]).write_bytes(Path(phase[1]).read_bytes())
    store.close()
    return {"transactions": counted(), "outcomes": outcomes, "engines_killed": _engines_killed}


class Killer:
    """The server, from outside."""

    def __init__(self) -> None:
        root = Path(__file__).parent.parent
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.killed_imports"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, job: Job) -> dict[str, Any] | None:
        """What the import said; ``None`` if it was killed."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(asdict(job)) + "\n")
        self._server.stdin.flush()
        answer: dict[str, Any] | None = json.loads(self._server.stdout.readline())
        return answer

    def close(self) -> None:
        """Ends the server."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


def _serve() -> None:
    registry.importers()
    for line in sys.stdin:
        said = json.loads(line)
        job = Job(**{**said, "kill": Kill(**said["kill"])})
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            os.write(write, json.dumps(do(job)).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            answer = stream.read()
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) and not answer:
            raise SystemExit(f"a job failed: {line}")
        sys.stdout.write((answer.decode() or "null") + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
