"""The files that the graph mentions, as they lie on the disk: there, missing, changed, identical.

What is seen is an observation beside what sources say, and outside of exports and digests. It is
kept for the version of a file whose content the path holds now, which is the last one: of earlier
versions only what was seen of them in their time is known.

Only `lineage.access` turns a recorded path into bytes, and only below the access roots.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from lineage import queries
from lineage import vocabulary as v
from lineage.access import AccessRoot, OpenedFile, is_below_a_root, open_file
from lineage.canonical import canonical, digest
from lineage.disk_facts import (
    State,
    baseline,
    facts_of,
    first_facts,
    last_facts,
    missing_now,
    observed_attributes,
    overwritten,
)
from lineage.errors import AccessRefused, FileMissing
from lineage.graph_store import Direction, GraphStore
from lineage.media_types import HEAD_BYTES, media_type
from lineage.records import Attributes, Entity, Relation, Value
from lineage.subgraph import Observations, StoredElement, is_observed
from lineage.versions import UNCLEAR
from lineage.vocabulary import RelationKind

_READ_AT_ONCE = 500
_WRITE_EVERY_S = 5.0
_CHUNK_BYTES = 1 << 20
_MOST_VERSIONS = 1_000


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a look at one file found."""

    key: str
    identifier: str
    path: str
    """As recorded."""
    state: State | None
    """``None``: it could not be looked at."""
    observed: Attributes = ()
    reason: str = ""
    """Why it could not be looked at."""

    def value(self, name: str) -> Value | None:
        """What was seen, by an attribute's IRI."""
        return dict(self.observed).get(name)


@dataclass(slots=True)
class DiskReport:
    """What a look at many files found."""

    files: list[FileReport] = field(default_factory=list)
    elsewhere: int = 0
    """Files that lie under no access root."""
    identical: list[tuple[str, ...]] = field(default_factory=list)
    """Identifiers of files with the same bytes, the smallest first."""

    def count(self, state: State | None) -> int:
        """Files found in this state."""
        return sum(one.state is state for one in self.files)


@dataclass(frozen=True, slots=True)
class DiskProgress:
    """How far a look is."""

    path: str
    index: int
    total: int
    hashed_bytes: int
    """Of this file."""
    size_bytes: int


OnDiskProgress = Callable[[DiskProgress], None]


def look_at_files(
    store: GraphStore,
    roots: Sequence[AccessRoot],
    keys: Collection[str] | None = None,
    *,
    hashed: bool = False,
    on_progress: OnDiskProgress = lambda _: None,
) -> DiskReport:
    """Looks at the files of the graph, and keeps in the store what it sees.

    The right to write is held for moments only, however long the hashing takes.

    Args:
        store: The graph.
        roots: Where recorded paths lie on this machine.
        keys: Of the elements whose files are looked at; all for ``None``.
        hashed: Reads every file to its end for its SHA-256. Without, one is read only where its
            size is as before, its time is not, and its earlier SHA-256 is known.
        on_progress: Is told how far it is.

    Raises:
        StoreBusy: another process keeps writing.
    """
    look = _Look(store, roots, hashed, on_progress)
    return look.run(keys)


class _Look:
    """One run over many files."""

    def __init__(
        self,
        store: GraphStore,
        roots: Sequence[AccessRoot],
        hashed: bool,
        on_progress: OnDiskProgress,
    ) -> None:
        self._store = store
        self._roots = roots
        self._hashed = hashed
        self._on_progress = on_progress
        self._report = DiskReport()
        self._unwritten: list[tuple[str, Attributes]] = []
        self._written_at = time.monotonic()

    def run(self, keys: Collection[str] | None) -> DiskReport:
        """Looks at the files of these elements, or of all."""
        known = dict(self._all_paths() if keys is None else self._paths_near(keys))
        chosen = list(known) if keys is None else list(keys)
        holders = self._holders(known)
        del known
        for start in range(0, len(chosen), _READ_AT_ONCE):
            part = chosen[start : start + _READ_AT_ONCE]
            for index, element in enumerate(self._store.read(part), start):
                self._look_at(element, holders.get(element.key, ()), index, len(chosen))
        self._write()
        self._link()
        return self._report

    def _all_paths(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Keys and paths of all elements that may be files."""
        for record in self._store.records():
            if isinstance(record, Relation):
                return
            if isinstance(record, Entity):
                paths = _paths_of(record)
                if paths:
                    yield record.key, paths

    def _paths_near(self, keys: Collection[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Keys and paths of these elements and of all others at their paths."""
        for element in self._store.read(keys):
            for path in element.paths:
                for one in self._store.named(path, limit=_MOST_VERSIONS):
                    if path in one.paths:
                        yield one.key, one.paths

    def _holders(self, known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Element key -> the paths below the roots whose content belongs to it."""
        rivals: dict[str, list[str]] = {}
        for key, paths in known.items():
            for path in paths:
                if is_below_a_root(path, self._roots):
                    rivals.setdefault(path, []).append(key)
        held: dict[str, list[str]] = {}
        for path, versions in rivals.items():
            last = versions[0] if len(versions) == 1 else self._last(path, versions)
            held.setdefault(last, []).append(path)
        return held

    def _last(self, path: str, versions: Sequence[str]) -> str:
        """Which of several versions of a path it holds now: the last that was generated."""
        elements = [
            element
            for element in self._store.read(versions)
            if True not in element.values(v.OVERWRITTEN)
            and UNCLEAR not in element.values(v.IDENTIFIED_BY)
        ] or list(self._store.read(versions))
        # identity puts first where a version still is
        own = [element for element in elements if element.paths[:1] == (path,)] or elements
        times = queries.generation_times(self._store, [element.key for element in own])
        never = datetime.min.replace(tzinfo=UTC)
        return max(own, key=lambda one: (times.get(one.key, never), one.identifier)).key

    def _look_at(self, element: StoredElement, held: Sequence[str], index: int, total: int) -> None:
        if not held:
            if not any(is_below_a_root(path, self._roots) for path in element.paths):
                self._report.elsewhere += 1
                return
            self._keep(element, element.paths[0], State.OVERWRITTEN, overwritten(element))
            return
        ordered = [path for path in element.paths if path in held]
        missing = ""
        for path in ordered:

            def tell(hashed: int, size: int, path: str = path) -> None:
                self._on_progress(DiskProgress(path, index, total, hashed, size))

            tell(0, 0)
            try:
                state, seen = self._see(element, path, tell)
            except FileMissing:
                missing = missing or path
                continue
            except (AccessRefused, OSError) as error:
                self._refuse(element, path, error)
                return
            self._keep(element, path, state, seen)
            return
        self._keep(element, missing, State.MISSING, missing_now(element))

    def _see(
        self, element: StoredElement, path: str, tell: Callable[[int, int], None]
    ) -> tuple[State, Attributes]:
        opened = open_file(path, self._roots)
        with opened.stream:
            first, last = first_facts(element), last_facts(element)
            now = facts_of(opened)
            doubtful = first.size_bytes == now.size_bytes and first.modified not in (
                None,
                now.modified,
            )
            head = opened.stream.read(HEAD_BYTES)
            if self._hashed or (doubtful and first.sha256 is not None):
                now = replace(now, sha256=_sha256(opened, head, tell))
                if facts_of(opened).stamp != now.stamp:
                    raise AccessRefused(f"{path!r}: changed while it was read. Look at it again.")
            else:
                known = next((one for one in (last, first) if one.stamp == now.stamp), now)
                now = replace(now, sha256=known.sha256)
        same = first.agrees_with(now)
        state = State.PRESENT if same else State.CHANGED
        more = [(v.FILE_MEDIA_TYPE, media_type(opened.name, head)), (v.FILE_OBSERVED_PATH, path)]
        return state, observed_attributes(state, now, None if same else first, more)

    def _refuse(self, element: StoredElement, path: str, error: AccessRefused | OSError) -> None:
        reason = str(error)
        if isinstance(error, OSError):
            reason = f"{path!r}: cannot be read ({error.strerror})."
        report = FileReport(element.key, element.identifier, path, None, reason=reason)
        self._report.files.append(report)

    def _keep(self, element: StoredElement, path: str, state: State, seen: Attributes) -> None:
        self._report.files.append(FileReport(element.key, element.identifier, path, state, seen))
        if seen != element.observed:
            self._unwritten.append((element.key, seen))
        late = time.monotonic() - self._written_at >= _WRITE_EVERY_S
        if late or len(self._unwritten) >= _READ_AT_ONCE:
            self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        if self._unwritten:
            with self._store.writing():
                self._store.observe(Observations(tuple(self._unwritten)))
            self._unwritten.clear()

    def _link(self) -> None:
        """Links what has the same content: a star to the smallest key, never all pairs."""
        by_content: dict[str, list[str]] = {}
        observed = list(self._store.observed())
        for key, seen in observed:
            sha256 = baseline(seen).sha256
            # relations do not lead out of bundles
            if sha256 is not None and " " not in key:
                by_content.setdefault(sha256, []).append(key)
        wanted: dict[str, Relation] = {}
        for keys in by_content.values():
            smallest, *others = sorted(keys)
            for other in others:
                relation = Relation(
                    RelationKind.ALTERNATE,
                    other,
                    smallest,
                    attributes=((v.EVIDENCE, v.CONTENT_EVIDENCE),),
                )
                wanted[digest("content " + canonical(relation))] = relation
            if others:
                self._report.identical.append((smallest, *others))
        self._report.identical.sort()
        known = {
            stored.key
            for stored in self._store.neighbours(
                [key for key, _ in observed],
                Direction.ANCESTORS,
                {RelationKind.ALTERNATE},
            )
            if is_observed(stored)
        }
        new = tuple((key, one) for key, one in sorted(wanted.items()) if key not in known)
        dropped = tuple(sorted(known - wanted.keys()))
        if new or dropped:
            with self._store.writing():
                self._store.observe(Observations(links=new, dropped_links=dropped))


def _paths_of(record: Entity) -> tuple[str, ...]:
    """The paths at which an entity was recorded, as `StoredElement.paths`."""
    element = StoredElement(
        (record,), record.key, record.identifier, record.bundle, frozenset(), record.identifier
    )
    return element.paths


def _sha256(opened: OpenedFile, head: bytes, tell: Callable[[int, int], None]) -> str:
    sum_ = hashlib.sha256(head)
    done = len(head)
    while chunk := opened.stream.read(_CHUNK_BYTES):
        sum_.update(chunk)
        done += len(chunk)
        tell(done, opened.size_bytes)
    return sum_.hexdigest()
