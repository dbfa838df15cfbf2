"""Observation keys (run, subrun, night, telescope, data level, production) that a path tells.

They are what granularity folds on. Content beats names: an importer gives the keys that it reads as
attributes of the file, and identity adds those that only the path tells. ``lineage:key_source``
says of each where it comes from.

Source of the patterns: file names of LST-1 (``dl1_LST-1.Run02008.0001.h5``,
``LST-1.1.Run01618.0008.fits.fz``), its directories (``DL1/20200117/v0.10.10``) and those of ctapipe
(``gamma_run1.dl1.h5``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from lineage import vocabulary as v
from lineage.records import Attributes, Value

_RUN = re.compile(r"(?:^|[^A-Za-z])[Rr]un_?(\d{1,9})(?:\.(\d{4}))?(?=$|[^0-9A-Za-z])")
_TELESCOPE = re.compile(r"(?:^|[^A-Za-z0-9])((?:LST|MST|SST)-\d{1,2})(?=$|[^0-9])")
_NAMED_LEVEL = re.compile(r"(?:^|[._])(DL[0-6])(?=[._])", re.IGNORECASE)
_LEVEL_DIRECTORY = re.compile(r"(?:R[01]|DL[0-6])\Z")
_LEVEL = re.compile(r"(?:^|[^A-Z0-9])((?:R|DL)[0-6])(?![0-9])", re.IGNORECASE)
_NIGHT = re.compile(r"(20\d\d)(\d\d)(\d\d)\Z")
_PRODUCTION = re.compile(r"v\d+\.\d+(?:\.\d+)?(?:[._\-][A-Za-z0-9._\-]*)?\Z")
_INT_MAX = 2**31 - 1


def highest_level(text: str) -> str | None:
    """The highest data level among those in ``text``: ``DL1`` of ``R1,DL0,DL1_IMAGES``."""
    return max((one.upper() for one in _LEVEL.findall(text)), key=_height, default=None)


def _height(level: str) -> tuple[int, str]:
    return len(level), level


@lru_cache(maxsize=8192)
def keys_of_path(path: str) -> Attributes:
    """The observation keys that a path's name and directories tell, by attribute name.

    Args:
        path: As recorded; the name at its end counts more than its directories.
    """
    *directories, name = path.split("/")
    return tuple(sorted(_keys(directories, name)))


def _keys(directories: list[str], name: str) -> Iterator[tuple[str, Value]]:
    run = _RUN.search(name)
    if run is not None and int(run[1]) <= _INT_MAX:
        yield v.RUN, int(run[1])
        if run[2] is not None:
            yield v.SUBRUN, int(run[2])
    telescope = _TELESCOPE.search(name)
    if telescope is not None:
        yield v.TELESCOPE, telescope[1]
    levels = [one.upper() for one in _NAMED_LEVEL.findall(name)]
    levels = levels or [one for one in directories if _LEVEL_DIRECTORY.match(one)][-1:]
    if levels:
        yield v.DATA_LEVEL, max(levels, key=_height)
    for directory in reversed(directories):
        night = night_of(directory)
        if night is not None:
            yield v.NIGHT, night
            break
    productions = [one for one in directories if _PRODUCTION.match(one)]
    if productions:
        yield v.PRODUCTION, productions[-1]


def night_of(text: str) -> str | None:
    """The night that eight digits name, as an ISO date."""
    found = _NIGHT.match(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


def observed(read: Mapping[str, Value], path: str) -> dict[str, Value]:
    """The observation keys of a file: what a source gives, and what the path alone tells.

    Of two data levels the higher one counts: ctapipe-apply-models leaves the DL1 file's levels in
    the header of the DL2 file that it writes.

    Args:
        read: Attribute -> value, as sources give them.
        path: Where the file lies.
    """
    keys = {name: value for name, value in read.items() if name in v.OBSERVATION_KEYS}
    for name, value in keys_of_path(path):
        known = keys.setdefault(name, value)
        if name == v.DATA_LEVEL and _height(str(known)) < _height(str(value)):
            keys[name] = value
    return keys


def key_sources(keys: Mapping[str, Value], read: Mapping[str, Value]) -> list[str]:
    """Where each of the `observed` keys comes from: ``run: content``, ``subrun: name``."""
    return [
        f"{name.removeprefix(v.LINEAGE)}: {'content' if read.get(name) == value else 'name'}"
        for name, value in sorted(keys.items())
    ]
