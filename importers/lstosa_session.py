"""Sessions of lstosa and logprov: what their records say of every activity in them."""

from __future__ import annotations

import re
import shlex
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

from importers import agents
from importers.lstosa_names import (
    SMALL,
    compact,
    is_path_md5,
    night,
    plain,
    run_number,
    session_iri,
    session_key,
    telescope,
    text_of,
    words,
)
from lineage import vocabulary as v
from lineage.records import Agent, Entity, Value, attributes
from lineage.vocabulary import LSTOSA

_MOST = 100
"""Sessions that are remembered, and session records whose activity is still to come."""
_LARGEST_SYSTEM = 200_000
"""Characters of a system record that is remembered; real ones have some 30,000."""
_SUBRUN = re.compile(r"(\d{1,9})\.(\d{4})")
_PLAIN = ("software_version", "config_file", "module", "class")
_SHARED_PARTS = frozenset({"platform", "python", "environment"})
_SOFTWARE = ("lstosa", "lstchain")


class Execution(NamedTuple):
    """What one session record says of the process that wrote it."""

    facts: tuple[tuple[str, Value], ...] = ()
    node: str | None = None
    user: str | None = None
    agents: tuple[Agent, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Characters, about."""
        return sum(len(value) for _, value in self.facts if isinstance(value, str))


NO_EXECUTION = Execution()


class Session:
    """One session: what all of its records say, and what each says of its process."""

    def __init__(self, key: str, entity: Entity, facts: tuple[tuple[str, Value], ...]) -> None:
        self.key = key
        self.entity = entity
        self.facts = facts
        """What holds for each activity in it."""
        self.agents: tuple[Agent, ...] = ()
        """The pipeline and the analysis software, as far as their versions are told."""
        self.runs: dict[str, int] = {}
        """``observation_run``, ``pedestal_run`` and ``calibration_run``, as far as told."""
        self.work = key
        """What the activities that worked on one run have in common: the key, or what it would be
        since 2022 where each process had a session of its own."""
        self.whole: Execution | None = None
        """The first record's; the only one where a session is one process."""


class Sessions:
    """The sessions of one log.

    Since 2022 every activity of lstosa has a session record of its own, with the same start;
    before, and in logprov, a session is one process and is recorded once.
    """

    def __init__(self, *, merged: bool = False) -> None:
        """The sessions of one log; of a merged one no activity is that of one process."""
        self._merged = merged
        self._known: OrderedDict[str, Session] = OrderedDict()
        self._waiting: OrderedDict[tuple[str, str], tuple[Entity, Execution]] = OrderedDict()
        self._systems: dict[str, tuple[Any, str]] = {}
        """Part of a system record -> its last value and JSON: mostly the next is the same."""
        self._packages: tuple[Any, dict[str, str]] = (None, {})

    def __getitem__(self, identifier: Any) -> Session | None:
        """The session of this id."""
        return self._known.get(session_key(identifier))

    def add(self, record: dict[Any, Any]) -> Iterator[Entity]:
        """Takes a session record.

        Returns:
            The session, and one that waited for its activity too long.
        """
        rest = dict(record)
        key = session_key(rest.pop("session_id"))
        rest.pop("session_tag", None)
        start = text_of(rest.pop("startTime", ""))
        system, version = rest.pop("system", None), rest.get("software_version")
        execution = self._execution(system, words(version))
        session = session_of(record["session_id"], rest)
        known = self._known.setdefault(key, session)
        self._known.move_to_end(key)
        known.runs |= session.runs
        if execution.agents:
            known.agents = execution.agents
        if known is session or known.entity != session.entity:
            known.entity = session.entity
            yield session.entity
        if execution.size > _LARGEST_SYSTEM:
            yield from self._unclaimed((key, start), (session.entity, execution))
            return
        # a session with a text for a name is many processes: which of them is not known
        if known is session and not isinstance(record["session_id"], str):
            session.whole = execution
        self._waiting[key, start] = session.entity, execution
        if len(self._waiting) > _MOST:
            yield from self._unclaimed(*self._waiting.popitem(last=False))
        while len(self._known) > _MOST:
            self._known.popitem(last=False)

    def execution(self, identifier: Any, start: Any) -> Execution:
        """What is known of the process of the activity that began at ``start`` in a session."""
        if self._merged:
            return NO_EXECUTION
        key = session_key(identifier)
        found = self._waiting.pop((key, text_of(start)), None)
        if found is not None:
            return found[1]
        session = self._known.get(key)
        return (session and session.whole) or NO_EXECUTION

    def rest(self) -> Iterator[Entity]:
        """The sessions, with their process, of which no activity was seen."""
        while self._waiting:
            yield from self._unclaimed(*self._waiting.popitem(last=False))

    def _unclaimed(
        self, mark: tuple[str, str], waiting: tuple[Entity, Execution]
    ) -> Iterator[Entity]:
        entity, execution = waiting
        begun = [(v.PROV + "generatedAtTime", mark[1])] if mark[1] else []
        yield Entity(entity.identifier, attributes([*entity.attributes, *begun, *execution.facts]))

    def _execution(self, system: Any, version: str | None) -> Execution:
        """The system record: machine, interpreter, environment and command line."""
        if not isinstance(system, dict):
            facts = [] if system is None else [(LSTOSA + "system", compact(system))]
            return Execution(tuple(facts), agents=tuple(_agents({}, version)))
        node = words(_within(system, "platform", "node"))
        user = words(_within(system, "environment", "USER"))
        facts = [
            (LSTOSA + name, value)
            for name, value in (
                ("executable", words(system.get("executable"))),
                ("node", node),
                ("user", user),
            )
            if value is not None
        ]
        said: list[tuple[str, Value]] = [*facts, (LSTOSA + "system", self._compact(system))]
        cpus = _within(system, "platform", "num_cpus")
        if type(cpus) is int and abs(cpus) < SMALL:
            said.append((LSTOSA + "n_cpus", cpus))
        arguments = system.get("arguments")
        line: tuple[str, ...] = ()
        if isinstance(arguments, list):
            line = tuple(text_of(argument) for argument in arguments)
            said.append((LSTOSA + "arguments", shlex.join(line)))
        agents = tuple(_agents(self._versions(system), version))
        return Execution(tuple(said), node, user, agents, line)

    def _compact(self, system: dict[Any, Any]) -> str:
        parts = []
        for key, value in system.items():
            if key in _SHARED_PARTS:
                known = self._systems.get(key)
                if known is None or known[0] is not value:
                    known = self._systems[key] = (value, compact(value))
                text = known[1]
            else:
                text = compact(value)
            parts.append(f"{compact(text_of(key))}:{text}")
        return f"{{{','.join(parts)}}}"

    def _versions(self, system: dict[Any, Any]) -> dict[str, str]:
        """Versions of the pipeline's own packages."""
        packages = _within(system, "python", "packages")
        if self._packages[0] is not packages or packages is None:
            found = {}
            for one in packages if isinstance(packages, list) else ():
                name, version = _within(one, "name"), _within(one, "version")
                if isinstance(version, str) and isinstance(name, str) and name in _SOFTWARE:
                    found[name] = version
            self._packages = (packages, found)
        return self._packages[1]


def _agents(versions: dict[str, str], software_version: str | None) -> Iterator[Agent]:
    """The pipeline, and the analysis software that it drives."""
    if software_version is not None or versions:
        # software_version is that of lstchain: get_lstchain_version() puts a v before it
        chain = (software_version or "").removeprefix("v") or versions.get("lstchain")
        yield from (pipeline("lstosa", versions.get("lstosa")), pipeline("lstchain", chain))


def pipeline(name: str, version: str | None) -> Agent:
    """The pipeline or the analysis software, in a version."""
    facts = [] if version is None else [(LSTOSA + "version", version)]
    return agents.software(name, version, facts)


def session_of(identifier: Any, rest: dict[Any, Any]) -> Session:
    """A session.

    Args:
        identifier: Its recorded id.
        rest: What else its record says, but for start, system and tag; it is used up.
    """
    said: list[tuple[str, Value]] = [
        (v.PROV_TYPE, "ExecutionSession"),
        (LSTOSA + "session", text_of(identifier)),
    ]
    name = rest.pop("name", None)
    label = text_of(name) if name else text_of(rest.get("class") or identifier)
    said.append((v.PROV_LABEL, f"session {label}"))
    said += plain(LSTOSA + "name", name)
    version = words(rest.get("software_version"))
    work = _work(rest)
    facts = list(session_facts(rest))
    runs = {
        one: number
        for one in ("observation_run", "pedestal_run", "calibration_run")
        if (number := run_number(rest.pop(one, None))) is not None
    }
    for one, number in runs.items():
        if one == "observation_run":
            said.append((v.RUN, number))
        else:
            facts.append((LSTOSA + one, number))
    if "definitions" in rest:
        said.append((LSTOSA + "definitions", compact(rest.pop("definitions"))))
    if rest:
        said.append((LSTOSA + "session_record", compact(rest)))
    entity = Entity(session_iri(identifier), attributes([*said, *facts]))
    shared = tuple(fact for fact in facts if not fact[0].endswith("_md5"))
    session = Session(session_key(identifier), entity, shared)
    session.runs = runs
    session.work = work or session.key
    if version is not None:
        session.agents = (pipeline("lstchain", version.removeprefix("v")),)
    return session


def _work(record: dict[Any, Any]) -> str:
    """The id of a run's session as lstosa makes it since 2022, out of a session record."""
    runs = [words(record.get(f"{kind}_run")) for kind in ("pedestal", "calibration")]
    if all(runs):
        return "".join(run or "" for run in runs)
    observed, run = night(record.get("observation_date")), words(record.get("observation_run"))
    return f"{observed.replace('-', '')}{run}" if observed and run else ""


def session_facts(rest: dict[Any, Any]) -> Iterator[tuple[str, Value]]:
    """What a session record says of each activity; it is taken out of ``rest``."""
    path, recorded = rest.get("config_file"), rest.get("config_file_hash")
    if rest.get("config_file_hash_type") == "md5" and is_path_md5(recorded, path):
        # it says nothing that the path does not
        del rest["config_file_hash"], rest["config_file_hash_type"]
        yield LSTOSA + "config_file_path_md5", text_of(recorded)
    for key in _PLAIN:
        yield from plain(LSTOSA + key, rest.pop(key, None))
    observed = night(rest.get("observation_date"))
    if observed is not None:
        del rest["observation_date"]
        yield v.NIGHT, observed


def observation_facts(
    tag: str | None, name: str, session: Session | None, execution: Execution, parameters: Any
) -> Iterator[tuple[str, Value]]:
    """Run, subrun, telescope and production of an activity, as far as its records tell.

    Args:
        tag: Its session tag, ``r0_to_dl1:01807`` or ``drs4_pedestal:01804-01805``.
        name: Of the activity.
        parameters: Its recorded parameters.
    """
    told = parameters if isinstance(parameters, dict) else {}
    first, dash, second = (tag or "").rpartition(":")[2].partition("-")
    run = run_number(second if name == "calibrate_charge" and dash else first)
    if dash and name not in ("drs4_pedestal", "calibrate_charge"):
        run = None
    if run is None:
        run = run_number(told.get("ObservationRun"))
    if run is None and session is not None:
        run = session.runs.get("observation_run")
    if run is not None:
        yield v.RUN, run
    subrun = run_number(told.get("ObservationSubRun"))
    seen = None
    production = told.get("ProdID")
    line = execution.arguments
    for at, word in enumerate(line):
        found = _SUBRUN.fullmatch(word)
        if found is not None and int(found[1]) == run and subrun is None:
            subrun = int(found[2])
        seen = seen or telescope(word)
        option, equals, value = word.partition("=")
        if option in ("--prod-id", "--prod_id"):
            production = value if equals else "".join(line[at + 1 : at + 2])
    if subrun is not None:
        yield v.SUBRUN, subrun
    if seen is not None:
        yield v.TELESCOPE, seen
    if isinstance(production, str) and production:
        yield v.PRODUCTION, production


def _within(record: Any, *keys: str) -> Any:
    """The value at a path of keys, or ``None``."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record
