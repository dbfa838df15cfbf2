"""Tree sequences for tests: samples, scratch files written with kastore, and what is read of them.

The rows of a file are read with the kastore package and ``json`` alone, beside the importer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import kastore
import numpy

from importers.tskit import TskitImporter
from lineage import vocabulary as v
from lineage.interfaces import Problem
from lineage.records import Activity, Entity, FileEvent, Relation, Statement
from lineage.vocabulary import RelationKind

DATA = Path(__file__).parent / "data" / "tskit"
SAMPLES = sorted(DATA.glob("*.trees"))
UUID = "11111111-2222-4333-8444-555555555555"
TIME = "2026-01-02T03:04:05.000006"
Rows = Sequence[tuple[str, Any]]
"""(timestamp, record): a text, or what becomes JSON."""


def record(**changes: Any) -> dict[str, Any]:
    """A small valid record, with changes; ``None`` leaves a key out."""
    whole = {
        "schema_version": "1.0.0",
        "software": {"name": "tool", "version": "1"},
        "parameters": {"command": "work"},
        "environment": {},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


SLIM_3_0 = {
    "program": "SLiM",
    "version": "3.0",
    "file_version": "0.1",
    "model_type": "WF",
    "generation": 10,
    "remembered_node_count": 0,
}
SCRIPT = "initialize() { initializeTreeSeq(); }\n1 { sim.addSubpop('p1', 10); }\n"
SLIM_3_3 = record(
    software={"name": "SLiM", "version": "3.3.1"},
    parameters={
        "command": ["slim", "-s", "23", "recipe WF.slim"],
        "model": SCRIPT,
        "model_type": "WF",
        "seed": 1701990081340,
    },
    environment={"os": {"node": "skua"}},
    slim={"file_version": "0.3", "generation": 10},
    metadata={"individuals": {}},
)


def other(rows: list[tuple[str, Any]]) -> dict[str, Any]:
    """A union's row."""
    stored = [text if isinstance(text, str) else json.dumps(text) for _, text in rows]
    table = {"timestamp": [time for time, _ in rows], "record": stored}
    parameters = {"command": "union", "other": table, "node_mapping": [0, -1]}
    return record(software={"name": "tskit", "version": "1.0.3"}, parameters=parameters)


def numbered(number: int) -> tuple[str, dict[str, Any]]:
    """A row like no other."""
    return f"2026-01-02T03:04:05.{number:06}", record(parameters={"command": f"step{number}"})


def texts(rows: Rows) -> list[tuple[str, str]]:
    """The rows as they are stored."""
    return [(time, one if isinstance(one, str) else json.dumps(one)) for time, one in rows]


def write(path: Path, rows: Rows, uuid: str | None = UUID, **more: Any) -> Path:
    """Writes a file with these rows and nothing in its tables; ``more`` replaces arrays."""
    stored = texts(rows)
    arrays: dict[str, Any] = {
        "format/name": numpy.frombuffer(b"tskit.trees", numpy.int8),
        "format/version": numpy.array([12, 7], numpy.uint32),
        "sequence_length": numpy.array([10.0]),
        "time_units": numpy.frombuffer(b"generations", numpy.int8),
        "nodes/time": numpy.zeros(3),
    }
    for index, column in ((0, "timestamp"), (1, "record")):
        parts = [row[index].encode() for row in stored]
        ends = numpy.cumsum([0, *map(len, parts)], dtype=numpy.uint64)
        arrays[f"provenances/{column}"] = numpy.frombuffer(b"".join(parts), numpy.uint8)
        arrays[f"provenances/{column}_offset"] = ends
    if uuid is not None:
        arrays["uuid"] = numpy.frombuffer(uuid.encode(), numpy.int8)
    kastore.dump(arrays | more, str(path))
    return path


def stored_rows(path: Path) -> list[tuple[str, str]]:
    """(timestamp, record) of every row of a file, without the importer."""
    with kastore.load(str(path)) as store:
        columns = []
        for name in ("provenances/timestamp", "provenances/record"):
            data = store[name].tobytes()
            ends = [int(end) for end in store[f"{name}_offset"]]
            columns.append([data[begin:end].decode() for begin, end in pairwise(ends)])
    return list(zip(*columns, strict=True))


def read(path: Path) -> tuple[list[Statement], list[Problem]]:
    """What the importer says of a file."""
    problems: list[Problem] = []
    return list(TskitImporter().records(path, problems.append)), problems


def activities(statements: Sequence[Statement]) -> list[Activity]:
    """In the order in which they are said."""
    return [one for one in statements if isinstance(one, Activity)]


def states(statements: Sequence[Statement]) -> set[str]:
    """The tree sequences that are declared."""
    return {
        one.identifier
        for one in statements
        if isinstance(one, Entity) and one.identifier.startswith("urn:lineage:tskit:tree-sequence:")
    }


def uses(statements: Sequence[Statement], activity: Activity) -> dict[str, str | None]:
    """Role -> what an activity used."""
    return {
        str(one.values(v.PROV_ROLE)[0]): one.object
        for one in statements
        if isinstance(one, Relation)
        and one.kind is RelationKind.USAGE
        and one.subject == activity.identifier
    }


def made_by(statements: Sequence[Statement], activity: Activity) -> str:
    """The tree sequence that an activity generated."""
    (made,) = {
        one.subject
        for one in statements
        if isinstance(one, Relation)
        and one.kind is RelationKind.GENERATION
        and one.object == activity.identifier
        and one.subject is not None
    }
    return made


def file_event(statements: Sequence[Statement]) -> FileEvent:
    """What is said of the file itself."""
    (event,) = [one for one in statements if isinstance(one, FileEvent)]
    return event
