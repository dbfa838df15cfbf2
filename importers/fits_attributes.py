"""FITS keywords and ECSV metadata as attributes of a file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from importers.ctapipe_configuration import compact
from lineage import vocabulary as v
from lineage.records import Value

MOST_CHARACTERS = 65_536
"""Of one value; what is longer is cut, and told by whoever reads it."""
_LARGEST = 1 << 63
_RUN = re.compile(r"\d{1,9}")
_INT_MAX = 2**31 - 1


@lru_cache(maxsize=4096)
def name_of(keyword: str) -> str:
    """``DATE-OBS`` as ``fits:DATE-OBS``; what no name may hold becomes ``_``."""
    return v.FITS + re.sub(r"[^A-Za-z0-9_.\-]", "_", keyword)


def plain(value: Any) -> Value | None:
    """A value as PROV has it; lists and mappings as JSON, ``None`` where there is nothing."""
    if value is None:
        return None
    if isinstance(value, float) and math.isnan(value):
        return math.nan
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < _LARGEST):
        return value
    if isinstance(value, list | dict):
        value = compact(value)
    return str(value)[:MOST_CHARACTERS]


def columns(names_and_units: Iterable[tuple[str, str]]) -> str:
    """The columns of a table as people write them: ``pix_id, pix_x [m]``."""
    listed = (f"{name} [{unit}]" if unit else name for name, unit in names_and_units)
    return ", ".join(listed)[:MOST_CHARACTERS]


def observation_keys(values: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Value]]:
    """The telescope and the run, where the whole file agrees about them."""
    telescopes, runs = set(), set()
    for keyword, value in values:
        if keyword == "TELESCOP" and isinstance(value, str) and value.strip():
            telescopes.add(value.strip())
        elif keyword == "OBS_ID" and _RUN.fullmatch(str(value)):
            runs.add(int(value))
    if len(telescopes) == 1:
        yield v.TELESCOPE, telescopes.pop()
    if len(runs) == 1 and max(runs) <= _INT_MAX:
        yield v.RUN, runs.pop()
