"""``lineage check``: what is missing or contradictory in the store."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage.check import CheckProgress
from lineage.check import check as check_store
from lineage.check_findings import EVERY_KIND, KIND_BY_WORD, FindingKind, Severity
from lineage.command_options import Json, opened, resolved
from lineage.command_streams import StatusLine
from lineage.errors import LineageError
from lineage.report_check import write_check
from lineage.settings import settings_path


def check(
    references: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="REF", help="Only what concerns these, and all that influenced them."
        ),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            "--kinds", help="Kinds of finding, or error, warning and note, separated by commas."
        ),
    ] = None,
    disk: Annotated[
        bool, typer.Option("--disk", help="Look at the files too, below the access roots.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what is missing or contradictory; exit status 1 if anything is, beyond notes."""
    wanted = chosen_kinds(kinds)
    status = StatusLine()

    def show(progress: CheckProgress) -> None:
        done = f" ({progress.done:,})" if progress.done else ""
        status.show(f"{progress.doing}{done}")

    with opened() as (store, settings):
        if disk and not settings.roots:
            raise LineageError(
                f"--disk: no access root is set, so no file may be looked at. Put [[access]] into "
                f"{settings_path()}."
            )
        keys = [resolved(store, one).key for one in references or ()]
        try:
            report = check_store(
                store,
                settings.identity,
                lineage_of=keys,
                kinds=wanted,
                roots=settings.roots if disk else None,
                on_progress=show,
            )
        finally:
            status.clear()
    write_check(report, chosen=kinds is not None, as_json=json)
    if not report.clean:
        raise typer.Exit(1)


def chosen_kinds(text: str | None) -> frozenset[FindingKind]:
    """The kinds that ``--kinds`` names, each or by severity."""
    if text is None:
        return EVERY_KIND
    by_severity = {
        severity.value: [kind for kind in FindingKind if kind.severity is severity]
        for severity in Severity
    }
    found: set[FindingKind] = set()
    for word in (part.strip() for part in text.split(",")):
        if word in by_severity:
            found.update(by_severity[word])
        elif word in KIND_BY_WORD:
            found.add(KIND_BY_WORD[word])
        else:
            raise LineageError(
                f"--kinds: there is no finding {word!r}. There are: "
                f"{', '.join([*by_severity, *KIND_BY_WORD])}."
            )
    return frozenset(found)
