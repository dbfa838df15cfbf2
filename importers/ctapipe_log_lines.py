"""The lines of a ctapipe text log that tell of a run, quickly past all others.

A record begins with time (from 0.10 on), level (coloured on a console), logger, and module and
function; lines that begin otherwise continue the record above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    """The whole line, without colours."""
    colours: int = 0
    """Bytes of colours in it."""


def record_of(text: bytes, line: int) -> LogRecord | None:
    """The record that begins with this line, or ``None`` for one that goes on."""
    length = len(text)
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
    colours = length - len(text)
    return LogRecord(line, time, level or "", logger or "", place, message, text, colours)


class LogLines:
    """Reads a log, holding a megabyte and one line in memory."""

    def __init__(
        self, file: BinaryIO, on_problem: OnProblem, *, line: int = 1, byte: int = 0
    ) -> None:
        """Does not read yet.

        Args:
            file: The log, from the beginning of a line on.
            on_problem: Is told what is left out.
            line: Number of that line.
            byte: Bytes before it.
        """
        self.records = False
        """Some line began a record."""
        self._file = file
        self._on_problem = on_problem
        self._lines: list[bytes] = []
        self._at = 0
        self._before = line - 1
        """Lines that came before those in memory."""
        self._before_bytes = byte
        self._counted = 0
        """Lines in memory whose bytes are counted among those."""
        self._rest = b""
        self._left_out = 0
        """Bytes of the line that is longest, or is becoming so."""
        self._ended = False

    def __iter__(self) -> Iterator[LogRecord]:
        """The records that may tell of a run. What continues one can be read in between."""
        telling = _TELLING.match
        while self._at < len(self._lines) or self._fill():
            lines, start = self._lines, self._at
            rest = iter(lines)
            # from there at once: not past all lines before it, for each one that tells
            rest.__setstate__(start)  # type: ignore[attr-defined]
            for index, text in enumerate(rest, start):
                if telling(text):
                    self._at = index + 1
                    found = record_of(text, self._before + index + 1)
                    if found is not None:
                        self.records = True
                        yield found
                        break
            else:
                self._at = len(lines)
        if self._rest:
            message = "the last line has no end; the log may be cut off. It is left out."
            self._on_problem(Problem(str(self._before + len(self._lines) + 1), message, 0))

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

    def byte_of(self, line: int) -> int:
        """Bytes of the log before a line that is not before the one asked for last.

        Args:
            line: That of the record that was read last, or of the end.
        """
        index = line - 1 - self._before
        if index > 0 and self._counted == 0:
            self._before_bytes += self._left_out
            self._left_out = 0
        self._before_bytes += sum(len(text) + 1 for text in self._lines[self._counted : index])
        self._counted = index
        return self._before_bytes

    @property
    def end(self) -> int | None:
        """The line that would come next, when all is read; ``None`` where one has begun."""
        return None if self._rest else self._before + len(self._lines) + 1

    def _fill(self) -> bool:
        """Takes the next lines into memory, where there are any."""
        self.byte_of(self._before + len(self._lines) + 1)
        self._before += len(self._lines)
        self._lines, self._at, self._counted = [], 0, 0
        while not self._lines and not self._ended:
            data = self._file.read(_CHUNK_BYTES)
            self._ended = not data
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            if lines and (self._left_out or len(lines[0]) > _LONGEST_LINE):
                message = f"the line is longer than {_LONGEST_LINE >> 20} MB. The rest of it is "
                self._on_problem(Problem(str(self._before + 1), message + "left out.", 0))
                lines[0] = self._shortened(lines[0])
            elif not lines:
                self._rest = self._shortened(self._rest)
            self._lines = lines
        if not self._before and self._lines:
            self._lines[0] = self._lines[0].removeprefix(b"\xef\xbb\xbf")
        return bool(self._lines)

    def _shortened(self, text: bytes) -> bytes:
        self._left_out += max(0, len(text) - _LONGEST_LINE)
        return text[:_LONGEST_LINE]
