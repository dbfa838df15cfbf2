"""ctapipe's text logs: the samples, and small ones made for a test, in every line format."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from importers.ctapipe_log import CtapipeLogImporter
from lineage.interfaces import Problem
from lineage.records import Activity, EventKind, FileEvent, Statement
from lineage.runs import RUN

DATA = Path(__file__).parent / "data" / "ctapipe-log"
LOGS = sorted(DATA.rglob("*.log"))
RECORDS = sorted((Path(__file__).parent / "data" / "ctapipe").glob("work*/**/*.provenance.log"))
TOOL = "ctapipe-process"
CONSOLE = {
    level: f"\x1b[1;{colour}m{level}\x1b[0m"
    for level, colour in (("DEBUG", 34), ("INFO", 32), ("WARNING", 33), ("ERROR", 31))
}
"""As ctapipe.core.logging colours levels."""


def read(source: Path) -> tuple[list[Statement], list[Problem]]:
    problems: list[Problem] = []
    return list(CtapipeLogImporter().records(source, problems.append)), problems


def said(text: str | bytes) -> tuple[list[Statement], list[Problem]]:
    """What a log of this content says."""
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "some.log"
        source.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(source)


def runs(statements: list[Statement]) -> list[FileEvent]:
    """The runs that the log tells of."""
    return [one for one in _ran(statements) if one.path.startswith(RUN)]


def records(statements: list[Statement]) -> list[FileEvent]:
    """The activities whose provenance record the log holds."""
    return [one for one in _ran(statements) if not one.path.startswith(RUN)]


def _ran(statements: list[Statement]) -> list[FileEvent]:
    return [one for one in statements if isinstance(one, FileEvent) and one.kind is EventKind.RUN]


def files(statements: list[Statement]) -> list[FileEvent]:
    return [
        one for one in statements if isinstance(one, FileEvent) and one.kind is not EventKind.RUN
    ]


def fact(run: FileEvent | Activity, name: str) -> object:
    """The value of one attribute, by the end of its name."""
    found = [value for attribute, value in run.attributes if attribute.endswith(f":{name}")]
    return found[0] if found else None


class LogText:
    """Writes the lines of a log as a version of ctapipe does."""

    def __init__(self, style: str = "0.10", tool: str = TOOL, module: str = "ctapipe") -> None:
        """``style``: ``0.5.0``, ``0.5.2``, ``0.7``, ``0.10`` or ``console``."""
        self.lines: list[str] = []
        self._style = style
        self._tool = tool
        self._time = 0
        # traitlets named the logger after the class, until ctapipe named it after the tool
        timeless = style not in ("0.10", "console")
        self.root = "ProcessorTool" if timeless else f"{module}.{tool}"

    def add(self, level: str, logger: str, place: str, message: str) -> LogText:
        """A line; the clock goes on by a second."""
        self._time += 1
        time = f"2026-03-01 07:{self._time // 60:02}:{self._time % 60:02},500"
        heads = {
            "0.5.0": f"{level:>8} [{logger}]: ",
            "0.5.2": f"{level:>8} [{logger}] ({place.replace('.', '/')}): ",
            "0.7": f"{level} [{logger}] ({place.replace('.', '/')}): ",
            "0.10": f"{time} {level} [{logger}] ({place}): ",
            "console": f"{time} {CONSOLE.get(level, level)} [{logger}] ({place}): ",
        }
        self.lines.append(heads[self._style] + message)
        return self

    def tool(self, place: str, message: str, level: str = "INFO") -> LogText:
        """A line of the tool itself."""
        return self.add(level, self.root, f"tool.{place}", message)

    def provenance(self, place: str, message: str) -> LogText:
        """A line of the provenance system."""
        return self.add("DEBUG", "ctapipe.core.provenance", f"provenance.{place}", message)

    def used(self, path: str, name: str | None = None) -> LogText:
        text = f"added input entity '{path}' to activity: '{name or self._tool}'"
        return self.provenance("add_input_file", text)

    def generated(self, path: str, name: str | None = None) -> LogText:
        text = f"added output entity '{path}' to activity: '{name or self._tool}'"
        return self.provenance("add_output_file", text)

    def opened(self, path: str) -> LogText:
        logger = f"{self.root}.SimTelEventSource"
        return self.add("INFO", logger, "eventsource.__init__", f"INPUT PATH = {path}")

    def begin(self, version: str = "0.32.0") -> LogText:
        """The first lines of a run, in a file of 0.19.1 or newer."""
        return self.tool("initialize", "Loading config from '[]'").tool(
            "initialize", f"ctapipe version {version}"
        )

    def old_begin(self, version: str = "0.11.0") -> LogText:
        """The first lines of a run, until 0.19.0."""
        self.tool("initialize", f"ctapipe version {version}").tool("run", f"Starting: {self._tool}")
        return self.provenance("start_activity", f"started activity: {self._tool}")

    def end(self, outputs: str = "") -> LogText:
        """The last lines of a run, from 0.23 on."""
        self.provenance("finish_activity", f"finished activity: {self._tool}")
        self.tool("write_provenance", f"Output: {outputs}")
        return self.tool("run", f"Finished {self._tool}")

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    def said(self) -> tuple[list[Statement], list[Problem]]:
        """What the importer reads."""
        return said(self.text)


def moment(text: str) -> datetime:
    """The time that begins a line."""
    return datetime.fromisoformat(text.replace(",", "."))
