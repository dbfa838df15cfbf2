"""Changes that take several transactions: kept in the store until all of them are made.

What a store must change is the difference to what it says, so half of it may not be followed by
another difference. Whoever may write next makes kept changes to their end, and only then reads.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from typing import Any

import neo4j

from lineage.canonical import canonical, from_canonical
from lineage.identity import Changes, Run, Version
from lineage.records import Relation
from lineage.stores.bolt_bind import decode_statement, encode_statement
from lineage.stores.bolt_connection import Connection, run, run_rows
from lineage.stores.bolt_values import decode_made, encode_made
from lineage.stores.cypher_texts import cypher_text

_CHARACTERS = 1_000_000
"""Of the text in one node."""


def keep(tx: neo4j.ManagedTransaction, changes: Changes, retracted: str | None = None) -> None:
    """Keeps changes, all or nothing, and the source that is to be retracted after them."""
    text = encode_changes(changes)
    table = [
        {"number": number, "text": text[start : start + _CHARACTERS], "retracted": retracted}
        for number, start in enumerate(range(0, len(text), _CHARACTERS))
    ]
    forget(tx)
    run_rows(tx, cypher_text("keep_changes"), table)


def kept(connection: Connection) -> tuple[Changes, str | None] | None:
    """What somebody began to make, and the source to be retracted, if that was not ended."""
    found = connection.read(cypher_text("kept_changes"))
    if not found:
        return None
    found.sort(key=lambda row: int(row["number"]))
    return decode_changes("".join(row["text"] for row in found)), found[0]["retracted"]


def forget(tx: neo4j.ManagedTransaction) -> None:
    """Takes kept changes away: they are made."""
    run(tx, cypher_text("forget_changes"))


def encode_changes(changes: Changes) -> str:
    """Changes as a text that any engine holds as it is."""
    said = {
        "statements": [[one.key, encode_statement(one)] for one in changes.statements],
        "made": [encode_made(made) for made in (*changes.versions, *changes.runs)],
        "bindings": _lines(changes.bindings),
        "links": _lines(changes.links),
        "dropped_versions": changes.dropped_versions,
        "dropped_runs": changes.dropped_runs,
        "dropped_bindings": changes.dropped_bindings,
        "dropped_links": changes.dropped_links,
    }
    return base64.b64encode(zlib.compress(json.dumps(said).encode("ascii"), 1)).decode("ascii")


def decode_changes(text: str) -> Changes:
    """The changes that `encode_changes` wrote."""
    said: dict[str, list[Any]] = json.loads(zlib.decompress(base64.b64decode(text)))
    made = [one for line in said["made"] for one in decode_made(line).values()]
    return Changes(
        statements=tuple(decode_statement(key, line) for key, line in said["statements"]),
        versions=tuple(one for one in made if isinstance(one, Version)),
        runs=tuple(one for one in made if isinstance(one, Run)),
        bindings=_relations(said["bindings"]),
        links=_relations(said["links"]),
        dropped_versions=tuple(said["dropped_versions"]),
        dropped_runs=tuple(said["dropped_runs"]),
        dropped_bindings=tuple(said["dropped_bindings"]),
        dropped_links=tuple(said["dropped_links"]),
    )


def _lines(relations: Iterable[tuple[str, Relation]]) -> list[list[str]]:
    return [[key, canonical(relation)] for key, relation in relations]


def _relations(lines: Iterable[list[str]]) -> tuple[tuple[str, Relation], ...]:
    found = ((key, from_canonical(line)) for key, line in lines)
    return tuple((key, record) for key, record in found if isinstance(record, Relation))
