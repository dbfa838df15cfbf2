"""JSON of ctapipe's activities, of which parts are written as in the activity before.

The list of installed packages alone is more than half of an activity. Text that begins with the
text of a whole object is that object, so what is written as last time is not decoded again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

SHARED_PARTS = ("platform", "python", "environment")
"""Keys of the system record under which activities mostly say the same."""

_Read = Callable[[str, int], tuple[Any, int]]
"""The value that begins at a place of a text, and where it ends."""

_KEY = r'[ \t\n\r]*"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*'
_FIRST = re.compile(r"\{" + _KEY)
_NEXT = re.compile(r"[ \t\n\r]*," + _KEY)
_END = re.compile(r"[ \t\n\r]*\}")


class ActivityDecoder:
    """Decodes as `json.JSONDecoder` does, but equal parts of activities may be one object."""

    def __init__(self) -> None:
        self._read: _Read = json.JSONDecoder().raw_decode
        self._inner = {"system": self._system}
        self._parts = {key: _Part(self._read) for key in SHARED_PARTS}

    def raw_decode(self, text: str, at: int) -> tuple[Any, int]:
        """The value that begins at a place, and where it ends.

        Raises:
            json.JSONDecodeError: There is none, or not all of it.
            ValueError: An integer has more digits than can be read.
            RecursionError: It is nested too deeply.
        """
        try:
            return self._members(text, at, self._inner)
        except (ValueError, RecursionError):
            return self._read(text, at)  # what it says of anything unusual or damaged counts

    def _system(self, text: str, at: int) -> tuple[Any, int]:
        return self._members(text, at, self._parts)

    def _members(self, text: str, at: int, inner: Mapping[str, _Read]) -> tuple[Any, int]:
        """An object, member by member.

        Args:
            inner: Key -> what reads its value.

        Raises:
            ValueError: It has no members, or a key with an escape, or is damaged.
        """
        record = {}
        member = _FIRST.match(text, at)
        while member:
            key = member[1]
            record[key], at = inner.get(key, self._read)(text, member.end())
            member = _NEXT.match(text, at)
        end = _END.match(text, at)
        if not record or not end:
            raise ValueError
        return record, end.end()


class _Part:
    """Reads the values of one key; one that is written as the last is the same object."""

    def __init__(self, read: _Read) -> None:
        self._read = read
        self._text = ""
        self._value: Any = None

    def __call__(self, text: str, at: int) -> tuple[Any, int]:
        if self._text and text.startswith(self._text, at):
            return self._value, at + len(self._text)
        value, end = self._read(text, at)
        if isinstance(value, dict):  # only its own text says where a value ends
            self._text, self._value = text[at:end], value
        return value, end
