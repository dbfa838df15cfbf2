"""Stores for tests: memory, the embedded engine, and a real Neo4j where there is one.

``LINEAGE_TEST_NEO4J`` is the address of a server whose content the tests may delete, and
``LINEAGE_TEST_NEO4J_PASSWORD_FILE`` the file with its password (by default the one that ``make
neo4j`` writes; it prints the address).
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import settings

from lineage.graph_store import GraphStore
from lineage.stores.bolt import BoltStore
from lineage.stores.bolt_connection import BoltServer
from lineage.stores.embedded import open_embedded, supported
from lineage.stores.memory import MemoryStore
from tests.neo4j.server import CACHE, DEFAULT_VERSION

pytest_plugins = ["tests.prerequisites"]

# machines are shared and noisy: no example is too slow; where it counts, examples are the same ones
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

EmptyStore = Callable[[], GraphStore]
"""Makes a store that holds nothing; the one before it is gone then."""


def wipe(store: BoltStore) -> None:
    """Deletes everything but the mark that says that the schema was made."""
    text = "MATCH (n) WHERE NOT n:Schema WITH n LIMIT 5000 DETACH DELETE n RETURN count(n) AS gone"
    connection = store._connection
    while connection.write(lambda tx: tx.run(text).single(strict=True)["gone"]):
        pass


@pytest.fixture(scope="session")
def embedded_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoltStore]:
    """One embedded engine for the whole run."""
    if reason := supported():
        pytest.skip(reason)
    store = open_embedded(tmp_path_factory.mktemp("embedded"), linger_s=0)
    yield store
    store.close()


@pytest.fixture(scope="session")
def neo4j_server() -> BoltServer:
    """The server that the environment names."""
    address = os.environ.get("LINEAGE_TEST_NEO4J")
    if address is None:
        pytest.skip("no Neo4j: set LINEAGE_TEST_NEO4J to what `make neo4j` prints")
    named = os.environ.get("LINEAGE_TEST_NEO4J_PASSWORD_FILE")
    version = os.environ.get("NEO4J_VERSION", DEFAULT_VERSION)
    password = Path(named or CACHE / version / "home" / "password").read_text().strip()
    return BoltServer(address, "neo4j", password, "neo4j")


@pytest.fixture(autouse=True)
def alone_on_neo4j(request: pytest.FixtureRequest) -> Iterator[None]:
    """Of all test processes one uses the server at a time: tests delete what it holds."""
    address = os.environ.get("LINEAGE_TEST_NEO4J")
    if address is None or request.node.get_closest_marker("neo4j") is None:
        yield
        return
    # a lock, no group of pytest-xdist: its 3.8 takes no notice of groups under pytest 9.2
    name = f"lineage-tests-{quote(address, safe='')}.lock"
    with (Path(tempfile.gettempdir()) / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def neo4j_store(neo4j_server: BoltServer) -> Iterator[BoltStore]:
    """One connection to Neo4j for the whole run."""
    store = BoltStore(neo4j_server)
    yield store
    store.close()


ENGINES = [
    pytest.param("embedded", marks=pytest.mark.embedded),
    pytest.param("neo4j", marks=pytest.mark.neo4j),
]


@pytest.fixture(params=ENGINES)
def bolt_store(request: pytest.FixtureRequest) -> BoltStore:
    """An empty store of each engine."""
    store: BoltStore = request.getfixturevalue(f"{request.param}_store")
    wipe(store)
    return store


@pytest.fixture(params=["memory", *ENGINES])
def empty_store(request: pytest.FixtureRequest) -> EmptyStore:
    """Makes empty stores of each kind."""
    if request.param == "memory":
        return MemoryStore
    engine: BoltStore = request.getfixturevalue(f"{request.param}_store")

    def emptied() -> GraphStore:
        wipe(engine)
        return engine

    return emptied


@pytest.fixture
def store(empty_store: EmptyStore) -> GraphStore:
    """An empty store of each kind."""
    return empty_store()
