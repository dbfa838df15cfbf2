"""Many declarations of one thing become one element; nothing depends on the order of imports."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from lineage import vocabulary as v
from lineage.canonical import canonical
from lineage.identifiers import split_key
from lineage.records import (
    Activity,
    Agent,
    Attributes,
    Entity,
    Value,
    attributes,
    display_name,
)
from lineage.subgraph import StoredElement
from lineage.vocabulary import ElementKind, RelationKind

Declaration = Entity | Activity | Agent
"""What a source, or identity, says of an element."""

_KINDS = tuple(ElementKind)
_NEVER = datetime.min.replace(tzinfo=UTC)


def fold_attributes(declarations: Iterable[Declaration]) -> Attributes:
    """The attributes of several declarations of one element and kind.

    Each attribute has the values of the best declaration that gives it: finished beats running,
    then the later stop, then more attributes, then the canonical line. prov:type is the union.
    """
    several = list(declarations)
    if len(several) == 1:
        return several[0].attributes
    # by canonical line: to Python 1, 1.0 and True are equal, and so would be the records
    distinct = {canonical(declaration): declaration for declaration in several}
    ranked = sorted(distinct.values(), key=_rank, reverse=True)
    if len(ranked) == 1:
        return ranked[0].attributes
    given: dict[str, list[Value]] = {}
    for declaration in ranked:
        own: dict[str, list[Value]] = {}
        for name, value in declaration.attributes:
            own.setdefault(name, []).append(value)
        for name, values in own.items():
            if name == v.PROV_TYPE:
                given.setdefault(name, []).extend(values)
            else:
                given.setdefault(name, values)
    return attributes((name, value) for name, values in given.items() for value in values)


def _rank(declaration: Declaration) -> tuple[bool, datetime, int, str]:
    stops = [value for value in declaration.values(v.PROV_END) if isinstance(value, datetime)]
    stop = max((s if s.tzinfo else s.replace(tzinfo=UTC) for s in stops), default=_NEVER)
    return bool(stops), stop, len(declaration.attributes), canonical(declaration)


def fold(
    key: str,
    declarations: Iterable[Declaration],
    *,
    implied: Collection[ElementKind] = (),
    is_bundle: bool = False,
    aliases: Iterable[str] = (),
    sources: Iterable[str] = (),
    observed: Attributes = (),
) -> StoredElement:
    """The element that these declarations describe together.

    Args:
        key: The element's key; the declarations all have it.
        declarations: Of any kinds, identity's own entity among them; none for a stub.
        implied: Kinds that relations imply (see `implied_kinds`).
        is_bundle: A named bundle has this identifier.
        aliases: Weaker identifiers.
        sources: Keys of the sources that declare it.
        observed: What was seen of it on the disk.
    """
    by_kind: dict[ElementKind, list[Declaration]] = {}
    for declaration in declarations:
        by_kind.setdefault(declaration.kind, []).append(declaration)
    identifier, bundle = split_key(key)
    records = tuple(
        type(by_kind[kind][0])(identifier, fold_attributes(by_kind[kind]), bundle)
        for kind in _KINDS
        if kind in by_kind
    )
    together = (
        records[0].attributes
        if len(records) == 1
        else attributes(pair for record in records for pair in record.attributes)
    )
    kinds = {*by_kind, *implied}
    if is_bundle:
        kinds.add(ElementKind.ENTITY)
    return StoredElement(
        records=records,
        key=key,
        identifier=identifier,
        bundle=bundle,
        kinds=frozenset(kinds),
        name=display_name(identifier, together),
        is_bundle=is_bundle,
        aliases=tuple(sorted(set(aliases) - {identifier})),
        sources=tuple(sorted(set(sources))),
        observed=observed,
    )


def implied_kinds(kind: RelationKind) -> tuple[ElementKind | None, ElementKind | None]:
    """What a relation's subject and object are thereby said to be; ``None`` where PROV is open."""
    return kind.value.subject.kind, kind.value.object.kind
