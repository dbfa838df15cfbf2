"""What a watch knows of the files that it watches, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from lineage.interfaces import Problem
from lineage.session import Outcome, SourceReport
from lineage.tree import Stamp

_MOST_STRANGE = 2


class Kind(Enum):
    """What a watch tells of."""

    IMPORTED = "imported"
    GROWN = "grown"
    WAITING = "waiting"
    """Something is wrong, as it is with a file that is not whole yet; it is tried again."""
    SKIPPED = "skipped"
    """Something is wrong, and the file does not change any more."""
    CLOSED = "closed"
    """A directory that cannot be listed."""
    STORE = "store"
    """The store cannot be written now; it is tried again."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened."""

    kind: Kind
    path: str
    """Empty for the store."""
    message: str = ""
    report: SourceReport | None = None


@dataclass(slots=True)
class Tally:
    """What a watch did, and what is left."""

    imported: int = 0
    grown: int = 0
    unchanged: int = 0
    """Found with a content that the store has."""
    remembered: int = 0
    """As they were when an earlier watch took them."""
    records: int = 0
    """Read from the files that were imported or had grown."""
    unknown: int = 0
    """Files of no known format."""
    waiting: int = 0
    """Files that are not taken yet."""
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    """Path -> what is wrong with it now; also directories that cannot be listed."""
    interrupted: bool = False
    """It was ended amid an import, which the next one takes up."""


@dataclass(slots=True)
class WatchedFile:
    """What is known of one file."""

    stamp: Stamp
    since: float
    """When it was first seen like this."""
    changing_since: float
    """When it was first seen other than it was taken."""
    young: bool
    """It changed lately, or while it was watched."""
    taken: Stamp | None = None
    """As it was when it was imported."""
    checked: Stamp | None = None
    """As it was when it was last found not to be whole."""
    outcome: Outcome | None = None
    importer: str = ""
    content: str = ""
    parts: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    told: bool = True
    """What is wrong with it was told as final."""
    strangers: int = 0
    """How often it was found to be of no known format."""
    retry_at: float = 0.0
    pause_s: float = 0.0

    def touch(self, now: float) -> None:
        """It, or what its records depend on, changed."""
        if not self.pending:
            self.changing_since = now
        self.since, self.young, self.checked = now, True, None
        self.retry_at = self.pause_s = 0.0

    @property
    def pending(self) -> bool:
        """It is not in the store as it is."""
        return self.taken != self.stamp

    @property
    def busy(self) -> bool:
        """Something is left to do for it, and may be done soon."""
        # a file of no known format may change for ever; a new one may only be empty yet
        stuck = self.retry_at > 0 or self.strangers > _MOST_STRANGE
        return not self.told or (self.pending and not stuck)


def count(tally: Tally, files: Mapping[str, WatchedFile], closed: Mapping[str, str]) -> None:
    """Brings what is left to do, and what is wrong, up to date.

    Args:
        tally: Is changed.
        files: All that are watched, by path.
        closed: Directories that cannot be listed, and why.
    """
    tally.unknown = sum(one.outcome is Outcome.UNKNOWN for one in files.values())
    tally.waiting = sum(one.busy for one in files.values())
    tally.problems = {
        folder: [Problem("", f"cannot be listed ({reason}).", 0)]
        for folder, reason in closed.items()
    }
    for path, one in sorted(files.items()):
        if one.pending and one.checked == one.stamp:
            tally.problems[path] = [Problem("", "is not whole yet; nothing of it was imported.", 0)]
        elif one.problems:
            tally.problems[path] = one.problems


def sentence(problem: Problem) -> str:
    """What is wrong, after the place where it is."""
    return f"{problem.place}: {problem.message}" if problem.place else problem.message
