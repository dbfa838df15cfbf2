"""What a check found, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from lineage.check_findings import CheckReport, Finding, FindingKind, Severity, counted
from lineage.report import one_line, write_json, write_line

_NAMES_SHOWN = 6


def check_json(report: CheckReport) -> dict[str, Any]:
    """A check's report for programs."""
    return {
        "findings": [
            {
                "kind": finding.kind.word,
                "severity": finding.kind.severity.value,
                "message": finding.message,
                "records": list(finding.records),
                "sources": [
                    {"key": key, "paths": list(report.source_paths.get(key, ()))}
                    for key in finding.sources
                ],
            }
            for finding in report.findings
        ],
        "counts": {
            **{severity.value: report.count(severity) for severity in Severity},
            **{kind.word: number for kind, number in report.counts().items()},
        },
        "checked": dict(report.checked),
    }


def write_check(report: CheckReport, *, chosen: bool, as_json: bool) -> None:
    """A check's report.

    Args:
        report: What was found.
        chosen: Somebody asked for certain kinds: notes among them are listed too, not only counted.
        as_json: For programs, which get everything.
    """
    if as_json:
        write_json(check_json(report))
        return
    for kind, findings in groupby(report.findings, key=lambda finding: finding.kind):
        if chosen or kind.severity is not Severity.NOTE:
            _write_kind(kind, list(findings), report)
    for line in summary(report, chosen=chosen):
        write_line(line)


def _write_kind(kind: FindingKind, findings: Sequence[Finding], report: CheckReport) -> None:
    write_line(f"{kind.word} ({kind.severity.value}, {len(findings):,}): {kind.sentence}")
    for finding in findings:
        write_line(f"  {one_line(finding.message)}")
        paths = [next(iter(report.source_paths.get(key, ())), key) for key in finding.sources]
        for title, names in (("records", finding.records), ("sources", paths)):
            if names:
                left = len(names) - _NAMES_SHOWN
                more = f" and {left:,} more: --json lists all" if left > 0 else ""
                some = one_line(", ".join(names[:_NAMES_SHOWN]))
                write_line(f"    {title}  {some}{more}")
    write_line("")


def summary(report: CheckReport, *, chosen: bool) -> list[str]:
    """How much was found, and in how much."""
    errors, warnings = (report.count(one) for one in (Severity.ERROR, Severity.WARNING))
    found = [counted(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    none = "no error or warning of these kinds" if chosen else "nothing is missing or contradictory"
    lines = [" and ".join(found) or none]
    by_kind = [
        f"{kind.word} {number:,}"
        for kind, number in report.counts().items()
        if kind.severity is Severity.NOTE
    ]
    if by_kind:
        told = f"{counted(report.count(Severity.NOTE), 'note')} ({', '.join(by_kind)})"
        lines.append(told if chosen else f"{told}: --kinds note lists them")
    parts = [f"{number:,} {word.replace('_', ' ')}" for word, number in report.checked.items()]
    lines.append(f"looked through: {', '.join(parts)}")
    return lines
