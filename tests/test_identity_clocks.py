"""Clocks of hosts that disagree and logs in local time, together: each trap in a few events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lineage import vocabulary as v
from lineage.identity import IdentitySettings, event_key, resolve
from lineage.records import EventKind, FileEvent
from tests import run_events
from tests.file_events import (
    P1,
    P2,
    SETTINGS,
    attribute,
    generated,
    generation,
    header,
    use,
    used,
)

X = "/d/x"
SECOND = 1 / 60
"""A second in the minutes that `generation` and `use` take."""


def kinds(*events: FileEvent) -> list[str]:
    return [one.kind for one in resolve(events, SETTINGS).findings]


def local(event: FileEvent, hours: float = 1) -> FileEvent:
    """What tells it in local time, as lstosa does: its clock is so many hours ahead of UTC."""

    def shown(time: object) -> object:
        return time and (time + timedelta(hours=hours)).replace(tzinfo=None)  # type: ignore[operator]

    return replace(event, start=shown(event.start), stop=shown(event.stop))


def told_twice(start_s: float, stop_s: float, node: str) -> list[FileEvent]:
    """A tool writes `X`; a record tells of it in UTC, and a log an hour ahead of that."""
    record = run_events.told("w", (start_s, stop_s), generated=[X], node=node)
    log = run_events.logged("w", (start_s, stop_s), generated=[X], offset_min=60)
    return [*record, *log]


def reader(start_s: float, node: str | None) -> FileEvent:
    """A tool of which only local time is known uses `X`."""
    start = run_events.seconds(start_s)
    return local(FileEvent(EventKind.USE, X, "urn:uuid:u", start, start, node=node))


def meant(events: list[FileEvent], one: FileEvent, settings: IdentitySettings = SETTINGS) -> str:
    return str(resolve(events, settings).bindings[event_key(one, settings)].object)


def test_one_instant_of_local_time_has_no_order() -> None:
    """A tool took no time, and another began when it had: which was first, the clock hides."""
    one = reader(60, "n1")

    assert meant([*told_twice(60, 60, "n1"), one], one) == f"file://{X}#used:u"
    assert meant([*told_twice(50, 59, "n1"), one], one) == f"file://{X}#w"


@pytest.mark.parametrize(
    ("node", "start_s", "expected"),
    [("n1", 60.5, "#w"), ("n2", 60.5, "#used:u"), ("n2", 61.5, "#w"), ("n2", 59.5, "#used:u")],
)
def test_local_times_of_two_hosts_are_as_good_as_their_clocks(
    node: str, start_s: float, expected: str
) -> None:
    """The tolerance counts in the time in which both are told, not between UTC and local time."""
    one = reader(start_s, node)

    assert meant([*told_twice(50, 60, "n1"), one], one) == f"file://{X}{expected}"


@pytest.mark.parametrize("wrote_by_record", [True, False])
@pytest.mark.parametrize(("start_s", "unclear"), [(10.5, True), (11.5, False)])
def test_a_text_log_may_be_of_any_host(
    wrote_by_record: bool, start_s: float, unclear: bool
) -> None:
    """It names none: within the tolerance it is not known whether a file was there already."""
    made, offset_min = run_events.logged("w", (0, 10), generated=[X]), 0
    if wrote_by_record:
        made, offset_min = told_twice(0, 10, "n1"), 60
    read = run_events.logged("u", (start_s, 30), used=[X], name="reader", offset_min=offset_min)
    (one,) = (event for event in read if event.kind is EventKind.USE)

    assert ("#used:" in meant([*made, *read], one)) is unclear


@pytest.mark.parametrize("node", [None, "n1"])
def test_a_record_that_names_no_host_is_of_the_other_s(node: str | None) -> None:
    """A document whose steps follow one another at once tells of one machine."""
    made, read = generation(X, "w", 0, 1, node=node), use(X, "u", 1, 2)

    assert used(resolve([made, read], SETTINGS), read) == f"file://{X}#w"


def test_what_was_seen_just_after_an_overwrite_may_have_been_seen_before() -> None:
    """Two hosts' clocks: neither version is told to be the one that is there, without a finding."""
    first = generation(X, "a", 0, 1, product=P1, created=1, node="n1")
    second = generation(X, "b", 5, 6, product=P2, created=6, node="n1")
    near, far = (
        use(X, "u", 6 + seconds * SECOND, 9, product=P1, created=1, node="n2")
        for seconds in (0.5, 1.5)
    )

    assert kinds(first, second, near) == ["unclear-order"]
    assert kinds(first, second, far) == []
    assert attribute(resolve([first, second, far], SETTINGS), f"urn:uuid:{P2}", v.OVERWRITTEN)


def test_a_sighting_in_utc_does_not_tell_what_was_there_by_local_time() -> None:
    """A product that nobody wrote there was seen; a local time may be before or after that."""
    made = generation("/d/old", "m", 0, 1, product=P1, created=1)
    seen = use(X, "s", 100, 101, product=P1, created=1)
    near, far = local(use(X, "u", 50, 51)), local(use(X, "u", 2000, 2001))

    assert used(resolve([made, seen, near], SETTINGS), near) == f"file://{X}#used:u"
    assert used(resolve([made, seen, far], SETTINGS), far) == f"urn:uuid:{P1}"


def test_what_was_seen_within_the_tolerance_of_a_writing_may_have_come_before_it() -> None:
    """Between a use and the next writing another host saw something else there."""
    made = generation("/d/old", "m", 0, 1, product=P1, created=1, node="n1")
    first, second = (generation(X, name, 2, end, node="n1") for name, end in (("a", 3), ("b", 9)))
    read = use(X, "u", 5, 6, node="n1")
    near, far = (
        use(X, "s", 9 + seconds * SECOND, 10, product=P1, created=1, node="n2")
        for seconds in (0.5, 1.5)
    )

    assert used(resolve([made, first, second, read, near], SETTINGS), read) == f"file://{X}#used:u"
    assert used(resolve([made, first, second, read, far], SETTINGS), read) == f"file://{X}#a"


def test_a_file_that_turned_up_may_have_been_made_as_much_earlier_as_clocks_disagree() -> None:
    """Its maker's clock tells when that was, and the user's when it was used."""
    first = generation(X, "a", 0, 1, node="n1")
    read = use(X, "u", 5, 6, node="n1")
    for seconds, expected in ((0.5, "#used:u"), (1.5, "#a")):
        created = 5 + seconds * SECOND
        made = generation("/d/y", "m", 4, 7, product=P1, created=created, node="n2")
        seen = use(X, "s", 9, 10, product=P1, created=created, node="n1")
        result = resolve([first, made, read, seen], SETTINGS)

        assert used(result, read) == f"file://{X}{expected}"


def test_who_kept_a_product_id_may_have_done_so_just_before() -> None:
    """A tool without ids was done half a second later, by another host's clock."""
    made = generation(X, "m", 0, 1, product=P1, created=1, node="n1")
    for seconds, expected in ((-0.5, f"file://{X}#used:u:{P1}"), (-1.5, f"urn:uuid:{P1}")):
        blind = generation(X, "b", 3, 5, node="n1")
        read = use(X, "u", 5 + seconds * SECOND, 9, product=P1, created=1, node="n2")

        assert used(resolve([made, blind, read], SETTINGS), read) == expected


def test_of_two_writers_of_one_product_the_last_is_as_clear_as_their_clocks() -> None:
    """A use of the product just after the second one may have come before it."""
    one = generation(X, "a", 0, 1, product=P1, created=1, node="n1")
    other = generation(X, "b", 3, 4, product=P1, created=1, node="n1")
    near, far = (
        use(X, "u", 4 + seconds * SECOND, 9, product=P1, created=1, node="n2")
        for seconds in (0.5, 1.5)
    )

    assert used(resolve([one, other, near], SETTINGS), near) == f"file://{X}#used:u:{P1}"
    assert used(resolve([one, other, far], SETTINGS), far) == f"urn:uuid:{P1}#b"


def test_a_product_that_was_used_too_early_is_still_known_to_have_been_there() -> None:
    """Clocks contradict one another; whoever used the path later is not bound to what was first."""
    made = generation("/d/y", "m", 8, 9, product=P1, created=8.9, node="n1")
    first = use(X, "f", 0, 1, node="n2")
    early = use(X, "e", 7, 7, product=P1, created=8.9, node="n2")
    later = use(X, "l", 20, 21, node="n2")
    result = resolve([made, first, early, later], SETTINGS)

    assert used(result, first) == f"file://{X}"
    assert used(result, early) == f"file://{X}#used:e:{P1}"
    assert used(result, later) == f"file://{X}#used:l"


def test_a_header_is_nobody_s_where_a_local_time_may_fit_too() -> None:
    """Made while one tool ran, or while another did whose clock showed local time."""
    one, other = generation(X, "a", 0, 10), local(generation(X, "b", 3, 8))
    state = header(X, P1, 7)
    result = resolve([one, other, state], SETTINGS)

    assert generated(result, one) == f"file://{X}#a"
    assert generated(resolve([one, state], SETTINGS), one) == f"urn:uuid:{P1}"


def test_who_never_told_of_an_end_may_have_written_at_any_time() -> None:
    """A tool was killed, or still runs: what others wrote meanwhile is not surely there now."""
    endless = generation(X, "e", 0, None)
    other, read = generation(X, "o", 5, 6), use(X, "u", 9, 10)
    alone = resolve([endless, read], SETTINGS)
    result = resolve([endless, other, read], SETTINGS)

    assert used(alone, read) == f"file://{X}#e"
    assert used(result, read) == f"file://{X}#used:u"
    assert [one.kind for one in result.findings] == ["ambiguous-use", "unclear-order"]


def test_who_was_killed_after_a_use_had_begun_does_not_matter_to_it() -> None:
    """It began to write when the file had been read."""
    made, read = generation(X, "o", 5, 6), use(X, "u", 9, 10)

    assert used(resolve([made, read, generation(X, "e", 20, None)], SETTINGS), read) == (
        f"file://{X}#o"
    )
