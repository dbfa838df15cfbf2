"""Work on an engine that ends between two of its transactions, as if the process was killed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lineage.stores.bolt import BoltStore


class Killed(BaseException):
    """Stands for the end of the process."""


def killed_after(
    store: BoltStore,
    transactions: int,
    patch: pytest.MonkeyPatch,
    work: Callable[[BoltStore], object],
) -> bool:
    """Does this; ``True`` if it was killed after so many transactions."""
    left = transactions
    write = store._connection.write

    def counted(transaction: Any) -> Any:
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        return write(transaction)

    with patch.context() as patched:
        patched.setattr(store._connection, "write", counted)
        try:
            work(store)
        except Killed:
            return True
    return False
