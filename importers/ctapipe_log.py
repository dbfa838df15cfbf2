"""ctapipe's text logs, as the tools of every version from 0.5 to 0.32 write them.

https://ctapipe.readthedocs.io/en/stable/user-guide/index.html

A log is lines of time, level, logger, place and message; what begins otherwise goes on with the
line above. Tools append to it, several of them to one file, each run by run; on a console levels
are coloured, and until 0.9 there is no time. A run begins where the tool says that it loads its
configuration, its version, or that it starts; where a log holds no such line, with what first
tells of it.

* A run is what the log says: see lineage/runs.py for how it is joined with the activity of a
  provenance record. Its identifier is made of tool, time, version and the file that it opened,
  which every copy of its log tells.
* Until 0.19.3 the log of a run holds its provenance record, if debugging messages are logged. Its
  activities are read as from a provenance log, and the run is said to be the one that it fits.
* Times are local, and nobody knows where: they are kept without zone.
* A relative path is one of the run alone, which may have run anywhere.
* Inputs come from ``added input entity``, ``INPUT PATH`` and ``Loading config``; outputs from
  ``added output entity``, or ``Output``, whose names are parted at blanks before a slash.
* How a run ended is said by its last lines, as ctapipe would record it; one without is unfinished.

Lost: messages that are about none of this; the configuration where it is longer than 64 kB; which
of several runs of one tool that write to one log at the same time a line belongs to; a run at the
end of which nothing is known yet but that it began.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from importers.ctapipe_log_lines import LogLines, record_of
from importers.ctapipe_log_runs import LogRuns, tells_of_tool
from lineage.errors import SourceError
from lineage.interfaces import Confidence, Mark, OnMark, OnProblem
from lineage.records import Statement

_FIRST_LINES = 1_000


class CtapipeLogImporter:
    """Reads ctapipe's text logs of any size, run by run."""

    name = "ctapipe-log"
    description = "ctapipe's text logs"
    url = "https://ctapipe.readthedocs.io/en/stable/user-guide/index.html"
    version = "1"
    appendable = True

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By a line that only the tools of ctapipe write."""
        sure = Confidence.NO
        for text in head.split(b"\n"):
            record = record_of(text, 0)
            if record is None:
                continue
            if tells_of_tool(record):
                return Confidence.CERTAIN
            if record.logger.startswith("ctapipe."):
                sure = Confidence.SHAPE
        return sure

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """What the log says, run by run.

        Raises:
            SourceError: no line of it is a log's.
        """
        return self.appended(source, on_problem, None, lambda _: None)

    def appended(
        self, source: Path, on_problem: OnProblem, mark: Mark | None, on_mark: OnMark
    ) -> Iterator[Statement]:
        """What the log says from a mark on: there is one wherever no run is under way."""
        line, ordinal = (1, 0) if mark is None else map(int, mark.state.split())
        with source.open("rb") as file:
            if mark is not None:
                file.seek(mark.offset)
            lines = LogLines(file, on_problem, line=line, byte=mark.offset if mark else 0)
            yield from LogRuns(lines, on_problem, on_mark, ordinal).statements()
            if mark is None and not lines.records:
                file.seek(0)
                first = (record_of(file.readline(_FIRST_LINES), 0) for _ in range(_FIRST_LINES))
                if not any(first):
                    raise SourceError(source, "", "holds no line of a log. Is it one of ctapipe?")
