"""Standard streams that are closed, full, or know no UTF-8."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = f"'{sys.executable}' -c 'from lineage.cli import main; main()' --store memory"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a shell command in which ``lineage`` is this one, with a store that is thrown away."""
    return subprocess.run(
        ["sh", "-c", command.replace("lineage", PROGRAM, 1)],
        env=os.environ | environment,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A document whose name is no ASCII."""
    path = tmp_path / "\N{GREEK SMALL LETTER ALPHA}.json"
    path.write_text('{"entity": {"urn:x:e": {}}}')
    return path


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_end_no_command(named: Path, closed: str) -> None:
    """As cron and daemons may start it: the work is done, and its status is true."""
    done = shell(f"lineage import '{named}' {closed}")
    failed = shell(f"lineage show nothing {closed}")

    assert (done.returncode, failed.returncode) == (0, 2)
    assert b"Traceback" not in done.stderr + failed.stderr


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="Linux has /dev/full")
def test_an_error_that_cannot_be_written_keeps_its_status() -> None:
    """Standard error on a full disk hides the message and nothing else."""
    done = shell("lineage show nothing 2> /dev/full")

    assert done.returncode == 2


def test_an_encoding_that_lacks_a_character_marks_it(named: Path) -> None:
    """A terminal without UTF-8 shows what it can; the import's report is no traceback."""
    done = shell(f"lineage import '{named}'", PYTHONIOENCODING="ascii")

    assert done.returncode == 0, done.stderr
    assert b"?.json" in done.stdout
