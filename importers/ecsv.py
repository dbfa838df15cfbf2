"""ECSV tables, by the YAML header in front of the data; the data are never read.

https://github.com/astropy/astropy-APEs/blob/main/APE6.rst

Enhanced character-separated values 0.9 and 1.0, as astropy writes them. The source is one file, and
one state of it is what it says:

* The table's metadata become attributes of the file under their own names (``fits:ORIGIN``: astropy
  takes the same names from FITS headers and to them); lists and mappings among them as JSON.
* ``CTA ...`` is CTA's reference metadata: the product id makes the file the product that provenance
  logs speak of.
* ``fits:columns`` names the columns and their units.
* OBS_ID is the run, TELESCOP the telescope; else CTA's metadata tell them.

Header lines begin with ``#``. They are read as plain YAML; see `importers.yaml_values`.

Lost: datatypes, formats, descriptions and metadata of columns; how columns are put together into
times, coordinates and the like; tags of YAML; what is reported as a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from importers.bounded_bytes import Forward, beginning, forward
from importers.fits_attributes import MOST_CHARACTERS, columns, name_of, observation_keys, plain
from importers.header_state import PREFIX, header_state
from importers.yaml_values import read_yaml, text_of
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.interfaces import Confidence, OnProblem, Problem, note
from lineage.records import Statement, Value, attributes

MOST_HEADER_BYTES = 1 << 20
MOST_ATTRIBUTES = 1_000
_FIRST_LINE = re.compile(rb"# %ECSV (\d+\.\d+)[ \t]*\r?\n?")
_PIECE_BYTES = 1 << 14
_STRUCTURE = "__serialized_columns__"
"""How astropy puts columns together; no statement about the file."""


class EcsvImporter:
    """Reads the header of an ECSV table."""

    name = "ecsv"
    description = "ECSV tables' metadata, with CTA reference metadata"
    url = "https://github.com/astropy/astropy-APEs/blob/main/APE6.rst"
    version = "1"
    describes_files = True

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By its first line, also inside gzip."""
        if _FIRST_LINE.match(beginning(head, 80)):
            return Confidence.CERTAIN
        named = source.name.lower().endswith((".ecsv", ".ecsv.gz", ".ecsv.txt"))
        return Confidence.SUFFIX if named else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """The state of the file, as its header tells it.

        Raises:
            SourceError: it has no ECSV header, or one that says nothing.
        """
        with source.open("rb") as file:
            lines, why = _header_lines(forward(file))
        version = _FIRST_LINE.match(lines[0]) if lines else None
        if version is None:
            raise SourceError(source, "1", "holds no ECSV header: the first line says nothing so.")
        text, line = text_of(b"".join(line[2:] or b"\n" for line in lines[1:]))
        document = read_yaml(text)
        if line:
            told = "what is no UTF-8 is replaced by a sign of its own."
            on_problem(Problem(str(line + 1), told, 0))
        if why:
            on_problem(Problem(str(len(lines)), f"the header has no end: {why}.", 0))
        if document.problem:
            said = f"the header cannot be read further ({document.problem:.200})"
            on_problem(Problem(str(document.line + 1), f"{said}. What is whole is kept."))
        for line, key in document.repeated:
            on_problem(Problem(str(line + 1), f"{key[:80]!r} is there twice; the last counts.", 0))
        for tag, line in document.python.items():
            said = f"!!{tag:.100} is not followed; what it stands at is kept as it is written."
            on_problem(note(str(line + 1), said))
        if not isinstance(document.value, dict):
            raise SourceError(source, "2", "its header holds no YAML mapping.")
        yield from _state(source, version[1].decode(), document.value, on_problem)


def _header_lines(stream: Forward) -> tuple[list[bytes], str]:
    """The lines that begin with ``#``, and why they may not be all."""
    text = b""
    while True:
        piece = stream.read(_PIECE_BYTES)
        text += piece
        lines = text.splitlines(keepends=True)
        for number, line in enumerate(lines):
            if not line.startswith(b"#"):
                return lines[:number], ""
        if not piece:
            return lines, stream.stopped or "no line with the names of the columns follows"
        if len(text) > MOST_HEADER_BYTES:
            return lines[:-1], f"it is longer than {MOST_HEADER_BYTES >> 20} MiB"


def _state(
    source: Path, version: str, header: dict[str, Any], on_problem: OnProblem
) -> Iterator[Statement]:
    """One state of the file."""
    metadata = header.get("meta")
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    metadata.pop(_STRUCTURE, None)
    listed = header.get("datatype")
    if not isinstance(listed, list):
        on_problem(Problem("2", "the header names no columns. It may be cut off.", 0))
        listed = []
    reference = {key: value for key, value in metadata.items() if key.startswith(PREFIX)}
    facts: list[tuple[str, Value]] = [
        (v.FITS + "format", f"ECSV {version}"),
        (v.FITS + "columns", columns(_columns(listed))),
    ]
    for key, value in metadata.items():
        said = plain(value)
        if key in reference or said is None:
            continue
        if len(facts) == MOST_ATTRIBUTES:
            message = f"more than {MOST_ATTRIBUTES:,} metadata; the rest is left out."
            on_problem(Problem("2", message, 0))
            break
        if isinstance(said, str) and len(said) == MOST_CHARACTERS:
            on_problem(Problem("2", f"{key[:80]!r} is cut after {MOST_CHARACTERS:,} signs.", 0))
        facts.append((name_of(key), said))
    facts += observation_keys(metadata.items())
    yield header_state(source, reference, attributes(facts))


def _columns(listed: list[Any]) -> Iterator[tuple[str, str]]:
    """Name and unit of each column."""
    for column in listed:
        if isinstance(column, dict) and "name" in column:
            yield str(column["name"]), str(column.get("unit") or "")
