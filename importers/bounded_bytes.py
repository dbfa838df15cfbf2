"""A file's bytes from front to back, decompressed where they are gzip, as far as caps allow."""

from __future__ import annotations

import os
import zlib
from typing import BinaryIO, Protocol

GZIP_MAGIC = b"\x1f\x8b\x08"
MOST_BYTES = 256 << 20
"""Decompressed; about two seconds."""
MOST_RATIO = 200
"""Decompressed to compressed bytes. Blank images reach it too; it is asked only after
`FREE_BYTES`."""
FREE_BYTES = 32 << 20
_MOST_MEMBERS = 10_000
"""Blocked gzip has one for each 64 kB."""
_CHUNK_BYTES = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


class Forward(Protocol):
    """What can be read and passed over, and says why it ended."""

    position: int
    """Bytes read or passed over, decompressed."""
    stopped: str
    """Why there is no more although the file goes on, or is damaged; empty at its plain end."""

    def read(self, size: int) -> bytes:
        """The next bytes; fewer at the end."""
        ...

    def skip(self, size: int) -> int:
        """Passes over bytes.

        Returns:
            How many there were.
        """
        ...


class PlainBytes:
    """The bytes of a file as they are; what is passed over is not read."""

    def __init__(self, file: BinaryIO) -> None:
        self.position = 0
        self.stopped = ""
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)

    def read(self, size: int) -> bytes:
        """The next bytes; fewer at the end."""
        data = self._file.read(size)
        self.position += len(data)
        return data

    def skip(self, size: int) -> int:
        """Passes over bytes, by seeking."""
        passed = min(size, self._size - self.position)
        self.position = self._file.seek(self.position + passed)
        return passed


class GzipBytes:
    """The decompressed bytes of a gzip file; never more than a piece of them in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self.position = 0
        self.stopped = ""
        self._file = file
        self._member = zlib.decompressobj(_GZIP)
        self._compressed = b""
        self._consumed = 0
        self._ahead = b""
        self._made = 0
        self._members = 1

    def read(self, size: int) -> bytes:
        """The next bytes; fewer at the end, and where a cap or damage ends it."""
        pieces, wanted = [], size
        while wanted:
            if not self._ahead and not self._more():
                break
            piece, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
            pieces.append(piece)
            wanted -= len(piece)
        self.position += size - wanted
        return b"".join(pieces)

    def skip(self, size: int) -> int:
        """Passes over bytes, which have to be decompressed for it."""
        left = size
        while left:
            if not self._ahead and not self._more():
                break
            passed = min(left, len(self._ahead))
            self._ahead = self._ahead[passed:]
            left -= passed
        self.position += size - left
        return size - left

    def _more(self) -> bool:
        """Decompresses the next piece."""
        while not self.stopped:
            if self._too_much():
                return False
            if self._member.eof and not self._next_member():
                return False
            data = self._member.unconsumed_tail or self._compressed
            self._compressed = b""
            if not data:
                data = self._file.read(_CHUNK_BYTES)
                self._consumed += len(data)
                if not data:
                    self.stopped = "the compressed file is cut off"
                    return False
            try:
                self._ahead = self._member.decompress(data, _CHUNK_BYTES)
            except zlib.error as error:
                self.stopped = f"the compressed file is damaged ({error})"
                return False
            self._made += len(self._ahead)
            if self._ahead:
                return True
        return False

    def _next_member(self) -> bool:
        """A gzip file may consist of several; whatever else follows is padding."""
        rest = self._member.unused_data or self._file.read(_CHUNK_BYTES)
        if not rest.startswith(GZIP_MAGIC[:2]):
            return False
        self._members += 1
        if self._members > _MOST_MEMBERS:
            self.stopped = f"it consists of more than {_MOST_MEMBERS:,} compressed pieces"
            return False
        self._member = zlib.decompressobj(_GZIP)
        self._compressed = rest
        return True

    def _too_much(self) -> bool:
        if self._made >= MOST_BYTES:
            self.stopped = f"only {MOST_BYTES >> 20} MiB are decompressed"
        elif self._made > max(FREE_BYTES, MOST_RATIO * self._consumed):
            self.stopped = f"it is compressed to less than 1/{MOST_RATIO}, as a bomb is"
        return bool(self.stopped)


def forward(file: BinaryIO) -> Forward:
    """The bytes of a file, decompressed if they are gzip."""
    magic = file.read(len(GZIP_MAGIC))
    file.seek(0)
    return GzipBytes(file) if magic == GZIP_MAGIC else PlainBytes(file)


def beginning(head: bytes, size: int) -> bytes:
    """The first bytes of what a file holds, decompressed if it is gzip.

    Args:
        head: The file's first bytes.
        size: Most bytes wanted.
    """
    if not head.startswith(GZIP_MAGIC):
        return head[:size]
    try:
        return zlib.decompressobj(_GZIP).decompress(head, size)
    except zlib.error:
        return b""
