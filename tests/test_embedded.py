"""The embedded engine's life: one for all, whoever is killed, and none left behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.errors import StoreError
from lineage.stores import embedded, engine_process
from lineage.stores.embedded import EmbeddedEngine
from tests.embedded_engine import cleaned, engine_pid, exists, is_locked, query, until

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(engine_process.supported() is not None, reason="no wheel for this platform"),
]
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
KILL_ROUNDS = int(os.environ.get("LINEAGE_TEST_KILL_ROUNDS", "4"))

CLIENT = """
import sys, time
from pathlib import Path
from lineage.stores.embedded import EmbeddedEngine
engine = EmbeddedEngine.open(Path(sys.argv[1]), linger_s=float(sys.argv[2]))
print(engine.bolt_address, flush=True)
time.sleep(600)
"""

WRITER = """
import sys, time
from pathlib import Path
import neo4j
from neo4j.exceptions import DriverError, Neo4jError
from lineage.stores.embedded import EmbeddedEngine
directory, writer = Path(sys.argv[1]), sys.argv[2]
engine = EmbeddedEngine.open(directory)
number = 0
while True:
    try:
        with neo4j.GraphDatabase.driver(
            engine.bolt_address, auth=engine.root_credentials,
            connection_timeout=5, max_transaction_retry_time=0,
        ) as driver:
            while True:
                batch = [f"{writer}-{number}-{row}" for row in range(20)]
                driver.execute_query(
                    "UNWIND $batch AS key CREATE (:Written {key: key})",
                    batch=batch, database_="lineage",
                )
                print(number, flush=True)
                number += 1
    except (DriverError, Neo4jError, OSError):
        number += 1  # perhaps written, never acknowledged
        engine.reopen()
"""


def engines(directory: Path) -> list[int]:
    """The pids of every java whose command line names the directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            ours = f"-Darcadedb.server.rootPath={directory}".encode() in words
            if ours and words[0].endswith(b"/java"):
                found.append(int(process.name))
    return found


def run_python(text: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", text, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kills a process; the whole lines that it had written."""
    process.kill()
    output = process.communicate()[0]
    return output[: output.rfind("\n") + 1].splitlines()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    with cleaned(tmp_path / "store") as path:
        yield path


def test_processes_share_one_engine_which_ends_after_them(directory: Path) -> None:
    """Several processes that find no engine start one; killed, they do not leave it behind."""
    clients = [run_python(CLIENT, directory, 0) for _ in range(4)]
    addresses = [client.stdout.readline() for client in clients if client.stdout is not None]
    running = engines(directory)
    for client in clients:
        kill(client)

    assert len(set(addresses)) == 1
    assert addresses[0].startswith("bolt://127.0.0.1:")
    assert sys.platform != "linux" or len(running) == 1
    until(lambda: not (directory / "run.json").exists(), "the engine's end")
    until(lambda: not is_locked(directory / "watcher.lock"), "the watcher's end")


def test_last_client_ends_the_engine_that_may_not_linger(directory: Path) -> None:
    """With ``linger_s=0`` the engine stays for the second client and ends with it."""
    first = EmbeddedEngine.open(directory, linger_s=0)
    second = EmbeddedEngine.open(directory, linger_s=0)
    first.close()
    first.close()
    stayed = is_locked(directory / "engine.lock")
    answer = query(second, "RETURN 1 AS one")
    second.close()

    assert stayed
    assert answer[0]["one"] == 1
    assert not is_locked(directory / "engine.lock")
    assert not (directory / "run.json").exists()
    with pytest.raises(StoreError, match="closed"):
        second.reopen()


def test_lingering_engine_is_shared_then_stopped(directory: Path) -> None:
    """An engine that may linger survives its clients, serves the next one and obeys stop."""
    with EmbeddedEngine.open(directory, linger_s=600) as engine:
        address = engine.bolt_address
        query(engine, "CREATE (:Kept {key: 1})")
    pid = engine_pid(directory)
    started: list[bool] = []
    with EmbeddedEngine.open(directory, linger_s=600, on_start=lambda: started.append(True)) as e:
        again = e.bolt_address, query(e, "MATCH (n:Kept) RETURN count(n) AS n")[0]["n"]
    stopped = embedded.stop(directory)

    assert again == (address, 1)
    assert not started
    assert stopped
    assert not embedded.stop(directory)
    until(lambda: not exists(pid), "java's end")


def test_engine_whose_directory_was_deleted_is_ended(directory: Path, tmp_path: Path) -> None:
    """Deleting a store does not leave its engine behind."""
    with EmbeddedEngine.open(directory, linger_s=600):
        pid = engine_pid(directory)
        until(lambda: is_locked(directory / "watcher.lock"), "the watcher's start")
        directory.rename(tmp_path / "elsewhere")

        until(lambda: not is_locked(tmp_path / "elsewhere" / "engine.lock"), "the engine's end")
        until(lambda: not exists(pid), "java's end")


def test_engine_killed_under_a_client_comes_back_with_its_data(directory: Path) -> None:
    """After kill -9 ``reopen`` finds what was acknowledged, behind new ports and passwords."""
    with EmbeddedEngine.open(directory, linger_s=0) as engine:
        before = engine.bolt_address, engine.root_credentials, engine.reader_credentials
        query(engine, "CREATE (:Kept {key: 1})")
        os.kill(engine_pid(directory), signal.SIGKILL)
        engine.reopen()
        after = engine.bolt_address, engine.root_credentials, engine.reader_credentials
        kept = query(engine, "MATCH (n:Kept) RETURN count(n) AS n", reader=True)[0]["n"]

    assert kept == 1
    assert not set(before) & set(after)


@linux
def test_nothing_acknowledged_is_lost_whoever_is_killed(directory: Path) -> None:
    """Killing writers, the engine or both at random loses no batch and never makes two engines."""
    chance = random.Random(20)
    acknowledged: set[str] = set()
    most_engines = 0
    for number in range(KILL_ROUNDS):
        writers = {
            f"{number}.{index}": run_python(WRITER, directory, f"{number}.{index}")
            for index in range(2)
        }
        lines: dict[str, list[str]] = {name: [] for name in writers}
        for name, writer in writers.items():
            assert writer.stdout is not None
            lines[name] += [writer.stdout.readline().strip() for _ in range(2)]
        time.sleep(chance.random() / 2)
        most_engines = max(most_engines, len(engines(directory)))
        victim = chance.choice(["engine", "both", "writers"])
        if victim != "writers":
            os.kill(engine_pid(directory), signal.SIGKILL)
        if victim == "engine":  # the writers bring it back by themselves
            for name, writer in writers.items():
                assert writer.stdout is not None
                lines[name] += [writer.stdout.readline().strip() for _ in range(10)]
            most_engines = max(most_engines, len(engines(directory)))
        for name, writer in writers.items():
            lines[name] += kill(writer)
            acknowledged |= {f"{name}-{n}-{row}" for n in lines[name] for row in range(20)}
    with EmbeddedEngine.open(directory, linger_s=0) as engine:
        most_engines = max(most_engines, len(engines(directory)))
        stored = {r["key"] for r in query(engine, "MATCH (n:Written) RETURN n.key AS key")}

    assert len(acknowledged) >= KILL_ROUNDS * 80
    assert acknowledged <= stored
    assert most_engines == 1


def test_port_taken_meanwhile_makes_another_start(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that finds its Bolt port taken hangs; it is replaced by one with other ports."""
    free = engine_process._free_ports
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        choices = iter([(port, free()[1])])
        monkeypatch.setattr(engine_process, "_free_ports", lambda: next(choices, None) or free())
        with EmbeddedEngine.open(directory, linger_s=0) as engine:
            address = engine.bolt_address
            answer = query(engine, "RETURN 1 AS one")[0]["one"]

    assert answer == 1
    assert address != f"bolt://127.0.0.1:{port}"


def test_damaged_run_file_blocks_no_start(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running engine whose run file is damaged is replaced, and the data are still there."""
    monkeypatch.setattr(embedded, "_NO_RUN_PATIENCE_S", 0.5)
    with EmbeddedEngine.open(directory, linger_s=600) as engine:
        query(engine, "CREATE (:Kept {key: 1})")
    (directory / "run.json").write_text('{"bolt_port": 1')
    with EmbeddedEngine.open(directory, linger_s=0) as engine:
        kept = query(engine, "MATCH (n:Kept) RETURN count(n) AS n")[0]["n"]

    assert kept == 1


def test_any_directory_will_do(tmp_path: Path) -> None:
    """Letters that Latin-1 lacks, blanks, and signs that Java's logging would replace."""
    directory = tmp_path / "jos\u00e9 \u65e5 %h%t"
    with EmbeddedEngine.open(directory, linger_s=0) as engine:
        (answer,) = query(engine, "RETURN 1 AS one")

    assert answer["one"] == 1
    assert (directory / "log" / "engine.0.log").exists()
    assert list(tmp_path.iterdir()) == [directory]
