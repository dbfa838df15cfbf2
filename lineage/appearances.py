"""What is known to have been at one path, and when: its timeline.

It is made of appearances: generations, which are complete when their activity stops, and sightings,
where a use names the product that it found there. A sighted version may have come at any time since
the appearance before, for nobody records a move or a copy. A header says that its file is there,
not since when.

An activity reads when it starts, and writes when it stops.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from lineage.clocks import Clock, Clocks
from lineage.generations import Generation


class Appearance(NamedTuple):
    """A version was at a path, or came to it, at some time."""

    clock: Clock
    identifier: str
    writer: Generation | None = None
    """Who wrote it; ``None``: it was only seen."""
    created: datetime | None = None
    """Before this it was nowhere, as far as that is known."""

    @property
    def time(self) -> datetime:
        """As it is written."""
        return self.clock.time

    def is_own(self, activity: str | None) -> bool:
        """It was written by this activity."""
        return self.writer is not None and activity in self.writer.activities

    @property
    def is_instant(self) -> bool:
        """It was written by an activity that took no time."""
        writer = self.writer
        return writer is not None and (writer.start or self.time) >= self.time


@dataclass(slots=True)
class Timeline:
    """One path's."""

    clocks: Clocks
    stays: list[Appearance] = field(default_factory=list)
    """By time."""
    timeless: set[str] = field(default_factory=set)
    """Versions that were written nobody knows when."""
    headers: dict[str, datetime | None] = field(default_factory=dict)
    """Versions that a header tells of and that nobody is known to have written here, and when they
    were created."""
    first_uses: dict[bool, datetime] = field(default_factory=dict)
    """The first use that names no version: without zone, and with."""
    every: tuple[str, ...] = ()
    """All of its versions, sorted."""
    zones: frozenset[bool] = frozenset()
    """Whether its times have none; both, where some have and some have not."""
    _endless: list[Appearance] = field(default_factory=list)
    _first_begun: list[datetime] = field(default_factory=list)
    """The earliest start of the writers from each appearance on."""

    def close(self) -> None:
        """All is added."""
        self.stays.sort(key=lambda one: (one.time, one.identifier, one.clock.host or ""))
        every = {one.identifier for one in self.stays} | self.timeless | self.headers.keys()
        self.every = tuple(sorted(every))
        self.zones = frozenset(one.clock.zoneless for one in self.stays)
        self._endless = [one for one in self.stays if one.writer and one.writer.endless]
        begun = [(one.writer and one.writer.start) or one.time for one in self.stays]
        self._first_begun = list(accumulate(reversed(begun), min))[::-1]

    def use(self, clock: Clock) -> None:
        """It was used, and no version was named."""
        known = self.first_uses.setdefault(clock.zoneless, clock.time)
        self.first_uses[clock.zoneless] = min(known, clock.time)

    def is_open(self, clock: Clock, activity: str | None) -> bool:
        """Nothing tells what was there at a moment, not even by how much it may be wrong.

        Either local times and UTC leave open what was first, or somebody began to write who never
        told that it was over.
        """
        return (
            bool(self.timeless) or self._may_go_on(clock, activity) or self._zones(clock, activity)
        )

    def _may_go_on(self, clock: Clock, activity: str | None) -> bool:
        if len(self.every) < 2:
            return False
        for one in self._endless:
            if one.time - clock.time > self.clocks.reach(mixed=True):
                return False
            if not one.is_own(activity) and not self.clocks.before(clock, one.clock):
                return True
        return False

    def _zones(self, clock: Clock, activity: str | None) -> bool:
        if self.zones <= {clock.zoneless}:
            return False
        at = bisect_right(self.stays, clock.time, key=_time)
        while at and self.stays[at - 1].is_own(activity):
            at -= 1
        compared = [clock, *(one.clock for one in self.stays[at - 1 : at])]
        return any(
            not other.is_own(activity) and self.clocks.doubtful(other.clock, one)
            for one in compared
            for other in self._near(one)
        )

    def _near(self, clock: Clock) -> list[Appearance]:
        """What zones and clocks may have put on the wrong side of a moment."""
        reach = self.clocks.reach(mixed=True)
        begin = bisect_left(self.stays, -reach, key=lambda one: one.time - clock.time)
        end = bisect_right(self.stays, reach, key=lambda one: one.time - clock.time)
        return self.stays[begin:end]

    def there(self, clock: Clock, activity: str | None) -> list[tuple[Appearance, bool]]:
        """What can have been there last before a moment, and whether it surely came before it.

        The last one first. Where it `is_open` that is not all.
        """
        before, tolerance = self.clocks.before, self.clocks.tolerance
        found: list[tuple[Appearance, bool]] = []
        sure: dict[tuple[object, ...], Clock] = {}  # of each clock the last moment
        last_sure: datetime | None = None
        last = bisect_right(self.stays, tolerance, key=lambda one: one.time - clock.time)
        for at in range(last - 1, -1, -1):
            one = self.stays[at]
            if last_sure is not None and last_sure - one.time > tolerance:
                break
            if one.is_own(activity) or before(clock, one.clock):
                continue
            if any(before(one.clock, other) for other in sure.values()):
                continue
            known = before(one.clock, clock) or (
                self.clocks.tied(one.clock, clock) and not one.is_instant
            )
            found.append((one, known))
            if known:
                sure.setdefault(one.clock[1:], one.clock)
                last_sure = last_sure or one.time
        return found

    def came_later(self, clock: Clock) -> set[str]:
        """What was seen first after a moment, or turned up in a header, and may have been there."""
        before = self.clocks.before
        reach = self.clocks.reach(mixed=len(self.zones) > 1)
        found = {
            identifier
            for identifier, created in self.headers.items()
            if created is None or not before(clock, Clock(created))
        }
        after: dict[tuple[object, ...], Clock] = {}  # of each clock the first moment
        first_after: datetime | None = None
        for at in range(bisect_left(self.stays, clock.time, key=_time), len(self.stays)):
            one = self.stays[at]
            if first_after is not None and one.time - first_after > reach:
                break
            if any(before(other, one.clock) for other in after.values()):
                continue
            if one.writer is None and (
                one.created is None or not before(clock, Clock(one.created))
            ):
                found.add(one.identifier)
            if before(clock, one.clock):
                after.setdefault(one.clock[1:], one.clock)
                first_after = first_after or one.time
        return found

    def used_before(self, moments: Collection[Clock]) -> bool:
        """Something was used, and no version named, that may be older than all these moments."""
        uses = [Clock(time, zoneless) for zoneless, time in self.first_uses.items()]
        return any(not self.clocks.before(one, use) for use in uses for one in moments)

    def held_other(self, identifier: str, since: Clock | None, until: Clock) -> bool:
        """Another version may have come between two moments."""
        if len(self.every) < 2:
            return False
        reach = self.clocks.reach(mixed=not self.zones <= {until.zoneless})
        begin = 0
        if since is not None:
            begin = bisect_left(self.stays, -reach, key=lambda one: one.time - since.time)
        for at in range(begin, len(self.stays)):
            one = self.stays[at]
            if one.time - until.time > reach:
                break
            if one.identifier == identifier or self.clocks.before(until, one.clock):
                continue
            if since is None or not self.clocks.before(one.clock, since):
                return True
        return bool(self.timeless - {identifier})

    def others_since(self, identifier: str, since: Clock | None) -> set[str]:
        """Other versions that may have been there after a moment."""
        return {
            one.identifier
            for one in self.stays
            if one.identifier != identifier
            and (since is None or not self.clocks.before(one.clock, since))
        }

    def written_meanwhile(self, start: datetime, end: datetime, activity: str | None) -> list[str]:
        """Versions that others wrote between two times, sorted."""
        found = set[str]()
        for at in range(bisect_right(self.stays, start, key=_time), len(self.stays)):
            if self._first_begun[at] >= end:
                break
            one = self.stays[at]
            if one.writer is None or one.is_own(activity):
                continue
            if (one.writer.start or one.time) < end:
                found.add(one.identifier)
        return sorted(found)

    def incomparable(self, unclear: Collection[str]) -> list[str]:
        """Versions of which nothing tells whether another was there first, sorted.

        Args:
            unclear: Identifiers of what stands for one of several.
        """
        writings = [one for one in self.stays if one.writer is not None]
        reach = self.clocks.reach(mixed=len(self.zones) > 1)
        stays = [one for one in self.stays if one.identifier not in unclear]
        every = {one.identifier for one in (*stays, *writings)}
        found = set[str]()
        for one in stays:
            if len(found) == len(every):
                break
            first = bisect_left(writings, -reach, key=lambda other: other.time - one.time)
            for at in range(first, len(writings)):
                other = writings[at]
                if other.time - one.time > reach:
                    break
                if one.identifier == other.identifier:
                    continue
                if one.identifier in found and other.identifier in found:
                    continue
                if self._unsure(one.clock, other.clock):
                    found |= {one.identifier, other.identifier}
        for one in self._endless[:1]:  # whatever came since may have been written over by it
            later = {
                other.identifier
                for other in self.stays[bisect_left(self.stays, one.time, key=_time) :]
                if other.identifier not in unclear
            }
            found |= later if len(later) > 1 else set()
        return sorted(found)

    def _unsure(self, one: Clock, other: Clock) -> bool:
        ordered = self.clocks.before(one, other) or self.clocks.before(other, one)
        if ordered or self.clocks.tied(one, other):
            return self.clocks.doubtful(one, other)
        return True


def _time(one: Appearance) -> datetime:
    return one.time
