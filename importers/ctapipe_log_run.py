"""One run of a ctapipe tool, as its text log tells of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from importers import agents
from importers.recorded_paths import absolute_path, scoped_identifier
from lineage.records import (
    Agent,
    EventKind,
    FileEvent,
    Statement,
    Value,
)
from lineage.runs import RUN, did, ran, run_iri
from lineage.vocabulary import CTAPIPE

_LONGEST_TEXT = 10_000
_LONGEST_CONFIGURATION = 65_536
_CONFIGURATION_ROLE = "Tool Configuration"
"""The role that ctapipe gives to configuration files in its provenance logs, from 0.15 on."""
_LOG_FILE = re.compile(r"'log_file': (?:\w*Path\()?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
_CONFIGURATION_FILE = re.compile(r"Path\('((?:[^'\\]|\\.)*)'\)|Path\(\"((?:[^\"\\]|\\.)*)\"\)")
_RELEASE = re.compile(r"0\.(\d{1,4})(?!\d)")
_LAST_WORD_SINCE = 23
_NEXT_PATH = re.compile(r" (?=/|[A-Za-z]:[/\\])")


@dataclass(slots=True)
class LogRun:
    """What a log said of a run so far."""

    name: str
    line: int
    """Where it began."""
    time: str | None
    """Of its first line, as written; ``None`` in logs without times."""
    ordinal: int
    """Runs of the log before it."""
    signs: set[str] = field(default_factory=set)
    """Which beginnings were seen: ``loading``, ``version``, ``starting``, ``started``."""
    ended: bool = False
    """What follows is another run, if it begins like one."""
    version: str | None = None
    version_time: str | None = None
    stop: str | None = None
    nearness: int = -1
    """Of ``stop`` to when its activity stopped: see `finish`."""
    status: str | None = None
    exit_code: int | None = None
    failure: str | None = None
    last_error: str | None = None
    warnings: int = 0
    errors: int = 0
    recorded: dict[tuple[EventKind, str], None] = field(default_factory=dict)
    """Files that were added to its provenance."""
    opened: dict[str, None] = field(default_factory=dict)
    """Files that it opened to read events."""
    crowded: bool = False
    """It has further files."""
    configurations: dict[str, None] = field(default_factory=dict)
    outputs: str = ""
    """The last list of outputs: until the tool's own word, the next may be its own."""
    overwrote: dict[str, None] = field(default_factory=dict)
    configuration: str | None = None
    provenance_log: str | None = None
    known: str | None = None
    """The activity whose record, which the log holds, is its own."""
    records: int = 0
    """Provenance records among its lines in which that was sought."""
    content: str = ""
    """Digest of the lines that told of it until its end, where they have no time."""

    def begin(self, sign: str) -> None:
        """A line said that it begins."""
        self.signs.add(sign)

    def tell(self, text: bytes) -> None:
        """Takes up a line of a log without times: nothing else tells its runs apart."""
        if self.time is None and not self.ended:
            self.content = hashlib.sha256(self.content.encode() + text).hexdigest()

    def finish(self, time: str | None, nearness: int) -> None:
        """A line said that it is over.

        Args:
            time: Of the line.
            nearness: The provenance system says so in the same moment (2); outputs are listed when
                that is done (1); the tool's own word comes before or, from 0.23 on, after (0).
        """
        self.ended = True
        if nearness >= self.nearness:
            self.stop, self.nearness = time, nearness

    def fail(self, status: str, why: str | None = None) -> None:
        """A line said how it failed."""
        self.status = status
        if why and self.failure is None:
            self.failure = why[:_LONGEST_TEXT]

    @property
    def kept(self) -> int:
        """Files that are kept of it."""
        return len(self.recorded) + len(self.opened) + len(self.overwrote)

    def configure(self, text: str) -> bool:
        """Takes up the configuration, as Python prints it; False where it is too long."""
        if len(text) > _LONGEST_CONFIGURATION:
            return False
        self.configuration = text
        return True

    def load(self, text: str) -> None:
        """Takes up the configuration files: a list of paths as Python prints it, or one path."""
        text = text.removeprefix("'").removesuffix("'")
        found = [one or other for one, other in _CONFIGURATION_FILE.findall(text)]
        plain = [] if not text or text.startswith("[") or text == "None" else [text]
        for path in found or plain:
            self.configurations[path.replace("\\\\", "\\")] = None

    @property
    def start(self) -> datetime | None:
        """Local; unknown where the log holds only its end."""
        return moment(self.time) if self.signs else None

    @property
    def identifier(self) -> str:
        """Made of what every copy of the log says: when, which tool and version, and its input."""
        if self.version_time is not None:
            opened = next(iter(self.opened), None)
            return run_iri(self.name, self.version_time, self.version, opened)
        if self.time is not None:
            return run_iri(self.name, self.time)
        return run_iri(self.name, self.ordinal, self.content)

    def break_off(self) -> None:
        """The log ends here, and may go on: from 0.23 on the tool's own word would come last."""
        release = _RELEASE.match(self.version or "")
        if release is not None and int(release[1]) >= _LAST_WORD_SINCE:
            self.outputs = ""

    @property
    def identified(self) -> bool:
        """Whatever else the log will say of it, its identifier stays: its set-up is over."""
        if self.ended or self.known is not None:
            return True
        read = {path for kind, path in self.recorded if kind is EventKind.USE}
        began = self.opened or self.errors or self.configuration or read - set(self.configurations)
        return self.version_time is not None and bool(began)

    def files(self) -> dict[tuple[EventKind, str], str | None]:
        """What it used and generated, as written, and in which role."""
        found: dict[tuple[EventKind, str], str | None] = dict.fromkeys(self._compared())
        for path in self.configurations:
            found[EventKind.USE, path] = _CONFIGURATION_ROLE
        return found

    def _compared(self) -> dict[tuple[EventKind, str], None]:
        """Those of the files that every provenance record of the run has."""
        found = dict(self.recorded)
        found.update({(EventKind.USE, path): None for path in self.opened})
        if not any(kind is EventKind.GENERATION for kind, _ in self.recorded):
            listed = _NEXT_PATH.split(self.outputs.strip())
            found.update({(EventKind.GENERATION, path): None for path in listed if path})
        return found

    def event(self) -> FileEvent:
        """That it ran."""
        places: dict[EventKind, list[str]] = {EventKind.USE: [], EventKind.GENERATION: []}
        for kind, path in self._compared():
            places[kind].append(self._place(path))
        start, stop = self.start, moment(self.stop)
        alone: list[tuple[str, Value]] = []
        if self.configuration is not None:
            alone.append((CTAPIPE + "config_repr", self.configuration))
        if start is not None and stop is not None:
            alone.append((CTAPIPE + "duration_min", (stop - start).total_seconds() / 60))
        return ran(
            self.identifier,
            self.name,
            start,
            stop,
            used=places[EventKind.USE],
            generated=places[EventKind.GENERATION],
            facts=self._facts(),
            alone=alone,
            agents=[self.software.identifier],
            same=self.known,
        )

    @property
    def software(self) -> Agent:
        """What it was a run of."""
        facts = () if self.version is None else ((CTAPIPE + "version", self.version),)
        return agents.software("ctapipe", self.version, facts)

    def statements(self) -> Iterator[Statement]:
        """What the log says of it."""
        event = self.event()
        yield event
        for (kind, path), role in self.files().items():
            place = self._place(path)
            yield did(event.path, kind, place, event.start, event.stop, role=role)

    def _place(self, path: str) -> str:
        """A path as file events have it."""
        own = self.identifier.removeprefix(RUN)
        return absolute_path(path) or scoped_identifier(path, own)[0]

    def _facts(self) -> Iterator[tuple[str, Value]]:
        yield CTAPIPE + "log_line", self.line
        yield CTAPIPE + "log_warnings", self.warnings
        yield CTAPIPE + "log_errors", self.errors
        for name, value in (
            ("status", self.status),
            ("exit_code", self.exit_code),
            ("version", self.version),
            ("exception", self.failure),
            ("provenance_log", self.provenance_log),
            ("log_file", _log_file(self.configuration)),
        ):
            if value is not None:
                yield CTAPIPE + name, value
        for path in self.overwrote:
            yield CTAPIPE + "overwrote", path


def moment(text: str | None) -> datetime | None:
    """The local time that a line has; nobody knows where."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None


def _log_file(configuration: str | None) -> str | None:
    found = None if configuration is None else _LOG_FILE.search(configuration)
    return found[1][1:-1] if found else None
