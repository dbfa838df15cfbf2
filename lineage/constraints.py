"""Whether records can be true together: the constraints of PROV-CONSTRAINTS.

Each bundle, and what stands outside of bundles, is an instance of its own. What PROV leaves
unsaid (an end that is absent, an identifier that is not given) is a term that may become equal to
any other; where two different things would have to be the same one, a constraint is violated.

Source: PROV-CONSTRAINTS (W3C Recommendation, 30 April 2013); numbers are those of its constraints.
Unique mentions: PROV-Links (W3C Note, 30 April 2013).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lineage import vocabulary as v
from lineage.clocks import moment
from lineage.event_order import EventOrder
from lineage.records import Activity, Bundle, Element, Iri, Record, Relation
from lineage.vocabulary import RelationKind

EMPTY_COLLECTION = v.PROV + "EmptyCollection"
"""The only type that constraints ask about; `violations` needs no others, nor roles or labels."""
_MAY_BE_ABSENT = {
    RelationKind.ASSOCIATION: {"plan"},
    RelationKind.DELEGATION: {"activity"},
    RelationKind.DERIVATION: {"activity", "generation", "usage"},
}
"""Ends whose absence says that there is none; other absent ends only are not told."""
_OPTIONAL = frozenset(
    {
        (RelationKind.USAGE, "entity"),
        (RelationKind.GENERATION, "activity"),
        (RelationKind.INVALIDATION, "activity"),
        (RelationKind.START, "trigger"),
        (RelationKind.END, "trigger"),
        (RelationKind.ASSOCIATION, "agent"),
        (RelationKind.DELEGATION, "responsible"),
    }
)
"""First and second ends that PROV-DM lets a statement leave out."""
MANDATORY = 0
"""In `Violation.constraint`: an end is absent that PROV-DM (5.1 to 5.6) wants."""
_NO_OVERLAP = frozenset(RelationKind) - {
    RelationKind.INFLUENCE,
    RelationKind.SPECIALIZATION,
    RelationKind.ALTERNATE,
    RelationKind.MENTION,
    RelationKind.MEMBERSHIP,
}
"""Relations of which no two may share an identifier (constraint 53)."""
_UNIQUE_BY = {
    RelationKind.GENERATION: (24, ("entity", "activity")),
    RelationKind.INVALIDATION: (25, ("entity", "activity")),
    RelationKind.START: (26, ("activity", "starter")),
    RelationKind.END: (27, ("activity", "ender")),
}
"""Relation -> constraint, and the ends that there is only one of them for."""


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One constraint that some records do not keep."""

    constraint: int
    """Its number in PROV-CONSTRAINTS, or `MANDATORY`."""
    message: str
    identifiers: tuple[str, ...]
    """What it is about, sorted."""
    bundle: str | None = None


def violations(records: Iterable[Record]) -> list[Violation]:
    """Every violated constraint, sorted; records in any order."""
    instances: dict[str | None, list[Element | Relation]] = defaultdict(list)
    for record in records:
        if not isinstance(record, Bundle):
            instances[record.bundle].append(record)
    found: set[Violation] = set()
    for bundle, members in instances.items():
        found |= set(_Instance(bundle).check(members))
    return sorted(found, key=lambda one: (one.bundle or "", one))


class _Clash(Exception):
    """Two different things would have to be the same."""


@dataclass(eq=False, slots=True)
class _Unknown:
    """A term that PROV leaves open."""

    value: _Term | None = None
    """What it was found to be."""


class _Absent:
    """There is no such thing: ``-`` in PROV-N."""


_ABSENT = _Absent()
_Term = str | datetime | _Unknown | _Absent


def _known(term: _Term) -> _Term:
    while isinstance(term, _Unknown) and term.value is not None:
        term = term.value
    return term


def _unify(one: _Term, other: _Term) -> bool:
    """Makes two terms the same; whether that was new."""
    one, other = _known(one), _known(other)
    if one is other or one == other:
        return False
    if isinstance(one, _Unknown):
        # what may be anything may not be nothing: an absent plan is known to be none
        if isinstance(other, _Absent):
            raise _Clash
        one.value = other
        return True
    if isinstance(other, _Unknown):
        return _unify(other, one)
    raise _Clash


@dataclass(eq=False, slots=True)
class _Statement:
    """A relation with all its terms."""

    kind: RelationKind
    identifier: _Term
    ends: dict[str, _Term]
    time: _Term

    def names(self) -> tuple[str, ...]:
        """Identifiers of what it relates, as far as they are known."""
        terms = (_known(term) for term in (self.identifier, *self.ends.values()))
        return tuple(sorted({term for term in terms if isinstance(term, str)}))

    def text(self) -> str:
        return f"{self.kind.keyword}({', '.join(self.names())})"


class _Instance:
    """The statements of one bundle, or those outside of bundles."""

    def __init__(self, bundle: str | None) -> None:
        self._bundle = bundle
        self._found: list[Violation] = []
        self._times: dict[str, tuple[_Term, _Term]] = {}
        self._statements: list[_Statement] = []
        self._kinds: dict[str, set[str]] = defaultdict(set)
        self._declared: set[str] = set()
        self._empty: set[str] = set()

    def check(self, records: Iterable[Element | Relation]) -> Iterator[Violation]:
        """The violations among these records."""
        for record in records:
            if isinstance(record, Relation):
                self._relate(record)
            else:
                self._declare(record)
        self._statements += list(self._inferred())
        self._unique()
        self._impossible()
        self._ordered()
        yield from self._found

    def _tell(self, constraint: int, message: str, identifiers: Iterable[str]) -> None:
        names = tuple(sorted(set(identifiers)))
        self._found.append(Violation(constraint, message, names, self._bundle))

    def _declare(self, record: Element) -> None:
        self._kinds[record.identifier].add(record.kind.keyword)
        self._declared.add(record.identifier)
        if Iri(EMPTY_COLLECTION) in record.values(v.PROV_TYPE):
            self._empty.add(record.identifier)
        if isinstance(record, Activity):
            said = (_time(record.values(v.PROV_START)), _time(record.values(v.PROV_END)))
            known = self._times.setdefault(record.identifier, said)
            for one, other, what in zip(known, said, ("start", "end"), strict=True):
                try:
                    _unify(one, other)
                except _Clash:
                    self._tell(
                        22,
                        f"{record.identifier} is declared with two {what} times "
                        f"({one} and {other}).",
                        [record.identifier],
                    )

    def _relate(self, relation: Relation) -> None:
        row = relation.kind.value
        open_ends = _MAY_BE_ABSENT.get(relation.kind, set())
        ends: dict[str, _Term] = {}
        for end, value in ((row.subject, relation.subject), (row.object, relation.object)):
            ends[end.name] = _Unknown() if value is None else value
            if value is None and (relation.kind, end.name) not in _OPTIONAL:
                self._tell_absent(relation, end.name)
        for end in row.further:
            values = relation.values(v.PROV + end.name)
            given = next((one.value for one in values if isinstance(one, Iri)), None)
            ends[end.name] = given or (_ABSENT if end.name in open_ends else _Unknown())
            if given is None and relation.kind is RelationKind.MENTION:
                self._tell_absent(relation, end.name)
        if relation.kind is RelationKind.DERIVATION and ends["activity"] is not _ABSENT:
            for name in ("generation", "usage"):
                ends[name] = _Unknown() if ends[name] is _ABSENT else ends[name]
        statement = _Statement(
            relation.kind, relation.identifier or _Unknown(), ends, _time([relation.time])
        )
        for end in (row.subject, row.object, *row.further):
            term = ends[end.name]
            if isinstance(term, str) and end.kind is not None:
                self._kinds[term].add(end.kind.keyword)
        self._statements.append(statement)

    def _tell_absent(self, relation: Relation, end: str) -> None:
        names = [n for n in (relation.identifier, relation.subject, relation.object) if n]
        text = f"{relation.kind.keyword}({', '.join(names)}) does not say its {end}."
        self._tell(MANDATORY, text, names)

    def _inferred(self) -> Iterator[_Statement]:
        """Statements that follow from others (inferences 9, 10, 11 and 14)."""
        for one in self._statements:
            ends = one.ends
            if one.kind in (RelationKind.START, RelationKind.END):
                by = ends["starter" if one.kind is RelationKind.START else "ender"]
                yield _generation(_Unknown(), ends["trigger"], by)
            elif one.kind is RelationKind.DERIVATION and ends["activity"] is not _ABSENT:
                yield _generation(ends["generation"], ends["generatedEntity"], ends["activity"])
                used = {"activity": ends["activity"], "entity": ends["usedEntity"]}
                yield _Statement(RelationKind.USAGE, ends["usage"], used, _Unknown())
            elif one.kind is RelationKind.DELEGATION and ends["activity"] is not _ABSENT:
                for agent in (ends["delegate"], ends["responsible"]):
                    acted = {"activity": ends["activity"], "agent": agent, "plan": _Unknown()}
                    yield _Statement(RelationKind.ASSOCIATION, _Unknown(), acted, _Unknown())

    def _unique(self) -> None:
        """Keys and uniqueness (23 to 29), until nothing more becomes equal."""
        clashed: set[tuple[int, int]] = set()
        changed = True
        while changed:
            changed = False
            for number, groups in self._groups():
                for group in groups.values():
                    first = group[0]
                    for other in group[1:]:
                        if (id(first), id(other)) not in clashed:
                            try:
                                changed |= self._merge(first, other)
                            except _Clash:
                                clashed.add((id(first), id(other)))
                                text = f"{first.text()} and {other.text()} must be the same, and "
                                text += "differ in an end, an identifier or their time."
                                self._tell(number, text, (*first.names(), *other.names()))
        self._activity_times()
        self._mentions()

    def _groups(self) -> Iterator[tuple[int, dict[tuple[object, ...], list[_Statement]]]]:
        """Statements that must be the same one, with the constraint that says so."""
        by_key: dict[tuple[object, ...], list[_Statement]] = defaultdict(list)
        for one in self._statements:
            identifier = _known(one.identifier)
            by_key[one.kind, identifier if isinstance(identifier, str) else id(identifier)].append(
                one
            )
        yield 23, by_key
        for kind, (number, names) in _UNIQUE_BY.items():
            unique: dict[tuple[object, ...], list[_Statement]] = defaultdict(list)
            for one in self._statements:
                if one.kind is kind:
                    terms = (_known(one.ends[name]) for name in names)
                    mark = tuple(t if isinstance(t, str) else id(t) for t in terms)
                    unique[mark].append(one)
            yield number, unique

    @staticmethod
    def _merge(one: _Statement, other: _Statement) -> bool:
        changed = _unify(one.identifier, other.identifier)
        for name, term in one.ends.items():
            changed |= _unify(term, other.ends[name])
        return _unify(one.time, other.time) or changed

    def _activity_times(self) -> None:
        """An activity starts when it was started, and ends when it was ended (28, 29)."""
        for one in self._statements:
            if one.kind not in (RelationKind.START, RelationKind.END):
                continue
            activity = _known(one.ends["activity"])
            start = one.kind is RelationKind.START
            if isinstance(activity, str) and activity in self._times:
                said = self._times[activity][0 if start else 1]
                try:
                    _unify(said, one.time)
                except _Clash:
                    what = "start" if start else "end"
                    text = f"{activity} has the {what} time {_known(said)}, and {one.text()} says "
                    self._tell(28 if start else 29, f"{text}{_known(one.time)}.", one.names())

    def _mentions(self) -> None:
        """An entity mentions one entity in one bundle."""
        known: dict[_Term, _Statement] = {}
        for one in self._statements:
            if one.kind is RelationKind.MENTION:
                first = known.setdefault(_known(one.ends["specificEntity"]), one)
                try:
                    _unify(first.ends["generalEntity"], one.ends["generalEntity"])
                    _unify(first.ends["bundle"], one.ends["bundle"])
                except _Clash:
                    text = f"{first.text()} and {one.text()}: an entity mentions one other only."
                    self._tell(23, text, (*first.names(), *one.names()))

    def _impossible(self) -> None:
        """Impossibility and typing (50 to 56)."""
        by_identifier: dict[str, set[RelationKind]] = defaultdict(set)
        for one in self._statements:
            identifier = _known(one.identifier)
            if isinstance(identifier, str):
                by_identifier[identifier].add(one.kind)
            ends = one.ends
            if one.kind is RelationKind.DERIVATION and ends["activity"] is _ABSENT:
                given = [n for n in ("generation", "usage") if ends[n] is not _ABSENT]
                if given:
                    text = f"{one.text()} names a {given[0]} without an activity."
                    self._tell(51, text, one.names())
            elif one.kind is RelationKind.MEMBERSHIP:
                collection = _known(ends["collection"])
                if isinstance(collection, str) and collection in self._empty:
                    text = f"{collection} is an empty collection, and {one.text()} names a member."
                    self._tell(56, text, one.names())
        for identifier, kinds in by_identifier.items():
            overlapping = sorted(kind.keyword for kind in kinds & _NO_OVERLAP)
            if len(overlapping) > 1:
                text = f"{identifier} identifies several relations ({', '.join(overlapping)})."
                self._tell(53, text, [identifier])
            if identifier in self._declared:
                self._tell(54, f"{identifier} identifies a relation and an element.", [identifier])
        for identifier, said in self._kinds.items():
            if {"entity", "activity"} <= said:
                text = f"{identifier} is both an entity and an activity."
                self._tell(55, text, [identifier])

    def _ordered(self) -> None:
        """Specialization without circles (52), and events in an order (30 to 49)."""
        order = EventOrder()
        for one in self._statements:
            terms = {name: _known(term) for name, term in one.ends.items()}
            ends = {name: term for name, term in terms.items() if isinstance(term, str)}
            order.add(one.kind, ends)
        for circle in order.specializations.circles():
            text = f"{' and '.join(circle)} would be more specific than itself."
            self._tell(52, text, circle)
        for circle in order.circles():
            text = f"{', '.join(circle)}: something would have to precede itself."
            self._tell(42, text, circle)


def _generation(identifier: _Term, entity: _Term, activity: _Term) -> _Statement:
    ends = {"entity": entity, "activity": activity}
    return _Statement(RelationKind.GENERATION, identifier, ends, _Unknown())


def _time(values: Iterable[object]) -> _Term:
    for value in values:
        if isinstance(value, datetime):
            return moment(value) or _Unknown()
    return _Unknown()
