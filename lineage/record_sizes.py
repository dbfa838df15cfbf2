"""Records that are too large for an engine: they are left out and told, and stop nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lineage.errors import RecordTooLarge
from lineage.graph_store import GraphStore
from lineage.interfaces import OnProblem, Problem
from lineage.records import (
    Attributes,
    Bundle,
    FileEvent,
    Iri,
    Literal,
    Namespace,
    Record,
    Relation,
    Value,
)

LONGEST_NAME = 100_000
"""Characters of a path or an identifier in a file event; a path of Linux has 4,096."""
MOST_CHARACTERS = 2_000_000
"""Of the attributes of one file event. Its file may be told of by several sources, and what they
say has to fit into one message of 15 MB to an engine."""
_SHOWN = 200


def write_fitting(
    store: GraphStore, source: str, statements: Sequence[Record | Namespace], on_problem: OnProblem
) -> int:
    """Writes what a source says but for records that the engine cannot take; these are told.

    Returns:
        Records that the store did not have from this source.
    """
    try:
        return store.write(source, statements)
    except RecordTooLarge as error:
        if len(statements) == 1:
            on_problem(Problem(_place(statements[0]), f"is left out: {error}"))
            return 0
    # what an engine adds to a record, and what others said of it, only the engine knows
    middle = len(statements) // 2
    halves = statements[:middle], statements[middle:]
    return sum(write_fitting(store, source, half, on_problem) for half in halves)


def _place(statement: Record | Namespace) -> str:
    if isinstance(statement, Namespace):
        return statement.prefix[:_SHOWN]
    if isinstance(statement, Relation):
        ends = f"{statement.subject or '-':.100}, {statement.object or '-':.100}"
        return f"{statement.kind.keyword}({ends})"
    keyword = "bundle" if isinstance(statement, Bundle) else statement.kind.keyword
    return f"{keyword}({statement.identifier:.{_SHOWN}})"


def fitting(event: FileEvent, on_problem: OnProblem) -> FileEvent | None:
    """The event without attributes that are too long; ``None`` where its very names are."""
    names = (event.path, event.activity, event.product, event.role, event.node)
    longest = max(len(name or "") for name in names)
    if longest > LONGEST_NAME:
        said = f"a name has {longest:,} characters, more than {LONGEST_NAME:,}. It is left out."
        on_problem(Problem(f"{event.path:.{_SHOWN}}", said))
        return None
    kept = [_short(said) for said in (event.attributes, event.relation_attributes)]
    lost = len(event.attributes) + len(event.relation_attributes) - sum(map(len, kept))
    if not lost:
        return event
    said = f"attributes of it have more than {MOST_CHARACTERS:,} characters. The longest, {lost}"
    on_problem(Problem(f"{event.path:.{_SHOWN}}", f"{said} in number, are left out.", 0))
    return replace(event, attributes=kept[0], relation_attributes=kept[1])


def _short(said: Attributes) -> Attributes:
    """The shortest of the attributes, in order, that have so many characters together."""
    sizes = [len(name) + _length(value) for name, value in said]
    if sum(sizes) <= MOST_CHARACTERS:
        return said
    left = MOST_CHARACTERS
    kept = set()
    for index in sorted(range(len(said)), key=sizes.__getitem__):
        left -= sizes[index]
        if left < 0:
            break
        kept.add(index)
    return tuple(pair for index, pair in enumerate(said) if index in kept)


def _length(value: Value) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Literal):
        return len(value.text) + len(value.datatype)
    return len(value.value) if isinstance(value, Iri) else 30
