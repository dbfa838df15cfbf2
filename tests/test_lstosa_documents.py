"""lstosa's merged documents, definitions and histories."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import importers.lstosa_merged
from importers.lstosa import LstosaImporter
from lineage import vocabulary as v
from lineage.canonical import canonical
from lineage.interfaces import HEAD_BYTES, Confidence
from lineage.records import Activity, Agent, Entity, EventKind, FileEvent, Iri, Relation
from lineage.vocabulary import LSTOSA, RelationKind
from tests.lstosa_logs import (
    DEFINITIONS,
    HISTORIES,
    MERGED_DOCUMENTS,
    MERGED_LOGS,
    PROV_LOG,
    digits_of,
    events,
    md5,
    of,
    read,
    scratch,
    tolerant,
)

RUN_WISE = MERGED_DOCUMENTS[1]


def names(path: Path) -> str:
    return path.name


def triples(source: Path) -> Counter[tuple[str, str, str, str]]:
    """(kind, digits of the activity, path or id, role) of a document, by json alone."""
    document = json.loads(source.read_text("utf-8"))
    paths = {
        key: one["filepath"]
        for key, one in document["entity"].items()
        if one.get("prov:type") == "File"
    }
    return Counter(
        (
            kind,
            one["prov:activity"].removeprefix("id:"),
            paths.get(one["prov:entity"], one["prov:entity"].removeprefix("id:")),
            one.get("prov:role", ""),
        )
        for kind in ("used", "wasGeneratedBy")
        for one in document[kind].values()
    )


def told(source: Path) -> Counter[tuple[str, str, str, str]]:
    """The same of what the importer says, but for shared plans."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    statements, _ = read(source)
    marks = digits_of(statements)
    words = {EventKind.USE: "used", EventKind.GENERATION: "wasGeneratedBy"}
    for one in statements:
        if isinstance(one, FileEvent):
            if one.kind in words:
                found[words[one.kind], marks[str(one.activity)], one.path, str(one.role)] += 1
        elif isinstance(one, Relation) and one.kind.keyword in ("used", "wasGeneratedBy"):
            usage = one.kind is RelationKind.USAGE
            activity, entity = (one.subject, one.object) if usage else (one.object, one.subject)
            digits = marks[str(activity)]
            local = str(entity).rpartition(":")[2]
            local = f"{digits}_parameters" if local == "parameters" else local
            (role,) = one.values(v.PROV_ROLE) or ("",)
            if role != "configuration":
                found[one.kind.keyword, digits, local, str(role)] += 1
    return found


@pytest.mark.parametrize("source", MERGED_DOCUMENTS, ids=names)
def test_every_use_and_generation_of_a_merged_document_arrives(source: Path) -> None:
    """Files by their path, sets of files and parameters as entities."""
    assert told(source) == triples(source)
    assert not read(source)[1]


@pytest.mark.parametrize("source", MERGED_LOGS, ids=names)
def test_a_merged_log_says_what_the_document_beside_it_says(source: Path) -> None:
    """The same activities, files and sets; parameters are no entity there."""
    document, log = told(source.with_suffix(".json")), told(source)
    parameters = Counter(one for one in document.elements() if one[2].endswith("_parameters"))
    activities = [
        {one.identifier for one in of(read(path)[0], Activity)}
        for path in (source, source.with_suffix(".json"))
    ]

    assert log == document - parameters
    assert activities[0] == activities[1]


def test_nothing_that_a_document_says_of_its_entities_is_lost() -> None:
    """Every value is somewhere, under the name that prov.log has for it."""
    document = json.loads(RUN_WISE.read_text("utf-8"))
    said = "\n".join(map(repr, read(RUN_WISE)[0]))
    values = {
        value
        for section in ("entity", "activity")
        for one in document[section].values()
        for name, value in one.items()
        if value not in ("Parameters", "20200117") and not name.endswith(("Time", "hash_type"))
    }

    assert not [value for value in values if value not in said]
    assert "2026-11-23T07:30:23.595473" in said
    assert "2020-01-17" in said


def test_a_set_that_is_used_and_generated_is_one_entity() -> None:
    """dl1ab changes its files in place: the document's cycle is kept as it is."""
    statements, _ = read(RUN_WISE)
    (dl1,) = [
        one for one in of(statements, Entity) if one.values(v.PROV_LABEL) == ("DL1Collection",)
    ]
    (dl1ab,) = [one for one in of(statements, Activity) if one.values(v.PROV_LABEL) == ("dl1ab",)]
    between = {
        one.kind
        for one in of(statements, Relation)
        if {one.subject, one.object} == {dl1.identifier, dl1ab.identifier}
    }

    assert between == {RelationKind.USAGE, RelationKind.GENERATION}
    assert Iri(v.PROV + "Collection") in dl1.values(v.PROV_TYPE)
    assert dl1.values(LSTOSA + "size") == (3,)


def test_documents_of_one_run_share_its_sets_of_files_and_those_of_another_do_not() -> None:
    """The id of a set is made of its directory, where every run of the night lies."""
    text = RUN_WISE.read_text("utf-8")
    other = scratch(text.replace("01807", "01808"), "x.json")[0]
    sets = [
        {one.identifier for one in of(statements, Entity) if ":collection:" in one.identifier}
        for statements in (read(RUN_WISE)[0], read(MERGED_DOCUMENTS[0])[0], other)
    ]

    assert len(sets[1]) == 4
    assert sets[1] < sets[0]
    assert not sets[0] & sets[2]


def test_activities_of_a_merged_document_are_not_those_of_the_log() -> None:
    """Their digits are made anew; one stands for those of all subruns."""
    log = {one.identifier for one in of(read(PROV_LOG)[0], Activity)}
    merged = [
        {one.identifier for one in of(read(source)[0], Activity)} for source in MERGED_DOCUMENTS
    ]

    assert not log & set().union(*merged)
    assert list(map(len, merged)) == [5, 6, 1, 3]


def test_the_account_of_a_document_is_a_person() -> None:
    """The same as in the log, so that both are one element."""
    agents = {one.identifier for one in of(read(RUN_WISE)[0], Agent)}

    assert agents == {"urn:lineage:person:lstanalyzer", "urn:lineage:software:lstchain:0.12.3"}
    assert agents < {one.identifier for one in of(read(PROV_LOG)[0], Agent)}


def test_a_file_whose_id_is_not_its_path_s_is_still_known_by_its_path() -> None:
    """The id is kept beside it."""
    text = RUN_WISE.read_text("utf-8").replace("5fd8b9a09838de0967268e7981b45038", "0" * 32)
    statements, _ = scratch(text, "x.json")
    (event,) = [one for one in events(statements) if one.role == "DL2 merged file"]

    assert dict(event.attributes)[LSTOSA + "entity_id"] == "0" * 32
    assert LSTOSA + "path_md5" not in dict(event.attributes)


def test_a_document_beyond_all_bounds_is_read_as_plain_prov_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is lost, and what is not held cannot be put into its session."""
    monkeypatch.setattr(importers.lstosa_merged, "MOST_STATEMENTS", 20)
    statements, (problem,) = read(RUN_WISE)

    assert len(of(statements, Relation)) == sum(triples(RUN_WISE).values())
    assert {one.identifier for one in of(statements, Activity)} > {"id:e18747"}
    assert problem.records_lost == 0


@pytest.mark.parametrize("source", [*MERGED_DOCUMENTS, *DEFINITIONS, *HISTORIES], ids=names)
def test_they_are_recognised_by_content(source: Path) -> None:
    """A merged document is not left to the importer of PROV-JSON."""
    head = source.read_bytes()[:HEAD_BYTES]
    named = source.suffix == ".history"
    elsewhere = LstosaImporter().recognises(Path("x"), head)

    assert LstosaImporter().recognises(source, head) is Confidence.CERTAIN
    assert elsewhere is (Confidence.SHAPE if named else Confidence.CERTAIN)


@pytest.mark.parametrize("source", DEFINITIONS, ids=names)
def test_each_described_activity_and_entity_is_an_entity(source: Path) -> None:
    """With its roles and its words, counted by yaml alone."""
    statements, _ = read(source)
    document = yaml.safe_load(source.read_text("utf-8"))
    found = {
        (one.values(LSTOSA + "describes")[0], one.values(v.PROV_LABEL)[0]): one
        for one in of(statements, Entity)
        if one.values(LSTOSA + "describes")
    }

    assert set(found) == {
        (kind, name)
        for key, kind in (("activities", "activity"), ("entities", "entity"))
        for name in document[key]
    }
    assert len(of(statements, Relation)) == len(found)
    for name, said in document["activities"].items():
        one = found["activity", name]

        assert Iri(v.PROV + "Plan") in one.values(v.PROV_TYPE)
        assert one.values(LSTOSA + "description") == (said["description"],)
        assert json.loads(str(one.values(LSTOSA + "definitions")[0])) == said
        for key, attribute in (("usage", "use_role"), ("generation", "generation_role")):
            roles = {item["role"] for item in said[key] or ()}

            assert set(one.values(LSTOSA + attribute)) == roles


def test_versions_of_the_definition_share_what_they_describe_alike() -> None:
    """The later one adds an activity and changes no other."""
    _, old, new = (
        {one.identifier for one in of(read(source)[0], Entity) if ":description:" in one.identifier}
        for source in DEFINITIONS
    )

    assert old < new
    assert len(new - old) == 1


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
MERGES = "a: &a {x: 1, y: 2}\n" + "".join(
    f"{name}: &{name} {{<<: [{','.join([f'*{before}'] * 9)}]}}\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
MINIMAL = """activities:
  one:
    description: d
    usage:
      - role: r
        entityName: E
entities:
  E: {type: File}
"""


@pytest.mark.parametrize(
    ("text", "problem", "kept"),
    [
        (MINIMAL + BOMB, "more than 200,000 values", 3),
        (MINIMAL + MERGES, "more than 200,000 values", 3),
        (MINIMAL + "x: " + "[" * 200_000 + "\n", "nest", 3),
        (MINIMAL + "#" * 300_000, "larger than 262144 bytes", 0),
        (MINIMAL + "x: !!python/object/apply:os.system ['touch canary']", "no end", 3),
        (MINIMAL + "x: *nothing\n", "stands for nothing", 3),
        (MINIMAL.replace("entities:", "activities: {}\nentities:"), "described twice", 2),
    ],
    ids=["aliases", "merges", "deep", "large", "object", "alias", "repeated"],
)
def test_hostile_yaml_ends_in_a_clear_message(
    text: str, problem: str, kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Aliases are not written out, nothing is constructed, and what is whole is kept."""
    monkeypatch.chdir(tmp_path)
    statements, problems = tolerant(text, "definition.yaml")

    assert not (tmp_path / "canary").exists()
    assert re.search(problem, problems[0].message)
    assert len(of(statements, Entity)) == kept


@pytest.mark.parametrize("source", DEFINITIONS, ids=names)
def test_a_cut_definition_keeps_what_is_whole_and_names_the_line(source: Path) -> None:
    """YAML that is cut is mostly YAML still; so is said that the last line has no end."""
    whole = source.read_text("utf-8")
    described = re.compile(r"^    (\w+):\n", re.MULTILINE)
    places = random.Random(source.name)
    for _ in range(50):
        text = whole[: places.randrange(len(whole))]
        statements, problems = tolerant(text, "definition.yaml")
        found = {str(one.values(LSTOSA + "name")[0]) for one in of(statements, Entity)[1:]}
        expected = set(described.findall(text)[:-2]) if "activities:\n" in text else set()

        if statements:
            assert expected <= found
        assert problems or text.endswith("\n")
        assert all(one.place for one in problems)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_mutated_documents_never_stop_an_import(data: st.DataObject) -> None:
    """Bytes put in or taken out of merged documents, definitions and histories."""
    source = data.draw(st.sampled_from([RUN_WISE, DEFINITIONS[0], HISTORIES[1]]))
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.binary(max_size=6) | st.sampled_from([b"\n", b'"', b"*a", b"&a "]))
        content[at : at + data.draw(st.integers(0, 20))] = piece
    statements, problems = tolerant(bytes(content), source.name)

    assert all(canonical(one) for one in of(statements, Activity))
    assert all(one.message for one in problems)


def test_the_md5_of_a_path_is_what_lstosa_says_it_is() -> None:
    """Two of the excerpt's ids, made anew from their paths."""
    path = "/fefs/aswg/data/real/R0/20191123/LST-1.1.Run01618.0008.fits.fz"

    assert md5(path) == "446f45dd1c878559585395eedce5bc7a"
