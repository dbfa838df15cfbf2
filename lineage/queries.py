"""Questions to a store: find, show, ancestors, descendants, paths, digest.

A walk is breadth-first: one question to the store for each level, over the whole frontier. Its cost
grows with the elements reached, never with the number of paths between them. Every answer says how
much was found and whether something was left out.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from lineage import vocabulary as v
from lineage.canonical import canonical
from lineage.errors import AmbiguousReference, NotInStore
from lineage.graph_store import Direction, Found, GraphStore
from lineage.identifiers import PrefixMap
from lineage.subgraph import StoredElement, StoredRelation, Subgraph
from lineage.vocabulary import INFLUENCES, ElementKind, RelationKind

_MOST_CANDIDATES = 1000
_SHOWN_MATCHES = 10
_NO_IRI = re.compile(r'[\x00-\x20<>"{}|\\^`]')
_NEVER = datetime.min.replace(tzinfo=UTC)


def find(
    store: GraphStore, text: str, *, kinds: Collection[ElementKind] = (), limit: int = 20
) -> Found:
    """The elements that ``text`` finds by name, path, identifier or ``attribute=value``."""
    return store.find(text, kinds=kinds, limit=limit)


def resolve(store: GraphStore, reference: str) -> StoredElement:
    """The one element that ``reference`` names; see `resolve_versions`."""
    return resolve_versions(store, reference)[0]


def resolve_versions(
    store: GraphStore, reference: str
) -> tuple[StoredElement, tuple[StoredElement, ...]]:
    """The element that ``reference`` names, and the others that it might have meant.

    A reference is a key, an IRI, a CURIE (as it is shown, or as some source writes it), an alias,
    a path or its end, or a name, tried in this order. A path means its last version by (generation
    time, identifier); the others are its other versions. An IRI means what is said of it outside of
    bundles; the others stand in bundles.

    Raises:
        NotInStore: nothing has this name; near ones are suggested.
        AmbiguousReference: several elements have it, or several paths that hold no one version.
    """
    exactly = list(store.read([reference]))
    if exactly:
        return exactly[0], _in_bundles(store, exactly[0])
    meant = (reference, *prefix_map(store).meanings(reference))
    # what no IRI may hold stands percent-encoded in identifiers
    encoded = (_NO_IRI.sub(lambda match: quote(match[0], safe=""), one) for one in meant)
    names = dict.fromkeys((*meant, *encoded)).keys()
    candidates = [e for name in names for e in store.named(name, limit=_MOST_CANDIDATES)]
    for exact in (
        [e for e in candidates if e.key in names],
        [e for e in candidates if e.identifier in names],
    ):
        if exact:
            element = _only(reference, exact)
            return element, _in_bundles(store, element)
    versions = [e for e in candidates if names & set(e.aliases)]
    if not versions:
        paths = {p for e in candidates for p in e.paths if _is_end(reference, p)}
        if len(paths) > 1 and not _is_one_file(store, candidates, paths):
            raise _ambiguous(reference, sorted(paths))
        versions = [e for e in candidates if paths & set(e.paths)]
    if versions:
        return _last_version(store, versions)
    if candidates:
        return _only(reference, list(candidates)), ()
    raise NotInStore(reference, _near(store, reference))


def _in_bundles(store: GraphStore, element: StoredElement) -> tuple[StoredElement, ...]:
    """What bundles say of the identifier of an element that stands outside of them."""
    if element.bundle is not None:
        return ()
    found = store.named(element.identifier, limit=_MOST_CANDIDATES)
    return tuple(e for e in found if e.identifier == element.identifier and e.bundle is not None)


def _is_end(reference: str, path: str) -> bool:
    return path == reference or path.endswith("/" + reference)


def _is_one_file(
    store: GraphStore, candidates: list[StoredElement], paths: Collection[str]
) -> bool:
    """The last version is the same one at all of these paths."""
    last = {
        _last_version(store, [e for e in candidates if path in e.paths])[0].key for path in paths
    }
    return len(last) == 1


def _only(reference: str, found: list[StoredElement]) -> StoredElement:
    unique = {element.key: element for element in found}
    if len(unique) > 1:
        raise _ambiguous(reference, sorted(unique))
    return found[0]


def _ambiguous(reference: str, matches: list[str]) -> AmbiguousReference:
    return AmbiguousReference(reference, tuple(matches[:_SHOWN_MATCHES]), len(matches))


def _last_version(
    store: GraphStore, versions: list[StoredElement]
) -> tuple[StoredElement, tuple[StoredElement, ...]]:
    times = generation_times(store, [element.key for element in versions])
    # a version that nobody is known to have generated is older than any that has been
    ordered = sorted(versions, key=lambda e: (times.get(e.key, _NEVER), e.identifier), reverse=True)
    return ordered[0], tuple(ordered[1:])


def generation_times(store: GraphStore, keys: Collection[str]) -> dict[str, datetime]:
    """When each of these entities was generated: the relation's time, else its activity's stop,
    else the start. Entities of which nothing is known are left out.
    """
    generations = list(store.neighbours(keys, Direction.ANCESTORS, {RelationKind.GENERATION}))
    activities = {
        element.key: element
        for element in store.read(dict.fromkeys(s.object_key for s in generations if s.object_key))
    }
    times: dict[str, datetime] = {}
    for stored in generations:
        key, activity = stored.subject_key, activities.get(stored.object_key or "")
        said = dict(activity.attributes) if activity else {}
        moment = stored.relation.time or said.get(v.PROV_END) or said.get(v.PROV_START)
        if key is not None and isinstance(moment, datetime):
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            times[key] = max(moment, times.get(key, _NEVER))
    return times


def _near(store: GraphStore, reference: str) -> tuple[str, ...]:
    end = reference.rstrip("/").rpartition("/")[2]
    names = [element.name for element in store.find(end, limit=5).elements]
    if not names:
        some = [element.name for element in store.find("", limit=_MOST_CANDIDATES).elements]
        names = difflib.get_close_matches(end, some, n=3)
    return tuple(dict.fromkeys(names))[:3]


def prefix_map(store: GraphStore) -> PrefixMap:
    """The prefixes of a store, for display and for CURIEs in references."""
    return PrefixMap((n.prefix, n.iri) for n in store.namespaces())


def ancestors(
    store: GraphStore,
    start: str,
    *,
    depth: int | None = None,
    limit: int = 300,
    kinds: Collection[RelationKind] = INFLUENCES,
) -> Subgraph:
    """Everything that influenced ``start``, nearest first, with ``start`` itself at depth 0.

    Args:
        start: Element key.
        depth: Relations to cross, >= 0; all when ``None``.
        limit: Most elements returned; ``Subgraph.found`` counts them all.
        kinds: Relations to follow.

    Raises:
        NotInStore: ``start`` is unknown.

    Source: PROV-DM 5.1.8 (influence); transitivity is our reading, not PROV's.
    """
    return _walk(store, start, (Direction.ANCESTORS,), depth, limit, kinds)


def descendants(
    store: GraphStore,
    start: str,
    *,
    depth: int | None = None,
    limit: int = 300,
    kinds: Collection[RelationKind] = INFLUENCES,
) -> Subgraph:
    """Everything that ``start`` influenced; see `ancestors`."""
    return _walk(store, start, (Direction.DESCENDANTS,), depth, limit, kinds)


def neighbourhood(
    store: GraphStore,
    start: str,
    *,
    depth: int | None = 1,
    limit: int = 300,
    direction: Direction | None = None,
    kinds: Collection[RelationKind] = INFLUENCES,
    open_keys: Iterable[str] = (),
) -> Subgraph:
    """What surrounds ``start``: ancestors and descendants, and what further elements opened show.

    Args:
        start: Element key.
        depth: Relations to cross each way; all when ``None``.
        limit: Most elements returned.
        direction: One way only; both when ``None``.
        kinds: Relations to follow.
        open_keys: Elements whose own neighbours are shown too, in the order they were opened.

    Raises:
        NotInStore: ``start`` is unknown.
    """
    directions = tuple(Direction) if direction is None else (direction,)
    return _walk(store, start, directions, depth, limit, kinds, open_keys)


def _walk(
    store: GraphStore,
    start: str,
    directions: tuple[Direction, ...],
    depth: int | None,
    limit: int,
    kinds: Collection[RelationKind],
    open_keys: Iterable[str] = (),
) -> Subgraph:
    if not list(store.read([start])):
        raise NotInStore(start, _near(store, start))
    depths = {start: 0}
    for direction in directions:
        for key, distance in _levels(store, start, direction, depth, kinds).items():
            depths[key] = min(distance, depths.get(key, distance))
    for key in open_keys:
        if key in depths:
            for direction in Direction:
                for other in _levels(store, key, direction, 1, kinds):
                    depths.setdefault(other, depths[key] + 1)
    return _subgraph(store, start, depths, limit, kinds)


def _levels(
    store: GraphStore,
    start: str,
    direction: Direction,
    depth: int | None,
    kinds: Collection[RelationKind],
) -> dict[str, int]:
    """Element key -> relations crossed, for all that a walk reaches, ``start`` included."""
    depths = {start: 0}
    frontier = [start]
    crossed = 0
    while frontier and (depth is None or crossed < depth):
        crossed += 1
        frontier = [key for key in store.reach(frontier, direction, kinds) if key not in depths]
        depths |= dict.fromkeys(frontier, crossed)
    return depths


def _subgraph(
    store: GraphStore,
    start: str | None,
    depths: dict[str, int],
    limit: int,
    kinds: Collection[RelationKind],
) -> Subgraph:
    """The ``limit`` nearest of ``depths``, with the relations between them."""
    nearest = sorted(depths, key=lambda key: (depths[key], key))[: max(limit, 0)]
    elements = tuple(store.read(nearest))
    relations = tuple(store.between(nearest, kinds))
    return Subgraph(
        elements=elements,
        relations=relations,
        found=len(depths),
        start=start,
        depths={key: depths[key] for key in nearest},
        hidden=_hidden(store, nearest, relations, kinds),
    )


def _hidden(
    store: GraphStore,
    keys: list[str],
    relations: tuple[StoredRelation, ...],
    kinds: Collection[RelationKind],
) -> dict[str, tuple[int, int]]:
    causes: dict[str, set[str]] = {}
    effects: dict[str, set[str]] = {}
    for stored in relations:
        if stored.subject_key is not None and stored.object_key is not None:
            causes.setdefault(stored.subject_key, set()).add(stored.object_key)
            effects.setdefault(stored.object_key, set()).add(stored.subject_key)
    hidden: dict[str, tuple[int, int]] = {}
    for key, (as_subject, as_object) in store.degrees(keys, kinds).items():
        left = as_subject - len(causes.get(key, ())), as_object - len(effects.get(key, ()))
        if any(left):
            hidden[key] = left
    return hidden


def paths(
    store: GraphStore,
    start: str,
    end: str,
    *,
    limit: int = 300,
    kinds: Collection[RelationKind] = INFLUENCES,
) -> Subgraph:
    """Everything that lies on a chain of influence between two elements, shortest chains first.

    The chain may run either way; where neither influenced the other, nothing is found.

    Raises:
        NotInStore: one of them is unknown.
    """
    for key in (start, end):
        if not list(store.read([key])):
            raise NotInStore(key, _near(store, key))
    for direction, opposite in (tuple(Direction), tuple(reversed(Direction))):
        from_start = _levels(store, start, direction, None, kinds)
        if end not in from_start:
            continue
        from_end = _levels(store, end, opposite, None, kinds)
        on_chain = {key: from_start[key] + from_end[key] for key in from_start if key in from_end}
        kept = sorted(on_chain, key=lambda key: (on_chain[key], from_start[key], key))
        depths = {key: from_start[key] for key in kept[: max(limit, 0)]}
        answer = _subgraph(store, start, depths, limit, kinds)
        return Subgraph(
            answer.elements, answer.relations, len(on_chain), start, depths, answer.hidden
        )
    return Subgraph(elements=(), relations=(), found=0, start=start)


def reached(
    store: GraphStore,
    start: str,
    direction: Direction | None,
    *,
    depth: int | None = None,
    kinds: Collection[RelationKind] = INFLUENCES,
) -> Subgraph:
    """All that a walk reaches, nothing left out; both ways for ``None``."""
    return neighbourhood(
        store, start, depth=depth, limit=sys.maxsize, direction=direction, kinds=kinds
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """One element with all its relations."""

    element: StoredElement
    relations: tuple[StoredRelation, ...]
    """Those of which it is the subject, then those of which it is the object."""
    others: dict[str, StoredElement]
    """The elements at the other ends, by key."""
    left_out: int = 0
    """Relations beyond the limit."""


def show(store: GraphStore, key: str, *, limit: int = 500) -> Shown:
    """An element, its relations of every kind, and what they lead to.

    Raises:
        NotInStore: ``key`` is unknown.
    """
    elements = list(store.read([key]))
    if not elements:
        raise NotInStore(key, _near(store, key))
    unique: dict[str, StoredRelation] = {}
    for direction in Direction:
        for stored in store.neighbours([key], direction, tuple(RelationKind)):
            unique.setdefault(stored.key, stored)
    relations = tuple(unique.values())[:limit]
    ends = dict.fromkeys(
        end for stored in relations for end in (stored.subject_key, stored.object_key) if end
    )
    others = {element.key: element for element in store.read(ends) if element.key != key}
    return Shown(elements[0], relations, others, len(unique) - len(relations))


def digest(store: GraphStore) -> str:
    """``sha256:`` and the digest of everything that the provenance says.

    A function of the sources' contents and of the identity settings: neither of the engine, nor of
    the order, number or time of imports. Stubs, prefixes, names, aliases and the sources themselves
    are outside of it.
    """
    lines = sorted(
        hashlib.sha256(canonical(record).encode("utf-8", "surrogatepass")).digest()
        for record in store.records()
    )
    return "sha256:" + hashlib.sha256(b"".join(lines)).hexdigest()
