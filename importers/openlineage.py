"""OpenLineage events, as clients of any version write them into files.

https://openlineage.io/docs/spec/object-model (specification 2-0-2, and those before it)

JSON lines, of which only the new ones are read when a file has grown; or one event, an array of
events or several events in JSON of any layout. Each run becomes an `Activity` known by its uuid
(``urn:uuid:``), its job a plan, the engine that ran it (facet ``processing_engine``) and the
producer of the event software agents. The events of one run add up: START tells when it started,
COMPLETE, FAIL or ABORT when and how it ended.

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
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from importers.damage import Damage
from importers.jsonld_stream import Unwritable, plain
from importers.openlineage_events import EventReader
from importers.openlineage_lines import Lines, begins_with_long_line, looks_like_lines
from importers.provjson_stream import BrokenText, DamagedValue, JsonCursor
from lineage.errors import SourceError
from lineage.interfaces import HEAD_BYTES, Confidence, Mark, OnMark, OnProblem
from lineage.records import Statement

_BETWEEN_MARKS_BYTES = 1 << 20
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
_SCHEMA = re.compile(rb'"schemaURL"\s*:\s*"[^"]*OpenLineage\.json')
_ABOUT = (b'"run"', b'"job"', b'"dataset"')


class OpenLineageImporter:
    """Reads OpenLineage events, one in memory at a time."""

    name = "openlineage"
    description = "OpenLineage run, job and dataset events"
    url = "https://openlineage.io/docs/spec/object-model"
    version = "1"
    appendable = True

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
        return self.appended(source, on_problem, None, lambda _: None)

    def appended(
        self, source: Path, on_problem: OnProblem, mark: Mark | None, on_mark: OnMark
    ) -> Iterator[Statement]:
        """What the events say from a mark on; JSON lines have them, behind whole lines."""
        reader = _Reader(source, on_problem)
        with source.open("rb") as file:
            if mark is not None or _holds_lines(file):
                yield from reader.lines(file, mark, on_mark)
            else:
                file.seek(0)
                for place, event in _values(file):
                    yield from reader.statements(place, event)
        if not reader.events and mark is None:
            raise SourceError(source, reader.first, "holds no OpenLineage event.")


class _Reader:
    """Turns what was found into statements, and says where anything is amiss."""

    def __init__(self, source: Path, on_problem: OnProblem) -> None:
        self.events = 0
        self.first = ""
        """Where the first problem was."""
        self._damage = Damage(source, on_problem)
        self._place = ""
        self._reader = EventReader(self._report)

    def lines(self, file: BinaryIO, mark: Mark | None, on_mark: OnMark) -> Iterator[Statement]:
        """What the lines say from a mark on; there is one behind the last whole line."""
        offset = 0 if mark is None else mark.offset
        number = 0 if mark is None else self._reader.restore(mark.state)
        file.seek(offset)
        lines = Lines(file, number, offset)
        marked = offset
        for line in lines:
            if not line.whole or line.offset - marked > _BETWEEN_MARKS_BYTES:
                marked = line.offset
                on_mark(Mark(marked, self._reader.state(line.number - 1)))
            yield from self.statements(str(line.number), line.value())
        if lines.whole:
            on_mark(Mark(lines.offset, self._reader.state(lines.number)))

    def statements(self, place: str, event: Any) -> list[Statement]:
        """What one event says; nothing where it cannot be read.

        Raises:
            SourceError: More was lost so far than read.
        """
        self._damage.give_up(self.events)
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
        self._damage.tell(self._place, message, lost)


def _holds_lines(file: BinaryIO) -> bool:
    """It holds JSON lines; the file stands somewhere then."""
    if looks_like_lines(file.read(HEAD_BYTES)):
        return True
    file.seek(0)
    return begins_with_long_line(file)


def _first_event(head: bytes) -> dict[str, Any] | None:
    """The first event of a file that begins so, if it can be seen whole."""
    if looks_like_lines(head):
        found: Iterator[Any] = (line.value() for line in Lines(io.BytesIO(head)))
    else:
        found = (value for _, value in _values(io.BytesIO(head)))
    value = next(found, None)
    return value if isinstance(value, dict) else None


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
            # a value cannot begin so, and the cursor would stay before it for ever
            if cursor.peek() in (",", "]", "}", ":"):
                raise cursor.broken("an event")
    except BrokenText as error:
        yield f"byte {error.byte}", DamagedValue(f"{error.message}; nothing after it is read")
