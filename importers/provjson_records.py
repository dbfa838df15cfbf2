"""One PROV-JSON record: its names, its values, and the record that they make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sized
from itertools import pairwise
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from importers.provjson_stream import NotJson, Pairs
from lineage import vocabulary as v
from lineage.records import (
    ELEMENT_CLASSES,
    Activity,
    Agent,
    Element,
    Entity,
    Iri,
    Literal,
    Relation,
    Value,
    attributes,
    typed_value,
    xsd_datetime,
)
from lineage.vocabulary import RELATION_BY_KEYWORD, RelationKind

PREDEFINED = {"prov": v.PROV, "xsd": v.XSD, "xsi": v.XSI}
"""Prefixes that a document uses without declaring them; a declaration does not change them.

ProvToolbox writes xsd without the ``#``.
"""
TIMES = frozenset({v.PROV_TIME, v.PROV_START, v.PROV_END})
"""Formal attributes that hold a time."""
REFERENCES = frozenset(
    v.PROV + end.name
    for kind in RelationKind
    for end in (kind.value.subject, kind.value.object, *kind.value.further)
)
"""Formal attributes that hold a qualified name, on whatever record they stand."""
FORMAL = TIMES | REFERENCES
NAME_TYPES = frozenset({v.XSD + "QName", v.PROV + "QUALIFIED_NAME", v.PROV + "QualifiedName"})
"""Datatypes of a qualified-name value: the specification's, prov 1.3-2.x's, and an older one."""
OPAQUE_NAME = v.PROV + "QUALIFIED_NAME"
"""Datatype of a qualified-name value whose prefix is not declared."""

_NAMES_KEPT = 1 << 17
_MOST_VALUES = 200_000
"""Of one record: a hundred times what anybody says of a thing, and 10 MB in an engine."""
_LONGEST_KEPT = 1 << 10
"""Characters of a name that is remembered, so that a hostile file cannot fill the memory."""
_IRI = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*://|urn:|file:/).")
_NO_IRI = re.compile(r'[\x00-\x20<>"{}|\\^`\x7f-\x9f\ud800-\udfff]')

# The records are frozen: their own __init__ sets each field through object.__setattr__, which takes
# twice the time of the slots' descriptors.
_new: Any = object.__new__
_set_identifier, _set_attributes, _set_bundle = (
    Element.__dict__[name].__set__ for name in ("identifier", "attributes", "bundle")
)
_set_kind, _set_subject, _set_object = (
    Relation.__dict__[name].__set__ for name in ("kind", "subject", "object")
)
_set_relation_identifier, _set_relation_attributes, _set_relation_bundle = (
    Relation.__dict__[name].__set__ for name in ("identifier", "attributes", "bundle")
)
_ATTRIBUTE_NAME = itemgetter(0)


class Unreadable(Exception):
    """A record, or a part of it, that means nothing; the message says why."""


def encoded(iri: str) -> str:
    """``iri`` with the characters that no IRI holds percent-encoded.

    Raises:
        Unreadable: It holds half of a surrogate pair.
    """
    try:
        return _NO_IRI.sub(lambda match: quote(match[0], safe=""), iri)
    except UnicodeEncodeError as error:
        raise Unreadable("a name holds half of a surrogate pair, which is no character") from error


class Names(dict[str, str]):
    """Qualified name -> IRI in one document or bundle; resolves on demand, forgets when full."""

    def __init__(
        self, prefixes: dict[str, str], default: str | None, blank: Callable[[str], str]
    ) -> None:
        """Start with the prefixes in scope.

        Args:
            prefixes: Prefix -> namespace IRI as `encoded` leaves it, those of the enclosing
                document among them.
            default: IRI of the default namespace.
            blank: The IRI that stands for a blank label.
        """
        super().__init__()
        self.prefixes = {**prefixes, **PREDEFINED}
        self.prefixes.pop("_", None)  # names of blank things begin so
        self.default = default
        self._blank = blank

    def __missing__(self, name: str) -> str:
        """Resolves a name that was not seen lately.

        Raises:
            Unreadable: Its prefix is not declared, or it is empty.
        """
        prefix, colon, local = name.partition(":")
        namespace = self.prefixes.get(prefix) if colon else None
        iri = self._resolve(name) if namespace is None else namespace + local
        if not local.isalnum() and _NO_IRI.search(iri):
            iri = encoded(iri)
        if len(self) >= _NAMES_KEPT:
            self.clear()
        if len(name) <= _LONGEST_KEPT:
            self[name] = iri
        return iri

    def _resolve(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        if not colon:
            if name and self.default is not None:
                return self.default + name
            problem = "has no prefix, and no default namespace is declared" if name else "is empty"
            raise Unreadable(f"the name {name!r} {problem}")
        if prefix == "_" and local:
            return self._blank(local)
        if prefix == "" and self.default is not None:
            return self.default + local
        if _IRI.match(name):
            return name
        raise Unreadable(f"the prefix of {name!r} is not declared")


class RecordMaker:
    """Makes the records of one section (``entity``, ``used`` ...) of one document or bundle."""

    def __init__(
        self, keyword: str, names: Names, bundle: str | None, note: Callable[[str, str], None]
    ) -> None:
        """Prepare for one section.

        Args:
            keyword: The section's key.
            names: What names mean here.
            bundle: IRI of the named bundle.
            note: Told (record's key, message) of what is left out of a record that is kept.
        """
        self._names = names
        self._bundle = bundle
        self._note = note
        self._key = ""
        self.kind = RELATION_BY_KEYWORD.get(keyword)
        self.expands = self.kind is RelationKind.MEMBERSHIP
        """One JSON object may be several records: see `expanded`."""
        self.make: Callable[[str, Pairs], Entity | Activity | Agent | Relation]
        if self.kind is None:
            self._element = ELEMENT_CLASSES[keyword]
            self.make = self._make_element
        else:
            self._subject = v.PROV + self.kind.value.subject.name
            self._object = v.PROV + self.kind.value.object.name
            self.make = self._make_relation

    def expanded(self, pairs: Pairs) -> Iterator[Pairs]:
        """One membership for each member of a hadMember; every other record as it is."""
        for at, (name, value) in enumerate(pairs):
            if (
                self.expands
                and isinstance(value, list)
                and value
                and self._names[name] == self._object
            ):
                for member in value:
                    yield (*pairs[:at], (name, member), *pairs[at + 1 :])
                return
        yield pairs

    def _make_element(self, key: str, pairs: Pairs) -> Entity | Activity | Agent:
        """The element that a key and its JSON object declare.

        Raises:
            Unreadable: It means nothing.
        """
        self._key = key
        _refuse_many(pairs)
        names = self._names
        found: list[tuple[str, Value]] = []
        for name, value in pairs:
            iri = names[name]
            if type(value) is str and iri not in FORMAL:
                found.append((iri, value))
            else:
                self._add(iri, value, found)
        if len(found) > 1:
            if len(dict(found)) == len(found):
                found.sort(key=_ATTRIBUTE_NAME)
            else:
                self._order(pairs, found)
        made: Entity | Activity | Agent = _new(self._element)
        _set_identifier(made, names[key])
        _set_attributes(made, tuple(found))
        _set_bundle(made, self._bundle)
        return made

    def _make_relation(self, key: str, pairs: Pairs) -> Relation:
        """The relation that a key and its JSON object assert.

        Raises:
            Unreadable: It means nothing.
        """
        self._key = key
        _refuse_many(pairs)
        names = self._names
        subject_name, object_name = self._subject, self._object
        subject: str | None = None
        object_: str | None = None
        found: list[tuple[str, Value]] = []
        for name, value in pairs:
            iri = names[name]
            if iri == subject_name:
                if type(value) is str and subject is None:
                    subject = names[value]
                else:
                    subject = self._end(name, value, subject)
            elif iri == object_name:
                if type(value) is str and object_ is None:
                    object_ = names[value]
                else:
                    object_ = self._end(name, value, object_)
            elif type(value) is str and iri not in FORMAL:
                found.append((iri, value))
            else:
                self._add(iri, value, found)
        if len(found) > 1:
            if len(dict(found)) == len(found):
                found.sort(key=_ATTRIBUTE_NAME)
            else:
                self._order(pairs, found)
        made: Relation = _new(Relation)
        _set_kind(made, self.kind)
        _set_subject(made, subject)
        _set_object(made, object_)
        _set_relation_identifier(made, None if key[:2] == "_:" else self._own_identifier(key))
        _set_relation_attributes(made, tuple(found))
        _set_relation_bundle(made, self._bundle)
        return made

    def _own_identifier(self, key: str) -> str | None:
        try:
            return self._names[key]
        except Unreadable as error:
            self._note(key, f"{error}; the relation is kept without identifier")
            return None

    def _order(self, pairs: Pairs, found: list[tuple[str, Value]]) -> None:
        """Brings attributes of several values into their canonical order, without repetition."""
        if len(dict(pairs)) < len(pairs):
            self._note(self._key, "a key is repeated in the record; all its values are kept")
        found[:] = attributes(found)
        for (name, _), (following, _) in pairwise(found):
            if name == following and name in FORMAL:
                raise Unreadable(f"{name} has more than one value")

    def _end(self, name: str, value: Any, known: str | None) -> str | None:
        """The IRI of a relation's first or second end, ``None`` for one that is absent."""
        if type(value) is str:
            iri: str | None = self._names[value]
        else:
            reference = self._reference(name, value)
            iri = None if reference is None else reference.value
        if known is not None and iri != known:
            raise Unreadable(f"{name} has more than one value")
        return iri

    def _reference(self, name: str, value: Any) -> Iri | None:
        """The qualified name that a formal attribute holds."""
        value = self._only(name, value)
        if isinstance(value, str):
            return Iri(self._names[value])
        if value is None:
            self._note(self._key, f"{name} is null and is left out")
            return None
        if isinstance(value, tuple):
            read = self._typed(value)
            if isinstance(read, Iri):
                return read
        raise Unreadable(f"{name} must be a qualified name ({_shown(value)})")

    @staticmethod
    def _only(name: str, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        if len(value) != 1:
            raise Unreadable(f"{name} takes one value ({len(value)} seen)")
        return value[0]

    def _add(self, iri: str, value: Any, found: list[tuple[str, Value]]) -> None:
        """Adds what an attribute says, however it is written."""
        if iri in REFERENCES:
            reference = self._reference(iri, value)
            if reference is not None:
                found.append((iri, reference))
        elif iri in TIMES:
            self._add_time(iri, self._only(iri, value), found)
        else:
            if isinstance(value, list):
                _refuse_many(value, found)
            for one in value if isinstance(value, list) else (value,):
                if one is None:
                    self._note(self._key, f"{iri} is null and is left out")
                else:
                    found.append((iri, self._value(iri, one)))

    def _add_time(self, iri: str, value: Any, found: list[tuple[str, Value]]) -> None:
        text = dict(value).get("$") if isinstance(value, tuple) else value
        try:
            if not isinstance(text, str):
                raise ValueError
            found.append((iri, xsd_datetime(text)))
        except (ValueError, OverflowError):
            self._note(self._key, f"{iri} is no date and time ({_shown(text)}) and is left out")

    def _value(self, iri: str, value: Any) -> Value:
        if isinstance(value, str | bool | int | float):
            return value
        if isinstance(value, tuple):
            return self._typed(value)
        raise Unreadable(f"{iri} has a value that PROV-JSON does not know ({_shown(value)})")

    def _typed(self, pairs: Pairs) -> Value:
        """The value of ``{"$": text, "type": name, "lang": tag}``."""
        parts = dict(pairs)
        text = parts.pop("$", None)
        datatype, language = parts.pop("type", None), parts.pop("lang", None)
        if isinstance(text, bool):
            text = "true" if text else "false"
        elif isinstance(text, int | float):
            text = str(text)
        if not isinstance(text, str):
            raise Unreadable(f"a typed value has no text under '$' ({_shown(pairs)})")
        if not isinstance(datatype, str | None) or not isinstance(language, str | None):
            raise Unreadable(f"a typed value has a type or language of no text ({_shown(pairs)})")
        if parts or len(pairs) != len(dict(pairs)):
            self._note(self._key, f"a typed value has keys of no meaning ({_shown(pairs)})")
        name = None
        if datatype is not None:
            try:
                name = self._names[datatype]
            except Unreadable as error:
                self._note(self._key, f"{error}; the value is read as text")
        if name in NAME_TYPES:
            try:
                return Iri(self._names[text])
            except Unreadable as error:
                self._note(self._key, f"{error}; the value is kept as it is written")
                return Literal(text, OPAQUE_NAME)
        return typed_value(text, name, language or None)


def _refuse_many(*values: Sized) -> None:
    count = sum(map(len, values))
    if count > _MOST_VALUES:
        raise Unreadable(f"it has more than {_MOST_VALUES:,} values")


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "an object" if isinstance(value, tuple) else "a list"
    text = repr(value) if isinstance(value, NotJson) else ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
