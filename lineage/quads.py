"""RDF as plain tuples: the one door through which RDF is read.

The parser is pyoxigraph's. It streams, goes on behind what is damaged, fetches nothing (a JSON-LD
context that is only an address is an error), and takes no token of more than 16 MB. It is asked to
be lenient: IRIs that hold a blank, and names of languages that are too long, come as they are.

What it must not be given: RDF/XML with a document type or of any depth (it takes time that grows
with the square of the depth), and JSON-LD of any size (a node whose ``@id`` comes last is kept in
memory, at hundreds of bytes for each byte of text). `importers` cut these into pieces first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

import pyoxigraph as ox


class Syntax(Enum):
    """The RDF syntaxes that are read."""

    TRIG = ox.RdfFormat.TRIG
    """Turtle too, which is a part of it."""
    NQUADS = ox.RdfFormat.N_QUADS
    """N-Triples too."""
    JSONLD = ox.RdfFormat.JSON_LD
    RDFXML = ox.RdfFormat.RDF_XML


Text = tuple[str, str, str | None]
"""An RDF literal: its text, datatype and language."""
Quad = tuple[str, str, str, str | Text]
"""One statement: graph, subject, predicate, object.

Nodes are IRIs, or ``_:`` and a label; the default graph, and one without a name, are empty texts.
Plain tuples, because there are millions of them.
"""


class Damage(NamedTuple):
    """A place that cannot be read; what follows it may be."""

    line: int | None
    column: int | None
    message: str


MOST_DAMAGES = 1000
"""After so many the rest is given up: the text is no RDF at all."""

_WHERE = re.compile(r"Parser error (?:at|between) .*?: (?=\S)", re.DOTALL)


class Quads:
    """The statements of a text, read once."""

    def __init__(self, text: bytes | BinaryIO, syntax: Syntax, base: str) -> None:
        """Prepare to read.

        Args:
            text: From its first byte, without a byte order mark.
            syntax: What it is written in.
            base: IRI that relative IRIs are resolved against.
        """
        self._parser = ox.parse(text, format=syntax.value, base_iri=base, lenient=True)

    @property
    def prefixes(self) -> dict[str, str]:
        """Prefix -> namespace IRI, as far as the text was read."""
        return dict(self._parser.prefixes)

    def __iter__(self) -> Iterator[Quad | Damage]:
        """Statements and damaged places, in order."""
        parser, named, literal = self._parser, ox.NamedNode, ox.Literal
        damages = 0
        while True:
            try:
                for subject, predicate, object_, graph in parser:
                    if type(object_) is named:
                        value: str | Text = object_.value
                    elif type(object_) is literal:
                        value = (object_.value, object_.datatype.value, object_.language)
                    elif type(object_) is ox.BlankNode:
                        value = f"_:{object_.value}"
                    else:
                        yield Damage(None, None, "a statement about a statement is left out")
                        continue
                    yield (
                        graph.value if type(graph) is named else "",
                        subject.value if type(subject) is named else f"_:{subject.value}",
                        predicate.value,
                        value,
                    )
            except SyntaxError as error:
                damages += 1
                yield Damage(error.lineno, error.offset, _message(error.msg))
            except MemoryError:  # what pyoxigraph raises for a token that is too long
                yield Damage(
                    None, None, "a text or comment is longer than 16 MB; reading ends here"
                )
                return
            except (ValueError, OverflowError) as error:
                yield Damage(None, None, _message(str(error)))
                return
            else:
                return
            if damages >= MOST_DAMAGES:
                yield Damage(None, None, f"{damages} places are damaged; reading ends here")
                return


def _message(message: str) -> str:
    return _WHERE.sub("", message, count=1).split(" (line ")[0][:300]
