"""``lineage import`` as people run it: interrupted, and several at once into one store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lineage import queries
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores import engine_process
from lineage.stores.bolt import BoltStore
from lineage.stores.bolt_connection import BoltServer
from lineage.stores.embedded import open_embedded, supported
from lineage.stores.memory import MemoryStore
from tests.conftest import wipe
from tests.ctapipe_logs import WORK32
from tests.embedded_engine import cleaned, is_locked, until

ROOT = Path(__file__).parent.parent
EX = "http://example.org/"
RECORDS = 16_000
PROGRAM = "from lineage.cli import main; main()"
SIGNALLED_AMID = """
import signal, time
from lineage.import_run import ImportRun
write = ImportRun._write
usual = {signal.default_int_handler, signal.SIG_DFL, signal.SIG_IGN}
def waiting(*arguments, **named):
    write(*arguments, **named)
    while not usual & {signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)}:
        time.sleep(0.01)
ImportRun._write = waiting
"""
"""An import that has written a batch waits for a signal: the first one restores its handler."""


@dataclass(frozen=True, slots=True)
class Place:
    """A store that commands use, and how it is seen from here."""

    spec: str
    environment: dict[str, str]
    store: BoltStore

    def start(self, *arguments: object, before: str = "") -> subprocess.Popen[str]:
        """Starts a command, after some Python."""
        return subprocess.Popen(
            [sys.executable, "-c", before + PROGRAM, "--store", self.spec]
            + [str(argument) for argument in arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def done(self, command: subprocess.Popen[str]) -> tuple[int, str, str]:
        """Exit status, and what it said on each stream."""
        out, err = command.communicate(timeout=300)
        return command.returncode, out, err

    def digest(self) -> str:
        return queries.digest(self.store)

    def whole(self) -> int:
        """How many sources are in the store to their ends."""
        return sum(source.complete for source in self.store.sources())


@pytest.fixture(scope="module")
def embedded_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The embedded engine in a directory of its own."""
    if reason := supported():
        pytest.skip(reason)
    with cleaned(tmp_path_factory.mktemp("commands") / "store") as directory:
        store = open_embedded(directory)
        yield Place(f"embedded:{directory}", {}, store)
        store.close()


@pytest.fixture(scope="module")
def neo4j_place(neo4j_server: BoltServer, neo4j_store: BoltStore) -> Place:
    """The server that the environment names."""
    return Place(
        neo4j_server.address, {"LINEAGE_STORE_PASSWORD": neo4j_server.password}, neo4j_store
    )


@pytest.fixture(
    params=[
        pytest.param("embedded", marks=pytest.mark.embedded),
        pytest.param("neo4j", marks=pytest.mark.neo4j),
    ]
)
def place(request: pytest.FixtureRequest) -> Place:
    """An empty store of each engine."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    wipe(found.store)
    return found


def large(path: Path) -> Path:
    """PROV-JSON that takes a while."""
    entities = {f"ex:e{i}": {"ex:n": i} for i in range(RECORDS)}
    path.write_text(json.dumps({"prefix": {"ex": EX}, "entity": entities}))
    return path


def alone(*paths: Path) -> str:
    """The digest of an import that nothing disturbs."""
    store = MemoryStore()
    import_paths(store, paths, Settings())
    return queries.digest(store)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "term"]
)
def test_a_signal_ends_an_import_in_good_order(
    place: Place, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    """It says how far it came; the same command goes on there, and says that."""
    source = large(tmp_path / "large.json")
    command = place.start("import", source, before=SIGNALLED_AMID)
    until(lambda: bool(place.store.sources()), "the import's beginning")
    command.send_signal(number)
    ended, out, err = place.done(command)
    (interrupted,) = place.store.sources()
    again, resumed, _ = place.done(place.start("import", source))

    assert ended == status
    assert "interrupted after 0 of 1 file and " in err
    assert "The same command again goes on there." in err
    assert "Traceback" not in err + out
    assert interrupted.written is not None
    assert again == 0
    assert "1 file resumed" in resumed
    assert place.digest() == alone(source)


def test_who_must_wait_says_for_whom(place: Place) -> None:
    """While another process writes, an import waits, and then does its work."""
    with place.store.writing():
        command = place.start("import", WORK32[0])
        assert command.stderr is not None
        said = command.stderr.readline()
    ended, _, _ = place.done(command)

    assert f"process {os.getpid()}" in said
    assert said.rstrip().endswith("Waiting for it.")
    assert ended == 0
    assert place.digest() == alone(WORK32[0])


def test_ctrl_c_while_waiting_ends_at_once(place: Place) -> None:
    """Nothing was read, and nothing is written."""
    with place.store.writing():
        command = place.start("import", WORK32[0])
        assert command.stderr is not None
        command.stderr.readline()
        command.send_signal(signal.SIGINT)
        ended, _, err = place.done(command)

    assert ended == 130
    assert "interrupted before anything was read" in err
    assert place.store.sources() == ()


@pytest.mark.parametrize("turned", [False, True])
def test_imports_at_once_follow_one_another(place: Place, turned: bool) -> None:
    """Three processes, sources that meet in the graph, any order: the graph of all of them."""
    files = WORK32[::-1] if turned else WORK32
    commands = [place.start("import", *files[i::3]) for i in range(3)]
    statuses = [place.done(command)[0] for command in commands]

    assert statuses == [0, 0, 0]
    assert place.digest() == alone(*WORK32)


def test_imports_go_on_beside_a_watch_and_the_explorer(place: Place, tmp_path: Path) -> None:
    """Neither holds the right to write while it has nothing to write."""
    live = tmp_path / "live"
    live.mkdir()
    watching = place.start("watch", live, "--interval", "0.1", "--settle", "0")
    serving = place.start("serve", "--no-open", "--port", "0")
    try:
        (live / "a.provenance.log").write_bytes(WORK32[0].read_bytes())
        statuses = [place.done(place.start("import", path))[0] for path in WORK32[1:4]]
        until(lambda: place.whole() == 4, "what the watch imports")
    finally:
        watching.send_signal(signal.SIGTERM)
        serving.send_signal(signal.SIGTERM)
        ended = [place.done(watching)[0], place.done(serving)[0]]

    assert statuses == [0, 0, 0]
    assert ended[0] == 0
    assert place.digest() == alone(*WORK32[:4])


@pytest.mark.embedded
def test_imports_that_start_the_engine_together_share_it(tmp_path: Path) -> None:
    """Both find no engine and no schema: one starts it, one makes it, and both write."""
    with cleaned(tmp_path / "store") as directory:
        store_of_both = f"embedded:{directory}"
        commands = [
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "--store", store_of_both, "import", str(path)],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for path in WORK32[:2]
        ]
        said = [command.communicate(timeout=300)[1] for command in commands]
        store = open_embedded(directory)
        digest = queries.digest(store)
        store.close()

    assert [command.returncode for command in commands] == [0, 0], said
    assert digest == alone(*WORK32[:2])


@pytest.mark.embedded
def test_an_engine_whose_starter_was_killed_ends_by_itself(tmp_path: Path) -> None:
    """Killed as soon as java runs, and with nobody to come: it does not stay for ever."""
    text = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from lineage.stores import embedded, engine_process\n"
        "launch = engine_process.start\n"
        "def start(*arguments):\n"
        "    launch(*arguments)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "engine_process.start = start\n"
        "embedded.open_embedded(Path(sys.argv[1]), linger_s=0)\n"
    )
    with cleaned(tmp_path / "store") as directory:
        killed = subprocess.run([sys.executable, "-c", text, str(directory)], cwd=ROOT, check=False)
        until(
            lambda: (
                not is_locked(directory / "engine.lock")
                and engine_process.read_run(directory) is None
            ),
            "the engine's end",
        )

    assert killed.returncode == -signal.SIGKILL
