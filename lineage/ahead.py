"""Doing the next thing while the last one is being used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made in a thread while the one before is used; errors come in turn."""
    with ThreadPoolExecutor(1, "lineage-ahead") as maker:
        nothing = object()
        coming = maker.submit(next, items, nothing)
        while (item := coming.result()) is not nothing:
            coming = maker.submit(next, items, nothing)
            yield item  # type: ignore[misc]
