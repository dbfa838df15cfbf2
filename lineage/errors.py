"""The errors that this project raises on purpose.

Every message reads ``where: what is wrong (value seen). What to do.``; whoever catches a
`LineageError` may show it to the user as it stands.
"""

from __future__ import annotations


class LineageError(Exception):
    """Something a user can understand and put right."""


class SourceError(LineageError):
    """A source, or a place in it, cannot be read as the format that it claims to be."""

    def __init__(self, source: object, place: str, problem: str) -> None:
        """``place``: a line number, a JSON pointer or a byte offset; empty for the whole source."""
        super().__init__(f"{source}:{place}: {problem}" if place else f"{source}: {problem}")
        self.source = str(source)
        self.place = place
        self.problem = problem


class NotInStore(LineageError):
    """A reference names nothing that the store knows; near ones are suggested."""

    def __init__(self, reference: str, suggestions: tuple[str, ...] = ()) -> None:
        hint = f" Did you mean {' or '.join(map(repr, suggestions))}?" if suggestions else ""
        super().__init__(f"nothing in the store is called {reference!r}.{hint}")
        self.reference = reference
        self.suggestions = suggestions


class AmbiguousReference(LineageError):
    """A reference names several records; all are listed and none is chosen."""

    def __init__(self, reference: str, matches: tuple[str, ...], found: int) -> None:
        shown = "\n".join(f"  {match}" for match in matches)
        more = f"\n  ... and {found - len(matches)} more" if found > len(matches) else ""
        super().__init__(
            f"{reference!r} names {found} records. Give one of them in full:\n{shown}{more}"
        )
        self.reference = reference
        self.matches = matches
        self.found = found


class StoreError(LineageError):
    """A store cannot be opened, reached or written."""


class StoreBusy(StoreError):
    """Another process is writing to the store."""


class RecordTooLarge(StoreError):
    """One record alone takes more than an engine accepts."""


class QueryRefused(LineageError):
    """A user's Cypher asks for something that the console does not allow."""


class QueryFailed(LineageError):
    """An allowed query was refused or given up by the engine."""


class AccessRefused(LineageError):
    """A recorded path may not be turned into bytes."""


class FileMissing(AccessRefused):
    """A recorded path lies under a root that is there, and no file is."""


class ExportRefused(LineageError):
    """A format cannot hold a record without loss, or without harm to whoever reads it."""
