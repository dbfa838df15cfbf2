"""The elements of one transaction: what is new is created, what changed is folded again.

Labels come before relations, because the embedded engine moves a node, with all its relations,
when a label is added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import neo4j

from lineage.canonical import canonical, digest, from_canonical
from lineage.identity import Made
from lineage.records import Attributes, Bundle, Relation
from lineage.stores.bolt_connection import parts_of_keys, rows, run, run_rows
from lineage.stores.bolt_values import (
    PropertyNames,
    Row,
    declarations,
    decode_made,
    element_row,
    labels_of,
    node_key,
    observed_of,
    stored_line,
)
from lineage.stores.cypher_texts import cypher_text
from lineage.stores.fold import Declaration, fold, implied_kinds
from lineage.subgraph import StoredElement
from lineage.vocabulary import RELATION_BY_KEYWORD, ElementKind

_KINDS = {kind.value: kind for kind in ElementKind}


@dataclass(slots=True)
class Node:
    """What a transaction knows, and wants, of one element."""

    key: str
    """Of the element, whole."""
    known: bool = False
    """It is in the store already."""
    labels: frozenset[str] = frozenset()
    """As stored."""
    implied: set[ElementKind] = field(default_factory=set)
    """Kinds that relations imply, those stored and those to come."""
    declared_kinds: frozenset[str] = frozenset()
    """Keywords of the stored records."""
    is_bundle: bool = False
    said: dict[str, set[str]] = field(default_factory=dict)
    """Digest of a stored declaration -> sources."""
    new: dict[str, Declaration | Bundle] = field(default_factory=dict)
    """Digest -> declaration that the source being written adds."""
    lines: dict[str, str] = field(default_factory=dict)
    """Digest -> canonical line of what is new."""
    resolved: dict[ElementKind, Made] = field(default_factory=dict)
    """What identity says of it."""
    observed: Attributes = ()
    changed: bool = False
    """Its properties must be written again."""
    stored: dict[str, Declaration | Bundle] = field(default_factory=dict)
    """Digest -> stored declaration, once the state was read."""
    bare: set[str] = field(default_factory=set)
    """Digests of stored declarations whose text is only in the node."""
    recorded_at: str | None = None
    read: bool = False
    related: bool = True
    """Some relation has it as an end, as far as `Nodes.recount_kinds` found."""

    @property
    def may_shrink(self) -> bool:
        """It has a kind that only relations, or a bundle's use, give it; or none at all."""
        kinds = self.labels & set(_KINDS)
        return not kinds or any(label.lower() not in self.declared_kinds for label in kinds)

    @property
    def unused(self) -> bool:
        """Nobody says anything of it, as far as is known."""
        needed = self.stored or self.new or self.resolved or self.is_bundle or self.related
        return self.known and self.read and not needed

    def folded(self, source: str | None) -> StoredElement:
        """The element that it is to be, ``source`` saying what is new."""
        everything = [*self.stored.values(), *self.new.values()]
        said = [record for record in everything if not isinstance(record, Bundle)]
        said += [made.record for made in self.resolved.values()]
        sources = {name for names in self.said.values() for name in names}
        if self.new and source is not None:
            sources.add(source)
        return fold(
            self.key,
            said,
            implied=self.implied,
            is_bundle=self.is_bundle,
            aliases=(alias for made in self.resolved.values() for alias in made.aliases),
            sources=sources,
            observed=self.observed,
        )


class Nodes:
    """The elements that one transaction touches; `flush` writes what was gathered."""

    def __init__(
        self, tx: neo4j.ManagedTransaction, prefixes: PropertyNames, now: str, source: str | None
    ) -> None:
        """``source``: whose declarations are written; ``None`` where identity writes."""
        self._tx = tx
        self._prefixes = prefixes
        self._now = now
        self._source = source
        self._nodes: dict[str, Node] = {}

    def __getitem__(self, key: str) -> Node:
        """The node of an element that was loaded."""
        return self._nodes[key]

    def __contains__(self, key: object) -> bool:
        """It was loaded."""
        return key in self._nodes

    def leave_unknown(self) -> None:
        """What is not in the store is not to be created."""
        self._nodes = {key: node for key, node in self._nodes.items() if node.known}

    def load(self, keys: Iterable[str]) -> None:
        """Learns which of these elements exist, and their labels."""
        wanted = {node_key(key): key for key in keys if key not in self._nodes}
        for key in wanted.values():
            self._nodes[key] = Node(key)
        for part in parts_of_keys(wanted, 5_000):
            (row,) = rows(self._tx, cypher_text("known_elements"), keys=part)
            for key, labels, is_bundle, declared in row["found"]:
                node = self._nodes[wanted[key]]
                node.known = True
                node.labels = frozenset(labels)
                node.implied = {_KINDS[label] for label in labels if label in _KINDS}
                node.is_bundle = bool(is_bundle)
                node.declared_kinds = frozenset(declared or ())

    def load_assertions(self, keys: Collection[str]) -> None:
        """Learns which declarations, by digest, the known ones of these elements have."""
        wanted = {node_key(key): key for key in keys if self._nodes[key].known}
        for part in parts_of_keys(wanted, 5_000):
            (row,) = rows(self._tx, cypher_text("known_assertions"), keys=part)
            for key, said, source in row["found"]:
                self._nodes[wanted[key]].said.setdefault(said, set()).add(source)

    def read_states(self, nodes: Iterable[Node]) -> None:
        """Reads all that a fold of these known elements needs."""
        wanted = {node_key(node.key): node for node in nodes if node.known and not node.read}
        for part in parts_of_keys(wanted, 1_000):
            own: dict[str, dict[str, Declaration]] = {}
            for row in rows(self._tx, cypher_text("element_states"), keys=part):
                node = wanted[row["key"]]
                node.read = True
                node.recorded_at = row["recorded_at"]
                node.observed = observed_of(row["observed"])
                node.resolved = decode_made(row["resolved"])
                said = declarations(row["prov_json"])
                own[row["key"]] = {digest(canonical(record)): record for record in said}
            for row in rows(self._tx, cypher_text("assertion_records"), keys=part):
                node, key = wanted[row["key"]], row["digest"]
                node.said.setdefault(key, set()).add(row["source"])
                if row["record"] is None:
                    node.bare.add(key)
                    node.stored[key] = own[row["key"]][key]
                else:
                    record = from_canonical(row["record"])
                    if not isinstance(record, Relation):
                        node.stored[key] = record

    def recount_kinds(self, keys: Iterable[str]) -> None:
        """Finds out anew which kinds relations imply, after some of them went."""
        nodes = [self._nodes[key] for key in keys]
        shrinking = [node for node in nodes if node.known and node.may_shrink]
        self.read_states(shrinking)
        wanted = {node_key(node.key): node for node in shrinking}
        for node in shrinking:
            node.implied, node.changed, node.related = set(), True, False
        for part in parts_of_keys(wanted, 1_000):
            for row in rows(self._tx, cypher_text("relation_types"), keys=part):
                if row["type"] in RELATION_BY_KEYWORD:
                    wanted[row["key"]].related = True
                    ends = implied_kinds(RELATION_BY_KEYWORD[row["type"]])
                    kind = ends[0] if row["outgoing"] else ends[1]
                    if kind is not None:
                        wanted[row["key"]].implied.add(kind)

    def remove_unused(self, keys: Iterable[str]) -> None:
        """Deletes those of these elements that nothing needs, once their kinds are recounted."""
        self.remove([node for node in map(self.__getitem__, sorted(keys)) if node.unused])

    def remove(self, nodes: Collection[Node]) -> None:
        """Deletes these elements with all that points at them."""
        for part in parts_of_keys([node_key(node.key) for node in nodes], 5_000):
            run(self._tx, cypher_text("delete_elements"), keys=part)
        for node in nodes:
            del self._nodes[node.key]

    def flush(self) -> None:
        """Creates what is new, adds labels, and writes again what changed."""
        nodes = list(self._nodes.values())
        self._create([node for node in nodes if not node.known])
        changed = [node for node in nodes if node.known and node.changed]
        self.read_states(changed)
        self._label([n for n in nodes if n.known and not n.changed])
        self._rewrite(changed)

    def _create(self, nodes: list[Node]) -> None:
        groups: dict[tuple[str, tuple[str, ...]], list[Row]] = {}
        assertions: list[Row] = []
        for node in nodes:
            element = node.folded(self._source)
            alone = len(node.new) == 1 and not node.resolved and bool(element.records)
            line = next(iter(node.lines.values())) if alone else None
            row = element_row(element, self._prefixes, node.resolved.values(), line)
            if alone:
                row["digest"] = next(iter(node.new))
            else:
                assertions += _assertions(node, element)
            name = "create_declared" if alone else "create_elements"
            groups.setdefault((name, labels_of(element)), []).append(row)
        for (name, labels), table in groups.items():
            text = cypher_text(name, labels=labels)
            run_rows(self._tx, text, table, now=self._now, source=self._source)
        self._assert(assertions)

    def _assert(self, assertions: list[Row]) -> None:
        text = cypher_text("add_assertions")
        run_rows(self._tx, text, assertions, now=self._now, source=self._source)

    def _label(self, nodes: Iterable[Node]) -> None:
        groups: dict[tuple[str, ...], list[str]] = {}
        for node in nodes:
            wanted = {kind.value for kind in node.implied}
            if not wanted <= node.labels:
                missing = tuple(sorted(wanted - node.labels))
                groups.setdefault(missing, []).append(node_key(node.key))
        self._change_labels("add_labels", groups)

    def _change_labels(self, name: str, groups: dict[tuple[str, ...], list[str]]) -> None:
        for labels, keys in sorted(groups.items()):
            for part in parts_of_keys(keys, 5_000):
                run(self._tx, cypher_text(name, labels=labels), keys=part)

    def _rewrite(self, nodes: list[Node]) -> None:
        added: dict[tuple[str, ...], list[str]] = {}
        removed: dict[tuple[str, ...], list[str]] = {}
        table: list[Row] = []
        kept: list[Row] = []
        assertions: list[Row] = []
        for node in nodes:
            element = node.folded(self._source)
            row = element_row(element, self._prefixes, node.resolved.values())
            row["recorded_at"] = node.recorded_at
            table.append(row)
            key = node_key(node.key)
            wanted = frozenset(labels_of(element))
            if wanted - node.labels:
                added.setdefault(tuple(sorted(wanted - node.labels)), []).append(key)
            if node.labels - wanted:
                removed.setdefault(tuple(sorted(node.labels - wanted)), []).append(key)
            own = _digests(element)
            kept += [
                {"key": key, "digest": said, "record": stored_line(canonical(node.stored[said]))}
                for said in sorted(node.bare - own)
            ]
            assertions += _assertions(node, element)
        self._change_labels("add_labels", added)
        self._change_labels("remove_labels", removed)
        run_rows(self._tx, cypher_text("keep_records"), kept)
        run_rows(self._tx, cypher_text("set_elements"), table)
        self._assert(assertions)


def _digests(element: StoredElement) -> set[str]:
    return {digest(canonical(record)) for record in element.records}


def _assertions(node: Node, element: StoredElement) -> list[Row]:
    """Rows for what is newly said of an element; the text only where the node has it not."""
    own = _digests(element) if node.new else set()
    found: list[Row] = []
    for said, record in sorted(node.new.items()):
        line: Any = None if said in own else stored_line(canonical(record))
        found.append({"key": node_key(node.key), "digest": said, "record": line})
    return found
