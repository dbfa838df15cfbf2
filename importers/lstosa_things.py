"""What the entity records of lstosa and logprov speak of: files, sets of files, Python objects."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from importers.lstosa_names import (
    compact,
    is_path_md5,
    plain,
    run_number,
    thing_iri,
    words,
)
from importers.recorded_paths import absolute_path, scoped_identifier
from lineage import vocabulary as v
from lineage.identifiers import file_iri
from lineage.records import Entity, Iri, Value, attributes
from lineage.vocabulary import LSTOSA

if TYPE_CHECKING:
    from importers.lstosa_run import Run

COLLECTION = "SetCollection"
"""lstosa's type of a set of files in one directory."""
_MOST = 50_000
_MOST_CHARACTERS = 16_000_000


class RecordedThing:
    """What an entity record says: a file at a path, a set of files, or an object in memory."""

    __slots__ = ("kind", "mismatch", "name", "path", "said", "written")

    def __init__(self, record: dict[Any, Any], identifier: str) -> None:
        """``record`` without the key of the id itself."""
        rest = dict(record)
        self.name = words(rest.pop("name", None)) or words(rest.pop("entity_description", None))
        self.kind = words(rest.pop("type", None))
        self.written = words(rest.pop("filepath", None))
        of_lstosa = self.written is not None
        is_file = of_lstosa or "hash" in rest or (self.kind or "").startswith("File")
        if self.written is None and is_file:
            self.written = words(rest.pop("location", None))
        self.path: str | None = None
        if self.written is not None and self.kind != COLLECTION:
            self.path = absolute_path(self.written)
        self.mismatch = ""
        """What is wrong with the hash."""
        self.said = list(self._facts(rest, identifier, of_lstosa))

    @property
    def is_file(self) -> bool:
        """It is a file, or a directory, of its own; not a set of files."""
        return self.written is not None and self.kind != COLLECTION

    def _facts(
        self, rest: dict[Any, Any], identifier: str, of_lstosa: bool
    ) -> Iterator[tuple[str, Value]]:
        for name, value in ((LSTOSA + "name", self.name), (LSTOSA + "type", self.kind)):
            if value is not None:
                yield name, value
        content_type = rest.pop("contentType", None)
        if content_type is not None:
            yield from plain(v.FILE + "media_type", content_type)
        for key, name in (("value", v.PROV_VALUE), ("location", LSTOSA + "variable")):
            if key in rest:
                yield from plain(name, rest.pop(key))
        yield from self._hash(rest, identifier, of_lstosa)
        size = rest.pop("size", None)
        if size is not None:
            whole = run_number(size) if self.kind == COLLECTION else None
            yield from plain(LSTOSA + "size", size if whole is None else whole)
        rest.pop("session_tag", None)
        if rest:
            yield LSTOSA + "file_record", compact(rest)

    def _hash(
        self, rest: dict[Any, Any], identifier: str, of_lstosa: bool
    ) -> Iterator[tuple[str, Value]]:
        """The hash: lstosa's is that of the path, logprov's that of the content."""
        recorded, kind = rest.pop("hash", None), rest.pop("hash_type", None)
        written = self.written
        if (
            written is not None
            and is_path_md5(identifier, written)
            and recorded
            in (
                None,
                identifier,
            )
        ):
            yield LSTOSA + "path_md5", identifier
            return
        if self.is_file and recorded != identifier:
            yield from plain(LSTOSA + "entity_id", identifier)
        if recorded is None:
            return
        if kind == "md5" and isinstance(recorded, str) and written is not None:
            if is_path_md5(recorded, written):
                yield LSTOSA + "path_md5", recorded
                return
            if of_lstosa:
                self.mismatch = f"the hash {recorded!r:.40} of {written!r:.200} is not the MD5 of "
                self.mismatch += "this path, as lstosa writes it. Kept as lstosa:hash."
        yield from plain(LSTOSA + "hash", recorded)
        yield from plain(LSTOSA + "hash_type", kind)

    def scoped(self, activity: str, session: Any, identifier: str) -> Entity:
        """The entity that stands for it where identity has no path to go by.

        Args:
            activity: IRI of the activity, in which a relative path has its meaning.
            session: Where the id has its meaning.
            identifier: Its recorded id.
        """
        if self.path is not None:
            return Entity(file_iri(self.path), attributes([*self.said, *self._at("path")]))
        if self.is_file and self.written is not None:
            iri, evidence = scoped_identifier(self.written, activity)
            return Entity(iri, attributes([*self.said, *self._at(evidence)]))
        said = list(self.said)
        label = self.name or dict(self.said).get(LSTOSA + "variable")
        if label is not None:
            said.append((v.PROV_LABEL, label))
        if self.kind == COLLECTION:
            said.append((v.PROV_TYPE, Iri(v.PROV + "Collection")))
            if self.written is not None:
                said.append((v.PROV_LOCATION, self.written))
            return Entity(thing_iri(identifier, session, "collection"), attributes(said))
        return Entity(thing_iri(identifier, session), attributes(said))

    def _at(self, evidence: str) -> Iterable[tuple[str, Value]]:
        return (
            (v.PROV_LOCATION, self.path or self.written or ""),
            (v.IDENTIFIED_BY, evidence),
        )


@dataclass(slots=True, eq=False)
class _Known:
    record: dict[Any, Any]
    thing: RecordedThing
    size: int
    maker: Run | None = None
    """The last activity that generated it."""


class Things:
    """The entities of one log by their recorded ids, as many as a memory of fixed size holds."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._unused: OrderedDict[str, int] = OrderedDict()
        """Those of which nothing was said yet -> how many records of the log came before."""
        self._characters = 0

    @property
    def has_unused(self) -> bool:
        """There is one of which nothing was said yet."""
        return bool(self._unused)

    def add(
        self, identifier: str, record: dict[Any, Any], size: int, number: int
    ) -> RecordedThing | None:
        """Takes an entity record; the thing, unless it was recorded in the same words before.

        Args:
            identifier: Its recorded id.
            record: Without the key of the id.
            size: Characters, about.
            number: How many records of the log came before.
        """
        known = self._known.get(identifier)
        if known is not None and known.record == record:
            self._known.move_to_end(identifier)
            return None
        if known is not None:
            self._characters -= known.size
        thing = RecordedThing(record, identifier)
        self._known[identifier] = _Known(record, thing, size)
        self._known.move_to_end(identifier)
        self._unused.pop(identifier, None)
        self._unused[identifier] = number
        self._characters += size
        return thing

    def use(self, identifier: str) -> RecordedThing | None:
        """The thing of this id, of which something is said now."""
        known = self._known.get(identifier)
        if known is None:
            return None
        self._unused.pop(identifier, None)
        return known.thing

    def made(self, identifier: str, maker: Run) -> None:
        """An activity generated the thing of this id."""
        known = self._known.get(identifier)
        if known is not None:
            known.maker = maker

    def maker(self, identifier: str) -> Run | None:
        """The last activity that generated the thing of this id."""
        known = self._known.get(identifier)
        return None if known is None else known.maker

    def knows(self, identifier: str) -> bool:
        """There is a record of this id."""
        return identifier in self._known

    def forgotten(self) -> Iterator[tuple[str, RecordedThing]]:
        """Makes room; gives those of which nothing was said before they are forgotten."""
        while len(self._known) > _MOST or self._characters > _MOST_CHARACTERS:
            identifier, known = self._known.popitem(last=False)
            self._characters -= known.size
            if self._unused.pop(identifier, None) is not None:
                yield identifier, known.thing

    def unused(self, before: int | None = None) -> Iterator[tuple[str, RecordedThing]]:
        """Takes out those of which nothing was said, of all records or of the first ones."""
        while self._unused:
            identifier, number = next(iter(self._unused.items()))
            if before is not None and number >= before:
                return
            del self._unused[identifier]
            yield identifier, self._known[identifier].thing
