"""What lstosa's and logprov's things are called in the graph, whichever of their files tells.

An activity's six hexadecimal digits mean something in its session only, and there beside its start.
A merged record gives an activity new ones each time; it is known by its session, start and name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from lineage.canonical import digest
from lineage.observations import night_of
from lineage.records import Value, utc
from lineage.works import WHOLE

PREFIX = "urn:lineage:lstosa:"
SMALL = 1 << 31
_LONGEST_PART = 200
_RUN = re.compile(r"\d{1,9}")
_RUN_MAX = (1 << 31) - 1
_TELESCOPE = re.compile(r"(LST|MST|SST)-?(\d{1,2})")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SORTED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def compact(value: Any) -> str:
    """A value as JSON in one line; what JSON does not know becomes text."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError):
        return _ENCODER.encode(_jsonable(value))


def sorted_compact(value: Any) -> str:
    """As `compact`, the same for dicts that differ in order only."""
    return _SORTED.encode(_jsonable(value))


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(inner) for inner in value]
    return value if value is None or isinstance(value, str | bool | int | float) else repr(value)


def text_of(value: Any) -> str:
    """An id as text: sessions and Python objects are numbered."""
    return value if isinstance(value, str) else str(value)


def part(text: str) -> str:
    """A hostile text as one part of an IRI; long ones end in a digest."""
    if len(text) > _LONGEST_PART:
        text = f"{text[:_LONGEST_PART]}~{digest(text)}"
    return quote(text, safe="")


def session_key(session: Any) -> str:
    """What a session is known by.

    Its merged log writes ``2020-01-1701807`` for what activities call ``2020011701807``.
    """
    text = text_of(session)
    return text.replace("-", "") if re.fullmatch(r"[\d-]+", text) else text


def session_iri(session: Any) -> str:
    """The entity that stands for a session."""
    return f"{PREFIX}session:{part(session_key(session))}"


def activity_iri(identifier: str, session: Any, start: datetime | str | None) -> str:
    """An activity: by its session, its start as written, and its digits."""
    when = start.isoformat() if isinstance(start, datetime) else start or ""
    scope = "" if session is None else session_key(session)
    return f"{PREFIX}{part(scope)}:{quote(when[:40], safe=':')}:{part(identifier)}"


def whole_iri(name: str, session: Any, start: datetime) -> str:
    """An activity that a merged record tells of: its digits are others in each record of it."""
    when = quote(start.isoformat(), safe=":")
    return f"{WHOLE}lstosa:{part(session_key(session))}:{when}:{part(name)}"


def thing_iri(identifier: str, session: Any, kind: str = "entity") -> str:
    """What is no file: a Python object, or a set of files; its id is its session's own."""
    scope = "" if session is None else session_key(session)
    return f"{PREFIX}{kind}:{part(scope)}:{part(identifier)}"


def moment(text: Any) -> datetime | None:
    """A recorded time: local and without zone, unless it has one."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        return utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def plain(name: str, value: Any) -> Iterator[tuple[str, Value]]:
    """A recorded value as an attribute, as text where no attribute holds it."""
    if value is None or value == "":
        return
    if isinstance(value, str | bool | float) or (isinstance(value, int) and abs(value) < SMALL):
        yield name, value
    else:
        yield name, compact(value)


def run_number(text: Any) -> int | None:
    """``01807`` as the number of a run."""
    if isinstance(text, str) and _RUN.fullmatch(text) and int(text) <= _RUN_MAX:
        return int(text)
    return text if type(text) is int and 0 <= text <= _RUN_MAX else None


def night(text: Any) -> str | None:
    """The night of an observation date, however it separates the year's parts."""
    return night_of(text.replace("-", "").replace("_", "")) if isinstance(text, str) else None


def telescope(text: str) -> str | None:
    """``LST1`` as the telescope LST-1."""
    found = _TELESCOPE.fullmatch(text)
    return f"{found[1]}-{found[2]}" if found else None


def is_path_md5(recorded: Any, path: Any) -> bool:
    """``recorded`` is the MD5 of the text of a path, as lstosa makes ids of files."""
    if not isinstance(recorded, str) or not isinstance(path, str) or len(recorded) != 32:
        return False
    # lstosa hashes str(Path(path)), which drops what is doubled and the last slash
    return recorded == _md5(path) or recorded == _md5(str(PurePosixPath(path)))


def _md5(path: str) -> str:
    data = path.encode("utf-8", "surrogateescape")
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def words(value: Any) -> str | None:
    """A value that is a text with something in it."""
    return value if isinstance(value, str) and value.strip() else None
