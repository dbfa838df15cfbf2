"""Records as canonical lines: what keys, digests and stores' exact copies are made of."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from lineage import vocabulary as v
from lineage.records import (
    ELEMENT_CLASSES,
    Attributes,
    Bundle,
    EventKind,
    FileEvent,
    Iri,
    Record,
    Relation,
    Value,
    typed_value,
    xsd_double,
)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""``json.dumps`` would make an encoder for each record."""


def canonical(record: Record) -> str:
    """One line of JSON that is the same for equal records and for no others."""
    if isinstance(record, Bundle):
        return json.dumps(["bundle", record.identifier], ensure_ascii=False)
    encoded = encode_attributes(record.attributes)
    if isinstance(record, Relation):
        fields: list[Any] = [
            record.kind.keyword,
            record.bundle,
            record.identifier,
            record.subject,
            record.object,
            encoded,
        ]
    else:
        fields = [record.kind.keyword, record.bundle, record.identifier, encoded]
    return _encode(fields)


def from_canonical(line: str) -> Record:
    """The record that `canonical` wrote."""
    fields = json.loads(line)
    keyword = fields[0]
    if keyword == "bundle":
        return Bundle(fields[1])
    if len(fields) == 6:
        kind = v.RELATION_BY_KEYWORD[keyword]
        return Relation(
            kind, fields[3], fields[4], fields[2], decode_attributes(fields[5]), fields[1]
        )
    element = ELEMENT_CLASSES[keyword]
    return element(fields[2], decode_attributes(fields[3]), fields[1])


def digest(text: str) -> str:
    """128 bits of SHA-256 as 32 hexadecimal digits: the key of anything that has no IRI."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def encode_value(value: Value) -> Any:
    """A value as JSON: natively where JSON holds it exactly, else ``{"$": text, "type": IRI}``."""
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$": xsd_double(value), "type": v.XSD + "double"}
    if isinstance(value, datetime):
        return {"$": value.isoformat(), "type": v.XSD + "dateTime"}
    if isinstance(value, Iri):
        return {"$": value.value, "type": v.XSD + "QName"}
    encoded = {"$": value.text, "type": value.datatype}
    if value.language is not None:
        encoded["lang"] = value.language
    return encoded


def decode_value(encoded: Any) -> Value:
    """The value that `encode_value` wrote."""
    if not isinstance(encoded, dict):
        result: Value = encoded
        return result
    text, datatype = encoded["$"], encoded["type"]
    if datatype == v.XSD + "QName":
        return Iri(text)
    return typed_value(text, datatype, encoded.get("lang"))


def encode_attributes(items: Attributes) -> list[list[Any]]:
    """Attributes as a JSON list of [IRI, value], in canonical order."""
    return [[name, encode_value(value)] for name, value in items]


def decode_attributes(encoded: Iterable[Any]) -> Attributes:
    """The attributes that `encode_attributes` wrote."""
    return tuple((name, decode_value(value)) for name, value in encoded)


def relation_key(relation: Relation) -> str:
    """Key of a relation that a PROV document asserts: digest of its whole record."""
    return digest(canonical(relation))


def encode_event(event: FileEvent) -> str:
    """A file event as one line of JSON, the same for equal events."""
    fields = [
        event.kind.value,
        event.path,
        event.activity,
        event.start and event.start.isoformat(),
        event.stop and event.stop.isoformat(),
        event.role,
        event.product,
        event.product_counts,
        event.product_created and event.product_created.isoformat(),
        event.node,
        encode_attributes(event.attributes),
        encode_attributes(event.relation_attributes),
    ]
    return _encode(fields)


def decode_event(line: str) -> FileEvent:
    """The file event that `encode_event` wrote."""
    kind, path, activity, start, stop, role, product, counts, created, node, own, relation = (
        json.loads(line)
    )
    return FileEvent(
        EventKind(kind),
        path,
        activity,
        start and datetime.fromisoformat(start),
        stop and datetime.fromisoformat(stop),
        role,
        product,
        counts,
        created and datetime.fromisoformat(created),
        node,
        decode_attributes(own),
        decode_attributes(relation),
    )
