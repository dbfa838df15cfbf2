"""A store seen with the pairs that users confirmed, and on request guesses, as alternateOf.

Walks that follow alternateOf cross such a pair either way, and so they do with files of the same
bytes: both say that two are the same thing, and which is named first means nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from lineage.canonical import relation_key
from lineage.deciding import decided
from lineage.decisions import Verdict, link
from lineage.graph_store import Direction, GraphStore
from lineage.guesses import guessed_link, guesses
from lineage.records import Relation
from lineage.subgraph import StoredElement, StoredRelation, is_observed
from lineage.vocabulary import ElementKind, RelationKind

MOST_GUESSED_AT = 100
"""Entities of one walk whose guesses are followed."""
GUESSES_OF_ONE = 3
"""Guesses about one entity that a walk follows."""
LIKELY = 4
"""Weight from which a walk follows a guess: more than one name in two directories."""

_ALTERNATE = RelationKind.ALTERNATE


def with_alternates(store: GraphStore, *, guessed: bool = False) -> Alternates:
    """``store`` with what was decided about its entities among their relations.

    Args:
        store: What is only read.
        guessed: With guesses too, of the entities that are asked about.
    """
    pairs = [link(made) for made in decided(store).with_verdict(Verdict.SAME)]
    return Alternates(store, pairs, guessed=guessed)


class Alternates:
    """What a store says, and what users, and guesses, say beside it."""

    def __init__(
        self, store: GraphStore, pairs: Collection[Relation], *, guessed: bool = False
    ) -> None:
        """``pairs`` are relations between elements of the store."""
        self._store = store
        self._links: dict[str, dict[str, StoredRelation]] = {}
        self._guessed = guessed
        self._asked: set[str] = set()
        self.cut = False
        """There were more entities to guess at than `MOST_GUESSED_AT`."""
        for pair in pairs:
            self._add(pair)

    @property
    def store(self) -> GraphStore:
        """Itself, as queries take it: what is not defined here the store answers."""
        return cast(GraphStore, self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _add(self, pair: Relation) -> None:
        stored = StoredRelation(relation_key(pair), pair)
        for end in (pair.subject, pair.object):
            self._links.setdefault(end or "", {})[stored.key] = stored

    def _guess(self, keys: Collection[str]) -> None:
        """Adds the guesses about these elements, once each."""
        if not self._guessed:
            return
        for element in self._store.read(sorted(set(keys) - self._asked)):
            if ElementKind.ENTITY not in element.kinds:
                continue
            if len(self._asked) >= MOST_GUESSED_AT:
                self.cut = True
                return
            self._asked.add(element.key)
            self.add_guesses(element, GUESSES_OF_ONE)

    def add_guesses(self, element: StoredElement, limit: int) -> None:
        """Adds the best guesses about an element; a pair is guessed at from one end only."""
        known = {
            end
            for stored in self._links.get(element.key, {}).values()
            for end in (stored.relation.subject, stored.relation.object)
        }
        for guess in guesses(self._store, element, limit=limit).guesses:
            if guess.weight >= LIKELY and guess.element.identifier not in known:
                self._add(guessed_link(element.identifier, guess))

    def _beside(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> list[StoredRelation]:
        if _ALTERNATE not in kinds:
            return []
        self._guess(keys)
        found = {key: s for end in keys for key, s in self._links.get(end, {}).items()}
        return [found[key] for key in sorted(found)]

    def neighbours(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> Iterator[StoredRelation]:
        """Those of the store, then pairs in the direction in which they were written down."""
        yield from self._store.neighbours(frontier, direction, kinds)
        forward = direction is Direction.ANCESTORS
        for stored in self._beside(frontier, kinds):
            if (stored.subject_key if forward else stored.object_key) in frontier:
                yield stored

    def reach(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> set[str]:
        """Keys of the elements one relation away; pairs are crossed either way."""
        reached = self._store.reach(frontier, direction, kinds)
        own = set(frontier)
        crossed = self._beside(frontier, kinds)
        if _ALTERNATE in kinds:
            back = next(way for way in Direction if way is not direction)
            other_way = self._store.neighbours(frontier, back, {_ALTERNATE})
            crossed += [stored for stored in other_way if is_observed(stored)]
        for stored in crossed:
            ends = stored.subject_key, stored.object_key
            for here, there in (ends, ends[::-1]):
                if here in own and there is not None:
                    reached.add(there)
        return reached

    def between(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> Iterator[StoredRelation]:
        """Relations and pairs whose both ends are among ``keys``."""
        yield from self._store.between(keys, kinds)
        shown = set(keys)
        if _ALTERNATE in kinds:
            # what lies at the edge of a drawing is not guessed at
            found = {key: s for end in shown for key, s in self._links.get(end, {}).items()}
            for key in sorted(found):
                if {found[key].subject_key, found[key].object_key} <= shown:
                    yield found[key]

    def degrees(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> Mapping[str, tuple[int, int]]:
        """For each key how many distinct elements it is related to: (as subject, as object)."""
        counts = dict(self._store.degrees(keys, kinds))
        if _ALTERNATE in kinds:
            for key in counts.keys() & self._links.keys():
                pairs = self._links[key].values()
                mine = sum(stored.subject_key == key for stored in pairs)
                counts[key] = counts[key][0] + mine, counts[key][1] + len(pairs) - mine
        return counts
