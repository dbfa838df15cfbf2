"""What happens when the address, the selection or the search changes. Nothing else calls back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update

from lineage import access, queries
from lineage import vocabulary as v
from lineage.access import AccessRoot
from lineage.alternates import with_alternates
from lineage.errors import AmbiguousReference, LineageError, NotInStore, StoreBusy, StoreError
from lineage.graph_store import GraphStore
from lineage.subgraph import StoredElement
from webapp import ids
from webapp.checking import Checks, CheckStopped
from webapp.connection import Connection
from webapp.console import answer
from webapp.details import details
from webapp.drawing import Drawing, draw
from webapp.elements import elements
from webapp.findings import check_page, stopped
from webapp.guessing import look_for, section
from webapp.labels import clean, count
from webapp.marks import STATE_WORDS, kind_words, mark
from webapp.panel import panel
from webapp.references import element_of, reference, token
from webapp.scene import Scene, look
from webapp.start import overview, start_page
from webapp.tables import element_rows, relation_rows
from webapp.tags import aria, data
from webapp.toolbar import legend, toolbar
from webapp.view import View, focused, parse

_FOUND = 12
"""Search results listed."""

Answer = TypeVar("Answer")


def add_callbacks(
    app: Dash,
    connection: Connection,
    roots: tuple[AccessRoot, ...],
    checks: Checks,
    *,
    read_only: bool = False,
) -> None:
    """Connects the page's parts."""
    _add_clientside(app)
    _add_explorer(app, connection)
    _add_panel(app, connection, roots, checks, read_only)
    _add_search(app, connection)
    _add_pages(app, connection)
    _add_check(app, connection, checks)


def _add_clientside(app: Dash) -> None:
    def call(name: str, *ends: Any, **options: Any) -> None:
        function = ClientsideFunction("explorer", name)
        app.clientside_callback(function, *ends, **options)  # type: ignore[no-untyped-call]

    call(
        "split",
        Output(ids.VIEW, "data"),
        Output(ids.SELECTION, "data"),
        Input(ids.URL, "search"),
        State(ids.VIEW, "data"),
        State(ids.SELECTION, "data"),
    )
    call(
        "choose",
        Output(ids.CHOSEN, "data"),
        Input(ids.SELECTION, "data"),
        Input(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )
    call(
        "drawn",
        Output(ids.SINK, "data"),
        Input(ids.CANVAS, "elements"),
        prevent_initial_call=True,
    )
    call(
        "paneled",
        Output(ids.SINK, "data", allow_duplicate=True),
        Input(ids.PANEL, "children"),
        prevent_initial_call=True,
    )
    call(
        "answered",
        Output(ids.SINK, "data", allow_duplicate=True),
        Input(ids.SAID, "children"),
        prevent_initial_call=True,
    )
    # the field's own debounce loses what is typed while the page is still being drawn
    call(
        "typed",
        Output(ids.SINK, "data", allow_duplicate=True),
        Input(ids.SEARCH, "value"),
        prevent_initial_call=True,
    )
    call(
        "paint",
        Output(ids.CANVAS, "stylesheet"),
        Input(ids.SCHEME, "data"),
        State(ids.SHEETS, "data"),
        prevent_initial_call=True,
    )
    call(
        "edit",
        Output(ids.QUERY, "value"),
        Input(ids.VIEW, "data"),
        prevent_initial_call=True,
    )


def asked(connection: Connection, question: Callable[[GraphStore], Answer]) -> Answer:
    """The store's answer; one that went away is opened again and asked once more."""
    store = connection.store
    try:
        return question(store)
    except StoreBusy:
        raise  # it is there, and somebody else is writing to it
    except StoreError:
        connection.renew(store)
        if connection.store is store:
            raise
        return question(connection.store)


def _add_explorer(app: Dash, connection: Connection) -> None:
    @app.callback(
        Output(ids.TOOLBAR, "children"),
        Output(ids.NOTICE, "children"),
        Output(ids.CANVAS, "elements"),
        Output(ids.LEGEND, "children"),
        Output(ids.ELEMENT_TABLE, "rowData"),
        Output(ids.RELATION_TABLE, "rowData"),
        Output(ids.SHOWN, "data"),
        Input(ids.VIEW, "data"),
        Input(ids.ATTEMPT, "data"),
        prevent_initial_call=True,
    )
    def explore(search: Any, _attempt: Any) -> Any:
        view = parse(str(search or ""))
        if view.page != "explore" or not view.focus:
            return [no_update, [], *[no_update] * 5]
        try:
            scene = asked(connection, lambda store: look(store, view))
        except LineageError as error:
            return [[], _notice(error, connection, view), [], [], [], [], _nothing()]
        drawing = draw(scene)
        return [
            toolbar(scene),
            [],
            elements(drawing),
            legend(scene),
            element_rows(scene),
            relation_rows(scene),
            _shown(scene, drawing),
        ]


def _nothing() -> dict[str, Any]:
    return {"focus": "", "refs": {}, "names": {}}


def _shown(scene: Scene, drawing: Drawing) -> dict[str, Any]:
    return {
        "focus": scene.tokens[scene.focus.key],
        "refs": {node.token: node.reference for node in drawing.nodes},
        "names": {node.token: clean(node.full_name) for node in drawing.nodes},
    }


def _notice(error: LineageError, connection: Connection, view: View) -> list[Any]:
    if isinstance(error, AmbiguousReference):
        body: list[Any] = [
            html.H2(f"“{clean(error.reference)}” means {error.found:,} records"),
            html.P("Which one?"),
            html.Ul([_choice(match, view) for match in error.matches]),
        ]
    elif isinstance(error, NotInStore):
        near = [_choice(name, view) for name in error.suggestions]
        body = [
            html.H2("Not in this store"),
            html.P(f"Nothing here is called “{clean(error.reference)}”."),
            *([html.P("Did you mean"), html.Ul(near)] if near else []),
            html.A("Start page", href="?", className="button"),
        ]
    else:
        body = [
            html.H2("The store does not answer"),
            html.P(clean(str(error), lines=True)),
            html.P(f"Store: {clean(connection.store.description)}", className="note"),
            _retry(),
        ]
    return [html.Div(body, className="message failed", role="alert")]


def _retry() -> html.Button:
    return html.Button("Try again", className="button first", **data(act="retry"))


def _choice(name: str, view: View) -> html.Li:
    return html.Li(html.A(clean(name), href=focused(view, name)))


def _add_panel(
    app: Dash,
    connection: Connection,
    roots: tuple[AccessRoot, ...],
    checks: Checks,
    read_only: bool,
) -> None:
    @app.callback(
        Output(ids.PANEL, "children"),
        Input(ids.CHOSEN, "data"),
        State(ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def show(chosen: Any, search: Any) -> Any:
        wanted = str(chosen.get("ref", "")) if isinstance(chosen, dict) else ""
        if not wanted:
            return []

        def about(store: GraphStore) -> list[Any]:
            element = element_of(store, wanted)
            name = token(element.key)
            asks = name in parse(str(search or "")).guess
            looked = look_for(store, element) if asks else None
            known = checks.known(store)
            findings = known.about({element.key}).findings if known else ()
            return panel(
                details(
                    with_alternates(store).store,
                    element,
                    [finding for finding in findings if finding.records],
                ),
                name,
                access.links(element, roots),
                section(element, looked, read_only=read_only),
            )

        try:
            return asked(connection, about)
        except LineageError as error:
            said = html.P(clean(str(error), lines=True), className="note", role="alert")
            return [said, _retry()]


def _add_search(app: Dash, connection: Connection) -> None:
    @app.callback(
        Output(ids.RESULTS, "children"), Input(ids.WANTED, "data"), prevent_initial_call=True
    )
    def search(text: Any) -> Any:
        wanted = str(text or "").strip()
        if not wanted:
            return []
        try:
            found = asked(connection, lambda store: queries.find(store, wanted, limit=_FOUND))
        except LineageError as error:
            return [html.P(clean(str(error), lines=True), className="note", role="alert")]
        if not found.elements:
            return [html.P("Nothing is called that.", className="note", role="status")]
        left = found.found - len(found.elements)
        times = _times(connection, found.elements)
        return [
            *(
                _result(number, element, times.get(element.key, ""))
                for number, element in enumerate(found.elements)
            ),
            html.P(
                f"{count(found.found, 'record')} found"
                + (f", the best {len(found.elements)} shown: type more" if left else ""),
                className="note",
                role="status",
            ),
        ]


def _times(connection: Connection, found: tuple[StoredElement, ...]) -> dict[str, str]:
    """When each was made or began: what tells versions and runs of one name apart."""
    moments = asked(connection, lambda s: queries.generation_times(s, [e.key for e in found]))
    for element in found:
        for value in element.values(v.PROV_START):
            if isinstance(value, datetime):
                moments[element.key] = value
    return {key: moment.strftime("%Y-%m-%d %H:%M") for key, moment in moments.items()}


def _result(number: int, element: StoredElement, when: str) -> html.A:
    drawn = mark(element)
    where = element.paths[0] if element.paths else element.identifier
    return html.A(
        [
            html.Span(className=f"glyph {drawn.kind}"),
            html.Span(clean(element.name), className="entry-name"),
            html.Span([html.Span(STATE_WORDS[s], className=f"badge {s}") for s in drawn.states]),
            html.Span(when, className="when"),
            html.Span(kind_words(element), className="kind"),
            html.Span(clean(where), className="where"),
        ],
        id=f"result-{number}",
        href=focused(View(), reference(element.key)),
        role="option",
        tabIndex="-1",
        **data(keep=""),
        **aria(selected="true" if number == 0 else "false"),
    )


def _add_pages(app: Dash, connection: Connection) -> None:
    @app.callback(
        Output(ids.START, "children"),
        Input(ids.VIEW, "data"),
        Input(ids.ATTEMPT, "data"),
        prevent_initial_call=True,
    )
    def start(search: Any, _attempt: Any) -> Any:
        view = parse(str(search or ""))
        if view.page != "explore" or view.focus:
            return no_update
        try:
            return start_page(asked(connection, overview))
        except LineageError as error:
            return _notice(error, connection, view)

    @app.callback(
        Output(ids.ANSWER, "children"),
        Input(ids.VIEW, "data"),
        Input(ids.ATTEMPT, "data"),
        prevent_initial_call=True,
    )
    def console(search: Any, _attempt: Any) -> Any:
        view = parse(str(search or ""))
        if view.page != "cypher":
            return no_update
        try:
            return asked(connection, lambda store: answer(store, view.query))
        except LineageError as error:
            return _notice(error, connection, view)


def _add_check(app: Dash, connection: Connection, checks: Checks) -> None:
    @app.callback(
        Output(ids.CHECK, "children"),
        Input(ids.VIEW, "data"),
        Input(ids.ATTEMPT, "data"),
        prevent_initial_call=True,
    )
    def check(search: Any, _attempt: Any) -> Any:
        view = parse(str(search or ""))
        if view.page != "check":
            return no_update
        try:
            return asked(connection, lambda store: check_page(store, checks, view))
        except CheckStopped as error:
            return stopped(error)
        except LineageError as error:
            return _notice(error, connection, view)
