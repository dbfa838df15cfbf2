"""The sources of a store as nodes: what was imported, and how far."""

from __future__ import annotations

from typing import Any

import neo4j

from lineage.graph_store import Source, Written
from lineage.interfaces import Mark
from lineage.stores.bolt_connection import rows, run
from lineage.stores.bolt_values import Row, clean, stored_line
from lineage.stores.cypher_texts import cypher_text


def source_of(row: Row) -> Source:
    """The source of a row of ``sources``."""
    offset = row["mark_offset"]
    return Source(
        key=row["key"],
        paths=tuple(row["paths"] or ()),
        importer=row["importer"],
        importer_version=row["importer_version"],
        size_bytes=row["size_bytes"],
        records=row["records"],
        skipped=row["skipped"],
        recorded_at=row["recorded_at"] and row["recorded_at"].to_native(),
        complete=row["complete"],
        # stores made before sources could grow have none of these
        content=row["content"] or row["key"],
        mark=None if offset is None else Mark(offset, row["mark_state"] or ""),
        records_before=row["records_before"] or 0,
        skipped_before=row["skipped_before"] or 0,
        written=_written(row["written"]),
    )


def begin(tx: neo4j.ManagedTransaction, source: Source) -> None:
    """Registers a source, or adds a path to a known one, incomplete if its content is another."""
    known = rows(tx, cypher_text("known_source"), key=source.key)
    paths = {*source.paths, *(known[0]["paths"] if known else ())}
    complete = bool(known and known[0]["complete"])
    if known and (known[0]["content"] or source.key) != source.content:
        complete = False
    run(
        tx,
        cypher_text("begin_source"),
        key=source.key,
        properties=_properties(source),
        recorded_at=source.recorded_at and source.recorded_at.isoformat(),
        paths=[clean(path) for path in sorted(paths)],
        complete=complete,
    )


def advance(tx: neo4j.ManagedTransaction, source: str, written: Written) -> None:
    """Notes how far the import of a source came."""
    line = f"{written.of} {written.statements} {written.said}"
    run(tx, cypher_text("advance_source"), key=source, written=line)


def finish(tx: neo4j.ManagedTransaction, source: Source) -> None:
    """Marks a source as complete, with its counts, content and mark."""
    known = rows(tx, cypher_text("known_source"), key=source.key)
    paths = known[0]["paths"] if known else list(source.paths)
    run(
        tx,
        cypher_text("finish_source"),
        key=source.key,
        properties=_properties(source),
        recorded_at=source.recorded_at and source.recorded_at.isoformat(),
        paths=[clean(path) for path in paths],
    )


def _properties(source: Source) -> dict[str, Any]:
    return {
        "importer": source.importer,
        "importer_version": source.importer_version,
        "size_bytes": source.size_bytes,
        "records": source.records,
        "skipped": source.skipped,
        "content": source.content,
        "mark_offset": source.mark and source.mark.offset,
        "mark_state": source.mark and stored_line(source.mark.state),
        "records_before": source.records_before,
        "skipped_before": source.skipped_before,
        "written": None,
    }


def _written(line: str | None) -> Written | None:
    """What `advance` noted."""
    if line is None:
        return None
    of, statements, said = line.split(" ")
    return Written(of, int(statements), said)
