"""What users decided, in a dictionary beside the graph."""

from __future__ import annotations

from collections.abc import Collection

from lineage.decisions import Decision


class MemoryDecisions:
    """The decisions of a memory store."""

    def __init__(self) -> None:
        self._decisions: dict[str, Decision] = {}

    def decisions(self) -> tuple[Decision, ...]:
        """What users decided, by key."""
        return tuple(self._decisions[key] for key in sorted(self._decisions))

    def decide(self, made: Collection[Decision], undone: Collection[str] = ()) -> None:
        """Keeps decisions, and drops others by their keys."""
        left = {key: one for key, one in self._decisions.items() if key not in undone}
        self._decisions = left | {one.key: one for one in made}
