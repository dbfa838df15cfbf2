"""One batch of a source's statements in one transaction, and what identity found out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import neo4j

from lineage.canonical import canonical, digest
from lineage.identifiers import key_of
from lineage.records import Bundle, Namespace, Record, Relation
from lineage.stores.bolt_connection import parts_of_keys, rows, run, run_rows
from lineage.stores.bolt_nodes import Nodes
from lineage.stores.bolt_values import PropertyNames, Row, clean, relation_row
from lineage.stores.cypher_texts import cypher_text
from lineage.stores.fold import Declaration, implied_kinds
from lineage.vocabulary import RelationKind


@dataclass(slots=True)
class _Gathered:
    """The statements of a batch, each once."""

    namespaces: set[Namespace] = field(default_factory=set)
    declared: dict[str, dict[str, Declaration | Bundle]] = field(default_factory=dict)
    """Element key -> digest -> declaration."""
    relations: dict[str, Relation] = field(default_factory=dict)
    """By `lineage.canonical.relation_key`."""
    lines: dict[str, str] = field(default_factory=dict)
    """Digest -> canonical line."""
    bundles: set[str] = field(default_factory=set)


def _gather(statements: Iterable[Record | Namespace]) -> _Gathered:
    found = _Gathered()
    for statement in statements:
        if isinstance(statement, Namespace):
            found.namespaces.add(statement)
            continue
        line = canonical(statement)
        said = digest(line)
        found.lines[said] = line
        if isinstance(statement, Relation):
            found.relations[said] = statement
            if statement.bundle is not None:
                found.bundles.add(statement.bundle)
        else:
            if isinstance(statement, Bundle):
                key = statement.identifier
                found.bundles.add(key)
            else:
                key = statement.key
                if statement.bundle is not None:
                    found.bundles.add(statement.bundle)
            found.declared.setdefault(key, {})[said] = statement
    return found


def ends_of(relation: Relation) -> tuple[str | None, str | None]:
    """Keys of the elements that a relation relates."""
    subject, end = relation.subject, relation.object
    return (
        None if subject is None else key_of(subject, relation.bundle),
        None if end is None else key_of(end, relation.bundle),
    )


def imply_kinds(nodes: Nodes, relation: Relation) -> None:
    """Notes on a relation's ends what it says that they are."""
    for key, kind in zip(ends_of(relation), implied_kinds(relation.kind), strict=True):
        if key is not None and kind is not None:
            nodes[key].implied.add(kind)


def write_batch(
    tx: neo4j.ManagedTransaction,
    source: str,
    statements: Sequence[Record | Namespace],
    prefixes: PropertyNames,
    now: str,
) -> int:
    """Adds what a source says; returns how many records of it were new."""
    found = _gather(statements)
    table = [
        {
            "key": digest(f"{n.prefix} {n.iri}"),
            "prefix": clean(n.prefix),
            "iri": clean(n.iri),
        }
        for n in sorted(found.namespaces, key=lambda n: (n.iri, n.prefix))
    ]
    run_rows(tx, cypher_text("add_namespaces"), table)
    nodes = Nodes(tx, prefixes, now, source)
    ends = {key for relation in found.relations.values() for key in ends_of(relation)}
    nodes.load({key for key in ends if key is not None} | set(found.declared) | found.bundles)
    nodes.load_assertions(found.declared)
    new = 0
    for key, declared in found.declared.items():
        node = nodes[key]
        for said, record in declared.items():
            if source not in node.said.get(said, ()):
                node.new[said] = record
                node.lines[said] = found.lines[said]
                node.changed = True
                new += 1
    for bundle in found.bundles:
        node = nodes[bundle]
        if not node.is_bundle:
            node.is_bundle = node.changed = True
    for relation in found.relations.values():
        imply_kinds(nodes, relation)
    nodes.flush()
    return new + _write_relations(tx, source, found, nodes, prefixes, now)


_FILE_TYPES = frozenset({RelationKind.USAGE.keyword, RelationKind.GENERATION.keyword})
"""What file events make."""

Group = tuple[str, str, str]
"""Relationship type, label of the subject's node and of the object's."""


def group_of(relation: Relation) -> Group:
    """What its Cypher text depends on."""
    return (
        relation.kind.keyword,
        "Absent" if relation.subject is None else "Element",
        "Absent" if relation.object is None else "Element",
    )


def grouped_text(name: str, group: Group) -> str:
    """The Cypher text for relations of one group."""
    return cypher_text(name, type=group[0], subject=group[1], object=group[2])


def create_relations(
    tx: neo4j.ManagedTransaction, groups: dict[Group, list[Row]], now: str
) -> None:
    """Creates relationships between nodes that exist, and the nodes of absent ends."""
    for group, table in sorted(groups.items()):
        absent = [
            {"key": row[end]}
            for end, label in (("subject", group[1]), ("object", group[2]))
            if label == "Absent"
            for row in table
        ]
        run_rows(tx, cypher_text("create_absent"), absent)
        run_rows(tx, grouped_text("create_relations", group), table, now=now)


def _write_relations(
    tx: neo4j.ManagedTransaction,
    source: str,
    gathered: _Gathered,
    nodes: Nodes,
    prefixes: PropertyNames,
    now: str,
) -> int:
    created: dict[Group, list[Row]] = {}
    doubtful: dict[Group, list[Row]] = {}
    for key, relation in gathered.relations.items():
        row = relation_row(key, relation, gathered.lines[key], [source], prefixes)
        # between a new element and any other there is no relation yet
        old = all(nodes[end].known for end in ends_of(relation) if end is not None)
        (doubtful if old else created).setdefault(group_of(relation), []).append(row)
    new = 0
    for group, table in sorted(doubtful.items()):
        known: dict[str, list[str]] = {}
        keys = [row["properties"]["key"] for row in table]
        for part in parts_of_keys(keys):
            (found,) = rows(tx, cypher_text("known_relations", type=group[0]), keys=part)
            known |= dict(found["found"])
        told, joined_there = _join_told(tx, source, group[0], set(keys) - known.keys())
        new += joined_there
        joined: dict[tuple[str, ...], list[str]] = {}
        for row in table:
            key = row["properties"]["key"]
            if key in told:
                continue
            if key not in known:
                created.setdefault(group, []).append(row)
            elif source not in known[key]:
                joined.setdefault(tuple(sorted({*known[key], source})), []).append(key)
        for sources, keys in sorted(joined.items()):
            for part in parts_of_keys(keys):
                text = cypher_text("add_relation_sources", type=group[0])
                run(tx, text, keys=part, sources=list(sources))
        new += sum(map(len, joined.values()))
    create_relations(tx, created, now)
    return new + sum(map(len, created.values()))


def _join_told(
    tx: neo4j.ManagedTransaction, source: str, type_: str, keys: Iterable[str]
) -> tuple[set[str], int]:
    """Adds a source to those that declare what file events say too.

    Returns:
        Which of the keys these are, and how many of them are new from this source.
    """
    told: set[str] = set()
    new: set[str] = set()
    joined: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for part in parts_of_keys(sorted(keys)) if type_ in _FILE_TYPES else ():
        for row in rows(tx, cypher_text("saying_relations", type=type_), keys=part):
            told.add(row["says"])
            declared_by = row["declared_by"] or ()
            if source not in declared_by:
                new.add(row["says"])
                sources = tuple(sorted({*row["sources"], source}))
                declarers = tuple(sorted({*declared_by, source}))
                joined.setdefault((sources, declarers), []).append(row["key"])
    for (sources, declarers), edges in sorted(joined.items()):
        for part in parts_of_keys(edges):
            text = cypher_text("add_declarers", type=type_)
            run(tx, text, keys=part, sources=list(sources), declared_by=list(declarers))
    return told, len(new)
