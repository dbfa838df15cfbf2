"""Tables of one type are told alike; what is remembered of types is bounded and never wrong."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy
import pytest

import importers.hdf5_columns
from importers.hdf5_scan import Scan, open_file


@pytest.mark.parametrize("most", [1, 3, 300])
def test_columns_are_those_of_the_table(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever types were seen before, in this file or another."""
    monkeypatch.setattr(importers.hdf5_columns, "_MOST_TYPES", most)
    told = {}
    for number in range(2):
        path = tmp_path / f"{number}.h5"
        with h5py.File(path, "w") as file:
            for column in "abcdabcd":
                dtype = [(column, "i4"), (f"of {number}", "f8")]
                name = f"{column}{len(file)}"
                file.create_dataset(name, data=numpy.zeros(2, dtype))
        told[number] = Scan(open_file(bytes(path))).result()["nodes"]
    found = [list(node["columns"].items()) for number in told for node in told[number]]

    assert found == [
        [(column, "int"), (f"of {number}", "float")] for number in told for column in "aabbccdd"
    ]
    assert len(importers.hdf5_columns._COLUMNS) <= most
