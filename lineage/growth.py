"""Which known source a file is, or was before it grew: by the content of its first bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lineage.graph_store import Source
from lineage.interfaces import Importer, appendable


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds."""

    sha256: str
    size_bytes: int
    beginnings: dict[int, str]
    """Number of bytes -> SHA-256 of that many first ones."""


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe would wait for a writer, and any file may have become one by now."""
    return os.open(path, flags | os.O_NONBLOCK)


def content_of(path: Path, lengths: Iterable[int] = ()) -> Content:
    """Reads a file once.

    Args:
        path: The file.
        lengths: Numbers of bytes whose digest is wanted too; those beyond its end are left out.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    wanted = sorted({length for length in lengths if length > 0}, reverse=True)
    digest = hashlib.sha256()
    beginnings: dict[int, str] = {}
    size_bytes = 0
    with open(path, "rb", opener=_without_waiting) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        while chunk := stream.read(min(1 << 20, wanted[-1] - size_bytes) if wanted else 1 << 20):
            digest.update(chunk)
            size_bytes += len(chunk)
            if wanted and wanted[-1] == size_bytes:
                beginnings[wanted.pop()] = digest.copy().hexdigest()
    return Content(digest.hexdigest(), size_bytes, beginnings)


class KnownSources:
    """The sources of a store by content and by path."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_content: dict[str, Source] = {}
        self._by_key: dict[str, Source] = {}
        self._by_path: dict[str, dict[str, Source]] = {}
        for source in sources:
            self.add(source)

    def add(self, source: Source) -> None:
        """Takes up a source, or what it is now."""
        before = self._by_key.get(source.key)
        if before is not None and self._by_content.get(before.content) is before:
            del self._by_content[before.content]
        self._by_key[source.key] = source
        self._by_content[source.content] = source
        for path in source.paths:
            self._by_path.setdefault(path, {})[source.key] = source

    def drop(self, key: str) -> None:
        """Forgets a source, if it was known."""
        source = self._by_key.pop(key, None)
        if source is not None:
            if self._by_content.get(source.content) is source:
                del self._by_content[source.content]
            for path in source.paths:
                self._by_path[path].pop(key, None)

    def of_content(self, content: str) -> Source | None:
        """The source that holds ``content``, or that began as it and has grown since."""
        return self._by_content.get(content) or self._by_key.get(content)

    def at(self, path: str, importer: Importer) -> list[Source]:
        """The sources at ``path`` that may have grown, longest first."""
        if appendable(importer) is None:
            return []
        found = [
            source
            for source in self._by_path.get(path, {}).values()
            if (source.importer, source.importer_version) == (importer.name, importer.version)
        ]
        return sorted(found, key=lambda source: (-source.size_bytes, source.key))


def outgrown(content: Content, candidates: Iterable[Source]) -> Source | None:
    """The first of some sources whose content is the beginning of ``content``, and shorter."""
    for source in candidates:
        shorter = source.size_bytes < content.size_bytes
        if shorter and content.beginnings.get(source.size_bytes) == source.content:
            return source
    return None
