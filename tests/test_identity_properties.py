"""Identity of files: neither order, repetition, batches nor crashes show."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from graphlib import TopologicalSorter

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.identity import (
    Changes,
    Resolution,
    changes,
    connected,
    event_key,
    resolve,
)
from lineage.records import Attributes, EventKind, FileEvent
from lineage.subgraph import StoredEvent
from lineage.vocabulary import RelationKind
from tests.file_events import (
    P1,
    P2,
    SETTINGS,
    event,
    generation,
    text,
    use,
)
from tests.run_events import run_sets
from tests.work_events import work_sets

PATHS = ("/d/x", "/d/y", "/tmp/z")
PRODUCTS = (None, P1, P2)
VALUES: tuple[Attributes, ...] = (
    (),
    ((v.CTA + "N", 1),),
    ((v.CTA + "N", True),),
    ((v.CTA + "M", "m"), (v.CTA + "N", 1.0)),
)


@st.composite
def file_event_sets(draw: st.DrawFn) -> list[FileEvent]:
    """Anything that several sources may say, contradictions too; an activity has one span."""
    minutes = st.none() | st.integers(0, 6)
    spans = {f"{n}": (draw(minutes), draw(minutes)) for n in range(4)}
    found = []
    for _ in range(draw(st.integers(0, 14))):
        activity = draw(st.sampled_from(sorted(spans)))
        kind = draw(st.sampled_from((EventKind.USE, EventKind.GENERATION, EventKind.STATE)))
        found.append(
            event(
                kind,
                draw(st.sampled_from(PATHS)),
                draw(st.sampled_from((None, activity))) if kind is EventKind.STATE else activity,
                (None, draw(minutes)) if kind is EventKind.STATE else spans[activity],
                draw(st.sampled_from(PRODUCTS)),
                created=draw(minutes),
                counts=draw(st.booleans()),
                role=draw(st.sampled_from((None, "r"))),
                node=draw(st.sampled_from((None, "n1", "n2"))),
                attributes=draw(st.sampled_from(VALUES)),
                relation_attributes=draw(
                    st.sampled_from((*VALUES, ((v.IDENTIFIED_BY, "argument"),)))
                ),
            )
        )
    return found


def event_sets() -> st.SearchStrategy[list[FileEvent]]:
    """File events, what joins the runs of logs with activities, and works in parts."""
    together = st.tuples(file_event_sets(), run_sets(), work_sets()).map(
        lambda parts: [one for part in parts for one in part]
    )
    return file_event_sets() | run_sets() | work_sets() | together


def cycle_free(result: Resolution) -> bool:
    """No element influences itself."""
    graph: dict[str, set[str]] = defaultdict(set)
    kinds = RelationKind.INFLUENCE, RelationKind.DERIVATION
    influences = (one for one in result.links.values() if one.kind in kinds)
    for relation in (*result.bindings.values(), *influences):
        if relation.subject is not None and relation.object is not None:
            graph["> " + relation.subject].add("> " + relation.object)
    TopologicalSorter(graph).prepare()
    return True


@given(event_sets(), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_neither_order_nor_repetition_shows(events: list[FileEvent], rng: random.Random) -> None:
    """A set of events has one meaning."""
    shuffled = events + rng.sample(events, rng.randint(0, len(events)))
    rng.shuffle(shuffled)

    assert text(resolve(shuffled, SETTINGS)) == text(resolve(events, SETTINGS))


@given(event_sets())
@settings(max_examples=120, deadline=None)
def test_no_event_set_makes_a_cycle(events: list[FileEvent]) -> None:
    """However contradictory the sources, nothing is its own ancestor."""
    assert cycle_free(resolve(events, SETTINGS))


@given(event_sets())
@settings(max_examples=100, deadline=None)
def test_every_relation_ends_at_a_version_and_every_alias_has_one_owner(
    events: list[FileEvent],
) -> None:
    """Bindings dangle nowhere; an alias is nobody's identifier and nobody else's alias."""
    result = resolve(events, SETTINGS)
    ends = {
        relation.object if relation.kind is RelationKind.USAGE else relation.subject
        for relation in result.bindings.values()
    }
    made = (*result.versions.values(), *result.runs.values())
    aliases = [alias for one in made for alias in one.aliases]

    assert ends <= set(result.versions)
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & {*result.versions, *result.runs}


class ModelStore:
    """A store as dictionaries, which applies changes one step at a time."""

    def __init__(self) -> None:
        self.events: dict[tuple[str, str], StoredEvent] = {}
        self.versions: dict[str, object] = {}
        self.runs: dict[str, object] = {}
        self.bindings: dict[str, object] = {}
        self.links: dict[str, object] = {}

    def fetch(self, paths: Collection[str], products: Collection[str]) -> list[StoredEvent]:
        """As `GraphStore.events`."""
        return [
            one
            for one in self.events.values()
            if one.event.path in paths or one.event.product in products
        ]

    def steps(self, some: Changes) -> Iterator[None]:
        """In the order that a store promises; it may stop after each."""
        for key in some.dropped_bindings:
            self.bindings.pop(key, None)
            yield
        for key in some.dropped_links:
            self.links.pop(key, None)
            yield
        for version in some.versions:
            self.versions[version.identifier] = version
            yield
        for run in some.runs:
            self.runs[run.identifier] = run
            yield
        for key, relation in some.bindings:
            self.bindings[key] = relation
            yield
        for key, relation in some.links:
            self.links[key] = relation
            yield
        for key in some.dropped_versions:
            self.versions.pop(key, None)
            yield
        for key in some.dropped_runs:
            self.runs.pop(key, None)
            yield
        for one in some.statements:
            self.events[one.key, one.source] = one
            yield

    def add(self, new: list[StoredEvent], most: int | None = None) -> Changes:
        """Imports a batch; killed after ``most`` steps."""
        some = changes(connected(new, self.fetch), new, SETTINGS)
        for count, _ in enumerate(self.steps(some), 1):
            if most is not None and count >= most:
                break
        return some

    def text(self) -> str:
        """As `expected`."""
        parts = (self.versions, self.runs, self.bindings, self.links)
        return repr([sorted(part.items()) for part in parts])


def expected(events: Iterable[FileEvent]) -> str:
    result = resolve(events, SETTINGS)
    parts = (result.versions, result.runs, result.bindings, result.links)
    return repr([sorted(part.items()) for part in parts])


def stored(events: list[FileEvent], rng: random.Random) -> list[StoredEvent]:
    return [StoredEvent(event_key(one, SETTINGS), rng.choice("st"), one) for one in events]


@given(event_sets(), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_any_batches_in_any_order_give_one_graph(
    events: list[FileEvent], rng: random.Random
) -> None:
    """Importing in parts is importing at once, and importing again changes nothing."""
    store, rest = ModelStore(), stored(events, rng)
    rng.shuffle(rest)
    batches = []
    while rest:
        size = rng.randint(1, len(rest))
        batches.append(rest[:size])
        rest = rest[size:]
    for batch in batches:
        store.add(batch)

    assert store.text() == expected(events)
    assert all(store.add(batch) == Changes() for batch in batches)


@given(event_sets(), st.randoms(use_true_random=False), st.integers(0, 40))
@settings(max_examples=120, deadline=None)
def test_a_killed_import_run_again_ends_as_if_never_killed(
    events: list[FileEvent], rng: random.Random, most: int
) -> None:
    """Whatever step an import died at, and however often, the next run completes it."""
    store, everything = ModelStore(), stored(events, rng)
    cut = rng.randint(0, len(everything))
    store.add(everything[:cut])
    store.add(everything[cut:], most or None)
    store.add(everything[cut:], rng.randint(1, 40))
    store.add(everything[cut:])

    assert store.text() == expected(events)


@st.composite
def productions(draw: st.DrawFn) -> tuple[list[FileEvent], dict[str, str]]:
    """A real production, and the truth: event key of a use -> who wrote what it read.

    Activities run one after another or side by side; each reads when it starts what is there, and
    its files appear when it stops.
    """
    recorded = draw(st.booleans())
    events: list[FileEvent] = []
    truth: dict[str, str] = {}
    disk: dict[str, tuple[float, str, str]] = {}
    pending: list[tuple[float, str, str, str]] = []
    clock = 0.0
    for n in range(draw(st.integers(1, 12))):
        clock += draw(st.integers(1, 5))
        stop = clock + draw(st.integers(1, 8)) + n / 100
        for time, path, maker, product in sorted(pending):
            if time <= clock:
                disk[path] = max((time, maker, product), disk.get(path, (0.0, "", "")))
        name, product_counts = f"a{n:02}", recorded and draw(st.booleans())
        reads = draw(st.sets(st.sampled_from(PATHS[:2]), max_size=2))
        for path in sorted(reads):
            known = disk.get(path)
            product = known[2] if known is not None and product_counts else None
            one = use(path, name, clock, stop, product=product)
            events.append(one)
            truth[event_key(one, SETTINGS)] = known[1] if known is not None else ""
        for path in sorted(draw(st.sets(st.sampled_from(PATHS[:2]), max_size=2))):
            product = f"{name}{path}".replace("/", "-")
            pending.append((stop, path, name, product))
            events.append(
                generation(
                    path,
                    name,
                    clock,
                    stop,
                    product=product if recorded else None,
                    created=stop if recorded else None,
                )
            )
    return events, truth


@given(productions(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_every_use_of_a_real_production_is_bound_to_what_it_read(
    production: tuple[list[FileEvent], dict[str, str]], rng: random.Random
) -> None:
    """With product ids or without, each use finds the activity that wrote what it read."""
    events, truth = production
    result = resolve(rng.sample(events, len(events)), SETTINGS)
    makers = {
        relation.subject: relation.object.removeprefix("urn:uuid:")
        for relation in result.bindings.values()
        if relation.kind is RelationKind.GENERATION and relation.object is not None
    }
    found = {key: makers.get(result.bindings[key].object, "") for key in truth}

    assert found == truth
    assert cycle_free(result)
