"""Records -> Turtle: the prov library beside this project, on the same document, in one process.

    python -m benchmarks.turtle [--records 55000] [--runs 3]

CPU seconds, medians. The document is what lstosa leaves of a night: activities with times, files
with paths, uses and generations with roles, software agents.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

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
        source, product = f"{FILES}R0/run{run:05d}.{name}.fits", f"{FILES}DL1/run{run:05d}.{name}.h5"
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


def cpu_s(work: Callable[[], object], runs: int) -> float:
    """Median CPU seconds of one call."""
    taken = []
    for _ in range(runs):
        before = time.process_time()
        work()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


def main() -> None:
    """Prints both rates and their ratio."""
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
    print(f"{len(records)} records, {triples} triples; median CPU of {options.runs} runs")
    peer = cpu_s(lambda: document.serialize(format="rdf", rdf_format="turtle"), options.runs)
    print(f"{'prov, turtle':24}{peer:8.3f} s {triples / peer:12,.0f} triples/s")
    for name in export.FORMATS:
        own = cpu_s(
            lambda name=name: export.write(name, records, NAMESPACES, io.BytesIO()), options.runs
        )
        ratio = f"{peer / own:8.0f} x prov" if name == "turtle" else ""
        print(f"{'lineage, ' + name:24}{own:8.3f} s {triples / own:12,.0f} triples/s{ratio}")


if __name__ == "__main__":
    main()
