"""``lineage import``: its report, and how it ends when it is interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage import registry, report
from lineage.command_options import Json, opened, say
from lineage.command_signals import ending_on_signals
from lineage.command_streams import progress_line
from lineage.session import ImportReport, OnProgress, Progress, Stopped, import_paths


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or directories.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Any skipped place is fatal; nothing is written then.")
    ] = False,
    format_: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="FORMAT", help="Read every file as this format."),
    ] = None,
    json: Json = False,
) -> None:
    """Import files, and all that is recognised in directories."""
    importer = None if format_ is None else registry.importer(format_)
    ending = _Ending()
    with opened() as (store, settings):
        try:
            with progress_line() as show, ending_on_signals(ending.ask):
                done: ImportReport = import_paths(
                    store,
                    paths,
                    settings,
                    strict=strict,
                    importer=importer,
                    on_progress=ending.watched(show),
                    on_wait=lambda who: say(f"lineage: {who} Waiting for it."),
                )
        except (Stopped, KeyboardInterrupt) as error:
            say(f"lineage: {ending.sentence}")
            raise typer.Exit(128 + ending.number) from error
        if json:
            report.write_json(report.import_json(done))
        else:
            report.write_import(done)
        if done.nothing_done:
            raise typer.Exit(2)
        if not done.complete:
            raise typer.Exit(1)


class _Ending:
    """Whether the import was asked to end, and how far it was."""

    def __init__(self) -> None:
        self.number = 2
        """Of the signal; that of Ctrl-C where Python tells of it in its own way."""
        self._asked = False
        self._last: Progress | None = None

    def ask(self, number: int) -> None:
        """Ends the import after the batch that is under way; at once where none is."""
        self.number = number
        self._asked = True
        if self._last is None:
            raise KeyboardInterrupt
        say("lineage: ending in a moment. Once more ends it at once, which loses nothing either.")

    def watched(self, show: OnProgress) -> OnProgress:
        """``show``, which ends the import too."""

        def on_progress(progress: Progress) -> None:
            self._last = progress
            show(progress)
            if self._asked:
                raise Stopped

        return on_progress

    @property
    def sentence(self) -> str:
        """What was done, and what to do."""
        at = self._last
        if at is None:
            return "interrupted before anything was read. Run the same command again."
        count = report.counted_noun(at.records, "record")
        amid = f" and {count} of {at.path.name}" if at.records else ""
        return (
            f"interrupted after {at.index:,} of {report.counted_noun(at.total, 'file')}{amid}. "
            "The same command again goes on there."
        )
