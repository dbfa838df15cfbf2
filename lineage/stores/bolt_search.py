"""Finding elements by text; the exact meaning of a search is in search.py."""

from __future__ import annotations

import json
from collections.abc import Collection

from lineage.graph_store import Found, GraphStore
from lineage.stores.bolt_connection import Connection
from lineage.stores.bolt_values import INDEXED_CHARACTERS, clean, stored_element, stored_line
from lineage.stores.cypher_texts import cypher_text
from lineage.stores.search import Search, attribute_names, is_called, is_named, matches, parse, rank
from lineage.subgraph import StoredElement
from lineage.vocabulary import ElementKind


def find(
    store: GraphStore,
    connection: Connection,
    text: str,
    kinds: Collection[ElementKind],
    limit: int,
) -> Found:
    """Elements that ``text`` finds, best first."""
    search = parse(text)
    labels = sorted(kind.value for kind in kinds)
    if search.attribute is not None:
        return _find_by_attribute(store, connection, search, labels, limit)
    wanted = clean(search.text)
    found = connection.read(cypher_text("count_found"), text=wanted, labels=labels)[0]["found"]
    best = connection.read(cypher_text("find"), text=wanted, labels=labels, limit=limit)
    elements = [stored_element(row) for row in best]
    elements.sort(key=lambda element: rank(search, element))
    return Found(tuple(elements), found)


def _find_by_attribute(
    store: GraphStore, connection: Connection, search: Search, labels: list[str], limit: int
) -> Found:
    names = attribute_names(search, store.namespaces())
    rows = connection.read(
        cypher_text("find_by_attribute"),
        text=clean(search.text),
        names=sorted(_inside_json(name) for name in names),
        value=_inside_json(search.value),
        labels=labels,
    )
    # the engine narrows the search down; what it finds is looked at exactly
    elements = [e for e in map(stored_element, rows) if matches(search, e, names)]
    elements.sort(key=lambda element: rank(search, element))
    return Found(tuple(elements[:limit]), len(elements))


def _inside_json(text: str) -> str:
    return stored_line(json.dumps(text, ensure_ascii=False)[1:-1])


def named(
    store: GraphStore, connection: Connection, reference: str, limit: int
) -> tuple[StoredElement, ...]:
    """Elements that ``reference`` names, by key."""
    wanted = clean(reference)
    rows = connection.read(
        cypher_text("named"),
        lowered=clean(reference.lower()),
        cut=wanted[:INDEXED_CHARACTERS],
        reference=wanted,
        suffix=f"/{wanted}",
    )
    found = {element.key: element for element in map(stored_element, rows)}
    found |= {element.key: element for element in store.read([reference])}
    exact = sorted(key for key, element in found.items() if is_named(reference, element))
    return tuple(found[key] for key in exact[:limit])


def called(
    connection: Connection, names: Collection[str], beginnings: Collection[str], limit: int
) -> Found:
    """Entities whose name is one of ``names`` or begins with one of ``beginnings``, by key."""
    questions = [
        (kind, clean(text)[:INDEXED_CHARACTERS])
        for kind, texts in (("so", names), ("from", beginnings))
        for text in _apart(texts, beginnings)
    ]
    found: dict[str, StoredElement] = {}
    count = 0
    # one text at a time: so both engines answer from the index on names
    for kind, text in dict.fromkeys(questions):
        count += connection.read(cypher_text(f"count_named_{kind}"), text=text)[0]["found"]
        for row in connection.read(cypher_text(f"named_{kind}"), text=text, limit=limit):
            element = stored_element(row)
            found[element.key] = element
    # the engine knows names with what UTF-8 cannot hold replaced, and cut
    exact = sorted(key for key, one in found.items() if is_called(one, names, beginnings))
    count -= len(found) - len(exact)
    return Found(tuple(found[key] for key in exact[:limit]), count)


def _apart(texts: Collection[str], beginnings: Collection[str]) -> list[str]:
    """The texts that no other beginning covers, so that nothing is found twice."""
    return [
        text
        for text in sorted(set(texts))
        if not any(text.startswith(one) and text != one for one in beginnings)
        and not (texts is not beginnings and text in beginnings)
    ]


def known_as(connection: Connection, aliases: Collection[str]) -> tuple[StoredElement, ...]:
    """Elements that have one of these as an alias, by key."""
    if not aliases:
        return ()
    wanted = set(aliases)
    rows = connection.read(cypher_text("known_as"), aliases=sorted(map(clean, wanted)))
    found = {one.key: one for one in map(stored_element, rows) if wanted & set(one.aliases)}
    return tuple(found[key] for key in sorted(found))
