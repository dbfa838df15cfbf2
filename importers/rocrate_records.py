"""The actions of an RO-Crate as statements."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import quote, unquote

from importers import agents
from importers.rocrate_nodes import Node, as_json, has_text, is_node, scalar, several, types
from lineage import vocabulary as v
from lineage.identifiers import path_of
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
    xsd_datetime,
)
from lineage.vocabulary import RelationKind

Note = Callable[[str, str, int], None]
"""Takes the identifier of a node, what is wrong, and how many records are lost."""

ACTIONS = frozenset({"CreateAction", "UpdateAction", "ActivateAction", "OrganizeAction"})
"""Types of what becomes an activity."""
_CONTROL = "ControlAction"
_DATA = frozenset({"File", "MediaObject", "Dataset"})
_AGENTS = {"Person": "Person", "Organization": "Organization"}
_SOFTWARE = frozenset({"SoftwareApplication"})
_WORKFLOW = "ComputationalWorkflow"
_UUID = re.compile(r"#?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\Z")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:")
_OF_ACTIONS = frozenset(
    {"@id", "@type", "name", "startTime", "endTime", "object", "result", "agent", "instrument"}
)
_OF_FILES = frozenset({"@id", "@type", "name", "encodingFormat", "exampleOfWork", "hasPart"})
_MOST_STATEMENTS = 200_000
_MOST_REFERENCES = 1_000_000
"""That are followed: nodes that refer to one another in lists can ask for their product."""
_LONGEST_NESTED = 100_000
"""Characters of a node that is told with the action that refers to it; many may."""


class _Endless(Exception):
    """The crate asks for more than any real one."""


class Crate:
    """The nodes of one crate, and what they are in PROV."""

    def __init__(self, directory: str, key: str, nodes: dict[str, Node], note: Note) -> None:
        """Prepare to read.

        Args:
            directory: Absolute path of the directory that the crate describes.
            key: Tells the local names of this crate from those of others.
            nodes: By ``@id``.
            note: Told of what is left out.
        """
        self._directory = directory
        self._key = key
        self._nodes = nodes
        self._note = note
        self._declared: set[str] = set()
        self._references = 0
        self._elements: dict[tuple[str, tuple[tuple[str, Value], ...]], Entity] = {}
        self._agents: dict[str, Agent] = {}
        self._of_instruments: dict[tuple[str, str], frozenset[str]] = {}
        self._nested: dict[str, str] = {}
        self._made_by_steps: frozenset[str] = frozenset()
        """What the run of a workflow lists too, although a step of it made it."""

    def statements(self) -> Iterator[Statement]:
        """The files, then the actions in the order of the crate."""
        count = 0
        try:
            for count, statement in enumerate(self._statements(), 1):
                if count > _MOST_STATEMENTS:
                    raise _Endless
                yield statement
        except _Endless:
            message = "the crate's nodes refer to one another too often, or say more than "
            message += f"{_MOST_STATEMENTS:,} things. What comes after these is left out."
            self._note("@graph", message, 1)

    def _statements(self) -> Iterator[Statement]:
        self._made_by_steps = frozenset(
            one["@id"]
            for node in self._nodes.values()
            if types(node) & ACTIONS and not self._is_workflow(node)
            for one in self._referred(node, "result", note=False)
        )
        for node in self._nodes.values():
            if types(node) & _DATA:
                yield from self._state(node)
        for node in self._nodes.values():
            found = types(node)
            if found & ACTIONS:
                yield from self._action(node, found)
        for node in self._nodes.values():
            if "OrganizeAction" in types(node):
                yield from self._orchestrated(node)

    def _state(self, node: Node) -> Iterator[Statement]:
        """What the crate says of a file or directory in it."""
        path = self._path(node["@id"])
        if path is None or path == self._directory:
            return
        said = self._facts(node, _OF_FILES)
        label = next((node[key] for key in ("name", "alternateName") if has_text(node, key)), None)
        if label is not None:
            said.append((v.PROV_LABEL, label))
        for one in several(node.get("encodingFormat")):
            if isinstance(one, str):
                said.append((v.FILE + "media_type", one))
        yield FileEvent(EventKind.STATE, path, attributes=attributes(said))

    def _action(self, node: Node, found: frozenset[str]) -> Iterator[Statement]:
        """One run of a program or workflow."""
        activity = self._iri(node["@id"])
        said: list[tuple[str, Value]] = []
        times: dict[str, datetime] = {}
        for key, name in (("startTime", v.PROV_START), ("endTime", v.PROV_END)):
            if key in node:
                try:
                    times[key] = xsd_datetime(str(node[key]))
                    said.append((name, times[key]))
                except (ValueError, OverflowError):
                    self._note(node["@id"], f"{key} is no time ({node[key]!r:.80})", 0)
        if has_text(node, "name"):
            said.append((v.PROV_LABEL, node["name"]))
        said += [(v.PROV_TYPE, Iri(v.SCHEMA + one)) for one in sorted(found & ACTIONS)]
        said += self._facts(node, _OF_ACTIONS, whole=True)
        yield Activity(activity, attributes(said))
        run = activity, times.get("startTime"), times.get("endTime")
        if "OrganizeAction" not in found:
            inputs, outputs = self._parameters(node)
            for one in self._referred(node, "object"):
                yield from self._thing(EventKind.USE, one, run, inputs)
            whole = self._is_workflow(node)
            for one in self._referred(node, "result"):
                if not (whole and one["@id"] in self._made_by_steps):
                    yield from self._thing(EventKind.GENERATION, one, run, outputs)
        for one in self._referred(node, "instrument"):
            yield from self._instrument(one, run)
        for one in self._referred(node, "agent"):
            agent = self._agent(one)
            yield from self._new(agent)
            yield Relation(RelationKind.ASSOCIATION, activity, agent.identifier)

    def _is_workflow(self, node: Node) -> bool:
        """An action is the run of a workflow."""
        instruments = self._referred(node, "instrument", note=False)
        return any(_WORKFLOW in types(one) for one in instruments)

    def _parameters(self, node: Node) -> tuple[frozenset[str], frozenset[str]]:
        """Identifiers of the formal parameters of what an action ran: inputs and outputs."""
        instruments = list(self._referred(node, "instrument"))
        inputs, outputs = (
            frozenset().union(*(self._parameters_of(one, key) for one in instruments))
            if len(instruments) != 1
            else self._parameters_of(instruments[0], key)
            for key in ("input", "output")
        )
        return inputs, outputs

    def _parameters_of(self, instrument: Node, key: str) -> frozenset[str]:
        """Identifiers of the parameters of a program or workflow, which many actions may run."""
        known = self._of_instruments.get((instrument["@id"], key))
        if known is None:
            known = frozenset(other["@id"] for other in self._referred(instrument, key))
            self._of_instruments[instrument["@id"], key] = known
        return known

    def _role(self, node: Node, parameters: frozenset[str]) -> str | None:
        """The parameter that a thing was given for."""
        for one in self._referred(node, "exampleOfWork"):
            if one["@id"] in parameters:
                return one["name"] if has_text(one, "name") else str(one["@id"])
        return None

    def _thing(
        self,
        kind: EventKind,
        node: Node,
        run: tuple[str, datetime | None, datetime | None],
        parameters: frozenset[str],
        role: str | None = None,
    ) -> Iterator[Statement]:
        """Something that an action used or made."""
        activity, start, stop = run
        role = role or self._role(node, parameters)
        path = self._path(node["@id"])
        described = types(node)
        if path is not None and (described & _DATA or not described):
            yield FileEvent(kind, path, activity, start, stop, role)
            return
        entity = self._entity(node)
        yield from self._new(entity)
        items: Attributes = () if role is None else ((v.PROV_ROLE, role),)
        if kind is EventKind.USE:
            yield Relation(RelationKind.USAGE, activity, entity.identifier, attributes=items)
        else:
            yield Relation(RelationKind.GENERATION, entity.identifier, activity, attributes=items)
        for part in self._referred(node, "hasPart") if "Collection" in described else ():
            path = self._path(part["@id"])
            if types(part) & _DATA and path is not None:
                yield FileEvent(kind, path, activity, start, stop, role)

    def _instrument(
        self, node: Node, run: tuple[str, datetime | None, datetime | None]
    ) -> Iterator[Statement]:
        """What an action ran: a program, or a workflow that it followed."""
        activity = run[0]
        found = types(node)
        if found & _SOFTWARE and not found & _DATA:
            agent = self._agent(node)
            yield from self._new(agent)
            yield Relation(RelationKind.ASSOCIATION, activity, agent.identifier)
            return
        if found & _DATA and self._path(node["@id"]) is not None:
            yield from self._thing(EventKind.USE, node, run, frozenset(), "instrument")
            return
        plan = self._entity(node, (v.PROV_TYPE, Iri(v.PROV + "Plan")))
        yield from self._new(plan)
        followed: Attributes = ((v.PROV_PLAN, Iri(plan.identifier)),)
        yield Relation(RelationKind.ASSOCIATION, activity, None, attributes=followed)
        role: Attributes = ((v.PROV_ROLE, "instrument"),)
        yield Relation(RelationKind.USAGE, activity, plan.identifier, attributes=role)

    def _orchestrated(self, node: Node) -> Iterator[Statement]:
        """The runs that an engine's run led to: the workflow's, and of that the steps'."""
        engine = self._iri(node["@id"])
        runs = [
            one
            for one in self._referred(node, "result")
            if types(one) & ACTIONS and one["@id"] != node["@id"]
        ]
        for one in runs:
            yield Relation(RelationKind.COMMUNICATION, self._iri(one["@id"]), engine)
        for control in self._referred(node, "object"):
            if _CONTROL not in types(control):
                continue
            for step in self._referred(control, "object"):
                if not types(step) & ACTIONS:
                    continue
                identifier = self._iri(step["@id"])
                for one in runs or [node]:
                    if one["@id"] == step["@id"]:
                        continue
                    items: Attributes = ()
                    if has_text(control, "name"):
                        items = ((v.PROV_LABEL, control["name"]),)
                    yield Relation(
                        RelationKind.COMMUNICATION,
                        identifier,
                        self._iri(one["@id"]),
                        attributes=items,
                    )

    def _entity(self, node: Node, *more: tuple[str, Value]) -> Entity:
        """A thing that is no file: a parameter's value, a step, something in the web."""
        known = self._elements.get((node["@id"], more))
        if known is None:
            known = self._elements[node["@id"], more] = self._made_entity(node, more)
        return known

    def _made_entity(self, node: Node, more: tuple[tuple[str, Value], ...]) -> Entity:
        said = [*more, *self._facts(node, frozenset({"@id", "@type", "name", "value"}))]
        if has_text(node, "name"):
            said.append((v.PROV_LABEL, node["name"]))
        for one in several(node.get("value")):
            value = scalar(one)
            if value is not None:
                said.append((v.PROV_VALUE, value))
        if "Collection" in types(node):
            said.append((v.PROV_TYPE, Iri(v.PROV + "Collection")))
        return Entity(self._iri(node["@id"]), attributes(said))

    def _agent(self, node: Node) -> Agent:
        known = self._agents.get(node["@id"])
        if known is None:
            known = self._agents[node["@id"]] = self._made_agent(node)
        return known

    def _made_agent(self, node: Node) -> Agent:
        found = types(node)
        if found & _SOFTWARE:
            return self._software(node)
        said = self._facts(node, frozenset({"@id", "@type", "name"}))
        said += [
            (v.PROV_TYPE, Iri(v.PROV + _AGENTS[one])) for one in sorted(found) if one in _AGENTS
        ]
        if has_text(node, "name"):
            said.append((v.PROV_LABEL, node["name"]))
        return Agent(self._iri(node["@id"]), attributes(said))

    def _software(self, node: Node) -> Agent:
        """A program: by name and version where the crate gives both."""
        said = self._facts(node, frozenset({"@id", "@type", "name"}))
        versions = [node[key] for key in ("softwareVersion", "version") if has_text(node, key)]
        if has_text(node, "name") and versions:
            return agents.software(node["name"], versions[0], said)
        said.append((v.PROV_TYPE, Iri(v.PROV + "SoftwareAgent")))
        if has_text(node, "name"):
            said.append((v.PROV_LABEL, node["name"]))
        return Agent(self._iri(node["@id"]), attributes(said))

    def _new(self, element: Entity | Agent) -> Iterator[Statement]:
        """The declaration of an element, once."""
        if element.identifier not in self._declared:
            self._declared.add(element.identifier)
            yield element

    def _facts(
        self, node: Node, without: frozenset[str], *, whole: bool = False
    ) -> list[tuple[str, Value]]:
        """The other properties of a node under their schema.org names.

        Args:
            without: Those that are read elsewhere.
            whole: What is described in the crate alone comes as JSON; else it is left out.
        """
        said: list[tuple[str, Value]] = []
        for key, values in node.items():
            if key in without or key.startswith("@"):
                continue
            name = key if _ABSOLUTE.match(key) else v.SCHEMA + quote(key, safe="-._~")
            for one in several(values):
                value = scalar(one)
                if isinstance(one, dict) and has_text(one, "@id") and len(one) == 1:
                    if _ABSOLUTE.match(one["@id"]) and not one["@id"].startswith("_:"):
                        value = Iri(self._iri(one["@id"]))
                    elif whole:
                        value = self._whole(one)
                elif value is None and one is not None:
                    value = as_json(one)
                if value is not None:
                    said.append((name, value))
        return said

    def _whole(self, reference: Node) -> str:
        """What a node says that is referred to, as JSON; the reference alone where that is long."""
        identifier = reference["@id"]
        known = self._nested.get(identifier)
        if known is None:
            known = as_json(self._nodes.get(identifier, reference))
            if len(known) > _LONGEST_NESTED:
                known = as_json(reference)
            self._nested[identifier] = known
        return known

    def _referred(self, node: Node, key: str, *, note: bool = True) -> Iterator[Node]:
        """The nodes that a property refers to; one that is not described has its name alone.

        Raises:
            _Endless: So many were followed that there is no end of it.
        """
        for one in several(node.get(key)):
            self._references += 1
            if self._references > _MOST_REFERENCES:
                raise _Endless
            name = one if isinstance(one, str) else one.get("@id") if is_node(one) else None
            if not isinstance(name, str) or not name:
                if note:
                    self._note(node["@id"], f"{key} refers to nothing ({one!r:.80})", 1)
                continue
            yield self._nodes.get(name) or {"@id": name}

    def _path(self, identifier: str) -> str | None:
        """The absolute path of what lies in the crate or on a disk; else ``None``."""
        if identifier.startswith("file:/"):
            return path_of(identifier) or unquote(identifier.removeprefix("file:"))
        if identifier.startswith("#") or _ABSOLUTE.match(identifier) or "#" in identifier:
            return None
        inside = unquote(identifier, errors="replace")
        joined = posixpath.join(self._directory, inside)
        return "/" + posixpath.normpath(joined).lstrip("/")

    def _iri(self, identifier: str) -> str:
        """The IRI of a node: its own, or one of this crate's."""
        uuid = _UUID.match(identifier)
        if uuid:
            return f"urn:uuid:{uuid[1].lower()}"
        if _ABSOLUTE.match(identifier) and not identifier.startswith("_:"):
            return quote(identifier, safe="/:?#[]@!$&'()*+,;=%~-._")
        return f"urn:lineage:ro-crate:{self._key}:{quote(identifier, safe='/#~-._')}"
