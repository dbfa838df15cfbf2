"""The table twin: the same subgraph as rows, for sorting, filtering and screen readers."""

from __future__ import annotations

from typing import Any

from lineage.subgraph import StoredElement
from lineage.vocabulary import PROV_ROLE
from webapp.labels import clean, moment_text, value_text
from webapp.marks import STATE_WORDS, kind_words, mark, relation_words
from webapp.references import reference
from webapp.scene import Scene


def link_column(name: str, title: str) -> dict[str, Any]:
    """A column of links to elements that sorts and filters by their names."""
    return {
        "colId": name,
        "headerName": title,
        "valueGetter": {"function": f"params.data.{name}.name"},
        "cellRenderer": "LineageLink",
        "flex": 3,
        "minWidth": 270,
    }


ELEMENT_COLUMNS: list[dict[str, Any]] = [
    link_column("element", "Record"),
    {"field": "kind", "headerName": "Kind", "flex": 1, "minWidth": 110},
    {"field": "note", "headerName": "State", "flex": 1, "minWidth": 120},
    {"field": "depth", "headerName": "Depth", "type": "numericColumn", "maxWidth": 100},
    {"field": "path", "headerName": "Path", "tooltipField": "path", "flex": 3, "minWidth": 260},
    {"field": "id", "headerName": "Identifier", "tooltipField": "id", "flex": 3, "minWidth": 260},
]
RELATION_COLUMNS: list[dict[str, Any]] = [
    link_column("subject", "Effect"),
    {"field": "words", "headerName": "Relation", "flex": 1, "minWidth": 140},
    link_column("object", "Cause"),
    {"field": "role", "headerName": "Role", "tooltipField": "role", "flex": 2, "minWidth": 190},
    {"field": "time", "headerName": "Time", "flex": 1, "minWidth": 200},
]


def element_rows(scene: Scene) -> list[dict[str, Any]]:
    """One row an element, nearest first."""
    return [
        {
            "element": _cell(element, scene),
            "kind": kind_words(element),
            "note": ", ".join(STATE_WORDS[state] for state in mark(element).states),
            "depth": scene.subgraph.depths.get(element.key, 0),
            "path": clean(element.paths[0]) if element.paths else "",
            "id": clean(element.identifier),
        }
        for element in scene.subgraph.elements
    ]


def relation_rows(scene: Scene) -> list[dict[str, Any]]:
    """One row a relation."""
    elements = {element.key: element for element in scene.subgraph.elements}
    rows = []
    for stored in scene.subgraph.relations:
        subject = elements.get(stored.subject_key or "")
        cause = elements.get(stored.object_key or "")
        if subject is not None and cause is not None:
            time = stored.relation.time
            rows.append(
                {
                    "subject": _cell(subject, scene),
                    "words": relation_words(stored.relation),
                    "object": _cell(cause, scene),
                    "role": ", ".join(map(value_text, stored.relation.values(PROV_ROLE))),
                    "time": moment_text(time) if time else "",
                }
            )
    return rows


def _cell(element: StoredElement, scene: Scene) -> dict[str, str]:
    return {
        "name": clean(element.name),
        "ref": reference(element.key),
        "token": scene.tokens[element.key],
        "kind": mark(element).kind,
    }
