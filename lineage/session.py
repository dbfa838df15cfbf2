"""Where importers, identity and a store are put together: open a store, import paths into it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from lineage import identity, registry
from lineage.access import recorded_path
from lineage.errors import LineageError, SourceError
from lineage.interfaces import (
    GraphStore,
    Importer,
    OnProblem,
    Problem,
    Source,
    describes_files,
    parts_of,
)
from lineage.records import Attributes, FileEvent, Namespace, Record, Relation, Statement
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredEvent

_BATCH_STATEMENTS = 5_000
_BATCH_CHARACTERS = 4_000_000
_EVENTS_AT_ONCE = 20_000
_UNKNOWN_FORMAT = (
    "no importer knows this format. `lineage importers` lists them; --format reads it as one."
)


def open_store(spec: str | None, settings: Settings) -> GraphStore:
    """The store that ``spec`` names; the settings' where it is ``None``.

    Args:
        spec: ``memory``, ``embedded``, ``embedded:DIR``, or an address such as ``bolt://host:7687``.
        settings: For the default store.

    Raises:
        StoreError: it cannot be opened or reached.
        LineageError: ``spec`` names no kind of store.
    """
    spec = spec or settings.store
    kind, _, rest = spec.partition(":")
    if spec == "memory":
        return MemoryStore()
    if kind == "embedded":
        from lineage.stores.embedded import default_directory, open_embedded

        return open_embedded(Path(rest).expanduser() if rest else default_directory())
    if rest.startswith("//"):
        from lineage.stores.bolt import open_bolt

        return open_bolt(spec)
    raise LineageError(
        f"no store is called {kind!r}; there are: memory, embedded, embedded:DIR, "
        "bolt://HOST:PORT, neo4j://HOST."
    )


class Outcome(Enum):
    """What became of one file."""

    IMPORTED = "imported"
    UNCHANGED = "unchanged"
    """Its content is in the store already."""
    PART = "part"
    """It belongs to another file, whose importer read it."""
    UNKNOWN = "unknown"
    """No importer knows its format."""
    FAILED = "failed"
    """Nothing of it could be read."""


@dataclass(slots=True)
class SourceReport:
    """What an import made of one file."""

    path: str
    outcome: Outcome
    importer: str = ""
    records: int = 0
    """Elements and relations read, those of file events among them."""
    new: int = 0
    """Records that the store did not have from this source."""
    problems: list[Problem] = field(default_factory=list)
    """Every place that was skipped; for a failed file, why."""
    named: bool = False
    """Given on the command line, not found in a directory."""

    @property
    def skipped(self) -> int:
        """Records lost, as far as they could be counted."""
        return sum(problem.records_lost for problem in self.problems)


@dataclass(slots=True)
class ImportReport:
    """What an import made of all its files."""

    sources: list[SourceReport] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """Files with this outcome."""
        return sum(report.outcome is outcome for report in self.sources)

    @property
    def complete(self) -> bool:
        """Everything was taken; files of unknown format inside directories do not count."""
        return not any(report.problems for report in self.sources)

    @property
    def nothing_done(self) -> bool:
        """No file could be read at all."""
        done = self.count(Outcome.IMPORTED) + self.count(Outcome.UNCHANGED)
        return done == 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is."""

    path: Path
    index: int
    """Files done before this one."""
    total: int
    records: int
    """Read from this file so far."""


OnProgress = Callable[[Progress], None]


def import_paths(
    store: GraphStore,
    paths: Sequence[Path],
    settings: Settings,
    *,
    strict: bool = False,
    importer: Importer | None = None,
    on_progress: OnProgress = lambda _: None,
) -> ImportReport:
    """Imports files, and the regular files below directories, into a store.

    One bad file stops nothing. An import that is interrupted is taken up again by the next one.

    Args:
        paths: Files and directories; links inside a directory are not followed.
        strict: Any skipped place is fatal, and then nothing is written.
        importer: Reads every file, whatever it looks like; by default the one that recognises it.

    Raises:
        LineageError: a path does not exist, or ``strict`` and something was skipped.
        StoreBusy: another process is writing.
    """
    files = list(_files(paths))
    if strict:
        _check(files, importer, on_progress)
    with store.writing():
        return _Import(store, settings, importer, on_progress).run(files)


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file once, and whether it was named."""
    seen: set[Path] = set()
    named = {path.absolute() for path in paths}
    for path in paths:
        try:
            mode = path.stat().st_mode
        except FileNotFoundError as error:
            raise LineageError(f"{path}: there is no such file or directory.") from error
        except OSError as error:
            raise LineageError(f"{path}: cannot be read ({error.strerror}).") from error
        below = _files_below(path) if stat.S_ISDIR(mode) else iter([path])
        for file in below:
            if file.absolute() not in seen:
                seen.add(file.absolute())
                yield file, file.absolute() in named


def _files_below(directory: Path) -> Iterator[Path]:
    """Regular files, and what cannot be looked at: reading it will tell why."""
    closed: list[Path] = []
    for folder, folders, names in os.walk(
        directory, onerror=lambda error: closed.append(Path(error.filename))
    ):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            try:
                regular = stat.S_ISREG(path.lstat().st_mode)
            except OSError:
                regular = True
            if regular:
                yield path
    yield from closed


def _check(
    files: list[tuple[Path, bool]], chosen: Importer | None, on_progress: OnProgress
) -> None:
    """Reads everything and writes nothing; the first problem is fatal."""
    for index, (path, named) in enumerate(files):

        def refuse(problem: Problem, path: Path = path) -> None:
            raise SourceError(path, problem.place, problem.message)

        try:
            importer = chosen or registry.recognise(path)
            if importer is None:
                if named:
                    raise SourceError(path, "", _UNKNOWN_FORMAT)
                continue
            for count, _ in enumerate(_statements(importer, path, refuse)):
                if count % 1000 == 0:
                    on_progress(Progress(path, index, len(files), count))
        except OSError as error:
            raise SourceError(path, "", f"cannot be read ({error.strerror}).") from error


class _Import:
    """One run over many files; identity is resolved over many sources at once."""

    def __init__(
        self,
        store: GraphStore,
        settings: Settings,
        importer: Importer | None,
        on_progress: OnProgress,
    ) -> None:
        self._importer = importer
        self._store = store
        self._identity = settings.identity
        self._roots = settings.roots
        self._parts: set[Path] = set()
        self._on_progress = on_progress
        self._known = {source.key: source for source in store.sources()}
        self._events: list[StoredEvent] = []
        self._unfinished: list[Source] = []

    def run(self, files: list[tuple[Path, bool]]) -> ImportReport:
        """Imports the files in this order."""
        report = ImportReport()
        for index, (path, named) in enumerate(files):
            self._on_progress(Progress(path, index, len(files), 0))
            one = self._import_file(path, index, len(files))
            one.named = named
            if named and one.outcome is Outcome.UNKNOWN:
                one.problems.append(Problem("", _UNKNOWN_FORMAT, records_lost=0))
            report.sources.append(one)
        self._resolve()
        for one in report.sources:
            if one.outcome is Outcome.UNKNOWN and Path(one.path).absolute() in self._parts:
                one.outcome = Outcome.PART
        return report

    def _import_file(self, path: Path, index: int, total: int) -> SourceReport:
        try:
            importer = self._importer or registry.recognise(path)
            if importer is None:
                return SourceReport(str(path), Outcome.UNKNOWN)
            key, size_bytes = self._key(importer, path)
        except OSError as error:
            problem = Problem("", f"cannot be read ({error.strerror}).")
            return SourceReport(str(path), Outcome.FAILED, problems=[problem])
        report = SourceReport(str(path), Outcome.IMPORTED, importer.name)
        source = Source(
            key=key,
            paths=(path_text(path),),
            importer=importer.name,
            importer_version=importer.version,
            size_bytes=size_bytes,
            recorded_at=datetime.now(UTC),
        )
        known = self._known.get(key)
        # a damaged source is read again, so that its skipped places are reported again
        if known is not None and known.complete and not known.skipped:
            self._store.begin(source)
            report.outcome = Outcome.UNCHANGED
            report.records = known.records
            return report
        try:
            self._read(importer, path, source, report, index, total)
            if self._key(importer, path)[0] != key:
                report.problems.append(
                    Problem("", "changed while it was read. Import it again.", records_lost=0)
                )
        except SourceError as error:
            report.problems.append(Problem(error.place, error.problem))
            if not report.records:
                report.outcome = Outcome.FAILED
        except OSError as error:
            report.problems.append(Problem("", f"cannot be read to its end ({error.strerror})."))
        if report.outcome is Outcome.IMPORTED:
            done = replace(
                source, records=report.records, skipped=len(report.problems), complete=True
            )
            self._known[key] = done
            self._unfinished.append(done)
        return report

    def _key(self, importer: Importer, path: Path) -> tuple[str, int]:
        """The key of a source, and its size in bytes: what its records are a function of."""
        content, size_bytes = _digest(path)
        if not describes_files(importer):
            return content, size_bytes
        said = [recorded_path(path, self._roots), content]
        for part in sorted(parts_of(importer, path)):
            said += [part.name, _digest(part)[0]]
            self._parts.add(part.absolute())
        text = "\0".join(said).encode("utf-8", "surrogateescape")
        return hashlib.sha256(text).hexdigest(), size_bytes

    def _recorded(self, event: FileEvent) -> FileEvent:
        """The event at the path by which other sources know the file."""
        return replace(event, path=path_text(Path(recorded_path(Path(event.path), self._roots))))

    def _read(
        self,
        importer: Importer,
        path: Path,
        source: Source,
        report: SourceReport,
        index: int,
        total: int,
    ) -> None:
        begun, local = False, describes_files(importer)
        for batch in _batches(_statements(importer, path, report.problems.append)):
            if not begun:
                self._store.begin(source)
                begun = True
            plain: list[Record | Namespace] = []
            for statement in batch:
                if isinstance(statement, FileEvent):
                    if local:
                        statement = self._recorded(statement)
                    key = identity.event_key(statement, self._identity)
                    self._events.append(StoredEvent(key, source.key, statement))
                else:
                    plain.append(statement)
            report.new += self._store.write(source.key, plain)
            report.records += sum(not isinstance(statement, Namespace) for statement in batch)
            self._on_progress(Progress(path, index, total, report.records))
            if len(self._events) >= _EVENTS_AT_ONCE:
                self._bind()
        if not begun:
            self._store.begin(source)

    def _resolve(self) -> None:
        """Binds what is left and marks the sources as complete: only now are they whole."""
        self._bind()
        for source in self._unfinished:
            self._store.finish(source)
        self._unfinished.clear()

    def _bind(self) -> None:
        if self._events:
            known = identity.connected(self._events, self._store.events)
            self._store.bind(identity.changes(known, self._events, self._identity))
            self._events.clear()


def _statements(importer: Importer, path: Path, on_problem: OnProblem) -> Iterator[Statement]:
    """What the importer reads; whatever else goes wrong in it is an error of this source."""
    try:
        yield from importer.records(path, on_problem)
    except (LineageError, OSError):
        raise
    # whatever a hostile file, or a stranger's importer, has in store: one file stops nothing
    except Exception as error:
        said = f"the importer {importer.name!r} failed ({type(error).__name__}: {error!s:.200})."
        raise SourceError(path, "", f"{said} What it had read is kept.") from error


def _batches(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """The statements in lists that a store can write at once, capped in number and size.

    What was read before an error is handed out before the error is.
    """
    batch: list[Statement] = []
    characters = 0
    try:
        for statement in statements:
            batch.append(statement)
            characters += _characters(statement)
            if len(batch) >= _BATCH_STATEMENTS or characters >= _BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
    except (LineageError, OSError):
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _characters(statement: Statement) -> int:
    """Roughly how long a statement is."""
    said: Attributes = ()
    if isinstance(statement, Relation | FileEvent) or hasattr(statement, "attributes"):
        said = statement.attributes
    return 100 + sum(len(value) if isinstance(value, str) else 50 for _, value in said)


def path_text(path: Path) -> str:
    """The absolute path as stores keep it; bytes that are no UTF-8 are replaced."""
    return os.fsencode(path.absolute()).decode("utf-8", "replace")


def _digest(path: Path) -> tuple[str, int]:
    """SHA-256 of a file's bytes, and their number."""
    size_bytes = 0
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            size_bytes += len(chunk)
    return digest.hexdigest(), size_bytes
