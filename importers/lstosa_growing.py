"""A log of lstosa that may have grown: what it says from a mark on.

A mark lies where every activity above has ended, and every entity and session is with its own. Its
state names the lines of the sessions known there, which are read again; other lines only if what
comes behind speaks of them, and then all, without saying them again.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from importers.lstosa_lines import BARE, HEADER, LONGEST_LINE, Place, Problems, RecordScanner
from importers.lstosa_log import LogReader, Unremembered
from lineage.interfaces import Mark, OnMark, OnProblem
from lineage.records import Statement


class GrowingLog:
    """One reading of a log, all of it or from a mark on."""

    def __init__(
        self,
        source: Path,
        file: BinaryIO,
        on_problem: OnProblem,
        mark: Mark | None,
        on_mark: OnMark | None,
    ) -> None:
        """Reads nothing yet.

        Args:
            source: The log.
            file: The same, open at its beginning.
            on_problem: Is told what is damaged.
            mark: Where to begin.
            on_mark: Is told where a later reading may begin; ``None`` where there will be none.
        """
        state: dict[str, Any] = {} if mark is None else json.loads(mark.state)
        self.problems = Problems(on_problem, state.get("told", 0))
        self._source = source
        self._file = file
        self._start = Place(0, 1) if mark is None else Place(mark.offset, state["line"])
        self._before: int = state.get("records", 0)
        self._sessions: list[int] | None = state.get("sessions", [])
        self._partial = mark is not None
        self._on_mark = on_mark

    def statements(self, *, merged: bool) -> Iterator[Statement]:
        """What the log says.

        Args:
            merged: Its records have no headers, and each activity stands for many.
        """
        header = BARE if merged else HEADER
        self._file.seek(self._start.byte)
        scanner = RecordScanner(self._file, header, self.problems, self._start, self._before)
        reader = self._reader(header)
        for found in scanner:
            self._mark(scanner.place, reader, scanner.records - 1)
            try:
                yield from reader.statements(found)
            except Unremembered:
                reader = self._whole(header, scanner.records - 1)
                yield from reader.statements(found)
        if self._on_mark is None:
            yield from reader.rest()
            return
        self._mark(scanner.place, reader, scanner.records)
        try:
            yield from reader.so_far()
        except Unremembered:
            reader = self._whole(header, scanner.records)
            yield from reader.so_far()
        if not reader.quiet:
            message = "the log ends amid an activity. What only further lines can make certain is "
            self.problems.note(reader.line, message + "taken when it goes on.")

    def _mark(self, place: Place | None, reader: LogReader, records: int) -> None:
        on_mark = self._on_mark
        if on_mark is None or place is None or not (reader.quiet and self.problems.all_told):
            return
        state = {
            "line": place.line,
            "records": records,
            "told": self.problems.told,
            "sessions": reader.session_lines,
        }
        on_mark(Mark(place.byte, json.dumps(state, separators=(",", ":"))))

    def _reader(self, header: re.Pattern[str]) -> LogReader:
        """A reader that knows the sessions before the mark."""
        merged = header is BARE
        if not self._partial:
            return LogReader(self.problems.tell, merged=merged)
        if self._sessions is None:
            return self._whole(header, self._before)
        reader = LogReader(self.problems.tell, merged=merged, partial=True)
        for byte in self._sessions:
            self._file.seek(byte)
            line = io.BytesIO(self._file.readline(LONGEST_LINE))
            for found in RecordScanner(line, header, _unheard(), Place(byte, 1)):
                reader.recall(found)
        self._file.seek(self._start.byte)
        return reader

    def _whole(self, header: re.Pattern[str], records: int) -> LogReader:
        """A reader that has read so many records from the beginning, and kept them to itself."""
        reader = LogReader(lambda *_: None, merged=header is BARE)
        with self._source.open("rb") as file:
            for found in islice(RecordScanner(file, header, _unheard()), records):
                for _ in reader.statements(found):
                    pass
        reader.report = self.problems.tell
        return reader


def _unheard() -> Problems:
    """Problems that were told in an earlier reading."""
    return Problems(lambda _: None)
