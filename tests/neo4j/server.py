"""A real Neo4j Community on this machine, without Docker: its jars come from Maven Central.

``python tests/neo4j/server.py start`` prints the Bolt address of a server on loopback and leaves
its generated password in ``HOME/password`` (mode 0600); ``stop`` ends it and keeps its data.
``NEO4J_VERSION`` chooses the release (5.26.30 by default). Needs Maven and a Java: 17 for 5.x, 21
or newer for the 2025 and 2026 releases.

Source: Neo4j operations manual, "Configuration settings"; the launcher classes are those that the
``neo4j`` script starts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import neo4j
from neo4j.exceptions import DriverError, Neo4jError

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / ".neo4j"
"""Jars and data, by version; ignored by git."""
DEFAULT_VERSION = "5.26.30"
"""The long-term-support release."""
START_TIMEOUT_S = 120

CONFIGURATION = """\
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
dbms.usage_report.enabled=false
server.memory.heap.max_size=1g
server.memory.pagecache.size=256m
dbms.security.allow_csv_import_from_file_urls=false
db.transaction.timeout=120s
"""

OPENED_PACKAGES = ("java.nio", "java.io", "sun.nio.ch", "java.lang")


def major_version(java: Path) -> int:
    """The release of a Java program, 0 where it does not say."""
    try:
        said = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', said.stderr + said.stdout)
    return int(found[1]) if found else 0


def find_java(version: str) -> Path:
    """The oldest Java on this machine that runs this release of Neo4j."""
    needed = 17 if version.startswith("5.") else 21
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
    homes += Path("/usr/lib/jvm").glob("*")
    homes += [home / "Contents/Home" for home in Path("/Library/Java").glob("*/*")]
    programs = [home / "bin/java" for home in homes]
    if on_path := shutil.which("java"):
        programs.append(Path(on_path))
    releases = sorted((major_version(java), str(java)) for java in set(programs) if java.exists())
    for release, java in releases:
        if release >= needed:
            return Path(java)
    seen = ", ".join(f"{java} ({release})" for release, java in releases) or "none"
    sys.exit(f"Neo4j {version}: needs Java {needed} or newer (found: {seen}). Set JAVA_HOME.")


def fetch_jars(version: str) -> Path:
    """The directory of the release's jars, downloaded on first use."""
    jars = CACHE / version / "lib"
    if (jars / "complete").exists():
        return jars
    if shutil.which("mvn") is None:
        sys.exit("mvn: not found. Install Maven, or start Neo4j with docker/compose.yaml.")
    sys.stderr.write(f"downloading Neo4j {version} (about 120 MB) to {jars}\n")
    subprocess.run(
        [
            "mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies",
            f"-Dneo4j.version={version}", f"-DoutputDirectory={jars}",
        ],
        check=True,
        stdout=sys.stderr,
    )  # fmt: skip
    (jars / "complete").touch()
    return jars


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def running(home: Path) -> tuple[int, int] | None:
    """(process id, port) of the server that this script started in ``home``, while it lives."""
    try:
        state = json.loads((home / "run.json").read_text())
    except FileNotFoundError:
        return None
    # a pid is used again some day: it is ours only while it runs in this home
    asked = ["ps", "-ww", "-p", str(state["pid"]), "-o", "command="]
    command = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return (state["pid"], state["port"]) if f"--home-dir={home}" in command else None


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def set_password(address: str, password: str) -> bool:
    """Whether the server answers to ``password``; replaces the factory one where it is set."""
    with neo4j.GraphDatabase.driver(
        address, auth=("neo4j", "neo4j"), connection_timeout=2, max_transaction_retry_time=0
    ) as driver:
        try:
            driver.execute_query(
                "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new",
                new=password,
                database_="system",
            )
        except (DriverError, Neo4jError):
            return False
    return True


def answers(address: str, password: str) -> bool:
    """Whether the server runs a query for us."""
    with neo4j.GraphDatabase.driver(
        address, auth=("neo4j", password), connection_timeout=2, max_transaction_retry_time=0
    ) as driver:
        try:
            driver.execute_query("RETURN 1", database_="neo4j")
        except (DriverError, Neo4jError):
            return False
    return True


def launch(home: Path, version: str, port: int) -> int:
    """Starts the server and returns its process id."""
    java, jars = find_java(version), fetch_jars(version)
    (home / "conf").mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "conf" / "neo4j.conf").write_text(CONFIGURATION.format(port=port))
    if not (home / "password").exists():
        write_private(home / "password", secrets.token_urlsafe(24))
    opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED_PACKAGES]
    launcher = "CommunityEntryPoint" if version.startswith("5.") else "Neo4jCommunity"
    command = [
        str(java), "-Xmx1g", *opened, "-cp", f"{jars}/*", f"org.neo4j.server.{launcher}",
        f"--home-dir={home}", f"--config-dir={home / 'conf'}",
    ]  # fmt: skip
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
        )
    write_private(home / "run.json", json.dumps({"pid": process.pid, "port": port}))
    return process.pid


def start(home: Path, version: str, port: int) -> str:
    """Starts the server, or finds it running, and returns its Bolt address when it answers."""
    known = running(home)
    if known is None:
        port = port or free_port()
        launch(home, version, port)
    else:
        port = known[1]
    address = f"bolt://127.0.0.1:{port}"
    password = (home / "password").read_text()
    deadline = time.monotonic() + START_TIMEOUT_S
    # three bad log-ins lock the account for a while, so the right one is found out by a marker
    while time.monotonic() < deadline:
        if running(home) is None:
            sys.exit(f"Neo4j {version} ended at once. Read {home / 'server.log'}.")
        if (home / "password-set").exists():
            if answers(address, password):
                return address
        elif set_password(address, password):
            (home / "password-set").touch()
        time.sleep(0.3)
    sys.exit(f"{address}: no answer in {START_TIMEOUT_S} s. Read {home / 'server.log'}.")


def stop(home: Path) -> None:
    """Ends the server that this script started in ``home``, if it runs."""
    known = running(home)
    if known is None:
        return
    os.kill(known[0], signal.SIGTERM)
    deadline = time.monotonic() + 30
    while running(home) is not None:
        if time.monotonic() > deadline:
            os.kill(known[0], signal.SIGKILL)
        time.sleep(0.1)
    (home / "run.json").unlink()


def main() -> None:
    """Runs the command line."""
    version = os.environ.get("NEO4J_VERSION", DEFAULT_VERSION)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("command", choices=("start", "stop", "status"))
    parser.add_argument("--home", type=Path, default=CACHE / version / "home")
    parser.add_argument("--port", type=int, default=0, help="Bolt port; any free one by default")
    given = parser.parse_args()
    home = given.home.resolve()
    if given.command == "start":
        sys.stdout.write(start(home, version, given.port) + "\n")
    elif given.command == "stop":
        stop(home)
    else:
        known = running(home)
        if known is None:
            sys.exit(f"no Neo4j runs in {home}")
        sys.stdout.write(f"bolt://127.0.0.1:{known[1]}\n")


if __name__ == "__main__":
    main()
