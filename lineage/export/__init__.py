"""Records in, a stream of bytes out; one file a family of formats.

A writer either writes all records or raises: what it has written by then is no document, and
whoever opened the stream throws it away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import BinaryIO

from lineage.errors import ExportRefused, LineageError
from lineage.export import provjson, provn, rdf
from lineage.records import Namespace, Record

__all__ = ["FORMATS", "RDF", "ExportRefused", "Format", "write"]

Writer = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a PROV document down."""

    name: str
    """As on the command line."""
    media_type: str
    suffix: str
    """Of a file's name, with its dot."""
    description: str
    """What it is for and what it cannot hold."""
    holds_bundles: bool
    """Named bundles keep their names; otherwise a record in a bundle is refused."""
    write: Writer
    """Writes records and returns how many; see `write`."""


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            Format(
                "turtle",
                "text/turtle",
                ".ttl",
                "PROV-O as Turtle, for triple stores; one graph, so no named bundles",
                False,
                partial(rdf.write, rdf.Syntax.TURTLE),
            ),
            Format(
                "trig",
                "application/trig",
                ".trig",
                "PROV-O as TriG: Turtle with a named graph for each bundle",
                True,
                partial(rdf.write, rdf.Syntax.TRIG),
            ),
            Format(
                "ntriples",
                "application/n-triples",
                ".nt",
                "PROV-O as N-Triples, a line each, for bulk loaders; no named bundles",
                False,
                partial(rdf.write, rdf.Syntax.NTRIPLES),
            ),
            Format(
                "jsonld",
                "application/ld+json",
                ".jsonld",
                "PROV-O as JSON-LD with full IRIs; a named graph for each bundle",
                True,
                partial(rdf.write, rdf.Syntax.JSONLD),
            ),
            Format(
                "prov-json",
                "application/json",
                ".json",
                "W3C PROV-JSON, which every PROV tool reads; holds everything",
                True,
                provjson.write,
            ),
            Format(
                "prov-n",
                "text/provenance-notation",
                ".provn",
                "W3C PROV-N, for people",
                True,
                provn.write,
            ),
        )
    }
)
"""Name -> format, in the order in which they are offered."""

RDF = ("turtle", "trig", "ntriples", "jsonld")
"""The formats that are RDF."""


def write(
    format: str,  # noqa: A002 - what users call it
    records: Iterable[Record],
    namespaces: Iterable[Namespace],
    stream: BinaryIO,
    *,
    unqualified: bool = False,
) -> int:
    """Writes records to a stream and returns how many were written.

    Args:
        format: A name in `FORMATS`.
        records: Read once, in any order. RDF is written while they are read; PROV-JSON and PROV-N
            group them and keep them in a temporary file meanwhile. Memory is bounded either way.
        namespaces: Prefixes that the sources declared; unsafe or contradictory ones are renamed.
        stream: Binary; neither flushed nor closed.
        unqualified: In RDF, write every relation's short form too; see rdf.py.

    Raises:
        LineageError: There is no such format, or it has no short forms.
        ExportRefused: The format cannot hold one of the records; the stream holds half a document.
    """
    if format not in FORMATS:
        raise LineageError(f"no format is called {format!r}; there are: {', '.join(FORMATS)}.")
    writer = FORMATS[format].write
    if unqualified:
        if format not in RDF:
            raise LineageError(f"{format} has no unqualified relations; RDF has: {', '.join(RDF)}.")
        writer = partial(writer, unqualified=True)
    return writer(records, namespaces, stream)
