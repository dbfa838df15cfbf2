"""ctapipe text log -> statements, beside a plain loop that matches every line, in one run.

    python -m benchmarks.ctapipe_log [MB]

Writes a log of about that size (100 MB unless said otherwise) from the sample logs of 0.32 and of
0.11, whose runs hold their provenance records, and reads each by turns with the importer and with
the plain loop. Times are CPU seconds, medians of three.
"""

from __future__ import annotations

import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from importers.ctapipe_log import CtapipeLogImporter
from lineage.interfaces import Problem
from lineage.records import EventKind, FileEvent

SAMPLES = Path(__file__).parent.parent / "tests" / "data" / "ctapipe-log"
LOGS = (SAMPLES / "work32" / "ctapipe.log", SAMPLES / "work11" / "mylog.log")
ROUNDS = 3
UUID = re.compile(r'("activity_uuid": ")[0-9a-f]{8}')
LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (\w+) \[([^\]]+)\] \(([^)]+)\): (.*)$")


def write_log(sample: Path, target: Path, size_bytes: int) -> None:
    """Repeats a sample, each time on another day, with other identifiers."""
    text = sample.read_text("utf-8")
    with target.open("w", encoding="utf-8") as file:
        for number in range(size_bytes // len(text) + 1):
            day = f"{2000 + number // 336}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
            fresh = rf"\g<1>{number:08x}"
            file.write(UUID.sub(fresh, text.replace("2026-11-23", day)))


def match_lines(source: Path) -> int:
    """The lines of a log that begin a record."""
    with source.open(encoding="utf-8") as file:
        return sum(LINE.match(line) is not None for line in file)


def run_importer(source: Path) -> tuple[int, int]:
    """(runs, statements) that the importer yields."""
    problems: list[Problem] = []
    runs = statements = 0
    for statement in CtapipeLogImporter().records(source, problems.append):
        statements += 1
        runs += isinstance(statement, FileEvent) and statement.kind is EventKind.RUN
    assert not problems, problems[:3]
    return runs, statements


def cpu_s(function: Callable[[Path], object], source: Path) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    function(source)
    return time.process_time() - start


def main() -> None:
    """Prints rates and the ratio for each kind of log."""
    size_bytes = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 100_000_000
    with tempfile.TemporaryDirectory() as directory:
        for sample in LOGS:
            source = Path(directory) / sample.name
            write_log(sample, source, size_bytes)
            megabytes = source.stat().st_size / 1e6
            runs, statements = run_importer(source)
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            rounds = [
                (cpu_s(match_lines, source), cpu_s(run_importer, source)) for _ in range(ROUNDS)
            ]
            plain, ours = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(
                f"{sample.name}: {megabytes:.0f} MB, {runs} runs, {statements} statements; "
                f"peak memory so far {peak_mb:.0f} MB\n"
                f"  plain loop {plain:6.2f} s CPU  {megabytes / plain:6.1f} MB/s\n"
                f"  importer   {ours:6.2f} s CPU  {megabytes / ours:6.1f} MB/s"
                f"  {ours / plain:.2f} x the time of the plain loop"
            )


if __name__ == "__main__":
    main()
