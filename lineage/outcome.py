"""How an activity ended, as the tool that ran it tells."""

from __future__ import annotations

from enum import Enum

from lineage import vocabulary as v
from lineage.identifiers import local_part
from lineage.records import Attributes


class Ending(Enum):
    """What became of an activity."""

    FAILED = "failed"
    """It ended with an error, or was interrupted."""
    RUNNING = "running"
    """It had not ended when this was recorded."""


_FAILED = frozenset({"abort", "aborted", "error", "fail", "failed", "interrupted"})
_RUNNING = frozenset({"running", "start", "started"})


def ending(attributes: Attributes) -> Ending | None:
    """How an activity with these attributes ended; ``None`` where nothing is said against it.

    Each format has a status, or an exit code, in its own namespace; the words are understood alike.
    """
    running = False
    for name, value in attributes:
        if not name.startswith(v.LINEAGE):
            continue
        last = local_part(name)
        if last == "exit_code" and str(value) not in ("0", ""):
            return Ending.FAILED
        if last == "status":
            word = str(value).lower()
            if word in _FAILED:
                return Ending.FAILED
            running = running or word in _RUNNING
    return Ending.RUNNING if running else None
