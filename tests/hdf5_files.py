"""Small HDF5 files as ctapipe, lstchain and others write them, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy

from importers.hdf5 import Hdf5Importer
from lineage import vocabulary as v
from lineage.interfaces import Problem
from lineage.records import Entity, EventKind, FileEvent, Relation, Statement
from lineage.vocabulary import RelationKind

DATA = Path(__file__).parent / "data" / "hdf5"
LSTCHAIN = DATA / "lstchain"
WORK11 = DATA / "work11" / "run1.dl1.h5"
DEMO = Path(__file__).parent.parent / "demo"
DEMO_FILES = sorted((DEMO / "work32").rglob("*.h5"))
UUID = "11111111-2222-4333-8444-555555555555"
VERSIONS = {
    "LSTCHAIN_VERSION": "0.9.13",
    "CTAPIPE_VERSION": "0.12.0",
    "CTAPIPE_IO_LST_VERSION": "0.19.0",
    "CONTACT": "LST Consortium",
}


def read(source: Path) -> tuple[list[Statement], list[Problem]]:
    problems: list[Problem] = []
    return list(Hdf5Importer().records(source, problems.append)), problems


def state(statements: list[Statement]) -> FileEvent:
    """What is said of the file itself."""
    (found,) = events(statements, EventKind.STATE)
    return found


def events(statements: list[Statement], kind: EventKind) -> list[FileEvent]:
    return [one for one in statements if isinstance(one, FileEvent) and one.kind is kind]


def said(event: FileEvent) -> dict[str, Any]:
    """The attributes of a file, which are one of a name in the tests."""
    return dict(event.attributes)


def plans(statements: list[Statement]) -> list[Entity]:
    return [
        one
        for one in statements
        if isinstance(one, Entity) and one.identifier.startswith("urn:lineage:configuration:")
    ]


def used(statements: list[Statement]) -> list[Relation]:
    """The uses that are no file events."""
    return [
        one
        for one in statements
        if isinstance(one, Relation)
        and one.kind is RelationKind.USAGE
        and one.values(v.PROV_ROLE) != ("configuration",)
    ]


def written(
    path: Path, root: dict[str, Any], tables: dict[str, dict[str, Any]] | None = None
) -> Path:
    """A file with attributes on its root and on tables; texts as PyTables writes them."""
    with h5py.File(path, "w", libver="latest") as file:
        for name, value in root.items():
            file.attrs[name] = _as_pytables(value)
        for table, attributes in (tables or {}).items():
            made = file.create_dataset(table, data=numpy.zeros(3, [("obs_id", "i8")]))
            for name, value in attributes.items():
                made.attrs[name] = _as_pytables(value)
    return path


def _as_pytables(value: Any) -> Any:
    if value == "":
        return h5py.Empty("S1")
    if isinstance(value, str):
        value = value.encode()
    return numpy.bytes_(value) if isinstance(value, bytes) else value
