"""JSON-LD text as pieces: the nodes of its graphs, one at a time, and what stands around them.

A document is an array of nodes, or one node, or an object with ``@context`` and ``@graph``. Graphs
may hold graphs (named graphs, bundles); these are walked too, so that the largest thing in memory
is one node. A context that comes behind its graph is found by looking ahead.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from importers.provjson_stream import (
    BrokenText,
    DamagedValue,
    JsonCursor,
    NotJson,
    Pairs,
)

_MOST_AROUND = 1 << 20
"""Characters that may stand around a graph, a context above all: it is repeated with its nodes."""
LONGEST_NODE_BYTES = 1 << 22
"""Of one node, with all that is nested in it; a longer one is passed over."""
_NESTED = 2
"""Graphs in graphs that are walked; those inside are read as a whole."""

NO_CONTEXT = (
    "its context {!r} is only an address, and nothing is fetched. "
    "Put what the address gives in its place, or convert the document to another format."
)
"""What to say of a context that `address_of_context` finds."""

Around = tuple[Pairs, ...]
"""The objects that a node stands in, outermost first, without their graphs."""


class Piece(NamedTuple):
    """One node of a document."""

    place: str
    """JSON pointer."""
    around: Around
    """One object for all nodes of a graph."""
    value: Any
    """As `JsonCursor` gives it; a `DamagedValue` for one that cannot be read."""


def pieces(source: Path, file: BinaryIO) -> Iterator[Piece]:
    """The nodes of a document, in order.

    Args:
        source: Read a second time where a context does not come first.
        file: The same, open at its beginning.

    Raises:
        BrokenText: The text cannot be read any further.
    """
    walk = _Walk(source, JsonCursor(file))
    if walk.cursor.peek() == "[":
        for number in walk.cursor.items():
            yield from walk.node(f"/{number}", ())
    elif walk.cursor.peek() == "{":
        yield from walk.members("", ())
    else:
        raise walk.cursor.broken("an object or an array")
    if walk.cursor.peek():
        raise BrokenText(walk.cursor.byte, "something follows the document")


class _Walk:
    """One reading of one document."""

    def __init__(self, source: Path, cursor: JsonCursor) -> None:
        self._source = source
        self._behind: Pairs | None = None
        self.cursor = cursor

    def node(self, place: str, around: Around) -> Iterator[Piece]:
        """The node that begins here, or the nodes of its graph."""
        cursor = self.cursor
        if cursor.peek() == "{" and len(around) < _NESTED and cursor.ahead() is None:
            yield from self.members(place, around)
            return
        start = cursor.byte
        try:
            value = cursor.value()
        except DamagedValue as error:
            value = error
        if cursor.byte - start > LONGEST_NODE_BYTES:
            value = DamagedValue(f"a node is longer than {LONGEST_NODE_BYTES} bytes")
        if isinstance(value, tuple) and len(around) < _NESTED:
            yield from self._whole(place, around, value)
        else:
            yield Piece(place, around, value)

    def _whole(self, place: str, around: Around, value: Pairs) -> Iterator[Piece]:
        """A node that was read, or the nodes of its graph."""
        graph = next((one for key, one in value if key == "@graph"), None)
        if not isinstance(graph, list):
            yield Piece(place, around, value)
            return
        own = tuple(pair for pair in value if pair[0] != "@graph")
        outside = (*around, own)
        for number, one in enumerate(graph):
            inside = f"{place}/@graph/{number}"
            if isinstance(one, tuple) and len(around) + 1 < _NESTED:
                yield from self._whole(inside, outside, one)
            else:
                yield Piece(inside, outside, one)
        if not graph or _says_something(own):
            yield Piece(place, around, own)

    def members(self, place: str, around: Around) -> Iterator[Piece]:
        """The object that begins here, which may be of any size if that is its graph's."""
        cursor = self.cursor
        own: list[tuple[str, Any]] = []
        size = 0
        graphs = 0
        for key in cursor.members():
            before = cursor.byte
            if key == "@graph" and cursor.peek() == "[":
                graphs += 1
                if size > _MOST_AROUND:
                    raise BrokenText(before, f"{size} bytes stand beside the graph {place}/@graph")
                outer = tuple(own)
                if not place and "@context" not in dict(own):
                    outer = (*self._context_behind(), *own)
                outside = (*around, outer)  # one for all: it is compared by identity
                for number in cursor.items():
                    yield from self.node(f"{place}/@graph/{number}", outside)
                continue
            try:
                own.append((key, cursor.value()))
            except DamagedValue as error:
                pointer = key[:200].replace("~", "~0").replace("/", "~1")
                yield Piece(f"{place}/{pointer}", around, error)
            if graphs and key == "@context" and place:
                raise BrokenText(before, f"the @context of {place} comes behind its @graph")
            size += cursor.byte - before
            if size > LONGEST_NODE_BYTES:
                own.clear()
        if size > LONGEST_NODE_BYTES:
            problem = f"a node is longer than {LONGEST_NODE_BYTES} bytes"
            yield Piece(place, around, DamagedValue(problem))
            return
        if not graphs or _says_something(own):
            yield Piece(place, around, tuple(own))

    def _context_behind(self) -> Pairs:
        """The context of the document, where it comes behind its graph; looked for once."""
        if self._behind is None:
            self._behind = self._look_ahead()
        return self._behind

    def _look_ahead(self) -> Pairs:
        with self._source.open("rb") as file:
            cursor = JsonCursor(file)
            try:
                for key in cursor.members():
                    if key == "@context":
                        return ((key, cursor.value()),)
                    if key == "@graph" and cursor.peek() == "[":
                        for _ in cursor.items():
                            cursor.skip()
                    else:
                        cursor.skip()
            except (BrokenText, DamagedValue):
                pass  # told by the reading itself
        return ()


def _says_something(own: Iterable[tuple[str, Any]]) -> bool:
    """Beside its context and name, an object that has a graph says something of itself."""
    return any(key not in ("@context", "@id", "@graph") for key, _ in own)


class Unwritable(Exception):
    """A value that JSON has no text for; the message says why."""


def text(value: Any, first: frozenset[str] = frozenset()) -> str:
    """A value that `JsonCursor` gave, as JSON again.

    Args:
        first: Keys that come before all others in their objects, whatever their order was.

    Raises:
        Unwritable: It holds a number that is none, or is nested too deeply.
    """
    try:
        return _text(value, first)
    except RecursionError as error:
        raise Unwritable("it is nested too deeply") from error


def _text(value: Any, first: frozenset[str]) -> str:
    if isinstance(value, tuple):
        pairs = sorted(value, key=lambda pair: pair[0] not in first) if first else value
        members = (f"{json.dumps(key)}:{_text(one, first)}" for key, one in pairs)
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(_text(one, first) for one in value)}]"
    if isinstance(value, NotJson) or (isinstance(value, float) and not math.isfinite(value)):
        raise Unwritable(f"{value!r} is no number of JSON")
    return json.dumps(value)


def plain(value: Any) -> Any:
    """A value that `JsonCursor` gave, with dictionaries as objects; the last of equal keys counts.

    Raises:
        Unwritable: It holds a number that is none, or is nested too deeply.
    """
    try:
        return _plain(value)
    except RecursionError as error:
        raise Unwritable("it is nested too deeply") from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return {key: _plain(one) for key, one in value}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, NotJson):
        raise Unwritable(f"{value!r} is no number of JSON")
    return value


def address_of_context(context: Any, known: frozenset[str] = frozenset()) -> str | None:
    """The first address that a context refers to instead of saying what it means.

    Args:
        context: As `JsonCursor` gives it.
        known: Addresses that need not be fetched.
    """
    if isinstance(context, str):
        return None if context in known else context
    for one in context if isinstance(context, list) else ():
        found = address_of_context(one, known)
        if found is not None:
            return found
    if isinstance(context, tuple):
        for key, value in context:
            if key == "@import" and isinstance(value, str) and value not in known:
                return value
    return None


def definitions(context: Any) -> Iterable[tuple[str, Any]]:
    """What a context says of each term, as `JsonCursor` gives it."""
    if isinstance(context, tuple):
        return context
    if isinstance(context, list):
        return [pair for one in context for pair in definitions(one)]
    return ()
