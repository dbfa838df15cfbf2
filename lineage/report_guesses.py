"""Guesses and decisions, as people and programs read them on standard output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lineage import report
from lineage.deciding import decided
from lineage.decisions import Decision
from lineage.graph_store import GraphStore
from lineage.guesses import Guesses

_WORDS = {"same": "the same", "different": "different"}


def write_guesses(found: Guesses, *, as_json: bool) -> None:
    """What may be the same thing as an entity, and what was decided about it."""
    if as_json:
        report.write_json(
            {
                "id": found.element.identifier,
                "guesses": [
                    {
                        "id": guess.element.identifier,
                        "name": guess.element.name,
                        "paths": list(guess.element.paths),
                        "evidence": "guess",
                        "weight": guess.weight,
                        "reasons": list(guess.reasons),
                    }
                    for guess in found.guesses
                ],
                "found": found.found,
                "not_compared": found.not_compared,
                "decisions": [_decision(made) for made in found.decisions],
            }
        )
        return
    if found.guesses:
        rows = (
            (guess.element.identifier, "; ".join(guess.reasons), _where(guess.element.paths))
            for guess in found.guesses
        )
        report.write_rows(("perhaps the same", "because", "path"), rows)
    else:
        report.write_line(f"nothing resembles {found.element.identifier}.")
    if found.left_out:
        report.write_line(f"{found.left_out:,} more: --limit shows them")
    if found.not_compared:
        report.write_line(f"{found.not_compared:,} more have a like name and were not compared")
    if found.decisions:
        _write(found.decisions, own=found.element.identifier)


def _where(paths: Iterable[str]) -> str:
    return next(iter(paths), "")


def write_decisions(store: GraphStore, *, as_json: bool) -> None:
    """Every decision that counts, between the identifiers that the entities have now."""
    known = decided(store)
    if as_json:
        report.write_json(
            {
                "decisions": [
                    {**_decision(made), "in_store": set(made.pair) <= known.elements.keys()}
                    for made in known.decisions
                ]
            }
        )
        return
    paths = {source.key: source.paths for source in store.sources()}
    _write(known.decisions, paths=paths)
    lost = sum(not set(made.pair) <= known.elements.keys() for made in known.decisions)
    about_lost = f", {lost:,} about what is not in the store" if lost else ""
    number = len(known.decisions)
    report.write_line(f"{number:,} {'decision' if number == 1 else 'decisions'}{about_lost}")


def _write(
    decisions: Iterable[Decision],
    *,
    own: str = "",
    paths: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    rows = []
    for made in decisions:
        ends = [end for end in made.pair if end != own]
        brought = _where((paths or {}).get(made.source, ())) or made.source[:12]
        by = f"{made.by}, by way of {brought}" if made.source else made.by
        when = made.at.isoformat(timespec="seconds")
        rows.append((_WORDS[made.verdict.value], ", ".join(ends), by, when, made.note))
    if rows:
        report.write_rows(("decided", "of" if not own else "from", "by", "at", "note"), rows)


def _decision(made: Decision) -> dict[str, Any]:
    return {
        "verdict": made.verdict.value,
        "ids": list(made.pair),
        "by": made.by,
        "at": made.at.isoformat(),
        "note": made.note,
        "source": made.source or None,
    }
