"""What identity found out, written into the graph: versions, bindings and the events themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import neo4j

from lineage.canonical import canonical, decode_event, digest, encode_event
from lineage.identity import Changes, Made
from lineage.records import EventKind, FileEvent, Relation
from lineage.runs import is_loose
from lineage.stores.bolt_connection import Connection, parts_of_keys, rows, run, run_rows
from lineage.stores.bolt_declared import Declared, leave, move
from lineage.stores.bolt_nodes import Nodes
from lineage.stores.bolt_observe import unlink
from lineage.stores.bolt_values import (
    INDEXED_CHARACTERS,
    PropertyNames,
    Row,
    clean,
    encode_made,
    relation_of,
    relation_row,
    stored_line,
)
from lineage.stores.bolt_write import (
    Group,
    create_relations,
    ends_of,
    group_of,
    imply_kinds,
)
from lineage.stores.cypher_texts import cypher_text
from lineage.subgraph import StoredEvent
from lineage.vocabulary import ElementKind, RelationKind


def indexed(text: str) -> str:
    """``text`` as an index can hold it: whoever looks it up must compare the whole."""
    return clean(text[:INDEXED_CHARACTERS])


def encode_statement(stored: StoredEvent) -> str:
    """An event and who says it, as one line."""
    return f"{stored.source} {stored_line(encode_event(stored.event))}"


def decode_statement(key: str, line: str) -> StoredEvent:
    """The event that `encode_statement` wrote."""
    source, _, event = line.partition(" ")
    return StoredEvent(key, source, decode_event(event))


@dataclass(slots=True)
class Binding:
    """A relation that identity makes, and the statements that it rests on."""

    key: str
    relation: Relation | None = None
    """``None`` leaves the stored one as it is."""
    statements: set[str] = field(default_factory=set)
    event: FileEvent | None = None
    """One of those that it rests on."""


@dataclass(slots=True)
class _Known:
    """A bound relation as stored."""

    relation: Relation
    statements: list[str]
    sources: list[str]
    event: FileEvent | None
    recorded_at: str
    made: bool
    says: str | None
    """`lineage.canonical.relation_key` of what a file event makes."""
    declarers: list[str]
    """Sources that declare what a file event makes."""

    @property
    def declared_by(self) -> list[str]:
        """The sources that say it themselves."""
        if self.says is not None:
            return self.declarers
        return [] if self.statements else self.sources


def _known(tx: neo4j.ManagedTransaction, keys: Iterable[str]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for part in parts_of_keys(keys):
        for kind in RelationKind:
            for row in rows(tx, cypher_text("bound_relations", type=kind.keyword), keys=part):
                statements = row["statements"] or []
                found[row["key"]] = _Known(
                    relation_of(row["prov_json"]),
                    statements,
                    row["sources"] or [],
                    decode_statement(row["key"], statements[0]).event if statements else None,
                    row["recorded_at"],
                    bool(row["made"]),
                    row["says"],
                    row["declared_by"] or [],
                )
    return found


def _keys_of(relations: Iterable[Relation]) -> set[str]:
    return {key for relation in relations for key in ends_of(relation) if key is not None}


def _run_by_type(tx: neo4j.ManagedTransaction, name: str, known: dict[str, _Known]) -> None:
    """Runs the text of this name over the keys of these relations."""
    by_type: dict[str, list[str]] = {}
    for key, stored in known.items():
        by_type.setdefault(stored.relation.kind.keyword, []).append(key)
    for type_, keys in sorted(by_type.items()):
        for part in parts_of_keys(keys):
            run(tx, cypher_text(name, type=type_), keys=part)


def _delete(tx: neo4j.ManagedTransaction, known: dict[str, _Known]) -> None:
    _run_by_type(tx, "delete_bound_relations", known)


def _declared(known: Iterable[_Known]) -> dict[str, Declared]:
    """What sources declare of what these file events made."""
    return {
        one.says: Declared(one.relation, set(one.declarers))
        for one in known
        if one.says is not None and one.declarers
    }


def drop(
    tx: neo4j.ManagedTransaction, items: Iterable[str], prefixes: PropertyNames, now: str
) -> None:
    """Removes relations that identity made; the events that they rested on stay as they are."""
    known = _known(tx, items)
    links = {key: one for key, one in known.items() if one.says is None and one.declared_by}
    _run_by_type(tx, "unmake_relations", links)
    known = {key: stored for key, stored in known.items() if key not in links}
    _delete(tx, known)
    leave(tx, _declared(known.values()), prefixes, now)
    loose = [_loose_row(key, line) for key, stored in known.items() for line in stored.statements]
    run_rows(tx, cypher_text("add_loose_events"), loose)
    nodes = Nodes(tx, prefixes, now, None)
    ends = _keys_of(stored.relation for stored in known.values())
    nodes.load(ends)
    nodes.recount_kinds(ends)
    nodes.remove_unused(ends)
    nodes.flush()


def put_made(
    tx: neo4j.ManagedTransaction, items: Iterable[Made], prefixes: PropertyNames, now: str
) -> None:
    """Writes what identity says of file versions and of activities."""
    nodes = Nodes(tx, prefixes, now, None)
    wanted = list(items)
    nodes.load(made.identifier for made in wanted)
    nodes.read_states(nodes[made.identifier] for made in wanted)
    for made in wanted:
        node = nodes[made.identifier]
        known = node.resolved.get(made.kind)
        # by line: to Python 1, 1.0 and True are equal
        if known is None or encode_made(known) != encode_made(made):
            node.resolved[made.kind], node.changed = made, True
    nodes.flush()


def drop_made(
    tx: neo4j.ManagedTransaction,
    items: Iterable[tuple[ElementKind, str]],
    prefixes: PropertyNames,
    now: str,
) -> None:
    """Takes back what identity said; what nothing else needs is deleted."""
    nodes = Nodes(tx, prefixes, now, None)
    wanted = list(items)
    keys = {key for _, key in wanted}
    nodes.load(keys)
    known = [nodes[key] for key in sorted(keys) if nodes[key].known]
    nodes.read_states(known)
    entities = {key for kind, key in wanted if kind is ElementKind.ENTITY}
    unlink(tx, (node.key for node in known if node.key in entities and node.observed))
    for kind, key in wanted:
        nodes[key].resolved.pop(kind, None)
    for node in known:
        node.changed, node.declared_kinds = True, frozenset()
        if node.key in entities:
            node.observed = ()
    nodes.recount_kinds([node.key for node in known])
    nodes.remove([node for key in sorted(keys) if not (node := nodes[key]).known or node.unused])
    nodes.flush()


def put_bindings(
    tx: neo4j.ManagedTransaction, items: Iterable[Binding], prefixes: PropertyNames, now: str
) -> None:
    """Makes relations between activities and file versions, or moves them to other versions."""
    wanted = {binding.key: binding for binding in items}
    known = _known(tx, wanted)
    _absorb_loose_events(tx, [b for key, b in wanted.items() if key not in known and b.relation])
    nodes = Nodes(tx, prefixes, now, None)
    put: dict[str, Relation] = {}
    lines: dict[str, str] = {}
    relations: dict[str, Relation] = {}
    loose: list[Row] = []
    moved: dict[str, _Known] = {}
    for key, binding in wanted.items():
        stored = known.get(key)
        relation = binding.relation if stored is None else binding.relation or stored.relation
        if relation is None:
            loose += [_loose_row(key, line) for line in sorted(binding.statements)]
            continue
        lines[key] = canonical(relation)
        if stored is None:
            relations[key] = relation
        elif canonical(stored.relation) != lines[key]:
            moved[key] = stored
            relations[key] = relation
        elif binding.statements <= set(stored.statements) and (stored.made or stored.statements):
            continue
        put[key] = relation
    _delete(tx, moved)
    said = {digest(lines[key]): key for key in relations}
    # links, which no event makes, have that key themselves
    told = {says: relations[key] for says, key in said.items() if says != key}
    declared = move(tx, _declared(moved.values()), told, prefixes, now)
    ends, left = _keys_of(relations.values()), _keys_of(one.relation for one in moved.values())
    nodes.load(ends | left)
    nodes.recount_kinds(left)
    nodes.remove_unused(left - ends)
    for relation in relations.values():
        imply_kinds(nodes, relation)
    nodes.flush()
    created: dict[Group, list[Row]] = {}
    changed: dict[str, list[Row]] = {}
    for key, relation in put.items():
        stored, line = known.get(key), lines[key]
        if stored is None or key in moved:
            # an event that moves leaves those who declare what it made behind
            declarers = declared.get(digest(line), set())
            row = _row(wanted[key], relation, line, stored, declarers, prefixes)
            created.setdefault(group_of(relation), []).append(row)
        else:
            row = _row(wanted[key], relation, line, stored, set(stored.declared_by), prefixes)
            row["recorded_at"] = stored.recorded_at
            changed.setdefault(relation.kind.keyword, []).append(row)
    create_relations(tx, created, now)
    for type_, table in sorted(changed.items()):
        run_rows(tx, cypher_text("set_bound_relations", type=type_), table)
    run_rows(tx, cypher_text("add_loose_events"), loose)


def _absorb_loose_events(tx: neo4j.ManagedTransaction, bindings: Iterable[Binding]) -> None:
    """Takes up the events that wait for a relation; they are kept on it from now on."""
    wanted = {binding.key: binding for binding in bindings}
    for part in parts_of_keys(wanted):
        found = rows(tx, cypher_text("loose_events", property="bound"), values=part)
        for row in found:
            binding = wanted[row["key"]]
            binding.statements.update(row["statements"])
            binding.event = decode_statement(row["key"], row["statements"][0]).event
        if found:
            run(tx, cypher_text("delete_loose_events"), keys=part)


def _row(
    binding: Binding,
    relation: Relation,
    line: str,
    stored: _Known | None,
    declarers: set[str],
    prefixes: PropertyNames,
) -> Row:
    statements = sorted({*(stored.statements if stored else ()), *binding.statements})
    sources = {entry.partition(" ")[0] for entry in statements} | declarers
    row = relation_row(binding.key, relation, line, sources, prefixes)
    properties = row["properties"]
    if (says := digest(line)) != binding.key:
        properties["says"] = says
        if declarers:
            properties["declared_by"] = sorted(declarers)
    event = binding.event or (stored.event if stored else None)
    if event is not None:
        properties["statements"] = statements
        properties["recorded_path"] = indexed(event.path)
        if event.product is not None:
            properties["recorded_product"] = indexed(event.product)
    else:
        properties["made"] = True
    return row


def _loose_row(key: str, line: str) -> Row:
    """An event that makes no relation: a header that was read, or a use of nobody knows what."""
    event = decode_statement(key, line).event
    properties = {"bound": key, "statement": line, "path": indexed(event.path)}
    if event.product is not None:
        properties["product"] = indexed(event.product)
    return {"key": digest(f"{key} {line}"), "properties": properties}


def put_runs(
    tx: neo4j.ManagedTransaction, items: Iterable[StoredEvent], prefixes: PropertyNames, now: str
) -> None:
    """Keeps what is said of runs; it makes no relation."""
    loose = [_loose_row(stored.key, encode_statement(stored)) for stored in items]
    run_rows(tx, cypher_text("add_loose_events"), loose)


def stored_events(
    connection: Connection, paths: set[str], products: set[str]
) -> Iterator[StoredEvent]:
    """The events at these paths or of these products, some of them twice."""
    questions = [
        ("events_of_relations", {"type": kind.keyword, "property": f"recorded_{name}"}, values)
        for kind in (RelationKind.USAGE, RelationKind.GENERATION)
        for name, values in (("path", paths), ("product", products))
    ]
    questions += [
        ("loose_events", {"property": name}, values)
        for name, values in (("path", paths), ("product", products))
    ]
    for text, words, values in questions:
        if text == "events_of_relations":
            values = {value for value in values if not is_loose(value)}
        for part in parts_of_keys({indexed(value) for value in values}):
            for row in connection.read(cypher_text(text, **words), values=part):
                for line in row["statements"] or ():
                    stored = decode_statement(row["key"], line)
                    if stored.event.path in paths or stored.event.product in products:
                        yield stored


class Step(Protocol):
    """One kind of change, done in one transaction."""

    def __call__(
        self, tx: neo4j.ManagedTransaction, items: Any, prefixes: PropertyNames, now: str
    ) -> None:
        """Does it; again changes nothing."""


def steps(changes: Changes) -> Iterator[tuple[Step, Sequence[Any]]]:
    """What is to be done, in order; each step may be cut into several transactions.

    New statements come last: an import killed before them finds them still to be added.
    """
    relations = dict((*changes.bindings, *changes.links))
    stated: dict[str, Binding] = {}
    runs = [stored for stored in changes.statements if stored.event.kind is EventKind.RUN]
    for stored in changes.statements:
        if stored.event.kind is EventKind.RUN:
            continue
        binding = stated.setdefault(stored.key, Binding(stored.key, event=stored.event))
        binding.statements.add(encode_statement(stored))
    yield drop, (*changes.dropped_bindings, *changes.dropped_links)
    yield put_made, (*changes.versions, *changes.runs)
    dropped = [(kind, one) for kind, ones in changes.dropped.items() for one in ones]
    if dropped:
        yield put_bindings, [Binding(key, relation) for key, relation in relations.items()]
        yield drop_made, dropped
    else:
        # nothing comes between, so relation and statements are written at once
        for key in stated:
            stated[key].relation = relations.pop(key, None)
        yield put_bindings, [Binding(key, relation) for key, relation in relations.items()]
    yield put_bindings, list(stated.values())
    yield put_runs, runs
