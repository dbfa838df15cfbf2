"""Arrays out of a kastore container, one slice at a time, whatever the file claims of itself.

Layout: a header of 64 bytes, a descriptor of 64 bytes for each array, the keys, then the arrays,
each on an 8-byte boundary; all little-endian.

The kastore package allocates what a descriptor claims before it looks whether the file has as much,
and takes nothing from a file that is cut; hence this reader.

Source: https://kastore.readthedocs.io and kastore 2.1.2's own reader.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from lineage.errors import SourceError
from lineage.interfaces import OnProblem, Problem

MAGIC = b"\x89KAS\r\n\x1a\n"
_HEADER = struct.Struct("<8sHHIQ")
_DESCRIPTOR = struct.Struct("<B7xQQQQ24x")
_BLOCK_BYTES = 64
"""Size of the header and of each descriptor."""
_VERSION = 1
_MOST_ARRAYS = 4096
_LONGEST_KEY_BYTES = 256
_FORMATS = ("b", "B", "h", "H", "i", "I", "q", "Q", "f", "d")
"""kastore's number of a type -> struct's letter."""


class Array(NamedTuple):
    """Where an array lies."""

    letter: str
    """Type of its items, as `struct` names it."""
    start: int
    """Byte of the file."""
    length: int
    """Items, as the descriptor claims."""

    @property
    def width(self) -> int:
        """Bytes of one item."""
        return struct.calcsize(self.letter)


class Kastore:
    """The arrays of an open file by name; reads what is asked for, as far as the file goes."""

    def __init__(self, file: BinaryIO, source: Path, on_problem: OnProblem) -> None:
        """Reads header, descriptors and keys; what contradicts the file's size is reported.

        Raises:
            SourceError: it is no kastore file of a known version, or is cut before its first array.
        """
        self.arrays: dict[str, Array] = {}
        self.size_bytes = os.fstat(file.fileno()).st_size
        """Of the file as it is."""
        self._file = file
        self._source = source
        self._on_problem = on_problem
        count, claimed = self._header()
        for index, descriptor in enumerate(self._descriptors(count), 1):
            self._add(f"byte {_BLOCK_BYTES * index}", claimed, *descriptor)
        if self.size_bytes < claimed:
            message = f"the file ends here, at {self.size_bytes} of {claimed} bytes. It may be cut "
            message += "off; what is whole is kept."
            on_problem(Problem(f"byte {self.size_bytes}", message, 0))
        elif self.size_bytes > claimed:
            file.seek(claimed)
            another = file.read(len(MAGIC)) == MAGIC
            message = f"{self.size_bytes - claimed} bytes more than it should have"
            message += ": another kastore. Only the first is read." if another else "."
            on_problem(Problem(f"byte {claimed}", message, int(another)))

    def _header(self) -> tuple[int, int]:
        """How many arrays there are, and how large the file should be."""
        data = self._file.read(_BLOCK_BYTES)
        if not data.startswith(MAGIC):
            raise SourceError(self._source, "byte 0", "is no kastore file.")
        if len(data) < _BLOCK_BYTES:
            raise self._cut(len(data))
        _, major, minor, count, claimed = _HEADER.unpack_from(data)
        if major != _VERSION:
            problem = f"kastore version {major}.{minor} is not known; {_VERSION} is."
            raise SourceError(self._source, "byte 8", problem)
        if count > _MOST_ARRAYS:
            problem = f"claims {count} arrays; a tree sequence has about 60. It is not read."
            raise SourceError(self._source, "byte 12", problem)
        return count, claimed

    def _descriptors(self, count: int) -> Iterator[tuple[int, int, int, int, int]]:
        data = self._file.read(count * _BLOCK_BYTES)
        if len(data) < count * _BLOCK_BYTES:
            raise self._cut(_BLOCK_BYTES + len(data))
        yield from _DESCRIPTOR.iter_unpack(data)

    def _cut(self, at: int) -> SourceError:
        problem = "the file ends here, before its first array. It is cut off."
        return SourceError(self._source, f"byte {at}", problem)

    def _add(
        self,
        place: str,
        claimed: int,
        kind: int,
        key_start: int,
        key_length: int,
        start: int,
        length: int,
    ) -> None:
        """Takes the descriptor at ``place``, or says why not."""
        if key_length > _LONGEST_KEY_BYTES or key_start + key_length > claimed:
            message = f"a key of {key_length} bytes at byte {key_start} is out of bounds. Its array"
            self._on_problem(Problem(place, message + " is left out."))
            return
        key = self._read(key_start, key_length)
        if len(key) < key_length:
            raise self._cut(self.size_bytes)
        name = key.decode("utf-8", "replace")
        if kind >= len(_FORMATS):
            message = f"array {name!r} is of an unknown type ({kind}). It is left out."
            self._on_problem(Problem(place, message))
            return
        array = Array(_FORMATS[kind], start, length)
        if start + length * array.width > claimed:
            message = f"array {name!r} claims {length} items at byte {start}, beyond the file's end"
            message += f" at {claimed}. What lies in the file is read."
            self._on_problem(Problem(place, message, 0))
        self.arrays.setdefault(name, array)

    def _read(self, start: int, size: int) -> bytes:
        """The bytes of a place, as many as there are."""
        if start >= self.size_bytes:
            return b""
        self._file.seek(start)
        return self._file.read(min(size, self.size_bytes - start))

    def length(self, name: str) -> int:
        """Items that an array claims to have; 0 where there is none."""
        return self.arrays[name].length if name in self.arrays else 0

    def readable(self, name: str) -> int:
        """Items of an array that lie in the file."""
        array = self.arrays.get(name)
        if array is None:
            return 0
        return min(array.length, max(0, self.size_bytes - array.start) // array.width)

    def data(self, name: str, begin: int = 0, end: int | None = None) -> bytes:
        """The bytes of the items from ``begin`` to ``end``, as far as they lie in the file.

        The caller caps ``end - begin``.
        """
        array = self.arrays.get(name)
        if array is None:
            return b""
        end = array.length if end is None else min(end, array.length)
        size = max(0, end - begin) * array.width
        return self._read(array.start + begin * array.width, size)

    def numbers(self, name: str, most: int) -> tuple[float, ...]:
        """At most ``most`` first items, as numbers."""
        count = min(self.readable(name), most)
        if not count:
            return ()
        return struct.unpack(f"<{count}{self.arrays[name].letter}", self.data(name, 0, count))

    def text(self, name: str, most: int) -> str:
        """At most ``most`` first bytes of a text."""
        return self.data(name, 0, most).decode("utf-8", "replace")
