"""PROV records as frozen values: the hub between importers, stores, queries and exports.

Equality is by value. Attribute names, identifiers and datatypes are absolute IRIs; prefixes travel
beside the records as `Namespace` statements and mean nothing to them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from operator import itemgetter
from typing import ClassVar

from lineage import vocabulary as v
from lineage.identifiers import key_of, local_part, path_of
from lineage.vocabulary import ElementKind, RelationKind


@dataclass(frozen=True, slots=True)
class Iri:
    """An IRI as an attribute's value: PROV's qualified-name value (``prov:Person``)."""

    value: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that no Python value holds exactly: a language, or a datatype of its own.

    Made by `typed_value`, which returns the Python value where there is one.
    """

    text: str
    """Lexical form."""
    datatype: str
    """Absolute IRI."""
    language: str | None = None


Value = str | bool | int | float | datetime | Iri | Literal
"""str, bool, int, float and datetime are xsd:string, boolean, int (long, integer by size), double
and dateTime. A datetime is zone-aware UTC; one without zone is kept naive, as its source had it."""

Attributes = tuple[tuple[str, Value], ...]
"""(attribute IRI, value), sorted and without repetition: see `attributes`."""

_INTEGERS = (v.XSD + "int", v.XSD + "long", v.XSD + "integer")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_END_OF_DAY = re.compile(r"T24:00:00(?:\.0+)?(?=$|[Z+-])")
_NAME = itemgetter(0)
_RANKS = {bool: 0, int: 1, float: 2, str: 3, datetime: 4, Iri: 5, Literal: 6}


def integer_datatype(value: int) -> str:
    """The datatype that stands for a plain ``int`` of this size: int, long or integer."""
    size = abs(value) if value >= 0 else -value - 1
    return _INTEGERS[0] if size < 2**31 else _INTEGERS[1] if size < 2**63 else _INTEGERS[2]


def utc(moment: datetime) -> datetime:
    """``moment`` in UTC; one without zone stays as it is."""
    zone = moment.tzinfo
    return moment if zone is None or zone is UTC else moment.astimezone(UTC)


def xsd_datetime(text: str) -> datetime:
    """The moment that an xsd:dateTime names, in UTC where it has a zone.

    Raises:
        ValueError: It names none.
        OverflowError: In UTC it lies outside the years 1 to 9999.
    """
    text = text.strip()
    if "T" not in text:
        raise ValueError(text)
    if _END_OF_DAY.search(text):
        return utc(datetime.fromisoformat(_END_OF_DAY.sub("T00:00:00", text)) + timedelta(days=1))
    return utc(datetime.fromisoformat(text))


def typed_value(text: str, datatype: str | None, language: str | None = None) -> Value:
    """The value of a typed literal: a Python value where that says as much, else a `Literal`.

    Text that does not fit its datatype is kept as a `Literal`, never refused. An integer has no
    other datatype than the one of its size: ``42`` as xsd:long stays a `Literal`, as in prov.

    Args:
        text: Lexical form.
        datatype: Absolute IRI; ``None`` is xsd:string.
        language: Language tag; the datatype is prov:InternationalizedString then.
    """
    if language is not None:
        return Literal(text, v.PROV + "InternationalizedString", language)
    if datatype is None or datatype == v.XSD + "string":
        return text
    try:
        if datatype in _INTEGERS:
            whole = int(text)
            if integer_datatype(whole) == datatype:
                return whole
        elif datatype == v.XSD + "double":
            number = float(text)
            # one object for all NaN: equal records stay equal, for tuples compare identity first
            return math.nan if math.isnan(number) else number
        elif datatype == v.XSD + "boolean" and text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        elif datatype == v.XSD + "dateTime":
            return xsd_datetime(text)
    except (ValueError, OverflowError):
        pass
    return Literal(text, datatype)


def _sort_key(item: tuple[str, Value]) -> tuple[str, int, str]:
    name, value = item
    return name, _RANKS[type(value)], repr(value)


def attributes(items: Iterable[tuple[str, Value]]) -> Attributes:
    """The canonical form of attributes: sorted by name, then value; no repetition.

    1, 1.0 and true are three values, as in PROV.
    """
    pairs = list(items)
    if len(pairs) < 2:
        return tuple(pairs)
    if len(dict(pairs)) == len(pairs):
        pairs.sort(key=_NAME)
        return tuple(pairs)
    unique = {_sort_key(item): item for item in pairs}
    return tuple(unique[key] for key in sorted(unique))


@dataclass(frozen=True, slots=True)
class Element:
    """A record that is not a relation."""

    identifier: str
    attributes: Attributes = ()
    bundle: str | None = None
    """IRI of the named bundle that says it."""

    kind: ClassVar[ElementKind]

    @property
    def key(self) -> str:
        """What stores address it by."""
        return key_of(self.identifier, self.bundle)

    def values(self, name: str) -> tuple[Value, ...]:
        """The values of one attribute, by its IRI."""
        return tuple(value for attribute, value in self.attributes if attribute == name)


@dataclass(frozen=True, slots=True)
class Entity(Element):
    """A thing with fixed aspects (PROV-DM 5.1.1): here, mostly one version of one file."""

    kind: ClassVar[ElementKind] = ElementKind.ENTITY


@dataclass(frozen=True, slots=True)
class Activity(Element):
    """Something that happened over time and used or generated entities (PROV-DM 5.1.2).

    Its times are the attributes prov:startTime and prov:endTime.
    """

    kind: ClassVar[ElementKind] = ElementKind.ACTIVITY


@dataclass(frozen=True, slots=True)
class Agent(Element):
    """Who or what bears responsibility (PROV-DM 5.3.1)."""

    kind: ClassVar[ElementKind] = ElementKind.AGENT


@dataclass(frozen=True, slots=True)
class Bundle:
    """A named bundle exists, though it may be empty (PROV-DM 5.4.1)."""

    identifier: str


@dataclass(frozen=True, slots=True)
class Relation:
    """``subject`` is related to ``object`` in the way ``kind`` says, as in PROV-N and PROV-O.

    The time and the further ends (plan, starter, generation, ...) are attributes under their PROV
    names: prov:time holds a datetime, the ends hold an `Iri`.
    """

    kind: RelationKind
    subject: str | None
    object: str | None
    identifier: str | None = None
    attributes: Attributes = ()
    bundle: str | None = None

    def values(self, name: str) -> tuple[Value, ...]:
        """The values of one attribute, by its IRI."""
        return tuple(value for attribute, value in self.attributes if attribute == name)

    @property
    def time(self) -> datetime | None:
        """When it happened, if that was said."""
        for value in self.values(v.PROV_TIME):
            if isinstance(value, datetime):
                return value
        return None


Record = Entity | Activity | Agent | Bundle | Relation
"""What a PROV document consists of."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A source writes ``prefix`` for ``iri``; for display and export only."""

    prefix: str
    iri: str


class EventKind(Enum):
    """What happened to a path."""

    USE = "use"
    GENERATION = "generation"
    STATE = "state"
    """A header that we read ourselves."""
    RUN = "run"
    """An activity ran: what joins a log's run to the activity that it was; see runs.py."""


@dataclass(frozen=True, slots=True)
class FileEvent:
    """What a source says happened to a path, before identity decides which version was meant.

    Importers emit these instead of deciding what a path means; see identity.py.
    """

    kind: EventKind
    path: str
    """As recorded: absolute, POSIX, neither resolved nor normalised beyond ``os.path.abspath``.
    What is no absolute path is the IRI of an address, or of a path relative to an activity."""
    activity: str | None = None
    """IRI. Of a state: the one that the header names, as a hint, or ``None``."""
    start: datetime | None = None
    """Start of the activity as this source tells it, UTC; naive where it tells local time."""
    stop: datetime | None = None
    """Stop of the activity; ``None`` while running or unknown. Time of a state: its creation."""
    role: str | None = None
    product: str | None = None
    """Product id (uuid, lower case) recorded beside the path. What a log's run did has none; there
    it is the run's IRI, so that all that the run did can be found: see runs.py."""
    product_counts: bool = False
    """The file really carries ``product``; ``False``: the tool may have made it up when it read."""
    product_created: datetime | None = None
    """CREATION TIME of the product, UTC."""
    node: str | None = None
    """Host on which it happened."""
    attributes: Attributes = ()
    """What the source says of the file itself; they become attributes of the entity."""
    relation_attributes: Attributes = ()
    """What the source says of this use or generation, besides its role."""


Statement = Entity | Activity | Agent | Bundle | Relation | Namespace | FileEvent
"""What an importer yields."""


ELEMENT_CLASSES: dict[str, type[Entity] | type[Activity] | type[Agent]] = {
    "entity": Entity,
    "activity": Activity,
    "agent": Agent,
}
"""Keyword -> class."""


def xsd_double(value: float) -> str:
    """The XSD lexical form of a float; Python's own but for INF and NaN."""
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"


def display_name(identifier: str, items: Attributes) -> str:
    """What a person reads: prov:label, else the file's base name, else the local part."""
    location = None
    for name, value in items:
        if name == v.PROV_LABEL:
            return value.text if isinstance(value, Literal) else str(value)
        if name == v.PROV_LOCATION and location is None:
            location = value.text if isinstance(value, Literal) else value
    path = location if isinstance(location, str) else path_of(identifier)
    base = path.rstrip("/").rpartition("/")[2] if path else ""
    return base or local_part(identifier)
