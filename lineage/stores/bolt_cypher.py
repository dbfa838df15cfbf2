"""Users' Cypher: guarded, read-only, capped in time, rows and bytes."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import neo4j
from neo4j.exceptions import DriverError, Neo4jError
from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import Point
from neo4j.time import Date, DateTime, Duration, Time

from lineage.cypher_guard import check
from lineage.errors import QueryFailed, StoreError
from lineage.graph_store import Table
from lineage.stores.bolt_connection import Connection

_HIDDEN = frozenset({"prov_json", "resolved", "says", "search", "statements", "whole_key"})
"""Properties for our own use, each a copy of what others say."""

_AT_ONCE = 2
"""The embedded engine runs four queries at once; runaways must leave room for our own."""

_GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of an answer is given."""

    rows: int = 1_000
    size_bytes: int = 4_000_000
    time_s: float = 20.0


class Console:
    """Answers users' queries over one connection."""

    def __init__(self, connection: Connection, caps: Caps) -> None:
        self._connection = connection
        self._caps = caps
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def ask(self, query: str, parameters: Mapping[str, Any] | None) -> Table:
        """The answer, or as much of it as the caps allow.

        Raises:
            QueryRefused: the guard does not allow the query.
            QueryFailed: the engine refuses it, or it takes too long.
        """
        # one semicolon at the end is a habit from other consoles; any other is refused
        query = query.rstrip().removesuffix(";")
        check(query)
        if not self._slots.acquire(timeout=self._caps.time_s):
            raise QueryFailed(f"{_AT_ONCE} other queries are still running. Wait for them.")
        answer: list[Table | BaseException] = []

        def work() -> None:
            try:
                asked = dict(parameters or {})
                answer.append(self._connection.again(lambda: self._run(query, asked)))
            except (DriverError, Neo4jError, StoreError, OSError, ValueError, TypeError) as error:
                answer.append(error)
            finally:
                self._slots.release()

        # one engine ignores the driver's time-out, so the caller is set free by us
        thread = threading.Thread(target=work, name="lineage-query", daemon=True)
        thread.start()
        thread.join(self._caps.time_s + _GRACE_S)
        if not answer:
            raise QueryFailed(
                f"no answer in {self._caps.time_s:g} s. Ask for less: a label, a property, a LIMIT."
            )
        if isinstance(answer[0], BaseException):
            raise QueryFailed(_message(answer[0])) from answer[0]
        return answer[0]

    def _run(self, query: str, parameters: dict[str, Any]) -> Table:
        caps = self._caps
        limits: list[str] = []
        found: list[tuple[Any, ...]] = []
        size_bytes = 0
        with self._connection.session(reader=True) as session:
            text = neo4j.Query(query, timeout=caps.time_s)
            result = session.run(text, parameters)
            columns = tuple(result.keys())
            for record in result:
                if len(found) == caps.rows:
                    limits.append(f"The answer is cut after {caps.rows:,} rows.")
                    break
                row = tuple(plain(value) for value in record.values())
                size_bytes += len(json.dumps(row))
                if size_bytes > caps.size_bytes:
                    limits.append(f"The answer is cut after {caps.size_bytes:,} bytes.")
                    break
                found.append(row)
        return Table(columns, tuple(found), bool(limits), tuple(limits))


def _message(error: BaseException) -> str:
    text = error.message if isinstance(error, Neo4jError) else str(error)
    return (text or type(error).__name__).strip()


def plain(value: Any) -> Any:
    """A value of an answer as JSON can hold it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, DateTime | Date | Time | Duration):
        return value.iso_format()
    if isinstance(value, Node):
        return {"labels": sorted(value.labels), **_properties(value)}
    if isinstance(value, Relationship):
        return {"type": value.type, **_properties(value)}
    if isinstance(value, Path):
        return {
            "nodes": [plain(node) for node in value.nodes],
            "relations": [plain(relation) for relation in value.relationships],
        }
    if isinstance(value, Point):
        return list(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value)


def _properties(found: Node | Relationship) -> dict[str, Any]:
    return {name: plain(value) for name, value in sorted(found.items()) if name not in _HIDDEN}
