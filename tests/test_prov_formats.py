"""PROV-N, PROV-XML, PROV-JSONLD and the syntaxes of RDF: what is damaged or odd in them."""

from __future__ import annotations

import contextlib
import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.identifiers import SKOLEM
from lineage.interfaces import Confidence
from lineage.records import Bundle, Entity, Literal, Namespace, Relation, attributes
from lineage.registry import importers
from lineage.vocabulary import RelationKind
from tests.golden import DATA
from tests.importing import confidence, read, read_text

EX = "http://example.org/"
PROVN = "document\nprefix ex <http://example.org/>\n{}\nendDocument\n"
XML = (
    '<?xml version="1.0"?>\n{}<prov:document xmlns:prov="http://www.w3.org/ns/prov#"\n'
    'xmlns:ex="http://example.org/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"\n'
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n{}\n</prov:document>\n'
)
RDFXML = (
    '<?xml version="1.0"?>\n{}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"\n'
    'xmlns:prov="http://www.w3.org/ns/prov#" xmlns:ex="http://example.org/">\n{}\n</rdf:RDF>\n'
)
JSONLD = (
    '{{"@context":{{"prov":"http://www.w3.org/ns/prov#","ex":"http://example.org/"}},'
    '"@graph":[{}]}}'
)
OURS = "https://openprovenance.org/prov-jsonld/context.jsonld"
PROVJSONLD = '{{"@context":[{{"ex":"http://example.org/"}},"' + OURS + '"],"@graph":[{}]}}'
E, F = Entity(EX + "e"), Entity(EX + "f")

CWLTOOL = [
    ("prov-n", "prov-n/cwltool/primary.cwlprov.provn"),
    ("prov-xml", "prov-xml/cwltool/primary.cwlprov.xml"),
    ("prov-o", "prov-o/cwltool/primary.cwlprov.ttl"),
    ("prov-o", "prov-o/cwltool/primary.cwlprov.nt"),
    ("prov-o", "prov-o/cwltool/primary.cwlprov.jsonld"),
]


@pytest.mark.parametrize(("importer", "name"), CWLTOOL)
def test_one_run_says_the_same_in_every_format(importer: str, name: str) -> None:
    """cwltool writes the provenance of a run six times; RDF alone merges what it declares twice."""
    known = read("prov-json", DATA / "prov-json/cwltool/primary.cwlprov.json")
    found = read(importer, DATA / name)
    plan = {one for one in known.records if isinstance(one, Entity) and "main" in one.identifier}
    declared = {one.identifier for one in plan}

    assert found.problems == []
    if importer == "prov-o":
        assert set(known.records) - set(found.records) <= plan
        assert {one.identifier for one in set(found.records) - set(known.records)} <= declared
    else:
        assert set(found.records) == set(known.records)


def test_cwltools_run_is_counted_independently() -> None:
    """As many records as its PROV-N has lines with brackets."""
    sample = DATA / "prov-n/cwltool/primary.cwlprov.provn"
    lines = re.findall(r"^  [a-zA-Z]+\(", sample.read_text(), re.MULTILINE)

    assert len(read("prov-n", sample).records) == len(lines) == 42


def test_a_damaged_statement_of_prov_n_is_told_with_its_line(tmp_path: Path) -> None:
    """Whatever is wrong with one, the others are read."""
    found = read_text(
        "prov-n",
        tmp_path,
        PROVN.format(
            "entity(ex:e)\nused(ex:a)\nentity(ex:x, [ex:a=1)\nentity(zz:y)\n"
            'agent(ex:open\nnonsense\nprov:hadDictionaryMember(ex:d, ex:e, "k")\n'
            "entity(ex:x,\n  [ex:a=\n  1 2])\nentity(ex:f)"
        ),
    )

    assert found.records == [E, Relation(RelationKind.USAGE, EX + "a", None), F]
    assert found.places == ["5", "6", "7", "9", "12"]
    assert "prefix 'zz' is not declared" in found.messages


def test_prov_n_is_cut_into_statements_whatever_stands_in_them(tmp_path: Path) -> None:
    """Brackets, comments and quotation marks in texts, names and comments end no statement."""
    found = read_text(
        "prov-n",
        tmp_path,
        PROVN.format(
            'entity(ex:e\\(1\\), [ex:a=") entity(", ex:b="""two "lines"\n// )""", ex:c=\'ex:\\)\'])'
            " // entity(ex:no)\n/* entity(ex:no)\n */ entity(ex:a//b)entity(ex:f)"
        ),
    )

    assert found.problems == []
    assert [one.identifier for one in found.records] == [EX + "e(1)", EX + "a//b", EX + "f"]
    assert found.records[0].values(EX + "b") == ('two "lines"\n// )',)


def test_bundles_of_prov_n_have_prefixes_of_their_own(tmp_path: Path) -> None:
    """A bundle's declarations count inside of it, for its name too; a bad name costs the bundle."""
    found = read_text(
        "prov-n",
        tmp_path,
        PROVN.format(
            "bundle b:x\nprefix b <http://b/>\nprefix ex <http://other/>\nentity(ex:e)\nendBundle\n"
            "bundle zz:y\nentity(ex:e)\nendBundle\nentity(ex:e)"
        ),
    )

    assert found.records == [
        Bundle("http://b/x"),
        Entity("http://other/e", bundle="http://b/x"),
        E,
    ]
    assert found.places == ["8", "8"]
    assert [problem.records_lost for problem in found.problems] == [0, 1]


def test_prov_n_that_ends_too_soon_is_told(tmp_path: Path) -> None:
    """The line where it ends is named; a document that is none is refused."""
    found = read_text("prov-n", tmp_path, PROVN.format("entity(ex:e)\nentity(ex:f, [")[:-14])

    assert found.records == [E]
    assert found.places == ["4", "4"]
    with pytest.raises(SourceError, match="does not begin with 'document'"):
        read_text("prov-n", tmp_path, "entity(ex:e)")
    with pytest.raises(SourceError, match="it holds no PROV-N: the file ends"):
        read_text("prov-n", tmp_path, "// nothing\n")


def test_a_damaged_element_of_prov_xml_is_told_with_its_line(tmp_path: Path) -> None:
    """Whatever is wrong with one, the others are read; names that mean nothing are kept."""
    found = read_text(
        "prov-xml",
        tmp_path,
        XML.format(
            "",
            '<prov:entity prov:id="ex:e"/>\n<prov:entity prov:id="zz:e"/>\n<ex:other/>\n'
            "<prov:used><prov:activity/></prov:used>\n<prov:other><ex:a/></prov:other>\n"
            '<prov:entity prov:id="ex:t"><prov:type xsi:type="xsd:QName">Odd</prov:type>'
            "</prov:entity>\n"
            '<prov:bundleContent><prov:entity prov:id="ex:lost"/></prov:bundleContent>\n'
            '<prov:bundleContent prov:id="ex:b"><prov:entity prov:id="ex:e"/></prov:bundleContent>'
            '<prov:entity prov:id="ex:f"/>',
        ),
    )

    assert found.records == [
        E,
        Entity(EX + "t", ((v.PROV_TYPE, Literal("Odd", v.PROV + "QUALIFIED_NAME")),)),
        Bundle(EX + "b"),
        Entity(EX + "e", bundle=EX + "b"),
        F,
    ]
    assert found.places == ["6", "7", "8", "10", "11", "11"]


def test_prov_jsonld_takes_any_name_and_tells_what_it_cannot_take(tmp_path: Path) -> None:
    """Blank names, full IRIs, contexts behind the graph; damage by its JSON pointer."""
    graph = [
        {"@type": "Entity", "@id": "_:b"},
        {"@type": "Usage", "@id": "_:u", "activity": "http://x.org/a b", "entity": "_:b"},
        {"@type": "Bundle", "@id": "ex:b", "@graph": [{"@type": "Entity", "@id": "ex:e"}]},
        {"@type": "Bundle", "@graph": [{"@type": "Entity", "@id": "ex:e"}]},
        {"@type": "Odd", "@id": "ex:e"},
        5,
        {"@type": "Entity", "@id": "ex:f"},
    ]
    text = json.dumps({"@graph": graph, "@context": [{"ex": EX}, OURS]})
    found = read_text("prov-jsonld", tmp_path, text)
    (blank,) = [one.identifier for one in found.records if isinstance(one, Entity)][:1]

    assert blank is not None
    assert blank.startswith(SKOLEM)
    assert found.records[1] == Relation(RelationKind.USAGE, "http://x.org/a%20b", blank)
    assert found.records[2:] == [Bundle(EX + "b"), Entity(EX + "e", bundle=EX + "b"), F]
    assert found.places == ["/@graph/3/@graph/0", "/@graph/4", "/@graph/5"]


@pytest.mark.parametrize(
    ("importer", "text"),
    [
        ("prov-n", PROVN),
        ("prov-xml", XML.replace("{}<prov", "<prov")),
        ("prov-jsonld", PROVJSONLD),
        ("prov-o", RDFXML.replace("{}<rdf", "<rdf")),
        ("prov-o", JSONLD),
        ("prov-o", '{"@context":"http://a/c","@graph":[{"@type":"prov:Entity"}]}'),
    ],
)
def test_documents_are_recognised_by_content_alone(
    importer: str, text: str, tmp_path: Path
) -> None:
    """With a byte order mark and without, whatever they are called; others do not claim them."""
    records = {
        PROVN: "entity(ex:e)",
        PROVJSONLD: '{"@type":"Entity","@id":"ex:e"}',
        JSONLD: '{"@id":"ex:e","@type":"prov:Entity"}',
    }.get(text, '<prov:entity prov:id="ex:e"/>' if importer == "prov-xml" else "<prov:Entity/>")
    whole = text.format(records) if "{}" in text else text
    others = {"prov-n", "prov-xml", "prov-jsonld", "prov-o", "prov-json", "openlineage", "ro-crate"}
    for mark in (b"", b"\xef\xbb\xbf"):
        assert confidence(importer, tmp_path, mark + whole.encode()) >= Confidence.SHAPE
        for other in others - {importer}:
            assert confidence(other, tmp_path, mark + whole.encode()) is Confidence.NO


@pytest.mark.parametrize(
    "text",
    [
        '{"@context":"https://schema.org","@type":"Dataset","name":"x"}',
        "<html><body>document</body></html>",
        '<document xmlns="http://example.org/"/>',
        "document of the collaboration\n",
        "<a:b> <a:c> <a:d> .\n",
        "@prefix ex: <http://example.org/> .\nex:a a ex:b .\n",
        '[{"@id":"a:b","@type":["http://schema.org/Action"]}]',
    ],
)
def test_what_is_no_provenance_is_not_claimed(text: str, tmp_path: Path) -> None:
    """Other JSON-LD, XML, RDF and prose are nobody's."""
    for importer in ("prov-n", "prov-xml", "prov-jsonld", "prov-o", "openlineage", "ro-crate"):
        assert confidence(importer, tmp_path, text) is Confidence.NO


def test_json_ld_is_read_in_every_layout(tmp_path: Path) -> None:
    """Arrays, graphs, single and nested nodes, aliases of keywords, names behind their values."""
    context = (
        '"@context":{"prov":"http://www.w3.org/ns/prov#","ex":"http://example.org/","id":"@id"}'
    )
    usage = Relation(RelationKind.USAGE, EX + "a", EX + "e")
    for text in (
        f'[{{{context},"prov:used":{{"@id":"ex:e"}},"@id":"ex:a"}}]',
        f'{{{context},"prov:used":{{"id":"ex:e"}},"id":"ex:a"}}',
        f'{{"@graph":[{{"prov:used":{{"id":"ex:e"}},"id":"ex:a"}}],{context}}}',
        f'{{{context},"@graph":[{{"@id":"ex:e","@reverse":{{"prov:used":{{"id":"ex:a"}}}}}}]}}',
        f'{{{context},"@graph":[{{"@graph":[{{"@graph":[{{"id":"ex:a","prov:used":{{"id":"ex:e"'
        "}}]}]}]}",
    ):
        found = read_text("prov-o", tmp_path, text)

        assert found.records == [usage]
        assert found.problems == []


def test_named_graphs_of_json_ld_are_bundles(tmp_path: Path) -> None:
    """Also one that is larger than what is looked at in one go."""
    nodes = ",".join(f'{{"@id":"ex:e{number}","@type":"prov:Entity"}}' for number in range(5_000))
    found = read_text("prov-o", tmp_path, JSONLD.format(f'{{"@id":"ex:b","@graph":[{nodes}]}}'))

    assert found.records[0] == Bundle(EX + "b")
    assert len(found.records) == 5_001
    assert {one.bundle for one in found.records[1:]} == {EX + "b"}  # type: ignore[union-attr]


def test_a_damaged_node_of_json_ld_is_told_by_its_pointer(tmp_path: Path) -> None:
    """The others of its lot are read."""
    found = read_text(
        "prov-o",
        tmp_path,
        JSONLD.format(
            '{"@id":"ex:e","@type":"prov:Entity"},{"@id":5},{"@id":"ex:x","ex:n":NaN},'
            '{"@id":"ex:f","@type":"prov:Entity"}'
        ),
    )

    assert set(found.records) == {E, F}
    assert found.places == ["/@graph/2", "/@graph/1"]


def test_rdf_xml_is_read_with_the_entities_of_its_own(tmp_path: Path) -> None:
    """They abbreviate namespaces; base, language and names of the root count for every node."""
    head = '<!DOCTYPE r [<!ENTITY xsd "http://www.w3.org/2001/XMLSchema#">]>'
    body = (
        '<prov:Entity rdf:ID="e"><ex:n rdf:datatype="&xsd;int">5</ex:n><ex:t>x</ex:t></prov:Entity>'
    )
    text = RDFXML.format(head, body).replace(
        "<rdf:RDF", '<rdf:RDF xml:base="http://example.org/d" xml:lang="en"'
    )
    found = read_text("prov-o", tmp_path, text)

    assert found.problems == []
    assert found.records == [
        Entity(
            EX + "d#e",
            attributes(
                [
                    (EX + "n", 5),
                    (EX + "t", Literal("x", v.PROV + "InternationalizedString", "en")),
                ]
            ),
        )
    ]


def test_rdf_xml_says_what_turtle_says() -> None:
    """prov's RDF/XML of a real document gives the records of its Turtle."""
    directory = DATA / "prov-o/cwlprov"
    one, other = read("prov-o", directory / "prov3.rdf"), read("prov-o", directory / "prov3.ttl")

    assert set(one.records) == set(other.records)


def test_lines_of_n_quads_stand_alone(tmp_path: Path) -> None:
    """A line that is none costs itself; relative IRIs mean nothing there."""
    line = f"<{EX}%s> <{v.RDF}type> <{v.PROV}Entity> .\n"
    text = line % "e" + "nonsense\n" + line % "f" + line.replace(EX, "") % "x" + line[:40] % "y"
    found = read_text("prov-o", tmp_path, text)

    assert set(found.records) == {E, F}
    assert found.places == ["2", "'x'", "5", "5"]


def whole_lines(text: bytes, length: int) -> int:
    """Statements that stand whole before a cut, in a text of one statement a line."""
    return len(re.findall(rb"\)\s*\n", text[:length])) if length else 0


def test_no_whole_statement_before_a_cut_is_lost(tmp_path: Path) -> None:
    """PROV-N cut anywhere gives every statement that ended before."""
    sample = DATA / "prov-n/cwltool/primary.cwlprov.provn"
    text = sample.read_bytes()
    places = random.Random("cut")
    importer = importers()["prov-n"]
    for _ in range(50):
        length = places.randrange(len(text))
        source = tmp_path / "cut.provn"
        source.write_bytes(text[:length])
        found = 0
        with contextlib.suppress(SourceError):
            for statement in importer.records(source, lambda _: None):
                found += not isinstance(statement, Namespace)

        assert found >= whole_lines(text, length)


SAMPLES = {
    importer: (DATA / name).read_bytes()
    for importer, name in [
        *CWLTOOL,
        ("prov-jsonld", "prov-jsonld/cwlprov/prov3.jsonld"),
    ]
}
PIECES = [
    b"entity(", b")", b"'", b'"', b'"""', b"//", b"/*", b"bundle x", b"endBundle", b"endDocument",
    b"<prov:entity", b"</", b"&x;", b"<![CDATA[", b"]]>", b"<!--", b"{", b"}", b"[", b"]", b",",
    b'"@id"', b'"@graph":[', b'"@context":', b"_:b", b" a ", b"\\ud800", b"\0", b"\xff", b"prov:",
]  # fmt: skip


@pytest.mark.parametrize("importer", sorted(SAMPLES))
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_samples_are_read_told_or_refused(
    importer: str, data: st.DataObject, tmp_path: Path
) -> None:
    """No piece of the format's own, anywhere in a document, makes a reader stumble."""
    text = SAMPLES[importer]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        piece = data.draw(st.sampled_from(PIECES) | st.binary(max_size=8))
        text = text[:at] + piece + text[at + data.draw(st.integers(0, 40)) :]
    assert confidence(importer, tmp_path, text) in Confidence
    with contextlib.suppress(SourceError):
        found = read_text(importer, tmp_path, text)

        assert all(problem.place and problem.message for problem in found.problems)
