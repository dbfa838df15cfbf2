"""Identity of files: rules, and that neither order, repetition, batches nor crashes show."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.identity import (
    Changes,
    IdentitySettings,
    Resolution,
    changes,
    connected,
    event_key,
    realm,
    resolve,
)
from lineage.records import Attributes, EventKind, FileEvent
from lineage.subgraph import StoredEvent
from lineage.vocabulary import RelationKind

SETTINGS = IdentitySettings()
T0 = datetime(2026, 1, 1, tzinfo=UTC)
P1 = "00000000-0000-4000-8000-000000000001"
P2 = "00000000-0000-4000-8000-000000000002"


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def event(
    kind: EventKind,
    path: str,
    activity: str | None = None,
    span: tuple[float | None, float | None] = (None, None),
    product: str | None = None,
    *,
    created: float | None = None,
    counts: bool = True,
    role: str | None = None,
    node: str | None = None,
    attributes: Attributes = (),
    relation_attributes: Attributes = (),
) -> FileEvent:
    start, stop = (None if minutes is None else at(minutes) for minutes in span)
    return FileEvent(
        kind,
        path,
        None if activity is None else f"urn:uuid:{activity}",
        start,
        stop,
        role,
        product,
        product is not None and counts,
        None if created is None else at(created),
        node,
        attributes,
        relation_attributes,
    )


def generation(path: str, activity: str, *span: float | None, **more: object) -> FileEvent:
    return event(EventKind.GENERATION, path, activity, (span[0], span[1]), **more)  # type: ignore[arg-type]


def use(path: str, activity: str, *span: float | None, **more: object) -> FileEvent:
    return event(EventKind.USE, path, activity, (span[0], span[1]), **more)  # type: ignore[arg-type]


def header(path: str, product: str | None, created: float | None, **more: object) -> FileEvent:
    return event(EventKind.STATE, path, None, (None, created), product, created=created, **more)  # type: ignore[arg-type]


def used(result: Resolution, one: FileEvent) -> str | None:
    """What a use was bound to."""
    return result.bindings[event_key(one, SETTINGS)].object


def generated(result: Resolution, one: FileEvent) -> str | None:
    """What a generation was bound to."""
    return result.bindings[event_key(one, SETTINGS)].subject


def evidence(result: Resolution, one: FileEvent) -> str:
    (value,) = result.bindings[event_key(one, SETTINGS)].values(v.IDENTIFIED_BY)
    return str(value)


def attribute(result: Resolution, identifier: str, name: str) -> list[object]:
    return [value for known, value in result.versions[identifier].attributes if known == name]


def text(result: Resolution) -> str:
    """Tells 1, 1.0 and True apart, which ``==`` does not."""
    parts = (result.versions, result.bindings, result.links)
    return repr([sorted(part.items()) for part in parts]) + repr(result.findings)


def test_a_use_means_the_last_generation_that_was_complete_before_it() -> None:
    """Of two generations of a path, a use binds to the one before it, by path and time."""
    first, second = generation("/d/x", "a", 0, 1), generation("/d/x", "b", 10, 11)
    early, late = use("/d/x", "c", 5, 6), use("/d/x", "d", 12, 13)
    result = resolve([first, second, early, late], SETTINGS)

    assert used(result, early) == generated(result, first) == "file:///d/x#a"
    assert used(result, late) == generated(result, second) == "file:///d/x#b"
    assert evidence(result, late) == "path+time"
    assert evidence(result, second) == "generation"
    assert attribute(result, "file:///d/x#a", v.OVERWRITTEN) == [True]
    assert attribute(result, "file:///d/x#b", v.OVERWRITTEN) == []
    assert not result.findings


@pytest.mark.parametrize("span", [(0.5, 3), (None, None)])
def test_a_use_before_every_generation_is_bound_to_the_path_and_found(
    span: tuple[float | None, float | None],
) -> None:
    """A use that began before the generation ended, or at no known time, is of the path alone."""
    one = use("/d/x", "u", *span)
    result = resolve([generation("/d/x", "a", 0, 1), one], SETTINGS)

    assert used(result, one) == "file:///d/x"
    assert evidence(result, one) == "path"
    assert [found.kind for found in result.findings] == ["unbound-use"]


def test_a_path_that_nobody_generated_is_no_finding() -> None:
    """An external input is its path, quietly."""
    one = use("/d/raw", "u", 0, 1)
    result = resolve([one], SETTINGS)

    assert used(result, one) == "file:///d/raw"
    assert attribute(result, "file:///d/raw", v.PROV_LOCATION) == ["/d/raw"]
    assert not result.findings


def test_in_place_changes_use_the_earlier_version_and_generate_the_next() -> None:
    """An activity that uses and generates one path makes no cycle."""
    first, reading = generation("/d/x", "a", 0, 1), use("/d/x", "b", 5, 6)
    writing = generation("/d/x", "b", 5, 6)
    result = resolve([writing, reading, first], SETTINGS)

    assert used(result, reading) == generated(result, first)
    assert generated(result, writing) == "file:///d/x#b"


def test_a_product_is_one_entity_wherever_it_lies() -> None:
    """A product id survives a move; all its paths and its weaker ids stay findable."""
    made = generation("/d/x", "a", 0, 1, product=P1, created=0.9)
    moved = use("/archive/x", "u", 9, 10, product=P1)
    result = resolve([made, moved], SETTINGS)
    version = result.versions[f"urn:uuid:{P1}"]

    assert generated(result, made) == used(result, moved) == version.identifier
    assert version.aliases == ("file:///archive/x", "file:///d/x", "file:///d/x#a")
    assert attribute(result, version.identifier, v.FILE_PATHS) == ["/archive/x", "/d/x"]
    assert evidence(result, moved) == "product"


def test_an_invented_product_id_counts_for_nothing() -> None:
    """A use with an id that no event vouches for is bound by its path."""
    made = generation("/d/x", "a", 0, 1, product=P1, counts=False)
    read = use("/d/x", "u", 5, 6, product=P2, counts=False)
    result = resolve([made, read], SETTINGS)

    assert used(result, read) == generated(result, made) == "file:///d/x#a"
    assert result.bindings[event_key(read, SETTINGS)].values(v.RECORDED_PRODUCT) == (P2,)


def test_a_header_vouches_for_a_product_id() -> None:
    """An id that a tool recorded without proof counts once a header carries it."""
    made = generation("/d/x", "a", 0, 1, product=P1, counts=False)
    result = resolve([made, header("/copy/x", P1, 0.5)], SETTINGS)

    assert generated(result, made) == f"urn:uuid:{P1}"
    assert attribute(result, f"urn:uuid:{P1}", v.FILE_PATHS) == ["/copy/x", "/d/x"]


def test_a_second_claim_of_a_product_is_a_version_of_it_and_a_finding() -> None:
    """Only an activity that started before a product was created can have made it."""
    made = generation("/d/x", "a", 0, 2, product=P1, created=1)
    listed = generation("/d/x", "b", 5, 6, product=P1, created=1)
    before, after = (use("/d/x", name, t, t, product=P1) for name, t in (("u", 3), ("w", 7)))
    result = resolve([listed, made, before, after], SETTINGS)
    kept = f"urn:uuid:{P1}#b"
    (link,) = result.links.values()

    assert generated(result, made) == used(result, before) == f"urn:uuid:{P1}"
    assert generated(result, listed) == used(result, after) == kept
    assert (link.kind, link.subject, link.object) == (
        RelationKind.ALTERNATE,
        kept,
        f"urn:uuid:{P1}",
    )
    assert link.values(v.EVIDENCE) == ("product-kept",)
    assert [found.kind for found in result.findings] == ["product-kept"]


def test_a_product_whose_maker_is_unknown_is_made_by_nobody() -> None:
    """Where only a later activity lists a product, the product itself has no generation."""
    listed = generation("/d/x", "b", 5, 6, product=P1, created=1)
    result = resolve([listed], SETTINGS)

    assert generated(result, listed) == f"urn:uuid:{P1}#b"
    assert set(result.versions) == {f"urn:uuid:{P1}", f"urn:uuid:{P1}#b"}
    assert attribute(result, f"urn:uuid:{P1}", v.PROV_LOCATION) == ["/d/x"]


def test_an_activity_never_uses_the_product_that_it_generates() -> None:
    """A tool that lists its own output as an input makes no cycle, but a finding."""
    made, read = (make("/d/x", "a", 0, 2, product=P1) for make in (generation, use))
    result = resolve([made, read], SETTINGS)

    assert generated(result, made) == f"urn:uuid:{P1}"
    assert used(result, read) == "file:///d/x"
    assert [found.kind for found in result.findings] == ["product-later"]


def test_an_activity_may_use_what_one_nested_in_it_generated() -> None:
    """A product binds to its maker even if the user had started before."""
    made = generation("/d/x", "inner", 2, 5, product=P1, created=4)
    read = use("/d/x", "outer", 0, 10, product=P1)
    result = resolve([made, read], SETTINGS)

    assert used(result, read) == f"urn:uuid:{P1}"


def test_a_running_and_a_finished_record_are_one_event() -> None:
    """Finished beats running, in any order, and the product known later names the version."""
    running = generation("/d/x", "a", 0, None)
    finished = replace(running, stop=at(3))
    named = generation("/d/x", "a", 0, 3, product=P1, created=2)
    read = use("/d/x", "u", 1, 5)
    both = resolve([finished, running, read], SETTINGS)

    assert used(both, read) == "file:///d/x"
    assert text(both) == text(resolve([running, read, finished], SETTINGS))
    assert generated(resolve([running, named], SETTINGS), running) == f"urn:uuid:{P1}"


def test_a_header_belongs_to_the_generation_during_which_it_was_created() -> None:
    """A log without product ids and a header with one meet by path and creation time."""
    early, late = generation("/d/x", "a", 0, 1), generation("/d/x", "b", 10, 11)
    state = header("/d/x", P1, 11.01, attributes=((v.CTA + "X", "1"),))
    result = resolve([early, late, state], SETTINGS)

    assert generated(result, late) == f"urn:uuid:{P1}"
    assert generated(result, early) == "file:///d/x#a"
    assert attribute(result, f"urn:uuid:{P1}", v.CTA + "X") == ["1"]
    assert "file:///d/x#b" in result.versions[f"urn:uuid:{P1}"].aliases


def test_a_header_that_fits_two_generations_opens_a_version_of_its_own() -> None:
    """Overlapping activities leave open which of them made the file: nothing is guessed."""
    one, two = generation("/d/x", "a", 0, 9), generation("/d/x", "b", 1, 8)
    read = use("/d/x", "u", 8.5, 8.6)
    result = resolve([one, two, header("/d/x", P1, 5), read], SETTINGS)

    assert {generated(result, one), generated(result, two)} == {"file:///d/x#a", "file:///d/x#b"}
    assert used(result, read) == "file:///d/x#b"
    assert f"urn:uuid:{P1}" in result.versions


def test_a_header_alone_is_a_version_that_later_uses_bind_to() -> None:
    """A file that no log tells of is known from its header, since its creation."""
    before, after = use("/d/x", "u", 1, 2), use("/d/x", "w", 6, 7)
    result = resolve([header("/d/x", P1, 5), before, after], SETTINGS)

    assert used(result, after) == f"urn:uuid:{P1}"
    assert used(result, before) == "file:///d/x"


def test_a_deduced_use_makes_no_entity() -> None:
    """What was read out of a command line binds to a known version or to nothing."""
    said: Attributes = ((v.IDENTIFIED_BY, "argument"),)
    deduced = use("/d/x", "b", 5, 6, relation_attributes=said)
    alone = resolve([deduced, generation("/d/x", "b", 5, 6)], SETTINGS)
    result = resolve([generation("/d/x", "a", 0, 1), deduced], SETTINGS)

    assert event_key(deduced, SETTINGS) not in alone.bindings
    assert set(alone.versions) == {"file:///d/x#b"}
    assert (used(result, deduced), evidence(result, deduced)) == ("file:///d/x#a", "argument")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/tmp/x", "n1"),
        ("/tmp", "n1"),
        ("/tmpx/y", ""),
        ("/fefs/x", ""),
        ("/Users/kay/x", "n1"),
        ("/C:/data/x", "n1"),
    ],
)
def test_local_paths_belong_to_their_host(path: str, expected: str) -> None:
    """Only paths under local prefixes, and on drives, are told apart by host."""
    one = use(path, "u", 0, 1, node="n1")

    assert realm(one, SETTINGS) == expected
    assert realm(replace(one, node=None), SETTINGS) == ""


def test_the_same_local_path_on_two_hosts_is_two_files() -> None:
    """A use on one host does not see what another host wrote to its own disk."""
    made = generation("/tmp/x", "a", 0, 1, node="n1")
    here, there = (use("/tmp/x", "u" + node, 5, 6, node=node) for node in ("n1", "n2"))
    result = resolve([made, here, there], SETTINGS)

    assert used(result, here) == "file://n1/tmp/x#a"
    assert used(result, there) == "file://n2/tmp/x"


def test_a_shared_path_generated_on_two_hosts_is_a_finding() -> None:
    """Paths that hosts are taken to share, though two wrote them, name the setting."""
    ones = [generation("/d/x", name, 0, 1, node=name) for name in ("n1", "n2")]
    (found,) = resolve(ones, SETTINGS).findings

    assert found.kind == "shared-path"
    assert "local_prefixes" in found.message


PATHS = ("/d/x", "/d/y", "/tmp/z")
PRODUCTS = (None, P1, P2)
VALUES: tuple[Attributes, ...] = (
    (),
    ((v.CTA + "N", 1),),
    ((v.CTA + "N", True),),
    ((v.CTA + "M", "m"), (v.CTA + "N", 1.0)),
)


@st.composite
def event_sets(draw: st.DrawFn) -> list[FileEvent]:
    """Anything that several sources may say, contradictions too; an activity has one span."""
    minutes = st.none() | st.integers(0, 6)
    spans = {f"{n}": (draw(minutes), draw(minutes)) for n in range(4)}
    found = []
    for _ in range(draw(st.integers(0, 14))):
        activity = draw(st.sampled_from(sorted(spans)))
        kind = draw(st.sampled_from(EventKind))
        found.append(
            event(
                kind,
                draw(st.sampled_from(PATHS)),
                None if kind is EventKind.STATE else activity,
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


def cycle_free(result: Resolution) -> bool:
    """No element influences itself."""
    graph: dict[str, set[str]] = defaultdict(set)
    for relation in result.bindings.values():
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
    aliases = [alias for version in result.versions.values() for alias in version.aliases]

    assert ends <= set(result.versions)
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(result.versions)


class ModelStore:
    """A store as dictionaries, which applies changes one step at a time."""

    def __init__(self) -> None:
        self.events: dict[tuple[str, str], StoredEvent] = {}
        self.versions: dict[str, object] = {}
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
        for key, relation in some.bindings:
            self.bindings[key] = relation
            yield
        for key, relation in some.links:
            self.links[key] = relation
            yield
        for key in some.dropped_versions:
            self.versions.pop(key, None)
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
        parts = (self.versions, self.bindings, self.links)
        return repr([sorted(part.items()) for part in parts])


def expected(events: Iterable[FileEvent]) -> str:
    result = resolve(events, SETTINGS)
    return repr([sorted(p.items()) for p in (result.versions, result.bindings, result.links)])


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
