"""What lstchain (0.4 to 0.12) writes into its HDF5 files, and what that tells of their making.

Each table carries the versions and the configuration of the step that wrote it, and keeps them when
a later step copies it: one file may hold several, and all are told, object by object. The versions
on the root are those of the last writer.

* ``/provenance/<stage>`` (0.10.16 on) is the record of the ctapipe activity that wrote the file,
  kept before it ended. It lists the files of earlier rounds of the same call as well: the output of
  this file's name is taken, and the inputs of that round.
* Without such a record, an activity is inferred: it generated the file and used what
  ``/source_filenames`` lists and what the configurations name as inputs, each use with the place
  that says so. It stands for all the steps whose configurations the file holds. Its times are those
  at which the data sets were created: by them identity tells whether a log speaks of that making.
* Names without directory mean something in this file only: weak entities of its own. The lists of
  old versions (``SOURCE_FILENAMES``) may hold files of earlier runs in the same process, and are
  kept as attributes alone.

Source: lstchain's io module, in all of these versions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from importers import agents
from importers.ctapipe_activity import ActivityReader, without_surrogates
from importers.ctapipe_configuration import compact, plan_iri, reduced_text
from importers.hdf5_configuration import configured_inputs
from importers.recorded_paths import absolute_path, scoped_identifier
from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.interfaces import OnProblem, Problem
from lineage.observations import keys_of_path
from lineage.records import (
    Activity,
    Entity,
    EventKind,
    FileEvent,
    Iri,
    Relation,
    Statement,
    Value,
    attributes,
)
from lineage.vocabulary import CTAPIPE, LSTCHAIN, RelationKind

_VERSIONS = ("LSTCHAIN_VERSION", "CTAPIPE_VERSION", "CTAPIPE_IO_LST_VERSION", "CONTACT")
_KEYS = (v.RUN, v.SUBRUN, v.NIGHT, v.TELESCOPE)
_BLOCKS = 32
_BLOCK_BYTES = 4096
_SAMPLE_BYTES = 1 << 17
_MOST_USES = 20_000
"""Inputs of one file; no real one has so many."""


@dataclass(slots=True)
class Step:
    """What the header tells of how the file was made."""

    facts: list[tuple[str, Value]] = field(default_factory=list)
    """Attributes of the file."""
    statements: list[Statement] = field(default_factory=list)
    node: str | None = None
    """The host whose path the file still has."""


def step_of(header: dict[str, Any], source: Path, on_problem: OnProblem) -> Step:
    """What lstchain wrote; nothing where it did not write the file."""
    names = header["source_filenames"]
    if not (names or header["stages"] or _values(header, "LSTCHAIN_VERSION")):
        return Step()
    return _Reading(header, source, on_problem).step()


def _values(header: dict[str, Any], name: str) -> list[str]:
    """The distinct values of an attribute, wherever it stands."""
    return sorted({said[name] for said in header["steps"].values() if name in said})


class _Reading:
    """One file's header on its way to statements."""

    def __init__(self, header: dict[str, Any], source: Path, on_problem: OnProblem) -> None:
        self._header = header
        self._source = source
        self._path = str(source.absolute())
        self._on_problem = on_problem
        self._names: list[str] = header["source_filenames"] or []
        self._step = Step()
        self._plans: list[str] = []
        """IRIs, in the order of the header's configurations."""

    def step(self) -> Step:
        """All of it."""
        versions = _values(self._header, "LSTCHAIN_VERSION")
        self._step.statements += self._take_plans()
        self._step.facts += self._facts()
        stages = {
            place: text
            for place, text in self._header["stages"].items()
            if versions or '"activity_uuid"' in text
        }
        for place, text in stages.items():
            self._step.statements += self._recorded(place, text)
        if versions and not stages and (self._names or self._header["configurations"]):
            self._step.statements += self._inferred(versions)
        return self._step

    def _take_plans(self) -> Iterator[Statement]:
        for found in self._header["configurations"]:
            text = reduced_text(found["value"], ())
            identifier = plan_iri(text)
            if identifier not in self._plans:
                facts: list[tuple[str, Value]] = [(v.PROV_TYPE, Iri(v.PROV + "Plan"))]
                facts += [(v.PROV_LABEL, "lstchain configuration"), (LSTCHAIN + "config", text)]
                yield Entity(identifier, attributes(facts))
            self._plans.append(identifier)

    def _facts(self) -> Iterator[tuple[str, Value]]:
        for name in _VERSIONS:
            for value in _values(self._header, name):
                yield LSTCHAIN + name, value
        steps = {}
        for path, said in self._header["steps"].items():
            steps[path] = {name: said[name] for name in _VERSIONS if name in said}
            if "configuration" in said:
                steps[path]["configuration"] = self._plans[said["configuration"]]
        yield LSTCHAIN + "steps", compact(steps)
        if self._names:
            yield LSTCHAIN + "source_filenames", compact(self._names)
        if self._header["old_source_filenames"]:
            yield LSTCHAIN + "SOURCE_FILENAMES", compact(self._header["old_source_filenames"])
        named = {}
        for found in self._header["configurations"]:
            paths: dict[str, list[str]] = {}
            for one in configured_inputs(found["value"]):
                paths.setdefault(one.key, []).append(one.path)
            if paths:
                named[found["nodes"][0]] = paths
        if named:
            yield LSTCHAIN + "configured_inputs", compact(named)
        yield from self._keys()

    def _keys(self) -> Iterator[tuple[str, Value]]:
        """The observation keys on which the names of all sources agree."""
        told = [dict(keys_of_path(name)) for name in self._names]
        for key in _KEYS:
            values = {one.get(key) for one in told}
            if len(values) == 1 and (value := values.pop()) is not None:
                yield key, value

    def _report(self, place: str, message: str, lost: int = 1) -> None:
        self._on_problem(Problem(place, message, lost))

    def _recorded(self, place: str, text: str) -> Iterator[Statement]:
        """What the record of an activity in ``/provenance`` says of this file."""
        try:
            record = json.loads(text)
            record = without_surrogates(record)
        except (ValueError, RecursionError) as error:
            self._report(place, f"is no JSON ({type(error).__name__}). It is left out.")
            return
        if not isinstance(record, dict):
            self._report(place, "is no record of an activity. It is left out.")
            return
        output, inputs = self._own_round(place, record)
        chosen = {**record, "output": [] if output is None else [output], "input": inputs}

        def report(message: str, lost: int) -> None:
            self._report(place, message, lost)

        try:
            statements = list(ActivityReader(report).statements(chosen))
        except RecursionError:
            self._report(place, "is nested too deeply. It is left out.")
            return
        for statement in statements:
            is_output = isinstance(statement, FileEvent) and statement.kind is EventKind.GENERATION
            yield self._generation(statement) if is_output else statement  # type: ignore[arg-type]
        if statements and isinstance(statements[0], Activity):
            yield from self._configured(statements[0].identifier, place)

    def _own_round(self, place: str, record: dict[str, Any]) -> tuple[Any, list[Any]]:
        """The output that this file is, and what was read for it."""
        outputs, inputs = record.get("output"), record.get("input")
        outputs = outputs if isinstance(outputs, list) else []
        inputs = inputs if isinstance(inputs, list) else []
        if not outputs:
            return None, inputs
        own = [
            index for index, output in enumerate(outputs) if _base_name(output) == self._source.name
        ]
        # the record is written when its last output was just added: a file of another name is it
        index = own[-1] if own else len(outputs) - 1
        size, rest = divmod(len(inputs), len(outputs))
        rounds = [inputs[at : at + size] for at in range(0, len(inputs), size or 1)]
        roles = {tuple(map(_role, one)) for one in rounds}
        if len(outputs) == 1:
            return outputs[0], inputs
        if rest or len(roles) > 1:
            message = f"lists {len(inputs)} inputs for {len(outputs)} outputs; which were read for "
            self._report(place, message + "this file cannot be told. They are left out.")
            return outputs[index], []
        return outputs[index], rounds[index] if rounds else []

    def _generation(self, event: FileEvent) -> FileEvent:
        """The record's output is this file, wherever it lies by now."""
        if event.path == self._path:
            self._step.node = event.node
            return event
        recorded = (CTAPIPE + "url", event.path)
        said = attributes([*event.relation_attributes, recorded])
        return replace(event, path=self._path, node=None, relation_attributes=said)

    def _configured(self, activity: str, place: str) -> Iterator[Statement]:
        """The configuration of the tables that a stage wrote: ``dl1_to_dl2`` wrote ``/dl2/...``."""
        level = place.rpartition("_to_")[2]
        for found, plan in zip(self._header["configurations"], self._plans, strict=True):
            nodes = [node for node in found["nodes"] if node.startswith(f"/{level}/")]
            if nodes:
                yield _configured_by(activity, plan, nodes[0])

    def _inferred(self, versions: list[str]) -> Iterator[Statement]:
        """An activity that the header tells of, though it does not name it."""
        activity = "urn:lineage:hdf5:" + _fingerprint(self._source)
        root = self._header["steps"].get("/", {})
        # the root has that of the last writer
        version = root.get("LSTCHAIN_VERSION", versions[0] if len(versions) == 1 else None)
        software = agents.software("lstchain", version)
        start, stop = None, None
        if self._header["created"]:
            start, stop = (datetime.fromtimestamp(at, UTC) for at in self._header["created"])
        facts: list[tuple[str, Value]] = [(v.PROV_LABEL, f"lstchain {version or ''}".strip())]
        facts += [(LSTCHAIN + name, root[name]) for name in _VERSIONS if name in root]
        facts += self._keys()
        facts.append(
            (v.EVIDENCE, "inferred: the versions, configurations and source files in the header")
        )
        if start is not None and stop is not None:
            facts += [(v.PROV_START, start), (v.PROV_END, stop)]
        yield Activity(activity, attributes(facts))
        yield software
        yield Relation(RelationKind.ASSOCIATION, activity, software.identifier)
        for found, plan in zip(self._header["configurations"], self._plans, strict=True):
            yield _configured_by(activity, plan, found["nodes"][0])
        deduced = attributes(
            [(v.IDENTIFIED_BY, "header"), (v.EVIDENCE, "inferred: the header of the file")]
        )
        yield FileEvent(
            EventKind.GENERATION, self._path, activity, start, stop, relation_attributes=deduced
        )
        for url, role, evidence in self._inputs():
            yield from _use(activity, url, role, evidence, start, stop)

    def _inputs(self) -> Iterator[tuple[str, str, str]]:
        """(as written, role, what says so) of every input, once."""
        said = {(name, "source file"): "inferred: source_filenames" for name in self._names}
        for found in self._header["configurations"]:
            for one in configured_inputs(found["value"]):
                place = f"inferred: configuration of {found['nodes'][0]}"
                said.setdefault((one.path, one.key), place)
        if len(said) > _MOST_USES:
            lost = len(said) - _MOST_USES
            self._report("/", f"names {len(said):,} inputs; {lost:,} of them are left out.", lost)
        for (path, role), evidence in islice(said.items(), _MOST_USES):
            if path.strip():
                yield path, role, evidence


def _configured_by(activity: str, plan: str, node: str) -> Relation:
    said = [(v.PROV_ROLE, "configuration"), (v.EVIDENCE, f"inferred: configuration of {node}")]
    return Relation(RelationKind.USAGE, activity, plan, attributes=attributes(said))


def _use(
    activity: str,
    url: str,
    role: str,
    evidence: str,
    start: datetime | None,
    stop: datetime | None,
) -> Iterator[Statement]:
    said = ((v.EVIDENCE, evidence),)
    path = absolute_path(url)
    if path is not None:
        yield FileEvent(EventKind.USE, path, activity, start, stop, role, relation_attributes=said)
        return
    identifier, rests_on = scoped_identifier(url, activity)
    facts: list[tuple[str, Value]] = [(v.PROV_LOCATION, url), (v.IDENTIFIED_BY, rests_on)]
    own = [*facts[1:], *said, (v.RECORDED_PATH, url), (v.PROV_ROLE, role)]
    yield Entity(identifier, attributes([*facts, *keys_of_path(url)]))
    yield Relation(RelationKind.USAGE, activity, identifier, attributes=attributes(own))


def _base_name(entry: Any) -> str:
    url = entry.get("url") if isinstance(entry, dict) else entry
    return url.replace("\\", "/").rpartition("/")[2] if isinstance(url, str) else ""


def _role(entry: Any) -> str:
    return str(entry.get("role")) if isinstance(entry, dict) else ""


def _fingerprint(source: Path) -> str:
    """What tells this content from others: its size, its ends, and pieces from between."""
    with source.open("rb") as file:
        size = file.seek(0, 2)
        pieces = [str(size)]
        if size <= _SAMPLE_BYTES:
            places, length = [0], size
        else:
            last = size - _BLOCK_BYTES
            places, length = [last * at // (_BLOCKS - 1) for at in range(_BLOCKS)], _BLOCK_BYTES
        for place in places:
            file.seek(place)
            pieces.append(file.read(length).hex())
    return digest(" ".join(pieces))
