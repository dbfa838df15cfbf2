"""lstosa's and logprov's ``definition.yaml``: what activities and entities are described as.

Each description is an entity of its own, known by its content: two versions of the file share what
they describe alike. An activity's is a plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from importers.lstosa_lines import Problems
from importers.lstosa_names import PREFIX, compact, plain, sorted_compact, text_of
from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.errors import SourceError
from lineage.records import Entity, Iri, Relation, Statement, Value, attributes
from lineage.vocabulary import LSTOSA, RelationKind

LARGEST = 256 * 1024
"""Bytes; the largest real one has 21,000."""
MOST_NODES = 50_000
"""Nodes when every alias is written out; the largest real one has some 1,500."""
_ACTIVITIES = ("activities", "activity_descriptions")
_ENTITIES = ("entities", "entity_descriptions")
_SECTION = re.compile(rf"(?m)^(?:{'|'.join(_ACTIVITIES)})[ \t]*:")
_PARTS = re.compile(r"(?m)^[ \t]+(?:usage|generation)[ \t]*:")
_ITEM = re.compile(r"(?m)^[ \t]+(?:- )?(?:entityName|entity_description|role)[ \t]*:")
_BEGINNING = re.compile(r"[ ]{0,4}[^\s#]")
"""Where a description, or something else of the document itself, begins."""
_ATTEMPTS = 4
_DEEPEST = 50


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
    text = data.decode("utf-8", "replace")
    document = _document(text, problems, source)
    if not isinstance(document, dict):
        raise SourceError(source, "", "is no mapping of activities and entities.")
    if not text.endswith("\n"):
        # YAML that is cut is mostly YAML still
        line = text.count("\n") + 1
        problems.tell(line, "the last line has no end. The file may be cut off here.", 0)
    yield from _statements(document, problems)


def _document(text: str, problems: Problems, source: object) -> Any:
    """The document; of a damaged one what stands before the description that is damaged."""
    import yaml

    whole = text
    for _ in range(_ATTEMPTS):
        try:
            return _loaded(text)
        except (yaml.YAMLError, ValueError) as error:
            line, begun, message = _place(error)
            if text is whole:
                problems.tell(line, f"the YAML is damaged: {message}. What follows is left out.", 1)
            lines = text.splitlines(keepends=True)
            at = min(begun, len(lines)) - 1
            while at > 0 and not _BEGINNING.match(lines[at]):
                at -= 1
            text = "".join(lines[: max(at, 0)])
    raise SourceError(source, "1", "is no YAML that can be read.")


def _loaded(text: str) -> Any:
    """The document, if it is of reasonable size with every alias written out.

    Raises:
        yaml.YAMLError: It is no YAML.
        ValueError: It is too large or deep, or holds a number or date that is none.
    """
    import yaml

    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            total += sizes.get(event.anchor or "", 0)
        elif isinstance(event, yaml.NodeEvent):
            anchor = event.anchor
            total += 1
            if isinstance(event, yaml.CollectionStartEvent):
                open_.append((anchor, total - 1))
            elif anchor is not None:
                sizes[anchor] = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor is not None:
                sizes[anchor] = total - before
        if total > MOST_NODES or len(open_) > _DEEPEST:
            mark = event.start_mark
            line = 1 if mark is None else mark.line + 1
            problem = f"more than {MOST_NODES} values, its aliases written out"
            raise _TooLarge(line, problem if total > MOST_NODES else "it is nested too deeply")
    return yaml.safe_load(text)


class _TooLarge(ValueError):
    """There is more of the document, or deeper, than of any definition."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


def _place(error: Exception) -> tuple[int, int, str]:
    """The line in which it goes wrong, the one in which that begins, and what is wrong."""
    mark, context = (getattr(error, f"{name}_mark", None) for name in ("problem", "context"))
    line = mark.line + 1 if mark is not None else getattr(error, "line", 1)
    begun = line
    if context is not None and "scalar" in str(getattr(error, "context", "")):
        begun = context.line + 1  # a quotation mark without its other
    return line, begun, str(getattr(error, "problem", None) or error).splitlines()[0][:120]


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
                members.append(_description(kind, text_of(name), said))
    text = sorted_compact([one.identifier for one in members] + [rest])
    facts: list[tuple[str, Value]] = [
        (v.PROV_TYPE, Iri(v.PROV + "Collection")),
        (v.PROV_LABEL, "definition of activities and entities"),
    ]
    for key, value in rest.items():
        if value is not None:
            facts.append((LSTOSA + "definitions", compact({text_of(key): value})))
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
