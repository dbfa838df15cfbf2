"""What RDF statements about one node say in PROV: elements, relations, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from importers.provjson_records import FORMAL, NAME_TYPES, OPAQUE_NAME, REFERENCES, TIMES
from lineage import prov_o
from lineage import vocabulary as v
from lineage.records import (
    ELEMENT_CLASSES,
    Activity,
    Agent,
    Bundle,
    Entity,
    Iri,
    Literal,
    Relation,
    Value,
    attributes,
    typed_value,
    xsd_datetime,
)
from lineage.vocabulary import ElementKind, RelationKind

OWNER = "^"
"""Stands before the property in the row of a qualified node that says whose it is."""
IMPLIED = "?"
"""Property of the row that says what a node is because of how others speak of it."""
SHORT = "short"
"""An unqualified property relates the two."""
QUALIFIED = "qualified"
"""A qualified node relates the two."""

Row = tuple[str, Any]
"""(property, IRI or the three parts of a literal)"""
Note = Callable[[str, str, int], None]
"""Takes the identifier, what is wrong, and how many records are lost."""
_TYPE = v.RDF + "type"
_BUNDLE = v.PROV + "Bundle"
_OF_MENTIONS = frozenset({prov_o.TERMS[RelationKind.MENTION].unqualified, prov_o.AS_IN_BUNDLE})
_SUBJECT = "subject"
_OBJECT = "object"
_MOST_HALVES = 100_000
_LANGUAGE = v.RDF + "langString"
_STRING = v.XSD + "string"


class NodeReader:
    """Reads what one graph says of one node, all of it together."""

    def __init__(self, note: Note) -> None:
        """``note`` is told of what is left out."""
        self._note = note

    def records(
        self, node: str, graph: str | None, rows: list[Row], *, named: bool
    ) -> Iterator[Entity | Activity | Agent | Bundle | Relation]:
        """What the rows say.

        Args:
            node: IRI.
            graph: IRI of the graph that says it, which is a bundle; ``None`` for the document.
            rows: The statements whose subject it is, and what others imply.
            named: It has a name of its own; a blank one is no relation's identifier.
        """
        types, owners, said = [], [], []
        implied: set[str] = set()
        mentions: list[Row] = []
        for predicate, value in rows:
            if predicate == _TYPE and type(value) is str:
                types.append(value)
            elif predicate == _TYPE:
                said.append((v.PROV_TYPE, value))  # the prov library writes texts so
            elif predicate[0] == OWNER:
                owners.append((predicate[1:], value))
            elif predicate == IMPLIED:
                implied.add(value)
            elif predicate in _OF_MENTIONS:
                mentions.append((predicate, value))
            else:
                said.append((predicate, value))
        meanings = {prov_o.QUALIFIED[name] for name, _ in owners}
        if not meanings:
            meanings = {prov_o.NODE_CLASSES[one] for one in types if one in prov_o.NODE_CLASSES}
        if meanings:
            identifier = node if named else None
            found = {meaning.kind for meaning in meanings}
            for relation_kind in sorted(found, key=_keyword) if len(found) > 1 else found:
                yield from self._relations(relation_kind, identifier, graph, types, owners, said)
        kinds = {prov_o.ELEMENT_CLASSES[one] for one in types if one in prov_o.ELEMENT_CLASSES}
        if not kinds and not meanings and (said or types):
            kinds = {prov_o.DOMAINS[name] for name, _ in said if name in prov_o.DOMAINS}
            kinds = kinds or {ElementKind(name) for name in implied}
        if kinds:
            yield from self._elements(node, graph, kinds, types, said)
        if mentions:
            yield from _mentions(node, graph, mentions)

    def _elements(
        self,
        node: str,
        graph: str | None,
        kinds: set[ElementKind],
        types: list[str],
        said: list[Row],
    ) -> Iterator[Entity | Activity | Agent | Bundle]:
        if types == [_BUNDLE] and not said and graph is None:
            yield Bundle(node)
            return
        for kind in sorted(kinds, key=_keyword) if len(kinds) > 1 else kinds:
            base = v.PROV + kind.value
            items: list[tuple[str, Value]] = [
                (v.PROV_TYPE, Iri(one))
                for one in types
                if one != base and prov_o.ELEMENT_CLASSES.get(one, kind) is kind
            ]
            for predicate, value in said:
                name = prov_o.ELEMENT_ATTRIBUTES.get(predicate, predicate)
                self._add(node, name, value, items)
            common, choices = _choices(items)
            # an element is known without its times
            for choice in list(self._alternatives(node, choices, lost=0)) or [{}]:
                found = attributes([*common, *choice.items()])
                yield ELEMENT_CLASSES[kind.keyword](node, found, graph)

    def _relations(
        self,
        kind: RelationKind,
        identifier: str | None,
        graph: str | None,
        types: list[str],
        owners: list[tuple[str, str]],
        said: list[Row],
    ) -> Iterator[Relation]:
        """The relations that a qualified node stands for: one, but for contradictions."""
        terms = prov_o.TERMS[kind]
        where = identifier or (owners[0][1] if owners else terms.node_class)
        objects: list[str | None] = []
        items: list[tuple[str, Value]] = []
        items += [
            (v.PROV_TYPE, Iri(one))
            for one in types
            if one != terms.node_class and one not in prov_o.IMPLIED_CLASSES
        ]
        for name, _ in owners:
            special = prov_o.QUALIFIED[name].type
            if special is not None:
                items.append((v.PROV_TYPE, Iri(special)))
        for predicate, value in said:
            if predicate in terms.objects:
                if type(value) is str:
                    objects.append(value)
                else:
                    self._note(where, f"{predicate} is a text and is left out", 0)
                continue
            self._add(where, terms.attributes.get(predicate, predicate), value, items)
        subjects: list[str | None] = [
            subject for name, subject in owners if prov_o.QUALIFIED[name].kind is kind
        ] or [None]
        common, formal = _choices(items)
        ends = {_SUBJECT: dict.fromkeys(subjects), _OBJECT: dict.fromkeys(objects or [None])}
        choices: dict[str, list[Any]] = {name: list(values) for name, values in ends.items()}
        choices |= formal
        for choice in self._alternatives(where, choices, lost=1):
            subject, object_ = choice.pop(_SUBJECT), choice.pop(_OBJECT)
            found = attributes([*common, *choice.items()])
            yield Relation(kind, subject, object_, identifier, found, graph)

    def _alternatives(
        self, where: str, choices: dict[str, list[Any]], *, lost: int
    ) -> Iterator[dict[str, Any]]:
        """One choice for each value of what has several although PROV gives it one.

        RDF merges two records of one identifier; so they come apart again. Where two things have
        several values, nobody knows any more which belong together.
        """
        open_ = [name for name, values in choices.items() if len(values) > 1]
        if len(open_) > 1:
            names = " and ".join(open_[:2])
            self._note(where, f"several records are one node: which {names} belong together?", lost)
            return
        only = {name: values[0] for name, values in choices.items()}
        for value in choices[open_[0]] if open_ else (None,):
            yield {**only, open_[0]: value} if open_ else only

    def _add(self, where: str, name: str, value: Any, items: list[tuple[str, Value]]) -> None:
        """Adds an attribute; what PROV does not allow is told and left out."""
        if name in TIMES:
            try:
                if type(value) is str:
                    raise ValueError
                items.append((name, xsd_datetime(value[0])))
            except (ValueError, OverflowError):
                shown = value if type(value) is str else value[0]
                self._note(where, f"{name} is no date and time ({shown!r:.80}) and is left out", 0)
        elif type(value) is str:
            items.append((name, Iri(value)))
        elif name in REFERENCES:
            self._note(where, f"{name} is a text ({value[0]!r:.80}) and is left out", 0)
        else:
            items.append((name, read_literal(*value)))


def _keyword(kind: ElementKind | RelationKind) -> str:
    return kind.keyword


def _choices(
    items: list[tuple[str, Value]],
) -> tuple[list[tuple[str, Value]], dict[str, list[Value]]]:
    """The items that may have several values, and the values of those that PROV gives one."""
    formal: dict[str, list[Value]] = {}
    for name, value in items:
        if name in FORMAL and value not in formal.setdefault(name, []):
            formal[name].append(value)
    return [item for item in items if item[0] not in FORMAL], formal


def _mentions(node: str, graph: str | None, rows: list[Row]) -> Iterator[Relation]:
    """prov:mentionOf, with the bundle that prov:asInBundle names beside it."""
    bundles = [value for name, value in rows if name == prov_o.AS_IN_BUNDLE]
    items = attributes((v.PROV + "bundle", Iri(one)) for one in bundles if type(one) is str)
    for name, value in rows:
        if name != prov_o.AS_IN_BUNDLE and type(value) is str:
            yield Relation(RelationKind.MENTION, node, value, None, items, graph)


def read_literal(text: str, datatype: str, language: str | None) -> Value:
    """An RDF literal as an attribute's value."""
    if datatype == _STRING:
        return text
    if datatype in NAME_TYPES:
        return Literal(text, OPAQUE_NAME)
    return typed_value(text, None if datatype == _LANGUAGE else datatype, language)


def between(
    kind: RelationKind, subject: str, object_: str, graph: str | None, marks: list[tuple[Any, ...]]
) -> Iterator[Relation]:
    """What unqualified properties say of two nodes, unless a qualified node says it better.

    Args:
        marks: ``SHORT``, ``QUALIFIED`` or the IRI of a special derivation, each alone in a tuple.
    """
    found = {mark[0] for mark in marks}
    if QUALIFIED in found:
        return
    special = sorted(found - {SHORT})
    for one in special:
        items: tuple[tuple[str, Value], ...] = ((v.PROV_TYPE, Iri(one)),)
        yield Relation(kind, subject, object_, None, items, graph)
    if not special:
        yield Relation(kind, subject, object_, None, (), graph)


class Halves:
    """Qualified nodes that leave it to the unqualified property beside them to name the object.

    So the prov library wrote associations, attributions, delegations, communications and
    influences before its version 3. Where there are several objects, none is guessed.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[Any, ...], tuple[list[Relation], list[Relation]]] = {}
        self._kept = 0

    def keep(self, relation: Relation) -> bool:
        """Keeps a relation that lacks its object, as far as there is room."""
        if (
            relation.object is not None
            or relation.subject is None
            or not prov_o.TERMS[relation.kind].read_as_one
            or self._kept >= _MOST_HALVES
        ):
            return False
        self._kept += 1
        self._open.setdefault(_side(relation), ([], []))[0].append(relation)
        return True

    def match(self, relation: Relation) -> bool:
        """Takes an unqualified relation that may belong to what was kept."""
        kept = self._open.get(_side(relation))
        if kept is None or len(kept[1]) > 1:
            return False  # of two it is known already that none is guessed
        kept[1].append(relation)
        return True

    def relations(self) -> Iterator[Relation]:
        """What was kept, with the objects that were found."""
        for nodes, short in self._open.values():
            if len(short) == 1:
                for node in nodes:
                    yield replace(node, object=short[0].object)
            else:
                yield from nodes
                yield from short
        self._open.clear()


def _side(relation: Relation) -> tuple[Any, ...]:
    return relation.bundle, relation.kind, relation.subject
