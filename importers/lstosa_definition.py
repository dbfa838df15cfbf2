"""lstosa's and logprov's ``definition.yaml``: what activities and entities are described as.

Each description is an entity of its own, known by its content: two versions of the file share what
they describe alike. An activity's is a plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from importers.lstosa_lines import Problems
from importers.lstosa_names import PREFIX, compact, plain, sorted_compact
from importers.yaml_values import read_yaml, text_of
from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.errors import SourceError
from lineage.records import Entity, Iri, Relation, Statement, Value, attributes
from lineage.vocabulary import LSTOSA, RelationKind

LARGEST = 256 * 1024
"""Bytes; the largest real one has 21,000."""
_ACTIVITIES = ("activities", "activity_descriptions")
_ENTITIES = ("entities", "entity_descriptions")
_SECTION = re.compile(rf"(?m)^(?:{'|'.join(_ACTIVITIES)})[ \t]*:")
_PARTS = re.compile(r"(?m)^[ \t]+(?:usage|generation)[ \t]*:")
_ITEM = re.compile(r"(?m)^[ \t]+(?:- )?(?:entityName|entity_description|role)[ \t]*:")

_BEGINNING = re.compile(r"[ ]{0,4}['\"]?([^\s#'\":]+)")
"""Where a description, or something else of the document itself, begins."""


def is_definition(head: str) -> bool:
    """The text describes activities by the roles of what they use and generate."""
    return bool(_SECTION.search(head) and _PARTS.search(head) and _ITEM.search(head))


def definition(file: BinaryIO, problems: Problems, source: object) -> Iterator[Statement]:
    """The descriptions, and the definition that they are members of.

    Raises:
        SourceError: It is too large, or no such document.
    """
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise SourceError(source, "", f"is larger than {LARGEST} bytes; no definition is.")
    text, line = text_of(data)
    if line:
        problems.tell(line, "what is no UTF-8 is left out.", 0)
    found = read_yaml(text)
    document = found.value
    if found.problem:
        message = f"the YAML is damaged: {found.problem[:200]}. What follows is left out, and what "
        problems.tell(max(found.line, 1), message + "it stands in.", 1)
        _forget_damaged(document, text, found.line)
    elif not text.endswith("\n"):
        # YAML that is cut is mostly YAML still
        line = text.count("\n") + 1
        problems.tell(line, "the last line has no end. The file may be cut off here.", 0)
    for line, key in found.repeated:
        problems.tell(line, f"{key[:80]!r} is described twice. The last counts.", 0)
    if not isinstance(document, dict):
        raise SourceError(source, str(max(found.line, 1)), "is no mapping of activities.")
    yield from _statements(document, problems)


def _forget_damaged(document: Any, text: str, line: int) -> None:
    """Takes out the description that damage in this line made end early."""
    if not isinstance(document, dict) or not document:
        return
    section = next(reversed(document))
    described = document[section]
    damaged = ""
    for one in reversed(text.splitlines()[:line]):
        beginning = _BEGINNING.match(one)
        if beginning is not None:
            damaged = beginning[1]
            break
    if section not in _ACTIVITIES + _ENTITIES:
        document.pop(damaged, None)
    elif isinstance(described, dict) and described:
        last = next(reversed(described))
        if damaged in (last, section):
            del described[last]


def _statements(document: dict[Any, Any], problems: Problems) -> Iterator[Statement]:
    rest = dict(document)
    members = []
    for keys, kind in ((_ACTIVITIES, "activity"), (_ENTITIES, "entity")):
        for key in keys:
            described = rest.pop(key, None)
            if described is None:
                continue
            if not isinstance(described, dict):
                problems.tell(1, f"{key} is no mapping (value seen: {described!r:.80}).", 1)
                continue
            for name, said in described.items():
                members.append(_description(kind, name, said))
    text = sorted_compact([one.identifier for one in members] + [rest])
    facts: list[tuple[str, Value]] = [
        (v.PROV_TYPE, Iri(v.PROV + "Collection")),
        (v.PROV_LABEL, "definition of activities and entities"),
    ]
    for key, value in rest.items():
        if value is not None:
            facts.append((LSTOSA + "definitions", compact({key: value})))
    whole = Entity(f"{PREFIX}definition:{digest(text)}", attributes(facts))
    yield whole
    for one in members:
        yield one
        yield Relation(RelationKind.MEMBERSHIP, whole.identifier, one.identifier)


def _description(kind: str, name: str, said: Any) -> Entity:
    """One description: what it is in words, and all that it says as JSON."""
    text = sorted_compact([kind, name, said])
    facts: list[tuple[str, Value]] = [
        (v.PROV_LABEL, name),
        (LSTOSA + "describes", kind),
        (LSTOSA + "name", name),
        (LSTOSA + "definitions", compact(said)),
    ]
    if kind == "activity":
        facts.append((v.PROV_TYPE, Iri(v.PROV + "Plan")))
    if isinstance(said, dict):
        facts += plain(LSTOSA + "description", said.get("description"))
        facts += plain(LSTOSA + "type", said.get("type"))
        facts += plain(v.FILE + "media_type", said.get("contentType"))
        for key, attribute in (("usage", "use_role"), ("generation", "generation_role")):
            items = said.get(key)
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict) and "role" in item:
                    facts += plain(LSTOSA + attribute, item["role"])
    return Entity(f"{PREFIX}description:{kind}:{digest(text)}", attributes(facts))
