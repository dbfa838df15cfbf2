"""The door to the `prov` library: records become its documents, and its documents records.

PROV-N, PROV-XML and PROV-JSONLD are read through it, a part of a document at a time, so that
neither its size nor one damaged place matters. Whatever prov raises over a text becomes `NotProv`.

What `prov` cannot tell apart does not come back as it went: xsd:decimal literals of equal value,
language tags that differ in case, 0.0 and -0.0 as values of one attribute.
"""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from prov import Error as ProvError
from prov.constants import PROV_N_MAP, PROV_RECORD_IDS_MAP
from prov.identifier import Identifier as ProvIdentifier
from prov.identifier import Namespace as ProvNamespace
from prov.identifier import QualifiedName
from prov.model import Literal as ProvLiteral
from prov.model import ProvBundle, ProvDocument, ProvRecord
from prov.serializers.provjsonld import decode_jsonld_document
from prov.serializers.provn_lexer import ProvNSyntaxError
from prov.serializers.provn_parser import ProvNParser
from prov.serializers.provxml import ProvXMLSerializer, xml_qname_to_QualifiedName

from lineage import vocabulary as v
from lineage.errors import LineageError
from lineage.records import (
    ELEMENT_CLASSES,
    Bundle,
    Element,
    Iri,
    Literal,
    Namespace,
    Record,
    Relation,
    Value,
    attributes,
    utc,
)

logging.getLogger("prov").addHandler(logging.NullHandler())  # else it writes to standard error

_RAISED = (
    ProvError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What prov raises over texts that are no PROV: it checks little before it reads."""
_ANY_URI = v.XSD + "anyURI"
_QNAME = v.XSD + "QName"
_OPAQUE_NAME = v.PROV + "QUALIFIED_NAME"
_INTERNATIONALIZED = v.PROV + "InternationalizedString"
_PREDEFINED = {v.PROV: "prov", v.XSD: "xsd", v.XSI: "xsi"}
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*\Z")
_LOCAL = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?)?\Z")


class NotProv(Exception):
    """prov cannot read a text; the message says why."""

    def __init__(self, message: str, line: int | None = None) -> None:
        """``line``: where in the text, from 1, where prov says so."""
        super().__init__(message[:300])
        self.line = line


def read_provn(text: str) -> list[Record]:
    """The records of a PROV-N document.

    Raises:
        NotProv: It is none.
    """
    return _read(lambda: ProvNParser(text).parse())


def read_provxml(elements: Iterable[Any]) -> list[Record]:
    """The records that elements of a PROV-XML document are, outside of bundles.

    Args:
        elements: lxml elements below ``prov:document`` or ``prov:bundleContent``.

    Raises:
        NotProv: One of them is no record.
    """
    document = ProvDocument()

    def read() -> ProvDocument:
        # of the element that it expects it asks for the children alone
        ProvXMLSerializer().deserialize_subtree(elements, document)
        return document

    return _read(read)


def provxml_name(element: Any, name: str) -> str:
    """The IRI of a qualified name that stands in an lxml element.

    Raises:
        NotProv: Its prefix is not declared there.
    """
    try:
        return str(xml_qname_to_QualifiedName(element, name).uri)
    except _RAISED as error:
        raise NotProv(str(error)) from error


def read_provjsonld(container: dict[str, Any]) -> list[Record]:
    """The records of a PROV-JSONLD document.

    Args:
        container: Its JSON: ``@context`` and ``@graph``. Addresses among its contexts are passed
            over.

    Raises:
        NotProv: It is none.
    """
    document = ProvDocument()

    def read() -> ProvDocument:
        decode_jsonld_document(container, document)
        return document

    return _read(read)


def _read(work: Callable[[], ProvDocument]) -> list[Record]:
    """The records of what ``work`` reads; prov's remarks about them are not shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return list(from_prov(work()))
        except ProvNSyntaxError as error:
            raise NotProv(error.message, error.line) from error
        except _RAISED as error:
            raise NotProv(str(error) or type(error).__name__) from error


def to_prov(records: Iterable[Record], namespaces: Iterable[Namespace] = ()) -> ProvDocument:
    """A `prov` document that says what the records say.

    Args:
        records: In any order; a bundle need not come before its records.
        namespaces: Prefixes to use where they fit; others are made up where none does.

    Raises:
        LineageError: `prov` refuses a record, such as one with two values of a formal attribute.
    """
    document = ProvDocument()
    names = _Names(document, namespaces)
    bundles: dict[str | None, ProvBundle] = {None: document}
    for record in records:
        iri = record.identifier if isinstance(record, Bundle) else record.bundle
        if iri not in bundles:
            bundles[iri] = document.bundle(names[iri or ""])
        if isinstance(record, Bundle):
            continue
        try:
            _add(bundles[iri], record, names)
        except ProvError as error:
            raise LineageError(
                f"{record.identifier or record.kind.keyword}: prov takes no such record ({error}). "
                "Leave it out of what goes to prov."
            ) from error
    return document


def from_prov(document: ProvDocument) -> Iterator[Record]:
    """The records of a `prov` document, the bundles' after the document's own."""
    for record in document.get_records():
        yield _record(record, None)
    for bundle in document.bundles:
        iri = str(bundle.identifier and bundle.identifier.uri)
        yield Bundle(iri)
        for record in bundle.get_records():
            yield _record(record, iri)


class _Names(dict[str, QualifiedName]):
    """IRI -> qualified name, under the declared prefixes where one fits.

    Every namespace is declared in the document: prov itself forgets those of datatypes.
    """

    def __init__(self, document: ProvDocument, namespaces: Iterable[Namespace]) -> None:
        super().__init__()
        self._document = document
        self._by_iri = {iri: ProvNamespace(prefix, iri) for iri, prefix in _PREDEFINED.items()}
        self._prefixes = set(_PREDEFINED.values())
        for namespace in namespaces:
            if namespace.iri.strip() and namespace.iri not in self._by_iri:
                self._declare(namespace.prefix, namespace.iri)
        self._longest_first = sorted(self._by_iri, key=len, reverse=True)

    def _declare(self, prefix: str, iri: str) -> ProvNamespace:
        stem = prefix if _PREFIX.match(prefix) else "ns"
        name, count = stem, 1
        while name in self._prefixes:
            count += 1
            name = f"{stem}{count}"
        self._prefixes.add(name)
        self._by_iri[iri] = ProvNamespace(name, iri)
        self._document.add_namespace(self._by_iri[iri])
        return self._by_iri[iri]

    def __missing__(self, iri: str) -> QualifiedName:
        for start in self._longest_first:
            if iri.startswith(start) and _LOCAL.match(iri, len(start)):
                break
        else:
            start = iri[: _split(iri)]
        namespace = self._by_iri.get(start) or self._declare("ns", start)
        name: QualifiedName = namespace[iri[len(start) :]]
        self[iri] = name
        return name


def _split(iri: str) -> int:
    """Where the namespace of an IRI ends: after the last character that no local part has."""
    at = len(iri)
    while at > 1 and (iri[at - 1] in "_.-" or (iri[at - 1].isascii() and iri[at - 1].isalnum())):
        at -= 1
    while at < len(iri) and not _LOCAL.match(iri, at):
        at += 1
    return at


def _add(bundle: ProvBundle, record: Element | Relation, names: _Names) -> None:
    """Adds one record to a document or bundle."""
    items = [(names[name], _to_value(value, names)) for name, value in record.attributes]
    if isinstance(record, Relation):
        row = record.kind.value
        for end, iri in ((row.subject, record.subject), (row.object, record.object)):
            if iri is not None:
                items.insert(0, (names[v.PROV + end.name], names[iri]))
    identifier = None if record.identifier is None else names[record.identifier]
    bundle.new_record(PROV_RECORD_IDS_MAP[record.kind.keyword], identifier, items)


def _to_value(value: Value, names: _Names) -> Any:
    if isinstance(value, Iri):
        return names[value.value]
    if not isinstance(value, Literal):
        return value
    if value.language is not None:
        return ProvLiteral(value.text, langtag=value.language)
    if value.datatype == _ANY_URI:
        return ProvIdentifier(value.text)
    # as xsd:QName prov keeps a name that means nothing; the other spelling it would try to resolve
    datatype = _QNAME if value.datatype == _OPAQUE_NAME else value.datatype
    return ProvLiteral(value.text, names[datatype])


def _record(record: ProvRecord, bundle: str | None) -> Record:
    keyword = PROV_N_MAP[record.get_type()]
    identifier = None if record.identifier is None else record.identifier.uri
    kind = v.RELATION_BY_KEYWORD.get(keyword)
    items = [(name.uri, _from_value(value)) for name, value in record.attributes]
    if kind is None:
        return ELEMENT_CLASSES[keyword](identifier or "", attributes(items), bundle)
    ends: dict[str, str | None] = {
        v.PROV + kind.value.subject.name: None,
        v.PROV + kind.value.object.name: None,
    }
    for name, value in items:
        if name in ends and isinstance(value, Iri):
            ends[name] = value.value
    subject, object_ = ends.values()
    rest = attributes(item for item in items if item[0] not in ends)
    return Relation(kind, subject, object_, identifier, rest, bundle)


def _from_value(value: Any) -> Value:
    if isinstance(value, QualifiedName):
        return Iri(value.uri)
    if isinstance(value, ProvIdentifier):
        return Literal(value.uri, _ANY_URI)
    if isinstance(value, ProvLiteral):
        if value.langtag:
            return Literal(value.value, _INTERNATIONALIZED, value.langtag)
        if value.datatype is None:
            return value.value
        iri = value.datatype.uri
        return Literal(value.value, _OPAQUE_NAME if iri == _QNAME else iri)
    if isinstance(value, datetime):
        try:
            return utc(value)
        except OverflowError:
            return Literal(value.isoformat(), v.XSD + "dateTime")
    if isinstance(value, float) and math.isnan(value):
        return math.nan  # the one that typed_value gives: equal records stay equal
    return value if isinstance(value, str | bool | int | float) else str(value)
