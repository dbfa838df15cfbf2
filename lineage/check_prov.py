"""What PROV forbids: violated constraints, and records that influenced themselves."""

from __future__ import annotations

from collections.abc import Iterator

from lineage import vocabulary as v
from lineage.check_findings import Finding, FindingKind, listed, shown
from lineage.check_graph import Graph
from lineage.constraints import EMPTY_COLLECTION, MANDATORY, Violation, violations
from lineage.event_order import Order
from lineage.identifiers import key_of
from lineage.records import ELEMENT_CLASSES, Iri, Record, Relation
from lineage.subgraph import StoredElement, StoredRelation
from lineage.vocabulary import INFLUENCES, RelationKind

_KINDS = (
    (range(MANDATORY, MANDATORY + 1), FindingKind.PROV_INCOMPLETE),
    (range(22, 30), FindingKind.PROV_UNIQUENESS),
    (range(30, 50), FindingKind.PROV_ORDER),
    ((50, 55), FindingKind.PROV_TYPING),
    (range(51, 57), FindingKind.PROV_IMPOSSIBLE),
)
"""Numbers of constraints, and what their violation is; the first that fits."""
_LONGEST = 1_500
"""Characters of a violation's own message."""
_TIMES = frozenset({v.PROV_START, v.PROV_END, v.PROV_TIME})
_FURTHER = {
    kind: _TIMES | {v.PROV + end.name for end in kind.value.further} for kind in RelationKind
}


class Statements:
    """The records of a store without what no constraint asks about."""

    def __init__(self) -> None:
        self._records: list[Record] = []

    def add_element(self, element: StoredElement) -> None:
        """Takes in what is declared of an element."""
        for record in element.records:
            kept = tuple(
                pair
                for pair in record.attributes
                if pair[0] in _TIMES or pair == (v.PROV_TYPE, Iri(EMPTY_COLLECTION))
            )
            made = ELEMENT_CLASSES[record.kind.keyword]
            self._records.append(made(record.identifier, kept, record.bundle))

    def add_relation(self, stored: StoredRelation) -> None:
        """Takes in a relation."""
        one = stored.relation
        kept = tuple(pair for pair in one.attributes if pair[0] in _FURTHER[one.kind])
        self._records.append(
            Relation(one.kind, one.subject, one.object, one.identifier, kept, one.bundle)
        )

    def findings(self, graph: Graph) -> Iterator[Finding]:
        """Every violated constraint."""
        for violation in violations(self._records):
            yield _finding(violation, graph)


def _finding(violation: Violation, graph: Graph) -> Finding:
    kind = next(kind for numbers, kind in _KINDS if violation.constraint in numbers)
    keys = tuple(key_of(name, violation.bundle) for name in violation.identifiers)
    rule = f"PROV-CONSTRAINTS {violation.constraint}" if violation.constraint else "PROV-DM"
    where = f"{rule} in {shown(violation.bundle)}" if violation.bundle else rule
    text = f"{where}: {shown(violation.message, _LONGEST)} Correct the source that says so."
    return Finding(kind, text, keys, graph.told(keys))


class Influences:
    """Which element influenced which."""

    def __init__(self) -> None:
        self._order = Order()

    def add_relation(self, stored: StoredRelation) -> None:
        """Takes in a relation."""
        if stored.relation.kind in INFLUENCES:
            subject, end = stored.subject_key, stored.object_key
            if subject is not None and end is not None:
                self._order.put(end, subject, strict=True)

    def findings(self, graph: Graph) -> Iterator[Finding]:
        """Every set of elements that influenced one another in a circle."""
        for circle in self._order.circles():
            names = listed([graph.name(key) for key in circle])
            text = f"{names}: each comes from the others. Walks visit each once; see whether a "
            text += "set of files was taken for one, or a clock was wrong."
            if len(circle) == 1:
                text = f"{names}: comes from itself. Correct the source that says so."
            yield Finding(FindingKind.CYCLE, text, circle, graph.told(circle))
