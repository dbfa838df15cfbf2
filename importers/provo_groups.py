"""Values grouped by key: in memory while they are few, in sorted runs on disk otherwise."""

from __future__ import annotations

import heapq
import itertools
import marshal
import tempfile
from collections.abc import Iterator
from operator import itemgetter
from typing import IO, Any

MOST_IN_MEMORY = 400_000
"""Values that are held before they are written to disk."""
MOST_CHARACTERS = 48_000_000
"""Characters of them."""
MOST_OF_ONE = 200_000
"""Values of one key that are given; no node says so much of itself."""

Value = tuple[Any, ...]
"""Of texts, ``None`` and tuples of these."""


class Groups:
    """Values by key.

    They come in the order in which the keys were first seen, or, where they did not fit into
    memory, sorted by key. Equal values that follow one another are given once.
    """

    def __init__(self) -> None:
        self._held: dict[str, list[Value]] = {}
        self._values = 0
        self._length = 0
        self._runs: list[IO[bytes]] = []

    def add(self, key: str, value: Value, length: int) -> None:
        """Adds a value, of about so many characters."""
        held = self._held.get(key)
        if held is None:
            self._held[key] = [value]
            length += len(key)
        elif held[-1] == value:
            return
        else:
            held.append(value)
        self._values += 1
        self._length += length
        if self._values >= MOST_IN_MEMORY or self._length >= MOST_CHARACTERS:
            self._spill()

    def _spill(self) -> None:
        run = tempfile.TemporaryFile()  # noqa: SIM115 closed when it is read, or with the groups
        for key in sorted(self._held):
            marshal.dump((key, self._held[key]), run)
        run.seek(0)
        self._runs.append(run)
        self._held.clear()
        self._values = self._length = 0

    def __iter__(self) -> Iterator[tuple[str, list[Value]]]:
        """Each key with its values; what was given is forgotten."""
        if not self._runs:
            for key, values in self._held.items():
                yield key, values[:MOST_OF_ONE]
            return
        self._spill()
        merged = heapq.merge(*map(_read, self._runs), key=itemgetter(0))
        for key, parts in itertools.groupby(merged, key=itemgetter(0)):
            joined = itertools.chain.from_iterable(some for _, some in parts)
            distinct = (value for value, _ in itertools.groupby(joined))
            yield key, list(itertools.islice(distinct, MOST_OF_ONE))

    def close(self) -> None:
        """Gives the disk back."""
        for run in self._runs:
            run.close()
        self._held.clear()


def _read(run: IO[bytes]) -> Iterator[tuple[str, list[Value]]]:
    """What `Groups._spill` wrote: our own file, which nobody else can reach."""
    while True:
        try:
            yield marshal.load(run)  # noqa: S302
        except EOFError:
            return
