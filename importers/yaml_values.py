"""YAML as plain values: nothing is constructed, nothing explodes, and damage has its line.

A document is read event by event, so that what was whole before a damaged place is kept. Of YAML's
tags only those of JSON's types count, and ``!!omap``, which becomes a mapping; any other (numpy
scalars as ``!!python/object/apply``, units, times) leaves what it stands at as text, list or
mapping. An alias counts as often as it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_VALUES = 200_000
"""Scalars, lists and mappings, each as often as aliases repeat it; long texts count for more."""
DEEPEST = 40
_SIGNS = 16
"""So many characters of a text count as one more value."""
_LONGEST_NUMBER = 400
_TAG = "tag:yaml.org,2002:"
_PYTHON = _TAG + "python/"
_MOST_TOLD = 20
_PLAIN = frozenset(_TAG + name for name in ("null", "bool", "int", "float"))


@dataclass(slots=True)
class Document:
    """What one YAML document says."""

    value: Any = None
    """None, bool, int, float, str, list or dict with str keys; as far as it can be read."""
    line: int = 0
    """Where reading ended, from 1."""
    problem: str = ""
    """Why it ended there; empty for a whole document."""
    repeated: list[tuple[int, str]] = field(default_factory=list)
    """(line, key) of keys that a mapping has twice; the last counts."""
    python: dict[str, int] = field(default_factory=dict)
    """Tags that ask Python to make something, which nothing does -> line of the first of each."""


class TooMuchError(ValueError):
    """A document that is larger than any real one."""


def text_of(data: bytes) -> tuple[str, int]:
    """The text that bytes are, and the line of the first that are no UTF-8; 0 where all are."""
    try:
        return data.decode("utf-8"), 0
    except UnicodeDecodeError as error:
        return data.decode("utf-8", "replace"), data.count(b"\n", 0, error.start) + 1


def read_yaml(text: str) -> Document:
    """The first document of a text, as far as it can be read."""
    import yaml

    document = Document()
    try:
        _Composer(document).compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.line = mark.line + 1 if mark else document.line
        document.problem = " ".join(part for part in (error.context, error.problem) if part)
    except yaml.reader.ReaderError as error:
        document.line = text.count("\n", 0, max(error.position, 0)) + 1
        document.problem = f"no text holds the sign {error.character!r}"
    # what an escape may ask for: no such sign, or half of one
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        document.problem = str(error)
    return document


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun."""

    value: Any
    anchor: str | None
    size: int = 1
    key: str | None = None
    omap: bool = False


class _Composer:
    """Builds values out of events; every container is in its place as soon as it begins."""

    def __init__(self, document: Document) -> None:
        import yaml

        self._document = document
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0
        self._scalars = yaml.SafeLoader("")

    def compose(self, text: str) -> None:
        """Takes the events of the first document."""
        import yaml

        # libyaml's parser keeps its own stack: no depth of nesting breaks it
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        for event in yaml.parse(text, Loader=loader):
            if event.start_mark is not None:
                self._document.line = event.start_mark.line + 1
            tag = getattr(event, "tag", None) or ""
            if tag.startswith(_PYTHON) and len(self._document.python) < _MOST_TOLD:
                self._document.python.setdefault(tag.removeprefix(_TAG), self._document.line)
            if isinstance(event, yaml.ScalarEvent):
                value = event.value if self._awaits_key() else self._scalar(event)
                self._place(value, event.anchor, 1 + len(event.value) // _SIGNS)
            elif isinstance(event, yaml.MappingStartEvent):
                self._begin({}, event.anchor, False)
            elif isinstance(event, yaml.SequenceStartEvent):
                omap = event.tag == _TAG + "omap"
                self._begin({} if omap else [], event.anchor, omap)
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self._anchors:
                    raise ValueError(f"the alias *{event.anchor} stands for nothing before it")
                self._place(*self._alias(event.anchor))
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.DocumentEndEvent):
                return

    def _awaits_key(self) -> bool:
        return (
            bool(self._open)
            and isinstance(self._open[-1].value, dict)
            and (self._open[-1].key is None and not self._open[-1].omap)
        )

    def _alias(self, anchor: str) -> tuple[Any, None, int]:
        value, size = self._anchors[anchor]
        return value, None, size

    def _scalar(self, event: Any) -> Any:
        """None, bool, int or float where the text is one and no foreign tag says otherwise."""
        import yaml

        resolver = self._scalars
        tag = event.tag
        if tag is None or tag == "!":
            tag = resolver.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
        # 12:30:45 is a number to the base of 60 for YAML, and a right ascension for everyone here
        if tag not in _PLAIN or ":" in event.value or len(event.value) > _LONGEST_NUMBER:
            return event.value
        try:
            return resolver.construct_object(yaml.ScalarNode(tag, event.value), deep=True)
        except (yaml.YAMLError, ValueError, OverflowError, LookupError):
            return event.value

    def _begin(self, value: Any, anchor: str | None, omap: bool) -> None:
        if len(self._open) == DEEPEST:
            raise TooMuchError(f"values are nested more than {DEEPEST} deep")
        self._count(1)
        inside_omap = bool(self._open) and self._open[-1].omap
        if inside_omap and isinstance(value, dict):
            value = self._open[-1].value
        else:
            self._put(value)
        self._open.append(_Open(value, anchor, omap=omap))

    def _end(self) -> None:
        ended = self._open.pop()
        if ended.anchor is not None:
            self._anchors[ended.anchor] = (ended.value, ended.size)
        if self._open:
            self._open[-1].size += ended.size

    def _place(self, value: Any, anchor: str | None, size: int) -> None:
        """Puts a finished value where it belongs."""
        self._count(size)
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        if self._open:
            self._open[-1].size += size
        self._put(value)

    def _put(self, value: Any) -> None:
        if not self._open:
            self._document.value = value
            return
        inside = self._open[-1]
        if isinstance(inside.value, list):
            inside.value.append(value)
        elif inside.omap:
            inside.value[f"item {len(inside.value) + 1}"] = value
        elif inside.key is None:
            inside.key = _key(value)
        else:
            if inside.key in inside.value:
                self._document.repeated.append((self._document.line, inside.key))
            inside.value[inside.key] = value
            inside.key = None

    def _count(self, size: int) -> None:
        self._values += size
        if self._values > MOST_VALUES:
            raise TooMuchError(f"it stands for more than {MOST_VALUES:,} values")


def _key(value: Any) -> str:
    """A key as text; no format here has lists or mappings as keys."""
    return value if isinstance(value, str) else f"a key that is no text ({type(value).__name__})"
