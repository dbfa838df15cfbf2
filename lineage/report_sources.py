"""What `lineage sources` and `lineage forget` write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lineage.forgetting import Said
from lineage.graph_store import Source
from lineage.report import counted_noun, plain, write_json, write_line, write_sources


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
        write_sources(sources)
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
        write_line(plain(f"{word} {one.source.content[:12]} {where}: {records}, {events}"))
