"""What a check finds where it is not plain which version of a file, or which run, was meant."""

from __future__ import annotations

from pathlib import Path

from lineage.check import check
from tests.checked_stores import (
    only,
    planted,
    run,
    words,
)
from tests.file_events import P1, SETTINGS, at, generation, use
from tests.run_events import logged, told

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "demo"


def test_an_overwritten_input() -> None:
    """A version that was used and whose path holds a later one, with its users."""
    store = planted(
        [run("a"), run("b"), run("u")],
        [
            generation("/d/x", "a", 0, 1),
            use("/d/x", "u", 2, 3),
            generation("/d/x", "b", 4, 5),
        ],
    )
    finding = only(store, "overwritten-input")

    assert words(store) == ["overwritten-input"]
    assert finding.records == ("file:///d/x#a", "urn:uuid:u")
    assert "used by u" in finding.message
    assert finding.sources == ("s1",)


def test_a_change_in_place_is_a_note() -> None:
    """Whoever wrote the next version had to read this one."""
    store = planted(
        [run("a"), run("b")],
        [
            generation("/d/x", "a", 0, 1),
            use("/d/x", "b", 4, 5),
            generation("/d/x", "b", 4, 5),
        ],
    )

    assert words(store) == ["changed-in-place"]


def test_an_input_that_moved_is_a_note() -> None:
    """The product is kept elsewhere, and the path where it was used holds another version."""
    store = planted(
        [run("a"), run("b"), run("u"), run("w")],
        [
            generation("/d/x", "a", 0, 1, product=P1, created=0.9),
            use("/d/x", "u", 2, 3, product=P1),
            generation("/d/x", "b", 4, 5),
            use("/archive/x", "w", 6, 7, product=P1),
        ],
    )
    finding = only(store, "moved-input")

    assert words(store) == ["moved-input"]
    assert finding.records == (f"urn:uuid:{P1}", "file:///d/x#b", "urn:uuid:u")
    assert "is kept at /archive/x" in finding.message


def test_a_use_before_every_generation() -> None:
    """It is told once: neither as an origin, nor as overwritten."""
    store = planted(
        [run("a"), run("u")],
        [use("/d/x.dl1.h5", "u", 0, 1), generation("/d/x.dl1.h5", "a", 4, 5)],
    )

    assert words(store) == ["unbound-use"]
    assert only(store, "unbound-use").records == ("file:///d/x.dl1.h5",)
    assert "Import the log" in only(store, "unbound-use").message


def test_a_run_that_may_be_several_activities() -> None:
    """It is told of the log and of the records, wherever they stand; one that fits is joined."""
    span, files = (0, 60), (["/d/in"], ["/d/out"])
    store = planted([], logged("l", span, *files), key="log")
    for name in ("q", "r"):
        planted([run(name)], told(name, span, *files), key=name, store=store)
    finding = only(store, "ambiguous-run")
    one = planted([run("r")], told("r", span, *files), key="r")
    planted([], logged("l", span, *files), key="log", store=one)

    assert finding.records == ("urn:lineage:run:l", "urn:uuid:q", "urn:uuid:r")
    assert finding.sources == ("log", "q", "r")
    assert "ambiguous-run" not in words(one)


def test_a_product_that_a_second_activity_lists() -> None:
    """Both sources are named: who made it, and who lists it again."""
    store = planted([run("a")], [generation("/d/x", "a", 0, 2, product=P1, created=1)])
    planted(
        [run("b")], [generation("/d/x", "b", 5, 6, product=P1, created=1)], key="s2", store=store
    )

    assert words(store) == ["product-kept"]
    assert only(store, "product-kept").sources == ("s1", "s2")
    assert f"urn:uuid:{P1}#b" in only(store, "product-kept").records


def test_a_product_used_by_its_own_maker() -> None:
    """An error: an activity lists its output as its input too."""
    store = planted(
        [run("a")],
        [make("/d/x", "a", 0, 2, product=P1) for make in (generation, use)],
    )

    assert words(store) == ["product-later"]
    assert not check(store, SETTINGS).clean


def test_two_generations_at_the_same_instant() -> None:
    """Which came last is not known; the order of identifiers decides, and says so."""
    events = [generation("/d/x", "b", 0, 1), generation("/d/x", "a", 0.5, 1)]
    store = planted([run("a"), run("b")], events)
    finding = only(store, "same-instant")

    assert words(store) == ["same-instant"]
    assert finding.records == ("file:///d/x#a", "file:///d/x#b")
    assert at(1).isoformat() in finding.message


def test_one_activity_that_writes_a_path_twice_is_no_ambiguity() -> None:
    """Two roles of one activity are one generation."""
    events = [generation("/d/x", "a", 0, 1, role=role) for role in ("one", "two")]

    assert words(planted([run("a")], events)) == []


def test_a_path_that_two_hosts_generated() -> None:
    """It is taken for one file, and the setting is named that says otherwise."""
    events = [generation("/d/x", "a", 0, 1, node="n1"), generation("/d/x", "b", 2, 3, node="n2")]
    store = planted([run("a"), run("b")], events)

    assert words(store) == ["shared-path"]
    assert "local_prefixes" in only(store, "shared-path").message
