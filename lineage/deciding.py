"""Decisions about the entities of a store: made, taken back, found again, exported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lineage import queries
from lineage.decisions import (
    LONGEST_NOTE,
    Decision,
    Verdict,
    between,
    decision,
    foremost,
    record_of,
)
from lineage.errors import LineageError
from lineage.graph_store import GraphStore
from lineage.records import Entity, Relation
from lineage.resemblance import told_apart
from lineage.subgraph import StoredElement
from lineage.vocabulary import ElementKind

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions that count, about what the store holds now."""

    decisions: tuple[Decision, ...]
    """One for each pair, between the identifiers that the entities have now; by key."""
    elements: dict[str, StoredElement]
    """Identifier -> its entity. An end that is no longer in the store is missing."""

    def with_verdict(self, verdict: Verdict) -> tuple[Decision, ...]:
        """Those whose both ends are in the store, and are two."""
        return tuple(
            made
            for made in self.decisions
            if made.verdict is verdict
            and made.first != made.second
            and self.elements.keys() >= set(made.pair)
        )


def decided(store: GraphStore) -> Decided:
    """What was decided, found again under the identifiers that entities have now.

    Costs as much as there are decisions, and one search for all identifiers that are only aliases
    by now.
    """
    made = store.decisions()
    elements = _current(store, {end for one in made for end in one.pair})
    names = {end: element.identifier for end, element in elements.items()}
    best = foremost(between(one, names) for one in made)
    by_name = {element.identifier: element for element in elements.values()}
    return Decided(tuple(best.values()), by_name)


def _current(store: GraphStore, identifiers: Collection[str]) -> dict[str, StoredElement]:
    """Identifier -> the element that has it, or is known by it since it has a stronger one."""
    found = {element.key: element for element in store.read(sorted(identifiers))}
    missing = sorted(set(identifiers) - found.keys())
    known = store.known_as(missing) if missing else ()
    for identifier in missing:
        versions = [one for one in known if identifier in one.aliases and one.bundle is None]
        if versions:
            found[identifier] = _last(store, versions)
    return found


def _last(store: GraphStore, versions: list[StoredElement]) -> StoredElement:
    """As a path means its last version, so does an alias."""
    times = queries.generation_times(store, [one.key for one in versions])
    return max(versions, key=lambda one: (times.get(one.key, _NEVER), one.identifier))


def about(store: GraphStore, element: StoredElement) -> tuple[Decision, ...]:
    """The decisions that count about one element, between current identifiers."""
    own = {element.identifier, *element.aliases}
    mine = [one for one in store.decisions() if own & set(one.pair)]
    elements = _current(store, {end for one in mine for end in one.pair} - own)
    names = {end: other.identifier for end, other in elements.items()}
    names |= dict.fromkeys(own, element.identifier)
    return tuple(foremost(between(one, names) for one in mine).values())


def decide(
    store: GraphStore,
    one: StoredElement,
    other: StoredElement,
    verdict: Verdict,
    *,
    by: str,
    note: str = "",
    at: datetime | None = None,
) -> Decision:
    """Keeps that two entities are the same thing, or are not, in place of what was said before.

    Raises:
        LineageError: they are no entities, or identity knows that they are two.
        StoreBusy: another process keeps writing.
    """
    for element in (one, other):
        if ElementKind.ENTITY not in element.kinds or element.bundle is not None:
            raise LineageError(
                f"{element.key}: is no entity outside of bundles. Only of such can be said that "
                "they are the same thing."
            )
    if len(note) > LONGEST_NOTE:
        raise LineageError(
            f"the note has {len(note):,} characters, and {LONGEST_NOTE:,} are kept. Shorten it."
        )
    apart = told_apart(one, other)
    if one.key == other.key or (apart and verdict is Verdict.SAME):
        raise LineageError(f"{one.identifier} and {other.identifier}: {apart}. Decide on others.")
    made = decision(one.identifier, other.identifier, verdict, by, at or datetime.now(UTC), note)
    with store.writing():
        store.decide([made], _of_pair(store, identifiers(one), identifiers(other)))
    return made


def undecide(store: GraphStore, one: Collection[str], other: Collection[str]) -> int:
    """Takes back what was decided about two entities; returns how many decisions that were.

    Args:
        store: Where it was decided.
        one: The identifiers of one of them; see `identifiers`.
        other: Those of the other.

    Raises:
        StoreBusy: another process keeps writing.
    """
    with store.writing():
        keys = _of_pair(store, one, other)
        if keys:
            store.decide((), keys)
    return len(keys)


def identifiers(element: StoredElement) -> frozenset[str]:
    """What decisions may call an element: its identifier, and the weaker ones."""
    return frozenset({element.identifier, *element.aliases})


def _of_pair(store: GraphStore, one: Collection[str], other: Collection[str]) -> list[str]:
    """Keys of the decisions about this pair, under whatever identifiers they were made."""
    return [
        made.key
        for made in store.decisions()
        if (made.first in one and made.second in other)
        or (made.first in other and made.second in one)
    ]


def take_over(store: GraphStore, brought: Iterable[Decision]) -> int:
    """Keeps decisions that a source brought; what is said here already counts more.

    Returns:
        Decisions that are new, or stand in place of others.
    """
    known = {made.key: made for made in store.decisions()}
    best = foremost([*known.values(), *brought])
    new = [made for key, made in best.items() if known.get(key) != made]
    if new:
        store.decide(new)
    return len(new)


def records(store: GraphStore, among: Collection[str] | None = None) -> Iterator[Entity | Relation]:
    """The decisions as PROV records, by key.

    Args:
        among: Keys of elements: only what is about two of them.
    """
    for made in decided(store).decisions:
        if made.first != made.second and (among is None or set(made.pair) <= set(among)):
            yield record_of(made)
