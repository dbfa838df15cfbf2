"""Where drawn elements stand: causes left, effects right, no two on top of each other.

Graphviz's ``dot`` draws small graphs best and is used where it is installed; the layering here
serves where it is not, and for large or very tall graphs, which it folds into columns.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

MOST_FOR_DOT = 400
"""Boxes that ``dot`` places in about 0.2 s; it needs 3 s for 2,000."""
TALLEST_FOR_DOT = 26
"""Boxes in one layer; taller layers are folded, which ``dot`` cannot do."""

_DOT_TIMEOUT_S = 5.0
_LAYER_GAP = 72.0
_COLUMN_GAP = 26.0
_ROW_GAP = 22.0
_MOST_ROWS = 18
_SWEEPS = 8
_PIXELS_PER_INCH = 72.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle to place, in pixels."""

    width: float
    height: float


Point = tuple[float, float]
"""Centre of a box: x to the right, y downwards, in pixels."""


def place(boxes: Sequence[Box], arrows: Sequence[tuple[int, int]]) -> list[Point]:
    """The centres of the boxes, in their order; the same for the same graph.

    Args:
        arrows: (cause, effect) as indices of ``boxes``; a cause stands left of its effect but where
            arrows run in a circle.
    """
    pairs = sorted({pair for pair in arrows if pair[0] != pair[1]})
    layers = _layers(len(boxes), pairs)
    if len(boxes) <= MOST_FOR_DOT and max(map(len, layers), default=0) <= TALLEST_FOR_DOT:
        placed = _by_dot(boxes, pairs)
        if placed is not None:
            return placed
    return _by_layers(boxes, pairs, layers)


@functools.cache
def _dot() -> str | None:
    return shutil.which("dot")


def _by_dot(boxes: Sequence[Box], arrows: Sequence[tuple[int, int]]) -> list[Point] | None:
    """What ``dot`` says; it sees numbers only, never a text from a source."""
    program = _dot()
    if program is None or not boxes:
        return None
    lines = ['digraph{rankdir=LR;nodesep=0.25;ranksep=1;node[shape=box,fixedsize=true,label=""]']
    for index, box in enumerate(boxes):
        width, height = box.width / _PIXELS_PER_INCH, box.height / _PIXELS_PER_INCH
        lines.append(f"{index}[width={width:.4f},height={height:.4f}]")
    lines += [f"{cause}->{effect}" for cause, effect in arrows]
    try:
        answer = subprocess.run(
            [program, "-Tplain"],
            input="\n".join([*lines, "}"]),
            capture_output=True,
            text=True,
            timeout=_DOT_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found: dict[int, Point] = {}
    for line in answer.stdout.splitlines():
        words = line.split()
        if words[:1] == ["node"]:
            x, y = float(words[2]), float(words[3])
            found[int(words[1])] = round(x * _PIXELS_PER_INCH, 1), round(-y * _PIXELS_PER_INCH, 1)
    return [found[index] for index in range(len(boxes))] if len(found) == len(boxes) else None


def _acyclic(size: int, arrows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """``arrows`` without those that close a circle in a depth-first walk from the roots."""
    effects: list[list[int]] = [[] for _ in range(size)]
    is_root = [True] * size
    for cause, effect in arrows:
        effects[cause].append(effect)
        is_root[effect] = False
    state = [0] * size
    kept: list[tuple[int, int]] = []
    for root in sorted(range(size), key=lambda index: (not is_root[index], index)):
        if state[root]:
            continue
        state[root] = 1
        walk = [(root, iter(effects[root]))]
        while walk:
            index, rest = walk[-1]
            for effect in rest:
                if state[effect] != 1:
                    kept.append((index, effect))
                if state[effect] == 0:
                    state[effect] = 1
                    walk.append((effect, iter(effects[effect])))
                    break
            else:
                state[index] = 2
                walk.pop()
    return kept


def _layers(size: int, arrows: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Indices by layer, causes first: longest paths, then roots moved next to their effects."""
    kept = _acyclic(size, arrows)
    effects: list[list[int]] = [[] for _ in range(size)]
    waiting = [0] * size
    for cause, effect in kept:
        effects[cause].append(effect)
        waiting[effect] += 1
    has_cause = [count > 0 for count in waiting]
    rank = [0] * size
    ready = [index for index in range(size) if not waiting[index]]
    for index in ready:
        for effect in effects[index]:
            rank[effect] = max(rank[effect], rank[index] + 1)
            waiting[effect] -= 1
            if not waiting[effect]:
                ready.append(effect)
    for index in range(size):
        if effects[index] and not has_cause[index]:
            rank[index] = min(rank[effect] for effect in effects[index]) - 1
    layers: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for index in range(size):
        layers[rank[index]].append(index)
    return [layer for layer in layers if layer]


def _by_layers(
    boxes: Sequence[Box], arrows: Sequence[tuple[int, int]], layers: list[list[int]]
) -> list[Point]:
    """Layers ordered by barycentre and folded into columns of bounded height."""
    near: list[list[int]] = [[] for _ in boxes]
    for cause, effect in arrows:
        near[cause].append(effect)
        near[effect].append(cause)
    _order(layers, near)
    points: list[Point] = [(0.0, 0.0)] * len(boxes)
    columns: list[list[int]] = []
    x = 0.0
    for layer in layers:
        rows = max(_MOST_ROWS, round(len(layer) ** 0.5))
        count = -(-len(layer) // rows)
        rows = -(-len(layer) // count)
        for start in range(0, len(layer), rows):
            column = layer[start : start + rows]
            width = max(boxes[index].width for index in column)
            for index in column:
                points[index] = x + width / 2, 0.0
            columns.append(column)
            x += width + _COLUMN_GAP
        x += _LAYER_GAP - _COLUMN_GAP
    for column in columns:
        _stack(column, boxes, points, [0.0] * len(column))
    for sweep in range(4):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = [_mean([points[n][1] for n in near[i]], points[i][1]) for i in column]
            _stack(column, boxes, points, wanted)
    return [(round(x, 1), round(y, 1)) for x, y in points]


def _order(layers: list[list[int]], near: list[list[int]]) -> None:
    """Sorts each layer by the mean place of the neighbours, back and forth."""
    place: dict[int, float] = {}
    for layer in layers:
        _note(layer, place)
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            own = set(layer)
            means = {
                index: _mean([place[n] for n in near[index] if n not in own], place[index])
                for index in layer
            }
            layer.sort(key=lambda index: (means[index], place[index], index))
            _note(layer, place)


def _note(layer: list[int], place: dict[int, float]) -> None:
    for position, index in enumerate(layer):
        place[index] = (position + 0.5) / len(layer)


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _stack(
    column: list[int], boxes: Sequence[Box], points: list[Point], wanted: list[float]
) -> None:
    """Puts a column's boxes as near to where they are wanted as their order and size allow."""
    bottom = -1e12
    centres: list[float] = []
    for index, centre in zip(column, wanted, strict=True):
        half = boxes[index].height / 2
        centres.append(max(centre, bottom + half))
        bottom = centres[-1] + half + _ROW_GAP
    # boxes are only pushed down above: half the mean push is taken back
    shift = sum(c - w for c, w in zip(centres, wanted, strict=True)) / max(len(column), 1)
    for index, centre in zip(column, centres, strict=True):
        points[index] = points[index][0], centre - shift
