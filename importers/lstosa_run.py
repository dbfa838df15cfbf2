"""One activity of a prov.log, put together from its lines, as statements."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from importers.agents import person
from importers.ctapipe_configuration import plan_iri
from importers.lstosa_names import (
    PREFIX,
    activity_iri,
    compact,
    moment,
    part,
    plain,
    session_key,
    sorted_compact,
    text_of,
    thing_iri,
    whole_iri,
)
from importers.lstosa_session import (
    NO_EXECUTION,
    Execution,
    Session,
    observation_facts,
    pipeline,
)
from importers.lstosa_things import RecordedThing
from importers.recorded_paths import host_of
from lineage import vocabulary as v
from lineage.records import (
    Activity,
    Agent,
    Attributes,
    Entity,
    EventKind,
    FileEvent,
    Iri,
    Relation,
    Statement,
    Value,
    attributes,
)
from lineage.vocabulary import LSTOSA, RelationKind
from lineage.works import ACTIVITY, PART, SESSION, did_work, is_whole

_OF_THE_OBSERVATION = frozenset(
    {"ObservationRun", "ObservationSubRun", "ObservationDate", "CalibrationRun", "PedestalRun"}
)
"""Parameters that say what a run works on, not how."""
NOBODY = "Anonymous"
"""What lstosa writes where there is no account name."""


@dataclass(slots=True, eq=False)
class Use:
    """A line that says what an activity used or generated."""

    kind: EventKind
    identifier: str
    role: str | None
    thing: RecordedThing | None
    said: tuple[tuple[str, Value], ...] = ()
    """What else is said of it."""
    size: int = 0
    """Characters of the line."""


class Doer(NamedTuple):
    """An activity, as its uses and generations need it."""

    iri: str
    name: str
    session: Any
    """In which the ids of things without path have their meaning."""
    work: str | None
    """What it has in common with the activities that worked on the same run, if there may be
    others."""
    part: int | None
    """The subrun that it worked on; of a calibration 0."""
    start: datetime | None
    stop: datetime | None
    node: str | None

    def works(self) -> Iterator[FileEvent]:
        """What links it with records of the same work."""
        if self.work and self.name:
            yield did_work(self.iri, self.name, self.work, self.start, self.stop)


class Run:
    """One activity while lines of it may come."""

    def __init__(self, identifier: str, tag: str | None) -> None:
        """An activity of which no start is known.

        Args:
            identifier: Its six digits.
            tag: Its session tag, ``r0_to_dl1:01807``.
        """
        self.iri = f"{PREFIX}{part(tag or '')}::{part(identifier)}"
        self.name = "" if tag is None else tag.partition(":")[0]
        self.session: Any = None
        self.start: datetime | None = None
        self.stop: datetime | None = None
        self.told = False
        """It has ended, or was held back too long: what comes now is said at once."""
        self.held: list[Use] = []
        self.weight = 200
        """Characters that are known of it, about."""
        self.begun_only = True
        """Nothing was told of it but its start: what it followed may still come."""
        self._tag = tag
        self._recorded: Session | None = None
        self._node: str | None = None
        self._agents: list[Agent] = []
        self._plan: Entity | None = None
        self._facts: list[tuple[str, Value]] = [(LSTOSA + "activity_id", identifier)]
        if tag is not None:
            self._facts.append((LSTOSA + "session_tag", tag))

    def begin(
        self,
        identifier: str,
        rest: dict[Any, Any],
        session: Session | None,
        execution: Execution,
        *,
        merged: bool = False,
    ) -> None:
        """Takes a start record, out of ``rest`` what it understands.

        Args:
            identifier: Its six digits.
            session: The session that it is in.
            execution: What is known of its process.
            merged: It stands for those of many processes.
        """
        self.session = rest.pop("in_session", None)
        recorded = rest.get("startTime")
        self.start = moment(recorded)
        self.iri = activity_iri(identifier, self.session, self.start or text_of(recorded or ""))
        if self.start is not None:
            del rest["startTime"]
        if "name" in rest:
            self.name = text_of(rest.pop("name"))
        if merged and self.start is not None and self.session is not None and self.name:
            self.iri = whole_iri(self.name, self.session, self.start)
            self._facts.append((LSTOSA + "run_wise", True))
        self._recorded = session
        self._node = execution.node
        self._facts += execution.facts
        self.weight += execution.size
        if self.session is not None:
            self._facts.append((LSTOSA + "session", text_of(self.session)))
        if session is not None:
            self._facts += session.facts
        self._facts += observation_facts(self._tag, self.name, session, execution, {})
        self._agents += execution.agents
        if not self._agents and self._tag is not None:
            known = () if session is None else session.agents
            self._agents += known or (pipeline("lstosa", None),)
        account = rest.get("agent_name") or execution.user
        if isinstance(account, str) and account.strip() and account != NOBODY:
            self._agents.append(person(account))
        for key in ("agent_name", "script"):
            self._facts += plain(LSTOSA + key, rest.pop(key, None))

    def take_parameters(self, parameters: Any) -> None:
        """Takes a parameter record."""
        text = compact(parameters)
        self.weight += 2 * len(text)
        self._facts.append((LSTOSA + "parameters", text))
        known = {name for name, _ in self._facts}
        told = observation_facts(self._tag, self.name, self._recorded, NO_EXECUTION, parameters)
        self._facts += [fact for fact in told if fact[0] not in known]
        if isinstance(parameters, dict):
            shared = {
                text_of(key): value
                for key, value in parameters.items()
                if key not in _OF_THE_OBSERVATION
            }
            # the plan is part of what is said of the agents: it never changes
            if shared and self.begun_only:
                self._plan = _plan(self.name, shared)
        self.begun_only = False

    def take_rest(self, rest: dict[Any, Any]) -> None:
        """Keeps what else a line says."""
        text = compact(rest)
        self.weight += len(text)
        self._facts.append((LSTOSA + "record", text))

    def so_far(self) -> Iterator[Statement]:
        """What is known while further lines may come, none of which makes it untrue."""
        yield from itertools.islice(self.statements(), 1 if self.begun_only else None)
        for use in self.held:
            yield from self.related(use)

    def statements(self) -> Iterator[Statement]:
        """The activity, who was responsible, and the plan that it followed."""
        facts = list(self._facts)
        if self.name:
            facts.append((v.PROV_LABEL, self.name))
        if self.start is not None:
            facts.append((v.PROV_START, self.start))
        if self.stop is not None:
            facts.append((v.PROV_END, self.stop))
        yield Activity(self.iri, attributes(facts))
        yield from self.doer.works()
        followed: Attributes = ()
        if self._plan is not None:
            yield self._plan
            followed = ((v.PROV_PLAN, Iri(self._plan.identifier)),)
            role: Attributes = ((v.PROV_ROLE, "configuration"),)
            yield Relation(RelationKind.USAGE, self.iri, self._plan.identifier, attributes=role)
        for agent in self._agents:
            yield agent
            yield Relation(
                RelationKind.ASSOCIATION, self.iri, agent.identifier, attributes=followed
            )
            followed = ()

    def related(self, use: Use) -> Iterator[Statement]:
        """A use or generation: an event at a path, or a relation to what has none."""
        return use_statements(use, self.doer)

    @property
    def doer(self) -> Doer:
        """The activity, as its uses and generations need it."""
        part = next((value for name, value in self._facts if name == v.SUBRUN), None)
        # logprov writes no tags: what its activities generate is their own, called again or not
        work = None
        if self._tag is not None and self.session is not None:
            work = session_key(self.session)
        if work is not None and self._recorded is not None:
            work = self._recorded.work
            if part is None and "calibration_run" in self._recorded.runs:
                part = 0
        return Doer(
            self.iri,
            self.name,
            self.session,
            work,
            part if type(part) is int and not is_whole(self.iri) else None,
            self.start,
            self.stop,
            self._node,
        )


def use_statements(use: Use, doer: Doer) -> Iterator[Statement]:
    """A use or generation by an activity."""
    thing, activity = use.thing, doer.iri
    own = list(use.said)
    if thing is not None and thing.path is not None:
        if use.kind is EventKind.GENERATION and doer.name and doer.work:
            own += [(ACTIVITY, doer.name), (SESSION, doer.work)]
            if doer.part is not None:
                own.append((PART, doer.part))
        if thing.written != thing.path:
            own.append((LSTOSA + "filepath", thing.written or ""))
        yield FileEvent(
            use.kind,
            thing.path,
            activity,
            doer.start,
            doer.stop,
            use.role,
            node=host_of(thing.written or "") or doer.node,
            attributes=attributes(thing.said),
            relation_attributes=attributes(own),
        )
        return
    if thing is None:
        entity = Entity(thing_iri(use.identifier, doer.session))
    else:
        entity = thing.scoped(activity, doer.session, use.identifier)
    yield entity
    if use.role is not None:
        own.append((v.PROV_ROLE, use.role))
    said = attributes(own)
    if use.kind is EventKind.USE:
        yield Relation(RelationKind.USAGE, activity, entity.identifier, attributes=said)
    else:
        yield Relation(RelationKind.GENERATION, entity.identifier, activity, attributes=said)


def _plan(name: str, parameters: dict[str, Any]) -> Entity:
    """The configuration that activities with equal parameters share."""
    text = sorted_compact({name: parameters})
    facts: list[tuple[str, Value]] = [
        (v.PROV_TYPE, Iri(v.PROV + "Plan")),
        (v.PROV_LABEL, f"{name} parameters".strip()),
        (LSTOSA + "parameters", text),
    ]
    return Entity(plan_iri(text), attributes(facts))
