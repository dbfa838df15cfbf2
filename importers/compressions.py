"""gzip, bzip2 and xz, decompressed in pieces of a size that the caller says."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

_XZ_MEMORY_BYTES = 128 << 20
"""``xz -9`` needs 65 MiB; a file can ask for gigabytes."""


class Member(Protocol):
    """One compressed piece; a file may consist of several."""

    @property
    def eof(self) -> bool:
        """It was read to its end."""
        ...

    @property
    def needs_input(self) -> bool:
        """Without further bytes there is nothing more to come."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was given beyond its end."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most so many bytes.

        Raises:
            OSError, EOFError, zlib.error or lzma.LZMAError: it is damaged.
        """
        ...


class _Gzip:
    """zlib, which hands back what it was given too much."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._member.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._member.decompress(self._member.unconsumed_tail + data, max_length)


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)


class Compression(NamedTuple):
    """A way in which files are compressed."""

    name: str
    magic: bytes
    member: Callable[[], Member]
    most_bytes: int
    """Decompressed, of one file: what takes some two seconds."""


GZIP = Compression("gzip", b"\x1f\x8b\x08", _Gzip, 256 << 20)
BZIP2 = Compression("bzip2", b"BZh", bz2.BZ2Decompressor, 64 << 20)
XZ = Compression("xz", b"\xfd7zXZ\x00", _xz, 128 << 20)
COMPRESSIONS = (GZIP, BZIP2, XZ)
LONGEST_MAGIC_BYTES = max(len(one.magic) for one in COMPRESSIONS)
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What the libraries raise."""


def compression_of(head: bytes) -> Compression | None:
    """How a file is compressed, by its first bytes."""
    return next((one for one in COMPRESSIONS if head.startswith(one.magic)), None)
