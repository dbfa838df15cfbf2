"""What the panel consists of, as plain values: sections of rows and of links."""

from __future__ import annotations

from dataclasses import dataclass, field

_LONG = 240
"""Characters of a value that is better folded away: paths and findings are shorter."""


@dataclass(frozen=True, slots=True)
class Row:
    """A name with a value."""

    name: str
    text: str
    hint: str = ""
    """What the name means, or its IRI."""
    address: str = ""
    """A link that a source gave as the value; not yet known to be safe."""

    @property
    def long(self) -> bool:
        """Better folded away."""
        return len(self.text) > _LONG or "\n" in self.text


@dataclass(frozen=True, slots=True)
class Link:
    """Another element, and how this one is related to it."""

    words: str
    name: str
    reference: str
    token: str
    paint: str
    """`Mark.kind` of the other."""
    detail: str
    """Role, time, evidence."""
    states: tuple[str, ...] = ()
    """`Mark.states` of the other."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows or links under a title."""

    title: str
    rows: tuple[Row, ...] = ()
    links: tuple[Link, ...] = ()
    folded: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """Everything that the panel says."""

    name: str
    kind: str
    paint: str
    reference: str
    identifier: str
    badges: tuple[tuple[str, str], ...]
    """(state, words)."""
    sections: tuple[Section, ...] = field(default=())
