"""XML text as the elements below its root, a few at a time.

lxml reads it with everything off that reaches outside or grows: no external entity is read, nothing
is fetched, no element stands deeper than 256, no text is longer than 10 MB, and entities may not
multiply. RDF/XML alone has a use for entities, those of the document itself: it abbreviates
namespaces with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from lxml import etree

_CHUNK_BYTES = 1 << 16
_MOST_AT_ONCE = 100
LONGEST_ELEMENT_BYTES = 1 << 22
"""Bytes of one element below the root."""


class BrokenXml(Exception):
    """The text cannot be read from ``line`` on."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class Elements(NamedTuple):
    """Some elements that follow one another."""

    parent: Any
    """The root, or the container that they stand in."""
    several: list[Any]
    """They are empty again when the next ones are asked for."""


def root(file: BinaryIO) -> Any:
    """The first element of an XML text, as far as its start tag says.

    Raises:
        BrokenXml: The text is no XML.
    """
    parser = _parser()
    while True:
        chunk = file.read(_CHUNK_BYTES)
        broken = _fed(parser, chunk)
        for _, element in parser.read_events():
            return element
        if broken is not None or not chunk:
            raise broken or BrokenXml(1, "no element")


def elements(
    file: BinaryIO, containers: frozenset[str] = frozenset(), *, internal_entities: bool = False
) -> Iterator[Elements]:
    """The elements below the root, or below the containers there, in order.

    Args:
        containers: Names, with their namespaces in braces, of elements below the root whose
            children are taken instead of them. Each comes first with no children.
        internal_entities: What the document itself calls an entity is put in its place.

    Raises:
        BrokenXml: The text is no XML, or cannot be read any further.
    """
    parser = _parser("internal" if internal_entities else False)
    walk = _Walk(containers)
    while True:
        chunk = file.read(_CHUNK_BYTES)
        broken = _fed(parser, chunk)
        for event, element in parser.read_events():
            yield from walk.step(event, element)
        yield from walk.given()
        if broken is not None:
            raise broken
        if not chunk:
            return
        walk.waiting_bytes += len(chunk)
        if walk.waiting_bytes > LONGEST_ELEMENT_BYTES:
            problem = f"an element is longer than {LONGEST_ELEMENT_BYTES} bytes"
            raise BrokenXml(walk.line, problem)


def _parser(entities: str | bool = False) -> Any:
    return etree.XMLPullParser(
        events=("start", "end"),
        resolve_entities=entities,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )


def _fed(parser: Any, chunk: bytes) -> BrokenXml | None:
    """Gives the parser more, or tells it of the end; what it says against that."""
    try:
        if chunk:
            parser.feed(chunk)
        else:
            parser.close()
    except etree.XMLSyntaxError as error:
        return BrokenXml(error.lineno or 1, str(error.msg).split(", line ")[0].rstrip(".")[:300])
    return None


class _Walk:
    """Which elements are whole, and where they stand."""

    def __init__(self, containers: frozenset[str]) -> None:
        self._containers = containers
        self._depth = 0
        self._root: Any = None
        self._parent: Any = None
        self._several: list[Any] = []
        self.line = 1
        self.waiting_bytes = 0

    def step(self, event: str, element: Any) -> Iterator[Elements]:
        """Takes one event; elements come when they are many, or what they stand in ends."""
        if event == "start":
            self._depth += 1
            if self._depth == 1:
                self._root = self._parent = element
            elif self._depth == 2 and element.tag in self._containers:
                yield from self.given()
                self._parent = element
                yield Elements(element, [])
            return
        self._depth -= 1
        if self._depth == 1 and element is self._parent:
            yield from self.given()
            self._parent = self._root
            _forget(element)
        elif self._depth == (1 if self._parent is self._root else 2):
            self._several.append(element)
            self.line = element.sourceline or self.line
            self.waiting_bytes = 0
            if len(self._several) >= _MOST_AT_ONCE:
                yield from self.given()

    def given(self) -> Iterator[Elements]:
        """The elements that were not given yet; they are forgotten afterwards."""
        if self._several:
            yield Elements(self._parent, self._several)
            for element in self._several:
                _forget(element)
            self._several = []


def _forget(element: Any) -> None:
    """Empties an element, and takes what stands before it out of the tree."""
    element.clear(keep_tail=True)
    while element.getprevious() is not None:
        del element.getparent()[0]


def has_entities(element: Any) -> bool:
    """Something in it stands as the name of an entity, which is not read."""
    return next(element.iter(etree.Entity), None) is not None
