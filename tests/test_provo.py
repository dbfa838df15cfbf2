"""PROV-O read: what statements of RDF say in PROV."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from importers import provo_groups
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.identifiers import SKOLEM
from lineage.interfaces import Confidence
from lineage.records import (
    Activity,
    Agent,
    Bundle,
    Entity,
    Iri,
    Literal,
    Record,
    Relation,
    attributes,
    xsd_datetime,
)
from lineage.vocabulary import RelationKind
from tests.importing import Reading, confidence, read_text

EX = "http://example.org/"
HEAD = f"""@prefix prov: <{v.PROV}> .
@prefix rdfs: <{v.RDFS}> .
@prefix xsd: <{v.XSD}> .
@prefix ex: <{EX}> .
"""
WHEN = "2026-11-23T20:00:00+00:00"


def turtle(directory: Path, text: str) -> Reading:
    return read_text("prov-o", directory, HEAD + text)


def said(directory: Path, text: str) -> set[Record]:
    """The records; nothing may be amiss."""
    found = turtle(directory, text)

    assert found.problems == []
    return set(found.records)


def relation(
    kind: RelationKind, subject: str, object_: str | None, *items: tuple[str, object]
) -> Relation:
    named = attributes((v.PROV + name, value) for name, value in items)  # type: ignore[misc]
    return Relation(kind, EX + subject, object_ and EX + object_, None, named)


def test_elements_have_prov_dm_names_for_prov_o_properties(tmp_path: Path) -> None:
    """rdfs:label, prov:atLocation and the times come as PROV-JSON calls them."""
    found = said(
        tmp_path,
        f"""ex:a a prov:Activity, ex:Step ; rdfs:label "step", "Schritt"@de ;
        prov:startedAtTime "{WHEN}"^^xsd:dateTime ; prov:atLocation ex:here ; ex:n 5 .
        ex:p a prov:Person . ex:plan a prov:Plan, prov:Entity .""",
    )

    assert found == {
        Activity(
            EX + "a",
            attributes(
                [
                    (v.PROV_TYPE, Iri(EX + "Step")),
                    (v.PROV_LABEL, "step"),
                    (v.PROV_LABEL, Literal("Schritt", v.PROV + "InternationalizedString", "de")),
                    (v.PROV_START, xsd_datetime(WHEN)),
                    (v.PROV_LOCATION, Iri(EX + "here")),
                    (EX + "n", Literal("5", v.XSD + "integer")),
                ]
            ),
        ),
        Agent(EX + "p", ((v.PROV_TYPE, Iri(v.PROV + "Person")),)),
        Entity(EX + "plan", ((v.PROV_TYPE, Iri(v.PROV + "Plan")),)),
    }


@pytest.mark.parametrize("kind", RelationKind)
def test_an_unqualified_property_is_a_relation(kind: RelationKind, tmp_path: Path) -> None:
    """One triple, one relation; its ends are not declared by it."""
    assert said(tmp_path, f"ex:s prov:{kind.keyword} ex:o .") == {relation(kind, "s", "o")}


@pytest.mark.parametrize("kind", [k for k in RelationKind if k.value.qualified_class])
def test_both_forms_of_a_relation_are_one(kind: RelationKind, tmp_path: Path) -> None:
    """The qualified node says better what the unqualified property says: W3C asks for both."""
    row = kind.value
    node = f'a prov:{row.qualified_class} ; prov:{row.object_property} ex:o ; rdfs:label "why"'
    found = said(
        tmp_path, f"ex:s prov:{row.keyword} ex:o ; prov:{row.qualified_property} [ {node} ] ."
    )

    assert found == {relation(kind, "s", "o", ("label", "why"))}


def test_the_unqualified_property_stays_where_the_node_is_about_another(tmp_path: Path) -> None:
    """A qualified usage of one entity says nothing of the use of another."""
    found = said(
        tmp_path,
        "ex:a prov:used ex:e, ex:f ; prov:qualifiedUsage [ prov:entity ex:e ; prov:hadRole ex:r ].",
    )

    assert found == {
        relation(RelationKind.USAGE, "a", "f"),
        relation(RelationKind.USAGE, "a", "e", ("role", Iri(EX + "r"))),
    }


@pytest.mark.parametrize(
    ("kind", "inside", "end"),
    [
        (RelationKind.ASSOCIATION, "prov:agent ex:o ; prov:hadPlan ex:x", "plan"),
        (RelationKind.DELEGATION, "prov:agent ex:o ; prov:hadActivity ex:x", "activity"),
        (RelationKind.START, "prov:entity ex:o ; prov:hadActivity ex:x", "starter"),
        (RelationKind.END, "prov:entity ex:o ; prov:hadActivity ex:x", "ender"),
        (RelationKind.DERIVATION, "prov:entity ex:o ; prov:hadGeneration ex:x", "generation"),
        (RelationKind.DERIVATION, "prov:entity ex:o ; prov:hadUsage ex:x", "usage"),
    ],
)
def test_further_ends_have_their_prov_dm_names(
    kind: RelationKind, inside: str, end: str, tmp_path: Path
) -> None:
    """prov:had... is the plan, starter, generation ... of the relation."""
    found = said(tmp_path, f"ex:s prov:{kind.value.qualified_property} [ {inside} ] .")

    assert found == {relation(kind, "s", "o", (end, Iri(EX + "x")))}


def test_a_node_with_a_name_is_the_relations_identifier(tmp_path: Path) -> None:
    """A blank one is not; and a class alone makes a relation without subject."""
    found = said(
        tmp_path,
        "ex:e prov:qualifiedGeneration ex:g . ex:g prov:activity ex:a ."
        " ex:u a prov:Usage ; prov:entity ex:e .",
    )

    assert found == {
        Relation(RelationKind.GENERATION, EX + "e", EX + "a", EX + "g"),
        Relation(RelationKind.USAGE, None, EX + "e", EX + "u"),
    }


def test_special_derivations_keep_their_type(tmp_path: Path) -> None:
    """A revision is a derivation, however it is said and however often."""
    revision = relation(RelationKind.DERIVATION, "b", "a", ("type", Iri(v.PROV + "Revision")))

    assert said(tmp_path, "ex:b prov:wasRevisionOf ex:a ; prov:wasDerivedFrom ex:a .") == {revision}
    assert said(
        tmp_path, "ex:b prov:qualifiedRevision [ a prov:Revision ; prov:entity ex:a ] ."
    ) == {revision}
    assert said(
        tmp_path,
        "ex:b prov:wasRevisionOf ex:a ; prov:wasDerivedFrom ex:a ;"
        " prov:qualifiedRevision [ a prov:Revision, prov:Derivation ; prov:entity ex:a ] .",
    ) == {revision}


def test_inverse_properties_say_the_relation(tmp_path: Path) -> None:
    """prov:generated is wasGeneratedBy from the other side."""
    found = said(
        tmp_path, "ex:a prov:generated ex:e ; prov:invalidated ex:f . ex:g prov:influenced ex:h ."
    )

    assert found == {
        relation(RelationKind.GENERATION, "e", "a"),
        relation(RelationKind.INVALIDATION, "f", "a"),
        relation(RelationKind.INFLUENCE, "h", "g"),
    }


def test_what_others_say_of_a_node_tells_its_kind(tmp_path: Path) -> None:
    """A node with attributes and no class of PROV's is what its relations make of it."""
    found = said(
        tmp_path,
        f"""ex:a prov:used ex:e . ex:e rdfs:label "input" ; a ex:File .
        ex:g rdfs:label "who" . ex:a prov:qualifiedAssociation [ prov:agent ex:g ] .
        ex:t prov:endedAtTime "{WHEN}" . ex:nobody rdfs:label "nothing of PROV's" .""",
    )

    assert found == {
        Entity(EX + "e", attributes([(v.PROV_LABEL, "input"), (v.PROV_TYPE, Iri(EX + "File"))])),
        Agent(EX + "g", ((v.PROV_LABEL, "who"),)),
        Activity(EX + "t", ((v.PROV_END, xsd_datetime(WHEN)),)),
        relation(RelationKind.USAGE, "a", "e"),
        relation(RelationKind.ASSOCIATION, "a", "g"),
    }


def test_a_mention_takes_its_bundle_from_beside_it(tmp_path: Path) -> None:
    """prov:asInBundle stands on the specific entity."""
    assert said(tmp_path, "ex:s prov:mentionOf ex:o ; prov:asInBundle ex:b .") == {
        relation(RelationKind.MENTION, "s", "o", ("bundle", Iri(EX + "b")))
    }


def test_nodes_of_old_writers_find_their_object(tmp_path: Path) -> None:
    """prov before 3 leaves it to the unqualified property; where there are two, none is guessed."""
    node = "prov:qualifiedAssociation [ a prov:Association ; prov:hadPlan ex:p ]"

    assert said(tmp_path, f"ex:a prov:wasAssociatedWith ex:g ; {node} .") == {
        relation(RelationKind.ASSOCIATION, "a", "g", ("plan", Iri(EX + "p")))
    }
    assert said(tmp_path, f"ex:a prov:wasAssociatedWith ex:g, ex:h ; {node} .") == {
        relation(RelationKind.ASSOCIATION, "a", None, ("plan", Iri(EX + "p"))),
        relation(RelationKind.ASSOCIATION, "a", "g"),
        relation(RelationKind.ASSOCIATION, "a", "h"),
    }


def test_several_values_of_one_thing_are_several_records(tmp_path: Path) -> None:
    """Two times on one node are two records that RDF has merged."""
    found = said(
        tmp_path,
        f"""ex:a prov:qualifiedUsage ex:u . ex:u a prov:Usage ; prov:entity ex:e ;
        prov:atTime "{WHEN}"^^xsd:dateTime, "2026-11-24T20:00:00Z"^^xsd:dateTime .""",
    )

    assert found == {
        Relation(
            RelationKind.USAGE, EX + "a", EX + "e", EX + "u", ((v.PROV_TIME, xsd_datetime(when)),)
        )
        for when in (WHEN, "2026-11-24T20:00:00Z")
    }


def test_several_values_of_several_things_are_told(tmp_path: Path) -> None:
    """Nobody knows which subject belongs to which object: no relation is made up."""
    found = turtle(
        tmp_path,
        "ex:a prov:qualifiedUsage ex:u . ex:b prov:qualifiedUsage ex:u ."
        " ex:u prov:entity ex:e, ex:f .",
    )

    assert found.records == []
    assert "which subject and object belong together?" in found.messages
    assert [problem.records_lost for problem in found.problems] == [1]


def test_bundles_are_named_graphs(tmp_path: Path) -> None:
    """A record of a graph is in the bundle of its name, which is declared once."""
    found = said(
        tmp_path,
        """ex:b { ex:e a prov:Entity . ex:a prov:used ex:e } ex:e a prov:Entity .
        ex:empty a prov:Bundle . ex:b a prov:Bundle, prov:Entity .""",
    )

    assert found == {
        Bundle(EX + "b"),
        Bundle(EX + "empty"),
        Entity(EX + "e"),
        Entity(EX + "e", bundle=EX + "b"),
        Entity(EX + "b", ((v.PROV_TYPE, Iri(v.PROV + "Bundle")),)),
        Relation(RelationKind.USAGE, EX + "a", EX + "e", bundle=EX + "b"),
    }


def test_blank_elements_get_a_name_of_this_document(tmp_path: Path) -> None:
    """By their label, or their number; the same in every reading."""
    text = """_:here a prov:Entity . ex:a prov:used [ a prov:Entity ; rdfs:label "x" ], _:here ."""
    document = hashlib.sha256((HEAD + text).encode()).hexdigest()
    found = said(tmp_path, text)

    assert {record.identifier for record in found if isinstance(record, Entity)} == {
        f"{SKOLEM}{document}:here",
        f"{SKOLEM}{document}:.1",
    }
    assert found == said(tmp_path, text)


def test_relative_iris_are_relative_to_the_document(tmp_path: Path) -> None:
    """Without base they name something of this document alone."""
    text = "<#e> a prov:Entity ."
    document = hashlib.sha256((HEAD + text).encode()).hexdigest()
    (found,) = said(tmp_path, text)

    assert found.identifier == f"urn:lineage:document/{document}/#e"


def test_prefixes_come_first(tmp_path: Path) -> None:
    """Those of PROV and XSD are known; others are for display."""
    found = turtle(tmp_path, "ex:e a prov:Entity .")

    assert found.namespaces == {"ex": EX, "rdfs": v.RDFS}


def test_what_prov_does_not_allow_is_left_out_and_told(tmp_path: Path) -> None:
    """A time that is none, an end that is a text: the rest is kept."""
    found = turtle(
        tmp_path,
        """ex:a a prov:Activity ; prov:startedAtTime "noon" ; prov:used "a text" .
        ex:b prov:qualifiedUsage [ prov:entity "text" ; prov:atTime ex:x ] .""",
    )

    assert set(found.records) == {
        Activity(EX + "a"),
        relation(RelationKind.USAGE, "b", None),
    }
    assert "'noon'" in found.messages
    assert sum(problem.records_lost for problem in found.problems) == 1


def test_a_document_larger_than_memory_takes_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups that were written to disk are the groups that were not."""
    text = "".join(
        f"""ex:a{number} a prov:Activity ; prov:used ex:e{number % 7} ;
        prov:qualifiedUsage [ prov:entity ex:e{number % 7} ; prov:hadRole ex:r ] .
        ex:e{number % 7} a prov:Entity ; rdfs:label "{number % 3}" .\n"""
        for number in range(300)
    )
    whole = said(tmp_path, text)
    monkeypatch.setattr(provo_groups, "MOST_IN_MEMORY", 50)

    assert said(tmp_path, text) == whole
    assert len(whole) == 300 + 300 + 7


def test_damage_is_told_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    """A statement that is no RDF costs itself alone."""
    found = turtle(tmp_path, "ex:a a prov:Entity .\nex:b a junk .\nex:c a prov:Entity .\n")

    assert set(found.records) == {Entity(EX + "a"), Entity(EX + "c")}
    assert found.places == ["6"]
    assert "junk" in found.messages


def test_a_text_that_is_no_rdf_at_all_is_refused(tmp_path: Path) -> None:
    """The error says where reading gave up."""
    with pytest.raises(SourceError, match=r"source:1: no RDF in it: .*not been declared"):
        read_text("prov-o", tmp_path, "ex:a ex:b ex:c .\n")
    with pytest.raises(SourceError, match="it is no RDF"):
        read_text("prov-o", tmp_path, "%PDF-1.4")


RDF_WITHOUT_PROV = [
    HEAD + "ex:a rdfs:label 'x' .",
    f'<r:RDF xmlns:r="{v.RDF}" xmlns:prov="{v.PROV}"><r:Description r:about="a:b"/></r:RDF>',
    '{"@context":{"prov":"http://www.w3.org/ns/prov#"},"@id":"a:b","http://a/b":"c"}',
    "<a:b> <a:c> <http://www.w3.org/ns/prov#Entity> .\n",
    "# PROV-O\n\nUse `prov:Entity` of <http://www.w3.org/ns/prov#> as in\n\n    ex:a a prov:Entity",
    '"""The namespace http://www.w3.org/ns/prov# in Python."""\nprefix = "prov:Entity"\n',
    "document\nprefix ex <http://www.w3.org/ns/prov#>\nentity(ex:e)\nendDocument",
    '{"prefix":{"x":"http://www.w3.org/ns/prov#"},"entity":{"x:e":{}}}',
]


@pytest.mark.parametrize("text", RDF_WITHOUT_PROV)
def test_rdf_without_prov_is_nobodys(text: str, tmp_path: Path) -> None:
    """The namespace alone, or prose about it, makes no provenance."""
    assert confidence("prov-o", tmp_path, text, "x.ttl") is Confidence.NO
