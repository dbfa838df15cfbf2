"""JSON lines, from any line on: what each holds, and where a later reading may go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from importers.provjson_stream import DamagedValue

LONGEST_LINE_BYTES = 1 << 24
_CHUNK_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line."""

    number: int
    """From 1."""
    offset: int
    """Where it begins, in bytes."""
    whole: bool
    """It does not end with the file."""
    text: bytes | None
    """``None`` for one that is too long."""

    def value(self) -> Any:
        """What it holds; a `DamagedValue` where that is no JSON."""
        if self.text is None:
            return DamagedValue(f"the line is longer than {LONGEST_LINE_BYTES:,} bytes")
        return value_of(self.text)


class Lines:
    """The lines of a file from where it stands."""

    def __init__(self, file: BinaryIO, number: int = 0, offset: int = 0) -> None:
        """Prepare to read.

        Args:
            file: At the beginning of a line.
            number: Lines before it.
            offset: Bytes before it.
        """
        self._file = file
        self.number = number
        """Of the line that was read last."""
        self.offset = offset
        """Bytes before the next line."""
        self.whole = True
        """The line that was read last is."""

    def __iter__(self) -> Iterator[Line]:
        """Those that are not blank."""
        while text := self._file.readline(LONGEST_LINE_BYTES):
            start, length = self.offset, len(text)
            kept: bytes | None = text
            while len(text) == LONGEST_LINE_BYTES and not text.endswith(b"\n"):
                kept = None
                text = self._file.readline(LONGEST_LINE_BYTES)
                length += len(text)
            self.number += 1
            self.offset += length
            self.whole = text.endswith(b"\n")
            if kept is not None and start == 0:
                kept = kept.removeprefix(_BOM)
            if kept is None or kept.strip():
                yield Line(self.number, start, self.whole, kept)


def value_of(text: bytes) -> Any:
    """What a line holds; a `DamagedValue` where that is no JSON."""
    try:
        line = text.decode("utf-8")
        value = json.loads(line, parse_constant=_refuse)
        return _without_surrogates(value) if "\\u" in line else value
    except UnicodeDecodeError as error:
        return DamagedValue(f"it is not UTF-8 (byte {error.start} of the line)")
    except RecursionError:
        return DamagedValue("it is nested too deeply")
    except ValueError as error:
        return DamagedValue(f"it is not JSON ({error!s:.200})")


def looks_like_lines(head: bytes) -> bool:
    """Some line of a file that begins so is a JSON object by itself."""
    return any(
        line.startswith(b"{") and line.rstrip().endswith(b"}") and isinstance(value_of(line), dict)
        for line in head.removeprefix(_BOM).splitlines()[:50]
    )


def begins_with_long_line(file: BinaryIO) -> bool:
    """Its first line is longer than a head, and ends as an object before another begins.

    Within JSON no bracket closes right before one opens.
    """
    first = file.read(_CHUNK_BYTES).removeprefix(_BOM).lstrip()
    if not first.startswith(b"{"):
        return False
    last, text = b"", first
    while text and b"\n" not in text:
        last = text.rstrip()[-1:] or last
        text = file.read(_CHUNK_BYTES)
    line, _, rest = text.partition(b"\n")
    last = line.rstrip()[-1:] or last
    while not rest.strip() and (rest := file.read(_CHUNK_BYTES)):
        pass
    return last == b"}" and rest.lstrip().startswith(b"{")


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _without_surrogates(value: Any) -> Any:
    """The same JSON with ``?`` for what no text may hold: halves of surrogate pairs."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace"))
