"""Versions of files, and which of them each use and generation meant.

The second half of identity: from generations to versions, bindings and findings.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import ClassVar

from lineage import vocabulary as v
from lineage.canonical import encode_attributes, relation_key
from lineage.clocks import moment
from lineage.generations import Generation, Logs, declared_evidence, generations
from lineage.identifiers import written_path
from lineage.observations import key_sources, observed
from lineage.places import Place, place_evidence, place_iri, product_iri
from lineage.records import (
    ELEMENT_CLASSES,
    Activity,
    Agent,
    Attributes,
    Entity,
    EventKind,
    FileEvent,
    Relation,
    Value,
    attributes,
)
from lineage.vocabulary import ElementKind, RelationKind

_NOT_AGAIN = "inferred: parts of the run that were not done again are in it as they were"
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
    runs: dict[str, Run] = field(default_factory=dict)
    """By identifier."""
    bindings: dict[str, Relation] = field(default_factory=dict)
    """Event key -> the relation between the activity and the version."""
    links: dict[str, Relation] = field(default_factory=dict)
    """Key -> relation between versions, or of a run, asserted by identity alone."""
    findings: tuple[Finding, ...] = ()
    holders: dict[Place, str] = field(default_factory=dict)
    """Where -> the version that is there now, as far as is known."""


def resolution(
    events: Mapping[str, FileEvent],
    places: Mapping[str, Place],
    logs: Logs = MappingProxyType({}),
) -> Resolution:
    """What the events mean together.

    Args:
        events: One event for each key; see `lineage.latest_events.latest`.
        places: Event key -> where it happened.
        logs: What logs say of them besides.
    """
    return _Resolving(events, places, logs).run()


@dataclass(slots=True)
class _Draft:
    """A version while it is being put together."""

    evidence: str
    generated_at: dict[Place, datetime] = field(default_factory=dict)
    seen_at: dict[Place, datetime] = field(default_factory=dict)
    """Where a use or a header found it, and when first."""
    facts: dict[tuple[int, str], Attributes] = field(default_factory=dict)
    """(rank, canonical text) -> what one event says of the file."""
    aliases: set[str] = field(default_factory=set)

    def tell(self, event: FileEvent, rank: int) -> None:
        """Adds what an event says of the file."""
        if event.attributes:
            text = json.dumps(encode_attributes(event.attributes), ensure_ascii=False)
            self.facts[rank, text] = event.attributes

    def see(self, place: Place, time: datetime | None) -> None:
        """It was found at a place."""
        time = time or _EARLIEST
        self.seen_at[place] = min(time, self.seen_at.get(place, time))

    @property
    def places(self) -> dict[Place, datetime]:
        """Since when it was at each place."""
        return {**self.seen_at, **self.generated_at}


class _Resolving:
    """One resolution under way; every part of it is a set or keyed, so no order can show."""

    def __init__(
        self, events: Mapping[str, FileEvent], places: Mapping[str, Place], logs: Logs
    ) -> None:
        self.events = events
        self.places = places
        self.logs = logs
        self.written = generations(events, self.places, logs)
        self.drafts: dict[str, _Draft] = {}
        self.bindings: dict[str, Relation] = {}
        self.links: dict[str, Relation] = {}
        self.findings: list[Finding] = []
        self.unbound: dict[Place, int] = defaultdict(int)

    def run(self) -> Resolution:
        """The stages, in order."""
        for ones in self.written.at.values():
            for one in ones:
                self._open(one)
                self._derive(one)
        for key, event in self.events.items():
            if event.kind is EventKind.STATE:
                self._attach(key, event)
            else:
                self._bind(key, event)
        self._find()
        versions, holders = self._versions()
        return Resolution(
            versions=versions,
            bindings=self.bindings,
            links=self.links,
            findings=tuple(sorted(self.findings, key=_finding_order)),
            holders=holders,
        )

    def _draft(self, identifier: str, evidence: str) -> _Draft:
        draft = self.drafts.get(identifier)
        if draft is None:
            draft = self.drafts[identifier] = _Draft(evidence)
        return draft

    def _open(self, one: Generation) -> None:
        """A generation opens a version, or says again where its product is."""
        draft = self._draft(one.identifier, "product" if one.product else "generation")
        draft.generated_at[one.place] = one.end or _EARLIEST
        if one.principal:
            logged = (self.logs.get((one.place, activity)) for activity in one.activities)
            draft.aliases.update(*(said.versions for said in logged if said is not None))
        if one.product is None or one.name is None:
            return
        if one.principal:
            draft.aliases.add(place_iri(one.place, one.name))
        original = product_iri(one.product)
        if one.identifier == original:
            return
        self._draft(original, "product").see(one.place, None)
        link = Relation(
            RelationKind.ALTERNATE,
            one.identifier,
            original,
            attributes=((v.EVIDENCE, "product-kept"),),
        )
        self.links[relation_key(link)] = link
        text = f"{one.place[1]}: {one.name} lists product {one.product} as its output, which "
        text += "was there before it started or is another activity's. Taken for a version of it."
        ids = (one.identifier, original, *sorted(one.activities))
        self.findings.append(Finding("product-kept", text, ids))

    def _derive(self, one: Generation) -> None:
        """Where only parts of a work were done again, the version before is in the next."""
        for other in self.written.at[one.place] if one.after is not None else ():
            if other.name == one.after and other.rank < one.rank:
                link = Relation(
                    RelationKind.DERIVATION,
                    one.identifier,
                    other.identifier,
                    attributes=((v.EVIDENCE, _NOT_AGAIN),),
                )
                self.links[relation_key(link)] = link

    def _attach(self, key: str, event: FileEvent) -> None:
        """A header belongs to the generation that it joined, to its product, or to its path."""
        one, place = self.written.by_key.get(key), self.places[key]
        created = moment(event.product_created or event.stop)
        if one is not None:
            draft = self._draft(one.identifier, "product")
        elif event.product is not None:
            draft = self._draft(product_iri(event.product), "product")
            draft.see(place, created)
        elif event.activity is None and created is None and place in self.written.at:
            # the file as it is now, of no known date: what was written there last
            draft = self._draft(self.written.at[place][-1].identifier, "generation")
        else:
            draft = self._draft(place_iri(place), place_evidence(place))
            draft.see(place, None)
        # what we read in the file itself beats what a log had copied out of it
        draft.tell(event, 0)

    def _bind(self, key: str, event: FileEvent) -> None:
        """A use or generation becomes a relation to the version that it meant."""
        one, place = self.written.by_key.get(key), self.places[key]
        evidence = declared_evidence(event)
        if one is None and evidence is not None and event.kind is EventKind.GENERATION:
            return  # others say outright who generated the path, and it was not then
        if one is not None:
            found = one.identifier
            evidence = evidence or ("product" if one.product else "generation")
        elif event.product is not None and event.product in self.written.products:
            found, evidence = self._used_product(event, event.product, place)
        else:
            logged = self.logs.get((place, event.activity or ""))
            offset = None if logged is None else logged.offset
            generation = self.written.last_before(event, self.written.at.get(place, []), offset)
            if generation is not None:
                found, evidence = generation.identifier, evidence or "path+time"
            elif evidence is not None:
                return  # what was only deduced makes no entity
            else:
                found, evidence = place_iri(place), place_evidence(place)
                others = self.written.at.get(place, [])
                self.unbound[place] += any(
                    event.activity not in other.activities for other in others
                )
        draft = self._draft(found, evidence)
        if evidence in ("path", "iri"):
            draft.see(place, None)
        elif event.kind is EventKind.USE and evidence == "product":
            draft.see(place, moment(event.start))
        rank = 1 if event.kind is EventKind.GENERATION else 2
        draft.tell(event, rank)
        if one is not None and one.product and found != product_iri(one.product):
            self._draft(product_iri(one.product), "product").tell(event, 3)
        self.bindings[key] = _relation(event, found, evidence)

    def _used_product(self, event: FileEvent, product: str, place: Place) -> tuple[str, str]:
        """The last version that carried a product, if no cycle comes of it."""
        ones = self.written.carriers.get(product, [])
        carrier = self.written.last_before(event, ones)
        if carrier is not None:
            return carrier.identifier, "product"
        original = product_iri(product)
        if all(one.precedes(event) for one in ones if one.identifier == original):
            return original, "product"
        text = f"{place[1]}: {event.activity} lists product {product} as its input, which it, or "
        text += "an activity that ended later, generated. Bound to the path alone."
        ids = (place_iri(place), original, event.activity or "")
        self.findings.append(Finding("product-later", text, ids))
        return place_iri(place), place_evidence(place)

    def _find(self) -> None:
        """Says what was ambiguous about paths."""
        for place, count in self.unbound.items():
            if count:
                text = f"{place[1]}: used before any known generation of it had ended, or at no "
                text += f"known time or zone ({count} uses). Bound to the path alone."
                self.findings.append(Finding("unbound-use", text, (place_iri(place),)))
        nodes: dict[Place, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for key, event in self.events.items():
            if event.kind is EventKind.GENERATION and event.node and not self.places[key][0]:
                one = self.written.by_key.get(key)
                nodes[self.places[key]][one.identifier if one else ""].add(event.node)
        for place, hosts in nodes.items():
            names = set().union(*hosts.values())
            # several hosts may write one version together
            if len(names) > 1 and not set.intersection(*hosts.values()):
                text = f"{place[1]}: generated on {len(names)} hosts ({', '.join(sorted(names))}), "
                text += "taken for one file. If each has its own, name its directory in the "
                text += "setting local_prefixes."
                ids = sorted({one.identifier for one in self.written.at.get(place, [])})
                self.findings.append(Finding("shared-path", text, tuple(ids)))
        for place, ones in self.written.at.items():
            self._find_simultaneous(place, ones)

    def _find_simultaneous(self, place: Place, ones: list[Generation]) -> None:
        """Says where several activities wrote a path and were done at one time."""
        by_end: dict[datetime, list[Generation]] = defaultdict(list)
        for one in ones:
            if one.end is not None and one.name is not None:
                by_end[one.end].append(one)
        for end, several in by_end.items():
            ids = sorted({one.identifier for one in several})
            if len(ids) > 1 and len({one.name for one in several}) > 1:
                activities = frozenset[str]().union(*(one.activities for one in several))
                text = (
                    f"{place[1]}: generated by {len(activities)} activities that ended at the same "
                )
                text += f"instant ({end.isoformat()}). Taken in the order of their identifiers."
                self.findings.append(Finding("same-instant", text, tuple(ids)))

    def _versions(self) -> tuple[dict[str, Version], dict[Place, str]]:
        """The drafts as versions, and which of them each place holds now."""
        last: dict[Place, tuple[datetime, str]] = {}
        for identifier, draft in self.drafts.items():
            for place, time in draft.places.items():
                last[place] = max((time, identifier), last.get(place, (time, identifier)))
        for place, (_, identifier) in last.items():
            weak = place_iri(place)
            if weak not in self.drafts:
                self.drafts[identifier].aliases.add(weak)
        versions = {
            identifier: _version(identifier, draft, last)
            for identifier, draft in self.drafts.items()
        }
        return versions, {place: identifier for place, (_, identifier) in last.items()}


def _finding_order(one: Finding) -> tuple[str, tuple[str, ...], str]:
    return one.kind, one.identifiers, one.message


def _version(identifier: str, draft: _Draft, last: Mapping[Place, tuple[datetime, str]]) -> Version:
    def preference(place: Place) -> tuple[bool, bool, Place]:
        return last[place][1] != identifier, place not in draft.generated_at, place

    places = sorted(draft.places, key=preference)
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
    overwritten = all(last[place][1] != identifier for place in places)
    facts[v.OVERWRITTEN] = [(v.OVERWRITTEN, True)] if overwritten else []
    return Version(
        identifier,
        attributes(pair for pairs in facts.values() for pair in pairs),
        tuple(sorted(draft.aliases - {identifier})),
    )


def _relation(event: FileEvent, version: str, evidence: str) -> Relation:
    items = [pair for pair in event.relation_attributes if pair[0] != v.IDENTIFIED_BY]
    items += [(v.IDENTIFIED_BY, evidence), (v.RECORDED_PATH, written_path(event.path))]
    if event.role is not None:
        items.append((v.PROV_ROLE, event.role))
    if event.product is not None:
        items.append((v.RECORDED_PRODUCT, event.product))
    if event.kind is EventKind.USE:
        return Relation(RelationKind.USAGE, event.activity, version, attributes=attributes(items))
    return Relation(RelationKind.GENERATION, version, event.activity, attributes=attributes(items))
