"""The embedded engine where it cannot start, and the files by which its users find it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import StoreError
from lineage.stores import embedded, engine_process, engine_watcher, file_lock
from lineage.stores.embedded import EmbeddedEngine
from lineage.stores.engine_process import Run

pytestmark = pytest.mark.skipif(
    engine_process.supported() is not None, reason="no wheel for this platform"
)


def is_free(path: Path) -> bool:
    with file_lock.exclusive(path) as lock:
        return lock is not None


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "store"
    embedded.stop(tmp_path / "store", force=True)


def test_engine_that_cannot_start_says_its_last_words(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A java that ends at once is tried a few times, and then reported with what it said."""
    java = tmp_path / "jre" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho no room for the heap\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setattr(engine_process, "_package", lambda: tmp_path)
    with pytest.raises(StoreError, match="no room for the heap"):
        EmbeddedEngine.open(directory, linger_s=0)

    assert is_free(directory / "engine.lock")
    assert is_free(directory / "clients.lock")


def test_missing_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel without its java, or no wheel, is an error with a cure; no directory is made."""
    monkeypatch.setattr(engine_process, "_package", lambda: tmp_path)
    with pytest.raises(StoreError, match="force-reinstall"):
        EmbeddedEngine.open(tmp_path / "store")
    monkeypatch.setattr(engine_process, "_package", lambda: None)
    with pytest.raises(StoreError, match=r"glibc.*--store bolt://"):
        EmbeddedEngine.open(tmp_path / "store")

    assert not (tmp_path / "store").exists()


def test_heap_that_is_no_size_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heap's size goes to a command line, so it must be one."""
    monkeypatch.setenv(engine_process.HEAP_VARIABLE, "1g -version")

    with pytest.raises(StoreError, match="Write 512m or 4g"):
        EmbeddedEngine.open(directory, linger_s=0)


def test_directory_of_other_things_is_left_alone(tmp_path: Path) -> None:
    """A directory that holds no store is not made one, and nothing in it changes."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "mine").write_text("precious")
    tmp_path.chmod(0o755)
    with pytest.raises(StoreError, match="not a store"):
        EmbeddedEngine.open(tmp_path)

    assert (tmp_path / "config" / "mine").read_text() == "precious"
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_path_that_can_be_no_directory_is_an_error(tmp_path: Path) -> None:
    """A store below a file is refused with the system's reason."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="Not a directory"):
        EmbeddedEngine.open(tmp_path / "file" / "store")


def test_full_disk_is_an_error_with_a_cure(directory: Path) -> None:
    """Where no byte can be written, opening says so and leaves nothing locked."""
    text = (
        "import resource, sys; from pathlib import Path\n"
        "from lineage.errors import StoreError\n"
        "from lineage.stores.embedded import EmbeddedEngine\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try: EmbeddedEngine.open(Path(sys.argv[1]), linger_s=0)\n"
        "except StoreError as error: print(error)\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", text, str(directory)], capture_output=True, text=True, check=True
    ).stdout

    assert "Make room on the disk" in output
    assert is_free(directory / "clients.lock")


def test_disk_without_locks_is_an_error(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has no locks is named as the reason."""

    def flock(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", flock)
        with pytest.raises(StoreError, match="network file systems"):
            EmbeddedEngine.open(directory)


def test_store_in_use_on_another_machine_is_left_alone(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock held on another host, as on a network disk, is reported; no process is signalled."""
    directory.mkdir()
    lock = directory / "engine.lock"
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    lock.write_text(f"{bystander.pid} token elsewhere\n")
    run = Run("token", "elsewhere", 1, 2, "root", "reader")
    (directory / "run.json").write_text(json.dumps(asdict(run)))
    (directory / "clients.lock").write_text("")
    with lock.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match=r"another machine uses this store \(elsewhere\)"):
            EmbeddedEngine.open(directory, linger_s=600)
    alive = bystander.poll() is None
    bystander.kill()
    bystander.wait()

    assert alive


@given(
    st.one_of(
        st.binary(),
        st.recursive(
            st.none() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "token",
                            "host",
                            "bolt_port",
                            "http_port",
                            "root_password",
                            "reader_password",
                            "x",
                        ]
                    ),
                    inner,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_damaged_run_file_is_no_run(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Whatever a run file holds, reading it gives a whole run or none."""
    directory = tmp_path_factory.getbasetemp() / "run"
    directory.mkdir(exist_ok=True)
    (directory / "run.json").write_bytes(content)
    run = engine_process.read_run(directory)

    assert run is None or all(isinstance(port, int) for port in (run.bolt_port, run.http_port))


def test_run_file_is_read_as_written(tmp_path: Path) -> None:
    """A start's ports and passwords survive the file."""
    run = Run("token", "host", 1234, 65535, "root secret", "reader secret")
    engine_process.write_private(tmp_path / "run.json", json.dumps(asdict(run)))

    assert engine_process.read_run(tmp_path) == run
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_clock_put_back_does_not_keep_an_engine(tmp_path: Path) -> None:
    """A last use in the future counts as now, so that idling is measured again."""
    path = tmp_path / "clients.lock"
    path.write_text("1.5")
    os.utime(path, (time.time() + 1e6, time.time() + 1e6))
    first = engine_watcher.idle_s(tmp_path)

    assert first == 0
    assert path.stat().st_mtime < time.time() + 1e5
    assert engine_watcher.linger_s(tmp_path) == 1.5
