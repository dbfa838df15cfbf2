"""Every file version of a graph as a table, for docs/identity.md.

``python -m tests.file_versions`` prints the table of the demonstration.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from lineage import vocabulary as v
from lineage.graph_store import GraphStore
from lineage.records import Activity, Entity, Relation
from lineage.session import import_paths
from lineage.settings import load_settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "demo"
TEXT_LOGS = sorted((ROOT / "tests" / "data" / "ctapipe-log" / "work32").glob("*.log"))
DIRECTORY = "/srv/cta/work32/"


def sources() -> list[Path]:
    """Everything that tells of the production: logs, text logs, headers."""
    found = [path for path in sorted((DEMO / "work32").rglob("*")) if path.is_file()]
    return [*found, *TEXT_LOGS]


def demonstration() -> MemoryStore:
    """The production in the demonstration."""
    store = MemoryStore()
    import_paths(store, sources(), load_settings(DEMO / "settings.toml"))
    return store


def short(identifier: str) -> str:
    """What tells a version or an activity from the others, short enough for a table."""
    kept, _, activity = identifier.partition("#")
    if not activity and not identifier.startswith(("urn:uuid:", "urn:lineage:run:")):
        return "-"
    parts = [kept] if not activity else [kept, activity] if "urn:uuid:" in kept else [activity]
    return "#".join(part.rpartition(":")[2][:8] for part in parts)


def rows(store: GraphStore) -> list[tuple[str, ...]]:
    """Path, version, who wrote it, who used it, what identifies it, and its fate; sorted."""
    names: dict[str, str] = {}
    files: list[Entity] = []
    makers: dict[str, set[str]] = defaultdict(set)
    users: dict[str, set[str]] = defaultdict(set)
    for record in store.records():
        if isinstance(record, Activity):
            label = str((record.values(v.PROV_LABEL) or ("?",))[0])
            names[record.identifier] = f"{label.rpartition('/')[2]} {short(record.identifier)}"
        elif isinstance(record, Entity) and record.values(v.PROV_LOCATION):
            files.append(record)
        elif isinstance(record, Relation) and record.subject and record.object:
            if record.kind is RelationKind.GENERATION:
                makers[record.subject].add(record.object)
            elif record.kind is RelationKind.USAGE:
                users[record.object].add(record.subject)
    found = []
    for file in files:
        paths = {str(one) for one in (*file.values(v.PROV_LOCATION), *file.values(v.FILE_PATHS))}
        found.append(
            (
                ", ".join(sorted(path.removeprefix(DIRECTORY) for path in paths)),
                short(file.identifier),
                ", ".join(sorted(names[one] for one in makers[file.identifier])) or "-",
                ", ".join(sorted(names[one] for one in users[file.identifier])) or "-",
                ", ".join(str(one) for one in file.values(v.IDENTIFIED_BY)),
                "overwritten" if True in file.values(v.OVERWRITTEN) else "",
            )
        )
    return sorted(found)


def table(store: GraphStore) -> str:
    """The same as Markdown."""
    lines = ["| path | version | written by | used by | identified by | |", f"|{6 * '---|'}"]
    lines += [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows(store)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(demonstration()))
