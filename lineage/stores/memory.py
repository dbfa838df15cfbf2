"""The graph in Python dictionaries: the reference that every engine is compared with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from lineage.canonical import canonical, relation_key
from lineage.errors import StoreBusy
from lineage.graph_store import Direction, Found, Source, Stats, Written
from lineage.identifiers import key_of, split_key
from lineage.identity import Changes, Made
from lineage.records import Attributes, Bundle, Namespace, Record, Relation
from lineage.stores.fold import Declaration, fold, implied_kinds
from lineage.stores.memory_decisions import MemoryDecisions
from lineage.stores.search import attribute_names, is_called, is_named, matches, parse, rank
from lineage.subgraph import (
    Observations,
    StoredElement,
    StoredEvent,
    StoredRelation,
    relation_order,
)
from lineage.vocabulary import ElementKind, RelationKind


class _Declared(NamedTuple):
    """What was declared, and the keys of the sources that did."""

    record: Declaration | Bundle
    sources: set[str]


@dataclass(slots=True)
class _Node:
    """What the store knows of one element key."""

    declared: dict[str, _Declared] = field(default_factory=dict)
    """By canonical line: to Python 1, 1.0 and True are equal, and records that hold them."""
    resolved: dict[ElementKind, Made] = field(default_factory=dict)
    """What identity says of a file version, and of an activity."""
    observed: Attributes = ()
    """What was seen of it on the disk."""
    is_bundle: bool = False
    """Something was said inside a bundle of this name, or it was declared."""
    as_subject: set[str] = field(default_factory=set)
    as_object: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Edge:
    """What the store knows of one relation key."""

    relation: Relation
    sources: set[str] = field(default_factory=set)
    """Those that declare it."""
    made: bool = False
    """Identity says it."""
    observed: bool = False
    """It rests on what was seen on the disk."""


class MemoryStore(MemoryDecisions):
    """A graph store that lasts as long as the process."""

    description = "memory"

    def __init__(self) -> None:
        super().__init__()
        self._nodes: dict[str, _Node] = {}
        self._edges: dict[str, _Edge] = {}
        self._sources: dict[str, Source] = {}
        self._namespaces: set[Namespace] = set()
        self._events: dict[str, dict[StoredEvent, None]] = {}
        self._by_path: dict[str, set[str]] = {}
        self._by_product: dict[str, set[str]] = {}
        self._folded: dict[str, StoredElement] = {}
        self._writer = threading.Lock()

    def sources(self) -> tuple[Source, ...]:
        """Every source, by key."""
        return tuple(self._sources[key] for key in sorted(self._sources))

    def namespaces(self) -> tuple[Namespace, ...]:
        """Prefixes that sources declared, sorted by (iri, prefix)."""
        return tuple(sorted(self._namespaces, key=lambda n: (n.iri, n.prefix)))

    def read(self, keys: Iterable[str]) -> Iterator[StoredElement]:
        """The elements of these keys, in the order asked."""
        for key in keys:
            if key in self._nodes:
                yield self._element(key)

    def neighbours(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> Iterator[StoredRelation]:
        """The relations of these kinds that leave the frontier in this direction."""
        forward = direction is Direction.ANCESTORS
        found: list[StoredRelation] = []
        for key in set(frontier):
            node = self._nodes.get(key)
            if node is None:
                continue
            for relation_id in node.as_subject if forward else node.as_object:
                stored = self._stored(relation_id)
                complete = stored.subject_key is not None and stored.object_key is not None
                if stored.relation.kind in kinds and complete:
                    found.append(stored)
        found.sort(
            key=lambda s: (s.relation.kind.keyword, s.subject_key or "", s.object_key or "", s.key)
        )
        return iter(found)

    def reach(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> set[str]:
        """Keys of the elements one relation away."""
        found = self.neighbours(frontier, direction, kinds)
        forward = direction is Direction.ANCESTORS
        ends = (s.object_key if forward else s.subject_key for s in found)
        return {end for end in ends if end is not None}

    def between(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> Iterator[StoredRelation]:
        """The relations of these kinds whose both ends are among ``keys``."""
        shown = set(keys)
        found = self.neighbours(shown, Direction.ANCESTORS, kinds)
        return (stored for stored in found if stored.object_key in shown)

    def degrees(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> Mapping[str, tuple[int, int]]:
        """For each key how many distinct elements it is related to: (as subject, as object)."""
        counts: dict[str, tuple[int, int]] = {}
        for key in keys:
            if key in self._nodes:
                causes = {s.object_key for s in self.neighbours([key], Direction.ANCESTORS, kinds)}
                effects = {
                    s.subject_key for s in self.neighbours([key], Direction.DESCENDANTS, kinds)
                }
                counts[key] = len(causes), len(effects)
        return counts

    def find(self, text: str, *, kinds: Collection[ElementKind] = (), limit: int) -> Found:
        """Elements that ``text`` finds, best first; see search.py."""
        search = parse(text)
        names = attribute_names(search, self.namespaces())
        found = [
            element
            for element in map(self._element, list(self._nodes))
            if (not kinds or element.kinds & set(kinds)) and matches(search, element, names)
        ]
        found.sort(key=lambda element: rank(search, element))
        return Found(tuple(found[:limit]), len(found))

    def named(self, reference: str, *, limit: int) -> tuple[StoredElement, ...]:
        """Elements that ``reference`` names, by key."""
        found = (self._element(key) for key in sorted(self._nodes))
        named = (element for element in found if is_named(reference, element))
        return tuple(element for _, element in zip(range(limit), named, strict=False))

    def called(self, names: Collection[str], beginnings: Collection[str], *, limit: int) -> Found:
        """Entities whose name is one of ``names`` or begins with one of ``beginnings``, by key."""
        found = [
            element
            for element in map(self._element, sorted(self._nodes))
            if ElementKind.ENTITY in element.kinds and is_called(element, names, beginnings)
        ]
        return Found(tuple(found[:limit]), len(found))

    def known_as(self, aliases: Collection[str]) -> tuple[StoredElement, ...]:
        """Elements that have one of these as an alias, by key."""
        wanted = set(aliases)
        found = map(self._element, sorted(self._nodes))
        return tuple(element for element in found if wanted.intersection(element.aliases))

    def events(self, paths: Collection[str], products: Collection[str]) -> tuple[StoredEvent, ...]:
        """The file events at these paths or of these products."""
        wanted, of_products = set(paths), set(products)
        keys = {key for path in paths for key in self._by_path.get(path, ())}
        keys |= {key for product in products for key in self._by_product.get(product, ())}
        return tuple(
            stored
            for key in sorted(keys)
            for stored in self._events[key]
            if stored.event.path in wanted or stored.event.product in of_products
        )

    def all_events(self) -> Iterator[StoredEvent]:
        """Every file event, by key."""
        for key in sorted(self._events):
            yield from self._events[key]

    def events_of(self, source: str) -> tuple[StoredEvent, ...]:
        """The file events that one source tells of, by key."""
        return tuple(stored for stored in self.all_events() if stored.source == source)

    def contents(self) -> Iterator[StoredElement | StoredRelation]:
        """Everything as it is held."""
        yield from map(self._element, sorted(self._nodes))
        yield from self._said()

    def records(self, source: str | None = None) -> Iterator[Record]:
        """Everything, or exactly what one source says."""
        keys = sorted(self._nodes)
        if source is not None:
            for key in keys:
                declared = self._nodes[key].declared
                yield from (
                    declared[line].record
                    for line in sorted(declared)
                    if source in declared[line].sources
                )
        else:
            yield from (Bundle(key) for key in keys if self._nodes[key].is_bundle)
            for key in keys:
                yield from self._element(key).records
        for stored in self._said():
            if source is None or source in stored.sources:
                yield stored.relation

    def stats(self) -> Stats:
        """Counts of the whole store."""
        kinds = [record.kind for key in self._nodes for record in self._element(key).records]
        relations: dict[str, int] = {}
        for edge in self._edges.values():
            if edge.observed:
                continue
            keyword = edge.relation.kind.keyword
            relations[keyword] = relations.get(keyword, 0) + 1
        return Stats(
            entities=kinds.count(ElementKind.ENTITY),
            activities=kinds.count(ElementKind.ACTIVITY),
            agents=kinds.count(ElementKind.AGENT),
            relations=dict(sorted(relations.items())),
            sources=len(self._sources),
        )

    @contextmanager
    def writing(
        self, on_wait: Callable[[str], None] = lambda _: None, patience_s: float | None = None
    ) -> Iterator[None]:
        """The right to write, for one thread."""
        if not self._writer.acquire(blocking=False):
            on_wait(busy := "memory: another thread is writing.")
            if not self._writer.acquire(timeout=5 if patience_s is None else patience_s):
                raise StoreBusy(f"{busy} Try again when it is done.")
        try:
            yield
        finally:
            self._writer.release()

    def begin(self, source: Source) -> None:
        """Registers a source, or adds a path to a known one."""
        known = self._sources.get(source.key, source)
        paths = tuple(sorted({*known.paths, *source.paths}))
        complete = known.complete and known.content == source.content
        self._sources[source.key] = replace(known, paths=paths, complete=complete)

    def write(self, source: str, statements: Sequence[Record | Namespace]) -> int:
        """Adds what a source says; again changes nothing."""
        new = 0
        for statement in statements:
            if isinstance(statement, Namespace):
                self._namespaces.add(statement)
            elif isinstance(statement, Relation):
                new += self._assert(statement, source)
            else:
                new += self._declare(statement, source)
        return new

    def bind(self, changes: Changes) -> None:
        """Makes the graph say what identity found out about file events."""
        left: set[str] = set()
        for key in (*changes.dropped_bindings, *changes.dropped_links):
            left |= self._unmake_edge(key)
        for made in (*changes.versions, *changes.runs):
            self._node(made.identifier).resolved[made.kind] = made
        for key, relation in (*changes.bindings, *changes.links):
            left |= self._put_edge(key, relation)
            self._edges[key].made = True
        for kind, identifiers in changes.dropped.items():
            for identifier in identifiers:
                if identifier in self._nodes:
                    self._node(identifier).resolved.pop(kind, None)
                    left.add(identifier)
                    if kind is ElementKind.ENTITY:
                        left |= self._forget_observed(identifier)
        for key in left:
            self._remove_if_unused(key)
        for stored in changes.statements:
            self._events.setdefault(stored.key, {})[stored] = None
            self._by_path.setdefault(stored.event.path, set()).add(stored.key)
            if stored.event.product is not None:
                self._by_product.setdefault(stored.event.product, set()).add(stored.key)

    def observed(self) -> Iterator[tuple[str, Attributes]]:
        """What was seen of each file on the disk, by element key."""
        for key in sorted(self._nodes):
            if self._nodes[key].observed:
                yield key, self._nodes[key].observed

    def observe(self, seen: Observations) -> None:
        """Keeps what was seen on the disk; again changes nothing."""
        for key, attributes in seen.elements:
            if key in self._nodes:
                self._node(key).observed = attributes
        for key in seen.dropped_links:
            self._remove_edge(key)
        for key, relation in seen.links:
            ends = {relation.subject, relation.object}
            if ends <= self._nodes.keys():
                self._put_edge(key, relation)
                self._edges[key].observed = True

    def advance(self, source: str, written: Written) -> None:
        """Notes how far the import of a source came."""
        self._sources[source] = replace(self._sources[source], written=written)

    def finish(self, source: Source) -> None:
        """Marks a source as complete, with its counts."""
        paths = self._sources[source.key].paths
        self._sources[source.key] = replace(source, paths=paths, complete=True, written=None)

    def retract(self, source: str, changes: Changes) -> None:
        """Removes what a source says, and the source itself."""
        if source not in self._sources:
            return
        self._sources[source] = replace(self._sources[source], complete=False)
        self.bind(changes)
        self._retract_events(source)
        left: set[str] = set()
        for key in [key for key, edge in self._edges.items() if source in edge.sources]:
            edge = self._edges[key]
            edge.sources.discard(source)
            if not (edge.sources or edge.made):
                left |= self._remove_edge(key)
        for key in list(self._nodes):
            left |= self._retract_declarations(key, source)
        for key in left:
            self._remove_if_unused(key)
        self._recount_bundles()
        del self._sources[source]
        if not self._sources:
            self._namespaces.clear()

    def close(self) -> None:
        """Does nothing: the graph ends with the process."""

    def _node(self, key: str) -> _Node:
        self._folded.pop(key, None)
        return self._nodes.setdefault(key, _Node())

    def _declare(self, record: Declaration | Bundle, source: str) -> bool:
        key = record.identifier if isinstance(record, Bundle) else record.key
        node = self._node(key)
        if isinstance(record, Bundle):
            node.is_bundle = True
        elif record.bundle is not None:
            self._node(record.bundle).is_bundle = True
        who = node.declared.setdefault(canonical(record), _Declared(record, set())).sources
        new = source not in who
        who.add(source)
        return new

    def _assert(self, relation: Relation, source: str) -> bool:
        key = relation_key(relation)
        if relation.bundle is not None:
            self._node(relation.bundle).is_bundle = True
        self._put_edge(key, relation)
        who = self._edges[key].sources
        new = source not in who
        who.add(source)
        return new

    def _put_edge(self, key: str, relation: Relation) -> set[str]:
        """Returns the ends that it had before."""
        known, left = self._edges.get(key), set[str]()
        if known is not None:
            left = self._detach(key, known.relation)
            known.relation = relation
        else:
            self._edges[key] = _Edge(relation)
        if relation.subject is not None:
            self._node(key_of(relation.subject, relation.bundle)).as_subject.add(key)
        if relation.object is not None:
            self._node(key_of(relation.object, relation.bundle)).as_object.add(key)
        return left

    def _retract_events(self, source: str) -> None:
        for key in list(self._events):
            several = self._events[key]
            for stored in [stored for stored in several if stored.source == source]:
                del several[stored]
                event = stored.event
                if not any(other.event.path == event.path for other in several):
                    self._by_path[event.path].discard(key)
                same = (other for other in several if other.event.product == event.product)
                if event.product is not None and not any(same):
                    self._by_product[event.product].discard(key)
            if not several:
                del self._events[key]

    def _retract_declarations(self, key: str, source: str) -> set[str]:
        """Returns what may be unused now."""
        declared = self._nodes[key].declared
        lines = [line for line, one in declared.items() if source in one.sources]
        if not lines:
            return set()
        node = self._node(key)
        for line in lines:
            declared[line].sources.discard(source)
            if not declared[line].sources:
                del declared[line]
        said = any(not isinstance(one.record, Bundle) for one in declared.values())
        left = set() if said or node.resolved else self._forget_observed(key)
        return left | {key}

    def _recount_bundles(self) -> None:
        """A bundle is one as long as it is declared, or something is said in it."""
        used = {split_key(key)[1] for key in self._nodes}
        used |= {edge.relation.bundle for edge in self._edges.values()}
        for key in [key for key, node in self._nodes.items() if node.is_bundle]:
            declared = self._nodes[key].declared.values()
            if key not in used and not any(isinstance(one.record, Bundle) for one in declared):
                self._node(key).is_bundle = False
                self._remove_if_unused(key)

    def _unmake_edge(self, key: str) -> set[str]:
        """What identity says no more; it stays where a source declares it."""
        if key in self._edges and self._edges[key].sources:
            self._edges[key].made = False
            return set()
        return self._remove_edge(key)

    def _remove_edge(self, key: str) -> set[str]:
        edge = self._edges.pop(key, None)
        return set() if edge is None else self._detach(key, edge.relation)

    def _detach(self, key: str, relation: Relation) -> set[str]:
        """Returns the ends that it had."""
        ends = (end for end in (relation.subject, relation.object) if end is not None)
        found = {key_of(end, relation.bundle) for end in ends}
        for end in found:
            node = self._node(end)
            node.as_subject.discard(key)
            node.as_object.discard(key)
        return found

    def _forget_observed(self, key: str) -> set[str]:
        """What was seen of a version goes with it; returns what it was linked to."""
        node, left = self._node(key), set[str]()
        node.observed = ()
        for edge in (*node.as_subject, *node.as_object):
            if edge in self._edges and self._edges[edge].observed:
                left |= self._remove_edge(edge)
        return left

    def _remove_if_unused(self, key: str) -> None:
        node = self._nodes.get(key)
        if node is None:
            return
        said = node.declared or node.resolved
        if not (said or node.is_bundle or node.as_subject or node.as_object):
            del self._nodes[key]
            self._folded.pop(key, None)

    def _said(self) -> list[StoredRelation]:
        """The relations that do not rest on what was seen on the disk alone, in order."""
        said = (key for key, edge in self._edges.items() if not edge.observed)
        return sorted(map(self._stored, said), key=relation_order)

    def _stored(self, key: str) -> StoredRelation:
        edge = self._edges[key]
        # a file event outlives the relations that identity makes of it
        sources = edge.sources | {stored.source for stored in self._events.get(key, ())}
        return StoredRelation(key, edge.relation, tuple(sorted(sources)))

    def _element(self, key: str) -> StoredElement:
        if key not in self._folded:
            node = self._nodes[key]
            said = [declared.record for declared in node.declared.values()]
            declared = [record for record in said if not isinstance(record, Bundle)]
            implied = {implied_kinds(self._edges[k].relation.kind)[0] for k in node.as_subject}
            implied |= {implied_kinds(self._edges[k].relation.kind)[1] for k in node.as_object}
            self._folded[key] = fold(
                key,
                [*declared, *(made.record for made in node.resolved.values())],
                implied=[kind for kind in implied if kind is not None],
                is_bundle=node.is_bundle,
                aliases=(alias for made in node.resolved.values() for alias in made.aliases),
                sources=(source for one in node.declared.values() for source in one.sources),
                observed=node.observed,
            )
        return self._folded[key]
