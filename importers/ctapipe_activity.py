"""One activity object of a ctapipe provenance log as statements."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from importers import agents
from importers.ctapipe_configuration import compact, plan, plan_iri, reduced_text
from importers.ctapipe_decoder import SHARED_PARTS
from importers.ctapipe_reference import (
    SMALL,
    UUID,
    created,
    data_level,
    metadata,
    product_id,
)
from importers.iso_times import moment
from importers.recorded_paths import absolute_path, host_of, scoped_identifier
from lineage import vocabulary as v
from lineage.records import (
    Activity,
    Agent,
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
from lineage.runs import ran
from lineage.vocabulary import CTAPIPE, RelationKind

Report = Callable[[str, int], None]
"""Takes a sentence, and how many records are lost."""

_MOST_FILES = 100_000
"""Inputs, or outputs, of one activity that are read: it is in memory as a whole."""
_KNOWN = frozenset({"url", "role", "reference_meta"})
_KNOWN_BUT_ROLE = _KNOWN - {"role"}
"""Keys of a file that statements hold."""


class _Run(NamedTuple):
    """What all files of an activity have in common."""

    activity: str
    start: datetime | None
    stop: datetime | None
    node: str | None


class ActivityReader:
    """Turns activity objects into statements; declares agents and plans once."""

    def __init__(self, report: Report) -> None:
        """``report`` is told of every part of an activity that is not as it should be."""
        self._report = report
        self._declared: set[str] = set()
        self._shared: dict[str, tuple[Any, str]] = {}
        """Part of the system record -> its last value and JSON: mostly the next is that object."""

    def statements(self, record: Any) -> Iterator[Statement]:
        """What an activity object says: the activity, its agents, its plan and its files."""
        uuid = record.get("activity_uuid")
        if not isinstance(uuid, str) or not UUID.fullmatch(uuid):
            name = record.get("activity_name")
            self._report(
                f"activity {name!r:.80} has no activity_uuid (value seen: {uuid!r:.80})", 1
            )
            return
        activity = "urn:uuid:" + uuid.lower()
        system = record.get("system")
        system = system if isinstance(system, dict) else {}
        rest = {key: value for key, value in record.items() if key != "activity_uuid"}
        start, stop = self._time(rest, "start", uuid), self._time(rest, "stop", uuid)
        node = _text(_within(system, "platform", "node"))
        run = _Run(activity, start, stop, node)
        files = [
            *self._files(rest, "input", EventKind.USE, run),
            *self._files(rest, "output", EventKind.GENERATION, run),
        ]
        deduced = list(_appended(record, files))
        told = _ran(record, files, run)
        config = record.get("config")
        own = {url for url, _ in files}
        found_plan = reduced_text(config, own) if isinstance(config, dict) else None
        facts = list(_facts(rest, system, start, stop))
        if "system" in rest:
            facts.append((CTAPIPE + "system", self._compact_system(rest.pop("system"))))
        if rest:
            facts.append((CTAPIPE + "record", compact(rest)))
        yield Activity(activity, attributes(facts))
        yield from self._responsible(activity, system, found_plan)
        for _, statements in files:
            yield from statements
        yield from deduced
        if told is not None:
            yield told

    def _time(self, rest: dict[str, Any], key: str, uuid: str) -> datetime | None:
        """The start or stop of an activity, UTC; taken out of ``rest`` where it can be read."""
        value = rest.get(key)
        text = value.get("time_utc") if isinstance(value, dict) else None
        time = moment(text)
        if time is not None and value == {"time_utc": text}:
            del rest[key]
        elif key == "stop" and value in (None, {}):
            rest.pop(key, None)
        elif time is None:
            self._report(f"activity {uuid} has no {key} time (value seen: {value!r:.80})", 0)
        return time

    def _responsible(
        self, activity: str, system: dict[str, Any], configuration: str | None
    ) -> Iterator[Statement]:
        """The software and the account that ran the activity, and the plan that it followed."""
        version = _text(system.get("ctapipe_version"))
        software = _software(version)
        if self._is_new(software.identifier):
            yield software
        followed: Attributes = ()
        if configuration is not None:
            identifier = plan_iri(configuration)
            if self._is_new(identifier):
                yield plan(configuration)
            followed = ((v.PROV_PLAN, Iri(identifier)),)
            role: Attributes = ((v.PROV_ROLE, "configuration"),)
            yield Relation(RelationKind.USAGE, activity, identifier, attributes=role)
        ran = software.identifier
        yield Relation(RelationKind.ASSOCIATION, activity, ran, attributes=followed)
        user = _text(_within(system, "environment", "USER"))
        if user is not None:
            person = _person(user)
            if self._is_new(person.identifier):
                yield person
            yield Relation(RelationKind.ASSOCIATION, activity, person.identifier)

    def _is_new(self, identifier: str) -> bool:
        """It was not declared before in this log; it is now."""
        known = identifier in self._declared
        self._declared.add(identifier)
        return not known

    def _compact_system(self, system: Any) -> str:
        """The system record as JSON."""
        if not isinstance(system, dict):
            return compact(system)
        parts = []
        for key, value in system.items():
            if key in SHARED_PARTS:
                known = self._shared.get(key)
                if known is None or known[0] is not value:
                    known = self._shared[key] = (value, compact(value))
                text = known[1]
            else:
                text = compact(value)
            parts.append(f"{compact(key)}:{text}")
        return f"{{{','.join(parts)}}}"

    def _files(
        self, rest: dict[str, Any], key: str, kind: EventKind, run: _Run
    ) -> Iterator[tuple[str, list[Statement]]]:
        """The inputs or outputs: (URL as recorded, what it says)."""
        items = rest.get(key)
        if not isinstance(items, list):
            if items is not None:
                self._report(f"{run.activity}: {key} is no list (value seen: {items!r:.80})", 1)
            return
        if len(items) > _MOST_FILES:
            lost = len(items) - _MOST_FILES
            self._report(
                f"{run.activity}: {key} lists {len(items):,} files, more than {_MOST_FILES:,}. The "
                "others are left out.",
                lost,
            )
        strange = []
        for item in islice(items, _MOST_FILES):
            entry = {"url": item} if isinstance(item, str) else item
            url = entry.get("url") if isinstance(entry, dict) else None
            if isinstance(url, str) and url.strip():
                yield url, list(_file(url, entry, kind, run))
            else:
                strange.append(item)
                self._report(f"{run.activity}: {key} names no file (value seen: {item!r:.80})", 1)
        rest[key] = strange
        if not strange:
            del rest[key]


@lru_cache(maxsize=8)
def _software(version: str | None) -> Agent:
    facts = () if version is None else ((CTAPIPE + "version", version),)
    return agents.software("ctapipe", version, facts)


_person = lru_cache(maxsize=8)(agents.person)


def _facts(
    rest: dict[str, Any], system: dict[str, Any], start: datetime | None, stop: datetime | None
) -> Iterator[tuple[str, Value]]:
    """The attributes of an activity; they are taken out of ``rest``, where they are whole."""
    if start is not None:
        yield v.PROV_START, start
    if stop is not None:
        yield v.PROV_END, stop
    for key, name in (("activity_name", v.PROV_LABEL), ("status", CTAPIPE + "status")):
        if isinstance(rest.get(key), str):
            yield name, rest.pop(key)
    code = rest.get("exit_code", 0.0)
    if code is None or (type(code) is int and abs(code) < SMALL):
        del rest["exit_code"]
        if code is not None:
            yield CTAPIPE + "exit_code", code
    minutes = rest.get("duration_min")
    if isinstance(minutes, float) or (type(minutes) is int and abs(minutes) < SMALL):
        yield CTAPIPE + "duration_min", float(rest.pop("duration_min"))
    elif minutes is None and start is not None and stop is not None:
        rest.pop("duration_min", None)
        yield CTAPIPE + "duration_min", (stop - start).total_seconds() / 60
    for name, value in (
        ("version", system.get("ctapipe_version")),
        ("executable", system.get("executable")),
        ("node", _within(system, "platform", "node")),
        ("user", _within(system, "environment", "USER")),
    ):
        if isinstance(value, str) and value:
            yield CTAPIPE + name, value
    cpus = _within(system, "platform", "n_cpus") or _within(system, "platform", "num_cpus")
    if type(cpus) is int and abs(cpus) < SMALL:
        yield CTAPIPE + "n_cpus", cpus
    arguments = system.get("arguments")
    if isinstance(arguments, list):
        yield CTAPIPE + "arguments", shlex.join(str(argument) for argument in arguments)
    for key in ("config", "samples"):
        if key in rest:
            yield CTAPIPE + key, compact(rest.pop(key))


def _file(url: str, entry: dict[str, Any], kind: EventKind, run: _Run) -> Iterator[Statement]:
    """One input or output: an event at a path, or a use or generation of what has an IRI."""
    role = entry.get("role")
    known = _KNOWN
    if role is not None and not (isinstance(role, str) and role):
        role, known = None, _KNOWN_BUT_ROLE
    more = {key: value for key, value in entry.items() if key not in known}
    meta = entry.get("reference_meta")
    product, counts, made = None, False, None
    facts: list[tuple[str, Value]] = []
    if isinstance(meta, dict):
        product, made = product_id(meta), created(meta)
        counts = product is not None and _text(meta.get("CTA ACTIVITY ID")) is not None
        kept = meta
        if counts:
            facts, kept = metadata(meta)
            facts += data_level(meta)
        if kept:
            more["reference_meta"] = kept
    elif meta is not None:
        more["reference_meta"] = meta
    own: list[tuple[str, Value]] = []
    if more:
        own.append((CTAPIPE + "file_record", compact(more)))
    path = absolute_path(url)
    if path is not None:
        if path != url:
            own.append((CTAPIPE + "url", url))
        yield FileEvent(
            kind,
            path,
            run.activity,
            run.start,
            run.stop,
            role,
            product,
            counts,
            made,
            host_of(url) or run.node,
            attributes(facts),
            attributes(own),
        )
        return
    identifier, evidence = scoped_identifier(url, run.activity)
    own += [(v.IDENTIFIED_BY, evidence), (v.RECORDED_PATH, url)]
    if role is not None:
        own.append((v.PROV_ROLE, role))
    if product is not None:
        own.append((v.RECORDED_PRODUCT, product))
    facts += [(v.PROV_LOCATION, url), (v.IDENTIFIED_BY, evidence)]
    yield Entity(identifier, attributes(facts))
    if kind is EventKind.USE:
        yield Relation(RelationKind.USAGE, run.activity, identifier, attributes=attributes(own))
    else:
        yield Relation(
            RelationKind.GENERATION, identifier, run.activity, attributes=attributes(own)
        )


def _ran(
    record: dict[str, Any], files: list[tuple[str, list[Statement]]], run: _Run
) -> FileEvent | None:
    """That the activity ran, by which a text log of it is recognised; ``None`` while it runs."""
    name = record.get("activity_name")
    if not isinstance(name, str) or run.start is None or run.stop is None:
        return None
    used: list[str] = []
    generated: list[str] = []
    for _, statements in files:
        for one in statements:
            if isinstance(one, FileEvent):
                (used if one.kind is EventKind.USE else generated).append(one.path)
            elif isinstance(one, Entity):
                used.append(one.identifier)
                generated.append(one.identifier)
    return ran(
        run.activity,
        name,
        run.start,
        run.stop,
        node=run.node,
        used=used,
        generated=generated,
    )


def _appended(
    record: dict[str, Any], files: list[tuple[str, list[Statement]]]
) -> Iterator[FileEvent]:
    """What ``ctapipe-merge --append`` reads without listing it: its own outputs, as they were."""
    arguments = _within(record, "system", "arguments")
    if not isinstance(arguments, list) or "--append" not in arguments:
        return
    for _, statements in files:
        for event in statements:
            if isinstance(event, FileEvent) and event.kind is EventKind.GENERATION:
                yield FileEvent(
                    EventKind.USE,
                    event.path,
                    event.activity,
                    event.start,
                    event.stop,
                    node=event.node,
                    relation_attributes=((v.IDENTIFIED_BY, "argument"),),
                )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _within(record: Any, *keys: str) -> Any:
    """The value at a path of keys, or ``None``."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def without_surrogates(record: Any) -> Any:
    """The same JSON with ``?`` for what no text may hold: halves of surrogate pairs."""
    text = json.dumps(record, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace"))
