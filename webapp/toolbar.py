"""What stands around the drawing: direction, depth, counts, downloads, legend. Links, all of it.

A control that is a link needs no callback, cannot disagree with the address, and opens in a new
tab like any other.
"""

from __future__ import annotations

from typing import Any

from dash import html

from lineage.export import FORMATS
from lineage.graph_store import Direction
from lineage.subgraph import is_guess
from lineage.vocabulary import RELATION_BY_KEYWORD, ElementKind
from webapp.guessing import MOST_SHOWN
from webapp.labels import clean, count, shorten
from webapp.marks import RELATION_WORDS, mark
from webapp.scene import MOST_GUESSED_AT, Chip, Scene
from webapp.tags import aria, data
from webapp.view import DEEPEST, HARD_LIMIT, View, address, toggled

_DIRECTIONS: tuple[tuple[Direction | None, str, str], ...] = (
    (Direction.ANCESTORS, "Causes", "Only what it comes from"),
    (None, "Both", "What it comes from, and what it led to"),
    (Direction.DESCENDANTS, "Effects", "Only what it led to"),
)
_STEPS = (300, 600, 1200, HARD_LIMIT)
_FIRST_FORMATS = ("turtle", "prov-json", "prov-n")
_FORMAT_NAMES = {
    "turtle": "Turtle",
    "prov-json": "PROV-JSON",
    "prov-n": "PROV-N",
    "trig": "TriG",
    "ntriples": "N-Triples",
    "jsonld": "JSON-LD",
}
"""Where a format's own name is not how people write it."""
_GUESSES_DRAWN = (
    f"Drawn are the guesses about the {MOST_GUESSED_AT} records asked about last, and of one "
    f"record the best {MOST_SHOWN}; lineage guess lists the others."
)


def toolbar(scene: Scene) -> list[Any]:
    """The line above the drawing."""
    view = scene.view
    return [
        html.Div(
            [
                html.Span(className=f"glyph {mark(scene.focus).kind}"),
                html.Span(shorten(scene.focus.name, 48), className="focus-name"),
            ],
            className="focus",
            title=clean(scene.focus.name),
        ),
        _switch(
            "Direction",
            [
                (words, address(view, direction=way), view.direction is way, hint)
                for way, words, hint in _DIRECTIONS
            ],
        ),
        _depth(view),
        _switch(
            "Show as",
            [
                ("Graph", address(view, tab="graph"), view.tab == "graph", "Draw it"),
                ("Table", address(view, tab="table"), view.tab == "table", "The same, as tables"),
            ],
        ),
        html.Div([_counts(scene), _downloads(scene)], className="toolbar-end"),
    ]


def _switch(title: str, choices: list[tuple[str, str, bool, str]]) -> html.Div:
    return html.Div(
        [
            html.A(words, href=href, title=hint, **(aria(current="true") if chosen else {}))
            for words, href, chosen, hint in choices
        ],
        className="switch",
        role="group",
        **aria(label=title),
    )


def _depth(view: View) -> html.Div:
    depth = view.depth
    fewer = 1 if depth is None else max(depth - 1, 1)
    more = DEEPEST if depth is None else min(depth + 1, DEEPEST)
    return html.Div(
        [
            html.Span("Depth", className="switch-title"),
            _stepper("−", address(view, depth=fewer), "One relation less", depth == 1),
            html.Span("∞" if depth is None else str(depth), className="number"),
            _stepper("+", address(view, depth=more), "One relation more", depth in (None, DEEPEST)),
            html.A(
                "All",
                href=address(view, depth=None),
                title="As far as it goes",
                **(aria(current="true") if depth is None else {}),
            ),
        ],
        className="switch",
        role="group",
        **aria(label="Depth"),
    )


def _stepper(sign: str, href: str, words: str, disabled: bool) -> Any:
    if disabled:
        return html.Span(sign, className="off")
    return html.A(sign, href=href, title=words, **aria(label=words))


def _counts(scene: Scene) -> html.Div:
    """Never a silent cap."""
    subgraph, view = scene.subgraph, scene.view
    guesses, are_cut = _guesses(scene)
    if not subgraph.truncated:
        relations = len(subgraph.relations) - sum(map(is_guess, subgraph.relations))
        said = [count(len(subgraph.elements), "record"), count(relations, "relation"), *guesses]
        return html.Div(
            ", ".join(said),
            className="counts cut" if are_cut else "counts",
            title=_GUESSES_DRAWN if are_cut else "",
        )
    shown = f"Showing {len(subgraph.elements):,} of {count(subgraph.found, 'record')}"
    parts: list[Any] = [", ".join([shown, *guesses]), " "]
    more = next((step for step in _STEPS if step > view.limit), None)
    if more is not None:
        parts.append(html.A(f"Show {min(more, subgraph.found):,}", href=address(view, limit=more)))
    else:
        parts.append("(the most that is drawn; lineage export writes all)")
    return html.Div(parts, className="counts cut", title=_GUESSES_DRAWN if are_cut else "")


def _guesses(scene: Scene) -> tuple[list[str], bool]:
    """How many guesses are drawn, and of how many; whether some are not."""
    guessing = scene.guessing
    drawn = sum(map(is_guess, scene.subgraph.relations))
    if not (drawn or guessing.left_out or guessing.looked < guessing.asked):
        return [], False
    words = count(drawn, "guess", "guesses")
    if guessing.left_out:
        words = f"{drawn:,} of {count(drawn + guessing.left_out, 'guess', 'guesses')}"
    if guessing.looked < guessing.asked:
        words += f" about {guessing.looked:,} of {count(guessing.asked, 'record')}"
    return [words], bool(guessing.left_out or guessing.looked < guessing.asked)


def _downloads(scene: Scene) -> html.Details:
    subgraph = scene.subgraph
    search = address(scene.view)
    holds = "Holds what is shown here."
    if subgraph.truncated:
        cut = f"{len(subgraph.elements):,} of {count(subgraph.found, 'record')}"
        holds = f"Holds what is shown here, {cut}; lineage export writes all."
    names = [*_FIRST_FORMATS, *(name for name in FORMATS if name not in _FIRST_FORMATS)]
    return html.Details(
        [
            html.Summary("Download"),
            html.Div(
                [
                    html.Button("PNG picture", **data(act="png")),
                    html.A("SVG picture", href="/export/svg" + search, download=""),
                    html.Hr(),
                    *(
                        html.A(
                            _FORMAT_NAMES.get(name, name),
                            href=f"/export/{name}{search}",
                            title=FORMATS[name].description,
                            download="",
                        )
                        for name in names
                    ),
                    html.P(holds),
                ],
                className="menu-list",
            ),
        ],
        className="menu",
    )


def legend(scene: Scene) -> list[Any]:
    """Chips with counts: what is drawn, and on a click what is not."""
    view = scene.view
    return [
        *_alone(scene),
        html.Div(
            [
                _chip(chip, chip.keyword, toggled(view, "hide", chip.keyword), "glyph")
                for chip in scene.elements
            ],
            className="chips",
        ),
        html.Div(
            [
                _chip(
                    chip,
                    RELATION_WORDS[RELATION_BY_KEYWORD[chip.keyword]][0],
                    _turn(view, chip),
                    "line",
                )
                for chip in scene.relations
            ],
            className="chips",
        ),
    ]


def _alone(scene: Scene) -> list[Any]:
    """Why there is nothing but the focus: an empty answer is one too, and may not be the last."""
    view = scene.view
    if len(scene.subgraph.elements) > 1 or view.hide:
        return []
    said = {
        Direction.ANCESTORS: "No record here says what it comes from.",
        Direction.DESCENDANTS: "No record here says that anything came from it.",
        None: "No record here relates it to anything.",
    }[view.direction]
    if ElementKind.ENTITY in scene.focus.kinds:
        said += " It may be known under another name: see “Perhaps the same”."
    return [html.P(said, className="alone", role="status")]


def _turn(view: View, chip: Chip) -> str:
    word = chip.keyword
    if RELATION_BY_KEYWORD[word].value.influence:
        return toggled(view, "hide", word)
    also = tuple(other for other in view.also if other != word)
    if not chip.shown:
        hidden = tuple(other for other in view.hide if other != word)
        return address(view, also=(*also, word), hide=hidden)
    # without a word of its own the last one would come back where no influence leads anywhere
    return address(view, also=also, hide=view.hide if also else (*view.hide, word))


def _chip(chip: Chip, words: str, href: str, sample: str) -> html.A:
    number = f"{chip.count:,}{'+' if chip.more else ''}"
    return html.A(
        [
            html.Span(className=f"{sample} {chip.keyword}"),
            words,
            html.Span(number, className="chip-count"),
        ],
        href=href,
        className="chip" if chip.shown else "chip off",
        title=("Hide" if chip.shown else "Show") + f" {chip.keyword}",
        role="switch",
        **aria(checked="true" if chip.shown else "false"),
    )
