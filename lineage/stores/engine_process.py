"""The embedded engine as a process: how it is started, found and ended.

The file ``engine.lock`` is locked by the process that starts the engine and stays locked through
the descriptor that java inherits, so the lock lives exactly as long as java does: there is no stale
pid to guess about. Every function that starts or ends the engine says which lock must be held.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lineage.errors import StoreError
from lineage.stores import file_lock

HEAP_VARIABLE = "LINEAGE_EMBEDDED_HEAP"
"""Environment variable with java's largest heap, ``512m`` or ``4g``; 1 GB without it."""

_OTHER_STORE = "Use a Neo4j server instead: --store bolt://HOST:7687."
_HEAP = re.compile(r"[1-9][0-9]{0,6}[kKmMgG]")
_UNUSED_JARS = ("arcadedb-mcp", "arcadedb-postgresw", "arcadedb-redisw", "arcadedb-console")
"""Doors of the engine that we never open; a jar that is not loaded opens none."""
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What java sees of our environment: JAVA_TOOL_OPTIONS and strangers' secrets stay outside."""
_KILL_PATIENCE_S = 20.0
_LOG_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """One start of the engine: where it listens and who may log in."""

    token: str
    """Tells this start from all others; not a secret."""
    host: str
    bolt_port: int
    http_port: int
    root_password: str
    reader_password: str

    def __repr__(self) -> str:
        return f"Run(token={self.token!r}, host={self.host!r}, bolt_port={self.bolt_port})"


def supported() -> str | None:
    """Why the embedded engine cannot run here, with the cure; ``None`` where it can."""
    if sys.platform == "win32":
        return f"embedded engine: it does not run on Windows. {_OTHER_STORE}"
    package = _package()
    if package is None:
        return (
            f"embedded engine: the package arcadedb-embedded is not installed ({_here()}). It "
            "exists for Linux with glibc 2.34 or newer (x86_64, aarch64) and macOS on arm64: "
            f"`pip install arcadedb-embedded` there. {_OTHER_STORE}"
        )
    if not os.access(package / "jre" / "bin" / "java", os.X_OK):
        return (
            f"{package}/jre/bin/java: the engine's own Java is missing or cannot be executed. "
            f"`pip install --force-reinstall arcadedb-embedded` brings it back. {_OTHER_STORE}"
        )
    return None


def start(directory: Path, lock: int) -> Run:
    """Starts java; returns before it is ready.

    Args:
        lock: Descriptor of ``engine.lock``, held exclusively. Java inherits it.
    """
    reason, package = supported(), _package()
    if reason is not None or package is None:
        raise StoreError(reason or "embedded engine: not installed.")
    heap = os.environ.get(HEAP_VARIABLE, "1g")
    if not _HEAP.fullmatch(heap):
        raise StoreError(f"{HEAP_VARIABLE}: not a size ({heap!r}). Write 512m or 4g.")
    bolt_port, http_port = _free_ports()
    run = Run(
        token=secrets.token_hex(8),
        host=this_host(),
        bolt_port=bolt_port,
        http_port=http_port,
        root_password=secrets.token_urlsafe(24),
        reader_password=secrets.token_urlsafe(24),
    )
    try:
        os.ftruncate(lock, 0)  # nobody may take an earlier engine's pid for this one's
        forget(directory)
        # the root password counts only where no users are stored; the data live elsewhere
        shutil.rmtree(directory / "config", ignore_errors=True)
        _new_log(directory)
        write_private(directory / "root.password", run.root_password)
        write_private(directory / "run.json", json.dumps(asdict(run)))
        # before java: whoever starts it may be killed at any moment, and java would stay for ever
        start_watcher(directory)
        _launch(
            [
                "/bin/sh",
                "-c",
                'echo "$$ $1 $2" >"$0" && shift 2 && exec "$@"',
                str(directory / "engine.lock"),
                run.token,
                run.host,
                *_java(package, directory, run, heap),
            ],
            directory,
            pass_fds=(lock,),
            environment={k: os.environ[k] for k in _ENVIRONMENT if k in os.environ},
        )
    except OSError as error:
        raise StoreError(
            f"{directory}: the embedded engine cannot be started there ({error.strerror}). "
            "Make room or permit writing, or choose another store directory."
        ) from error
    return run


def start_watcher(directory: Path) -> None:
    """Starts the process that ends an idle engine; one that already watches makes it go away."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "from lineage.stores.engine_watcher import watch; watch(sys.argv[2])"
    )
    root = Path(__file__).resolve().parents[2]
    _launch([sys.executable, "-I", "-c", script, str(root), str(directory)], directory)


def end(directory: Path, *, token: str | None = None, patience_s: float = 20.0) -> bool:
    """Ends the engine and returns once its lock is free; whether there was one to end.

    Whoever calls it holds ``clients.lock`` exclusively, or has found this engine past help.

    Args:
        token: End this start only, and nothing if another one has followed.
        patience_s: How long the engine may take to close its files before it is killed; what it
            acknowledged is safe even then.
    """
    started = time.monotonic()
    told = False
    while True:
        with file_lock.exclusive(directory / "engine.lock") as lock:
            if lock is not None:
                forget(directory)
                return told
        waited_s = time.monotonic() - started
        pid, of = pid_of(directory) or (None, None)
        if pid is not None and token not in (None, of):
            return told
        if pid is not None and (not told or waited_s > patience_s):
            _signal(directory, pid, signal.SIGKILL if told else signal.SIGTERM)
            told = True
        if waited_s > patience_s + _KILL_PATIENCE_S:
            raise StoreError(
                f"{directory}/engine.lock: somebody holds this lock and does not end "
                f"(pid {pid or 'unknown'}). Find who with `fuser engine.lock`, and end it."
            )
        time.sleep(0.02)


def read_run(directory: Path) -> Run | None:
    """The engine's latest start, or ``None`` where the run file is missing or damaged."""
    try:
        run = json.loads((directory / "run.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(
            f"{directory}/run.json: cannot be read ({error.strerror}). "
            "Open the store as the user who made it."
        ) from error
    except ValueError:
        return None
    if not isinstance(run, dict) or run.keys() != {field.name for field in fields(Run)}:
        return None
    ports = [run.pop("bolt_port"), run.pop("http_port")]
    if not all(type(port) is int and 0 < port < 65536 for port in ports):
        return None
    if not all(isinstance(text, str) and text for text in run.values()):
        return None
    return Run(bolt_port=ports[0], http_port=ports[1], **run)


def pid_of(directory: Path) -> tuple[int, str] | None:
    """The engine's pid and the token of its start, as it wrote them itself.

    ``None`` before that, or where the pid is another host's. True only while ``engine.lock`` is
    held.
    """
    try:
        return parse_pid((directory / "engine.lock").read_bytes())
    except OSError:
        return None


def parse_pid(text: bytes) -> tuple[int, str] | None:
    """What ``engine.lock`` says, if it says it of this host."""
    words = text.decode("utf-8", "replace").split()
    if len(words) != 3 or not words[0].isdecimal() or words[2] != this_host():
        return None
    return int(words[0]), words[1]


def this_host() -> str:
    """The name of this machine: a store on a network disk may be in use by another one."""
    return socket.gethostname() or "localhost"


def is_settled(directory: Path, run: Run) -> bool:
    """Whether somebody has found this start ready and made its users."""
    try:
        return (directory / "ready").read_text("utf-8") == run.token
    except (OSError, ValueError):
        return False


def settle(directory: Path, run: Run) -> None:
    """Says to all who come later that this start is ready."""
    write_private(directory / "ready", run.token)


def log_says(directory: Path, text: str) -> bool:
    """Whether the engine's log of its latest start contains the text."""
    try:
        return text in (directory / "log" / "engine.0.log").read_text("utf-8", "replace")
    except OSError:
        return False


def last_words(directory: Path) -> str:
    """The end of what the engine said at its latest start, in one line."""
    lines: list[str] = []
    for name in ("engine.0.log", "engine.out"):
        try:
            text = (directory / "log" / name).read_text("utf-8", "replace")
        except OSError:
            continue
        lines += [line.strip() for line in text.splitlines() if line.strip()][-2:]
    return " / ".join(lines)[-600:] or "it said nothing"


def forget(directory: Path) -> None:
    """Takes away what was true of an engine that has ended; ``engine.lock`` must be held."""
    for name in ("run.json", "root.password", "ready"):
        (directory / name).unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """The file holds the text, whole, and only its owner can read it."""
    new = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _java(package: Path, directory: Path, run: Run, heap: str) -> list[str]:
    jars = [
        str(jar)
        for jar in sorted((package / "jars").glob("*.jar"))
        if not jar.name.startswith(_UNUSED_JARS)
    ]
    settings = {
        "server.rootPath": directory,
        "server.rootPasswordPath": directory / "root.password",  # -D...Password= is public
        "server.defaultDatabases": "lineage[root]",
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "bolt.host": "127.0.0.1",  # without it the engine listens to the whole network
        "bolt.port": run.bolt_port,
        "server.httpIncomingHost": "127.0.0.1",
        "server.httpIncomingPort": run.http_port,
        "command.timeout": 30000,  # the driver's own limit is not obeyed
        "polyglotEngineEnabled": "false",
        "opencypher.loadCsv.allowRemoteUrls": "false",  # on, any reader can call out
        "opencypher.loadCsv.allowFileUrls": "false",
        "txWalFlush": 1,  # an acknowledged write survives the end of the process
    }
    return [
        str(package / "jre" / "bin" / "java"),
        f"-Xmx{heap}",
        "-XX:-UsePerfData",  # else it leaves a file in /tmp
        "-XX:-CreateCoredumpOnCrash",  # a core holds the passwords
        f"-XX:ErrorFile={directory / 'log' / 'crash.log'}",
        "--add-modules",
        "jdk.incubator.vector",
        "-cp",
        os.pathsep.join(jars),
        f"-Djava.util.logging.config.file={directory / 'log' / 'log.properties'}",
        *(f"-Darcadedb.{name}={value}" for name, value in settings.items()),
        "com.arcadedb.server.ArcadeDBServer",
    ]


def _new_log(directory: Path) -> None:
    """The log directory is empty; the one before is kept, and no older one."""
    log, previous = directory / "log", directory / "log.previous"
    shutil.rmtree(previous, ignore_errors=True)
    if log.exists():
        log.rename(previous)
    log.mkdir(0o700)
    (log / "log.properties").write_text(
        "handlers = java.util.logging.FileHandler\n"
        ".level = INFO\n"
        "io.undertow.level = WARNING\n"
        "org.xnio.level = WARNING\n"
        "org.jboss.level = WARNING\n"
        # relative to where java runs: of a path's letters it would read only Latin-1, and its %
        "java.util.logging.FileHandler.pattern = log/engine.%g.log\n"
        "java.util.logging.FileHandler.formatter = com.arcadedb.log.LogFormatter\n"
        f"java.util.logging.FileHandler.limit = {_LOG_BYTES}\n"
        "java.util.logging.FileHandler.count = 2\n",
        "utf-8",
    )


def _launch(
    command: Sequence[str],
    directory: Path,
    *,
    pass_fds: tuple[int, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> None:
    """Starts a program that outlives us, our terminal and our interest in its exit status.

    A shell in between starts it in the background and ends, so that it is nobody's child and no
    code of ours runs between fork and exec, where a program with threads may hang.
    """
    with open(directory / "log" / "engine.out", "ab") as output:
        subprocess.run(
            ["/bin/sh", "-c", '"$0" "$@" &', *command],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            umask=0o077,
            pass_fds=pass_fds,
            env=environment,
            check=True,
        )


def _signal(directory: Path, pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise StoreError(
            f"{directory}: the embedded engine is another user's process (pid {pid}). "
            "Ask them to run `lineage stop`."
        ) from error


def _free_ports() -> tuple[int, int]:
    """Two ports of loopback that nobody listens on just now."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _package() -> Path | None:
    """Where arcadedb-embedded is installed. It is not imported: that would start a Java here."""
    spec = importlib.util.find_spec("arcadedb_embedded")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _here() -> str:
    libc = ""
    if sys.platform == "linux":
        try:
            libc = f", {os.confstr('CS_GNU_LIBC_VERSION') or 'libc unknown'}"
        except (ValueError, OSError):
            libc = ", not glibc"
    return f"{platform.system()} {platform.machine()}{libc}, Python {platform.python_version()}"
