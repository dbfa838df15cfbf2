"""ctapipe provenance logs, as every version from 0.5 to 0.32 writes them.

https://ctapipe.readthedocs.io/en/stable/api-reference/core/provenance.html

A log is JSON arrays of activities back to back, without separator. Each activity becomes an
`Activity` known by its uuid; its inputs and outputs become file events, which identity turns into
versions of files; ctapipe (with its version) and the account become agents; the configuration,
without what differs in every run, becomes a plan that activities share.

* A product id in the reference metadata counts only beside an activity id: ctapipe makes one up
  when it reads a file without header. The metadata become attributes of the file where it counts.
* Times are UTC. ``duration_min`` is computed where an older version left it out.
* ``--append`` makes ctapipe-merge read its own output, which it does not list: that use is added,
  marked as deduced from an argument.
* A URL that is no path (also one that ctapipe mistook for a relative path) is an entity of that
  IRI. A relative path is an entity of its activity only.
* System, packages, environment, configuration and CPU samples are kept whole, as JSON, on the
  activity; so is every key that is not known here.

Lost: the layout of the JSON; the order of inputs and of outputs; all but the last of repeated
keys; which array an activity stood in, and that it was written again; halves of surrogate pairs in
texts, which become ``?``; what is reported as a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from importers.ctapipe_activity import ActivityReader, without_surrogates
from importers.ctapipe_stream import ActivityScanner, Found
from lineage.errors import SourceError
from lineage.interfaces import Confidence, Mark, OnMark, OnProblem, Problem
from lineage.records import Statement

_EMPTY_ARRAYS = rb"(?:\[\s*\]\s*)*"
_LOG = re.compile(rb"\s*" + _EMPTY_ARRAYS + rb'\[\s*\{\s*"activity_(?:name|uuid)"')
_ARRAY = re.compile(rb"\s*" + _EMPTY_ARRAYS + rb"\[\s*\{")
_ONLY_EMPTY_ARRAYS = re.compile(rb"\s*(?:\[\s*\]\s*)+\Z")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class CtapipeImporter:
    """Reads ctapipe's provenance logs of any size, one activity in memory at a time."""

    name = "ctapipe"
    description = "ctapipe provenance logs"
    url = "https://ctapipe.readthedocs.io/en/stable/api-reference/core/provenance.html"
    version = "2"
    appendable = True

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By the first keys of the first activity; by its name where it holds no activity."""
        head = head.removeprefix(b"\xef\xbb\xbf")
        named = source.name.endswith("provenance.log")
        if _LOG.match(head):
            return Confidence.CERTAIN
        if _ARRAY.match(head) and b'"activity_uuid"' in head:
            return Confidence.SHAPE
        if named and _ONLY_EMPTY_ARRAYS.match(head):
            return Confidence.SHAPE
        return Confidence.SUFFIX if named else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """What the log says, activity by activity; one written again in the same words, once.

        Raises:
            SourceError: it holds no list of activities, or none that can be read.
        """
        return self.appended(source, on_problem, None, lambda _: None)

    def appended(
        self, source: Path, on_problem: OnProblem, mark: Mark | None, on_mark: OnMark
    ) -> Iterator[Statement]:
        """What the log says from a mark on: there is one behind each whole activity."""
        seen: set[tuple[int, int]] = set()
        with source.open("rb") as file:
            if mark is not None:
                file.seek(mark.offset)
            scanner = ActivityScanner(file, on_problem, mark)
            reader = FoundReader(on_problem)
            for found in scanner:
                text = (len(found.text), hash(found.text))
                if text not in seen:
                    seen.add(text)
                    yield from reader.statements(found)
                behind = scanner.mark
                if behind is not None:
                    on_mark(behind)
        if mark is not None:
            return
        if not scanner.arrays and not reader.activities:
            raise SourceError(source, "", "holds no list of activities. Is it a provenance log?")
        if scanner.damaged and not reader.activities:
            raise SourceError(source, "", "holds no activity that can be read.")


class FoundReader:
    """Turns what the scanner finds into statements, and says in which line anything is amiss."""

    def __init__(self, on_problem: OnProblem) -> None:
        self.activities = 0
        self._on_problem = on_problem
        self._line = 0
        self._reader = ActivityReader(self._report)

    def statements(self, found: Found) -> list[Statement]:
        """What one activity says; nothing where it cannot be read."""
        self._line = found.line
        record = found.record
        try:
            if _may_hold_surrogates(found.text):
                record = without_surrogates(record)
            statements = list(self._reader.statements(record))
        except RecursionError:
            self._report("the activity is nested too deeply. It is left out.", 1)
            return []
        self.activities += bool(statements)
        return statements

    def _report(self, message: str, lost: int) -> None:
        self._on_problem(Problem(str(self._line), message, lost))


def _may_hold_surrogates(text: str) -> bool:
    """What this JSON says may hold halves of surrogate pairs."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return True
    return "\\" in text and _ESCAPED_SURROGATE.search(text) is not None
