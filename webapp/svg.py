"""A drawing as SVG text: made without a browser, with every text from a source escaped."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from webapp.drawing import Arrow, Drawing, Node
from webapp.marks import FONT, FONT_PX, HOUSE, LIGHT, Theme

_MARGIN = 24.0
_DASHES = {"stub": "5 4", "running": "5 4", "plan": "1.5 3"}


def svg(drawing: Drawing, title: str, theme: Theme = LIGHT) -> str:
    """A complete SVG document, with a title and each element's full name as a tooltip."""
    left, top, width, height = _extent(drawing)
    nodes = {node.token: node for node in drawing.nodes}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{left:.1f} {top:.1f} {width:.1f} {height:.1f}" '
        f'font-family={quoteattr(FONT)} font-size="{FONT_PX}">',
        f"<title>{_text(title)}</title>",
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{theme.background}"/>',
        *_heads(theme),
    ]
    for arrow in drawing.arrows:
        lines += _arrow(arrow, nodes[arrow.subject], nodes[arrow.object], theme)
    for node in drawing.nodes:
        lines += _node(node, theme)
    return "\n".join([*lines, "</svg>", ""])


def _text(text: str) -> str:
    """``text`` for XML 1.0, which has no way to write most control characters."""
    return escape(
        "".join(
            c
            if c in "\t\n"
            or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
            else "\N{REPLACEMENT CHARACTER}"
            for c in text
        )
    )


def _extent(drawing: Drawing) -> tuple[float, float, float, float]:
    boxes = [(n.centre, n.mark.width / 2, n.mark.height / 2) for n in drawing.nodes]
    if not boxes:
        return 0.0, 0.0, 2 * _MARGIN, 2 * _MARGIN
    left = min(x - w for (x, _), w, _ in boxes) - _MARGIN
    right = max(x + w for (x, _), w, _ in boxes) + _MARGIN
    top = min(y - h for (_, y), _, h in boxes) - _MARGIN
    bottom = max(y + h for (_, y), _, h in boxes) + _MARGIN
    return left, top, right - left, bottom - top


def _heads(theme: Theme) -> Iterator[str]:
    yield "<defs>"
    for keyword, colour in theme.relation.items():
        yield (
            f'<marker id="head-{keyword or "other"}" viewBox="0 0 10 10" refX="9" refY="5" '
            f'markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
            f'<path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
        )
    yield "</defs>"


def _arrow(arrow: Arrow, effect: Node, cause: Node, theme: Theme) -> Iterator[str]:
    keyword = arrow.kind.keyword if arrow.kind.keyword in theme.relation else ""
    colour = theme.relation[keyword]
    x1, y1 = _border(effect, cause.centre)
    x2, y2 = _border(cause, effect.centre)
    dash = ' stroke-dasharray="5 4"' if arrow.weak else ""
    head = "" if arrow.likeness else f' marker-end="url(#head-{keyword or "other"})"'
    bend = (x2 - x1) / 3
    yield (
        f'<path d="M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} '
        f'{x2:.1f} {y2:.1f}" fill="none" stroke="{colour}" stroke-width="1.3"{dash}'
        f"{head}><title>{_text(arrow.label)}</title></path>"
    )


def _border(node: Node, towards: tuple[float, float]) -> tuple[float, float]:
    """Where the line from the centre leaves the shape, taken as an ellipse or a rectangle."""
    x, y = node.centre
    dx, dy = towards[0] - x, towards[1] - y
    if not dx and not dy:
        return node.centre
    w, h = node.mark.width / 2, node.mark.height / 2
    if node.mark.kind in ("activity", "agent"):
        scale = min(w / abs(dx) if dx else math.inf, h / abs(dy) if dy else math.inf)
    else:
        scale = 1 / math.hypot(dx / w, dy / h)
    return x + dx * min(scale, 1), y + dy * min(scale, 1)


def _node(node: Node, theme: Theme) -> Iterator[str]:
    paint = theme.paints[node.mark.kind]
    failed = "failed" in node.mark.states
    dash = next(
        (d for state, d in _DASHES.items() if state in (*node.mark.states, node.mark.kind)), ""
    )
    stub = "stub" in node.mark.states
    fill = theme.background if stub else paint.fill
    stroke = theme.failed if failed else paint.stroke
    style = (
        f'fill="{fill}" stroke="{stroke}" stroke-width="{3 if failed or node.is_focus else 1.2}"'
    )
    style += f' stroke-dasharray="{dash}"' if dash else ""
    (x, y), w, h = node.centre, node.mark.width / 2, node.mark.height / 2
    yield f"<g><title>{_text(node.full_name)}</title>"
    if node.mark.kind == "activity":
        yield (
            f'<rect x="{x - w:.1f}" y="{y - h:.1f}" width="{2 * w:.1f}" height="{2 * h:.1f}" '
            f'rx="6" {style}/>'
        )
    elif node.mark.kind == "agent":
        points = " ".join(f"{x + a * w:.1f},{y + b * h:.1f}" for a, b in HOUSE)
        yield f'<polygon points="{points}" {style}/>'
    else:
        yield f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{w:.1f}" ry="{h:.1f}" {style}/>'
    lines = node.mark.label.split("\n")
    weight = ' font-weight="bold"' if node.is_focus else ""
    first = y - (len(lines) - 1) * FONT_PX * 0.625 + FONT_PX * 0.35
    first += 6 if node.mark.kind == "agent" else 0
    for number, line in enumerate(lines):
        yield (
            f'<text x="{x:.1f}" y="{first + number * FONT_PX * 1.25:.1f}" text-anchor="middle" '
            f'fill="{theme.stub if stub else paint.text}"{weight}>{_text(line)}</text>'
        )
    yield "</g>"
