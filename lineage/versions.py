"""Versions of files, and which of them each use and generation meant.

The second half of identity: from generations to versions, bindings and findings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from lineage import vocabulary as v
from lineage.canonical import relation_key
from lineage.clocks import moment
from lineage.drafts import Draft, Made, Run, Version, finished
from lineage.generations import Generation, Logs, declared_evidence, generations
from lineage.identifiers import written_path
from lineage.path_findings import MOST_NAMED, Finding, hostless, incomparable, overlapping
from lineage.places import UNKNOWN_HOST, Place, place_evidence, place_iri, product_iri, unclear_iri
from lineage.records import EventKind, FileEvent, Relation, attributes
from lineage.timelines import Timelines
from lineage.vocabulary import RelationKind

__all__ = ["Finding", "Made", "Resolution", "Run", "Version", "resolution"]

UNCLEAR = "unclear"
"""Evidence of what is one of several versions, and nothing tells which."""

_NOT_AGAIN = "inferred: parts of the run that were not done again are in it as they were"
_EARLIEST = datetime.min.replace(tzinfo=UTC)


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
    tolerance: timedelta = timedelta(0),
) -> Resolution:
    """What the events mean together.

    Args:
        events: One event for each key; see `lineage.latest_events.latest`.
        places: Event key -> where it happened.
        logs: What logs say of them besides.
        tolerance: How far the clocks of two hosts may disagree.
    """
    return _Resolving(events, places, logs, tolerance).run()


class _Resolving:
    """One resolution under way; every part of it is a set or keyed, so no order can show."""

    def __init__(
        self,
        events: Mapping[str, FileEvent],
        places: Mapping[str, Place],
        logs: Logs,
        tolerance: timedelta,
    ) -> None:
        self.events = events
        self.places = places
        self.logs = logs
        self.written = generations(events, self.places, logs)
        self.timelines = Timelines(events, places, self.written, tolerance, logs)
        self.named: dict[str, tuple[str, str]] = {}
        """Key of a use that names a product -> the version that it meant, and the evidence."""
        self.drafts: dict[str, Draft] = {}
        self.bindings: dict[str, Relation] = {}
        self.links: dict[str, Relation] = {}
        self.findings: list[Finding] = []
        self.unbound: dict[Place, int] = defaultdict(int)
        self.strays: set[tuple[Place, str, datetime | None]] = set()
        """Products that headers tell of where nobody is known to have written them."""

    def run(self) -> Resolution:
        """The stages, in order."""
        for ones in self.written.at.values():
            for one in ones:
                self._open(one)
                self._derive(one)
        for key, event in self.events.items():
            if event.kind is EventKind.STATE:
                self._attach(key, event)
            elif event.kind is EventKind.USE and event.product in self.written.products:
                self.named[key] = self._used_product(event, event.product or "", self.places[key])
        self.timelines.close()
        for key, event in self.events.items():
            if event.kind is not EventKind.STATE:
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

    def _draft(self, identifier: str, evidence: str) -> Draft:
        draft = self.drafts.get(identifier)
        if draft is None:
            draft = self.drafts[identifier] = Draft(evidence)
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
            here = {
                one.identifier
                for one in self.written.carriers.get(event.product, [])
                if one.place == place
            }
            # of several that kept its id here, it tells what they have in common
            iri = here.pop() if len(here) == 1 else product_iri(event.product)
            draft = self._draft(iri, "product")
            draft.see(place, created)
            self._stray(event.product, place, created)
        elif event.activity is None and created is None and place in self.written.at:
            # the file as it is now, of no known date: what was written there last
            draft = self._draft(self.written.at[place][-1].identifier, "generation")
        else:
            draft = self._draft(place_iri(place), place_evidence(place))
            draft.see(place, None)
        # what we read in the file itself beats what a log had copied out of it
        draft.tell(event, 0)

    def _stray(self, product: str, place: Place, created: datetime | None) -> None:
        """A header is where nobody is known to have written it: since when is unknown."""
        ones = self.written.carriers.get(product, [])
        if all(one.place != place for one in ones):
            self.timelines.keep(place, product_iri(product), self.written.created.get(product))
            self.strays.add((place, product, created))

    def _bind(self, key: str, event: FileEvent) -> None:
        """A use or generation becomes a relation to the version that it meant."""
        one, place = self.written.by_key.get(key), self.places[key]
        evidence = declared_evidence(event)
        if one is None and evidence is not None and event.kind is EventKind.GENERATION:
            return  # others say outright who generated the path, and it was not then
        if one is not None:
            found = one.identifier
            evidence = evidence or ("product" if one.product else "generation")
        elif key in self.named:
            found, evidence = self.named[key]
        else:
            meant = self._meant(event, place, evidence)
            if meant is None:
                return  # what was only deduced makes no entity
            found, evidence = meant
        draft = self._draft(found, "product" if found.startswith(product_iri("")) else evidence)
        if evidence == UNCLEAR:
            draft.unclear = place
        elif evidence in ("path", "iri"):
            draft.see(place, None)
        elif event.kind is EventKind.USE and evidence == "product":
            draft.see(place, moment(event.start))
        rank = 1 if event.kind is EventKind.GENERATION else 2
        draft.tell(event, rank)
        if one is not None and one.product and found != product_iri(one.product):
            self._draft(product_iri(one.product), "product").tell(event, 3)
        self.bindings[key] = _relation(event, found, evidence)

    def _meant(self, event: FileEvent, place: Place, deduced: str | None) -> tuple[str, str] | None:
        """What a use meant that names no product."""
        meant = self.timelines.meant(event, place)
        if meant.identifier is not None:
            self._overlaps(event, place, meant.identifier)
            return meant.identifier, deduced or "path+time"
        if meant.candidates:
            text = f"{place[1]}: {event.activity} used one of {len(meant.candidates)} versions of "
            text += "it, or one before them, and nothing tells which."
            found = self._unclear(event, place, "ambiguous-use", text, meant.candidates)
            return None if deduced else found
        if deduced:
            return None
        others = self.written.at.get(place, [])
        self.unbound[place] += any(event.activity not in other.activities for other in others)
        return place_iri(place), place_evidence(place)

    def _overlaps(self, event: FileEvent, place: Place, found: str) -> None:
        """Says where a path was being written while an activity that used it ran."""
        others = [one for one in self.timelines.written_meanwhile(event, place) if one != found]
        if others:
            text = f"{place[1]}: {event.activity} used it, and while that ran {len(others)} other "
            text += "versions were written there. Taken for what was there when it began."
            ids = (found, event.activity or "", *others[:MOST_NAMED])
            self.findings.append(Finding("read-while-written", text, ids))

    def _unclear(
        self,
        event: FileEvent,
        place: Place,
        kind: str,
        text: str,
        candidates: tuple[str, ...],
        product: str | None = None,
    ) -> tuple[str, str]:
        """An entity of its own for what was used, as long as nothing tells which version it was."""
        identifier = unclear_iri(place, event.activity or "", product)
        ids = (identifier, event.activity or "", *candidates[:MOST_NAMED])
        self.findings.append(Finding(kind, text, ids))
        return identifier, UNCLEAR

    def _used_product(self, event: FileEvent, product: str, place: Place) -> tuple[str, str]:
        """The version that carried a product, if no cycle comes of it."""
        ones = self.written.carriers.get(product, [])
        original = product_iri(product)
        rewriter = self.timelines.rewriter(event, product, place)
        meant = self.timelines.carrier(product, event, place)
        found = meant.identifier or (None if meant.candidates else original)
        if found is None or rewriter is not None:
            versions = meant.candidates or (original if found is None else found,)
            if rewriter is not None:
                versions = tuple(sorted({*versions, rewriter.identifier}))
            text = f"{place[1]}: {event.activity} used product {product}, which {len(versions)} "
            text += "versions may carry, and nothing tells which it was."
            unclear = self._unclear(event, place, "ambiguous-use", text, versions, product)
        elif all(one.precedes(event) for one in ones if one.identifier == found):
            self.timelines.see(place, found, event)
            return found, "product"
        else:
            text = f"{place[1]}: {event.activity} lists product {product} as its input, which it, "
            text += "or an activity that ended later, generated. Bound to neither."
            unclear = self._unclear(event, place, "product-later", text, (original,), product)
        self.timelines.see(place, unclear[0], event, unclear=True)
        return unclear

    def _find(self) -> None:
        """Says what was ambiguous about paths."""
        for place, count in self.unbound.items():
            if count:
                text = f"{place[1]}: used before any known generation of it had ended ({count} "
                text += "uses). Bound to the path alone."
                self.findings.append(Finding("unbound-use", text, (place_iri(place),)))
        self.findings += hostless(self.places, self.bindings)
        nodes: dict[Place, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for key, event in self.events.items():
            told = event.kind is EventKind.GENERATION and not self.places[key][0] and event.node
            if told and not told.startswith(UNKNOWN_HOST):
                one = self.written.by_key.get(key)
                nodes[self.places[key]][one.identifier if one else ""].add(told)
        for place, hosts in nodes.items():
            names = set().union(*hosts.values())
            # several hosts may write one version together
            if len(names) > 1 and not set.intersection(*hosts.values()):
                text = f"{place[1]}: generated on {len(names)} hosts ({', '.join(sorted(names))}), "
                text += "taken for one file. If each has its own, name its directory in the "
                text += "setting local_prefixes or realms."
                ids = sorted({one.identifier for one in self.written.at.get(place, [])})
                self.findings.append(Finding("shared-path", text, tuple(ids)))
        for place, product, created in self.strays:
            later = self.timelines.since(place, product_iri(product), created)
            if later:
                text = (
                    f"{place[1]}: product {product}, made elsewhere, was found there, and others "
                )
                text += f"were there since it was made ({len(later)}). Which of them was there "
                text += "last cannot be told."
                named = product_iri(product), *later[:MOST_NAMED]
                self.findings.append(Finding("unclear-order", text, named))
        for place, ones in self.written.at.items():
            self._find_simultaneous(place, ones)
            self.findings += overlapping(place, ones)
            self.findings += incomparable(place, self.timelines)

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
        times: dict[Place, tuple[tuple[datetime, bool], str]] = {}
        for identifier, draft in self.drafts.items():
            for place, time in draft.places.items():
                times[place] = max((time, identifier), times.get(place, (time, identifier)))
        last = {place: identifier for place, (_, identifier) in times.items()}
        for place, identifier in last.items():
            weak = place_iri(place)
            if weak not in self.drafts:
                self.drafts[identifier].aliases.add(weak)
        versions = {
            identifier: finished(identifier, draft, last)
            for identifier, draft in self.drafts.items()
        }
        return versions, last


def _finding_order(one: Finding) -> tuple[str, tuple[str, ...], str]:
    return one.kind, one.identifiers, one.message


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
