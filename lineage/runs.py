"""Which activity the run was that a text log tells of.

A log knows a run's tool and its files, as they were typed, and local times; it knows no identifier.
A provenance record of the same run knows its identifier and UTC. They are one activity where they
agree: in the name; in start and stop, but for one offset that a time zone has; and in the files,
where both name any. What fits several ways is joined to none.

Both tell of a run by a `FileEvent` of kind ``RUN``, made by `ran`: ``path`` is the activity,
``role`` its name and ``product`` a key made of the name and of the stop within its quarter of an
hour, which no offset changes. By it each finds the other without looking at all runs of a tool.
See joining.py for what comes of it. Parts of one work find the record of the whole likewise: see
works.py.
"""

from __future__ import annotations

import json
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.clocks import moment
from lineage.identifiers import written_path
from lineage.records import Attributes, EventKind, FileEvent, Iri, Value, attributes
from lineage.works import KEY as WORK_KEY
from lineage.works import WHOLE, is_work, other_side, together

RUN = "urn:lineage:run:"
"""Start of the identifier of an activity that only a log tells of."""

_KEY = "urn:lineage:run-key:"
USED = v.PROV + "used"
GENERATED = v.PROV + "generated"
AGENT = v.PROV + "agent"
SAME = v.PROV + "activity"
"""What the relations of a run are called in its event."""

_QUARTER_S = 900
_BUCKET_S = 4
_BUCKETS = _QUARTER_S // _BUCKET_S
_ODD_ZONES_MIN = (
    -570,
    -270,
    -210,
    -150,
    210,
    270,
    330,
    345,
    390,
    510,
    525,
    570,
    630,
    690,
    765,
    825,
)
_OFFSETS_S = frozenset(60 * minutes for minutes in (*range(-720, 841, 60), *_ODD_ZONES_MIN))
"""Local time minus UTC, wherever that was since 2007. Others would join runs of other moments: a
tool that does the same every quarter of an hour.

Source: the IANA time zone database.
"""

_STOP_S = 2.0
"""A log's last word comes at most so much later than the stop of the activity, or earlier."""
_STOP_WITHOUT_FILES_S = 1.0
_SAME_STOP_S = 0.25
"""What is closer than this is preferred."""
_START_S = 60.0
"""A log may begin so much later: ctapipe opens its log file when all modules are imported."""
_START_WITHOUT_FILES_S = 5.0
_EARLY_S = 2.0


def ran(
    activity: str,
    name: str,
    start: datetime | None,
    stop: datetime | None,
    *,
    node: str | None = None,
    used: Iterable[str] = (),
    generated: Iterable[str] = (),
    facts: Iterable[tuple[str, Value]] = (),
    alone: Iterable[tuple[str, Value]] = (),
    agents: Iterable[str] = (),
    same: str | None = None,
) -> FileEvent:
    """An activity ran.

    Args:
        activity: Its IRI; one that begins with `RUN` is made of what the log says.
        name: Of the tool.
        start: UTC, or naive where a log tells local time.
        stop: The same; ``None`` while running or unknown: it is joined to nothing then.
        node: Host on which it ran.
        used: Paths of the file events that say what it used.
        generated: Paths of those that say what it generated.
        facts: Attributes that the activity has in any case.
        alone: Attributes that it has only where it is joined to no other.
        agents: IRIs of what it is associated with where it is joined to no other.
        same: The activity that a run is, where its log holds the record of that.
    """
    # sorted as `attributes` would, in half the time: each record of a production comes by here
    files = [(GENERATED, path) for path in sorted(set(generated))]
    files += [(USED, path) for path in sorted(set(used))]
    more = [*alone, *((AGENT, Iri(agent)) for agent in agents)]
    key = same
    if same is not None:
        more.append((SAME, Iri(same)))
    elif start is not None and stop is not None:
        key = _key(RUN if is_run(activity) else "", name, _bucket(_second(stop)))
    return FileEvent(
        EventKind.RUN,
        activity,
        activity,
        start,
        stop,
        name,
        key,
        node=node,
        attributes=attributes(facts),
        relation_attributes=attributes([*more, *files]) if more else tuple(files),
    )


def run_iri(*parts: str | int | None) -> str:
    """The IRI of a run that only a log tells of.

    Args:
        parts: What tells it from all other runs.
    """
    return RUN + digest(json.dumps(parts, ensure_ascii=False))


def did(
    run: str,
    kind: EventKind,
    path: str,
    start: datetime | None,
    stop: datetime | None,
    *,
    role: str | None = None,
    more: Attributes = (),
) -> FileEvent:
    """A run that only a log tells of used or generated a file.

    Args:
        run: Its IRI, which begins with `RUN`.
        kind: ``USE`` or ``GENERATION``.
        path: As in `FileEvent`.
        start: Of the run, as in `ran`.
        stop: The same.
        role: As in `FileEvent`.
        more: What the log says of this use or generation.
    """
    return FileEvent(kind, path, run, start, stop, role, run, relation_attributes=more)


def is_run(activity: str | None) -> bool:
    """Only a log tells of this activity."""
    return activity is not None and activity.startswith(RUN)


def is_loose(value: str) -> bool:
    """A path or product that only ``RUN`` events have, which make no relation."""
    return value.startswith((_KEY, WORK_KEY, WHOLE, "urn:uuid:", "urn:lineage:lstosa:"))


def counterparts(event: FileEvent) -> list[str]:
    """The keys under which what can be joined with a ``RUN`` event is found."""
    same = same_as(event)
    if same is not None:
        return [same]
    if is_work(event):
        return [other_side(event), event.path]
    if event.stop is None or event.product is None:
        return []
    side = "" if is_run(event.activity) else RUN
    second = _second(event.stop)
    buckets = {_bucket(second - _STOP_S), _bucket(second + _STOP_S)}
    keys = [_key(side, event.role or "", bucket) for bucket in sorted(buckets)]
    return keys if is_run(event.activity) else [*keys, event.path]


def _second(time: datetime) -> float:
    """Within its quarter of an hour."""
    return (time.minute % 15) * 60 + time.second + time.microsecond / 1e6


def _bucket(second: float) -> int:
    return int(second // _BUCKET_S) % _BUCKETS


@lru_cache(maxsize=4096)
def _short(name: str) -> str:
    return digest(name)[:16]


def _key(side: str, name: str, bucket: int) -> str:
    return f"{_KEY}{'log' if side else 'record'}:{_short(name)}:{bucket}"


def same_as(run: FileEvent) -> str | None:
    """The activity that a run is, as its log says."""
    for name, value in run.relation_attributes:
        if name == SAME and isinstance(value, Iri):
            return value.value
    return None


class Fit(NamedTuple):
    """How well a log's run fits an activity."""

    rank: int
    """-1: the log says so; 0: the files agree and the stops are the same; 3 is worst."""
    offset_s: int | None
    """Local time minus UTC, where the log tells times."""
    evidence: str
    """What they agree in."""


_TOGETHER = Fit(0, None, "work")


def fit(run: FileEvent, activity: FileEvent) -> Fit | None:
    """How a log's run can be this activity, or ``None`` where it cannot.

    Args:
        run: A ``RUN`` event whose activity `is_run`.
        activity: A ``RUN`` event whose activity is not.
    """
    times = [moment(time) for time in (run.start, run.stop, activity.start, activity.stop)]
    begun, ended, start, stop = times
    same = same_as(run)
    if same is not None:
        known = ended is not None and stop is not None
        offset = _quarters((ended - stop).total_seconds()) if known else None  # type: ignore[operator]
        return Fit(-1, offset, "record") if activity.path == same else None
    if begun is None or ended is None or start is None or stop is None:
        return None
    if run.role != activity.role:
        return None
    late_s = (ended - stop).total_seconds()
    offset_s = _quarters(late_s)
    stop_s, start_s = abs(late_s - offset_s), (begun - start).total_seconds() - offset_s
    if offset_s not in _OFFSETS_S or stop_s > _STOP_S:
        return None
    if not -_EARLY_S <= start_s <= _START_S:
        return None
    files = _files_agree(run, activity)
    if files is None:
        return None
    if not files and (stop_s > _STOP_WITHOUT_FILES_S or start_s > _START_WITHOUT_FILES_S):
        return None
    evidence = "name, times and files" if files else "name and times"
    return Fit(2 * (not files) + (stop_s > _SAME_STOP_S), offset_s, evidence)


def _quarters(seconds: float) -> int:
    """The nearest number of seconds by which zones can differ."""
    return round(seconds / _QUARTER_S) * _QUARTER_S


def _files_agree(run: FileEvent, activity: FileEvent) -> bool | None:
    """True: they name the same files; False: it may be; ``None``: the run wrote other files.

    A log that tells when a run was over lists what it had written, but not all that it read.
    """
    written = {value for name, value in run.relation_attributes if name == GENERATED}
    outputs = {value for name, value in activity.relation_attributes if name == GENERATED}
    generated = Names(activity, GENERATED)
    if len(written) != len(outputs) or not all(str(path) in generated for path in written):
        return None
    read = [str(value) for name, value in run.relation_attributes if name == USED]
    used = Names(activity, USED)
    # what was opened is not always recorded
    return bool(read or written) and all(path in used for path in read)


class Names:
    """The files that an activity used, or generated, by whatever end of their paths."""

    def __init__(self, event: FileEvent, relation: str) -> None:
        self._by_base: dict[str, list[str]] = defaultdict(list)
        for name, value in event.relation_attributes:
            if name == relation:
                path = written_path(str(value))
                self._by_base[_base(path)].append(path)

    def __contains__(self, path: str) -> bool:
        """``path``, that of a file event, is one of them, or the relative end of one."""
        written = written_path(path)
        candidates = self._by_base.get(_base(written), ())
        if written == path:
            return path in candidates
        end = posixpath.normpath(written)
        while end.startswith("../"):
            end = end[3:]
        return any(one == end or one.endswith("/" + end) for one in candidates)


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


class Index:
    """``RUN`` events by their key."""

    def __init__(self, events: Iterable[FileEvent] = ()) -> None:
        self._by_key: dict[str, list[FileEvent]] = defaultdict(list)
        for event in events:
            self.add(event)

    def add(self, event: FileEvent) -> None:
        """Takes one up; it may be there already."""
        if event.product is not None:
            self._by_key[event.product].append(event)
        if not is_run(event.activity):
            # by its own identifier, where a log says which it is
            self._by_key[event.path].append(event)

    def fitting(self, event: FileEvent) -> Iterator[tuple[FileEvent, Fit]]:
        """What can be joined with an event."""
        for key in counterparts(event):
            for other in self._by_key.get(key, ()):
                if is_run(other.activity) == is_run(event.activity):
                    if is_work(event) and is_work(other) and together(event, other):
                        yield other, _TOGETHER
                    continue
                pair = (event, other) if is_run(event.activity) else (other, event)
                found = fit(*pair)
                if found is not None:
                    yield other, found


class Search:
    """Which runs the events of an import have to do with.

    An event about a run is only of interest where it can be joined with one that is: a key alone
    is shared with strangers.
    """

    def __init__(self) -> None:
        self.paths: set[str] = set()
        """Where all that is said of each run is found."""
        self.products: set[str] = set()
        """Where those are found that can be joined with the runs, and what the changed ones did."""
        self._index = Index()
        self._linked: dict[str, set[str]] = defaultdict(set)
        self._changed: set[str] = set()

    def fits(self, event: FileEvent) -> bool:
        """It can be joined with one that was taken up."""
        return next(self._index.fitting(event), None) is not None

    def take(self, event: FileEvent, *, new: bool) -> None:
        """Takes up a ``RUN`` event; a new one can change which activity its run was, or others."""
        self.paths.add(event.path)
        keys = set(counterparts(event))
        # an activity that a log names is asked for as what it is
        named = keys if same_as(event) is not None else set()
        self.paths |= named
        self.products |= keys - named
        for other, _ in self._index.fitting(event):
            self._linked[event.path].add(other.path)
            self._linked[other.path].add(event.path)
        self._index.add(event)
        if new or self._linked[event.path] & self._changed:
            self._changed.discard(event.path)
            rest = [event.path]
            while rest:
                one = rest.pop()
                if one not in self._changed:
                    self._changed.add(one)
                    rest += self._linked.get(one, ())
                    if is_run(one):
                        self.products.add(one)
