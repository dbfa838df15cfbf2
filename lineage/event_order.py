"""In which order events must have happened: a graph whose circles are contradictions.

All starts of one activity are one event here, and so are all its ends, and the generations and the
invalidations of one entity: PROV lets each precede the others, which makes them simultaneous.

Source: PROV-CONSTRAINTS 6.2, constraints 30 to 49.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from lineage.vocabulary import RelationKind

_START, _END, _GENERATED, _GONE, _USED = "start", "end", "generated", "invalidated", "used"
_Event = tuple[str, str]
"""What happened, and to which element."""


class Order:
    """Nodes of which some precede others."""

    def __init__(self) -> None:
        self._after: dict[str, set[str]] = defaultdict(set)
        self._strict: set[tuple[str, str]] = set()

    def put(self, before: str, after: str, *, strict: bool = False) -> None:
        """``before`` does not come after ``after``; strictly: it comes before it."""
        self._after[before].add(after)
        self._after.setdefault(after, set())
        if strict:
            self._strict.add((before, after))

    def circles(self) -> list[tuple[str, ...]]:
        """Sets of nodes that precede themselves strictly, each sorted."""
        of: dict[str, int] = {}
        components: list[list[str]] = []
        for component in _components(self._after):
            for node in component:
                of[node] = len(components)
            components.append(component)
        bad = {of[one] for one, other in self._strict if of[one] == of[other]}
        return [tuple(sorted(components[number])) for number in sorted(bad)]


class EventOrder:
    """The events of a set of statements."""

    def __init__(self) -> None:
        self._order = Order()
        self.specializations = Order()
        """More specific before more general, strictly."""
        self._uses = 0
        self._rules: dict[RelationKind, Callable[[Mapping[str, str]], None]] = {
            RelationKind.USAGE: self._usage,
            RelationKind.GENERATION: self._generation,
            RelationKind.INVALIDATION: self._invalidation,
            RelationKind.COMMUNICATION: self._communication,
            RelationKind.DERIVATION: self._derivation,
            RelationKind.START: self._start,
            RelationKind.END: self._end,
            RelationKind.SPECIALIZATION: self._specialization,
            RelationKind.MENTION: self._specialization,
            RelationKind.ASSOCIATION: self._association,
            RelationKind.ATTRIBUTION: self._attribution,
            RelationKind.DELEGATION: self._delegation,
        }

    def add(self, kind: RelationKind, ends: Mapping[str, str]) -> None:
        """Adds what a statement says of the order of events.

        Args:
            ends: PROV-DM attribute -> identifier; those that are not known are left out.
        """
        rule = self._rules.get(kind)
        if rule is not None:
            rule(ends)

    def circles(self) -> list[tuple[str, ...]]:
        """Identifiers of elements whose events would precede themselves, each set sorted."""
        return [
            tuple(sorted({node.partition(" ")[2] for node in circle} - {""}))
            for circle in self._order.circles()
        ]

    def _put(self, *events: _Event, strict: bool = False) -> None:
        """Events in their order; those of an element that is not known are skipped."""
        known = [f"{what} {name}" for what, name in events if name]
        for before, after in pairwise(known):
            self._order.put(before, after, strict=strict)

    def _lives(self, activity: str) -> None:
        self._put((_START, activity), (_END, activity))

    def _exists(self, entity: str) -> None:
        self._put((_GENERATED, entity), (_GONE, entity))

    def _usage(self, ends: Mapping[str, str]) -> None:
        activity, entity = ends.get("activity", ""), ends.get("entity", "")
        self._uses += 1
        use = (f"{_USED}{self._uses}", f"{activity}")
        self._put((_START, activity), use, (_END, activity))
        self._put((_GENERATED, entity), use, (_GONE, entity))

    def _generation(self, ends: Mapping[str, str]) -> None:
        activity, entity = ends.get("activity", ""), ends.get("entity", "")
        self._put((_START, activity), (_GENERATED, entity), (_END, activity))
        self._exists(entity)

    def _invalidation(self, ends: Mapping[str, str]) -> None:
        activity, entity = ends.get("activity", ""), ends.get("entity", "")
        self._put((_START, activity), (_GONE, entity), (_END, activity))
        self._exists(entity)

    def _communication(self, ends: Mapping[str, str]) -> None:
        informed, informant = ends.get("informed", ""), ends.get("informant", "")
        self._put((_START, informant), (_END, informed))
        self._lives(informed)
        self._lives(informant)

    def _derivation(self, ends: Mapping[str, str]) -> None:
        later, earlier = ends.get("generatedEntity", ""), ends.get("usedEntity", "")
        if later and earlier:
            self._put((_GENERATED, earlier), (_GENERATED, later), strict=True)
        self._exists(later)
        self._exists(earlier)

    def _start(self, ends: Mapping[str, str]) -> None:
        activity, trigger = ends.get("activity", ""), ends.get("trigger", "")
        self._put((_GENERATED, trigger), (_START, activity), (_GONE, trigger))
        self._put((_START, ends.get("starter", "")), (_START, activity))
        self._lives(activity)

    def _end(self, ends: Mapping[str, str]) -> None:
        activity, trigger = ends.get("activity", ""), ends.get("trigger", "")
        self._put((_GENERATED, trigger), (_END, activity), (_GONE, trigger))
        self._lives(activity)

    def _specialization(self, ends: Mapping[str, str]) -> None:
        specific, general = ends.get("specificEntity", ""), ends.get("generalEntity", "")
        if specific and general:
            self.specializations.put(specific, general, strict=True)
        self._put((_GENERATED, general), (_GENERATED, specific))
        self._put((_GONE, specific), (_GONE, general))
        self._exists(specific)
        self._exists(general)

    def _association(self, ends: Mapping[str, str]) -> None:
        activity, agent = ends.get("activity", ""), ends.get("agent", "")
        self._put((_START, activity), (_GONE, agent))
        self._put((_GENERATED, agent), (_END, activity))
        self._put((_START, activity), (_END, agent))
        self._put((_START, agent), (_END, activity))

    def _attribution(self, ends: Mapping[str, str]) -> None:
        entity, agent = ends.get("entity", ""), ends.get("agent", "")
        self._put((_GENERATED, agent), (_GENERATED, entity))
        self._put((_START, agent), (_GENERATED, entity))

    def _delegation(self, ends: Mapping[str, str]) -> None:
        delegate, responsible = ends.get("delegate", ""), ends.get("responsible", "")
        self._put((_GENERATED, responsible), (_GONE, delegate))
        self._put((_START, responsible), (_END, delegate))


def _components(after: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Strongly connected components (Tarjan's algorithm, with a stack of its own)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in after:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(after[root]))]
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(after[successor])))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    yield component
