"""PROV-O as Turtle, TriG, N-Triples and JSON-LD, written while the records are read.

Each record becomes a few lines of text; pyoxigraph judges what is an IRI and a language tag and
makes JSON-LD out of N-Quads. Terms built one by one cost four times as much as text, and text that
is parsed and written again twice as much; pyoxigraph would also write prefixes unchecked, and
abbreviate names with escapes that rdflib does not read.

What is written (PROV-O, W3C Recommendation, 30 April 2013):

* an element: its class and its attributes; prov:label as rdfs:label, prov:type as rdf:type where it
  is an IRI, prov:location as prov:atLocation, the times as prov:startedAtTime and prov:endedAtTime;
* a relation with two ends and nothing else: the unqualified property (``prov:used``), with a
  qualified node beside it for the five kinds below;
* any other relation: a qualified node (``prov:qualifiedUsage``), blank unless the relation has an
  identifier. The unqualified property stands beside it for the five kinds where prov and other
  readers take both for one relation (prov_o.py). For usage, generation, invalidation, start,
  end and derivation it would be read as a second relation, so it is left to be inferred, as PROV-O
  allows, unless ``unqualified`` asks for it;
* a derivation that is a revision, quotation or primary source: the qualified form of that name.

What RDF cannot hold, and what becomes of it:

* named bundles in Turtle and N-Triples, which know one graph only: refused;
* an empty bundle: a mere ``a prov:Bundle``;
* two records of one identifier in one bundle: RDF merges them;
* an unqualified relation beside a qualified one of the same kind and ends, of the five kinds above:
  readers take them for one, and our own does so for every kind;
* an identifier or attributes on prov:specializationOf, alternateOf, hadMember and mentionOf, which
  PROV-O does not qualify: written in the way of the prov library (``prov:qualifiedAlternate``),
  which reads them back; no reader of PROV-O alone finds these relations;
* characters that no IRI may hold, or that rdflib ends it at: percent-encoded; ``en_US``: ``en-US``;
* an identifier that is not absolute, a language tag that is none and text that is not Unicode:
  refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from functools import lru_cache
from json.encoder import encode_basestring as _quoted  # JSON's escapes are among Turtle's
from typing import BinaryIO

import pyoxigraph as ox

from lineage import prov_o
from lineage import vocabulary as v
from lineage.errors import ExportRefused
from lineage.export.names import (
    CACHE_SIZE,
    QualifiedNames,
    valid_iri,
    valid_language,
    written_datatype,
)
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


class Syntax(Enum):
    """The RDF syntaxes that are written."""

    TURTLE = "turtle"
    TRIG = "trig"
    NTRIPLES = "ntriples"
    JSONLD = "jsonld"


_CHUNK_RECORDS = 256
_PLAIN_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*:(?://[A-Za-z0-9.\-]*(?::[0-9]*)?(?=[/?#]|\Z)|(?!//))"
    r"[A-Za-z0-9\-._~:/@!$&'()*+,;=]*(?:\?[A-Za-z0-9\-._~:/?@!$&'()*+,;=]*)?"
    r"(?:#[A-Za-z0-9\-._~:/?@!$&'()*+,;=]*)?\Z"
)
"""IRIs that need no further look; they are nearly all."""

_WITH_LANGUAGE = frozenset({v.RDF + "langString", v.RDF + "dirLangString"})


def _checked(iri: str) -> str:
    """``iri`` as an IRI that RDF can hold."""
    if _PLAIN_IRI.match(iri):
        return iri
    try:
        return ox.NamedNode(valid_iri(iri)).value
    except ValueError as error:
        raise ExportRefused(
            f"the identifier {iri[:200]!r} is not an IRI that RDF can hold ({error}). "
            "Export as prov-json, which takes any text."
        ) from error


@lru_cache(1024)
def _language(tag: str) -> str:
    valid = valid_language(tag)
    try:
        ox.Literal("", language=valid)
    except ValueError as error:
        raise ExportRefused(
            f"{tag[:200]!r} is not a language tag ({error}). "
            "Export as prov-json, which takes any text, or correct the source."
        ) from error
    return valid


def _datatype(iri: str) -> str:
    if iri in _WITH_LANGUAGE:
        raise ExportRefused(
            f"a text of datatype {iri!r} names no language, so no RDF can hold it. "
            "Export as prov-json, which can, or correct the source."
        )
    return written_datatype(iri)


class _Lines:
    """Records as lines of N-Quads, Turtle or TriG, counted as they pass.

    The three differ in how an IRI is written and in what stands between two statements about one
    node. Subclasses say that.
    """

    def __init__(self, records: Iterable[Record], *, bundles: bool, unqualified: bool) -> None:
        self.written = 0
        self._records = records
        self._bundles = bundles
        self._unqualified = unqualified
        self._blank = itertools.count(1).__next__
        self._iri = lru_cache(CACHE_SIZE)(self._iri_text)
        self._type = self._iri_text(v.RDF + "type")
        self._classes = {
            element: self._iri_text(v.PROV + element.kind.value)
            for element in (Entity, Activity, Agent)
        }

    def _iri_text(self, iri: str) -> str:
        return f"<{_checked(iri)}>"

    def _more(self, node: str, end: str) -> str:
        """What stands between two statements about ``node``."""
        return f"{end}{node} "

    def _end(self, bundle: str | None) -> str:
        """What ends a statement in this bundle."""
        return " .\n" if bundle is None else f" {self._iri(bundle)} .\n"

    def _enter(self, bundle: str | None) -> str:
        """What stands before a record of this bundle."""
        return ""

    def chunks(self) -> Iterator[bytes]:
        """Whole statements, UTF-8."""
        records = iter(self._records)
        while chunk := list(itertools.islice(records, _CHUNK_RECORDS)):
            lines = [self._record(record) for record in chunk]
            self.written += len(chunk)
            yield _utf8(lines)
        yield self._enter(None).encode()

    def _record(self, record: Record) -> str:
        if isinstance(record, Bundle):
            self._in_bundle(record.identifier)
            node = self._iri(record.identifier)
            return (
                f"{self._enter(None)}{node} {self._type} {self._iri(v.PROV + 'Bundle')}"
                + self._end(None)
            )
        if record.bundle is not None:
            self._in_bundle(record.bundle)
        text = self._relation(record) if isinstance(record, Relation) else self._element(record)
        return self._enter(record.bundle) + text

    def _in_bundle(self, bundle: str) -> None:
        if not self._bundles:
            raise ExportRefused(
                f"the bundle {bundle[:200]!r} cannot be told apart in one graph. "
                "Export as trig, jsonld, prov-json or prov-n, which hold named bundles."
            )

    def _element(self, record: Entity | Activity | Agent) -> str:
        node, end = self._iri(record.identifier), self._end(record.bundle)
        statements = [f"{node} {self._type} {self._classes[type(record)]}"]
        self._attributes(statements, record.attributes, prov_o.ELEMENT_PREDICATES)
        return self._more(node, end).join(statements) + end

    def _relation(self, record: Relation) -> str:
        terms, end, iri = prov_o.TERMS[record.kind], self._end(record.bundle), self._iri
        subject = None if record.subject is None else iri(record.subject)
        object_ = None if record.object is None else iri(record.object)
        binary = ""
        if subject is not None and object_ is not None:
            binary = f"{subject} {iri(terms.unqualified)} {object_}{end}"
            plain = not record.attributes and record.identifier is None
            # prov gives the qualified node of one relation to any other of its subject and kind
            # that has none, so the kinds that it reads so always have one
            if plain and not terms.read_as_one:
                return binary
            if terms.is_mention and (bundle := prov_o.bundle_of_mention(record)) is not None:
                return f"{binary}{subject} {iri(v.PROV + 'asInBundle')} {iri(bundle)}{end}"
        node = f"_:r{self._blank()}" if record.identifier is None else iri(record.identifier)
        qualified = terms.qualified
        statements = []
        if terms.is_derivation and (special := prov_o.special_derivations(record)):
            # its class is among its types: the prov library would read prov:Derivation as another
            qualified = f"{v.PROV}qualified{special[0].removeprefix(v.PROV)}"
            if binary:
                for name in special:
                    binary += f"{subject} {iri(v.PROV + prov_o.DERIVATIONS[name])} {object_}{end}"
        else:
            statements.append(f"{self._type} {iri(terms.node_class)}")
        if object_ is not None:
            statements.append(f"{iri(terms.object)} {object_}")
        self._attributes(statements, record.attributes, terms.predicates)
        text = binary if self._unqualified or terms.read_as_one else ""
        if subject is not None:
            text += f"{subject} {iri(qualified)} {node}{end}"
        return f"{text}{node} {self._more(node, end).join(statements)}{end}"

    def _attributes(
        self, statements: list[str], attributes: Attributes, predicates: dict[str, str]
    ) -> None:
        iri = self._iri
        for name, value in attributes:
            if isinstance(value, str):
                term = _quoted(value)
            elif isinstance(value, Iri):
                term = iri(value.value)
                if name == v.PROV_TYPE:
                    statements.append(f"{self._type} {term}")
                    continue
            else:
                term = self._typed(value)
            statements.append(f"{iri(predicates.get(name, name))} {term}")

    def _typed(self, value: bool | int | float | datetime | Literal) -> str:
        if isinstance(value, datetime):
            return f'"{utc(value).isoformat()}"^^{self._iri(v.XSD + "dateTime")}'
        if isinstance(value, bool):
            return f'"{"true" if value else "false"}"^^{self._iri(v.XSD + "boolean")}'
        if isinstance(value, int):
            return f'"{value}"^^{self._iri(integer_datatype(value))}'
        if isinstance(value, float):
            return f'"{xsd_double(value)}"^^{self._iri(v.XSD + "double")}'
        if value.language is not None:
            return f"{_quoted(value.text)}@{_language(value.language)}"
        return f"{_quoted(value.text)}^^{self._iri(_datatype(value.datatype))}"


class _Turtle(_Lines):
    """Turtle, and TriG where records are in bundles: prefixes, a node's statements together."""

    def __init__(
        self,
        records: Iterable[Record],
        namespaces: Iterable[Namespace],
        *,
        bundles: bool,
        unqualified: bool,
    ) -> None:
        self._names = QualifiedNames(namespaces, valid=_checked)
        self._graph: str | None = None
        super().__init__(records, bundles=bundles, unqualified=unqualified)

    def chunks(self) -> Iterator[bytes]:
        """The prefixes, then whole statements, UTF-8."""
        yield "".join(
            f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in self._names.all_prefixes.items()
        ).encode()
        yield from super().chunks()

    def _iri_text(self, iri: str) -> str:
        valid = _checked(iri)
        return self._names.plain(valid) or f"<{valid}>"

    def _more(self, node: str, end: str) -> str:
        return " ;\n\t"

    def _end(self, bundle: str | None) -> str:
        return " .\n"

    def _enter(self, bundle: str | None) -> str:
        if bundle == self._graph:
            return ""
        close = "" if self._graph is None else "}\n"
        self._graph = bundle
        return close if bundle is None else f"{close}{self._iri(bundle)} {{\n"


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
    bundles = syntax in (Syntax.TRIG, Syntax.JSONLD)
    if syntax in (Syntax.TURTLE, Syntax.TRIG):
        lines: _Lines = _Turtle(records, namespaces, bundles=bundles, unqualified=unqualified)
    else:
        lines = _Lines(records, bundles=bundles, unqualified=unqualified)
    if syntax is Syntax.JSONLD:
        quads = itertools.chain.from_iterable(
            ox.parse(chunk, format=ox.RdfFormat.N_QUADS) for chunk in lines.chunks()
        )
        ox.serialize(quads, stream, ox.RdfFormat.JSON_LD)
    else:
        for chunk in lines.chunks():
            stream.write(chunk)
    return lines.written
