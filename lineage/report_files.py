"""What a look at the disk found, as people and programs read it on standard output."""

from __future__ import annotations

from typing import Any

from lineage import report
from lineage.disk import DiskReport, FileReport
from lineage.disk_facts import State
from lineage.identifiers import PrefixMap
from lineage.records import Value
from lineage.stores.search import value_text
from lineage.vocabulary import FILE_MODIFIED, FILE_SHA256, FILE_SIZE


def write_files(done: DiskReport, *, all_of_them: bool, as_json: bool) -> None:
    """What a look at the disk found; without ``all_of_them`` only what is not as it should be."""
    if as_json:
        report.write_json(
            {
                "files": [_file(one) for one in done.files],
                "identical": [list(group) for group in done.identical],
                **{state.value: done.count(state) for state in State},
                "skipped": done.count(None),
                "elsewhere": done.elsewhere,
            }
        )
        return
    shown = [
        one
        for one in done.files
        if one.state is not None and (all_of_them or one.state in (State.MISSING, State.CHANGED))
    ]
    if shown:
        rows = (
            (
                one.state.value if one.state else "",
                _text(one.value(FILE_SIZE)),
                _text(one.value(FILE_MODIFIED)),
                _text(one.value(FILE_SHA256))[:12],
                one.path,
                one.identifier,
            )
            for one in shown
        )
        report.write_rows(("state", "bytes", "modified", "sha256", "path", "id"), rows)
    for group in done.identical:
        report.write_line(f"identical: {', '.join(group)}")
    counts = [f"{done.count(state):,} {state.value}" for state in State]
    counts += [f"{len(done.identical):,} groups of identical files"] if done.identical else []
    counts += [f"{done.elsewhere:,} under no access root"] if done.elsewhere else []
    counts += [f"{done.count(None):,} could not be looked at"] if done.count(None) else []
    report.write_line(", ".join(counts))


def _text(value: Value | None) -> str:
    return "" if value is None else value_text(value)


def _file(one: FileReport) -> dict[str, Any]:
    prefixes = PrefixMap()
    return {
        "id": one.identifier,
        "path": one.path,
        "state": one.state.value if one.state else None,
        "reason": one.reason,
        "observed": report.attributes_json(one.observed, prefixes),
    }
