"""The headers of a FITS file, one HDU after the other, past the data and past what is damaged."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any

from importers.bounded_bytes import Forward
from lineage.interfaces import Problem

BLOCK_BYTES = 2880
CARD_BYTES = 80
MOST_HDUS = 1_000
MOST_CARDS = 20_000
"""Of one header; a table of 999 columns has about 10,000."""
MOST_CARDS_IN_ALL = 60_000
_MOST_TOLD = 50
_COMMENTARY = ("HISTORY", "COMMENT")
_BITPIX = frozenset({8, 16, 32, 64, -32, -64})
_BEYOND_ANY_FILE = 2**63


@dataclass(slots=True)
class Hdu:
    """What one header says."""

    number: int
    """0 for the primary one."""
    begins: int
    """Byte of the decompressed file."""
    values: list[tuple[str, Any]] = field(default_factory=list)
    """Keyword -> value as astropy reads it, in order; keywords without value are left out."""
    commentary: dict[str, list[str]] = field(default_factory=dict)
    """HISTORY and COMMENT -> lines."""
    _first: dict[str, Any] = field(default_factory=dict)

    def add(self, keyword: str, value: Any) -> None:
        """Takes the value of one more card."""
        self.values.append((keyword, value))
        self._first.setdefault(keyword, value)

    def get(self, keyword: str) -> Any:
        """The first value of a keyword, or ``None``."""
        return self._first.get(keyword)

    def integer(self, keyword: str) -> int | None:
        """The first value of a keyword, if it is a number that counts something."""
        value = self.get(keyword)
        return value if type(value) is int and value >= 0 else None


class HeaderReader:
    """Reads the headers of a file; says what is damaged, missing or too much."""

    def __init__(self, stream: Forward, on_problem: Callable[[Problem], None]) -> None:
        self._stream = stream
        self._on_problem = on_problem
        self._told = 0
        self._cards = 0

    def __iter__(self) -> Iterator[Hdu]:
        """Every header whose beginning can be found."""
        for number in range(MOST_HDUS + 1):
            begins = self._stream.position
            if number == MOST_HDUS:
                if self._stream.read(1):
                    self._end(begins, f"there are more than {MOST_HDUS:,} HDUs")
                return
            block = self._stream.read(BLOCK_BYTES)
            if not self._begins(number, block):
                return
            header, whole = self._header(number, begins, block)
            hdu = Hdu(number, begins)
            self._parse(hdu, header)
            yield hdu
            if not whole or not self._pass_data(hdu):
                return

    def _begins(self, number: int, block: bytes) -> bool:
        """A header begins here."""
        if number == 0:
            return block.startswith(b"SIMPLE  =")
        if block.startswith(b"XTENSION"):
            return True
        at = self._stream.position - len(block)
        if self._stream.stopped:
            self._end(at, self._stream.stopped)
        # tapes and some writers fill the file up
        elif block.strip(b"\0 "):
            seen = f"value seen: {block[:20]!r}"
            self._end(at, f"after HDU {number - 1} no other begins ({seen})")
        return False

    def _header(self, number: int, begins: int, block: bytes) -> tuple[bytes, bool]:
        """The cards before END, and whether END is there."""
        blocks = [block]
        most = min(MOST_CARDS, MOST_CARDS_IN_ALL - self._cards) * CARD_BYTES
        while True:
            size = sum(map(len, blocks))
            end = _end_card(blocks[-1])
            if end is not None:
                header = b"".join(blocks)[: size - len(blocks[-1]) + end]
                self._cards += len(header) // CARD_BYTES
                return header, True
            if size >= most:
                cards = f"{size // CARD_BYTES:,} cards"
                self._end(begins + size, f"the header of HDU {number} has no end in {cards}")
                return b"".join(blocks), False
            block = self._stream.read(BLOCK_BYTES)
            if not block or len(blocks[-1]) < BLOCK_BYTES:
                why = self._stream.stopped or "the file is cut off"
                self._end(begins + size, f"the header of HDU {number} has no end: {why}")
                header = b"".join(blocks)
                return header[: size - size % CARD_BYTES], False
            blocks.append(block)

    def _parse(self, hdu: Hdu, header: bytes) -> None:
        """Reads the cards, each with those that continue it."""
        from astropy.io.fits import Card, VerifyError

        at = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while at < len(header):
                begins, at = at, at + CARD_BYTES
                while header.startswith(b"CONTINUE", at):
                    at += CARD_BYTES
                image = header[begins:at].decode("ascii", "replace").replace("\ufffd", "?")
                if image[:8].rstrip() in _COMMENTARY:
                    self._comment(hdu, image)
                    continue
                try:
                    card = Card.fromstring(image)
                    keyword, value = str(card.keyword), card.value
                # what astropy makes of a card that is none
                except (VerifyError, ValueError, LookupError, TypeError, AttributeError) as error:
                    said = f"the card in HDU {hdu.number} cannot be read ({error!s:.100}; value "
                    self._tell(hdu.begins + begins, f"{said}seen: {image[:80].rstrip()!r}).", 1)
                    continue
                if keyword.strip() and isinstance(value, str | int | float | complex):
                    hdu.add(keyword.strip(), value)

    @staticmethod
    def _comment(hdu: Hdu, image: str) -> None:
        for start in range(0, len(image), CARD_BYTES):
            line = image[start + 8 : start + CARD_BYTES].rstrip()
            hdu.commentary.setdefault(image[:8].rstrip(), []).append(line)

    def _pass_data(self, hdu: Hdu) -> bool:
        """Goes to where the next header would begin; False where that cannot be told."""
        size = data_bytes(hdu)
        if size is None:
            self._end(hdu.begins, f"HDU {hdu.number} does not tell the size of its data")
            return False
        padded = -(-size // BLOCK_BYTES) * BLOCK_BYTES
        begins = self._stream.position
        passed = self._stream.skip(padded)
        if self._stream.stopped:
            self._end(begins + passed, f"in the data of HDU {hdu.number}: {self._stream.stopped}")
        elif passed < size:
            # 999 axes give a number that Python refuses to print
            claimed = size if size < _BEYOND_ANY_FILE else "more than 2^63"
            there = f"{passed} of {claimed} bytes are there"
            self._tell(begins + passed, f"the data of HDU {hdu.number} are cut off: {there}.", 0)
        return passed == padded

    def _end(self, at: int, what: str) -> None:
        self._tell(at, f"{what}. What follows is not read.", 0)

    def _tell(self, at: int, message: str, lost: int) -> None:
        self._told += 1
        if self._told == _MOST_TOLD:
            message = f"{message} More like this is not told."
        if self._told <= _MOST_TOLD:
            self._on_problem(Problem(f"byte {at}", message, lost))


def data_bytes(hdu: Hdu) -> int | None:
    """How long the data of an HDU are, without padding.

    Source: FITS standard 4.0, 4.4.1, equations 1, 2 and 4.
    """
    bits, dimensions = hdu.get("BITPIX"), hdu.integer("NAXIS")
    if type(bits) is not int or bits not in _BITPIX or dimensions is None or dimensions > 999:
        return None
    if dimensions == 0:
        return 0
    lengths = [hdu.integer(f"NAXIS{number + 1}") for number in range(dimensions)]
    sizes = [length for length in lengths if length is not None]
    if len(sizes) < dimensions:
        return None
    if hdu.get("GROUPS") is True and sizes[0] == 0:
        del sizes[0]
    groups, heap = hdu.integer("GCOUNT"), hdu.integer("PCOUNT")
    return abs(bits) // 8 * (1 if groups is None else groups) * ((heap or 0) + prod(sizes))


def _end_card(block: bytes) -> int | None:
    """Where in a block the END card begins."""
    for match in re.finditer(rb"END {5}", block):
        if match.start() % CARD_BYTES == 0:
            return match.start()
    return None
