"""The rows of a provenance table, and what makes two of them the same."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from importers.ctapipe_activity import without_surrogates
from importers.tskit_kastore import Kastore
from lineage.interfaces import OnProblem, Problem
from lineage.records import utc

MOST_ROWS = 20_000
LARGEST_ROW_BYTES = 8 << 20
"""A longer record is not taken apart: of it, digest and beginning are kept."""
LARGEST_TABLE_BYTES = 128 << 20
_KEPT_BYTES = 1 << 16
_MOST_COUNTED = 2**31 - 1
_LONGEST_TIMESTAMP_BYTES = 256
_RECORD, _TIMESTAMP = "provenances/record", "provenances/timestamp"


class Row(NamedTuple):
    """A row as it is stored."""

    number: int
    """From 0, as tskit counts."""
    timestamp: str
    data: bytes
    """The record; of one longer than `LARGEST_ROW_BYTES` the beginning."""
    size_bytes: int
    """Of the whole record."""
    whole_digest: bytes = b""
    """SHA-256 of a record that is not whole in ``data``."""


class Parsed(NamedTuple):
    """A row taken apart."""

    row: Row
    record: dict[str, Any] | None
    """``None`` where the text is no JSON object."""
    problem: str
    """What is wrong with the text; empty where nothing is."""
    mark: bytes
    """Equal for rows with equal time and record, however the JSON is laid out."""
    time: datetime | None
    """What the timestamp says: without zone mostly, for tskit writes local time."""

    @property
    def is_unique(self) -> bool:
        """No other run can have left the same row: it has a fraction of a second, or a seed."""
        if self.time is None:
            return False
        return self.time.microsecond != 0 or seed(self.record) is not None


class RowTable:
    """The provenance table of an open file; rows are read when they are iterated over."""

    def __init__(self, store: Kastore, on_problem: OnProblem) -> None:
        """Finds where the rows lie, and reports those that cannot be read."""
        self._store = store
        self.claimed = max(0, store.length(f"{_RECORD}_offset") - 1)
        """Rows that the table should have."""
        self._spans: list[tuple[int, int, int]] = []
        """(number, begin, end) of each record that can be read."""
        self._times = self._offsets(_TIMESTAMP)
        offsets = self._offsets(_RECORD)
        self._take(offsets)
        self._split(max(0, len(offsets) - 1), offsets[-1] if offsets else 0)
        lost = self.claimed - len(self._spans)
        self.is_whole = lost == 0
        """Every row can be read."""
        if lost:
            known = {number for number, _, _ in self._spans}
            first = next(number for number in range(self.claimed) if number not in known)
            message = f"{lost} of {self.claimed} rows of the provenance table, from {first} on, "
            message += "cannot be read: they are too many, too large, or lie outside of the file."
            on_problem(Problem(f"/provenances/{first}", message, min(lost, _MOST_COUNTED)))
        if self._spans and len(self._times) <= self._spans[-1][0] + 1:
            message = f"rows from {max(0, len(self._times) - 1)} on have no timestamp that can be "
            message += "read. They are kept without."
            on_problem(Problem(f"byte {store.size_bytes}", message, 0))

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[Row]:
        for number, begin, end in self._spans:
            size = end - begin
            if size <= LARGEST_ROW_BYTES:
                yield Row(number, self._time(number), self._store.data(_RECORD, begin, end), size)
                continue
            sha = hashlib.sha256()
            for start in range(begin, end, 1 << 20):
                sha.update(self._store.data(_RECORD, start, min(end, start + (1 << 20))))
            beginning = self._store.data(_RECORD, begin, begin + _KEPT_BYTES)
            yield Row(number, self._time(number), beginning, size, sha.digest())

    def _offsets(self, name: str) -> tuple[int, ...]:
        """Where the rows of a column begin, and where the last one ends."""
        numbers = self._store.numbers(f"{name}_offset", MOST_ROWS + 1)
        return tuple(number if isinstance(number, int) else -1 for number in numbers)

    def _take(self, offsets: tuple[int, ...]) -> None:
        there, total = self._store.readable(_RECORD), 0
        for number in range(len(offsets) - 1):
            begin, end = offsets[number], offsets[number + 1]
            total += max(0, end - begin)
            if total > LARGEST_TABLE_BYTES:
                return
            if 0 <= begin <= end <= there:
                self._spans.append((number, begin, end))

    def _split(self, number: int, start: int) -> None:
        """Finds the rows from ``number`` on where the file was cut before their offsets.

        JSON objects end by themselves. The text is Latin-1 here, one character a byte, so that
        places in it are offsets.
        """
        most = min(self.claimed, MOST_ROWS)
        if number >= most or not 0 <= start < self._store.readable(_RECORD):
            return
        text = self._store.data(_RECORD, start, start + LARGEST_ROW_BYTES).decode("latin-1")
        decoder, at = json.JSONDecoder(), 0
        while number < most:
            try:
                _, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                return
            self._spans.append((number, start + at, start + end))
            number, at = number + 1, end

    def _time(self, number: int) -> str:
        if number + 1 >= len(self._times):
            return ""
        begin, end = self._times[number], self._times[number + 1]
        if not 0 <= begin <= end:
            return ""
        end = min(end, begin + _LONGEST_TIMESTAMP_BYTES)
        data = self._store.data(_TIMESTAMP, begin, end)
        # half a time would be another time
        return data.decode("utf-8", "replace") if len(data) == end - begin else ""


def parsed(row: Row) -> Parsed:
    """A row taken apart; equal rows have equal marks."""
    record, problem, canonical = _record(row)
    mark = hashlib.sha256(row.timestamp.encode("utf-8", "surrogatepass")).digest()
    return Parsed(row, record, problem, mark + hashlib.sha256(canonical).digest(), _time(row))


def _record(row: Row) -> tuple[dict[str, Any] | None, str, bytes]:
    """The record as an object, what is wrong with it, and bytes that equal records share."""
    if row.whole_digest:
        return None, f"is of {row.size_bytes} bytes, too many to be taken apart", row.whole_digest
    repeated: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs) and not repeated:
            counts = Counter(name for name, _ in pairs)
            repeated.append(counts.most_common(1)[0][0])
        return found

    try:
        record = json.loads(row.data.decode(), object_pairs_hook=unique)
        if not isinstance(record, dict):
            return None, f"is no JSON object (value seen: {row.data[:40]!r})", row.data
        if b"\\u" in row.data or not row.data.isascii():
            record = without_surrogates(record)
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    except RecursionError:
        return None, "is nested too deeply", row.data
    except ValueError:  # UnicodeDecodeError, and an integer of thousands of digits, are such
        seen = row.data[:40].decode("utf-8", "replace")
        return None, f"is no JSON (value seen: {seen!r})", row.data
    if repeated:
        return record, f"repeats keys ({repeated[0]!r:.80}): the last counts", row.data
    return record, "", canonical


def _time(row: Row) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(row.timestamp.strip()))
    except (ValueError, OverflowError):
        return None


def seed(record: dict[str, Any] | None) -> int | None:
    """The seed of the random numbers, where msprime and others, or SLiM of any age, keep it."""
    for part, name in (("parameters", "random_seed"), ("parameters", "seed"), ("slim", "seed")):
        inner = record.get(part) if record else None
        value = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(value, dict):  # numpy's numbers, as msprime writes them
            value = _whole(value.get("__npgeneric__"))
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _whole(text: Any) -> int | None:
    """The integer that a short text is."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        return int(text)
    except ValueError:
        return None


class Step(NamedTuple):
    """A row in its chain: what it was applied to, and what came of it."""

    parsed: Parsed
    position: int
    """In the chain, from 0; rows that repeat an earlier one are not counted."""
    before: str
    """Digest of the rows before it; empty for the first."""
    after: str
    """Digest of the rows up to it."""


def chain(rows: Callable[[], Iterable[Row]], scope: str) -> Iterator[Step]:
    """The rows as steps, each known by the digest of all rows up to it.

    Two tables with a common beginning share its digests, but only if some row of it can stand for
    one run alone (`Parsed.is_unique`): those before the first such row are told apart by it, and
    where there is none, by ``scope``. A row that repeats such a row is left out.

    Args:
        rows: The table, from its beginning at each call.
        scope: What sets this table apart.
    """
    digest = _salt(rows, scope)
    before, position = "", 0
    seen: set[bytes] = set()
    for row in rows():
        one = parsed(row)
        if one.mark in seen:
            continue
        if one.is_unique:
            seen.add(one.mark)
        digest = hashlib.sha256(digest + one.mark).digest()
        yield Step(one, position, before, digest.hex()[:32])
        before = digest.hex()[:32]
        position += 1


def _salt(rows: Callable[[], Iterable[Row]], scope: str) -> bytes:
    """What the digests of a chain begin with; nothing where its first row is unique."""
    sha = hashlib.sha256()
    for count, row in enumerate(rows()):
        one = parsed(row)
        sha.update(one.mark)
        if one.is_unique:
            return sha.digest() if count else b""
    sha.update(scope.encode("utf-8", "surrogatepass"))
    return sha.digest()
