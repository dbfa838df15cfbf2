"""What was at a path when: the version that a use meant which names none.

A path's *timeline* is made of appearances: generations, which are complete when their activity
stops, and sightings, where a use names the product that it found there. A sighted version may have
come at any time since the appearance before, for nobody records a move or a copy. A header says
that its file is there, not since when.

An activity reads when it starts, and writes when it stops. What the records leave open is never
guessed: then there are several candidates.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from lineage.clocks import ZONES, Clock, doubtful, is_zoneless, moment
from lineage.generations import Generation, Written, declared_evidence
from lineage.places import UNKNOWN_HOST, Place
from lineage.records import EventKind, FileEvent
from lineage.works import end_of

_NEVER = timedelta(0)


class Appearance(NamedTuple):
    """A version was at a path, or came to it, at some time."""

    time: datetime
    identifier: str
    node: str
    """Host whose clock tells the time; empty where it is unknown."""
    writer: Generation | None = None
    """Who wrote it; ``None``: it was only seen."""
    created: datetime | None = None
    """Before this it was nowhere, as far as that is known."""


class Meant(NamedTuple):
    """What a use meant."""

    identifier: str | None
    """A version; ``None``: what was there before all that is known, or one of the candidates."""
    candidates: tuple[str, ...] = ()
    """Versions of which any may be meant, sorted: then the use is ambiguous."""


@dataclass(slots=True)
class _Timeline:
    """One path's."""

    stays: list[Appearance] = field(default_factory=list)
    """By time."""
    timeless: set[str] = field(default_factory=set)
    """Versions that were written nobody knows when."""
    headers: dict[str, datetime | None] = field(default_factory=dict)
    """Versions that a header tells of and that nobody is known to have written here, and when they
    were created."""
    first_use: datetime | None = None
    """The first use that names no version."""
    every: tuple[str, ...] = ()
    """All of its versions, sorted."""
    zones: frozenset[bool] = frozenset()
    """Whether the times of its writers have none; both, where some have and some have not."""
    first_begun: list[datetime] = field(default_factory=list)
    """The earliest start of the writers from each appearance on."""


class Timelines:
    """The timelines of a set of events."""

    def __init__(
        self,
        events: Mapping[str, FileEvent],
        places: Mapping[str, Place],
        written: Written,
        tolerance: timedelta,
    ) -> None:
        """Knows generations and headers; sightings are added.

        Args:
            events: Event key -> event.
            places: Event key -> where it happened.
            written: Their generations.
            tolerance: How far the clocks of two hosts may disagree.
        """
        self._at: dict[Place, _Timeline] = defaultdict(_Timeline)
        self._written = written
        self._tolerance = tolerance
        self._writers: dict[str, list[Generation]] = defaultdict(list)
        self._unclear: set[str] = set()
        self._own: dict[tuple[Place, str | None], set[str]] = defaultdict(set)
        self._hostless: dict[str, set[str]] = defaultdict(set)
        self._blind: dict[Place, list[Generation]] = {}
        self._blind_zones: dict[Place, frozenset[bool]] = {}
        nodes: dict[int, str] = {}
        for key, event in events.items():
            one = written.by_key.get(key)
            if event.kind is EventKind.GENERATION and one is not None and event.node:
                nodes[id(one)] = min(event.node, nodes.get(id(one), event.node))
            elif (
                event.kind is EventKind.USE
                and declared_evidence(event) is None
                and event.product not in written.products
                and event.start is not None
            ):
                line, start = self._at[places[key]], moment(event.start)
                line.first_use = min(filter(None, (line.first_use, start)))
        for place, ones in written.at.items():
            line = self._at[place]
            if place[0].startswith(UNKNOWN_HOST):
                self._hostless[place[1]] |= {one.identifier for one in ones}
            blind = [one for one in ones if one.product is None and one.activities]
            if blind:
                self._blind[place] = blind
                self._blind_zones[place] = frozenset(one.zoneless for one in blind)
            for one in ones:
                self._writers[one.identifier].append(one)
                for activity in one.activities:
                    self._own[place, activity].add(one.identifier)
                if not one.activities:
                    line.headers[one.identifier] = one.end
                elif one.end is None:
                    line.timeless.add(one.identifier)
                else:
                    node = nodes.get(id(one), "")
                    line.stays.append(Appearance(one.end, one.identifier, node, one))

    def see(self, place: Place, identifier: str, user: FileEvent, *, unclear: bool = False) -> None:
        """A use found a version at a path, or one of several: then that is what is known."""
        start = moment(user.start)
        if unclear:
            self._unclear.add(identifier)
        if start is not None:
            created = moment(user.product_created)
            one = Appearance(start, identifier, user.node or "", None, created)
            self._at[place].stays.append(one)

    def rewriter(self, user: FileEvent, product: str, place: Place) -> Generation | None:
        """Who may have written a path last before a use, and have kept the product id there.

        They tell of no product, and began when that had been made.
        """
        ones = self._blind.get(place)
        start = moment(user.start)
        if not ones or start is None:
            return None
        created = self._written.created.get(product)
        clock = Clock(start, is_zoneless(user.start))
        here = [one for one in self._written.carriers.get(product, ()) if one.place == place]
        # of this path only: nothing else may count, or it would matter what is imported together
        zones = self._blind_zones[place] | {one.zoneless for one in here}
        mixed = not zones <= {is_zoneless(user.start)}
        # of times that all compare the earlier need no look
        last = len(ones) if mixed else bisect_right(ones, start, key=lambda one: one.end or start)
        for one in (ones[at] for at in range(last - 1, -1, -1)):
            begun, end = one.start or one.end, one.end
            if _is_own(one, user) or begun is None or end is None:
                continue
            if end > start and not doubtful(one.clock, clock):
                continue
            unsure = one.zoneless != is_zoneless(user.start)
            if created is not None and created >= begun and not unsure:
                continue
            later = (other for other in here if other.end and end <= other.end <= start)
            if unsure or not any(not doubtful(one.clock, other.clock) for other in later):
                return one
            if not mixed:
                return None
        return None

    def keep(self, place: Place, identifier: str, created: datetime | None) -> None:
        """A header told of a version at a path where nobody is known to have written it."""
        self._at[place].headers[identifier] = created

    def close(self) -> None:
        """All is added."""
        for line in self._at.values():
            line.stays.sort(key=lambda one: (one.time, one.identifier, one.node))
            every = {one.identifier for one in line.stays} | line.timeless | line.headers.keys()
            line.every = tuple(sorted(every))
            line.zones = frozenset(one.writer.zoneless for one in line.stays if one.writer)
            begun = [(one.writer and one.writer.start) or one.time for one in line.stays]
            line.first_begun = list(accumulate(reversed(begun), min))[::-1]

    def meant(self, user: FileEvent, place: Place, offset: timedelta | None = None) -> Meant:
        """The version at a path that a use meant which names none.

        Args:
            offset: Local time of the log that tells of the user too, minus UTC.
        """
        line = self._at.get(place)
        if line is None:
            return Meant(None)
        hostless = self._hostless.get(place[1], set()) if place[0] else set()
        if hostless and not place[0].startswith(UNKNOWN_HOST):
            hostless = hostless | {one.identifier for one in line.stays}
            return Meant(None, tuple(sorted(hostless)))
        start = moment(user.start)
        if start is None or line.timeless or self._zones_differ(user, start, line, offset):
            own = self._own.get((place, user.activity), set[str]())
            return Meant(None, () if own.issuperset(line.every) else line.every)
        found = self._there(user, start, line.stays)
        if user.product is not None and any(one.writer is None for one, _ in found):
            # its reader made up a product id, so it was not what was seen there with one
            return Meant(None, tuple(sorted({one.identifier for one, _ in found})))
        sure = any(known for _, known in found)
        candidates = {one.identifier for one, _ in found}
        if user.product is None:
            candidates |= self._came_later(start, line.stays, user)
            candidates |= {
                identifier
                for identifier, created in line.headers.items()
                if created is None or created <= start
            }
        if not candidates:
            return Meant(None)
        (identifier, *others) = sorted(candidates)
        if others or identifier in self._unclear or not self._precedes(identifier, user):
            return Meant(None, tuple(sorted(candidates)))
        if not sure and self._something_else(place, identifier, found):
            return Meant(None, (identifier,))
        return Meant(identifier)

    def written_meanwhile(self, user: FileEvent, place: Place) -> list[str]:
        """Versions that others wrote at a path while a user of it ran, sorted."""
        line, start, end = self._at.get(place), moment(user.start), end_of(user)
        if line is None or start is None or end is None:
            return []
        found = set[str]()
        for at in range(bisect_right(line.stays, start, key=_time), len(line.stays)):
            if line.first_begun[at] >= end:
                break
            writer = line.stays[at].writer
            if writer is None or _is_own(writer, user):
                continue
            if (writer.start or line.stays[at].time) < end:
                found.add(writer.identifier)
        return sorted(found)

    def incomparable(self, place: Place) -> list[str]:
        """Versions of a path of which nothing tells whether another was written first, sorted."""
        line = self._at.get(place)
        writings = [one for one in line.stays if one.writer is not None] if line else []
        found = set[str]()
        mixed = len({one.writer.zoneless for one in writings if one.writer is not None}) > 1
        window = max(self._tolerance, ZONES) if mixed else self._tolerance
        for at, one in enumerate(writings):
            for other in writings[at + 1 :]:
                if other.time - one.time >= window:
                    break
                near = other.time - one.time < self._slack(one.node, other.node)
                if one.identifier != other.identifier and (near or _differ(one, other)):
                    found |= {one.identifier, other.identifier}
        return sorted(found)

    def among(self, carriers: Iterable[Generation], user: FileEvent) -> Meant:
        """The one of several versions that a use meant, which was any of them."""
        start = moment(user.start)
        stays = sorted(
            (
                Appearance(one.end, one.identifier, "", one)
                for one in carriers
                if one.end is not None
            ),
            key=lambda one: (one.time, one.identifier),
        )
        found = (
            {} if start is None else {one.identifier for one, _ in self._there(user, start, stays)}
        )
        if len(found) == 1 and self._precedes(next(iter(found)), user):
            return Meant(next(iter(found)))
        return Meant(None, tuple(sorted(found)))

    def _there(
        self, user: FileEvent, start: datetime, stays: list[Appearance]
    ) -> list[tuple[Appearance, bool]]:
        """What can have been there last before a moment, and whether it surely came before it."""
        tolerance, node = self._tolerance, user.node or ""
        at = bisect_right(stays, start + tolerance, key=_time)
        found: list[tuple[Appearance, bool]] = []
        sure: list[Appearance] = []
        for one in reversed(stays[:at]):
            if sure and one.time < sure[0].time - tolerance:
                break
            slack = self._slack(one.node, node)
            if _is_own(one.writer, user):
                continue
            if one.time > start + slack or (one.time == start + slack and slack):
                continue
            if any(one.time + self._slack(one.node, other.node) < other.time for other in sure):
                continue
            known = one.time + slack <= start and (slack or not _is_tie(one, user, start))
            found.append((one, bool(known)))
            if known:
                sure.append(one)
        return found

    def _came_later(self, start: datetime, stays: list[Appearance], user: FileEvent) -> set[str]:
        """What was seen first after a moment, and may have been there already."""
        at = bisect_right(stays, start, key=_time)
        while at < len(stays) and stays[at].time <= start + self._slack(
            stays[at].node, user.node or ""
        ):
            at += 1
        found = set[str]()
        for one in stays[at:]:
            if one.time != stays[at].time:
                break
            if one.writer is None and (one.created is None or one.created <= start):
                found.add(one.identifier)
        return found

    def _something_else(
        self,
        place: Place,
        identifier: str,
        found: list[tuple[Appearance, bool]],
    ) -> bool:
        """The one candidate may not have been there yet."""
        line, writers = self._at[place], self._writers.get(identifier, ())
        if found:
            return True  # clocks, or their resolution, leave open what was first
        if writers and all(one.place != place for one in writers):
            return True  # made elsewhere, it was brought at some time
        since = [one.created or one.time for one in line.stays if one.identifier == identifier]
        created = line.headers.get(identifier)
        begin = min([*since, *([created] if created else [])], default=None)
        if begin is None:
            return True
        return line.first_use is not None and line.first_use <= begin

    def _precedes(self, identifier: str, user: FileEvent) -> bool:
        """Using it closes no cycle."""
        return all(one.precedes(user) for one in self._writers.get(identifier, ()))

    def _slack(self, one: str, other: str) -> timedelta:
        """How far two hosts' clocks may disagree."""
        return self._tolerance if one and other and one != other else _NEVER

    def _zones_differ(
        self,
        user: FileEvent,
        start: datetime,
        line: _Timeline,
        offset: timedelta | None,
    ) -> bool:
        """Local times and UTC leave open what was first."""
        if line.zones <= {is_zoneless(user.start)}:
            return False
        clocks = [Clock(start, is_zoneless(user.start), offset)]
        writers = [
            one.writer
            for one in line.stays
            if one.writer is not None and not _is_own(one.writer, user)
        ]
        before = [one for one in writers if one.clock.time <= start]
        clocks += [before[-1].clock] if before else []
        return any(doubtful(one.clock, clock) for one in writers for clock in clocks)


def _differ(one: Appearance, other: Appearance) -> bool:
    """Their times cannot be compared."""
    writers = one.writer, other.writer
    return None not in writers and doubtful(*(w.clock for w in writers if w is not None))


def _time(one: Appearance) -> datetime:
    return one.time


def _is_own(one: Generation | None, user: FileEvent) -> bool:
    return one is not None and user.activity in one.activities


def _is_tie(one: Appearance, user: FileEvent, start: datetime) -> bool:
    """Both happened in one instant: a clock's resolution hides the order."""
    writer = one.writer
    return one.time == start and writer is not None and (writer.start or one.time) >= start
