"""What importers hand over, held against the types that `lineage.records` promises.

Ours are checked by mypy; a stranger's may hand over anything, and stores, identity and exports take
types for granted.
"""

from __future__ import annotations

from datetime import datetime

from lineage.records import (
    Activity,
    Agent,
    Bundle,
    Entity,
    EventKind,
    FileEvent,
    Iri,
    Literal,
    Namespace,
    Relation,
    Statement,
)
from lineage.vocabulary import RelationKind

_VALUES = (str, int, float, datetime, Iri, Literal)
_ABOUT_AN_ACTIVITY = (EventKind.USE, EventKind.GENERATION)


def checked(statement: object) -> Statement:
    """The statement as it is.

    Raises:
        TypeError: it is none, or has a part of another type than it should.
    """
    if isinstance(statement, Entity | Activity | Agent):
        _need(statement, isinstance(statement.identifier, str), _is_text(statement.bundle))
        _check_attributes(statement, statement.attributes)
    elif isinstance(statement, FileEvent):
        _check_event(statement)
    elif isinstance(statement, Relation):
        ends = statement.subject, statement.object, statement.identifier, statement.bundle
        _need(statement, isinstance(statement.kind, RelationKind), *map(_is_text, ends))
        _check_attributes(statement, statement.attributes)
    elif isinstance(statement, Namespace):
        _need(statement, isinstance(statement.prefix, str), isinstance(statement.iri, str))
    elif isinstance(statement, Bundle):
        _need(statement, isinstance(statement.identifier, str))
    else:
        raise TypeError(f"{_shown(statement)} is no statement")
    return statement


def _check_event(event: FileEvent) -> None:
    texts = event.activity, event.role, event.product, event.node
    times = event.start, event.stop, event.product_created
    _need(
        event,
        isinstance(event.kind, EventKind) and isinstance(event.path, str) and _is_name(event.path),
        event.activity is not None or event.kind not in _ABOUT_AN_ACTIVITY,
        *map(_is_text, texts),
        *(time is None or isinstance(time, datetime) for time in times),
    )
    _check_attributes(event, event.attributes)
    _check_attributes(event, event.relation_attributes)


def _check_attributes(statement: object, said: object) -> None:
    _need(statement, isinstance(said, tuple))
    for pair in said:  # type: ignore[attr-defined]
        _need(pair, isinstance(pair, tuple) and len(pair) == 2)
        name, value = pair
        _need(pair, isinstance(name, str), isinstance(value, _VALUES))


def _is_name(path: str) -> bool:
    """A file may have it: bytes that are no text are surrogate escapes, and no other surrogates."""
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _need(value: object, *facts: bool) -> None:
    if not all(facts):
        raise TypeError(f"{_shown(value)} has a part of another type than it should")


def _shown(value: object) -> str:
    return f"{type(value).__name__} {value!r:.100}"
