"""File events in a line each, and what a resolution makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lineage import vocabulary as v
from lineage.identity import (
    IdentitySettings,
    Resolution,
    event_key,
)
from lineage.records import Attributes, EventKind, FileEvent

SETTINGS = IdentitySettings()
T0 = datetime(2026, 1, 1, tzinfo=UTC)
P1 = "00000000-0000-4000-8000-000000000001"
P2 = "00000000-0000-4000-8000-000000000002"


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def event(
    kind: EventKind,
    path: str,
    activity: str | None = None,
    span: tuple[float | None, float | None] = (None, None),
    product: str | None = None,
    *,
    created: float | None = None,
    counts: bool = True,
    role: str | None = None,
    node: str | None = None,
    attributes: Attributes = (),
    relation_attributes: Attributes = (),
) -> FileEvent:
    start, stop = (None if minutes is None else at(minutes) for minutes in span)
    return FileEvent(
        kind,
        path,
        None if activity is None else f"urn:uuid:{activity}",
        start,
        stop,
        role,
        product,
        product is not None and counts,
        None if created is None else at(created),
        node,
        attributes,
        relation_attributes,
    )


def generation(path: str, activity: str, *span: float | None, **more: object) -> FileEvent:
    return event(EventKind.GENERATION, path, activity, (span[0], span[1]), **more)  # type: ignore[arg-type]


def use(path: str, activity: str, *span: float | None, **more: object) -> FileEvent:
    return event(EventKind.USE, path, activity, (span[0], span[1]), **more)  # type: ignore[arg-type]


def header(path: str, product: str | None, created: float | None, **more: object) -> FileEvent:
    return event(EventKind.STATE, path, None, (None, created), product, created=created, **more)  # type: ignore[arg-type]


def used(result: Resolution, one: FileEvent) -> str | None:
    """What a use was bound to."""
    return result.bindings[event_key(one, SETTINGS)].object


def generated(result: Resolution, one: FileEvent) -> str | None:
    """What a generation was bound to."""
    return result.bindings[event_key(one, SETTINGS)].subject


def evidence(result: Resolution, one: FileEvent) -> str:
    (value,) = result.bindings[event_key(one, SETTINGS)].values(v.IDENTIFIED_BY)
    return str(value)


def attribute(result: Resolution, identifier: str, name: str) -> list[object]:
    return [value for known, value in result.versions[identifier].attributes if known == name]


def text(result: Resolution) -> str:
    """Tells 1, 1.0 and True apart, which ``==`` does not."""
    parts = (result.versions, result.runs, result.bindings, result.links)
    return repr([sorted(part.items()) for part in parts]) + repr(result.findings)
