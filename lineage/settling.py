"""What an import has written and not made final yet, and how final it is when it is killed.

A source is final when its file events are bound and it is marked as complete. An import settles
from time to time: it binds the events that it gathered, marks the sources that it has read to their
ends, and notes in the store how many statements of the one that it is reading are final. Whatever
ends the import, the next one of the same file reads these statements and does not write them again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence

from lineage import identity
from lineage.canonical import digest
from lineage.gathering import Gathering
from lineage.graph_store import GraphStore, Source, Written
from lineage.identity import IdentitySettings
from lineage.interfaces import Importer, Mark
from lineage.records import Bundle, FileEvent, Namespace, Relation, Statement
from lineage.settings import Settings
from lineage.subgraph import StoredEvent

EVERY_S = 5.0
"""An import that is killed has no more than this to do again, while settling is quick ..."""
SHARE = 4.0
"""... and else it settles after so many times as long as the last time took."""


class Settling:
    """What one import has not made final yet."""

    def __init__(self, store: GraphStore, settings: IdentitySettings) -> None:
        self._store = store
        self._identity = settings
        self._gathering = Gathering(settings)
        self._finished: list[Source] = []
        self._reading: tuple[str, Written] | None = None
        self._settled_at = time.monotonic()
        self._pause_s = EVERY_S

    def add(self, source: str, event: FileEvent) -> None:
        """Takes up what a source says of a file."""
        key = identity.event_key(event, self._identity)
        self._gathering.add(StoredEvent(key, source, event))

    def read_to(self, source: str, written: Written) -> None:
        """Notes how far the source under way was read; all of that is written or was added."""
        self._reading = source, written
        if self._gathering.due or self._due:
            self.settle()

    def end(self, done: Source | None) -> None:
        """The source under way was read to its end; ``None`` where nothing could be read."""
        self._reading = None
        if done is not None:
            self._finished.append(done)
            if self._gathering.empty or self._due:
                self.settle()

    def settle(self) -> None:
        """Makes everything final."""
        began = time.monotonic()
        self._gathering.bind(self._store)
        for source in self._finished:
            self._store.finish(source)
        self._finished.clear()
        if self._reading is not None:
            self._store.advance(*self._reading)
        self._settled_at = time.monotonic()
        self._pause_s = max(EVERY_S, SHARE * (self._settled_at - began))

    @property
    def _due(self) -> bool:
        return time.monotonic() - self._settled_at >= self._pause_s


class Trail:
    """The statements of one reading so far."""

    def __init__(self, of: str) -> None:
        """``of``: see `Written`."""
        self._of = of
        self._said = hashlib.blake2b(digest_size=16)
        self.statements = 0
        """How many."""

    def add(self, statements: Sequence[Statement]) -> None:
        """Goes on."""
        self.statements += len(statements)
        names = "".join(f"{_name(statement)}\n" for statement in statements)
        self._said.update(names.encode("utf-8", "surrogatepass"))

    @property
    def written(self) -> Written:
        """For the store, once they are in it."""
        return Written(self._of, self.statements, self._said.copy().hexdigest())


def reading_of(content: str, importer: Importer, start: Mark | None, settings: Settings) -> str:
    """Digest of all that the statements of a reading are a function of; for `Written.of`."""
    said = (
        content,
        importer.name,
        importer.version,
        start and (start.offset, start.state),
        repr(settings.identity),
        repr(settings.roots),
    )
    return digest(json.dumps(said))


def _name(statement: Statement) -> str:
    """What a statement is about; enough to notice that an importer changes its order."""
    if isinstance(statement, Namespace):
        return f"{statement.prefix} {statement.iri}"
    if isinstance(statement, Relation):
        ends = f"{statement.subject} {statement.object}"
        return f"{statement.kind.keyword} {ends} {statement.identifier} {statement.bundle}"
    if isinstance(statement, FileEvent):
        return f"{statement.kind.value} {statement.path} {statement.activity} {statement.role}"
    if isinstance(statement, Bundle):
        return statement.identifier
    return f"{statement.identifier} {statement.bundle} {len(statement.attributes)}"
