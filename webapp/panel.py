"""Details as components. Everything from a source is text; every address goes through safe_url."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html

from lineage.access import AccessLink, safe_url
from webapp.labels import clean, shorten
from webapp.marks import STATE_WORDS
from webapp.sections import Details, Link, Row, Section
from webapp.tags import data
from webapp.view import View, address, focused

_FIRST_LINKS = 12
_FIRST_LETTERS = 60
_OPEN = "button open"
_RELATED = ("", "Findings", "Made by", "Comes from", "Led to", "Also related")
"""Sections about what an element is and what it has to do with."""


def panel(
    about: Details, token: str, access: Sequence[AccessLink], guesses: Sequence[Any] = ()
) -> list[Any]:
    """The whole panel.

    Args:
        access: The ways to the bytes, in the order of their numbers at the file endpoint.
        guesses: What may be the same thing; stands behind what it is related to.
    """
    place = max((n for n, s in enumerate(about.sections, 1) if s.title in _RELATED), default=0)
    here = focused(View(), about.reference)
    return [
        html.Header(
            [
                html.Div(
                    [
                        html.Span(className=f"glyph {about.paint}"),
                        html.Span(about.kind, className="kind"),
                        *(
                            html.Span(words, className=f"badge {state}")
                            for state, words in about.badges
                        ),
                    ],
                    className="panel-kind",
                ),
                html.H2(about.name, title=about.name),
            ]
        ),
        *_access(about, access),
        html.Div(
            [
                html.A("Focus here", href=here, className="button", **data(keep="", focus=token)),
                html.Button("Expand", className="button", **data(act="toggle", token=token)),
                html.A(
                    "Check",
                    href=address(View(page="check", focus=about.reference)),
                    className="button",
                    title="What is missing or contradictory in all that it comes from",
                ),
                html.Button("Copy link", className="button", **data(act="copy-link")),
                html.Button(
                    "Copy id",
                    className="button",
                    title=about.identifier,
                    **data(act="copy-id", value=about.identifier),
                ),
            ],
            className="actions",
        ),
        *(_section(section) for section in about.sections[:place]),
        *guesses,
        *(_section(section) for section in about.sections[place:]),
        html.Details(
            [html.Summary("Identifier"), html.Code(about.identifier, className="identifier")],
            className="section",
            open=False,
        ),
    ]


def _access(about: Details, access: Sequence[AccessLink]) -> list[Any]:
    """A button for each way to the bytes; where there is none, why."""
    buttons: list[Any] = []
    for number, link in enumerate(access):
        outside = link.path.lower().startswith(("http://", "https://"))
        address = safe_url(link.path) if outside else None
        name = clean(link.path.rstrip("/").rpartition("/")[2] or link.path)
        if not link.available or (outside and address is None):
            buttons.append(html.P(["Cannot be opened: ", clean(link.reason)], className="note"))
        elif address is not None:
            more: dict[str, Any] = {"target": "_blank", "rel": "noopener noreferrer"}
            buttons.append(html.A(f"Visit {name} ↗", href=address, className="button", **more))
        else:
            href = "/file?" + urlencode({"of": about.reference, "link": number})
            title = clean(link.path)
            buttons.append(
                html.A("Download file", href=href, className=_OPEN, title=title, download="")
            )
    return [html.Div(buttons, className="access")] if buttons else []


def _section(section: Section) -> html.Details | html.Div:
    number = "" if section.rows or len(section.links) < 4 else str(len(section.links))
    if number and section.note:
        number += "+"
    body: list[Any] = []
    if section.rows:
        body.append(html.Dl([part for row in section.rows for part in _row(row)]))
    if section.links:
        first, rest = section.links[:_FIRST_LINKS], section.links[_FIRST_LINKS:]
        body.append(html.Ul([_link(link) for link in first]))
        if rest:
            body.append(
                html.Details(
                    [
                        html.Summary(f"{len(rest):,} more"),
                        html.Ul([_link(link) for link in rest]),
                    ],
                    className="more",
                )
            )
    if section.note:
        body.append(html.P(section.note, className="note"))
    if not section.title:
        return html.Div(body, className="section")
    title: list[Any] = [section.title, html.Span(number, className="number")]
    return html.Details([html.Summary(title), *body], className="section", open=not section.folded)


def _row(row: Row) -> tuple[Any, Any]:
    address = safe_url(row.address) if row.address else None
    value: Any = row.text
    if address is not None:
        value = html.A(row.text, href=address, target="_blank", rel="noopener noreferrer")
    elif row.long:
        first = shorten(row.text.partition("\n")[0], _FIRST_LETTERS)
        more = "" if "…" in first else " …"
        value = html.Details([html.Summary(first + more), html.Pre(row.text)], className="long")
    return html.Dt(row.name, title=row.hint), html.Dd(value)


def _link(link: Link) -> html.Li:
    return html.Li(
        [
            html.Span(link.words, className="words"),
            html.A(
                [html.Span(className=f"glyph {link.paint}"), link.name],
                href=focused(View(), link.reference),
                title=link.name,
                **data(keep="", token=link.token),
            ),
            html.Span(
                [
                    *(html.Span(STATE_WORDS[s], className=f"badge {s}") for s in link.states),
                    link.detail,
                ],
                className="detail",
            ),
        ]
    )
