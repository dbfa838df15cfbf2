"""Identifiers as the texts of a format: IRIs made valid, qualified names under safe prefixes.

What a source calls an IRI or a prefix may be anything at all, and writers of RDF put prefixes into
their output unchecked; nothing that a source wrote reaches a format except through here.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable
from functools import lru_cache

from lineage import vocabulary as v
from lineage.errors import ExportRefused
from lineage.records import Namespace
from lineage.vocabulary import NAMESPACES

CACHE_SIZE = 65536
"""Identifiers that a writer remembers the text of; its memory does not grow with the input."""

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_IPV6_AUTHORITY = re.compile(r"[^:/?#]+://(?:[^/?#@\[\]]*@)?\[[0-9A-Fa-f:.]+\]")
_NOT_IN_IRI = re.compile(
    # the second line is valid, but white or unseen: rdflib ends lines and IRIs there
    r"""[\x00-\x20<>"{}|\\^`\[\]\x7f-\x9f"""
    r"""\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"""
    r"""\ud800-\uf8ff\ufdd0-\ufdef\ufff0-\uffff"""
    + "".join(f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(1, 14))
    + r"""\U000e0000-\U000e0fff\U000effff-\U0010ffff]|%(?![0-9A-Fa-f]{2})"""
)
_PREFIX = re.compile(r"[A-Za-z](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*\Z|[ix](?:-[A-Za-z0-9]{1,8})+\Z")
_PLAIN_CHARACTERS = string.ascii_letters + string.digits + "_.-"
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?\Z")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?://[^/?#]*/|[A-Za-z0-9\-]+:)?")

_CONVENIENT = (("uuid", "urn:uuid:"), ("path", "file:///"))
_NEVER_BOUND = frozenset(
    {"xsi", "default", "dn", "data", "file", "ftp", "http", "https", "mailto", "tag", "urn"}
)
"""Prefixes that are always renamed: ``xsi`` means another IRI to prov (without ``#``) whatever a
document says; ``default`` is PROV-JSON's keyword; prov invents ``dn`` itself; with a scheme as
prefix, prov takes the IRIs of that scheme for qualified names."""


def percent_encode(text: str) -> str:
    """``text`` with every character that its UTF-8 bytes must stand for in an IRI."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def valid_iri(iri: str) -> str:
    """``iri`` with all that RFC 3987 does not allow percent-encoded.

    Raises:
        ExportRefused: It is not absolute: there is no telling what it names.
    """
    if not _ABSOLUTE.match(iri):
        raise ExportRefused(
            f"the identifier {iri[:200]!r} is not an absolute IRI. "
            "Export as prov-json, which takes any text, or give it a scheme."
        )
    start = authority.end() if (authority := _IPV6_AUTHORITY.match(iri)) else 0
    encoded = iri[:start] + _NOT_IN_IRI.sub(lambda found: percent_encode(found[0]), iri[start:])
    head, separator, fragment = encoded.partition("#")
    return head + separator + fragment.replace("#", "%23")


def valid_language(tag: str) -> str:
    """``tag`` with hyphens between its parts, as BCP 47 has it: ``en_US`` is ``en-US``.

    Raises:
        ExportRefused: It is no language tag even so.
    """
    hyphenated = tag.replace("_", "-")
    if not _LANGUAGE.match(hyphenated):
        raise ExportRefused(
            f"{tag[:200]!r} is not a language tag. "
            "Export as prov-json, which takes any text, or correct the source."
        )
    return hyphenated


def written_datatype(iri: str) -> str:
    """The datatype as it is written: a name that meant nothing to its reader is an xsd:QName.

    As prov:QUALIFIED_NAME, the prov library would look its prefix up among the exported ones.
    """
    return v.XSD + "QName" if iri == v.PROV + "QUALIFIED_NAME" else iri


class QualifiedNames:
    """Prefixes of one exported document, and every identifier as prefix and local part.

    An identifier that fits no declared namespace gets one: its scheme and authority, so that their
    number grows with the hosts that a document names and not with its records.
    """

    def __init__(
        self,
        namespaces: Iterable[Namespace],
        valid: Callable[[str], str] = valid_iri,
    ) -> None:
        """Take the prefixes that sources declare; the first to claim a prefix keeps it.

        Args:
            namespaces: What the sources declared.
            valid: Makes an IRI fit for the format; a namespace that it refuses is left out.
        """
        self._valid = valid
        self._prefixes = set(_NEVER_BOUND)
        self._by_iri: dict[str, str] = {}
        self._lengths: list[int] = []
        for prefix, iri in NAMESPACES.items():
            self._declare(prefix, iri)
        self._used: set[str] = set()
        ours = len(self._by_iri)
        for namespace in namespaces:
            try:
                self._declare(namespace.prefix, valid(namespace.iri))
            except ExportRefused:
                continue
        self._used.update(list(self._by_iri.values())[ours:])
        for prefix, iri in _CONVENIENT:
            self._declare(prefix, iri)
        self.split: Callable[[str], tuple[str, str]] = lru_cache(CACHE_SIZE)(self._split)

    @property
    def prefixes(self) -> dict[str, str]:
        """Prefix -> namespace IRI: those that sources declared or that some name used."""
        return {
            prefix: iri
            for iri, prefix in sorted(self._by_iri.items(), key=lambda item: item[1])
            if prefix in self._used
        }

    @property
    def scheme_like(self) -> dict[str, str]:
        """Those of `prefixes` that are also the scheme of a namespace.

        Inside a bundle the prov library takes their names for IRIs unless the bundle declares them.
        """
        schemes = {iri.partition(":")[0] for iri in self._by_iri}
        return {prefix: iri for prefix, iri in self.prefixes.items() if prefix in schemes}

    @property
    def all_prefixes(self) -> dict[str, str]:
        """Prefix -> namespace IRI: every one, for formats that declare before they write."""
        return {prefix: iri for iri, prefix in self._by_iri.items()}

    def plain(self, iri: str) -> str | None:
        """``prefix:local`` of a valid IRI where that needs no escapes and no new namespace."""
        shortest = len(iri.rstrip(_PLAIN_CHARACTERS))
        for length in self._lengths:
            if length < shortest:
                break
            prefix = self._by_iri.get(iri[:length])
            if prefix is not None and _PLAIN_LOCAL.match(iri, length):
                return f"{prefix}:{iri[length:]}"
        return None

    def _declare(self, prefix: str, iri: str) -> str:
        if iri in self._by_iri:
            return self._by_iri[iri]
        if not iri:
            return ""
        stem = prefix if _PREFIX.match(prefix) else "ns"
        name, count = stem, 1
        while name in self._prefixes:
            count += 1
            name = f"{stem}{count}"
        self._prefixes.add(name)
        self._by_iri[iri] = name
        self._lengths = sorted({len(known) for known in self._by_iri}, reverse=True)
        return name

    def _split(self, iri: str) -> tuple[str, str]:
        iri = self._valid(iri)
        best = None
        for length in self._lengths:
            prefix = self._by_iri.get(iri[:length]) if length < len(iri) else None
            if prefix is None:
                continue
            if _PLAIN_LOCAL.match(iri, length):
                best = prefix, iri[length:]
                break
            best = best or (prefix, iri[length:])
        if best is None:
            found = _AUTHORITY.match(iri)
            base = found[0] if found and len(found[0]) < len(iri) else iri
            best = self._declare("ns", base), iri[len(base) :]
        self._used.add(best[0])
        return best
