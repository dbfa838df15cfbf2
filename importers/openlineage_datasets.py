"""OpenLineage datasets: what a namespace and a name mean, and what facets say."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.records import Value
from lineage.vocabulary import OPENLINEAGE

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#\s]")
_FILE = re.compile(r"file(?::(?://([^/]*)(/.*)?|(/.*))?)?\Z", re.DOTALL)
_LOCAL_HOSTS = frozenset({"", "localhost", "127.0.0.1"})
_LONGEST = 1000
"""Characters of a namespace or name in an identifier; longer ones are cut, with their digest."""
_SMALL = 1 << 63
ABOUT_FACETS = frozenset({"_producer", "_schemaURL", "_deleted"})
"""What a facet says of itself."""


class Dataset(NamedTuple):
    """A dataset as an event names it."""

    namespace: str
    name: str
    facets: dict[str, Any]
    use_facets: dict[str, Any]
    """``inputFacets`` or ``outputFacets``: of this use, not of the dataset."""

    @property
    def path(self) -> tuple[str, str | None] | None:
        """The path of a file and its host, or ``None`` for what is no file."""
        found = _FILE.match(self.namespace)
        if found is None:
            return None
        directory = unquote(found[2] or found[3] or "")
        path = self.name if self.name.startswith("/") else f"{directory}/{self.name}"
        if not path.startswith("/") or not (directory or self.name.startswith("/")):
            return None
        host = found[1] or ""
        normal = "/" + posixpath.normpath(path).lstrip("/")
        return normal, None if host in _LOCAL_HOSTS else host

    @property
    def identifier(self) -> str:
        """Its IRI: the address that namespace and name make, or one of our own."""
        if _URL.match(self.namespace):
            base = quoted(self.namespace.rstrip("/"), "/:?#[]@!$&'()*+,;=%~-._")
            return f"{base}/{quoted(self.name.lstrip('/'), '/:@!$&()*+,;=~-._')}"
        return f"urn:lineage:openlineage:dataset:{quoted(self.namespace)}:{quoted(self.name)}"

    @property
    def version(self) -> str | None:
        """What the version facet says."""
        facet = self.facets.get("version")
        found = facet.get("datasetVersion") if isinstance(facet, dict) else None
        return found if isinstance(found, str) and found else None


def dataset(value: Any, facets: str = "") -> Dataset:
    """The dataset that a JSON value names.

    Args:
        facets: Key of the facets of its use.

    Raises:
        ValueError: It names none.
    """
    if isinstance(value, dict):
        namespace, name = value.get("namespace"), value.get("name")
        if isinstance(namespace, str) and isinstance(name, str) and name:
            return Dataset(namespace, name, objects(value, "facets"), objects(value, facets))
    raise ValueError(f"it names no dataset ({value!r:.100})")


def objects(value: dict[str, Any], key: str) -> dict[str, Any]:
    """The JSON object under a key, or an empty one."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def facts(dataset: Dataset) -> Iterator[tuple[str, Value]]:
    """The attributes of a dataset."""
    yield OPENLINEAGE + "namespace", dataset.namespace
    yield OPENLINEAGE + "name", dataset.name
    version = dataset.version
    if version is not None:
        yield OPENLINEAGE + "dataset_version", version
    documentation = dataset.facets.get("documentation")
    if isinstance(documentation, dict) and isinstance(documentation.get("description"), str):
        yield v.RDFS + "comment", documentation["description"]
    yield from facets(dataset.facets, ("version", "documentation"))


def facets(found: dict[str, Any], without: Iterable[str] = ()) -> Iterator[tuple[str, Value]]:
    """Facets as JSON, each an attribute of its own name."""
    left_out = frozenset(without)
    for name, facet in found.items():
        if name in left_out or not name or facet in (None, {}, []):
            continue
        if isinstance(facet, dict):
            if facet.get("_deleted") is True:
                continue
            facet = {key: one for key, one in facet.items() if key not in ABOUT_FACETS}
        yield OPENLINEAGE + quoted(name, "-._"), compact(facet)


def scalar(value: Any) -> Value | None:
    """A JSON text, number or boolean as an attribute's value."""
    if isinstance(value, str | bool | float) or (isinstance(value, int) and abs(value) < _SMALL):
        return value
    return None


def quoted(text: str, safe: str = "-._~") -> str:
    """A text as a part of an IRI."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}~{digest(text)}"
    return quote(text, safe=safe)


def compact(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
