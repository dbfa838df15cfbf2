"""Activities out of arrays that lie back to back, one at a time, past whatever is damaged."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from importers.ctapipe_decoder import ActivityDecoder
from lineage.interfaces import Mark, OnProblem, Problem

_CHUNK_BYTES = 1 << 18
_LARGEST_ACTIVITY = 1 << 24
"""Characters; one that uses a hundred thousand files has fewer."""
_BETWEEN = re.compile(r"[\s\[\],]*")
_BEGINNING = re.compile(r'\{\s{0,200}"activity_(?:name|uuid)"')
_OVERLAP = 256
"""More characters than `_BEGINNING` matches."""
_NEAR = 32
"""A value that the end of the text cuts is complained of this close to it."""


class Readable(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, about as many; none at the end."""
        ...


class Found(NamedTuple):
    """A JSON object, and where it was."""

    record: Any
    text: str
    line: int


class ActivityScanner:
    """Reads concatenated JSON arrays of objects, holding one chunk and one object in memory.

    The decoder holds parts of the object before.
    """

    def __init__(
        self,
        file: Readable,
        on_problem: OnProblem,
        mark: Mark | None = None,
        decoder: ActivityDecoder | None = None,
    ) -> None:
        """Reads nothing yet.

        Args:
            file: Bytes, from the mark on.
            on_problem: Is told what is damaged.
            mark: As `mark` said of the file's beginning; where the bytes are in the file.
            decoder: One that decoded the activities before.
        """
        self.arrays = 0
        """Arrays that began."""
        self.damaged = 0
        """Activities that could not be read."""
        self._file = file
        self._on_problem = on_problem
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._json = decoder or ActivityDecoder()
        self._text = ""
        self._at = 0
        self._ended = False
        self._expected = 0
        """Characters that the next activity may have: to decode a part of it is in vain."""
        self._mark = 0
        """The place in the text that line and byte belong to."""
        self._line = 1
        self._byte = 0
        self._depth = 0
        self._settled = True
        """No longer file would have been read differently so far."""
        if mark is not None:
            self._byte = mark.offset
            self._line, self._depth = map(int, mark.state.split())

    @property
    def mark(self) -> Mark | None:
        """Behind the object that was found last; ``None`` behind what only the end cut off."""
        if not self._settled:
            return None
        self._pass()
        return Mark(self._byte, f"{self._line} {self._depth}")

    def __iter__(self) -> Iterator[Found]:
        """Every object that can be read."""
        while self._skip_between():
            self._pass()
            line = self._line
            if self._text[self._at] != "{":
                seen = self._text[self._at : self._at + 20]
                self._skip_damage(self._at, f"no activity begins here (value seen: {seen!r})")
                continue
            found = self._decode()
            if found is not None:
                yield Found(found, self._text[self._start : self._at], line)
        if self._depth > 0:
            line, byte = self._where(len(self._text))
            message = f"the list of activities has no end; the file stops at byte {byte}. It may "
            self._on_problem(Problem(str(line), message + "be cut off.", 0))

    def _decode(self) -> Any:
        """The object at the current place, or ``None`` where it cannot be read."""
        size = _CHUNK_BYTES
        ahead = len(self._text) - self._at
        if ahead < self._expected and not self._ended:
            self._more(min(size, _LARGEST_ACTIVITY - ahead))
        while True:
            try:
                self._start = self._at
                record, self._at = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                near_end = error.pos >= len(self._text) - _NEAR
                cut = near_end or error.msg.startswith("Unterminated string")
                room = _LARGEST_ACTIVITY - (len(self._text) - self._at)
                if cut and not self._ended and room > 0:
                    self._more(min(size, room))
                    size *= 2
                    continue
                self._settled = self._settled and not cut
                if not cut:
                    problem = f"is no JSON ({error.msg})"
                elif self._ended:
                    problem = "is cut off"
                else:
                    problem = f"has more than {_LARGEST_ACTIVITY:,} characters"
                self._skip_activity(error.pos if not cut else len(self._text), problem)
            except RecursionError:
                self._skip_activity(self._at, "is nested too deeply")
            except ValueError as error:  # an integer of thousands of digits
                self._skip_activity(self._at, f"holds a number that cannot be read ({error})")
            else:
                self._expected = min(2 * (self._at - self._start), _LARGEST_ACTIVITY)
                return record
            return None

    def _skip_between(self) -> bool:
        """Goes to the next thing that is neither blank, bracket nor comma; False at the end."""
        while True:
            match = _BETWEEN.match(self._text, self._at)
            end = match.end() if match else self._at
            opened = self._text.count("[", self._at, end)
            self.arrays += opened
            self._depth += opened - self._text.count("]", self._at, end)
            self._at = end
            if end < len(self._text):
                return True
            if self._ended:
                return False
            self._more(_CHUNK_BYTES)

    def _skip_activity(self, error: int, problem: str) -> None:
        """Reports that an activity is damaged, and goes to the beginning of the next."""
        self._skip_damage(error, f"the activity that begins in line {self._line} {problem}")

    def _skip_damage(self, error: int, problem: str) -> None:
        """Reports a damaged place, and goes to the beginning of the next activity."""
        line, byte = self._where(error)
        self.damaged += 1
        message = f"{problem}, at byte {byte}. It is left out; what is whole is kept."
        self._on_problem(Problem(str(line), message))
        self._depth = 0
        self._at += 1
        while True:
            match = _BEGINNING.search(self._text, self._at)
            if match:
                self._at = match.start()
                return
            self._at = max(self._at, len(self._text) - _OVERLAP)
            if self._ended:
                self._at = len(self._text)
                return
            self._more(_CHUNK_BYTES)

    def _where(self, index: int) -> tuple[int, int]:
        """Line, from 1, and byte, from 0, of a place that is not yet read past."""
        line = self._line + self._text.count("\n", self._mark, index)
        if self._text.isascii():
            return line, self._byte + index - self._mark
        passed = self._text[self._mark : index].encode("utf-8", "surrogateescape")
        return line, self._byte + len(passed)

    def _pass(self) -> None:
        """Counts lines and bytes as far as the current place."""
        self._line, self._byte = self._where(self._at)
        self._mark = self._at

    def _more(self, size: int) -> None:
        """Forgets what is read and adds the next bytes."""
        self._pass()
        data = self._file.read(size)
        self._ended = not data
        fresh = self._decoder.decode(data, final=self._ended)
        if self._byte == 0 and not self._text and fresh.startswith("\ufeff"):
            fresh, self._byte = fresh[1:], 3
        self._text = self._text[self._at :] + fresh
        self._at = self._mark = 0
