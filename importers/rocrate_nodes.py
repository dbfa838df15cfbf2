"""Nodes of an RO-Crate as JSON has them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from lineage.records import Value

Node = dict[str, Any]
_SMALL = 1 << 63


def types(node: Node) -> frozenset[str]:
    """The types of a node, without the address of their vocabulary."""
    return frozenset(
        one.removeprefix("http://schema.org/").removeprefix("https://schema.org/")
        for one in several(node.get("@type"))
        if isinstance(one, str)
    )


def several(value: Any) -> Iterable[Any]:
    """The values of a property: of a list, each of them."""
    return value if isinstance(value, list) else () if value is None else (value,)


def has_text(node: Any, key: str) -> bool:
    """A property of a node is a text with something in it."""
    return isinstance(node.get(key), str) and bool(node[key])


def as_json(value: Any) -> str:
    """A value as JSON in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_node(value: Any) -> bool:
    """It is an object."""
    return isinstance(value, dict)


def scalar(value: Any) -> Value | None:
    """A JSON text, number or boolean as an attribute's value."""
    if isinstance(value, str | bool | float) or (isinstance(value, int) and abs(value) < _SMALL):
        return value
    return None
