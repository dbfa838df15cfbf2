"""Of what several sources say of one event, what counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lineage.canonical import encode_event
from lineage.clocks import moment
from lineage.records import Attributes, FileEvent

_EARLIEST = datetime.min.replace(tzinfo=UTC)


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
