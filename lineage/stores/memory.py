"""The graph in Python dictionaries: the reference that every engine is compared with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from lineage.errors import StoreBusy
from lineage.graph_store import Direction, Found, Source, Stats, Written
from lineage.identity import Changes
from lineage.records import Attributes, Bundle, Namespace, Record, Relation
from lineage.stores.memory_decisions import MemoryDecisions
from lineage.stores.memory_graph import MemoryGraph
from lineage.stores.search import attribute_names, is_called, is_named, matches, parse, rank
from lineage.subgraph import (
    Observations,
    StoredElement,
    StoredEvent,
    StoredRelation,
)
from lineage.vocabulary import ElementKind, RelationKind


class MemoryStore(MemoryGraph, MemoryDecisions):
    """A graph store that lasts as long as the process."""

    description = "memory"

    def __init__(self) -> None:
        MemoryGraph.__init__(self)
        MemoryDecisions.__init__(self)
        self._sources: dict[str, Source] = {}
        self._namespaces: set[Namespace] = set()
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
        for key in changes.dropped_bindings:
            left |= self._unbind_edge(key)
        for key in changes.dropped_links:
            left |= self._unmake_edge(key)
        for made in (*changes.versions, *changes.runs):
            self._node(made.identifier).resolved[made.kind] = made
        for key, relation in changes.bindings:
            left |= self._bind_edge(key, relation)
        for key, relation in changes.links:
            self._put_edge(key, relation)
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
        self.decide((), {made.key for made in self.decisions() if made.source == source})
        del self._sources[source]
        if not self._sources:
            self._namespaces.clear()

    def close(self) -> None:
        """Does nothing: the graph ends with the process."""
