"""Answers as people and programs read them on standard output: tables, and JSON."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from lineage.access import AccessRoot, links
from lineage.graph_store import Found, Table
from lineage.identifiers import PrefixMap
from lineage.interfaces import Importer, Problem
from lineage.queries import Shown
from lineage.records import Attributes, Value
from lineage.session import ImportReport, Outcome, SourceReport
from lineage.stores.search import value_text
from lineage.subgraph import StoredElement, StoredRelation, Subgraph
from lineage.vocabulary import OUR_ATTRIBUTES, PROV_ROLE

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_PROBLEMS_SHOWN = 20


def plain(text: str) -> str:
    """``text`` without what steers a terminal or cannot be written; imported text is hostile."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """``text`` as `plain` leaves it, on one line: a name could pass its second line for another."""
    return plain(text).replace("\n", "\N{REPLACEMENT CHARACTER}")


def write_json(content: Any) -> None:
    """Writes one JSON document to standard output."""
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=True) + "\n")


def console(*, stderr: bool = False) -> Console:
    """Where tables are written; a pipe has no width, so that nothing is cut there."""
    made = Console(stderr=stderr)
    return made if made.is_terminal else Console(width=10_000, stderr=stderr)


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Writes a table to standard output."""
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(Text(plain(column)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console().print(table)


def write_line(text: str) -> None:
    """Writes a line to standard output."""
    sys.stdout.write(plain(text) + "\n")


def problems_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Places that were skipped, for programs."""
    return [
        {"place": p.place, "message": p.message, "records_lost": p.records_lost} for p in problems
    ]


def notes_json(notes: Iterable[Problem]) -> list[dict[str, Any]]:
    """What else is to be known of a source, for programs."""
    return [{"place": note.place, "message": note.message} for note in notes]


def import_json(report: ImportReport) -> dict[str, Any]:
    """An import's report for programs."""
    return {
        "sources": [
            {
                "path": one.path,
                "outcome": one.outcome.value,
                "importer": one.importer or None,
                "records": one.records,
                "new": one.new,
                "resumed": one.resumed,
                "skipped": problems_json(one.problems),
                "notes": notes_json(one.notes),
            }
            for one in report.sources
        ],
        **{outcome.value: report.count(outcome) for outcome in Outcome},
        "records": sum(one.records for one in report.sources),
        "skipped": sum(len(one.problems) for one in report.sources),
        "complete": report.complete,
    }


def write_import(report: ImportReport, out: Console | None = None) -> None:
    """An import's report for people: what was taken, and each place that was not."""
    out = out or console()
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("file", "format", "outcome"):
        table.add_column(column, overflow="fold")
    for column in ("records", "skipped"):
        table.add_column(column, justify="right")
    for one in report.sources:
        if one.outcome is not Outcome.UNKNOWN:
            table.add_row(
                Text(one_line(one.path)),
                one.importer,
                f"{one.outcome.value}, resumed" if one.resumed else one.outcome.value,
                f"{one.records:,}",
                str(len(one.problems)) if one.problems else "",
            )
    if table.row_count:
        out.print(table)
    for one in report.sources:
        _print_problems(out, one)
    if not report.sources:
        out.print("there is no file to import.")
    unknown = [one.path for one in report.sources if one.outcome is Outcome.UNKNOWN]
    if unknown:
        names = ", ".join(one_line(path) for path in unknown[:5])
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        out.print(
            Text(f"{counted_noun(len(unknown), 'file')} that no importer knows: {names}{more}")
        )
    total = sum(one.records for one in report.sources)
    skipped = sum(len(one.problems) for one in report.sources)
    grown = report.count(Outcome.GROWN)
    out.print(
        f"{report.count(Outcome.IMPORTED)} imported, {f'{grown} grown, ' if grown else ''}"
        f"{report.count(Outcome.UNCHANGED)} unchanged, "
        f"{report.count(Outcome.FAILED)} failed: {counted_noun(total, 'record')}, "
        f"{counted_noun(skipped, 'place')} skipped"
    )
    if report.resumed:
        out.print(
            f"{counted_noun(report.resumed, 'file')} resumed: written from where an interrupted "
            "import had stopped"
        )


def _print_problems(out: Console, one: SourceReport) -> None:
    for word, told in (("skipped", one.problems), ("note:", one.notes)):
        for problem in told[:_PROBLEMS_SHOWN]:
            place = f"{one.path}:{problem.place}" if problem.place else one.path
            out.print(Text(one_line(f"{word} {place}: {problem.message}")))
        if len(told) > _PROBLEMS_SHOWN:
            more = len(told) - _PROBLEMS_SHOWN
            out.print(Text(one_line(f"{word} {more} more places in {one.path}: --json lists all")))


def _kind(element: StoredElement) -> str | None:
    return element.kind.keyword if element.kind else None


def _record(element: StoredElement) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": element.identifier,
        "kind": _kind(element),
        "name": element.name,
    }
    if element.bundle is not None:
        row["bundle"] = element.bundle
    return row


def _relation(stored: StoredRelation) -> dict[str, Any]:
    relation = stored.relation
    row: dict[str, Any] = {
        "kind": relation.kind.keyword,
        "subject": relation.subject,
        "object": relation.object,
    }
    if relation.bundle is not None:
        row["bundle"] = relation.bundle
    return row


def write_found(found: Found, *, as_json: bool) -> None:
    """The answer of a search."""
    if as_json:
        write_json(
            {
                "records": [_record(element) for element in found.elements],
                "found": found.found,
                "truncated": found.found > len(found.elements),
            }
        )
        return
    rows = ((e.name, _kind(e) or "", e.identifier) for e in found.elements)
    write_rows(("name", "kind", "id"), rows)
    write_line(_counted(len(found.elements), found.found))


def counted_noun(count: int, noun: str) -> str:
    """``1 record``, ``2,000 records``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _counted(shown: int, found: int) -> str:
    if shown == found:
        return f"{found:,} found"
    return f"showing {shown:,} of {found:,}: --limit shows more"


def json_value(value: Value) -> Any:
    """An attribute's value as JSON: finite numbers and booleans natively, all else as text."""
    native = isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))
    return value if native else value_text(value)


def attributes_json(items: Attributes, prefixes: PrefixMap) -> dict[str, Any]:
    """Attributes by CURIE; several values as a list."""
    grouped: dict[str, list[Any]] = {}
    for name, value in items:
        grouped.setdefault(prefixes.compact(name), []).append(json_value(value))
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}


def write_shown(
    shown: Shown, prefixes: PrefixMap, roots: tuple[AccessRoot, ...], *, as_json: bool
) -> None:
    """One record with its attributes, relations and access links."""
    element = shown.element
    access = links(element, roots)
    if as_json:
        content = _record(element) | {
            "attributes": attributes_json(element.attributes, prefixes),
            "observed": attributes_json(element.observed, prefixes),
            "relations": [
                _relation(stored)
                | {"attributes": attributes_json(stored.relation.attributes, prefixes)}
                for stored in shown.relations
            ],
            "relations_left_out": shown.left_out,
            "access": [
                {
                    "path": link.path,
                    "local": link.local,
                    "available": link.available,
                    "reason": link.reason,
                }
                for link in access
            ],
            "aliases": list(element.aliases),
            "stub": element.stub,
            "sources": list(element.sources),
        }
        write_json(content)
        return
    write_line(f"{element.name}  ({_kind(element) or 'not declared'})")
    write_line(element.identifier)
    rows = [
        (prefixes.compact(name), _shortened(value_text(value)))
        for name, value in element.attributes
    ]
    if rows:
        write_rows(("attribute", "value"), rows)
    seen = [
        (prefixes.compact(name), _shortened(value_text(value))) for name, value in element.observed
    ]
    if seen:
        write_rows(("seen on the disk", "value"), seen)
    ends = {key: other.name for key, other in shown.others.items()} | {element.key: element.name}
    related = [
        (
            ends.get(stored.subject_key or "", "-"),
            stored.relation.kind.keyword,
            ends.get(stored.object_key or "", "-"),
            _role(stored),
        )
        for stored in shown.relations
    ]
    if related:
        write_rows(("subject", "relation", "object", "role"), related)
    if shown.left_out:
        write_line(f"{shown.left_out:,} more relations are not shown")
    for link in access:
        where = f"opens {link.local}" if link.available else link.reason
        write_line(f"file {link.path}: {where}")


def _role(stored: StoredRelation) -> str:
    return ", ".join(value_text(value) for value in stored.relation.values(PROV_ROLE))


def _shortened(text: str, most: int = 300) -> str:
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[:most]}... ({left_out:,} more characters: --json)"


def write_subgraph(subgraph: Subgraph, *, as_json: bool) -> None:
    """What a walk found, nearest first."""
    start = subgraph.start
    named = next((e.identifier for e in subgraph.elements if e.key == start), start)
    if as_json:
        write_json(
            {
                "start": named,
                "records": [
                    _record(element) | {"depth": subgraph.depths[element.key]}
                    for element in subgraph.elements
                ],
                "relations": [_relation(stored) for stored in subgraph.relations],
                "found": subgraph.found,
                "truncated": subgraph.truncated,
            }
        )
        return
    rows = (
        (str(subgraph.depths[e.key]), e.name, _kind(e) or "", e.identifier)
        for e in subgraph.elements
    )
    write_rows(("depth", "name", "kind", "id"), rows)
    write_line(_counted(len(subgraph.elements), subgraph.found))


def write_table(table: Table, *, as_json: bool) -> None:
    """The answer to a Cypher query."""
    if as_json:
        write_json(
            {
                "columns": list(table.columns),
                "rows": [list(row) for row in table.rows],
                "truncated": table.truncated,
                "limits": list(table.limits),
            }
        )
        return
    write_rows(table.columns, ([_cell(value) for value in row] for row in table.rows))
    write_line(counted_noun(len(table.rows), "row"))
    for limit in table.limits:
        write_line(limit)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def write_importers(importers: Iterable[Importer]) -> None:
    """The importers that are installed."""
    rows = ((i.name, i.description, i.url) for i in importers)
    write_rows(("name", "reads", "specified at"), rows)


def write_attributes() -> None:
    """The attributes that importers and identity write."""
    prefixes = PrefixMap()
    rows = ((prefixes.compact(iri), text) for iri, text in sorted(OUR_ATTRIBUTES.items()))
    write_rows(("attribute", "meaning"), rows)
