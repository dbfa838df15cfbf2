"""Runs that logs tell of become the activities that they were, or activities of their own.

The stage of identity before paths: what a run used and generated is said of its activity, unless
that says it itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from lineage import vocabulary as v
from lineage.canonical import relation_key
from lineage.generations import Logged
from lineage.places import place_iri, unknown_host
from lineage.records import EventKind, FileEvent, Iri, Relation, attributes
from lineage.run_fits import Fit, Index, Names
from lineage.runs import AGENT, GENERATED, SAME, USED, is_run
from lineage.versions import Finding, Run
from lineage.vocabulary import RelationKind
from lineage.works import aggregations

_RELATIONS = frozenset({USED, GENERATED, AGENT, SAME})
_MOST_SHOWN = 20
"""Activities that a finding names: runs of one moment may fit each other's, all of them."""


@dataclass(slots=True)
class Joined:
    """What events say once it is known which activity each of their runs was."""

    events: dict[str, FileEvent]
    """Without those of kind ``RUN``, and those that the joined activity tells itself."""
    runs: dict[str, Run] = field(default_factory=dict)
    links: dict[str, Relation] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    logged: list[tuple[FileEvent, Logged]] = field(default_factory=list)
    """Events of joined runs, and what was said of them before."""


def join(events: Mapping[str, FileEvent]) -> Joined:
    """Finds the activity of every run.

    Args:
        events: One event for each key; see `lineage.latest_events.latest`.
    """
    told = [event for event in events.values() if event.kind is EventKind.RUN]
    rest = {key: event for key, event in events.items() if event.kind is not EventKind.RUN}
    joined = Joined(dict(rest))
    joined.links |= {relation_key(link): link for link in aggregations(told)}
    runs = {event.path: event for event in told if is_run(event.activity)}
    chosen = _choose(runs, Index(e for e in told if not is_run(e.activity)), joined.findings)
    for identifier, event in runs.items():
        if identifier in chosen:
            activity, found = chosen[identifier]
            joined.runs[activity.path] = _known(event, activity, found)
        else:
            joined.runs[identifier] = _alone(event)
            for name, value in event.relation_attributes:
                if name == AGENT and isinstance(value, Iri):
                    link = Relation(RelationKind.ASSOCIATION, identifier, value.value)
                    joined.links[relation_key(link)] = link
    names = {
        activity.path: (Names(activity, USED), Names(activity, GENERATED))
        for activity, _ in chosen.values()
    }
    for key, event in rest.items():
        if event.activity is None or not is_run(event.activity):
            continue
        if event.activity not in chosen:
            # logs may be of any hosts, also where they tell of a path that all share
            host = event.node or unknown_host(event.activity)
            joined.events[key] = replace(event, product=None, node=host)
            continue
        activity, found = chosen[event.activity]
        spoken = replace(
            event,
            activity=activity.path,
            product=None,
            start=activity.start,
            stop=activity.stop,
            node=activity.node if event.node is None else event.node,
        )
        generation = event.kind is EventKind.GENERATION
        versions = {place_iri(("", event.path), event.activity)} if generation else ()
        offset = None if found.offset_s is None else timedelta(seconds=found.offset_s)
        logged = Logged(offset, frozenset(versions))
        joined.logged.append((spoken, logged))
        if event.path in names[activity.path][generation]:
            del joined.events[key]
        else:
            joined.events[key] = spoken
    joined.findings.sort(key=lambda one: (one.identifiers, one.message))
    return joined


def _choose(
    runs: Mapping[str, FileEvent], activities: Index, findings: list[Finding]
) -> dict[str, tuple[FileEvent, Fit]]:
    """Run -> its activity: the only one that fits best, and that no other run fits as well."""
    claims: dict[str, list[tuple[int, str]]] = defaultdict(list)
    best: dict[str, tuple[FileEvent, Fit]] = {}
    for identifier, run in runs.items():
        fitting = list(activities.fitting(run))
        rank = min((found.rank for _, found in fitting), default=0)
        top = [(one, found) for one, found in fitting if found.rank == rank]
        if len(top) == 1:
            best[identifier] = top[0]
            claims[top[0][0].path].append((rank, identifier))
        elif top:
            findings.append(_ambiguous(run, sorted(one.path for one, _ in top)))
    for activity, claimed in claims.items():
        first = min(claimed)[0]
        rivals = sorted(identifier for rank, identifier in claimed if rank == first)
        for rank, identifier in claimed:
            if rank > first or len(rivals) > 1:
                del best[identifier]
                findings.append(_ambiguous(runs[identifier], [activity]))
    return best


def _ambiguous(run: FileEvent, activities: list[str]) -> Finding:
    shown = ", ".join(activities[:_MOST_SHOWN])
    if len(activities) > _MOST_SHOWN:
        shown += f" or one of {len(activities) - _MOST_SHOWN} more"
    text = f"{run.role} of {run.start}, which a log tells of, may be {shown}, but so may another "
    text += "run, or it another activity. Taken for an activity of its own."
    return Finding("ambiguous-run", text, (run.path, *activities[:_MOST_SHOWN]))


def _known(run: FileEvent, activity: FileEvent, found: Fit) -> Run:
    """What a log says besides of an activity that is known."""
    facts = [*run.attributes, (v.JOINED_BY, found.evidence)]
    if found.offset_s is not None:
        facts.append((v.UTC_OFFSET_MIN, found.offset_s // 60))
    return Run(activity.path, attributes(facts), (run.path,))


def _alone(run: FileEvent) -> Run:
    """An activity that only a log tells of."""
    facts = [*run.attributes, (v.PROV_LABEL, run.role or ""), (v.IDENTIFIED_BY, "log")]
    facts += [pair for pair in run.relation_attributes if pair[0] not in _RELATIONS]
    for name, time in ((v.PROV_START, run.start), (v.PROV_END, run.stop)):
        if time is not None:
            facts.append((name, time))
    return Run(run.path, attributes(facts))
