"""Which activity the run was that a text log tells of.

A log knows a run's tool and its files, as they were typed, and local times; it knows no identifier.
A provenance record of the same run knows its identifier and UTC. They are one activity where they
agree: in the name; in start and stop, but for one offset that a time zone has; and in the files,
where both name any. What fits several ways is joined to none.

Both tell of a run by a `FileEvent` of kind ``RUN``, made by `ran`: ``path`` is the activity,
``role`` its name and ``product`` a key made of the name and of the stop within its quarter of an
hour, which no offset changes. By it each finds the other without looking at all runs of a tool.
See run_fits.py for what fits, and joining.py for what comes of it. Parts of one work find the
record of the whole likewise: see works.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.records import Attributes, EventKind, FileEvent, Iri, Value, attributes
from lineage.works import KEY as WORK_KEY
from lineage.works import WHOLE, is_work, other_side

RUN = "urn:lineage:run:"
"""Start of the identifier of an activity that only a log tells of."""

KEY = "urn:lineage:run-key:"
"""Start of the key of what is joined by name, stop and files."""
USED = v.PROV + "used"
GENERATED = v.PROV + "generated"
AGENT = v.PROV + "agent"
SAME = v.PROV + "activity"
"""What the relations of a run are called in its event."""

QUARTER_S = 900
"""By multiples of it the clocks of zones differ."""
_BUCKET_S = 4
_BUCKETS = QUARTER_S // _BUCKET_S

STOP_S = 2.0
"""A log's last word comes at most so much later than the stop of the activity, or earlier."""


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
    return value.startswith((KEY, WORK_KEY, WHOLE, "urn:uuid:", "urn:lineage:lstosa:"))


def counterparts(event: FileEvent) -> list[str]:
    """The keys under which what can be joined with a ``RUN`` event is found."""
    same = same_as(event)
    if same is not None:
        return [same]
    if is_work(event):
        return [other_side(event), event.path]
    own = [] if is_run(event.activity) else [event.path]
    if event.stop is None or event.product is None:
        return own
    side = "" if is_run(event.activity) else RUN
    second = _second(event.stop)
    buckets = {_bucket(second - STOP_S), _bucket(second + STOP_S)}
    keys = [_key(side, event.role or "", bucket) for bucket in sorted(buckets)]
    return [*keys, *own]


def _second(time: datetime) -> float:
    """Within its quarter of an hour."""
    return (time.minute % 15) * 60 + time.second + time.microsecond / 1e6


def _bucket(second: float) -> int:
    return int(second // _BUCKET_S) % _BUCKETS


@lru_cache(maxsize=4096)
def _short(name: str) -> str:
    return digest(name)[:16]


def _key(side: str, name: str, bucket: int) -> str:
    return f"{KEY}{'log' if side else 'record'}:{_short(name)}:{bucket}"


def same_as(run: FileEvent) -> str | None:
    """The activity that a run is, as its log says."""
    for name, value in run.relation_attributes:
        if name == SAME and isinstance(value, Iri):
            return value.value
    return None
