"""Who wrote which file, when, and under which product id: what versions are made of.

The first half of identity: from file events to generations. A generation is one activity's writing
of one path; a header that nobody is known to have written counts as one without activity.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from lineage import vocabulary as v
from lineage.canonical import encode_event
from lineage.clocks import Clock, doubtful, is_zoneless, moment
from lineage.identifiers import RELATIVE, file_iri
from lineage.records import Attributes, EventKind, FileEvent

Place = tuple[str, str]
"""(realm, path): what a path means, and on which host."""

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_HEADER_DELAY = timedelta(seconds=1)
"""A header may be written this long after its activity says that it stopped, and times in it may be
whole seconds."""

_UUID = "urn:uuid:"


def end_of(event: FileEvent) -> datetime | None:
    """When the event's activity was over: its stop, else its start; never before its start."""
    start, stop = moment(event.start), moment(event.stop)
    return max(start, stop) if start is not None and stop is not None else stop or start


def precedence(
    start: datetime | None, end: datetime | None, activity: str | None
) -> tuple[datetime, datetime, str]:
    """The order that uses follow: an activity uses only what an earlier one in it generated.

    By end, so that an activity may use what another, nested in it, generated. It is a total order
    of the activities, hence the graph has no cycle. One without any time comes last.
    """
    if end is None:
        return _LATEST, _LATEST, activity or ""
    return end, end if start is None else start, activity or ""


def same_types(some: Attributes, others: Attributes) -> bool:
    """Equal attributes hold the same values: 1, 1.0 and True are equal to Python, not to PROV."""
    return all(
        type(value) is type(other) for (_, value), (_, other) in zip(some, others, strict=True)
    )


def _identical(one: FileEvent, other: FileEvent) -> bool:
    return one is other or (
        one == other
        and same_types(one.attributes, other.attributes)
        and same_types(one.relation_attributes, other.relation_attributes)
    )


def latest(pairs: Iterable[tuple[str, FileEvent]]) -> dict[str, FileEvent]:
    """One event for each key: finished beats running, then the later stop, then who says more.

    It is the maximum of a total order, so neither order nor repetition nor grouping matters.
    """
    chosen: dict[str, FileEvent] = {}
    for key, event in pairs:
        other = chosen.setdefault(key, event)
        if not _identical(other, event) and _rank(event) > _rank(other):
            chosen[key] = event
    return chosen


def _rank(event: FileEvent) -> tuple[bool, datetime, bool, int, str]:
    return (
        event.stop is not None,
        moment(event.stop) or _EARLIEST,
        event.product_counts,
        len(event.attributes) + len(event.relation_attributes),
        encode_event(event),
    )


def product_iri(product: str) -> str:
    """The IRI of a product id."""
    return _UUID + quote(product, safe="")


def _fragment(activity: str) -> str:
    return quote(activity.removeprefix(_UUID), safe="/:@-._~")


def place_iri(place: Place, activity: str | None = None) -> str:
    """The ``file:`` IRI of a path, or of the version of it that an activity wrote.

    What is no absolute path is an IRI already.
    """
    realm, path = place
    if not path.startswith("/"):
        return path if activity is None else f"{path}#{_fragment(activity)}"
    fragment = "" if activity is None else activity.removeprefix(_UUID)
    return file_iri(path, realm=realm, fragment=fragment)


def place_evidence(place: Place) -> str:
    """What `place_iri` rests on where nobody is known to have written the path."""
    path = place[1]
    return "path" if path.startswith(("/", RELATIVE)) else "iri"


@dataclass(slots=True, eq=False)
class Generation:
    """One activity's writing of one path, or a header that nobody is known to have written."""

    place: Place
    activity: str | None
    product: str | None
    """A product id that counts."""
    start: datetime | None = None
    end: datetime | None = None
    """Generation time."""
    identifier: str = ""
    """Of the version that it opens."""
    principal: bool = True
    """False where the activity wrote the same path again, as a later product."""
    zoneless: bool = False
    """Its times are local, and nobody knows where."""
    offset: timedelta | None = None
    """Local time of the log that tells of it too, minus UTC."""

    @property
    def order(self) -> tuple[datetime, str, Place, bool, str]:
        """Sorts the generations of a path, or of a product: no two are equal."""
        name = self.activity or self.identifier
        return self.end or _EARLIEST, name, self.place, self.principal, self.product or ""

    @property
    def clock(self) -> Clock:
        """When it was complete."""
        return Clock(self.end or _EARLIEST, self.zoneless, self.offset)

    def precedes(self, user: FileEvent) -> bool:
        """Using it closes no cycle, and it is not the user's own."""
        if self.activity is None:
            return True
        mine = precedence(self.start, self.end, self.activity)
        return self.activity != user.activity and mine < precedence(
            moment(user.start), end_of(user), user.activity
        )

    def encloses(self, deduced: FileEvent) -> bool:
        """An activity of which only traces are known happened within this one.

        It comes before this one in the order that uses follow, so that the version may have been
        generated by both.
        """
        start, end = moment(deduced.start), end_of(deduced)
        if self.start is None or start is None or end is None:
            return False
        mine = precedence(self.start, self.end, self.activity)
        within = precedence(start, end, deduced.activity) <= mine
        return within and self.start - _HEADER_DELAY <= start

    def before(self, user: FileEvent) -> bool:
        """It was complete when the user started."""
        start = moment(user.start)
        if start is None or self.end is None or self.end > start:
            return False
        mine = (self.start or self.end, self.activity or "")
        return self.precedes(user) and (
            self.activity is None or mine < (start, user.activity or "")
        )


@dataclass(slots=True)
class Written:
    """The generations of a set of events."""

    by_key: dict[str, Generation] = field(default_factory=dict)
    """Event key -> the generation that a generation event or a header belongs to."""
    at: dict[Place, list[Generation]] = field(default_factory=dict)
    """All generations of a path, by `Generation.order`."""
    carriers: dict[str, list[Generation]] = field(default_factory=dict)
    """Product -> its generations, by `Generation.order`."""
    makers: dict[str, str | None] = field(default_factory=dict)
    """Product -> the activity that made it; absent where only others claim it."""
    products: frozenset[str] = frozenset()
    """The product ids that count: some event vouches for them."""
    zoneless: frozenset[bool] = frozenset()
    """Whether generations are; both, where some are and some are not."""

    def last_before(
        self, user: FileEvent, generations: list[Generation], offset: timedelta | None = None
    ) -> Generation | None:
        """The last of some generations that was complete when the user started.

        Where an unknown zone leaves a doubt which that was, it is none.

        Args:
            offset: As that of a generation, of the user.
        """
        start = moment(user.start)
        if start is None:
            return None
        index = bisect_right(generations, start, key=lambda one: one.end or _EARLIEST)
        found = None
        while index and found is None:
            index -= 1
            if generations[index].before(user):
                found = generations[index]
        if not self.zoneless <= {is_zoneless(user.start)}:
            clocks = [Clock(start, is_zoneless(user.start), offset)]
            clocks += [] if found is None else [found.clock]
            others = (one for one in generations if one.activity != user.activity and one.end)
            if any(doubtful(one.clock, clock) for one in others for clock in clocks):
                return None
        return found


class Logged(NamedTuple):
    """What a log said of an activity's use or generation of a path, before it was known whose."""

    offset: timedelta
    """Local time minus UTC."""
    versions: frozenset[str]
    """Identifiers of what it was said to have written."""


Logs = Mapping[tuple[Place, str], Logged]
"""By place and activity."""


def generations(
    events: Mapping[str, FileEvent],
    places: Mapping[str, Place],
    logs: Logs = MappingProxyType({}),
) -> Written:
    """The generations that these events (key -> event) tell of.

    Args:
        places: Event key -> where it happened.
        logs: What logs say of them besides.
    """
    products = frozenset(
        event.product
        for event in events.values()
        if event.product is not None and (event.product_counts or event.kind is EventKind.STATE)
    )
    written = Written(products=products)
    found = _claimed(events, places, written)
    found += _headers(events, places, written, found)
    _name(found, _creation_times(events), written)
    at: dict[Place, list[Generation]] = defaultdict(list)
    for one in found:
        at[one.place].append(one)
        logged = logs.get((one.place, one.activity or ""))
        one.offset = None if logged is None else logged.offset
    for ones in at.values():
        ones.sort(key=lambda one: one.order)
    written.at = dict(at)
    written.zoneless = frozenset(one.zoneless for one in found)
    return written


def declared_evidence(event: FileEvent) -> str | None:
    """What the importer says that this event was deduced from."""
    for name, value in event.relation_attributes:
        if name == v.IDENTIFIED_BY and isinstance(value, str):
            return value
    return None


def _claimed(
    events: Mapping[str, FileEvent], places: Mapping[str, Place], written: Written
) -> list[Generation]:
    """One generation for each activity, path and product; events without product join the last.

    What was only deduced opens one where nobody says outright who generated the path. Elsewhere it
    joins the generation during which it happened, if there is one.
    """
    told: dict[bool, list[str]] = {True: [], False: []}
    for key, event in events.items():
        if event.kind is EventKind.GENERATION and event.activity is not None:
            told[declared_evidence(event) is None].append(key)
    outright = {places[key] for key in told[True]}
    found = _opened(events, places, written, told[True])
    deduced = [key for key in told[False] if places[key] not in outright]
    found += _opened(events, places, written, deduced)
    at: dict[Place, list[Generation]] = defaultdict(list)
    for one in found:
        at[one.place].append(one)
    for key in told[False]:
        enclosing = [one for one in at[places[key]] if one.encloses(events[key])]
        if key not in written.by_key and enclosing:
            written.by_key[key] = max(enclosing, key=lambda one: one.order)
    return found


def _opened(
    events: Mapping[str, FileEvent],
    places: Mapping[str, Place],
    written: Written,
    chosen: Iterable[str],
) -> list[Generation]:
    """The generations that the events of these keys open."""
    claims: dict[tuple[str, Place], list[str]] = defaultdict(list)
    for key in chosen:
        claims[events[key].activity or "", places[key]].append(key)
    found: list[Generation] = []
    for (activity, place), keys in claims.items():
        counting: dict[str, datetime] = {}
        for event in (events[key] for key in keys):
            if event.product in written.products and event.product is not None:
                created = moment(event.product_created) or _EARLIEST
                counting[event.product] = max(created, counting.get(event.product, _EARLIEST))
        last = max(counting, key=lambda product: (counting[product], product), default=None)
        starts = [start for key in keys if (start := moment(events[key].start)) is not None]
        ends = [end for key in keys if (end := end_of(events[key])) is not None]
        start, end = min(starts, default=None), max(ends, default=None)
        zoneless = any(is_zoneless(events[key].stop or events[key].start) for key in keys)
        ones = {
            product: Generation(
                place,
                activity,
                product,
                start,
                end,
                principal=product == last,
                zoneless=zoneless,
            )
            for product in counting or (None,)
        }
        for key in keys:
            product = events[key].product
            written.by_key[key] = ones[product if product in counting else last]
        found += ones.values()
    return found


def _headers(
    events: Mapping[str, FileEvent],
    places: Mapping[str, Place],
    written: Written,
    claimed: Iterable[Generation],
) -> list[Generation]:
    """Headers give their product to the generation that they belong to, or stand for one.

    A header belongs to the generation of its path by the activity that it names, else to the only
    one during which it was created.
    """
    states = {key: event for key, event in events.items() if event.kind is EventKind.STATE}
    if not states:
        return []
    known = {one.product for one in claimed}
    open_at: dict[Place, list[Generation]] = defaultdict(list)
    for one in claimed:
        if one.product is None:
            open_at[one.place].append(one)
    given: dict[Generation, set[str]] = defaultdict(set)
    for key, event in states.items():
        owner = None
        if event.product not in known:
            owner = _owner(event, open_at[places[key]])
        if owner is not None:
            written.by_key[key] = owner
            if event.product is not None:
                given[owner].add(event.product)
    for one, products in given.items():
        if len(products) == 1:
            one.product = next(iter(products))
    known |= {one.product for one in claimed}
    opened: dict[tuple[str, Place], Generation] = {}
    for key, event in states.items():
        if event.product is None or event.product in known:
            continue
        created = moment(event.product_created or event.stop)
        mark = (event.product, places[key])
        one = opened.setdefault(mark, Generation(places[key], None, event.product, None, created))
        one.end = min(filter(None, (one.end, created)), default=None)
        written.by_key[key] = one
    return list(opened.values())


def _owner(event: FileEvent, candidates: list[Generation]) -> Generation | None:
    same = [one for one in candidates if one.activity == event.activity]
    if same:
        return same[0]
    created = moment(event.product_created or event.stop)
    fitting = [
        one
        for one in candidates
        if created is not None
        and not one.zoneless
        and one.start is not None
        and one.end is not None
        and one.start <= created
        and created - one.end <= _HEADER_DELAY
    ]
    return fitting[0] if len(fitting) == 1 else None


def _creation_times(events: Mapping[str, FileEvent]) -> dict[str, datetime]:
    """Product -> the earliest time at which it is said to have been created."""
    times: dict[str, datetime] = {}
    for event in events.values():
        created = moment(event.product_created)
        if event.product is not None and created is not None:
            times[event.product] = min(created, times.get(event.product, created))
    return times


def _name(found: Iterable[Generation], created: Mapping[str, datetime], written: Written) -> None:
    """Gives each generation the identifier of its version.

    Of several activities that claim one product, the first to finish made it; but none that
    started after it was created.
    """
    carriers: dict[str, list[Generation]] = defaultdict(list)
    for one in found:
        if one.product is None:
            one.identifier = place_iri(one.place, one.activity)
        else:
            carriers[one.product].append(one)
    for product, ones in carriers.items():
        iri, limit = product_iri(product), created.get(product)
        fitting = [
            (one.end or _LATEST, one.activity or "")
            for one in ones
            if one.start is None or limit is None or one.start <= limit
        ]
        if fitting:
            written.makers[product] = min(fitting)[1] or None
        for one in ones:
            own = one.activity is None or one.activity == written.makers.get(product)
            one.identifier = iri if own else f"{iri}#{_fragment(one.activity or '')}"
        ones.sort(key=lambda one: one.order)
        written.carriers[product] = ones
