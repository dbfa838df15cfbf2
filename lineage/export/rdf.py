"""PROV-O, by way of N-Quads: each record becomes a few lines of text, and pyoxigraph does the rest.

Terms made one by one in Python cost four times as much as text that pyoxigraph parses and writes
again, and nothing reaches the output that a parser did not accept. Only as many records as make one
chunk of text are in memory.

What is written (PROV-O, W3C Recommendation, 30 April 2013):

* an element: its class and its attributes; prov:label as rdfs:label, prov:type as rdf:type where it
  is an IRI, prov:location as prov:atLocation, the times as prov:startedAtTime and prov:endedAtTime;
* a relation with two ends and nothing else: the unqualified property (``prov:used``);
* any other relation: a qualified node (``prov:qualifiedUsage``), blank unless the relation has an
  identifier. The unqualified property stands beside it for the five kinds where prov and other
  readers take both for one relation (`_READ_AS_ONE`). For usage, generation, invalidation, start,
  end and derivation it would be read as a second relation, so it is left to be inferred, as PROV-O
  allows, unless ``unqualified`` asks for it;
* a derivation that is a revision, quotation or primary source: the qualified form of that name.

What RDF cannot hold, and what becomes of it:

* named bundles in Turtle and N-Triples, which know one graph only: refused;
* an empty bundle: a mere ``a prov:Bundle``;
* two records of one identifier in one bundle: RDF merges them;
* an unqualified relation beside a qualified one of the same kind and ends, of the five kinds above:
  readers take them for one;
* an identifier or attributes on prov:specializationOf, alternateOf, hadMember and mentionOf, which
  PROV-O does not qualify: written in the way of the prov library (``prov:qualifiedAlternate``),
  which reads them back; no reader of PROV-O alone finds these relations;
* characters that no IRI may hold: percent-encoded; an identifier that is not absolute, a language
  tag that is none and text that is not Unicode: refused.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import BinaryIO

import pyoxigraph as ox

from lineage import vocabulary as v
from lineage.errors import ExportRefused
from lineage.export.names import CACHE_SIZE, QualifiedNames, valid_iri
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


class Syntax(Enum):
    """The RDF syntaxes that are written."""

    TURTLE = ox.RdfFormat.TURTLE
    TRIG = ox.RdfFormat.TRIG
    NTRIPLES = ox.RdfFormat.N_TRIPLES
    JSONLD = ox.RdfFormat.JSON_LD


_CHUNK_RECORDS = 256
_quoted = json.JSONEncoder(ensure_ascii=False).encode
"""A string in quotes; JSON's escapes are among those of N-Quads."""

_READ_AS_ONE = frozenset(
    {
        RelationKind.COMMUNICATION,
        RelationKind.ATTRIBUTION,
        RelationKind.ASSOCIATION,
        RelationKind.DELEGATION,
        RelationKind.INFLUENCE,
    }
)
"""Relations whose unqualified property readers take together with the qualified node."""

_TYPE = f"<{v.RDF}type>"
_ELEMENT_CLASS = {kind: f"<{v.PROV}{kind.value}>" for kind in ElementKind}
_SHARED_PREDICATES = {
    v.PROV_LABEL: f"<{v.RDFS}label>",
    v.PROV_LOCATION: f"<{v.PROV}atLocation>",
}
_ELEMENT_PREDICATES = _SHARED_PREDICATES | {
    v.PROV_START: f"<{v.PROV}startedAtTime>",
    v.PROV_END: f"<{v.PROV}endedAtTime>",
}
_RELATION_PREDICATES = _SHARED_PREDICATES | {
    v.PROV_TIME: f"<{v.PROV}atTime>",
    v.PROV_ROLE: f"<{v.PROV}hadRole>",
}
_END_PREDICATES = {
    "activity": "hadActivity",
    "ender": "hadActivity",
    "generation": "hadGeneration",
    "plan": "hadPlan",
    "starter": "hadActivity",
    "usage": "hadUsage",
}
_DERIVATIONS = {
    v.PROV + "PrimarySource": "hadPrimarySource",
    v.PROV + "Quotation": "wasQuotedFrom",
    v.PROV + "Revision": "wasRevisionOf",
}
"""Type of a derivation -> its own unqualified property."""
_BEYOND_PROV_O = {
    RelationKind.ALTERNATE: "Alternate",
    RelationKind.MEMBERSHIP: "Membership",
    RelationKind.MENTION: "Mention",
    RelationKind.SPECIALIZATION: "Specialization",
}
"""Classes of qualified nodes that PROV-O lacks, as the prov library calls them."""


class _Terms:
    """The N-Quads terms of one relation kind."""

    def __init__(self, kind: RelationKind) -> None:
        row = kind.value
        name = row.qualified_class or _BEYOND_PROV_O[kind]
        self.unqualified = f"<{v.PROV}{row.predicate or row.keyword}>"
        self.qualified = f"<{v.PROV}qualified{name}>"
        self.node_class = f"<{v.PROV}{name}>"
        self.object = f"<{v.PROV}{row.object_property or row.object.name}>"
        self.predicates = _RELATION_PREDICATES | {
            v.PROV + end.name: f"<{v.PROV}{_END_PREDICATES[end.name]}>"
            for end in row.further
            if end.name in _END_PREDICATES
        }


_TERMS = {kind: _Terms(kind) for kind in RelationKind}


@lru_cache(CACHE_SIZE)
def _iri(iri: str) -> str:
    valid = valid_iri(iri)
    try:
        return str(ox.NamedNode(valid))
    except ValueError as error:
        raise ExportRefused(
            f"the identifier {iri[:200]!r} is not an IRI that RDF can hold ({error}). "
            "Export as prov-json, which takes any text."
        ) from error


@lru_cache(1024)
def _language(tag: str) -> str:
    try:
        ox.Literal("", language=tag)
    except ValueError as error:
        raise ExportRefused(
            f"{tag[:200]!r} is not a language tag ({error}). "
            "Export as prov-json, which takes any text, or correct the source."
        ) from error
    return tag


def _term(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Iri):
        return _iri(value.value)
    if isinstance(value, bool):
        return f'"{"true" if value else "false"}"^^<{v.XSD}boolean>'
    if isinstance(value, int):
        return f'"{value}"^^<{integer_datatype(value)}>'
    if isinstance(value, datetime):
        return f'"{utc(value).isoformat()}"^^<{v.XSD}dateTime>'
    if isinstance(value, float):
        return f'"{xsd_double(value)}"^^<{v.XSD}double>'
    if value.language is not None:
        return f"{_quoted(value.text)}@{_language(value.language)}"
    return f"{_quoted(value.text)}^^{_iri(value.datatype)}"


def _attribute_lines(
    node: str, attributes: Iterable[tuple[str, Value]], predicates: dict[str, str], end: str
) -> Iterator[str]:
    for name, value in attributes:
        if name == v.PROV_TYPE and isinstance(value, Iri):
            yield f"{node} {_TYPE} {_iri(value.value)}{end}"
        else:
            yield f"{node} {predicates.get(name) or _iri(name)} {_term(value)}{end}"


def _element(record: Element, end: str) -> Iterator[str]:
    node = _iri(record.identifier)
    yield f"{node} {_TYPE} {_ELEMENT_CLASS[record.kind]}{end}"
    yield from _attribute_lines(node, record.attributes, _ELEMENT_PREDICATES, end)


def _mention(record: Relation, subject: str, object_: str, end: str) -> list[str] | None:
    """A mention as PROV-Links writes it, or ``None`` where that leaves something out."""
    if record.identifier is not None or len(record.attributes) != 1:
        return None
    name, bundle = record.attributes[0]
    if name != v.PROV + "bundle" or not isinstance(bundle, Iri):
        return None
    return [
        f"{subject} <{v.PROV}mentionOf> {object_}{end}",
        f"{subject} <{v.PROV}asInBundle> {_iri(bundle.value)}{end}",
    ]


def _relation(
    record: Relation, end: str, blank: Callable[[], int], unqualified: bool
) -> Iterator[str]:
    kind, attributes = record.kind, record.attributes
    terms = _TERMS[kind]
    subject = None if record.subject is None else _iri(record.subject)
    object_ = None if record.object is None else _iri(record.object)
    if subject is not None and object_ is not None:
        if not attributes and record.identifier is None:
            yield f"{subject} {terms.unqualified} {object_}{end}"
            return
        if kind is RelationKind.MENTION and (lines := _mention(record, subject, object_, end)):
            yield from lines
            return
        if unqualified or kind in _READ_AS_ONE:
            yield f"{subject} {terms.unqualified} {object_}{end}"
    node = f"_:r{blank()}" if record.identifier is None else _iri(record.identifier)
    qualified, node_class = terms.qualified, terms.node_class
    if kind is RelationKind.DERIVATION:
        special = [
            value.value
            for value in record.values(v.PROV_TYPE)
            if isinstance(value, Iri) and value.value in _DERIVATIONS
        ]
        if special:
            node_class = ""
            qualified = f"<{v.PROV}qualified{special[0].removeprefix(v.PROV)}>"
        if unqualified and subject is not None and object_ is not None:
            for name in special:
                yield f"{subject} <{v.PROV}{_DERIVATIONS[name]}> {object_}{end}"
    if subject is not None:
        yield f"{subject} {qualified} {node}{end}"
    if node_class:
        yield f"{node} {_TYPE} {node_class}{end}"
    if object_ is not None:
        yield f"{node} {terms.object} {object_}{end}"
    yield from _attribute_lines(node, attributes, terms.predicates, end)


class _Lines:
    """Records as N-Quads, counted as they pass."""

    def __init__(self, records: Iterable[Record], *, bundles: bool, unqualified: bool) -> None:
        self.written = 0
        self._records = records
        self._bundles = bundles
        self._unqualified = unqualified

    def chunks(self) -> Iterator[bytes]:
        """Whole lines, UTF-8."""
        blank = itertools.count(1).__next__
        records = iter(self._records)
        while chunk := list(itertools.islice(records, _CHUNK_RECORDS)):
            lines: list[str] = []
            for record in chunk:
                if isinstance(record, Bundle):
                    self._end(record.identifier)
                    lines.append(f"{_iri(record.identifier)} {_TYPE} <{v.PROV}Bundle> .\n")
                    continue
                end = " .\n" if record.bundle is None else self._end(record.bundle)
                if isinstance(record, Relation):
                    lines.extend(_relation(record, end, blank, self._unqualified))
                else:
                    lines.extend(_element(record, end))
            self.written += len(chunk)
            yield _utf8(lines)

    def _end(self, bundle: str) -> str:
        if not self._bundles:
            raise ExportRefused(
                f"the bundle {bundle[:200]!r} cannot be told apart in one graph. "
                "Export as trig, jsonld, prov-json or prov-n, which hold named bundles."
            )
        return f" {_iri(bundle)} .\n"


def _utf8(lines: list[str]) -> bytes:
    try:
        return "".join(lines).encode()
    except UnicodeEncodeError as error:
        line = next(line for line in lines if not line.isascii() and _lone_surrogate(line))
        raise ExportRefused(
            f"a text is not Unicode, so no RDF can hold it ({line[:200]!r}). "
            "Export as prov-json, which can, or correct the source."
        ) from error


def _lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def write(
    syntax: Syntax,
    records: Iterable[Record],
    namespaces: Iterable[Namespace],
    stream: BinaryIO,
    *,
    unqualified: bool = False,
) -> int:
    """Writes records as RDF while it reads them, and returns how many.

    Args:
        syntax: Turtle and N-Triples refuse records in bundles.
        records: Read once, in any order.
        namespaces: Prefixes of the sources; JSON-LD and N-Triples have no use for them.
        stream: Binary.
        unqualified: Write every relation's unqualified property too, for queries without inference.
            The prov library reads these as further relations.

    Raises:
        ExportRefused: A record is one that RDF, or this syntax, cannot hold.
    """
    lines = _Lines(records, bundles=syntax in (Syntax.TRIG, Syntax.JSONLD), unqualified=unqualified)
    # lenient: every IRI and language tag was checked when its term was made, once for each
    quads = itertools.chain.from_iterable(
        ox.parse(chunk, format=ox.RdfFormat.N_QUADS, lenient=True) for chunk in lines.chunks()
    )
    prefixes = QualifiedNames(namespaces).all_prefixes
    ox.serialize(quads, stream, syntax.value, prefixes=prefixes)
    return lines.written
