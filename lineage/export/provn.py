"""PROV-N (W3C Recommendation, 30 April 2013): one statement a line, bundles last.

Names are prefix and local part with PROV-N's escapes; characters that neither IRIs nor PROV-N's
names allow are percent-encoded. Numbers and times among the attributes carry their datatype.

Beyond the Recommendation, and read by the prov library as it writes the same itself: ``-`` in the
place of a required argument that was never said, and an identifier or attributes on alternateOf,
specializationOf, hadMember and prov:mentionOf. A second value of an argument that PROV-N gives one
place stands among the attributes.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import BinaryIO

from lineage import vocabulary as v
from lineage.errors import ExportRefused
from lineage.export.names import (
    CACHE_SIZE,
    QualifiedNames,
    percent_encode,
    valid_language,
    written_datatype,
)
from lineage.export.spool import Row, spooled
from lineage.records import (
    Activity,
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
from lineage.vocabulary import RelationKind

_quoted = json.JSONEncoder(ensure_ascii=False).encode
"""A string in quotes; JSON's escapes are among PROV-N's."""
_ESCAPED = re.compile(r"[='(),:;\[\]]|^[.\-]|\.$")
_NOT_IN_NAME = re.compile(
    r"[^0-9A-Za-z_.\-/@~&+*?#$!%=',:;\[\]()"
    r"\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u1fff\u200c\u200d\u203f\u2040"
    r"\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff]"
)
_SHORTEST = {
    RelationKind.ASSOCIATION: 1,
    RelationKind.COMMUNICATION: 2,
    RelationKind.DELEGATION: 2,
    RelationKind.DERIVATION: 2,
    RelationKind.ATTRIBUTION: 2,
    RelationKind.INFLUENCE: 2,
    RelationKind.SPECIALIZATION: 2,
    RelationKind.ALTERNATE: 2,
    RelationKind.MEMBERSHIP: 2,
    RelationKind.MENTION: 3,
}
"""Arguments of a relation's short form, where the rest may be left out; 1 for all others."""


class _Encoder:
    """Records as PROV-N under the prefixes of one document."""

    def __init__(self, names: QualifiedNames) -> None:
        self._names = names
        self.written = 0
        self.name = lru_cache(CACHE_SIZE)(self._name)

    def rows(self, records: Iterable[Record]) -> Iterator[Row]:
        """Each record as one statement, with its bundle."""
        for record in records:
            self.written += 1
            if isinstance(record, Bundle):
                self.name(record.identifier)
                yield Row(record.identifier.encode("utf-8", "surrogatepass"), 0, b"", b"")
                continue
            if record.bundle is not None:
                self.name(record.bundle)
            if isinstance(record, Relation):
                statement = self._relation(record)
            else:
                statement = self._element(record)
            bundle = (record.bundle or "").encode("utf-8", "surrogatepass")
            yield Row(bundle, 0, b"", _utf8(statement))

    def _name(self, iri: str) -> str:
        prefix, local = self._names.split(iri)
        local = _NOT_IN_NAME.sub(lambda found: percent_encode(found[0]), local)
        return f"{prefix}:" + _ESCAPED.sub(lambda found: "\\" + found[0], local)

    def _element(self, record: Element) -> str:
        arguments = [self.name(record.identifier)]
        rest = record.attributes
        if isinstance(record, Activity):
            start, rest = _taken(rest, v.PROV_START)
            end, rest = _taken(rest, v.PROV_END)
            if start is not None or end is not None:
                arguments += [self._argument(start), self._argument(end)]
        return f"{record.kind.keyword}({', '.join(arguments + self._block(rest))})"

    def _relation(self, record: Relation) -> str:
        row = record.kind.value
        arguments = [
            "-" if identifier is None else self.name(identifier)
            for identifier in (record.subject, record.object)
        ]
        rest = record.attributes
        for end in row.further:
            value, rest = _taken(rest, v.PROV + end.name)
            arguments.append(self._argument(value))
        if row.has_time:
            value, rest = _taken(rest, v.PROV_TIME)
            arguments.append(self._argument(value))
        shortest = _SHORTEST.get(record.kind, 1)
        if all(argument == "-" for argument in arguments[shortest:]):
            del arguments[shortest:]
        keyword = row.keyword
        if record.kind is RelationKind.MENTION:
            keyword = f"prov:{keyword}"
        identifier = "" if record.identifier is None else f"{self.name(record.identifier)}; "
        return f"{keyword}({identifier}{', '.join(arguments + self._block(rest))})"

    def _argument(self, value: Iri | datetime | None) -> str:
        if value is None:
            return "-"
        return self.name(value.value) if isinstance(value, Iri) else utc(value).isoformat()

    def _block(self, attributes: tuple[tuple[str, Value], ...]) -> list[str]:
        if not attributes:
            return []
        pairs = (f"{self.name(name)}={self._literal(value)}" for name, value in attributes)
        return [f"[{', '.join(pairs)}]"]

    def _literal(self, value: Value) -> str:
        if isinstance(value, str):
            return _quoted(value)
        if isinstance(value, Iri):
            return f"'{self.name(value.value)}'"
        if isinstance(value, bool):
            return f'"{"true" if value else "false"}" %% xsd:boolean'
        if isinstance(value, int):
            return f'"{value}" %% xsd:{integer_datatype(value).removeprefix(v.XSD)}'
        if isinstance(value, datetime):
            return f'"{utc(value).isoformat()}" %% xsd:dateTime'
        if isinstance(value, float):
            return f'"{xsd_double(value)}" %% xsd:double'
        if value.language is None:
            return f"{_quoted(value.text)} %% {self.name(written_datatype(value.datatype))}"
        return f"{_quoted(value.text)}@{valid_language(value.language)}"


def _taken(
    attributes: tuple[tuple[str, Value], ...], name: str
) -> tuple[Iri | datetime | None, tuple[tuple[str, Value], ...]]:
    """The first value of an attribute that may stand as an argument, and the attributes left."""
    wanted = datetime if name in (v.PROV_START, v.PROV_END, v.PROV_TIME) else Iri
    for index, (attribute, value) in enumerate(attributes):
        if attribute == name and isinstance(value, wanted):
            return value, attributes[:index] + attributes[index + 1 :]
    return None, attributes


def _utf8(statement: str) -> bytes:
    try:
        return statement.encode()
    except UnicodeEncodeError as error:
        raise ExportRefused(
            f"a text is not Unicode, so PROV-N cannot hold it ({statement[:200]!r}). "
            "Export as prov-json, which can, or correct the source."
        ) from error


def _declarations(prefixes: dict[str, str]) -> bytes:
    return "".join(
        f"prefix {prefix} <{iri}>\n"
        for prefix, iri in prefixes.items()
        if prefix not in ("prov", "xsd")  # predeclared, and the strict grammar forbids it
    ).encode()


def write(records: Iterable[Record], namespaces: Iterable[Namespace], stream: BinaryIO) -> int:
    """Writes records as one PROV-N document and returns how many.

    The statements wait in a temporary file until all prefixes are known and bundles are together.

    Raises:
        ExportRefused: An identifier, a language tag or a text is one that PROV-N cannot hold.
    """
    names = QualifiedNames(namespaces)
    encoder = _Encoder(names)
    with spooled(encoder.rows(records)) as rows:
        stream.write(b"document\n" + _declarations(names.prefixes))
        own = _declarations(names.scheme_like)
        for bundle, statements in itertools.groupby(rows, key=lambda row: row.bundle):
            if bundle:
                name = encoder.name(bundle.decode("utf-8", "surrogatepass"))
                stream.write(f"bundle {name}\n".encode() + own)
            for row in statements:
                if row.text:
                    stream.write(row.text + b"\n")
            if bundle:
                stream.write(b"endBundle\n")
        stream.write(b"endDocument\n")
    return encoder.written
