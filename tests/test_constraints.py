"""PROV-CONSTRAINTS over the cases of the W3C working group and of ProvToolbox."""

from __future__ import annotations

import warnings
from pathlib import Path

import prov
import pytest
from prov import Error as ProvError
from prov.model import ProvDocument

from lineage import vocabulary as v
from lineage.constraints import MANDATORY, violations
from lineage.interop import from_prov
from lineage.records import Activity, Bundle, Entity, Iri, Record, Relation
from lineage.vocabulary import RelationKind

CORPUS = Path(prov.__file__).parent / "tests" / "unification"
CASES = sorted(path for path in CORPUS.rglob("*") if path.suffix in (".json", ".xml", ".provx"))
NOT_READ = frozenset({"bundle-fail1.xml", "bundle-success1.xml", "bundle-success2.xml"})
"""prov's reader of PROV-XML refuses bundles that are written inside of documents in this way."""
NOT_IN_THE_RECOMMENDATION = frozenset(f"usage-fail{number}.xml" for number in (1, 5, 6, 7))
"""They want one usage for each activity and entity, as there is one generation; the Recommendation
has no such constraint, and tools do read a file twice."""


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_agrees_with_the_published_cases(case: Path) -> None:
    """A case called FAIL violates a constraint, one called PASS none."""
    form = "json" if case.suffix == ".json" else "xml"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            records = list(from_prov(ProvDocument.deserialize(str(case), format=form)))
        except ProvError:
            assert case.name in NOT_READ
            return
    found = violations(records)

    assert case.name not in NOT_READ
    if case.name in NOT_IN_THE_RECOMMENDATION:
        assert not found
    else:
        assert bool(found) == ("fail" in case.name.lower())


def test_the_corpus_is_all_there() -> None:
    """153 documents of ProvToolbox, 7 of the working group, 14 of prov's own."""
    assert len(CASES) == 174


def relation(kind: RelationKind, subject: str, end: str, **further: str) -> Relation:
    """A relation between things of one letter."""
    more = tuple((v.PROV + name, Iri(value)) for name, value in sorted(further.items()))
    return Relation(kind, subject, end, attributes=more)


def numbers(*records: Record) -> set[int]:
    """The constraints that records violate."""
    return {one.constraint for one in violations(records)}


def test_what_is_derived_from_itself_violates_the_order() -> None:
    """Two derivations in a circle; the elements are named."""
    circle = [
        relation(RelationKind.DERIVATION, "a", "b"),
        relation(RelationKind.DERIVATION, "b", "a"),
    ]
    (found,) = violations(circle)

    assert found.constraint == 42
    assert found.identifiers == ("a", "b")


def test_using_what_one_generates_is_no_violation() -> None:
    """An activity may use what it made itself: order need not be strict."""
    assert not numbers(
        relation(RelationKind.GENERATION, "e", "x"), relation(RelationKind.USAGE, "x", "e")
    )


def test_a_circle_through_activities_with_a_derivation_is_one() -> None:
    """x used b, generated a; a is what b was derived from."""
    assert (
        numbers(
            relation(RelationKind.DERIVATION, "b", "a"),
            relation(RelationKind.GENERATION, "a", "x"),
            relation(RelationKind.USAGE, "x", "b"),
            relation(RelationKind.INVALIDATION, "a", "y"),
        )
        == set()
    )
    assert numbers(
        relation(RelationKind.DERIVATION, "b", "a"),
        relation(RelationKind.START, "x", "b"),
        relation(RelationKind.GENERATION, "a", "x"),
    ) == {42}


def test_circles_of_specialization_are_impossible() -> None:
    """Also longer ones."""
    assert 52 in numbers(
        relation(RelationKind.SPECIALIZATION, "a", "b"),
        relation(RelationKind.SPECIALIZATION, "b", "c"),
        relation(RelationKind.SPECIALIZATION, "c", "a"),
    )


def test_bundles_are_instances_of_their_own() -> None:
    """The same name may be an entity here and an activity there."""
    apart = [Entity("x", bundle="b1"), Activity("x", bundle="b2"), Bundle("b1"), Bundle("b2")]

    assert not numbers(*apart)
    assert numbers(Entity("x"), Activity("x")) == {55}


def test_kinds_follow_from_relations() -> None:
    """Who is used is an entity, and who uses an activity."""
    assert numbers(
        relation(RelationKind.USAGE, "a", "e"), relation(RelationKind.USAGE, "e", "f")
    ) == {55}


def test_absent_ends_that_must_be_told_are_violations() -> None:
    """A generation without entity; one without activity is fine."""
    assert numbers(Relation(RelationKind.GENERATION, None, "a")) == {MANDATORY}
    assert numbers(Relation(RelationKind.GENERATION, "e", None)) == set()


def test_long_chains_need_no_deep_stack() -> None:
    """A hundred thousand derivations in a row."""
    chain = [
        relation(RelationKind.DERIVATION, f"e{number + 1}", f"e{number}")
        for number in range(100_000)
    ]

    assert not violations(chain)
