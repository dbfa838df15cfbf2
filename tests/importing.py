"""What an importer says of a text, for tests that are about one format."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lineage.interfaces import HEAD_BYTES, Confidence, Importer, Problem
from lineage.records import FileEvent, Namespace, Record
from lineage.registry import importers


@dataclass(slots=True)
class Reading:
    """Everything that came out."""

    records: list[Record] = field(default_factory=list)
    events: list[FileEvent] = field(default_factory=list)
    namespaces: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def places(self) -> list[str]:
        """Where something was wrong."""
        return [problem.place for problem in self.problems]

    @property
    def messages(self) -> str:
        """What was wrong, together."""
        return "\n".join(problem.message for problem in self.problems)


def read(importer: str | Importer, source: Path) -> Reading:
    """Reads a file to its end; an error that ends the reading is the test's."""
    found = Reading()
    if isinstance(importer, str):
        importer = importers()[importer]
    for statement in importer.records(source, found.problems.append):
        if isinstance(statement, Namespace):
            found.namespaces[statement.prefix] = statement.iri
        elif isinstance(statement, FileEvent):
            found.events.append(statement)
        else:
            found.records.append(statement)
    return found


def read_text(importer: str, directory: Path, text: str | bytes, name: str = "source") -> Reading:
    """Reads a text, as a file of this name."""
    source = directory / name
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(importer, source)


def confidence(importer: str, directory: Path, text: str | bytes, name: str = "x") -> Confidence:
    """How sure an importer is of a text."""
    source = directory / name
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    return importers()[importer].recognises(source, source.read_bytes()[:HEAD_BYTES])
