"""Identifiers are absolute IRIs; qualified names and CURIEs are only how people write them.

No key, identifier or digest depends on a prefix: documents disagree about prefixes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from lineage.vocabulary import NAMESPACES

SKOLEM = "urn:lineage:blank:"
"""Start of the identifier of a blank element: ``urn:lineage:blank:<source sha256>:<label>``.

The same blank label in two sources is not the same thing.
"""

RELATIVE = "urn:lineage:path:"
"""Start of the identifier of a relative path: ``urn:lineage:path:<activity>:<path>``.

It means something in one activity only: nobody knows the directory that this ran in.
"""

_LOCAL_SAFE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?\Z")
_URI_SAFE = "/!$&'()*+,;=:@-._~"


def key_of(identifier: str, bundle: str | None) -> str:
    """What a store addresses an element by: the IRI, and inside a bundle ``<bundle IRI> <IRI>``.

    A named bundle is a context of its own (PROV-DM 5.4). IRIs hold no blank, so the parts can be
    told apart again.
    """
    return identifier if bundle is None else f"{bundle} {identifier}"


def split_key(key: str) -> tuple[str, str | None]:
    """The identifier and the bundle of a key."""
    bundle, separator, identifier = key.partition(" ")
    return (identifier, bundle) if separator else (key, None)


def file_iri(path: str, *, realm: str = "", fragment: str = "") -> str:
    """The ``file:`` IRI of an absolute POSIX path, percent-encoded.

    Args:
        path: As recorded. Undecodable bytes (surrogate escapes) are encoded as they are.
        realm: Host whose disk holds the path; empty for paths that all hosts share.
        fragment: Which version of the path; see identity.py.
    """
    iri = f"file://{quote(realm, safe='')}{quote(os.fsencode(path), safe=_URI_SAFE)}"
    if not fragment:
        return iri
    return f"{iri}#{quote(fragment, safe=_URI_SAFE + '?', errors='surrogatepass')}"


def path_of(iri: str) -> str | None:
    """The path of a ``file:`` IRI without its version, or ``None`` for another IRI."""
    if not iri.startswith("file://"):
        return None
    rest = iri[7:].partition("#")[0]
    return unquote(rest[rest.find("/") :], errors="surrogateescape") if "/" in rest else None


def relative_iri(path: str, activity: str) -> str:
    """The IRI of a relative path that ``activity`` recorded.

    Args:
        activity: What is left of its IRI without ``urn:uuid:`` or ``urn:lineage:run:``.
    """
    return f"{RELATIVE}{activity}:{quote(path, safe='/', errors='surrogateescape')}"


def written_path(path: str) -> str:
    """A file event's path as it was written: absolute, an address, or relative to something."""
    if not path.startswith(RELATIVE):
        return path
    return unquote(path.removeprefix(RELATIVE).partition(":")[2], errors="surrogateescape")


def local_part(iri: str) -> str:
    """The end of an IRI that a person recognises it by."""
    for separator in "#/":
        tail = iri.rpartition(separator)[2]
        if tail and tail != iri:
            return tail
    return iri.rpartition(":")[2] or iri


def compact(iri: str, prefixes: Mapping[str, str]) -> str:
    """The CURIE of ``iri`` under the longest namespace that leaves a plain local part.

    Args:
        iri: Absolute IRI.
        prefixes: Prefix -> namespace IRI.

    Returns:
        ``prefix:local``, or ``iri`` itself where no prefix fits.
    """
    best = ""
    for prefix, namespace in prefixes.items():
        longer = len(namespace) > len(prefixes.get(best, ""))
        if longer and iri.startswith(namespace) and _LOCAL_SAFE.match(iri[len(namespace) :]):
            best = prefix
    return f"{best}:{iri[len(prefixes[best]) :]}" if best else iri


def expand(name: str, prefixes: Mapping[str, str]) -> str | None:
    """The IRI of a CURIE, or ``None`` where its prefix is not declared."""
    prefix, separator, local = name.partition(":")
    namespace = prefixes.get(prefix) if separator else None
    return None if namespace is None else namespace + local


class PrefixMap:
    """Prefixes for display and export: one IRI each, conflicts renamed, first come first served."""

    def __init__(self, declared: Iterable[tuple[str, str]] = ()) -> None:
        """Start from the namespaces that this project uses itself."""
        self.prefixes: dict[str, str] = dict(NAMESPACES)
        self._said: dict[str, set[str]] = {}
        self._known = {iri: prefix for prefix, iri in self.prefixes.items()}
        for prefix, iri in declared:
            self.declare(prefix, iri)

    def declare(self, prefix: str, iri: str) -> str:
        """The prefix under which ``iri`` is now known: ``prefix`` itself unless it is taken."""
        self._said.setdefault(prefix, set()).add(iri)
        if iri in self._known:
            return self._known[iri]
        name, count = prefix or "ns", 1
        while name in self.prefixes:
            count += 1
            name = f"{prefix or 'ns'}{count}"
        self.prefixes[name] = iri
        self._known[iri] = name
        return name

    def compact(self, iri: str) -> str:
        """The CURIE of ``iri``, or ``iri``."""
        return compact(iri, self.prefixes)

    def expand(self, name: str) -> str | None:
        """The IRI of a CURIE, or ``None``."""
        return expand(name, self.prefixes)

    def meanings(self, name: str) -> tuple[str, ...]:
        """Every IRI that a CURIE may stand for: as it is shown, and as each source writes it."""
        prefix, colon, local = name.partition(":")
        known = {self.prefixes[prefix]} if prefix in self.prefixes else set()
        namespaces = sorted(known | self._said.get(prefix, set())) if colon else []
        return tuple(namespace + local for namespace in namespaces)
