"""FITS files of any kind, by the headers of all their HDUs; data are never read.

https://fits.gsfc.nasa.gov/fits_standard.html

FITS standard 4.0, read card by card with astropy: ``.fits``, ``.fits.fz`` (compressed inside),
``.fits.gz``, ``.fits.bz2`` and ``.fits.xz``. The source is one file, and one state of it is what it
says:

* Keywords become attributes of the file under their own names (``fits:ORIGIN``, ``fits:CREATOR``,
  ``fits:DATE-OBS``): those of all HDUs together, with several values where HDUs differ.
  ``fits:hdus`` says which HDU has which.
* ``HIERARCH CTA ...`` is CTA's reference metadata: the product id makes the file the product that
  provenance logs speak of. Those of the first HDU with a product id count.
* HISTORY and COMMENT are kept as texts, CHECKSUM and DATASUM as one list each, so that files with
  the same data are found.
* OBS_ID is the run and TELESCOP the telescope, where all HDUs agree; else CTA's metadata tell them
  (the process of a merge does not: it is that of the first input). DATE-OBS is no night: what
  night its UTC belongs to depends on where the telescope stands. DATE is no time at which the file
  was written: copies keep it.

Data are passed over by seeking. In a compressed file they have to be decompressed for that, which
goes as far as a cap, and it is told where it stopped.

Lost: the layout of arrays and tables (NAXISn, TFORMn, ...) but for sizes, columns and their units;
coordinates of pixels (CRVALn, CDi_j, ...); comments beside values; keywords without value; the
standard's own COMMENT about itself; letters beyond ASCII, which become ``?``; what is reported as a
problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from importers.bounded_bytes import CompressedBytes, beginning, forward
from importers.ctapipe_configuration import compact
from importers.ctapipe_reference import product_id
from importers.fits_attributes import MOST_CHARACTERS, columns, name_of, observation_keys, plain
from importers.fits_headers import CARD_BYTES, Hdu, HeaderReader
from importers.header_state import PREFIX, header_state
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.interfaces import Confidence, OnProblem, Problem
from lineage.records import Statement, Value, attributes

MOST_ATTRIBUTES = 1_000
_FIRST_CARD = re.compile(rb"SIMPLE  = {20}[TF] ")
_SECOND_CARD = b"BITPIX  ="
_ENDINGS = (".fits", ".fits.gz", ".fits.fz", ".fits.bz2", ".fits.xz")
_LAYOUT = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|TFIELDS|BLOCKED|THEAP"
    r"|BSCALE|BZERO|BLANK|EXTNAME|CHECKSUM|DATASUM"
    r"|T(TYPE|FORM|UNIT|DISP|SCAL|ZERO|NULL|DIM|BCOL|LMIN|LMAX|DMIN|DMAX|CTYP|CRPX|CRVL|CDLT|CUNI)\d+"
    r"|Z(IMAGE|TABLE|SIMPLE|EXTEND|TENSION|BITPIX|NAXIS\d*|TILE\d+|TILELEN|NAME\d+|VAL\d+|CMPTYPE"
    r"|FORM\d+|CTYP\d+|QUANTIZ|DITHER\d*|SCALE|ZERO|BLANK|PCOUNT|GCOUNT|THEAP|BLOCKED)"
)
"""What says how bytes are laid out, and what ``fits:hdus`` and the checksums say already."""
_PIXELS = re.compile(
    r"(CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA|CRDER|CSYER|CNAME)\d+[A-Z]?|WCSAXES[A-Z]?"
    r"|(CD|PC|PV|PS)\d+_\d+[A-Z]?|(A|B|AP|BP)_(ORDER|DMAX|\d+_\d+)|(CP|CQ)DIS\d+|D[PQ]\d+\..*"
)
"""Coordinates of pixels."""
_BOILERPLATE = re.compile(
    r"\s*(FITS \(Flexible Image Transport System\) format is |and Astrophysics')"
)
"""Two lines that the standard once asked for."""


class FitsImporter:
    """Reads the headers of a FITS file, one HDU in memory at a time."""

    name = "fits"
    description = "FITS headers, with CTA reference metadata"
    url = "https://fits.gsfc.nasa.gov/fits_standard.html"
    version = "1"
    describes_files = True

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By the first two cards, decompressed too; by its name where they are not seen."""
        begins = beginning(head, 2 * CARD_BYTES)
        if _FIRST_CARD.match(begins) and begins.startswith(_SECOND_CARD, CARD_BYTES):
            return Confidence.CERTAIN
        if begins.startswith(b"SIMPLE  ="):
            return Confidence.SHAPE
        named = source.name.lower().endswith(_ENDINGS)
        return Confidence.SUFFIX if named else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """The state of the file, as its headers tell it.

        Raises:
            SourceError: it holds no FITS header.
        """
        with source.open("rb") as file:
            stream = forward(file)
            said = f", {stream.compression.name}" if isinstance(stream, CompressedBytes) else ""
            described = _File("FITS" + said, on_problem)
            for hdu in HeaderReader(stream, on_problem):
                described.add(hdu)
            if not described.hdus:
                why = stream.stopped or "it does not begin with the card SIMPLE"
                raise SourceError(source, "byte 0", f"holds no FITS header: {why}.")
        yield header_state(source, described.metadata, attributes(described.facts()))


class _File:
    """What the headers of a file say together."""

    def __init__(self, format_name: str, on_problem: OnProblem) -> None:
        self.hdus: list[dict[str, Any]] = []
        self._format = format_name
        self._on_problem = on_problem
        self._values: dict[tuple[str, str, Any], tuple[str, Value]] = {}
        self._keys: list[tuple[str, Any]] = []
        self._columns: list[str] = []
        self._metadata: list[tuple[int, dict[str, Any]]] = []

    def add(self, hdu: Hdu) -> None:
        """Takes what one header says; the last may be damaged."""
        own: dict[str, Any] = {}
        metadata = {key: value for key, value in hdu.values if key.startswith(PREFIX)}
        if metadata:
            self._metadata.append((hdu.number, metadata))
        for keyword, value in hdu.values:
            if keyword not in metadata and not _LAYOUT.fullmatch(keyword):
                self._keys.append((keyword, value))
                if not _PIXELS.fullmatch(keyword):
                    own[keyword] = self._take(hdu, keyword, value)
        for keyword, lines in hdu.commentary.items():
            text = "\n".join(line for line in lines if not _BOILERPLATE.match(line)).strip("\n")
            if text:
                self._take(hdu, keyword, text)
        self.hdus.append(_summary(hdu) | {"keywords": own})
        if _is_table(hdu):
            name = hdu.get("EXTNAME")
            self._columns.append((f"{name}: " if name else "") + columns(_columns(hdu)))

    @property
    def metadata(self) -> dict[str, Any]:
        """CTA's, of the first HDU that names a product; else of the first that has any."""
        return next(iter(self._by_rank()), (0, {}))[1]

    def _by_rank(self) -> list[tuple[int, dict[str, Any]]]:
        return sorted(self._metadata, key=lambda one: product_id(one[1]) is None)

    def facts(self) -> Iterator[tuple[str, Value]]:
        """All of it but that as attributes of the file."""
        yield v.FILE + "media_type", "application/fits"
        yield v.FITS + "format", self._format
        yield from self._values.values()
        yield from observation_keys(self._keys)
        for listed in self._columns:
            yield v.FITS + "columns", listed
        for keyword in ("CHECKSUM", "DATASUM"):
            sums = [str(hdu.get(keyword, "-")) for hdu in self.hdus]
            if set(sums) != {"-"}:
                yield v.FITS + keyword, " ".join(sums)
        for number, metadata in self._by_rank()[1:]:
            own = {key: plain(value) for key, value in metadata.items()}
            self.hdus[number]["keywords"] |= own
        telling = sum(bool(hdu["keywords"]) for hdu in self.hdus)
        for hdu in self.hdus:
            if telling < 2 or not hdu["keywords"]:
                del hdu["keywords"]
        yield v.FITS + "hdus", compact(self.hdus)

    def _take(self, hdu: Hdu, keyword: str, value: Any) -> Value | None:
        """Adds one value, unless there are too many."""
        said = plain(value)
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            self._tell(hdu, f"{keyword} is cut after {MOST_CHARACTERS:,} of {len(value):,} signs.")
        mark = (keyword, type(said).__name__, said)
        if said is None or mark in self._values:
            return said
        if len(self._values) == MOST_ATTRIBUTES:
            self._tell(hdu, f"more than {MOST_ATTRIBUTES:,} keywords; the rest is left out.")
        if len(self._values) <= MOST_ATTRIBUTES:
            self._values[mark] = (name_of(keyword), said)
        return said

    def _tell(self, hdu: Hdu, message: str) -> None:
        self._on_problem(Problem(f"byte {hdu.begins}", f"HDU {hdu.number}: {message}", 0))


def _summary(hdu: Hdu) -> dict[str, Any]:
    """Name, kind, size and checksums of an HDU."""
    kind = hdu.get("XTENSION") or "PRIMARY"
    said: dict[str, Any] = {"kind": str(kind).strip()}
    if hdu.get("EXTNAME") is not None:
        said["name"] = str(hdu.get("EXTNAME"))
    if _is_table(hdu):
        said["rows"] = hdu.integer("NAXIS2")
        said["columns"] = len(list(_columns(hdu)))
    else:
        axes = range(1, min(hdu.integer("NAXIS") or 0, 9) + 1)
        if axes:
            said["shape"] = [hdu.integer(f"NAXIS{axis}") for axis in axes]
    for keyword in ("CHECKSUM", "DATASUM"):
        if hdu.get(keyword) is not None:
            said[keyword] = plain(hdu.get(keyword))
    return said


def _is_table(hdu: Hdu) -> bool:
    kind = str(hdu.get("XTENSION") or "").strip()
    # a compressed image is a table in which pixels are hidden
    return kind in ("BINTABLE", "TABLE", "A3DTABLE") and hdu.get("ZIMAGE") is not True


def _columns(hdu: Hdu) -> Iterator[tuple[str, str]]:
    """Name and unit of each column."""
    for number in range(1, min(hdu.integer("TFIELDS") or 0, 999) + 1):
        name, unit = hdu.get(f"TTYPE{number}"), hdu.get(f"TUNIT{number}")
        yield str(f"column {number}" if name is None else name), str(unit or "")
