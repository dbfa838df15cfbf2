"""Cytoscape's stylesheet, for a light and a dark page."""

from __future__ import annotations

from typing import Any

from webapp.marks import FONT, FONT_PX, HOUSE, THEMES, Theme


def stylesheet(theme: Theme) -> list[dict[str, Any]]:
    """The rules for one theme; colour is never the only sign of a kind or a state."""
    rules: list[dict[str, Any]] = [
        _rule(
            "node",
            {
                "label": "data(label)",
                "width": "data(w)",
                "height": "data(h)",
                "text-wrap": "wrap",
                "text-valign": "center",
                "text-halign": "center",
                "line-height": 1.25,
                "font-size": FONT_PX,
                "font-family": FONT,
                "border-width": 1.2,
                "min-zoomed-font-size": 5,
                "overlay-opacity": 0,
            },
        ),
        _rule(".entity, .plan, .unknown", {"shape": "ellipse"}),
        _rule(".activity", {"shape": "round-rectangle"}),
        _rule(
            ".agent",
            {
                "shape": "polygon",
                "shape-polygon-points": " ".join(f"{x:g} {y:g}" for x, y in HOUSE),
                "text-margin-y": 6,
            },
        ),
    ]
    for kind, paint in theme.paints.items():
        rules.append(
            _rule(
                f".{kind}",
                {
                    "background-color": paint.fill,
                    "border-color": paint.stroke,
                    "color": paint.text,
                },
            )
        )
    rules.append(_edges(theme))
    rules += [
        _rule(f".{keyword}", {"line-color": colour, "target-arrow-color": colour, "color": colour})
        for keyword, colour in theme.relation.items()
        if keyword
    ]
    return rules + _states(theme)


def _edges(theme: Theme) -> dict[str, Any]:
    return _rule(
        "edge",
        {
            "width": 1.3,
            "curve-style": "bezier",
            "target-arrow-shape": "triangle",
            "arrow-scale": 0.9,
            "line-color": theme.relation[""],
            "target-arrow-color": theme.relation[""],
            "color": theme.relation[""],
            "font-size": 10,
            "font-family": FONT,
            "text-background-color": theme.background,
            "text-background-opacity": 0.9,
            "text-background-padding": 2,
            "text-rotation": "autorotate",
            "min-zoomed-font-size": 6,
            "overlay-opacity": 0,
        },
    )


def _states(theme: Theme) -> list[dict[str, Any]]:
    return [
        _rule(".failed", {"border-color": theme.failed, "border-width": 3}),
        _rule(".running", {"border-style": "dashed"}),
        _rule(
            ".stub",
            {"border-style": "dashed", "background-color": theme.background, "color": theme.stub},
        ),
        _rule(".overwritten", {"border-style": "double", "border-width": 4}),
        _rule(".plan", {"border-style": "dotted", "border-width": 1.6}),
        _rule(".weak", {"line-style": "dashed"}),
        _rule(
            "edge.guess, edge.same",
            {
                "line-color": theme.focus,
                "color": theme.focus,
                "target-arrow-shape": "none",
                "label": "data(words)",
            },
        ),
        _rule("edge.guess", {"line-dash-pattern": [7, 5]}),
        _rule("edge.same", {"width": 2.2}),
        _rule(".focus", {"font-weight": "bold", "border-width": 3}),
        # what is not beside the selection is set back, and its names stay readable
        _rule("node.far", {"opacity": 0.65}),
        _rule("edge.far", {"opacity": 0.35, "text-opacity": 0}),
        _rule("edge.near", {"width": 2.4, "z-index": 9}),
        _rule("edge.said", {"label": "data(words)"}),
        _rule("edge.hover", {"label": "data(label)", "width": 2.4, "z-index": 9}),
        _rule(
            "node:selected",
            {
                "outline-color": theme.focus,
                "outline-width": 3,
                "outline-offset": 3,
                "outline-opacity": 1,
                "z-index": 10,
            },
        ),
    ]


def _rule(selector: str, style: dict[str, Any]) -> dict[str, Any]:
    return {"selector": selector, "style": style}


STYLESHEETS = {name: stylesheet(theme) for name, theme in THEMES.items()}
"""By the name of the colour scheme."""
