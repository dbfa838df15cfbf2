"""What lstchain's files tell of how they were made."""

from __future__ import annotations

import json
import pickle
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy
import pytest

from importers.ctapipe_configuration import reduced_text
from importers.hdf5_configuration import ConfigurationRefused, configuration, configured_inputs
from lineage import vocabulary as v
from lineage.records import Activity, EventKind, Relation, Statement
from lineage.vocabulary import RelationKind
from tests.hdf5_files import (
    LSTCHAIN,
    UUID,
    VERSIONS,
    events,
    plans,
    read,
    said,
    state,
    used,
    written,
)

RECORDED = "/srv/cta/samples/hdf5/lstchain_0.12.3"
"""Where the samples were made."""
LOGS = LSTCHAIN.parent.parent / "ctapipe" / "lstchain"
TABLE = "dl1/event/telescope/parameters/LST_LSTCam"
CONFIG: dict[str, Any] = {
    "source_config": {
        "EventSource": {"input_url": "/fefs/R0/20200218/LST-1.1.Run02008.0003.fits.fz"},
        "LSTEventSource": {
            "EventTimeCalculator": {"run_summary_path": "/fefs/summary.ecsv"},
            "LSTR0Corrections": {
                "drs4_pedestal_path": "/fefs/pedestal.fits",
                "calibration_path": None,
                "calib_scale_high_gain": 1.088,
            },
            "pedestal_ids_path": "ids.h5",
        },
    },
    "tailcut": {"picture_thresh": 8, "wl": [0, float("inf")]},
    "output_file": "/fefs/out.h5",
}


def sample(name: str) -> Path:
    return LSTCHAIN / name


def encodings(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "JSON": json.dumps(config),
        "Python": str(config),
        "pickle": pickle.dumps(config, protocol=0),
    }


def activity(statements: list[Statement]) -> Activity:
    (found,) = [one for one in statements if isinstance(one, Activity)]
    return found


@pytest.mark.parametrize("source", sorted(LSTCHAIN.glob("*.h5")), ids=lambda path: path.name)
def test_the_configuration_is_what_unpickling_it_gives(source: Path) -> None:
    """Our own samples may be unpickled; the plan holds the same, without paths."""
    with h5py.File(source) as file:
        found: list[bytes] = []
        file.visititems(
            lambda _, one: found.append(one.attrs["config"]) if "config" in one.attrs else None
        )
    expected = pickle.loads(found[0])
    kept = {one.values(v.LSTCHAIN + "config") for one in plans(read(source)[0])}

    assert configuration(bytes(found[0])).value == expected
    assert (reduced_text(expected, ()),) in kept


def test_three_encodings_are_one_plan(tmp_path: Path) -> None:
    """Whichever function wrote it, a configuration is the same thing."""
    tables = {
        f"dl1/{name}": {**VERSIONS, "config": text} for name, text in encodings(CONFIG).items()
    }
    statements, problems = read(written(tmp_path / "x.h5", VERSIONS, tables))
    steps = json.loads(said(state(statements))[v.LSTCHAIN + "steps"])
    (plan,) = plans(statements)

    assert problems == []
    assert {step.get("configuration") for path, step in steps.items() if path != "/"} == {
        plan.identifier
    }
    assert {configuration(json.dumps(CONFIG).encode()).encoding} == {"JSON"}
    assert configuration(str(CONFIG).encode()).encoding == "Python"


def test_paths_of_python_are_texts() -> None:
    """A configuration may hold pathlib's paths, in its text or its pickle."""
    config = {"EventTimeCalculator": {"run_summary_path": PurePosixPath("/a/b.ecsv")}}
    expected = {"EventTimeCalculator": {"run_summary_path": "/a/b.ecsv"}}

    assert configuration(str(config).encode()).value == expected
    assert configuration(pickle.dumps(config, protocol=0)).value == expected


@pytest.mark.parametrize(
    "text",
    [
        "{'a': __import__('os').system('id')}",
        "{'a': 9**9**9}",
        "{'a': x}",
        "{'a': PosixPath('x', 'y')}",
        "{'a': (1).real}",
        "{'a': [" + "[" * 200 + "]" * 200 + "]}",
        '{"a":' * 5_000,
        '{"a":' * 200 + "1" + "}" * 200,
        "{'a': 1" + "0" * 4_000 + "}",
        "{'a': " + "1" * 5_000 + "}",
        "{'a': 1",
        "{'a': {1, 2}, **{}, 'b': f''}",
        "{" + "'a': 1, " * 30_000 + "}",
    ],
    ids=range(13),
)
def test_a_configuration_is_never_run(text: str) -> None:
    """Expressions, deep nesting and endless numbers are refused."""
    with pytest.raises(ConfigurationRefused):
        configuration(text.encode())


def test_inputs_are_told_from_outputs() -> None:
    """By their keys: files, paths and addresses, but no output and no log."""
    found = {one.key: one.path for one in configured_inputs(CONFIG)}

    assert found == {
        "EventSource.input_url": "/fefs/R0/20200218/LST-1.1.Run02008.0003.fits.fz",
        "EventTimeCalculator.run_summary_path": "/fefs/summary.ecsv",
        "LSTR0Corrections.drs4_pedestal_path": "/fefs/pedestal.fits",
        "LSTEventSource.pedestal_ids_path": "ids.h5",
    }


def test_a_file_without_record_tells_of_an_inferred_activity(tmp_path: Path) -> None:
    """It used what the configuration and the list of sources name, each with what says so."""
    path = tmp_path / "dl1.h5"
    written(path, VERSIONS, {TABLE: {**VERSIONS, "config": json.dumps(CONFIG)}})
    with h5py.File(path, "a") as file:
        file["source_filenames/filenames"] = [b"/fefs/R0/20200218/LST-1.1.Run02008.0003.fits.fz"]
    statements, problems = read(path)
    made = activity(statements)
    (generated,) = events(statements, EventKind.GENERATION)
    uses = {one.role: one for one in events(statements, EventKind.USE)}
    (weak,) = used(statements)

    assert problems == []
    assert made.identifier.startswith("urn:lineage:hdf5:")
    assert made.values(v.EVIDENCE)
    assert made.values(v.LSTCHAIN + "LSTCHAIN_VERSION") == ("0.9.13",)
    assert (generated.path, generated.activity) == (str(path), made.identifier)
    assert {role: one.path for role, one in uses.items()} == {
        "source file": "/fefs/R0/20200218/LST-1.1.Run02008.0003.fits.fz",
        "EventSource.input_url": "/fefs/R0/20200218/LST-1.1.Run02008.0003.fits.fz",
        "EventTimeCalculator.run_summary_path": "/fefs/summary.ecsv",
        "LSTR0Corrections.drs4_pedestal_path": "/fefs/pedestal.fits",
    }
    assert dict(uses["source file"].relation_attributes) == {
        v.EVIDENCE: "inferred: source_filenames"
    }
    assert dict(uses["EventSource.input_url"].relation_attributes) == {
        v.EVIDENCE: f"inferred: configuration of /{TABLE}"
    }
    assert str(weak.object).endswith(":ids.h5")
    assert weak.values(v.IDENTIFIED_BY) == ("path",)


def test_the_times_of_an_inferred_activity_are_those_of_the_data_sets() -> None:
    """Object headers tell when PyTables made a table."""
    source = sample("dl1_LST-1.Run02008.0000.h5")
    made = activity(read(source)[0])
    (start,), (end,) = made.values(v.PROV_START), made.values(v.PROV_END)

    assert str(start) == str(end) == "2026-11-23 07:39:35+00:00"


def test_names_without_directory_stay_in_their_file() -> None:
    """A merged file's sources are weak entities of its own, never the files of that name."""
    statements, _ = read(sample("dl1_LST-1.Run02008.h5"))
    names = [one.values(v.RECORDED_PATH) for one in used(statements)]
    told = said(state(statements))

    assert names == [("dl1_LST-1.Run02008.0000.h5",), ("dl1_LST-1.Run02008.0001.h5",)]
    assert all(str(one.object).startswith("urn:lineage:path:") for one in used(statements))
    assert not events(statements, EventKind.USE)
    assert (told[v.RUN], told.get(v.SUBRUN), told[v.TELESCOPE]) == (2008, None, "LST-1")


def test_observation_keys_are_those_of_the_sources() -> None:
    """Run, subrun and night of the raw file that a DL1 file was made from."""
    told = said(state(read(sample("dl1_LST-1.Run02008.0001.h5"))[0]))

    assert (told[v.RUN], told[v.SUBRUN], told[v.NIGHT]) == (2008, 1, "2020-02-18")
    assert (told[v.DATA_LEVEL], told[v.TELESCOPE]) == ("DL1", "LST-1")


def test_several_versions_in_one_file_are_told_apart(tmp_path: Path) -> None:
    """Tables keep the versions of the step that wrote them."""
    old = VERSIONS | {"LSTCHAIN_VERSION": "0.8.4"}
    statements, _ = read(written(tmp_path / "x.h5", VERSIONS, {"dl1/a": old, "dl1/b": VERSIONS}))
    event = state(statements)
    steps = json.loads(said(event)[v.LSTCHAIN + "steps"])

    assert [value for name, value in event.attributes if name.endswith(":LSTCHAIN_VERSION")] == [
        "0.8.4", "0.9.13",
    ]  # fmt: skip
    assert {path: step["LSTCHAIN_VERSION"] for path, step in steps.items()} == {
        "/": "0.9.13", "/dl1/a": "0.8.4", "/dl1/b": "0.9.13",
    }  # fmt: skip


@pytest.mark.parametrize("subrun", ["0000", "0001"])
def test_a_record_in_the_file_counts_for_its_own_round(subrun: str) -> None:
    """The second file of a call lists the first one's inputs and outputs; they are left out."""
    statements, problems = read(sample(f"dl2_LST-1.Run02008.{subrun}.h5"))
    uses = [one.path for one in events(statements, EventKind.USE)]
    (generated,) = events(statements, EventKind.GENERATION)

    assert problems == []
    assert activity(statements).identifier == "urn:uuid:850cfba0-c31a-48f5-b3ee-cd03e8ab128f"
    assert uses == [
        f"{RECORDED}/dl1_LST-1.Run02008.{subrun}.h5",
        "/fefs/models/20230901_v0.10.4/dec_2276",
    ]
    assert generated.path == str(sample(f"dl2_LST-1.Run02008.{subrun}.h5"))


def test_the_tables_of_a_stage_followed_their_configuration() -> None:
    """dl1_to_dl2 wrote what lies under /dl2, with the configuration that stands there."""
    statements, _ = read(sample("dl2_LST-1.Run02008.0000.h5"))
    configured = [
        one for one in statements
        if isinstance(one, Relation) and one.kind is RelationKind.USAGE and one.values(v.EVIDENCE)
    ]  # fmt: skip

    assert [one.values(v.EVIDENCE) for one in configured] == [
        ("inferred: configuration of /dl2/event/telescope/parameters/LST_LSTCam",)
    ]


def staged(path: Path, record: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["LSTCHAIN_VERSION"] = numpy.bytes_(b"0.12.3")
        file["provenance/dl1_to_dl2"] = record if isinstance(record, str) else json.dumps(record)
    return path


def record(inputs: list[str], outputs: list[str]) -> dict[str, Any]:
    return {
        "activity_name": "lstchain_dl1_to_dl2",
        "activity_uuid": UUID,
        "start": {"time_utc": "2026-01-01T00:00:00.000"},
        "stop": {},
        "status": "running",
        "input": [{"url": url, "role": "in", "reference_meta": None} for url in inputs],
        "output": [{"url": url, "role": "out", "reference_meta": None} for url in outputs],
    }


def test_a_renamed_file_is_the_last_output_of_its_record(tmp_path: Path) -> None:
    """The record is written when the file was just added to it."""
    one = record(["/d/a", "/d/b"], ["/o/a", "/o/b"])
    statements, problems = read(staged(tmp_path / "renamed.h5", one))
    (generated,) = events(statements, EventKind.GENERATION)

    assert problems == []
    assert [use.path for use in events(statements, EventKind.USE)] == ["/d/b"]
    assert dict(generated.relation_attributes)[v.CTAPIPE + "url"] == "/o/b"


def test_inputs_that_cannot_be_told_apart_are_left_out(tmp_path: Path) -> None:
    """Three inputs for two outputs: which were read for this one is not said."""
    one = record(["/d/a", "/d/b", "/d/c"], ["/o/a", "/o/b.h5"])
    statements, problems = read(staged(tmp_path / "b.h5", one))

    assert not events(statements, EventKind.USE)
    assert [problem.place for problem in problems] == ["/provenance/dl1_to_dl2"]
    assert len(events(statements, EventKind.GENERATION)) == 1


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", '{"activity_uuid": 1}', "[" * 100_000, '{"output": 1, "input": [[]]}',
     json.dumps(record(["\udce9"], ["/o/x.h5"]) | {"system": []})],
    ids=range(8),
)  # fmt: skip
def test_a_damaged_record_is_reported_and_the_file_still_told(text: str, tmp_path: Path) -> None:
    """The rest of the header stands."""
    statements, problems = read(staged(tmp_path / "x.h5", text))

    assert said(state(statements))[v.LSTCHAIN + "LSTCHAIN_VERSION"] == "0.12.3"
    assert {problem.place for problem in problems} <= {"/provenance/dl1_to_dl2"}


def test_what_other_tools_keep_in_places_of_that_name_is_theirs(tmp_path: Path) -> None:
    """Without lstchain's version, neither texts nor numbers there are taken for its records."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["provenance/notes"] = "made by hand"
        file["provenance/json"] = "{}"
        file["provenance/numbers"] = numpy.arange(5)
        file["source_filenames/filenames"] = [b"a", b"b"]
    statements, problems = read(path)

    assert problems == []
    assert len(statements) == 1


def test_more_inputs_than_any_file_has_are_counted(tmp_path: Path) -> None:
    """A megabyte of names is not a hundred thousand entities."""
    path = written(tmp_path / "x.h5", VERSIONS)
    with h5py.File(path, "a") as file:
        file["source_filenames/filenames"] = numpy.arange(60_000).astype("S8")
    statements, problems = read(path)

    assert len(used(statements)) == 20_000
    assert [problem.records_lost for problem in problems] == [40_000]


def test_old_lists_of_sources_are_kept_as_they_are(tmp_path: Path) -> None:
    """Base names, perhaps of earlier files in the same process: no use is made of them."""
    names = [f"LST-1.1.Run02006.{number:04}.fits.fz" for number in range(5)]
    root = VERSIONS | {"SOURCE_FILENAMES": pickle.dumps(names, protocol=0)}
    statements, problems = read(written(tmp_path / "x.h5", root))

    assert problems == []
    assert json.loads(said(state(statements))[v.LSTCHAIN + "SOURCE_FILENAMES"]) == names
    assert len(statements) == 1


def test_a_list_that_was_cut_off_keeps_what_is_whole(tmp_path: Path) -> None:
    """HDF5 attributes ended at 64 kB, and the pickle with them."""
    names = [f"LST-1.1.Run02006.{number:04}.fits.fz" for number in range(5)]
    data = pickle.dumps(names, protocol=0)[:-40]
    statements, problems = read(written(tmp_path / "x.h5", VERSIONS | {"SOURCE_FILENAMES": data}))
    (problem,) = problems

    assert json.loads(said(state(statements))[v.LSTCHAIN + "SOURCE_FILENAMES"]) == names[:4]
    assert (problem.place, "cut off" in problem.message) == ("/@SOURCE_FILENAMES", True)


def test_a_configuration_of_somebody_else_is_an_attribute(tmp_path: Path) -> None:
    """Without lstchain's version it means nothing here."""
    statements, problems = read(written(tmp_path / "x.h5", {"config": "no dict"}))

    assert problems == []
    assert json.loads(said(state(statements))[v.HDF5 + "root_attributes"]) == {"config": "no dict"}
    assert len(statements) == 1
