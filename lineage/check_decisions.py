"""Decisions of users that what is known by now contradicts, or that are about nothing any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineage.check_findings import Finding, FindingKind, shown
from lineage.decisions import Decision, Verdict
from lineage.resemblance import told_apart
from lineage.subgraph import StoredElement


class DecidedOn:
    """The elements that decisions are about, gathered while a store streams by."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._decisions = tuple(decisions)
        self._wanted = {end for made in self._decisions for end in made.pair}
        self._exact: dict[str, StoredElement] = {}
        self._aliased: dict[str, dict[str, StoredElement]] = {}

    def add_element(self, element: StoredElement) -> None:
        """Takes in an element."""
        if element.key in self._wanted:
            self._exact[element.key] = element
        if element.bundle is None:
            for alias in self._wanted.intersection(element.aliases):
                self._aliased.setdefault(alias, {})[element.key] = element

    def findings(self) -> Iterator[Finding]:
        """What is wrong with decisions."""
        for made in self._decisions:
            ends = [self._meant(end) for end in made.pair]
            gone = [end for end, found in zip(made.pair, ends, strict=True) if not found]
            said = f"{made.by} said that it is {'the same as' if _same(made) else 'other than'}"
            sources = (made.source,) if made.source else ()
            if gone:
                other = next((end for end in made.pair if end not in gone), made.pair[1])
                text = f"{shown(gone[0])}: {said} {shown(other)}, and it is not in the store. Take "
                text += "the decision back (`lineage decide --undo`), or import what tells of it."
                keys = tuple(sorted(found[0].key for found in ends if found))
                yield Finding(FindingKind.DECISION_LOST, text, keys, sources)
                continue
            one, other_one = (found[0] for found in ends)
            apart = _contradiction(made, *ends)
            if apart:
                text = (
                    f"{shown(made.first)}: {said} {shown(made.second)}, but {apart}. Decide again"
                )
                text += " (`lineage decide`), or take it back (--undo)."
                keys = tuple(sorted({one.key, other_one.key}))
                yield Finding(FindingKind.DECISION_CONTRADICTED, text, keys, sources)

    def _meant(self, identifier: str) -> list[StoredElement]:
        """What has this identifier, or every version that is known by it."""
        if identifier in self._exact:
            return [self._exact[identifier]]
        return [element for _, element in sorted(self._aliased.get(identifier, {}).items())]


def _same(made: Decision) -> bool:
    return made.verdict is Verdict.SAME


def _contradiction(made: Decision, ones: list[StoredElement], others: list[StoredElement]) -> str:
    keys, other_keys = ({element.key for element in some} for some in (ones, others))
    if not _same(made):
        met = len(keys) == 1 and keys == other_keys
        return "both are one record now, by what was imported since" if met else ""
    if keys & other_keys:
        return ""
    apart = [told_apart(one, other) for one in ones for other in others]
    return apart[0] if all(apart) else ""
