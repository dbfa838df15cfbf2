"""Records out of a log that several processes append to at once, past whatever is torn or glued.

A record begins behind its header (``__PROV__<time>__PROV__``) or, in the merged logs, with its
first key; it ends where its dict ends. So a header inside a text of a record begins nothing, two
records on one line are two, and after one that is torn reading goes on at the next header.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from importers.lstosa_literals import BadLiteral, LiteralReader
from lineage.interfaces import OnProblem, Problem, note

LONGEST_LINE = 1_000_000
"""Bytes of a record; the longest real ones have some 30,000."""
PROBLEMS_TOLD = 1000
"""Damaged places that are told one by one; the rest are counted."""

_MARK = r"_{1,2}PROV_{1,2}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"
HEADER = re.compile(rf"{_MARK}{_TIME}{_MARK}(?=\s*\{{)")
"""What stands before each record: two underscores in lstosa, one in logprov."""
BARE = re.compile(r"(?=\{'(?:session_id|activity_id|entity_id)': )")
"""How a record without header begins."""

_LEVEL = r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)"
_BEFORE_HEADER = re.compile(rf"{_LEVEL} (?:provLogger )?\Z")
_MESSAGE = re.compile(r"(?:DEBUG|WARNING|ERROR|CRITICAL) ")
"""What the same logger writes besides: warnings of derivations found, of files not found."""
_RECORD_SIGNS = re.compile(r"[{}'\"]")
_OVERLAP = 200
"""More characters than a header has."""
_TORN_LINES = 50
"""The rest of a torn record is looked for in so many lines."""


class Found(NamedTuple):
    """One record, and the line in which it begins."""

    record: dict[Any, Any]
    line: int
    size: int
    """Characters that it is written in."""
    line_at: int | None = None
    """Byte at which this line begins; ``None`` where the record is not all in it."""


class _Torn(NamedTuple):
    """The beginning of a record whose rest may come."""

    line: int
    text: str
    message: str


class Place(NamedTuple):
    """Where a line begins before which nothing is left open."""

    byte: int
    line: int


class Problems:
    """Tells of damaged places, and of too many of them only how many there are."""

    def __init__(self, on_problem: OnProblem, told: int = 0) -> None:
        """``told``: how many were told of the part of the log that was read earlier."""
        self.told = told
        self._on_problem = on_problem
        self._untold = 0
        self._untold_lost = 0
        self._line = 0

    def tell(self, line: int, message: str, lost: int) -> None:
        """Tells of one place."""
        if self.told < PROBLEMS_TOLD:
            self.told += 1
            self._on_problem(Problem(str(line), message, lost))
            return
        self._untold += 1
        self._untold_lost += lost
        self._line = self._line or line

    def note(self, line: int, message: str) -> None:
        """Tells what is no damage."""
        self._on_problem(note(str(line), message))

    @property
    def all_told(self) -> bool:
        """None was counted only."""
        return not self._untold

    def end(self) -> None:
        """Tells how many were not told."""
        if self._untold:
            message = f"{self._untold} more places, from this line on, are damaged."
            self._on_problem(Problem(str(self._line), message, self._untold_lost))


class RecordScanner:
    """The records of one log, in order; holds little more than one line."""

    def __init__(
        self,
        file: BinaryIO,
        header: re.Pattern[str],
        problems: Problems,
        start: Place = Place(0, 1),  # noqa: B008 - it never changes
        records: int = 0,
    ) -> None:
        """Reads nothing yet.

        Args:
            file: The log, at ``start``.
            header: What stands before each record.
            problems: Is told what is damaged.
            start: Where in the log the file is.
            records: How many there are before.
        """
        self.records = records
        self.place: Place | None = None
        """The line of the record that was found last, if it is the first in it and nothing before
        it is open; at the end of the log its end, if nothing is open there."""
        self._file = file
        self._header = header
        self._problems = problems
        self._reader = LiteralReader()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = start.line - 1
        self._line_at = self._byte = start.byte
        self._first_of = 0
        """The line of the last record."""
        self._carry = ""
        self._budget = 0
        self._torn: _Torn | None = None
        self._strange: tuple[int, int, str, int] | None = None
        """Lines that hold no record: the first, the last, what was seen, records lost."""
        self._too_long = 0
        self._long = False
        """The line is read in pieces."""
        self._ended = True
        """The last line has an end."""

    def __iter__(self) -> Iterator[Found]:
        """Every record that can be read."""
        for found in self._lines():
            strange = self._strange is not None and self._strange[1] == self._line
            settled = self._torn is None and not strange and self._first_of < self._line
            whole = settled and found.line_at is not None
            self.place = Place(self._line_at, self._line) if whole else None
            self._first_of = self._line
            self._tell_strange()
            self.records += 1
            yield found
        settled = self._torn is None and self._strange is None and self._ended
        self.place = Place(self._byte, self._line + 1) if settled else None
        self._tell_strange()
        self._tell_torn()

    def _lines(self) -> Iterator[Found]:
        continued = False
        while piece := self._file.readline(LONGEST_LINE):
            ended = piece.endswith(b"\n")
            cut = not ended and len(piece) >= LONGEST_LINE
            if not continued:
                self._line += 1
                self._line_at = self._byte
                if self._torn is not None and self._line - self._torn.line > _TORN_LINES:
                    self._tell_torn()
            self._long = cut or continued
            self._byte += len(piece)
            text = self._carry + self._decoder.decode(piece, not cut)
            if self._line == 1 and not continued:
                text = text.removeprefix("\ufeff")
            self._carry = ""
            self._budget = 2 * len(text)
            yield from self._in_line(text, ended=ended, cut=cut)
            continued = cut
            self._ended = ended
        if self._carry:
            yield from self._in_line(self._carry, ended=False, cut=False)
        if not self._ended and self._torn is None and self._strange is None:
            message = "the last line has no end. The file may be cut off here."
            self._problems.tell(self._line, message, 0)

    def _in_line(self, text: str, *, ended: bool, cut: bool) -> Iterator[Found]:
        """The records in one line, or in the piece that was read of a long one.

        Args:
            ended: The line is whole.
            cut: It goes on; what may belong to the next piece is kept for that.
        """
        at, header = 0, self._header.search(text)
        while header is not None:
            yield from self._between(text[at : header.start()], leads=True)
            start = header.end()
            following = self._header.search(text, max(start, header.start() + 1))
            record, at, problem = self._parse(text, start, following)
            if record is None:
                end = len(text) if following is None else following.start()
                if following is None and cut:
                    if len(text) - header.start() <= LONGEST_LINE:
                        self._carry = text[header.start() :]
                        return
                    problem, start = f"is longer than {LONGEST_LINE} bytes", end
                self._tear(text[start:end], problem)
                at, header = end, following
                continue
            line_at = None if self._long else self._line_at
            yield Found(record, self._line, at - start, line_at)
            if following is not None and following.start() < at:
                following = self._header.search(text, at)
            header = following
        if not cut:
            yield from self._between(text[at:], ended=ended)
        elif at < len(text):
            self._carry = text[max(at, len(text) - _OVERLAP) :]
            if self._too_long != self._line:
                self._too_long = self._line
                message = f"the line is longer than {LONGEST_LINE} bytes. What is no record in it "
                self._problems.tell(self._line, message + "is left out.", 0)

    def _parse(
        self, text: str, start: int, following: re.Match[str] | None
    ) -> tuple[dict[Any, Any] | None, int, str]:
        """The record that begins at ``start``, where it ends, and else what is wrong with it."""
        try:
            if following is None:
                record, end = self._reader.record(text, start)
            else:
                try:
                    record, end = self._reader.record(text[start : following.start()])
                    end += start
                except BadLiteral:
                    # is the next header a part of a text of this record?
                    self._budget -= len(text) - start
                    if self._budget < 0:
                        raise
                    record, end = self._reader.record(text, start)
        except BadLiteral as error:
            cut = error.at >= len(text.rstrip())
            return None, start, "is cut off" if cut else f"cannot be read ({error})"
        if not isinstance(record, dict):
            return None, start, f"is no dict (value seen: {record!r:.80})"
        return record, end, ""

    def _between(self, text: str, *, ended: bool = True, leads: bool = False) -> Iterator[Found]:
        """What stands before, between or behind records: the rest of a torn one, or nothing.

        Args:
            ended: The line is whole.
            leads: A header follows, and what the logger puts before it belongs here.
        """
        rest = text.strip("\r\n")
        if leads:
            rest = _BEFORE_HEADER.sub("", rest)
            if not _RECORD_SIGNS.search(rest):
                return  # another formatter's time or name
        if not rest.strip() or (ended and _MESSAGE.match(rest)):
            return
        torn = self._torn
        if torn is not None:
            whole = (torn.text + rest).rstrip()
            record, end, _ = self._parse(whole, 0, None)
            if record is not None and end == len(whole):
                self._torn = None
                message = "the record is torn; its end is taken from line "
                self._problems.tell(torn.line, f"{message}{self._line}.", 0)
                yield Found(record, torn.line, end)
                return
        lost = int(torn is None and rest.rstrip().endswith("}"))
        first, seen = self._line, rest.strip()[:40]
        if self._strange is not None:
            first, _, seen, before = self._strange
            lost += before
        self._strange = first, self._line, seen, lost

    def _tear(self, text: str, problem: str) -> None:
        """Keeps the beginning of a torn record until its end is found."""
        self._tell_torn()
        self._torn = _Torn(self._line, _BEFORE_HEADER.sub("", text.strip("\r\n")), problem)

    def _tell_torn(self) -> None:
        if self._torn is not None:
            message = f"the record {self._torn.message}. It is left out."
            self._problems.tell(self._torn.line, message, 1)
            self._torn = None

    def _tell_strange(self) -> None:
        if self._strange is not None:
            first, last, seen, lost = self._strange
            lines = "the line holds" if first == last else f"lines {first} to {last} hold"
            message = f"{lines} no record (value seen: {seen!r}). Left out."
            self._problems.tell(first, message, lost)
            self._strange = None
