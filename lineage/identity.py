"""Which version of a file was meant: from the set of file events to versions and bindings.

Pure: no store, no clock, no order. The result depends on the *set* of events of a connected
component (events that share a path or a counting product id), never on import order or repetition.

A path is not a thing, because tools overwrite files: each generation of a path opens a version, and
each version is one entity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lineage.records import Attributes, FileEvent, Relation
from lineage.subgraph import StoredEvent

DEFAULT_LOCAL_PREFIXES = ("/tmp", "/var/tmp", "/dev/shm", "/scratch", "/Users")
"""Paths under these belong to the host that recorded them (as do drive letters)."""


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """What the user says about paths; part of what a graph's digest is a function of."""

    local_prefixes: tuple[str, ...] = DEFAULT_LOCAL_PREFIXES


@dataclass(frozen=True, slots=True)
class Version:
    """One entity that identity made: a version of a file."""

    identifier: str
    attributes: Attributes
    """prov:location, prov:label, lineage:identified_by, ... : the fold of what its events say."""
    aliases: tuple[str, ...] = ()
    """Weaker identifiers that it is known by, sorted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something contradictory or ambiguous that resolution came upon."""

    kind: str
    message: str
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a set of events means."""

    versions: dict[str, Version] = field(default_factory=dict)
    """By identifier."""
    bindings: dict[str, Relation] = field(default_factory=dict)
    """Event key -> the relation between the activity and the version."""
    links: dict[str, Relation] = field(default_factory=dict)
    """Key -> alternateOf between versions, asserted by identity alone."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two resolutions, and the statements that made it.

    A store applies: ``dropped_bindings`` and ``dropped_links``, ``versions``, ``bindings`` and
    ``links`` (replacing those of the same key), ``dropped_versions`` (kept as stubs where something
    still points at them, kept whole where a source declares them), and ``statements`` last.
    """

    statements: tuple[StoredEvent, ...] = ()
    """Events to keep, each with its source: the truth that resolution is a function of."""
    versions: tuple[Version, ...] = ()
    """New or changed."""
    bindings: tuple[tuple[str, Relation], ...] = ()
    """New or changed, by event key."""
    links: tuple[tuple[str, Relation], ...] = ()
    dropped_versions: tuple[str, ...] = ()
    dropped_bindings: tuple[str, ...] = ()
    dropped_links: tuple[str, ...] = ()


def realm(event: FileEvent, settings: IdentitySettings) -> str:
    """The host that the event's path belongs to, or ``""`` for a path that all hosts share."""
    raise NotImplementedError


def event_key(event: FileEvent, settings: IdentitySettings) -> str:
    """Key of the relation that an event produces.

    It is digest(kind, activity, role, realm, path, product).

    Neither time (a record seen "running" and later finished would double) nor the version (which
    re-binding changes) is part of it.
    """
    raise NotImplementedError


def resolve(events: Iterable[FileEvent], settings: IdentitySettings) -> Resolution:
    """What the events mean together."""
    raise NotImplementedError


def changes(
    known: Iterable[StoredEvent], new: Iterable[StoredEvent], settings: IdentitySettings
) -> Changes:
    """What a store that holds ``known`` must change when ``new`` arrives."""
    raise NotImplementedError
