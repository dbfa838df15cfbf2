"""OpenLineage events, as clients of any version write them into files.

https://openlineage.io/docs/spec/object-model (specification 2-0-2, and those before it)

JSON lines (one event a line), or one event, an array of events or several events in JSON of any
layout. Each run becomes an `Activity` known by its uuid (``urn:uuid:``), its job a plan, the engine
that ran it (facet ``processing_engine``) and the producer of the event software agents. The events
of one run add up: START tells when it started, COMPLETE, FAIL or ABORT when and how it ended.

* Datasets of the namespaces ``file`` and ``file://HOST`` are files: they become file events, which
  identity turns into versions. Any other dataset is one entity, whose IRI is made of its namespace
  and name (``s3://bucket/key``); a version facet makes an entity of its own, which specializes it.
* The parent run, and upstream runs, inform the run; a run informs its downstream runs.
* A dataset that a run dropped (facet ``lifecycleStateChange``) is invalidated by it. Names that a
  symlinks facet adds are alternates.
* A job event has no run: its inputs influence the job, and the job its outputs. A dataset event
  says what a dataset is.
* Every facet that is not read here (columnLineage, schema, statistics ...) is kept whole, as JSON,
  under its own name; those of inputs and outputs on the use or generation.
* Times without a zone are UTC. A job's code, version and SQL are the run's: a job changes.

Lost: the producer and schema of each facet; what events of one kind repeat; the layout of the JSON;
halves of surrogate pairs, which become ``?``; what is reported as a problem.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from importers.jsonld_stream import Unwritable, plain
from importers.openlineage_events import EventReader
from importers.provjson_stream import BrokenText, DamagedValue, JsonCursor
from lineage.errors import SourceError
from lineage.interfaces import HEAD_BYTES, Confidence, OnProblem, Problem
from lineage.records import Statement

LONGEST_LINE_BYTES = 1 << 24
_BOM = b"\xef\xbb\xbf"
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
_SCHEMA = re.compile(rb'"schemaURL"\s*:\s*"[^"]*OpenLineage\.json')
_ABOUT = (b'"run"', b'"job"', b'"dataset"')


class OpenLineageImporter:
    """Reads OpenLineage events, one in memory at a time."""

    name = "openlineage"
    description = "OpenLineage run, job and dataset events"
    url = "https://openlineage.io/docs/spec/object-model"
    version = "1"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By the keys of an event, and the schema that it names."""
        if not _JSON.match(head) or b'"eventTime"' not in head:
            return Confidence.NO
        if not any(key in head for key in _ABOUT):
            return Confidence.NO
        event = _first_event(head)
        if event is None:
            return Confidence.CERTAIN if _SCHEMA.search(head) else Confidence.NO
        if "eventTime" not in event or not {"run", "job", "dataset"} & set(event):
            return Confidence.NO
        return Confidence.CERTAIN if "schemaURL" in event else Confidence.SHAPE

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """What the events say, event by event.

        Raises:
            SourceError: Nothing in the file is an event.
        """
        reader = _Reader(on_problem)
        with source.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            events = _lines(file) if _is_lines(head) else _values(file)
            for place, event in events:
                yield from reader.statements(place, event)
        if not reader.events:
            raise SourceError(source, reader.first, "holds no OpenLineage event.")


class _Reader:
    """Turns what was found into statements, and says where anything is amiss."""

    def __init__(self, on_problem: OnProblem) -> None:
        self.events = 0
        self.first = ""
        """Where the first problem was."""
        self._on_problem = on_problem
        self._place = ""
        self._reader = EventReader(self._report)

    def statements(self, place: str, event: Any) -> list[Statement]:
        """What one event says; nothing where it cannot be read."""
        self._place = place
        if isinstance(event, DamagedValue):
            self._report(f"{event}. It is left out.", 1)
            return []
        try:
            found = list(self._reader.statements(event))
        except RecursionError:
            self._report("the event is nested too deeply. It is left out.", 1)
            return []
        self.events += bool(found)
        return found

    def _report(self, message: str, lost: int) -> None:
        self.first = self.first or self._place
        self._on_problem(Problem(self._place, message, lost))


def _first_event(head: bytes) -> dict[str, Any] | None:
    """The first event of a file that begins so, if it can be seen whole."""
    for _, value in _lines(io.BytesIO(head)) if _is_lines(head) else _values(io.BytesIO(head)):
        return value if isinstance(value, dict) else None
    return None


def _is_lines(head: bytes) -> bool:
    """Some line of a file that begins so is an event by itself."""
    for line in head.removeprefix(_BOM).splitlines()[:50]:
        if line.startswith(b"{") and line.rstrip().endswith(b"}") and isinstance(_line(line), dict):
            return True
    return False


def _line(line: bytes) -> Any:
    """What a line holds."""
    try:
        text = line.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse)
        return _without_surrogates(value) if "\\u" in text else value
    except UnicodeDecodeError as error:
        return DamagedValue(f"it is not UTF-8 (byte {error.start} of the line)")
    except RecursionError:
        return DamagedValue("it is nested too deeply")
    except ValueError as error:
        return DamagedValue(f"it is not JSON ({error!s:.200})")


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _without_surrogates(value: Any) -> Any:
    """The same JSON with ``?`` for what no text may hold: halves of surrogate pairs."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace"))


def _lines(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Each line that is not blank: its number, and what it holds."""
    number = 0
    while line := file.readline(LONGEST_LINE_BYTES):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) >= LONGEST_LINE_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE_BYTES)
            yield str(number), DamagedValue(f"it is longer than {LONGEST_LINE_BYTES} bytes")
        elif line.strip():
            yield str(number), _line(line)


def _values(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Each event of an array, or of values one after another: its place, and what it is."""
    cursor = JsonCursor(file)
    try:
        number = 0
        while mark := cursor.peek():
            for at in cursor.items() if mark == "[" else (number,):
                place = f"byte {cursor.byte}" if number else f"/{at}" if mark == "[" else ""
                try:
                    yield place or "byte 0", plain(cursor.value())
                except DamagedValue as error:
                    yield place or "byte 0", error
                except Unwritable as error:
                    yield place or "byte 0", DamagedValue(str(error))
            number += 1
            if cursor.peek() == ",":
                raise cursor.broken("an event")
    except BrokenText as error:
        yield f"byte {error.byte}", DamagedValue(f"{error.message}; nothing after it is read")
