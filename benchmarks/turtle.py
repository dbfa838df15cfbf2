"""Records -> Turtle: the prov library beside this project, on the same document, in one process.

    python -m benchmarks.turtle [--records 55000] [--runs 3]

CPU seconds, medians. The document is what lstosa leaves of a night: activities with times, files
with paths, uses and generations with roles, software agents.
"""

from __future__ import annotations

import argparse
import gc
import io
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from lineage import export
from lineage import vocabulary as v
from lineage.interop import to_prov
from lineage.records import (
    Activity,
    Agent,
    Entity,
    Iri,
    Namespace,
    Record,
    Relation,
    attributes,
)
from lineage.vocabulary import RelationKind

OSA = "urn:osa:"
FILES = "file:///fefs/aswg/data/real/"
NAMESPACES = [Namespace("osa", OSA), Namespace("data", FILES)]
RECORDS_PER_STEP = 6


def night(records: int) -> Iterator[Record]:
    """About so many records of an analysis that turns each file into the next."""
    start = datetime(2020, 1, 17, 20, 0, tzinfo=UTC)
    agent = OSA + "lstchain-0.9.6"
    yield Agent(agent, attributes([(v.PROV_TYPE, Iri(v.PROV + "SoftwareAgent"))]))
    for step in range(records // RECORDS_PER_STEP):
        run, name = divmod(step, 4)
        activity = f"{OSA}{step:06x}"
        source, product = (
            f"{FILES}R0/run{run:05d}.{name}.fits",
            f"{FILES}DL1/run{run:05d}.{name}.h5",
        )
        begin = start + timedelta(seconds=step)
        yield Entity(
            product,
            attributes(
                [
                    (v.PROV_TYPE, Iri(OSA + "DL1File")),
                    (v.PROV_LABEL, f"DL1 of run {run} part {name}"),
                    (v.PROV_LOCATION, product.removeprefix("file://")),
                    (OSA + "subrun", name),
                ]
            ),
        )
        yield Activity(
            activity,
            attributes(
                [
                    (v.PROV_TYPE, Iri(OSA + "r0_to_dl1")),
                    (v.PROV_START, begin),
                    (v.PROV_END, begin + timedelta(seconds=37)),
                    (OSA + "session", run),
                ]
            ),
        )
        role = attributes([(v.PROV_ROLE, "raw data")])
        yield Relation(RelationKind.USAGE, activity, source, attributes=role)
        role = attributes([(v.PROV_ROLE, "DL1 data")])
        yield Relation(RelationKind.GENERATION, product, activity, attributes=role)
        yield Relation(RelationKind.DERIVATION, product, source)
        yield Relation(RelationKind.ASSOCIATION, activity, agent)


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of one call; what was there before it is not searched for garbage."""
    gc.collect()
    gc.freeze()
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> None:
    """Prints all rates, and the ratio for Turtle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=55_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    records = list(night(options.records))
    lines = io.BytesIO()
    export.write("ntriples", records, NAMESPACES, lines)
    triples = lines.getvalue().count(b"\n")
    document = to_prov(records, NAMESPACES)
    work: dict[str, Callable[[], object]] = {
        "prov, turtle": lambda: document.serialize(format="rdf", rdf_format="turtle")
    }
    for name in export.FORMATS:
        work[f"lineage, {name}"] = partial(_write, name, records)
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(options.runs):
        for name, call in work.items():
            taken[name].append(cpu_s(call))
    median = {name: statistics.median(seconds) for name, seconds in taken.items()}
    print(f"{len(records)} records, {triples} triples; median CPU of {options.runs} runs")
    for name, seconds in median.items():
        print(f"{name:20}{seconds:8.3f} s {triples / seconds:12,.0f} triples/s")
    ratio = median["prov, turtle"] / median["lineage, turtle"]
    print(f"turtle: {ratio:.0f} x prov")


def _write(name: str, records: list[Record]) -> int:
    return export.write(name, records, NAMESPACES, io.BytesIO())


if __name__ == "__main__":
    main()
