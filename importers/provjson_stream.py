"""A cursor over JSON text that is read in chunks: one member of an object at a time.

Each value is parsed by the C scanner of the standard library; what is here finds the members, reads
more text when a value does not end in what was read, and finds the end of a damaged value, so that
those after it can still be read. Objects come as tuples of (key, value) pairs, arrays as lists: no
repeated key is lost.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

CHUNK_BYTES = 1 << 16
LONGEST_VALUE = 1 << 24
"""Characters that one value may have; a value is the only thing held in memory as a whole."""


class DamagedValue(Exception):
    """One value cannot be read; the cursor stands behind it."""


class BrokenText(Exception):
    """The text cannot be read on from ``byte``."""

    def __init__(self, byte: int, message: str) -> None:
        super().__init__(message)
        self.byte = byte
        self.message = message


class NotJson:
    """Stands for a number that Python's parser would take but JSON, or Python's int, does not."""

    def __init__(self, text: str) -> None:
        self.text = text if len(text) <= 30 else f"{text[:20]}... ({len(text)} digits)"

    def __repr__(self) -> str:
        return self.text


Pairs = tuple[tuple[str, Any], ...]
"""A JSON object as the scanner gives it."""


def _whole(text: str) -> int | NotJson:
    try:
        return int(text)
    except ValueError:
        return NotJson(text)


_DECODER: Final[Any] = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=NotJson)
_ANY_INTEGER: Final[Any] = json.JSONDecoder(
    object_pairs_hook=tuple, parse_constant=NotJson, parse_int=_whole
)
_SCAN = _DECODER.scan_once
_BATCH = 1 << 13
_CUTS = 20
_WALK = 100
"""Members taken one by one after a batch could not be parsed."""
_BLANK = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r'[ \t\n\r]*,[ \t\n\r]*(?=")')
_NEXT_KEY = re.compile(r'[ \t\n\r]*,[ \t\n\r]*"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')
_FIRST_KEY = re.compile(r'\{[ \t\n\r]*"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
_SCALAR = re.compile(r'[^ \t\n\r,\[\]{}"]+')


class JsonCursor:
    """Walks JSON text without holding more of it than one value and one chunk."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._bytes_before = 0
        self._ended = False
        self.end = "the file ends"
        """Why there is no more text."""
        self._surrogates = False
        self._walk = 0
        self._nested = False
        self._more()
        if self._text.startswith("\ufeff"):
            self._at = 1

    @property
    def byte(self) -> int:
        """Where the cursor stands in the file."""
        passed = self._text[: self._at]
        return self._bytes_before + (len(passed) if passed.isascii() else len(passed.encode()))

    def broken(self, expected: str) -> BrokenText:
        """What to raise when the text does not go on as it must."""
        seen = self._text[self._at : self._at + 20]
        return BrokenText(
            self.byte,
            f"expected {expected}, found {seen!r}"
            if seen
            else f"expected {expected}, but {self.end}",
        )

    def peek(self) -> str:
        """The next character that is not blank, or nothing at the end; the cursor stands on it."""
        while True:
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; the caller takes each value before the next.

        Raises:
            BrokenText: What follows is no key, or nothing.
        """
        if self.peek() != "{":
            raise self.broken("an object")
        self._at += 1
        if self.peek() == "}":
            self._at += 1
            return
        yield self._key()
        while True:
            match = _NEXT_KEY.match(self._text, self._at)
            if match is not None:
                self._at = match.end()
                yield match[1]
                continue
            mark = self.peek()
            if mark not in (",", "}"):
                raise self.broken("',' or '}'")
            self._at += 1
            if mark == "}":
                return
            yield self._key()

    def items(self) -> Iterator[int]:
        """The places in the array that begins here; the caller takes each value before the next.

        Raises:
            BrokenText: What follows is no item, or nothing.
        """
        if self.peek() != "[":
            raise self.broken("an array")
        self._at += 1
        number = 0
        mark = self.peek()
        while mark != "]":
            yield number
            number += 1
            mark = self.peek()
            if mark not in (",", "]"):
                raise self.broken("',' or ']'")
            if mark == ",":
                self._at += 1
                self.peek()
        self._at += 1

    def batches(self) -> Iterator[tuple[tuple[str, Any], ...]]:
        """The members of the object that begins here, many at a time.

        A value that cannot be read is a `DamagedValue`.

        Raises:
            BrokenText: What follows is no member, or nothing.
        """
        for key in self.members():
            try:
                yield ((key, self.value()),)
            except DamagedValue as error:
                yield ((key, error),)
            while batch := self._batch():
                yield batch

    def _batch(self) -> Pairs:
        """Whole members that follow a member, parsed in one go; none where that does not work.

        A cut behind a closing bracket is right if what lies before it parses as members: the
        scanner reads the same characters in the same states as it would without the cut.
        """
        if self._walk or self._surrogates:
            self._walk = max(self._walk - 1, 0)
            return ()
        comma = _COMMA.match(self._text, self._at)
        if comma is None:
            return ()
        start = comma.end()
        cut = self._cut(start)
        if cut < 0:
            return ()
        try:
            pairs, end = _SCAN(f"{{{self._text[start : cut + 1]}}}", 0)
        except (StopIteration, RecursionError, ValueError):
            self._walk = _WALK if self._nested else 1
            self._nested = True
            return ()
        # where the scanner stopped early, it met the end of the object itself
        self._at = min(start + end - 2, cut + 1)
        return pairs  # type: ignore[no-any-return]

    def _cut(self, start: int) -> int:
        """A closing bracket that may end a member, far behind ``start``; -1 where there is none."""
        text = self._text
        cut = text.rfind("}", start, start + _BATCH)
        if not self._nested:
            return cut
        for _ in range(_CUTS):
            if cut < 0 or text.count("{", start, cut) == text.count("}", start, cut + 1):
                return cut
            cut = text.rfind("}", start, cut)
        self._walk = _WALK
        return -1

    def _key(self) -> str:
        if self.peek() != '"':
            raise self.broken("a key in quotation marks")
        try:
            key = self.value()
        except DamagedValue as error:
            raise BrokenText(self.byte, f"a key cannot be read: {error}") from error
        if self.peek() != ":":
            raise self.broken("':'")
        self._at += 1
        self.peek()
        return str(key)

    def value(self) -> Any:
        """The value that begins here; the cursor stands behind it then.

        Raises:
            DamagedValue: It is not JSON, or nested too deeply.
            BrokenText: It does not end.
        """
        scan = _SCAN
        while True:
            problem, text, at = "", self._text, self._at
            try:
                value, end = scan(text, at)
            except StopIteration:
                problem = "it is not JSON"
            except RecursionError:
                problem = "it is nested too deeply"
            except json.JSONDecodeError as error:
                problem = f"it is not JSON ({error.msg})"
            except ValueError:  # an integer of more digits than Python converts
                scan = _ANY_INTEGER.scan_once
                continue
            if not problem:
                if end == len(self._text) and self._more():
                    continue  # a number may go on
                self._at = end
                if self._surrogates:
                    _refuse_half_characters(value)
                return value
            if self.peek() == "":
                raise self.broken("a value")
            if text is not self._text or at != self._at:
                continue  # blanks came first
            found = self._end_of_value()
            if found is not None:
                self._at = found
                raise DamagedValue(problem)
            if not self._more():
                raise BrokenText(self.byte, f"the value that begins here has no end: {self.end}")

    def skip(self) -> None:
        """Moves behind the value that begins here; an object may be of any size.

        Raises:
            BrokenText: It does not end.
        """
        for _ in self.members() if self.peek() == "{" else ("",):
            try:
                self.value()
            except DamagedValue:
                continue

    def ahead(self) -> Any:
        """The value that begins here if it lies whole in what was read; the cursor stays."""
        return self._ahead(self._at)

    def first_member(self) -> tuple[str, Any] | None:
        """The first member of the object that begins here, if it lies whole in what was read."""
        match = _FIRST_KEY.match(self._text, self._at)
        if match is None:
            return None
        value = self._ahead(match.end())
        return None if value is None else (match[1], value)

    def _ahead(self, at: int) -> Any:
        try:
            return _SCAN(self._text, at)[0]
        except (StopIteration, RecursionError, ValueError):
            return None

    def _end_of_value(self) -> int | None:
        """Where the value ends by its brackets and quotation marks; nothing if not in sight."""
        if self._text[self._at] in ",]}":
            return self._at  # no value at all
        if self._text[self._at] not in '"[{':
            scalar = _SCALAR.match(self._text, self._at)
            end = scalar.end() if scalar else self._at
            return end if end < len(self._text) or self._ended else None
        depth = 0
        for match in _STRING_OR_BRACKET.finditer(self._text, self._at):
            mark = match[0]
            if mark == '"':
                return None
            depth += (mark in "{[") - (mark in "}]")
            if depth == 0:
                return match.end()
        return None

    def _more(self) -> bool:
        """Reads on; ``False`` at the end of the file, or of what is UTF-8 in it."""
        if self._ended:
            return False
        kept = self._text[self._at :]
        if len(kept) > LONGEST_VALUE:
            raise BrokenText(self.byte, f"a value is longer than {LONGEST_VALUE} characters")
        data = self._file.read(max(CHUNK_BYTES, len(kept)))
        self._ended = not data
        try:
            text = self._decoder.decode(data, self._ended)
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode()
            self._ended = True
            self.end = "what follows is not UTF-8"
        self._bytes_before = self.byte
        self._text = kept + text
        self._at = 0
        if "\\" in self._text:  # one character is found much faster than two
            self._surrogates |= "\\ud" in self._text or "\\uD" in self._text
        return bool(text) or not self._ended


def _refuse_half_characters(value: Any) -> None:
    """Raises `DamagedValue` for text that UTF-8 cannot write."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise DamagedValue("it holds half of a surrogate pair, which is no character") from error
