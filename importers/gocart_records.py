"""An alert as PROV: event, alert, map, and what gocart made of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from importers import agents
from importers.ctapipe_configuration import compact
from importers.fits_attributes import name_of, plain
from importers.gocart_alert import NEVER_FIRST, Alert, Files
from importers.iso_times import moment
from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.records import (
    Activity,
    Attributes,
    Entity,
    EventKind,
    FileEvent,
    Iri,
    Relation,
    Statement,
    Value,
    attributes,
)
from lineage.vocabulary import GOCART, RelationKind

_IRI = "urn:lineage:gocart:"
_LVK = "LIGO/Virgo/KAGRA"
_NEXT = timedelta(microseconds=1)
"""Tells a step from the one before; it is in no record."""
_MAIN = frozenset({"superevent_id", "alert_type", "time_created", "urls", "event"})
_FILES: Attributes = ((v.EVIDENCE, "inferred: files that lie beside meta.yaml"),)
_ORDER: Attributes = ((v.EVIDENCE, "inferred: names of the event's directories"),)
_HEADER = "inferred: equal headers"


def event_iri(alert: Alert) -> str:
    """The IRI of an event: LVK's ids are unique."""
    return f"{_IRI}event:{_part(alert.event)}"


def alert_iri(alert: Alert) -> str:
    """The IRI of an alert; the same wherever it was received."""
    return f"{_IRI}alert:{_part(alert.event)}:{_part(alert.name)}"


def event(alert: Alert) -> Iterator[Statement]:
    """The event, as far as every alert of it says the same."""
    facts: list[tuple[str, Value]] = [
        (v.PROV_TYPE, Iri(GOCART + "Event")),
        (v.PROV_LABEL, alert.event),
        (GOCART + "superevent_id", alert.event),
        # gocart tells mock events by their first letter
        (GOCART + "mock", alert.event.startswith("M")),
    ]
    urls = alert.notice.get("urls")
    if isinstance(urls, dict) and isinstance(urls.get("gracedb"), str):
        facts.append((GOCART + "gracedb", urls["gracedb"]))
    if alert.is_retraction and alert.time is not None:
        facts.append((GOCART + "retracted_at", alert.time))
    yield Entity(event_iri(alert), attributes(facts))


def alert(alert: Alert, before: Alert | None, alone: bool) -> Iterator[Statement]:
    """The alert, its issue, who found the event, and the alert before.

    Args:
        before: The last earlier alert of the event that is no retraction.
        alone: It is known that there is none.
    """
    own, issue, time = alert_iri(alert), f"{_IRI}issue:{_local(alert)}", _time(alert.time)
    label = f"{alert.event} {alert.type}"
    yield Entity(own, attributes([*_facts(alert, alone), (v.PROV_LABEL, label)]))
    yield Relation(RelationKind.SPECIALIZATION, own, event_iri(alert))
    kind = alert.type.lower().replace("_", " ")
    times = [(name, value) for name in (v.PROV_START, v.PROV_END) for _, value in time]
    yield Activity(issue, attributes([(v.PROV_LABEL, f"LVK {kind} alert"), *times]))
    yield Relation(RelationKind.GENERATION, own, issue, attributes=time)
    lvk = agents.organization(_LVK)
    yield lvk
    yield Relation(RelationKind.ASSOCIATION, issue, lvk.identifier)
    pipeline = _within(alert.notice, "event", "pipeline")
    if isinstance(pipeline, str) and pipeline.strip():
        found_by = agents.software(pipeline.strip(), None)
        yield found_by
        yield Relation(RelationKind.ATTRIBUTION, own, found_by.identifier)
    if before is not None:
        revision: Attributes = ((v.PROV_TYPE, Iri(v.PROV + "Revision")), *_ORDER)
        yield Relation(
            RelationKind.DERIVATION, own, alert_iri(before), attributes=attributes(revision)
        )
    if alert.is_retraction:
        yield Relation(RelationKind.INVALIDATION, event_iri(alert), issue, attributes=time)
        if before is not None:
            yield Relation(RelationKind.INVALIDATION, alert_iri(before), issue, attributes=time)


def map_(alert: Alert) -> Iterator[Statement]:
    """The map that came with the alert, and what made it."""
    if not alert.header:
        return
    header = alert.header
    mark = f"{_part(alert.event)}:{digest(compact(sorted(header.items())))}"
    own, localisation = f"{_IRI}map:{mark}", f"{_IRI}localisation:{mark}"
    creator = _text(header.get("CREATOR"))
    facts: list[tuple[str, Value]] = [
        (v.PROV_TYPE, Iri(GOCART + "Map")),
        (v.PROV_LABEL, f"{alert.event} map" + (f" by {creator}" if creator else "")),
        (v.EVIDENCE, _HEADER),
    ]
    for key, value in header.items():
        said = plain(value)
        if said is not None:
            facts.append((name_of(key), said))
    yield Entity(own, attributes(facts))
    label = f"{creator or 'sky'} localisation"
    yield Activity(localisation, ((v.PROV_LABEL, label),))
    time = _time(moment(header.get("DATE")))
    yield Relation(RelationKind.GENERATION, own, localisation, attributes=time)
    yield Relation(RelationKind.USAGE, f"{_IRI}issue:{_local(alert)}", own, attributes=_role("map"))
    if creator:
        made_by = agents.software(creator, None)
        yield made_by
        yield Relation(RelationKind.ASSOCIATION, localisation, made_by.identifier)
    name, _, version = (_text(header.get("VCSVERS")) or "").partition(" ")
    if name:
        library = agents.software(name, version.strip() or None)
        yield library
        yield Relation(RelationKind.ASSOCIATION, localisation, library.identifier)
    origin = _text(header.get("ORIGIN"))
    if origin:
        body = agents.organization(origin)
        yield body
        yield Relation(RelationKind.ATTRIBUTION, own, body.identifier)


def work(source: Path, alert: Alert, files: Files) -> Iterator[Statement]:
    """What gocart did: it unpacked the notice, and converted the map."""
    gocart = agents.software("gocart", None)
    yield gocart
    # Identity asks for times, to tell which version was used; all that is known is that gocart
    # worked after the issue, and converted what it had unpacked before.
    unpacking = _Step(f"{_IRI}run:{_local(alert)}", alert.time)
    yield from unpacking.begin("gocart notice", gocart.identifier)
    yield Relation(RelationKind.USAGE, unpacking.iri, alert_iri(alert), attributes=_role("notice"))
    yield unpacking.file(EventKind.GENERATION, source, "meta")
    for path, role in ((files.map, "map"), (files.notice, "notice")):
        if path is not None:
            yield unpacking.file(EventKind.GENERATION, path, role)
    if files.map is None:
        return
    for path, name, uses in (
        (files.ascii_map, "ascii map", ((files.map, "map"),)),
        (files.plot, "aitoff", ((files.map, "map"), (source, "meta"))),
    ):
        if path is None:
            continue
        after = None if alert.time is None else alert.time + _NEXT
        step = _Step(f"{unpacking.iri}:{name.replace(' ', '_')}", after)
        yield from step.begin(f"gocart {name}", gocart.identifier)
        for used, role in uses:
            yield step.file(EventKind.USE, used, role)
        yield step.file(EventKind.GENERATION, path, name)


class _Step:
    """One activity of gocart."""

    def __init__(self, iri: str, time: datetime | None) -> None:
        self.iri = iri
        self._time = time

    def begin(self, label: str, agent: str) -> Iterator[Statement]:
        """The activity and its agent."""
        yield Activity(self.iri, attributes([(v.PROV_LABEL, label), *_FILES]))
        yield Relation(RelationKind.ASSOCIATION, self.iri, agent)

    def file(self, kind: EventKind, path: Path, role: str) -> FileEvent:
        """It used or generated a file."""
        return FileEvent(
            kind,
            str(path.absolute()),
            self.iri,
            self._time,
            self._time,
            role,
            relation_attributes=_FILES,
        )


def _facts(alert: Alert, alone: bool) -> Iterator[tuple[str, Value]]:
    """What the notice and gocart say of the alert, one attribute for each value."""
    yield v.PROV_TYPE, Iri(GOCART + "Alert")
    yield GOCART + "superevent_id", alert.event
    yield GOCART + "alert_type", alert.type
    if alert.time is not None:
        yield GOCART + "time_created", alert.time
    if alone and alert.type in NEVER_FIRST:
        yield GOCART + "gap", "no earlier alert of the event lies beside it"
    rest = {key: value for key, value in alert.notice.items() if key not in _MAIN}
    event = alert.notice.get("event")
    for key, value in event.items() if isinstance(event, dict) else ():
        if key == "time":
            yield GOCART + "event_time", moment(value) or str(value)
        elif key == "instruments" and isinstance(value, list):
            yield GOCART + "instruments", ",".join(map(str, value))
        elif key in ("classification", "properties") and isinstance(value, dict):
            for name, share in value.items():
                yield from _fact(f"{key}_{name}", share)
        else:
            yield from _fact(key, value)
    for key, value in alert.extra.items():
        if key == "central coordinate" and isinstance(value, dict):
            for frame, coordinates in value.items():
                yield from _fact(f"central_{frame}", coordinates)
        else:
            yield from _fact(key, value)
    if rest:
        yield GOCART + "record", compact(rest)


def _fact(key: str, value: Any) -> Iterator[tuple[str, Value]]:
    said = plain(value)
    if said is not None:
        yield GOCART + name_of(key).removeprefix(v.FITS), said


def _time(time: datetime | None) -> Attributes:
    return () if time is None else ((v.PROV_TIME, time),)


def _role(role: str) -> Attributes:
    return ((v.PROV_ROLE, role),)


def _local(alert: Alert) -> str:
    return alert_iri(alert).removeprefix(f"{_IRI}alert:")


def _part(text: str) -> str:
    return quote(text, safe="")


def _text(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None


def _within(record: Any, *keys: str) -> Any:
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record
