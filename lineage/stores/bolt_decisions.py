"""What users decided, as nodes of their own: nothing that is imported or dropped touches them."""

from __future__ import annotations

from collections.abc import Collection

import neo4j

from lineage.decisions import Decision, decode_decision, encode_decision
from lineage.stores.bolt_connection import Connection, parts_of_keys, run, run_rows
from lineage.stores.bolt_values import NATIVE_CHARACTERS, Row, clean, stored_line
from lineage.stores.cypher_texts import cypher_text


def decisions(connection: Connection) -> tuple[Decision, ...]:
    """Every decision, by key."""
    found = (decode_decision(row["line"]) for row in connection.read(cypher_text("decisions")))
    return tuple(sorted(found, key=lambda made: made.key))


def decide(
    tx: neo4j.ManagedTransaction, made: Collection[Decision], undone: Collection[str]
) -> None:
    """Keeps decisions in place of those of the same keys, and drops others."""
    for part in parts_of_keys(undone):
        run(tx, cypher_text("drop_decisions"), keys=part)
    run_rows(tx, cypher_text("keep_decisions"), map(_row, made))


def _row(made: Decision) -> Row:
    """The exact decision in ``line``, and what users write Cypher about."""
    words = {
        "first": made.first,
        "second": made.second,
        "verdict": made.verdict.value,
        "by": made.by,
        "note": made.note,
        "source": made.source,
    }
    properties = {name: clean(text)[:NATIVE_CHARACTERS] for name, text in words.items()}
    properties["line"] = stored_line(encode_decision(made))
    return {"key": made.key, "properties": properties, "at": made.at.isoformat()}
