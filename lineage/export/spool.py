"""Rows sorted on disk: for formats that group what stores mix."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

_BATCH = 1000
_CACHE_KIB = 16384


class Row(NamedTuple):
    """One record as text, and where it belongs."""

    bundle: bytes
    """IRI of the bundle, UTF-8; empty for the document itself, which so comes first."""
    group: int
    identifier: bytes
    text: bytes


@contextmanager
def spooled(rows: Iterable[Row]) -> Iterator[Iterator[Row]]:
    """The rows sorted by bundle, group and identifier, equal ones in the order given.

    They wait in an unnamed temporary file that is gone afterwards; memory stays bounded.
    """
    # "" is SQLite's private on-disk database; it is deleted when it is closed
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA temp_store = FILE")
        database.execute("CREATE TABLE rows (bundle BLOB, grp INTEGER, identifier BLOB, text BLOB)")
        database.execute("BEGIN")
        source = iter(rows)
        while batch := list(itertools.islice(source, _BATCH)):
            database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", batch)
        yield map(
            Row._make,
            database.execute(
                "SELECT bundle, grp, identifier, text FROM rows"
                " ORDER BY bundle, grp, identifier, rowid"
            ),
        )
