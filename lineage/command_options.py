"""What the commands of the command line share: options, the store, messages, references."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer

from lineage import queries, report
from lineage.alternates import MOST_GUESSED_AT, with_alternates
from lineage.alternates import Alternates as DecidedStore
from lineage.errors import LineageError
from lineage.graph_store import GraphStore
from lineage.session import open_store
from lineage.settings import Settings, load_settings
from lineage.subgraph import StoredElement
from lineage.vocabulary import INFLUENCES, RELATION_BY_KEYWORD, RelationKind

Json = Annotated[bool, typer.Option("--json", help="Write JSON for programs.")]
Reference = Annotated[
    str, typer.Argument(metavar="REF", help="An IRI, a CURIE, a path or its end, or a name.")
]
Depth = Annotated[
    int | None, typer.Option("--depth", min=0, help="Relations to cross; all by default.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Most records shown.")]
Kinds = Annotated[
    str | None,
    typer.Option(
        "--kinds", help="Relations to follow, separated by commas, or 'all'; influences by default."
    ),
]

Alternates = Annotated[
    bool,
    typer.Option(
        "--alternates",
        help="Follow alternateOf too, and cross what users confirmed to be the same.",
    ),
]
Guessed = Annotated[
    bool, typer.Option("--guesses", help="--alternates, and guesses that nobody decided about.")
]


class Program:
    """What the options before the command say; the store is opened when a command needs it."""

    store: str | None = None

    def settings(self) -> Settings:
        """The user's."""
        return load_settings()


program = Program()


@contextmanager
def opened() -> Iterator[tuple[GraphStore, Settings]]:
    """The store and the settings of this call."""
    settings = program.settings()
    store = open_store(program.store, settings)
    try:
        yield store, settings
    finally:
        store.close()


def say(text: str) -> None:
    """Writes to standard error; that nobody can hear it ends no command."""
    with suppress(OSError):
        sys.stderr.write(report.plain(text) + "\n")


def resolved(store: GraphStore, reference: str) -> StoredElement:
    """The element that a reference names; what else it might have meant is said."""
    element, others = queries.resolve_versions(store, reference)
    if others and others[0].identifier == element.identifier:
        keys = ", ".join(repr(other.key) for other in others)
        say(f"{reference} is also said in bundles; this is what stands outside of them. In: {keys}")
    elif others:
        say(
            f"{reference} has {len(others) + 1} versions; this is the last, {element.identifier}. "
            f"The others: {', '.join(other.identifier for other in others)}"
        )
    return element


def followed(
    store: GraphStore, kinds: str | None, *, alternates: bool, guessed: bool
) -> tuple[GraphStore, frozenset[RelationKind]]:
    """The store as a walk sees it, and the relations that the walk follows."""
    chosen = relation_kinds(kinds)
    if not (alternates or guessed):
        return store, chosen
    return with_alternates(store, guessed=guessed).store, chosen | {RelationKind.ALTERNATE}


def say_if_cut(store: GraphStore) -> None:
    """Says so where a walk met more entities than it guesses at."""
    if isinstance(store, DecidedStore) and store.cut:
        say(f"only the first {MOST_GUESSED_AT} entities of the walk were guessed at.")


def relation_kinds(kinds: str | None) -> frozenset[RelationKind]:
    """The relations that ``--kinds`` names."""
    if kinds is None:
        return INFLUENCES
    if kinds == "all":
        return frozenset(RelationKind)
    chosen = [name.strip() for name in kinds.split(",")]
    unknown = [name for name in chosen if name not in RELATION_BY_KEYWORD]
    if unknown:
        raise LineageError(
            f"--kinds: there is no relation {unknown[0]!r}. There are: "
            f"{', '.join(RELATION_BY_KEYWORD)}."
        )
    return frozenset(RELATION_BY_KEYWORD[name] for name in chosen)
