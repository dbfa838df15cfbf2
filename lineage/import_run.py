"""One import: many files, one after the other, into a store."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lineage import deciding, registry
from lineage.access import recorded_path
from lineage.decisions import Decision, decision_of
from lineage.errors import SourceError
from lineage.forgetting import retract
from lineage.graph_store import GraphStore, Source, Written
from lineage.growth import Content, KnownSources, content_of, outgrown
from lineage.identity import realm
from lineage.import_report import (
    ImportReport,
    OnProgress,
    Outcome,
    Progress,
    SourceReport,
    Stopped,
)
from lineage.interfaces import Importer, Problem, appendable, describes_files
from lineage.reading import Reading, is_record, parts
from lineage.record_sizes import fitting, write_fitting
from lineage.records import FileEvent, Namespace, Record, Statement
from lineage.settings import Settings
from lineage.settling import Settling, Trail, reading_of
from lineage.tree import Stamp, path_text, stamp_of

UNKNOWN_FORMAT = (
    "no importer knows this format. `lineage importers` lists them; --format reads it as one."
)
"""The problem with a file that was named and is no provenance."""

_CHANGED = "changed while it was read. Import it again."
_CHANGED_AND_DROPPED = "changed while it was read; nothing of it is kept. Import it again."


class _OtherStatements(Exception):
    """An importer does not say again what it said before, of the same bytes."""


@dataclass(frozen=True, slots=True)
class _File:
    """The file under way."""

    path: Path
    source: Source
    report: SourceReport
    index: int
    total: int

    def progress(self, *, resuming: bool) -> Progress:
        """How far it is."""
        return Progress(self.path, self.index, self.total, self.report.records, resuming)


class ImportRun:
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
        self._settings = settings
        self._roots = settings.roots
        self._parts: set[Path] = set()
        self._on_progress = on_progress
        self._known = KnownSources(store.sources())
        self._settling = Settling(store, settings.identity)

    def run(self, files: list[tuple[Path, bool]]) -> ImportReport:
        """Imports the files in this order.

        Raises:
            Stopped: the progress said so; everything that was read is final then.
        """
        report = ImportReport()
        try:
            for index, (path, named) in enumerate(files):
                self._on_progress(Progress(path, index, len(files), 0))
                one = self._import_file(path, index, len(files))
                one.named = named
                if named and one.outcome is Outcome.UNKNOWN:
                    one.problems.append(Problem("", UNKNOWN_FORMAT, records_lost=0))
                report.sources.append(one)
        except Stopped as stopped:
            self._end(report)
            stopped.report = report
            raise
        self._end(report)
        return report

    def _end(self, report: ImportReport) -> None:
        """Makes final what was read, and says which files were read with others."""
        self._settling.settle()
        for one in report.sources:
            if one.outcome is Outcome.UNKNOWN and Path(one.path).absolute() in self._parts:
                one.outcome = Outcome.PART

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
            if not set(source.paths) <= set(known.paths):
                self._store.begin(replace(source, key=known.key, content=known.content))
            report.outcome, report.records = Outcome.UNCHANGED, known.records
            return report
        shorter = None if known else outgrown(content, earlier)
        before = shorter if shorter and shorter.mark else None
        if known or shorter:
            source = replace(source, key=(known or shorter or source).key, content=content.sha256)
        if before:
            report.outcome = Outcome.GROWN
        start = before.mark if before else None
        of = reading_of(content.sha256, importer, start, self._settings)
        held = known or shorter
        written = held.written if held and held.written and held.written.of == of else None
        file = _File(path, source, report, index, total)
        size_bytes = content.size_bytes
        reading = Reading(importer, path, report.tell, size_bytes=size_bytes, start=start)
        try:
            try:
                self._read(reading, file, Trail(of), written)
            except _OtherStatements:
                report.problems.clear()
                report.notes.clear()
                report.records = 0
                reading = Reading(importer, path, report.tell, size_bytes=size_bytes, start=start)
                self._read(reading, file, Trail(of), None)
        except SourceError as error:
            report.problems.append(Problem(error.place, error.problem))
            if not report.records and not before:
                report.outcome = Outcome.FAILED
        except OSError as error:
            report.tell_unread(error)
        changed = self._became_another(importer, path, stamp, content, report)
        if changed and not shorter and not (known and known.complete):
            self._drop(source, report)
        elif changed:
            report.problems.append(Problem("", _CHANGED, records_lost=0))
        done = None
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
        self._settling.end(done)
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

    def _became_another(
        self, importer: Importer, path: Path, stamp: Stamp, content: Content, report: SourceReport
    ) -> bool:
        """Whether a file changed while it was read; a log may grow meanwhile."""
        try:
            if stamp_of(path.stat()) == stamp and not describes_files(importer):
                return False
            if self._content(importer, path, []).sha256 == content.sha256:
                return False
            if appendable(importer) is None:
                return True
            beginning = content_of(path, [content.size_bytes]).beginnings
        except OSError as error:
            if not report.unread:
                report.tell_unread(error)
            return False
        return beginning.get(content.size_bytes) != content.sha256

    def _drop(self, source: Source, report: SourceReport) -> None:
        """Takes out what was read of a file that changed meanwhile.

        It may be half of one content and half of another, and would pass for what the first said.
        """
        report.outcome, report.unread = Outcome.FAILED, True
        report.records = report.new = report.resumed = 0
        report.problems.append(Problem("", _CHANGED_AND_DROPPED, records_lost=0))
        self._settling.end(None)
        self._settling.settle()
        retract(self._store, source, self._settings)
        self._known.drop(source.key)

    def _recorded(self, event: FileEvent) -> FileEvent:
        """The event at the path by which other sources know the file."""
        if not event.path.startswith("/"):
            return event
        try:
            known = path_text(Path(recorded_path(Path(event.path), self._roots)))
        # a NUL or half a surrogate pair: no file of this machine has such a name
        except ValueError:
            return event
        if event.node is None and known == event.path:
            # it was read here: where a directory is one host's own, it is this one's
            here = replace(event, node=platform.node())
            if realm(here, self._settings.identity) == here.node:
                return here
        return replace(event, path=known)

    def _read(self, reading: Reading, file: _File, trail: Trail, skipped: Written | None) -> None:
        """Reads a file to its end, and writes what is not ``skipped``.

        Raises:
            _OtherStatements: those to be skipped are not those that an interrupted import wrote.
        """
        begun = False
        for batch in reading.batches():
            if not begun:
                self._store.begin(file.source)
                begun = True
            file.report.records += sum(map(is_record, batch))
            if skipped is not None:
                left = skipped.statements - trail.statements
                trail.add(batch[:left])
                if len(batch) >= left and trail.written != skipped:
                    raise _OtherStatements
                if len(batch) > left:
                    file.report.resumed, skipped, batch = skipped.statements, None, batch[left:]
            if skipped is None:
                self._write(batch, file, local=reading.describes)
                trail.add(batch)
                self._settling.read_to(file.source.key, trail.written)
            self._on_progress(file.progress(resuming=skipped is not None))
        if skipped is not None:
            if trail.written != skipped:
                raise _OtherStatements
            file.report.resumed = skipped.statements
        if not begun:
            self._store.begin(file.source)

    def _write(self, batch: list[Statement], file: _File, *, local: bool) -> None:
        """Writes what a source says, but for what no engine can take."""
        source, report = file.source.key, file.report
        plain: list[Record | Namespace] = []
        decisions: list[Decision] = []
        for statement in batch:
            if isinstance(statement, FileEvent):
                event = fitting(statement, report.tell)
                if event is not None:
                    self._settling.add(source, self._recorded(event) if local else event)
            elif (made := decision_of(statement, source)) is not None:
                decisions.append(made)
            else:
                plain.append(statement)
        if decisions:
            report.new += deciding.take_over(self._store, decisions)
        report.new += write_fitting(self._store, source, plain, report.tell)
