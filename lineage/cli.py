"""The command line: ``lineage``. Data goes to standard output, everything else to standard error.

Exit status: 0 all done, 1 something was skipped or is wrong, 2 nothing could be done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from lineage import __version__, deciding, export, queries, registry, report, report_sources
from lineage.alternates import with_alternates
from lineage.cli_check import check
from lineage.cli_files import files
from lineage.cli_guesses import decide, decisions, guess
from lineage.cli_import import import_
from lineage.cli_sources import forget, sources
from lineage.cli_watch import watch
from lineage.command_options import (
    Alternates,
    Depth,
    Guessed,
    Json,
    Kinds,
    Limit,
    Reference,
    followed,
    opened,
    program,
    relation_kinds,
    resolved,
    say,
    say_if_cut,
)
from lineage.command_streams import output_stream, prepare_streams, progress_line
from lineage.errors import LineageError
from lineage.graph_store import CypherStore, Direction, GraphStore
from lineage.records import Record
from lineage.session import import_paths, open_store
from lineage.source_names import source_named
from lineage.stores.memory import MemoryStore
from lineage.subgraph import Subgraph

app = typer.Typer(
    name="lineage",
    help="Where does this file come from, and what did it influence?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _Way(Enum):
    ANCESTORS = "ancestors"
    DESCENDANTS = "descendants"
    BOTH = "both"


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"lineage {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    store: Annotated[
        str | None,
        typer.Option(
            help="memory, embedded, embedded:DIR, bolt://HOST:PORT or neo4j://HOST; "
            "by default what LINEAGE_STORE or the settings name, else embedded.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    program.store = store


app.command("import")(import_)
app.command()(watch)
app.command()(files)
app.command()(check)
app.command()(sources)
app.command()(forget)
app.command()(guess)
app.command()(decide)
app.command()(decisions)


@app.command()
def stats(json: Json = False) -> None:
    """Counts of everything in the store, and its digest."""
    with opened() as (store, _):
        report_sources.write_stats(store, as_json=json)


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="Part of a name, path or id; or ATTRIBUTE=VALUE.")],
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Find records by name, path, identifier or attribute."""
    with opened() as (store, _):
        report.write_found(queries.find(store, text, limit=limit), as_json=json)


@app.command()
def show(reference: Reference, json: Json = False) -> None:
    """Show one record with its attributes, relations and access links."""
    with opened() as (store, settings):
        key = resolved(store, reference).key
        shown = queries.show(with_alternates(store).store, key)
        report.write_shown(shown, queries.prefix_map(store), settings.roots, as_json=json)


@app.command()
def ancestors(
    reference: Reference,
    depth: Depth = None,
    limit: Limit = 300,
    kinds: Kinds = None,
    alternates: Alternates = False,
    guesses: Guessed = False,
    json: Json = False,
) -> None:
    """List everything that influenced a record."""
    _walk(queries.ancestors, reference, depth, limit, kinds, alternates, guesses, json)


@app.command()
def descendants(
    reference: Reference,
    depth: Depth = None,
    limit: Limit = 300,
    kinds: Kinds = None,
    alternates: Alternates = False,
    guesses: Guessed = False,
    json: Json = False,
) -> None:
    """List everything that a record influenced."""
    _walk(queries.descendants, reference, depth, limit, kinds, alternates, guesses, json)


def _walk(
    walk: Any,
    reference: str,
    depth: int | None,
    limit: int,
    kinds: str | None,
    alternates: bool,
    guesses: bool,
    as_json: bool,
) -> None:
    with opened() as (store, _):
        start = resolved(store, reference).key
        seen, chosen = followed(store, kinds, alternates=alternates, guessed=guesses)
        found: Subgraph = walk(seen, start, depth=depth, limit=limit, kinds=chosen)
        report.write_subgraph(found, as_json=as_json)
        say_if_cut(seen)


@app.command()
def path(
    start: Reference,
    end: Reference,
    limit: Limit = 300,
    kinds: Kinds = None,
    alternates: Alternates = False,
    guesses: Guessed = False,
    json: Json = False,
) -> None:
    """List what lies on the chains of influence between two records."""
    with opened() as (store, _):
        ends = resolved(store, start).key, resolved(store, end).key
        seen, chosen = followed(store, kinds, alternates=alternates, guessed=guesses)
        report.write_subgraph(queries.paths(seen, *ends, limit=limit, kinds=chosen), as_json=json)
        say_if_cut(seen)


@app.command()
def cypher(query: str, json: Json = False) -> None:
    """Ask the graph in Cypher, read-only."""
    with opened() as (store, _):
        if not isinstance(store, CypherStore):
            raise LineageError(
                "the memory store answers no Cypher. Import into --store embedded, or "
                "--store bolt://..., and ask there."
            )
        report.write_table(store.cypher(query), as_json=json)


@app.command("export")
def export_(
    format_: Annotated[
        str, typer.Option("--format", "-f", help=", ".join(export.FORMATS), metavar="FORMAT")
    ],
    reference: Annotated[
        str | None, typer.Argument(metavar="[REF]", help="Only what a walk from here reaches.")
    ] = None,
    direction: Annotated[
        _Way, typer.Option(help="With REF: what influenced it, what it influenced, or both.")
    ] = _Way.ANCESTORS,
    depth: Depth = None,
    kinds: Kinds = None,
    source: Annotated[
        str | None, typer.Option(help="Only what one source says: its path or sha256.")
    ] = None,
    unqualified: Annotated[
        bool,
        typer.Option("--unqualified", help="RDF: every relation's short form too, for SPARQL."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; standard output by default.")
    ] = None,
) -> None:
    """Export the whole graph, one source, or a walk's result."""
    if format_ not in export.FORMATS:
        raise LineageError(f"no format {format_!r}; there are: {', '.join(export.FORMATS)}.")
    if reference is not None and source is not None:
        raise LineageError("--source: give it or REF, not both: a walk crosses many sources.")
    walks = depth is not None or kinds is not None or direction is not _Way.ANCESTORS
    if reference is None and walks:
        raise LineageError("--depth, --kinds and --direction: they need a REF to walk from.")
    with opened() as (store, _):
        records: Iterator[Record]
        if reference is None:
            key = source_named(store, source).key if source else None
            # what users decided belongs to no source, and is outside of the digest
            decided = deciding.records(store) if key is None else iter(())
            records = chain(store.records(key), decided)
        else:
            start = resolved(store, reference).key
            chosen = relation_kinds(kinds)
            way = None if direction is _Way.BOTH else Direction(direction.value)
            found = queries.reached(store, start, way, depth=depth, kinds=chosen)
            keys = {element.key for element in found.elements}
            records = chain(found.records(), deciding.records(store, keys))
        with output_stream(output) as stream:
            written = export.write(
                format_, records, store.namespaces(), stream, unqualified=unqualified
            )
        say(f"{written:,} records written as {format_}")


@app.command()
def serve(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH...]", help="Show only these, from a throw-away store."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8050,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Nobody can decide about guesses there.")
    ] = False,
) -> None:
    """Start the explorer in a browser."""
    from webapp.serve import serve as serve_app

    settings = program.settings()
    spec = program.store
    if paths:
        store: GraphStore = MemoryStore()
        with progress_line() as on_progress:
            done = import_paths(store, paths, settings, on_progress=on_progress)
        report.write_import(done, report.console(stderr=True))
    else:
        store = open_store(spec, settings)
    reopen = None if paths else lambda: open_store(spec, settings)
    try:
        serve_app(
            store,
            settings,
            host=host,
            port=port,
            open_browser=not no_open,
            reopen=reopen,
            # what is decided in a throw-away store would be gone with it
            read_only=read_only or bool(paths),
        )
    finally:
        store.close()


@app.command()
def stop() -> None:
    """Stop the embedded engine, if it lingers."""
    from lineage.stores.embedded import default_directory
    from lineage.stores.embedded import stop as stop_engine

    spec = program.store or program.settings().store
    kind, _, rest = spec.partition(":")
    if kind != "embedded":
        raise LineageError(f"--store {kind}: only the embedded engine can be stopped.")
    stopped = stop_engine(Path(rest).expanduser() if rest else default_directory())
    say("the embedded engine was stopped." if stopped else "no embedded engine is running.")


@app.command()
def importers() -> None:
    """List the source formats that can be imported."""
    report.write_importers(registry.importers().values())


@app.command()
def attributes() -> None:
    """List the attributes that importers and identity write, with their meaning."""
    report.write_attributes()


def main() -> None:
    """Runs the command line."""
    prepare_streams()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except LineageError as error:
        say(f"lineage: {error}")
        sys.exit(2)
    except OSError as error:
        # what is left in the buffer would fail once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(1)
        say(f"lineage: {error.filename or 'standard output'}: {error.strerror}.")
        sys.exit(2)
