"""``lineage files``: what became of the files that the graph mentions."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage.command_options import Json, opened, resolved, say
from lineage.command_streams import StatusLine
from lineage.disk import DiskProgress, DiskReport, look_at_files
from lineage.errors import LineageError
from lineage.report_files import write_files
from lineage.settings import settings_path


def files(
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REF...]", help="Only these: an IRI, a path or its end, a name."),
    ] = None,
    hash_: Annotated[
        bool,
        typer.Option("--hash", help="Read each file to its end for its SHA-256."),
    ] = False,
    json: Json = False,
) -> None:
    """Look at the files on the disk: present, missing, changed, identical."""
    status = StatusLine()

    def show(progress: DiskProgress) -> None:
        hashed = ""
        if progress.hashed_bytes:
            done = 100 * progress.hashed_bytes // max(progress.size_bytes, 1)
            hashed = f", {done} % of {progress.size_bytes:,} bytes"
        status.show(f"{progress.path} (file {progress.index + 1} of {progress.total}{hashed})")

    with opened() as (store, settings):
        if not settings.roots:
            raise LineageError(
                f"no access root is set, so no file may be looked at. Put [[access]] into "
                f"{settings_path()}."
            )
        keys = [resolved(store, one).key for one in references] if references else None
        try:
            done = look_at_files(store, settings.roots, keys, hashed=hash_, on_progress=show)
        finally:
            status.clear()
    write_files(done, all_of_them=bool(references), as_json=json)
    if done.count(None):
        for one in done.files:
            if one.state is None:
                say(f"skipped {one.reason}")
        raise typer.Exit(2 if _nothing_seen(done) else 1)
    if references and _nothing_seen(done):
        say("lineage: nothing of this lies under an access root.")
        raise typer.Exit(2)


def _nothing_seen(done: DiskReport) -> bool:
    return done.count(None) == len(done.files)
