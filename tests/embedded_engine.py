"""What the tests of the embedded engine look at, and how they leave nothing behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import neo4j
import pytest

from lineage.stores import embedded, engine_process
from lineage.stores.embedded import EmbeddedEngine


def until(fact: Callable[[], bool], what: str, limit_s: float = 180.0) -> None:
    """Waits for a fact; the limit only keeps a broken program from hanging the tests."""
    deadline = time.monotonic() + limit_s
    while not fact():
        if time.monotonic() > deadline:
            pytest.fail(f"never came: {what}")
        time.sleep(0.02)


def is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def engine_pid(directory: Path) -> int:
    known = engine_process.pid_of(directory)
    assert known is not None
    return known[0]


def query(engine: EmbeddedEngine, text: str, *, reader: bool = False) -> list[neo4j.Record]:
    auth = engine.reader_credentials if reader else engine.root_credentials
    with neo4j.GraphDatabase.driver(engine.bolt_address, auth=auth) as driver:
        return driver.execute_query(text, database_="lineage").records  # type: ignore[arg-type]


@contextlib.contextmanager
def cleaned(directory: Path) -> Iterator[Path]:
    """A store directory whose engine and watcher are gone afterwards."""
    try:
        yield directory
    finally:
        if directory.exists():
            embedded.stop(directory, force=True)
            until(lambda: not is_locked(directory / "watcher.lock"), "the watcher's end")
