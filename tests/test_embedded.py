"""The embedded engine's life: one for all, whoever is killed, and none left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import DriverError, Neo4jError

from lineage.errors import QueryFailed, StoreBusy, StoreError
from lineage.stores import embedded, engine_http, engine_process
from lineage.stores.embedded import EmbeddedEngine

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


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    with cleaned(tmp_path / "store") as path:
        yield path


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    """One engine for the tests that only look at it."""
    with (
        cleaned(tmp_path_factory.mktemp("shared") / "store") as path,
        EmbeddedEngine.open(path, linger_s=0) as engine,
    ):
        yield engine


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


@linux
def test_passwords_are_in_private_files_only(shared: EmbeddedEngine) -> None:
    """No command line, environment or log shows a password; only the owner can open the files."""
    directory = shared.directory
    process = Path(f"/proc/{engine_pid(directory)}")
    visible = [process / "cmdline", process / "environ", *directory.glob("log*/*")]
    secret = {shared.root_credentials[1].encode(), shared.reader_credentials[1].encode()}
    leaks = [path for path in visible for word in secret if word in path.read_bytes()]
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in directory.iterdir() if p.is_file()}

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {"run.json", "root.password", "engine.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert not leaks
    assert not any(word.decode() in repr(shared._run) for word in secret)


@linux
def test_engine_listens_on_loopback_only(shared: EmbeddedEngine) -> None:
    """The engine's listening sockets are its Bolt and HTTP ports on 127.0.0.1, no others."""
    pid = engine_pid(shared.directory)
    sockets = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            sockets.add(os.readlink(link))
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                address, port = words[1].split(":")
                listening.add((address[-8:], int(port, 16)))
    bolt_port = int(shared.bolt_address.rpartition(":")[2])

    # 127.0.0.1 as the kernel prints it, in IPv4 or mapped into IPv6
    assert listening == {("0100007F", bolt_port), ("0100007F", shared.http_port)}


@pytest.mark.parametrize(
    "text",
    [
        "CREATE (:Entity {key: 1})",
        "MERGE (n:Entity {key: 1}) RETURN n",
        "MATCH (n:Kept) SET n.key = 2",
        "MATCH (n:Kept) DETACH DELETE n",
        "LOAD CSV FROM 'file:///etc/hosts' AS line RETURN line",
    ],
)
def test_reader_may_only_read(shared: EmbeddedEngine, text: str) -> None:
    """The reader is refused writes and files, and reads what is there."""
    query(shared, "MERGE (:Kept {key: 1})")
    with pytest.raises((Neo4jError, DriverError)):
        query(shared, text, reader=True)

    assert query(shared, "MATCH (n:Kept) RETURN n.key AS key", reader=True)[0]["key"] == 1


def test_load_csv_calls_nobody(shared: EmbeddedEngine) -> None:
    """A query cannot make the engine open a connection."""
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.5)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/x"
        with pytest.raises((Neo4jError, DriverError)):
            query(shared, f"LOAD CSV FROM '{url}' AS line RETURN line", reader=True)

        with pytest.raises(TimeoutError):
            trap.accept()


def test_sql_answers_rows_or_says_what_is_wrong(shared: EmbeddedEngine) -> None:
    """SQL goes over HTTP; a refused statement is an error with the engine's words."""
    assert shared.command("SELECT 1 AS one") == [{"one": 1}]
    with pytest.raises(QueryFailed, match="SELEC nonsense"):
        shared.command("SELEC nonsense")


def test_mcp_is_not_served(shared: EmbeddedEngine) -> None:
    """The engine's endpoint for language models does not exist, even for root."""
    status, _ = engine_http._post(
        shared.http_port, "/api/v1/mcp", {}, shared.root_credentials[1], 5
    )

    assert status == 404


def test_one_writer_at_a_time_and_the_other_learns_who(shared: EmbeddedEngine) -> None:
    """Whoever asks for the right to write while another has it is told which process that is."""
    message = f"process {os.getpid()} is writing"
    with (
        EmbeddedEngine.open(shared.directory, linger_s=0) as other,
        other.writing(),
        pytest.raises(StoreBusy, match=message),
        shared.writing(timeout_s=0.1),
    ):
        pass
    with shared.writing(timeout_s=0):
        held = is_locked(shared.directory / "writer.lock")

    assert held
    assert not is_locked(shared.directory / "writer.lock")


def test_engine_in_use_is_not_stopped(shared: EmbeddedEngine) -> None:
    """Stopping says that clients are there, and stops nothing."""
    with pytest.raises(StoreBusy, match="other processes are using this store"):
        embedded.stop(shared.directory)

    assert query(shared, "RETURN 1 AS one")[0]["one"] == 1


@linux
def test_ctrl_c_does_not_reach_the_engine(shared: EmbeddedEngine) -> None:
    """The engine is in a session of its own and nobody's child."""
    pid = engine_pid(shared.directory)

    assert os.getsid(pid) != os.getsid(0)
    assert os.getpgid(pid) != os.getpgid(0)
    assert f"\nPPid:\t{os.getpid()}\n" not in Path(f"/proc/{pid}/status").read_text()
