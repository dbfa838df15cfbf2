"""Which of two moments was first, where some are in UTC and some are what an unknown clock showed.

The order of moments as they are written, one without zone as if it were UTC, is total, and bindings
follow it: so nothing comes of itself. Where the clocks differ it may be wrong, and then there is a
doubt.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

ZONES = timedelta(hours=14)
"""No zone is further from UTC."""


def moment(time: datetime | None) -> datetime | None:
    """A time that compares with every other: one without zone counts as UTC."""
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def is_zoneless(time: datetime | None) -> bool:
    """It is what a clock showed, and nobody knows where."""
    return time is not None and time.tzinfo is None


class Clock(NamedTuple):
    """A moment as it is ordered by, and what is known of it."""

    time: datetime
    """See `moment`."""
    zoneless: bool
    offset: timedelta | None = None
    """Of the zone in which a log tells of the same moment, where it is in UTC."""

    @property
    def local(self) -> datetime | None:
        """What the clock of the log showed."""
        if self.zoneless:
            return self.time
        return None if self.offset is None else self.time + self.offset


def doubtful(one: Clock, other: Clock) -> bool:
    """The order of two moments may be another than that of their times.

    Two logs are taken to be of one zone, as a provenance record is of UTC. A log and a record can
    be compared where a log tells of the record too; else only over more than zones can differ.
    """
    if one.zoneless == other.zoneless:
        return False
    if one.local is None or other.local is None:
        return abs(one.time - other.time) <= ZONES
    return (one.local <= other.local) != (one.time <= other.time)
