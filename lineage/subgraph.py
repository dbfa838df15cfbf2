"""What stores hand out: folded elements, relations, and the subgraph that a query found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lineage import vocabulary as v
from lineage.identifiers import key_of, path_of
from lineage.records import (
    Activity,
    Agent,
    Attributes,
    Bundle,
    Entity,
    FileEvent,
    Record,
    Relation,
    Value,
    attributes,
)
from lineage.vocabulary import ElementKind, RelationKind


@dataclass(frozen=True, slots=True)
class StoredElement:
    """An element as a store holds it: the fold of all that its sources, and identity, say of it."""

    records: tuple[Entity | Activity | Agent, ...]
    """One for each kind that was declared; empty for a stub or a bundle's own node."""
    key: str
    identifier: str
    bundle: str | None
    kinds: frozenset[ElementKind]
    """Declared kinds and those that relations imply."""
    name: str
    is_bundle: bool = False
    aliases: tuple[str, ...] = ()
    """Weaker identifiers that it was known by; references resolve them."""
    sources: tuple[str, ...] = ()
    """Keys of the sources that declare it, sorted; empty where identity alone made it."""
    observed: Attributes = ()
    """What was seen of the file on the disk: no source says it, and no digest depends on it."""

    @property
    def stub(self) -> bool:
        """Only named by relations; declared by nobody."""
        return not self.records and not self.is_bundle

    @property
    def attributes(self) -> Attributes:
        """The attributes of all its kinds together."""
        if len(self.records) == 1:
            return self.records[0].attributes
        return attributes(pair for record in self.records for pair in record.attributes)

    def values(self, name: str) -> tuple[Value, ...]:
        """The values of one attribute, by its IRI."""
        return tuple(value for attribute, value in self.attributes if attribute == name)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths at which it was recorded, location first."""
        found = [
            value
            for name in (v.PROV_LOCATION, v.FILE + "paths")
            for attribute, value in self.attributes
            if attribute == name and isinstance(value, str)
        ]
        own = path_of(self.identifier)
        return tuple(dict.fromkeys([*found, own] if own else found))

    @property
    def kind(self) -> ElementKind | None:
        """The kind to draw it as: of several, entity before activity before agent."""
        return next((kind for kind in ElementKind if kind in self.kinds), None)


@dataclass(frozen=True, slots=True)
class StoredRelation:
    """A relation as a store holds it."""

    key: str
    relation: Relation
    sources: tuple[str, ...] = ()
    """Keys of the sources that assert it, sorted; empty where identity alone made it."""

    @property
    def subject_key(self) -> str | None:
        """Key of the subject's element."""
        subject = self.relation.subject
        return None if subject is None else key_of(subject, self.relation.bundle)

    @property
    def object_key(self) -> str | None:
        """Key of the object's element."""
        end = self.relation.object
        return None if end is None else key_of(end, self.relation.bundle)


def is_observed(stored: StoredRelation) -> bool:
    """It rests on what was seen on the disk alone, and is outside of exports and digests."""
    relation = stored.relation
    return (
        relation.kind is RelationKind.ALTERNATE
        and not stored.sources
        and relation.values(v.EVIDENCE) == (v.CONTENT_EVIDENCE,)
    )


def is_guess(stored: StoredRelation) -> bool:
    """Nobody says so; it was guessed while somebody looked, and is outside of exports too."""
    relation = stored.relation
    return (
        relation.kind is RelationKind.ALTERNATE
        and not stored.sources
        and relation.values(v.EVIDENCE) == (v.GUESS_EVIDENCE,)
    )


def relation_order(stored: StoredRelation) -> tuple[str, str, str, str]:
    """Sort key of relations in a whole store: by subject, then kind, then object."""
    subject, end = stored.subject_key or "", stored.object_key or ""
    return subject, stored.relation.kind.keyword, end, stored.key


@dataclass(frozen=True, slots=True)
class Subgraph:
    """What a query found: elements nearest first, their relations, and how much was left out."""

    elements: tuple[StoredElement, ...]
    relations: tuple[StoredRelation, ...]
    found: int
    """Elements that the query reached, shown or not."""
    start: str | None = None
    """Key of the element that it started from."""
    depths: dict[str, int] = field(default_factory=dict)
    """Element key -> relations crossed from the start."""
    hidden: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Element key -> (influencing, influenced) neighbours in the store that are not among the
    elements, where the query counted them."""

    @property
    def truncated(self) -> bool:
        """Something was found that is not among ``elements``."""
        return self.found > len(self.elements)

    def records(self) -> Iterator[Record]:
        """Its PROV records: bundles, elements, relations."""
        for element in self.elements:
            if element.is_bundle:
                yield Bundle(element.identifier)
        for element in self.elements:
            yield from element.records
        for stored in self.relations:
            if not is_observed(stored) and not is_guess(stored):
                yield stored.relation


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A file event as a store holds it, with the relation that it produced."""

    key: str
    """Key of the relation: see `lineage.identity.event_key`."""
    source: str
    event: FileEvent


@dataclass(frozen=True, slots=True)
class Observations:
    """What was seen on the disk; no source says it, and it is outside of exports and digests."""

    elements: tuple[tuple[str, Attributes], ...] = ()
    """Element key -> what was seen, in place of all that was seen of it before."""
    links: tuple[tuple[str, Relation], ...] = ()
    """Key -> alternateOf between two files of the same content."""
    dropped_links: tuple[str, ...] = ()
