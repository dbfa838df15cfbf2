"""A connection over Bolt that survives a restart of the engine behind it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from lineage.errors import RecordTooLarge, StoreError
from lineage.stores.bolt_values import Row, size_of

Result = TypeVar("Result")
Work = Callable[[neo4j.ManagedTransaction], Result]

CONNECT_TIMEOUT_S = 5.0
BATCH_ROWS = 5_000
BATCH_BYTES = 4_000_000
"""One message of the embedded engine may have 16 MiB; a row is at most a message."""
_MESSAGE_BYTES = 15_000_000
_RETRIES = 5
_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
_GONE = (ServiceUnavailable, SessionExpired, AuthError, OSError)


@dataclass(frozen=True, slots=True)
class BoltServer:
    """Where an engine listens and who we are there."""

    address: str
    """``bolt://host:port`` or ``neo4j://host``, without credentials."""
    user: str
    password: str = field(repr=False)
    database: str
    reader: tuple[str, str] | None = field(default=None, repr=False)
    """User and password that may only read, where the engine has such a user."""


def server_from_environment(address: str, database: str | None = None) -> BoltServer:
    """The server at ``address``, with the credentials of the environment.

    They are LINEAGE_STORE_USER and LINEAGE_STORE_PASSWORD, else NEO4J_USERNAME and NEO4J_PASSWORD.

    Raises:
        StoreError: the address is none or holds credentials, or the environment holds none.
    """
    try:
        parts = urlsplit(address)
        usable = parts.scheme in _SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise StoreError(
            f"{address.rpartition('@')[2]}: is no address of a server. Write bolt://HOST:PORT or "
            "neo4j://HOST."
        )
    if parts.username is not None or parts.password is not None or "@" in address:
        raise StoreError(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}: credentials do not belong in an "
            "address. Put them into LINEAGE_STORE_USER and LINEAGE_STORE_PASSWORD."
        )
    environment = os.environ
    user = environment.get("LINEAGE_STORE_USER") or environment.get("NEO4J_USERNAME") or "neo4j"
    password = environment.get("LINEAGE_STORE_PASSWORD") or environment.get("NEO4J_PASSWORD")
    if password is None:
        raise StoreError(
            f"{address}: no password is set. Put it into LINEAGE_STORE_PASSWORD "
            "(and the user into LINEAGE_STORE_USER, if it is not neo4j)."
        )
    return BoltServer(address, user, password, database or "neo4j")


class Connection:
    """Drivers for one server, made anew when it is gone and ``reopen`` finds it again."""

    def __init__(self, server: BoltServer, reopen: Callable[[], BoltServer] | None = None) -> None:
        """Connects at once.

        Raises:
            StoreError: nobody answers, or the credentials are refused.
        """
        self._reopen = reopen
        self._lock = threading.Lock()
        self._generation = 0
        self._connect(server)

    def _connect(self, server: BoltServer) -> None:
        """Takes new drivers into use once they have answered; until then the old ones stay."""
        driver = _driver(server.address, server.user, server.password)
        reader = driver if server.reader is None else _driver(server.address, *server.reader)
        try:
            self.agent = driver.get_server_info().agent
        except (Neo4jError, ServiceUnavailable, OSError, ConfigurationError) as error:
            driver.close()
            reader.close()
            raise StoreError(_why_not(server, error)) from error
        self.server, self._driver, self._reader = server, driver, reader

    def close(self) -> None:
        """Closes the drivers; safe to call twice."""
        self._driver.close()
        self._reader.close()

    def session(self, *, reader: bool = False) -> neo4j.Session:
        """A session for one thread; of the reader, only for reading."""
        return (self._reader if reader else self._driver).session(
            database=self.server.database,
            default_access_mode=neo4j.READ_ACCESS if reader else neo4j.WRITE_ACCESS,
            fetch_size=2_000,
        )

    def again(self, action: Callable[[], Result]) -> Result:
        """Does ``action``, once more after a reconnection where the engine was gone."""
        generation = self._generation
        try:
            return action()
        except _GONE as error:
            if self._reopen is None:
                raise self._lost(error) from error
            with self._lock:
                if generation == self._generation:
                    old = self._driver, self._reader
                    self._connect(self._reopen())
                    self._generation += 1
                    for driver in old:
                        driver.close()
        except DriverError:
            # another thread reconnected, and closed the driver that this one held
            if generation == self._generation:
                raise
        try:
            return action()
        except _GONE as error:
            raise self._lost(error) from error

    def _lost(self, error: BaseException) -> StoreError:
        return StoreError(
            f"{self.server.address}: the connection was lost ({_reason(error)}). "
            "See whether the server runs, and try again."
        )

    def _own(self, action: Callable[[], Result]) -> Result:
        """Does ``action``, which asks the engine for nothing that it may refuse.

        Raises:
            StoreError: the engine fails, as on a full disk.
        """
        try:
            return self.again(action)
        except Neo4jError as error:
            raise self._failed(error) from error

    def _failed(self, error: Neo4jError) -> StoreError:
        return StoreError(
            f"{self.server.address}: the engine failed ({_said(error)}). Look into its log; a full "
            "disk is a common reason. Then run the same command again."
        )

    def read(self, text: str, /, **parameters: Any) -> list[Row]:
        """The rows of a query that only reads.

        Raises:
            StoreError: the engine fails.
        """

        def work(tx: neo4j.ManagedTransaction) -> list[Row]:
            return rows(tx, text, **parameters)

        def action() -> list[Row]:
            with self.session() as session:
                return session.execute_read(work)

        return self._own(action)

    def read_chunks(
        self, text: str, keys: Iterable[str], /, size: int = 1_000, **parameters: Any
    ) -> Iterator[Row]:
        """The rows of a query over ``$keys``, asked in parts."""
        wanted = list(keys)
        for start in range(0, len(wanted), size):
            yield from self.read(text, keys=wanted[start : start + size], **parameters)

    def write(self, work: Work[Result]) -> Result:
        """Does ``work`` in one transaction, which it must be possible to do again.

        Raises:
            StoreError: the engine refuses it, or fails.
        """

        def action() -> Result:
            with self.session() as session:
                return session.execute_write(work)

        for attempt in range(_RETRIES):
            try:
                return self.again(action)
            except (ClientError, TransientError) as error:
                # the embedded engine reports a lost race so; the batch finds the winner's work
                raced = "ConstraintValidation" in (error.code or "")
                if not raced or attempt == _RETRIES - 1:
                    raise StoreError(
                        f"{self.server.address}: the engine refused a batch ({_said(error)}). "
                        "Nothing of it was written."
                    ) from error
            except Neo4jError as error:
                raise self._failed(error) from error
        raise AssertionError("unreachable")

    def define(self, text: str) -> None:
        """Runs a schema statement, which needs a transaction of its own.

        Raises:
            StoreError: the engine fails.
        """

        def action() -> None:
            with self.session() as session:
                session.run(text).consume()

        self._own(action)


def _driver(address: str, user: str, password: str) -> neo4j.Driver:
    return neo4j.GraphDatabase.driver(
        address,
        auth=(user, password),
        connection_timeout=CONNECT_TIMEOUT_S,
        # a refused connection would be tried again for 30 s otherwise
        max_transaction_retry_time=2.0,
        connection_acquisition_timeout=30.0,
        notifications_min_severity="OFF",
        user_agent="lineage-explorer",
    )


def _why_not(server: BoltServer, error: Exception) -> str:
    """Why a server could not be connected to."""
    if isinstance(error, AuthError):
        return (
            f"{server.address}: refused the credentials (user {server.user!r}). Check "
            "LINEAGE_STORE_USER and LINEAGE_STORE_PASSWORD."
        )
    if isinstance(error, Neo4jError):
        return f"{server.address}: {error.message}."
    return (
        f"{server.address} did not answer in {CONNECT_TIMEOUT_S:.0f} s. Start it with "
        "`docker compose up neo4j`, or leave --store out."
    )


def _said(error: Neo4jError) -> str:
    """What an engine says went wrong; one repeats the whole query behind that."""
    return (error.message or type(error).__name__).partition("\n")[0].strip().rstrip(".")


def _reason(error: BaseException) -> str:
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__


def rows(tx: neo4j.ManagedTransaction, text: str, /, **parameters: Any) -> list[Row]:
    """The rows of one query inside a transaction, as dictionaries."""
    result = tx.run(text, parameters)
    # Record.data() looks for nodes inside the values, and we never return any
    keys = result.keys()
    return [dict(zip(keys, record.values(), strict=True)) for record in result]


def run(tx: neo4j.ManagedTransaction, text: str, /, **parameters: Any) -> None:
    """Runs one query inside a transaction for its effect."""
    tx.run(text, parameters).consume()


def run_rows(
    tx: neo4j.ManagedTransaction, text: str, table: Iterable[Row], /, **parameters: Any
) -> None:
    """Runs a query over ``$rows``, in messages capped in number of rows and size."""
    for part in parts(table):
        run(tx, text, rows=part, **parameters)


def parts(table: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists that fit into one message.

    Raises:
        RecordTooLarge: one row alone does not fit.
    """
    part: list[Row] = []
    total = 0
    for row in table:
        size = size_of(row)
        if size > _MESSAGE_BYTES:
            raise RecordTooLarge(
                f"a record takes {size:,} bytes, and an engine takes {_MESSAGE_BYTES:,} at once. "
                "Drop its longest attribute from the source."
            )
        if part and (len(part) >= BATCH_ROWS or total + size > BATCH_BYTES):
            yield part
            part, total = [], 0
        part.append(row)
        total += size
    if part:
        yield part


def parts_of_keys(keys: Iterable[str], size: int = 500) -> Iterator[list[str]]:
    """Keys in lists for an ``IN``, which the embedded engine looks up one by one."""
    wanted = list(keys)
    for start in range(0, len(wanted), size):
        yield wanted[start : start + size]
