"""A tree of hostile files is imported whole: no code runs, nothing outside is read, memory stays.

It runs in a process of its own, so that its memory and what it opens can be told from the tests';
into memory, and into the embedded engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lineage.stores.embedded import supported
from tests.hostile_tree import SECRET, make

MEMORY_BYTES = 512 * 2**20
LONGEST_S = 600
"""Against an import that never ends; a file takes seconds."""

PROGRAM = """
import json, pathlib, sys, urllib.parse
touched = set()
engine = set()
def hook(event, arguments):
    if event in ("open", "os.open") and isinstance(arguments[0], str):
        touched.add(arguments[0])
    elif event == "socket.connect" and arguments[1] in engine:
        pass
    elif event in ("os.system", "socket.connect"):
        touched.add(event + " " + repr(arguments)[:2000])
from lineage.canonical import canonical
from lineage.report import import_json
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.embedded import open_embedded
from lineage.stores.memory import MemoryStore
if sys.argv[2:]:
    store = open_embedded(pathlib.Path(sys.argv[2]), linger_s=0)
    address = urllib.parse.urlsplit(store._connection.server.address)
    engine.add((address.hostname, address.port))
else:
    store = MemoryStore()
sys.addaudithook(hook)
report = import_json(import_paths(store, [pathlib.Path(sys.argv[1])], Settings()))
# not getrusage: what it calls the peak begins with that of the process that started this one
processes = ["self"]
for task in pathlib.Path("/proc/self/task").glob("*/children"):
    processes += task.read_text().split()
peaks = [
    int(line.split()[1])
    for process in processes
    for line in pathlib.Path("/proc", process, "status").read_text().splitlines()
    if line.startswith("VmHWM")
] if pathlib.Path("/proc/self/status").exists() else []
json.dump({
    "report": report,
    "peak_bytes": 1024 * sum(peaks) if peaks else None,
    "touched": sorted(touched),
    "records": [canonical(record) for record in store.records()],
}, sys.stdout)
store.close()
"""


class Run(NamedTuple):
    """What an import of the tree left behind."""

    report: dict[str, Any]
    records: list[str]
    touched: list[str]
    peak_bytes: int | None
    """Of the process and its children together, the engine apart; ``None`` where no /proc tells."""
    secret: Path
    canary: Path


@pytest.fixture(
    scope="module",
    params=["memory", pytest.param("embedded", marks=pytest.mark.embedded)],
)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The whole tree, imported once into each store."""
    engine = request.param == "embedded"
    if engine and (reason := supported()):
        pytest.skip(reason)
    base = tmp_path_factory.mktemp("hostile")
    tree, secret, canary = base / "tree", base / "secret.txt", base / "canary"
    make(tree, secret, canary)
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tree), *([str(base / "store")] * engine)],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    return Run(seen["report"], seen["records"], seen["touched"], seen["peak_bytes"], secret, canary)


def test_it_ends_with_a_report(run: Run) -> None:
    """The import goes on to its end, and says that it is not whole."""
    assert run.report["failed"]
    assert run.report["imported"]
    assert not run.report["complete"]


def test_no_code_runs(run: Run) -> None:
    """No pickle is loaded, no expression evaluated, no program started."""
    assert not run.canary.exists()
    assert not [line for line in run.touched if line.startswith("os.system")]


def test_nothing_outside_is_read(run: Run) -> None:
    """Neither links, nor entities, nor external storage lead out of the tree, nor to a network."""
    assert SECRET not in json.dumps([run.report, run.records])
    assert str(run.secret) not in run.touched
    assert "/etc/shadow" not in run.touched
    assert not [line for line in run.touched if line.startswith("socket.connect")]


def test_memory_stays_small(run: Run) -> None:
    """Bombs, and lines of a hundred megabytes, are not read into memory."""
    if run.peak_bytes is None:
        pytest.skip("only Linux tells the peak memory of a process in /proc")

    assert run.peak_bytes < MEMORY_BYTES


def test_every_failure_names_its_file_and_says_what_is_wrong(run: Run) -> None:
    """No importer failed in a way that it did not foresee."""
    said = [
        (one["path"], problem["message"])
        for one in run.report["sources"]
        for problem in one["skipped"]
    ]

    assert said
    assert not [pair for pair in said if "the importer" in pair[1] and "failed" in pair[1]]
    assert all(message.strip() for _, message in said)
