"""Files that are gone from the disk, or are not what was recorded; below the access roots only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from lineage.access import AccessRoot, OpenedFile, is_below_a_root, open_file
from lineage.check_findings import Finding, FindingKind, shown
from lineage.check_graph import File, Graph
from lineage.disk_facts import Facts, facts_of
from lineage.errors import AccessRefused, FileMissing
from lineage.versions import UNCLEAR

_CHUNK_BYTES = 1 << 20


class Disk:
    """A look at the files of a graph."""

    def __init__(self, roots: Sequence[AccessRoot]) -> None:
        self._roots = roots
        self.looked_at = 0
        self.elsewhere = 0
        """Files under no access root."""

    def findings(
        self, graph: Graph, keys: Collection[str] | None, tell: Callable[[int], None]
    ) -> Iterator[Finding]:
        """What is wrong with the version that each path holds now.

        Args:
            graph: The files, and what is recorded of them.
            keys: Of the only elements whose files are looked at; all for ``None``.
            tell: Is told how many were.
        """
        for key, file in graph.files.items():
            if not file.paths or file.overwritten or (keys is not None and key not in keys):
                continue
            if file.evidence == UNCLEAR:
                continue
            path = file.paths[0]
            if not is_below_a_root(path, self._roots):
                self.elsewhere += 1
                continue
            self.looked_at += 1
            tell(self.looked_at)
            said = self._look(path, file)
            if said is not None:
                yield Finding(said[0], said[1], (key,), graph.told([key]))

    def _look(self, path: str, file: File) -> tuple[FindingKind, str] | None:
        where = shown(path)
        try:
            opened = open_file(path, self._roots)
        except FileMissing:
            text = f"{where}: is not there (looked for below its access root). It was moved or "
            return FindingKind.FILE_MISSING, f"{text}removed: bring it back, or make it again."
        except AccessRefused as error:
            return FindingKind.FILE_UNREADABLE, str(error)
        with opened.stream:
            try:
                changed = _change(opened, file.facts)
            except OSError as error:
                text = f"{where}: cannot be read ({error.strerror}). See to the disk."
                return FindingKind.FILE_UNREADABLE, text
        if changed is None:
            return None
        text = f"{where}: is not what it was ({changed}). Find out who changed it; "
        return FindingKind.FILE_CHANGED, text + "what came of it came of its earlier content."


def _change(opened: OpenedFile, first: Facts) -> str | None:
    """How a file differs from what it was; its bytes are read only where they must be."""
    now = facts_of(opened)
    sized = first.size_bytes in (None, now.size_bytes)
    if sized and first.sha256 is not None and first.modified != now.modified:
        now = replace(now, sha256=_sha256(opened))
    if first.agrees_with(now):
        return None
    if not sized:
        return f"{now.size_bytes:,} bytes, before {first.size_bytes:,}"
    if now.sha256 is not None:
        return f"SHA-256 {now.sha256}, before {shown(str(first.sha256))}"
    return f"modified {now.modified}, before {first.modified}"


def _sha256(opened: OpenedFile) -> str:
    read = hashlib.sha256()
    while chunk := opened.stream.read(_CHUNK_BYTES):
        read.update(chunk)
    return read.hexdigest()
