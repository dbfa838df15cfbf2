"""Where boxes stand: causes left, nothing on top of anything, the same every time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.vocabulary import RelationKind
from webapp import placement
from webapp.labels import width_px
from webapp.marks import RELATION_WORDS
from webapp.placement import Box, Point, place

Graph = tuple[list[Box], list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn, *, acyclic: bool = False) -> Graph:
    """Up to 60 boxes of any size, with any arrows."""
    size = draw(st.integers(1, 60))
    side = st.floats(20, 300)
    boxes = [Box(draw(side), draw(side)) for _ in range(size)]
    ends = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    arrows = draw(st.lists(ends, max_size=2 * size))
    if acyclic:
        arrows = [(a, b) for a, b in arrows if a < b]
    return boxes, arrows


def overlapping(boxes: Sequence[Box], points: Sequence[Point]) -> list[tuple[int, int]]:
    """Pairs of boxes that share an area."""
    return [
        (i, j)
        for i, j in itertools.combinations(range(len(boxes)), 2)
        if abs(points[i][0] - points[j][0]) < (boxes[i].width + boxes[j].width) / 2 - 0.2
        and abs(points[i][1] - points[j][1]) < (boxes[i].height + boxes[j].height) / 2 - 0.2
    ]


@pytest.fixture(params=["dot", "own"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of placing; ``dot`` where it is installed."""
    if request.param == "own":
        monkeypatch.setattr(placement, "MOST_FOR_DOT", 0)
    elif placement._dot() is None:
        pytest.skip("Graphviz is not installed")
    return str(request.param)


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_own_layers_never_overlap(graph: Graph) -> None:
    """Whatever the graph, circles included, each box has its own place."""
    boxes, arrows = graph
    pairs = sorted({pair for pair in arrows if pair[0] != pair[1]})
    points = placement._by_layers(boxes, pairs, placement._layers(len(boxes), pairs))

    assert overlapping(boxes, points) == []


@given(graphs(acyclic=True))
@settings(max_examples=60, deadline=None)
def test_own_layers_put_causes_left(graph: Graph) -> None:
    """Without circles every cause stands left of its effect."""
    boxes, arrows = graph
    pairs = sorted(set(arrows))
    points = placement._by_layers(boxes, pairs, placement._layers(len(boxes), pairs))

    assert [pair for pair in pairs if points[pair[0]][0] >= points[pair[1]][0]] == []


def test_a_ladder_is_placed_in_order_and_apart(engine: str) -> None:
    """Both engines draw a production chain from left to right."""
    boxes = [Box(120, 40)] * 21
    arrows = [(n, n + 1) for n in range(20)] + [(n, n + 2) for n in range(19)]
    points = place(boxes, arrows)

    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert overlapping(boxes, points) == []


def test_placing_twice_gives_the_same(engine: str) -> None:
    """A permalink shows the same picture again."""
    boxes = [Box(60 + n % 7 * 20, 40) for n in range(90)]
    arrows = [(n * 7 % 90, n * 13 % 90) for n in range(150)]

    assert place(boxes, arrows) == place(boxes, list(reversed(arrows)))


def test_hundreds_of_inputs_are_folded_into_columns() -> None:
    """A merge of 300 files is no tower: it is less than three times as high as it is wide."""
    boxes = [Box(150, 40)] * 301
    points = place(boxes, [(n, 300) for n in range(300)])
    width = max(x for x, _ in points) - min(x for x, _ in points)
    height = max(y for _, y in points) - min(y for _, y in points)

    assert height < 3 * width
    assert overlapping(boxes, points) == []


def test_an_arrow_is_long_enough_for_its_words(engine: str) -> None:
    """Between a cause and its effect stand the words of the most frequent relations in full."""
    box = Box(150, 40)
    (cause, _), (effect, _) = place([box, box], [(0, 1)])
    words = (RELATION_WORDS[kind][0] for kind in (RelationKind.GENERATION, RelationKind.USAGE))

    assert effect - cause - box.width >= max(width_px(text, 10) for text in words)


def test_nothing_is_placed_nowhere() -> None:
    """An empty graph has an empty drawing."""
    assert place([], []) == []


def test_a_broken_dot_is_replaced_by_the_own_layers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program that fails leaves no empty canvas."""
    monkeypatch.setattr(placement, "_dot", lambda: "/bin/false")
    points = place([Box(50, 30), Box(50, 30)], [(0, 1)])

    assert points[0][0] < points[1][0]
