"""Sessions, agents and parameters of prov.log: who ran what, with what, for which observation."""

from __future__ import annotations

import json
from collections import Counter

from lineage import vocabulary as v
from lineage.records import Activity, Agent, Entity, Iri, Relation
from lineage.vocabulary import LSTOSA, RelationKind
from tests.lstosa_logs import (
    PROV_LOG,
    SEED,
    by_digits,
    end,
    events,
    of,
    read,
    records,
    scratch,
    session,
    start,
)

KEYS = (v.NIGHT, v.RUN, v.SUBRUN, v.TELESCOPE, v.PRODUCTION)


def test_both_writers_of_the_excerpt_of_2020_keep_their_sessions() -> None:
    """Sessions are numbers there, one a process; the prefix has one underscore inside."""
    statements, _ = read(SEED)
    found = by_digits(statements)

    assert set(found) == {"621ca2", "7e8065"}
    assert found["621ca2"].values(LSTOSA + "session") == ("8739478486569",)
    assert found["7e8065"].values(LSTOSA + "session") == ("8773094569769",)
    assert {one.activity for one in events(statements)} == {found["621ca2"].identifier}
    assert found["621ca2"].values(v.SUBRUN) == (8,)
    assert found["7e8065"].values(v.SUBRUN) == (6,)


def test_observation_keys_come_from_tags_arguments_and_dates() -> None:
    """Each activity knows its own subrun though all write one session."""
    statements, _ = read(PROV_LOG)
    found = Counter(
        tuple(one.values(name)[0] if one.values(name) else None for name in KEYS)
        for one in of(statements, Activity)
    )

    assert found == {
        ("2020-01-17", 1807, 0, "LST-1", "v0.1.0"): 4,
        ("2020-01-17", 1807, 1, "LST-1", "v0.1.0"): 4,
        ("2020-01-17", 1807, 2, "LST-1", "v0.1.0"): 4,
        ("2020-01-17", 1804, None, "LST-1", None): 1,
        ("2020-01-17", 1805, None, "LST-1", None): 1,
    }


def test_system_and_session_can_be_had_back_from_the_activities() -> None:
    """Environment, packages and arguments are those of the process that wrote the record."""
    statements, _ = read(PROV_LOG)
    said = records(PROV_LOG)
    systems = {one["startTime"]: one["system"] for one in said if "system" in one}
    for one in of(statements, Activity):
        (begun,) = one.values(v.PROV_START)
        system = systems[begun.isoformat()]

        assert json.loads(one.values(LSTOSA + "system")[0]) == system
        assert one.values(LSTOSA + "executable") == (system["executable"],)
        assert one.values(LSTOSA + "node") == (system["platform"]["node"],)
        assert one.values(LSTOSA + "config_file")[0].endswith("sequencer.cfg")


def test_pipeline_software_and_account_are_responsible() -> None:
    """lstosa in its version, lstchain in the one that the session names, and a person."""
    statements, _ = read(PROV_LOG)
    agents = {one.identifier: one.values(v.PROV_TYPE)[0] for one in of(statements, Agent)}
    software, human = Iri(v.PROV + "SoftwareAgent"), Iri(v.PROV + "Person")
    associations = Counter(
        one.object for one in of(statements, Relation) if one.kind is RelationKind.ASSOCIATION
    )

    assert agents == {
        "urn:lineage:software:lstosa:0.11.10": software,
        "urn:lineage:software:lstchain:0.12.3": software,
        "urn:lineage:person:lstanalyzer": human,
    }
    assert associations == dict.fromkeys(agents, 14)


def test_equal_parameters_are_one_plan_and_the_run_is_none() -> None:
    """Three dl1ab share their configuration; the number of a run is no part of one."""
    statements, _ = read(PROV_LOG)
    seed, _ = read(SEED)
    used_plans = [
        one.object
        for one in of(statements, Relation)
        if one.values(v.PROV_ROLE) == ("configuration",)
    ]
    (plan,) = [one for one in of(seed, Entity) if "configuration:" in one.identifier]

    assert len(used_plans) == 3
    assert len(set(used_plans)) == 1
    assert plan.values(LSTOSA + "parameters") == ('{"r0_to_dl1":{"ProdID":"03"}}',)


def test_a_session_of_several_processes_gives_no_activity_the_arguments_of_another() -> None:
    """Where the session record of an activity is torn away, the other's process is not its own."""
    system = {"arguments": ["datasequence", "01807.0003", "LST1"], "platform": {"node": "cp1"}}
    text = session(system=system, software_version="v0.9.1")
    text += start("aaaaaa") + end("aaaaaa")
    text += start("bbbbbb", startTime="2021-01-01T00:00:09") + end("bbbbbb")
    found = by_digits(scratch(text)[0])

    assert found["aaaaaa"].values(v.SUBRUN) == (3,)
    assert found["bbbbbb"].values(v.SUBRUN) == ()
    assert found["bbbbbb"].values(LSTOSA + "arguments") == ()
    assert found["bbbbbb"].values(LSTOSA + "software_version") == ("v0.9.1",)


def test_a_session_record_alone_is_not_lost() -> None:
    """Its machine and arguments are kept on the session itself."""
    statements, _ = scratch(session(system={"arguments": ["x"]}, software_version="v1"))
    said = of(statements, Entity)[-1]

    assert said.identifier == "urn:lineage:lstosa:session:2021010101807"
    assert said.values(LSTOSA + "arguments") == ("x",)
    assert said.values(v.NIGHT) == ("2021-01-01",)
