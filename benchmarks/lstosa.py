"""prov.log -> statements, beside the way in which lstosa itself reads it, and `ast.literal_eval`.

    python -m benchmarks.lstosa [LINES]

Writes a log of about that many lines (100,000 unless said otherwise) from the sample log, every
activity with digits and times of its own, and reads it by turns with ``yaml.safe_load`` line by
line (lstosa's ``read_prov``), with ``ast.literal_eval`` and with the importer. The slow ones read
the first lines only. Times are CPU seconds, medians of three.
"""

from __future__ import annotations

import ast
import re
import resource
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import yaml

from importers.lstosa import LstosaImporter
from lineage.interfaces import Problem

SAMPLE = Path(__file__).parent.parent / "tests" / "data" / "lstosa" / "v0.10.10_run" / "prov.log"
ROUNDS = 3
PEER_LINES = {"yaml.safe_load, as lstosa": 418, "ast.literal_eval": 4180}
_DIGITS = re.compile(r"'activity_id': '([0-9a-f]{6})'")
_TIME = re.compile(r"(?<=T)\d\d:\d\d:\d\d(?=\.\d{6})")


def write_log(target: Path, lines: int) -> int:
    """Repeats the sample with fresh digits and times; how many lines that makes."""
    text = SAMPLE.read_text("utf-8")
    written = 0
    with target.open("w", encoding="utf-8") as file:
        while written < lines:
            fresh: dict[str, str] = {}
            clock = f"{written // 3600 % 24:02}:{written // 60 % 60:02}:{written % 60:02}"

            def renamed(match: re.Match[str], fresh: dict[str, str] = fresh) -> str:
                return f"'activity_id': '{fresh.setdefault(match[1], uuid.uuid4().hex[-6:])}'"

            file.write(_TIME.sub(clock, _DIGITS.sub(renamed, text)))
            written += text.count("\n")
    return written


def read_as(parse: Callable[[str], object], source: Path, lines: int) -> None:
    """Reads the first lines as lstosa does: cut at the prefix, then parsed."""
    with source.open(encoding="utf-8") as file:
        for line in islice(file, lines):
            parse(line.split("__PROV__")[-1].strip())


def run_importer(source: Path) -> int:
    """Statements that the importer yields."""
    problems: list[Problem] = []
    statements = sum(1 for _ in LstosaImporter().records(source, problems.append))
    assert not problems, problems[:3]
    return statements


def cpu_s(function: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def main() -> None:
    """Prints rates and ratios."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "prov.log"
        lines = write_log(source, wanted)
        megabytes = source.stat().st_size / 1e6
        statements = run_importer(source)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{lines} lines, {megabytes:.0f} MB, {statements} statements; peak memory of the ")
        print(f"importer's process {peak_mb:.0f} MB")
        parsers = (yaml.safe_load, ast.literal_eval)
        rates: dict[str, float] = {}
        for (name, some), parse in zip(PEER_LINES.items(), parsers, strict=True):
            times = [cpu_s(lambda p=parse, n=some: read_as(p, source, n)) for _ in range(ROUNDS)]
            rates[name] = some / statistics.median(times)
            print(f"{name:26}: {rates[name]:9.0f} lines/s")
        ours_s = statistics.median(cpu_s(lambda: run_importer(source)) for _ in range(ROUNDS))
    print(f"{'importer':26}: {lines / ours_s:9.0f} lines/s  {megabytes / ours_s:.1f} MB/s")
    for name, rate in rates.items():
        print(f"ratio: {lines / ours_s / rate:.1f} x the rate of {name}")


if __name__ == "__main__":
    main()
