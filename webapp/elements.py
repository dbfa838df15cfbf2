"""A drawing as Cytoscape's elements: the only place that says nodes and edges."""

from __future__ import annotations

from typing import Any

from webapp.drawing import Drawing
from webapp.labels import clean


def elements(drawing: Drawing) -> list[dict[str, Any]]:
    """The whole list that the canvas shows; every element has an id, and edges point to causes."""
    nodes = [
        {
            "data": {
                "id": node.token,
                "ref": node.reference,
                "label": node.mark.label,
                "name": clean(node.full_name),
                "kind": node.mark.kind,
                "w": node.mark.width,
                "h": node.mark.height,
            },
            "position": {"x": node.centre[0], "y": node.centre[1]},
            "classes": " ".join(
                (
                    node.mark.kind,
                    *node.mark.states,
                    *(["focus"] if node.is_focus else []),
                    *(["open"] if node.is_open else []),
                )
            ),
        }
        for node in drawing.nodes
    ]
    edges = [
        {
            "data": {
                "id": f"{arrow.subject}.{arrow.object}.{arrow.identifier}",
                "source": arrow.subject,
                "target": arrow.object,
                "words": arrow.words,
                "label": arrow.label,
            },
            "classes": " ".join(
                (
                    arrow.kind.keyword,
                    *(["weak"] if arrow.weak else []),
                    *([arrow.likeness] if arrow.likeness else []),
                )
            ),
        }
        for arrow in drawing.arrows
    ]
    return nodes + edges
