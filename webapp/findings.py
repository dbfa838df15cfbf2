"""The check page: findings by kind with counts, each with links to its records.

Messages quote imported text, so everything is text and every link is one into this app.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from dash import html

from lineage.check import with_ancestors
from lineage.check_findings import CheckReport, Finding, FindingKind, Severity
from lineage.graph_store import GraphStore
from lineage.subgraph import StoredElement
from webapp.checking import Checks, CheckStopped
from webapp.labels import clean, count, shorten
from webapp.marks import kind_words, mark
from webapp.references import element_of, reference
from webapp.tags import aria
from webapp.view import View, address, focused

MOST_OF_A_KIND = 20
"""Findings of each kind that are listed together with others."""
MOST_LISTED = 500
"""Findings listed of one kind alone."""
_MOST_RECORDS = 12
_MOST_SOURCES = 5
_LONGEST_NAME = 120
_BADGES = {Severity.ERROR: "failed", Severity.WARNING: "overwritten", Severity.NOTE: ""}
"""How a severity is painted, as states of records are."""


def check_page(store: GraphStore, checks: Checks, view: View) -> list[Any]:
    """What was found, in all of the store or in the lineage of one record.

    Raises:
        CheckStopped: the store is too large to be checked here.
        NotInStore, AmbiguousReference: the view's focus is no record.
    """
    focus = element_of(store, view.focus) if view.focus else None
    report = checks.report(store)
    if focus is not None:
        report = report.about(with_ancestors(store, [focus.key]))
    counts = report.counts()
    wanted = [kind for kind in counts if view.kind in ("", kind.word)]
    most = MOST_LISTED if view.kind else MOST_OF_A_KIND
    groups = {
        kind: list(islice(findings, most))
        for kind, findings in groupby(report.findings, key=lambda finding: finding.kind)
        if kind in wanted
    }
    elements = _elements(store, groups)
    return [
        html.H1("Check"),
        html.P(
            "What is missing or contradictory. A note is worth knowing and needs nothing done.",
            className="note",
        ),
        *_scope(focus, view),
        _tiles(report),
        *_chips(counts, view),
        *(
            _group(kind, findings, counts[kind], view, report, elements)
            for kind, findings in groups.items()
        ),
        *([] if groups else [_nothing(report, view)]),
        html.P(_looked_through(report), className="note"),
    ]


def stopped(error: CheckStopped) -> list[Any]:
    """Why nothing is shown."""
    return [
        html.H1("Check"),
        html.Div(
            [html.H2("Not checked"), html.P(clean(str(error)))],
            className="message",
            role="alert",
        ),
    ]


def _elements(
    store: GraphStore, groups: Mapping[FindingKind, Sequence[Finding]]
) -> dict[str, StoredElement]:
    keys = dict.fromkeys(
        key
        for findings in groups.values()
        for finding in findings
        for key in finding.records[:_MOST_RECORDS]
    )
    return {element.key: element for element in store.read(keys)}


def _scope(focus: StoredElement | None, view: View) -> list[Any]:
    if focus is None:
        return []
    return [
        html.P(
            [
                "Only what concerns ",
                _link(focus),
                " and all that influenced it. ",
                html.A("Check everything", href=address(view, focus="")),
            ],
            className="scope",
        )
    ]


def _tiles(report: CheckReport) -> html.Div:
    def tile(severity: Severity) -> html.Div:
        number = report.count(severity)
        words = severity.value if number == 1 else f"{severity.value}s"
        return html.Div(
            [
                html.Div(f"{number:,}", className="tile-number"),
                html.Div(words, className="tile-name"),
            ],
            className=f"tile is-{severity.value if number else 'none'}",
        )

    return html.Div([tile(severity) for severity in Severity], className="tiles")


def _chips(counts: Mapping[FindingKind, int], view: View) -> list[Any]:
    if not counts:
        return []
    every = {} if view.kind else aria(current="true")
    chips = [html.A("All", href=address(view, kind=""), className="chip", **every)]
    for kind, number in counts.items():
        current = aria(current="true") if view.kind == kind.word else {}
        chips.append(
            html.A(
                [kind.word, html.Span(f"{number:,}", className="chip-count")],
                href=address(view, kind=kind.word),
                className=f"chip is-{kind.severity.value}",
                title=kind.sentence,
                **current,
            )
        )
    return [html.Nav(chips, className="chips", **aria(label="Kinds of finding"))]


def _group(
    kind: FindingKind,
    findings: Sequence[Finding],
    number: int,
    view: View,
    report: CheckReport,
    elements: Mapping[str, StoredElement],
) -> html.Details:
    badge = _BADGES[kind.severity]
    return html.Details(
        [
            html.Summary(
                [
                    html.H2(kind.word),
                    html.Span(f"{number:,}", className="number"),
                    html.Span(kind.severity.value, className=f"badge {badge}".strip()),
                    html.Span(kind.sentence, className="note"),
                ]
            ),
            *_rest(kind, len(findings), number, view),
            html.Ul([_finding(finding, report, elements) for finding in findings]),
        ],
        className="card findings",
        open=kind.severity is not Severity.NOTE or view.kind == kind.word,
    )


def _rest(kind: FindingKind, listed: int, number: int, view: View) -> list[Any]:
    if listed == number:
        return []
    said = f"The first {listed:,} of {number:,}. "
    more: Any = html.A("List more", href=address(view, kind=kind.word))
    if view.kind:
        more = f"All of them: lineage check --kinds {kind.word}"
    return [html.P([said, more], className="note cut")]


def _finding(
    finding: Finding, report: CheckReport, elements: Mapping[str, StoredElement]
) -> html.Li:
    shown = finding.records[:_MOST_RECORDS]
    left = len(finding.records) - len(shown)
    links = [_link(elements[key]) if key in elements else html.Code(clean(key)) for key in shown]
    return html.Li(
        [
            html.P(clean(finding.message)),
            html.Div(
                [*links, *([html.Span(f"and {left:,} more", className="note")] if left else [])],
                className="records",
            ),
            *_sources(finding, report),
        ]
    )


def _link(element: StoredElement) -> html.A:
    return html.A(
        [html.Span(className=f"glyph {mark(element).kind}"), shorten(element.name, _LONGEST_NAME)],
        href=focused(View(), reference(element.key)),
        title=f"{kind_words(element)} {clean(element.identifier)}",
        className="record",
    )


def _sources(finding: Finding, report: CheckReport) -> list[Any]:
    paths = [next(iter(report.source_paths.get(key, ())), key) for key in finding.sources]
    if not paths:
        return []
    names = [
        html.Span(clean(path.rpartition("/")[2]), title=clean(path))
        for path in paths[:_MOST_SOURCES]
    ]
    parts: list[Any] = [part for name in names for part in (name, ", ")][:-1]
    left = len(paths) - len(names)
    more = [f" and {left:,} more"] if left else []
    return [html.P(["Said by ", *parts, *more], className="note")]


def _nothing(report: CheckReport, view: View) -> html.Div:
    if not report.checked.get("records"):
        text = "Nothing is stored yet. Import what your tools left behind: lineage import DIRECTORY"
    elif view.kind:
        text = f"There is no finding of the kind {view.kind}."
    else:
        text = "Nothing is missing or contradictory."
    return html.Div([html.H2("Nothing found"), html.P(text)], className="message", role="status")


def _looked_through(report: CheckReport) -> str:
    checked = report.checked
    parts = [
        count(checked["entities"], "entity", "entities"),
        count(checked["activities"], "activity", "activities"),
        count(checked["relations"], "relation"),
        count(checked["file_events"], "file event"),
        count(checked["sources"], "source"),
    ]
    return f"Looked through {', '.join(parts)}. The disk: lineage check --disk"
