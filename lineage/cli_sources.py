"""``lineage sources`` and ``lineage forget``: what was imported, and how to take it out again."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage import report_sources
from lineage.command_options import Json, opened, say
from lineage.forgetting import forget as forget_source
from lineage.forgetting import said_by
from lineage.graph_store import Source
from lineage.source_names import several, sources_named, unknown


def sources(json: Json = False) -> None:
    """List what was imported: content, format, records, where it was seen."""
    with opened() as (store, _):
        report_sources.write_list(store.sources(), as_json=json)


def forget(
    references: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE...", help="A path at which it was seen, or its SHA-256."),
    ],
    all_: Annotated[
        bool,
        typer.Option("--all", help="Every source that is meant, where a path stands for several."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Remove what a source says, and nothing else; the file itself is not touched."""
    with opened() as (store, settings):
        chosen: dict[str, Source] = {}
        wrong = 0
        for reference in references:
            found = sources_named(store, reference)
            if not found or (len(found) > 1 and not all_):
                said = several(reference, found) + " Or say --all." if found else unknown(reference)
                say(f"lineage: {said}")
                wrong += 1
                continue
            chosen |= {source.key: source for source in found}
        done = [
            said_by(store, source) if dry_run else forget_source(store, source, settings)
            for source in chosen.values()
        ]
        report_sources.write_forgotten(done, dry_run=dry_run, as_json=json)
    if wrong:
        raise typer.Exit(1 if chosen else 2)
