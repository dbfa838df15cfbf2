"""Where importers, identity and a store are put together: open a store, import paths into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from lineage import deciding, identity, registry, tree
from lineage.access import recorded_path
from lineage.decisions import Decision, decision_of
from lineage.errors import LineageError, SourceError
from lineage.graph_store import GraphStore, Source
from lineage.growth import Content, KnownSources, content_of, outgrown
from lineage.interfaces import Importer, Problem, appendable, describes_files
from lineage.reading import Reading, parts
from lineage.records import FileEvent, Namespace, Record
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredEvent
from lineage.tree import path_text, stamp_of

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
    GROWN = "grown"
    """It was known and is longer now: only what is new was read."""
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
    content: str = ""
    """`Source.content` of what was imported, or is in the store already."""
    unread: bool = False
    """The file itself could not be read: the reason is the system's, not the content's."""

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
        return not any(map(self.count, (Outcome.IMPORTED, Outcome.GROWN, Outcome.UNCHANGED)))


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
    files = list(tree.files(paths))
    if strict:
        _check(files, importer, on_progress)
    with store.writing():
        return _Import(store, settings, importer, on_progress).run(files)


def import_files(
    store: GraphStore,
    files: Sequence[Path],
    settings: Settings,
    *,
    on_progress: OnProgress = lambda _: None,
) -> ImportReport:
    """Imports files of which any may be gone, or turn out to be anything; else as `import_paths`.

    Raises:
        StoreBusy: another process is writing.
    """
    with store.writing():
        run = _Import(store, settings, None, on_progress)
        return run.run([(path, False) for path in files])


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
            for count, _ in enumerate(Reading(importer, path, refuse).statements()):
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
        self._known = KnownSources(store.sources())
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
            stamp = stamp_of(path.stat())
            earlier = self._known.at(path_text(path), importer)
            content = self._content(importer, path, earlier)
        except OSError as error:
            problem = Problem("", f"cannot be read ({error.strerror}).")
            return SourceReport(str(path), Outcome.FAILED, problems=[problem], unread=True)
        report = SourceReport(str(path), Outcome.IMPORTED, importer.name, content=content.sha256)
        source = Source(
            key=content.sha256,
            paths=(path_text(path),),
            importer=importer.name,
            importer_version=importer.version,
            size_bytes=content.size_bytes,
            recorded_at=datetime.now(UTC),
        )
        known = self._known.of_content(content.sha256)
        # a damaged source is read again, so that its skipped places are reported again; not one
        # that has grown since, for this is only its beginning
        if known and known.complete and (not known.skipped or known.content != content.sha256):
            self._store.begin(replace(source, key=known.key, content=known.content))
            report.outcome, report.records = Outcome.UNCHANGED, known.records
            return report
        shorter = None if known else outgrown(content, earlier)
        before = shorter if shorter and shorter.mark else None
        if known or shorter:
            source = replace(source, key=(known or shorter or source).key, content=content.sha256)
        if before:
            report.outcome = Outcome.GROWN
        told = report.problems.append
        start = before.mark if before else None
        reading = Reading(importer, path, told, size_bytes=content.size_bytes, start=start)
        try:
            self._read(reading, path, source, report, index, total)
            if stamp_of(path.stat()) != stamp or describes_files(importer):
                self._compare(importer, path, content, report)
        except SourceError as error:
            report.problems.append(Problem(error.place, error.problem))
            if not report.records and not before:
                report.outcome = Outcome.FAILED
        except OSError as error:
            report.unread = True
            report.problems.append(Problem("", f"cannot be read to its end ({error.strerror})."))
        if report.outcome is not Outcome.FAILED:
            records, skipped = (before.records_before, before.skipped_before) if before else (0, 0)
            done = replace(
                source,
                records=records + report.records,
                skipped=skipped + len(report.problems),
                complete=True,
                mark=reading.mark,
                records_before=records + reading.records_before_mark,
                skipped_before=skipped + reading.problems_before_mark,
            )
            self._known.add(done)
            self._unfinished.append(done)
        return report

    def _content(self, importer: Importer, path: Path, earlier: list[Source]) -> Content:
        """What a source's records are a function of."""
        content = content_of(path, (source.size_bytes for source in earlier))
        if not describes_files(importer):
            return content
        said = [recorded_path(path, self._roots), content.sha256]
        for part in sorted(parts(importer, path)):
            said += [part.name, content_of(part).sha256]
            self._parts.add(part.absolute())
        text = "\0".join(said).encode("utf-8", "surrogateescape")
        return replace(content, sha256=hashlib.sha256(text).hexdigest())

    def _compare(
        self, importer: Importer, path: Path, content: Content, report: SourceReport
    ) -> None:
        """Reports a file that became another while it was read; a log may grow meanwhile."""
        now = self._content(importer, path, [])
        if now.sha256 == content.sha256:
            return
        if appendable(importer) is not None:
            beginning = content_of(path, [content.size_bytes]).beginnings
            if beginning.get(content.size_bytes) == content.sha256:
                return
        report.problems.append(
            Problem("", "changed while it was read. Import it again.", records_lost=0)
        )

    def _recorded(self, event: FileEvent) -> FileEvent:
        """The event at the path by which other sources know the file."""
        if not event.path.startswith("/"):
            return event
        return replace(event, path=path_text(Path(recorded_path(Path(event.path), self._roots))))

    def _read(
        self,
        reading: Reading,
        path: Path,
        source: Source,
        report: SourceReport,
        index: int,
        total: int,
    ) -> None:
        begun, local = False, reading.describes
        for batch in reading.batches():
            if not begun:
                self._store.begin(source)
                begun = True
            plain: list[Record | Namespace] = []
            decisions: list[Decision] = []
            for statement in batch:
                if isinstance(statement, FileEvent):
                    if local:
                        statement = self._recorded(statement)
                    key = identity.event_key(statement, self._identity)
                    self._events.append(StoredEvent(key, source.key, statement))
                elif (made := decision_of(statement, source.key)) is not None:
                    decisions.append(made)
                else:
                    plain.append(statement)
            report.new += self._store.write(source.key, plain)
            if decisions:
                report.new += deciding.take_over(self._store, decisions)
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
