"""Hostile text and prefixes stay what they are in every export."""

from __future__ import annotations

import pytest
import rdflib

from lineage import vocabulary as v
from lineage.interop import from_prov
from lineage.records import (
    Activity,
    Bundle,
    Entity,
    Iri,
    Literal,
    Namespace,
    Record,
    Relation,
    attributes,
)
from lineage.vocabulary import RelationKind
from tests.contract.test_exports import EX, LIMITS, RDFLIB_NAMES, exported, graphs, read_by_prov

pytestmark = pytest.mark.filterwarnings("ignore")


def hostile(text: str) -> list[Record]:
    """A document in which everything that is text is ``text``."""
    return [
        Entity(
            EX + text,
            attributes(
                [
                    (EX + text, text),
                    (v.PROV_LABEL, Literal(text, v.PROV + "InternationalizedString", "en")),
                    (v.PROV_TYPE, Iri(EX + text)),
                    (v.PROV_VALUE, Literal(text, EX + text)),
                ]
            ),
        ),
        Relation(
            RelationKind.USAGE,
            EX + "a" + text,
            EX + text,
            EX + "u" + text,
            attributes([(v.PROV_ROLE, text)]),
        ),
    ]


HOSTILE = {
    "quotes": '" . <http://evil> <http://evil> "',
    "brackets": "> . <http://evil> <http://evil> <http://evil",
    "provn": "')]) entity(ex:evil) //",
    "comment": "/* # */ // ",
    "lines": "a\nentity(ex:evil)\r\n\t\x0b\x0c\x85\u2028b",
    "control": "\x00\x01\x1b[31m\x7f",
    "backslash": '\\u0022\\"\\',
    "json": '"},"entity":{"ex:evil":{}},"x":{"',
    "iri": ' <>"{}|\\^`[]%zz%#a#b',
    "unicode": "\u00e9\u4e2d\U0001f600\u202e\ufffe\ue000\u2010",
    "colons": ":::;;,,=='()-.",
    "dots": "...",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("format_", list(RDFLIB_NAMES))
def test_hostile_text_stays_text_in_rdf(format_: str, text: str) -> None:
    """Two independent parsers find the subjects and literals that were written and no others."""
    (graph,) = graphs(format_, exported(format_, hostile(text))).values()
    strings = {str(term) for term in graph.objects() if isinstance(term, rdflib.Literal)}

    assert len(set(graph.subjects())) == 3
    assert strings == {text}
    assert all(str(term).startswith((EX, v.PROV)) for term in graph.subjects())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_comes_back_from_prov_json(text: str) -> None:
    """PROV-JSON keeps even identifiers that are no IRIs as they are."""
    found = read_by_prov("prov-json", exported("prov-json", hostile(text)))

    assert set(from_prov(found)) == set(hostile(text))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_stays_text_in_prov_n(text: str) -> None:
    """prov's PROV-N reader finds the two records that were written, and their texts."""
    records = list(from_prov(read_by_prov("prov-n", exported("prov-n", hostile(text)))))
    entity, usage = sorted(records, key=lambda record: type(record).__name__)

    assert isinstance(entity, Entity)
    assert isinstance(usage, Relation)
    assert entity.identifier == usage.object
    assert text in [value for _, value in entity.attributes]
    assert usage.values(v.PROV_ROLE) == (text,)


HOSTILE_PREFIXES = [
    "", "_", " ", "a b", "a>b", 'a"', "default", "xsi", "prov", "dn", "1", "a.", "bundle",
    "a: <http://evil> .\n", "document", "é",
]  # fmt: skip


@pytest.mark.parametrize("prefix", HOSTILE_PREFIXES)
@pytest.mark.parametrize("format_", sorted(LIMITS))
def test_hostile_prefixes_are_renamed(format_: str, prefix: str) -> None:
    """A prefix that its format could take for something else does no harm."""
    records: list[Record] = [
        Entity("http://odd/e", attributes([("http://odd/xsi:n", Iri("http://odd/default"))])),
        Activity(EX + "a", attributes([(v.XSI + "type", Iri(v.XSD + "int"))])),
        Relation(RelationKind.USAGE, EX + "a", "http://odd/e"),
    ]
    prefixes = [Namespace(prefix, "http://odd/"), Namespace(prefix, EX), Namespace("x", "")]
    found = read_by_prov(format_, exported(format_, records, prefixes))

    assert set(from_prov(found)) == set(records)


@pytest.mark.parametrize("format_", ["prov-json", "prov-n"])
def test_a_prefix_may_be_the_scheme_of_another_namespace(format_: str) -> None:
    """In a bundle too, ``id:a`` under ``id = urn:uuid:`` is not the IRI ``id:a``."""
    records: list[Record] = [
        Bundle("urn:uuid:b"),
        Entity("id:a", attributes([("id:n", 1)]), bundle="urn:uuid:b"),
        Entity("urn:uuid:a", bundle="urn:uuid:b"),
    ]
    found = read_by_prov(format_, exported(format_, records, [Namespace("id", "urn:uuid:")]))

    assert set(from_prov(found)) == set(records)
