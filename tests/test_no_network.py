"""No query makes an engine call out: a listener on loopback hears nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j.exceptions import Neo4jError

from lineage.errors import QueryRefused
from lineage.stores.bolt import BoltStore

CORPUS = Path(__file__).parent / "data" / "cypher" / "refused.txt"


class Listener:
    """A server on loopback that counts who connects, and closes the door at once."""

    def __init__(self) -> None:
        """Starts to listen."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._heard = 0
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                self._heard += 1
                connection.settimeout(5)
                if connection.recv(5) == b"close":
                    return

    def heard(self) -> int:
        """Stops listening and tells how many connected before; our own closing one is not counted.

        Connections are taken in the order in which they were made, so nobody is missed.
        """
        host, port = self.address.split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"close")
            self._thread.join()
        self._socket.close()
        return self._heard - 1


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener that is closed in the end."""
    opened = Listener()
    yield opened
    if opened._thread.is_alive():
        opened.heard()


def queries_with_address(address: str) -> list[str]:
    """The refused queries of the corpus that name an address, with that of the listener."""
    lines = CORPUS.read_text(encoding="utf-8").split("\n")
    return [line.replace("LISTENER", address) for line in lines if "http://LISTENER" in line]


def rows_or_error(store: BoltStore, query: str, *, reader: bool) -> str:
    """What an engine answers to a query that no guard has seen, as text."""
    with store._connection.session(reader=reader) as session:
        try:
            return str([record.values() for record in session.run(query)])
        except Neo4jError as error:
            return f"refused: {error.message}"


def test_listener_hears_who_connects(listener: Listener) -> None:
    """The listener of these tests does notice a request."""
    host, port = listener.address.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")

    assert listener.heard() == 1


def test_refused_queries_reach_nobody(bolt_store: BoltStore, listener: Listener) -> None:
    """Hostile queries that name an address are refused before the engine sees them."""
    hostile = [line for line in queries_with_address(listener.address) if not line.startswith("#")]
    for query in hostile:
        with pytest.raises(QueryRefused):
            bolt_store.cypher(query)

    assert len(hostile) > 30
    assert listener.heard() == 0


@pytest.mark.embedded
@pytest.mark.parametrize("reader", [True, False], ids=["as reader", "as root"])
def test_embedded_engine_calls_nobody_even_unguarded(
    embedded_store: BoltStore, listener: Listener, reader: bool
) -> None:
    """The engine's own settings stop LOAD CSV from an address, whoever asks."""
    answers = [
        rows_or_error(
            embedded_store,
            f"LOAD CSV {headers} FROM 'http://{listener.address}/x' AS row RETURN row",
            reader=reader,
        )
        for headers in ("", "WITH HEADERS")
    ]

    assert all(answer.startswith("refused: ") for answer in answers)
    assert listener.heard() == 0


@pytest.mark.parametrize("reader", [True, False], ids=["as reader", "as root"])
def test_engines_read_no_file_even_unguarded(
    bolt_store: BoltStore, tmp_path: Path, reader: bool
) -> None:
    """The engines' own settings stop LOAD CSV from a file, whoever asks."""
    secret = tmp_path / "secret.csv"
    secret.write_text("canary\n")
    tmp_path.chmod(0o755)
    answers = [
        rows_or_error(bolt_store, f"LOAD CSV FROM '{url}' AS row RETURN row", reader=reader)
        for url in (secret.as_uri(), f"file:{secret}", str(secret))
    ]

    assert all(answer.startswith("refused: ") for answer in answers)
    assert "canary" not in "".join(answers)
