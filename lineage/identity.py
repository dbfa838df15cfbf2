"""Which version of a file was meant: from the set of file events to versions and bindings.

Pure: no store, no clock, no order. The result depends on the *set* of events of a connected
component (events that share a path or a product id), never on import order or repetition.

A path is not a thing, because tools overwrite files: each generation of a path opens a version, and
each version is one entity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from lineage.canonical import digest
from lineage.generations import Logged
from lineage.joining import join
from lineage.latest_events import latest, same_types
from lineage.places import Place, unknown_host
from lineage.records import EventKind, FileEvent, Relation
from lineage.run_fits import Search
from lineage.runs import is_run
from lineage.subgraph import StoredEvent
from lineage.versions import Finding, Made, Resolution, Run, Version, resolution
from lineage.vocabulary import ElementKind

__all__ = [
    "DEFAULT_LOCAL_PREFIXES",
    "Changes",
    "Finding",
    "IdentitySettings",
    "Made",
    "Resolution",
    "Run",
    "Version",
    "changes",
    "connected",
    "difference",
    "event_key",
    "realm",
    "resolve",
    "resolve_stored",
]

T = TypeVar("T", Version, Run, Relation)

_DRIVE = re.compile(r"/?[A-Za-z]:[/\\]")

DEFAULT_LOCAL_PREFIXES = ("/tmp", "/var/tmp", "/dev/shm", "/scratch", "/Users")
"""Paths under these belong to the host that recorded them (as do drive letters)."""


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """What the user says about paths; part of what a graph's digest is a function of."""

    local_prefixes: tuple[str, ...] = DEFAULT_LOCAL_PREFIXES
    realms: tuple[tuple[str, str], ...] = ()
    """(prefix, host): paths under it are that host's, whoever records them; all hosts share them
    where the host is empty. The longest prefix counts, before ``local_prefixes``."""
    clock_tolerance_s: float = 1.0
    """How far the clocks of two hosts may disagree."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two resolutions, and the statements that made it.

    A store applies: ``dropped_bindings`` and ``dropped_links``, ``versions`` and ``runs``,
    ``bindings`` and ``links`` (replacing those of the same key), ``dropped_versions`` and
    ``dropped_runs`` (kept as stubs where something still points at them, kept whole where a source
    declares them), and ``statements`` last.
    """

    statements: tuple[StoredEvent, ...] = ()
    """Events to keep, each with its source: the truth that resolution is a function of."""
    versions: tuple[Version, ...] = ()
    """New or changed."""
    runs: tuple[Run, ...] = ()
    """New or changed."""
    bindings: tuple[tuple[str, Relation], ...] = ()
    """New or changed, by event key."""
    links: tuple[tuple[str, Relation], ...] = ()
    dropped_versions: tuple[str, ...] = ()
    dropped_runs: tuple[str, ...] = ()
    dropped_bindings: tuple[str, ...] = ()
    dropped_links: tuple[str, ...] = ()

    @property
    def dropped(self) -> dict[ElementKind, tuple[str, ...]]:
        """``dropped_versions`` and ``dropped_runs`` by kind."""
        return {Version.kind: self.dropped_versions, Run.kind: self.dropped_runs}


def realm(event: FileEvent, settings: IdentitySettings) -> str:
    """The host that the event's path belongs to, or ``""`` for a path that all hosts share.

    Where nobody tells the host, it is one that only this activity is known to have run on.
    """
    path = event.path
    declared = [pair for pair in settings.realms if _is_under(path, pair[0])]
    if declared:
        return max(declared, key=lambda pair: len(pair[0].rstrip("/")))[1]
    if event.node is None and event.activity is None:
        return ""
    local = _DRIVE.match(path) or any(_is_under(path, one) for one in settings.local_prefixes)
    if not local:
        return ""
    return event.node or unknown_host(event.activity)


def _is_under(path: str, prefix: str) -> bool:
    """By whole directories."""
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


def event_key(event: FileEvent, settings: IdentitySettings) -> str:
    """Key of the relation that an event produces.

    It is digest(kind, activity, role, realm, path, product).

    Neither time (a record seen "running" and later finished would double) nor the version (which
    re-binding changes) is part of it. That an activity ran is one thing, whatever is said of it.
    """
    if event.kind is EventKind.RUN:
        return digest(json.dumps((event.kind.value, event.path), ensure_ascii=False))
    fields = (
        event.kind.value,
        event.activity,
        event.role,
        realm(event, settings),
        event.path,
        event.product,
    )
    return digest(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))


def resolve(events: Iterable[FileEvent], settings: IdentitySettings) -> Resolution:
    """What the events mean together."""
    return _resolve(latest((event_key(event, settings), event) for event in events), settings)


def resolve_stored(events: Iterable[StoredEvent], settings: IdentitySettings) -> Resolution:
    """What the events of a store mean together; they are told apart by the keys that they have."""
    return _resolve(latest((stored.key, stored.event) for stored in events), settings)


def changes(
    known: Iterable[StoredEvent], new: Iterable[StoredEvent], settings: IdentitySettings
) -> Changes:
    """What a store that holds ``known`` must change when ``new`` arrives.

    Args:
        known: At least the events that `connected` finds for ``new``.
        new: They may be among ``known`` already; what changes nothing is left out.
    """
    held = _by_source(known)
    grown = _by_source([*held.values(), *new])
    added = [stored for mark, stored in grown.items() if held.get(mark) is not stored]
    if not added:
        return Changes()
    before, after = (
        _resolve(latest((stored.key, stored.event) for stored in some.values()), settings)
        for some in (held, grown)
    )
    return difference(before, after, added)


def difference(
    before: Resolution, after: Resolution, statements: Iterable[StoredEvent] = ()
) -> Changes:
    """What turns a store that says ``before`` into one that says ``after``."""
    return Changes(
        statements=tuple(sorted(statements, key=lambda stored: (stored.key, stored.source))),
        versions=tuple(one for _, one in _altered(before.versions, after.versions)),
        runs=tuple(one for _, one in _altered(before.runs, after.runs)),
        bindings=_altered(before.bindings, after.bindings),
        links=_altered(before.links, after.links),
        dropped_versions=_missing(before.versions, after.versions),
        dropped_runs=_missing(before.runs, after.runs),
        dropped_bindings=_missing(before.bindings, after.bindings),
        dropped_links=_missing(before.links, after.links),
    )


def connected(
    new: Iterable[StoredEvent],
    fetch: Callable[[Collection[str], Collection[str]], Iterable[StoredEvent]],
) -> list[StoredEvent]:
    """The stored events that ``new`` can have to do with: what `changes` must know.

    Args:
        fetch: `GraphStore.events`. It is asked for paths and products, counting or not, until
            there is nothing new.
    """
    found: dict[tuple[str, str], list[StoredEvent]] = {}
    strangers: list[StoredEvent] = []
    paths: set[str] = set()
    products: set[str] = set()
    search = Search()
    fresh = list(new)
    while True:
        for one in fresh:
            if one.event.kind is EventKind.RUN:
                search.take(one.event, new=not found)
        files = [one.event for one in fresh if one.event.kind is not EventKind.RUN]
        more_paths = {event.path for event in files} | search.paths
        more_paths |= {
            event.activity for event in files if event.activity and is_run(event.activity)
        }
        more_products = {one.product for one in files if one.product and not is_run(one.activity)}
        more_products |= search.products
        more_paths -= paths
        more_products -= products
        paths |= more_paths
        products |= more_products
        asked = [*strangers]
        if more_paths or more_products:
            asked += fetch(sorted(more_paths), sorted(more_products))
        fresh, strangers = [], []
        for one in asked:
            if one in found.get((one.key, one.source), ()):
                continue
            # what shares only a key is a stranger, as long as it fits nothing that came up
            run = one.event.kind is EventKind.RUN
            if run and one.event.path not in paths and not search.fits(one.event):
                strangers.append(one)
            else:
                found.setdefault((one.key, one.source), []).append(one)
                fresh.append(one)
        if not fresh:
            return [one for mark in sorted(found) for one in found[mark]]


def _resolve(events: Mapping[str, FileEvent], settings: IdentitySettings) -> Resolution:
    joined = join(events)
    places = {key: (realm(event, settings), event.path) for key, event in joined.events.items()}
    logs: dict[tuple[Place, str], Logged] = {}
    for event, logged in joined.logged:
        mark = (realm(event, settings), event.path), event.activity or ""
        known = logs.setdefault(mark, logged)
        logs[mark] = known._replace(versions=known.versions | logged.versions)
    result = resolution(joined.events, places, logs, timedelta(seconds=settings.clock_tolerance_s))
    return replace(
        result,
        runs=joined.runs,
        links=result.links | joined.links,
        findings=result.findings + tuple(joined.findings),
    )


def _by_source(events: Iterable[StoredEvent]) -> dict[tuple[str, str], StoredEvent]:
    """The event that counts for each key and source."""
    chosen: dict[tuple[str, str], StoredEvent] = {}
    for stored in events:
        mark = (stored.key, stored.source)
        other = chosen.setdefault(mark, stored)
        if other is not stored:
            pair = ((stored.key, one.event) for one in (other, stored))
            if latest(pair)[stored.key] is not other.event:
                chosen[mark] = stored
    return chosen


def _altered(before: Mapping[str, T], after: Mapping[str, T]) -> tuple[tuple[str, T], ...]:
    return tuple(
        (key, value)
        for key, value in sorted(after.items())
        if before.get(key) != value or not same_types(before[key].attributes, value.attributes)
    )


def _missing(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(sorted(key for key in before if key not in after))
