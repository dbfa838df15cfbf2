"""Everything in a store, or all that one source said, as a stream of records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lineage.canonical import canonical, digest, from_canonical
from lineage.records import Bundle, Record, Relation
from lineage.stores.bolt_connection import Connection
from lineage.stores.bolt_values import (
    Row,
    declarations,
    node_key,
    relation_of,
    stored_element,
    whole_key,
)
from lineage.stores.cypher_texts import cypher_text
from lineage.subgraph import StoredRelation, relation_order
from lineage.vocabulary import RelationKind

_TYPES = tuple(sorted(kind.keyword for kind in RelationKind))


class Export:
    """Reads a store in order of keys.

    The keys are sorted here: engines order text differently, and one sorts all of it for each page.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def everything(self) -> Iterator[Record]:
        """Bundles, elements and relations as they were folded."""
        found = self._connection.read(cypher_text("element_keys"))
        keys = sorted(whole_key(row) for row in found)
        yield from map(Bundle, sorted(whole_key(row) for row in found if row["is_bundle"]))
        del found
        for part in _parts(keys):
            rows = {row["key"]: row for row in self._rows("read_elements", part)}
            for key in part:
                if node_key(key) in rows:
                    yield from stored_element(rows[node_key(key)]).records
        yield from self._relations(keys, None)

    def of_source(self, source: str) -> Iterator[Record]:
        """What one source declared, before any folding, and its relations."""
        read = self._connection.read
        found = read(cypher_text("asserted_keys"), source=source)
        for part in _parts(sorted(whole_key(row) for row in found)):
            lines: dict[str, list[str]] = {}
            for row in self._rows("asserted_records", part, source=source):
                lines.setdefault(row["key"], []).append(_declared(row))
            for key in part:
                yield from map(from_canonical, sorted(lines.get(node_key(key), ())))
        subjects = read(cypher_text("related_keys", types=_TYPES), source=source)
        yield from self._relations(sorted(whole_key(row) for row in subjects), source)

    def _relations(self, keys: list[str], source: str | None) -> Iterator[Relation]:
        text = cypher_text("relations_of_absent", types=_TYPES)
        yield from _ordered(self._connection.read(text, source=source))
        for part in _parts(keys):
            yield from _ordered(self._rows("relations_of", part, source=source))

    def _rows(self, name: str, keys: list[str], **parameters: object) -> list[Row]:
        text = cypher_text(name, types=_TYPES) if name == "relations_of" else cypher_text(name)
        return self._connection.read(text, keys=[node_key(key) for key in keys], **parameters)


def _parts(keys: list[str], size: int = 1_000) -> Iterator[list[str]]:
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part


def _declared(row: Row) -> str:
    """The canonical line of one assertion; the node has it where the assertion does not."""
    if row["record"] is not None:
        return canonical(from_canonical(row["record"]))
    lines = (canonical(record) for record in declarations(row["prov_json"]))
    return next(line for line in lines if digest(line) == row["digest"])


def _ordered(rows: list[Row]) -> Iterator[Relation]:
    found = [StoredRelation(row["key"], relation_of(row["prov_json"])) for row in rows]
    return (stored.relation for stored in sorted(found, key=relation_order))
