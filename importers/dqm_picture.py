"""What pictures say of themselves: their kind, the library that drew them, what a page shows."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from lineage.interfaces import OnProblem, Problem

_PNG = b"\x89PNG\r\n\x1a\n"
_KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".eps": ("application/postscript", (b"%!PS",)),
    ".html": ("text/html", (b"<html", b"<!doctype html")),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".pdf": ("application/pdf", (b"%pdf-",)),
    ".png": ("image/png", (_PNG,)),
    ".ps": ("application/postscript", (b"%!ps",)),
    ".svg": ("image/svg+xml", (b"<?xml", b"<svg")),
    ".tif": ("image/tiff", (b"ii*\0", b"mm\0*")),
    ".tiff": ("image/tiff", (b"ii*\0", b"mm\0*")),
    ".webp": ("image/webp", (b"riff",)),
}
"""Suffix -> media type, and how such a file begins, in small letters: what savefig writes."""
_MOST_CHUNKS = 20_000
_LONGEST_TEXT = 4096
_SOFTWARE = re.compile(r"([A-Za-z][\w. \-]*?)(?: version ?|/)v?(\d[\w.+\-]*)")
"""Matplotlib writes ``Matplotlib version3.7.5, https://matplotlib.org/``."""
_HEADING = re.compile(rb"<h2>\s*([^<>]{1,200}?)\s*</h2>")
_CHUNK_BYTES = 1 << 20
_OVERLAP = 512
"""More bytes than a heading has."""
_MOST_HEADINGS = 1000


def media_type(suffix: str, head: bytes) -> str | None:
    """The kind of picture that a file is by its suffix, if it begins as such files do."""
    media, beginnings = _KINDS.get(suffix.lower(), ("", ()))
    start = head[:256].lstrip().lower()
    return media if any(start.startswith(one.lower()) for one in beginnings) else None


def png_software(file: BinaryIO, on_problem: OnProblem) -> tuple[str, str] | None:
    """Name and version of the library that a PNG names; a file without end is reported.

    Source: PNG specification (W3C, third edition), 5.3 and 11.3.3 (tEXt, keyword Software).
    """
    file.seek(len(_PNG))
    found = None
    for _ in range(_MOST_CHUNKS):
        at = file.tell()
        header = file.read(8)
        if len(header) < 8:
            break
        length, kind = struct.unpack(">I4s", header)
        data = file.read(min(length, _LONGEST_TEXT)) if kind == b"tEXt" else b""
        if data.startswith(b"Software\0"):
            said = _SOFTWARE.match(data.partition(b"\0")[2].decode("latin-1"))
            found = (said[1].lower(), said[2]) if said else None
        file.seek(at + 8 + length)
        if len(file.read(4)) < 4:
            break
        if kind == b"IEND":
            return found
    message = "the image has no end. It was being written, or is cut off."
    on_problem(Problem(f"byte {file.seek(0, 2)}", message, 0))
    return found


def headings(file: BinaryIO) -> Iterator[str]:
    """The second-level headings of a page: each plot has one."""
    file.seek(0)
    text, seen = b"", 0
    while chunk := file.read(_CHUNK_BYTES):
        text += chunk
        at = 0
        for match in _HEADING.finditer(text):
            at = match.end()
            seen += 1
            if seen > _MOST_HEADINGS:
                return
            yield match[1].decode("utf-8", "replace")
        text = text[max(at, len(text) - _OVERLAP) :]
