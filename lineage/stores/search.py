"""What it means that a text finds an element: the same for every store."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from lineage.identifiers import PrefixMap, local_part
from lineage.records import Iri, Literal, Namespace, Value, xsd_double
from lineage.subgraph import StoredElement

_ATTRIBUTE = re.compile(r"\s*([A-Za-z_][^\s=]*)\s*=\s*(.*?)\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Search:
    """A text that a user searches for, taken apart once."""

    text: str
    """Lower case."""
    attribute: str | None = None
    """What stands before ``=``: an attribute's IRI, CURIE or local name."""
    value: str = ""
    """What stands behind it, lower case."""


def parse(text: str) -> Search:
    """The search that ``text`` asks for."""
    found = _ATTRIBUTE.match(text)
    lowered = text.strip().lower()
    return Search(lowered, found[1], found[2].lower()) if found else Search(lowered)


def haystack(element: StoredElement) -> str:
    """The lower-case text in which a plain search looks: name, identifier, paths, aliases."""
    parts = (element.name, element.identifier, *element.paths, *element.aliases)
    return "\n".join(dict.fromkeys(part.lower() for part in parts))


def value_text(value: Value) -> str:
    """An attribute's value as text, as shown to people."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return xsd_double(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Iri):
        return value.value
    if isinstance(value, Literal):
        return value.text
    return str(value)


def attribute_names(search: Search, namespaces: Iterable[Namespace]) -> frozenset[str]:
    """What a search's attribute may be: as it is written, and every IRI that it is a CURIE of."""
    if search.attribute is None:
        return frozenset()
    prefixes = PrefixMap((one.prefix, one.iri) for one in namespaces)
    return frozenset((search.attribute, *prefixes.meanings(search.attribute)))


def matches(search: Search, element: StoredElement, names: Collection[str]) -> bool:
    """Whether ``search`` finds ``element``; an empty text finds everything.

    Args:
        names: The search's `attribute_names`.
    """
    if search.text in haystack(element):
        return True
    return search.attribute is not None and any(
        (iri in names or local_part(iri) == search.attribute)
        and search.value in value_text(value).lower()
        for iri, value in element.attributes
    )


def rank(search: Search, element: StoredElement) -> tuple[int, str, str]:
    """Sort key, best first: name equal, name begins, name contains, the rest; name; key."""
    name = element.name.lower()
    if name == search.text:
        place = 0
    elif name.startswith(search.text):
        place = 1
    elif search.text in name:
        place = 2
    else:
        place = 3
    return place, element.name, element.key


def is_named(reference: str, element: StoredElement) -> bool:
    """Whether ``reference`` is the element's key, identifier, alias, name, or a path's end."""
    return (
        reference in (element.key, element.identifier, element.name)
        or reference in element.aliases
        or any(path == reference or path.endswith("/" + reference) for path in element.paths)
    )


def is_called(element: StoredElement, names: Collection[str], beginnings: Collection[str]) -> bool:
    """Whether the element's name is among ``names``, or begins with one of ``beginnings``."""
    return element.name in names or element.name.startswith(tuple(beginnings))
