"""Parts of a PROV document, read by the prov library: many at once, or one by one if need be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from importers.damage import Damage
from importers.provjson_records import PREDEFINED, Unreadable, encoded
from lineage.identifiers import SKOLEM
from lineage.interfaces import OnProblem
from lineage.interop import NotProv
from lineage.records import Bundle, Iri, Namespace, Record, Relation, Statement, attributes


@dataclass(frozen=True, slots=True)
class Part:
    """One record as it stands in a document."""

    place: str
    content: Any


class Batches:
    """Turns parts into records; says where what cannot be read stands."""

    def __init__(self, source: Path, on_problem: OnProblem) -> None:
        self._damage = Damage(source, on_problem)
        self._prefixes: set[tuple[str, str]] = set()
        self._bundles: set[str] = set()
        self.read = 0
        """Records so far."""

    def tell(self, place: str, message: str, lost: int = 1) -> None:
        """Tells of a problem."""
        self._damage.tell(place, message, lost)

    def give_up(self) -> None:
        """Ends the reading where more was lost than read, and no record waits.

        Raises:
            SourceError: More was lost than read.
        """
        self._damage.give_up(self.read)

    def namespace(self, prefix: str, iri: str) -> Iterator[Statement]:
        """A declared prefix, once."""
        if prefix in PREDEFINED or not iri.strip() or (prefix, iri) in self._prefixes:
            return
        self._prefixes.add((prefix, iri))
        try:
            yield Namespace(encoded(prefix), encoded(iri))
        except Unreadable as error:
            self.tell(f"prefix {prefix!a}", str(error), 0)

    def bundle(self, iri: str) -> Iterator[Statement]:
        """A named bundle, once."""
        if iri not in self._bundles:
            self._bundles.add(iri)
            yield Bundle(iri)

    def records(
        self,
        parts: Sequence[Part],
        read: Callable[[Sequence[Part]], list[Record]],
        bundle: str | None = None,
    ) -> Iterator[Statement]:
        """What the parts say.

        Args:
            read: Reads some of them with prov.
            bundle: IRI of the bundle that they stand in.

        Raises:
            SourceError: More was lost so far than read.
        """
        try:
            found = read(parts)
        except NotProv as error:
            if len(parts) == 1:
                place = parts[0].place
                if error.line is not None:
                    place = str(int(place) + error.line - 1)
                self.tell(place, f"{str(error).rstrip('.')}. It is left out.")
                self.give_up()
                return
            for part in parts:
                yield from self.records([part], read, bundle)
            return
        for record in found:
            if isinstance(record, Bundle):
                continue
            try:
                yield _clean(record, bundle)
            except Unreadable as error:
                self.tell(parts[0].place, str(error))
                continue
            self.read += 1


def _clean(record: Any, bundle: str | None) -> Record:
    """The record in its bundle, with IRIs that hold nothing that IRIs must not hold.

    Raises:
        Unreadable: A name is no text.
    """
    changes: dict[str, Any] = {}
    if record.bundle != bundle:
        changes["bundle"] = bundle
    names = ("identifier", "subject", "object") if isinstance(record, Relation) else ("identifier",)
    for name in names:
        iri = getattr(record, name)
        if iri is not None and encoded(iri) != iri:
            changes[name] = encoded(iri)
    if isinstance(record, Relation) and (record.identifier or "").startswith(SKOLEM):
        changes["identifier"] = None
    items = [
        (encoded(name), Iri(encoded(value.value)) if isinstance(value, Iri) else value)
        for name, value in record.attributes
    ]
    if tuple(items) != record.attributes:
        changes["attributes"] = attributes(items)
    cleaned: Record = replace(record, **changes) if changes else record
    return cleaned
