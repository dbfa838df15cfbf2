"""The small process that ends an engine which nobody uses any more.

It belongs to no client, so a client may die in any way. It ends with the engine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from lineage.stores import engine_process, file_lock

_POLL_S = 1.0


def watch(directory: str) -> None:
    """Watches until the engine has ended; returns at once where somebody else watches."""
    store = Path(directory)
    path = store / "engine.lock"
    engine = file_lock.open_lock(path)
    with file_lock.exclusive(store / "watcher.lock") as watching:
        while watching is not None:
            if file_lock.try_exclusive(engine, path):
                # in this order: who starts an engine next must find that nobody watches
                file_lock.release(watching)
                break
            if not path.exists():
                _end_orphan(engine)
            elif idle_s(store) >= linger_s(store):
                _end_if_idle(store)
            time.sleep(_POLL_S)
    os.close(engine)


def note_use(clients: int, linger_s: float) -> None:
    """Notes in ``clients.lock`` that the store is used now, and how long an engine may idle."""
    os.pwrite(clients, f"{linger_s:<20.3f}\n".encode(), 0)


def linger_s(directory: Path) -> float:
    """How long the engine may idle: the latest client's wish."""
    try:
        return float((directory / "clients.lock").read_text("utf-8"))
    except (OSError, ValueError):
        return 0.0


def idle_s(directory: Path) -> float:
    """Seconds since a client last came or went."""
    path = directory / "clients.lock"
    try:
        idle = time.time() - path.stat().st_mtime
        if idle < 0:  # the clock was put back
            os.utime(path)
    except OSError:
        return 0.0
    return max(idle, 0.0)


def _end_if_idle(directory: Path) -> None:
    with file_lock.exclusive(directory / "clients.lock") as alone:
        # a client may have come and gone meanwhile
        if alone is not None and idle_s(directory) >= linger_s(directory):
            engine_process.end(directory)


def _end_orphan(engine: int) -> None:
    """Ends the engine whose store directory was deleted; only the open file still names it."""
    known = engine_process.parse_pid(os.pread(engine, 1000, 0))
    if known is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(known[0], signal.SIGKILL)
