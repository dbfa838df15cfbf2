"""The steps of a provenance table as statements: a chain of activities and tree sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from importers import agents
from importers.tskit_record import Description, activity_iri, describe, state_iri, undecoded
from importers.tskit_rows import MOST_ROWS, Step, chain
from lineage import vocabulary as v
from lineage.records import Activity, Attributes, Entity, Iri, Relation, Statement, attributes
from lineage.vocabulary import TSKIT, RelationKind

Report = Callable[[str, str], None]
"""Takes a place and a sentence."""

ROW_ORDER = "inferred: order of the provenance rows"
"""Rows are appended, but tools may leave some out, and none says which row it follows."""
CURRENT = "parameters: current tree sequence"
"""msprime says of an argument that it was the tree sequence of the row before."""
OTHER = "parameters: provenance of the other tree sequence"
"""tskit's union keeps the provenance of what it adds, but no name of it."""

_DEEPEST = 16
"""Tables within parameters within tables: each doubles the backslashes, so that few fit a file."""
_MADE: Attributes = ((v.EVIDENCE, ROW_ORDER),)


class StepReader:
    """Turns the steps of chains into statements; says everything once."""

    def __init__(self, report: Report) -> None:
        """``report`` is told of every row that is not as it should be, and kept all the same."""
        self._report = report
        self._said: set[str] = set()
        self._others_left = MOST_ROWS

    def statements(self, step: Step, place: str, depth: int = 0) -> Iterator[Statement]:
        """What one row says, and the rows of other tree sequences that it holds.

        Args:
            place: JSON pointer of the row.
            depth: Tables that this row's table lies in.
        """
        activity, state = activity_iri(step.after), state_iri(step.after)
        if not self._is_new(activity):
            return
        try:
            said = describe(step, self._others_left if depth < _DEEPEST else 0)
        except RecursionError:
            said = undecoded(step, "is nested too deeply")
        self._others_left -= sum(len(other.rows) for other in said.others)
        for pointer, problem in said.problems:
            self._report(place + pointer, f"the row {problem}. It is kept.")
        facts = [*said.facts, (v.PROV_LABEL, said.label), (TSKIT + "row", step.position)]
        facts += [(TSKIT + "problem", problem) for _, problem in said.problems]
        yield Activity(activity, attributes(facts))
        yield from self._responsible(activity, said)
        if step.before:
            evidence = CURRENT if said.names_current else ROW_ORDER
            role = "self" if said.others else "tree sequence"
            yield _used(activity, state_iri(step.before), role, evidence)
        for other in said.others:
            inside = f"{place}/parameters/{other.name}/record"
            for one in chain(lambda rows=other.rows: rows, other.scope):  # type: ignore[misc]
                yield from self.statements(one, f"{inside}/{one.parsed.row.number}", depth + 1)
            yield _used(activity, other.state, other.name, OTHER)
        named = (v.PROV_LABEL, f"tree sequence after {said.label}")
        yield Entity(state, attributes([named, *_MADE]))
        yield Relation(RelationKind.GENERATION, state, activity, attributes=_MADE)

    def _responsible(self, activity: str, said: Description) -> Iterator[Statement]:
        """The software that ran, and the script that it followed."""
        followed: Attributes = ()
        if said.model is not None:
            followed = ((v.PROV_PLAN, Iri(said.model.identifier)),)
            if self._is_new(said.model.identifier):
                yield said.model
            role = ((v.PROV_ROLE, "model"),)
            yield Relation(RelationKind.USAGE, activity, said.model.identifier, attributes=role)
        if said.software is not None:
            agent = agents.software(*said.software)
            if self._is_new(agent.identifier):
                yield agent
            ran = agent.identifier
            yield Relation(RelationKind.ASSOCIATION, activity, ran, attributes=followed)

    def _is_new(self, identifier: str) -> bool:
        """It was not said before; it is now."""
        known = identifier in self._said
        self._said.add(identifier)
        return not known


def _used(activity: str, state: str, role: str, evidence: str) -> Relation:
    said = attributes([(v.PROV_ROLE, role), (v.EVIDENCE, evidence)])
    return Relation(RelationKind.USAGE, activity, state, attributes=said)
