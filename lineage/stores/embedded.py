"""The embedded engine: one ArcadeDB for all processes that use a store directory.

Whoever comes first starts it, whoever follows shares it, and a watcher ends it some minutes after
the last one has left. Three locks keep that true whatever is killed, and when:

* ``clients.lock`` is shared by every client; held exclusively only to end the engine.
* ``engine.lock`` is held by java itself, from before it starts until it is gone.
* ``writer.lock`` is held by the one client that writes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from lineage.errors import StoreBusy, StoreError
from lineage.stores import engine_http, engine_process, engine_watcher, file_lock
from lineage.stores.engine_process import Run, supported

if TYPE_CHECKING:
    from lineage.stores.bolt import BoltStore

__all__ = ["EmbeddedEngine", "default_directory", "open_embedded", "stop", "supported"]

LINGER_S = 600.0
"""How long an engine stays after its last client: a command takes 3 s when it has to start one."""

_START_PATIENCE_S = 60.0
_MOST_STARTS = 5
_STOPPING_PATIENCE_S = 60.0
_NO_RUN_PATIENCE_S = 5.0
_POLL_S = 0.03


def default_directory() -> Path:
    """Where the store is kept if nobody says otherwise."""
    return platformdirs.user_data_path("lineage", appauthor=False) / "store"


def open_embedded(
    directory: Path,
    *,
    linger_s: float = LINGER_S,
    on_start: Callable[[], None] | None = None,
) -> BoltStore:
    """The store in a directory, as `EmbeddedEngine.open` opens it; closing it ends the use.

    Raises:
        StoreError: there is no engine to be had.
    """
    # here, so that the engine can be stopped and watched without loading a Bolt driver
    from lineage.stores.bolt import BoltStore
    from lineage.stores.bolt_connection import BoltServer
    from lineage.stores.write_right import FileLock

    engine = EmbeddedEngine.open(directory, linger_s=linger_s, on_start=on_start)

    def server() -> BoltServer:
        return BoltServer(
            engine.bolt_address,
            *engine.root_credentials,
            engine_http.DATABASE,
            engine.reader_credentials,
        )

    def reopen() -> BoltServer:
        engine.reopen()
        return server()

    name = f"embedded engine in {engine.directory}"
    try:
        return BoltStore(
            server(),
            description=name,
            reopen=reopen,
            on_close=engine.close,
            right=FileLock(name, engine.writing),
        )
    except BaseException:
        engine.close()
        raise


class EmbeddedEngine:
    """A client's hold on the engine of a store directory; as long as it is open the engine stays.

    Safe to use from several threads. After somebody else ended the engine, `reopen` brings
    another one, with other ports and passwords.
    """

    def __init__(self, directory: Path, linger_s: float, on_start: Callable[[], None] | None):
        """Use `open`."""
        self.directory = directory
        self._linger_s = linger_s
        self._on_start = on_start
        self._path = directory / "clients.lock"
        clients = file_lock.open_lock(self._path)
        try:
            self._enter(clients)
        except BaseException:
            os.close(clients)
            raise
        self._clients: int | None = clients
        self._pid = os.getpid()
        self._reopening = threading.Lock()
        try:
            self._run = self._connect()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        linger_s: float = LINGER_S,
        on_start: Callable[[], None] | None = None,
    ) -> EmbeddedEngine:
        """Shares the directory's engine, or starts it and waits until it answers.

        Args:
            directory: The store's own; it is made if need be. Nothing else may lie in it.
            linger_s: How long the engine stays after its last client; 0 ends it with that one.
                The latest client's wish counts.
            on_start: Is called before an engine is started, which takes seconds.

        Raises:
            StoreError: there is no engine to be had; the message says why and what to do.
        """
        reason = supported()
        if reason is not None:
            raise StoreError(reason)
        directory = Path(os.path.abspath(directory))
        _make_private(directory)
        return cls(directory, linger_s, on_start)

    @property
    def bolt_address(self) -> str:
        """``bolt://127.0.0.1:PORT``; another one after `reopen`."""
        return f"bolt://127.0.0.1:{self._run.bolt_port}"

    @property
    def http_port(self) -> int:
        """Where the engine's HTTP interface listens, on 127.0.0.1."""
        return self._run.http_port

    @property
    def root_credentials(self) -> tuple[str, str]:
        """User and password that may do everything."""
        return "root", self._run.root_password

    @property
    def reader_credentials(self) -> tuple[str, str]:
        """User and password that may read records and no more."""
        return "reader", self._run.reader_password

    def reopen(self) -> None:
        """Finds the engine again, or starts another, after it stopped answering.

        Raises:
            StoreError: there is no engine to be had, or this client is closed.
        """
        with self._reopening:
            if self._clients is None:
                raise StoreError(f"{self.directory}: this store is closed. Open it again.")
            self._run = self._connect()

    def command(self, sql: str, *, timeout_s: float = 60.0) -> list[dict[str, Any]]:
        """The rows that a SQL statement answers; for what the engine's Cypher cannot say.

        Raises:
            QueryFailed: the engine refused the statement.
            StoreError: the engine did not answer.
        """
        run = self._run
        return engine_http.run_sql(run.http_port, run.root_password, sql, timeout_s=timeout_s)

    @contextmanager
    def writing(
        self, timeout_s: float = 2.0, on_wait: Callable[[str], None] = lambda _: None
    ) -> Iterator[None]:
        """The right to write, for one thread of one process at a time. Does not nest.

        Args:
            timeout_s: How long somebody else may keep it.
            on_wait: Is told once who has it, if somebody has.

        Raises:
            StoreBusy: somebody else keeps writing for ``timeout_s``.
        """
        path = self.directory / "writer.lock"
        descriptor = file_lock.open_lock(path)
        deadline = time.monotonic() + timeout_s
        told = False
        try:
            while not file_lock.try_exclusive(descriptor, path):
                if not told:
                    told = True
                    on_wait(f"{self.directory}: {_writer(descriptor)} is writing to this store.")
                if time.monotonic() > deadline:
                    raise StoreBusy(
                        f"{self.directory}: {_writer(descriptor)} is writing to this store. "
                        "Wait until it is done, or end it."
                    )
                time.sleep(_POLL_S)
            _note_writer(descriptor, path)
            yield
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Ends this use of the engine, and the engine with it if it is not to linger.

        Safe to call twice.
        """
        clients, self._clients = self._clients, None
        if clients is None:
            return
        try:
            if os.getpid() == self._pid:  # a forked copy must not unlock its parent's
                self._leave(clients)
        finally:
            os.close(clients)

    def __enter__(self) -> EmbeddedEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter(self, clients: int) -> None:
        """Becomes a client, once nobody is ending the engine."""
        deadline = time.monotonic() + _STOPPING_PATIENCE_S
        while not file_lock.try_shared(clients, self._path):
            if time.monotonic() > deadline:
                raise StoreError(
                    f"{self._path}: somebody has been ending the engine for "
                    f"{_STOPPING_PATIENCE_S:.0f} s. Find who with `fuser clients.lock`, and end it."
                )
            time.sleep(_POLL_S)
        _note_use(clients, self._path, self._linger_s)

    def _leave(self, clients: int) -> None:
        os.utime(clients)  # idling counts from now
        file_lock.release(clients)
        if self._linger_s == 0 and file_lock.try_exclusive(clients, self._path):
            engine_process.end(self.directory)

    def _connect(self) -> Run:
        """The start of the engine that answers now, whoever made it."""
        starts = 0
        patience_s = _START_PATIENCE_S
        awaited: Run | None = None
        since = time.monotonic()
        while True:
            with file_lock.exclusive(self.directory / "engine.lock") as lock:
                if lock is not None:
                    if starts == _MOST_STARTS:
                        raise StoreError(
                            f"{self.directory}: the embedded engine ended {starts} times while it "
                            f"started ({engine_process.last_words(self.directory)}). Look into "
                            "log/ there for the reason; a full disk is a common one."
                        )
                    if starts == 0 and self._on_start is not None:
                        self._on_start()
                    starts += 1
                    engine_process.start(self.directory, lock)
            run = engine_process.read_run(self.directory)
            if run is not None and self._answers(run):
                engine_process.start_watcher(self.directory)
                return run
            if run != awaited:
                awaited, since = run, time.monotonic()
            waited_s = time.monotonic() - since
            if run is not None and run.host != engine_process.this_host() and waited_s > 2:
                raise StoreError(
                    f"{self.directory}: another machine uses this store ({run.host}). "
                    f"Run `lineage stop` there, or open another store here."
                )
            if run is None and waited_s > _NO_RUN_PATIENCE_S:
                engine_process.end(self.directory, patience_s=2)
            elif run is not None and waited_s > patience_s:
                engine_process.end(self.directory, token=run.token, patience_s=2)
                patience_s *= 2  # it may have had much to recover
            elif run is not None and self._is_deaf(run):
                engine_process.end(self.directory, token=run.token, patience_s=0)
            else:
                time.sleep(_POLL_S)

    def _answers(self, run: Run) -> bool:
        """Whether this start of the engine is ready, its users included."""
        if not engine_http.is_ready(run.http_port):
            return False
        if engine_process.is_settled(self.directory, run):
            return True
        # only the engine can write its log, but anybody can listen on a free port
        if not engine_process.log_says(self.directory, "HTTP Server started"):
            return False
        engine_http.make_reader(run.http_port, run.root_password, run.reader_password)
        engine_process.settle(self.directory, run)
        return True

    def _is_deaf(self, run: Run) -> bool:
        """Whether somebody took one of its ports before it could: java then hangs for ever."""
        return not engine_process.is_settled(self.directory, run) and engine_process.log_says(
            self.directory, "Unable to listen"
        )


def stop(directory: Path, *, force: bool = False) -> bool:
    """Ends the directory's engine; whether there was one.

    Args:
        force: Even if clients are using it; they will have to start another.

    Raises:
        StoreBusy: clients are using it.
    """
    directory = Path(os.path.abspath(directory))
    path = directory / "clients.lock"
    if not path.exists():
        return False
    with file_lock.exclusive(path) as alone:
        if alone is None and not force:
            raise StoreBusy(
                f"{directory}: other processes are using this store. End them first, then run "
                "`lineage stop` again."
            )
        return engine_process.end(directory)


def _make_private(directory: Path) -> None:
    """The directory exists, is ours and holds a store or nothing; nobody else can look inside."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_uid != os.geteuid():
            raise StoreError(
                f"{directory}: this directory belongs to another user. Choose another one."
            )
        # a start deletes config/, which must not be somebody's configuration
        if not (directory / "clients.lock").exists() and any(directory.iterdir()):
            raise StoreError(
                f"{directory}: this directory holds something that is not a store. "
                "Choose an empty or a new one."
            )
        directory.chmod(0o700)
    except OSError as error:
        raise StoreError(
            f"{directory}: no store can be made there ({error.strerror}). "
            "Choose a directory that you can write to."
        ) from error


def _note_use(clients: int, path: Path, linger_s: float) -> None:
    try:
        engine_watcher.note_use(clients, linger_s)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}). Make room on the disk."
        ) from error


def _note_writer(descriptor: int, path: Path) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {engine_process.this_host()}\n".encode(), 0)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}). Make room on the disk."
        ) from error


def _writer(descriptor: int) -> str:
    words = os.pread(descriptor, 1000, 0).decode("utf-8", "replace").split()
    if len(words) != 2:
        return "another process"
    return f"process {words[0]}" + (
        "" if words[1] == engine_process.this_host() else f" on {words[1]}"
    )
