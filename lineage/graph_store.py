"""What graph stores promise; the contract tests run over every one of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, runtime_checkable

from lineage.decisions import Decision
from lineage.identity import Changes
from lineage.interfaces import Mark
from lineage.records import Attributes, Namespace, Record
from lineage.subgraph import Observations, StoredElement, StoredEvent, StoredRelation
from lineage.vocabulary import ElementKind, RelationKind


class Direction(Enum):
    """Which way a walk follows relations."""

    ANCESTORS = "ancestors"
    """From subject to object: to what influenced a thing."""
    DESCENDANTS = "descendants"
    """From object to subject: to what a thing influenced."""


@dataclass(frozen=True, slots=True)
class Written:
    """How far an import of a source came: what is in the store for good, file events and all."""

    of: str
    """Digest of all that the statements are a function of: content, importer, settings, start."""
    statements: int
    """How many, from the first one that this reading gave."""
    said: str
    """Digest of what they are about: a reading that begins otherwise is another one."""


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
    written: Written | None = None
    """How far the import came that reads it, or was interrupted; ``None`` once it is finished."""

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

    def called(self, names: Collection[str], beginnings: Collection[str], *, limit: int) -> Found:
        """Entities whose name is one of ``names`` or begins with one of ``beginnings``, by key.

        Costs as much as there are such entities, whatever the store's size. Stubs are found too.
        """
        ...

    def known_as(self, aliases: Collection[str]) -> tuple[StoredElement, ...]:
        """Elements that have one of these as an alias, by key: one search for all of them."""
        ...

    def events(self, paths: Collection[str], products: Collection[str]) -> tuple[StoredEvent, ...]:
        """The file events at these paths or of these products."""
        ...

    def all_events(self) -> Iterator[StoredEvent]:
        """Every file event with who tells it, streamed, in an order that is always the same."""
        ...

    def events_of(self, source: str) -> tuple[StoredEvent, ...]:
        """The file events that one source tells of, by key."""
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

    def writing(
        self, on_wait: Callable[[str], None] = lambda _: None, patience_s: float | None = None
    ) -> AbstractContextManager[None]:
        """The right to write, for one process at a time.

        What a killed process has left half done of a `bind` is done first.

        Args:
            on_wait: Is told once, as a sentence, who is writing, if somebody is.
            patience_s: How long to wait then; some seconds by default.

        Raises:
            StoreBusy: another process keeps writing for longer than that.
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

        All or nothing: what a kill leaves half done, the next one who is `writing` does to its
        end, whatever it writes afterwards.
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

    def advance(self, source: str, written: Written) -> None:
        """Notes how far the import of a source came; `finish` takes the note away."""
        ...

    def decisions(self) -> tuple[Decision, ...]:
        """What users decided about pairs of entities, by key."""
        ...

    def decide(self, made: Collection[Decision], undone: Collection[str] = ()) -> None:
        """Keeps decisions in place of those of the same keys, and drops others by their keys.

        All of it or nothing. They outlive whatever becomes of the entities.
        """
        ...

    def finish(self, source: Source) -> None:
        """Marks a source as complete, with its counts, content and mark."""
        ...

    def retract(self, source: str, changes: Changes) -> None:
        """Removes what a source says, and the source itself; again changes nothing.

        What others say stays; what nobody says any more goes, or is a stub where something still
        points at it. All or nothing, as `bind`: what a kill leaves half done, the next one who is
        `writing` does to its end. Prefixes stay until the last source is gone.

        Args:
            source: Key of the source; an unknown one changes nothing.
            changes: What identity makes of it that the source's file events go.
        """
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
