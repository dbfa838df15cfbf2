"""Which files are HDF5, and what is told of those that are not whole."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from importers.hdf5 import SIGNATURE, Hdf5Importer
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.interfaces import Confidence
from lineage.records import Entity
from tests.hdf5_files import (
    DEMO_FILES,
    WORK11,
    read,
    said,
    state,
    written,
)


@pytest.mark.parametrize(
    ("name", "head", "confidence"),
    [
        ("a.h5", SIGNATURE, Confidence.CERTAIN),
        ("a", SIGNATURE, Confidence.CERTAIN),
        ("a", b"x" * 512 + SIGNATURE, Confidence.CERTAIN),
        ("a", b"x" * 2048 + SIGNATURE, Confidence.CERTAIN),
        ("a", b"x" * 100 + SIGNATURE, Confidence.NO),
        ("a.H5", b"", Confidence.SUFFIX),
        ("a.hdf5", b"half", Confidence.SUFFIX),
        ("a.trees", b"\x89KAS\r\n\x1a\n", Confidence.NO),
    ],
)
def test_files_are_recognised_by_their_signature(
    name: str, head: bytes, confidence: Confidence
) -> None:
    """Behind a user block, too; by name alone only where nothing better is known."""
    assert Hdf5Importer().recognises(Path(name), head) is confidence


def test_a_user_block_is_skipped(tmp_path: Path) -> None:
    """What stands before the signature belongs to somebody else."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", userblock_size=1024) as file:
        file.attrs["a"] = 1

    assert json.loads(said(state(read(path)[0]))[v.HDF5 + "root_attributes"]) == {"a": 1}


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        (b"", "byte 0", "is empty"),
        (b"PK\3\4 something else", "byte 0", "has no HDF5 signature"),
        (SIGNATURE, "byte 0", "the HDF5 library cannot read it"),
        (SIGNATURE + b"\xff" * 2000, "byte 0", "the HDF5 library cannot read it"),
    ],
)
def test_what_is_no_hdf5_is_refused(
    content: bytes, place: str, problem: str, tmp_path: Path
) -> None:
    """With the place, and what is wrong."""
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=problem) as caught:
        read(path)

    assert caught.value.place == place


@pytest.mark.parametrize("source", [WORK11, *DEMO_FILES[:2]], ids=lambda path: path.name)
def test_a_file_that_is_cut_off_says_where(source: Path, tmp_path: Path) -> None:
    """Wherever the cut is, the byte where the file ends is named, and where it should end."""
    content, places = source.read_bytes(), random.Random(1)
    path = tmp_path / "x.h5"
    for _ in range(50):
        length = places.randrange(2_000, len(content))
        path.write_bytes(content[:length])
        with pytest.raises(SourceError, match=f"ends at byte {length:,} of {len(content):,}"):
            read(path)


WRITER = """
import h5py, sys
file = h5py.File(sys.argv[1], "w", libver=sys.argv[2])
file.create_dataset("x", (1000,), "f8", chunks=(10,))[:] = 1
if sys.argv[3] == "flush":
    file.flush()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("libver", "flush", "problem"),
    [
        ("latest", "flush", "is open for writing"),
        ("earliest", "no", "the HDF5 library cannot read it|ends at byte"),
    ],
)
def test_a_file_that_is_being_written_is_told(
    libver: str, flush: str, problem: str, tmp_path: Path
) -> None:
    """The other process has it open all the while, and is not disturbed."""
    path = tmp_path / "x.h5"
    program = [sys.executable, "-c", WRITER, str(path), libver, flush]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        with pytest.raises(SourceError, match=problem):
            read(path)
        writer.communicate()

    assert writer.returncode == 0
    assert said(state(read(path)[0]))[v.HDF5 + "datasets"] == 1


def test_no_entity_is_said_of_a_plain_file(tmp_path: Path) -> None:
    """The file's entity is made by identity, out of its state."""
    statements, _ = read(written(tmp_path / "x.h5", {}))

    assert not [one for one in statements if isinstance(one, Entity)]
    assert state(statements).path == str(tmp_path / "x.h5")
