"""lstosa's samples, read by the importer and by Python's own parser; small logs for a test."""

from __future__ import annotations

import ast
import hashlib
import re
import tempfile
from pathlib import Path
from typing import Any

from importers.lstosa import LstosaImporter
from lineage import vocabulary as v
from lineage.canonical import canonical, encode_event
from lineage.errors import SourceError
from lineage.interfaces import Problem
from lineage.records import Activity, Entity, EventKind, FileEvent, Namespace, Statement
from lineage.vocabulary import LSTOSA

DATA = Path(__file__).parent / "data" / "lstosa"
RUN = DATA / "v0.10.10_run"
PROV_LOG = RUN / "prov.log"
SEED = DATA / "seed_prov_excerpt.log"
LOGPROV = DATA / "logprov_0.0.2" / "prov.log"
MERGED_LOGS = sorted(RUN.glob("*_prov.log"))
MERGED_DOCUMENTS = sorted(RUN.glob("*_prov.json"))
DEFINITIONS = sorted(DATA.glob("definition*.yaml"))
HISTORIES = sorted((DATA / "history_files").glob("*.history"))
PREFIX = "INFO provLogger __PROV__2021-01-01T00:00:00.000000__PROV__"
TAG = "r0_to_dl1:01807"
START = "2021-01-01T00:00:01.000000"
END = "2021-01-01T00:00:02.000000"
LOGS = [PROV_LOG, SEED, LOGPROV, *MERGED_LOGS]
KEY = re.compile(r"'(\w{4,})': ")


def read(source: Path) -> tuple[list[Statement], list[Problem]]:
    problems: list[Problem] = []
    return list(LstosaImporter().records(source, problems.append)), problems


def records(source: Path) -> list[dict[str, Any]]:
    """The records of a whole log, cut at the prefix and parsed by `ast.literal_eval`."""
    lines = source.read_text("utf-8").splitlines()
    return [ast.literal_eval(line[line.index("{") :]) for line in lines if "{" in line]


def line(**record: Any) -> str:
    return f"{PREFIX}{record!r}\n"


def md5(path: str) -> str:
    return hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()


def session(**changes: Any) -> str:
    record = {"session_id": "2021010101807", "name": "01807", "startTime": START}
    return line(**record, observation_date="20210101", session_tag=TAG, **changes)


def start(digits: str = "abcdef", **changes: Any) -> str:
    record = {"activity_id": digits, "name": "r0_to_dl1", "startTime": START}
    record |= {"in_session": "2021010101807", "agent_name": "kay", "session_tag": TAG}
    return line(**{**record, **changes})


def entity(path: str, **changes: Any) -> str:
    record = {"entity_id": md5(path), "name": "R0SubrunDataset", "filepath": path}
    record |= {"hash": md5(path), "hash_type": "md5", "type": "File", "session_tag": TAG}
    return line(**{**record, **changes})


def used(path: str, digits: str = "abcdef", **changes: Any) -> str:
    record = {"activity_id": digits, "used_id": md5(path), "used_role": "role"}
    return line(**{**record, "session_tag": TAG, **changes})


def generated(path: str, digits: str = "abcdef", **changes: Any) -> str:
    record = {"activity_id": digits, "generated_id": md5(path), "generated_role": "role"}
    return line(**{**record, "session_tag": TAG, **changes})


def end(digits: str = "abcdef", time: str = END, **changes: Any) -> str:
    return line(**{"activity_id": digits, "endTime": time, "session_tag": TAG, **changes})


WHOLE = start() + entity("/d/x") + used("/d/x") + entity("/d/y") + generated("/d/y") + end()


def written(directory: Path, text: str | bytes, name: str = "prov.log") -> Path:
    source = directory / name
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    return source


def scratch(text: str | bytes, name: str = "prov.log") -> tuple[list[Statement], list[Problem]]:
    """As `read`, of a temporary file."""
    with tempfile.TemporaryDirectory() as directory:
        return read(written(Path(directory), text, name))


def tolerant(text: str | bytes, name: str = "prov.log") -> tuple[list[Statement], list[Problem]]:
    """As `scratch`; a refusal is the last of the problems, what came before it is kept."""
    problems: list[Problem] = []
    found: list[Statement] = []
    with tempfile.TemporaryDirectory() as directory:
        source = written(Path(directory), text, name)
        try:
            for one in LstosaImporter().records(source, problems.append):
                found.append(one)  # noqa: PERF402 what was read before an error counts
        except SourceError as error:
            problems.append(Problem(error.place, error.problem))
    return found, problems


def events(statements: list[Statement], kind: EventKind | None = None) -> list[FileEvent]:
    """What happened to files."""
    found = [one for one in every_event(statements) if one.kind is not EventKind.RUN]
    return [one for one in found if kind is None or one.kind is kind]


def every_event(statements: list[Statement]) -> list[FileEvent]:
    """What identity is told, of activities too."""
    return [one for one in statements if isinstance(one, FileEvent)]


def of(statements: list[Statement], kind: type[Any]) -> list[Any]:
    return [one for one in statements if isinstance(one, kind)]


def only(statements: list[Statement], kind: type[Any]) -> Any:
    (found,) = of(statements, kind)
    return found


def said(statements: list[Statement]) -> set[str]:
    """The statements as lines."""
    found = set()
    for one in statements:
        assert not isinstance(one, Namespace)
        found.add(encode_event(one) if isinstance(one, FileEvent) else canonical(one))
    return found


def told_by(text: str) -> set[tuple[str, ...]]:
    """What the whole lines of a log say, told without the importer."""
    found: set[tuple[str, ...]] = set()
    paths = {}
    for one in text.splitlines(keepends=True):
        if not one.endswith("}\n"):
            continue
        try:
            record = ast.literal_eval(one[one.index("{") :])
        except (SyntaxError, ValueError):
            continue
        if "session_id" in record:
            found.add(("session", str(record["session_id"]).replace("-", "")))
        if "activity_id" in record:
            found.add(("activity", record["activity_id"]))
        path = record.get("filepath", "")
        if path.startswith("/") and record.get("type") == "File":
            paths[record["entity_id"]] = path
            found.add(("file", path))
        for key in ("used", "generated"):
            if record.get(f"{key}_id") in paths:
                path = paths[record[f"{key}_id"]]
                found.add((record["activity_id"], path, record[f"{key}_role"]))
    return found


def told(statements: list[Statement]) -> set[tuple[str, ...]]:
    """The same of what the importer says."""
    found: set[tuple[str, ...]] = set()
    digits = digits_of(statements)
    for one in statements:
        if isinstance(one, Activity):
            found.add(("activity", str(one.values(LSTOSA + "activity_id")[0])))
        elif isinstance(one, Entity):
            if ":session:" in one.identifier:
                found.add(("session", one.identifier.rpartition(":")[2]))
            for path in one.values(v.PROV_LOCATION):
                found.add(("file", str(path)))
        elif isinstance(one, FileEvent) and one.kind is not EventKind.RUN:
            found.add(("file", one.path))
            own = digits.get(str(one.activity)) or str(one.activity).rpartition(":")[2]
            found.add((own, one.path, str(one.role)))
    return found


def digits_of(statements: list[Statement]) -> dict[str, str]:
    """IRI of an activity -> its digits."""
    return {
        one.identifier: str(one.values(LSTOSA + "activity_id")[0])
        for one in statements
        if isinstance(one, Activity)
    }


def by_digits(statements: list[Statement]) -> dict[str, Activity]:
    return {
        str(one.values(LSTOSA + "activity_id")[0]): one
        for one in statements
        if isinstance(one, Activity)
    }
