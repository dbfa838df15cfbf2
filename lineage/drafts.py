"""Versions while they are put together: what many events say of one file, folded.

What we read in a file itself beats what a log had copied out of it; no order of events shows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from lineage import vocabulary as v
from lineage.canonical import encode_attributes
from lineage.identifiers import written_path
from lineage.observations import key_sources, observed
from lineage.places import Place
from lineage.records import (
    ELEMENT_CLASSES,
    Activity,
    Agent,
    Attributes,
    Entity,
    FileEvent,
    Value,
    attributes,
)
from lineage.vocabulary import ElementKind

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """One element that identity made, or has something to say of."""

    identifier: str
    attributes: Attributes
    """The fold of what its events say."""
    aliases: tuple[str, ...] = ()
    """Weaker identifiers that it is known by, sorted."""

    kind: ClassVar[ElementKind]

    @property
    def record(self) -> Entity | Activity | Agent:
        """What it says."""
        return ELEMENT_CLASSES[self.kind.keyword](self.identifier, self.attributes)


@dataclass(frozen=True, slots=True)
class Version(Made):
    """A version of a file: prov:location, prov:label, lineage:identified_by, ..."""

    kind: ClassVar[ElementKind] = ElementKind.ENTITY


@dataclass(frozen=True, slots=True)
class Run(Made):
    """An activity that only a log tells of, or what a log says besides of one that has its id."""

    kind: ClassVar[ElementKind] = ElementKind.ACTIVITY


@dataclass(slots=True)
class Draft:
    """A version while it is being put together."""

    evidence: str
    generated_at: dict[Place, datetime] = field(default_factory=dict)
    seen_at: dict[Place, datetime] = field(default_factory=dict)
    """Where a use or a header found it, and when last."""
    facts: dict[tuple[int, str], Attributes] = field(default_factory=dict)
    """(rank, canonical text) -> what one event says of the file."""
    aliases: set[str] = field(default_factory=set)
    unclear: Place | None = None
    """Where one of several versions was used that it stands for: it is at no place of its own."""

    def tell(self, event: FileEvent, rank: int) -> None:
        """Adds what an event says of the file."""
        if event.attributes:
            text = json.dumps(encode_attributes(event.attributes), ensure_ascii=False)
            self.facts[rank, text] = event.attributes

    def see(self, place: Place, time: datetime | None) -> None:
        """It was found at a place."""
        time = time or _EARLIEST
        self.seen_at[place] = max(time, self.seen_at.get(place, time))

    @property
    def places(self) -> dict[Place, tuple[datetime, bool]]:
        """When it was last known to be at each place, and whether it was written there then."""
        found = {place: (time, True) for place, time in self.generated_at.items()}
        for place, time in self.seen_at.items():
            found[place] = max((time, False), found.get(place, (time, False)))
        return found


def finished(identifier: str, draft: Draft, last: Mapping[Place, str]) -> Version:
    """The version that a draft has become.

    Args:
        identifier: Its IRI.
        draft: All that was said of it.
        last: Place -> the version that is there.
    """

    def preference(place: Place) -> tuple[bool, bool, Place]:
        return last[place] != identifier, place not in draft.generated_at, place

    places = [draft.unclear] if draft.unclear else sorted(draft.places, key=preference)
    facts: dict[str, list[tuple[str, Value]]] = {}
    for mark in sorted(draft.facts):
        said: dict[str, list[tuple[str, Value]]] = defaultdict(list)
        for pair in draft.facts[mark]:
            said[pair[0]].append(pair)
        facts = said | facts
    read = {name: pairs[0][1] for name, pairs in facts.items()}
    location = written_path(places[0][1])
    keys = observed(read, location)
    facts |= {name: [(name, value)] for name, value in keys.items()}
    facts[v.KEY_SOURCE] = [(v.KEY_SOURCE, source) for source in key_sources(keys, read)]
    facts[v.PROV_LOCATION] = [(v.PROV_LOCATION, location)]
    facts[v.IDENTIFIED_BY] = [(v.IDENTIFIED_BY, draft.evidence)]
    paths = {written_path(path) for _, path in places}
    facts[v.FILE_PATHS] = [(v.FILE_PATHS, path) for path in paths] if len(paths) > 1 else []
    gone = all(last[place] != identifier for place in draft.places)
    overwritten = gone and not draft.unclear
    facts[v.OVERWRITTEN] = [(v.OVERWRITTEN, True)] if overwritten else []
    return Version(
        identifier,
        attributes(pair for pairs in facts.values() for pair in pairs),
        tuple(sorted(draft.aliases - {identifier})),
    )
