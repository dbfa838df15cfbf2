"""Tree sequences (``.trees``): what their provenance table says, and what they are.

https://tskit.dev/tskit/docs/stable/provenance.html (schema 1.1.0); files of format 12, from tskit,
msprime, tsinfer, tsdate, SLiM 3 and newer, pyslim. Read from the kastore container without tskit;
of the tables themselves only the lengths.

* Each row is an `Activity`: software, parameters, environment, resources, seed. It made a tree
  sequence, an `Entity` known by the digest of the rows so far, and used the one before. So files
  whose tables begin with the same rows (time and record equal, the JSON laid out anyhow) share
  these activities and tree sequences.
* That the rows are a chain is inferred from their order: a tool may add none (pyslim's annotate,
  ``record_provenance=False``), so a tree sequence stands for all that have these rows. Where a
  parameter is said to be the current tree sequence, as msprime does, this use is read.
* The file is a product, known by the uuid that tskit gives it at each dump; the last row's activity
  generated it. It is an alternate of the tree sequence that its rows lead to, for its content may
  differ from that of others with these rows.
* ``union`` keeps the whole provenance of the other tree sequence: it becomes that one's own chain.
* Timestamps are the ends of activities, in local time without zone, as tskit writes them. Where
  files are told apart by time they count as UTC.
* A row that is no JSON, or not as the schema says, is kept and reported. SLiM up to 3.0 has a form
  of its own; newer ones keep the script, which becomes a plan.
* Rows that could be those of any run (a time in whole seconds or none, and no seed) are not shared
  between files before a row that could not.

Lost: order of keys; of repeated keys all but the last; a row that repeats an earlier one; of texts
longer than 64 kB all but beginning and digest (``tskit:cut`` says which); all but the first of
several tree sequences in a file; everything in the tables; what is reported as a problem.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from importers.tskit_activity import ROW_ORDER, StepReader
from importers.tskit_kastore import MAGIC, Kastore
from importers.tskit_record import activity_iri, state_iri
from importers.tskit_rows import RowTable, Step, chain
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.interfaces import Confidence, OnProblem, Problem
from lineage.records import Attributes, EventKind, FileEvent, Relation, Statement, Value, attributes
from lineage.vocabulary import TSKIT, RelationKind

_ROWS = "provenances/record"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LONGEST_TEXT = 1024
_KNOWN_FORMAT = 12
_COUNTED = {
    "nodes": "nodes/time",
    "edges": "edges/left",
    "sites": "sites/position",
    "mutations": "mutations/site",
    "individuals": "individuals/flags",
}
"""Attribute -> a column with one item for each row of the table."""


class TskitImporter:
    """Reads tree sequences of any size; only their provenance table comes into memory."""

    name = "tskit"
    description = "tree sequences (.trees): their provenance tables"
    url = "https://tskit.dev/tskit/docs/stable/provenance.html"
    version = "1"
    describes_files = True

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By kastore's magic, and the name of the table."""
        if not head.startswith(MAGIC):
            return Confidence.NO
        return Confidence.CERTAIN if _ROWS.encode() in head else Confidence.SHAPE

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """What the table says, row by row, and at last the file.

        Raises:
            SourceError: it is no kastore file, or none with a provenance table.
        """
        with source.open("rb") as file:
            store = Kastore(file, source, on_problem)
            if _ROWS not in store.arrays:
                name = store.text("format/name", _LONGEST_TEXT)
                problem = f"is a kastore file without provenance table (format {name!r}). "
                raise SourceError(source, "byte 64", problem + "Is it a tree sequence?")
            _check_format(store, on_problem)
            uuid = store.text("uuid", 36).lower()
            product = uuid if _UUID.fullmatch(uuid) else None
            table = RowTable(store, on_problem)
            reader = StepReader(lambda place, text: on_problem(Problem(place, text, 0)))
            last: Step | None = None
            for step in chain(lambda: table, product or str(source.absolute())):
                yield from reader.statements(step, f"/provenances/{step.parsed.row.number}")
                last = step
            position = 0 if last is None else last.position + 1
            repeated = len(table) - position
            facts = attributes([*_facts(store, product, table.claimed, repeated)])
            yield from _file(source, product, facts, last, table)


def _check_format(store: Kastore, on_problem: OnProblem) -> None:
    version = store.numbers("format/version", 2)
    if version and version[0] != _KNOWN_FORMAT:
        message = f"format version {version[0]} is not known; read as {_KNOWN_FORMAT}."
        on_problem(Problem(f"byte {store.arrays['format/version'].start}", message, 0))


def _facts(
    store: Kastore, product: str | None, rows: int, repeated: int
) -> Iterator[tuple[str, Value]]:
    """What the file is."""
    if product is not None:
        yield TSKIT + "file_uuid", product
    version = store.numbers("format/version", 2)
    if version:
        yield TSKIT + "format_version", ".".join(map(str, version))
    length = store.numbers("sequence_length", 1)
    if length and math.isfinite(length[0]):
        yield TSKIT + "sequence_length", float(length[0])
    units = store.text("time_units", _LONGEST_TEXT)
    if units:
        yield TSKIT + "time_units", units
    for name, column in _COUNTED.items():
        if column in store.arrays:
            yield TSKIT + name, store.length(column)
    yield TSKIT + "provenance_rows", rows
    if not rows:
        yield TSKIT + "note", "no provenance rows: nothing tells how it was made"
    if repeated:
        yield TSKIT + "repeated_rows", repeated


def _file(
    source: Path, product: str | None, facts: Attributes, last: Step | None, table: RowTable
) -> Iterator[Statement]:
    """The file itself: made by the last activity, or, without any, described only."""
    path = str(source.absolute())
    if last is None:
        carried = product is not None
        yield FileEvent(
            EventKind.STATE, path, product=product, product_counts=carried, attributes=facts
        )
        return
    evidence = ROW_ORDER if table.is_whole else f"{ROW_ORDER}, of which some cannot be read"
    yield FileEvent(
        EventKind.GENERATION,
        path,
        activity_iri(last.after),
        stop=last.parsed.time,
        product=product,
        product_counts=product is not None,
        attributes=facts,
        relation_attributes=((v.EVIDENCE, evidence),),
    )
    if product is not None:
        yield Relation(
            RelationKind.ALTERNATE,
            state_iri(last.after),
            f"urn:uuid:{product}",
            attributes=((v.EVIDENCE, evidence),),
        )
