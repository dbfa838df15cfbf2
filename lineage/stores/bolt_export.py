"""Everything in a store, or all that one source said, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lineage.canonical import canonical, digest, from_canonical
from lineage.records import Bundle, Record
from lineage.stores.bolt_bind import decode_statement
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
from lineage.subgraph import StoredElement, StoredEvent, StoredRelation, relation_order
from lineage.vocabulary import RelationKind

_TYPES = tuple(sorted(kind.keyword for kind in RelationKind))
_FILE_TYPES = (RelationKind.USAGE.keyword, RelationKind.GENERATION.keyword)


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
        for element in self._elements(keys):
            yield from element.records
        for stored in self._relations(keys, None):
            yield stored.relation

    def contents(self) -> Iterator[StoredElement | StoredRelation]:
        """Elements, stubs and bundles among them, then relations; with the sources of each."""
        keys = self._element_keys()
        yield from self._elements(keys)
        yield from self._relations(keys, None)

    def events(self) -> Iterator[StoredEvent]:
        """Every file event: those that made relations, then the others."""
        read = self._connection.read
        yield from _events(read(cypher_text("events_of_absent", types=_FILE_TYPES)))
        for part in _parts(self._element_keys()):
            text = cypher_text("events_of_elements", types=_FILE_TYPES)
            yield from _events(read(text, keys=[node_key(key) for key in part]))
        for part in _parts(sorted(row["key"] for row in read(cypher_text("loose_event_keys")))):
            yield from _events(read(cypher_text("read_loose_events"), keys=part))

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
        for stored in self._relations(sorted(whole_key(row) for row in subjects), source):
            yield stored.relation

    def _element_keys(self) -> list[str]:
        found = self._connection.read(cypher_text("element_keys"))
        return sorted(whole_key(row) for row in found)

    def _elements(self, keys: list[str]) -> Iterator[StoredElement]:
        for part in _parts(keys):
            rows = {row["key"]: row for row in self._rows("read_elements", part)}
            yield from (stored_element(rows[k]) for k in map(node_key, part) if k in rows)

    def _relations(self, keys: list[str], source: str | None) -> Iterator[StoredRelation]:
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


def _ordered(rows: list[Row]) -> list[StoredRelation]:
    found = (
        StoredRelation(row["key"], relation_of(row["prov_json"]), tuple(row["sources"] or ()))
        for row in rows
    )
    return sorted(found, key=relation_order)


def _events(rows: list[Row]) -> Iterator[StoredEvent]:
    said = sorted((row["key"], line) for row in rows for line in row["statements"])
    return (decode_statement(key, line) for key, line in said)
