"""Constraints and indexes, made once on the empty store."""

from __future__ import annotations

from lineage.stores.bolt_connection import Connection, run
from lineage.stores.cypher_texts import cypher_text
from lineage.vocabulary import ElementKind, RelationKind

VERSION = 4
"""Changes with the shape of what is stored."""

_UNIQUE = (
    *("Element", "Source", "Namespace", "Absent", "FileEvent", "Writer", "Schema"),
    "Decision",
)
_FILE_RELATIONS = (RelationKind.USAGE, RelationKind.GENERATION)


def make_schema(connection: Connection) -> None:
    """Makes the schema where it is missing; an index added over data would freeze types."""
    seen = connection.read(cypher_text("schema_version"))
    if seen and seen[0]["version"] == VERSION:
        return
    for label in _UNIQUE:
        connection.define(cypher_text("unique_key", label=label))
    # no index on the key of a kind: the embedded engine would then take duplicates across kinds;
    # none on other properties of Element: users say what kind they want, and each costs a third
    for element in ElementKind:
        for name in ("id", "name"):
            connection.define(cypher_text("element_index", label=element.value, property=name))
    for name in ("bound", "path", "product"):
        connection.define(cypher_text("element_index", label="FileEvent", property=name))
    for kind in RelationKind:
        connection.define(cypher_text("relation_index", type=kind.keyword, property="key"))
    for kind in _FILE_RELATIONS:
        for name in ("recorded_path", "recorded_product", "says"):
            connection.define(cypher_text("relation_index", type=kind.keyword, property=name))
    connection.write(lambda tx: run(tx, cypher_text("schema_made"), version=VERSION))
