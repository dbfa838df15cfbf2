"""Outputs that all subruns of a run write together, and merged records of the same work."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.identity import Resolution, event_key, resolve
from lineage.records import EventKind, FileEvent
from lineage.vocabulary import RelationKind
from tests.file_events import SETTINGS, attribute, header, use, used
from tests.work_events import NAME, OF_ONE, did, part, whole

FIRST = f"file:///d/out#s/{NAME}"
SECOND = f"{FIRST}/2"
ALONE = "file:///d/out"
RUN = [*part("0", 0, (0, 10)), *part("1", 1, (1, 12)), *part("2", 2, (2, 11))]
AGAIN = [*part("3", 0, (20, 30)), *part("4", 1, (21, 29)), *part("5", 2, (22, 31))]


def makers(result: Resolution) -> dict[str, set[str]]:
    """Version -> the ends of the names of those who generated it."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in result.bindings.values():
        if one.kind is RelationKind.GENERATION and one.subject and one.object:
            found[one.subject].add(one.object.rpartition(":")[2])
    return found


def parts_of(result: Resolution) -> set[tuple[str, str]]:
    """(whole, part) as they are linked, by the ends of their names."""
    return {
        (str(one.subject).partition("whole:")[2], str(one.object).rpartition(":")[2])
        for one in result.links.values()
        if one.kind is RelationKind.INFLUENCE and one.values(v.AGGREGATES) == (True,)
    }


def overwritten(result: Resolution) -> set[str]:
    return {one for one in result.versions if attribute(result, one, v.OVERWRITTEN)}


def test_what_all_subruns_of_a_run_write_is_one_version() -> None:
    """It is called after session and activity, and each activity generated it."""
    result = resolve(RUN, SETTINGS)

    assert makers(result) == {FIRST: {"0", "1", "2"}}
    assert not result.findings


def test_what_is_of_one_subrun_is_a_version_of_each_activity() -> None:
    """Its role says so."""
    events = [one for n in range(2) for one in part(str(n), n, (n, 10 + n), role=OF_ONE)]
    result = resolve(events, SETTINGS)

    assert set(makers(result)) == {"file:///d/out#urn:part:0", "file:///d/out#urn:part:1"}


@pytest.mark.parametrize("other", [{"session": "t"}, {"name": "dl1_datacheck"}])
def test_another_session_or_activity_writes_a_version_of_its_own(other: dict[str, str]) -> None:
    """The earlier is marked as overwritten, and uses find the one of their time."""
    later = part("3", 0, (20, 30), **other) + part("4", 1, (21, 29), **other)
    uses = [use("/d/out", "u", 12, 13), use("/d/out", "v", 30, 31)]
    result = resolve([*RUN, *later, *uses], SETTINGS)
    second = f"file:///d/out#{other.get('session', 's')}/{other.get('name', NAME)}"

    assert makers(result) == {FIRST: {"0", "1", "2"}, second: {"3", "4"}}
    assert overwritten(result) == {FIRST}
    assert [used(result, one) for one in uses] == [FIRST, second]


def test_a_subrun_that_is_done_again_begins_the_next_version() -> None:
    """Since 2022 a session is a night and a run, however often that is processed."""
    uses = [use("/d/out", "u", 12, 13), use("/d/out", "v", 31, 32)]
    result = resolve([*AGAIN, *RUN, *uses], SETTINGS)

    assert makers(result) == {FIRST: {"0", "1", "2"}, SECOND: {"3", "4", "5"}}
    assert overwritten(result) == {FIRST}
    assert [used(result, one) for one in uses] == [FIRST, SECOND]


def test_rounds_that_overlap_are_told_apart() -> None:
    """Whoever began before a subrun was done again belongs to the round before, however late."""
    late = part("2", 2, (2, 40))
    result = resolve([*RUN[:4], *late, *AGAIN[:4], *part("5", 2, (41, 42))], SETTINGS)

    assert makers(result) == {FIRST: {"0", "1", "2"}, SECOND: {"3", "4", "5"}}


def derived(result: Resolution) -> set[tuple[str | None, str | None]]:
    return {
        (one.subject, one.object)
        for one in result.links.values()
        if one.kind is RelationKind.DERIVATION
    }


def test_where_parts_are_not_done_again_the_version_before_is_in_the_next() -> None:
    """The file still holds what the other subruns made; done again as a whole, it does not."""
    once = resolve([*RUN, *AGAIN[:2]], SETTINGS)
    twice = resolve([*RUN, *AGAIN[:2], *part("7", 2, (50, 60)), *part("8", 2, (70, 80))], SETTINGS)

    assert derived(once) == {(SECOND, FIRST)}
    assert derived(resolve([*RUN, *AGAIN], SETTINGS)) == set()
    assert derived(twice) == {(SECOND, FIRST), (f"{FIRST}/3", SECOND)}


def test_parts_of_no_known_number_write_one_version() -> None:
    """Nothing says that one repeats another, if they overlap; one that comes later may be all."""
    events = [one for n in range(3) for one in part(str(n), None, (n, 10 + n))]
    late = part("x", None, (25, 28))
    after = part("y", None, (30, 40))

    assert makers(resolve(events, SETTINGS)) == {FIRST: {"0", "1", "2"}}
    assert makers(resolve([*events, *after], SETTINGS)) == {
        FIRST: {"0", "1", "2"},
        f"{FIRST}/2": {"y"},
    }
    assert makers(resolve([*RUN, *AGAIN, *late], SETTINGS))[SECOND] == {"3", "4", "5", "x"}


def test_nobody_uses_a_version_before_its_last_part_has_ended() -> None:
    """What is read in between is the version before, or it is unknown and a finding says so."""
    between = use("/d/out", "u", 11, 15)
    before = resolve([*RUN, between], SETTINGS)
    after = resolve([*RUN, *part("z", 0, (-9, -5), session="r"), between], SETTINGS)

    assert used(before, between) == ALONE
    assert [one.kind for one in before.findings] == ["unbound-use"]
    assert used(after, between) == f"file:///d/out#r/{NAME}"


def test_a_part_does_not_come_from_what_it_writes() -> None:
    """It reads the version of the session before, though other parts were done."""
    reader = part("2", 2, (11, 12), used=["/d/out"])
    result = resolve([*part("z", 0, (-9, -5), session="r"), *RUN[:4], *reader], SETTINGS)

    assert used(result, reader[0]) == f"file:///d/out#r/{NAME}"


def test_a_merged_record_adds_no_version_and_is_linked_to_its_parts() -> None:
    """It generated what they generated; it comes from those of its own work."""
    other = part("x", 0, (3, 8), name="dl1ab", generated=["/d/dl1"])
    result = resolve([*RUN, *other, *whole((0, 12))], SETTINGS)
    name = f"s:0:{NAME}"

    assert makers(result)[FIRST] == {"0", "1", "2", NAME}
    assert parts_of(result) == {(name, "0"), (name, "1"), (name, "2")}
    assert not result.findings


def test_a_merged_record_that_begins_with_a_later_start_has_all_parts() -> None:
    """lstosa takes the start of the first activity that it finds, which was the first to end."""
    result = resolve([*RUN, *whole((2, 12))], SETTINGS)

    assert {one for _, one in parts_of(result)} == {"0", "1", "2"}
    assert makers(result) == {FIRST: {"0", "1", "2", NAME}}


def test_a_merged_record_has_no_part_that_ended_after_it() -> None:
    """It was made before that was done; another record of it may tell the whole."""
    result = resolve([*RUN, *whole((0, 11))], SETTINGS)
    both = resolve([*RUN, *whole((0, 11)), *whole((0, 12))], SETTINGS)

    assert {one for _, one in parts_of(result)} == {"0", "2"}
    assert {one for _, one in parts_of(both)} == {"0", "1", "2"}


def test_a_merged_record_belongs_to_the_last_round_that_it_spans() -> None:
    """It tells of all that its log holds, and what it wrote is there at its end."""
    result = resolve([*RUN, *AGAIN, *whole((0, 31)), *whole((1, 13))], SETTINGS)

    assert makers(result)[SECOND] == {"3", "4", "5", NAME}
    assert {one for name, one in parts_of(result) if name.startswith("s:1:")} == {"0", "1", "2"}


def test_merged_records_alone_are_versions() -> None:
    """Those that overlap are one work; a later one is another."""
    ones = [*whole((0, 12)), *whole((2, 13)), *whole((20, 31))]
    result = resolve(ones, SETTINGS)

    assert sorted(makers(result)) == [FIRST, SECOND]
    assert len(makers(resolve([*ones, *AGAIN], SETTINGS))) == 2


def test_a_header_gives_its_product_to_all_that_wrote_the_file() -> None:
    """The file that we read is the one that the subruns made together."""
    product = "00000000-0000-4000-8000-00000000000a"
    result = resolve([*RUN, header("/d/out", product, 11)], SETTINGS)

    assert makers(result) == {f"urn:uuid:{product}": {"0", "1", "2"}}
    assert FIRST in result.versions[f"urn:uuid:{product}"].aliases


def test_several_hosts_write_one_version() -> None:
    """A cluster runs the subruns of a run where it likes; two versions on two hosts are told."""
    ones = [*part("0", 0, (0, 10), node="n1"), *part("1", 1, (1, 12), node="n2")]
    other = part("2", 0, (20, 30), session="t", node="n3")

    assert not resolve(ones, SETTINGS).findings
    assert [one.kind for one in resolve([*ones, *other], SETTINGS).findings] == ["shared-path"]


def test_hostile_names_of_sessions_and_activities_stay_apart() -> None:
    """Slashes in them are no separators, and neither are long texts cut to be equal."""
    names = [("a/b", "c"), ("a", "b/c"), ("urn:uuid:a", "b/c"), ("x" * 999, "y"), ("x" * 998, "y")]
    events = [
        one
        for n, (session, name) in enumerate(names)
        for one in part(str(n), 0, (n, n + 1), session=session, name=name)
    ]

    assert len(makers(resolve(events, SETTINGS))) == len(names)


@st.composite
def productions(draw: st.DrawFn) -> tuple[list[FileEvent], dict[str, str]]:
    """Rounds of a run that overlap with none, readers at any time; and what each of them read.

    Each round begins with subrun 0; how many there are is not the same each time.
    """
    events: list[FileEvent] = []
    truth: dict[str, str] = {}
    done: list[tuple[int, str]] = [(-1, ALONE)]
    numbers: dict[str, int] = defaultdict(int)
    clock = 0
    for n in range(draw(st.integers(1, 5))):
        session = draw(st.sampled_from("st"))
        starts = [0, *draw(st.lists(st.integers(0, 5), max_size=3))]
        ends = [clock + start + draw(st.integers(0, 5)) for start in starts]
        numbers[session] += 1
        version = f"file:///d/out#{session}/{NAME}"
        version += "" if numbers[session] == 1 else f"/{numbers[session]}"
        for subrun, start in enumerate(starts):
            span = clock + start, ends[subrun]
            events += part(f"{n}-{subrun}", subrun, span, session=session)
        if draw(st.booleans()):
            span = clock + starts[0], max(ends)
            events += whole(span, session=session)
        done.append((max(ends), version))
        clock = max(ends) + draw(st.integers(1, 3))
    for n in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, clock + 1)) + 0.5
        one = use("/d/out", f"reader{n}", start, start + draw(st.integers(0, 9)))
        events.append(one)
        truth[event_key(one, SETTINGS)] = max(pair for pair in done if pair[0] <= start)[1]
    return events, truth


@given(productions(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_every_use_is_bound_to_the_last_version_that_was_complete(
    production: tuple[list[FileEvent], dict[str, str]], rng: random.Random
) -> None:
    """However often a run is processed, in one session or another, and whoever tells of it."""
    events, truth = production
    result = resolve(rng.sample(events, len(events)), SETTINGS)
    versions = {one.subject for one in result.bindings.values() if one.kind.keyword != "used"}

    assert {key: result.bindings[key].object for key in truth} == truth
    assert versions - overwritten(result) == {max_version(events, result)}


def max_version(events: Sequence[FileEvent], result: Resolution) -> str | None:
    """What the last activity to end wrote."""
    ended = [one for one in events if one.kind is EventKind.GENERATION]
    last = max(ended, key=lambda one: (one.stop, one.activity))
    return result.bindings[event_key(last, SETTINGS)].subject


def test_an_activity_that_has_not_ended_is_part_of_nothing_yet() -> None:
    """Its log has grown when it has: then it is linked."""
    running = did("urn:part:9", (3, None), subrun=9)

    assert not parts_of(resolve([*running, *whole((0, 12))], SETTINGS))
