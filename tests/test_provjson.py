"""The PROV-JSON importer on real documents, hostile ones and cut ones."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import prov
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from importers.provjson import KEYS, ProvJsonImporter
from importers.provjson_stream import CHUNK_BYTES, BrokenText, DamagedValue, JsonCursor
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.identifiers import SKOLEM
from lineage.interfaces import Confidence, Importer, Problem
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
    Statement,
)
from lineage.vocabulary import RELATION_BY_KEYWORD, RelationKind

DATA = Path(__file__).parent / "data" / "prov-json"
SAMPLES = sorted(DATA.glob("*/*.json"))
MALFORMED = sorted((Path(prov.__file__).parent / "tests" / "malformed").glob("*.json"))
EX = "http://example.org/"
PREFIX = {"prefix": {"ex": EX}}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Where a test writes its document."""
    return tmp_path / "document.json"


def _read(path: Path) -> tuple[list[Statement], list[Problem]]:
    problems: list[Problem] = []
    return list(ProvJsonImporter().records(path, problems.append)), problems


def _written(path: Path, content: Any) -> tuple[list[Statement], list[Problem]]:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return _read(path)


def _records(statements: list[Statement]) -> list[Statement]:
    return [one for one in statements if not isinstance(one, Namespace)]


def _counted(container: dict[str, Any]) -> Counter[str]:
    """Records by keyword, counted in the parsed JSON."""
    counts: Counter[str] = Counter()
    for keyword, section in container.items():
        if keyword == "prefix":
            continue
        for content in section.values():
            if keyword == "bundle":
                counts += Counter(bundle=1) + _counted(content)
                continue
            for record in content if isinstance(content, list) else [content]:
                member = record.get("prov:entity")
                many = keyword == "hadMember" and isinstance(member, list)
                counts[keyword] += len(member) if many else 1
    return counts


def _keyword(record: Statement) -> str:
    return "bundle" if isinstance(record, Bundle) else record.kind.keyword  # type: ignore[union-attr,return-value]


def test_it_is_an_importer() -> None:
    """The class keeps the importers' promise in name and shape."""
    importer = ProvJsonImporter()

    assert isinstance(importer, Importer)
    assert importer.name == "prov-json"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_are_read_whole(path: Path) -> None:
    """Each sample gives as many records of each kind as its JSON holds, without a problem."""
    statements, problems = _read(path)
    expected = _counted(json.loads(path.read_text()))

    assert problems == []
    assert Counter(map(_keyword, _records(statements))) == expected
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
        _, problems = _read(path)
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
        _read(document)


@pytest.mark.parametrize("content", ["{}", ' { "prefix": {} } ', '\ufeff{"entity": {}}'])
def test_an_empty_document_is_legal(document: Path, content: str) -> None:
    """A document need not hold records; a byte order mark does no harm."""
    document.write_text(content, encoding="utf-8")
    read = _read(document)

    assert read == ([], [])


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
    statements, problems = _written(document, content)

    assert problems == []
    assert _records(statements) == expected


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
    statements, problems = _written(document, content)
    (entity,) = _records(statements)

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
    statements, problems = _written(document, content)

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
    statements, problems = _written(document, content)

    assert problems == []
    assert _records(statements) == [
        Relation(RelationKind.MEMBERSHIP, EX + "c", EX + member) for member in "ab"
    ]


def test_absent_ends_stay_absent(document: Path) -> None:
    """A usage without activity and a generation without anything are kept."""
    content = PREFIX | {"used": {"_:u": {"prov:entity": "ex:a"}}, "wasGeneratedBy": {"_:g": {}}}
    statements, problems = _written(document, content)

    assert problems == []
    assert _records(statements) == [
        Relation(RelationKind.USAGE, None, EX + "a"),
        Relation(RelationKind.GENERATION, None, None),
    ]


def test_a_blank_element_belongs_to_its_file(document: Path, tmp_path: Path) -> None:
    """One blank label is one thing in a file, and another in a file of other content."""
    content = {"entity": {"_:a": {}}, "used": {"_:a": {"prov:entity": "_:a"}}}
    first = _records(_written(document, content)[0])
    second = _records(_written(tmp_path / "other.json", content | {"agent": {}})[0])
    sha256 = hashlib.sha256(document.read_bytes()).hexdigest()

    assert first == [
        Entity(f"{SKOLEM}{sha256}:a"),
        Relation(RelationKind.USAGE, None, f"{SKOLEM}{sha256}:a"),
    ]
    assert first[0] != second[0]


def test_names_that_iris_do_not_hold_are_encoded(document: Path) -> None:
    """A blank in a local part does not reach an identifier: keys are cut at blanks."""
    statements, problems = _written(document, PREFIX | {"entity": {"ex:a b": {}, "ex:c/d=1": {}}})

    assert problems == []
    assert _records(statements) == [Entity(EX + "a%20b"), Entity(EX + "c/d=1")]


def test_predefined_prefixes_cannot_be_redeclared(document: Path) -> None:
    """An xsd prefix without its hash, as ProvToolbox writes it, changes nothing."""
    content = {
        "prefix": {"ex": EX, "xsd": "http://www.w3.org/2001/XMLSchema"},
        "entity": {"ex:a": {"ex:n": {"$": "5", "type": "xsd:int"}}},
    }
    statements, _ = _written(document, content)

    assert statements == [Namespace("ex", EX), Entity(EX + "a", ((EX + "n", 5),))]


def test_one_identifier_may_be_of_two_kinds(document: Path) -> None:
    """An identifier that is entity and agent gives two records."""
    statements, _ = _written(document, PREFIX | {"entity": {"ex:a": {}}, "agent": {"ex:a": {}}})

    assert _records(statements) == [Entity(EX + "a"), Agent(EX + "a")]


def test_assertions_in_a_list_are_records_of_their_own(document: Path) -> None:
    """Several assertions under one identifier are kept apart; a bad one is named by its place."""
    content = PREFIX | {"entity": {"ex:a": [{"ex:n": 1}, 7, {"ex:n": 2}]}}
    statements, problems = _written(document, content)

    assert [problem.place for problem in problems] == ["/entity/ex:a/1"]
    assert _records(statements) == [Entity(EX + "a", ((EX + "n", n),)) for n in (1, 2)]


@given(st.permutations(sorted(KEYS)))
@settings(max_examples=30, deadline=None)
def test_the_order_of_keys_means_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[str]
) -> None:
    """Records are the same in whatever order the keys of document and bundle stand."""
    sections: dict[str, Any] = {
        keyword: {"ex:r": {"prov:entity": "ex:a"}} for keyword in RELATION_BY_KEYWORD
    }
    sections |= {kind: {"ex:a": {"ex:n": "1"}} for kind in ("entity", "activity", "agent")}
    sections |= PREFIX
    inner = {key: sections[key] for key in order if key != "bundle"}
    inner["prefix"] = {"ex": "urn:inner:"}
    sections["bundle"] = {"ex:b": inner}
    path = tmp_path_factory.mktemp("order") / "document.json"
    statements, problems = _written(path, {key: sections[key] for key in order})
    reference, _ = _written(path, {key: sections[key] for key in sorted(order)})

    assert problems == []
    assert statements[0] == Namespace("ex", EX)
    assert set(statements) == set(reference)
    assert len(statements) == len(reference)


def _large(records: int, *, prefix_last: bool = False) -> str:
    entities = {
        f"ex:{at}": {
            "prov:label": f"file number {at}",
            "prov:type": {"$": "ex:File{}", "type": "xsd:QName"},
            "ex:é": "{" * (at % 3) + "}" * (at % 2),
        }
        for at in range(records)
    }
    used = {f"_:{at}": {"prov:entity": f"ex:{at}"} for at in range(records)}
    content = {"entity": entities, "used": used, "bundle": {"ex:b": {"entity": entities}}}
    content = content | PREFIX if prefix_last else PREFIX | content
    return json.dumps(content, indent=records % 3 or None, ensure_ascii=bool(records % 2))


@pytest.mark.parametrize("prefix_last", [False, True])
@pytest.mark.parametrize("records", [4000, 4001, 4003])
def test_large_documents_are_read_across_chunks(
    document: Path, records: int, prefix_last: bool
) -> None:
    """Nothing is lost where one chunk of text ends and the next begins."""
    text = _large(records, prefix_last=prefix_last)
    statements, problems = _written(document, text)
    read = _records(statements)

    assert len(text) > 4 * CHUNK_BYTES
    assert problems == []
    assert Counter(map(_keyword, read)) == {"entity": 2 * records, "used": records, "bundle": 1}
    assert len(set(read)) == len(read)


class _Counting(io.FileIO):
    """A file that knows how much was read of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        data = super().read(-1 if size is None else size) or b""
        _Counting.taken += len(data)
        return data


def test_records_come_before_the_file_is_read(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first record is there when a small part of the file has been read."""
    document.write_text(_large(6001))
    monkeypatch.setattr(_Counting, "taken", 0)
    monkeypatch.setattr(Path, "open", lambda path, mode: _Counting(path, mode))
    statements = ProvJsonImporter().records(document, pytest.fail)
    first = [next(statements) for _ in range(3)]
    statements.close()  # type: ignore[attr-defined]

    assert isinstance(first[2], Entity)
    assert 0 < _Counting.taken < document.stat().st_size / 4


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_cut_document_keeps_what_is_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Wherever a file ends too early, its whole records are there and a byte is named."""
    path = tmp_path_factory.mktemp("cut") / "document.json"
    sample = data.draw(st.sampled_from(SAMPLES))
    whole = [one for one in _read(sample)[0] if not isinstance(one, Namespace)]
    content = sample.read_bytes().rstrip()
    length = data.draw(st.integers(0, len(content) - 1))
    path.write_bytes(content[:length])
    try:
        statements, problems = _read(path)
    except SourceError:
        assume(False)
    read = _records(statements)

    assert problems[-1].place.startswith("byte ")
    assert int(problems[-1].place.split()[1]) <= length
    if sample.name != "bindings4.json":  # its prefixes come last
        assert read == whole[: len(read)]


def test_a_cut_document_loses_nothing_before_the_cut(document: Path) -> None:
    """A document cut behind its n-th record gives n records."""
    text = json.dumps(PREFIX | {"entity": {f"ex:{at}": {} for at in range(9)}})
    counts = []
    for at in range(9):
        end = text.index(f'"ex:{at}": {{}}') + len(f'"ex:{at}": {{}}')
        counts.append(len(_records(_written(document, text[:end])[0])))

    assert counts == list(range(1, 10))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("null", "must be an object"),
        ("5", "must be an object"),
        ('"text"', "must be an object"),
        ("nonsense", "not JSON"),
        ("", "not JSON"),
        ('{"ex:n": 01}', "not JSON"),
        ('{"ex:n" 1}', "not JSON"),
        ('{"ex:n": "a\nb"}', "not JSON"),
        ('{"ex:n": NaN}', "NaN"),
        ('{"ex:n": -Infinity}', "-Infinity"),
        (f'{{"ex:n": {"9" * 5000}}}', "5000 digits"),
        ('{"ex:n": "\\ud800"}', "surrogate"),
        ('{"ex:\\udfff": 1}', "surrogate"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"ex:n":' * 50_000 + "1" + "}" * 50_000, "nested too deeply"),
        ('{"ex:n": {"type": "xsd:string"}}', "no text under"),
        ('{"ex:n": {"$": null}}', "no text under"),
        ('{"ex:n": {"$": "a", "type": 5}}', "type or language"),
        ('{"ex:n": {"$": "a", "lang": []}}', "type or language"),
        ('{"ex:n": [["a"]]}', "does not know"),
        ('{"other:n": 1}', "'other:n' is not declared"),
        ('{"n": 1}', "'n' has no prefix"),
        ('{"": 1}', "is empty"),
        ('{"prov:activity": ["ex:a", "ex:b"]}', "takes one value"),
        ('{"prov:activity": []}', "takes one value"),
        ('{"prov:activity": 5}', "must be a qualified name"),
        ('{"prov:activity": {"$": "5"}}', "must be a qualified name"),
        ('{"prov:time": ["2020-01-01T00:00:00", "2021-01-01T00:00:00"]}', "takes one value"),
        ('{"prov:plan": "ex:a", "prov:plan": "ex:b"}', "more than one value"),
    ],
)
@pytest.mark.parametrize("section", ["entity", "used", "hadMember"])
def test_a_damaged_record_costs_itself_alone(
    document: Path, section: str, record: str, reason: str
) -> None:
    """A damaged record is named by its JSON pointer; those before and after it are read."""
    around = '{"ex:a": {}, "ex:b/~": ', ', "ex:c": {}}'
    text = f'{{"prefix": {{"ex": "{EX}"}}, "{section}": {around[0]}{record}{around[1]}}}'
    statements, problems = _written(document, text)
    lost = [problem for problem in problems if problem.records_lost]

    assert [problem.place for problem in lost] == [f"/{section}/ex:b~1~0"]
    assert reason in lost[0].message
    assert [one.identifier for one in _records(statements)] == [EX + "a", EX + "c"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ('{"prov:time": "yesterday"}', "no date and time"),
        ('{"prov:time": 5}', "no date and time"),
        ('{"prov:startTime": "0001-01-01T00:00:00+14:00"}', "no date and time"),
        ('{"prov:activity": null}', "null"),
        ('{"ex:n": null}', "null"),
        ('{"ex:n": [null]}', "null"),
        ('{"ex:n": {"$": "a", "type": "other:t"}}', "read as text"),
        ('{"ex:n": {"$": "other:t", "type": "xsd:QName"}}', "as it is written"),
        ('{"ex:n": {"$": "a", "note": "b"}}', "no meaning"),
        ('{"ex:n": 1, "ex:n": 2}', "repeated"),
    ],
)
@pytest.mark.parametrize("section", ["entity", "used"])
def test_a_part_of_no_meaning_is_told_and_the_record_kept(
    document: Path, section: str, record: str, reason: str
) -> None:
    """What can be left out of a record is left out, and told with its place."""
    text = f'{{"prefix": {{"ex": "{EX}"}}, "{section}": {{"ex:a": {record}}}}}'
    statements, problems = _written(document, text)

    assert [(problem.place, problem.records_lost) for problem in problems] == [
        (f"/{section}/ex:a", 0)
    ]
    assert reason in problems[0].message
    assert len(_records(statements)) == 1


def test_repeated_keys_are_told_and_nothing_is_lost(document: Path) -> None:
    """A key that stands twice in an object is a problem; what both say is kept."""
    text = (
        '{"prefix": {"a": "urn:a:"}, "entity": {"a:1": {"a:n": 1, "a:n": 2}, "a:1": {}}, '
        '"entity": {"b:2": {}}, "prefix": {"b": "urn:b:"}, "agent": {"b:3": {}}, '
        '"bundle": {"a:b": {}, "a:b": {}}}'
    )
    statements, problems = _written(document, text)

    assert [problem.place for problem in problems] == [
        "/entity/a:1",
        "/entity/a:1",
        "/entity",
        "/entity/b:2",
        "/prefix",
        "/bundle/a:b",
    ]
    assert _records(statements) == [
        Entity("urn:a:1", (("urn:a:n", 1), ("urn:a:n", 2))),
        Entity("urn:a:1"),
        Agent("urn:b:3"),
        Bundle("urn:a:b"),
        Bundle("urn:a:b"),
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"entity": [], "agent": {}}', ["/entity"]),
        ('{"entity": {}, "surprise": {"a": [1]}}', ["/surprise"]),
        ('{"entity": {}, "@context": {}}', ["/@context"]),
        (
            '{"prefix": {"a": 5, "b": "", "c": "urn:c:"}, "entity": {"c:1": {}}}',
            ["/prefix/a", "/prefix/b"],
        ),
        (
            '{"prefix": {"a": "urn:\\ud800", "\\udfff": "urn:b:"}, "entity": {"urn:c": {}}}',
            ["/prefix/a", "/prefix/\\udfff", "/prefix"],
        ),
        ('{"bundle": {"urn:b": []}}', ["/bundle/urn:b"]),
        ('{"bundle": {"b": {"entity": {"urn:a": {}}}}, "entity": {"urn:c": {}}}', ["/bundle/b"]),
        ('{"bundle": {"urn:b": {"bundle": {}}}}', ["/bundle/urn:b/bundle"]),
        ('{"entity": {}} {"entity": {}}', ["byte 15"]),
        ('{"entity": {"urn:a": {} "urn:b": {}}}', ["byte 24"]),
        ('{"entity": {"urn:a": {}, 5: {}}}', ["byte 25"]),
        ('{"entity": {"urn:a": {"urn:n": "\x80"}}}', ["byte 21"]),
    ],
)
def test_damage_around_records_is_told(document: Path, text: str, places: list[str]) -> None:
    """Whatever is wrong outside records has a JSON pointer or a byte."""
    document.write_bytes(text.encode("latin-1"))
    _, problems = _read(document)

    assert [problem.place for problem in problems] == places


def test_a_file_that_is_no_text_ends_where_it_stops_being_text(document: Path) -> None:
    """Records before a byte that is not UTF-8 are kept."""
    good = json.dumps(PREFIX | {"entity": {"ex:a": {}}})[:-2].encode()
    document.write_bytes(good + b', "ex:\xff": {}}}')
    statements, problems = _read(document)

    assert _records(statements) == [Entity(EX + "a")]
    assert "not UTF-8" in problems[0].message


def test_a_value_without_end_is_not_swallowed(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that goes on and on is given up before it fills the memory."""
    monkeypatch.setattr("importers.provjson_stream.LONGEST_VALUE", CHUNK_BYTES)
    document.write_text('{"entity": {"urn:a": {"urn:n": "' + "x" * (8 * CHUNK_BYTES))
    _, problems = _read(document)

    assert "longer than" in problems[0].message


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*sorted(KEYS), "ex:a", "_:b", "$", "type", "lang", "prov:entity"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=25,
    )
)
@settings(max_examples=200, deadline=None)
def test_no_json_breaks_the_importer(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    """Any JSON at all is read, told or refused: no other exception."""
    path = tmp_path_factory.mktemp("any") / "document.json"
    path.write_text(json.dumps(content))
    refused = False
    statements: list[Statement] = []
    problems: list[Problem] = []
    try:
        statements, problems = _read(path)
    except SourceError:
        refused = True
    known = isinstance(content, dict) and (not content or not KEYS.isdisjoint(content))
    silent = isinstance(content, dict) and not any(content.values())

    assert refused is not known
    assert refused or silent or statements or problems or "prefix" in content


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_bytes_break_the_importer(tmp_path_factory: pytest.TempPathFactory, tail: bytes) -> None:
    """Any bytes after a good record leave it as it is."""
    path = tmp_path_factory.mktemp("any") / "document.json"
    path.write_bytes(b'{"entity": {"urn:a": {}, ' + tail)
    statements, _ = _read(path)

    assert statements[0] == Entity("urn:a")


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x, max_size=4)))
@settings(max_examples=50, deadline=None)
def test_the_cursor_reads_values_as_the_standard_library_does(value: Any) -> None:
    """One value after a key is what json makes of it."""
    cursor = JsonCursor(io.BytesIO(json.dumps({"key": value}).encode()))
    (found,) = [(key, cursor.value()) for key in cursor.members()]

    assert found == ("key", value)


def test_the_cursor_goes_on_after_a_damaged_value() -> None:
    """A value that is no JSON is passed by its brackets; the next one is read."""
    cursor = JsonCursor(io.BytesIO(b'{"a": {"x": tru, "y": "}"}, "b": 2}'))
    keys = cursor.members()
    next(keys)
    with pytest.raises(DamagedValue):
        cursor.value()
    following = (next(keys), cursor.value())

    assert following == ("b", 2)


def test_the_cursor_names_the_byte_where_text_breaks() -> None:
    """Bytes are counted, not characters."""
    cursor = JsonCursor(io.BytesIO('{"é": 1; '.encode()))

    with pytest.raises(BrokenText) as caught:
        [cursor.value() for _ in cursor.members()]

    assert caught.value.byte == 8
