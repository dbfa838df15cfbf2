"""Tree sequences: every row of the provenance table arrives, as a chain that files share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lineage import vocabulary as v
from lineage.records import Agent, Entity, Iri, Relation
from lineage.vocabulary import TSKIT, RelationKind
from tests.tree_sequences import (
    DATA,
    SAMPLES,
    SCRIPT,
    SLIM_3_0,
    SLIM_3_3,
    TIME,
    activities,
    file_event,
    made_by,
    numbered,
    other,
    read,
    record,
    stored_rows,
    uses,
    write,
)


def ids(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("source", SAMPLES, ids=ids)
def test_every_row_of_a_sample_is_an_activity(source: Path) -> None:
    """In order, with command, software, seed, time and resources as the row has them."""
    statements, _ = read(source)
    found = activities(statements)
    rows = stored_rows(source)

    assert len(found) == len(rows)
    for activity, (timestamp, text) in zip(found, rows, strict=True):
        assert activity.values(v.PROV_END) == (datetime.fromisoformat(timestamp),)
        if not text.startswith("{"):
            assert activity.values(TSKIT + "text") == (text,)
            continue
        row = json.loads(text)
        resources = row.get("resources", {})
        software = f"{row['software']['name']}:{row['software']['version']}"
        agents = [
            one.object
            for one in statements
            if isinstance(one, Relation)
            and one.kind is RelationKind.ASSOCIATION
            and one.subject == activity.identifier
        ]
        said = {
            "command": row["parameters"]["command"],
            "random_seed": row["parameters"].get("random_seed"),
            "schema_version": row["schema_version"],
            "elapsed_time_s": resources.get("elapsed_time"),
            "user_time_s": resources.get("user_time"),
            "sys_time_s": resources.get("sys_time"),
            "max_memory_bytes": resources.get("max_memory"),
        }

        assert agents == [f"urn:lineage:software:{software}"]
        for name, value in said.items():
            assert activity.values(TSKIT + name) == (() if value is None else (value,))


@pytest.mark.parametrize("source", SAMPLES, ids=ids)
def test_nothing_of_a_row_is_lost(source: Path) -> None:
    """Parameters and environment can be had back, but for what became records of their own."""
    for activity, (_, text) in zip(activities(read(source)[0]), stored_rows(source), strict=True):
        if not text.startswith("{"):
            continue
        row = json.loads(text)
        row["parameters"].pop("other", None)
        (parameters,) = activity.values(TSKIT + "parameters")
        back = json.loads(str(parameters))
        back.pop("other", None)
        environment = [json.loads(str(one)) for one in activity.values(TSKIT + "environment")]

        assert back == row["parameters"]
        assert environment == ([row["environment"]] if row["environment"] else [])
        assert activity.values(TSKIT + "record") == ()


def test_slim_3_0_has_a_form_of_its_own(tmp_path: Path) -> None:
    """It is older than the schema: nothing is wrong with it, and nothing is lost."""
    statements, problems = read(write(tmp_path / "x.trees", [(TIME, SLIM_3_0)]))
    (activity,) = activities(statements)

    assert problems == []
    assert activity.values(v.PROV_LABEL) == ("SLiM",)
    assert "urn:lineage:software:SLiM:3.0" in {
        one.identifier for one in statements if isinstance(one, Agent)
    }
    assert json.loads(str(activity.values(TSKIT + "record")[0])) == {
        key: value for key, value in SLIM_3_0.items() if key not in ("program", "version")
    }


def test_the_script_that_slim_ran_is_a_plan(tmp_path: Path) -> None:
    """Since 3.1 the record follows the schema: argv, script, seed of 64 bits, SLiM's own part."""
    statements, problems = read(write(tmp_path / "x.trees", [(TIME, SLIM_3_3)]))
    (activity,) = activities(statements)
    (plan,) = [
        one for one in statements if isinstance(one, Entity) and one.values(v.PROV_TYPE) != ()
    ]
    (association,) = [
        one
        for one in statements
        if isinstance(one, Relation) and one.kind is RelationKind.ASSOCIATION
    ]

    assert problems == []
    assert plan.values(v.PROV_VALUE) == (SCRIPT,)
    assert association.values(v.PROV_PLAN) == (Iri(plan.identifier),)
    assert uses(statements, activity) == {"model": plan.identifier}
    assert activity.values(TSKIT + "command") == ("slim -s 23 'recipe WF.slim'",)
    assert activity.values(TSKIT + "random_seed") == (1701990081340,)
    assert activity.values(TSKIT + "node") == ("skua",)
    assert set(json.loads(str(activity.values(TSKIT + "record")[0]))) == {"slim", "metadata"}


@pytest.mark.parametrize(
    ("value", "seed"),
    [
        ({"__npgeneric__": "42", "dtype": "<i8"}, (42,)),
        (2**64, ("18446744073709551616",)),
        ({"__npgeneric__": "x"}, ()),
        (None, ()),
        (True, ()),
        ([1], ()),
    ],
)
def test_seeds_of_every_form(tmp_path: Path, value: Any, seed: tuple[Any, ...]) -> None:
    """msprime writes numpy's numbers as objects."""
    row = record(parameters={"command": "x", "random_seed": value})
    (activity,) = activities(read(write(tmp_path / "x.trees", [(TIME, row)]))[0])

    assert activity.values(TSKIT + "random_seed") == seed


@pytest.mark.parametrize(
    ("text", "time", "kept"),
    [
        (TIME, datetime(2026, 1, 2, 3, 4, 5, 6), ()),  # noqa: DTZ001
        ("2026-01-02T05:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), True),
        ("2026-01-02 03:04:05", datetime(2026, 1, 2, 3, 4, 5), True),  # noqa: DTZ001
        ("9999-12-31T23:59:59-05:00", None, True),
        ("soon", None, True),
        ("", None, ()),
    ],
)
def test_times_are_kept_as_they_are(
    tmp_path: Path, text: str, time: datetime | None, kept: Any
) -> None:
    """Local time stays without zone; what is no time, or another's, is kept as a text besides."""
    statements, _ = read(write(tmp_path / "x.trees", [(text, record())]))
    (activity,) = activities(statements)

    assert activity.values(v.PROV_END) == (() if time is None else (time,))
    assert activity.values(TSKIT + "timestamp") == ((text,) if kept else ())
    assert file_event(statements).stop == time


INVALID: list[tuple[Any, str]] = [
    (record(software=None), "/provenances/0"),
    (record(software={"name": "x"}), "/provenances/0/software"),
    (record(software={"name": "", "version": "1"}), "/provenances/0/software/name"),
    (record(parameters=[]), "/provenances/0/parameters"),
    (record(schema_version=1), "/provenances/0/schema_version"),
    (record(schema_version="2.0.0"), "/provenances/0/schema_version"),
    (record(environment=None), "/provenances/0"),
    (
        record(resources={"max_memory": "much", "elapsed_time": True}),
        "/provenances/0/resources/max_memory",
    ),
    ([], "/provenances/0"),
    ("text", "/provenances/0"),
    ("", "/provenances/0"),
    ('{"a": 1', "/provenances/0"),
    ('{"a": 1, "a": 2}', "/provenances/0"),
]


@pytest.mark.parametrize(("row", "place"), INVALID, ids=range(len(INVALID)))
def test_a_row_that_is_not_as_it_should_be_is_kept_and_reported(
    tmp_path: Path, row: Any, place: str
) -> None:
    """By its place; and the activity says it as well."""
    statements, problems = read(write(tmp_path / "x.trees", [(TIME, row), numbered(1)]))
    first, second = activities(statements)

    assert place in [problem.place for problem in problems]
    assert all(problem.records_lost == 0 for problem in problems)
    assert len(first.values(TSKIT + "problem")) == len(problems)
    assert uses(statements, second) == {"tree sequence": made_by(statements, first)}


def test_wrong_parts_of_a_row_are_kept_with_it(tmp_path: Path) -> None:
    """What has no attribute of its own stands in the rest of the record."""
    row = record(
        resources={"max_memory": "much", "elapsed_time": 2, "gpu": 1}, software="x", more=1
    )
    (activity,) = activities(read(write(tmp_path / "x.trees", [(TIME, row)]))[0])

    assert activity.values(TSKIT + "elapsed_time_s") == (2.0,)
    assert json.loads(str(activity.values(TSKIT + "record")[0])) == {
        "resources": {"max_memory": "much", "gpu": 1},
        "software": "x",
        "more": 1,
    }


def test_long_parameters_are_cut_and_say_so(tmp_path: Path) -> None:
    """A union of large tree sequences names every node; the digest of the whole is kept."""
    row = other([numbered(1)])
    row["parameters"]["node_mapping"] = list(range(100_000))
    statements, problems = read(write(tmp_path / "x.trees", [(TIME, row)]))
    union = activities(statements)[0]
    (parameters,) = union.values(TSKIT + "parameters")
    cut = json.loads(str(parameters))["node_mapping"]

    assert problems == []
    assert union.values(TSKIT + "cut") == ("parameters: node_mapping",)
    assert cut["characters"] == len(json.dumps(list(range(100_000)), separators=(",", ":")))
    assert len(str(parameters)) < 2000


def test_a_file_says_what_it_is() -> None:
    """Its id, format, length, units and the sizes of its tables."""
    facts = dict(file_event(read(DATA / "tsinfer.trees")[0]).attributes)

    assert facts == {
        TSKIT + "file_uuid": "45905961-cafd-1031-e0fd-1cb4c93381a3",
        TSKIT + "format_version": "12.7",
        TSKIT + "sequence_length": 500_000.0,
        TSKIT + "time_units": "uncalibrated",
        TSKIT + "nodes": 353,
        TSKIT + "edges": 843,
        TSKIT + "sites": 643,
        TSKIT + "mutations": 643,
        TSKIT + "individuals": 8,
        TSKIT + "provenance_rows": 4,
    }


def test_a_file_without_provenance_is_described() -> None:
    """Nothing is wrong with it; it says that nothing tells how it was made."""
    statements, problems = read(DATA / "no_provenance.trees")
    facts = dict(file_event(statements).attributes)

    assert (len(statements), problems) == (1, [])
    assert facts[TSKIT + "provenance_rows"] == 0
    assert facts[TSKIT + "note"]
