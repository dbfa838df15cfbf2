"""What a view shows: the subgraph with counts, looked up and not yet drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from lineage import queries
from lineage.alternates import with_alternates
from lineage.canonical import relation_key
from lineage.decisions import Verdict, link
from lineage.graph_store import Direction, GraphStore
from lineage.guesses import guessed_link
from lineage.subgraph import StoredElement, StoredRelation, Subgraph
from lineage.vocabulary import INFLUENCES, ElementKind, RelationKind
from webapp.guessing import look_for
from webapp.references import element_of, token
from webapp.view import View

_MOST_COUNTED = 5000
MOST_GUESSED_AT = 12
"""Elements of one drawing whose guesses are shown: those that were asked about last."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One entry of the legend."""

    keyword: str
    count: int
    shown: bool
    more: bool = False
    """There are more than were counted."""


@dataclass(frozen=True, slots=True)
class Guessing:
    """What of the guesses that the view asks for is in the subgraph."""

    asked: int = 0
    """Elements in the subgraph that were asked about."""
    looked: int = 0
    """Those of them whose guesses were looked for."""
    left_out: int = 0
    """Guesses about these that are left out, for each shows a few only."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A view's subgraph, with what its surroundings need to know."""

    view: View
    focus: StoredElement
    subgraph: Subgraph
    """Without the kinds of element that the view hides."""
    tokens: Mapping[str, str]
    """Element key -> token."""
    elements: tuple[Chip, ...]
    relations: tuple[Chip, ...]
    guessing: Guessing = Guessing()

    @property
    def opened(self) -> frozenset[str]:
        """Keys of the elements expanded by hand."""
        wanted = set(self.view.open)
        return frozenset(key for key, name in self.tokens.items() if name in wanted)


def look(store: GraphStore, view: View) -> Scene:
    """The scene that ``view`` asks for.

    Raises:
        NotInStore: the focus is unknown.
        AmbiguousReference: the focus means several.
    """
    focus = element_of(store, view.focus)
    seen = with_alternates(store).store
    view = _widened(seen, view, focus.key)
    walked = _walk(seen, view, focus.key)
    whole, guessing = _with_guesses(store, walked, view)
    tokens = {element.key: token(element.key) for element in whole.elements}
    return Scene(
        view,
        focus,
        _without(whole, view.hidden_elements),
        tokens,
        _element_chips(whole, view),
        _relation_chips(seen, walked, view),
        guessing,
    )


def _widened(store: GraphStore, view: View, start: str) -> View:
    """A thing that no influence leads from or to is shown with what else is said of it."""
    ways = Direction if view.direction is None else (view.direction,)

    def around(kinds: frozenset[RelationKind]) -> Iterator[StoredRelation]:
        return (one for way in ways for one in store.neighbours([start], way, kinds))

    if view.also or any(around(view.kinds)):
        return view
    words = {one.relation.kind.keyword for one in around(frozenset(RelationKind) - INFLUENCES)}
    return replace(view, also=tuple(sorted(words - {*view.hide})))


def _alike(stored: StoredRelation) -> bool:
    return stored.relation.kind is RelationKind.ALTERNATE


def _with_guesses(store: GraphStore, walked: Subgraph, view: View) -> tuple[Subgraph, Guessing]:
    """What a walk found, and beside it what may be, or is said to be, the same as some of it."""
    if not view.guess:
        return walked, Guessing()
    elements = {element.key: element for element in walked.elements}
    relations = {stored.key: stored for stored in walked.relations}
    depths = dict(walked.depths)
    beside: set[str] = set()
    linked = {frozenset((s.subject_key, s.object_key)) for s in walked.relations if _alike(s)}
    count = left_out = 0
    for name in view.guess[-MOST_GUESSED_AT:]:
        element = next((e for key, e in elements.items() if token(key) == name), None)
        if element is None:
            continue
        looked = look_for(store, element)
        count += 1
        left_out += looked.found.left_out
        pairs = [(other.key, other) for other in looked.others.values()]
        pairs += [(guess.element.key, guess.element) for guess in looked.found.guesses]
        links = [guessed_link(element.identifier, guess) for guess in looked.found.guesses]
        links += [link(made) for made in looked.found.decisions if made.verdict is Verdict.SAME]
        shown = {end for one in links for end in (one.subject, one.object)}
        for key, other in pairs:
            if key in shown and key not in elements:
                elements[key], depths[key] = other, depths[element.key] + 1
                beside.add(key)
        for one in links:
            ends = frozenset((one.subject, one.object))
            if ends <= elements.keys() and ends not in linked:
                linked.add(ends)
                # the one that is asked about stands at the same side of all of them
                other_end = next(iter(ends - {element.identifier}))
                drawn = replace(one, subject=element.identifier, object=other_end)
                relations[relation_key(drawn)] = StoredRelation(relation_key(drawn), drawn)
    for key in beside:
        if token(key) in view.open:
            opened = queries.neighbourhood(store, key, limit=view.limit, kinds=view.kinds)
            elements = {e.key: e for e in opened.elements} | elements
            relations |= {stored.key: stored for stored in opened.relations}
            depths = {at: depths[key] + n for at, n in opened.depths.items()} | depths
    ordered = sorted(elements.values(), key=lambda e: (depths[e.key], e.key))
    whole = replace(
        walked,
        elements=tuple(ordered),
        relations=tuple(relations.values()),
        found=walked.found + len(elements) - len(walked.elements),
        depths=depths,
    )
    earlier = {*view.guess[:-MOST_GUESSED_AT]} & {token(key) for key in elements}
    return whole, Guessing(count + len(earlier), count, left_out)


def _walk(store: GraphStore, view: View, start: str) -> Subgraph:
    """The neighbourhood; each round finds more of the opened elements by their tokens."""
    opened: tuple[str, ...] = ()
    while True:
        subgraph = queries.neighbourhood(
            store,
            start,
            depth=view.depth,
            limit=view.limit,
            direction=view.direction,
            kinds=view.kinds,
            open_keys=opened,
        )
        if not view.open:
            return subgraph
        keys = {token(element.key): element.key for element in subgraph.elements}
        # those found earlier come first: each may be what shows the next
        found = dict.fromkeys([*opened, *(keys[name] for name in view.open if name in keys)])
        if tuple(found) == opened:
            return subgraph
        opened = tuple(found)


def _without(subgraph: Subgraph, hidden: frozenset[ElementKind]) -> Subgraph:
    if not hidden:
        return subgraph
    kept = tuple(
        element
        for element in subgraph.elements
        if element.kind not in hidden or element.key == subgraph.start
    )
    keys = {element.key for element in kept}
    return replace(
        subgraph,
        elements=kept,
        relations=tuple(
            s for s in subgraph.relations if s.subject_key in keys and s.object_key in keys
        ),
        found=subgraph.found - len(subgraph.elements) + len(kept),
    )


def _element_chips(subgraph: Subgraph, view: View) -> tuple[Chip, ...]:
    counts = dict.fromkeys(ElementKind, 0)
    for element in subgraph.elements:
        if element.kind is not None:
            counts[element.kind] += 1
    return tuple(
        Chip(kind.keyword, count, kind not in view.hidden_elements)
        for kind, count in counts.items()
        if count or kind in view.hidden_elements
    )


def _relation_chips(store: GraphStore, subgraph: Subgraph, view: View) -> tuple[Chip, ...]:
    """The kinds that are followed, with those that would lead further if they were."""
    counts = _count(subgraph.relations)
    keys = [element.key for element in subgraph.elements]
    idle = frozenset(RelationKind) - view.kinds
    around = list(
        islice(
            (s for direction in Direction for s in store.neighbours(keys, direction, idle)),
            _MOST_COUNTED,
        )
    )
    idle_counts = _count({stored.key: stored for stored in around}.values())
    more = len(around) == _MOST_COUNTED
    hidden = {kind for kind in INFLUENCES if kind.keyword in view.hide}
    also = {kind for kind in RelationKind if kind.keyword in view.also}
    chips = []
    for kind in RelationKind:
        if kind in view.kinds and (counts.get(kind) or kind in also):
            chips.append(Chip(kind.keyword, counts.get(kind, 0), True))
        elif kind in idle and (idle_counts.get(kind) or kind in hidden):
            chips.append(Chip(kind.keyword, idle_counts.get(kind, 0), False, more))
    return tuple(chips)


def _count(relations: Iterable[StoredRelation]) -> dict[RelationKind, int]:
    counts: dict[RelationKind, int] = {}
    for stored in relations:
        counts[stored.relation.kind] = counts.get(stored.relation.kind, 0) + 1
    return counts
