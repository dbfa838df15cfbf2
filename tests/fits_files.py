"""FITS files for tests: made card by card, and read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from importers.bounded_bytes import forward
from importers.fits import FitsImporter
from importers.fits_headers import Hdu, HeaderReader
from lineage import vocabulary as v
from lineage.interfaces import Problem
from lineage.records import FileEvent


def read(source: Path) -> tuple[FileEvent, list[Problem]]:
    """The state that the importer yields, and its problems."""
    problems: list[Problem] = []
    (event,) = FitsImporter().records(source, problems.append)
    assert isinstance(event, FileEvent)
    return event, problems


def said(source: Path) -> dict[str, list[Any]]:
    """Attribute, without its namespace's beginning -> values."""
    found: dict[str, list[Any]] = {}
    for name, value in read(source)[0].attributes:
        found.setdefault(name.removeprefix(v.LINEAGE), []).append(value)
    return found


def headers(content: bytes) -> tuple[list[Hdu], list[Problem]]:
    """What the reader finds in some bytes."""
    problems: list[Problem] = []
    return list(HeaderReader(forward(io.BytesIO(content)), problems.append)), problems


def cards(*lines: str) -> bytes:
    """A header of these cards, by hand."""
    text = "".join(line.ljust(80) for line in lines).encode("latin-1")
    return text.ljust(-(-len(text) // 2880) * 2880)


MINIMAL = ("SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   = 0")
