"""The graph in an engine that speaks Bolt: Neo4j, or the embedded engine. One Cypher text for both.

Every answer is made of the exact records that are kept beside the native properties; the native
properties are for users' Cypher.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import neo4j

from lineage.decisions import Decision
from lineage.graph_store import Direction, Found, Source, Stats, Table, Written
from lineage.identifiers import PrefixMap
from lineage.identity import Changes
from lineage.records import Attributes, Bundle, Namespace, Record
from lineage.stores import (
    bolt_bind,
    bolt_changes,
    bolt_decisions,
    bolt_observe,
    bolt_retract,
    bolt_sources,
)
from lineage.stores.bolt_bind import Step
from lineage.stores.bolt_connection import (
    BATCH_BYTES,
    BATCH_ROWS,
    BoltServer,
    Connection,
    Work,
    server_from_environment,
)
from lineage.stores.bolt_cypher import Caps, Console
from lineage.stores.bolt_export import Export
from lineage.stores.bolt_schema import make_schema
from lineage.stores.bolt_search import called, find, known_as, named
from lineage.stores.bolt_values import (
    PropertyNames,
    Row,
    node_key,
    relation_of,
    stored_element,
    whole_key,
)
from lineage.stores.bolt_write import write_batch
from lineage.stores.cypher_texts import cypher_text
from lineage.stores.write_right import Lease, WriteRight
from lineage.subgraph import Observations, StoredElement, StoredEvent, StoredRelation
from lineage.vocabulary import ElementKind, RelationKind

Result = TypeVar("Result")

_ITEMS_AT_ONCE = 2_000
_AGENT = re.compile(r"ArcadeDB ([\w.]+)")


def open_bolt(address: str, *, database: str | None = None, caps: Caps | None = None) -> BoltStore:
    """The store in the server at ``address``, with credentials from the environment.

    Args:
        address: ``bolt://host:port`` or ``neo4j://host``.
        database: Name of the database; ``neo4j`` by default.
        caps: How much users' queries are answered.

    Raises:
        StoreError: nobody answers there, the credentials are refused, missing, or in the address.
    """
    return BoltStore(server_from_environment(address, database), caps=caps)


class BoltStore:
    """A graph store over Bolt, which also answers users' Cypher."""

    def __init__(
        self,
        server: BoltServer,
        *,
        description: str | None = None,
        reopen: Callable[[], BoltServer] | None = None,
        on_close: Callable[[], None] = lambda: None,
        right: WriteRight | None = None,
        caps: Caps | None = None,
    ) -> None:
        """Connects.

        Args:
            server: Where the engine listens.
            description: For people; made of the server's own words by default.
            reopen: Finds the engine again when it is gone: new ports, new secrets.
            on_close: Called after the connection is closed.
            right: Who may write; a lease in the store itself by default.
            caps: How much users' queries are answered.

        Raises:
            StoreError: nobody answers, or the credentials are refused.
        """
        self._connection = Connection(server, reopen)
        self._on_close = on_close
        self._right = right or Lease(self._connection)
        self._console = Console(self._connection, caps or Caps())
        self._schema_known = False
        self._closed = False
        self.description = description or f"{_engine(self._connection.agent)} at {server.address}"

    def sources(self) -> tuple[Source, ...]:
        """Every source, by key."""
        found = map(bolt_sources.source_of, self._connection.read(cypher_text("sources")))
        return tuple(sorted(found, key=lambda source: source.key))

    def namespaces(self) -> tuple[Namespace, ...]:
        """Prefixes that sources declared, sorted by (iri, prefix)."""
        found = self._connection.read(cypher_text("namespaces"))
        return tuple(sorted((Namespace(**row) for row in found), key=lambda n: (n.iri, n.prefix)))

    def read(self, keys: Iterable[str]) -> Iterator[StoredElement]:
        """The elements of these keys, in the order asked."""
        wanted = list(keys)
        for start in range(0, len(wanted), 1_000):
            part = [node_key(key) for key in wanted[start : start + 1_000]]
            found = self._connection.read(cypher_text("read_elements"), keys=list(set(part)))
            elements = {row["key"]: stored_element(row) for row in found}
            yield from (elements[key] for key in part if key in elements)

    def neighbours(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> Iterator[StoredRelation]:
        """The relations of these kinds that leave the frontier in this direction."""
        types = sorted(kind.keyword for kind in set(kinds))
        if not types:
            return iter(())
        text = cypher_text(f"neighbours_{direction.value}", types=types)
        return _relations(self._connection.read_chunks(text, {node_key(key) for key in frontier}))

    def reach(
        self, frontier: Collection[str], direction: Direction, kinds: Collection[RelationKind]
    ) -> set[str]:
        """Keys of the elements one relation away."""
        types = sorted(kind.keyword for kind in set(kinds))
        if not types:
            return set()
        text = cypher_text(f"reach_{direction.value}", types=types)
        wanted = {node_key(key) for key in frontier}
        return {whole_key(row) for row in self._connection.read_chunks(text, wanted)}

    def between(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> Iterator[StoredRelation]:
        """The relations of these kinds whose both ends are among ``keys``."""
        types = sorted(kind.keyword for kind in set(kinds))
        if not types:
            return iter(())
        shown = sorted({node_key(key) for key in keys})
        text = cypher_text("between", types=types)
        return _relations(self._connection.read_chunks(text, shown, shown=shown))

    def degrees(
        self, keys: Collection[str], kinds: Collection[RelationKind]
    ) -> Mapping[str, tuple[int, int]]:
        """For each key how many distinct elements it is related to: (as subject, as object)."""
        wanted = {node_key(key): key for key in keys}
        types = sorted(kind.keyword for kind in set(kinds))
        if not types:
            return {element.key: (0, 0) for element in self.read(keys)}
        counts = [
            {
                row["key"]: row["degree"]
                for row in self._connection.read_chunks(
                    cypher_text(f"degrees_{direction.value}", types=types), wanted
                )
            }
            for direction in (Direction.ANCESTORS, Direction.DESCENDANTS)
        ]
        return {
            key: (counts[0][node], counts[1].get(node, 0))
            for node, key in wanted.items()
            if node in counts[0]
        }

    def find(self, text: str, *, kinds: Collection[ElementKind] = (), limit: int) -> Found:
        """Elements that ``text`` finds, best first; see search.py."""
        return find(self, self._connection, text, kinds, limit)

    def named(self, reference: str, *, limit: int) -> tuple[StoredElement, ...]:
        """Elements that ``reference`` names, by key."""
        return named(self, self._connection, reference, limit)

    def called(self, names: Collection[str], beginnings: Collection[str], *, limit: int) -> Found:
        """Entities whose name is one of ``names`` or begins with one of ``beginnings``, by key."""
        return called(self._connection, names, beginnings, limit)

    def known_as(self, aliases: Collection[str]) -> tuple[StoredElement, ...]:
        """Elements that have one of these as an alias, by key."""
        return known_as(self._connection, aliases)

    def events(self, paths: Collection[str], products: Collection[str]) -> tuple[StoredEvent, ...]:
        """The file events at these paths or of these products."""
        found: dict[tuple[str, str], StoredEvent] = {}
        for stored in bolt_bind.stored_events(self._connection, set(paths), set(products)):
            found[stored.key, bolt_bind.encode_statement(stored)] = stored
        return tuple(found[mark] for mark in sorted(found))

    def all_events(self) -> Iterator[StoredEvent]:
        """Every file event."""
        return Export(self._connection).events()

    def events_of(self, source: str) -> tuple[StoredEvent, ...]:
        """The file events that one source tells of, by key."""
        return bolt_retract.events_of(self._connection, source)

    def contents(self) -> Iterator[StoredElement | StoredRelation]:
        """Everything as it is held."""
        return Export(self._connection).contents()

    def records(self, source: str | None = None) -> Iterator[Record]:
        """Everything, or exactly what one source says."""
        export = Export(self._connection)
        return export.everything() if source is None else export.of_source(source)

    def stats(self) -> Stats:
        """Counts of the whole store."""
        read = self._connection.read
        kinds = {row["kind"]: row["count"] for row in read(cypher_text("count_elements"))}
        relations = {
            kind.keyword: read(cypher_text("count_relations", type=kind.keyword))[0]["count"]
            for kind in sorted(RelationKind, key=lambda kind: kind.keyword)
        }
        alternates = RelationKind.ALTERNATE.keyword
        if relations[alternates]:
            seen = read(cypher_text("count_observed", type=alternates))
            relations[alternates] -= seen[0]["count"]
        return Stats(
            entities=kinds.get("entity", 0),
            activities=kinds.get("activity", 0),
            agents=kinds.get("agent", 0),
            relations={keyword: count for keyword, count in relations.items() if count},
            sources=len(read(cypher_text("sources"))),
        )

    @contextmanager
    def writing(
        self, on_wait: Callable[[str], None] = lambda _: None, patience_s: float | None = None
    ) -> Iterator[None]:
        """The right to write, for one process at a time."""
        with self._right.held(on_wait, patience_s, self._make_schema):
            kept = bolt_changes.kept(self._connection)
            if kept is not None:
                self._make(*kept)
            yield

    def begin(self, source: Source) -> None:
        """Registers a source, or adds a path to a known one."""
        self._write(partial(bolt_sources.begin, source=source))

    def write(self, source: str, statements: Sequence[Record | Namespace]) -> int:
        """Adds what a source says; again changes nothing."""
        new = 0
        for part in _batches(statements):
            prefixes = self._prefixes(part)
            new += self._write(
                partial(write_batch, source=source, statements=part, prefixes=prefixes, now=_now())
            )
        return new

    def bind(self, changes: Changes) -> None:
        """Makes the graph say what identity found out about file events."""
        if changes != Changes():
            self._write(partial(bolt_changes.keep, changes=changes))
            self._make(changes)

    def _make(self, changes: Changes, retracted: str | None = None) -> None:
        """Makes changes, and a retraction, that are kept until all of it is made."""
        self._do(bolt_bind.steps(changes))
        if retracted is not None:
            self._do(bolt_retract.steps(self._connection, retracted))
            self._write(partial(bolt_retract.remove, source=retracted))
        self._write(bolt_changes.forget)

    def observed(self) -> Iterator[tuple[str, Attributes]]:
        """What was seen of each file on the disk, by element key."""
        return bolt_observe.observed(self._connection)

    def observe(self, seen: Observations) -> None:
        """Keeps what was seen on the disk; again changes nothing."""
        self._do(
            [
                (bolt_observe.observe, seen.elements),
                (bolt_observe.drop_links, seen.dropped_links),
                (bolt_observe.link, seen.links),
            ]
        )

    def advance(self, source: str, written: Written) -> None:
        """Notes how far the import of a source came."""
        self._write(partial(bolt_sources.advance, source=source, written=written))

    def decisions(self) -> tuple[Decision, ...]:
        """What users decided, by key."""
        return bolt_decisions.decisions(self._connection)

    def decide(self, made: Collection[Decision], undone: Collection[str] = ()) -> None:
        """Keeps decisions, and drops others by their keys."""
        self._write(partial(bolt_decisions.decide, made=made, undone=undone))

    def finish(self, source: Source) -> None:
        """Marks a source as complete, with its counts, content and mark."""
        self._write(partial(bolt_sources.finish, source=source))

    def retract(self, source: str, changes: Changes) -> None:
        """Removes what a source says, and the source itself."""
        if self._write(partial(bolt_retract.begin, source=source, changes=changes)):
            self._make(changes, source)

    def cypher(self, query: str, parameters: Mapping[str, Any] | None = None) -> Table:
        """The answer to a read-only query, capped in rows, bytes and time."""
        return self._console.ask(query, parameters)

    def close(self) -> None:
        """Ends the use of the store; safe to call twice."""
        if not self._closed:
            self._closed = True
            self._connection.close()
            self._on_close()

    def _do(self, steps: Iterable[tuple[Step, Sequence[Any]]]) -> None:
        """Does steps in order, each over its items, a part of them in a transaction."""
        prefixes = self._prefixes(())
        for step, items in steps:
            for start in range(0, len(items), _ITEMS_AT_ONCE):
                part = items[start : start + _ITEMS_AT_ONCE]
                self._write(partial(step, items=part, prefixes=prefixes, now=_now()))

    def _make_schema(self) -> None:
        if not self._schema_known:
            make_schema(self._connection)
            self._schema_known = True

    def _write(self, work: Work[Result]) -> Result:
        def rightful(tx: neo4j.ManagedTransaction) -> Result:
            with self._right.transaction(tx):
                return work(tx)

        with self._right.held(prepare=self._make_schema), self._right.batch():
            return self._connection.write(rightful)

    def _prefixes(self, statements: Iterable[Record | Namespace]) -> PropertyNames:
        """The prefixes under which attributes become properties; those of a batch count too."""
        new = {s for s in statements if isinstance(s, Namespace)}
        known = sorted({*self.namespaces(), *new}, key=lambda n: (n.iri, n.prefix))
        return PropertyNames(PrefixMap((n.prefix, n.iri) for n in known))


def _relations(found: Iterable[Row]) -> Iterator[StoredRelation]:
    """What rows say, sorted by (kind's keyword, subject key, object key, key)."""
    relations = [
        StoredRelation(row["key"], relation_of(row["prov_json"]), tuple(row["sources"] or ()))
        for row in found
    ]
    relations.sort(
        key=lambda s: (s.relation.kind.keyword, s.subject_key or "", s.object_key or "", s.key)
    )
    return iter(relations)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _engine(agent: str) -> str:
    embedded = _AGENT.search(agent)
    return f"ArcadeDB {embedded[1]}" if embedded else agent.replace("/", " ")


def _batches(
    statements: Sequence[Record | Namespace],
) -> Iterator[Sequence[Record | Namespace]]:
    """The statements in lists that make one transaction each; mostly one list."""
    start = size_bytes = 0
    for index, statement in enumerate(statements):
        size = 200
        if not isinstance(statement, Namespace | Bundle):
            size += 2 * sum(
                len(value) for _, value in statement.attributes if isinstance(value, str)
            )
        if index > start and (index - start >= BATCH_ROWS or size_bytes + size > BATCH_BYTES):
            yield statements[start:index]
            start, size_bytes = index, 0
        size_bytes += size
    if start < len(statements):
        yield statements[start:]
