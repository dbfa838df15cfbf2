"""PROV-XML, the W3C Note of 30 April 2013, through the prov library.

https://www.w3.org/TR/prov-xml/

Every element below ``prov:document`` and ``prov:bundleContent`` becomes the record that it is,
every declared prefix a `Namespace`, every named bundle a `Bundle`. The text is read a hundred
elements at a time, so a document may be of any size, and an element that prov does not understand
is told with its line while the others are read.

Changed on the way: times with a zone become UTC; what no IRI may hold is percent-encoded; texts
without a type are texts whatever a schema says.

Lost: ``prov:other``, comments, attributes of XML besides prov:id, prov:ref, xsi:type and xml:lang;
records that refer to an entity of a document type, which is never read; what else is reported as a
problem.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from importers import xml_stream
from importers.prov_batches import Batches, Part
from importers.provjson_records import encoded
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.interfaces import Confidence, OnProblem
from lineage.interop import NotProv, provxml_name, read_provxml
from lineage.records import Record, Statement

_ROOT = f"{{{v.PROV}}}document"
_BUNDLE = f"{{{v.PROV}}}bundleContent"
_OTHER = f"{{{v.PROV}}}other"
_ID = f"{{{v.PROV}}}id"
_TYPE = f"{{{v.XSI.removesuffix('#')}}}type"
_DOCUMENT = re.compile(rb"<(?:\w+:)?document\s[^>]*ns/prov#")
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?!A-Za-z_]|\xff\xfe<\x00|\xfe\xff\x00<")


class ProvXmlImporter:
    """Reads PROV-XML documents of any size."""

    name = "prov-xml"
    description = "PROV-XML documents"
    url = "https://www.w3.org/TR/prov-xml/"
    version = "1"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By its first element."""
        if not _XML.match(head):
            return Confidence.NO
        # a document type may be longer than a head, or break before the first element: it is said
        # why the rest is not read, where anything says what it is
        typed = b"<!DOCTYPE" in head
        named = typed and source.name.lower().endswith((".provx", ".provxml"))
        if b"document" not in head.replace(b"\0", b""):
            return Confidence.SUFFIX if named else Confidence.NO
        try:
            root = xml_stream.root(io.BytesIO(head))
        except xml_stream.BrokenXml:
            if typed and _DOCUMENT.search(head):
                return Confidence.SHAPE
            return Confidence.SUFFIX if named else Confidence.NO
        return Confidence.CERTAIN if root.tag == _ROOT else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """Namespaces and records in the order of the file.

        Raises:
            SourceError: The file is not a PROV-XML document.
        """
        reading = _Reading(source, on_problem)
        with source.open("rb") as file:
            try:
                root = xml_stream.root(file)
            except xml_stream.BrokenXml as error:
                raise SourceError(source, str(error.line), f"no XML: {error.message}.") from error
            if root.tag != _ROOT:
                problem = f"it begins with {str(root.tag)[:100]!r}, not with prov:document."
                raise SourceError(source, str(root.sourceline), f"{problem} Is it PROV-XML?")
            file.seek(0)
            yield from reading.namespaces(root)
            try:
                for parent, several in xml_stream.elements(file, frozenset({_BUNDLE})):
                    yield from reading.take(parent, several)
            except xml_stream.BrokenXml as error:
                problem = f"{error.message}; nothing after it is read"
                reading.batches.tell(str(error.line), problem)


class _Reading:
    """One reading of one document."""

    def __init__(self, source: Path, on_problem: OnProblem) -> None:
        self.batches = Batches(source, on_problem)
        self._bundle: str | None = None

    def namespaces(self, element: Any) -> Iterator[Statement]:
        """The prefixes that are declared where an element stands."""
        for prefix, iri in element.nsmap.items():
            yield from self.batches.namespace(prefix or "", iri)

    def take(self, parent: Any, several: list[Any]) -> Iterator[Statement]:
        """Takes some elements of the document or of a bundle; none where a bundle begins."""
        if parent.tag != _BUNDLE:
            self._bundle = None
        elif not several:
            self._bundle = ""
            yield from self._begin(parent)
        if self._bundle == "":
            if several:
                place = str(several[0].sourceline)
                self.batches.tell(place, "its bundle has no name. It is left out.", len(several))
            return
        parts = [
            Part(str(element.sourceline), element)
            for element in several
            if element.tag != _OTHER and not self._refers(element)
        ]
        if parts:
            yield from self.batches.records(parts, self._read, self._bundle)

    def _read(self, parts: Sequence[Part]) -> list[Record]:
        try:
            return read_provxml([part.content for part in parts])
        except NotProv:
            kept = [_kept_as_written(part.content) for part in parts] if len(parts) == 1 else []
            if not any(kept):
                raise
        self.batches.tell(parts[0].place, f"{kept[0]!r} has no prefix and is kept as it is", 0)
        return read_provxml([part.content for part in parts])

    def _begin(self, element: Any) -> Iterator[Statement]:
        place = str(element.sourceline)
        name = element.get(_ID)
        if name is None:
            self.batches.tell(place, "the bundle has no prov:id", 0)
            return
        try:
            self._bundle = encoded(provxml_name(element, name))
        except NotProv as error:
            self.batches.tell(place, str(error), 0)
            return
        yield from self.namespaces(element)
        yield from self.batches.bundle(self._bundle)

    def _refers(self, element: Any) -> bool:
        """It holds the name of an entity, whose text is not known; that is told."""
        if not xml_stream.has_entities(element):
            return False
        place = str(element.sourceline)
        self.batches.tell(place, "it refers to an entity, and none is read. It is left out.")
        return True


def _kept_as_written(element: Any) -> str:
    """Makes texts of qualified names in it that mean nothing; the first of them comes back."""
    first = ""
    for child in element:
        text, datatype = child.text, child.get(_TYPE)
        if text is None or datatype is None:
            continue
        try:
            if provxml_name(child, datatype) != v.XSD + "QName":
                continue
            provxml_name(child, text)
        except NotProv:
            prefix = next((name for name, iri in child.nsmap.items() if name and iri == v.PROV), "")
            child.set(_TYPE, f"{prefix}:QUALIFIED_NAME" if prefix else "QUALIFIED_NAME")
            first = first or text
    return first
