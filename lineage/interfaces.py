"""What importers and stores promise; the contract tests run over every one of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from lineage.identity import Changes
from lineage.records import Attributes, Namespace, Record, Statement
from lineage.subgraph import Observations, StoredElement, StoredEvent, StoredRelation
from lineage.vocabulary import ElementKind, RelationKind


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


class Direction(Enum):
    """Which way a walk follows relations."""

    ANCESTORS = "ancestors"
    """From subject to object: to what influenced a thing."""
    DESCENDANTS = "descendants"
    """From object to subject: to what a thing influenced."""


@dataclass(frozen=True, slots=True)
class Source:
    """One imported content, which a log may outgrow (see `Appendable`)."""

    key: str
    """What its statements are filed under: `content` as it was at the first import."""
    paths: tuple[str, ...]
    """Where it was seen, sorted."""
    importer: str
    importer_version: str
    size_bytes: int
    records: int = 0
    skipped: int = 0
    recorded_at: datetime | None = None
    complete: bool = False
    """All its statements are in the store; an interrupted import leaves ``False``."""
    content: str = ""
    """SHA-256 of the bytes that were read last, hexadecimal; of path, bytes and parts where records
    depend on these (see `Describing`). It is the key's where none is given."""
    mark: Mark | None = None
    """Where reading goes on when it has grown."""
    records_before: int = 0
    """Those of `records` that were read before the mark."""
    skipped_before: int = 0
    """Likewise of `skipped`."""

    def __post_init__(self) -> None:
        if not self.content:
            object.__setattr__(self, "content", self.key)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of a search."""

    elements: tuple[StoredElement, ...]
    """Best first; at most as many as asked for."""
    found: int
    """How many match in all."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of a store's content; stubs and absent ends count as nothing."""

    entities: int
    activities: int
    agents: int
    relations: Mapping[str, int]
    """PROV-N keyword -> count; only the kinds that occur, sorted by keyword. What rests on the disk
    alone is not counted."""
    sources: int


class GraphStore(Protocol):
    """Holds the provenance graph; the same answers whatever the engine.

    Keys are `lineage.identifiers.key_of` keys. Every answer is deterministic.
    """

    description: str
    """For people: ``memory``, ``embedded engine in DIR``, ``Neo4j 5.26.30 at bolt://...``."""

    def sources(self) -> tuple[Source, ...]:
        """Every source, by key."""
        ...

    def namespaces(self) -> tuple[Namespace, ...]:
        """Prefixes that sources declared, sorted by (iri, prefix)."""
        ...

    def read(self, keys: Iterable[str]) -> Iterator[StoredElement]:
        """The elements of these keys, in the order asked; unknown ones are left out."""
        ...

    def neighbours(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> Iterator[StoredRelation]:
        """The relations of these kinds that leave the frontier in this direction: one level.

        Sorted by (kind's keyword, subject key, object key, key). Relations with an absent end are
        left out. Costs as much as the frontier has relations, whatever the store's size.
        """
        ...

    def reach(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> set[str]:
        """Keys of the elements one relation away: what `neighbours` leads to, without the rest.

        A frontier with a hundred thousand neighbours is counted in this way in a moment.
        """
        ...

    def between(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> Iterator[StoredRelation]:
        """The relations of these kinds whose both ends are among ``keys``, sorted as above."""
        ...

    def degrees(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> Mapping[str, tuple[int, int]]:
        """For each key how many distinct elements it is related to: (as subject, as object)."""
        ...

    def find(self, text: str, *, kinds: Collection[ElementKind] = (), limit: int) -> Found:
        """Elements whose name, identifier, path or alias contains ``text``, whatever the case.

        ``name=value`` (an attribute's local name, CURIE or IRI) finds by attribute instead: those
        with a value whose text contains ``value``. No ``kinds`` means all. Stubs are found too.
        Best first: name equal, name begins, name contains, the rest; then by name, then key.
        """
        ...

    def named(self, reference: str, *, limit: int) -> tuple[StoredElement, ...]:
        """Elements whose key, identifier, alias or name is ``reference``, or one of whose paths is
        it or ends in ``/`` and it; by key, at most ``limit``.
        """
        ...

    def events(self, paths: Collection[str], products: Collection[str]) -> tuple[StoredEvent, ...]:
        """The file events at these paths or of these products."""
        ...

    def all_events(self) -> Iterator[StoredEvent]:
        """Every file event with who tells it, streamed, in an order that is always the same."""
        ...

    def contents(self) -> Iterator[StoredElement | StoredRelation]:
        """Everything as it is held, streamed: elements by key, then relations as in `records`.

        Stubs and bundles' own nodes are among the elements; sources stand at everything.
        """
        ...

    def records(self, source: str | None = None) -> Iterator[Record]:
        """Everything as PROV records, streamed: bundles and elements by key, then relations by
        (subject key, kind's keyword, object key, key); an absent end sorts first. What was seen on
        the disk is not among them.

        With ``source`` exactly the records that this source declared, before any folding; the
        relations that its file events produced are among them.
        """
        ...

    def stats(self) -> Stats:
        """Counts of the whole store."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """The right to write, for one process at a time.

        Raises:
            StoreBusy: another process keeps writing for longer than a short wait.
        """
        ...

    def begin(self, source: Source) -> None:
        """Registers a source as incomplete, or adds a path to a known one.

        A known one whose content is another is incomplete from now on, and else stays as it was
        until it is finished: what is written meanwhile is what it has grown by.
        """
        ...

    def write(self, source: str, statements: Sequence[Record | Namespace]) -> int:
        """Adds what a source says, atomically for each batch; again changes nothing.

        Returns:
            Records that the store did not have from this source.
        """
        ...

    def bind(self, changes: Changes) -> None:
        """Makes the graph say what identity found out about file events; again changes nothing.

        Dropped things go and versions come first, new statements last: an import killed in
        between, and run again, finds the events that it has still to add.
        """
        ...

    def observed(self) -> Iterator[tuple[str, Attributes]]:
        """What was seen of each file on the disk, by element key."""
        ...

    def observe(self, seen: Observations) -> None:
        """Keeps what was seen on the disk; again changes nothing.

        Of elements that are not in the store nothing is kept. When identity drops a version, what
        was seen of it goes with it.
        """
        ...

    def finish(self, source: Source) -> None:
        """Marks a source as complete, with its counts, content and mark."""
        ...

    def close(self) -> None:
        """Ends the use of the store; safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a Cypher query, as far as the caps allow."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    """JSON-able values; elements as {"id", "labels", ...}, relations as {"type", ...}."""
    truncated: bool
    limits: tuple[str, ...] = field(default=())
    """Each cap that cut the answer, as a sentence."""


@runtime_checkable
class CypherStore(GraphStore, Protocol):
    """A store that also answers users' Cypher."""

    def cypher(self, query: str, parameters: Mapping[str, Any] | None = None) -> Table:
        """The answer to a read-only query, capped in rows, bytes and time.

        Raises:
            QueryRefused: it is not among what the guard allows.
            QueryFailed: the engine refused it or gave up.
        """
        ...
