"""Identity of paths and products that thousands of activities tell of: its work stays small."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lineage.clocks import Clock, Clocks
from lineage.identity import resolve
from lineage.records import FileEvent
from tests.file_events import P1, SETTINGS, generation, use, used

X = "/d/x"


def listed_again(count: int) -> list[FileEvent]:
    """One product that each of many activities writes, and each of as many uses."""
    return [
        event
        for n in range(count)
        for event in (
            generation(X, f"a{n}", 2 * n, 2 * n + 1, product=P1),
            use(X, f"u{n}", 2 * n, 2 * n + 1, product=P1),
        )
    ]


def at_one_moment(count: int) -> list[FileEvent]:
    """Many write a path at one moment, many write over it at another, and many use it then."""
    return [
        event
        for n in range(count)
        for event in (
            generation(X, f"a{n}", 0, 1, product=P1),
            use(X, f"b{n}", 2, 3),
            generation(X, f"b{n}", 2, 3),
            use(X, f"u{n}", 2 + n, 3 + n, product=P1),
        )
    ]


def test_a_product_of_more_versions_than_any_real_one_has_is_unclear() -> None:
    """Any of them may be meant, as a finding says; of few versions the last one is."""
    few, many = listed_again(5), listed_again(70)
    result = resolve(many, SETTINGS)

    assert used(resolve(few, SETTINGS), few[-1]) == f"urn:uuid:{P1}#a3"
    assert used(result, many[-1]) == f"file://{X}#used:u69:{P1}"
    assert sum("which 70 versions may carry" in one.message for one in result.findings) >= 69


@pytest.mark.parametrize(("told", "growth"), [(listed_again, 3), (at_one_moment, 5)])
def test_clocks_are_compared_in_proportion(
    told: Callable[[int], list[FileEvent]], growth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice as many events cost twice as many comparisons, at one moment of one path four times."""
    compared = 0
    lag = Clocks.lag

    def counted(self: Clocks, one: Clock, other: Clock) -> object:
        nonlocal compared
        compared += 1
        return lag(self, one, other)

    monkeypatch.setattr(Clocks, "lag", counted)
    counts = []
    for count in (100, 200):
        compared = 0
        resolve(told(count), SETTINGS)
        counts.append(compared)

    assert counts[1] <= growth * counts[0]
