"""A file's bytes from front to back, decompressed where they have to be, as far as caps allow."""

from __future__ import annotations

import os
from typing import BinaryIO, Protocol

from importers.compressions import (
    DAMAGED,
    LONGEST_MAGIC_BYTES,
    Compression,
    Member,
    compression_of,
)

MOST_RATIO = 200
"""Decompressed to compressed bytes. Blank images reach it too; it is asked only after
`FREE_BYTES`."""
FREE_BYTES = 32 << 20
_MOST_MEMBERS = 10_000
"""Blocked gzip has one for each 64 kB."""
_CHUNK_BYTES = 1 << 16


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


class CompressedBytes:
    """The decompressed bytes of a file; never more than a piece of them in memory."""

    def __init__(self, file: BinaryIO, compression: Compression) -> None:
        self.compression = compression
        self.position = 0
        self.stopped = ""
        self._file = file
        self._member: Member = compression.member()
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
            data, self._compressed = self._compressed, b""
            if not data and self._member.needs_input:
                data = self._file.read(_CHUNK_BYTES)
                self._consumed += len(data)
                if not data:
                    self.stopped = "the compressed file is cut off"
                    return False
            try:
                self._ahead = self._member.decompress(data, _CHUNK_BYTES)
            except DAMAGED as error:
                self.stopped = f"the compressed file is damaged ({error})"
                return False
            self._made += len(self._ahead)
            if self._ahead:
                return True
        return False

    def _next_member(self) -> bool:
        """A file may consist of several; whatever else follows is padding."""
        rest = self._member.unused_data
        if len(rest) < LONGEST_MAGIC_BYTES:
            more = self._file.read(_CHUNK_BYTES)
            self._consumed += len(more)
            rest += more
        if not rest.startswith(self.compression.magic):
            return False
        self._members += 1
        if self._members > _MOST_MEMBERS:
            self.stopped = f"it consists of more than {_MOST_MEMBERS:,} compressed pieces"
            return False
        self._member = self.compression.member()
        self._compressed = rest
        return True

    def _too_much(self) -> bool:
        most_bytes = self.compression.most_bytes
        if self._made >= most_bytes:
            self.stopped = f"only {most_bytes >> 20} MiB are decompressed"
        elif self._made > max(FREE_BYTES, MOST_RATIO * self._consumed):
            self.stopped = f"it is compressed to less than 1/{MOST_RATIO}, as a bomb is"
        return bool(self.stopped)


def forward(file: BinaryIO) -> Forward:
    """The bytes of a file, decompressed if they are compressed."""
    compression = compression_of(file.read(LONGEST_MAGIC_BYTES))
    file.seek(0)
    return PlainBytes(file) if compression is None else CompressedBytes(file, compression)


def beginning(head: bytes, size: int) -> bytes:
    """The first bytes of what a file holds, decompressed if it is compressed.

    bzip2 gives none before the end of its first block, which may lie behind ``head``.

    Args:
        head: The file's first bytes.
        size: Most bytes wanted.
    """
    compression = compression_of(head)
    if compression is None:
        return head[:size]
    try:
        return compression.member().decompress(head, size)
    except DAMAGED:
        return b""
