"""Which of two moments was first, where clocks of hosts disagree, and some show local time.

The order of moments as they are written, one without zone as if it were UTC, is total, and bindings
follow it: so nothing comes of itself. Where the clocks differ it may be wrong, and then there is a
doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

ZONES = timedelta(hours=14)
"""No zone is further from UTC."""

_NOTHING = timedelta(0)


def moment(time: datetime | None) -> datetime | None:
    """A time that compares with every other: one without zone counts as UTC."""
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def is_zoneless(time: datetime | None) -> bool:
    """It is what a clock showed, and nobody knows where."""
    return time is not None and time.tzinfo is None


class Clock(NamedTuple):
    """A moment as it is ordered by, and what is known of the clock that showed it."""

    time: datetime
    """See `moment`."""
    zoneless: bool = False
    offset: timedelta | None = None
    """Of the zone in which a log tells of the same moment, where it is in UTC."""
    host: str | None = None
    """Whose clock it was. Empty: of a record that names no host, which is taken to be of that host
    which it is compared with; ``None``: it may be any."""

    @property
    def local(self) -> datetime | None:
        """What the clock of the log showed."""
        if self.zoneless:
            return self.time
        return None if self.offset is None else self.time + self.offset


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of all hosts.

    Two logs are taken to be of one zone, as a provenance record is of UTC. A log and a record can
    be compared where a log tells of the record too; else only over more than zones can differ.
    """

    tolerance: timedelta
    """How far those of two hosts may disagree."""

    def reach(self, *, mixed: bool) -> timedelta:
        """Moments that are further apart are in the order of their times, however they differ.

        Args:
            mixed: Some are local times and some are not.
        """
        return self.tolerance + ZONES if mixed else self.tolerance

    def lag(self, one: Clock, other: Clock) -> tuple[timedelta, timedelta]:
        """How much later another moment seems to be, and how far that may be wrong."""
        lag = other.time - one.time
        hosts = one.host, other.host
        same = None not in hosts and (one.host == other.host or "" in hosts)
        doubt = _NOTHING if same else self.tolerance
        if one.zoneless == other.zoneless:
            return lag, doubt
        local, other_local = one.local, other.local
        if local is None or other_local is None:
            return lag, doubt + ZONES
        return other_local - local, doubt

    def before(self, one: Clock, other: Clock) -> bool:
        """The first moment surely came before the other."""
        lag, doubt = self.lag(one, other)
        return lag >= doubt if doubt else lag > doubt

    def follows(self, one: Clock, other: Clock) -> bool:
        """The first moment surely came after the other, or one clock showed the same for both."""
        return self.before(other, one) or self.tied(other, one)

    def tied(self, one: Clock, other: Clock) -> bool:
        """One clock showed the same time for both."""
        return self.lag(one, other) == (_NOTHING, _NOTHING)

    def doubtful(self, one: Clock, other: Clock) -> bool:
        """Zones leave open whether two moments are in the order of their times."""
        if one.zoneless == other.zoneless:
            return False
        pair = (one, other) if one.time <= other.time else (other, one)
        return not self.before(*pair)
