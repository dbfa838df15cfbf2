"""PROV-JSON, the W3C Member Submission of 24 April 2013, as any tool writes it.

https://www.w3.org/submissions/2013/SUBM-prov-json-20130424/

Every record becomes the record of the same kind, every declared prefix a `Namespace`, every named
bundle a `Bundle`. Names are resolved to IRIs: by the prefixes of the bundle, then of the document,
wherever in the file they are declared; without prefix by the default namespace. A name with an
undeclared prefix that is an IRI already (``http://...``, ``urn:...``) is taken as it is.

Changed on the way: times with a zone become UTC; a ``hadMember`` of several entities becomes one
relation each; a blank element gets an identifier made of the file's SHA-256 and its label; what no
IRI may hold (blanks, quotation marks, brackets) is percent-encoded. The lexical form of numbers
and booleans is not kept (``042``), nor is the order of attributes.

Lost: blank identifiers of relations (``_:x``); keys beside ``$``, ``type`` and ``lang``; what is
reported as a problem. PROV-JSONLD is another format and is refused.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from importers.provjson_records import PREDEFINED, Names, RecordMaker, Unreadable, encoded
from importers.provjson_stream import BrokenText, DamagedValue, JsonCursor
from lineage.errors import SourceError
from lineage.identifiers import SKOLEM
from lineage.interfaces import Confidence, OnProblem, Problem
from lineage.records import ELEMENT_CLASSES, Bundle, Namespace, Statement
from lineage.vocabulary import RELATION_BY_KEYWORD

SECTIONS = frozenset(ELEMENT_CLASSES) | frozenset(RELATION_BY_KEYWORD)
"""Keys that hold records."""
KEYS = SECTIONS | {"prefix", "bundle"}
"""Keys of a document; a bundle has no ``bundle``."""
_MOST_KEYS = 500_000
"""Keys of one object that are remembered, so that repeated ones are told; all are read."""
_KINDS = {"[": "a list", '"': "a text"}


class ProvJsonImporter:
    """Reads PROV-JSON documents of any size, one record in memory at a time."""

    name = "prov-json"
    description = "W3C PROV-JSON documents"
    url = "https://www.w3.org/submissions/2013/SUBM-prov-json-20130424/"
    version = "1"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By the first keys and the shape of what they hold; the name of the file says nothing."""
        cursor = JsonCursor(io.BytesIO(head))
        if cursor.peek() != "{":
            return Confidence.NO
        confidence = Confidence.SHAPE if head.rstrip().endswith(b"{}") else Confidence.NO
        try:
            for key in cursor.members():
                if key not in KEYS:
                    return Confidence.NO
                mark = cursor.peek()
                if mark and mark != "{":
                    return Confidence.NO
                seen = confidence is Confidence.CERTAIN
                confidence = Confidence.CERTAIN if key in RELATION_BY_KEYWORD else Confidence.SHAPE
                for _ in cursor.members():
                    opening = cursor.peek()
                    if opening not in ('"' if key == "prefix" else "{["):
                        # one damaged record makes no other format of what was certain before
                        return Confidence.CERTAIN if seen else Confidence.NO
                    confidence = Confidence.CERTAIN
                    cursor.value()
        except (BrokenText, DamagedValue):
            pass  # the head ends somewhere, or a record is damaged: enough was seen or was not
        return confidence

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """Namespaces, then records in the order of the file; each bundle where it stands.

        Raises:
            SourceError: The file is not a PROV-JSON document.
        """
        return _Document(source, on_problem).statements()


class _Document:
    """One reading of one file."""

    _cursor: JsonCursor

    def __init__(self, source: Path, on_problem: OnProblem) -> None:
        self._source = source
        self._on_problem = on_problem
        self._known = False
        self._strange: list[str] = []
        self._bundles = 0
        self._ahead: list[Any] | None = None
        self._sha256 = ""

    def statements(self) -> Iterator[Statement]:
        """All that the document says."""
        with self._source.open("rb") as file:
            self._cursor = JsonCursor(file)
            yield from self._document()

    def _document(self) -> Iterator[Statement]:
        cursor = self._cursor
        mark = cursor.peek()
        if mark != "{":
            kind = _KINDS.get(mark, "no JSON object") if mark else f"nothing: {cursor.end}"
            raise self._refusal(f"it is {kind}, where a PROV-JSON document is an object")
        try:
            yield from self._container("")
            if cursor.peek():
                self._tell(f"byte {cursor.byte}", "something follows the document", lost=0)
        except BrokenText as error:
            if not self._known:
                raise SourceError(
                    self._source, f"byte {error.byte}", f"it is no PROV-JSON: {error.message}"
                ) from error
            self._tell(f"byte {error.byte}", f"{error.message}; nothing after it is read")
        if self._known:
            for place in self._strange:
                self._tell(place, "PROV-JSON has no such key")
        elif self._strange:
            seen = self._strange[0].removeprefix("/")
            raise self._refusal(
                f"it has no key of PROV-JSON, such as 'entity' or 'used' ({seen!r} seen)"
            )

    def _refusal(self, problem: str) -> SourceError:
        return SourceError(self._source, "", f"{problem}. Is it of another format?")

    def _tell(self, place: str, message: str, lost: int = 1) -> None:
        self._on_problem(Problem(place, message, lost))

    def _tell_part(self, section: str, key: str, message: str) -> None:
        """Tells of something that is left out of a record, which is kept."""
        self._tell(f"{section}/{_escaped(key)}", message, lost=0)

    def _container(
        self, place: str, name: str = "", outer: Names | None = None
    ) -> Iterator[Statement]:
        """The document, or one of its bundles.

        Args:
            place: JSON pointer of the container.
            name: What the bundle is called.
            outer: What names mean in the document around the bundle.

        Raises:
            Unreadable: The bundle's name means nothing; the cursor still stands before it.
        """
        cursor = self._cursor
        declared, default = self._prefixes(place, self._declaration(outer is not None))
        inherited = {} if outer is None else outer.prefixes
        if default is None and outer is not None:
            default = outer.default
        names = Names({**inherited, **dict(declared)}, default, self._blank)
        bundle = None if outer is None else names[name]
        for prefix, iri in declared:
            if prefix not in PREDEFINED:
                yield Namespace(prefix, iri)
        if bundle is not None:
            yield Bundle(bundle)
        seen: set[str] = set()
        for key in cursor.members():
            here = f"{place}/{_escaped(key)}"
            if key in seen:
                self._tell_repeated(here)
            repeated = key in seen
            seen.add(key)
            if key == "prefix":
                self._known = True
                self._repeated_prefixes(here, names, repeated)
            elif key in SECTIONS:
                self._known = True
                maker = RecordMaker(key, names, bundle, partial(self._tell_part, here))
                yield from self._section(here, maker)
            elif key == "bundle" and outer is None:
                self._known = True
                yield from self._bundle_section(here, names)
            else:
                self._unknown(key, here, nested=outer is not None)

    def _unknown(self, key: str, here: str, nested: bool) -> None:
        if key in ("@context", "@graph") and not self._known:
            raise self._refusal(f"it is JSON-LD ({key!r} seen), perhaps PROV-JSONLD, not PROV-JSON")
        if self._known:
            self._tell(
                here, "bundles do not nest" if key == "bundle" else "PROV-JSON has no such key"
            )
        elif not nested:
            self._strange.append(here)
        self._cursor.skip()

    def _opens(self, here: str) -> bool:
        """Whether an object begins here; anything else is told and skipped."""
        if self._cursor.peek() in ("{", ""):
            return True
        self._cursor.skip()
        self._tell(here, "it must be an object")
        return False

    def _tell_repeated(self, place: str) -> None:
        self._tell(place, "the key is repeated in its object; all of it is read", lost=0)

    def _section(self, here: str, maker: RecordMaker) -> Iterator[Statement]:
        """The records of one kind."""
        if not self._opens(here):
            return
        seen: set[int] = set()
        make = maker.make
        for batch in self._cursor.batches():
            for key, content in batch:
                mark = hash(key)
                if mark in seen:
                    self._tell_repeated(f"{here}/{_escaped(key)}")
                elif len(seen) < _MOST_KEYS:
                    seen.add(mark)
                if type(content) is not tuple or maker.expands:
                    yield from self._several(f"{here}/{_escaped(key)}", maker, key, content)
                    continue
                try:
                    record = make(key, content)
                except Unreadable as error:
                    self._tell(f"{here}/{_escaped(key)}", str(error))
                else:
                    yield record

    def _several(
        self, place: str, maker: RecordMaker, key: str, content: Any
    ) -> Iterator[Statement]:
        """The records of a list under one identifier, or of a membership of several."""
        if not isinstance(content, tuple | list):
            damaged = isinstance(content, DamagedValue)
            self._tell(
                place, str(content) if damaged else "a record must be an object or a list of them"
            )
            return
        one = isinstance(content, tuple)
        for at, assertion in enumerate([content] if one else content):
            try:
                if not isinstance(assertion, tuple):
                    raise Unreadable("a record must be an object")
                made = [maker.make(key, pairs) for pairs in maker.expanded(assertion)]
            except Unreadable as error:
                self._tell(place if one else f"{place}/{at}", str(error))
            else:
                yield from made

    def _bundle_section(self, here: str, names: Names) -> Iterator[Statement]:
        """The named bundles."""
        seen: set[str] = set()
        for key in self._cursor.members() if self._opens(here) else ():
            self._bundles += 1
            place = f"{here}/{_escaped(key)}"
            if key in seen:
                self._tell_repeated(place)
            seen.add(key)
            if not self._opens(place):
                continue
            try:
                yield from self._container(place, key, names)
            except Unreadable as error:
                self._cursor.skip()
                self._tell(place, str(error))

    def _declaration(self, in_bundle: bool) -> Any:
        """The first ``prefix`` of the container that begins here, wherever in it that stands."""
        cursor = self._cursor
        first = cursor.first_member()
        if first is not None and first[0] == "prefix":
            return first[1]
        whole = cursor.ahead()
        if whole is not None:
            return next((value for key, value in whole if key == "prefix"), None)
        if self._ahead is None:
            self._ahead = []
            with self._source.open("rb") as file:
                _look_ahead(JsonCursor(file), self._ahead)
        at = self._bundles if in_bundle else 0
        return self._ahead[at] if at < len(self._ahead) else None

    def _prefixes(self, place: str, declaration: Any) -> tuple[list[tuple[str, str]], str | None]:
        """The prefixes of a declaration, and the default namespace; bad ones are told."""
        declared: list[tuple[str, str]] = []
        default = None
        if declaration is None:
            return declared, default
        if not isinstance(declaration, tuple):
            self._tell(f"{place}/prefix", "it must be an object", lost=0)
            return declared, default
        for prefix, iri in declaration:
            if not isinstance(iri, str) or not iri.strip():
                self._tell(f"{place}/prefix/{_escaped(prefix)}", "it must be an IRI", lost=0)
                continue
            try:
                iri = encoded(iri)
                encoded(prefix)
            except Unreadable as error:
                self._tell(f"{place}/prefix/{_escaped(prefix)}", str(error), lost=0)
                continue
            if prefix == "default":
                default = iri
            declared.append(("" if prefix == "default" else prefix, iri))
        return declared, default

    def _repeated_prefixes(self, here: str, names: Names, repeated: bool) -> None:
        """Takes the prefixes that are met; the first ones are known already."""
        try:
            declaration = self._cursor.value()
        except DamagedValue as error:
            self._tell(here, str(error), lost=0)
            return
        if repeated:
            declared, default = self._prefixes(here.removesuffix("/prefix"), declaration)
            for prefix, iri in declared:
                names.prefixes.setdefault(prefix, iri)
            names.default = names.default or default

    def _blank(self, label: str) -> str:
        """The identifier of the blank element with this label in this file."""
        if not self._sha256:
            with self._source.open("rb") as file:
                self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{SKOLEM}{self._sha256}:{label}"


def _look_ahead(cursor: JsonCursor, found: list[Any]) -> None:
    """Collects the ``prefix`` of the document, then of each bundle, as far as the text is whole."""
    found.append(None)
    try:
        for key in cursor.members():
            if key == "bundle" and cursor.peek() == "{":
                for _ in cursor.members():
                    found.append(None)
                    _look_into(cursor, found, len(found) - 1)
            elif key == "prefix":
                _look_into_prefix(cursor, found, 0)
            else:
                cursor.skip()
    except BrokenText:
        pass  # told by the reading itself


def _look_into(cursor: JsonCursor, found: list[Any], at: int) -> None:
    if cursor.peek() != "{":
        cursor.skip()
        return
    for key in cursor.members():
        if key == "prefix":
            _look_into_prefix(cursor, found, at)
        else:
            cursor.skip()


def _look_into_prefix(cursor: JsonCursor, found: list[Any], at: int) -> None:
    try:
        value = cursor.value()
    except DamagedValue:
        return
    if found[at] is None:
        found[at] = value


def _escaped(key: str) -> str:
    """A key as a part of a JSON pointer, in characters that can be printed."""
    shown = key if len(key) <= 200 else f"{key[:197]}..."
    text = shown.encode("utf-8", "backslashreplace").decode()
    return text.replace("~", "~0").replace("/", "~1")
