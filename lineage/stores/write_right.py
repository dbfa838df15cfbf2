"""The right to write, for one process at a time, over an engine that several processes use."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import neo4j

from lineage.errors import StoreBusy, StoreError
from lineage.stores.bolt_connection import Connection, rows, run
from lineage.stores.cypher_texts import cypher_text

LEASE_MS = 8_000
HEARTBEAT_S = 2.0
PATIENCE_S = 10.0
"""Longer than a lease: a killed writer keeps nobody out."""


OnWait = Callable[[str], None]
Prepare = Callable[[], None]


def _tell_nobody(_: str) -> None:
    pass


def _nothing() -> None:
    pass


class WriteRight(ABC):
    """The right to write of one store object; a thread that has it may ask for it again."""

    def __init__(self, description: str) -> None:
        """``description`` names the store in messages."""
        self._description = description
        self._thread = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(
        self,
        on_wait: OnWait = _tell_nobody,
        patience_s: float | None = None,
        prepare: Prepare = _nothing,
    ) -> Iterator[None]:
        """Holds the right.

        Args:
            on_wait: Is told once who has the right, if somebody has.
            patience_s: How long to wait then; `PATIENCE_S` by default.
            prepare: Makes the schema, as early as it can be made by one process alone.

        Raises:
            StoreBusy: another thread or process does not give it back.
        """
        patience_s = PATIENCE_S if patience_s is None else patience_s
        if not self._thread.acquire(blocking=False):
            on_wait(f"{self._description}: another thread is writing.")
            if not self._thread.acquire(timeout=patience_s):
                raise StoreBusy(
                    f"{self._description}: another thread is writing. Try again when it is done."
                )
        try:
            self._depth += 1
            try:
                if self._depth == 1:
                    with self._among_processes(on_wait, patience_s, prepare):
                        yield
                else:
                    yield
            finally:
                self._depth -= 1
        finally:
            self._thread.release()

    @abstractmethod
    def _among_processes(
        self, on_wait: OnWait, patience_s: float, prepare: Prepare
    ) -> AbstractContextManager[None]:
        """Holds the right against other processes."""

    @contextmanager
    def transaction(self, tx: neo4j.ManagedTransaction) -> Iterator[None]:
        """Makes sure that the right is ours from a transaction's first statement to its last.

        Raises:
            StoreBusy: another process took it.
        """
        yield

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Surrounds a transaction, the tries of it included."""
        yield


class FileLock(WriteRight):
    """A lock that ends with its process: for an engine whose users are all on this machine."""

    def __init__(
        self, description: str, lock: Callable[[float, OnWait], AbstractContextManager[None]]
    ) -> None:
        super().__init__(description)
        self._lock = lock

    @contextmanager
    def _among_processes(
        self, on_wait: OnWait, patience_s: float, prepare: Prepare
    ) -> Iterator[None]:
        with self._lock(patience_s, on_wait):
            prepare()
            yield


class Lease(WriteRight):
    """A node that says who writes and until when: for a server that many machines use.

    The writer says again and again that it lives; what a killed writer held ends by itself within
    `LEASE_MS`. Each batch asks once more inside its transaction, and by that locks the node, so
    even a writer that slept too long cannot write at the same time as another.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.server.address)
        self._connection = connection
        self._token = secrets.token_hex(16)
        self._holder = f"process {os.getpid()} on {socket.gethostname()}"
        self._in_batch = threading.Lock()

    @contextmanager
    def transaction(self, tx: neo4j.ManagedTransaction) -> Iterator[None]:
        """Locks the node, and prolongs the lease from the end of the batch."""
        if not self._take(tx):
            raise StoreBusy(
                f"{self._description}: another process began to write while this one paused. Run "
                "the import again; it goes on where it stopped."
            )
        yield
        self._take(tx)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Keeps the heartbeat out of a transaction's way."""
        with self._in_batch:
            yield

    @contextmanager
    def _among_processes(
        self, on_wait: OnWait, patience_s: float, prepare: Prepare
    ) -> Iterator[None]:
        prepare()  # the schema is what keeps the node that says who writes a single one
        self._acquire(on_wait, patience_s)
        try:
            with self._beating():
                yield
        finally:
            self._release()

    def _take(self, tx: neo4j.ManagedTransaction) -> bool:
        text = cypher_text("take_writer")
        return bool(rows(tx, text, token=self._token, holder=self._holder, lease_ms=LEASE_MS))

    def _acquire(self, on_wait: OnWait, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        told = False
        while True:
            # only looked at while another holds it: writing to it would disturb its batches
            seen = self._connection.read(cypher_text("writer"))
            if not seen or seen[0]["left_ms"] <= 0 or seen[0]["token"] in (None, self._token):
                if self._connection.write(self._take):
                    return
            elif not told:
                told = True
                on_wait(f"{self._description}: {seen[0]['holder']} is writing.")
            elif time.monotonic() > deadline:
                raise StoreBusy(
                    f"{self._description}: {seen[0]['holder']} is writing. Try again when it is "
                    "done."
                )
            time.sleep(0.1)

    def _release(self) -> None:
        def work(tx: neo4j.ManagedTransaction) -> None:
            run(tx, cypher_text("release_writer"), token=self._token)

        self._connection.write(work)

    @contextmanager
    def _beating(self) -> Iterator[None]:
        done = threading.Event()

        def beat() -> None:
            while not done.wait(HEARTBEAT_S):
                with self._in_batch:
                    if done.is_set():
                        return
                    try:
                        self._connection.write(self._take)
                    except StoreError:
                        # the next batch finds out for itself, and tells the user
                        return

        thread = threading.Thread(target=beat, name="lineage-writer", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
