"""Identity of files: the rules, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lineage import vocabulary as v
from lineage.identity import (
    event_key,
    realm,
    resolve,
)
from lineage.records import Attributes
from lineage.vocabulary import RelationKind
from tests.file_events import (
    P1,
    P2,
    SETTINGS,
    at,
    attribute,
    evidence,
    generated,
    generation,
    header,
    text,
    use,
    used,
)


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


def test_a_use_at_no_known_time_is_of_an_unclear_version() -> None:
    """What one use read of several versions is an entity of its own, and reported."""
    one = use("/d/x", "u", None, None)
    result = resolve([generation("/d/x", "a", 0, 1), one], SETTINGS)

    assert used(result, one) == "file:///d/x#used:u"
    assert evidence(result, one) == "unclear"
    assert [found.kind for found in result.findings] == ["ambiguous-use"]


def test_a_use_before_every_generation_is_bound_to_the_path_and_found() -> None:
    """A use that began before the first generation ended is of the path alone."""
    one = use("/d/x", "u", 0.5, 3)
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
    assert used(result, read) == f"file:///d/x#used:a:{P1}"
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
    assert used(result, read) == "file:///d/x#used:u"
    assert f"urn:uuid:{P1}" in result.versions


def test_a_header_alone_is_a_version_that_later_uses_bind_to() -> None:
    """A file that no log tells of is known from its header, where nothing else is known."""
    after = use("/d/x", "w", 6, 7)
    result = resolve([header("/d/x", P1, 5), after], SETTINGS)

    assert used(result, after) == f"urn:uuid:{P1}"


def test_a_header_says_where_a_file_is_and_not_since_when() -> None:
    """What was there before a file was made may have been there until it was put there."""
    before, after = use("/d/x", "u", 1, 2), use("/d/x", "w", 6, 7)
    result = resolve([header("/d/x", P1, 5), before, after], SETTINGS)

    assert used(result, before) == "file:///d/x"
    assert used(result, after) == "file:///d/x#used:w"
    assert [found.kind for found in result.findings] == ["ambiguous-use", "unbound-use"]


def test_a_deduced_use_makes_no_entity() -> None:
    """What was read out of a command line binds to a known version or to nothing."""
    said: Attributes = ((v.IDENTIFIED_BY, "argument"),)
    deduced = use("/d/x", "b", 5, 6, relation_attributes=said)
    alone = resolve([deduced, generation("/d/x", "b", 5, 6)], SETTINGS)
    result = resolve([generation("/d/x", "a", 0, 1), deduced], SETTINGS)

    assert event_key(deduced, SETTINGS) not in alone.bindings
    assert set(alone.versions) == {"file:///d/x#b"}
    assert (used(result, deduced), evidence(result, deduced)) == ("file:///d/x#a", "argument")


IMPLIED: Attributes = ((v.IDENTIFIED_BY, "header"),)


def test_a_deduced_generation_counts_where_nobody_tells_of_one() -> None:
    """What a header implies gives way to what a log says outright, and makes no second version."""
    deduced = generation("/d/x", "h", 5, 6, relation_attributes=IMPLIED)
    told, read = generation("/d/x", "a", 0, 1), use("/d/x", "u", 8, 9)
    alone, both = resolve([deduced, read], SETTINGS), resolve([deduced, told, read], SETTINGS)

    assert generated(alone, deduced) == used(alone, read) == "file:///d/x#h"
    assert evidence(alone, deduced) == "header"
    assert event_key(deduced, SETTINGS) not in both.bindings
    assert used(both, read) == "file:///d/x#a"
    assert set(both.versions) == {"file:///d/x#a"}


@pytest.mark.parametrize(("span", "joins"), [
    ((1, 1.5), True), ((0, 1.9), True), ((-0.01, 1), True), ((-1, 1), False), ((1, 2.1), False),
    ((None, None), False),
])  # fmt: skip
def test_a_deduced_generation_joins_the_one_that_it_happened_in(
    span: tuple[float | None, float | None], joins: bool
) -> None:
    """Both then lead to the version: what the header knows of inputs, the log may not."""
    deduced = generation("/d/x", "h", *span, relation_attributes=IMPLIED)
    told, other = generation("/d/x", "a", 0, 2), generation("/d/x", "b", 10, 12)
    raw = use("/d/raw", "h", *span)
    result = resolve([other, told, deduced, raw], SETTINGS)

    assert (event_key(deduced, SETTINGS) in result.bindings) is joins
    assert used(result, raw) == "file:///d/raw"
    if joins:
        assert generated(result, deduced) == generated(result, told) == "file:///d/x#a"
        assert evidence(result, deduced) == "header"


def test_a_header_knows_its_file_better_than_a_log() -> None:
    """A log repeats what a tool read, or thought; the file is what it is."""
    made = generation("/d/x", "a", 0, 2, product=P1, created=1, attributes=((v.CTA + "L", "DL1"),))
    state = header("/d/x", P1, 1, attributes=((v.CTA + "L", "DL2"),))
    result = resolve([made, state], SETTINGS)

    assert attribute(result, f"urn:uuid:{P1}", v.CTA + "L") == ["DL2"]


def test_the_activity_in_a_header_finds_its_generation() -> None:
    """Of two that overlap, the one that the header names made the file."""
    one, two = generation("/d/x", "a", 0, 9), generation("/d/x", "b", 1, 8)
    state = replace(header("/d/x", P1, 5), activity="urn:uuid:b")
    result = resolve([one, two, state], SETTINGS)

    assert generated(result, two) == f"urn:uuid:{P1}"
    assert generated(result, one) == "file:///d/x#a"


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
    assert realm(replace(one, node=None), SETTINGS).startswith("unknown-") == bool(expected)
    assert realm(replace(one, node=None, activity=None), SETTINGS) == ""


def test_the_same_local_path_on_two_hosts_is_two_files() -> None:
    """A use on one host does not see what another host wrote to its own disk."""
    made = generation("/tmp/x", "a", 0, 1, node="n1")
    here, there = (use("/tmp/x", "u" + node, 5, 6, node=node) for node in ("n1", "n2"))
    result = resolve([made, here, there], SETTINGS)

    assert used(result, here) == "file://n1/tmp/x#a"
    assert used(result, there) == "file://n2/tmp/x"


def test_a_shared_path_generated_on_two_hosts_is_a_finding() -> None:
    """Paths that hosts are taken to share, though two wrote them, name the setting."""
    spans = (("n1", 0, 1), ("n2", 10, 11))
    ones = [generation("/d/x", name, *span, node=name) for name, *span in spans]
    (found,) = resolve(ones, SETTINGS).findings

    assert found.kind == "shared-path"
    assert "local_prefixes" in found.message


def test_generations_at_the_same_instant_are_found() -> None:
    """Two activities wrote a path and ended at once: which of them a use read is not guessed."""
    ones = [generation("/d/x", name, start, 1) for name, start in (("b", 0), ("a", 0.5))]
    read = use("/d/x", "u", 5, 6)
    result = resolve([*ones, read], SETTINGS)

    assert [(one.kind, one.identifiers) for one in result.findings] == [
        ("ambiguous-use", ("file:///d/x#used:u", "urn:uuid:u", "file:///d/x#a", "file:///d/x#b")),
        ("same-instant", ("file:///d/x#a", "file:///d/x#b")),
    ]
    assert used(result, read) == "file:///d/x#used:u"
    assert result.holders == {("", "/d/x"): "file:///d/x#b"}
