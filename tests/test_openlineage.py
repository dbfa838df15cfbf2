"""OpenLineage events: what the client of the project itself writes, and what is damaged in it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.openlineage import OpenLineageImporter
from lineage import queries
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.interfaces import Confidence, Problem
from lineage.records import Activity, Agent, Entity, EventKind, Iri, Relation
from lineage.session import Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import OPENLINEAGE, RelationKind
from tests.golden import DATA
from tests.importing import Reading, confidence, read, read_text

NIGHT = DATA / "openlineage" / "night.openlineage.jsonl"
COMPLETE = DATA / "openlineage" / "calibrate.complete.json"
RUN = "0193589a-2d40-7c11-a6f6-0b8d4c5e1a01"
CALIBRATE = f"urn:uuid:{RUN}"
RAW = "/data/R0/20261122/LST-1.1.Run02008.0001.fits.fz"
DL1 = "/data/DL1/20261122/v0.10/dl1_LST-1.Run02008.0001.h5"


def event(**more: Any) -> dict[str, Any]:
    """A START event of the smallest kind, changed."""
    return {
        "eventTime": "2026-11-23T20:00:00Z",
        "eventType": "START",
        "producer": "https://example.org/tool",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": RUN},
        "job": {"namespace": "n", "name": "j"},
        **more,
    }


def said(directory: Path, *events: Any) -> Reading:
    return read_text("openlineage", directory, "".join(f"{json.dumps(one)}\n" for one in events))


def test_the_sample_is_counted_independently() -> None:
    """Runs, jobs and datasets that json alone finds in it."""
    events = [json.loads(line) for line in NIGHT.read_text().splitlines()]
    runs = {one["run"]["runId"] for one in events if "run" in one}
    jobs = {one["job"]["name"] for one in events if "job" in one}
    files = {
        data["name"]
        for one in events
        for data in (*one.get("inputs", ()), *one.get("outputs", ()))
        if data["namespace"].startswith("file")
    }
    found = read("openlineage", NIGHT)

    assert found.problems == []
    assert len(events) == 11
    assert {one.identifier for one in found.records if isinstance(one, Activity)} == {
        f"urn:uuid:{run}" for run in runs
    }
    assert jobs == {
        one.values(v.PROV_LABEL)[0]
        for one in found.records
        if isinstance(one, Entity) and Iri(v.PROV + "Plan") in one.values(v.PROV_TYPE)
    }
    assert {one.path for one in found.events} == files


def test_events_of_one_run_add_up() -> None:
    """START tells when, COMPLETE how it ended: in the store they are one finished activity."""
    store = MemoryStore()
    report = import_paths(store, [NIGHT], Settings())
    (run,) = store.read([CALIBRATE])
    said = dict(run.attributes)

    assert report.complete
    assert said[v.PROV_START] == datetime(2026, 11, 23, 20, 0, 5, 120_000, tzinfo=UTC)
    assert said[v.PROV_END] == datetime(2026, 11, 23, 20, 3, 41, 904_000, tzinfo=UTC)
    assert said[OPENLINEAGE + "status"] == "COMPLETE"
    assert said[OPENLINEAGE + "nominal_end"] == datetime(2026, 11, 23, 21, tzinfo=UTC)
    assert said[OPENLINEAGE + "source_code_version"] == "3f1c2d4"


def test_files_chain_into_tables() -> None:
    """What the table was filled from goes back to raw data, calibration and the night's run."""
    store = MemoryStore()
    import_paths(store, [NIGHT], Settings())
    table = queries.resolve(store, "postgres://db.cta:5432/dl1.public.events")
    found = {one.name for one in queries.ancestors(store, table.key).elements}

    assert {"fill_table", "dl1_LST-1.Run02008.0001.h5", "calibrate", "night"} <= found
    assert {"LST-1.1.Run02008.0001.fits.fz", "lst1/pedestal_2026-11.h5"} <= found
    assert "train" not in found
    dl1 = queries.resolve(store, "dl1_LST-1.Run02008.0001.h5")
    assert dl1.identifier == f"file://{DL1}#{RUN}"
    assert dict(dl1.attributes)[v.RUN] == 2008
    assert json.loads(str(dict(dl1.attributes)[OPENLINEAGE + "schema"]))["fields"][0] == {
        "fields": [],
        "name": "event_id",
        "type": "int64",
    }


def test_local_files_are_events_and_their_host_is_kept(tmp_path: Path) -> None:
    """Namespaces ``file`` and ``file://HOST``; whatever is no absolute path is no file."""
    inputs = [
        {"namespace": "file", "name": "/a//b/../c.h5"},
        {"namespace": "file://node7", "name": "/scratch/x"},
        {"namespace": "file:///data/in", "name": "y.h5"},
        {"namespace": "file", "name": "relative.h5"},
    ]
    found = said(tmp_path, event(inputs=inputs))

    assert [(one.kind, one.path, one.node) for one in found.events] == [
        (EventKind.USE, "/a/c.h5", None),
        (EventKind.USE, "/scratch/x", "node7"),
        (EventKind.USE, "/data/in/y.h5", None),
    ]
    assert Entity in {
        type(one)
        for one in found.records
        if one.identifier == "urn:lineage:openlineage:dataset:file:relative.h5"
    }


def test_other_datasets_have_the_address_that_their_names_make(tmp_path: Path) -> None:
    """A version is an entity; what was dropped is invalidated; symlinks are alternates."""
    found = said(
        tmp_path,
        event(
            outputs=[
                {
                    "namespace": "s3://b",
                    "name": "k/x y",
                    "facets": {"version": {"datasetVersion": "3"}},
                },
                {
                    "namespace": "hive://h:1",
                    "name": "t",
                    "facets": {
                        "lifecycleStateChange": {"lifecycleStateChange": "DROP"},
                        "symlinks": {"identifiers": [{"namespace": "glue://g", "name": "t"}]},
                    },
                },
                {"namespace": "bigquery", "name": "p.d.t"},
            ]
        ),
    )
    pairs = {
        (one.kind, one.subject, one.object) for one in found.records if isinstance(one, Relation)
    }

    assert {
        (RelationKind.GENERATION, "s3://b/k/x%20y#3", CALIBRATE),
        (RelationKind.SPECIALIZATION, "s3://b/k/x%20y#3", "s3://b/k/x%20y"),
        (RelationKind.INVALIDATION, "hive://h:1/t", CALIBRATE),
        (RelationKind.ALTERNATE, "hive://h:1/t", "glue://g/t"),
        (RelationKind.GENERATION, "urn:lineage:openlineage:dataset:bigquery:p.d.t", CALIBRATE),
    } <= pairs


def test_a_failed_run_says_why() -> None:
    """The message and where in the code it came from."""
    (failed,) = [
        one
        for one in read("openlineage", NIGHT).records
        if isinstance(one, Activity) and one.values(OPENLINEAGE + "status") == ("FAIL",)
    ]

    assert failed.values(OPENLINEAGE + "error_message") == (
        "/scratch/train.h5 has no table dl1/event",
    )
    assert failed.values(v.PROV_END)


def test_parents_and_neighbours_inform(tmp_path: Path) -> None:
    """The parent and upstream runs inform a run; it informs its downstream runs."""
    other = "11111111-2222-4333-8444-55555555555"
    job = {"namespace": "n", "name": "k"}
    facets = {
        "parent": {"run": {"runId": other + "1"}, "job": job},
        "jobDependencies": {
            "upstream": [{"run": {"runId": other + "2"}, "job": job}, {"job": job}],
            "downstream": [{"run": {"runId": other + "3"}, "job": job}],
        },
    }
    found = said(tmp_path, event(run={"runId": RUN.upper(), "facets": facets}))

    assert {
        (one.subject, one.object, one.values(OPENLINEAGE + "relation")[0])
        for one in found.records
        if isinstance(one, Relation) and one.kind is RelationKind.COMMUNICATION
    } == {
        (CALIBRATE, f"urn:uuid:{other}1", "parent"),
        (CALIBRATE, f"urn:uuid:{other}2", "upstream"),
        (f"urn:uuid:{other}3", CALIBRATE, "downstream"),
    }


def test_who_ran_a_job_and_whose_it_is() -> None:
    """Engine and producer are software; an owner is a person, a team, or what it says."""
    found = {one.identifier: one for one in read("openlineage", NIGHT).records}

    assert isinstance(found["urn:lineage:software:Airflow:2.10.3"], Agent)
    assert isinstance(found["urn:lineage:person:jdoe"], Agent)
    team = found["urn:lineage:openlineage:owner:team%3Aanalysis"]
    assert isinstance(team, Agent)
    assert team.values(v.PROV_TYPE) == (Iri(v.PROV + "Organization"),)


def test_a_job_event_relates_datasets_without_a_run() -> None:
    """Inputs influence the job, and the job its outputs: as designed, not as happened."""
    design = [
        (one.subject, one.object)
        for one in read("openlineage", NIGHT).records
        if isinstance(one, Relation) and one.kind is RelationKind.INFLUENCE
    ]
    job = "urn:lineage:openlineage:job:cta-pipeline:report"

    assert design == [
        (job, "postgres://db.cta:5432/dl1.public.events"),
        ("s3://reports/night.html", job),
    ]


def test_facets_are_kept_under_their_own_names(tmp_path: Path) -> None:
    """Without the producer and schema of each; deleted ones are left out."""
    facets = {
        "myFacet": {"_producer": "p", "_schemaURL": "s", "a": [1, {"b": None}]},
        "odd name/": {"x": "y"},
        "gone": {"_deleted": True},
        "text": "just a text",
    }
    found = said(tmp_path, event(run={"runId": RUN, "facets": facets}))
    (run,) = [one for one in found.records if isinstance(one, Activity)]

    assert run.values(OPENLINEAGE + "myFacet") == ('{"a":[1,{"b":null}]}',)
    assert run.values(OPENLINEAGE + "odd%20name%2F") == ('{"x":"y"}',)
    assert run.values(OPENLINEAGE + "text") == ('"just a text"',)
    assert run.values(OPENLINEAGE + "gone") == ()


@pytest.mark.parametrize(
    "layout",
    [
        lambda events: "".join(json.dumps(one) + "\n" for one in events),
        lambda events: "\r\n".join(json.dumps(one, separators=(",", ":")) for one in events),
        lambda events: json.dumps(events),
        lambda events: json.dumps(events, indent=2),
        lambda events: "\n".join(json.dumps(one, indent=4) for one in events),
        lambda events: "\ufeff" + "".join(json.dumps(one) + "\n\n" for one in events),
    ],
    ids=["lines", "crlf", "array", "pretty array", "pretty, one by one", "byte order mark"],
)
def test_every_layout_says_the_same(layout: Any, tmp_path: Path) -> None:
    """Lines, arrays, and JSON of any layout; all are recognised."""
    events = [event(), event(eventType="COMPLETE", eventTime="2026-11-23T21:00:00Z")]
    found = read_text("openlineage", tmp_path, layout(events))

    assert found.records == said(tmp_path, *events).records
    assert found.problems == []
    assert confidence("openlineage", tmp_path, layout(events)) is Confidence.CERTAIN


def test_a_bad_line_is_told_with_its_number(tmp_path: Path) -> None:
    """And those after it are read."""
    lines = [
        json.dumps(event()),
        '{"eventTime": "20',
        "[" * 100_000,
        "null",
        json.dumps({"eventTime": "x", "run": {"runId": ""}, "job": {}}),
        json.dumps(event(eventTime="noon", inputs=[5, {"namespace": "n"}], eventType="ODD")),
        '{"a":NaN}',
        '{"run":{"runId":"\\udce9"},"job":{"name":"\\u0000"},"eventTime":"2026-01-01T00:00:00Z"}',
    ]
    found = read_text("openlineage", tmp_path, "\n".join(lines).encode() + b"\n\xff\n")

    assert found.places == ["2", "3", "4", "5", "5", "6", "6", "6", "6", "7", "9"]
    assert sum(problem.records_lost for problem in found.problems) == 8
    assert len({one.identifier for one in found.records if isinstance(one, Activity)}) == 2


def test_what_holds_no_event_is_refused(tmp_path: Path) -> None:
    """The error says where it was first seen."""
    with pytest.raises(SourceError, match="source:1: holds no OpenLineage event"):
        read_text("openlineage", tmp_path, '{"a":1}\n')
    with pytest.raises(SourceError, match="holds no OpenLineage event"):
        read_text("openlineage", tmp_path, "")


@pytest.mark.parametrize(
    "text",
    [
        '{"eventTime":"2026-01-01T00:00:00Z","event":"login","user":"x"}\n',
        '{"run":{"runId":"x"},"job":{}}',
        '{"entity":{"ex:e":{"a":"\\"eventTime\\" \\"run\\""}}}',
        '"eventTime" "run"',
    ],
)
def test_other_events_are_not_claimed(text: str, tmp_path: Path) -> None:
    """A time and a run alone make no OpenLineage."""
    assert confidence("openlineage", tmp_path, text) is Confidence.NO


def test_no_whole_event_before_a_cut_is_lost(tmp_path: Path) -> None:
    """Lines cut anywhere give what the whole lines before say, and the place of the rest."""
    text = NIGHT.read_bytes()
    places = random.Random("cut")
    for _ in range(50):
        length = places.randrange(len(text))
        cut = text[:length]
        whole = cut[: cut.rfind(b"\n") + 1]
        if not whole:
            continue
        found = read_text("openlineage", tmp_path, cut)
        known = read_text("openlineage", tmp_path, whole)

        assert set(known.records) <= set(found.records)
        assert found.places == ([] if cut == whole else [str(whole.count(b"\n") + 1)])


@pytest.mark.parametrize("seed", range(3))
def test_a_file_that_grew_says_what_it_would_have_said_at_once(seed: int, tmp_path: Path) -> None:
    """Cut anywhere between imports, it is one source, and runs keep the start that they had."""
    text = NIGHT.read_bytes()
    log = tmp_path / "events.jsonl"
    lengths = sorted(random.Random(seed).sample(range(600, len(text)), 5))
    grown, alone = MemoryStore(), MemoryStore()
    for length in [*lengths, len(text)]:
        log.write_bytes(text[:length])
        report = import_paths(grown, [log], Settings())
    import_paths(alone, [log], Settings())

    assert queries.digest(grown) == queries.digest(alone)
    assert len(grown.sources()) == 1
    assert report.sources[0].outcome is Outcome.GROWN
    assert report.sources[0].problems == []


def test_lines_are_counted_from_the_beginning_when_a_file_has_grown(tmp_path: Path) -> None:
    """The place of a problem is the line of the whole file."""
    log = tmp_path / "events.jsonl"
    store = MemoryStore()
    log.write_text(f"{json.dumps(event())}\n" * 3)
    import_paths(store, [log], Settings())
    with log.open("a") as more:
        more.write(f"rubbish\n{json.dumps(event(eventType='COMPLETE'))}\n")
    report = import_paths(store, [log], Settings())

    assert [problem.place for problem in report.sources[0].problems] == ["4"]


KEYS = st.sampled_from(
    [
        "eventTime", "eventType", "run", "runId", "job", "namespace", "name", "inputs", "outputs",
        "facets", "parent", "upstream", "jobDependencies", "version", "datasetVersion", "symlinks",
        "identifiers", "lifecycleStateChange", "ownership", "owners", "type", "dataset", "sql",
        "query", "producer", "processing_engine", "nominalTime", "inputFacets", "documentation",
    ]
)  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(KEYS, json_values, max_size=8), max_size=3))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_json_is_read_or_told(tmp_path: Path, events: list[Any]) -> None:
    """Whatever stands where an event should, with keys of events all over it."""
    found = said(tmp_path, event(), *events)

    assert any(isinstance(one, Activity) for one in found.records)
    assert all(problem.place and problem.message for problem in found.problems)


@pytest.mark.parametrize("text", ['{"a": 1}}', '[{"a": 1}]]', "]", "}", '{"a": 1}:', "[1,]]"])
def test_what_begins_no_value_ends_the_reading(text: str, tmp_path: Path) -> None:
    """A bracket too many is told once, and reading ends there."""
    source = tmp_path / "events.json"
    source.write_text(text)
    problems: list[Problem] = []
    with pytest.raises(SourceError):
        list(OpenLineageImporter().records(source, problems.append))

    assert 0 < len(problems) < 5
