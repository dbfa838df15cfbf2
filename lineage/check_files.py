"""Entities that came from nowhere, are only named, or were overwritten after they were used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lineage.check_findings import Finding, FindingKind, counted, shown
from lineage.check_graph import File, Graph, Sources
from lineage.versions import UNCLEAR

_RAW = frozenset({"R0", "R1", "DL0"})
"""Data levels of what comes from outside, from a telescope or a simulation."""


def origins(graph: Graph) -> Iterator[Finding]:
    """Entities without a maker: of those at a higher level one is missing, others are origins."""
    for key, file in graph.files.items():
        if graph.made(key) or key in graph.based or not graph.is_ordinary(key):
            continue
        if _is_some_earlier_content(file) or file.evidence == UNCLEAR:
            continue
        users, derived = graph.users.get(key, {}), graph.derived.get(key, 0)
        uses = _uses(len(users), derived)
        made = _must_have_been_made(file)
        if made:
            text = f"{shown(file.where)}: nobody is known to have generated it, and it is {made} "
            text += f"({uses}). Import the log of the tool that wrote it."
            yield Finding(FindingKind.NO_MAKER, text, (key,), graph.told([key]))
        elif users or derived:
            text = f"{shown(file.where)}: comes from outside: nobody is known to have generated it "
            text += f"({uses}). Import the log of its maker, if it has one."
            yield Finding(FindingKind.ORIGIN, text, (key,), graph.told([key]))


def _is_some_earlier_content(file: File) -> bool:
    """Whatever a path held before its first known generation: `unbound-use` tells of it."""
    return file.overwritten and file.evidence == "path"


def _must_have_been_made(file: File) -> str:
    """What tells that a tool wrote it."""
    if file.level:
        return "" if file.level in _RAW else f"at the data level {shown(file.level)}"
    return "a product with an id" if file.evidence == "product" else ""


def _uses(users: int, derived: int) -> str:
    parts = [f"used by {counted(users, 'activity', 'activities')}"] if users else []
    parts += [f"{counted(derived, 'entity', 'entities')} derived from it"] if derived else []
    return ", ".join(parts) or "nobody used it"


def only_named(graph: Graph) -> Iterator[Finding]:
    """Elements that no source declares."""
    for key, stub in graph.stubs.items():
        named = ", ".join(f"{word} {count:,}" for word, count in sorted(stub.named_by.items()))
        text = f"{shown(stub.identifier)}: relations name it, and no source declares it ({named}). "
        text += "Import the source that does."
        yield Finding(FindingKind.ONLY_NAMED, text, (key,), graph.told([key]))


def overwritten_inputs(graph: Graph) -> Iterator[Finding]:
    """Versions that were used, and whose path holds a later one."""
    written: dict[str, dict[str, set[str]]] = {}
    for key, file in graph.files.items():
        if not file.overwritten or _is_some_earlier_content(file):
            continue
        users = graph.users.get(key, {})
        for activity in users.keys() - written.keys():
            written[activity] = _written(graph, activity)
        # who wrote another version of it had to read this one
        others = {
            activity: said
            for activity, said in users.items()
            if not any(written[activity].get(path, {key}) - {key} for path in file.paths)
        }
        used = f"used by {graph.names(others or users)}"
        if others:
            text = f"{shown(file.where)}: holds a later version now, and this one was {used}. "
            text += (
                "The later one has the same product id, so it may be unchanged: see product-kept."
                if key in graph.kept
                else "What these read is gone unless a copy was kept: make their results again "
                "from the version that is there."
            )
            yield _about_users(FindingKind.OVERWRITTEN_INPUT, text, key, others)
        elif users:
            text = f"{shown(file.where)}: was changed in place, {used}, which wrote the version "
            text += "after it. Nothing is to be done."
            yield _about_users(FindingKind.IN_PLACE, text, key, users)


def _written(graph: Graph, activity: str) -> dict[str, set[str]]:
    """Path -> the entities there that an activity generated."""
    found: dict[str, set[str]] = {}
    for key in graph.products.get(activity, ()):
        for path in graph.files[key].paths if key in graph.files else ():
            found.setdefault(path, set()).add(key)
    return found


def _about_users(kind: FindingKind, text: str, key: str, users: Mapping[str, Sources]) -> Finding:
    records = (key, *sorted(filter(None, users)))
    return Finding(kind, text, records, tuple(sorted(frozenset[str]().union(*users.values()))))
