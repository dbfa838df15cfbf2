"""Work that several activities did together, and records that tell of it as one activity.

lstosa processes a run in parallel, subrun by subrun. What is of one subrun has a role that says so;
what is of the run (``dl2_LST-1.Run01807.h5``) every activity lists as its output. A *work* is the
activities of one name in one session; the file of the run is one version that they generated
together. A merged record tells of the same work as one activity, a *whole*, whose *parts* are those
activities: it says neither which they are nor their identifiers, but it spans them.

Done again in the same session, the same subrun begins the next *round* of the work, and what that
writes is the next version; where it is not the whole run that is done again, the version before is
a part of it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.clocks import moment
from lineage.places import Place
from lineage.records import EventKind, FileEvent, Relation, Value
from lineage.vocabulary import LSTOSA, RelationKind

WHOLE = "urn:lineage:whole:"
"""Start of the identifier of an activity that a merged record tells of."""
KEY = "urn:lineage:work-key:"
"""Start of what the two sides of a work find each other by."""
SESSION, ACTIVITY, PART = LSTOSA + "session", LSTOSA + "activity", LSTOSA + "part"
"""What a generation says of the work that it belongs to."""
NEEDED = frozenset({SESSION, ACTIVITY, PART})
"""What identity needs of that."""

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_LONGEST = 200

Rank = tuple[datetime, datetime, str]


def precedence(start: datetime | None, end: datetime | None, activity: str | None) -> Rank:
    """The order that uses follow: an activity uses only what an earlier one in it generated.

    By end, so that an activity may use what another, nested in it, generated; a whole after its
    parts. It is a total order of the activities, hence the graph has no cycle. One without any time
    comes last.
    """
    if end is None or is_whole(activity):
        return end or _LATEST, _LATEST, activity or ""
    return end, end if start is None else start, activity or ""


def end_of(event: FileEvent) -> datetime | None:
    """When the event's activity was over: its stop, else its start; never before its start."""
    start, stop = moment(event.start), moment(event.stop)
    return max(start, stop) if start is not None and stop is not None else stop or start


def is_whole(activity: str | None) -> bool:
    """A merged record tells of this activity."""
    return activity is not None and activity.startswith(WHOLE)


def did_work(
    activity: str, name: str, session: str, start: datetime | None, stop: datetime | None
) -> FileEvent:
    """An activity did a work, or a part of it.

    Args:
        activity: Its IRI; one that begins with `WHOLE` did it all.
        name: Of the activity.
        session: In which it happened.
        start: As recorded, naive where that is local time.
        stop: The same; ``None`` where it is not known: it is linked with nothing then.
    """
    key = _key(is_whole(activity), name, session)
    return FileEvent(EventKind.RUN, activity, activity, start, stop, name, key)


def _key(whole: bool, name: str, session: str) -> str:
    side = "whole" if whole else "part"
    return f"{KEY}{side}:{digest(json.dumps((session, name), ensure_ascii=False))}"


def is_work(event: FileEvent) -> bool:
    """`did_work` made this event."""
    return event.product is not None and event.product.startswith(KEY)


def other_side(event: FileEvent) -> str:
    """The key of the parts of a whole, or of the wholes of a part; of what `did_work` made."""
    side, _, rest = (event.product or "").removeprefix(KEY).partition(":")
    return f"{KEY}{'part' if side == 'whole' else 'whole'}:{rest}"


def together(one: FileEvent, other: FileEvent) -> bool:
    """One is a whole and the other a part of it; of what `did_work` made."""
    if is_whole(one.activity):
        return is_part(other, one)
    return is_part(one, other)


def is_part(part: FileEvent, whole: FileEvent) -> bool:
    """An activity is one of those that a whole stands for, if both did the same work.

    A merged record begins with the first activity that it meets in a log, which need not be the
    first that began, and ends with the last. lstosa writes what an activity did when it has ended.
    """
    if is_whole(part.activity) or not is_whole(whole.activity):
        return False
    if part.start is None or part.stop is None or whole.stop is None:
        return False
    start, end, stop = moment(whole.start), end_of(part), end_of(whole)
    return start is not None and end is not None and stop is not None and start <= end <= stop


def aggregations(events: Iterable[FileEvent]) -> Iterator[Relation]:
    """Each whole is related to its parts.

    Args:
        events: Of kind ``RUN``; what `did_work` did not make is left out.
    """
    parts: dict[str, list[FileEvent]] = defaultdict(list)
    wholes: list[FileEvent] = []
    for event in events:
        if is_work(event) and is_whole(event.activity):
            wholes.append(event)
        elif is_work(event):
            parts[event.product or ""].append(event)
    for whole in wholes:
        for part in parts.get(other_side(whole), ()):
            if is_part(part, whole):
                said = ((v.AGGREGATES, True),)
                yield Relation(RelationKind.INFLUENCE, whole.path, part.path, attributes=said)


class Round(NamedTuple):
    """What some activities of a work wrote together."""

    name: str
    """As a version's IRI has it."""
    after: str | None = None
    """The round before, where parts of that were not done again: what they wrote is still there."""


Works = Mapping[tuple[str, Place], Round]
"""(activity, place) -> the round for which it wrote this."""


@dataclass(slots=True)
class _Member:
    """An activity that wrote a path of its run."""

    activity: str
    start: datetime | None = None
    end: datetime | None = None
    part: int | None = None

    @property
    def rank(self) -> Rank:
        return precedence(self.start, self.end, self.activity)

    @property
    def begun(self) -> tuple[datetime, str]:
        return self.start or self.end or _EARLIEST, self.activity

    def take(self, event: FileEvent, part: Value | None) -> None:
        """Takes in a generation; the order does not matter."""
        start, end = moment(event.start), end_of(event)
        self.start = min(filter(None, (self.start, start)), default=None)
        self.end = max(filter(None, (self.end, end)), default=None)
        if type(part) is int:
            self.part = part if self.part is None else min(part, self.part)

    def spans(self, other: _Member) -> bool:
        """The other is a part of this whole."""
        if is_whole(other.activity) or self.start is None or self.end is None or other.end is None:
            return False
        return self.start <= other.end <= self.end


def works(events: Mapping[str, FileEvent], places: Mapping[str, Place]) -> Works:
    """What was written for works by their activities: the generations whose role names no subrun.

    Args:
        events: Event key -> event.
        places: Event key -> where it happened.
    """
    members: dict[tuple[Place, str, str], dict[str, _Member]] = defaultdict(dict)
    claims: dict[tuple[str, Place], tuple[str, str]] = {}
    told: list[tuple[str, Place, FileEvent, Value | None]] = []
    for key, event in events.items():
        if event.kind is not EventKind.GENERATION or event.activity is None:
            continue
        said = {name: value for name, value in event.relation_attributes if name in NEEDED}
        session, name = said.get(SESSION), said.get(ACTIVITY)
        place = places[key]
        told.append((event.activity, place, event, said.get(PART)))
        if isinstance(session, str) and isinstance(name, str) and _is_of_all(event.role):
            mark = event.activity, place
            claims[mark] = min((session, name), claims.get(mark, (session, name)))
    for activity, place, event, part in told:
        claim = claims.get((activity, place))
        if claim is not None:
            group = members[place, *claim]
            group.setdefault(activity, _Member(activity)).take(event, part)
    found: dict[tuple[str, Place], Round] = {}
    for (place, session, name), ones in members.items():
        work = f"{_short(session)}/{_short(name)}"
        before, there = None, set[int]()
        for number, some in enumerate(_rounds(ones.values()), 1):
            named = work if number == 1 else f"{work}/{number}"
            parts = {one.part for one in some if one.part is not None}
            kept = bool(parts) and bool(there - parts)
            there = parts | there if parts else set()
            for one in some:
                found[one.activity, place] = Round(named, before if kept else None)
            before = named
    return found


def _is_of_all(role: str | None) -> bool:
    """What has this role is not one subrun's own.

    Source: lstosa's definition.yaml; provprocess.py leaves out what has ``subrun`` in its role.
    """
    return role is None or "subrun" not in role.lower()


def _short(text: str) -> str:
    """A hostile text as one segment of a fragment."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}~{digest(text)}"
    return quote(text, safe=" @-._~", errors="surrogatepass")


def _rounds(members: Iterable[_Member]) -> list[list[_Member]]:
    """The activities of each round of a work, the first round first.

    In the order in which they began, a part that is done again begins the next round. So does an
    activity of which nobody tells which part it did, and which began after all others of the round
    had ended: it may have done all of it again. A whole
    belongs to the last round that it spans a part of; without any, overlapping wholes are a round.
    """
    ones = sorted(members, key=lambda one: one.begun)
    rounds: list[list[_Member]] = []
    seen: set[int] = set()
    ended = _EARLIEST
    for one in ones:
        if is_whole(one.activity):
            continue
        doubtful = (one.part is None or not seen) and one.begun[0] >= ended
        if not rounds or one.part in seen or doubtful:
            rounds.append([])
            seen.clear()
            ended = _EARLIEST
        ended = max(ended, one.end or one.begun[0])
        rounds[-1].append(one)
        if one.part is not None:
            seen.add(one.part)
    alone: list[_Member] = []
    for one in ones:
        if is_whole(one.activity):
            spanned = [some for some in rounds if any(map(one.spans, some))]
            (spanned[-1] if spanned else alone).append(one)
    rounds += _overlapping(alone)
    return sorted(rounds, key=lambda some: max(one.rank for one in some))


def _overlapping(wholes: Iterable[_Member]) -> list[list[_Member]]:
    """Wholes, in the order in which they began, in groups that overlap in time."""
    groups: list[list[_Member]] = []
    last = _EARLIEST
    for one in wholes:
        if not groups or one.begun[0] > last:
            groups.append([])
        groups[-1].append(one)
        last = max(last, one.end or _EARLIEST)
    return groups
