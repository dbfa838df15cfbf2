"""Which other entities may be the same thing as one: guesses with reasons, made when asked for.

A guess is never stored, never part of an export or digest, and no walk follows it unless it is
told to. Tools that do not know one another write one file down under several names: through
another mount point, as a relative path, by its name alone, or in another format.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lineage import deciding
from lineage import vocabulary as v
from lineage.decisions import Decision
from lineage.graph_store import Direction, GraphStore
from lineage.records import Relation, Value
from lineage.resemblance import base_names, resemblance, spellings, stems
from lineage.subgraph import StoredElement, StoredRelation
from lineage.vocabulary import ElementKind, RelationKind

DEFAULT_LIMIT = 10
MOST_COMPARED = 1_000
"""Entities of one name that are compared with another; of more it is said how many there are."""

_FILES = frozenset({RelationKind.USAGE, RelationKind.GENERATION})
_LINKS = frozenset({RelationKind.ALTERNATE, RelationKind.SPECIALIZATION, RelationKind.DERIVATION})


@dataclass(frozen=True, slots=True)
class Guess:
    """Another entity that may be the same thing."""

    element: StoredElement
    weight: int
    reasons: tuple[str, ...]
    """In words, strongest first."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """What may be the same thing as one entity, best first."""

    element: StoredElement
    guesses: tuple[Guess, ...]
    found: int
    """How many there are in all."""
    not_compared: int
    """Entities of a like name beyond `MOST_COMPARED`."""
    decisions: tuple[Decision, ...]
    """What users decided about the entity already; those pairs are not guessed at."""

    @property
    def left_out(self) -> int:
        """Guesses beyond the limit."""
        return self.found - len(self.guesses)


def guesses(store: GraphStore, element: StoredElement, *, limit: int = DEFAULT_LIMIT) -> Guesses:
    """What may be the same thing as ``element``, best first.

    Left out are: what identity tells apart, what was decided, what some relation links already,
    and what one activity used or generated together, or made of one another: that are two files.
    Looks entities up by name, so it costs what there is of like names, whatever the store's size.
    """
    made = deciding.about(store, element)
    if ElementKind.ENTITY not in element.kinds or element.bundle is not None:
        return Guesses(element, (), 0, 0, made)
    beginnings = {text for one in stems(element) for text in spellings(one)}
    found = store.called(base_names(element), beginnings, limit=MOST_COMPARED)
    decided_on = {end for one in made for end in one.pair}
    compared = {
        other.key: (other, alike)
        for other in found.elements
        if other.bundle is None and other.identifier not in decided_on
        for alike in [resemblance(element, other)]
        if alike is not None
    }
    apart = _apart(store, element.key, compared.keys())
    makers = _makers(store, [element.key, *compared])
    some = [
        Guess(other, alike.weight + bool(chain), (*alike.reasons, *chain))
        for key, (other, alike) in compared.items()
        if key not in apart
        for chain in [_chain(element.key in makers, makers.get(key))]
    ]
    some.sort(key=lambda guess: (-guess.weight, guess.element.name, guess.element.key))
    left = found.found - len(found.elements)
    return Guesses(element, tuple(some[: max(limit, 0)]), len(some), left, made)


def _apart(store: GraphStore, own: str, keys: Collection[str]) -> set[str]:
    """Those among ``keys`` that relations link with ``own``, or tell apart from it."""
    if not keys:
        return set()
    linked = {end for s in _around(store, [own], _LINKS) for end in (s.subject_key, s.object_key)}
    activities = _activities(_around(store, [own], _FILES), {own}).get(own, set())
    theirs = _activities(_around(store, keys, _FILES), keys)
    return {key for key in keys if key in linked or activities & theirs.get(key, set())}


def _around(
    store: GraphStore, keys: Collection[str], kinds: Collection[RelationKind]
) -> list[StoredRelation]:
    return [s for direction in Direction for s in store.neighbours(keys, direction, kinds)]


def _activities(
    relations: Iterable[StoredRelation], keys: Collection[str]
) -> dict[str, set[str | None]]:
    """Entity -> the activities that used or generated it."""
    found: dict[str, set[str | None]] = {}
    for stored in relations:
        ends = stored.subject_key, stored.object_key
        if stored.relation.kind is RelationKind.USAGE:
            ends = ends[1], ends[0]
        entity, activity = ends
        if entity is not None and entity in keys:
            found.setdefault(entity, set()).add(activity)
    return found


def _makers(store: GraphStore, keys: Collection[str]) -> dict[str, str]:
    """Entity -> name of an activity that generated it."""
    made = {
        s.subject_key: s.object_key
        for s in store.neighbours(keys, Direction.ANCESTORS, {RelationKind.GENERATION})
        if s.subject_key and s.object_key
    }
    names = {e.key: e.name for e in store.read(sorted(set(made.values())))}
    return {key: names.get(maker, maker) for key, maker in made.items()}


def _chain(made: bool, maker: str | None) -> tuple[str, ...]:
    """That a guess would close a gap is a reason to look at it."""
    if made or maker is None:
        return ()
    return (f"this one has no known maker, and {maker} generated the other",)


def guessed_link(one: str, guess: Guess) -> Relation:
    """A guess as the alternateOf that it would be."""
    said: tuple[tuple[str, Value], ...] = ((v.EVIDENCE, v.GUESS_EVIDENCE),)
    return Relation(RelationKind.ALTERNATE, one, guess.element.identifier, None, said)
