"""What is seen of one file, and whether it is still what it was."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from lineage import vocabulary as v
from lineage.access import OpenedFile
from lineage.records import Attributes, Value, attributes
from lineage.subgraph import StoredElement


class State(Enum):
    """What became of a file."""

    PRESENT = "present"
    """There, and nothing speaks against its being what it was."""
    CHANGED = "changed"
    """There, with other bytes than at the first look, or than a source says."""
    MISSING = "missing"
    OVERWRITTEN = "overwritten"
    """Its path holds a later version."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What tells one content from another; each may be unknown."""

    size_bytes: int | None = None
    modified: datetime | None = None
    sha256: str | None = None
    observed_at: datetime | None = None

    @property
    def stamp(self) -> tuple[int | None, datetime | None]:
        """What can be known without reading it."""
        return self.size_bytes, self.modified

    def agrees_with(self, now: Facts) -> bool:
        """Nothing says that the bytes are others now."""
        if None not in (self.size_bytes, now.size_bytes) and self.size_bytes != now.size_bytes:
            return False
        if self.sha256 is not None and now.sha256 is not None:
            return self.sha256 == now.sha256
        return self.modified is None or now.modified is None or self.modified == now.modified


def facts_of(opened: OpenedFile) -> Facts:
    """Size and time of an open file, without its digest."""
    status = os.fstat(opened.stream.fileno())
    try:
        modified = datetime.fromtimestamp(status.st_mtime_ns // 1_000 / 1e6, UTC)
    except (ValueError, OverflowError, OSError):
        modified = None  # a year that no calendar of ours has
    return Facts(status.st_size, modified, None, _now())


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


_NOW = (v.FILE_SIZE, v.FILE_MODIFIED, v.FILE_SHA256, v.FILE_OBSERVED_AT)
_FIRST = (v.FILE_FIRST_SIZE, v.FILE_FIRST_MODIFIED, v.FILE_FIRST_SHA256, v.FILE_FIRST_OBSERVED_AT)


def _read(seen: Attributes, names: Sequence[str]) -> Facts:
    said = dict(seen)
    size, modified, sha256, observed_at = (said.get(name) for name in names)
    return Facts(
        size if isinstance(size, int) else None,
        modified if isinstance(modified, datetime) else None,
        sha256 if isinstance(sha256, str) else None,
        observed_at if isinstance(observed_at, datetime) else None,
    )


def baseline(seen: Attributes) -> Facts:
    """What the version's own content was, as far as it was ever seen."""
    first = _read(seen, _FIRST)
    return _read(seen, _NOW) if first == Facts() else first


def last_facts(element: StoredElement) -> Facts:
    """What was seen of it last."""
    return _read(element.observed, _NOW)


def first_facts(element: StoredElement) -> Facts:
    """What the file should be like: as at the first look, else as sources say."""
    first = baseline(element.observed)
    if first.size_bytes is not None:
        return first
    sizes = [value for value in element.values(v.FILE_SIZE) if isinstance(value, int)]
    sums = [value for value in element.values(v.FILE_SHA256) if isinstance(value, str)]
    return Facts(sizes[0] if sizes else None, None, sums[0].lower() if sums else None)


def observed_attributes(
    state: State, now: Facts, first: Facts | None, more: Iterable[tuple[str, Value]] = ()
) -> Attributes:
    """What is kept of a look.

    Args:
        state: What was found.
        now: What is on the disk.
        first: What was there before, where that differs.
        more: Further attributes.
    """
    found: list[tuple[str, Value]] = [(v.FILE_STATE, state.value), *more]
    for names, facts in ((_NOW, now), (_FIRST, first or Facts())):
        values = (facts.size_bytes, facts.modified, facts.sha256, facts.observed_at)
        found += [
            (name, value) for name, value in zip(names, values, strict=True) if value is not None
        ]
    return attributes(found)


def missing_now(element: StoredElement) -> Attributes:
    """It is not there; what it was like when it was there is kept."""
    first = baseline(element.observed)
    known = first if first.size_bytes is not None else None
    return observed_attributes(State.MISSING, Facts(observed_at=_now()), known)


def overwritten(element: StoredElement) -> Attributes:
    """Its path holds a later version; what it was like in its time is kept."""
    first = baseline(element.observed)
    if first.size_bytes is None:
        return ()
    return observed_attributes(State.OVERWRITTEN, first, None)
