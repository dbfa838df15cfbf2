"""A tree of hostile files is imported whole: no code runs, nothing outside is read, memory stays.

It runs in a process of its own, so that its memory and what it opens can be told from the tests'.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.hostile_tree import SECRET, make

MEMORY_BYTES = 512 * 2**20
LONGEST_S = 600
"""Against an import that never ends; a file takes seconds."""

PROGRAM = """
import json, pathlib, resource, sys
touched = set()
def hook(event, arguments):
    if event in ("open", "os.open") and isinstance(arguments[0], str):
        touched.add(arguments[0])
    elif event in ("os.system", "socket.connect"):
        touched.add(event + " " + repr(arguments)[:2000])
sys.addaudithook(hook)
from lineage.canonical import canonical
from lineage.report import import_json
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
store = MemoryStore()
report = import_json(import_paths(store, [pathlib.Path(sys.argv[1])], Settings()))
def peak_kb(pid):
    # getrusage counts what the process that started this one had by then
    status = pathlib.Path("/proc", pid, "status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(status.read_text().partition("VmHWM:")[2].split()[0])
children = [
    pid for task in pathlib.Path("/proc/self/task").glob("*/children")
    for pid in task.read_text().split()
]
json.dump({
    "report": report,
    "peak_bytes": 1024 * (peak_kb("self") + max(map(peak_kb, children), default=0)),
    "touched": sorted(touched),
    "records": [canonical(record) for record in store.records()],
}, sys.stdout)
"""


class Run(NamedTuple):
    """What an import of the tree left behind."""

    report: dict[str, Any]
    records: list[str]
    touched: list[str]
    peak_bytes: int
    """Of the process and its largest child together."""
    secret: Path
    canary: Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The whole tree, imported once."""
    base = tmp_path_factory.mktemp("hostile")
    tree, secret, canary = base / "tree", base / "secret.txt", base / "canary"
    make(tree, secret, canary)
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tree)],
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
