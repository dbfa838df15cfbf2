"""The run-wise documents of lstosa's provprocess: PROV-JSON whose names mean something in it only.

``id:1f992d...`` is the MD5 of a path, ``id:e215a1`` six digits that an activity was given for the
document, ``id:776a07...`` a set of files, whose name does not say of which run. Each is put into
its session; what has a path is left to identity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from importers.agents import person
from importers.lstosa_names import activity_iri, session_key, thing_iri, whole_iri
from importers.lstosa_run import NOBODY, Doer, Use, use_statements
from importers.lstosa_session import Session, session_of
from importers.lstosa_things import RecordedThing
from lineage import vocabulary as v
from lineage.records import (
    Activity,
    Agent,
    Element,
    Entity,
    EventKind,
    Iri,
    Relation,
    Statement,
    Value,
    attributes,
)
from lineage.vocabulary import LSTOSA, RelationKind
from lineage.works import is_whole

MOST_STATEMENTS = 100_000
"""Statements of a document that are held at once; real ones have some hundred."""
MOST_CHARACTERS = 50_000_000
"""What they say, likewise; real ones have some 20,000."""
_PARAM = "param:"
"""IRI of the default namespace."""
_ID = "id:"
_OWN_NAMES = {v.PROV_LABEL: "name", v.PROV_TYPE: "type", v.PROV_LOCATION: "location"}
"""What prov.log calls what the document calls otherwise."""
_AS_IN_LOGS = {
    _PARAM + "script": LSTOSA + "script",
    _PARAM + "in_session": LSTOSA + "session",
}
_EVENTS = {
    RelationKind.USAGE: EventKind.USE,
    RelationKind.GENERATION: EventKind.GENERATION,
}


def merged(statements: Iterable[Statement], report: Callable[[str], None]) -> Iterator[Statement]:
    """The statements of a merged document, each name put where it means something.

    Args:
        statements: As PROV-JSON has them.
        report: Is told what is not as it should be.
    """
    found = iter(statements)
    held: list[Statement] = []
    characters = 0
    for one in found:
        held.append(one)
        characters += _characters(one)
        if len(held) > MOST_STATEMENTS or characters > MOST_CHARACTERS:
            report(
                f"it has more than {MOST_STATEMENTS} records, or {MOST_CHARACTERS} characters, as "
                "no merged document has. Files and activities keep the names that mean something "
                "in it only."
            )
            yield from held
            held.clear()
            yield from found
            return
    yield from _Document(held, report).statements()


def _characters(one: Statement) -> int:
    said = one.attributes if isinstance(one, Element | Relation) else ()
    return sum(len(value) for _, value in said if isinstance(value, str))


class _Document:
    """One document, whole."""

    def __init__(self, held: list[Statement], report: Callable[[str], None]) -> None:
        self._held = held
        self._report = report
        self._activities = {one.identifier: one for one in held if isinstance(one, Activity)}
        entities = [one for one in held if isinstance(one, Entity)]
        self._sessions: dict[str, tuple[Session, Entity]] = {}
        self._things: dict[str, RecordedThing] = {}
        for one in entities:
            if "ExecutionSession" in one.values(v.PROV_TYPE):
                self._add_session(one)
            elif one.values(_PARAM + "filepath"):
                self._things[one.identifier] = self._thing(one)
        self._scopes = self._sessions_of_entities()
        self._names = dict(self._names_of_activities())
        self._names.update(self._names_of_entities(entities))
        agents = {one.identifier for one in held if isinstance(one, Agent)} - {_ID + NOBODY}
        self._names.update({one: person(_local(one)).identifier for one in agents})
        self._used: set[str] = set()
        """Files and agents of which something was said."""

    def statements(self) -> Iterator[Statement]:
        """The document, as far as it goes in its own order."""
        for one in self._held:
            if isinstance(one, Element | Relation) and one.bundle is not None:
                yield one
            elif isinstance(one, Activity):
                yield from self._activity(one)
            elif isinstance(one, Agent):
                yield self._account(one)
            elif isinstance(one, Entity):
                yield from self._entity(one)
            elif isinstance(one, Relation):
                yield from self._relation(one)
            else:
                yield one
        for identifier, thing in self._things.items():
            if identifier not in self._used:
                yield thing.scoped(_ID, self._scopes.get(identifier), _local(identifier))

    def _add_session(self, entity: Entity) -> None:
        rest = dict(_record(entity.attributes))
        rest.pop("type", None)
        began = rest.pop(v.PROV + "generatedAtTime", None)
        identifier = _local(entity.identifier)
        session = session_of(identifier, rest)
        facts = list(session.entity.attributes)
        if began is not None:
            facts.append((v.PROV + "generatedAtTime", began))
        self._sessions[session.key] = session, Entity(session.entity.identifier, attributes(facts))

    def _thing(self, entity: Entity) -> RecordedThing:
        record = dict(_record(entity.attributes))
        thing = RecordedThing(record, _local(entity.identifier))
        if thing.mismatch:
            self._report(thing.mismatch)
        for name, value in entity.attributes:
            own = _own_name(name)
            if own in ("name", "type") and value != record[own]:
                thing.said.append((LSTOSA + own, value))
        return thing

    def _sessions_of_entities(self) -> dict[str, str]:
        """Entity -> the session of the activities that use or generate it."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self._held:
            if isinstance(one, Relation) and one.kind in _EVENTS:
                activity, entity = _ends(one)
                session = self._session_key(activity)
                if entity is not None and session:
                    found[entity].add(session)
        return {entity: min(sessions) for entity, sessions in found.items()}

    def _session_key(self, activity: str | None) -> str:
        known = self._activities.get(activity or "")
        values = () if known is None else known.values(_PARAM + "in_session")
        return session_key(values[0]) if values else ""

    def _names_of_activities(self) -> Iterator[tuple[str, str]]:
        """The document's names, and what they are called in the graph."""
        for identifier, activity in self._activities.items():
            session = next(iter(activity.values(_PARAM + "in_session")), None)
            start = _time(activity, v.PROV_START)
            name = _label(activity)
            if session is not None and start is not None and name:
                yield identifier, whole_iri(name, session, start)
            else:
                yield identifier, activity_iri(_local(identifier), session, start)

    def _names_of_entities(self, entities: list[Entity]) -> Iterator[tuple[str, str]]:
        of_activity = {f"{one}_parameters": one for one in self._activities}
        for entity in entities:
            identifier, local = entity.identifier, _local(entity.identifier)
            scope = self._scopes.get(identifier)
            if identifier in self._things:
                yield identifier, self._things[identifier].scoped(_ID, scope, local).identifier
            elif "ExecutionSession" in entity.values(v.PROV_TYPE):
                yield identifier, self._sessions[session_key(local)][1].identifier
            elif identifier in of_activity:
                yield identifier, f"{self._names[of_activity[identifier]]}:parameters"
            else:
                yield identifier, thing_iri(local, scope)

    def _activity(self, activity: Activity) -> Iterator[Statement]:
        iri = self._names[activity.identifier]
        facts = [(_AS_IN_LOGS.get(name, name), value) for name, value in activity.attributes]
        facts.append((LSTOSA + "activity_id", _local(activity.identifier)))
        session = self._sessions.get(self._session_key(activity.identifier))
        if session is not None:
            facts += session[0].facts
            run = session[0].runs.get("observation_run")
            if run is not None:
                facts.append((v.RUN, run))
        if is_whole(iri):
            facts.append((LSTOSA + "run_wise", True))
        yield Activity(iri, attributes(facts))
        yield from self._doer(activity.identifier).works()
        for agent in () if session is None else session[0].agents:
            if agent.identifier not in self._used:
                self._used.add(agent.identifier)
                yield agent
            yield Relation(RelationKind.ASSOCIATION, iri, agent.identifier)

    def _account(self, agent: Agent) -> Agent:
        known = self._names.get(agent.identifier)
        if known is None:
            return agent
        facts = person(_local(agent.identifier)).attributes
        return Agent(known, attributes([*agent.attributes, *facts]))

    def _entity(self, entity: Entity) -> Iterator[Statement]:
        identifier = entity.identifier
        thing = self._things.get(identifier)
        if thing is not None:
            if not thing.is_file:
                self._used.add(identifier)
                yield thing.scoped(_ID, self._scopes.get(identifier), _local(identifier))
            return
        if "ExecutionSession" in entity.values(v.PROV_TYPE):
            yield self._sessions[session_key(_local(identifier))][1]
            return
        facts = list(entity.attributes)
        owner = self._activities.get(identifier.removesuffix("_parameters"))
        if owner is not None:
            label = f"{next(iter(owner.values(v.PROV_LABEL)), '')} parameters".strip()
            facts = [fact for fact in facts if fact != (v.PROV_LABEL, "Parameters")]
            facts += [(v.PROV_LABEL, label), (v.PROV_TYPE, Iri(v.PROV + "Plan"))]
        yield Entity(self._names[identifier], attributes(facts))

    def _relation(self, relation: Relation) -> Iterator[Statement]:
        kind = _EVENTS.get(relation.kind)
        activity, entity = _ends(relation)
        thing = self._things.get(entity or "")
        if kind is None or thing is None or activity is None or not thing.is_file:
            yield from self._other_relation(relation)
            return
        self._used.add(entity or "")
        roles = relation.values(v.PROV_ROLE)
        role = roles[0] if roles and isinstance(roles[0], str) else None
        own = tuple(pair for pair in relation.attributes if pair != (v.PROV_ROLE, role))
        doer = self._doer(activity)
        yield from use_statements(Use(kind, _local(entity or ""), role, thing, own), doer)

    def _doer(self, activity: str) -> Doer:
        known = self._activities.get(activity)
        key = self._session_key(activity)
        session = self._sessions.get(key)
        return Doer(
            self._names.get(activity, activity),
            _label(known),
            key or None,
            session[0].work if session is not None else key or None,
            None,
            _time(known, v.PROV_START),
            _time(known, v.PROV_END),
            None,
        )

    def _other_relation(self, relation: Relation) -> Iterator[Statement]:
        for end in (relation.subject, relation.object):
            thing = self._things.get(end or "")
            if thing is not None and thing.is_file:
                self._used.add(end or "")
                yield thing.scoped(_ID, self._scopes.get(end or ""), _local(end or ""))
        facts = [
            (name, Iri(self._names.get(value.value, value.value)))
            if isinstance(value, Iri)
            else (name, value)
            for name, value in relation.attributes
        ]
        yield Relation(
            relation.kind,
            self._name(relation.subject),
            self._name(relation.object),
            relation.identifier,
            attributes(facts),
        )

    def _name(self, identifier: str | None) -> str | None:
        return None if identifier is None else self._names.get(identifier, identifier)


def _record(said: Iterable[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
    """Attributes under the keys of prov.log; of several values the first."""
    seen = set()
    for name, value in said:
        own = _own_name(name)
        if own not in seen:
            seen.add(own)
            yield own, value


def _own_name(name: str) -> str:
    return _OWN_NAMES.get(name) or name.removeprefix(_PARAM)


def _ends(relation: Relation) -> tuple[str | None, str | None]:
    """The activity and the entity of a use or generation."""
    if relation.kind is RelationKind.USAGE:
        return relation.subject, relation.object
    return relation.object, relation.subject


def _local(identifier: str) -> str:
    return identifier.removeprefix(_ID)


def _label(activity: Activity | None) -> str:
    value = next(iter(activity.values(v.PROV_LABEL)), None) if activity is not None else None
    return "" if value is None else str(value)


def _time(activity: Activity | None, name: str) -> datetime | None:
    value = next(iter(activity.values(name)), None) if activity is not None else None
    return value if isinstance(value, datetime) else None
