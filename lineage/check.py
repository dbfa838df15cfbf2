"""What is missing or contradictory in a store: one pass over it, and one over its file events.

What can be found is the closed vocabulary in `lineage.check_findings`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lineage.access import AccessRoot
from lineage.check_activities import failed, failed_outputs_used, unfinished
from lineage.check_decisions import DecidedOn
from lineage.check_disk import Disk
from lineage.check_files import only_named, origins, overwritten_inputs
from lineage.check_findings import (
    EVERY_KIND,
    CheckReport,
    Finding,
    FindingKind,
    counted,
    in_order,
    shown,
)
from lineage.check_graph import Graph
from lineage.check_identity import Events
from lineage.check_prov import Influences, Statements
from lineage.check_subruns import missing_subruns
from lineage.graph_store import Direction, GraphStore, Source
from lineage.identity import IdentitySettings
from lineage.subgraph import StoredElement
from lineage.vocabulary import INFLUENCES

_TELL_EVERY = 1_000

_PROV = frozenset(kind for kind in FindingKind if kind.word.startswith("prov-"))
_AMBIGUITIES = frozenset(
    {
        FindingKind.PRODUCT_LATER,
        FindingKind.PRODUCT_KEPT,
        FindingKind.UNBOUND_USE,
        FindingKind.AMBIGUOUS_RUN,
        FindingKind.SAME_INSTANT,
        FindingKind.SHARED_PATH,
        FindingKind.MOVED_INPUT,
    }
)
_DECISIONS = frozenset({FindingKind.DECISION_CONTRADICTED, FindingKind.DECISION_LOST})
_ON_DISK = frozenset(
    {FindingKind.FILE_MISSING, FindingKind.FILE_CHANGED, FindingKind.FILE_UNREADABLE}
)


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """How far a check is."""

    doing: str
    """``reading records``, ``reading file events``, ..."""
    done: int


OnCheckProgress = Callable[[CheckProgress], None]
"""Is told now and then; a check ends with whatever it raises."""


def check(
    store: GraphStore,
    settings: IdentitySettings,
    *,
    lineage_of: Collection[str] = (),
    kinds: Collection[FindingKind] = EVERY_KIND,
    roots: Sequence[AccessRoot] | None = None,
    on_progress: OnCheckProgress = lambda _: None,
) -> CheckReport:
    """What is missing or contradictory in a store.

    Args:
        store: It is only read.
        settings: What the user says about paths, as for imports.
        lineage_of: Keys of elements: only what concerns them and all that influenced them is told.
        kinds: What to look for; what only others need is not read.
        roots: Where recorded paths lie; with ``None`` nobody looks at the disk.
        on_progress: Is told how far the check is.
    """
    disk = None if roots is None or _ON_DISK.isdisjoint(kinds) else Disk(roots)
    keys = with_ancestors(store, lineage_of) if lineage_of else None
    report = _Check(store, settings, frozenset(kinds), disk, keys, on_progress).run()
    return report if keys is None else report.about(keys)


def with_ancestors(store: GraphStore, keys: Iterable[str]) -> set[str]:
    """Keys of elements, and of all that influenced them."""
    found = set(keys)
    frontier = list(found)
    while frontier:
        reached = store.reach(frontier, Direction.ANCESTORS, INFLUENCES)
        frontier = [key for key in reached if key not in found]
        found.update(frontier)
    return found


class _Check:
    def __init__(
        self,
        store: GraphStore,
        settings: IdentitySettings,
        kinds: frozenset[FindingKind],
        disk: Disk | None,
        keys: set[str] | None,
        on_progress: OnCheckProgress,
    ) -> None:
        self._store = store
        self._settings = settings
        self._kinds = kinds
        self._disk = disk
        self._keys = keys
        self._on_progress = on_progress
        self._graph = Graph()
        self._events = Events()

    def run(self) -> CheckReport:
        """Reads, then looks for everything."""
        sources = self._store.sources()
        found = (*_of_sources(sources), *self._of_records(), *self._of_events())
        findings = in_order(self._with_sources([one for one in found if one.kind in self._kinds]))
        graph = self._graph
        checked = {
            "records": graph.elements + graph.relations,
            "entities": len(graph.files),
            "activities": len(graph.runs),
            "relations": graph.relations,
            "file_events": self._events.count,
            "sources": len(sources),
        }
        if self._disk is not None:
            checked["files_on_disk"] = self._disk.looked_at
            checked["files_under_no_root"] = self._disk.elsewhere
        paths = {source.key: source.paths for source in sources}
        return CheckReport(findings, checked, paths)

    def _tell(self, doing: str, done: int) -> None:
        if done % _TELL_EVERY == 0:
            self._on_progress(CheckProgress(doing, done))

    def _with_sources(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        """The findings; where nobody seems to say so, it is said by what was read of a file."""
        paths = {
            finding: {
                path
                for key in finding.records
                if key in self._graph.files
                for path in self._graph.files[key].paths
            }
            for finding in findings
            if not finding.sources
        }
        said: dict[str, set[str]] = {}
        for stored in self._store.events(set().union(*paths.values()), ()):
            said.setdefault(stored.event.path, set()).add(stored.source)
        for finding in findings:
            found = {source for path in paths.get(finding, ()) for source in said.get(path, ())}
            yield replace(finding, sources=tuple(sorted(found))) if found else finding

    def _of_records(self) -> Iterator[Finding]:
        graph, statements, influences = self._graph, Statements(), Influences()
        decided = DecidedOn(self._store.decisions() if self._kinds & _DECISIONS else ())
        wants_prov = bool(self._kinds & _PROV)
        wants_cycles = FindingKind.CYCLE in self._kinds
        for number, one in enumerate(self._store.contents()):
            self._tell("reading records", number)
            if isinstance(one, StoredElement):
                graph.add_element(one)
                decided.add_element(one)
                if wants_prov:
                    statements.add_element(one)
                continue
            graph.add_relation(one)
            if wants_prov:
                statements.add_relation(one)
            if wants_cycles:
                influences.add_relation(one)
        self._tell("looking through them", 0)
        for findings in (
            origins,
            only_named,
            overwritten_inputs,
            unfinished,
            failed,
            failed_outputs_used,
            missing_subruns,
        ):
            yield from findings(graph)
        yield from decided.findings()
        if wants_cycles:
            yield from influences.findings(graph)
        if wants_prov:
            self._tell("testing the constraints of PROV", 0)
            yield from statements.findings(graph)
        if self._disk is not None:
            yield from self._disk.findings(
                graph, self._keys, lambda done: self._tell("looking at files", done)
            )

    def _of_events(self) -> Iterator[Finding]:
        if not self._kinds & _AMBIGUITIES:
            return
        for number, stored in enumerate(self._store.all_events()):
            self._tell("reading file events", number)
            self._events.add(stored)
        yield from self._events.findings(
            self._graph, self._settings, lambda done: self._tell("resolving file events", done)
        )


def _of_sources(sources: Iterable[Source]) -> Iterator[Finding]:
    for source in sources:
        where = shown(source.paths[0] if source.paths else source.key)
        if not source.complete:
            text = f"{where}: its import did not come to its end, so records of it may be missing "
            text += f"({source.importer}). Import it again; its report says what cannot be read."
            yield Finding(FindingKind.SOURCE_INTERRUPTED, text, (), (source.key,))
        elif source.skipped:
            text = f"{where}: {counted(source.skipped, 'place')} of it could not be read "
            text += f"({source.importer}). Import it again to see which."
            yield Finding(FindingKind.SOURCE_DAMAGED, text, (), (source.key,))
