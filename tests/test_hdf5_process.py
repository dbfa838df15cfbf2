"""The process in which HDF5 files are opened: what it may, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import pytest

import importers.hdf5
import importers.hdf5_process
from importers.hdf5_process import NoAnswer, Reader
from lineage.errors import SourceError
from tests.hdf5_files import DEMO_FILES, WORK11, read, written

READY = (
    "print('{\"ready\":true}', flush=True); import os, signal, sys, time; sys.stdin.readline(); "
)
LONGEST_S = 30


@pytest.fixture
def reader() -> Iterator[Reader]:
    """One with a process of its own."""
    made = Reader()
    yield made
    made.stop()


def process_of(reader: Reader) -> int:
    assert reader._child is not None
    return reader._child.process.pid


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("os.abort()", r"the HDF5 library crashed \(SIGABRT\)"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", r"the HDF5 library crashed \(SIGSEGV\)"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "it took longer than any file needs"),
        ("sys.exit(3)", r"the HDF5 library ended its process \(3\)"),
        ("print('no JSON', flush=True)", "gave no proper answer"),
        ("print('[' * 100_000, flush=True)", "gave no proper answer"),
        ("print('[1]', flush=True)", "gave no proper answer"),
        ("print('x' * 10_000_000, flush=True)", "its header says too much"),
        ("time.sleep(100)", "it took longer than 0.5 s"),
    ],
)
def test_whatever_becomes_of_it_is_a_reason(
    program: str, reason: str, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash, a hang or nonsense; the next file gets another process."""
    with monkeypatch.context() as patch:
        patch.setattr(importers.hdf5_process, "_PROGRAM", READY + program)
        patch.setattr(importers.hdf5_process, "LONGEST_S", 0.5 if "sleep" in program else 20)
        patch.setattr(importers.hdf5_process, "_MOST_BYTES", 1_000_000)
        with pytest.raises(NoAnswer, match=reason):
            reader.read(WORK11)

    assert reader._child is None
    assert reader.read(WORK11)["counts"]["datasets"] == 19


def test_a_crash_is_an_error_of_the_file(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The importer names it, and goes on with others."""
    monkeypatch.setattr(importers.hdf5, "READER", reader)
    with monkeypatch.context() as patch:
        patch.setattr(importers.hdf5_process, "_PROGRAM", READY + "os.abort()")
        with pytest.raises(SourceError, match="the HDF5 library crashed"):
            read(WORK11)

    assert read(WORK11)[1] == []


@pytest.mark.parametrize("program", ["import sys; sys.exit(1)", "print('x', flush=True)", "x ="])
def test_one_that_does_not_start_says_so(
    program: str, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation without h5py, for instance."""
    monkeypatch.setattr(importers.hdf5_process, "_PROGRAM", program)
    with pytest.raises(NoAnswer, match="did not start"):
        reader.read(WORK11)


def test_an_interpreter_that_is_not_there_says_so(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An embedded Python has no executable."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(NoAnswer, match="no process could be started"):
        reader.read(WORK11)


def test_one_process_reads_many_files(reader: Reader) -> None:
    """Good ones and bad ones."""
    reader.read(WORK11)
    first = process_of(reader)
    for path in (*DEMO_FILES, Path(__file__), Path("/nowhere")):
        reader.read(path)

    assert process_of(reader) == first


def test_after_some_thousand_files_it_is_a_fresh_one(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the library leaves behind."""
    monkeypatch.setattr(importers.hdf5_process, "_MOST_FILES", 2)
    reader.read(WORK11)
    first = process_of(reader)
    reader.read(WORK11)
    reader.read(WORK11)

    assert process_of(reader) != first


def test_threads_take_turns(reader: Reader) -> None:
    """Each gets the answer to its own question."""
    found: dict[Path, Any] = {}

    def ask(path: Path) -> None:
        found[path] = reader.read(path)["root"]["CTA PRODUCT ID"]

    threads = [threading.Thread(target=ask, args=(path,)) for path in DEMO_FILES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for path in DEMO_FILES:
        with h5py.File(path) as file:
            assert found[path] == file.attrs["CTA PRODUCT ID"].decode()


def test_it_is_told_no_secret(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords of stores stand in the environment; the process gets none of it."""
    monkeypatch.setenv("LINEAGE_STORE_PASSWORD", "hunter2")
    monkeypatch.setenv("HDF5_PLUGIN_PATH", "/tmp/plugins")
    reader.read(WORK11)
    path = Path("/proc", str(process_of(reader)), "environ")
    if not path.exists():
        pytest.skip("no /proc here")
    told = path.read_text().split("\0")

    assert not [line for line in told if "hunter2" in line or "HDF5_PLUGIN_PATH" in line]
    assert "HDF5_USE_FILE_LOCKING=FALSE" in told
    assert "HDF5_PLUGIN_PRELOAD=::" in told


LIMITED = """
import json, os, resource, socket, sys
from importers import hdf5_worker
hdf5_worker._warm_up()
hdf5_worker._give_up_rights()
from importers.hdf5_scan import open_file
def refused(action):
    try:
        action()
    except Exception as error:
        return type(error).__name__
file = open_file(os.fsencode(sys.argv[1]))
print(json.dumps({
    "open": refused(lambda: open("/etc/passwd")),
    "second": refused(lambda: open_file(os.fsencode(sys.argv[1] + "2"))),
    "socket": refused(lambda: socket.socket()),
    "memory": refused(lambda: bytearray(2 * hdf5_worker.MEMORY_BYTES)),
    "more": refused(lambda: resource.setrlimit(resource.RLIMIT_CORE, (1, 1)))
        if os.getuid() else "ValueError",
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_it_can_open_one_file_and_nothing_else(tmp_path: Path) -> None:
    """Whatever a hostile file makes of the library: no file, no socket, no memory."""
    path = written(tmp_path / "x.h5", {"a": "b"})
    (tmp_path / "x.h52").write_bytes(path.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == {
        "open": "OSError",
        "second": "OSError",
        "socket": "OSError",
        "memory": "MemoryError",
        "more": "ValueError",
        "core": 0,
    }


SPINNING = """
import resource
from importers import hdf5_worker
hdf5_worker.allow_cpu(1)
while True:
    pass
"""


def test_it_computes_no_longer_than_it_may() -> None:
    """A loop in the library is ended by the system."""
    done = subprocess.run([sys.executable, "-c", SPINNING], timeout=LONGEST_S)

    assert done.returncode == -signal.SIGXCPU


PARENT = """
import sys
from pathlib import Path
from importers.hdf5_process import READER
READER.read(Path(sys.argv[1]))
print(READER._child.process.pid, flush=True)
if sys.argv[2] == "wait":
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["wait", "leave"])
def test_it_ends_with_its_parent(end: str) -> None:
    """Killed or done, the parent leaves nothing behind."""
    program = [sys.executable, "-W", "error", "-c", PARENT, str(WORK11), end]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        if end == "wait":
            parent.kill()
        _, complaints = parent.communicate()

    assert complaints == b""
    assert gone(child)


def gone(pid: int) -> bool:
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        status = Path("/proc", str(pid), "stat")
        if status.exists() and ") Z " in status.read_text():
            return True
        time.sleep(0.05)
    return False


def test_a_forked_process_starts_its_own(reader: Reader) -> None:
    """Two that read from one pipe would take each other's answers."""
    program = (
        "import os, sys; from pathlib import Path; from importers.hdf5_process import READER\n"
        "path = Path(sys.argv[1]); READER.read(path); mine = READER._child.process.pid\n"
        "if os.fork() == 0:\n"
        "    READER.read(path); print(READER._child.process.pid != mine, flush=True)\n"
        "    READER.stop(); os._exit(0)\n"
        "os.wait(); READER.read(path); print(READER._child.process.pid == mine)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(WORK11)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout == "True\nTrue\n"
    assert done.stderr == ""


def test_names_that_are_no_text_reach_it(reader: Reader, tmp_path: Path) -> None:
    """Bytes that are no UTF-8, line ends, quotes."""
    for name in (b"\xff\xfe.h5", b"a\nb.h5", b'"quoted".h5'):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        written(path, {"a": "b"})

        assert reader.read(path)["root"] == {"a": "b"}
