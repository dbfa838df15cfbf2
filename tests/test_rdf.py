"""PROV-O as it is written: which triples, for which records, with how much memory."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prov.model import ProvDocument

from lineage import export
from lineage import vocabulary as v
from lineage.errors import ExportRefused
from lineage.export import rdf
from lineage.export.names import valid_iri
from lineage.interop import to_prov
from lineage.prov_o import TERMS
from lineage.records import (
    Activity,
    Agent,
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
from tests.strategies import documents, namespaces

EX = "http://example.org/"
WHEN = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
STANDARD = {"prov:": v.PROV, "rdf:": v.RDF, "rdfs:": v.RDFS, "xsd:": v.XSD, "ex:": EX}


def written(syntax: rdf.Syntax, *records: Record, unqualified: bool = False) -> bytes:
    stream = io.BytesIO()
    rdf.write(syntax, records, [Namespace("ex", EX)], stream, unqualified=unqualified)
    return stream.getvalue()


def parsed(syntax: rdf.Syntax, text: bytes) -> ox.Dataset:
    formats = {
        rdf.Syntax.TURTLE: ox.RdfFormat.TURTLE,
        rdf.Syntax.TRIG: ox.RdfFormat.TRIG,
        rdf.Syntax.NTRIPLES: ox.RdfFormat.N_TRIPLES,
        rdf.Syntax.JSONLD: ox.RdfFormat.JSON_LD,
    }
    dataset = ox.Dataset(ox.parse(text, format=formats[syntax]))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def short(term: object) -> str:
    """``ex:a``, ``_`` for a blank node, the literal otherwise."""
    if isinstance(term, ox.BlankNode):
        return "_"
    text = str(term)
    for prefix, iri in STANDARD.items():
        text = text.replace(f"<{iri}", f"<{prefix}")
    return text.replace("<", "").replace(">", "")


def triples(*records: Record, unqualified: bool = False) -> set[str]:
    found = parsed(rdf.Syntax.TURTLE, written(rdf.Syntax.TURTLE, *records, unqualified=unqualified))
    return {f"{short(q.subject)} {short(q.predicate)} {short(q.object)}" for q in found}


def relation(
    kind: RelationKind, *named: tuple[str, object], identifier: str | None = None
) -> Relation:
    items = attributes((v.PROV + name, value) for name, value in named)  # type: ignore[misc]
    return Relation(kind, EX + "s", EX + "o", identifier, items)


def test_elements_are_instances_with_their_attributes_under_prov_o_names() -> None:
    """Label, type, location and times have names of their own in PROV-O."""
    activity = Activity(
        EX + "a",
        attributes(
            [
                (v.PROV_LABEL, "step"),
                (v.PROV_LABEL, Literal("Schritt", v.PROV + "InternationalizedString", "de")),
                (v.PROV_TYPE, Iri(EX + "Step")),
                (v.PROV_TYPE, "text"),
                (v.PROV_LOCATION, "here"),
                (v.PROV_START, WHEN),
                (EX + "n", 5),
                (EX + "yes", True),
                (EX + "half", 0.5),
            ]
        ),
    )

    assert triples(activity) == {
        "ex:a rdf:type prov:Activity",
        'ex:a rdfs:label "step"',
        'ex:a rdfs:label "Schritt"@de',
        "ex:a rdf:type ex:Step",
        'ex:a prov:type "text"',
        'ex:a prov:atLocation "here"',
        'ex:a prov:startedAtTime "2026-11-23T20:00:00+00:00"^^xsd:dateTime',
        'ex:a ex:n "5"^^xsd:int',
        'ex:a ex:yes "true"^^xsd:boolean',
        'ex:a ex:half "0.5"^^xsd:double',
    }
    assert triples(Entity(EX + "e"), Agent(EX + "g")) == {
        "ex:e rdf:type prov:Entity",
        "ex:g rdf:type prov:Agent",
    }


@pytest.mark.parametrize("kind", RelationKind)
def test_a_relation_of_two_ends_is_one_triple(kind: RelationKind) -> None:
    """The unqualified property says it all; some kinds have a qualified node beside it."""
    short, written = f"ex:s prov:{kind.keyword} ex:o", triples(relation(kind))

    assert short in written
    assert len(written) == (4 if TERMS[kind].read_as_one else 1)


@pytest.mark.parametrize("kind", [kind for kind in RelationKind if TERMS[kind].read_as_one])
def test_prov_keeps_plain_and_qualified_relations_of_one_subject_apart(kind: RelationKind) -> None:
    """An agent with a plan beside one without, and the like: neither is given the other's."""
    plain = relation(kind)
    other = Relation(kind, EX + "s", EX + "other", attributes=((EX + "note", "x"),))
    document = to_prov([plain, other])
    text = written(rdf.Syntax.TURTLE, plain, other).decode()
    read = ProvDocument.deserialize(content=text, format="rdf", rdf_format="turtle")

    assert read == document


def test_a_usage_with_a_role_and_a_time_is_qualified() -> None:
    """Time and role hang on a blank prov:Usage."""
    usage = relation(RelationKind.USAGE, ("role", "input"), ("time", WHEN))

    assert triples(usage) == {
        "ex:s prov:qualifiedUsage _",
        "_ rdf:type prov:Usage",
        "_ prov:entity ex:o",
        '_ prov:hadRole "input"',
        '_ prov:atTime "2026-11-23T20:00:00+00:00"^^xsd:dateTime',
    }


@pytest.mark.parametrize(
    ("kind", "end", "predicate", "object_property"),
    [
        (RelationKind.ASSOCIATION, "plan", "hadPlan", "agent"),
        (RelationKind.DELEGATION, "activity", "hadActivity", "agent"),
        (RelationKind.START, "starter", "hadActivity", "entity"),
        (RelationKind.END, "ender", "hadActivity", "entity"),
        (RelationKind.DERIVATION, "activity", "hadActivity", "entity"),
        (RelationKind.DERIVATION, "generation", "hadGeneration", "entity"),
        (RelationKind.DERIVATION, "usage", "hadUsage", "entity"),
    ],
)
def test_further_ends_have_their_prov_o_names(
    kind: RelationKind, end: str, predicate: str, object_property: str
) -> None:
    """Plan, starter, ender, activity, generation and usage are prov:had... on the node."""
    found = triples(relation(kind, (end, Iri(EX + "x"))))

    assert {f"_ prov:{predicate} ex:x", f"_ prov:{object_property} ex:o"} <= found


@pytest.mark.parametrize("kind", [k for k in RelationKind if k.value.qualified_class])
def test_unqualified_properties_can_be_had_beside_qualified_ones(kind: RelationKind) -> None:
    """With ``unqualified`` every relation of two ends has its one triple too."""
    qualified = relation(kind, ("label", "why"))
    everything = triples(qualified, unqualified=True)

    assert everything - triples(qualified) <= {f"ex:s prov:{kind.keyword} ex:o"}
    assert f"ex:s prov:{kind.keyword} ex:o" in everything


@pytest.mark.parametrize(
    ("name", "unqualified"),
    [
        ("Revision", "wasRevisionOf"),
        ("Quotation", "wasQuotedFrom"),
        ("PrimarySource", "hadPrimarySource"),
    ],
)
def test_special_derivations_have_classes_of_their_own(name: str, unqualified: str) -> None:
    """A revision is a prov:qualifiedRevision, and wasRevisionOf where that is asked for."""
    special = relation(RelationKind.DERIVATION, ("type", Iri(v.PROV + name)))

    assert triples(special) == {
        f"ex:s prov:qualified{name} _",
        f"_ rdf:type prov:{name}",
        "_ prov:entity ex:o",
    }
    assert triples(special, unqualified=True) - triples(special) == {
        f"ex:s prov:{unqualified} ex:o",
        "ex:s prov:wasDerivedFrom ex:o",
    }


def test_a_mention_names_its_bundle_beside_it() -> None:
    """PROV-Links has prov:asInBundle on the specific entity."""
    assert triples(relation(RelationKind.MENTION, ("bundle", Iri(EX + "b")))) == {
        "ex:s prov:mentionOf ex:o",
        "ex:s prov:asInBundle ex:b",
    }


def test_relations_with_one_end_or_none_are_still_said() -> None:
    """An absent end leaves a qualified node that lacks it."""
    assert triples(Relation(RelationKind.GENERATION, EX + "e", None)) == {
        "ex:e prov:qualifiedGeneration _",
        "_ rdf:type prov:Generation",
    }
    assert triples(Relation(RelationKind.USAGE, None, EX + "e", EX + "u")) == {
        "ex:u rdf:type prov:Usage",
        "ex:u prov:entity ex:e",
    }


def test_an_identifier_names_the_qualified_node() -> None:
    """Only relations without identifier have blank nodes."""
    named = relation(RelationKind.ATTRIBUTION, identifier=EX + "r")

    assert triples(named) == {
        "ex:s prov:wasAttributedTo ex:o",
        "ex:s prov:qualifiedAttribution ex:r",
        "ex:r rdf:type prov:Attribution",
        "ex:r prov:agent ex:o",
    }


def test_trig_puts_bundles_into_graphs_of_their_names() -> None:
    """A bundle's records stand in its graph, wherever they come; the bundle itself does not."""
    records = [
        Bundle(EX + "b"),
        Entity(EX + "e", bundle=EX + "b"),
        Entity(EX + "e"),
        Agent(EX + "g", bundle=EX + "b"),
    ]
    found = parsed(rdf.Syntax.TRIG, written(rdf.Syntax.TRIG, *records))

    assert {(short(q.subject), short(q.object), short(q.graph_name)) for q in found} == {
        ("ex:b", "prov:Bundle", "DEFAULT"),
        ("ex:e", "prov:Entity", "ex:b"),
        ("ex:e", "prov:Entity", "DEFAULT"),
        ("ex:g", "prov:Agent", "ex:b"),
    }


def test_turtle_abbreviates_names_and_keeps_a_node_together() -> None:
    """People can read it: prefixes, one block a node."""
    text = written(rdf.Syntax.TURTLE, Entity(EX + "e", attributes([(v.PROV_LABEL, "x")])))

    assert text.endswith(b'ex:e rdf:type prov:Entity ;\n\trdfs:label "x" .\n')


@given(documents(), st.lists(namespaces, max_size=3))
@settings(max_examples=100, deadline=None)
def test_all_syntaxes_say_the_same_of_any_document(
    records: list[Record], declared: list[Namespace]
) -> None:
    """A strict parser reads one dataset from TriG and JSON-LD, and of one graph from all four."""
    found = []
    for syntax in rdf.Syntax:
        stream = io.BytesIO()
        try:
            assert rdf.write(syntax, records, declared, stream) == len(records)
        except ExportRefused:
            assert syntax in (rdf.Syntax.TURTLE, rdf.Syntax.NTRIPLES)
            assert any(isinstance(record, Bundle) or record.bundle for record in records)
            continue
        found.append(parsed(syntax, stream.getvalue()))

    assert len(found) >= 2
    assert all(dataset == found[0] for dataset in found)


iri_like = st.builds(
    str.__add__,
    st.sampled_from(["http://", "urn:", "x:", "http://a:", "a:b://", "http://[::1]", "x:%", "h:#"]),
    st.text(
        alphabet=st.sampled_from('a0/?#[]@:%.-_~ <>"{}|\\^`\x00\x85\xa0é\u2028\ufffe\udc80'),
        max_size=12,
    )
    | st.text(max_size=12),
)


@given(iri_like)
@settings(max_examples=400)
def test_no_iri_is_written_that_a_strict_parser_refuses(iri: str) -> None:
    """An IRI is written as it is, percent-encoded, or refused: also those that pass unseen."""
    try:
        text = written(rdf.Syntax.NTRIPLES, Entity(iri))
    except ExportRefused:
        return
    (quad,) = ox.parse(text, format=ox.RdfFormat.N_TRIPLES)

    assert quad.subject == ox.NamedNode(valid_iri(iri))


def test_iris_become_valid_only_once() -> None:
    """What is valid stays as it is, so names that were encoded before do not change."""
    for iri in ("http://x/%20a", "file:///a%23b#c", "http://[::1]/a", "urn:uuid:0", "http://x/é"):
        assert valid_iri(iri) == iri
    assert valid_iri("http://x/a b#c#d[%zz]") == "http://x/a%20b#c%23d%5B%25zz%5D"


@pytest.mark.parametrize("syntax", rdf.Syntax)
def test_output_begins_long_before_the_input_ends(syntax: rdf.Syntax) -> None:
    """Records are written while they are read: after a few thousand there is text."""
    stream = io.BytesIO()
    sizes = []

    def records() -> Iterator[Record]:
        for number in range(5000):
            sizes.append(stream.tell())
            yield Relation(RelationKind.USAGE, f"{EX}a{number}", f"{EX}e{number}")

    rdf.write(syntax, records(), [], stream)

    assert 0 < sizes[2000] < sizes[-1] < stream.tell()


_MEASURE = """
import resource, sys
from lineage import export
from lineage.records import Entity
from lineage.vocabulary import PROV_LABEL

class Nowhere:
    written = 0
    def write(self, data):
        self.written += len(data)
        return len(data)
    def flush(self):
        pass

def records():
    for number in range(30_000):
        yield Entity(f"http://example.org/{number}", ((PROV_LABEL, "x" * 4000),))

stream = Nowhere()
export.write(sys.argv[1], [], [], Nowhere())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
export.write(sys.argv[1], records(), [], stream)
print(stream.written >> 20, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10)
"""


@pytest.mark.parametrize("format_", list(export.FORMATS))
def test_memory_does_not_grow_with_the_document(format_: str) -> None:
    """120 MB of records go through any format in a third of that."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, format_], capture_output=True, text=True, check=True
    )
    written_mib, grown_mib = map(int, done.stdout.split())

    assert written_mib > 110
    assert grown_mib < 40
