"""The sample logs, read by the importer and by json alone; small logs made for a test."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from importers.ctapipe import CtapipeImporter
from lineage import vocabulary as v
from lineage.interfaces import Problem
from lineage.records import (
    EventKind,
    FileEvent,
    Statement,
)

DATA = Path(__file__).parent / "data" / "ctapipe"
LOGS = sorted(DATA.rglob("*.provenance.log"))
WORK32 = sorted((DATA / "work32").rglob("*.provenance.log"))
TRUNCATED = DATA / "other" / "truncated_midobject.provenance.log"
APPENDED = ((v.IDENTIFIED_BY, "argument"),)
UUID = "11111111-2222-4333-8444-555555555555"


def read(source: Path) -> tuple[list[Statement], list[Problem]]:
    problems: list[Problem] = []
    return list(CtapipeImporter().records(source, problems.append)), problems


def activities(source: Path) -> list[dict[str, Any]]:
    """The activities of a log, read by json alone as far as it goes."""
    text, at, found = source.read_text("utf-8"), 0, []
    while at < len(text):
        try:
            array, at = json.JSONDecoder().raw_decode(text, at)
        except json.JSONDecodeError:
            break
        found += array
    return found


def as_url(item: Any) -> str:
    return item if isinstance(item, str) else item["url"]


def written(tmp_path: Path, *records: Any, text: str | None = None) -> Path:
    source = tmp_path / "some.provenance.log"
    source.write_text(json.dumps(list(records), indent=3) if text is None else text, "utf-8")
    return source


def record(**changes: Any) -> dict[str, Any]:
    """A small whole activity, with changes; ``None`` leaves a key out."""
    whole = {
        "activity_name": "tool",
        "activity_uuid": UUID,
        "start": {"time_utc": "2026-01-01T00:00:00.000"},
        "stop": {"time_utc": "2026-01-01T00:03:00.000"},
        "system": {"ctapipe_version": "0.32.0", "arguments": ["tool", "-i", "a b"]},
        "input": [],
        "output": [],
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def only(statements: list[Statement], kind: type[Any]) -> Any:
    (found,) = [one for one in statements if isinstance(one, kind) and not is_run_event(one)]
    return found


def is_run_event(statement: Statement) -> bool:
    """It says that an activity ran, and of no file."""
    return isinstance(statement, FileEvent) and statement.kind is EventKind.RUN


class ScratchLog:
    """A log in memory, for the many that a property tries."""

    def __init__(self, text: str | bytes) -> None:
        self.data = text if isinstance(text, bytes) else text.encode()

    def read(self) -> tuple[list[Statement], list[Problem]]:
        """As `read`, of a temporary file."""
        with tempfile.TemporaryDirectory() as directory:
            source = Path(directory) / "x.provenance.log"
            source.write_bytes(self.data)
            return read(source)


def events_of(sources: list[Path]) -> list[FileEvent]:
    return [one for source in sources for one in read(source)[0] if isinstance(one, FileEvent)]
