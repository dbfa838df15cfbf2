"""How records become properties, and rows become records again.

The exact record is always kept beside, as canonical lines in ``prov_json``; the native properties
are what users write Cypher about, and no answer of ours depends on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from lineage import vocabulary as v
from lineage.canonical import canonical, digest, from_canonical
from lineage.identifiers import PrefixMap, key_of, local_part
from lineage.identity import Made, Run, Version
from lineage.records import (
    ELEMENT_CLASSES,
    Activity,
    Agent,
    Attributes,
    Entity,
    Relation,
    Value,
)
from lineage.stores.fold import Declaration, fold
from lineage.stores.search import haystack, value_text
from lineage.subgraph import StoredElement
from lineage.vocabulary import TYPE_LABELS, ElementKind, RelationKind

Row = dict[str, Any]
"""Parameters of one row of an UNWIND, or one row of an answer."""

INDEXED_CHARACTERS = 1_000
"""Neo4j refuses an indexed string of more than 8 kB, and the transaction with it."""

NATIVE_CHARACTERS = 65_536
"""Longer values are cut in their native property; ``prov_json`` has them whole."""

_DIGESTED = "sha256:"
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_]")

_ELEMENT_NAMES = {
    v.PROV_LABEL: "label",
    v.PROV_TYPE: "types",
    v.PROV_LOCATION: "location",
    v.PROV_VALUE: "value",
}
_RELATION_NAMES = {v.PROV_ROLE: "role", v.PROV_LABEL: "label", v.PROV_TYPE: "types"} | {
    v.PROV + end.name: end.name for kind in RelationKind for end in kind.value.further
}
_LISTS = frozenset({"types"})
_OURS = (
    "aliases bound bundle declared declared_by endTime id in_bundle is_bundle key made name "
    "observed paths prov_json recorded_at recorded_path recorded_product resolved says search "
    "sources startTime statements stub time whole_key"
)
_TAKEN = frozenset({*_OURS.split(), *_ELEMENT_NAMES.values(), *_RELATION_NAMES.values()})
"""Property names with a meaning of ours; an attribute that would be called so gets another."""


def clean(text: str) -> str:
    """``text`` with what UTF-8 cannot hold replaced; Bolt carries UTF-8 only."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def stored_line(line: str) -> str:
    """A line of JSON as a store can hold it: lone surrogates as JSON escapes."""
    if line.isascii():
        return line
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def node_key(key: str) -> str:
    """The indexed form of an element's key: itself, or a digest where an index cannot hold it."""
    plain = len(key) <= INDEXED_CHARACTERS and not key.startswith(_DIGESTED)
    if plain and (key.isascii() or not _SURROGATE.search(key)):
        return key
    return _DIGESTED + digest(key)


def whole_key(row: Mapping[str, Any]) -> str:
    """The element's key, from a row with ``key`` and ``whole_key``."""
    whole = row["whole_key"]
    key: str = row["key"] if whole is None else from_canonical(whole).identifier  # type: ignore[assignment]
    return key


class PropertyNames(dict[str, str]):
    """The property under which users find an attribute: ``prefix_local``."""

    def __init__(self, prefixes: PrefixMap) -> None:
        super().__init__()
        self._prefixes = prefixes

    def __missing__(self, iri: str) -> str:
        """The name for one attribute, always the same."""
        name = self[iri] = _property_name(iri, self._prefixes)
        return name


def _property_name(iri: str, prefixes: PrefixMap) -> str:
    curie = prefixes.compact(iri)
    if curie == iri:
        local = local_part(iri)
        start = iri[: len(iri) - len(local)] if iri.endswith(local) else ""
        known = next((p for p, i in prefixes.prefixes.items() if i == start), "ns")
        curie = f"{known}:{local}"
    name = _NOT_IN_NAME.sub("_", curie)[:64]
    if not name[:1].isalpha() and name[:1] != "_":
        name = f"_{name}"[:64]
    return f"{name[:63]}_" if name in _TAKEN else name


def _native(value: Value) -> str | bool | int | float:
    if type(value) is str:
        return clean(value[:NATIVE_CHARACTERS])
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    return clean(value_text(value)[:NATIVE_CHARACTERS])


def _properties(
    items: Attributes, names: Mapping[str, str], left_out: frozenset[str], prefixes: PropertyNames
) -> Row:
    """Native properties of attributes: a list where an attribute has several values."""
    found: dict[str, list[Value]] = {}
    for iri, value in items:
        if iri not in left_out:
            name = names.get(iri) or prefixes[iri]
            found.setdefault(name, []).append(value)
    properties: Row = {}
    for name, values in found.items():
        if len(values) == 1 and name not in _LISTS:
            properties[name] = _native(values[0])
            continue
        native = [_native(value) for value in values]
        # one engine turns [1, 2.5] into floats and refuses [1, 'a']
        if len({type(item) for item in native}) > 1:
            native = [clean(value_text(value)[:NATIVE_CHARACTERS]) for value in values]
        properties[name] = native
    return properties


_TIMES = frozenset({v.PROV_START, v.PROV_END})


def iso(moments: Iterable[Value]) -> str | None:
    """The first datetime among the values as ISO text for Cypher's ``datetime()``."""
    for moment in moments:
        if isinstance(moment, datetime):
            return moment.isoformat()
    return None


_KIND_LABELS = tuple((kind, kind.value) for kind in ElementKind)


def labels_of(element: StoredElement) -> tuple[str, ...]:
    """The labels of an element's node: Element, its kinds, and the PROV types that it asserts."""
    further = {
        TYPE_LABELS[value_text(value)]
        for record in element.records
        for name, value in record.attributes
        if name == v.PROV_TYPE and value_text(value) in TYPE_LABELS
    }
    if element.is_bundle:
        further.add("Bundle")
    kinds = [label for kind, label in _KIND_LABELS if kind in element.kinds]
    return ("Element", *kinds, *sorted(further))


def element_row(
    element: StoredElement,
    prefixes: PropertyNames,
    resolved: Iterable[Made] = (),
    line: str | None = None,
) -> Row:
    """A node's properties and its two times.

    Args:
        element: The fold.
        prefixes: For the names of attributes.
        resolved: What identity says of it, kept for the next fold.
        line: Canonical line of its only record, where that is known.
    """
    together = element.attributes
    properties = _properties(together, _ELEMENT_NAMES, _TIMES, prefixes)
    key = node_key(element.key)
    properties |= {
        "key": key,
        "id": clean(element.identifier[:INDEXED_CHARACTERS]),
        "name": clean(element.name[:INDEXED_CHARACTERS]),
        "prov_json": stored_line(line or "\n".join(map(canonical, element.records))),
        "declared": [record.kind.keyword for record in element.records],
        "sources": list(element.sources),
        "search": clean(haystack(element)),
    }
    if key != element.key:
        properties["whole_key"] = stored_line(canonical(Entity(element.key)))
    if element.bundle is not None:
        properties["bundle"] = clean(element.bundle[:NATIVE_CHARACTERS])
    if element.paths:
        properties["paths"] = [clean(path) for path in element.paths]
    if element.aliases:
        properties["aliases"] = [clean(alias) for alias in element.aliases]
    if element.is_bundle:
        properties["is_bundle"] = True
    if element.stub:
        properties["stub"] = True
    lines = [encode_made(made) for made in resolved]
    if lines:
        properties["resolved"] = "\n".join(sorted(lines))
    if element.observed:
        properties["observed"] = stored_line(canonical(Entity("", element.observed)))
        # what sources say of a file keeps its name
        seen = _properties(element.observed, _ELEMENT_NAMES, _TIMES, prefixes)
        properties = seen | properties
    return {
        "properties": properties,
        "start": iso(value for name, value in together if name == v.PROV_START),
        "end": iso(value for name, value in together if name == v.PROV_END),
    }


def encode_made(made: Made) -> str:
    """What identity says of an element, as one line."""
    aliases = json.dumps(made.aliases, separators=(",", ":"))
    return f"{stored_line(canonical(made.record))}\t{aliases}"


def decode_made(lines: str | None) -> dict[ElementKind, Made]:
    """What lines of `encode_made` say, by kind."""
    found: dict[ElementKind, Made] = {}
    for line in (lines or "").split("\n"):
        record, _, aliases = line.partition("\t")
        said = from_canonical(record) if record else None
        for made in (Version, Run):
            if isinstance(said, ELEMENT_CLASSES[made.kind.keyword]):
                known = tuple(json.loads(aliases or "[]"))
                found[made.kind] = made(said.identifier, said.attributes, known)
    return found


def relation_row(
    key: str, relation: Relation, line: str, sources: Iterable[str], prefixes: PropertyNames
) -> Row:
    """A relationship's properties, its time and the node keys of its ends; ``line`` is canonical.

    An absent end has a node of its own, so that no node collects them all.
    """
    properties = _properties(
        relation.attributes, _RELATION_NAMES, frozenset({v.PROV_TIME}), prefixes
    )
    properties |= {
        "key": key,
        "prov_json": stored_line(line),
        "sources": sorted(sources),
    }
    if relation.identifier is not None:
        properties["id"] = clean(relation.identifier[:NATIVE_CHARACTERS])
    if relation.bundle is not None:
        properties["in_bundle"] = clean(relation.bundle[:NATIVE_CHARACTERS])
    ends = {
        name: f"{key} {name}" if end is None else node_key(key_of(end, relation.bundle))
        for name, end in (("subject", relation.subject), ("object", relation.object))
    }
    return {"properties": properties, "time": iso(relation.values(v.PROV_TIME)), **ends}


def declarations(prov_json: str | None) -> list[Declaration]:
    """The records in a node's ``prov_json``."""
    lines = (from_canonical(line) for line in (prov_json or "").split("\n") if line)
    return [record for record in lines if isinstance(record, Entity | Activity | Agent)]


def stored_element(row: Mapping[str, Any]) -> StoredElement:
    """The element of a row of ``read_elements``."""
    kinds = {kind.value: kind for kind in ElementKind}
    return fold(
        whole_key(row),
        declarations(row["prov_json"]),
        implied=[kinds[label] for label in row["labels"] if label in kinds],
        is_bundle=bool(row["is_bundle"]),
        aliases=row["aliases"] or (),
        sources=row["sources"] or (),
        observed=observed_of(row["observed"]),
    )


def observed_of(line: str | None) -> Attributes:
    """What was seen of a file, from a node's ``observed``."""
    record = None if line is None else from_canonical(line)
    return record.attributes if isinstance(record, Entity) else ()


def relation_of(line: str) -> Relation:
    """The relation in a relationship's ``prov_json``."""
    record = from_canonical(line)
    if not isinstance(record, Relation):
        raise TypeError(f"prov_json of a relationship holds no relation (seen: {line[:80]!r}).")
    return record


def size_of(row: Any) -> int:
    """Roughly how many bytes a row takes in a message."""
    kind = type(row)
    if kind is dict:
        size, values = 20 * len(row), row.values()
    elif kind is list:
        size, values = 0, row
    else:
        size, values = 0, (row,)
    for value in values:
        if type(value) is str:
            size += len(value) + 5 if value.isascii() else 3 * len(value) + 5
        else:
            size += size_of(value) if type(value) in (dict, list) else 9
    return size
