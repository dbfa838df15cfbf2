"""The Cypher console: a question in, a table out, every cap and refusal said."""

from __future__ import annotations

import json
import logging
from typing import Any

import dash_ag_grid
from dash import html

from lineage.errors import QueryFailed, QueryRefused
from lineage.graph_store import CypherStore, GraphStore, Table
from webapp.labels import clean, count
from webapp.references import reference, token
from webapp.tables import link_column
from webapp.view import View, address

EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        "What made each file, and when",
        "MATCH (f:Entity)-[:wasGeneratedBy]->(a:Activity)\n"
        "RETURN f AS file, a AS activity, a.startTime AS started\nORDER BY started DESC LIMIT 50",
    ),
    (
        "What each activity used",
        "MATCH (a:Activity)-[u:used]->(f:Entity)\n"
        "RETURN a AS activity, u.role AS role, f AS input LIMIT 100",
    ),
    (
        "Failed activities",
        "MATCH (a:Activity)\n"
        "WHERE a.ctapipe_status IN ['error', 'interrupted'] OR a.lstosa_exit_code <> 0\n"
        "RETURN a AS activity, a.ctapipe_status AS status,\n"
        "  coalesce(a.ctapipe_exit_code, a.lstosa_exit_code) AS exit_code",
    ),
    (
        "How long each tool takes",
        "MATCH (a:Activity) WHERE a.ctapipe_duration_min IS NOT NULL\n"
        "RETURN a.name AS tool, count(*) AS runs, avg(a.ctapipe_duration_min) AS minutes\n"
        "ORDER BY minutes DESC",
    ),
    (
        "Files two steps upstream",
        "MATCH (f:Entity)-[:wasGeneratedBy]->(:Activity)-[:used]->(i:Entity)\n"
        "RETURN f AS file, i AS input LIMIT 100",
    ),
)

_SHORT = 12
"""Rows that are all shown without a scroll bar of their own."""

AUDIT = logging.getLogger("lineage.audit")


def examples() -> list[Any]:
    """Queries to click on."""
    return [
        html.A(title, href=address(View(page="cypher", query=query)), className="chip", title=query)
        for title, query in EXAMPLES
    ]


def answer(store: GraphStore, query: str) -> list[Any]:
    """What the console shows below the editor."""
    if not isinstance(store, CypherStore):
        return [
            _message(
                "quiet",
                "This store answers no Cypher",
                "The graph is held in memory, where no query engine runs. Import the files into a "
                "store and open that: lineage import DIRECTORY, then lineage serve. "
                "Search, graph and tables work here all the same.",
            )
        ]
    if not query:
        return []
    try:
        table = store.cypher(query)
    except QueryRefused as error:
        AUDIT.warning("refused the query %.500r: %s", query, error)
        return [_message("refused", "Refused", str(error))]
    except QueryFailed as error:
        return [_message("failed", "The engine gave up", str(error))]
    return _table(table)


def _message(state: str, title: str, text: str) -> html.Div:
    return html.Div(
        [html.H2(title), html.P(clean(text, lines=True))],
        className=f"message {state}",
        role="alert",
    )


def _table(table: Table) -> list[Any]:
    caps = [html.P(clean(limit), className="note cut") for limit in table.limits]
    if table.truncated and not caps:
        caps = [html.P("There is more than is shown.", className="note cut")]
    if not table.rows:
        return [html.P("No rows: the query is fine, nothing matches.", className="note"), *caps]
    names = [f"c{number}" for number in range(len(table.columns))]
    rows = [
        {name: _cell(value) for name, value in zip(names, row, strict=True)} for row in table.rows
    ]
    columns = [
        {**link_column(name, clean(title)), "flex": 1}
        for name, title in zip(names, table.columns, strict=True)
    ]
    is_short = len(rows) <= _SHORT
    return [
        html.P(count(len(table.rows), "row"), className="note", role="status"),
        *caps,
        dash_ag_grid.AgGrid(
            rowData=rows,
            columnDefs=columns,
            defaultColDef={"resizable": True, "sortable": True, "filter": True},
            dashGridOptions={
                "enableCellTextSelection": True,
                "ensureDomOrder": True,
                "domLayout": "autoHeight" if is_short else "normal",
            },
            className="grid",
            style={"height": None if is_short else "min(60vh, 640px)", "width": "100%"},
        ),
    ]


def _cell(value: Any) -> dict[str, Any]:
    """A value with the text that it sorts by; an element also with where it leads."""
    if isinstance(value, dict) and "labels" in value and isinstance(value.get("id"), str):
        key = str(value.get("key") or value["id"])
        labels = value["labels"] if isinstance(value["labels"], list) else []
        kinds = [kind.lower() for kind in ("Entity", "Activity", "Agent") if kind in labels]
        return {
            "name": clean(str(value.get("name") or value["id"])),
            "ref": reference(key),
            "token": token(key),
            "kind": "plan" if "Plan" in labels else (kinds or ["unknown"])[0],
        }
    if isinstance(value, str):
        return {"name": clean(value, lines=True)}
    if isinstance(value, float):
        return {"name": float(f"{value:.10g}")}
    if value is None or isinstance(value, bool | int):
        return {"name": value}
    return {"name": clean(json.dumps(value, ensure_ascii=False, default=str))}
