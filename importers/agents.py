"""Agents under the identifiers that all importers share, so that the same one is one element."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.records import Agent, Iri, Value, attributes

_LONGEST = 200
"""Characters of a name or version in an identifier; no real one has so many."""


def software(name: str, version: str | None, facts: Iterable[tuple[str, Value]] = ()) -> Agent:
    """A program in one of its versions.

    Args:
        facts: Further attributes of it.
    """
    identifier = "urn:lineage:software:" + _quoted(name)
    if version is not None:
        identifier += ":" + _quoted(version)
    said = [(v.PROV_TYPE, Iri(v.PROV + "SoftwareAgent"))]
    label = (v.PROV_LABEL, f"{name} {version or ''}".strip())
    return Agent(identifier, attributes([*said, label, *facts]))


def person(account: str) -> Agent:
    """Whoever has this account name."""
    kind = (v.PROV_TYPE, Iri(v.PROV + "Person"))
    return Agent(
        "urn:lineage:person:" + quote(account, safe=""),
        attributes([kind, (v.PROV_LABEL, account)]),
    )


def organization(name: str) -> Agent:
    """A collaboration or an institute."""
    kind = (v.PROV_TYPE, Iri(v.PROV + "Organization"))
    return Agent(
        "urn:lineage:organization:" + _quoted(name), attributes([kind, (v.PROV_LABEL, name)])
    )


def _quoted(text: str) -> str:
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}~{digest(text)}"
    return quote(text, safe="+-._~")
