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
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from functools import lru_cache
from json.encoder import encode_basestring as _quoted  # JSON's escapes are among N-Quads'
from typing import BinaryIO

import pyoxigraph as ox

from lineage import vocabulary as v
from lineage.errors import ExportRefused
from lineage.export.names import CACHE_SIZE, QualifiedNames, valid_iri
from lineage.records import (
    Activity,
    Agent,
    Attributes,
    Bundle,
    Entity,
    Iri,
    Literal,
    Namespace,
    Record,
    Relation,
    integer_datatype,
    utc,
    xsd_double,
)
from lineage.vocabulary import RelationKind


class Syntax(Enum):
    """The RDF syntaxes that are written."""

    TURTLE = ox.RdfFormat.TURTLE
    TRIG = ox.RdfFormat.TRIG
    NTRIPLES = ox.RdfFormat.N_TRIPLES
    JSONLD = ox.RdfFormat.JSON_LD


_CHUNK_RECORDS = 256
_PLAIN_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*:(?://[A-Za-z0-9.\-]*(?::[0-9]*)?(?=[/?#]|\Z)|(?!//))"
    r"[A-Za-z0-9\-._~:/@!$&'()*+,;=]*(?:\?[A-Za-z0-9\-._~:/?@!$&'()*+,;=]*)?"
    r"(?:#[A-Za-z0-9\-._~:/?@!$&'()*+,;=]*)?\Z"
)
"""IRIs that need no further look; they are nearly all."""

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
_ELEMENT_CLASS = {
    element: f"<{v.PROV}{element.kind.value}>" for element in (Entity, Activity, Agent)
}
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
        self.read_as_one = kind in _READ_AS_ONE
        self.is_derivation = kind is RelationKind.DERIVATION
        self.is_mention = kind is RelationKind.MENTION
        self.predicates = _RELATION_PREDICATES | {
            v.PROV + end.name: f"<{v.PROV}{_END_PREDICATES[end.name]}>"
            for end in row.further
            if end.name in _END_PREDICATES
        }


_TERMS = {kind: _Terms(kind) for kind in RelationKind}


def _iri(iri: str) -> str:
    if _PLAIN_IRI.match(iri):
        return f"<{iri}>"
    try:
        return str(ox.NamedNode(valid_iri(iri)))
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


class _Lines:
    """Records as N-Quads, counted as they pass."""

    def __init__(self, records: Iterable[Record], *, bundles: bool, unqualified: bool) -> None:
        self.written = 0
        self._records = records
        self._bundles = bundles
        self._unqualified = unqualified
        self._blank = itertools.count(1).__next__
        self._iri = lru_cache(CACHE_SIZE)(_iri)

    def chunks(self) -> Iterator[bytes]:
        """Whole lines, UTF-8."""
        records = iter(self._records)
        while chunk := list(itertools.islice(records, _CHUNK_RECORDS)):
            lines = [
                self._bundle(record)
                if isinstance(record, Bundle)
                else self._relation(record)
                if isinstance(record, Relation)
                else self._element(record)
                for record in chunk
            ]
            self.written += len(chunk)
            yield _utf8(lines)

    def _end(self, bundle: str | None) -> str:
        if bundle is None:
            return " .\n"
        if not self._bundles:
            raise ExportRefused(
                f"the bundle {bundle[:200]!r} cannot be told apart in one graph. "
                "Export as trig, jsonld, prov-json or prov-n, which hold named bundles."
            )
        return f" {self._iri(bundle)} .\n"

    def _bundle(self, record: Bundle) -> str:
        self._end(record.identifier)
        return f"{self._iri(record.identifier)} {_TYPE} <{v.PROV}Bundle> .\n"

    def _element(self, record: Entity | Activity | Agent) -> str:
        node, end = self._iri(record.identifier), self._end(record.bundle)
        return f"{node} {_TYPE} {_ELEMENT_CLASS[type(record)]}{end}" + self._attributes(
            node, record.attributes, _ELEMENT_PREDICATES, end
        )

    def _relation(self, record: Relation) -> str:
        terms, end = _TERMS[record.kind], self._end(record.bundle)
        subject = None if record.subject is None else self._iri(record.subject)
        object_ = None if record.object is None else self._iri(record.object)
        binary = ""
        if subject is not None and object_ is not None:
            binary = f"{subject} {terms.unqualified} {object_}{end}"
            if not record.attributes and record.identifier is None:
                return binary
            if terms.is_mention and (bundle := _bundle_of_mention(record)) is not None:
                return f"{binary}{subject} <{v.PROV}asInBundle> {self._iri(bundle)}{end}"
        qualified, node_class = terms.qualified, terms.node_class
        if terms.is_derivation and (special := _special_derivations(record)):
            # the prov library would keep prov:Derivation as one more type
            node_class = ""
            qualified = f"<{v.PROV}qualified{special[0].removeprefix(v.PROV)}>"
            if binary:
                binary += "".join(
                    f"{subject} <{v.PROV}{_DERIVATIONS[name]}> {object_}{end}" for name in special
                )
        node = f"_:r{self._blank()}" if record.identifier is None else self._iri(record.identifier)
        text = binary if self._unqualified or terms.read_as_one else ""
        if subject is not None:
            text += f"{subject} {qualified} {node}{end}"
        if node_class:
            text += f"{node} {_TYPE} {node_class}{end}"
        if object_ is not None:
            text += f"{node} {terms.object} {object_}{end}"
        return text + self._attributes(node, record.attributes, terms.predicates, end)

    def _attributes(
        self, node: str, attributes: Attributes, predicates: dict[str, str], end: str
    ) -> str:
        text = ""
        for name, value in attributes:
            if isinstance(value, str):
                term = _quoted(value)
            elif isinstance(value, Iri):
                term = self._iri(value.value)
                if name == v.PROV_TYPE:
                    text += f"{node} {_TYPE} {term}{end}"
                    continue
            else:
                term = self._typed(value)
            text += f"{node} {predicates.get(name) or self._iri(name)} {term}{end}"
        return text

    def _typed(self, value: bool | int | float | datetime | Literal) -> str:
        if isinstance(value, datetime):
            return f'"{utc(value).isoformat()}"^^<{v.XSD}dateTime>'
        if isinstance(value, bool):
            return f'"{"true" if value else "false"}"^^<{v.XSD}boolean>'
        if isinstance(value, int):
            return f'"{value}"^^<{integer_datatype(value)}>'
        if isinstance(value, float):
            return f'"{xsd_double(value)}"^^<{v.XSD}double>'
        if value.language is not None:
            return f"{_quoted(value.text)}@{_language(value.language)}"
        return f"{_quoted(value.text)}^^{self._iri(value.datatype)}"


def _bundle_of_mention(record: Relation) -> str | None:
    """The bundle of a mention that PROV-Links can hold: one that says nothing else."""
    if record.identifier is not None or len(record.attributes) != 1:
        return None
    name, bundle = record.attributes[0]
    return bundle.value if name == v.PROV + "bundle" and isinstance(bundle, Iri) else None


def _special_derivations(record: Relation) -> list[str]:
    return [
        value.value
        for value in record.values(v.PROV_TYPE)
        if isinstance(value, Iri) and value.value in _DERIVATIONS
    ]


def _utf8(lines: list[str]) -> bytes:
    try:
        return "".join(lines).encode()
    except UnicodeEncodeError as error:
        text = next(line for line in lines if _lone_surrogate(line))
        raise ExportRefused(
            f"a text is not Unicode, so no RDF can hold it ({text[:200]!r}). "
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
