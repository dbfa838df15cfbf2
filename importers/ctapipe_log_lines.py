"""The lines of a ctapipe text log that tell of a run, quickly past all others.

A record begins with time (from 0.10 on), level (coloured on a console), logger, and module and
function; lines that begin otherwise continue the record above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

from lineage.interfaces import OnProblem, Problem

_CHUNK_BYTES = 1 << 20
_LONGEST_LINE = 8 << 20
_COLOUR = re.compile(rb"\x1b\[[0-9;]{0,16}m")
_TIME = rb"\d\d\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?"
_COLOURED = rb"(?:\x1b\[[0-9;]{0,16}m)?"
_LEVEL = _COLOURED + rb"(DEBUG|INFO|WARNING|ERROR|CRITICAL)" + _COLOURED
_PLACE = rb" \[([^\]]{1,300})\](?: \(([^)]{0,300})\))?: "
_HEAD = re.compile(rb"(?:(" + _TIME + rb") )? *" + _LEVEL + _PLACE)
_TELLING = re.compile(
    rb"(?:" + _TIME + rb" )? *" + _COLOURED
    # warnings and errors all count; of the rest some messages do, by their first letters
    + rb"(?:[WEC]|[DI][A-Z]*" + _COLOURED + rb" \[[^\]]*\](?: \([^)]*\))?: (?=[CFILOPSacfs])"
    rb"(?:ctapipe version |Starting: |started activity: |Loading config from |INPUT PATH = "
    rb"|added (?:in|out)put entity '|finished activity: |Output: |PROVENANCE: '|Finished|CONFIG: ))"
)  # fmt: skip
"""Wider than `_HEAD`, and twice as fast: nearly all lines are passed over by it alone."""


class LogRecord(NamedTuple):
    """The first line of a record."""

    line: int
    """From 1."""
    time: str | None
    """As written; local."""
    level: str
    logger: str
    place: str
    """``module.function``, or nothing (0.5.0)."""
    message: str
    text: bytes
    """The whole line."""


def record_of(text: bytes, line: int) -> LogRecord | None:
    """The record that begins with this line, or ``None`` for one that goes on."""
    if b"\x1b" in text:
        text = _COLOUR.sub(b"", text)
    head = _HEAD.match(text)
    if head is None:
        return None
    time, level, logger, place = (
        None if part is None else part.decode("utf-8", "replace") for part in head.groups()
    )
    message = text[head.end() :].decode("utf-8", "replace").rstrip("\r\n")
    # until 0.9 a slash stood between module and function
    place = (place or "").replace("/", ".")
    return LogRecord(line, time, level or "", logger or "", place, message, text)


class LogLines:
    """Reads a log, holding a megabyte and one line in memory."""

    def __init__(self, file: BinaryIO, on_problem: OnProblem) -> None:
        self.records = False
        """Some line began a record."""
        self._file = file
        self._on_problem = on_problem
        self._lines: list[bytes] = []
        self._at = 0
        self._before = 0
        """Lines that came before those in memory."""
        self._before_bytes = 0
        self._rest = b""
        self._cut = False
        self._ended = False

    def __iter__(self) -> Iterator[LogRecord]:
        """The records that may tell of a run. What continues one can be read in between."""
        telling = _TELLING.match
        while self._at < len(self._lines) or self._fill():
            lines, start = self._lines, self._at
            for index, text in enumerate(islice(lines, start, None), start):
                if telling(text):
                    self._at = index + 1
                    found = record_of(text, self._before + index + 1)
                    if found is not None:
                        self.records = True
                        yield found
                        break
            else:
                self._at = len(lines)

    def continued(self, most: int = 1) -> list[bytes]:
        """The next lines that go on with the record above, some of them; none at its end."""
        if self._at == len(self._lines) and not self._fill():
            return []
        head, start = _HEAD.match, self._at
        found = self._lines[start : start + most]
        for index, text in enumerate(found):
            if head(_COLOUR.sub(b"", text) if b"\x1b" in text else text):
                found = found[:index]
                break
        self._at += len(found)
        return found

    @property
    def read_bytes(self) -> int:
        """Bytes of the log before the current line."""
        return self._before_bytes + sum(len(line) + 1 for line in self._lines[: self._at - 1])

    def _fill(self) -> bool:
        """Takes the next lines into memory, where there are any."""
        self._before += len(self._lines)
        self._before_bytes += sum(map(len, self._lines)) + len(self._lines)
        self._lines, self._at = [], 0
        while not self._lines and not self._ended:
            data = self._file.read(_CHUNK_BYTES)
            self._ended = not data
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            if self._ended and self._rest:
                lines.append(self._rest)
                message = "the last line has no end; the log may be cut off."
                self._on_problem(Problem(str(self._before + 1), message, 0))
            if self._cut and lines:
                self._cut = False
                message = f"the line is longer than {_LONGEST_LINE >> 20} MB. The rest of it is "
                self._on_problem(Problem(str(self._before + 1), message + "left out.", 0))
                lines[0] = lines[0][:_LONGEST_LINE]
            if len(self._rest) > _LONGEST_LINE:
                self._rest, self._cut = self._rest[:_LONGEST_LINE], True
            self._lines = lines
        if not self._before and self._lines:
            self._lines[0] = self._lines[0].removeprefix(b"\xef\xbb\xbf")
        return bool(self._lines)
