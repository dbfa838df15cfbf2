"""HDF5 headers: ctapipe's reference metadata, and what is said of any file."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy
import pytest

from lineage import vocabulary as v
from lineage.canonical import canonical
from lineage.session import import_paths
from lineage.settings import load_settings
from lineage.stores.memory import MemoryStore
from tests.hdf5_files import (
    DATA,
    DEMO,
    DEMO_FILES,
    UUID,
    WORK11,
    read,
    said,
    state,
    written,
)

HEADER = {
    "CTA PRODUCT ID": UUID.upper(),
    "CTA PRODUCT CREATION TIME": "2021-06-01 12:00:00.500",
    "CTA ACTIVITY ID": UUID.replace("1", "a"),
    "CTA ACTIVITY NAME": "ctapipe-process",
}


def logged_metadata() -> dict[str, dict[str, Any]]:
    """Product id -> the reference metadata that a log of the demonstration has of it."""
    found = {}
    for log in (DEMO / "work32").rglob("*.provenance.log"):
        text, at = log.read_text("utf-8"), 0
        while at < len(text):
            activities, at = json.JSONDecoder().raw_decode(text, at)
            for output in (one for activity in activities for one in activity["output"]):
                meta = output.get("reference_meta")
                if meta:
                    found[meta["CTA PRODUCT ID"]] = meta
    return found


@pytest.mark.parametrize("source", DEMO_FILES, ids=lambda path: path.name)
def test_a_header_says_what_h5py_reads(source: Path) -> None:
    """All thirty keys arrive, each under its name, and the product names the version."""
    with h5py.File(source) as file:
        header = {
            name.removeprefix("CTA ").replace(" ", "_"): "" if isinstance(value, h5py.Empty)
            else value.decode()
            for name, value in file.attrs.items() if name.startswith("CTA ")
        }  # fmt: skip
    statements, problems = read(source)
    event = state(statements)
    told = {
        name.removeprefix(v.CTA): value
        for name, value in event.attributes
        if name.startswith(v.CTA)
    }

    assert told == header
    assert len(told) == 30
    assert (event.product, event.product_counts) == (header["PRODUCT_ID"], True)
    assert problems == []


def test_a_header_says_what_the_log_says() -> None:
    """A file and the log that lists it give one product the same attributes."""
    logs, compared = logged_metadata(), 0
    for source in DEMO_FILES:
        event = state(read(source)[0])
        meta = logs.get(event.product or "")
        if meta is not None:
            compared += 1
            for name, value in meta.items():
                told = said(event)[v.CTA + name.removeprefix("CTA ").replace(" ", "_")]
                assert told == value

    assert compared >= 10


def test_logs_and_headers_meet_in_one_version_of_each_file() -> None:
    """Imported together, in either order, they double no file and are one graph."""
    settings = load_settings(DEMO / "settings.toml")
    logs = sorted((DEMO / "work32").rglob("*.log"))
    alone, first, last = MemoryStore(), MemoryStore(), MemoryStore()
    import_paths(alone, logs, settings)
    report = import_paths(first, [*DEMO_FILES, *logs], settings)
    import_paths(last, [*logs, *DEMO_FILES], settings)

    assert report.complete
    assert first.stats().relations == alone.stats().relations
    assert first.stats().entities == alone.stats().entities
    assert list(map(canonical, first.records())) == list(map(canonical, last.records()))


def test_a_file_beside_its_log_is_what_it_is_and_not_what_the_log_copied() -> None:
    """ctapipe-apply-models leaves DL1 levels in the header; the file holds DL2 groups."""
    settings = load_settings(DEMO / "settings.toml")
    store = MemoryStore()
    import_paths(store, [DEMO / "work32"], settings)
    (element,) = store.find("merged.dl2.h5", limit=9).elements
    (record,) = element.records

    assert record.values(v.DATA_LEVEL) == ("DL2",)
    assert record.values(v.CTA + "PRODUCT_DATA_LEVELS") == ("DL1_IMAGES,DL1_PARAMETERS",)
    assert "data_level: content" in record.values(v.KEY_SOURCE)


def test_the_first_data_model_is_read() -> None:
    """ctapipe 0.11: a single data level, a number as process, category S, no stop time."""
    event = state(read(WORK11)[0])
    told = said(event)

    assert event.product == "484d2549-a677-423b-9ce7-4292990ff794"
    assert event.product_created == datetime(2026, 11, 23, 7, 44, 48, 685_000, tzinfo=UTC)
    assert told[v.CTA + "PROCESS_ID"] == 1
    assert told[v.CTA + "PRODUCT_DATA_CATEGORY"] == "S"
    assert (told[v.DATA_LEVEL], told[v.RUN]) == ("DL1", 1)
    assert v.CTA + "ACTIVITY_STOP_TIME" not in told


@pytest.mark.parametrize(
    ("levels", "level"),
    [
        ({"CTA PRODUCT DATA LEVEL": "DL1"}, "DL1"),
        ({"CTA PRODUCT DATA LEVEL": "['DL1_IMAGES', 'DL1_PARAMETERS']"}, "DL1"),
        ({"CTA PRODUCT DATA LEVELS": "R1,DL0,DL2"}, "DL2"),
        ({"CTA PRODUCT DATA LEVELS": pickle.dumps(["DL0", "DL1"], 0)}, "DL1"),
        ({"CTA PRODUCT DATA LEVELS": ""}, None),
        ({}, None),
    ],
)
def test_data_levels_of_every_spelling(
    levels: dict[str, str], level: str | None, tmp_path: Path
) -> None:
    """A word, a list, the text of a list, a pickle of one."""
    told = said(state(read(written(tmp_path / "x.h5", HEADER | levels))[0]))

    assert told.get(v.DATA_LEVEL) == level


@pytest.mark.parametrize(
    ("process", "activity", "run"),
    [
        ("14", "ctapipe-process", 14),
        (numpy.int64(14), "ctapipe-stage1", 14),
        ("14", "ctapipe-merge", None),
        ("1,5", "ctapipe-process", None),
        ("99999999999", "ctapipe-process", None),
        ("", "ctapipe-process", None),
    ],
)
def test_the_process_is_the_run(
    process: Any, activity: str, run: int | None, tmp_path: Path
) -> None:
    """But not after a merge, which keeps that of its first input, nor where there are several."""
    header = HEADER | {"CTA PROCESS ID": process, "CTA ACTIVITY NAME": activity}

    assert said(state(read(written(tmp_path / "x.h5", header))[0])).get(v.RUN) == run


def test_the_activity_in_a_header_is_a_hint(tmp_path: Path) -> None:
    """It may be that of the file before: no generation is said."""
    statements, _ = read(written(tmp_path / "x.h5", HEADER))

    assert state(statements).activity == f"urn:uuid:{UUID.replace('1', 'a')}"
    assert state(statements).product == UUID
    assert len(statements) == 1


def test_none_and_context_are_understood(tmp_path: Path) -> None:
    """PyTables pickles None; the user's own metadata are kept beside CTA's."""
    header = HEADER | {
        "CTA ACTIVITY STOP TIME": b"N.",
        "CONTEXT campaign": "winter",
        "remark": "by hand",
    }
    told = said(state(read(written(tmp_path / "x.h5", header))[0]))

    assert v.CTA + "ACTIVITY_STOP_TIME" not in told
    assert told[v.CTA + "CONTEXT_campaign"] == "winter"
    assert json.loads(told[v.HDF5 + "root_attributes"])["remark"] == "by hand"


def test_a_header_that_is_nonsense_is_still_told(tmp_path: Path) -> None:
    """An id that is none names no product; the texts stay."""
    header = dict.fromkeys(HEADER, "<script>")
    event = state(read(written(tmp_path / "x.h5", header))[0])

    assert (event.product, event.product_created, event.activity) == (None, None, None)
    assert said(event)[v.CTA + "PRODUCT_ID"] == "<script>"


def test_any_file_is_described(tmp_path: Path) -> None:
    """Tree, shapes, types, sizes, columns and attributes; links are listed."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.attrs["title"] = "run"
        group = file.create_group("meta")
        group.attrs.update({"version": "0.0", "n": 3, "on": True, "list": [1.5, 2.5]})
        group.create_dataset("a", data=numpy.zeros((3, 4), "f4"))
        file["table"] = numpy.zeros(5, [("x", "i4"), ("name", "S3")])
        file["hard"] = file["table"]
        file["soft"] = h5py.SoftLink("/nowhere")
        file.create_dataset("nothing", data=h5py.Empty("f8"))
        file["type"] = numpy.dtype("u2")
    statements, problems = read(path)
    told = said(state(statements))
    tree = {one["path"]: one for one in json.loads(told[v.HDF5 + "tree"])}

    assert problems == []
    assert json.loads(told[v.HDF5 + "root_attributes"]) == {"title": "run"}
    assert (told[v.HDF5 + "groups"], told[v.HDF5 + "datasets"]) == (2, 3)
    assert tree["/meta"]["attributes"] == {"version": "0.0", "n": 3, "on": True, "list": [1.5, 2.5]}
    assert tree["/meta/a"] == {
        "path": "/meta/a", "kind": "dataset", "shape": [3, 4], "type": "float32", "bytes": 48,
    }  # fmt: skip
    assert (tree.keys() >= {"/table"}) != (tree.keys() >= {"/hard"})
    assert tree.get("/table", tree.get("/hard"))["columns"] == {"x": "int", "name": "string"}
    assert tree["/nothing"]["shape"] is None
    assert tree["/type"]["kind"] == "type"
    assert json.loads(told[v.HDF5 + "links"]) == [
        {"path": "/soft", "kind": "soft", "target": "/nowhere"}
    ]


def test_what_attributes_say_of_columns_is_counted(tmp_path: Path) -> None:
    """ctapipe's tables have a thousand of them in a file: all but the version stay unread."""
    name = "dl1/event/telescope/parameters/tel_001"
    for source in (WORK11, DEMO_FILES[1]):
        with h5py.File(source) as file:
            count, columns = len(file[name].attrs), list(file[name].dtype.names)
        node = tree_of(source)[f"/{name}"]

        assert node["attributes_not_read"] == count - 1
        assert list(node["columns"]) == columns
        assert list(node["attributes"]) == ["CTAPIPE_VERSION"]


@pytest.mark.parametrize("name", ["CTAFIELD_0_{}", "obs_id_{}"])
def test_columns_of_other_files_are_counted_apart(name: str, tmp_path: Path) -> None:
    """By the names of old and new data models; what says something of the table is read."""
    described = {name.format(one): "x" for one in ("DESC", "UNIT", "TRANSFORM", "ENUM")}
    path = written(tmp_path / "x.h5", {}, {"t": {**described, "TAB_TYPE": "x", "y_UNIT": "z"}})
    node = tree_of(path)["/t"]

    assert node["column_attributes"] == 4
    assert node["attributes"] == {"TAB_TYPE": "x", "y_UNIT": "z"}


def tree_of(source: Path) -> dict[str, Any]:
    """Path -> what the tree says of it."""
    tree = json.loads(said(state(read(source)[0]))[v.HDF5 + "tree"])
    return {one["path"]: one for one in tree}


def test_counts_are_those_of_another_walk() -> None:
    """Groups, data sets and attributes of every sample, counted by h5py's own visitor."""
    for source in [*sorted(DATA.rglob("*.h5")), *DEMO_FILES]:
        with h5py.File(source) as file:
            found = [file["/"]]
            file.visititems(lambda _, one: found.append(one))  # noqa: B023 called here
            groups = sum(isinstance(one, h5py.Group) for one in found)
            attributes = sum(len(one.attrs) for one in found)
        told = said(state(read(source)[0]))

        assert told[v.HDF5 + "groups"] == groups
        assert told[v.HDF5 + "datasets"] == len(found) - groups
        assert told[v.HDF5 + "attributes"] == attributes


def test_a_raw_file_of_another_experiment_is_described() -> None:
    """LArPix: what its meta group says is told."""
    (source,) = (DATA / "larpix").glob("*.h5")
    tree = json.loads(said(state(read(source)[0]))[v.HDF5 + "tree"])

    assert [one["path"] for one in tree] == ["/meta", "/msg_headers", "/msgs"]
    assert tree[0]["attributes"]["version"] == "0.0"
    assert tree[2] == {
        "path": "/msgs", "kind": "dataset", "shape": [60], "type": "list of uint8", "bytes": 184,
    }  # fmt: skip


@pytest.mark.parametrize("value", ["text", ["a", "b"], b"bytes", 2**64 - 1, 1.5, float("inf")])
def test_attributes_of_every_plain_type_are_read(value: Any, tmp_path: Path) -> None:
    """As h5py writes them."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.attrs["a"] = value
    told = json.loads(said(state(read(path)[0]))[v.HDF5 + "root_attributes"])

    assert told == {"a": value.decode() if isinstance(value, bytes) else value}


def test_what_is_no_plain_value_is_named_by_its_kind(tmp_path: Path) -> None:
    """Structures, references and opaque bytes are not read."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.attrs["c"] = numpy.zeros(2, [("x", "i4")])
        file.attrs["o"] = numpy.void(b"\0\1")
        file.attrs["r"] = file.ref
        file.attrs["long"] = numpy.longdouble(1.5)
    told = json.loads(said(state(read(path)[0]))[v.HDF5 + "root_attributes"])

    assert told == {"c": "<compound>", "o": "<opaque>", "r": "<reference>", "long": 1.5}
