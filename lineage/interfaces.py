"""What importers promise; the contract tests run over every one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from lineage.records import Statement


class Confidence(IntEnum):
    """How sure an importer is that a source is of its format."""

    NO = 0
    SUFFIX = 1
    """Only the name says so."""
    SHAPE = 2
    """The first bytes look like it."""
    CERTAIN = 3
    """Magic bytes, or keys that no other format has."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A place in a source that could not be taken."""

    place: str
    """``17`` (line), ``/entity/ex:a`` (JSON pointer) or ``byte 30000``."""
    message: str
    records_lost: int = 1
    is_note: bool = False
    """Nothing is wrong, nothing is lost: what was left alone on purpose, or waits for more."""


def note(place: str, message: str) -> Problem:
    """What a reader should know of a source of which everything was taken that is to be taken.

    A source with notes alone is complete: an import ends with status 0, ``--strict`` takes it.
    """
    return Problem(place, message, records_lost=0, is_note=True)


OnProblem = Callable[[Problem], None]

HEAD_BYTES = 65536
"""How much of a source's beginning importers are shown."""


@runtime_checkable
class Importer(Protocol):
    """Reads one source format. Registered under the entry-point group ``lineage.importers``."""

    name: str
    """As on the command line: ``prov-json``."""
    description: str
    url: str
    """Where the format is specified."""
    version: str
    """Changes when the same bytes would give other records."""

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """How likely ``source`` is of this format.

        Args:
            source: An existing regular file.
            head: Its first `HEAD_BYTES` bytes, or all of a shorter one.
        """
        ...

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """What the source says, lazily and in order.

        A damaged record is told to ``on_problem`` and skipped; good ones after it are still read.

        Raises:
            SourceError: nothing of the source can be read as this format.
        """
        ...


class Describing(Protocol):
    """What an importer has besides, whose records speak of the file that it reads.

    A header says what *this* file is, and a plot's name what it was drawn from: there the path is
    part of what the source says. The session then takes the same bytes at another path for another
    source, and turns the local paths in the importer's file events into those that other sources
    know (the access roots backwards).
    """

    describes_files: bool
    """``True``."""

    def parts(self, source: Path) -> Sequence[Path]:
        """Further files that the records depend on, beside the source; may be left out.

        They belong to the source's identity, and are not listed as unknown.
        """
        ...


def describes_files(importer: Importer) -> bool:
    """The importer is a `Describing` one."""
    return bool(getattr(importer, "describes_files", False))


def parts_of(importer: Importer, source: Path) -> Sequence[Path]:
    """What `Describing.parts` says; nothing for importers without it."""
    parts: Callable[[Path], Sequence[Path]] | None = getattr(importer, "parts", None)
    return () if parts is None else parts(source)


def has_parts(importer: Importer) -> bool:
    """Its sources may have parts: `Describing.parts` is there."""
    return callable(getattr(importer, "parts", None))


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a source at which reading may go on when the source has grown."""

    offset: int
    """Bytes before it; they are never read again."""
    state: str = ""
    """What an importer must know besides, in a form of its own."""


OnMark = Callable[[Mark], None]


class Appendable(Protocol):
    """What an importer has besides, whose format is only ever appended to: logs.

    When a known source has grown (its earlier bytes are the beginning of the new ones), the session
    has the new part read alone, and it stays one source.
    """

    appendable: bool
    """``True``."""

    def appended(
        self, source: Path, on_problem: OnProblem, mark: Mark | None, on_mark: OnMark
    ) -> Iterator[Statement]:
        """What the source says from ``mark`` on; all of it for ``None``, as `Importer.records`.

        ``on_mark`` is told, as often as wanted, where a later reading may go on: everything said
        so far, and every problem told so far, must be what a reading of any longer file would say.
        So never behind a record that the end of the file cuts off. What is said after the last
        mark will be said again by the longer file, in the same words or in better ones (a finished
        activity beats a running one). Places in problems count from the beginning of the file.

        Raises:
            SourceError: nothing can be read as this format; only where ``mark`` is ``None``.
        """
        ...


def appendable(importer: Importer) -> Appendable | None:
    """The importer as an `Appendable` one, if it is one.

    One that also describes its file is none: there the path is part of what the source says.
    """
    if not getattr(importer, "appendable", False) or describes_files(importer):
        return None
    return cast(Appendable, importer)
