"""ctapipe provenance log -> statements, beside plain JSON parsing of the same text.

    python benchmarks/ctapipe.py [MB]

Writes a log of about that size (100 MB unless said otherwise) from the sample logs, every activity
with uuids of its own, and reads it by turns with the importer and with ``json`` alone. Times are
CPU seconds, medians of three.
"""

from __future__ import annotations

import json
import re
import resource
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from importers.ctapipe import CtapipeImporter
from lineage.interfaces import Problem
from lineage.records import Activity

SAMPLES = Path(__file__).parent.parent / "tests" / "data" / "ctapipe" / "work32"
ROUNDS = 3
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def write_log(target: Path, size_bytes: int) -> None:
    """Repeats the samples, each time with fresh uuids that still agree among themselves."""
    texts = [path.read_text("utf-8") for path in sorted(SAMPLES.rglob("*.provenance.log"))]
    with target.open("w", encoding="utf-8") as file:
        while file.tell() < size_bytes:
            fresh: dict[str, str] = {}
            for text in texts:
                file.write(
                    _UUID.sub(lambda m: fresh.setdefault(m[0], str(uuid.uuid4())), text)  # noqa: B023
                )


def parse_alone(source: Path) -> int:
    """The activities of a log, by ``json`` and nothing else, with all of it in memory."""
    text, at, count = source.read_text("utf-8"), 0, 0
    decoder = json.JSONDecoder()
    while at < len(text):
        activities, at = decoder.raw_decode(text, at)
        count += len(activities)
    return count


def run_importer(source: Path) -> tuple[int, int]:
    """(activities, statements) that the importer yields."""
    problems: list[Problem] = []
    activities = statements = 0
    for statement in CtapipeImporter().records(source, problems.append):
        statements += 1
        activities += isinstance(statement, Activity)
    assert not problems, problems[:3]
    return activities, statements


def cpu_s(function: Callable[[Path], object], source: Path) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    function(source)
    return time.process_time() - start


def main() -> None:
    """Prints rates and the ratio."""
    size_bytes = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 100_000_000
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "many.provenance.log"
        write_log(source, size_bytes)
        megabytes = source.stat().st_size / 1e6
        activities, statements = run_importer(source)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        written = parse_alone(source)
        print(f"{megabytes:.0f} MB, {written} activities written, {activities} of them distinct, ")
        print(f"{statements} statements; peak memory of the importer's process {peak_mb:.0f} MB")
        rounds = [(cpu_s(parse_alone, source), cpu_s(run_importer, source)) for _ in range(ROUNDS)]
    alone, ours = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"json alone : {alone:6.2f} s CPU  {megabytes / alone:6.1f} MB/s")
    print(
        f"importer   : {ours:6.2f} s CPU  {megabytes / ours:6.1f} MB/s"
        f"  {activities / ours:8.0f} activities/s  {statements / ours:8.0f} statements/s"
    )
    print(f"ratio      : {ours / alone:.2f} x the time of json alone")


if __name__ == "__main__":
    main()
