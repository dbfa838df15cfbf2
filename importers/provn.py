"""PROV-N, the W3C Recommendation of 30 April 2013, through the prov library.

https://www.w3.org/TR/prov-n/

Every statement becomes the record that it writes down, every declared prefix a `Namespace`, every
named bundle a `Bundle`. The text is cut into statements here, and prov reads some hundred of them
at a time, each lot with the declarations in scope; so a document may be of any size, and a
statement that prov does not understand is told with its line while the others are read.

Read beyond the Recommendation, as prov does: ``mentionOf`` without its prefix, ``-`` in place of a
required argument, identifiers and attributes where PROV-N has none.

Changed on the way: times with a zone become UTC; what no IRI may hold is percent-encoded.

Lost: comments; statements of extensions (``prov:hadDictionaryMember`` ...), which are told; what
else is reported as a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from importers.prov_batches import Batches, Part
from importers.provjson_records import encoded
from importers.provn_stream import Kind, Piece, Pieces
from lineage.errors import SourceError
from lineage.interfaces import Confidence, OnProblem
from lineage.interop import NotProv, read_provn
from lineage.records import Bundle, Record, Statement

_AT_ONCE = 200
_CHARACTERS_AT_ONCE = 1 << 17
_MOST_DECLARED = 1 << 16
"""Characters of declarations: they are read again with every lot of statements."""
_BLANK = rb"(?:\s|//[^\r\n]*|/\*.*?\*/)*"
_DOCUMENT = re.compile(
    rb"(?:\xef\xbb\xbf)?" + _BLANK + rb"document(?=[\s/]|\Z)" + _BLANK, re.DOTALL
)
_GOES_ON = re.compile(
    rb"prefix\s+\S+\s*<|default\s*<|endDocument(?:\W|\Z)|bundle\s+\S|"
    rb"(?:entity|activity|agent|used|alternateOf|specializationOf|hadMember|actedOnBehalfOf|"
    rb"(?:prov:)?mentionOf|was[A-Z][A-Za-z]{4,20})\s*\("
)


class ProvNImporter:
    """Reads PROV-N documents of any size."""

    name = "prov-n"
    description = "W3C PROV-N documents"
    url = "https://www.w3.org/TR/prov-n/"
    version = "1"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By the word ``document`` and what follows it."""
        document = _DOCUMENT.match(head)
        if document is None:
            return Confidence.NO
        rest = head[document.end() :]
        if _GOES_ON.match(rest):
            return Confidence.CERTAIN
        named = source.name.endswith((".provn", ".pn"))
        return Confidence.SHAPE if named or not rest else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """Namespaces and records in the order of the file.

        Raises:
            SourceError: The file is not a PROV-N document.
        """
        with source.open("rb") as file:
            pieces = Pieces(file)
            reading = _Reading(source, on_problem)
            started = False
            for piece in pieces:
                if not started:
                    if piece.kind is not Kind.DOCUMENT:
                        problem = f"it does not begin with 'document' ({piece.text[:40]!r} seen)."
                        raise SourceError(source, str(piece.line), f"{problem} Is it PROV-N?")
                    started = True
                    continue
                yield from reading.take(piece)
            if not started:
                raise SourceError(source, "1", f"it holds no PROV-N: {pieces.end}.")
            yield from reading.finish(pieces)


class _Scope:
    """The declarations of a document or of a bundle."""

    def __init__(self, name: str = "", line: int = 0) -> None:
        self.name = name
        """Of the bundle, as it is written."""
        self.line = line
        self.declared: list[str] = []
        self.known: set[str] = set()
        self.iri: str | None = None
        self.unreadable = 0
        """Statements of a bundle whose name means nothing."""


class _Reading:
    """What is in scope, and the statements that wait to be read."""

    def __init__(self, source: Path, on_problem: OnProblem) -> None:
        self._batches = Batches(source, on_problem)
        self._document = _Scope()
        self._bundle: _Scope | None = None
        self._waiting: list[Part] = []
        self._waiting_length = 0
        self._declared_length = 0
        self._ended = False

    def take(self, piece: Piece) -> Iterator[Statement]:
        """Takes what comes next in the document."""
        if self._ended:
            self._batches.tell(str(piece.line), "it stands behind 'endDocument'", 0)
            return
        if piece.kind is Kind.STATEMENT:
            self._waiting.append(Part(str(piece.line), piece.text))
            self._waiting_length += len(piece.text)
            if len(self._waiting) >= _AT_ONCE or self._waiting_length >= _CHARACTERS_AT_ONCE:
                yield from self._flush()
            return
        yield from self._flush()
        if piece.kind is Kind.DAMAGE:
            self._batches.tell(str(piece.line), f"{piece.text}. It is left out.")
            self._batches.give_up()
        elif piece.kind in (Kind.PREFIX, Kind.DEFAULT):
            yield from self._declare(piece)
        elif piece.kind is Kind.BUNDLE:
            yield from self._leave(piece.line, told=self._bundle is not None)
            self._bundle = _Scope(piece.text, piece.line)
        elif piece.kind is Kind.END_BUNDLE:
            yield from self._leave(piece.line, told=self._bundle is None)
        elif piece.kind is Kind.END_DOCUMENT:
            yield from self._leave(piece.line, told=self._bundle is not None)
            self._ended = True
        else:
            self._batches.tell(str(piece.line), "another document begins in it", 0)

    def finish(self, pieces: Pieces) -> Iterator[Statement]:
        """Reads what waits at the end of the file."""
        yield from self._flush()
        yield from self._leave(pieces.line, told=False)
        if not self._ended:
            self._batches.tell(str(pieces.line), f"no 'endDocument': {pieces.end}", 0)

    def _declare(self, piece: Piece) -> Iterator[Statement]:
        """A prefix, or the default namespace, in the scope that it stands in."""
        scope = self._bundle or self._document
        place, name = str(piece.line), piece.text
        text = f"prefix {name} <{piece.iri}>" if name else f"default <{piece.iri}>"
        if name in scope.known:
            self._batches.tell(place, f"the prefix {name!r} is declared twice; first counts", 0)
        elif self._declared_length > _MOST_DECLARED:
            pass  # told already
        elif self._declared_length + len(text) > _MOST_DECLARED:
            problem = f"more than {_MOST_DECLARED} characters of prefixes; no more are taken"
            self._batches.tell(place, problem, 0)
            self._declared_length += len(text)
        else:
            try:
                read_provn(f"document\n{text}\nendDocument")
            except NotProv as error:
                self._batches.tell(place, f"{error}. The declaration is left out.", 0)
                return
            self._declared_length += len(text)
            scope.known.add(name)
            scope.declared.append(text)
            yield from self._batches.namespace(name, piece.iri)

    def _leave(self, line: int, *, told: bool) -> Iterator[Statement]:
        """Leaves the bundle; ``told`` where it does not begin or end as it must."""
        if told:
            problem = "no bundle ends here" if self._bundle is None else "its bundle does not end"
            self._batches.tell(str(line), problem, 0)
        scope = self._bundle
        if scope is not None:
            yield from self._name(scope)
            if scope.unreadable:
                problem = f"the bundle {scope.name[:80]!r} is left out with its statements"
                self._batches.tell(str(scope.line), problem, scope.unreadable)
        self._bundle = None

    def _name(self, scope: _Scope) -> Iterator[Statement]:
        """Finds the IRI of a bundle, when its declarations are known."""
        if scope.iri is not None:
            return
        try:
            found = read_provn(self._text(()))
        except NotProv as error:
            self._batches.tell(str(scope.line), f"{error}. The bundle is left out.", 0)
            scope.iri = ""
            return
        for record in found:
            if isinstance(record, Bundle):
                scope.iri = encoded(record.identifier)
                yield from self._batches.bundle(scope.iri)

    def _flush(self) -> Iterator[Statement]:
        """Reads the statements that wait."""
        waiting, scope = self._waiting, self._bundle
        if not waiting:
            return
        self._waiting, self._waiting_length = [], 0
        if scope is None:
            yield from self._batches.records(waiting, self._read)
            return
        yield from self._name(scope)
        if scope.iri:
            yield from self._batches.records(waiting, self._read, scope.iri)
        else:
            scope.unreadable += len(waiting)

    def _read(self, parts: Sequence[Part]) -> list[Record]:
        text = self._text([part.content for part in parts])
        try:
            return read_provn(text)
        except NotProv as error:
            if error.line is None:
                raise
            before = text.count("\n", 0, text.index(parts[0].content))
            raise NotProv(str(error), max(error.line - before, 1)) from error

    def _text(self, statements: Sequence[str]) -> str:
        """A document of some statements in the scope that they stand in."""
        lines = ["document", *self._document.declared]
        if self._bundle is None:
            lines += [*statements, "endDocument"]
        else:
            lines += [f"bundle {self._bundle.name}", *self._bundle.declared, *statements]
            lines += ["endBundle", "endDocument"]
        return "\n".join(lines)
