"""Nodes and edges in Python dictionaries, and what keeps them consistent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lineage.canonical import canonical, relation_key
from lineage.identifiers import key_of, split_key
from lineage.identity import Made
from lineage.records import Attributes, Bundle, Relation
from lineage.stores.fold import Declaration, fold, implied_kinds
from lineage.subgraph import StoredElement, StoredEvent, StoredRelation, relation_order
from lineage.vocabulary import ElementKind


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
    says: str | None = None
    """Key that its relation has where a source declares it; only of what a file event makes."""
    observed: bool = False
    """It rests on what was seen on the disk."""


class MemoryGraph:
    """The graph of a memory store."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._edges: dict[str, _Edge] = {}
        self._saying: dict[str, set[str]] = {}
        """`_Edge.says` -> keys of edges."""
        self._events: dict[str, dict[StoredEvent, None]] = {}
        self._by_path: dict[str, set[str]] = {}
        self._by_product: dict[str, set[str]] = {}
        self._folded: dict[str, StoredElement] = {}

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
        if key not in self._saying:
            self._put_edge(key, relation)
        edges = [self._edges[one] for one in self._saying.get(key, (key,))]
        new = any(source not in edge.sources for edge in edges)
        for edge in edges:
            edge.sources.add(source)
        return new

    def _bind_edge(self, key: str, relation: Relation) -> set[str]:
        """What a file event says; who declares the same is said there. Returns ends it left."""
        said = relation_key(relation)
        known = self._edges.get(key)
        if known is not None and known.says == said:
            return set()
        left = self._unbind_edge(key)
        same = next(iter(self._saying.get(said, (said,))))
        sources = set(self._edges[same].sources) if same in self._edges else set[str]()
        self._remove_edge(said)
        self._put_edge(key, relation)
        edge = self._edges[key]
        edge.sources, edge.made, edge.says = sources, True, said
        self._saying.setdefault(said, set()).add(key)
        return left

    def _unbind_edge(self, key: str) -> set[str]:
        """What a file event says no more; it stays where a source declares it."""
        edge = self._edges.get(key)
        if edge is None or edge.says is None:
            return set()
        left = self._remove_edge(key)
        saying = self._saying[edge.says]
        saying.discard(key)
        if not saying:
            del self._saying[edge.says]
            if edge.sources:
                self._put_edge(edge.says, edge.relation)
                self._edges[edge.says].sources = edge.sources
        return left

    def _put_edge(self, key: str, relation: Relation) -> None:
        """Makes sure that there is one of this key."""
        if key in self._edges:
            return
        self._edges[key] = _Edge(relation)
        if relation.subject is not None:
            self._node(key_of(relation.subject, relation.bundle)).as_subject.add(key)
        if relation.object is not None:
            self._node(key_of(relation.object, relation.bundle)).as_object.add(key)

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
