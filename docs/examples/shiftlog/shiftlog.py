"""Shift logs: one step a line, as a crew writes them down.

    #shiftlog 1
    START STOP NAME [run=NUMBER] [< INPUT...] [> OUTPUT...]

Times are ISO 8601 with a zone; paths are absolute, quoted as for a shell where they hold blanks.
Each step is an activity of its own, known by its start and its name. Lines are only appended.

Lost: comments, and the order of the paths.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.interfaces import Confidence, Mark, OnMark, OnProblem, Problem
from lineage.records import Activity, EventKind, FileEvent, Statement, Value, attributes, utc

_LONGEST_LINE = 1_000_000


class ShiftLogImporter:
    """Reads shift logs of any size, line by line."""

    name = "shiftlog"
    description = "what a shift wrote down, step by step"
    url = "https://example.org/shiftlog"
    version = "1"
    appendable = True

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By the first line."""
        return Confidence.CERTAIN if head.startswith(b"#shiftlog 1\n") else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """Every step in the log."""
        return self.appended(source, on_problem, None, lambda mark: None)

    def appended(
        self, source: Path, on_problem: OnProblem, mark: Mark | None, on_mark: OnMark
    ) -> Iterator[Statement]:
        """Every step behind the mark; behind each whole line there is one."""
        steps = problems = 0
        with source.open("rb") as log:
            number = 0
            if mark is not None:
                log.seek(mark.offset)
                number = int(mark.state)
            while line := log.readline(_LONGEST_LINE):
                number += 1
                if not line.endswith(b"\n"):
                    problems += 1
                    on_problem(Problem(str(number), "has no end. Nothing behind it was read."))
                    break
                try:
                    statements = _step(line)
                except (ValueError, OverflowError) as error:
                    problems += 1
                    on_problem(Problem(str(number), f"is no step ({error}). It is left out."))
                    statements = []
                steps += bool(statements)
                yield from statements
                on_mark(Mark(log.tell(), str(number)))
        if mark is None and problems and not steps:
            raise SourceError(source, "", "holds no step that can be read.")


def _step(line: bytes) -> list[Statement]:
    """What one line says; nothing for a comment or an empty line.

    Raises:
        ValueError: it is neither of these, nor a step.
        OverflowError: a time in it lies outside of the years 1 to 9999.
    """
    if line.startswith(b"#") or not line.strip():
        return []
    words = shlex.split(line.decode("utf-8"))
    if len(words) < 3:
        raise ValueError(f"START STOP NAME are not all there: {line!r:.80}")
    start, stop, name, *rest = words
    began, ended = _moment(start), _moment(stop)
    activity = f"urn:lineage:shiftlog:{quote(start, safe='')}:{quote(name, safe='')}"
    facts: list[tuple[str, Value]] = [
        (v.PROV_LABEL, name),
        (v.PROV_START, began),
        (v.PROV_END, ended),
    ]
    files: list[Statement] = []
    kind = None
    for word in rest:
        if word in ("<", ">"):
            kind = EventKind.USE if word == "<" else EventKind.GENERATION
        elif kind is not None:
            if not word.startswith("/"):
                raise ValueError(f"not an absolute path: {word!r:.80}")
            files.append(FileEvent(kind, word, activity, began, ended))
        elif run := re.fullmatch(r"run=(\d{1,9})", word):
            facts.append((v.RUN, int(run[1])))
        else:
            raise ValueError(f"unknown word: {word!r:.80}")
    return [Activity(activity, attributes(facts)), *files]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone: {text!r:.80}")
    return utc(moment)
