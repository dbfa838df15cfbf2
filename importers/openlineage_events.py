"""One OpenLineage event as statements."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from typing import Any

from importers import agents
from importers import openlineage_datasets as ds
from importers.iso_times import moment
from importers.openlineage_runs import (
    OF_JOBS,
    Run,
    code_facts,
    job_iri,
    job_names,
    run_facts,
    run_iri,
)
from lineage import vocabulary as v
from lineage.identifiers import file_iri
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
from lineage.vocabulary import OPENLINEAGE, RelationKind

Report = Callable[[str, int], None]
"""Takes a sentence, and how many records are lost."""

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+\Z")
_STARTS = frozenset({"START"})
_ENDS = frozenset({"COMPLETE", "FAIL", "ABORT"})
_TYPES = _STARTS | _ENDS | {"RUNNING", "OTHER"}
_MOST_RUNS = 1000
"""Runs whose start is remembered: those that events were about last."""
_MOST_SEEN = 100_000
_DROPPED = "DROP"


class EventReader:
    """Turns events into statements; says nothing twice."""

    def __init__(self, report: Report) -> None:
        """``report`` is told of every part of an event that is not as it should be."""
        self._report = report
        self.starts: OrderedDict[str, datetime] = OrderedDict()
        """Run -> when it started; the run that an event was about last stands last."""
        self._seen: set[int] = set()

    def state(self, lines: int) -> str:
        """What a later reading must know: how many lines there were, and when runs started."""
        starts = [[run, start.isoformat()] for run, start in self.starts.items()]
        return json.dumps([lines, starts], separators=(",", ":"))

    def restore(self, state: str) -> int:
        """Takes up what `state` wrote; the number of lines comes back."""
        lines, starts = json.loads(state)
        self.starts = OrderedDict((run, datetime.fromisoformat(start)) for run, start in starts)
        return int(lines)

    def statements(self, event: Any) -> Iterator[Statement]:
        """What an event says, without what was said before."""
        for statement in self._event(event):
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            mark = hash(statement)
            if mark not in self._seen:
                self._seen.add(mark)
                yield statement

    def _event(self, event: Any) -> Iterator[Statement]:
        if not isinstance(event, dict):
            self._report(f"an event must be an object ({event!r:.80})", 1)
            return
        time = moment(event.get("eventTime"))
        if time is None:
            self._report(f"eventTime is no time ({event.get('eventTime')!r:.80})", 0)
        if "run" in event:
            yield from self._run_event(event, time)
        elif "job" in event:
            yield from self._job_event(event)
        elif "dataset" in event:
            yield from self._dataset_event(event)
        else:
            self._report("the event is about no run, job or dataset", 1)

    def _run_event(self, event: dict[str, Any], time: datetime | None) -> Iterator[Statement]:
        """A run: its activity, its job as plan, who ran it, what it read and wrote."""
        run, job = ds.objects(event, "run"), ds.objects(event, "job")
        activity = run_iri(run.get("runId"))
        if activity is None:
            self._report(f"the event names no run (runId: {run.get('runId')!r:.80})", 1)
            return
        status = event.get("eventType")
        if status is not None and status not in _TYPES:
            self._report(f"there is no eventType {status!r:.80}", 0)
            status = None
        start = self._started(activity, time if status in _STARTS else None)
        stop = time if status in _ENDS else None
        known = Run(activity, start, stop)
        run_facets, job_facets = ds.objects(run, "facets"), ds.objects(job, "facets")
        said = list(run_facts(known, status, job, run_facets, job_facets))
        producer = event.get("producer")
        if isinstance(producer, str) and producer and not _URI.match(producer):
            said.append((OPENLINEAGE + "producer", producer))
        yield Activity(activity, attributes(said))
        plan = yield from self._plan(job, job_facets)
        yield from _responsible(activity, plan, producer, run_facets)
        yield from self._other_runs(activity, run_facets)
        for one in self._datasets(event, "inputs", "inputFacets"):
            yield from _used(one, known)
        for one in self._datasets(event, "outputs", "outputFacets"):
            yield from _generated(one, known)

    def _started(self, activity: str, told: datetime | None) -> datetime | None:
        """When a run started, by what is told now or was before."""
        known = self.starts.pop(activity, None)
        start = min(known, told) if known is not None and told is not None else known or told
        if start is not None:
            self.starts[activity] = start
            if len(self.starts) > _MOST_RUNS:
                self.starts.popitem(last=False)
        return start

    def _plan(
        self, job: dict[str, Any], facets: dict[str, Any]
    ) -> Generator[Statement, None, str | None]:
        """The job as a plan, and its owners; its identifier is what the generator returns."""
        identifier = job_iri(job)
        if identifier is None:
            self._report(f"the event names no job ({job!r:.80})", 0)
            return None
        said: list[tuple[str, Value]] = [
            (v.PROV_TYPE, Iri(v.PROV + "Plan")),
            (v.PROV_LABEL, job["name"]),
            *job_names(job),
        ]
        documentation = ds.objects(facets, "documentation").get("description")
        if isinstance(documentation, str):
            said.append((v.RDFS + "comment", documentation))
        yield Entity(identifier, attributes(said))
        owners = ds.objects(facets, "ownership").get("owners")
        for owner in owners if isinstance(owners, list) else ():
            name = owner.get("name") if isinstance(owner, dict) else None
            if isinstance(name, str) and name:
                agent = _owner(name)
                yield agent
                kind = owner.get("type")
                role: Attributes = ((v.PROV_ROLE, kind),) if isinstance(kind, str) else ()
                yield Relation(
                    RelationKind.ATTRIBUTION, identifier, agent.identifier, attributes=role
                )
        return identifier

    def _other_runs(self, activity: str, facets: dict[str, Any]) -> Iterator[Statement]:
        """The run that started this one, and runs that it waited for or that wait for it."""
        parent = facets.get("parent")
        if isinstance(parent, dict):
            yield from self._informed(activity, parent, "parent")
        dependencies = ds.objects(facets, "jobDependencies")
        for key in ("upstream", "downstream"):
            several = dependencies.get(key)
            for one in several if isinstance(several, list) else ():
                if isinstance(one, dict) and isinstance(one.get("run"), dict):
                    yield from self._informed(activity, one, key)

    def _informed(self, activity: str, other: dict[str, Any], how: str) -> Iterator[Statement]:
        run, job = ds.objects(other, "run"), ds.objects(other, "job")
        identifier = run_iri(run.get("runId"))
        if identifier is None or identifier == activity:
            self._report(f"its {how} run has no name of its own ({other!r:.80})", 0)
            return
        names = list(job_names(job))
        if job_iri(job) is not None:
            names.append((v.PROV_LABEL, job["name"]))
        yield Activity(identifier, attributes(names))
        pair = (identifier, activity) if how == "downstream" else (activity, identifier)
        items: Attributes = ((OPENLINEAGE + "relation", how),)
        yield Relation(RelationKind.COMMUNICATION, *pair, attributes=items)

    def _datasets(self, event: dict[str, Any], key: str, facets: str) -> Iterator[ds.Dataset]:
        several = event.get(key)
        if several is None:
            return
        for one in several if isinstance(several, list) else (several,):
            try:
                yield ds.dataset(one, facets)
            except ValueError as error:
                self._report(f"{key}: {error}", 1)

    def _job_event(self, event: dict[str, Any]) -> Iterator[Statement]:
        """A job as it is designed: it is influenced by its inputs and influences its outputs."""
        job = ds.objects(event, "job")
        facets = ds.objects(job, "facets")
        plan = yield from self._plan(job, facets)
        if plan is None:
            self._report("the event is about a job without name", 1)
            return
        said = [*code_facts(facets), *ds.facets(facets, OF_JOBS)]
        if said:
            yield Entity(plan, attributes(said))
        items: Attributes = ((OPENLINEAGE + "relation", "design"),)
        for key, facets_key in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
            for one in self._datasets(event, key, facets_key):
                found = yield from _declared(one)
                pair = (plan, found) if key == "inputs" else (found, plan)
                yield Relation(RelationKind.INFLUENCE, *pair, attributes=items)

    def _dataset_event(self, event: dict[str, Any]) -> Iterator[Statement]:
        """A dataset as it is, whoever made it."""
        try:
            one = ds.dataset(event.get("dataset"))
        except ValueError as error:
            self._report(str(error), 1)
            return
        yield from _declared(one)


def _responsible(
    activity: str, plan: str | None, producer: Any, facets: dict[str, Any]
) -> Iterator[Statement]:
    """The job that an activity followed, the engine that ran it, the software that tells of it."""
    followed: Attributes = () if plan is None else ((v.PROV_PLAN, Iri(plan)),)
    if plan is not None:
        role: Attributes = ((v.PROV_ROLE, "job"),)
        yield Relation(RelationKind.USAGE, activity, plan, attributes=role)
    engine = ds.objects(facets, "processing_engine")
    name, version = engine.get("name"), engine.get("version")
    if isinstance(name, str) and name:
        agent = agents.software(name, version if isinstance(version, str) else None)
        yield agent
        yield Relation(RelationKind.ASSOCIATION, activity, agent.identifier, attributes=followed)
    if isinstance(producer, str) and _URI.match(producer):
        kind = (v.PROV_TYPE, Iri(v.PROV + "SoftwareAgent"))
        yield Agent(producer, attributes([kind, (v.PROV_LABEL, producer)]))
        items = attributes([*followed, (v.PROV_ROLE, "producer of the metadata")])
        yield Relation(RelationKind.ASSOCIATION, activity, producer, attributes=items)


def _owner(name: str) -> Agent:
    """Whoever a name such as ``user:jdoe`` or ``team:data`` is."""
    kind, separator, rest = name.partition(":")
    if separator and rest and kind == "user":
        return agents.person(rest)
    types = {"team": "Organization", "application": "SoftwareAgent"}
    said: list[tuple[str, Value]] = [(v.PROV_LABEL, name)]
    if kind in types:
        said.append((v.PROV_TYPE, Iri(v.PROV + types[kind])))
    return Agent(f"urn:lineage:openlineage:owner:{ds.quoted(name)}", attributes(said))


def _used(one: ds.Dataset, run: Run) -> Iterator[Statement]:
    own = tuple(ds.facets(one.use_facets))
    path = one.path
    if path is not None:
        yield _file_event(EventKind.USE, one, path, run, attributes(own))
        return
    found = yield from _declared(one)
    yield Relation(RelationKind.USAGE, run.activity, found, attributes=attributes(own))


def _generated(one: ds.Dataset, run: Run) -> Iterator[Statement]:
    own = tuple(ds.facets(one.use_facets))
    change = ds.objects(one.facets, "lifecycleStateChange").get("lifecycleStateChange")
    path = one.path
    if path is not None and change != _DROPPED:
        yield _file_event(EventKind.GENERATION, one, path, run, attributes(own))
        return
    found = yield from _declared(one)
    kind = RelationKind.INVALIDATION if change == _DROPPED else RelationKind.GENERATION
    yield Relation(kind, found, run.activity, attributes=attributes(own))


def _file_event(
    kind: EventKind,
    one: ds.Dataset,
    path: tuple[str, str | None],
    run: Run,
    own: Attributes,
) -> FileEvent:
    return FileEvent(
        kind,
        path[0],
        run.activity,
        run.start,
        run.stop,
        node=path[1],
        attributes=attributes(ds.facts(one)),
        relation_attributes=own,
    )


def _declared(one: ds.Dataset) -> Generator[Statement, None, str]:
    """The entity of a dataset; its identifier is what the generator returns."""
    said = attributes(ds.facts(one))
    path = one.path
    if path is not None:
        yield FileEvent(EventKind.STATE, path[0], node=path[1], attributes=said)
        return file_iri(path[0], realm=path[1] or "")
    identifier, version = one.identifier, one.version
    label = (v.PROV_LABEL, one.name)
    if version is not None:
        general = Entity(
            identifier,
            attributes([label, *((k, x) for k, x in said if k in _NAMES)]),
        )
        identifier = f"{identifier}#{ds.quoted(version)}"
        yield general
        yield Relation(RelationKind.SPECIALIZATION, identifier, general.identifier)
    yield Entity(identifier, attributes([label, *said]))
    symlinks = ds.objects(one.facets, "symlinks").get("identifiers")
    for other in symlinks if isinstance(symlinks, list) else ():
        try:
            alias = ds.dataset(other)
        except ValueError:
            continue  # it is kept with the facet
        if alias.path is None and alias.identifier != identifier:
            yield Relation(RelationKind.ALTERNATE, identifier, alias.identifier)
    return identifier


_NAMES = frozenset({OPENLINEAGE + "namespace", OPENLINEAGE + "name"})
