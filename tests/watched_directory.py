"""A directory that a test watches step by step, into the memory store."""

from __future__ import annotations

import json
from pathlib import Path

from lineage import queries
from lineage.graph_store import GraphStore
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.watch import Pace, Watch
from lineage.watched import Kind, News

GOOD = {"prefix": {"ex": "http://example.org/"}, "entity": {"ex:e": {}}}
AT_ONCE = Pace(interval_s=0.01, settle_s=0.0, patience_s=0.0)
PATIENT = Pace(interval_s=0.01, settle_s=0.0, patience_s=1e9)


class Watched:
    """A watch of one directory, its store, and what it told."""

    def __init__(self, directory: Path, pace: Pace = AT_ONCE, store: GraphStore | None = None):
        self.directory = directory
        self.store = store or MemoryStore()
        self.news: list[News] = []
        self.opened_stores = 0
        self.watch = Watch(
            [directory],
            Settings(),
            self.opened,
            pace=pace,
            tell=self.news.append,
            state=lambda *_: directory.parent / "state.json",
        )

    def opened(self) -> GraphStore:
        self.opened_stores += 1
        return self.store

    def step(self) -> list[tuple[Kind, str]]:
        """What one more look leads to."""
        self.news.clear()
        self.watch.step()
        return [(one.kind, Path(one.path).name) for one in self.news]

    def digest(self) -> str:
        return queries.digest(self.store)

    def write(self, name: str, content: object = GOOD) -> Path:
        """A file that appears whole, as one that was renamed into its place."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.directory.parent / "scratch"
        scratch.write_text(content if isinstance(content, str) else json.dumps(content))
        return scratch.rename(path)


def patient(watched: Watched) -> Watched:
    """One that takes everything that is wrong for something not whole yet."""
    return Watched(watched.directory, PATIENT)


def alone(*paths: Path) -> str:
    """The digest of these imported into an empty store."""
    store = MemoryStore()
    import_paths(store, paths, Settings())
    return queries.digest(store)
