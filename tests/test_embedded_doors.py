"""Who gets into the embedded engine, and what gets out of it."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j.exceptions import DriverError, Neo4jError

from lineage.errors import QueryFailed, StoreBusy
from lineage.stores import embedded, engine_http, engine_process
from lineage.stores.embedded import EmbeddedEngine
from tests.embedded_engine import cleaned, engine_pid, is_locked, query

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(engine_process.supported() is not None, reason="no wheel for this platform"),
]
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    """One engine for the tests that only look at it."""
    with (
        cleaned(tmp_path_factory.mktemp("shared") / "store") as path,
        EmbeddedEngine.open(path, linger_s=0) as engine,
    ):
        yield engine


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
