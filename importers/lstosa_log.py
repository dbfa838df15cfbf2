"""The records of a prov.log as statements: lines of many activities, each put where it belongs.

A use or generation names its activity by six hexadecimal digits and a session tag only. It belongs
to the last start record above it with the same two. Its times are those of the activity, which are
known when that has ended; so what an activity says is held back until then.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from importers.lstosa_lines import Found
from importers.lstosa_names import PREFIX, compact, moment, text_of, thing_iri
from importers.lstosa_run import Run, Use
from importers.lstosa_session import Sessions
from importers.lstosa_things import RecordedThing, Things
from lineage import vocabulary as v
from lineage.records import Agent, Entity, EventKind, Relation, Statement
from lineage.vocabulary import LSTOSA, RelationKind

Report = Callable[[int, str, int], None]
"""Takes a line, a sentence, and how many records are lost."""

_MOST_RUNS = 2000
"""Activities that further lines may belong to."""
_MOST_HELD = 16_000_000
"""Characters of what is held back."""
_MOST_DECLARED = 50_000
"""Agents, plans and entities that are said once."""
_DERIVED = (v.EVIDENCE, "inferred: what the activity generated is recorded as derived from it")
_UNUSED = PREFIX + "unused"
"""What a relative path belongs to that no activity names."""


@dataclass(slots=True, eq=False)
class _Between:
    """A membership or derivation, until the entities on both sides are known."""

    kind: RelationKind
    subject: str
    object: str
    session: Any
    maker: Run | None
    """The activity that generated the subject."""
    more: dict[Any, Any]
    size: int


class LogReader:
    """Turns records into statements, in the order of the log."""

    def __init__(self, report: Report, *, merged: bool = False) -> None:
        """A reader of one log.

        Args:
            report: Is told of every part of a record that is not as it should be.
            merged: Each activity stands for those of many processes.
        """
        self._report = report
        self._merged = merged
        self._sessions = Sessions(merged=merged)
        self._last_session: Any = None
        self._runs: OrderedDict[tuple[str, str | None], Run] = OrderedDict()
        self._latest: dict[str, Run] = {}
        """Digits -> the last activity of that name: the merged logs leave tags out."""
        self._things = Things()
        self._between: list[_Between] = []
        self._held = 0
        self._declared: set[int] = set()
        self._weight = 0
        """Characters that are known of the activities of `_runs`."""
        self._line = 0
        self._size = 0

    def statements(self, found: Found) -> Iterator[Statement]:
        """What one record says, and what it completes."""
        return self._once(self._statements(found))

    def rest(self) -> Iterator[Statement]:
        """What is still held back at the end of the log."""
        return self._once(self._rest())

    def _once(self, statements: Iterator[Statement]) -> Iterator[Statement]:
        """Without agents and entities that were declared in the same words before."""
        for statement in statements:
            if isinstance(statement, Entity | Agent):
                mark = hash(statement)
                if mark in self._declared:
                    continue
                if len(self._declared) >= _MOST_DECLARED:
                    self._declared.clear()
                self._declared.add(mark)
            yield statement

    def _rest(self) -> Iterator[Statement]:
        for run in self._runs.values():
            if not run.told:
                yield from self._tell(run)
        yield from self._tell_between()
        yield from self._sessions.rest()
        for identifier, thing in self._things.unused():
            yield thing.scoped(_UNUSED, self._last_session, identifier)

    def _statements(self, found: Found) -> Iterator[Statement]:
        record, self._line, self._size = found
        known = False
        if "session_id" in record:
            self._last_session = record["session_id"]
            yield from self._sessions.add(record)
            known = True
        if "activity_id" in record:
            yield from self._activity(record)
            known = True
        own = "entity_id" if "entity_id" in record else _own_key(record)
        if own is not None and not known:
            yield from self._entity(record, own)
            known = True
        if not known:
            keys = ", ".join(map(text_of, list(record)[:5]))
            message = f"the record is of no known kind (keys seen: {keys:.80}). It is left out."
            self._report(self._line, message, 1)

    def _activity(self, record: dict[Any, Any]) -> Iterator[Statement]:
        """Takes a record of an activity: its start, a parameter, use or generation, its end."""
        yield from self._make_room()
        rest = dict(record)
        identifier = text_of(rest.pop("activity_id"))
        tag = rest.pop("session_tag", None)
        tag = None if tag is None else text_of(tag)
        if "name" in rest or "in_session" in rest:
            yield from self._begin(identifier, tag, rest)
            run = self._runs[identifier, tag]
        else:
            run = self._run(identifier, tag)
        kept, weight = len(rest), run.weight
        if "parameters" in rest:
            run.take_parameters(rest.pop("parameters"))
        time = moment(rest.get("endTime"))
        if time is not None:
            del rest["endTime"]
            run.stop = time
        for kind, key, role in (
            (EventKind.USE, "used_id", "used_role"),
            (EventKind.GENERATION, "generated_id", "generated_role"),
        ):
            if key in rest:
                kept = 0
                other = text_of(rest.pop(key))
                said = rest.pop(role, None)
                role_text = None if said is None else text_of(said)
                thing = self._things.use(other)
                more = ((LSTOSA + "record", compact(rest)),) if rest else ()
                yield from self._use(run, Use(kind, other, role_text, thing, more, self._size))
                if kind is EventKind.GENERATION:
                    self._things.made(other, run)
                rest = {}
        for key in ("startTime", "endTime"):
            if key in rest:
                message = f"{key} of activity {identifier!r:.40} is no time (value seen: "
                self._report(self._line, f"{message}{rest[key]!r:.80}). Kept as text.", 0)
        if rest:
            run.take_rest(rest)
        self._weight += run.weight - weight
        if time is not None or (kept and run.told):
            yield from self._tell(run)

    def _begin(self, identifier: str, tag: str | None, rest: dict[Any, Any]) -> Iterator[Statement]:
        """Takes a start record; an earlier activity of the same name has ended then."""
        before = self._runs.pop((identifier, tag), None)
        if before is not None:
            self._weight -= before.weight
            if not before.told:
                yield from self._tell(before)
        in_session = rest.get("in_session")
        session = None if in_session is None else self._sessions[in_session]
        execution = self._sessions.execution(in_session, rest.get("startTime"))
        run = Run(identifier, tag)
        run.begin(identifier, rest, session, execution, merged=self._merged)
        self._weight += run.weight
        self._runs[identifier, tag] = self._latest[identifier] = run

    def _run(self, identifier: str, tag: str | None) -> Run:
        """The activity that a line without start belongs to."""
        run = self._latest.get(identifier) if tag is None else self._runs.get((identifier, tag))
        if run is None:
            message = f"activity {identifier!r:.40} has no start record above this line. It is "
            self._report(self._line, message + "kept without start and session.", 0)
            run = Run(identifier, tag)
            self._weight += run.weight
            self._runs[identifier, tag] = self._latest[identifier] = run
        return run

    def _use(self, run: Run, use: Use) -> Iterator[Statement]:
        if run.told:
            yield from run.related(use)
            return
        run.held.append(use)
        self._held += use.size
        yield from self._make_room()

    def _make_room(self) -> Iterator[Statement]:
        """Says what is held back too long, as far as it is known."""
        while self._runs and (len(self._runs) >= _MOST_RUNS or self._weight > _MOST_HELD):
            (identifier, _), run = self._runs.popitem(last=False)
            self._weight -= run.weight
            if self._latest.get(identifier) is run:
                del self._latest[identifier]
            if not run.told:
                yield from self._tell(run)
        if self._held > _MOST_HELD:
            for run in self._runs.values():
                if not run.told:
                    yield from self._tell(run)
            yield from self._tell_between()

    def _tell(self, run: Run) -> Iterator[Statement]:
        """All that is known of an activity."""
        run.told = True
        yield from run.statements()
        for use in run.held:
            self._held -= use.size
            yield from run.related(use)
        run.held.clear()

    def _entity(self, record: dict[Any, Any], own: Any) -> Iterator[Statement]:
        """Takes an entity record; ``own`` is the key of its id."""
        rest = {key: value for key, value in record.items() if key not in (own, "session_tag")}
        identifier = text_of(record[own])
        for kind, key in (
            (RelationKind.MEMBERSHIP, "member_id"),
            (RelationKind.DERIVATION, "progenitor_id"),
        ):
            if key in rest:
                other = text_of(rest.pop(key))
                maker = self._things.maker(identifier)
                session = self._last_session
                between = _Between(kind, identifier, other, session, maker, rest, self._size)
                self._between.append(between)
                self._held += self._size
                yield from self._make_room()
                return
        thing = self._things.add(identifier, rest, self._size)
        if thing is not None and thing.mismatch:
            self._report(self._line, thing.mismatch, 0)
        for forgotten, unused in self._things.forgotten():
            yield unused.scoped(_UNUSED, self._last_session, forgotten)

    def _tell_between(self) -> Iterator[Statement]:
        """Memberships and derivations."""
        for one in self._between:
            self._held -= one.size
            said = ((LSTOSA + "record", compact(one.more)),) if one.more else ()
            ends = []
            things = [self._things.use(identifier) for identifier in (one.subject, one.object)]
            if (
                one.kind is RelationKind.DERIVATION
                and one.maker is not None
                and all(map(_has_path, things))
            ):
                # which version was derived only its maker tells: it used the other
                use = Use(EventKind.USE, one.object, "progenitor", things[1], (*said, _DERIVED))
                yield from one.maker.related(use)
                continue
            for identifier, thing in zip((one.subject, one.object), things, strict=True):
                if thing is None:
                    ends.append(thing_iri(identifier, one.session))
                    continue
                entity = thing.scoped(_UNUSED, one.session, identifier)
                ends.append(entity.identifier)
                yield entity
            yield Relation(one.kind, ends[0], ends[1], attributes=said)
        self._between.clear()


def _has_path(thing: RecordedThing | None) -> bool:
    return thing is not None and thing.path is not None


def _own_key(record: dict[Any, Any]) -> Any:
    """The key under which logprov puts the id of what an activity uses: the id itself."""
    if "entity_description" in record or "location" in record:
        for key, value in record.items():
            if value == key and type(value) is type(key):
                return key
    return None
