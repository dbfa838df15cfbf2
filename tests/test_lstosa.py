"""prov.log: every record arrives, belongs to the right activity, and is called what it is."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lineage import vocabulary as v
from lineage.records import Activity, Entity, EventKind, Relation
from lineage.vocabulary import LSTOSA, RelationKind
from tests.lstosa_logs import (
    END,
    LOGPROV,
    PROV_LOG,
    SEED,
    START,
    by_digits,
    end,
    entity,
    events,
    generated,
    line,
    md5,
    of,
    only,
    read,
    records,
    scratch,
    session,
    start,
    used,
)


def test_each_of_three_interleaved_subruns_has_its_own_activities_and_files() -> None:
    """14 activities appear once each, with the 54 uses and 28 generations that name them."""
    statements, problems = read(PROV_LOG)
    said = records(PROV_LOG)
    paths = {one["entity_id"]: one["filepath"] for one in said if "filepath" in one}
    expected = Counter(
        (one["activity_id"], kind, paths[one[f"{kind}_id"]], one[f"{kind}_role"])
        for one in said
        for kind in ("used", "generated")
        if f"{kind}_id" in one
    )
    digits = {one.identifier: mark for mark, one in by_digits(statements).items()}
    words = {EventKind.USE: "used", EventKind.GENERATION: "generated"}
    found = Counter(
        (digits[str(one.activity)], words[one.kind], one.path, one.role)
        for one in events(statements)
    )

    assert found == expected
    assert len(of(statements, Activity)) == len(digits) == 14
    assert Counter(one.kind for one in events(statements)) == {
        EventKind.USE: 54,
        EventKind.GENERATION: 28,
    }
    assert not problems


def test_activities_have_the_times_of_their_start_and_end_records() -> None:
    """Local times without zone, as written, on activities and on what they used."""
    statements, _ = read(PROV_LOG)
    said = records(PROV_LOG)
    found = by_digits(statements)
    for key, name in (("startTime", v.PROV_START), ("endTime", v.PROV_END)):
        expected = {
            one["activity_id"]: one[key] for one in said if {"activity_id", key} <= set(one)
        }
        times = {
            digits: one.values(name)[0].isoformat()  # type: ignore[union-attr]
            for digits, one in found.items()
        }

        assert times == expected
    for event in events(statements):
        (activity,) = [one for one in found.values() if one.identifier == event.activity]

        assert event.start in activity.values(v.PROV_START)
        assert event.stop in activity.values(v.PROV_END)


def test_every_recorded_hash_is_the_md5_of_its_path_and_called_so() -> None:
    """82 path hashes: none is given out as a hash of content."""
    statements, _ = read(PROV_LOG)
    hashes = [one["hash"] for one in records(PROV_LOG) if "hash" in one]
    found = [one for event in events(statements) for one in event.attributes if "md5" in one[0]]

    assert len(hashes) == len(found) == 82
    assert Counter(value for _, value in found) == Counter(hashes)
    for event in events(statements):
        assert dict(event.attributes)[LSTOSA + "path_md5"] == md5(event.path)
        assert LSTOSA + "hash" not in dict(event.attributes)


def test_a_hash_that_is_not_of_its_path_is_kept_and_told() -> None:
    """The excerpt of 2020 lost a part of one path on its way through a PDF."""
    statements, (problem,) = read(SEED)
    (event,) = [one for one in events(statements) if one.role == "Coefficients calibration file"]

    assert (problem.place, problem.records_lost) == ("8", 0)
    assert "d8077e3bbdbc371f688ae65b0972e212" in problem.message
    assert dict(event.attributes)[LSTOSA + "hash"] == "d8077e3bbdbc371f688ae65b0972e212"
    assert LSTOSA + "path_md5" not in dict(event.attributes)


def test_a_path_that_is_written_with_a_slash_too_many_has_the_hash_of_the_path() -> None:
    """lstosa hashes the path as pathlib writes it."""
    statements, problems = scratch(start() + entity("/d//x/", hash=md5("/d/x")) + used("/d//x/"))
    (event,) = events(statements)

    assert event.path == "/d/x"
    assert dict(event.attributes)[LSTOSA + "path_md5"] == md5("/d/x")
    assert dict(event.relation_attributes) == {LSTOSA + "filepath": "/d//x/"}
    assert not problems


def test_what_was_recorded_and_never_used_is_an_entity_of_its_own() -> None:
    """The excerpt ends between a file's record and its use."""
    statements, _ = read(SEED)
    (file,) = [one for one in of(statements, Entity) if one.identifier.startswith("file:")]

    assert file.values(LSTOSA + "name") == ("TimeCalibrationFile",)
    assert file.values(v.IDENTIFIED_BY) == ("path",)


def test_colliding_digits_stay_apart() -> None:
    """24 bits collide: the same digits in another session, or beginning later, are another."""
    text = ""
    for number, changes in enumerate(
        (
            {},
            {"startTime": "2021-01-01T00:01:00"},
            {"in_session": "2021010101808", "session_tag": "r0_to_dl1:01808"},
        )
    ):
        path, tag = f"/d/{number}", {"session_tag": changes.get("session_tag", "r0_to_dl1:01807")}
        text += start(**changes) + entity(path) + used(path, **tag) + end(**tag)
    statements, problems = scratch(text)
    activities = of(statements, Activity)

    assert len({one.identifier for one in activities}) == 3
    assert [(one.activity, one.path) for one in events(statements)] == [
        (one.identifier, f"/d/{number}") for number, one in enumerate(activities)
    ]
    assert not problems


def test_lines_of_two_runs_with_the_same_digits_are_told_apart_by_their_tag() -> None:
    """Two writers whose lines alternate keep their own files."""
    other = {"session_tag": "dl1ab:01807"}
    statements, _ = scratch(
        start() + start(name="dl1ab", startTime="2021-01-01T00:00:01.5", **other)
        + entity("/d/a") + entity("/d/b") + used("/d/a") + used("/d/b", **other)
        + end(**other) + end()
    )  # fmt: skip
    names = {one.identifier: one.values(v.PROV_LABEL)[0] for one in of(statements, Activity)}

    assert {(names[str(one.activity)], one.path) for one in events(statements)} == {
        ("r0_to_dl1", "/d/a"),
        ("dl1ab", "/d/b"),
    }


def test_an_activity_without_end_is_told_as_far_as_it_goes() -> None:
    """The log may stop before it."""
    statements, problems = scratch(start() + entity("/d/x") + used("/d/x"))
    (event,) = events(statements)

    assert only(statements, Activity).values(v.PROV_END) == ()
    assert (event.start, event.stop) == (datetime.fromisoformat(START), None)
    assert not problems


def test_what_comes_after_the_end_record_still_belongs_to_the_activity() -> None:
    """The merged logs name their sets of files behind it, without a tag."""
    late = line(activity_id="abcdef", used_id=md5("/d/x"), used_role="late")
    statements, problems = scratch(start() + end() + entity("/d/x") + late)
    (event,) = events(statements)

    assert event.activity == only(statements, Activity).identifier
    assert event.stop == datetime.fromisoformat(END)
    assert not problems


def test_lines_without_a_start_record_are_kept_and_told() -> None:
    """A log that lost its beginning keeps the uses of an activity that nobody can date."""
    statements, (problem,) = scratch(entity("/d/x") + used("/d/x") + end())
    activity = only(statements, Activity)

    assert (problem.place, problem.records_lost) == ("2", 0)
    assert activity.values(v.PROV_LABEL) == ("r0_to_dl1",)
    assert activity.values(v.PROV_END) == (datetime.fromisoformat(END),)
    assert events(statements)[0].activity == activity.identifier


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        ({"unheard": [1, {"a": None}]}, '{"unheard":[1,{"a":null}]}'),
        ({"endTime": "later"}, '{"endTime":"later"}'),
    ],
)
def test_what_an_activity_says_besides_is_kept(record: dict[str, Any], kept: str) -> None:
    """Keys and values that mean nothing here can be had back as JSON."""
    statements, _ = scratch(start() + line(activity_id="abcdef", **record))

    assert only(statements, Activity).values(LSTOSA + "record") == (kept,)


def test_what_a_file_or_session_says_besides_is_kept() -> None:
    """Unknown keys of entity and session records are JSON too."""
    text = session(unheard=1) + start() + entity("/d/x", unheard=2) + used("/d/x", unheard=3)
    statements, _ = scratch(text)
    (event,) = events(statements)

    assert of(statements, Entity)[0].values(LSTOSA + "session_record") == ('{"unheard":1}',)
    assert dict(event.attributes)[LSTOSA + "file_record"] == '{"unheard":2}'
    assert dict(event.relation_attributes)[LSTOSA + "record"] == '{"unheard":3}'


def test_a_record_of_no_known_kind_is_told() -> None:
    """It names its keys, and costs one record."""
    _, (problem,) = scratch(start() + line(a=1, b=2))

    assert (problem.place, problem.records_lost) == ("2", 1)
    assert "a, b" in problem.message


def test_generations_say_what_joins_an_output_that_many_activities_write() -> None:
    """Session and name of the activity, and its subrun, are on each, for the run-wise files."""
    statements, _ = read(PROV_LOG)
    check = [
        dict(one.relation_attributes)
        for one in events(statements, EventKind.GENERATION)
        if one.role == "DL1Check HDF5 file"
    ]

    assert check == [
        {
            LSTOSA + "activity": "dl1_datacheck",
            LSTOSA + "part": subrun,
            LSTOSA + "session": "2020011701807",
        }
        for subrun in (1, 0, 2)
    ]


def test_relative_paths_belong_to_their_activity() -> None:
    """The directory that it ran in is not recorded."""
    statements, _ = scratch(start() + entity("x.fits") + used("x.fits"))
    (file,) = [one for one in of(statements, Entity) if "path:" in one.identifier]
    (relation,) = [one for one in of(statements, Relation) if one.kind is RelationKind.USAGE]

    assert relation.object == file.identifier
    assert file.identifier.endswith(":abcdef:x.fits")
    assert file.values(v.IDENTIFIED_BY) == ("path",)


def test_memberships_and_derivations_arrive() -> None:
    """They may name an entity whose record comes later, and one whose record never comes."""
    text = line(entity_id=1, member_id=md5("/d/x")) + line(entity_id=2, progenitor_id=1)
    statements, _ = scratch(start() + text + entity("/d/x"))
    found = {(one.kind, one.subject, one.object) for one in of(statements, Relation)}

    assert {
        (RelationKind.MEMBERSHIP, "urn:lineage:lstosa:entity::1", "file:///d/x"),
        (RelationKind.DERIVATION, "urn:lineage:lstosa:entity::2", "urn:lineage:lstosa:entity::1"),
    } <= found


def test_logprov_s_dialect_is_read_by_the_same_rules() -> None:
    """Python objects belong to their session; what logprov hashes is the content of a file."""
    statements, problems = read(LOGPROV)
    objects = {
        one.values(v.PROV_LABEL)[0]: one
        for one in of(statements, Entity)
        if one.values(LSTOSA + "type") == ("PythonObject",)
    }
    (index,) = [one for one in events(statements) if one.role == "observation index"]
    flow = Counter(
        one.kind
        for one in of(statements, Relation)
        if objects["Observations"].identifier in (one.subject, one.object)
    )

    assert flow == {
        RelationKind.GENERATION: 1,
        RelationKind.USAGE: 2,
        RelationKind.MEMBERSHIP: 2,
    }
    assert dict(index.attributes)[LSTOSA + "hash_type"] == "sha1"
    assert dict(index.attributes)[LSTOSA + "hash"] == "bf7af011de9e1c2d4e978b11fb648da4510fba1d"
    assert not problems


def test_a_derivation_of_files_is_a_use_by_the_activity_that_made_the_derived_one() -> None:
    """logprov tells it when the file is generated; which version was meant only identity knows."""
    statements, _ = read(LOGPROV)
    makers = [
        one.activity
        for one in events(statements, EventKind.GENERATION)
        if one.path == "/srv/cta/logprov/map.fits"
    ]
    derived = [
        (one.activity, one.path)
        for one in events(statements, EventKind.USE)
        if str(dict(one.relation_attributes).get(v.EVIDENCE)).startswith("inferred:")
    ]

    assert derived == [(maker, "/srv/cta/logprov/obs-index.fits") for maker in makers]
    assert len(makers) == 2


def test_values_that_are_no_literals_are_kept_as_they_are_written() -> None:
    """logprov writes the repr of any object; lstosa's own reader fails on that."""
    statements, _ = read(LOGPROV)
    parameters = {
        one.values(v.PROV_LABEL)[0]: json.loads(one.values(LSTOSA + "parameters")[0])
        for one in of(statements, Activity)
    }

    assert parameters["write_map"] == {"width": 10, "kernel": "<Kernel 0.1 deg>"}


def test_an_empty_log_is_an_empty_log(tmp_path: Path) -> None:
    """The logger makes the file before it writes."""
    source = tmp_path / "prov.log"
    source.touch()

    assert read(source) == ([], [])


def test_a_repeated_generation_keeps_the_file_s_own_record() -> None:
    """The same file generated by two activities has two events and one description."""
    text = start() + entity("/d/x") + generated("/d/x") + end()
    text += start("bbbbbb") + entity("/d/x") + generated("/d/x", "bbbbbb") + end("bbbbbb")
    statements, _ = scratch(text)
    first, second = events(statements)

    assert first.attributes == second.attributes
    assert first.activity != second.activity
