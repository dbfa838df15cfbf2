"""A scene turned into marks with places and arrows between them: what screen and SVG both draw."""

from __future__ import annotations

from dataclasses import dataclass

from lineage import vocabulary as v
from lineage.vocabulary import RelationKind
from webapp.marks import Mark, mark, relation_label, relation_words
from webapp.placement import Box, Point, place
from webapp.references import reference
from webapp.scene import Scene


@dataclass(frozen=True, slots=True)
class Node:
    """One drawn element."""

    token: str
    reference: str
    full_name: str
    mark: Mark
    centre: Point
    is_focus: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """One drawn relation: from effect to cause, as PROV's diagrams have it."""

    identifier: str
    subject: str
    """Token of the effect."""
    object: str
    """Token of the cause."""
    kind: RelationKind
    words: str
    label: str
    """The words, and the role where there is one."""
    weak: bool
    """An equality rather than a record of what happened; solid where a user confirmed it."""
    guess: bool = False
    """Nobody says so; dashed, and without a head, for it has no direction."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that is drawn, nearest first."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def draw(scene: Scene) -> Drawing:
    """The drawing of a scene; the same for the same store and view."""
    elements = scene.subgraph.elements
    marks = [mark(e, scene.subgraph.hidden.get(e.key, (0, 0))) for e in elements]
    index = {element.key: place_ for place_, element in enumerate(elements)}
    relations = [
        (s.key, s.relation, index[s.subject_key], index[s.object_key])
        for s in scene.subgraph.relations
        if s.subject_key in index and s.object_key in index
    ]
    centres = place(
        [Box(m.width, m.height) for m in marks],
        [(cause, effect) for _, _, effect, cause in relations],
    )
    opened = scene.opened
    nodes = tuple(
        Node(
            scene.tokens[element.key],
            reference(element.key),
            element.name,
            drawn,
            centre,
            element.key == scene.focus.key,
            element.key in opened,
        )
        for element, drawn, centre in zip(elements, marks, centres, strict=True)
    )
    arrows = tuple(
        Arrow(
            f"r{number}",
            nodes[effect].token,
            nodes[cause].token,
            relation.kind,
            relation_words(relation),
            relation_label(relation),
            not (relation.kind.value.influence or v.DECISION_EVIDENCE in evidence),
            v.GUESS_EVIDENCE in evidence,
        )
        for number, (_, relation, effect, cause) in enumerate(relations)
        for evidence in [relation.values(v.EVIDENCE)]
    )
    return Drawing(nodes, arrows)
