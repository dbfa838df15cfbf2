"""The address as a value: everything that decides what the page shows, but the selection.

The address bar is the only state. Whatever in it is unknown or out of range is passed over, so that
old and mistyped addresses still show something.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from lineage.check_findings import KIND_BY_WORD
from lineage.graph_store import Direction
from lineage.vocabulary import INFLUENCES, RELATION_BY_KEYWORD, ElementKind, RelationKind

DEFAULT_DEPTH = 2
"""An entity, the activity that made it, and what that used."""
DEEPEST = 30
DEFAULT_LIMIT = 300
"""Elements drawn unless asked for more: about 750 shapes and arrows, a frame in 16 ms."""
HARD_LIMIT = 2000
"""Elements drawn at most; more than this no browser moves smoothly."""
MOST_OPEN = 150
LONGEST_QUERY = 10_000

PAGES = ("explore", "cypher", "check")
TABS = ("graph", "table")


@dataclass(frozen=True, slots=True)
class View:
    """What an address asks for."""

    page: str = "explore"
    focus: str = ""
    """Reference of the element in the middle, or whose lineage is checked; empty shows the start
    page, or checks everything."""
    direction: Direction | None = None
    depth: int | None = DEFAULT_DEPTH
    """``None`` is without end."""
    limit: int = DEFAULT_LIMIT
    hide: tuple[str, ...] = ()
    """Keywords of relations and elements that are not shown."""
    also: tuple[str, ...] = ()
    """Keywords of relations that are followed besides the influences."""
    open: tuple[str, ...] = ()
    """Tokens of the elements expanded by hand, in order."""
    guess: tuple[str, ...] = ()
    """Tokens of the elements whose guesses are drawn, in order."""
    tab: str = "graph"
    query: str = ""
    """Cypher in the console."""
    kind: str = ""
    """Kind of the findings that the check page lists; empty for some of each."""

    @property
    def kinds(self) -> frozenset[RelationKind]:
        """The relations that the walk follows."""
        also = {RELATION_BY_KEYWORD[keyword] for keyword in self.also}
        hidden = {RELATION_BY_KEYWORD[k] for k in self.hide if k in RELATION_BY_KEYWORD}
        return frozenset((INFLUENCES | also) - hidden)

    @property
    def hidden_elements(self) -> frozenset[ElementKind]:
        """The kinds of element that are not shown."""
        return frozenset(kind for kind in ElementKind if kind.keyword in self.hide)


_CLOSED: dict[str, Collection[str]] = {"page": PAGES, "tab": TABS, "kind": KIND_BY_WORD}
"""Field -> the words that it may be."""
_TOKENS = ("open", "guess")
"""Fields that hold elements' tokens."""
_NAMES = {"direction": "dir", "query": "q"}
"""Field -> name in the address, where they differ."""


def parse(search: str) -> View:
    """The view that the query part of an address asks for, ``?`` or not."""
    try:
        pairs = parse_qsl(search.lstrip("?"), keep_blank_values=False, max_num_fields=50)
    except ValueError:  # more of them than any view has
        pairs = []
    given = dict(pairs)
    changes: dict[str, Any] = {}
    for field in fields(View):
        text = given.get(_NAMES.get(field.name, field.name))
        if text is not None:
            value = _parse(field.name, text)
            if value is not None:
                changes[field.name] = value[0]
    return View(**changes)


def _parse(name: str, text: str) -> tuple[Any] | None:
    if name in _CLOSED:
        return (text,) if text in _CLOSED[name] else None
    if name == "direction":
        known = {direction.value: direction for direction in Direction}
        return (known[text],) if text in known else None
    if name == "depth":
        return (None,) if text == "all" else _number(text, 1, DEEPEST)
    if name == "limit":
        return _number(text, 1, HARD_LIMIT)
    if name == "hide":
        return (_words(text, {kind.keyword for kind in (*RelationKind, *ElementKind)}),)
    if name == "also":
        return (_words(text, {kind.keyword for kind in RelationKind if kind not in INFLUENCES}),)
    if name in _TOKENS:
        return (tuple(dict.fromkeys(text.split(".")))[-MOST_OPEN:],)
    return (text[:LONGEST_QUERY],)


def _number(text: str, least: int, most: int) -> tuple[int] | None:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None
    return None if number is None else (min(max(number, least), most),)


def _words(text: str, known: Collection[str]) -> tuple[str, ...]:
    return tuple(word for word in dict.fromkeys(text.split(",")) if word in known)


def address(view: View, **changes: Any) -> str:
    """The query part that asks for ``view`` with these changes; defaults stay out of it."""
    asked = replace(view, **changes)
    pairs: list[tuple[str, str]] = []
    for field in fields(View):
        value = getattr(asked, field.name)
        if value != field.default:
            text = ".".join(value) if field.name in _TOKENS else _text(value)
            pairs.append((_NAMES.get(field.name, field.name), text))
    return "?" + urlencode(pairs, safe="/:,~")


def _text(value: Any) -> str:
    if value is None:
        return "all"
    if isinstance(value, Direction):
        return str(value.value)
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def focused(view: View, reference: str) -> str:
    """The address that puts another element in the middle; filters, direction and depth stay."""
    return address(
        view,
        page="explore",
        focus=reference,
        open=(),
        guess=(),
        limit=DEFAULT_LIMIT,
        query="",
        kind="",
    )


def toggled(view: View, name: str, word: str) -> str:
    """The address with ``word`` added to, or taken out of, the list called ``name``."""
    words: tuple[str, ...] = getattr(view, name)
    left = tuple(w for w in words if w != word) if word in words else (*words, word)
    return address(view, **{name: left})
