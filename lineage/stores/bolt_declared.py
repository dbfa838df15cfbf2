"""Uses and generations that file events make and sources declare too: one relationship for both.

What a file event makes has the event's key, which stays when it moves to another version. `says` is
the key that the same relation has where a source declares it, and `declared_by` who does. Only
where no file event says it, there is a relationship of that key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import neo4j

from lineage.canonical import canonical
from lineage.records import Relation
from lineage.stores.bolt_connection import parts_of_keys, rows, run
from lineage.stores.bolt_values import PropertyNames, Row, relation_row
from lineage.stores.bolt_write import Group, create_relations, group_of
from lineage.stores.cypher_texts import cypher_text


@dataclass(slots=True)
class Declared:
    """A relation that sources declare."""

    relation: Relation
    sources: set[str] = field(default_factory=set)


def move(
    tx: neo4j.ManagedTransaction,
    left: Mapping[str, Declared],
    told: Mapping[str, Relation],
    prefixes: PropertyNames,
    now: str,
) -> dict[str, set[str]]:
    """Takes over what sources declare and file events are to say, and makes what these leave.

    Both go by `lineage.canonical.relation_key`.

    Args:
        left: What events of this transaction made until now, and is declared; it was removed.
        told: What is to be made.

    Returns:
        The sources that declare it.
    """
    declared = _take_over(tx, told)
    for key in left.keys() & told.keys():
        declared[key] |= left[key].sources
    leave(tx, {key: one for key, one in left.items() if key not in told}, prefixes, now)
    return declared


def leave(
    tx: neo4j.ManagedTransaction,
    left: Mapping[str, Declared],
    prefixes: PropertyNames,
    now: str,
) -> None:
    """Makes what sources declare, and file events made until now, relationships of their own.

    Args:
        left: By `lineage.canonical.relation_key`; what another event says stays with that.
    """
    created: dict[Group, list[Row]] = {}
    for type_, keys in _by_type((key, one.relation) for key, one in left.items()).items():
        said: set[str] = set()
        for part in parts_of_keys(keys):
            found = rows(tx, cypher_text("saying_relations", type=type_), keys=part)
            said.update(row["says"] for row in found)
        for key in sorted(keys - said):
            one = left[key]
            row = relation_row(key, one.relation, canonical(one.relation), one.sources, prefixes)
            created.setdefault(group_of(one.relation), []).append(row)
    create_relations(tx, created, now)


def _take_over(
    tx: neo4j.ManagedTransaction, told: Mapping[str, Relation]
) -> defaultdict[str, set[str]]:
    """Removes what sources declare of these; returns who does."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for type_, keys in _by_type(told.items()).items():
        for part in parts_of_keys(keys):
            (known,) = rows(tx, cypher_text("known_relations", type=type_), keys=part)
            gone = dict(known["found"])
            for key, sources in gone.items():
                found[key].update(sources)
            if gone:
                run(tx, cypher_text("delete_bound_relations", type=type_), keys=sorted(gone))
            for row in rows(tx, cypher_text("saying_relations", type=type_), keys=part):
                found[row["says"]].update(row["declared_by"] or ())
    return found


def _by_type(relations: Iterable[tuple[str, Relation]]) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = defaultdict(set)
    for key, relation in relations:
        keys[relation.kind.keyword].add(key)
    return keys
