"""The right to write, for one process at a time, over an engine that several processes use.

A node holds who writes and until when. The writer says again and again that it lives; what a
killed writer held ends by itself. Each batch asks once more inside its transaction, and by that
locks the node, so even a writer that slept too long cannot write at the same time as another.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import neo4j

from lineage.errors import StoreBusy, StoreError
from lineage.stores.bolt_connection import Connection, rows, run
from lineage.stores.cypher_texts import cypher_text

LEASE_MS = 8_000
BATCH_LEASE_MS = 60_000
"""Granted inside a batch: undone with the batch when its writer is killed."""
HEARTBEAT_S = 2.0
PATIENCE_S = 10.0
"""Longer than a lease: a killed writer keeps nobody out."""


class Lease:
    """The right to write of one store object."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._token = secrets.token_hex(16)
        self._holder = f"process {os.getpid()} on {socket.gethostname()}"
        self._thread = threading.RLock()
        self._depth = 0
        self._in_batch = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the right, which one thread may ask for again while it has it.

        Raises:
            StoreBusy: another thread or process does not give it back.
        """
        if not self._thread.acquire(timeout=PATIENCE_S):
            raise StoreBusy(
                f"{self._connection.server.address}: another thread is writing. Try again when it "
                "is done."
            )
        try:
            if self._depth == 0:
                self._acquire()
            self._depth += 1
            try:
                if self._depth == 1:
                    with self._beating():
                        yield
                else:
                    yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._release()
        finally:
            self._thread.release()

    def confirm(self, tx: neo4j.ManagedTransaction) -> None:
        """Makes sure, inside a transaction, that the right is still ours, and locks it.

        Raises:
            StoreBusy: another process took it.
        """
        if not self._take(tx, BATCH_LEASE_MS):
            raise StoreBusy(
                f"{self._connection.server.address}: another process began to write while this one "
                "paused. Run the import again; it goes on where it stopped."
            )

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Keeps the heartbeat out of a transaction's way."""
        with self._in_batch:
            yield

    def _take(self, tx: neo4j.ManagedTransaction, lease_ms: int) -> bool:
        text = cypher_text("take_writer")
        taken = rows(tx, text, token=self._token, holder=self._holder, lease_ms=lease_ms)
        return bool(taken)

    def _acquire(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            # only looked at while another holds it: writing to it would disturb its batches
            seen = self._connection.read(cypher_text("writer"))
            if not seen or seen[0]["left_ms"] <= 0 or seen[0]["token"] in (None, self._token):
                if self._connection.write(lambda tx: self._take(tx, LEASE_MS)):
                    return
            elif time.monotonic() > deadline:
                raise StoreBusy(
                    f"{self._connection.server.address}: {seen[0]['holder']} is writing. Try "
                    "again when it is done."
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
                        self._connection.write(lambda tx: self._take(tx, LEASE_MS))
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
