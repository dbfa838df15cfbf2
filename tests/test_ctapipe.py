"""ctapipe provenance logs: everything that they say arrives, and what is damaged is told.

The golden records beside the samples are rewritten, after a change that is meant to show, by
``python -m tests.test_ctapipe``.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lineage import vocabulary as v
from lineage.canonical import canonical
from lineage.records import (
    Activity,
    Agent,
    Entity,
    EventKind,
    FileEvent,
    Iri,
    Relation,
)
from lineage.vocabulary import CTAPIPE, RelationKind
from tests.ctapipe_logs import (
    APPENDED,
    DATA,
    LOGS,
    UUID,
    WORK32,
    activities,
    as_url,
    is_run_event,
    only,
    read,
    record,
    written,
)


@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_every_activity_of_a_log_arrives_with_its_times_status_and_code(source: Path) -> None:
    """Each uuid is one activity, and says what the log says."""
    found = {one.identifier: one for one in read(source)[0] if isinstance(one, Activity)}
    expected = {"urn:uuid:" + one["activity_uuid"]: one for one in activities(source)}

    assert set(found) == set(expected)
    for identifier, one in expected.items():
        activity = found[identifier]
        times = [activity.values(name) for name in (v.PROV_START, v.PROV_END)]
        stop = one["stop"].get("time_utc")
        said = {
            v.PROV_LABEL: one["activity_name"],
            CTAPIPE + "status": one.get("status"),
            CTAPIPE + "exit_code": one.get("exit_code"),
            CTAPIPE + "duration_min": one.get("duration_min"),
            CTAPIPE + "version": one["system"]["ctapipe_version"],
        }

        assert times[0] == (datetime.fromisoformat(one["start"]["time_utc"] + "+00:00"),)
        assert times[1] == ((datetime.fromisoformat(stop + "+00:00"),) if stop else ())
        for name, value in said.items():
            assert activity.values(name) == (() if value is None else (value,))


@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_every_input_and_output_of_a_log_arrives(source: Path) -> None:
    """Each use and generation is there with its role and product, and no other but --append's."""
    found = Counter(
        (one.activity, one.kind, one.path, one.role, one.product)
        for one in read(source)[0]
        if isinstance(one, FileEvent)
        and one.relation_attributes != APPENDED
        and not is_run_event(one)
    )
    distinct = {json.dumps(one, sort_keys=True): one for one in activities(source)}.values()
    expected = Counter(
        (
            "urn:uuid:" + one["activity_uuid"],
            kind,
            as_url(item),
            item["role"],
            (item.get("reference_meta") or {}).get("CTA PRODUCT ID"),
        )
        for one in distinct
        for key, kind in (("input", EventKind.USE), ("output", EventKind.GENERATION))
        for item in one[key]
    )

    assert found == expected


@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_nothing_of_an_activity_is_lost(source: Path) -> None:
    """System, configuration and reference metadata can be had back, key by key."""
    statements, _ = read(source)
    for one in activities(source):
        identifier = "urn:uuid:" + one["activity_uuid"]
        (activity,) = {
            canonical(found): found
            for found in statements
            if isinstance(found, Activity) and found.identifier == identifier
        }.values()
        back = {
            key: json.loads(value)
            for key in ("system", "config")
            for value in activity.values(CTAPIPE + key)
            if isinstance(value, str)
        }

        assert back == {key: one[key] for key in ("system", "config") if key in one}
        for item in (*one["input"], *one["output"]):
            meta = item.get("reference_meta") or {}
            events = [
                event
                for event in statements
                if isinstance(event, FileEvent)
                and (event.activity, event.path) == (identifier, item["url"])
            ]
            assert any(metadata(event) == meta for event in events)


def metadata(event: FileEvent) -> dict[str, Any]:
    """The reference metadata that an event carries, in its attributes and in the rest."""
    found: dict[str, Any] = {}
    for name, value in event.relation_attributes:
        if name == CTAPIPE + "file_record" and isinstance(value, str):
            found |= json.loads(value).get("reference_meta", {})
    for name, value in event.attributes:
        if name.startswith(v.CTA):
            found["CTA " + name.removeprefix(v.CTA).replace("_", " ")] = value
    return found


def test_a_product_id_counts_only_beside_an_activity_id() -> None:
    """Of 62 recorded ids in the samples the 12 that ctapipe made up do not count."""
    counts = Counter(
        event.product_counts
        for source in (*WORK32, *sorted((DATA / "lstchain").glob("*.log")))
        for event in read(source)[0]
        if isinstance(event, FileEvent) and event.product is not None and not is_run_event(event)
    )
    expected = Counter(
        bool(item["reference_meta"]["CTA ACTIVITY ID"])
        for source in (*WORK32, *sorted((DATA / "lstchain").glob("*.log")))
        for one in {json.dumps(one): one for one in activities(source)}.values()
        for item in (*one["input"], *one["output"])
        if item.get("reference_meta")
    )

    assert counts == expected
    assert counts[False]


def test_an_activity_written_again_in_the_same_words_is_told_once() -> None:
    """The log of one process repeats what it wrote before."""
    source = DATA / "work32" / "single_process.provenance.log"
    found = Counter(one.identifier for one in read(source)[0] if isinstance(one, Activity))
    repeated = Counter("urn:uuid:" + one["activity_uuid"] for one in activities(source))

    assert max(repeated.values()) > 1
    assert set(found.values()) == {1}


def test_a_running_record_and_its_finished_one_are_both_told(tmp_path: Path) -> None:
    """What differs is not a repetition; the store folds it."""
    running = record(status="running", stop={})
    statements, problems = read(written(tmp_path, running, record(status="completed")))
    found = [one for one in statements if isinstance(one, Activity)]

    assert [one.values(CTAPIPE + "status") for one in found] == [("running",), ("completed",)]
    assert found[0].values(v.PROV_END) == ()
    assert not problems


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/d/x y", "/d/x y"),
        ("/d/../e//x", "/e/x"),
        ("file:///d/a%20b", "/d/a b"),
        ("C:\\data\\x.h5", "/C:/data/x.h5"),
    ],
)
def test_paths_become_file_events(tmp_path: Path, url: str, path: str) -> None:
    """A path is absolute and as ``abspath`` makes it; what was written differently is kept."""
    statements, _ = read(written(tmp_path, record(input=[url])))
    event = only(statements, FileEvent)

    assert event.path == path
    assert event.relation_attributes == (() if path == url else ((CTAPIPE + "url", url),))


@pytest.mark.parametrize(
    ("url", "identifier", "evidence"),
    [
        ("https://host/a b.h5?x=1", "https://host/a%20b.h5?x=1", "iri"),
        ("/home/me/https:/host/x.h5", "https://host/x.h5", "iri"),
        ("dl1/x.h5", f"urn:lineage:path:{UUID}:dl1/x.h5", "path"),
    ],
)
def test_what_is_no_absolute_path_is_an_entity(
    tmp_path: Path, url: str, identifier: str, evidence: str
) -> None:
    """A URL is its IRI, even one that ctapipe mangled; a relative path is its activity's own."""
    statements, _ = read(written(tmp_path, record(output=[{"url": url, "role": "r"}])))
    relation = next(
        one
        for one in statements
        if isinstance(one, Relation) and one.kind is RelationKind.GENERATION
    )

    assert only(statements, Entity).identifier == relation.subject == identifier
    assert relation.values(v.IDENTIFIED_BY) == (evidence,)
    assert relation.values(v.RECORDED_PATH) == (url,)


def test_inputs_as_plain_strings_are_read(tmp_path: Path) -> None:
    """ctapipe 0.5 wrote bare paths."""
    statements, problems = read(written(tmp_path, record(input=["/d/x"], status=None)))
    event = only(statements, FileEvent)

    assert (event.kind, event.path, event.role) == (EventKind.USE, "/d/x", None)
    assert not problems


def test_missing_and_unheard_keys_are_no_problem(tmp_path: Path) -> None:
    """Duration is computed where it is missing; unknown keys are kept as JSON."""
    source = written(tmp_path, record(unheard={"a": [1, float("nan")]}, samples=[{"cpu": 1}]))
    statements, problems = read(source)
    activity = only(statements, Activity)

    assert activity.values(CTAPIPE + "duration_min") == (3.0,)
    assert activity.values(CTAPIPE + "arguments") == ("tool -i 'a b'",)
    assert activity.values(CTAPIPE + "record") == ('{"unheard":{"a":[1,NaN]}}',)
    assert activity.values(CTAPIPE + "samples") == ('[{"cpu":1}]',)
    assert not problems


def test_the_account_and_ctapipe_are_responsible(tmp_path: Path) -> None:
    """The software follows the plan; the person is associated too."""
    system = {"ctapipe_version": "0.7+git1", "environment": {"USER": "kay"}}
    statements, _ = read(written(tmp_path, record(system=system, config={"T": {"x": 1}})))
    agents = {one.identifier: one for one in statements if isinstance(one, Agent)}
    associations = {
        one.object: one.values(v.PROV_PLAN)
        for one in statements
        if isinstance(one, Relation) and one.kind is RelationKind.ASSOCIATION
    }
    plan = only(statements, Entity)

    assert set(agents) == set(associations)
    assert agents["urn:lineage:person:kay"].values(v.PROV_TYPE) == (Iri(v.PROV + "Person"),)
    assert associations["urn:lineage:software:ctapipe:0.7+git1"] == (Iri(plan.identifier),)
    assert plan.values(v.PROV_TYPE) == (Iri(v.PROV + "Plan"),)


def test_runs_that_differ_only_in_paths_share_their_configuration() -> None:
    """24 activities followed 11 plans: what differs is thresholds, telescopes or --append."""
    plans: dict[str, set[str | None]] = {}
    texts: dict[str, str] = {}
    for source in WORK32:
        for one in read(source)[0]:
            if isinstance(one, Entity):
                texts[one.identifier] = str(one.values(CTAPIPE + "config")[0])
            elif isinstance(one, Relation) and one.values(v.PROV_ROLE) == ("configuration",):
                plans.setdefault(str(one.object), set()).add(one.subject)

    assert sum(map(len, plans.values())) == 24
    assert len(plans) == len(texts) == 11
    merges = [text for text in texts.values() if text.startswith('{"MergeTool"')]
    assert len({text.replace('"append":true', '"append":false') for text in merges}) == 1
    assert not any("/srv/cta/work32/dl1" in text for text in texts.values())
