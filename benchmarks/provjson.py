"""PROV-JSON -> records: our importer beside the `prov` library, in one run.

Run it as ``python -m benchmarks.provjson [--records 55000] [--runs 5] [--large 1000000]``. Each
reading is a process of its own, which tells its CPU time and its peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TextIO

FILES_PER_ACTIVITY = 4


def write_document(file: TextIO, records: int) -> int:
    """Writes a document of about this many records, shaped as lstosa's merged ones are.

    Returns:
        How many it has: activities with times, a session and parameters; file entities; usages and
        generations with roles; one agent.
    """
    random = Random(20200117)
    activities = max(1, (records - 1) // (1 + 2 * FILES_PER_ACTIVITY))
    steps = [f"{random.getrandbits(24):06x}{at:06x}" for at in range(activities)]
    files = [f"{random.getrandbits(128):032x}" for _ in range(activities * FILES_PER_ACTIVITY)]
    file.write('{"prefix": {"id": "id:", "default": "param:"}')
    _section(file, "entity", len(files), lambda at: (f"id:{files[at]}", _entity(at, files[at])))
    _section(file, "activity", activities, lambda at: (f"id:{steps[at]}", _activity(at)))
    _section(file, "agent", 1, lambda _: ("id:lstosa", {"prov:type": "SoftwareAgent"}))
    used = len(files) // 2
    _section(file, "used", used, lambda at: _relation(at, steps[at % activities], files[at]))
    made = len(files) - used
    _section(
        file,
        "wasGeneratedBy",
        made,
        lambda at: _relation(used + at, steps[at % activities], files[used + at]),
    )
    file.write("}\n")
    return len(files) * 2 + activities + 1


def _section(
    file: TextIO, keyword: str, count: int, member: Callable[[int], tuple[str, Any]]
) -> None:
    file.write(f', "{keyword}": {{')
    for at in range(count):
        key, value = member(at)
        file.write(f"{', ' if at else ''}{json.dumps(key)}: {json.dumps(value)}")
    file.write("}")


def _entity(at: int, name: str) -> dict[str, str]:
    return {
        "prov:label": "DL1SubrunDataset",
        "prov:type": "File",
        "filepath": f"/data/DL1/20200117/v0.10/dl1_LST-1.Run{at // 200:05}.{at % 200:04}.h5",
        "hash": name,
    }


def _activity(at: int) -> dict[str, str]:
    return {
        "prov:label": "r0_to_dl1",
        "prov:startTime": f"2020-01-17T{at // 3600 % 24:02}:{at // 60 % 60:02}:{at % 60:02}.123456",
        "prov:endTime": f"2020-01-18T{at // 3600 % 24:02}:{at // 60 % 60:02}:{at % 60:02}.654321",
        "in_session": str(uuid.UUID(int=at)),
    }


def _relation(at: int, step: str, name: str) -> tuple[str, dict[str, str]]:
    return f"_:id{at}", {
        "prov:activity": f"id:{step}",
        "prov:entity": f"id:{name}",
        "prov:role": "Subrun dataset",
    }


def read_with_prov(path: Path) -> Callable[[], int]:
    """Counts the records that `prov` reads."""
    from prov.model import ProvDocument

    return lambda: len(ProvDocument.deserialize(str(path)).get_records())


def read_with_importer(path: Path) -> Callable[[], int]:
    """Counts the records that the importer streams; a problem ends it."""
    from importers.provjson import ProvJsonImporter
    from lineage.interfaces import Problem
    from lineage.records import Namespace

    def refuse(problem: Problem) -> None:
        raise RuntimeError(problem)

    def count() -> int:
        statements = ProvJsonImporter().records(path, refuse)
        return sum(type(statement) is not Namespace for statement in statements)

    return count


READERS = {"prov": read_with_prov, "lineage": read_with_importer}


def _reading(reader: str, path: Path) -> None:
    """Prints what one reading took, as JSON; runs in a process of its own."""
    read = READERS[reader](path)  # what is imported is not counted
    before = time.process_time()
    records = read()
    cpu_s = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"records": records, "cpu_s": cpu_s, "peak_bytes": peak}))


def measured(reader: str, path: Path, runs: int) -> dict[str, float]:
    """Medians over some readings, each in a new process."""
    command = [sys.executable, "-m", "benchmarks.provjson", "--reading", reader, str(path)]
    results = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(runs)
    ]
    return {key: statistics.median(one[key] for one in results) for key in results[0]}


def _shown(reader: str, result: dict[str, float]) -> None:
    rate = result["records"] / result["cpu_s"]
    print(
        f"{reader:10} {result['records']:9,.0f} records {result['cpu_s']:7.2f} s CPU "
        f"{rate:10,.0f} records/s {result['peak_bytes'] / 1e6:7.0f} MB"
    )


def main() -> None:
    """Compares the readers on one document, then streams a large one."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--records", type=int, default=55_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", type=int, default=1_000_000, help="0 leaves it out")
    parser.add_argument("--reading", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reading:
        _reading(options.reading[0], Path(options.reading[1]))
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "document.json")
        with path.open("w") as file:
            write_document(file, options.records)
        print(f"PROV-JSON of {path.stat().st_size / 1e6:.1f} MB, medians of {options.runs} runs")
        results = {reader: measured(reader, path, options.runs) for reader in READERS}
        for reader, result in results.items():
            _shown(reader, result)
        print(f"ratio      {results['prov']['cpu_s'] / results['lineage']['cpu_s']:.1f}")
        if options.large:
            with path.open("w") as file:
                write_document(file, options.large)
            print(f"PROV-JSON of {path.stat().st_size / 1e6:.0f} MB, streamed once")
            _shown("lineage", measured("lineage", path, 1))


if __name__ == "__main__":
    main()
