"""How much two entities look like one thing, in words; and what tells them apart for sure.

Pure. A resemblance is a guess, whatever its weight: names repeat, and tools overwrite files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lineage import vocabulary as v
from lineage.identifiers import RELATIVE
from lineage.records import Value
from lineage.subgraph import StoredElement

_MOST_PATHS = 12
"""Of an entity with more paths the first ones are compared."""
_KEY_WORDS = {
    v.TELESCOPE: "telescope",
    v.RUN: "run",
    v.SUBRUN: "subrun",
    v.NIGHT: "night",
    v.DATA_LEVEL: "",
    v.PRODUCTION: "production",
}
"""Observation key -> what is said before its value."""
_SUFFIX = re.compile(
    r"\.(?:h5|hdf5|hdf|fits|fit|fts|zfits|gz|fz|bz2|xz|zst|ecsv|csv|root|parquet|feather|json|"
    r"yaml|yml|npz|npy|pkl|trees|zarr|eventio|zst|simtel)\Z",
    re.IGNORECASE,
)
_STREAM = re.compile(r"((?:LST|MST|SST)-\d{1,2})\.(\d)\.(?=Run)")
"""The data stream in a raw file's name (``LST-1.1.Run01618.0008.fits.fz``), which later levels
leave out."""
_SHORTEST_STEM = 5


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Why two entities may be one thing."""

    weight: int
    """Greater is likelier; it orders guesses and means nothing else."""
    reasons: tuple[str, ...]
    """In words, strongest first."""


def base_names(element: StoredElement) -> frozenset[str]:
    """What the files at its paths are called, and what people read; no directories."""
    names = {path.rstrip("/").rpartition("/")[2] for path in element.paths}
    names |= {element.name, element.name.rstrip("/").rpartition("/")[2]}
    return frozenset(names - {""})


def stem(name: str) -> str:
    """A name without the suffixes that say how a file is written, and without the data stream."""
    while (shorter := _SUFFIX.sub("", name)) != name and shorter:
        name = shorter
    return _STREAM.sub(r"\1.", name)


def stems(element: StoredElement) -> frozenset[str]:
    """Beginnings of the names that the same thing may have in another format.

    Names that begin so are compared; those that are too short to mean anything are left out.
    """
    found = {stem(name) for name in base_names(element)}
    with_stream = {_STREAM.sub(r"\1.", name) for name in base_names(element)} - base_names(element)
    usable = {one for one in found if len(one) >= _SHORTEST_STEM}
    return frozenset(usable | {stem(name) for name in with_stream})


def spellings(one: str) -> tuple[str, ...]:
    """The beginnings to look a stem up by: as it is, and with a data stream in it."""
    return one, *({_with_stream(one)} - {one})


def _with_stream(one: str) -> str:
    return re.sub(r"((?:LST|MST|SST)-\d{1,2})\.(?=Run)", r"\1.1.", one)


def told_apart(one: StoredElement, other: StoredElement) -> str:
    """Why identity knows for sure that two entities are two, in words; empty where it does not."""
    if one.key == other.key:
        return "they are one and the same record"
    mine, theirs = _product(one), _product(other)
    if mine and theirs:
        if mine != theirs:
            return "each carries a product id of its own"
        return "they are two versions of one product"
    shared = sorted(set(one.paths) & set(other.paths))
    if shared and _is_version(one) and _is_version(other):
        return f"they are two versions of one path, {shared[0]}"
    return ""


def _evidence(element: StoredElement) -> Value | None:
    return next(iter(element.values(v.IDENTIFIED_BY)), None)


def _product(element: StoredElement) -> str:
    if _evidence(element) != "product" or not element.identifier.startswith("urn:uuid:"):
        return ""
    return element.identifier.removeprefix("urn:uuid:").partition("#")[0]


def _is_version(element: StoredElement) -> bool:
    """It was told which version of its path it is."""
    return _evidence(element) in ("generation", "product")


def resemblance(one: StoredElement, other: StoredElement) -> Resemblance | None:
    """Why two entities may be one thing; ``None`` where nothing says so, or something excludes it.

    What identity tells apart, other observation keys and other bytes exclude it.
    """
    if told_apart(one, other) or _said(one, v.FILE_SHA256, other) is False:
        return None
    keys = {name: _same_value(one, name, other) for name in _KEY_WORDS}
    if False in keys.values():
        return None
    named = _by_name(one, other)
    if named is None:
        return None
    weight, reasons = named
    agreed = [
        f"{word} {next(iter(one.values(name)))}".strip()
        for name, word in _KEY_WORDS.items()
        if keys[name]
    ]
    if agreed:
        reasons.append(f"same {', '.join(agreed)}")
        weight += 1 + (bool(keys[v.RUN]) and keys[v.DATA_LEVEL] is True)
    if _said(one, v.FILE_SHA256, other):
        reasons.insert(0, "same bytes (SHA-256)")
        weight += 10
    mine, theirs = (_value(element, v.FILE_SIZE) for element in (one, other))
    if isinstance(mine, int) and isinstance(theirs, int):
        same = mine == theirs
        words = f"same size, {mine:,} bytes" if same else f"but {mine:,} and {theirs:,} bytes"
        reasons.append(words)
        weight += 2 if same else -4
    return Resemblance(weight, tuple(reasons))


def _by_name(one: StoredElement, other: StoredElement) -> tuple[int, list[str]] | None:
    best: tuple[int, list[str]] | None = None
    for found in _by_paths(one, other):
        if best is None or found[0] > best[0]:
            best = found
    if best is not None:
        return best
    shared = base_names(one) & base_names(other)
    if shared:
        if one.paths and other.paths:
            return 2, ["same name, other directory"]
        # two identifiers without a path are two things; a word is no file's name
        if (one.paths or other.paths) and any("." in name for name in shared):
            return 4, ["same name; one is known by its name alone"]
        return None
    mine = {stem(name): name for name in sorted(base_names(one), reverse=True)}
    theirs = {stem(name): name for name in sorted(base_names(other), reverse=True)}
    for common in sorted(mine.keys() & theirs.keys()):
        streams = [_STREAM.search(name) for name in (mine[common], theirs[common])]
        if all(streams) and len({found[2] for found in streams if found}) > 1:
            continue
        if len(common) >= _SHORTEST_STEM:
            return 1, [f"same name but for its ending ({mine[common]}, {theirs[common]})"]
    return None


def _by_paths(one: StoredElement, other: StoredElement) -> Iterator[tuple[int, list[str]]]:
    """What each pair of their paths tells."""
    for mine in one.paths[:_MOST_PATHS]:
        for theirs in other.paths[:_MOST_PATHS]:
            if mine == theirs:
                if _realm(one) != _realm(other):
                    yield 2, [f"same path, {mine}, on another host"]
                else:
                    yield 8, [f"same path, {mine}; which version was meant is not known"]
                continue
            a, b = (path.strip("/").split("/") for path in (mine, theirs))
            if a[-1] != b[-1] or not a[-1]:
                continue
            common = 0
            while common < min(len(a), len(b)) and a[-1 - common] == b[-1 - common]:
                common += 1
            tail = "/".join(a[len(a) - common :])
            if common == min(len(a), len(b)):
                relative = any(
                    e.identifier.startswith(RELATIVE) or not path.startswith("/")
                    for e, path in ((one, mine), (other, theirs))
                )
                if common == 1:
                    yield 4, ["same name; one is known by its name alone"]
                elif relative:
                    yield 9, [f"one path is the end of the other, {tail}"]
                else:
                    yield 9, [f"one path is the end of the other, /{tail}: another mount point?"]
            elif common > 1:
                folders = common - 1
                words = "directory" if folders == 1 else f"{folders} directories"
                yield 4 + min(folders, 4), [f"same name in the same last {words}, {tail}"]


def _realm(element: StoredElement) -> str:
    if not element.identifier.startswith("file://"):
        return ""
    return element.identifier[7:].partition("/")[0]


def _same_value(one: StoredElement, name: str, other: StoredElement) -> bool | None:
    """Whether both say the same of an observation key; ``None`` where one says nothing."""
    mine, theirs = set(one.values(name)), set(other.values(name))
    return bool(mine & theirs) if mine and theirs else None


def _value(element: StoredElement, name: str) -> Value | None:
    """What a source says, else what was seen on the disk."""
    said = next(iter(element.values(name)), None)
    return dict(element.observed).get(name) if said is None else said


def _said(one: StoredElement, name: str, other: StoredElement) -> bool | None:
    mine, theirs = _value(one, name), _value(other, name)
    return None if mine is None or theirs is None else mine == theirs
