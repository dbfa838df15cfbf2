"""What the app writes: decisions about guesses, and nothing else.

They come as every callback does, as JSON in a POST whose Origin and Host are looked at before
(`webapp.security`); a read-only app does not know this one.
"""

from __future__ import annotations

import getpass
import logging
import time
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, html, no_update
from flask import request

from lineage import deciding
from lineage.decisions import Verdict
from lineage.errors import LineageError, StoreBusy
from lineage.graph_store import GraphStore
from webapp import ids
from webapp.callbacks import asked
from webapp.connection import Connection
from webapp.guessing import told
from webapp.labels import clean
from webapp.references import element_of

AUDIT = logging.getLogger("lineage.audit")

_VERDICTS = {verdict.value: verdict for verdict in Verdict}


@dataclass(frozen=True, slots=True)
class Who:
    """How the app knows who decides."""

    user_header: str | None = None
    """Header in which a proxy in front names the user."""
    shared: bool = False
    """Several people come in with one password; they give a name with it, which nobody checks."""

    def name(self) -> str:
        """Who sent the request under way."""
        if self.user_header is not None:
            return request.headers.get(self.user_header, "") or "unknown"
        if self.shared:
            given = request.authorization.username if request.authorization else None
            return f"{given} (by their own account)" if given else "somebody with the password"
        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return "unknown"


def add_deciding(app: Dash, connection: Connection, who: Who) -> None:
    """Adds the callback that keeps decisions."""

    @app.callback(
        Output(ids.SAID, "children"),
        Output(ids.ATTEMPT, "data"),
        Input(ids.DECIDE, "data"),
        prevent_initial_call=True,
    )
    def decide(wanted: Any) -> Any:
        if wanted is None:  # the page was loaded: nobody decided anything
            return no_update, no_update
        try:
            one, other, verdict, note = _checked(wanted)
            by = who.name()
            said = asked(connection, lambda store: _decide(store, one, other, verdict, by, note))
        except StoreBusy:
            text = "Something is being imported, and only one may write at a time. "
            return _failed(text + "Nothing was changed; try again in a moment."), no_update
        except LineageError as error:
            return _failed(f"Nothing was changed. {error}"), no_update
        AUDIT.info("decided %s of %r and %r by %r from %s", verdict, one, other, by, _from())
        return html.Div(said, className="kept"), time.time()


def _from() -> str:
    return request.remote_addr or ""


def _failed(text: str) -> html.Div:
    return html.Div(clean(text, lines=True), className="failed", role="alert")


def _checked(wanted: Any) -> tuple[str, str, str, str]:
    """The fields of a decision, none of which is trusted."""
    fields = wanted if isinstance(wanted, dict) else {}
    one, other, verdict, note = (fields.get(n) for n in ("one", "other", "verdict", "note"))
    if not (isinstance(one, str) and isinstance(other, str) and one and other):
        raise LineageError("The request names no two records. Load the page again.")
    if verdict not in ("undo", *_VERDICTS):
        raise LineageError("The request decides nothing that is known. Load the page again.")
    return one, other, str(verdict), note if isinstance(note, str) else ""


def _decide(store: GraphStore, one: str, other: str, verdict: str, by: str, note: str) -> str:
    first = element_of(store, one)
    if verdict == "undo":
        try:
            end = element_of(store, other)
            names, called = deciding.identifiers(end), end.name
        except LineageError:  # a decision may outlive what it is about
            names, called = frozenset({other}), other
        deciding.undecide(store, deciding.identifiers(first), names)
        return told(verdict, first.name, called)
    second = element_of(store, other)
    deciding.decide(store, first, second, _VERDICTS[verdict], by=by, note=note)
    return told(verdict, first.name, second.name)
