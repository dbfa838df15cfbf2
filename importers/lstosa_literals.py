"""Python's ``repr`` of plain values, read back as data: nothing is ever executed.

What `ast.literal_eval` reads is read to the same value (a set to a list; bytes and complex numbers
stay text), many times faster where records repeat one another. Beyond that, a value that is no
literal (``<Quantity 1 TeV>``, ``array([1, 2])``) is kept as the text that it is, and the end of a
literal is found where it is, whatever follows.
"""

from __future__ import annotations

import re
from typing import Any

DEEPEST = 50
"""Containers inside one another."""
_LONGEST_UNREAD = 20_000
"""Characters of a value that is no literal."""
_SHARED_FROM, _SHARED_UP_TO = 100, 1 << 17
"""Containers of so many characters are remembered: the next record repeats them."""
_SHARED_KEYS = 50
_MOST_ODD_KEYS = 1000
"""Keys of one dict that are no texts: of numbers alone can a file make Python's dicts crawl."""

_BLANK = re.compile(r"[ \t]*")
_FLAT = re.compile(r"\{'[^'\\\n]*': '[^'\\\n]*'(?:, '[^'\\\n]*': '[^'\\\n]*')*\}")
"""A dict of plain texts, as almost every record is."""
_TEXT = re.compile(r"'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'|\"[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+\"")
_BYTES = re.compile(rf"[bB](?:{_TEXT.pattern})")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?=[ \t]*(?:[,:)\]}]|$))")
_NAME = re.compile(r"-?(?:None|True|False|nan|inf)(?=[ \t]*(?:[,:)\]}]|$))")
_NAMES = {
    "None": None,
    "True": True,
    "False": False,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
}
_PATH = re.compile(rf"(?:Pure)?(?:Posix|Windows)?Path\(({_TEXT.pattern})\)")
_UNREAD = re.compile(rf"{_TEXT.pattern}|[()\[\]{{}}<>,]|[^'\"()\[\]{{}}<>,]+|['\"]")
_ESCAPE = re.compile(
    r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[xuU]|[0-7]{1,3}|[\\'\"abfnrtv])"
)  # what else stands behind a backslash means both, as in Python
_SIGNS = dict(zip("\\'\"abfnrtv", "\\'\"\a\b\f\n\r\t\v", strict=True))
_CLOSING = {"{": "}", "[": "]", "(": ")"}


class BadLiteral(Exception):
    """No literal, or the beginning of one, ends here."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at
        """Where in the text it stops making sense."""


class LiteralReader:
    """Reads literals; remembers the large ones, so that equal ones are one object."""

    def __init__(self) -> None:
        self._shared: dict[str, tuple[str, Any]] = {}
        """Key -> how the last large value under it was written, and that value."""
        self._text = ""

    def record(self, text: str, at: int = 0) -> tuple[Any, int]:
        """The value that begins at ``at``, and where it ends.

        Raises:
            BadLiteral: It has no end, or is no literal.
        """
        flat = _FLAT.match(text, at)
        if flat is not None:
            pairs = text[at + 2 : flat.end() - 2].split("', '")
            return dict([pair.split("': '") for pair in pairs]), flat.end()
        self._text = text
        return self._value(_BLANK.match(text, at).end(), 0)  # type: ignore[union-attr]

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        text = self._text
        mark = text[at : at + 1]
        if mark in ("'", '"'):
            return self._string(at)
        if mark in _CLOSING:
            if depth >= DEEPEST:
                raise BadLiteral(at, "it is nested too deeply")
            return self._mapping_or_set(at, depth) if mark == "{" else self._sequence(at, depth)
        number = _NUMBER.match(text, at)
        if number is not None:
            return _number(number[0]), number.end()
        name = _NAME.match(text, at)
        if name is not None and name[0] in _NAMES:
            return _NAMES[name[0]], name.end()
        return self._other(at)

    def _string(self, at: int) -> tuple[str, int]:
        found = _TEXT.match(self._text, at)
        if found is None:
            raise BadLiteral(len(self._text), "a text has no end")
        if "\\" not in found[0]:
            return found[0][1:-1], found.end()
        return _unescaped(found[0][1:-1], at), found.end()

    def _mapping_or_set(self, at: int, depth: int) -> tuple[Any, int]:
        found: dict[Any, Any] = {}
        members = []
        odd = 0
        begun, at = at, self._skip(at + 1)
        if self._text[at : at + 1] == "}":
            return found, at + 1
        while True:
            key, at = self._value(at, depth + 1)
            at = self._skip(at)
            if self._text[at : at + 1] == ":":
                value, at = self._keyed_value(key, self._skip(at + 1), depth + 1)
                odd += type(key) is not str
                if odd > _MOST_ODD_KEYS:
                    raise BadLiteral(at, "a dict has too many keys that are no texts")
                try:
                    found[key] = value
                except TypeError as error:
                    raise BadLiteral(at, "a key is a list or a dict") from error
            else:
                members.append(key)
            at, ended = self._next(at, "}")
            if ended:
                break
        if not members:
            return found, at
        if found:
            raise BadLiteral(begun, "it is half a dict and half a set")
        return members, at

    def _keyed_value(self, key: Any, at: int, depth: int) -> tuple[Any, int]:
        """The value of a key of a dict: what was there the last time, if it is written the same.

        A container ends where its bracket closes, so the same beginning is the same value.
        """
        if type(key) is not str or self._text[at : at + 1] not in ("{", "["):
            return self._value(at, depth)
        known = self._shared.get(key)
        if known is not None and self._text.startswith(known[0], at):
            return known[1], at + len(known[0])
        value, end = self._value(at, depth)
        room = known is not None or len(self._shared) < _SHARED_KEYS
        if room and _SHARED_FROM <= end - at <= _SHARED_UP_TO:
            self._shared[key] = (self._text[at:end], value)
        return value, end

    def _sequence(self, at: int, depth: int) -> tuple[Any, int]:
        closing = _CLOSING[self._text[at]]
        found: list[Any] = []
        commas = 0
        at = self._skip(at + 1)
        if self._text[at : at + 1] == closing:
            return ((), at + 1) if closing == ")" else (found, at + 1)
        while True:
            value, at = self._value(at, depth + 1)
            found.append(value)
            before = at
            at, ended = self._next(at, closing)
            commas += "," in self._text[before:at]
            if ended:
                break
        if closing == "]":
            return found, at
        return (found[0] if not commas else tuple(found)), at

    def _next(self, at: int, closing: str) -> tuple[int, bool]:
        """Behind the comma, or behind the closing bracket: (where, it was closed)."""
        at = self._skip(at)
        mark = self._text[at : at + 1]
        if mark == ",":
            at = self._skip(at + 1)
            if self._text[at : at + 1] == closing:
                return at + 1, True
            return at, False
        if mark != closing:
            seen = self._text[at : at + 20]
            raise BadLiteral(at, f"',' or '{closing}' is missing before {seen!r}")
        return at + 1, True

    def _skip(self, at: int) -> int:
        return _BLANK.match(self._text, at).end()  # type: ignore[union-attr]

    def _other(self, at: int) -> tuple[Any, int]:
        """What is no text, number, name or container: a path, or something kept as text."""
        found = _BYTES.match(self._text, at)
        if found is not None:
            return found[0], found.end()
        path = _PATH.match(self._text, at)
        if path is not None:
            return self._string(path.start(1))[0], path.end()
        end = self._end_of_unread(at)
        unread = self._text[at:end].strip()
        if not unread:
            raise BadLiteral(at, "a value is missing")
        return _whole_characters(unread), end

    def _end_of_unread(self, at: int) -> int:
        """Where a comma or closing bracket ends what is no literal.

        ``<`` and ``>`` are brackets there too.
        """
        depth = angles = 0
        for token in _UNREAD.finditer(self._text, at, at + _LONGEST_UNREAD):
            mark = token[0]
            if mark in ("(", "[", "{"):
                depth += 1
            elif mark == "<":
                angles += 1
            elif mark == ">":
                angles = max(angles - 1, 0)
            elif mark in (")", "]", "}"):
                if depth == 0:
                    return token.start()
                depth -= 1
            elif mark == "," and depth == 0 and angles == 0:
                return token.start()
        raise BadLiteral(at, "what begins here has no end")


def _number(text: str) -> int | float | str:
    digits = text.lstrip("+-")
    if not digits.isdecimal():
        return float(text)
    if digits[0] == "0" and digits != "0":
        return text  # 01618 is the name of a run
    try:
        return int(text)
    except ValueError:
        return text  # more digits than Python converts


def _unescaped(text: str, at: int) -> str:
    def meant(match: re.Match[str]) -> str:
        sign = match[1]
        if sign in _SIGNS:
            return _SIGNS[sign]
        if sign[0] not in "xuU":
            return chr(int(sign, 8))
        try:
            return chr(int(sign[1:], 16))
        except (ValueError, OverflowError) as error:
            message = f"a text holds an escape that means nothing ({match[0]})"
            raise BadLiteral(at, message) from error

    return _whole_characters(_ESCAPE.sub(meant, text))


def _whole_characters(text: str) -> str:
    """``text`` with ``?`` for halves of surrogate pairs, which no store can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
