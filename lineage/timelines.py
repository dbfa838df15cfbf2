"""The version that a use meant: which names none, or a product that several versions carry.

What the records leave open is never guessed: then there are several candidates.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from lineage.appearances import Appearance, Timeline
from lineage.clocks import Clock, Clocks, is_zoneless, moment
from lineage.generations import Generation, Logs, Written, declared_evidence
from lineage.places import UNKNOWN_HOST, Place, clock_host
from lineage.records import EventKind, FileEvent
from lineage.works import end_of

_MOST_PLACES = 64
"""Of one product that were written by others too; where there are more, nothing is sure of it."""
_MOST_CARRIERS = 64
"""Versions that carry one product; where there are more, any may be meant by whoever names it."""


class Meant(NamedTuple):
    """What a use meant."""

    identifier: str | None
    """A version; ``None``: what was there before all that is known, or one of the candidates."""
    candidates: tuple[str, ...] = ()
    """Versions of which any may be meant, sorted: then the use is ambiguous."""


class _Blind(NamedTuple):
    """Who wrote a path and told of no product."""

    ones: list[Generation]
    """By `Generation.order`."""
    zones: frozenset[bool]
    endless: bool
    """One of them never told when it was over."""

    @classmethod
    def of(cls, ones: list[Generation]) -> _Blind:
        """These."""
        zones = frozenset(one.zoneless for one in ones)
        return cls(ones, zones, any(one.endless for one in ones))


class Timelines:
    """The timelines of a set of events."""

    def __init__(
        self,
        events: Mapping[str, FileEvent],
        places: Mapping[str, Place],
        written: Written,
        tolerance: timedelta,
        logs: Logs = MappingProxyType({}),
    ) -> None:
        """Knows generations and headers; sightings are added.

        Args:
            events: Event key -> event.
            places: Event key -> where it happened.
            written: Their generations.
            tolerance: How far the clocks of two hosts may disagree.
            logs: What logs say of the events besides.
        """
        self._clocks = Clocks(tolerance)
        self._at: dict[Place, Timeline] = defaultdict(lambda: Timeline(self._clocks))
        self._written = written
        self._logs = logs
        self._writers: dict[str, list[Generation]] = defaultdict(list)
        self._unclear: set[str] = set()
        self._own: dict[tuple[Place, str | None], set[str]] = defaultdict(set)
        self._hostless: dict[str, set[str]] = defaultdict(set)
        self._blind: dict[Place, _Blind] = {}
        self._in_place: dict[Place, _Blind] = {}
        """Those of them that had read what they wrote over."""
        self._where: dict[str, set[Place]] = defaultdict(set)
        """Version -> where it is known to have been."""
        self._carried: dict[str, tuple[str, ...]] = {}
        """Product -> `_versions`."""
        self._named: dict[str, set[Place]] = defaultdict(set)
        """Product -> where records name it."""
        self._shared: dict[str, list[Place]] = {}
        """Version -> some of the paths where it and others have been."""
        read: set[tuple[Place, str | None]] = set()
        for key, event in events.items():
            place = places[key]
            if event.product in written.products and event.product is not None:
                self._named[event.product].add(place)
            if event.kind is EventKind.USE:
                read.add((place, event.activity))
                clock = self._clock(event, place)
                names = event.product in written.products
                if clock is not None and not names and declared_evidence(event) is None:
                    self._at[place].use(clock)
        for place, ones in written.at.items():
            line = self._at[place]
            if place[0].startswith(UNKNOWN_HOST):
                self._hostless[place[1]] |= {one.identifier for one in ones}
            blind = [one for one in ones if one.product is None and one.activities and one.end]
            if blind:
                self._blind[place] = _Blind.of(blind)
                kept = [
                    one for one in blind if any((place, name) in read for name in one.activities)
                ]
                if kept:
                    self._in_place[place] = _Blind.of(kept)
            for one in ones:
                self._writers[one.identifier].append(one)
                self._where[one.identifier].add(place)
                for activity in one.activities:
                    self._own[place, activity].add(one.identifier)
                if not one.activities:
                    line.headers[one.identifier] = one.end
                elif one.end is None:
                    line.timeless.add(one.identifier)
                else:
                    line.stays.append(Appearance(one.clock, one.identifier, one))

    def _clock(self, user: FileEvent, place: Place) -> Clock | None:
        """When an activity that used a path began."""
        start = moment(user.start)
        if start is None:
            return None
        logged = self._logs.get((place, user.activity or ""))
        offset = None if logged is None else logged.offset
        return Clock(start, is_zoneless(user.start), offset, clock_host(user.node))

    def see(self, place: Place, identifier: str, user: FileEvent, *, unclear: bool = False) -> None:
        """A use found a version at a path, or one of several: then that is what is known."""
        clock = self._clock(user, place)
        if unclear:
            self._unclear.add(identifier)
        else:
            self._where[identifier].add(place)
        if clock is not None:
            created = moment(user.product_created)
            self._at[place].stays.append(Appearance(clock, identifier, None, created))

    def keep(self, place: Place, identifier: str, created: datetime | None) -> None:
        """A header told of a version at a path where nobody is known to have written it."""
        self._where[identifier].add(place)
        self._at[place].headers[identifier] = created

    def close(self) -> None:
        """All is added."""
        for line in self._at.values():
            line.close()

    def meant(self, user: FileEvent, place: Place) -> Meant:
        """The version at a path that a use meant which names none."""
        line = self._at.get(place)
        if line is None:
            return Meant(None)
        hostless = self._hostless.get(place[1], set()) if place[0] else set()
        if hostless and not place[0].startswith(UNKNOWN_HOST):
            hostless = hostless | {one.identifier for one in line.stays}
            return Meant(None, tuple(sorted(hostless)))
        clock = self._clock(user, place)
        if clock is None or line.is_open(clock, user.activity):
            own = self._own.get((place, user.activity), set[str]())
            return Meant(None, () if own.issuperset(line.every) else line.every)
        found = line.there(clock, user.activity)
        candidates = {one.identifier for one, _ in found}
        if user.product is None:
            candidates |= line.came_later(clock)
        elif any(one.writer is None for one, _ in found):
            # its reader made up a product id, so it was not what was seen there with one
            return Meant(None, tuple(sorted(candidates)))
        if not candidates:
            return Meant(None)
        (identifier, *others) = sorted(candidates)
        if others or identifier in self._unclear or not self._precedes(identifier, user):
            return Meant(None, tuple(sorted(candidates)))
        since = next((one.clock for one, known in found if known), None)
        if since is None and self._something_else(line, place, identifier, found):
            return Meant(None, (identifier,))
        if self._left(identifier, place, since, clock):
            return Meant(None, (identifier,))
        return Meant(identifier)

    def _something_else(
        self,
        line: Timeline,
        place: Place,
        identifier: str,
        found: Collection[tuple[Appearance, bool]],
    ) -> bool:
        """The one candidate may not have been there yet."""
        if found:
            return True  # clocks, or their resolution, leave open what was first
        writers = self._writers.get(identifier, ())
        if writers and all(one.place != place for one in writers):
            return True  # made elsewhere, it was brought at some time
        since = [
            Clock(one.created) if one.created else one.clock
            for one in line.stays
            if one.identifier == identifier
        ]
        created = line.headers.get(identifier)
        since += [Clock(created)] if created else []
        return not since or line.used_before(since)

    def _left(self, identifier: str, place: Place, since: Clock | None, until: Clock) -> bool:
        """A version may have gone from a path, where nobody tells of it.

        It is known at another path, where something else came later: if one path leads to the other
        (a symbolic link), that was here too; if the file was copied, it was not.
        """
        shared = self._shared.get(identifier)
        if shared is None:
            places = [one for one in self._where[identifier] if len(self._at[one].every) > 1]
            shared = self._shared[identifier] = sorted(places)[: _MOST_PLACES + 1]
        if len(shared) > _MOST_PLACES:
            return True
        # no path leads from one host's own disk to another's
        return any(
            self._at[other].held_other(identifier, since, until)
            for other in shared
            if other != place and not (place[0] and other[0] and place[0] != other[0])
        )

    def written_meanwhile(self, user: FileEvent, place: Place) -> list[str]:
        """Versions that others wrote at a path while a user of it ran, sorted."""
        line, start, end = self._at.get(place), moment(user.start), end_of(user)
        if line is None or start is None or end is None:
            return []
        return line.written_meanwhile(start, end, user.activity)

    def since(self, place: Place, identifier: str, created: datetime | None) -> list[str]:
        """Other versions that may have been at a path since a time, sorted."""
        line = self._at[place]
        clock = None if created is None else Clock(created)
        return sorted(line.others_since(identifier, clock) - self._unclear)

    def incomparable(self, place: Place) -> list[str]:
        """Versions of a path of which nothing tells whether another was there first, sorted."""
        line = self._at.get(place)
        return [] if line is None else line.incomparable(self._unclear)

    def carrier(self, product: str, user: FileEvent, place: Place) -> Meant:
        """Which of the versions that carry a product a use meant.

        Those that were written at its path count, if one surely was before it; else the file may
        have been brought from wherever one was.
        """
        ones = self._written.carriers.get(product, [])
        every = self._versions(product)
        if len(every) < 2:
            return Meant(next(iter(every), None))
        clock = self._clock(user, place)
        if clock is None or len(every) > _MOST_CARRIERS:
            return Meant(None, every)
        here = [one for one in ones if one.place == place and one.end is not None]
        found = self._last(here, user, clock)
        if found is None:
            before = self._clocks.before
            found = {
                one.identifier
                for one in ones
                if one.end is None
                or not (user.activity in one.activities or before(clock, one.clock))
            }
        if len(found) == 1 and self._precedes(next(iter(found)), user):
            return Meant(next(iter(found)))
        return Meant(None, tuple(sorted(found)))

    def _versions(self, product: str) -> tuple[str, ...]:
        """Those that carry a product, sorted."""
        found = self._carried.get(product)
        if found is None:
            ones = self._written.carriers.get(product, ())
            found = self._carried[product] = tuple(sorted({one.identifier for one in ones}))
        return found

    def _last(self, here: Iterable[Generation], user: FileEvent, clock: Clock) -> set[str] | None:
        """What of these can have been the last before a use; ``None``: perhaps none of them."""
        before = self._clocks.before
        possible = [
            one
            for one in here
            if user.activity not in one.activities and not before(clock, one.clock)
        ]
        sure = [
            one
            for one in possible
            if before(one.clock, clock)
            or (self._clocks.tied(one.clock, clock) and one.start != one.end)
        ]
        if not sure:
            return None
        last = max(sure, key=lambda one: one.order)
        return {
            one.identifier
            for one in possible
            if one is last or one.endless or not before(one.clock, last.clock)
        }

    def rewriter(self, user: FileEvent, product: str, place: Place) -> Generation | None:
        """Who may have written a file last before a use, and have kept the product id in it.

        They tell of no product, and began when that had been made. At another path only who read
        the file there can have kept it.
        """
        clock = self._clock(user, place)
        if clock is None or len(self._versions(product)) > _MOST_CARRIERS:
            return None
        found = None
        if place in self._blind:
            found = self._rewriter(user, clock, product, place, self._blind[place])
        others = sorted(one for one in self._named[product] - {place} if one in self._in_place)
        for other in others[:_MOST_PLACES]:
            found = found or self._rewriter(user, clock, product, other, self._in_place[other])
        if found is None and len(others) > _MOST_PLACES:
            return self._in_place[others[-1]].ones[0]
        return found

    def _rewriter(
        self, user: FileEvent, clock: Clock, product: str, place: Place, blind: _Blind
    ) -> Generation | None:
        clocks = self._clocks
        made = self._written.created.get(product)
        created = None if made is None else Clock(made, host=self._maker_host(product))
        here = [
            one.clock
            for one in self._written.carriers.get(product, ())
            if one.place == place and one.end and clocks.follows(clock, one.clock)
        ]
        # of this path only: nothing else may count, or it would matter what is imported together
        mixed = not blind.zones | {one.zoneless for one in here} <= {clock.zoneless}
        reach, far = clocks.reach(mixed=mixed), clocks.reach(mixed=mixed or True in blind.zones)
        newest = max((one.time for one in here), default=None)
        last = bisect_right(blind.ones, reach, key=lambda one: one.clock.time - clock.time)
        for at in range(last - 1, -1, -1):
            one = blind.ones[at]
            gone = newest is not None and newest - one.clock.time > reach
            if not blind.endless and (gone or (made and made - one.clock.time > far)):
                return None  # nor any before it
            if user.activity in one.activities or clocks.before(clock, one.clock):
                continue
            if created is not None and clocks.follows(created, one.begun):
                continue
            if one.endless or not any(clocks.before(one.clock, other) for other in here):
                return one
        return None

    def _maker_host(self, product: str) -> str | None:
        """Whose clock told when it was created."""
        maker = self._written.makers.get(product)
        hosts = {one.host for one in self._written.carriers.get(product, ()) if one.name == maker}
        return next(iter(hosts)) if maker and len(hosts) == 1 else None

    def _precedes(self, identifier: str, user: FileEvent) -> bool:
        """Using it closes no cycle."""
        return all(one.precedes(user) for one in self._writers.get(identifier, ()))
