"""CTA reference metadata (``CTA PRODUCT ID`` ...): as a log records them, or a file's header.

Data models of ctapipe 0.8 to 0.32. Older spellings are kept as they are written, and understood:
``PRODUCT DATA LEVEL`` (until 0.15, also as the text of a Python list), ``PROCESS ID`` as a number.

Source: https://ctapipe.readthedocs.io/en/stable/api-reference/core/metadata.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from importers.iso_times import moment
from lineage import vocabulary as v
from lineage.observations import highest_level
from lineage.records import Value

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SMALL = 1 << 31
"""Smallest integer that is kept as text, so that every store can hold the others."""
_PLAIN = (str, bool, float)
_LEVELS = ("CTA PRODUCT DATA LEVELS", "CTA PRODUCT DATA LEVEL")


def product_id(meta: Mapping[str, Any]) -> str | None:
    """The uuid of the product, in lower case."""
    product = meta.get("CTA PRODUCT ID")
    return product.lower() if isinstance(product, str) and UUID.fullmatch(product) else None


def created(meta: Mapping[str, Any]) -> datetime | None:
    """When the product was made."""
    return moment(meta.get("CTA PRODUCT CREATION TIME"))


def metadata(meta: Mapping[str, Any]) -> tuple[list[tuple[str, Value]], dict[str, Any]]:
    """The reference metadata as attributes, and those that are no plain values."""
    facts: list[tuple[str, Value]] = []
    kept = {}
    for key, value in meta.items():
        if type(value) in _PLAIN or (type(value) is int and abs(value) < SMALL):
            facts.append((_cta(key), value))
        else:
            kept[key] = value
    return facts, kept


@lru_cache(maxsize=1024)
def _cta(key: str) -> str:
    """``CTA PRODUCT ID`` as ``cta:PRODUCT_ID``."""
    return v.CTA + re.sub(r"[^A-Za-z0-9_.\-]", "_", key.removeprefix("CTA "))


def data_level(meta: Mapping[str, Any]) -> list[tuple[str, Value]]:
    """The highest data level that the header tells."""
    level = highest_level(next((str(meta[key]) for key in _LEVELS if meta.get(key)), ""))
    return [(v.DATA_LEVEL, level)] if level else []
