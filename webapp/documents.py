"""Attributes whose values are JSON documents, as lines that people read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lineage.records import Value
from webapp.labels import clean, cut

MOST_LEAVES = 400
LONGEST_TEXT = 20_000
_DEEPEST = 8
_LINE = 100


def parse(values: Sequence[Value]) -> Mapping[str, Any] | None:
    """The document that an attribute holds, if that is all it holds."""
    parsed = _json(values[0]) if len(values) == 1 and isinstance(values[0], str) else None
    return parsed if isinstance(parsed, dict) and parsed else None


def line(text: str) -> str | None:
    """A command line that was kept as a JSON list, as one would type it."""
    parsed = _json(text)
    return clean(" ".join(map(str, parsed))) if isinstance(parsed, list) else None


def leaves(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(dotted path, text) of every leaf; names that enclose everything are left out."""
    while len(document) == 1 and isinstance(only := next(iter(document.values())), dict) and only:
        document = only
    return [(clean(path), _text(leaf)) for path, leaf in _walk("", document, 0)]


def _json(text: str) -> Any:
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _walk(path: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, inner in value.items():
            yield from _walk(f"{path}.{key}" if path else str(key), inner, depth + 1)
    else:
        yield path, value


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list) and value and all(_is_package(entry) for entry in value):
        text = "\n".join(f"{entry['name']} {entry['version']}" for entry in value)
    elif isinstance(value, list) and all(isinstance(x, str | int | float) for x in value):
        text = ", ".join(map(str, value))
    elif isinstance(value, dict | list):
        short = json.dumps(value, ensure_ascii=False)
        text = short if len(short) <= _LINE else json.dumps(value, indent=1, ensure_ascii=False)
    else:
        text = str(value)
    return cut(clean(text, lines=True), LONGEST_TEXT)


def _is_package(value: Any) -> bool:
    """As ctapipe lists what is installed."""
    return isinstance(value, dict) and set(value) == {"name", "version"}
