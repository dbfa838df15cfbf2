"""Subruns of a run that are missing: between others, or from one data level to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from lineage.check_findings import Finding, FindingKind, shown
from lineage.check_graph import Graph

_RANGES_SHOWN = 20
Numbers = Mapping[int, Sequence[str]]
"""Subrun -> the keys of its files."""


def missing_subruns(graph: Graph) -> Iterator[Finding]:
    """One finding for each run, data level and production that lacks subruns.

    A subrun is missing if there are earlier and later ones at its level, or if it is there at the
    level before, of the same production where that has one. Which kinds of file a level has is not
    asked: any file of a subrun says that it is there.
    """
    for (telescope, run), levels in sorted(_by_level(graph).items()):
        before: dict[str, dict[int, list[str]]] = {}
        for level, productions in sorted(levels.items(), key=lambda one: (len(one[0]), one[0])):
            for production, there in sorted(productions.items()):
                earlier = before.get(production) or _all_of(before)
                name = f"run {run}" + (f" of {shown(telescope)}" if telescope else "")
                name += f", {shown(level)}" + (f" ({shown(production)})" if production else "")
                finding = _missing(graph, name, there, earlier)
                if finding is not None:
                    yield finding
            before = productions


_Levels = dict[str, dict[str, dict[int, list[str]]]]


def _by_level(graph: Graph) -> dict[tuple[str, int], _Levels]:
    """(telescope, run) -> level -> production -> subrun -> keys."""
    found: dict[tuple[str, int], _Levels] = defaultdict(dict)
    for key, file in graph.files.items():
        one = file.subrun
        if one is not None:
            productions = found[one.telescope, one.run].setdefault(one.level, {})
            productions.setdefault(one.production, {}).setdefault(one.number, []).append(key)
    return found


def _all_of(productions: Mapping[str, Numbers]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for numbers in productions.values():
        for number, keys in numbers.items():
            found[number] += keys
    return found


def _missing(graph: Graph, name: str, there: Numbers, earlier: Numbers) -> Finding | None:
    numbers = sorted(there)
    holes = [(one + 1, other - 1) for one, other in pairwise(numbers) if other > one + 1]
    not_made = [number for number in sorted(earlier) if number not in there]
    outside = [n for n in not_made if not numbers[0] < n < numbers[-1]]
    if not holes and not outside:
        return None
    ranges = sorted([*holes, *_ranges(outside)])
    several = len(ranges) > 1 or ranges[0][0] != ranges[0][1]
    text = f"{name}: {'subruns' if several else 'subrun'} {_text(ranges)} "
    text += f"{'are' if several else 'is'} missing ({_text(_ranges(numbers))} "
    text += f"{'are' if len(numbers) > 1 else 'is'} there"
    if not_made:
        text += f"; {_text(_ranges(not_made))} at the level before"
    text += "). Process what was left out, or import the logs that tell of it."
    beside = {n for first, last in holes for n in (first - 1, last + 1)} or {numbers[-1]}
    records = {key for number in beside for key in there[number]}
    records |= {key for number in not_made for key in earlier[number]}
    said = {source for key in records for source in graph.told([key])}
    return Finding(FindingKind.MISSING_SUBRUN, text, tuple(sorted(records)), tuple(sorted(said)))


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as (first, last) of each stretch."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return found


def _text(ranges: Sequence[tuple[int, int]]) -> str:
    some = [str(a) if a == b else f"{a} to {b}" for a, b in ranges[:_RANGES_SHOWN]]
    left = len(ranges) - len(some)
    return ", ".join(some) + (f" and {left:,} more stretches" if left else "")
