"""``lineage watch``: what happens, line by line, until a signal or idleness ends it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from lineage import report
from lineage.command_options import Json, program, say
from lineage.command_signals import ending_on_signals
from lineage.command_streams import StatusLine
from lineage.errors import LineageError
from lineage.session import Progress, open_store
from lineage.watch import Pace, Watch
from lineage.watched import News, Tally


def watch(
    directories: Annotated[
        list[Path], typer.Argument(metavar="DIRECTORY...", help="Looked through with all below.")
    ],
    interval: Annotated[
        float, typer.Option("--interval", min=0.05, help="Seconds between two looks.")
    ] = 2.0,
    settle: Annotated[
        float,
        typer.Option("--settle", min=0.0, help="Seconds a file must stay the same to be imported."),
    ] = 2.0,
    patience: Annotated[
        float,
        typer.Option(
            "--patience",
            min=0.0,
            help="Seconds without change after which a half-written file is a failure.",
        ),
    ] = 30.0,
    until_idle: Annotated[
        float | None,
        typer.Option(
            "--until-idle", min=0.0, help="End after so many seconds with nothing left to do."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Import what appears or grows in directories, until it is ended by Ctrl-C or a signal."""
    for directory in directories:
        if not directory.is_dir():
            raise LineageError(f"{directory}: there is no such directory to watch.")
    settings = program.settings()
    spec = program.store or settings.store
    if spec == "memory":
        raise LineageError(
            "the memory store ends with this command. Watch into --store embedded, or "
            "--store bolt://...."
        )
    teller = _Teller(directories, as_json=json)
    watching = Watch(
        directories,
        settings,
        lambda: open_store(spec, settings),
        pace=Pace(interval, settle, patience, until_idle),
        tell=teller.tell,
        on_progress=teller.progress,
        on_look=teller.show,
    )
    with ending_on_signals(lambda _: watching.stop()):
        tally = watching.run()
    teller.end(tally)
    if tally.problems or tally.interrupted:
        raise typer.Exit(1)


class _Teller:
    """Writes what happens: for people, or one JSON document a line."""

    def __init__(self, directories: list[Path], *, as_json: bool) -> None:
        self._watched = ", ".join(map(str, directories))
        self._as_json = as_json
        self._status = StatusLine()
        self._last = ""
        if not self._status.visible:
            say(f"watching {self._watched}")

    def tell(self, news: News) -> None:
        """One thing that happened."""
        if self._as_json:
            self._write(_news_json(news))
            return
        self._status.clear()
        sys.stdout.write(report.one_line(f"{_clock()} {_sentence(news)}") + "\n")
        sys.stdout.flush()

    def progress(self, progress: Progress) -> None:
        """How far an import is."""
        self._status.show(
            f"{progress.path.name}: {report.counted_noun(progress.records, 'record')} "
            f"(file {progress.index + 1} of {progress.total})"
        )

    def show(self, tally: Tally) -> None:
        """What was done so far, between two looks."""
        words = [f"watching {self._watched}:", _done(tally)]
        if tally.waiting:
            words.append(f"{tally.waiting} waiting")
        self._status.show(" ".join(words))

    def end(self, tally: Tally) -> None:
        """The summary."""
        self._status.clear()
        if self._as_json:
            self._write(_tally_json(tally))
            return
        for path, problems in tally.problems.items():
            for problem in problems[:5]:
                place = f"{path}:{problem.place}" if problem.place else path
                say(report.one_line(f"skipped {place}: {problem.message}"))
            if len(problems) > 5:
                say(report.one_line(f"skipped {len(problems) - 5} more places in {path}"))
        ended = "interrupted amid an import, which the next one takes up. " * tally.interrupted
        say(f"{ended}{_done(tally)}, {report.counted_noun(tally.records, 'record')}")
        if tally.waiting:
            waiting = report.counted_noun(tally.waiting, "file")
            say(f"{waiting} not taken yet: the next watch, or an import, takes what is there.")

    def _write(self, content: dict[str, Any]) -> None:
        self._status.clear()
        sys.stdout.write(json.dumps(content, ensure_ascii=True) + "\n")
        sys.stdout.flush()


def _clock() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sentence(news: News) -> str:
    words = f"{news.kind.value} {news.path}".rstrip()
    if news.report is None:
        return f"{words}: {news.message}"
    done = news.report
    return f"{words} ({done.importer}): {report.counted_noun(done.records, 'record')}"


def _news_json(news: News) -> dict[str, Any]:
    content: dict[str, Any] = {"event": news.kind.value, "time": _clock()}
    if news.path:
        content["path"] = news.path
    if news.message:
        content["message"] = news.message
    if news.report is not None:
        done = news.report
        content |= {"importer": done.importer, "records": done.records, "new": done.new}
        content["skipped"] = report.problems_json(done.problems)
        content["notes"] = report.notes_json(done.notes)
    return content


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {
        "event": "end",
        "time": _clock(),
        "imported": tally.imported,
        "grown": tally.grown,
        "unchanged": tally.unchanged,
        "remembered": tally.remembered,
        "unknown": tally.unknown,
        "waiting": tally.waiting,
        "records": tally.records,
        "interrupted": tally.interrupted,
        "problems": {
            path: report.problems_json(problems) for path, problems in tally.problems.items()
        },
    }


def _done(tally: Tally) -> str:
    known = tally.unchanged + tally.remembered
    words = f"{tally.imported} imported, {tally.grown} grown, {known} unchanged, "
    return words + f"{tally.unknown} of no known format, {len(tally.problems)} with problems"
