"""Watching directories: whatever appears or grows in them is imported, again and again.

It polls. Network file systems, where pipelines write, tell no client what another one did; what a
look at the directories finds is found everywhere, also after a pause of any length.

A file is taken when it stayed the same for a while. A log that never stays the same is taken all
the same, because what it grows by is read alone. Any other file that changed lately is first read
to its end without being written, so that half of it is not imported.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lineage import reading, registry, watch_state
from lineage.errors import StoreBusy, StoreError
from lineage.graph_store import GraphStore
from lineage.growth import KnownSources
from lineage.interfaces import Problem, appendable, has_parts
from lineage.session import (
    OnProgress,
    Outcome,
    Progress,
    SourceReport,
    Stopped,
    import_files,
)
from lineage.settings import Settings
from lineage.tree import Look, Stamp, look
from lineage.watch_state import Taken
from lineage.watched import Kind, News, Tally, WatchedFile, count, sentence

_MOST_AT_ONCE = 200
"""Files imported under one hold of the right to write: others want to write too."""
_GIVE_WAY_S = 0.25
"""Between two such holds: longer than the pause in which others ask for the right."""
_GROWING = 5
"""A log that never settles is taken after this many times the time in which others settle."""
_LONGEST_PAUSE_S = 60.0
_SAVE_EVERY_S = 60.0
_STORE_IDLE_S = 30.0
"""A store that is not needed for so long is closed: its engine may want to end."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a watch takes its time, in seconds."""

    interval_s: float = 2.0
    """Between two looks."""
    settle_s: float = 2.0
    """A file is imported when it stayed the same for so long."""
    patience_s: float = 30.0
    """A file that changed within so long may be half-written: what is wrong with it is no failure
    yet."""
    until_idle_s: float | None = None
    """The watch ends when for so long nothing was left to do; never for ``None``."""


class Watch:
    """Directories that are watched, into one store."""

    def __init__(
        self,
        directories: Sequence[Path],
        settings: Settings,
        open_store: Callable[[], GraphStore],
        *,
        pace: Pace | None = None,
        tell: Callable[[News], None] = lambda _: None,
        on_progress: OnProgress = lambda _: None,
        on_look: Callable[[Tally], None] = lambda _: None,
        state: Callable[[str, Sequence[Path]], Path] = watch_state.state_path,
    ) -> None:
        """Does not look yet.

        Args:
            directories: They are looked through with all below them; links are not followed.
            settings: For the imports.
            open_store: Opens the store, again whenever it is gone.
            pace: When things are done.
            tell: Is told of everything that happens.
            on_progress: Is told how far an import is.
            on_look: Is told after each look what was done so far.
            state: Where a watch of these directories into a store so described keeps its state.
        """
        self._directories = tuple(directories)
        self._settings = settings
        self._open = open_store
        self._pace = pace or Pace()
        self._tell = tell
        self._on_progress = on_progress
        self._on_look = on_look
        self._state = state
        self._state_file: Path | None = None
        self._importers = {name: one.version for name, one in registry.importers().items()}
        self._stop = threading.Event()
        self._store: GraphStore | None = None
        self._store_used = self._store_retry_at = self._store_pause_s = 0.0
        self._store_said = ""
        self._files: dict[str, WatchedFile] = {}
        self._closed: dict[str, str] = {}
        self._first = True
        self._saved_at = 0.0
        self._dirty = False
        self.tally = Tally()

    def stop(self) -> None:
        """Ends `run` soon, from any thread or signal handler."""
        self._stop.set()

    def run(self) -> Tally:
        """Watches until it is stopped, or idle for as long as the pace says.

        Raises:
            StoreError: the store cannot be opened at the beginning.
        """
        try:
            self._remember()
            idle_since: float | None = None
            while not self._stop.is_set():
                began = time.monotonic()
                left = self.step()
                self._on_look(self.tally)
                now = time.monotonic()
                idle_since = None if left else idle_since or now
                limit = self._pace.until_idle_s
                if limit is not None and idle_since is not None and now - idle_since >= limit:
                    break
                # a look over a slow network takes at most half of the time
                self._stop.wait(max(self._pace.interval_s, now - began))
        except Stopped:
            self.tally.interrupted = True
        finally:
            self._save()
            self._close_store()
        self._count()
        return self.tally

    def step(self) -> bool:
        """One look, and what is to be done after it; whether something is left to do soon.

        Raises:
            Stopped: it was stopped meanwhile.
        """
        now = time.monotonic()
        seen = look(self._directories)
        self._tell_closed(seen)
        self._update(seen, now)
        self._first = False
        ripe = sorted(path for path, one in self._files.items() if self._is_ripe(path, one, now))
        reachable = True
        for start in range(0, len(ripe), _MOST_AT_ONCE):
            if start:
                self._stop.wait(_GIVE_WAY_S)
            reachable = self._import(ripe[start : start + _MOST_AT_ONCE])
            if not reachable:
                break
        for path, one in self._files.items():
            if not one.told and now - one.since >= self._pace.patience_s:
                self._tell_problems(path, one, Kind.SKIPPED)
        if now - self._saved_at >= _SAVE_EVERY_S:
            self._save()
        if self._store is not None and now - self._store_used >= _STORE_IDLE_S:
            self._close_store()
        self._count()
        return not reachable or any(one.busy for one in self._files.values())

    def _remember(self) -> None:
        """Takes up what an earlier watch knew; the store must be there for that."""
        self._store = self._open()
        self._store_used = time.monotonic()
        known = KnownSources(self._store.sources())
        self._state_file = self._state(self._store.description, self._directories)
        taken = watch_state.load(self._state_file, self._importers, known)
        now = time.monotonic()
        for path, one in taken.items():
            self._files[path] = WatchedFile(
                one.stamp,
                now,
                now,
                young=False,
                taken=one.stamp,
                outcome=None if one.content else Outcome.UNKNOWN,
                importer=one.importer,
                content=one.content,
                parts=one.parts,
            )

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if self._state_file is not None and self._dirty:
            taken = {
                path: Taken(one.stamp, one.content, one.importer, one.parts)
                for path, one in self._files.items()
                if one.taken == one.stamp and not one.problems
            }
            self._dirty = watch_state.save(self._state_file, self._importers, taken) > 0

    def _tell_closed(self, seen: Look) -> None:
        for folder, reason in seen.closed.items():
            if folder not in self._closed:
                self._tell(News(Kind.CLOSED, folder, f"cannot be listed ({reason})."))
        self._closed = seen.closed

    def _update(self, seen: Look, now: float) -> None:
        """Notes what appeared, changed and went, and which files depend on it."""
        changed: list[str] = []
        for path, stamp in seen.files.items():
            known = self._files.get(path)
            if known is None:
                age_s = time.time() - stamp.modified_ns / 1e9
                young = not self._first or age_s < self._pace.patience_s
                self._files[path] = WatchedFile(stamp, now, now, young)
                changed.append(path)
            elif known.stamp != stamp:
                known.touch(now)
                known.stamp = stamp
                changed.append(path)
            elif self._first:
                self.tally.remembered += 1
        gone = [path for path in self._files if path not in seen.files and not seen.hides(path)]
        for path in gone:
            del self._files[path]
            self._dirty = True
        self._touch_owners([*changed, *gone], now)

    def _touch_owners(self, changed: Sequence[str], now: float) -> None:
        """Files whose records depend on others near them are imported again with these."""
        if not changed:
            return
        paths, folders = set(changed), {os.path.dirname(path) for path in changed}
        # an alert depends on the one before it, in the directory beside its own
        folders |= {os.path.dirname(folder) for folder in folders}
        importers = registry.importers()
        for path, one in self._files.items():
            importer = importers.get(one.importer)
            if importer is None or not has_parts(importer) or path in paths:
                continue
            folder = os.path.dirname(path)
            near = folder in folders or os.path.dirname(folder) in folders
            if near or paths.intersection(one.parts):
                one.touch(now)
                one.taken = None

    def _is_ripe(self, path: str, one: WatchedFile, now: float) -> bool:
        """It is to be imported now."""
        if not one.pending or one.retry_at > now:
            return False
        quiet_s = now - one.since
        settled = quiet_s >= self._pace.settle_s
        if not settled and now - one.changing_since < _GROWING * self._pace.settle_s:
            return False
        try:
            importer = registry.recognise(Path(path))
            if importer is None:
                self._leave(one)
                return False
            # its importer reads what is appended alone, and leaves what the end cuts off
            if appendable(importer) is not None:
                return True
            if not settled or one.checked == one.stamp:
                return quiet_s >= self._pace.patience_s
            whole = not one.young or quiet_s >= self._pace.patience_s
            problem = None if whole else self._problem_in(Path(path))
        except OSError:
            return True  # the import finds out what it is, and says it
        if problem is None:
            return True
        one.checked = one.stamp
        self._tell(News(Kind.WAITING, path, sentence(problem)))
        return False

    def _problem_in(self, path: Path) -> Problem | None:
        return reading.first_problem(path, lambda count: self._watched(Progress(path, 0, 1, count)))

    def _leave(self, one: WatchedFile) -> None:
        """Notes that no importer knows a file."""
        self._dirty = True
        one.taken, one.outcome = one.stamp, Outcome.UNKNOWN
        one.importer, one.content, one.problems, one.told = "", "", [], True
        one.strangers += 1

    def _watched(self, progress: Progress) -> None:
        if self._stop.is_set():
            raise Stopped
        self._on_progress(progress)

    def _import(self, paths: list[str]) -> bool:
        """Imports files; False if the store cannot be written now."""
        now = time.monotonic()
        if now < self._store_retry_at:
            return False
        # what is read may be newer than the look, never older: then the next look sees it
        stamps = {path: self._files[path].stamp for path in paths}
        stopped: Stopped | None = None
        try:
            if self._store is None:
                self._store = self._open()
            report = import_files(
                self._store,
                [Path(path) for path in paths],
                self._settings,
                on_progress=self._watched,
            )
        except Stopped as error:
            report, stopped = error.report, error
        except StoreError as error:
            if not isinstance(error, StoreBusy):
                self._close_store()
                self._store_pause_s = min(max(1.0, 2 * self._store_pause_s), _LONGEST_PAUSE_S)
                self._store_retry_at = time.monotonic() + self._store_pause_s
            if str(error) != self._store_said:
                self._store_said = str(error)
                self._tell(News(Kind.STORE, "", str(error)))
            return False
        self._store_used = time.monotonic()
        self._store_pause_s, self._store_said = 0.0, ""
        for one in report.sources:
            self._take(one, stamps[one.path])
        if stopped is not None:
            raise stopped
        return True

    def _close_store(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            try:
                store.close()
            except StoreError:
                return  # it is gone: that is why it is closed

    def _take(self, report: SourceReport, stamp: Stamp) -> None:
        """Notes what became of one file."""
        path = report.path
        one = self._files[path]
        if report.unread and not os.path.lexists(path):
            del self._files[path]
            return
        self._dirty = True
        now = time.monotonic()
        one.taken, one.changing_since = stamp, now
        one.outcome, one.importer, one.content = report.outcome, report.importer, report.content
        one.problems, one.told = report.problems, not report.problems
        one.parts = self._parts(path, report.importer)
        if report.unread:
            one.taken = None
            one.pause_s = min(max(1.0, 2 * one.pause_s), _LONGEST_PAUSE_S)
            one.retry_at = now + one.pause_s
        if report.outcome in (Outcome.IMPORTED, Outcome.GROWN):
            grown = report.outcome is Outcome.GROWN
            self.tally.grown += grown
            self.tally.imported += not grown
            self.tally.records += report.records
            self._tell(News(Kind.GROWN if grown else Kind.IMPORTED, path, report=report))
        elif report.outcome is Outcome.UNCHANGED:
            self.tally.unchanged += 1
        if one.problems:
            may_mend = one.young and now - one.since < self._pace.patience_s
            self._tell_problems(path, one, Kind.WAITING if may_mend else Kind.SKIPPED)

    def _tell_problems(self, path: str, one: WatchedFile, kind: Kind) -> None:
        one.told = kind is Kind.SKIPPED
        more = f" And {len(one.problems) - 1} more." if len(one.problems) > 1 else ""
        self._tell(News(kind, path, sentence(one.problems[0]) + more))

    def _parts(self, path: str, name: str) -> tuple[str, ...]:
        importer = registry.importers().get(name)
        if importer is None or not has_parts(importer):
            return ()
        return tuple(str(part.absolute()) for part in reading.parts(importer, Path(path)))

    def _count(self) -> None:
        count(self.tally, self._files, self._closed)
