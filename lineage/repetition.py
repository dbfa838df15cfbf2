"""One source that says ever other things of one element: its first thousand are taken.

A store folds all that is said of an element whenever more is said of it, so that the work grows
with the square of it. Tools say a handful of things: an activity running, and then finished.
"""

from __future__ import annotations

import zlib
from array import array

from lineage.canonical import canonical, digest
from lineage.interfaces import OnProblem, Problem
from lineage.records import Bundle, FileEvent, Namespace, Record, Relation

MOST_DECLARATIONS = 1_000
"""Different ones of one element, by one source, that are taken in any case."""
_SLOTS = 1 << 18
_SHOWN = 200


class Repetition:
    """What one source said of its elements, as far as it is to be feared that it was much."""

    def __init__(self, on_problem: OnProblem) -> None:
        """``on_problem`` is told of each declaration that is one too many."""
        self._on_problem = on_problem
        # most elements are declared once, and to remember each would take more than to read it
        self._counts = array("H", bytes(2 * _SLOTS))
        self._said: dict[str, set[str]] = {}

    def takes(self, statement: Record | Namespace | FileEvent) -> bool:
        """It is to be written; what was said before, in the same words, always is."""
        if isinstance(statement, Namespace | FileEvent | Relation | Bundle):
            return True
        key = statement.key
        # not `hash`: what is taken must be the same in each process
        slot = zlib.crc32(key.encode("utf-8", "surrogatepass")) % _SLOTS
        if self._counts[slot] < MOST_DECLARATIONS:
            self._counts[slot] += 1
            return True
        known = self._said.setdefault(key, set())
        said = digest(canonical(statement))
        if said in known:
            return True
        if len(known) < MOST_DECLARATIONS:
            known.add(said)
            return True
        keyword = statement.kind.keyword
        problem = f"more than {MOST_DECLARATIONS:,} different things are said of it. Left out."
        self._on_problem(Problem(f"{keyword}({statement.identifier:.{_SHOWN}})", problem))
        return False
