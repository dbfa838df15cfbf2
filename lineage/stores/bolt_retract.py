"""What a source says, taken out of the graph again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import neo4j

from lineage.identity import Changes
from lineage.records import Bundle
from lineage.stores.bolt_bind import Step, decode_statement
from lineage.stores.bolt_changes import keep
from lineage.stores.bolt_connection import Connection, parts_of_keys, rows, run
from lineage.stores.bolt_nodes import Nodes
from lineage.stores.bolt_observe import unlink
from lineage.stores.bolt_values import (
    NATIVE_CHARACTERS,
    PropertyNames,
    clean,
    node_key,
    relation_of,
    whole_key,
)
from lineage.stores.bolt_write import ends_of
from lineage.stores.cypher_texts import cypher_text
from lineage.subgraph import StoredEvent
from lineage.vocabulary import RelationKind

_TYPES = tuple(sorted(kind.keyword for kind in RelationKind))


def events_of(connection: Connection, source: str) -> tuple[StoredEvent, ...]:
    """The file events that one source tells of, by key; the engine goes through all of them."""
    prefix = f"{source} "
    found = connection.read(cypher_text("loose_events_of_source"), prefix=prefix)
    for kind in (RelationKind.USAGE, RelationKind.GENERATION):
        text = cypher_text("statements_of_source", type=kind.keyword)
        found += connection.read(text, source=source, prefix=prefix)
    said = sorted((row["key"], line) for row in found for line in row["statements"])
    return tuple(decode_statement(key, line) for key, line in said)


def steps(connection: Connection, source: str) -> Iterator[tuple[Step, Sequence[Any]]]:
    """What is to be done, in order; each step may be cut into several transactions.

    What a step is about is read when it begins: one that was killed goes on where it was.
    """
    for type_ in _TYPES:
        found = connection.read(cypher_text("relations_of_source", type=type_), source=source)
        retract = partial(_retract_relations, source=source, type_=type_)
        yield retract, sorted(row["key"] for row in found)
    found = connection.read(cypher_text("loose_events_of_source"), prefix=f"{source} ")
    yield _delete_events, sorted(row["event"] for row in found)
    found = connection.read(cypher_text("asserted_keys"), source=source)
    yield partial(_retract_declarations, source=source), sorted(map(whole_key, found))
    yield _remove_bundles, _unused_bundles(connection)


def begin(tx: neo4j.ManagedTransaction, source: str, changes: Changes) -> bool:
    """Makes sure that it will be done to the end; ``False`` where there is no such source."""
    if not rows(tx, cypher_text("reopen_source"), source=source):
        return False
    keep(tx, changes, source)
    return True


def remove(tx: neo4j.ManagedTransaction, source: str) -> None:
    """Removes a source of which nothing is left, and with the last one all prefixes."""
    run(tx, cypher_text("drop_decisions_of_source"), source=source)
    run(tx, cypher_text("delete_source"), source=source)
    run(tx, cypher_text("delete_absent"))
    if not rows(tx, cypher_text("sources")):
        run(tx, cypher_text("delete_namespaces"))


def _retract_relations(
    tx: neo4j.ManagedTransaction,
    items: Iterable[str],
    prefixes: PropertyNames,
    now: str,
    *,
    source: str,
    type_: str,
) -> None:
    """Takes a source out of who says these relations; deletes what nobody says."""
    gone: list[str] = []
    ends: set[str] = set()
    for part in parts_of_keys(items):
        text = cypher_text("asserted_relations", type=type_)
        for row in rows(tx, text, keys=part, source=source):
            if row["sources"] == [source] and not row["made"]:
                gone.append(row["key"])
                own = ends_of(relation_of(row["prov_json"]))
                ends |= {key for key in own if key is not None}
        text = cypher_text("retract_relations", type=type_)
        run(tx, text, keys=part, source=source, prefix=f"{source} ")
    for part in parts_of_keys(gone):
        run(tx, cypher_text("delete_bound_relations", type=type_), keys=part)
    nodes = Nodes(tx, prefixes, now, None)
    nodes.load(ends)
    nodes.recount_kinds(ends)
    nodes.remove_unused(ends)
    nodes.flush()


def _delete_events(
    tx: neo4j.ManagedTransaction, items: Iterable[str], prefixes: PropertyNames, now: str
) -> None:
    for part in parts_of_keys(items):
        run(tx, cypher_text("delete_file_events"), keys=part)


def _retract_declarations(
    tx: neo4j.ManagedTransaction,
    items: Iterable[str],
    prefixes: PropertyNames,
    now: str,
    *,
    source: str,
) -> None:
    """Takes back what a source declares of these elements, and folds what others say."""
    wanted = list(items)
    nodes = Nodes(tx, prefixes, now, None)
    nodes.load(wanted)
    known = [nodes[key] for key in wanted if nodes[key].known]
    nodes.read_states(known)
    silent: list[str] = []
    for node in known:
        for said in [said for said, sources in node.said.items() if source in sources]:
            node.said[said].discard(source)
            if not node.said[said]:
                del node.said[said], node.stored[said]
                node.bare.discard(said)
        node.changed, node.declared_kinds = True, frozenset()
        if not node.resolved and all(isinstance(one, Bundle) for one in node.stored.values()):
            node.observed = ()
            silent.append(node.key)
    unlink(tx, silent)
    for part in parts_of_keys([node_key(node.key) for node in known], 1_000):
        run(tx, cypher_text("delete_assertions"), keys=part, source=source)
    keys = [node.key for node in known]
    nodes.recount_kinds(keys)
    nodes.remove_unused(keys)
    nodes.flush()


def _unused_bundles(connection: Connection) -> list[str]:
    """Bundles' own nodes in whose bundle nothing is said; they may be declared all the same."""
    known = sorted(map(whole_key, connection.read(cypher_text("bundle_nodes"))))
    if not known:
        return []
    found = connection.read(cypher_text("bundles_of_elements"))
    found += connection.read(cypher_text("bundles_of_absent", types=_TYPES))
    used = {row["bundle"] for row in found}
    return [key for key in known if clean(key[:NATIVE_CHARACTERS]) not in used]


def _remove_bundles(
    tx: neo4j.ManagedTransaction, items: Iterable[str], prefixes: PropertyNames, now: str
) -> None:
    """What is no bundle any more goes, or stays as what else it is."""
    nodes = Nodes(tx, prefixes, now, None)
    wanted = list(items)
    nodes.load(wanted)
    known = [nodes[key] for key in wanted if nodes[key].known]
    nodes.read_states(known)
    ended = [
        node for node in known if not any(isinstance(one, Bundle) for one in node.stored.values())
    ]
    for node in ended:
        node.is_bundle, node.changed, node.declared_kinds = False, True, frozenset()
    keys = [node.key for node in ended]
    nodes.recount_kinds(keys)
    nodes.remove_unused(keys)
    nodes.flush()
