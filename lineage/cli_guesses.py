"""``lineage guess``, ``decide``, ``decisions``: what may be the same, and what users said."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from lineage import deciding, report_guesses
from lineage.command_options import Json, Reference, opened, resolved, say
from lineage.decisions import Verdict
from lineage.errors import LineageError, NotInStore
from lineage.graph_store import GraphStore
from lineage.guesses import DEFAULT_LIMIT
from lineage.guesses import guesses as guess_at


def guess(
    reference: Reference,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Most guesses shown.")
    ] = DEFAULT_LIMIT,
    json: Json = False,
) -> None:
    """List what may be the same thing as an entity, with reasons, and what users decided."""
    with opened() as (store, _):
        found = guess_at(store, resolved(store, reference), limit=limit)
        report_guesses.write_guesses(found, as_json=json)


def decide(
    one: Annotated[str, typer.Argument(metavar="REF", help="An entity.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Another entity.")],
    same: Annotated[bool, typer.Option("--same", help="Both are one thing.")] = False,
    different: Annotated[
        bool, typer.Option("--different", help="They are two; it is not guessed again.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was decided.")] = False,
    note: Annotated[str, typer.Option(help="Why, in your words.")] = "",
) -> None:
    """Say that two entities are the same thing, or are not; or take that back."""
    if same + different + undo != 1:
        raise LineageError("give one of --same, --different and --undo.")
    if undo and note:
        raise LineageError("--note: a decision that is taken back keeps no note. Leave it out.")
    with opened() as (store, _):
        if undo:
            ends = _known(store, one), _known(store, other)
            if not deciding.undecide(store, *ends):
                raise LineageError(
                    f"nothing was decided about {one} and {other}; `lineage decisions` lists "
                    "what was."
                )
            say(f"taken back: {one} and {other} may be guessed at again.")
            return
        first, second = resolved(store, one), resolved(store, other)
        verdict = Verdict.SAME if same else Verdict.DIFFERENT
        made = deciding.decide(store, first, second, verdict, by=login_name(), note=note)
        words = "the same" if same else "two different things"
        say(f"{made.first} and {made.second} are {words}, says {made.by}.")


def _known(store: GraphStore, reference: str) -> frozenset[str]:
    """What a decision may call it; one may outlive what it is about."""
    try:
        return deciding.identifiers(resolved(store, reference))
    except NotInStore:
        return frozenset({reference})


def decisions(json: Json = False) -> None:
    """List what users decided about guesses: who, when and why."""
    with opened() as (store, _):
        report_guesses.write_decisions(store, as_json=json)


def login_name() -> str:
    """Who decides on the command line."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return "unknown"
