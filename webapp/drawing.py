"""A scene turned into marks with places and arrows between them: what screen and SVG both draw."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lineage.subgraph import StoredElement
from lineage.vocabulary import RelationKind
from webapp.marks import Mark, likeness, mark, relation_label, short_words
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
    likeness: str = ""
    """``guess`` or ``same``: without a head, for it has no direction."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that is drawn, nearest first."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def _directory(element: StoredElement) -> str:
    """Where a file lies, for a drawing with several of one name."""
    return element.paths[0].rpartition("/")[0] if element.paths else ""


def draw(scene: Scene) -> Drawing:
    """The drawing of a scene; the same for the same store and view."""
    elements = scene.subgraph.elements
    names = Counter(element.name for element in elements if scene.view.guess)
    marks = [
        mark(
            element,
            scene.subgraph.hidden.get(element.key, (0, 0)),
            _directory(element) if names[element.name] > 1 else "",
        )
        for element in elements
    ]
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
            short_words(relation),
            relation_label(relation),
            not relation.kind.value.influence and likeness(relation) != "same",
            likeness(relation),
        )
        for number, (_, relation, effect, cause) in enumerate(relations)
    )
    return Drawing(nodes, arrows)
