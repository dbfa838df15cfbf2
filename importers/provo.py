"""PROV-O, the W3C Recommendation of 30 April 2013, in any RDF syntax.

https://www.w3.org/TR/prov-o/

Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD. Elements come with their attributes, by the
names that PROV-JSON gives these (rdfs:label is prov:label, prov:startedAtTime prov:startTime ...);
relations in their unqualified form (``prov:used``) and their qualified one (``prov:qualifiedUsage``
and a node); each named graph is a bundle. What PROV-O lacks, a qualified membership, alternate,
specialization or mention, is read as the prov library writes it.

* A qualified node says better what the unqualified property beside it says: together they are one
  relation. PROV-O asks for both; the prov library takes them for two where they are usages,
  generations, invalidations, starts, ends or derivations.
* A node without a class of PROV's is an element if others speak of it as of one and it has
  attributes: what prov:used leads to is an entity.
* A node with several values of a time or an end stands for several records.
* Inverse properties that PROV-O defines (prov:generated, prov:invalidated, prov:influenced), and
  those of revisions, quotations and primary sources, say the relation that they imply.
* A blank node gets an identifier made of the file's SHA-256 and its label, or its number among
  those without label. A relative IRI without base is taken as relative to
  ``urn:lineage:document/<SHA-256>/``. What no IRI may hold is percent-encoded.
* Language tags come in lower case, as pyoxigraph gives them.
* prov:generatedAtTime and prov:invalidatedAtTime stay attributes of their entity.

Documents are grouped by node on disk where they do not fit into memory. Nothing is fetched: JSON-LD
whose context is only an address is refused. A document type makes no text in RDF/XML.

Lost: nodes that are nothing in PROV (persons in FOAF alone, roles and locations with attributes of
their own, lists); graphs without a name merge with the document; blank names of relations.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from importers import provo_records
from importers.provjson_records import PREDEFINED, Unreadable, encoded
from importers.provo_groups import Groups
from importers.provo_pieces import BOM, Statements
from lineage import prov_o
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.identifiers import SKOLEM
from lineage.interfaces import HEAD_BYTES, Confidence, OnProblem, Problem
from lineage.quads import Quad, Syntax
from lineage.records import Bundle, Namespace, Relation, Statement
from lineage.vocabulary import RELATION_BY_KEYWORD, RelationKind

_COMMENTS = rb"(?:\s|#[^\r\n]*(?:[\r\n]|\Z))*"
_JSON = re.compile(rb'\s*(?:\[\s*)?\{\s*(?:"|\Z)|\s*\[\s*\]?\s*\Z')
_XML = re.compile(
    rb"\s*(?:<\?xml\b.*?\?>)?(?:\s|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*<(?:[\w.\-]+:)?RDF[\s>]",
    re.DOTALL,
)
_TURTLE = re.compile(
    _COMMENTS + rb"(?:@prefix\s|@base\s|prefix\s|base\s|<[^<>\s]*>|_:|\[|[\w.\-]*:[\w.\-]*\s)", re.I
)
_LINE = re.compile(rb"(?:<[^<>]*>|_:\S+)[ \t]+<[^<>]*>[ \t]+\S.*\.[ \t]*(?:#.*)?\Z")
_ANONYMOUS = re.compile(r"[0-9a-f]{26,32}\Z")
_MOST_ANONYMOUS = 1_000_000
"""Nodes without a label whose numbers are remembered."""
_XML_TERM = re.compile(
    rb'xmlns:([\w.\-]+)\s*=\s*["\']http://www\.w3\.org/ns/prov#["\'].*<\1:[A-Za-z]', re.DOTALL
)
_LOOKED_AT = 5000
"""Statements of a file's beginning that are searched for PROV's."""


class ProvOImporter:
    """Reads PROV-O of any size in all RDF syntaxes."""

    name = "prov-o"
    description = "PROV-O: Turtle, TriG, N-Triples, N-Quads, RDF/XML, JSON-LD"
    url = "https://www.w3.org/TR/prov-o/"
    version = "1"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By statements of PROV's that the beginning of the text makes as RDF."""
        head = head.removeprefix(BOM)
        if b"ns/prov#" not in head.replace(b"\\/", b"/") and b'"prov:' not in head:
            return Confidence.NO
        syntax = _syntax(head)
        if syntax is None:
            return Confidence.NO
        statements = Statements(source, io.BytesIO(head), syntax, "urn:x:")
        damaged: list[str] = []
        try:
            quads = statements.quads(lambda _, message, __: damaged.append(message))
            for quad in itertools.islice(quads, _LOOKED_AT):
                if _is_prov(quad):
                    return Confidence.SHAPE if damaged else Confidence.CERTAIN
                if len(damaged) > 2:
                    return Confidence.NO
        except SourceError:  # a context that is only an address
            return Confidence.SHAPE if b'"prov:' in head else Confidence.NO
        # XML may break before its first statement: its tags say what it is
        seems = syntax is Syntax.RDFXML and damaged and _XML_TERM.search(head)
        return Confidence.SHAPE if seems else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """Namespaces, elements and qualified relations, then unqualified ones.

        Raises:
            SourceError: The file is no RDF, or its context is not in it.
        """
        with source.open("rb") as file:
            head = file.read(HEAD_BYTES).removeprefix(BOM)
            file.seek(0)
            document = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            syntax = _syntax(head)
            if syntax is None:
                raise SourceError(source, "", "it is no RDF. Is it of another format?")
            base = f"urn:lineage:document/{document}/"
            statements = Statements(source, file, syntax, base)
            reading = _Reading(document, on_problem)
            try:
                reading.take(statements)
                if not reading.begun and reading.held:
                    first = reading.held[0]
                    raise SourceError(source, first.place, f"no RDF in it: {first.message}")
                for prefix, iri in statements.prefixes.items():
                    if iri and PREDEFINED.get(prefix) is None:
                        yield Namespace(prefix, iri)
                yield from reading.statements()
            finally:
                reading.close()


def _syntax(head: bytes) -> Syntax | None:
    """What a text that begins so is written in."""
    if _JSON.match(head):
        return Syntax.JSONLD
    if _XML.match(head):
        return Syntax.RDFXML
    if not _TURTLE.match(head):
        return None
    lines = [line.strip() for line in head.splitlines()[:20]]
    lines = [line for line in (lines[:-1] or lines) if line and not line.startswith(b"#")]
    fitting = sum(1 for line in lines if _LINE.match(line))
    return Syntax.NQUADS if fitting * 2 > len(lines) else Syntax.TRIG


def _is_prov(quad: Quad) -> bool:
    """PROV-O has a meaning for it."""
    _, _, predicate, value = quad
    if predicate == v.RDF + "type":
        return value in prov_o.ELEMENT_CLASSES or value in prov_o.NODE_CLASSES
    return any(
        predicate in known for known in (prov_o.UNQUALIFIED, prov_o.QUALIFIED, prov_o.DOMAINS)
    )


class _Reading:
    """The statements of one document, grouped until all of them are known."""

    def __init__(self, document: str, on_problem: OnProblem) -> None:
        self._document = document
        self._on_problem = on_problem
        self._nodes = Groups()
        self._pairs = Groups()
        self._numbers: dict[str, int] = {}
        self._bundles: set[str] = set()
        self.begun = False
        """There was a statement."""
        self._iri = lru_cache(1 << 16)(self._name)
        self.held: list[Problem] = []
        """What is wrong before the first statement: if none follows, the file is refused for it."""

    def close(self) -> None:
        """Gives the disk back."""
        self._nodes.close()
        self._pairs.close()

    def _tell(self, place: str, message: str, lost: int) -> None:
        self.held.append(Problem(place, message, lost))
        if self.begun:
            for problem in self.held:
                self._on_problem(problem)
            self.held.clear()

    def _name(self, node: str) -> str:
        """An IRI as records hold it."""
        if not node.startswith("_:"):
            return encoded(node)
        label = node[2:]
        if _ANONYMOUS.match(label) and len(self._numbers) < _MOST_ANONYMOUS:
            # no label begins with a dot
            label = f".{self._numbers.setdefault(label, len(self._numbers) + 1)}"
        return f"{SKOLEM}{self._document}:{label}"

    def take(self, statements: Statements) -> None:
        """Reads all statements."""
        iri, nodes = self._iri, self._nodes
        last, node, context, known = ("", ""), "", "", ""
        for graph, subject, predicate, value in statements.quads(self._tell):
            self.begun = True
            try:
                if (graph, subject) != last:
                    known = iri(subject)
                    context = iri(graph) if graph else ""
                    node, last = f"{context} {known}", (graph, subject)
                if type(value) is tuple:
                    if predicate in prov_o.UNQUALIFIED or predicate in prov_o.QUALIFIED:
                        problem = f"{predicate} leads to a text, where it must lead to a node"
                        self._tell(known, problem, 1)
                    else:
                        nodes.add(node, (iri(predicate), value), len(value[0]) + 100)
                    continue
                plain = iri(value)
                meaning = prov_o.UNQUALIFIED.get(predicate)
                if meaning is not None:
                    self._take_pair(context, known, predicate, meaning, plain)
                elif predicate in prov_o.QUALIFIED:
                    owner = (provo_records.OWNER + predicate, known)
                    nodes.add(f"{context} {plain}", owner, 100)
                else:
                    nodes.add(node, (iri(predicate), plain), 100)
                    implied = prov_o.RANGES.get(predicate)
                    if implied is not None:
                        self._imply(context, plain, implied.value)
            except Unreadable as error:
                self._tell(ascii(subject), str(error), 1)

    def _take_pair(
        self,
        context: str,
        subject: str,
        predicate: str,
        meaning: prov_o.Meaning,
        object_: str,
    ) -> None:
        """An unqualified relation."""
        if meaning.inverse:
            subject, object_ = object_, subject
        row = meaning.kind.value
        if meaning.kind is RelationKind.MENTION:
            self._nodes.add(f"{context} {subject}", (predicate, object_), 100)
        else:
            pair = f"{context} {row.keyword} {subject} {object_}"
            self._pairs.add(pair, (meaning.type or provo_records.SHORT,), 100)
        for one, end in ((subject, row.subject), (object_, row.object)):
            if end.kind is not None:
                self._imply(context, one, end.kind.value)

    def _imply(self, context: str, node: str, kind: str) -> None:
        self._nodes.add(f"{context} {node}", (provo_records.IMPLIED, kind), 50)

    def statements(self) -> Iterator[Statement]:
        """What all of them say."""
        for problem in self.held:
            self._on_problem(problem)
        self.held.clear()
        reader = provo_records.NodeReader(self._tell)
        halves = provo_records.Halves()
        for key, rows in self._nodes:
            context, _, node = key.partition(" ")
            named = not node.startswith(f"{SKOLEM}{self._document}:")
            for record in reader.records(node, context or None, rows, named=named):
                if isinstance(record, Bundle):
                    yield from self._bundle(record.identifier)
                    continue
                yield from self._bundle(context)
                if not isinstance(record, Relation):
                    yield record
                elif not halves.keep(record):
                    yield record
                    if record.subject and record.object:
                        pair = f"{context} {record.kind.keyword} {record.subject} {record.object}"
                        self._pairs.add(pair, (provo_records.QUALIFIED,), 100)
        for key, marks in self._pairs:
            context, keyword, subject, object_ = key.split(" ")
            kind = RELATION_BY_KEYWORD[keyword]
            found = provo_records.between(kind, subject, object_, context or None, marks)
            for relation in found:
                if not halves.match(relation):
                    yield from self._bundle(context)
                    yield relation
        yield from halves.relations()

    def _bundle(self, iri: str) -> Iterator[Statement]:
        """The bundle of this name, once."""
        if iri and iri not in self._bundles:
            self._bundles.add(iri)
            yield Bundle(iri)
