"""Every value, attribute name and identifier goes into a store and comes out as it was."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime

import pytest

from lineage import vocabulary as v
from lineage.graph_store import GraphStore
from lineage.records import (
    Activity,
    Bundle,
    Entity,
    Iri,
    Literal,
    Namespace,
    Record,
    Relation,
    Value,
    attributes,
)
from lineage.vocabulary import RelationKind
from tests.contract.test_stores import EVERY_RELATION, EX, T0, fill, lines

HOSTILE = "</script>`'\"\\{}$();--\n\r\t\x00\x7f\u202e\u2028😀\ud800"
"""Markup, every kind of quote, control and direction characters, and half a character."""

VALUES: list[Value] = [
    "",
    "text",
    HOSTILE,
    "x" * 100_000,
    "é😀" * 30_000,
    True,
    False,
    0,
    -(2**31),
    2**31,
    2**63 - 1,
    -(2**63),
    2**63,
    10**100,
    0.0,
    -0.0,
    1.0,
    2.5,
    5e-324,
    1.7976931348623157e308,
    math.inf,
    -math.inf,
    math.nan,
    T0,
    T0.replace(microsecond=123456),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 2, 30),  # noqa: DTZ001 - without zone, as its source had it
    Iri(EX + "x"),
    Iri("@id"),
    Literal("2024", v.XSD + "gYear"),
    Literal("bonjour", v.PROV + "InternationalizedString", "fr"),
    Literal("not a number", v.XSD + "int"),
    Literal("deadbeef", v.XSD + "hexBinary"),
]


NAMES = [
    *(v.PROV + name for name in ("label", "location", "value", "type", "role", "time", "plan")),
    *(v.PROV + name for name in ("json", "startTime", "endTime")),
    EX + "a",
    EX + "@id",
    EX + "a`b'c\"d",
    EX + "n" * 300,
    EX,
    "@id",
    "recorded_at",
    "urn:recorded:at",
    HOSTILE,
]
"""Attributes that mean something to PROV, to an engine or to us, and some that no tool writes."""


def test_every_value_comes_back_as_it_went_in(store: GraphStore) -> None:
    """Elements and relations keep each value, and its type, exactly."""
    said: list[Record] = []
    for number, value in enumerate(VALUES):
        for name in (v.PROV_LABEL, v.PROV_LOCATION, v.PROV_VALUE, v.PROV_END, EX + "a"):
            activity = f"{EX}{number}/{name}"
            said.append(Activity(activity, ((name, value),)))
            said.append(Relation(RelationKind.USAGE, activity, EX + "e", None, ((name, value),)))
    fill(store, [said])

    assert sorted(lines(store.records())) == sorted(lines(said))
    assert sorted(lines(store.records("s1"))) == sorted(lines(said))


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:24])
def test_every_attribute_comes_back_under_its_name(store: GraphStore, name: str) -> None:
    """Attributes may be called anything, have many values of many types, and collide with ours."""
    several = attributes((name, value) for value in (1, 1.0, True, "1", T0, Iri(EX), 2**70))
    said = [
        Entity(EX + "one", ((name, "x"),)),
        Entity(EX + "several", several),
        Relation(RelationKind.USAGE, EX + "a", EX + "one", None, several),
    ]
    fill(store, [[Namespace("recorded", "urn:recorded:"), *said]])

    assert lines(store.records()) == lines(said)


def test_identifiers_of_any_length_and_form_stay_apart(store: GraphStore) -> None:
    """What no index could hold is found under its whole key all the same."""
    long = EX + "x" * 100_000
    identifiers = [
        long,
        long + "y",
        EX + HOSTILE,
        EX + HOSTILE + "1",
        "sha256:0",
        "@id",
        "é😀",
        "a",
    ]
    said = [Entity(identifier) for identifier in identifiers]
    said += [Entity(identifier, bundle=long) for identifier in identifiers]
    relations = [
        Relation(RelationKind.DERIVATION, one, other)
        for one, other in itertools.pairwise(identifiers)
    ]
    fill(store, [[*said, *relations]])

    assert [e.key for e in store.read([e.key for e in said])] == [e.key for e in said]
    assert sorted(lines(store.records())) == sorted(lines([*said, *relations, Bundle(long)]))
    assert [e.key for e in store.named(long, limit=9)] == [long, f"{long} {long}"]
    assert store.degrees([long, long + "y"], EVERY_RELATION) == {long: (1, 0), long + "y": (1, 1)}
