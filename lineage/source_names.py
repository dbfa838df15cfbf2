"""Which source of a store a person means: by its path, or by the digest of its content."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lineage.errors import LineageError
from lineage.graph_store import GraphStore, Source
from lineage.tree import path_text

_DIGEST = re.compile(r"[0-9a-f]{6,64}")
_SHOWN = 8


def sources_named(store: GraphStore, reference: str) -> list[Source]:
    """The sources that a reference names: those seen at or below a path, or of a SHA-256.

    Args:
        store: Where they are.
        reference: A path, relative to the working directory or whole; or the SHA-256 of what a
            source held when it was first or last imported, or at least 6 digits of its beginning.

    Returns:
        By key; empty where there is none.
    """
    sources = store.sources()
    wanted = {path_text(Path(reference)), path_text(Path(os.path.abspath(reference)))}
    found = [one for one in sources if wanted & {*one.paths}]
    if not found:
        below = tuple(path.rstrip("/") + "/" for path in wanted)
        found = [one for one in sources if any(path.startswith(below) for path in one.paths)]
    if not found and _DIGEST.fullmatch(reference.lower()):
        start = reference.lower()
        found = [
            one for one in sources if one.key.startswith(start) or one.content.startswith(start)
        ]
    return found


def source_named(store: GraphStore, reference: str) -> Source:
    """The one source that a reference names.

    Raises:
        LineageError: there is none, or there are several.
    """
    found = sources_named(store, reference)
    if len(found) == 1:
        return found[0]
    raise LineageError(several(reference, found) if found else unknown(reference))


def unknown(reference: str) -> str:
    """Says that a reference names no source."""
    return (
        f"{reference}: no source of the store has this path or SHA-256. "
        "`lineage sources` lists them."
    )


def several(reference: str, found: list[Source]) -> str:
    """Says that a reference names several sources, and which."""
    listed = "; ".join(f"{one.content[:12]} {first_path(one)}" for one in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{reference}: {len(found)} sources are meant ({listed}{more}). Give the SHA-256 of one."


def first_path(source: Source) -> str:
    """Where a source was seen, for people."""
    return source.paths[0] if source.paths else source.importer
