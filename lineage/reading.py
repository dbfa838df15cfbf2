"""One importer's reading of one source: statements in batches that a store can write at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from lineage import registry
from lineage.errors import LineageError, SourceError
from lineage.interfaces import (
    Importer,
    Mark,
    OnProblem,
    Problem,
    appendable,
    describes_files,
    parts_of,
)
from lineage.records import Attributes, EventKind, FileEvent, Namespace, Statement
from lineage.repetition import Repetition
from lineage.runs import is_run
from lineage.statement_types import checked

_log = logging.getLogger(__name__)

_BATCH_STATEMENTS = 5_000
_BATCH_CHARACTERS = 4_000_000
_LONGEST_STATE = 100_000
_MOST_PROBLEMS = 10_000
"""Of one source that are told one by one: a file of nothing else would fill the memory."""


class Reading:
    """Reads a source, or what it has grown by, and counts; whatever goes wrong is a `SourceError`.

    After the last statement ``mark`` says where a later reading may go on.
    """

    def __init__(
        self,
        importer: Importer,
        source: Path,
        on_problem: OnProblem,
        *,
        size_bytes: int | None = None,
        start: Mark | None = None,
    ) -> None:
        """Does not read yet.

        Args:
            importer: Of the source's format.
            source: The file.
            on_problem: Is told what is skipped.
            size_bytes: How much of the file its content was taken of; a mark behind that is none,
                for it could be a mark in other bytes.
            start: The mark to go on from.
        """
        self._importer = importer
        self._source = source
        self._on_problem = on_problem
        self._size_bytes = size_bytes
        self._start = start
        self._problems = 0
        self._told = 0
        self._untold = 0
        self._untold_records = 0
        self.records = 0
        """Those of the statements read so far that `is_record`."""
        self.mark: Mark | None = start
        self.records_before_mark = 0
        """Those of ``records`` that were read before the mark."""
        self.problems_before_mark = 0

    @property
    def describes(self) -> bool:
        """The records speak of the file that is read."""
        return describes_files(self._importer)

    def batches(self) -> Iterator[list[Statement]]:
        """The statements in lists, capped in number and size.

        What was read before an error is handed out before the error is.
        """
        return _batches(self.statements())

    def statements(self) -> Iterator[Statement]:
        """The statements one by one."""
        try:
            repetition = Repetition(self._tell)
            for statement in map(checked, self._read()):
                if repetition.takes(statement):
                    self.records += is_record(statement)
                    yield statement
            self._tell_number()
        except (LineageError, OSError):
            self._tell_number()
            raise
        # whatever a hostile file, or a stranger's importer, has in store: one file stops nothing,
        # and no library that it calls may end the program
        except (Exception, SystemExit) as error:
            self._tell_number()
            said = f"the importer {self._importer.name!r} failed ({type(error).__name__}: "
            said += f"{error!s:.200}). What it had read is kept."
            raise SourceError(self._source, "", said) from error

    def _read(self) -> Iterator[Statement]:
        log = appendable(self._importer)
        if log is None:
            return self._importer.records(self._source, self._tell)
        return log.appended(self._source, self._tell, self._start, self._note)

    def _tell(self, problem: Problem) -> None:
        if self._told >= _MOST_PROBLEMS:
            self._untold += not problem.is_note
            self._untold_records += problem.records_lost
            return
        self._told += 1
        self._problems += not problem.is_note
        self._on_problem(problem)

    def _tell_number(self) -> None:
        if self._untold:
            said = f"{self._untold:,} more places are skipped, which are not told one by one."
            self._untold, lost = 0, self._untold_records
            self._on_problem(Problem("", said, lost))

    def _note(self, mark: Mark) -> None:
        if self._size_bytes is not None and mark.offset > self._size_bytes:
            return
        if len(mark.state) <= _LONGEST_STATE:
            self.mark = mark
            self.records_before_mark = self.records
            self.problems_before_mark = self._problems


def is_record(statement: Statement) -> bool:
    """It counts as a record of its source.

    A prefix says nothing, and that an activity ran says no more than the activity's own record; for
    the run of a text log, which has none, it is the record.
    """
    if isinstance(statement, FileEvent):
        return statement.kind is not EventKind.RUN or is_run(statement.activity)
    return not isinstance(statement, Namespace)


def parts(importer: Importer, source: Path) -> Sequence[Path]:
    """What `Describing.parts` says; nothing where it fails, for reading the source tells why."""
    try:
        return parts_of(importer, source)
    # one file, or a stranger's importer, stops nothing
    except Exception as error:  # noqa: BLE001
        _log.warning("importer %r cannot tell the parts of %s: %s", importer.name, source, error)
        return ()


def first_problem(
    source: Path, on_statement: Callable[[int], None] = lambda _: None
) -> Problem | None:
    """The first thing in a file that an import would skip; ``None`` where no importer knows it.

    Args:
        source: The file; it is read to its end, or to its first problem.
        on_statement: Is told now and then how many statements were read.

    Raises:
        OSError: it cannot be read.
    """
    problems: list[Problem] = []

    def refuse(problem: Problem) -> None:
        if problem.is_note:
            return
        problems.append(problem)
        raise SourceError(source, problem.place, problem.message)

    importer = registry.recognise(source)
    if importer is None:
        return None
    try:
        for count, _ in enumerate(Reading(importer, source, refuse).statements()):
            if count % 1000 == 0:
                on_statement(count)
    except SourceError as error:
        return problems[0] if problems else Problem(error.place, error.problem)
    return None


def _batches(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    batch: list[Statement] = []
    length = 0
    try:
        for statement in statements:
            batch.append(statement)
            length += characters(statement)
            if len(batch) >= _BATCH_STATEMENTS or length >= _BATCH_CHARACTERS:
                yield batch
                batch, length = [], 0
    except (LineageError, OSError):
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def characters(statement: Statement) -> int:
    """Roughly how long a statement is."""
    said: Attributes = ()
    length = 100
    if isinstance(statement, FileEvent):
        length += len(statement.path)
        said = statement.attributes + statement.relation_attributes
    elif hasattr(statement, "attributes"):
        said = statement.attributes
    return length + sum(len(value) if isinstance(value, str) else 50 for _, value in said)
