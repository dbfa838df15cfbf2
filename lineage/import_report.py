"""What an import made of its files, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from lineage.interfaces import Problem


class Outcome(Enum):
    """What became of one file."""

    IMPORTED = "imported"
    GROWN = "grown"
    """It was known and is longer now: only what is new was read."""
    UNCHANGED = "unchanged"
    """Its content is in the store already."""
    PART = "part"
    """It belongs to another file, whose importer read it."""
    UNKNOWN = "unknown"
    """No importer knows its format."""
    FAILED = "failed"
    """Nothing of it could be read."""


@dataclass(slots=True)
class SourceReport:
    """What an import made of one file."""

    path: str
    outcome: Outcome
    importer: str = ""
    records: int = 0
    """What the source says: elements, relations, and what it tells of files, each once for each
    time that it is said. The graph may hold fewer, or more: `GraphStore.stats` counts it."""
    new: int = 0
    """Records that the store did not have from this source."""
    resumed: int = 0
    """Statements that an interrupted import had left in the store; they were not written again."""
    problems: list[Problem] = field(default_factory=list)
    """Every place that was skipped; for a failed file, why."""
    notes: list[Problem] = field(default_factory=list)
    """What else is to be known of it; no loss."""
    named: bool = False
    """Given on the command line, not found in a directory."""
    content: str = ""
    """`Source.content` of what was imported, or is in the store already."""
    unread: bool = False
    """The file itself could not be read: the reason is the system's, not the content's."""

    def tell(self, problem: Problem) -> None:
        """Takes up a problem, or a note."""
        (self.notes if problem.is_note else self.problems).append(problem)

    def tell_unread(self, error: OSError) -> None:
        """Takes up that the file could not be read to its end."""
        self.unread = True
        self.problems.append(Problem("", f"cannot be read to its end ({error.strerror})."))

    @property
    def skipped(self) -> int:
        """Records lost, as far as they could be counted."""
        return sum(problem.records_lost for problem in self.problems)


@dataclass(slots=True)
class ImportReport:
    """What an import made of all its files."""

    sources: list[SourceReport] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """Files with this outcome."""
        return sum(report.outcome is outcome for report in self.sources)

    @property
    def resumed(self) -> int:
        """Files that went on where an interrupted import had stopped."""
        return sum(report.resumed > 0 for report in self.sources)

    @property
    def complete(self) -> bool:
        """Everything was taken; files of unknown format inside directories do not count.

        A place where no record was lost counts too, if something is wrong there: who sees the file
        should look. Notes do not.
        """
        return not any(report.problems for report in self.sources)

    @property
    def nothing_done(self) -> bool:
        """No file could be read at all."""
        return not any(map(self.count, (Outcome.IMPORTED, Outcome.GROWN, Outcome.UNCHANGED)))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is."""

    path: Path
    index: int
    """Files done before this one."""
    total: int
    records: int
    """Read from this file so far."""
    resuming: bool = False
    """These records are in the store already, from an import that was interrupted."""


OnProgress = Callable[[Progress], None]


class Stopped(Exception):
    """An import was asked to end, by the one who is told of its progress."""

    def __init__(self) -> None:
        super().__init__()
        self.report = ImportReport()
        """The files that were read to their ends before."""
