"""What Ctrl-C and a request to end (SIGTERM) do to a command that writes to a store."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ending_on_signals(end: Callable[[int], None]) -> Iterator[None]:
    """The first signal calls ``end`` with its number; a second one ends the program at once."""

    def once(number: int, _: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        end(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, once) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
