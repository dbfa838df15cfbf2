"""The panel's part about guesses: what may be the same thing, why, and what users decided.

Names, paths, reasons and notes come from sources and from users: all of it is text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash import dcc, html

from lineage.decisions import LONGEST_NOTE, Decision, Verdict
from lineage.graph_store import GraphStore
from lineage.guesses import Guess, Guesses, guesses
from lineage.subgraph import StoredElement
from lineage.vocabulary import ElementKind
from webapp import ids
from webapp.labels import clean, moment_text
from webapp.marks import mark
from webapp.references import reference, token
from webapp.tags import aria, data
from webapp.view import View, focused

MOST_SHOWN = 8
"""Guesses about one element that are listed and drawn."""
_WORDS = {Verdict.SAME: "The same", Verdict.DIFFERENT: "Different"}
READ_ONLY = "Nothing is decided here (read-only, or a throw-away store); use lineage decide."


@dataclass(frozen=True, slots=True)
class Looked:
    """What may be the same as the element that the panel is about."""

    found: Guesses
    others: Mapping[str, StoredElement]
    """Identifier -> the other end of a decision."""


def look_for(store: GraphStore, element: StoredElement) -> Looked:
    """Guesses about an element, and what was decided about it."""
    found = guesses(store, element, limit=MOST_SHOWN)
    ends = {end for made in found.decisions for end in made.pair} - {element.identifier}
    return Looked(found, {other.identifier: other for other in store.read(sorted(ends))})


def section(element: StoredElement, looked: Looked | None, *, read_only: bool) -> list[Any]:
    """The section; without ``looked`` only the button that asks for it."""
    if ElementKind.ENTITY not in element.kinds or element.bundle is not None:
        return []
    own = token(element.key)
    is_open = looked is not None
    words = "Hide" if is_open else "Look for it"
    switch = html.Button(
        words,
        className="button",
        title="Other records that look like this one; drawn dashed, never merged",
        **data(act="guess", token=own),
        **aria(expanded="true" if is_open else "false", label=f"{words}: perhaps the same"),
    )
    head = html.Div([html.Span("Perhaps the same", className="guess-title"), switch])
    return [
        html.Div(
            [head, *(_body(element, looked, read_only) if looked is not None else [])],
            className="section guesses",
            role="group",
            **aria(label="Perhaps the same"),
        )
    ]


def _body(element: StoredElement, looked: Looked, read_only: bool) -> list[Any]:
    found = looked.found
    parts: list[Any] = []
    if found.decisions:
        items = [_decided(element, made, looked.others, read_only) for made in found.decisions]
        parts.append(html.Ul(items))
    if found.guesses:
        if not read_only:
            parts.append(_why())
        items = [_guess(element, guess, read_only) for guess in found.guesses]
        parts.append(html.Ul(items))
    else:
        more = "else " if found.decisions else ""
        parts.append(html.P(f"Nothing {more}here looks like it.", className="note", role="status"))
    for number, words in (
        (found.left_out, "more: lineage guess lists them."),
        (found.not_compared, "more have a like name and were not compared."),
    ):
        if number:
            parts.append(html.P(f"{number:,} {words}", className="note cut"))
    if read_only:
        parts.append(html.P(READ_ONLY, className="note"))
    return parts


def _why() -> html.Label:
    """Where the user says why; it stands before the buttons that send it."""
    return html.Label(
        [
            html.Span("Why (kept with your decision, may stay empty)"),
            dcc.Input(
                id=ids.NOTE, type="text", value="", maxLength=LONGEST_NOTE, autoComplete="off"
            ),
        ],
        htmlFor=ids.NOTE,
        className="why",
    )


def _guess(element: StoredElement, guess: Guess, read_only: bool) -> html.Li:
    name = clean(guess.element.name)
    pair = {"one": reference(element.key), "other": reference(guess.element.key)}
    buttons = [] if read_only else [_button(v, name, pair) for v in ("same", "different")]
    return html.Li(
        [
            _link(guess.element),
            _where(guess.element),
            html.Ul([html.Li(clean(reason)) for reason in guess.reasons], className="reasons"),
            *([html.Div(buttons, className="actions")] if buttons else []),
        ],
        className="guess",
        **data(pair=token(guess.element.key)),
    )


def _button(verdict: str, name: str, pair: Mapping[str, str]) -> html.Button:
    words = {"same": "Same", "different": "Different", "undo": "Take back"}[verdict]
    spoken = {
        "same": f"Same: {name} is the same thing",
        "different": f"Different: {name} is another thing",
        "undo": f"Take back the decision about {name}",
    }[verdict]
    return html.Button(
        words,
        className="button",
        **data(act="decide", verdict=verdict, **pair),
        **aria(label=spoken),
    )


def _decided(
    element: StoredElement,
    made: Decision,
    others: Mapping[str, StoredElement],
    read_only: bool,
) -> html.Li:
    end = next((end for end in made.pair if end != element.identifier), made.second)
    other = others.get(end)
    name = clean(other.name if other else end)
    pair = {"one": reference(element.key), "other": reference(other.key if other else end)}
    words = _WORDS[made.verdict]
    said = f"says {clean(made.by)}, {moment_text(made.at)}"
    if made.source:
        said += "; brought by an imported document"
    parts: list[Any] = [
        html.Div(
            [
                html.Span(words, className=f"badge {made.verdict.value}"),
                _link(other) if other else html.Code(name),
            ],
            className="verdict",
        ),
        *([_where(other)] if other else []),
        html.P(said, className="note"),
    ]
    if made.note:
        parts.append(html.Blockquote(clean(made.note, lines=True)))
    if not read_only:
        parts.append(html.Div([_button("undo", name, pair)], className="actions"))
    return html.Li(parts, className=f"guess decided {made.verdict.value}", **data(pair=token(end)))


def _link(other: StoredElement) -> html.A:
    return html.A(
        [html.Span(className=f"glyph {mark(other).kind}"), clean(other.name)],
        href=focused(View(), reference(other.key)),
        title=clean(other.identifier),
        **data(keep="", token=token(other.key)),
    )


def _where(other: StoredElement) -> html.Div:
    where = other.paths[0] if other.paths else other.identifier
    return html.Div(clean(where), className="where", title=clean(where))


def told(verdict: str, one: str, other: str) -> str:
    """What a person hears after deciding."""
    both = f"the two {clean(one)}" if one == other else f"{clean(one)} and {clean(other)}"
    if verdict == "undo":
        return f"Taken back: what was decided about {both}"
    words = "are the same thing" if verdict == "same" else "are different things"
    return f"Kept: {both} {words}"
