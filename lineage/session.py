"""Where importers, identity and a store are put together: open a store, import paths into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lineage import registry, tree
from lineage.errors import LineageError, SourceError
from lineage.graph_store import GraphStore
from lineage.import_report import (
    ImportReport,
    OnProgress,
    Outcome,
    Progress,
    SourceReport,
    Stopped,
)
from lineage.import_run import UNKNOWN_FORMAT, ImportRun
from lineage.interfaces import Importer, Problem
from lineage.reading import Reading
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore

__all__ = [
    "ImportReport",
    "OnProgress",
    "Outcome",
    "Progress",
    "SourceReport",
    "Stopped",
    "import_files",
    "import_paths",
    "open_store",
]


_PATIENCE_S = 60.0
"""How long an import waits for another process to finish its own."""


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


def import_paths(
    store: GraphStore,
    paths: Sequence[Path],
    settings: Settings,
    *,
    strict: bool = False,
    importer: Importer | None = None,
    on_progress: OnProgress = lambda _: None,
    on_wait: Callable[[str], None] = lambda _: None,
) -> ImportReport:
    """Imports files, and the regular files below directories, into a store.

    One bad file stops nothing. An import that is interrupted, in whatever way and at whatever
    moment, is taken up again by the next one of the same files; see `lineage.settling`.

    Args:
        paths: Files and directories; links inside a directory are not followed.
        strict: Any skipped place is fatal, and then nothing is written.
        importer: Reads every file, whatever it looks like; by default the one that recognises it.
        on_progress: Is told how far the import is. It may raise `Stopped`: what was read is then
            made final first.
        on_wait: Is told, as a sentence, who is writing, if somebody is.

    Raises:
        Stopped: ``on_progress`` raised it.
        LineageError: a path does not exist, or ``strict`` and something was skipped.
        StoreBusy: another process is writing.
    """
    files = list(tree.files(paths))
    if strict:
        _check(files, importer, on_progress)
    with store.writing(on_wait, _PATIENCE_S):
        return ImportRun(store, settings, importer, on_progress).run(files)


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
        run = ImportRun(store, settings, None, on_progress)
        return run.run([(path, False) for path in files])


def _check(
    files: list[tuple[Path, bool]], chosen: Importer | None, on_progress: OnProgress
) -> None:
    """Reads everything and writes nothing; the first problem is fatal."""
    for index, (path, named) in enumerate(files):

        def refuse(problem: Problem, path: Path = path) -> None:
            if not problem.is_note:
                raise SourceError(path, problem.place, problem.message)

        try:
            importer = chosen or registry.recognise(path)
            if importer is None:
                if named:
                    raise SourceError(path, "", UNKNOWN_FORMAT)
                continue
            for count, _ in enumerate(Reading(importer, path, refuse).statements()):
                if count % 1000 == 0:
                    on_progress(Progress(path, index, len(files), count))
        except OSError as error:
            raise SourceError(path, "", f"cannot be read ({error.strerror}).") from error
