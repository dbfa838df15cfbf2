"""What a watch remembers from one run to the next: which files it took, by their stamps.

Nothing is lost with the file: a file that is not remembered is hashed again, and found unchanged. A
file counts as taken only while the store holds a complete source of its content.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from lineage.growth import KnownSources
from lineage.tree import Stamp

_FORMAT = 1
_TICK_NS = 2_000_000_000
"""The coarsest clock of a file system that is in use: FAT's."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was imported, or is of no known format."""

    stamp: Stamp
    content: str
    """`lineage.graph_store.Source.content`; empty where no importer knows the format."""
    importer: str
    parts: tuple[str, ...] = ()
    """Paths of the further files that its records depend on."""


def state_path(store: str, directories: Iterable[Path]) -> Path:
    """Where a watch of these directories into this store keeps what it remembers."""
    words = [store, *sorted(os.path.abspath(directory) for directory in directories)]
    name = hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return user_cache_path("lineage", appauthor=False) / "watch" / f"{name}.json"


def load(path: Path, importers: Mapping[str, str], known: KnownSources) -> dict[str, Taken]:
    """What is remembered and still true; nothing where the file is missing or damaged.

    Args:
        path: Of the state file.
        importers: Name -> version of those installed: a new one may know what was unknown.
        known: The sources of the store.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        same = content["format"] == _FORMAT and content["importers"] == dict(importers)
        taken = {name: _taken(fields) for name, fields in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {
        os.fsdecode(name.encode("utf-8", "surrogateescape")): one
        for name, one in taken.items()
        if (_is_whole(one.content, known) if one.content else same)
    }


def _taken(fields: list[Any]) -> Taken:
    stamp, content, importer, parts = fields
    size_bytes, modified_ns, changed_ns, inode = map(int, stamp)
    names = tuple(map(str, parts))
    return Taken(
        Stamp(size_bytes, modified_ns, changed_ns, inode), str(content), str(importer), names
    )


def _is_whole(content: str, known: KnownSources) -> bool:
    source = known.of_content(content)
    return source is not None and source.complete and not source.skipped


def save(path: Path, importers: Mapping[str, str], taken: Mapping[str, Taken]) -> int:
    """Writes what is to be remembered, all or nothing; a full disk only costs time later.

    Returns:
        How many files are left out: one written within the last tick of a clock could be written
        again and keep its stamp.
    """
    now_ns = time.time_ns()
    files = {
        name: [list(one.stamp), one.content, one.importer, list(one.parts)]
        for name, one in taken.items()
        if max(one.stamp.modified_ns, one.stamp.changed_ns) < now_ns - _TICK_NS
    }
    content = {"format": _FORMAT, "importers": dict(importers), "files": files}
    text = json.dumps(content, separators=(",", ":"))
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.replace(scratch, path)
        except OSError:
            os.unlink(scratch)
    return len(taken) - len(files)
