"""What `lineage stats`, `lineage sources` and `lineage forget` write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lineage.forgetting import Said
from lineage.graph_store import GraphStore, Source
from lineage.queries import digest
from lineage.report import counted_noun, one_line, write_json, write_line, write_rows


def write_stats(store: GraphStore, *, as_json: bool) -> None:
    """Counts of a store, and its digest."""
    stats = store.stats()
    content = {
        "entities": stats.entities,
        "activities": stats.activities,
        "agents": stats.agents,
        "relations": dict(stats.relations),
        "sources": stats.sources,
        "digest": digest(store),
    }
    if as_json:
        write_json(content)
        return
    write_line(f"store       {store.description}")
    for name in ("entities", "activities", "agents", "sources"):
        write_line(f"{name:<12}{content[name]:,}")
    for keyword, count in stats.relations.items():
        write_line(f"  {keyword:<18}{count:,}")
    write_line(f"digest      {content['digest']}")
    _write_table(store.sources())


def source_json(source: Source) -> dict[str, Any]:
    """A source for programs; ``recorded_at`` in UTC."""
    return {
        "key": source.key,
        "content": source.content,
        "paths": list(source.paths),
        "importer": source.importer,
        "importer_version": source.importer_version,
        "size_bytes": source.size_bytes,
        "records": source.records,
        "skipped": source.skipped,
        "complete": source.complete,
        "recorded_at": source.recorded_at.isoformat() if source.recorded_at else None,
    }


def write_list(sources: Sequence[Source], *, as_json: bool) -> None:
    """The sources of a store."""
    if as_json:
        write_json([source_json(source) for source in sources])
    elif sources:
        _write_table(sources)
    else:
        write_line("the store has no sources yet.")


def write_forgotten(forgotten: Sequence[Said], *, dry_run: bool, as_json: bool) -> None:
    """What was forgotten, or would be."""
    if as_json:
        rows = [
            {
                **source_json(one.source),
                "removed_records": one.records,
                "removed_events": one.events,
            }
            for one in forgotten
        ]
        write_json({"forgotten": rows, "dry_run": dry_run})
        return
    for one in forgotten:
        word = "would forget" if dry_run else "forgot"
        records = counted_noun(one.records, "record")
        events = counted_noun(one.events, "file event")
        where = ", ".join(one.source.paths)
        write_line(one_line(f"{word} {one.source.content[:12]} {where}: {records}, {events}"))


def _write_table(sources: Sequence[Source]) -> None:
    """The sources of a store as a table; nothing where there are none."""
    if sources:
        rows = (
            (
                s.content[:12],
                s.importer,
                f"{s.records:,}",
                str(s.skipped or "") if s.complete else "interrupted",
                one_line(", ".join(s.paths)),
            )
            for s in sources
        )
        write_rows(("source", "format", "records", "skipped", "paths"), rows)
