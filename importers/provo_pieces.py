"""The RDF statements of a file in any syntax, and where what is damaged stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from importers import jsonld_stream, xml_stream
from importers.provjson_stream import BrokenText, DamagedValue
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.quads import Damage, Quad, Quads, Syntax

BOM = b"\xef\xbb\xbf"
OnDamage = Callable[[str, str, int], None]
"""Takes the place, what is wrong, and how many records are lost."""

_AT_ONCE = 1 << 17
"""Characters of JSON-LD or RDF/XML that are parsed in one go."""
_MOST_AGAIN_BYTES = 200 << 20
"""That are parsed to find what is damaged; some seconds."""
_XML = "{http://www.w3.org/XML/1998/namespace}"
RDF_ROOT = f"{{{v.RDF}}}RDF"


class Statements:
    """The statements of one document, read once."""

    def __init__(self, source: Path, file: BinaryIO, syntax: Syntax, base: str) -> None:
        """Prepare to read.

        Args:
            source: Named in errors; JSON-LD may be read from it a second time.
            file: The same, open at its beginning.
            syntax: What it is written in.
            base: IRI that relative IRIs are resolved against.
        """
        self._source = source
        self._file = file
        self._syntax = syntax
        self._base = base
        self._parsed_bytes = 0
        """Of lots and what is around them, parsed once or again."""
        self._lot_bytes = 0
        """The same, as if nothing was parsed again."""
        self.prefixes: dict[str, str] = {}
        """Prefix -> namespace IRI, as far as the document was read."""

    def quads(self, on_damage: OnDamage) -> Iterator[Quad]:
        """The statements, in the order of the document.

        Raises:
            SourceError: The document refers to a context that it does not hold.
        """
        if self._syntax is Syntax.TRIG:
            yield from self._of_text(on_damage)
            return
        if self._syntax is Syntax.JSONLD:
            found = self._of_jsonld(on_damage)
        elif self._syntax is Syntax.RDFXML:
            found = self._of_xml(on_damage)
        else:
            found = self._of_text(on_damage)
        for quad in found:
            if ":" in quad[1] and ":" in quad[2]:
                yield quad
            elif self._syntax is not Syntax.JSONLD:  # there keys that are no IRIs mean nothing
                on_damage(ascii(quad[1]), "an IRI of the statement is relative to nothing", 1)

    def _of_text(self, on_damage: OnDamage) -> Iterator[Quad]:
        """Turtle, TriG, N-Triples and N-Quads: as they stream."""
        if self._file.read(len(BOM)) != BOM:
            self._file.seek(0)
        quads = Quads(self._file, self._syntax, self._base)
        line = 1
        for quad in quads:
            if type(quad) is Damage:
                line = quad.line or line
                on_damage(str(line), quad.message, 1)
            else:
                yield quad  # type: ignore[misc]
        self.prefixes.update(quads.prefixes)

    def _of_xml(self, on_damage: OnDamage) -> Iterator[Quad]:
        """RDF/XML: some of its nodes at a time."""
        start = None
        try:
            for parent, several in xml_stream.elements(self._file, internal_entities=True):
                if start is None:
                    self.prefixes.update(
                        (prefix or "", iri) for prefix, iri in parent.nsmap.items()
                    )
                    start = _start_tag(parent)
                parts = [(str(one.sourceline), _markup(one)) for one in several]
                self._lot_bytes += len(start) + sum(len(part) for _, part in parts)
                yield from self._parsed(parts, start, b"</rdf:RDF>", b"", on_damage)
        except xml_stream.BrokenXml as error:
            on_damage(str(error.line), f"{error.message}; nothing after it is read", 1)

    def _of_jsonld(self, on_damage: OnDamage) -> Iterator[Quad]:
        """JSON-LD: some of its nodes at a time, each lot in its context."""
        waiting: list[tuple[str, bytes]] = []
        around: jsonld_stream.Around = ()
        first = _keywords()
        length = 0
        try:
            for piece in jsonld_stream.pieces(self._source, self._file):
                if piece.around != around or length > _AT_ONCE:
                    yield from self._in_context(around, waiting, on_damage)
                    waiting, length = [], 0
                if piece.around is not around:
                    around = piece.around
                    # once, and not for each node in it: contexts are long
                    first = _keywords(*around)
                    for one in around:
                        self._note_context(one)
                self._note_context(piece.value)
                try:
                    if isinstance(piece.value, DamagedValue):
                        raise jsonld_stream.Unwritable(str(piece.value))
                    own = first | _keywords(piece.value)
                    written = jsonld_stream.text(piece.value, own).encode()
                except jsonld_stream.Unwritable as error:
                    on_damage(piece.place, str(error), 1)
                    continue
                waiting.append((piece.place, written))
                length += len(written)
        except BrokenText as error:
            yield from self._in_context(around, waiting, on_damage)
            on_damage(f"byte {error.byte}", f"{error.message}; nothing after it is read", 1)
        else:
            yield from self._in_context(around, waiting, on_damage)

    def _note_context(self, value: Any) -> None:
        """Refuses an address as context of an object, and remembers prefixes."""
        for key, context in value if isinstance(value, tuple) else ():
            if key == "@context":
                address = jsonld_stream.address_of_context(context)
                if address is not None:
                    raise SourceError(
                        self._source, "/@context", jsonld_stream.NO_CONTEXT.format(address)
                    )
                self.prefixes.update(_prefixes(context))

    def _in_context(
        self,
        around: jsonld_stream.Around,
        parts: list[tuple[str, bytes]],
        on_damage: OnDamage,
    ) -> Iterator[Quad]:
        if not parts:
            return
        try:
            start = b"".join(
                jsonld_stream.text(own, _keywords(own)).encode()[:-1]
                + (b"" if not own else b",")
                + b'"@graph":['
                for own in around
            )
        except jsonld_stream.Unwritable as error:
            on_damage(parts[0][0], str(error), len(parts))
            return
        end = b"]}" * len(around)
        self._lot_bytes += len(start) + sum(len(part) for _, part in parts)
        yield from self._parsed(parts, start or b"[", end or b"]", b",", on_damage)

    def _parsed(
        self,
        parts: list[tuple[str, bytes]],
        start: bytes,
        end: bytes,
        between: bytes,
        on_damage: OnDamage,
    ) -> Iterator[Quad]:
        """The statements of several parts together; of either half where one part is damaged.

        Each time what stands around them is parsed again, which may be long. So there is an end of
        it: then parts that are damaged together are left out together.
        """
        text = start + between.join(part for _, part in parts) + end
        self._parsed_bytes += len(text)
        quads = Quads(text, self._syntax, self._base)
        if len(parts) > 1:
            found = list(quads)
            if any(type(quad) is Damage for quad in found):
                if self._parsed_bytes - self._lot_bytes > _MOST_AGAIN_BYTES:
                    message = "too much is damaged to tell which of the nodes from here on is"
                    on_damage(parts[0][0], message, len(parts))
                    return
                middle = len(parts) // 2
                for half in (parts[:middle], parts[middle:]):
                    yield from self._parsed(half, start, end, between, on_damage)
                return
            quads = iter(found)  # type: ignore[assignment]
        damages = 0
        for quad in quads:
            if not isinstance(quad, Damage):
                yield quad
            elif not damages:
                damages += 1
                on_damage(parts[0][0], quad.message, 1)


def _start_tag(root: Any) -> bytes:
    """The beginning of an RDF/XML document with the base and the language of another."""
    named = [
        f' xml:{name}="{_escaped(value)}"'
        for name in ("base", "lang")
        if (value := root.get(_XML + name)) is not None
    ]
    return f'<rdf:RDF xmlns:rdf="{v.RDF}"{"".join(named)}>'.encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _markup(element: Any) -> bytes:
    from lxml import etree

    markup: bytes = etree.tostring(element, with_tail=False, encoding="utf-8")
    return markup


def _keywords(*objects: Any) -> frozenset[str]:
    """The keys that a parser must see first in an object, by all the names that they have."""
    found = {"@context", "@id", "@type"}
    for one in objects:
        for key, context in one if isinstance(one, tuple) else ():
            if key == "@context":
                for name, meaning in jsonld_stream.definitions(context):
                    if meaning in ("@id", "@type"):
                        found.add(name)
    return frozenset(found)


def _prefixes(context: Any) -> Iterator[tuple[str, str]]:
    """What in a context looks like the prefix of a namespace."""
    for name, meaning in jsonld_stream.definitions(context):
        if isinstance(meaning, str) and not name.startswith("@") and meaning[-1:] in "#/:":
            yield name, meaning
