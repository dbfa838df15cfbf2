"""What resolving all file events of a store came upon: ambiguous bindings, and moved inputs.

Events are kept without what no binding depends on, and resolved component by component: a store of
a hundred thousand files fits into memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lineage import identity
from lineage import vocabulary as v
from lineage.canonical import encode_event
from lineage.check_findings import KIND_BY_WORD, Finding, FindingKind, shown
from lineage.check_graph import Graph
from lineage.clocks import moment
from lineage.identity import IdentitySettings, Resolution
from lineage.records import Attributes, EventKind, FileEvent
from lineage.run_fits import Index
from lineage.runs import GENERATED, USED
from lineage.subgraph import StoredEvent
from lineage.versions import UNCLEAR
from lineage.works import NEEDED

_LONGEST = 200
"""Characters kept of a run's attributes: as many as tell them apart."""
_NEEDED = NEEDED | {v.IDENTIFIED_BY}
_NEVER = datetime.min.replace(tzinfo=UTC)
_ADVICE = {
    FindingKind.PRODUCT_KEPT: "See whether that activity changed the file; if it did not, its log "
    "should list it as an input only.",
    FindingKind.PRODUCT_LATER: "See whether clocks disagree, or the tool lists its output twice.",
    FindingKind.AMBIGUOUS_RUN: "See which of them ran at that time where the log was written.",
    FindingKind.UNBOUND_USE: "Import the log of whoever wrote it before, if there is one.",
    FindingKind.AMBIGUOUS_USE: "See which it was where the activity ran. Product ids, and times in "
    "UTC, leave no such doubt.",
    FindingKind.READ_WHILE_WRITTEN: "See when it read the file.",
    FindingKind.WRITTEN_TOGETHER: "See whether one of them ran within the other.",
    FindingKind.UNCLEAR_ORDER: "Look at the file that is there.",
    FindingKind.SAME_INSTANT: "See which of them wrote last.",
}


@dataclass(slots=True)
class _Told:
    """The event of one key that counts, and everybody who tells it."""

    event: FileEvent
    """Without attributes of the file."""
    attributes: int
    """How many attributes it had."""
    sources: set[str]

    @property
    def rank(self) -> tuple[bool, datetime, bool, int, str]:
        """As `lineage.latest_events.latest` ranks whole events; attributes end their text."""
        event = self.event
        stop = moment(event.stop)
        more = event.product_counts, self.attributes, encode_event(event)
        return (event.stop is not None, stop or _NEVER, *more)


def _needed(event: FileEvent) -> Attributes:
    """What resolution, and nothing that is made of it here, needs of what a relation says."""
    if event.kind is not EventKind.RUN:
        return tuple(pair for pair in event.relation_attributes if pair[0] in _NEEDED)
    return tuple(
        (name, value[:_LONGEST])
        if isinstance(value, str) and name not in (USED, GENERATED)
        else (name, value)
        for name, value in event.relation_attributes
    )


class Events:
    """The file events of a store."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}
        self._words: dict[str, str] = {}
        self.count = 0

    def add(self, stored: StoredEvent) -> None:
        """Takes in an event."""
        self.count += 1
        one = stored.event
        told = _Told(
            replace(
                one,
                path=self._word(one.path),
                activity=one.activity and self._word(one.activity),
                attributes=(),
                relation_attributes=_needed(one),
            ),
            len(one.attributes) + len(one.relation_attributes),
            {self._word(stored.source)},
        )
        known = self._told.setdefault(stored.key, told)
        if known is not told:
            known.sources |= told.sources
            if told.event != known.event and told.rank > known.rank:
                known.event, known.attributes = told.event, told.attributes

    def findings(
        self, graph: Graph, settings: IdentitySettings, tell: Callable[[int], None]
    ) -> Iterator[Finding]:
        """What resolution finds, and inputs whose path holds another version now.

        Args:
            graph: For the names of activities.
            settings: What the user says about paths.
            tell: Is told how many events were resolved.
        """
        done = 0
        for keys in self._components():
            stored = [StoredEvent(key, "", self._told[key].event) for key in keys]
            resolution = identity.resolve_stored(stored, settings)
            for found in resolution.findings:
                yield self._ambiguity(found, keys, resolution)
            yield from self._moved_inputs(keys, resolution, graph, settings)
            done += len(keys)
            tell(done)

    def _word(self, text: str) -> str:
        return self._words.setdefault(text, text)

    def _components(self) -> list[list[str]]:
        """Keys of events that share a path or a product with one another."""
        leader: dict[str, str] = {}

        def lead(mark: str) -> str:
            while leader.setdefault(mark, mark) != mark:
                leader[mark] = mark = leader[leader[mark]]
            return mark

        runs: list[FileEvent] = []
        for told in self._told.values():
            # neither an absolute path nor an IRI begins like the mark of a product
            path = lead(told.event.path)
            if told.event.kind is EventKind.RUN:
                runs.append(told.event)
                leader[lead(f"product {told.event.path}")] = path
            elif told.event.product is not None:
                leader[lead(f"product {told.event.product}")] = path
        index = Index(runs)
        for run in runs:
            for other, _ in index.fitting(run):
                leader[lead(other.path)] = lead(run.path)
        found: dict[str, list[str]] = defaultdict(list)
        for key, told in self._told.items():
            found[lead(told.event.path)].append(key)
        return [sorted(keys) for keys in found.values()]

    def _ambiguity(
        self, found: identity.Finding, keys: Sequence[str], resolution: Resolution
    ) -> Finding:
        kind = KIND_BY_WORD[found.kind]
        ids = {one for one in found.identifiers if one}
        activities = {told.event.activity for told in map(self._told.__getitem__, keys)} & ids
        sources: set[str] = set()
        for key in keys:
            event, bound = self._told[key].event, resolution.bindings.get(key)
            version = bound and (bound.object if event.kind is EventKind.USE else bound.subject)
            meant = event.kind is EventKind.GENERATION or not activities
            if version in ids and (meant or event.activity in ids):
                sources |= self._told[key].sources
            if event.kind is EventKind.RUN and kind is FindingKind.AMBIGUOUS_RUN:
                sources |= self._told[key].sources if event.path in ids else set()
        advice = _ADVICE.get(kind)
        text = f"{shown(found.message, 1_500)} {advice}" if advice else shown(found.message, 1_500)
        return Finding(
            kind,
            text,
            tuple(dict.fromkeys(filter(None, found.identifiers))),
            tuple(sorted(sources)),
        )

    def _moved_inputs(
        self,
        keys: Iterable[str],
        resolution: Resolution,
        graph: Graph,
        settings: IdentitySettings,
    ) -> Iterator[Finding]:
        used: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for key in keys:
            event, bound = self._told[key].event, resolution.bindings.get(key)
            if event.kind is not EventKind.USE or bound is None or bound.object is None:
                continue
            if (v.IDENTIFIED_BY, UNCLEAR) in bound.attributes:
                continue
            holder = resolution.holders.get((identity.realm(event, settings), event.path))
            gone = (v.OVERWRITTEN, True) in resolution.versions[bound.object].attributes
            if holder is not None and holder != bound.object and not gone:
                used[bound.object, event.path, holder].append(key)
        for (meant, path, holder), uses in sorted(used.items()):
            activities = sorted({self._told[key].event.activity or "" for key in uses})
            where = dict(resolution.versions[meant].attributes).get(v.PROV_LOCATION, "")
            text = f"{shown(path)}: holds another version now ({shown(holder)}); what was used "
            text += f"there by {graph.names(activities)} is kept at {shown(str(where))}. Read it "
            text += "there."
            said = {source for key in uses for source in self._told[key].sources}
            records = (meant, holder, *filter(None, activities))
            yield Finding(FindingKind.MOVED_INPUT, text, records, tuple(sorted(said)))
