"""Asks the process in which HDF5 files are opened (see hdf5_worker.py).

There is at most one for each process of ours, started when the first file is read and used for all
that follow. Whatever happens to it, here it is an answer that does not come.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

LONGEST_S = 60.0
"""For one file, by the clock; the process itself computes for ten seconds at most."""
_START_S = 120.0
_MOST_BYTES = 64 * 2**20
"""Of an answer; no honest one has so many."""
_CHUNK_BYTES = 1 << 16
_MOST_FILES = 2_000
"""After so many a fresh process is started, whatever the library may have left behind."""
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from importers.hdf5_worker import main; main()"
)
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "PATH")


class NoAnswer(Exception):
    """The process ended, or took too long; the text says which, as the end of a sentence."""


class _Child(NamedTuple):
    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    answers: IO[bytes]


class Reader:
    """Asks one process after another, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._files = 0

    def read(self, path: Path) -> dict[str, Any]:
        """What `hdf5_worker.look_at` says of a file.

        Raises:
            NoAnswer: the process did not survive the file, or could not be started.
        """
        with self._lock:
            child = self._child or self._start()
            try:
                answer = _ask(child, os.fsdecode(path))
            except NoAnswer:
                self._stop()
                raise
            self._files += 1
            if "last" in answer or self._files >= _MOST_FILES:
                self._stop()
            return answer

    def _start(self) -> _Child:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {
            "HDF5_USE_FILE_LOCKING": "FALSE",
            "HDF5_PLUGIN_PRELOAD": "::",  # no filter is loaded, whatever a file asks for
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        # -I: neither the current directory nor the user's own packages are looked at
        program = [sys.executable, "-I", "-c", _PROGRAM, str(Path(__file__).parent.parent)]
        try:
            process = subprocess.Popen(
                program,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                bufsize=0,
                cwd=os.sep,
            )
        except OSError as error:
            reason = f"no process could be started to read it in ({error.strerror})"
            raise NoAnswer(reason) from error
        pipes = cast("tuple[IO[bytes], IO[bytes]]", (process.stdin, process.stdout))
        child = self._child = _Child(process, *pipes)
        self._files = 0
        try:
            _answer(child, _START_S)
        except NoAnswer as error:
            self._stop()
            reason = "the process that reads such files did not start (is h5py installed?)"
            raise NoAnswer(reason) from error
        return child

    def stop(self) -> None:
        """Ends the process, if there is one; the next file starts another."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            _close(child)
            child.process.kill()
            child.process.wait()

    def forget(self) -> None:
        """In a process that was forked off: the child belongs to the other one."""
        self._lock = threading.Lock()
        child, self._child = self._child, None
        if child is not None:
            _close(child)
            child.process.returncode = 0


def _close(child: _Child) -> None:
    for pipe in (child.requests, child.answers):
        with contextlib.suppress(OSError):
            pipe.close()


def _ask(child: _Child, path: str) -> dict[str, Any]:
    try:
        child.requests.write(json.dumps({"path": path}).encode("ascii") + b"\n")
    except OSError as error:
        raise NoAnswer(_end(child)) from error
    return _answer(child, LONGEST_S)


def _answer(child: _Child, seconds: float) -> dict[str, Any]:
    """The next line of the process."""
    deadline = time.monotonic() + seconds
    parts: list[bytes] = []
    size_bytes = 0
    with selectors.DefaultSelector() as selector:
        selector.register(child.answers, selectors.EVENT_READ)
        while not parts or not parts[-1].endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise NoAnswer(f"it took longer than {seconds:g} s")
            part = os.read(child.answers.fileno(), _CHUNK_BYTES)
            size_bytes += len(part)
            if not part:
                raise NoAnswer(_end(child))
            if size_bytes > _MOST_BYTES:
                raise NoAnswer("its header says too much to be one")
            parts.append(part)
    try:
        answer = json.loads(b"".join(parts))
    except (ValueError, RecursionError) as error:
        raise NoAnswer("the process that read it gave no proper answer") from error
    if not isinstance(answer, dict):
        raise NoAnswer("the process that read it gave no proper answer")
    return answer


def _end(child: _Child) -> str:
    """How the process came to its end."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.process.wait(5)
    code = child.process.returncode
    if code is not None and code == -getattr(signal, "SIGXCPU", 0):
        return "it took longer than any file needs; it may be made to"
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            return f"the HDF5 library crashed ({name}); it may be damaged, or made to"
    return f"the HDF5 library ended its process ({code}); it may be damaged, or made to"


READER = Reader()
"""The one of this process."""

atexit.register(READER.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=READER.forget)
