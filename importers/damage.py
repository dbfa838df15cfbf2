"""When an importer gives up: where a file holds more damage than records, and much of it."""

from __future__ import annotations

from pathlib import Path

from lineage.errors import SourceError
from lineage.interfaces import OnProblem, Problem

MOST_LOST = 10_000
"""Records that are lost in any case before an importer gives up; to tell of each damaged place
takes longer than to read a record."""


class Damage:
    """What was lost of one source."""

    def __init__(self, source: Path, on_problem: OnProblem) -> None:
        self._source = source
        self._on_problem = on_problem
        self._lost = 0
        self._place = ""

    def tell(self, place: str, message: str, lost: int = 1) -> None:
        """Tells of a problem."""
        self._on_problem(Problem(place, message, lost))
        self._lost += lost
        self._place = place

    def give_up(self, read: int) -> None:
        """Ends the reading where it is in vain; all that was read must be handed out already.

        Args:
            read: Records, or whatever can be lost.

        Raises:
            SourceError: More was lost than read.
        """
        if self._lost >= MOST_LOST and self._lost > read:
            raise SourceError(
                self._source,
                self._place,
                f"{self._lost:,} records are lost so far, more than the {read:,} that could be "
                "read. Nothing after it is read. Is it whole, and of this format?",
            )
