"""PROV-JSONLD, the W3C Member Submission of 2024, through the prov library.

https://www.w3.org/submissions/prov-jsonld/

Every statement in ``@graph`` becomes the record that it is, every prefix in ``@context`` a
`Namespace`, every named bundle a `Bundle`. Some statements are read at a time, so a document may be
of any size, and one that prov does not understand is told with its JSON pointer while the others
are read. The context of PROV-JSONLD itself is known and never fetched; neither is any other, and a
document that refers to one is refused.

JSON-LD of PROV-O in other shapes is read by ``prov-o``.

Changed on the way: times with a zone become UTC; a membership of several entities becomes one
relation each; a blank element gets an identifier made of the file's SHA-256 and its label; an IRI
whose prefix is not declared is taken as it is; what no IRI may hold is percent-encoded.

Lost: blank identifiers of relations; definitions of terms besides prefixes; what is reported as a
problem.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from importers import jsonld_stream
from importers.jsonld_stream import Around, Piece, Unwritable
from importers.prov_batches import Batches, Part
from importers.provjson_stream import BrokenText, DamagedValue
from lineage.errors import SourceError
from lineage.identifiers import SKOLEM
from lineage.interfaces import Confidence, OnProblem
from lineage.interop import NotProv, read_provjsonld
from lineage.records import Bundle, Record, Statement
from lineage.vocabulary import ElementKind, RelationKind

CONTEXTS = frozenset(
    f"{scheme}://{path}"
    for scheme in ("http", "https")
    for path in (
        "openprovenance.org/prov-jsonld/context.jsonld",
        "openprovenance.org/prov-jsonld.json",
        "openprovenance.org/prov.jsonld",
        "openprovenance.org/prov-jsonld/context.json",
    )
)
"""Addresses of PROV-JSONLD's own context, which the prov library knows by heart."""
_TYPES = frozenset(
    {kind.value for kind in ElementKind}
    | {kind.value.qualified_class for kind in RelationKind}
    | {"Membership", "Specialization", "Alternate", "Bundle"}
)
"""Types of its statements."""
_AT_ONCE = 200
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)(?=://.)|(urn|file|arcp|mailto|tag|doi)(?=:.)")


class ProvJsonLdImporter:
    """Reads PROV-JSONLD documents of any size."""

    name = "prov-jsonld"
    description = "W3C PROV-JSONLD documents"
    url = "https://www.w3.org/submissions/prov-jsonld/"
    version = "1"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By its context, or by a statement of a shape that no other JSON-LD has."""
        if not _JSON.match(head) or b'"@graph"' not in head or b'"@context"' not in head:
            return Confidence.NO
        ours = any(address.encode() in head for address in CONTEXTS)
        try:
            for number, piece in enumerate(jsonld_stream.pieces(source, io.BytesIO(head))):
                known = piece.around and _type(piece.value) in _TYPES
                if known and (ours or _defines_terms(piece.around)):
                    return Confidence.CERTAIN
                if number > _AT_ONCE:
                    break
        except BrokenText:
            pass
        return Confidence.SHAPE if ours else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """Namespaces and records in the order of the file.

        Raises:
            SourceError: The file is not a PROV-JSONLD document, or its context is not in it.
        """
        with source.open("rb") as file:
            document = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            reading = _Reading(source, document, on_problem)
            try:
                for piece in jsonld_stream.pieces(source, file):
                    yield from reading.take(piece)
            except BrokenText as error:
                yield from reading.flush()
                place = f"byte {error.byte}"
                if not reading.seen:
                    problem = f"it is no PROV-JSONLD: {error.message}"
                    raise SourceError(source, place, problem) from error
                reading.batches.tell(place, f"{error.message}; nothing after it is read")
            else:
                yield from reading.flush()


class _Reading:
    """The statements that wait to be read, and what they stand in."""

    def __init__(self, source: Path, document: str, on_problem: OnProblem) -> None:
        self.batches = Batches(source, on_problem)
        self.seen = 0
        self._source = source
        self._document = document
        self._around: Around = ()
        self._names: dict[str, str] = {}
        """Prefix, or ``@vocab``, -> namespace IRI, in scope."""
        self._bundle: str | None = None
        self._waiting: list[Part] = []

    def take(self, piece: Piece) -> Iterator[Statement]:
        """Takes one statement of the document."""
        self.seen += 1
        if not piece.around and not isinstance(piece.value, DamagedValue):
            if self.seen == 1:
                raise SourceError(self._source, piece.place, "it has no @graph of statements.")
            return  # what the document says of itself
        if piece.around != self._around:
            yield from self.flush()
            yield from self._enter(piece.around, piece.place)
        if _type(piece.value) == "Bundle":
            return  # it was entered with its first statement, or has none
        try:
            if isinstance(piece.value, DamagedValue):
                raise Unwritable(str(piece.value))
            content = jsonld_stream.plain(piece.value)
        except Unwritable as error:
            self.batches.tell(piece.place, f"{error}. It is left out.")
            return
        self._waiting.append(Part(piece.place, content))
        if len(self._waiting) >= _AT_ONCE:
            yield from self.flush()

    def flush(self) -> Iterator[Statement]:
        """Reads the statements that wait."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if self._bundle == "":
            self.batches.tell(waiting[0].place, "its bundle has no name", len(waiting))
            return
        yield from self.batches.records(waiting, self._read, self._bundle)

    def _enter(self, around: Around, place: str) -> Iterator[Statement]:
        """Takes the contexts and the bundle that the next statements stand in."""
        self._around = around
        self._names = {}
        for own in around:
            for key, context in own:
                if key != "@context":
                    continue
                address = jsonld_stream.address_of_context(context, CONTEXTS)
                if address is not None:
                    problem = jsonld_stream.NO_CONTEXT.format(address)
                    raise SourceError(self._source, "/@context", problem)
                for term, meaning in jsonld_stream.definitions(context):
                    if isinstance(meaning, str) and (term[:1] != "@" or term == "@vocab"):
                        self._names[term] = meaning
        for prefix, iri in self._names.items():
            if prefix != "@vocab" and iri[-1:] in tuple("#/:"):
                yield from self.batches.namespace(prefix, iri)
        self._bundle = None
        name = dict(around[-1]).get("@id") if len(around) > 1 else None
        if len(around) > 1:
            self._bundle = ""
            if isinstance(name, str):
                yield from self._named(name, place)

    def _named(self, name: str, place: str) -> Iterator[Statement]:
        """Finds the IRI of a bundle."""
        empty = {"@type": "Bundle", "@id": name, "@graph": []}
        try:
            found = read_provjsonld(self._container([empty]))
        except NotProv as error:
            self.batches.tell(place, str(error), 0)
            return
        for record in found:
            if isinstance(record, Bundle):
                self._bundle = record.identifier
                yield from self.batches.bundle(record.identifier)

    def _read(self, parts: Sequence[Part]) -> list[Record]:
        return read_provjsonld(self._container([part.content for part in parts]))

    def _container(self, statements: list[Any]) -> dict[str, Any]:
        """A document of some statements, in which blank names and full IRIs are names too."""
        schemes: dict[str, str] = {"urn": "urn:"}
        graph = [self._named_fully(statement, schemes) for statement in statements]
        return {"@context": {**schemes, **self._names}, "@graph": graph}

    def _named_fully(self, value: Any, schemes: dict[str, str]) -> Any:
        """The value with IRIs for blank names; the schemes of its IRIs become prefixes."""
        if isinstance(value, str):
            if value.startswith("_:"):
                return f"{SKOLEM}{self._document}:{value[2:]}"
            scheme = _SCHEME.match(value)
            if scheme is not None:
                schemes.setdefault(scheme[0], f"{scheme[0]}:")
            return value
        if isinstance(value, list):
            return [self._named_fully(one, schemes) for one in value]
        if isinstance(value, dict):
            if "@value" in value:
                return value
            return {key: self._named_fully(one, schemes) for key, one in value.items()}
        return value


def _type(value: Any) -> str:
    """The type of a statement, without its prefix."""
    found = dict(value).get("@type") if isinstance(value, tuple) else None
    return found.removeprefix("prov:") if isinstance(found, str) else ""


def _defines_terms(around: Around) -> bool:
    """A context holds the terms of PROV-JSONLD's own."""
    for own in around:
        for key, context in own:
            if key == "@context":
                names = {name for name, _ in jsonld_stream.definitions(context)}
                if len(names & _TYPES) > len(_TYPES) // 2:
                    return True
    return False
