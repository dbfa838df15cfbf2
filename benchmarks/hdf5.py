"""HDF5 headers -> statements, beside h5py reading nothing but the root attributes.

    python -m benchmarks.hdf5 [FILES]

Copies the demonstration's HDF5 files (some 45 objects and 1,400 attributes each) until there are so
many, 320 unless said otherwise, and reads them by turns with the importer, which opens them in a
process of its own, and with h5py in this process, which opens a file and reads the attributes of
its root. Times are CPU seconds of all processes, medians of three; the process that reads is
started anew each time, and that is counted.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py

from importers.hdf5 import Hdf5Importer
from importers.hdf5_process import READER
from lineage.interfaces import Problem

SAMPLES = sorted((Path(__file__).parent.parent / "demo" / "work32").rglob("*.h5"))
ROUNDS = 3


def copies(directory: Path, count: int) -> list[Path]:
    """So many files in a directory."""
    found = []
    for number in range(count):
        target = directory / f"{number}.h5"
        shutil.copyfile(SAMPLES[number % len(SAMPLES)], target)
        found.append(target)
    return found


def root_attributes(paths: list[Path]) -> int:
    """How many attributes the roots have, every one of them read."""
    count = 0
    for path in paths:
        with h5py.File(path, locking=False) as file:
            count += len(dict(file.attrs))
    return count


def run_importer(paths: list[Path]) -> int:
    """The statements that the importer yields."""
    problems: list[Problem] = []
    importer, count = Hdf5Importer(), 0
    for path in paths:
        count += sum(1 for _ in importer.records(path, problems.append))
    READER.stop()
    assert not problems, problems[:3]
    return count


def times_s(function: Callable[[list[Path]], object], paths: list[Path]) -> tuple[float, float]:
    """CPU seconds of this process and its children, and seconds by the clock."""

    def cpu() -> float:
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, kinds))

    begin, clock = cpu(), time.monotonic()
    function(paths)
    return cpu() - begin, time.monotonic() - clock


def main() -> None:
    """Prints rates and the ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 320
    with tempfile.TemporaryDirectory() as directory:
        paths = copies(Path(directory), count)
        print(f"{count} files; {root_attributes(paths) / count:.0f} attributes on each root")
        rounds = [(times_s(root_attributes, paths), times_s(run_importer, paths))
                  for _ in range(ROUNDS)]  # fmt: skip
    for name, column in zip(("h5py alone", "importer"), zip(*rounds, strict=True), strict=True):
        cpu, clock = (statistics.median(part) for part in zip(*column, strict=True))
        rate = f"{count / cpu:6.0f} files/s of CPU  {count / clock:6.0f} files/s by the clock"
        print(f"{name:10} : {cpu:6.2f} s CPU  {rate}")
    alone, ours = (
        statistics.median(cpu for cpu, _ in column) for column in zip(*rounds, strict=True)
    )
    print(f"ratio      : {ours / alone:.1f} x the time of h5py for the root attributes alone")


if __name__ == "__main__":
    main()
