"""What was seen on the disk, beside what sources say: on nodes, and as links between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import neo4j

from lineage.canonical import canonical
from lineage.records import Attributes, Relation
from lineage.stores.bolt_connection import Connection, parts_of_keys, rows, run
from lineage.stores.bolt_nodes import Nodes
from lineage.stores.bolt_values import (
    PropertyNames,
    Row,
    node_key,
    observed_of,
    relation_row,
    whole_key,
)
from lineage.stores.bolt_write import Group, create_relations, ends_of, group_of
from lineage.stores.cypher_texts import cypher_text
from lineage.vocabulary import RelationKind

_LINK = RelationKind.ALTERNATE.keyword


def observed(connection: Connection) -> Iterator[tuple[str, Attributes]]:
    """What was seen of each file on the disk, by element key."""
    found = connection.read(cypher_text("observed"))
    yield from sorted((whole_key(row), observed_of(row["observed"])) for row in found)


def observe(
    tx: neo4j.ManagedTransaction,
    items: Iterable[tuple[str, Attributes]],
    prefixes: PropertyNames,
    now: str,
) -> None:
    """Keeps what was seen of elements that are known."""
    nodes = Nodes(tx, prefixes, now, None)
    wanted = dict(items)
    nodes.load(wanted)
    nodes.leave_unknown()
    known = [nodes[key] for key in wanted if key in nodes]
    nodes.read_states(known)
    for node in known:
        if node.observed != wanted[node.key]:
            node.observed, node.changed = wanted[node.key], True
    nodes.flush()


def link(
    tx: neo4j.ManagedTransaction,
    items: Iterable[tuple[str, Relation]],
    prefixes: PropertyNames,
    now: str,
) -> None:
    """Links elements of the same content, where both are known."""
    wanted = dict(items)
    nodes = Nodes(tx, prefixes, now, None)
    nodes.load({end for one in wanted.values() for end in ends_of(one) if end is not None})
    nodes.leave_unknown()
    known: set[str] = set()
    for part in parts_of_keys(wanted):
        (found,) = rows(tx, cypher_text("known_relations", type=_LINK), keys=part)
        known |= {key for key, _ in found["found"]}
    created: dict[Group, list[Row]] = {}
    for key, relation in wanted.items():
        if key not in known and all(end in nodes for end in ends_of(relation)):
            row = relation_row(key, relation, canonical(relation), (), prefixes)
            row["properties"]["observed"] = True
            created.setdefault(group_of(relation), []).append(row)
    create_relations(tx, created, now)


def drop_links(
    tx: neo4j.ManagedTransaction, items: Iterable[str], prefixes: PropertyNames, now: str
) -> None:
    """Removes links by their keys."""
    for part in parts_of_keys(items):
        run(tx, cypher_text("delete_bound_relations", type=_LINK), keys=part)


def unlink(tx: neo4j.ManagedTransaction, elements: Iterable[str]) -> None:
    """Removes the links of elements that go."""
    for part in parts_of_keys(map(node_key, elements), 1_000):
        run(tx, cypher_text("delete_observed_links", type=_LINK), keys=part)
