"""The page: its parts and where they are; what is in them comes from callbacks."""

from __future__ import annotations

from typing import Any

import dash_ag_grid
import dash_cytoscape
from dash import dcc, html

from webapp import ids
from webapp.console import examples
from webapp.stylesheet import STYLESHEETS
from webapp.tables import ELEMENT_COLUMNS, RELATION_COLUMNS
from webapp.tags import aria, data

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""

_KEYS = (
    ("← →", "follow relations"),
    ("↑ ↓", "move within a column"),
    ("Enter", "expand or collapse"),
    ("Shift Enter", "focus"),
    ("+ −", "zoom"),
    ("f", "fit"),
    ("/", "search"),
    ("Esc", "select nothing"),
)


def layout() -> html.Div:
    """All parts of the page, mostly empty."""
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh=False),
            *(
                dcc.Store(id=name, data=data)
                for name, data in (
                    (ids.VIEW, None),
                    (ids.SELECTION, ""),
                    (ids.SHOWN, {"focus": "", "refs": {}, "names": {}}),
                    (ids.CHOSEN, None),
                    (ids.ATTEMPT, 0),
                    (ids.WANTED, ""),
                    (ids.DECIDE, None),
                    (ids.SCHEME, None),
                    (ids.SHEETS, STYLESHEETS),
                    (ids.SINK, None),
                )
            ),
            html.Div(className="progress", **aria(hidden="true")),
            _header(),
            html.Div(
                [
                    html.Span("The explorer does not answer. What you see may be old."),
                    html.Button("Try again", className="button", **data(act="retry")),
                ],
                className="offline",
                role="alert",
            ),
            html.Main(
                [
                    html.Div(id=ids.NOTICE),
                    html.Div(id=ids.START, className="page start"),
                    _explorer(),
                    _console(),
                    html.Div(id=ids.CHECK, className="page check"),
                ]
            ),
            html.Div(id=ids.SAID, className="said", role="status"),
            html.Div(id="live", className="unseen", **aria(live="polite")),
        ],
        className="app",
    )


def _header() -> html.Header:
    return html.Header(
        [
            html.A(
                [html.Span(className="logo", **aria(hidden="true")), html.Span("lineage")],
                href="?",
                className="home",
                title="Start page",
            ),
            html.Div(
                [
                    dcc.Input(
                        id=ids.SEARCH,
                        type="text",
                        value="",
                        placeholder="Search a file, activity, person, or attribute=value",
                        autoComplete="off",
                    ),
                    html.Kbd("/", **aria(hidden="true")),
                    html.Div(id=ids.RESULTS, role="listbox", **aria(label="Found")),
                ],
                className="searching",
            ),
            html.Nav(
                [
                    html.A("Check", href="?page=check", className="nav-check"),
                    html.A("Cypher", href="?page=cypher", className="nav-cypher"),
                    html.Button("Copy link", **data(act="copy-link")),
                    html.Button(
                        html.Span(className="half"),
                        className="scheme",
                        title="Light or dark",
                        **data(act="scheme"),
                        **aria(label="Light or dark"),
                    ),
                ]
            ),
        ],
        className="top",
    )


def _explorer() -> html.Div:
    return html.Div(
        [
            html.Div(id=ids.TOOLBAR, className="toolbar"),
            html.Div(
                [
                    html.Div([_canvas(), _tables()], className="stage"),
                    html.Aside(id=ids.PANEL, **aria(label="Details")),
                ],
                className="split",
            ),
        ],
        className="page explore",
    )


def _canvas() -> html.Div:
    return html.Div(
        [
            dash_cytoscape.Cytoscape(
                id=ids.CANVAS,
                elements=[],
                layout={"name": "preset", "fit": False},
                autoRefreshLayout=False,
                stylesheet=STYLESHEETS["light"],
                minZoom=0.04,
                maxZoom=3,
                boxSelectionEnabled=False,
                style={"width": "100%", "height": "100%"},
            ),
            html.Div(id=ids.LEGEND, className="legend"),
            html.Button(id=ids.SIGHT, className="sight", hidden=True, **data(act="fit")),
            html.Div(
                [
                    _round("+", "zoom-in", "Zoom in"),
                    _round("−", "zoom-out", "Zoom out"),
                    _round("⤢", "fit", "Fit all (f)"),
                    html.Details(
                        [
                            html.Summary("?", className="round", title="Keys and gestures"),
                            html.Div(
                                [
                                    html.P("Tap selects, double tap expands."),
                                    html.Dl(
                                        [
                                            part
                                            for key, words in _KEYS
                                            for part in (html.Dt(html.Kbd(key)), html.Dd(words))
                                        ]
                                    ),
                                    html.P(
                                        "The address restores this view, but not dragged places."
                                    ),
                                ],
                                className="menu-list keys",
                            ),
                        ],
                        className="menu up",
                    ),
                ],
                className="zoom",
            ),
        ],
        className="graph",
    )


def _round(sign: str, act: str, words: str) -> Any:
    return html.Button(sign, className="round", title=words, **data(act=act), **aria(label=words))


def _tables() -> html.Div:
    return html.Div(
        [
            html.H2("Records"),
            _grid(ids.ELEMENT_TABLE, ELEMENT_COLUMNS),
            html.H2("Relations"),
            _grid(ids.RELATION_TABLE, RELATION_COLUMNS),
        ],
        className="tables",
    )


def _grid(name: str, columns: list[dict[str, Any]]) -> Any:
    return dash_ag_grid.AgGrid(
        id=name,
        rowData=[],
        columnDefs=columns,
        defaultColDef={"resizable": True, "sortable": True, "filter": True},
        dashGridOptions={
            "enableCellTextSelection": True,
            "ensureDomOrder": True,
            "enableBrowserTooltips": True,
            "rowHeight": 36,
        },
        className="grid",
        style={"height": "100%", "width": "100%"},
    )


def _console() -> html.Div:
    return html.Div(
        [
            html.H1("Cypher"),
            html.P(
                "Questions to the whole graph in PROV's words; relations run from effect to cause.",
                className="note",
            ),
            html.Div(examples(), className="chips"),
            dcc.Textarea(
                id=ids.QUERY,
                placeholder="MATCH (f:Entity)-[:wasGeneratedBy]->(a:Activity) RETURN f, a LIMIT 20",
                spellCheck=False,
                className="query",
            ),
            html.Div(
                [
                    html.Button("Run", className="button first", **data(act="run")),
                    html.Span(
                        "Ctrl+Enter. Reading only; rows and time are capped.", className="note"
                    ),
                ],
                className="actions",
            ),
            html.Div(id=ids.ANSWER, className="answer"),
        ],
        className="page cypher",
    )
