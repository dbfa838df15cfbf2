"""The app's hold on its store: one that went away can be opened again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lineage.errors import StoreError
from lineage.graph_store import GraphStore


class Connection:
    """A store, and the way to open it again after it failed."""

    def __init__(self, store: GraphStore, reopen: Callable[[], GraphStore] | None = None) -> None:
        """``reopen`` makes another store of the same place; without it the first one is kept."""
        self.store = store
        self._reopen = reopen
        self._lock = threading.Lock()

    def renew(self, failed: GraphStore) -> None:
        """Opens the store again, once for all the requests that saw ``failed`` fail.

        Raises:
            StoreError: it still cannot be opened.
        """
        with self._lock:
            if self._reopen is None or failed is not self.store:
                return
            self.store = self._reopen()
        try:
            failed.close()
        except StoreError:
            return  # it is gone: that is why another was opened
