"""The runs that a ctapipe text log tells of, told apart while it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from importers.ctapipe import FoundReader
from importers.ctapipe_decoder import ActivityDecoder
from importers.ctapipe_log_lines import LogLines, LogRecord
from importers.ctapipe_log_run import LogRun
from importers.ctapipe_stream import ActivityScanner
from lineage.interfaces import Mark, OnMark, OnProblem, Problem
from lineage.records import EventKind, FileEvent, Statement
from lineage.run_fits import fit

_MOST_RUNS = 100
"""Runs that can be under way at once."""
_MOST_FILES = 100_000
"""Of all runs that are under way."""
_MOST_LINES, _LONGEST_LINE = 64, 1_000
"""Of a message that goes on."""
_LINES_AT_ONCE = 10_000
_MOST_RECORDS = 10
"""Provenance records that one run is sought in, and activities that it is compared with each time:
its files are, too. It writes one, and its own activity comes last."""
_TOOL = re.compile(r"tool\.(initialize|run|write_provenance|check_output)|")
_PROVENANCE = re.compile(r"provenance\.\w+|")
_ENTITY = re.compile(r"added (in|out)put entity '")
_ACTIVITY = "' to activity: '"
_EXIT_CODE = re.compile(r"-?\d{1,9}\Z")
_POINTER = "'Details about provenance is found in "


def tells_of_tool(record: LogRecord) -> bool:
    """Only the tools of ctapipe write this line."""
    place, message = record.place, record.message
    if record.logger == "ctapipe.core.provenance":
        return place.startswith("provenance.") or place == ""
    if not _TOOL.fullmatch(place):
        return False
    said = ("ctapipe version ", "Loading config from ", "PROVENANCE: '", "Starting: ", "Output: ")
    return message.startswith(said) and (place != "" or message.startswith(said[0]))


class LogRuns:
    """The runs of a log, those under way by the root of their loggers."""

    def __init__(
        self, lines: LogLines, on_problem: OnProblem, on_mark: OnMark, ordinal: int
    ) -> None:
        """``ordinal``: how many runs came before."""
        self._lines = lines
        self._on_problem = on_problem
        self._on_mark = on_mark
        self._line = 0
        self._runs: dict[str, LogRun] = {}
        """Root of its loggers -> run; last spoken of last."""
        self._ordinal = ordinal
        self._seen: set[tuple[int, int]] = set()
        """Activities of provenance records that were read."""
        self._told: dict[str, FileEvent] = {}
        """Activity -> that it ran, by a record that the log holds."""
        self._claimed: set[str] = set()
        """Activities that a run was."""
        self._software: set[str] = set()
        self._reader = FoundReader(on_problem)
        self._decoder = ActivityDecoder()

    def statements(self) -> Iterator[Statement]:
        """What the log says."""
        timeless = False
        for record in self._lines:
            self._line = record.line
            # without times an activity could be taken for another run's, if it was forgotten
            timeless = timeless or record.time is None
            if not timeless:
                self._mark(record.line)
            yield from self._take(record)
        end = self._lines.end
        if end is not None and not timeless:
            self._mark(end)
        for root, run in list(self._runs.items()):
            # of one that has just begun too little is known
            if run.identified:
                run.break_off()
                yield from self._close(root)

    def _mark(self, line: int) -> None:
        """A later reading can begin with this line, if no run is under way."""
        if not self._runs:
            self._on_mark(Mark(self._lines.byte_of(line), f"{line} {self._ordinal}"))

    def _take(self, record: LogRecord) -> Iterator[Statement]:
        message, place = record.message, record.place
        if record.level in ("WARNING", "ERROR", "CRITICAL"):
            self._count(record)
        if _PROVENANCE.fullmatch(place) and (place or record.logger.endswith("core.provenance")):
            yield from self._take_provenance(record)
        elif message.startswith("INPUT PATH = "):
            run = self._of_component(record)
            if run is not None:
                path = message.removeprefix("INPUT PATH = ")
                if path and path != "None" and self._has_room(run):
                    run.opened[path] = None
                run.tell(record.text)
        elif message.startswith("Overwriting ") and not message.startswith("Overwriting the "):
            run = self._of_component(record)
            if run is not None and self._has_room(run):
                run.overwrote[message.removeprefix("Overwriting ")] = None
        elif _TOOL.fullmatch(place) and (place or _is_of_tool(message)):
            yield from self._take_tool(record)

    def _take_tool(self, record: LogRecord) -> Iterator[Statement]:
        """What a tool says of itself: its logger is the root of its components'."""
        message, root = record.message, record.logger
        sign = _sign(message)
        if sign is not None:
            yield from self._begin(root, sign, record)
        elif root not in self._runs and _nameless(_name(root)) in self._runs:
            # a log without its beginning, where the provenance system spoke first
            self._runs[root] = self._runs.pop(_nameless(_name(root)))
        run = self._run(root, record)
        run.tell(record.text)
        if sign == "version":
            run.version = message.removeprefix("ctapipe version ").strip() or None
            run.version_time = record.time
        elif sign == "starting":
            run.name = message.removeprefix("Starting: ") or run.name
        elif sign == "loading":
            run.load(message.removeprefix("Loading config from "))
        elif message.startswith("CONFIG: "):
            if not run.configure(message.removeprefix("CONFIG: ")):
                self._report("the configuration is longer than 64 kB. It is left out.")
        elif message.startswith("Output: "):
            run.outputs = message.removeprefix("Output: ")
            run.finish(record.time, 1)
        elif message.startswith("PROVENANCE: "):
            yield from self._provenance(run, record)
        elif message.startswith("Finished"):
            run.name = message.removeprefix("Finished").removeprefix(":").strip() or run.name
            run.status = run.status or "completed"
            run.finish(record.time, 0)
            # from 0.23 on it comes last, and without colon
            if not message.startswith("Finished:"):
                yield from self._close(root)
        elif record.level in ("WARNING", "ERROR", "CRITICAL"):
            self._fail(run, record)

    def _fail(self, run: LogRun, record: LogRecord) -> None:
        """How a run ended, or what may be why."""
        message = record.message
        if message.startswith("WAS INTERRUPTED BY CTRL-C"):
            run.fail("interrupted")
        elif message.startswith("Caught SystemExit with exit code "):
            run.fail("error")
            code = message.rpartition(" ")[2]
            if _EXIT_CODE.match(code):
                run.exit_code = int(code)
        elif record.level != "WARNING":
            whole = self._whole(message)
            if whole.startswith("Caught unexpected exception: "):
                run.fail("error", whole.removeprefix("Caught unexpected exception: "))
            elif whole.endswith("Use --help for more info"):
                # the reason stands before it, until 0.17 in the same message
                why = whole.removesuffix("Use --help for more info").rstrip(". ")
                run.fail("error", why or run.last_error)
            else:
                run.last_error = whole

    def _whole(self, message: str) -> str:
        """A message with the lines that follow, without the traceback."""
        lines = [message]
        while len(lines) < _MOST_LINES:
            more = self._lines.continued()
            if not more or more[0].startswith(b"Traceback (most recent call last):"):
                break
            lines.append(more[0][:_LONGEST_LINE].decode("utf-8", "replace"))
        return "\n".join(lines).strip()

    def _take_provenance(self, record: LogRecord) -> Iterator[Statement]:
        """What ctapipe's provenance system says, of an activity by its name."""
        message = record.message
        if message.startswith("started activity: "):
            name = message.removeprefix("started activity: ")
            root = self._root(name)
            yield from self._begin(root, "started", record, name)
            self._run(root, record, name).tell(record.text)
        elif message.startswith("finished activity: "):
            name = message.removeprefix("finished activity: ")
            root = self._root(name)
            run = self._run(root, record, name)
            run.tell(record.text)
            run.finish(record.time, 2)
            run.status = run.status or "completed"
        elif _ENTITY.match(message) and _ACTIVITY in message:
            # quotes in names are not escaped: the last one ends it
            path, _, name = _ENTITY.sub("", message, count=1).rpartition(_ACTIVITY)
            name = name.removesuffix("'")
            run = self._run(self._root(name), record, name)
            run.tell(record.text)
            kind = EventKind.USE if message.startswith("added in") else EventKind.GENERATION
            if path and self._has_room(run):
                run.recorded[kind, path] = None

    def _has_room(self, run: LogRun) -> bool:
        """A file more can be kept of a run."""
        if run.crowded:
            return False
        run.crowded = sum(one.kept for one in self._runs.values()) >= _MOST_FILES
        if run.crowded:
            self._report(f"more than {_MOST_FILES} files. {run.name}'s further ones are left out.")
        return not run.crowded

    def _begin(
        self, root: str, sign: str, record: LogRecord, name: str | None = None
    ) -> Iterator[Statement]:
        """A sign of a beginning: of a new run, where one is over or had given that sign."""
        run = self._runs.get(root)
        if run is not None:
            again = sign in run.signs or (sign == "loading" and "version" in run.signs)
            if again or run.ended:
                yield from self._close(root)
                if record.time is not None:
                    self._mark(record.line)
        if len(self._runs) >= _MOST_RUNS and root not in self._runs:
            yield from self._close(next(iter(self._runs)))
        self._run(root, record, name).begin(sign)

    def _run(self, root: str, record: LogRecord, name: str | None = None) -> LogRun:
        """The run under way, which begins here where there is none."""
        run = self._runs.pop(root, None)
        if run is None:
            run = LogRun(name or _name(root), record.line, record.time, self._ordinal)
            self._ordinal += 1
        self._runs[root] = run
        return run

    def _root(self, name: str) -> str:
        """The root of the tool of this name that was last spoken of, or a stand-in for it."""
        named = (root for root in reversed(self._runs) if self._runs[root].name == name)
        return next(named, _nameless(name))

    def _of_component(self, record: LogRecord) -> LogRun | None:
        """The run of the tool that a component belongs to: their loggers begin alike."""
        root = record.logger
        while root:
            if root in self._runs:
                return self._run(root, record)
            root = root.rpartition(".")[0]
        return None

    def _count(self, record: LogRecord) -> None:
        run = self._of_component(record)
        if run is None and self._runs:
            run = next(reversed(self._runs.values()))
        if run is not None:
            run.warnings += record.level == "WARNING"
            run.errors += record.level != "WARNING"

    def _close(self, root: str) -> Iterator[Statement]:
        """Says what is known of a run that is over, or of which no more is heard."""
        run = self._runs.pop(root)
        if run.software.identifier not in self._software:
            self._software.add(run.software.identifier)
            yield run.software
        yield from run.statements()

    def _provenance(self, run: LogRun, record: LogRecord) -> Iterator[Statement]:
        """The provenance record of a process, or where it is."""
        text = record.message.removeprefix("PROVENANCE: ")
        if text.startswith(_POINTER):
            run.provenance_log = text.removeprefix(_POINTER).removesuffix("'") or None
            return
        first = record.text[record.text.index(b"PROVENANCE: ") + len(b"PROVENANCE: ") :]
        stream = _Embedded(first.removeprefix(b"'"), self._lines)
        began = self._lines.byte_of(record.line) + len(record.text) - len(first) + 1
        began += record.colours
        place = Mark(began, f"{record.line} 0")
        scanner = ActivityScanner(stream, self._on_problem, place, self._decoder)
        for found in scanner:
            mark = (len(found.text), hash(found.text))
            if mark not in self._seen:
                self._seen.add(mark)
                for statement in self._reader.statements(found):
                    if isinstance(statement, FileEvent) and statement.kind is EventKind.RUN:
                        self._told[statement.path] = statement
                        if len(self._told) > _MOST_RUNS:
                            del self._told[next(iter(self._told))]
                    yield statement
        if run.known is None and run.records < _MOST_RECORDS:
            run.records += 1
            self._find_activity(run)

    def _find_activity(self, run: LogRun) -> None:
        """Which of the activities of records the run was: they are in the order of their ends."""
        event = run.event()
        named = (
            (identifier, told)
            for identifier, told in reversed(self._told.items())
            if identifier not in self._claimed and told.role == run.name
        )
        for identifier, told in islice(named, _MOST_RECORDS):
            if run.time is None or fit(event, told) is not None:
                self._claimed.add(identifier)
                run.known = identifier
                break

    def _report(self, message: str) -> None:
        self._on_problem(Problem(str(self._line), message))


def _is_of_tool(message: str) -> bool:
    """Until 0.5.0 a line does not say where it comes from."""
    return _sign(message) is not None or message.startswith(
        ("CONFIG: ", "PROVENANCE: '", "Output: /", "Finished: ", "WAS INTERRUPTED", "Caught ")
    )


def _sign(message: str) -> str | None:
    """What kind of beginning a message is."""
    if message.startswith("ctapipe version "):
        return "version"
    if message.startswith("Starting: "):
        return "starting"
    return "loading" if message.startswith("Loading config from ") else None


def _name(root: str) -> str:
    """Of the tool whose loggers have this root: ``module.name``, or its class until 0.9."""
    return root.partition(".")[2] or root


def _nameless(name: str) -> str:
    """Stands for the root of the loggers of an activity that is no tool."""
    return f"\0{name}"


class _Embedded:
    """The bytes of a provenance record within a log, without the quotes around it."""

    def __init__(self, first: bytes, lines: LogLines) -> None:
        self._next = [first]
        self._lines = lines

    def read(self, size: int = -1) -> bytes:
        """Some of the next bytes, whole lines of them, whatever the size; none at the end."""
        found, self._next = self._next, self._lines.continued(_LINES_AT_ONCE)
        if found and not self._next:
            found[-1] = found[-1].rstrip().removesuffix(b"'")
            return b"\n".join(found)
        return b"".join(text + b"\n" for text in found)
