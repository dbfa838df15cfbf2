"""Checks of the app's store: done once for each state of it, and bounded."""

from __future__ import annotations

import threading
import time

from lineage.check import CheckProgress, check
from lineage.check_findings import CheckReport
from lineage.errors import LineageError
from lineage.graph_store import GraphStore
from lineage.identity import IdentitySettings

MOST_RECORDS = 100_000
"""Elements and relations of a store that is checked here: about 15 s."""
MOST_SECONDS = 30.0

_State = tuple[tuple[object, ...], ...]


class CheckStopped(LineageError):
    """A check would take, or took, longer than anybody waits for a page."""


class Checks:
    """The last check, and the state of the store that it was about."""

    def __init__(
        self,
        settings: IdentitySettings,
        *,
        most_records: int = MOST_RECORDS,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        """``settings`` are those of the imports."""
        self._settings = settings
        self._most_records = most_records
        self._most_seconds = most_seconds
        self._lock = threading.Lock()
        self._last: tuple[_State, CheckReport] | None = None

    def known(self, store: GraphStore) -> CheckReport | None:
        """The last check, if nothing was imported since."""
        last = self._last
        return last[1] if last is not None and last[0] == _state(store) else None

    def report(self, store: GraphStore) -> CheckReport:
        """What is wrong with the store as it is now; one request at a time finds it out.

        Raises:
            CheckStopped: the store is too large, or the check took too long.
        """
        if not self._lock.acquire(timeout=self._most_seconds):
            raise CheckStopped("Another check is under way. Load this page again in a moment.")
        try:
            known = self.known(store)
            if known is not None:
                return known
            state = _state(store)
            report = self._check(store)
            # an import under way changes what is said without changing its source
            if all(source.complete for source in store.sources()):
                self._last = state, report
            return report
        finally:
            self._lock.release()

    def _check(self, store: GraphStore) -> CheckReport:
        stats = store.stats()
        records = stats.entities + stats.activities + stats.agents + sum(stats.relations.values())
        if records > self._most_records:
            raise CheckStopped(
                f"This store holds {records:,} records, and up to {self._most_records:,} are "
                "checked here. Run `lineage check`, which has no limit."
            )
        deadline = time.monotonic() + self._most_seconds

        def tell(progress: CheckProgress) -> None:
            if time.monotonic() > deadline:
                raise CheckStopped(
                    f"The check was stopped after {self._most_seconds:.0f} s, while "
                    f"{progress.doing} ({progress.done:,} done). Run `lineage check`, which has "
                    "no limit."
                )

        return check(store, self._settings, on_progress=tell)


def _state(store: GraphStore) -> _State:
    """Differs where something else was imported or decided: what a store says rests on these."""
    sources = tuple((s.key, s.complete, s.records, s.skipped) for s in store.sources())
    return sources, store.decisions()
