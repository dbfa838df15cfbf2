"""Importers by name, through the entry points of installed packages.

The registry *is* the packaging metadata (group ``lineage.importers``): ours and a stranger's come
through the same door. A plugin that cannot be loaded is reported and breaks nothing else.
"""

from __future__ import annotations

import difflib
import errno
import logging
import stat
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType

from lineage.errors import LineageError
from lineage.interfaces import HEAD_BYTES, Confidence, Importer

GROUP = "lineage.importers"
"""The entry-point group."""

_log = logging.getLogger(__name__)


@cache
def importers() -> Mapping[str, Importer]:
    """Every importer that can be loaded, by name."""
    found: dict[str, Importer] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            importer = point.load()()
            whole = isinstance(importer, Importer) and all(map(_is_said, _texts(importer)))
        # a stranger's module may raise anything while it is imported, and even end the program
        except (Exception, SystemExit) as error:  # noqa: BLE001
            _log.warning("importer %r (%s) cannot be loaded: %s", point.name, point.value, error)
            continue
        if not whole:
            _log.warning("importer %r (%s) lacks a part of Importer", point.name, point.value)
        elif importer.name in found:
            _log.warning(
                "importer %r (%s) has the name of another: %s is left out",
                *(point.name, importer.name, point.value),
            )
        else:
            found[importer.name] = importer
    return MappingProxyType(found)


def _texts(importer: Importer) -> tuple[object, ...]:
    return importer.name, importer.description, importer.url, importer.version


def _is_said(value: object) -> bool:
    return isinstance(value, str) and value != ""


def importer(name: str) -> Importer:
    """The importer of this name.

    Raises:
        LineageError: there is none; near names are suggested.
    """
    known = importers()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise LineageError(f"no importer named {name!r}; there are: {', '.join(known)}.{hint}")
    return known[name]


def recognise(source: Path) -> Importer | None:
    """The importer that is surest of ``source``; the first by name among equals.

    Raises:
        OSError: the file cannot be read.
    """
    mode = source.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        # opening a pipe would wait for a writer
        raise OSError(errno.EINVAL, "it is no regular file", str(source))
    with source.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    sure = [(_confidence(importer, source, head), importer) for importer in importers().values()]
    best = max((confidence for confidence, _ in sure), default=Confidence.NO)
    if best is Confidence.NO:
        return None
    return next(importer for confidence, importer in sure if confidence is best)


def _confidence(importer: Importer, source: Path, head: bytes) -> Confidence:
    try:
        return Confidence(importer.recognises(source, head))
    # one importer that stumbles over a file keeps no other from reading it
    except (Exception, SystemExit) as error:  # noqa: BLE001
        _log.warning("importer %r cannot tell what %s is: %s", importer.name, source, error)
        return Confidence.NO
