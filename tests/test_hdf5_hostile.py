"""HDF5 files that mean harm: nothing runs, nothing else is opened, nothing grows without end."""

from __future__ import annotations

import json
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy
import pytest
from h5py import h5a, h5d, h5p, h5s, h5t
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import importers.hdf5_scan
from importers.hdf5_scan import MOST_DEPTH, MOST_OBJECTS, Scan, open_file
from lineage import vocabulary as v
from lineage.canonical import canonical, encode_event
from lineage.errors import SourceError
from lineage.interfaces import Problem
from lineage.records import FileEvent, Namespace, Statement
from tests.hdf5_files import LSTCHAIN, VERSIONS, WORK11, read, said, state, written
from tests.hostile_tree import SECRET, Harm

HEADER = {"CTA PRODUCT ID": "11111111-2222-4333-8444-555555555555"}


def place_of(problems: list[Problem]) -> dict[str, str]:
    return {problem.place: problem.message for problem in problems}


def test_no_pickle_is_loaded(tmp_path: Path) -> None:
    """Attributes, configurations and lists of sources that would create a canary."""
    canary = tmp_path / "canary"
    harm = pickle.dumps(Harm(canary), protocol=0)
    root = VERSIONS | dict.fromkeys(("config", "SOURCE_FILENAMES", "CTA PRODUCT ID", "x"), harm)
    statements, problems = read(written(tmp_path / "x.h5", root, {"dl1/t": root}))

    assert not canary.exists()
    assert len(problems) == 8
    assert all("would call io.open" in problem.message for problem in problems)
    assert said(state(statements))[v.LSTCHAIN + "LSTCHAIN_VERSION"] == "0.9.13"


def outside(path: Path, secret: Path) -> None:
    """Everything that HDF5 has to lead into another file."""
    with h5py.File(path, "w") as file:
        file["link"] = h5py.ExternalLink(str(secret), "/")
        file["passwd"] = h5py.ExternalLink("/etc/passwd", "/")
        external = [(str(secret), 0, 30)]
        file.create_dataset("source_filenames/filenames", (1,), "S30", external=external)
        layout = h5py.VirtualLayout((1,), h5py.string_dtype())
        layout[0] = h5py.VirtualSource(str(secret), "x", (1,))[0]
        file.create_virtual_dataset("provenance/dl1_to_dl2", layout)
        # to know the shape of such a data set, the library opens its sources
        properties = h5p.create(h5p.DATASET_CREATE)
        source = h5s.create_simple((10,), (h5s.UNLIMITED,))
        source.select_hyperslab((0,), (1,), block=(10,))
        target = h5s.create_simple((10,), (h5s.UNLIMITED,))
        target.select_hyperslab((0,), (h5s.UNLIMITED,), stride=(10,), block=(10,))
        properties.set_virtual(target, str(secret.with_name("%b")).encode(), b"x", source)
        space = h5s.create_simple((10,), (h5s.UNLIMITED,))
        h5d.create(file.id, b"endless", h5t.NATIVE_INT64, space, properties)


def test_no_other_file_is_read(tmp_path: Path) -> None:
    """External links, external storage and virtual data sets are listed and left alone."""
    secret, path = tmp_path / "secret", tmp_path / "x.h5"
    secret.write_text(SECRET)
    outside(path, secret)
    statements, problems = read(path)
    links = json.loads(said(state(statements))[v.HDF5 + "links"])
    (problem,) = problems

    assert {link["path"]: link["kind"] for link in links} == {
        "/link": "external",
        "/passwd": "external",
        "/endless": "storage",
        "/source_filenames/filenames": "storage",
        "/provenance/dl1_to_dl2": "storage",
    }
    assert "leads to other files" in problem.message
    assert problem.is_note
    assert SECRET not in repr(statements)


def test_views_of_the_file_itself_are_no_problem(tmp_path: Path) -> None:
    """Their sources are data sets that are told anyway."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["x"] = numpy.arange(10)
        layout = h5py.VirtualLayout((10,), "i8")
        layout[:] = h5py.VirtualSource(".", "x", (10,))
        file.create_virtual_dataset("view", layout)
    statements, problems = read(path)

    assert problems == []
    assert said(state(statements))[v.HDF5 + "datasets"] == 2


def loops(file: Any) -> None:
    group = file.create_group("a/b")
    group["up"], group["root"], group["self"] = file["a"], file["/"], group
    group["soft"] = h5py.SoftLink("/a/b/soft")
    group["softer"] = h5py.SoftLink("/a/b/softest")
    group["softest"] = h5py.SoftLink("/a/b/softer")


def deep(file: Any) -> None:
    for _ in range(500):
        file = file.create_group("g")


def shapes(file: Any) -> None:
    chunks = {"chunks": (10**6,), "compression": "gzip"}
    file.create_dataset("a", (10**12, 10**6), "f8", chunks=(1, 10**6))
    file.create_dataset("source_filenames/filenames", (5 * 10**9,), "S8", **chunks)
    file.create_dataset("provenance/dl1_to_dl2", (10**9,), h5py.string_dtype())


def contiguous(file: Any) -> None:
    file.create_dataset("source_filenames/filenames", (10**9,), "S8")
    file.create_dataset("provenance/a", (), "S2000000")


def bomb(file: Any) -> None:
    made = file.create_dataset(
        "source_filenames/filenames", (100_000,), "S8", chunks=(100_000,), compression=9
    )
    made.id.write_direct_chunk((0,), zlib.compress(bytes(300 * 2**20), 9))


def many_links(file: Any) -> None:
    for number in range(MOST_OBJECTS + 10):
        file[f"l{number}"] = h5py.SoftLink("/nowhere")


def many_attributes(file: Any) -> None:
    space = h5s.create(h5s.SCALAR)
    for number in range(100_000):
        h5a.create(file.id, b"a%d" % number, h5t.NATIVE_INT8, space)


def huge_attributes(file: Any) -> None:
    file.attrs["numbers"] = numpy.zeros(2_000_000, "u1")
    file.attrs["text"] = numpy.bytes_(b"x" * 2_000_000)
    file.attrs["texts"] = ["x" * 1_000_000] * 6
    file.attrs["many"] = ["x"] * 5_000
    file.attrs["nothing"] = numpy.zeros((0, 2**40), "i1")


def texts(file: Any) -> None:
    file["provenance/b"] = "x" * 5_000_000
    made = file.create_dataset("source_filenames/filenames", (300,), h5py.string_dtype())
    made[:] = "x" * 1_000_000


def configurations(file: Any) -> None:
    file.attrs["LSTCHAIN_VERSION"] = "0.9"
    for number in range(30):
        group = file.create_group(f"g{number}")
        group.attrs["config"] = json.dumps({"a": "x" * 900_000, "b": number})


def names(file: Any) -> None:
    group = file
    for _ in range(MOST_DEPTH):
        group = group.create_group("n" * 30_000)
        group.attrs["a" * 30_000] = 1


BOMBS: dict[Callable[[Any], None], dict[str, str]] = {
    loops: {},
    deep: {"/g" * MOST_DEPTH: "lies 32 levels deep"},
    shapes: {"/source_filenames/filenames": "has chunks of 8,000,000 bytes"},
    contiguous: {
        "/source_filenames/filenames": "has 8,000,000,000 bytes",
        "/provenance/a": "has 2,000,000 bytes",
    },
    bomb: {"/source_filenames/filenames": "is not read"},
    many_links: {"/": "has more than 50,000 objects"},
    many_attributes: {"/": "has 100,000 attributes"},
    huge_attributes: {
        "/@numbers": "has 2,000,000 bytes",
        "/@text": "has 2,000,000 bytes",
        "/@texts": "has texts of 6,000,000 bytes",
        "/@many": "has 5,000 texts",
    },
    texts: {
        "/provenance/b": "has texts of 5,000,000 bytes",
        "/source_filenames/filenames": "is not read",
    },
    configurations: {"/g15@config": "is one of more than 4,000,000 bytes in all"},
    names: {},
}


@pytest.mark.parametrize("make", BOMBS, ids=lambda make: make.__name__)
def test_bombs_are_told_and_the_file_is_still_described(
    make: Callable[[Any], None], tmp_path: Path
) -> None:
    """Loops, depth, shapes, chunks, compression, links, attributes, texts, names."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver="latest") as file:
        make(file)
    statements, problems = read(path)
    found = place_of(problems)

    assert said(state(statements))[v.HDF5 + "groups"] >= 1
    for place, message in BOMBS[make].items():
        assert message in found[place]
    assert BOMBS[make] or not problems


def test_objects_beyond_the_cap_are_told(tmp_path: Path) -> None:
    """What was found until then is described, and counted."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver="latest") as file:
        for number in range(MOST_OBJECTS + 100):
            file.create_group(f"g{number}")
    statements, problems = read(path)
    tree = json.loads(said(state(statements))[v.HDF5 + "tree"])

    assert said(state(statements))[v.HDF5 + "groups"] == MOST_OBJECTS + 1
    assert len(tree) == 2_001
    assert tree[-1] == {"left_out": {"objects": MOST_OBJECTS - 2_000}}
    assert "has more than 50,000 objects" in place_of(problems)["/"]


def test_what_takes_too_long_keeps_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is counted in seconds of the processor: a busy machine gives the same records."""
    path = written(tmp_path / "x.h5", HEADER, {f"dl1/t{number}": {} for number in range(20)})
    monkeypatch.setattr(importers.hdf5_scan, "LONGEST_S", -1.0)
    file = open_file(bytes(path))
    found = Scan(file).result()
    file.close()

    assert found["root"] == HEADER
    assert [message for _, message, _ in found["problems"]] == [
        "took longer than -1 s. What was read until then is kept."
    ]


def test_statements_of_hostile_texts_can_be_written(tmp_path: Path) -> None:
    """Control characters, scripts, halves of surrogate pairs and wrong UTF-8 arrive as text."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.attrs["LSTCHAIN_VERSION"] = numpy.bytes_(b"\xff\xfe<script>\x1b[2J")
        file.attrs["config"] = numpy.bytes_(b"(dp0\nV\\udce9\np1\nV\\ud800\np2\ns.")
        file.attrs["CTA PRODUCT DESCRIPTION"] = numpy.bytes_(b"\xe9\x00\x01")
        file.create_group("../../etc").attrs["\u202egpj"] = "\u2028"
        file["source_filenames/filenames"] = [
            b"javascript:alert(1)",
            b"/a/../../etc/shadow",
            b"\xff",
        ]
    statements, _ = read(path)

    for one in statements:
        assert writable(one)


def writable(statement: Statement) -> bytes:
    assert not isinstance(statement, Namespace)
    encoded = encode_event(statement) if isinstance(statement, FileEvent) else canonical(statement)
    return encoded.encode("utf-8")


SMALL = [
    (LSTCHAIN / name).read_bytes()
    for name in ("dl2_LST-1.Run02008.0001.h5", "dl1_LST-1.Run02008.h5")
] + [WORK11.read_bytes()]


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.sampled_from(SMALL),
    changes=st.lists(
        st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=20
    ),
    cut=st.integers(0, 200_000),
)
def test_damaged_files_are_read_told_or_refused(
    content: bytes, changes: list[tuple[int, int]], cut: int, tmp_path: Path
) -> None:
    """Bytes changed anywhere, the beginning preferred: nothing unforeseen happens."""
    damaged = bytearray(content)
    for at, byte in changes:
        damaged[at % (len(damaged) if at % 3 else 3_000)] = byte
    path = tmp_path / "x.h5"
    path.write_bytes(damaged[: cut or len(damaged)])
    places = ["told"]
    try:
        statements, problems = read(path)
        places += [problem.place for problem in problems]
        assert all(writable(one) for one in statements)
    except SourceError as error:
        places.append(error.place or error.problem)

    assert all(places)
