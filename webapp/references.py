"""How an address names elements: in full where that is short, else by digest.

Nothing is remembered on the server: a digest is found again by searching for what stands beside it,
or among the elements that the rest of the address shows.
"""

from __future__ import annotations

import base64
import hashlib

from lineage import queries
from lineage.errors import NotInStore
from lineage.graph_store import GraphStore
from lineage.subgraph import StoredElement

LONGEST_KEY = 600
"""Longer keys stand in an address as digest and beginning; some servers stop at 4,094 bytes."""
_BEGINNING = 200
_CANDIDATES = 200


def token(key: str) -> str:
    """72 bits of the key's digest in 12 characters that need no escaping in an address."""
    raw = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:9]
    return base64.urlsafe_b64encode(raw).decode("ascii")


def reference(key: str) -> str:
    """What names this element in an address: its key, or ``~<token>:<the key's beginning>``."""
    printable = key.isprintable() and not key.startswith("~")
    if printable and len(key.encode("utf-8")) <= LONGEST_KEY:
        return key
    beginning = key[:_BEGINNING]
    for place, character in enumerate(beginning):
        if not character.isprintable():
            beginning = beginning[:place]
            break
    return f"~{token(key)}:{beginning}"


def element_of(store: GraphStore, text: str) -> StoredElement:
    """The element that ``text`` names: what `reference` wrote, or anything that users call it.

    Raises:
        NotInStore: nothing has this name.
        AmbiguousReference: several have it.
    """
    for element in store.read([text]):
        return element
    if text.startswith("~"):
        wanted, _, beginning = text[1:].partition(":")
        identifier = beginning.rpartition(" ")[2]
        for element in store.find(identifier, limit=_CANDIDATES).elements:
            if token(element.key) == wanted:
                return element
        raise NotInStore(text)
    return queries.resolve(store, text)
