"""The Cypher texts, one query a file; values are always parameters.

Labels, relationship types and indexed properties cannot be parameters in Cypher. Where one must
vary the file says ``<label>``, and only words of a closed vocabulary are put there.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from lineage.vocabulary import TYPE_LABELS, ElementKind, RelationKind

LABELS = frozenset(
    {kind.value for kind in ElementKind}
    | set(TYPE_LABELS.values())
    | {"Absent", "Decision", "Element", "FileEvent", "Namespace", "Schema", "Source", "Writer"}
)
"""Every label that a store writes."""

TYPES = frozenset({kind.keyword for kind in RelationKind} | {"ASSERTS"})
"""Every relationship type that a store writes."""

PROPERTIES = frozenset({"bound", "id", "key", "name", "path", "product", "recorded_path"})
PROPERTIES |= {"recorded_product", "says"}
"""Every property whose name varies inside a text."""

_ALLOWED = {
    "label": LABELS,
    "labels": LABELS,
    "subject": LABELS,
    "object": LABELS,
    "type": TYPES,
    "types": TYPES,
    "property": PROPERTIES,
}
_SEPARATORS = {"labels": ":", "types": "|"}


@cache
def _text(name: str) -> str:
    return (files("lineage.stores") / "cypher" / f"{name}.cypher").read_text(encoding="utf-8")


@cache
def _filled(name: str, words: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    text = _text(name)
    for place, chosen in words:
        if not chosen or not _ALLOWED[place].issuperset(chosen):
            raise ValueError(f"{name}.cypher: {chosen!r} is not of the closed vocabulary.")
        text = text.replace(f"<{place}>", _SEPARATORS.get(place, "").join(chosen))
    return text


def cypher_text(name: str, **words: str | Iterable[str]) -> str:
    """The query in ``cypher/NAME.cypher`` with its places filled.

    Args:
        name: File name without suffix.
        words: ``label="Element"``, ``types=["used", "hadMember"]``, ...

    Raises:
        ValueError: a word is not of the closed vocabulary.
    """
    chosen = {
        place: (word,) if isinstance(word, str) else tuple(word) for place, word in words.items()
    }
    return _filled(name, tuple(sorted(chosen.items())))
