"""What a check keeps of a graph while it streams by: ends, times and keys, no long attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lineage import vocabulary as v
from lineage.check_findings import listed, shown
from lineage.disk_facts import Facts, first_facts
from lineage.outcome import Ending, ending
from lineage.records import Iri, Value
from lineage.subgraph import StoredElement, StoredRelation
from lineage.vocabulary import ElementKind, RelationKind

Sources = frozenset[str]
"""Keys of sources."""

_NO_SOURCES: Sources = frozenset()
_PLAN = v.PROV + "Plan"
_COLLECTIONS = frozenset({v.PROV + "Collection", v.PROV + "Bundle"})
_KEYS = (v.TELESCOPE, v.RUN, v.DATA_LEVEL, v.PRODUCTION, v.SUBRUN)


@dataclass(frozen=True, slots=True)
class Subrun:
    """Which part of an observation a file is, and at which data level."""

    telescope: str
    run: int
    level: str
    production: str
    """Empty where none is known."""
    number: int


@dataclass(slots=True)
class File:
    """An entity; mostly one version of one file."""

    where: str
    """Its path, else its identifier."""
    evidence: str
    level: str
    paths: tuple[str, ...]
    overwritten: bool
    ordinary: bool
    """It is neither a plan nor a collection, so that somebody may be expected to have made it."""
    subrun: Subrun | None
    facts: Facts
    """What its bytes were like when they were first looked at, else as sources say."""


@dataclass(slots=True)
class Run:
    """An activity."""

    name: str
    identifier: str
    start: datetime | None
    has_end: bool
    ending: Ending | None
    status: str
    """Status and exit code as they were recorded."""


@dataclass(slots=True)
class Stub:
    """An element that relations name and no source declares."""

    identifier: str
    named_by: Counter[str] = field(default_factory=Counter)
    """PROV-N keyword -> relations."""


Ends = dict[str, dict[str, Sources]]
"""Key at one end -> key at the other -> who says so; an absent end is the empty key."""


class Graph:
    """The elements and relations of a store, as far as checks need them."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.runs: dict[str, Run] = {}
        self.stubs: dict[str, Stub] = {}
        self.makers: Ends = {}
        """Entity -> the activities that generated it."""
        self.users: Ends = {}
        """Entity -> the activities that used it."""
        self.products: Ends = {}
        """Activity -> the entities that it generated."""
        self.inputs: dict[str, int] = {}
        """Activity -> how many entities it used."""
        self.derived: dict[str, int] = {}
        """Entity -> how many others were derived from it."""
        self.based: set[str] = set()
        """Entities that were derived from others, or are as some other entity is."""
        self.collections: dict[str, set[str]] = {}
        """Entity -> the collections that it is a member of."""
        self.elements = 0
        self.relations = 0
        self.kept: set[str] = set()
        """Products that another activity lists as its output too."""
        self._gathered: set[str] = set()
        self._told: dict[str, Sources] = {}
        self._unions: dict[tuple[Sources, Sources], Sources] = {}
        self._shared: dict[Sources, Sources] = {}

    def add_element(self, element: StoredElement) -> None:
        """Takes in an element; all come before the relations."""
        self.elements += 1
        self._tell(element.key, self._share(element.sources))
        if element.stub:
            self.stubs[element.key] = Stub(element.identifier)
            return
        kinds = {record.kind for record in element.records}
        if ElementKind.ENTITY in kinds:
            self.files[element.key] = _file(element)
        if ElementKind.ACTIVITY in kinds:
            self.runs[element.key] = _run(element)

    def add_relation(self, stored: StoredRelation) -> None:
        """Takes in a relation."""
        self.relations += 1
        kind = stored.relation.kind
        subject, end = stored.subject_key or "", stored.object_key or ""
        sources = self._share(stored.sources)
        for key in (subject, end):
            self._tell(key, sources)
            if key in self.stubs:
                self.stubs[key].named_by[kind.keyword] += 1
        if kind is RelationKind.GENERATION:
            self._relate(self.makers, subject, end, sources)
            self._relate(self.products, end, subject, sources)
        elif kind is RelationKind.USAGE:
            self._relate(self.users, end, subject, sources)
            self.inputs[subject] = self.inputs.get(subject, 0) + 1
        elif kind is RelationKind.DERIVATION:
            self.derived[end] = self.derived.get(end, 0) + 1
            self.based.add(subject)
        elif kind is RelationKind.SPECIALIZATION:
            self.based.add(subject)
        elif kind is RelationKind.MEMBERSHIP:
            self.collections.setdefault(end, set()).add(subject)
            self._gathered.add(subject)
        elif kind is RelationKind.ALTERNATE:
            if (v.EVIDENCE, "product-kept") in stored.relation.attributes:
                self.kept.add(end)
        elif kind is RelationKind.END and subject in self.runs:
            self.runs[subject].has_end = True

    def is_ordinary(self, key: str) -> bool:
        """An entity that is neither a plan nor a collection."""
        return key not in self._gathered and self.files[key].ordinary

    def made(self, key: str) -> bool:
        """Somebody generated this entity, or a collection that it belongs to."""
        return key in self.makers or any(
            one in self.makers for one in self.collections.get(key, ())
        )

    def told(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The sources that speak of all of these, else of any of them, sorted."""
        said = [self._told.get(key, _NO_SOURCES) for key in keys]
        together = frozenset.intersection(*said) if said else _NO_SOURCES
        return tuple(sorted(together or _NO_SOURCES.union(*said)))

    def name(self, key: str) -> str:
        """An element as messages name it."""
        if key in self.files:
            return shown(self.files[key].where)
        return shown(self.runs[key].name if key in self.runs else key or "an unknown activity")

    def names(self, keys: Iterable[str]) -> str:
        """Some activities as messages name them: ``2 x ctapipe-merge, ctapipe-process``."""
        found = Counter(self.name(key) for key in keys)
        return listed([f"{n:,} x {name}" if n > 1 else name for name, n in sorted(found.items())])

    def _relate(self, ends: Ends, key: str, other: str, sources: Sources) -> None:
        others = ends.setdefault(key, {})
        others[other] = self._union(others.get(other, _NO_SOURCES), sources)

    def _tell(self, key: str, sources: Sources) -> None:
        self._told[key] = self._union(self._told.get(key, _NO_SOURCES), sources)

    def _share(self, sources: Iterable[str]) -> Sources:
        """One object for equal sets: there are few, and very many places that hold them."""
        said = frozenset(sources)
        return self._shared.setdefault(said, said)

    def _union(self, some: Sources, others: Sources) -> Sources:
        if others <= some:
            return some
        if not some:
            return others
        pair = (some, others)
        if pair not in self._unions:
            self._unions[pair] = self._share(some | others)
        return self._unions[pair]


def _first(element: StoredElement, name: str) -> Value | None:
    return next(iter(element.values(name)), None)


def _text(value: Value | None) -> str:
    return "" if value is None else str(getattr(value, "text", value))


def _file(element: StoredElement) -> File:
    said = dict(reversed(element.attributes))
    types = {value.value for value in element.values(v.PROV_TYPE) if isinstance(value, Iri)}
    paths = element.paths
    return File(
        where=paths[0] if paths else element.identifier,
        evidence=_text(said.get(v.IDENTIFIED_BY)),
        level=_text(said.get(v.DATA_LEVEL)),
        paths=paths,
        overwritten=said.get(v.OVERWRITTEN) is True,
        ordinary=not element.is_bundle and _PLAN not in types and not types & _COLLECTIONS,
        subrun=_subrun(said),
        facts=first_facts(element),
    )


def _subrun(said: Mapping[str, Value]) -> Subrun | None:
    telescope, run, level, production, number = (said.get(name) for name in _KEYS)
    if type(run) is not int or type(number) is not int or not isinstance(level, str):
        return None
    return Subrun(_text(telescope), run, level, _text(production), number)


def _run(element: StoredElement) -> Run:
    start = _first(element, v.PROV_START)
    return Run(
        name=element.name,
        identifier=element.identifier,
        start=start if isinstance(start, datetime) else None,
        has_end=_first(element, v.PROV_END) is not None,
        ending=ending(element.attributes),
        status=", ".join(_statuses(element)),
    )


def _statuses(element: StoredElement) -> Iterator[str]:
    for name, value in reversed(element.attributes):
        if name.startswith(v.LINEAGE) and name.endswith((":status", ":exit_code")):
            yield f"{name.rpartition(':')[2].replace('_', ' ')} {shown(_text(value))}"
