"""PROV-JSON (W3C Member Submission, 24 April 2013), records grouped by bundle, kind and identifier.

Identifiers are written as they are, whatever characters they hold: PROV-JSON's reader takes all
text after the first colon. What no declared namespace covers gets a namespace for its scheme and
authority. A relation without identifier gets a blank one (``_:r1``); records of one identifier
stand in a list.

What PROV-JSON cannot hold: several values of an attribute that PROV gives one value only (a time,
an end); they are written as a list, which prov refuses to read. A value typed xsd:QName whose
prefix happens to be declared is read as the name that it then is.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO

from lineage import vocabulary as v
from lineage.export.names import QualifiedNames, written_datatype
from lineage.export.spool import Row, spooled
from lineage.records import (
    Bundle,
    Element,
    Iri,
    Namespace,
    Record,
    Relation,
    Value,
    integer_datatype,
    utc,
    xsd_double,
)
from lineage.vocabulary import ElementKind, RelationKind

_KEYWORDS = [kind.keyword for kind in (*ElementKind, *RelationKind)]
_GROUPS = {keyword: group for group, keyword in enumerate(_KEYWORDS)}
_BUNDLE_ITSELF = -1
_encoded = json.JSONEncoder(ensure_ascii=False).encode
_FORMAL = frozenset(
    {v.PROV_START, v.PROV_END, v.PROV_TIME}
    | {
        v.PROV + end.name
        for kind in RelationKind
        for end in (kind.value.subject, kind.value.object, *kind.value.further)
    }
)
"""Attributes whose values PROV-JSON writes as plain strings: names and times."""


class _Encoder:
    """Records as JSON under the prefixes of one document."""

    def __init__(self, names: QualifiedNames) -> None:
        self._split = names.split
        self.written = 0

    def rows(self, records: Iterable[Record]) -> Iterator[Row]:
        """What each record says, and where in the document it belongs."""
        blank = itertools.count(1)
        for record in records:
            self.written += 1
            if isinstance(record, Bundle):
                self.name(record.identifier)
                yield Row(_bytes(record.identifier), _BUNDLE_ITSELF, b"", b"")
                continue
            if record.bundle is not None:
                self.name(record.bundle)
            if record.identifier is not None:
                identifier = self.name(record.identifier)
            else:
                identifier = f"_:r{next(blank)}"
            yield Row(
                _bytes(record.bundle or ""),
                _GROUPS[record.kind.keyword],
                _bytes(identifier),
                _json(self._content(record)).encode(),
            )

    def name(self, iri: str) -> str:
        """``prefix:local``."""
        return ":".join(self._split(iri))

    def _content(self, record: Element | Relation) -> dict[str, Any]:
        content: dict[str, Any] = {}
        if isinstance(record, Relation):
            row = record.kind.value
            for end, identifier in ((row.subject, record.subject), (row.object, record.object)):
                if identifier is not None:
                    content[f"prov:{end.name}"] = self.name(identifier)
        for name, values in itertools.groupby(record.attributes, key=lambda item: item[0]):
            encoded = [self._value(name, value) for _, value in values]
            content[self.name(name)] = encoded[0] if len(encoded) == 1 else encoded
        return content

    def _value(self, name: str, value: Value) -> Any:
        if isinstance(value, str | bool):
            return value
        if isinstance(value, Iri):
            text = self.name(value.value)
            return text if name in _FORMAL else {"$": text, "type": "xsd:QName"}
        if isinstance(value, datetime):
            text = utc(value).isoformat()
            return text if name in _FORMAL else {"$": text, "type": "xsd:dateTime"}
        if isinstance(value, int):
            datatype = integer_datatype(value).removeprefix(v.XSD)
            return {"$": str(value), "type": f"xsd:{datatype}"}
        if isinstance(value, float):
            return {"$": xsd_double(value), "type": "xsd:double"}
        if value.language is not None:
            return {"$": value.text, "lang": value.language}
        return {"$": value.text, "type": self.name(written_datatype(value.datatype))}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(identifier: bytes) -> str:
    return identifier.decode("utf-8", "surrogatepass")


def _json(value: Any) -> str:
    text = _encoded(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # a path whose bytes are no text: JSON can still spell it
        return json.dumps(value)
    return text


def _members(rows: Iterable[Row], separator: str) -> Iterator[str]:
    """The members of a document or bundle: ``"entity": {...}, "used": {...}``."""
    for group, members in itertools.groupby(rows, key=lambda row: row.group):
        if group == _BUNDLE_ITSELF:
            continue
        yield f'{separator}"{_KEYWORDS[group]}": {{'
        separator = ",\n"
        between = "\n"
        for identifier, same in itertools.groupby(members, key=lambda row: row.identifier):
            yield f"{between}{_json(_text(identifier))}: "
            between = ",\n"
            yield from _alternatives(same)
        yield "}"


def _alternatives(rows: Iterator[Row]) -> Iterator[str]:
    """What is said of one identifier: an object, or a list of them."""
    first, second = next(rows), next(rows, None)
    if second is None:
        yield first.text.decode()
        return
    yield f"[{first.text.decode()}, {second.text.decode()}"
    for row in rows:
        yield f", {row.text.decode()}"
    yield "]"


def _document(rows: Iterable[Row], encoder: _Encoder, names: QualifiedNames) -> Iterator[str]:
    yield f'{{"prefix": {_json(names.prefixes)}'
    own = f'"prefix": {_json(names.scheme_like)}' if names.scheme_like else ""
    opened = False
    for bundle, members in itertools.groupby(rows, key=lambda row: row.bundle):
        if not bundle:
            yield from _members(members, ",\n")
            continue
        yield ",\n" if opened else ',\n"bundle": {\n'
        opened = True
        yield f"{_json(encoder.name(_text(bundle)))}: {{{own}"
        yield from _members(members, ",\n" if own else "")
        yield "}"
    yield "}}\n" if opened else "}\n"


def write(records: Iterable[Record], namespaces: Iterable[Namespace], stream: BinaryIO) -> int:
    """Writes records as one PROV-JSON document and returns how many.

    They are sorted in a temporary file first, so the same records give the same document in
    whatever order they come, but for the blank identifiers.
    """
    names = QualifiedNames(namespaces, valid=str)
    encoder = _Encoder(names)
    with spooled(encoder.rows(records)) as rows:
        # every name was split when its row was made, so the prefixes are complete
        for piece in _document(rows, encoder, names):
            stream.write(piece.encode())
    return encoder.written
