"""PROV-O in Turtle -> records: the prov library beside this project, on the same document.

    python -m benchmarks.provo [--records 55000] [--runs 3]

CPU seconds, medians, in one process. The document is that of `benchmarks.turtle`. The other formats
that go through prov are read by the importers beside prov's own readers.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from prov.model import ProvDocument

from benchmarks.turtle import NAMESPACES, cpu_s, night
from lineage import export
from lineage.interfaces import Importer
from lineage.interop import to_prov
from lineage.records import Namespace, Record
from lineage.registry import importers


def read(importer: Importer, source: Path) -> int:
    """Records that an importer yields."""
    problems: list[object] = []
    found = sum(1 for one in importer.records(source, problems.append) if _is_record(one))
    assert not problems, problems[:3]
    return found


def _is_record(statement: object) -> bool:
    return not isinstance(statement, Namespace)


def theirs(source: Path, format_: str, **options: str) -> int:
    """Records that prov reads."""
    return len(ProvDocument.deserialize(str(source), format=format_, **options).get_records())


def write(directory: Path, records: list[Record]) -> dict[str, Path]:
    """The same document in each format."""
    written = {}
    for name in ("turtle", "ntriples", "jsonld", "prov-n"):
        stream = io.BytesIO()
        export.write(name, records, NAMESPACES, stream)
        written[name] = directory / f"night{export.FORMATS[name].suffix}"
        written[name].write_bytes(stream.getvalue())
    document = to_prov(records, NAMESPACES)
    for name, format_, suffix in (
        ("prov-xml", "xml", ".xml"),
        ("prov-jsonld", "jsonld", ".prov.jsonld"),
    ):
        written[name] = directory / f"night{suffix}"
        document.serialize(str(written[name]), format=format_)
    document.serialize(str(directory / "night.rdf"), format="rdf", rdf_format="xml")
    written["rdf/xml"] = directory / "night.rdf"
    return written


def main() -> None:
    """Prints all rates, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=55_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    records = list(night(options.records))
    known = importers()
    with tempfile.TemporaryDirectory() as directory:
        files = write(Path(directory), records)
        ours = {
            name: partial(read, known[name if name in known else "prov-o"], path)
            for name, path in files.items()
        }
        prov = {
            "turtle": partial(theirs, files["turtle"], "rdf", rdf_format="turtle"),
            "prov-n": partial(theirs, files["prov-n"], "provn"),
            "prov-xml": partial(theirs, files["prov-xml"], "xml"),
            "prov-jsonld": partial(theirs, files["prov-jsonld"], "jsonld"),
        }
        print(f"{len(records)} records; median CPU of {options.runs} runs")
        for name, work in ours.items():
            assert work() == len(records), name
            mine = median(work, options.runs)
            line = f"{name:12} lineage {mine:7.2f} s {len(records) / mine:9,.0f} records/s"
            if name in prov:
                other = median(prov[name], options.runs)
                line += f"   prov {other:7.2f} s {len(records) / other:9,.0f} records/s"
                line += f"   {other / mine:4.1f} x"
            print(line)


def median(work: Callable[[], object], runs: int) -> float:
    """CPU seconds."""
    return statistics.median(cpu_s(work) for _ in range(runs))


if __name__ == "__main__":
    main()
