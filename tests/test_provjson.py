"""The PROV-JSON importer: what it recognises, and what documents mean."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from importers.provjson import ProvJsonImporter
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.identifiers import SKOLEM
from lineage.interfaces import Confidence, Importer
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
)
from lineage.vocabulary import RelationKind
from tests.provjson_documents import (
    EX,
    MALFORMED,
    PREFIX,
    SAMPLES,
    counted,
    document,
    keyword_of,
    read,
    records_of,
    written,
)

__all__ = ["document"]  # a fixture


def test_it_is_an_importer() -> None:
    """The class keeps the importers' promise in name and shape."""
    importer = ProvJsonImporter()

    assert isinstance(importer, Importer)
    assert importer.name == "prov-json"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_are_read_whole(path: Path) -> None:
    """Each sample gives as many records of each kind as its JSON holds, without a problem."""
    statements, problems = read(path)
    expected = counted(json.loads(path.read_text()))

    assert problems == []
    assert Counter(map(keyword_of, records_of(statements))) == expected
    assert sum(expected.values()) > 0


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_are_recognised(path: Path) -> None:
    """What a sample holds is enough to be sure, whatever its name."""
    confidence = ProvJsonImporter().recognises(Path("unnamed"), path.read_bytes())

    assert confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "text",
    [
        '[{"activity_name": "ctapipe-process", "activity_uuid": "x", "input": []}]',
        "[]",
        '{"@context": ["https://openprovenance.org/prov.jsonld"], "@graph": []}',
        '{"name": "a", "entity": {"a": {}}}',
        '{"entity": "a"}',
        '{"entity": {"id": 5}}',
        '{"prefix": {"ex": 5}}',
        "5",
        "",
        "\x89HDF\r\n",
    ],
)
def test_other_formats_are_not_recognised(text: str) -> None:
    """Lists, JSON-LD, other objects and no JSON at all are not taken for PROV-JSON."""
    confidence = ProvJsonImporter().recognises(Path("named.prov.json"), text.encode("latin-1"))

    assert confidence is Confidence.NO


def test_a_cut_head_is_recognised() -> None:
    """The first bytes of a large document suffice, wherever they end."""
    data = json.dumps(PREFIX | {"entity": {f"ex:{at}": {"ex:é": "ü"} for at in range(99)}}).encode()
    confidences = {
        ProvJsonImporter().recognises(Path("x"), data[:length]) for length in range(60, 300)
    }

    assert confidences == {Confidence.CERTAIN}


@pytest.mark.parametrize("path", MALFORMED, ids=lambda path: path.name)
def test_malformed_documents_are_refused(path: Path) -> None:
    """Each malformed JSON document of prov's own set is an error or has a problem with a place."""
    try:
        _, problems = read(path)
    except SourceError as error:
        refused = str(path) in str(error)
    else:
        refused = all(problem.place for problem in problems) and problems != []

    assert refused


def test_the_malformed_set_is_there() -> None:
    """prov ships ten malformed JSON documents."""
    found = len(MALFORMED)

    assert found == 10


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "nothing"),
        ("[]", "a list"),
        ("5", "no JSON object"),
        ('"text"', "a text"),
        ('{"@context": {}, "@graph": []}', "JSON-LD"),
        ('{"workflow": {"steps": []}}', "'workflow' seen"),
        ("{", "byte 1"),
        ('{"workflow": ', "no PROV-JSON"),
        ("\x80", "not UTF-8"),
    ],
)
def test_what_is_not_prov_json_is_refused(document: Path, content: str, sentence: str) -> None:
    """A file of another format is one error that says what it is."""
    document.write_bytes(content.encode("latin-1"))

    with pytest.raises(SourceError, match=sentence):
        read(document)


@pytest.mark.parametrize("content", ["{}", ' { "prefix": {} } ', '\ufeff{"entity": {}}'])
def test_an_empty_document_is_legal(document: Path, content: str) -> None:
    """A document need not hold records; a byte order mark does no harm."""
    document.write_text(content, encoding="utf-8")
    found = read(document)

    assert found == ([], [])


def test_every_relation_has_its_ends(document: Path) -> None:
    """All 15 relations are read with subject, object, further ends and time."""
    content: dict[str, Any] = dict(PREFIX)
    expected: list[Record] = []
    for kind in RelationKind:
        row = kind.value
        ends = (row.subject, row.object, *row.further)
        record = {f"prov:{end.name}": f"ex:{end.name}" for end in ends}
        attributes: list[tuple[str, Any]] = [
            (v.PROV + end.name, Iri(EX + end.name)) for end in row.further
        ]
        if row.has_time:
            record["prov:time"] = "2020-01-17T10:00:00+01:00"
            attributes.append((v.PROV_TIME, datetime(2020, 1, 17, 9, tzinfo=UTC)))
        content[kind.keyword] = {"ex:id": record}
        expected.append(
            Relation(
                kind,
                EX + row.subject.name,
                EX + row.object.name,
                EX + "id",
                tuple(sorted(attributes, key=lambda item: item[0])),
            )
        )
    statements, problems = written(document, content)

    assert problems == []
    assert records_of(statements) == expected


def test_values_of_every_form(document: Path) -> None:
    """Plain, typed, language-tagged, listed and coerced values become what they say."""
    content = PREFIX | {
        "entity": {
            "ex:a": {
                "ex:plain": ["text", 1, 1.5, True],
                "ex:typed": [
                    {"$": "5", "type": "xsd:int"},
                    {"$": 6, "type": "xsd:int"},
                    {"$": True, "type": "xsd:boolean"},
                    {"$": "2012", "type": "xsd:gYear"},
                    {"$": "2012-05-25T11:15:00", "type": "xsd:dateTime"},
                ],
                "ex:tagged": {"$": "bonjour", "lang": "fr"},
                "ex:name": [
                    {"$": "prov:Person", "type": "xsd:QName"},
                    {"$": "ex:b", "type": "prov:QUALIFIED_NAME"},
                    {"$": "ex:c", "type": "prov:QualifiedName"},
                ],
                "ex:bare": {"$": "text"},
                "ex:none": [],
            }
        }
    }
    statements, problems = written(document, content)
    (entity,) = records_of(statements)

    assert problems == []
    assert isinstance(entity, Entity)
    assert entity.values(EX + "plain") == (True, 1, 1.5, "text")
    assert entity.values(EX + "typed") == (
        True,
        5,
        6,
        datetime.fromisoformat("2012-05-25T11:15:00"),
        Literal("2012", v.XSD + "gYear"),
    )
    assert entity.values(EX + "tagged") == (
        Literal("bonjour", v.PROV + "InternationalizedString", "fr"),
    )
    assert entity.values(EX + "name") == (Iri(EX + "b"), Iri(EX + "c"), Iri(v.PROV + "Person"))
    assert entity.values(EX + "bare") == ("text",)
    assert entity.values(EX + "none") == ()


def test_a_bundle_shadows_the_prefixes_of_its_document(document: Path) -> None:
    """Inside a bundle its own prefixes hold, then the document's; an empty bundle is named."""
    content = PREFIX | {
        "bundle": {
            "ex:one": {"prefix": {"in": "urn:in:", "default": "urn:d:"}, "entity": {"in:a": {}}},
            "ex:two": {"agent": {"ex:b": {}}},
            "ex:three": {},
            "in:four": {"activity": {"in:c": {}}, "prefix": {"in": "urn:other:"}},
        },
        "entity": {"ex:one": {}},
    }
    statements, problems = written(document, content)

    assert problems == []
    assert statements == [
        Namespace("ex", EX),
        Namespace("in", "urn:in:"),
        Namespace("", "urn:d:"),
        Bundle(EX + "one"),
        Entity("urn:in:a", (), EX + "one"),
        Bundle(EX + "two"),
        Agent(EX + "b", (), EX + "two"),
        Bundle(EX + "three"),
        Namespace("in", "urn:other:"),
        Bundle("urn:other:four"),
        Activity("urn:other:c", (), "urn:other:four"),
        Entity(EX + "one"),
    ]


def test_several_members_are_several_relations(document: Path) -> None:
    """A membership of a list of entities is one relation for each."""
    content = PREFIX | {
        "hadMember": {"_:m": {"prov:collection": "ex:c", "prov:entity": ["ex:a", "ex:b"]}}
    }
    statements, problems = written(document, content)

    assert problems == []
    assert records_of(statements) == [
        Relation(RelationKind.MEMBERSHIP, EX + "c", EX + member) for member in "ab"
    ]


def test_absent_ends_stay_absent(document: Path) -> None:
    """A usage without activity and a generation without anything are kept."""
    content = PREFIX | {"used": {"_:u": {"prov:entity": "ex:a"}}, "wasGeneratedBy": {"_:g": {}}}
    statements, problems = written(document, content)

    assert problems == []
    assert records_of(statements) == [
        Relation(RelationKind.USAGE, None, EX + "a"),
        Relation(RelationKind.GENERATION, None, None),
    ]


def test_a_blank_element_belongs_to_its_file(document: Path, tmp_path: Path) -> None:
    """One blank label is one thing in a file, and another in a file of other content."""
    content = {"entity": {"_:a": {}}, "used": {"_:a": {"prov:entity": "_:a"}}}
    first = records_of(written(document, content)[0])
    second = records_of(written(tmp_path / "other.json", content | {"agent": {}})[0])
    sha256 = hashlib.sha256(document.read_bytes()).hexdigest()

    assert first == [
        Entity(f"{SKOLEM}{sha256}:a"),
        Relation(RelationKind.USAGE, None, f"{SKOLEM}{sha256}:a"),
    ]
    assert first[0] != second[0]


def test_names_that_iris_do_not_hold_are_encoded(document: Path) -> None:
    """A blank in a local part does not reach an identifier: keys are cut at blanks."""
    statements, problems = written(document, PREFIX | {"entity": {"ex:a b": {}, "ex:c/d=1": {}}})

    assert problems == []
    assert records_of(statements) == [Entity(EX + "a%20b"), Entity(EX + "c/d=1")]


def test_predefined_prefixes_cannot_be_redeclared(document: Path) -> None:
    """An xsd prefix without its hash, as ProvToolbox writes it, changes nothing."""
    content = {
        "prefix": {"ex": EX, "xsd": "http://www.w3.org/2001/XMLSchema"},
        "entity": {"ex:a": {"ex:n": {"$": "5", "type": "xsd:int"}}},
    }
    statements, _ = written(document, content)

    assert statements == [Namespace("ex", EX), Entity(EX + "a", ((EX + "n", 5),))]


def test_one_identifier_may_be_of_two_kinds(document: Path) -> None:
    """An identifier that is entity and agent gives two records."""
    statements, _ = written(document, PREFIX | {"entity": {"ex:a": {}}, "agent": {"ex:a": {}}})

    assert records_of(statements) == [Entity(EX + "a"), Agent(EX + "a")]


def test_assertions_in_a_list_are_records_of_their_own(document: Path) -> None:
    """Several assertions under one identifier are kept apart; a bad one is named by its place."""
    content = PREFIX | {"entity": {"ex:a": [{"ex:n": 1}, 7, {"ex:n": 2}]}}
    statements, problems = written(document, content)

    assert [problem.place for problem in problems] == ["/entity/ex:a/1"]
    assert records_of(statements) == [Entity(EX + "a", ((EX + "n", n),)) for n in (1, 2)]
