"""What a check finds: each kind planted and found, and nothing where nothing is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given

from lineage import vocabulary as v
from lineage.check import CheckProgress, check
from lineage.check_findings import (
    FindingKind,
    Severity,
    in_order,
)
from lineage.graph_store import Source
from lineage.records import Activity, Entity, Iri, Record, Relation
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests.checked_stores import (
    ENDED,
    EX,
    STARTED,
    activity,
    entity,
    found,
    generated,
    only,
    planted,
    relation,
    run,
    used,
    words,
)
from tests.file_events import P1, SETTINGS, at, generation, header, use
from tests.strategies import documents

ROOT = Path(__file__).parent.parent

DONE = activity("a", STARTED, ENDED)
FAILED = activity(
    "a", STARTED, ENDED, (v.CTAPIPE + "exit_code", 1), (v.CTAPIPE + "status", "error")
)


def test_a_store_without_faults_gives_notes_at_most() -> None:
    """A chain of two tools from a raw file: the raw file is an origin, nothing is wrong."""
    store = planted(
        [run("a"), run("b")],
        [
            use("/d/raw.dat", "a", 0, 1),
            generation("/d/x.dl1.h5", "a", 0, 1),
            use("/d/x.dl1.h5", "b", 2, 3),
            generation("/d/x.dl2.h5", "b", 2, 3),
        ],
    )
    report = check(store, SETTINGS)

    assert report.clean
    assert [(one.kind.word, one.records) for one in report.findings] == [
        ("origin", ("file:///d/raw.dat",))
    ]
    assert report.checked["file_events"] == 4
    assert report.checked["entities"] == 3


def test_an_empty_store_is_clean() -> None:
    """Nothing is found where nothing is."""
    report = check(MemoryStore(), SETTINGS)

    assert (report.clean, report.findings, report.checked["records"]) == (True, (), 0)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("LST-1.1.Run02008.0001.fits.fz", "origin"),
        ("R0/run.dat", "origin"),
        ("sim/gamma.simtel.gz", "origin"),
        ("x.dl1.h5", "no-maker"),
        ("DL2/x.h5", "no-maker"),
        ("DL0/x.h5", "origin"),
    ],
)
def test_a_used_file_without_maker_is_an_origin_below_dl1(name: str, word: str) -> None:
    """Raw data come from outside; from DL1 on some tool must have written it."""
    store = planted([run("u")], [use(f"/d/{name}", "u", 0, 1)])

    assert words(store) == [word]
    assert only(store, word).sources == ("s1",)
    assert "used by 1 activity" in only(store, word).message


def test_a_product_that_only_a_header_tells_of_lacks_its_maker() -> None:
    """A product id is given by a tool: one that nobody used counts too."""
    store = planted([], [header("/d/x.h5", P1, 0)])

    assert words(store) == ["no-maker"]
    assert only(store, "no-maker").records == (f"urn:uuid:{P1}",)
    assert only(store, "no-maker").sources == ("s1",)


def test_what_a_document_derives_attributes_or_collects_needs_no_maker() -> None:
    """Plans, collections, members of generated collections and derived entities are no origins."""
    plan = entity("plan", (v.PROV_TYPE, Iri(v.PROV + "Plan")))
    dl1 = (v.DATA_LEVEL, "DL1")
    store = planted(
        [
            DONE,
            *(entity(name, dl1) for name in ("whole", "part", "cut")),
            plan,
            used("a", "plan"),
            used("a", "part"),
            used("a", "cut"),
            generated("whole", "b"),
            activity("b", STARTED, ENDED),
            relation(RelationKind.MEMBERSHIP, "whole", "part"),
            relation(RelationKind.DERIVATION, "cut", "whole"),
        ]
    )

    assert words(store) == []


def test_a_stub_is_found_with_what_names_it() -> None:
    """Relations name it and nobody declares it: how often, and who says so."""
    store = planted(
        [DONE, used("a", "e"), Relation(RelationKind.USAGE, EX + "a", EX + "e", EX + "u")]
    )
    finding = only(store, "only-named")

    assert finding.records == (EX + "e",)
    assert "used 2" in finding.message
    assert finding.sources == ("s1",)
    assert not check(store, SETTINGS).clean


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ([STARTED], "unfinished"),
        ([STARTED, (v.CTAPIPE + "status", "running")], "unfinished"),
        ([(v.OPENLINEAGE + "status", "START")], "unfinished"),
        ([STARTED, (v.CTAPIPE + "status", "interrupted")], "failed"),
        ([STARTED, ENDED, (v.LSTOSA + "exit_code", 1)], "failed"),
        ([STARTED, ENDED, (v.CTAPIPE + "exit_code", 0)], None),
        ([ENDED], None),
        ([], "no-time"),
    ],
)
def test_how_an_activity_ended(said: list[tuple[str, v.Any]], word: str | None) -> None:
    """Without an end it is unfinished, without any time it is noted, failed it is noted too."""
    store = planted([activity("a", *said), entity("e"), generated("e", "a")])

    assert words(store) == ([] if word is None else [word])


def test_an_activity_that_was_ended_by_something_has_an_end() -> None:
    """wasEndedBy says as much as an end time."""
    store = planted(
        [
            activity("a", STARTED),
            entity("e"),
            generated("e", "a"),
            relation(RelationKind.END, "a", "e"),
        ]
    )

    assert "unfinished" not in words(store)


def test_an_output_of_a_failed_activity_that_was_used() -> None:
    """It is a warning where another activity used it; the failure alone is a note."""
    reader = activity("reader", (v.PROV_START, at(2)), (v.PROV_END, at(3)))
    said = [
        FAILED,
        reader,
        entity("e"),
        entity("unused"),
        generated("e", "a"),
        generated("unused", "a"),
    ]
    unused, used_ = planted(said), planted([*said, used("reader", "e")])
    finding = only(used_, "failed-output-used")

    assert words(unused) == ["failed"]
    assert finding.records == (EX + "e", EX + "a", EX + "reader")
    assert "status error, exit code 1" in finding.message


def subruns(levels: dict[str, list[int]], run_number: int = 2008) -> list[Record]:
    """Entities of subruns at data levels; each but the raw ones is generated."""
    said: list[Record] = [DONE]
    for level, numbers in levels.items():
        for number in numbers:
            name = f"{level}.Run{run_number:05d}.{number:04d}"
            keys = ((v.RUN, run_number), (v.SUBRUN, number), (v.DATA_LEVEL, level))
            said += [entity(name, *keys), generated(name, "a")]
    return said


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"R0": [0, 1, 3]}, "R0: subrun 2 is missing (0 to 1, 3 are there)"),
        ({"DL1": [5, 6, 9]}, "DL1: subruns 7 to 8 are missing (5 to 6, 9 are there)"),
        ({"R0": [0, 1, 2], "DL1": [0, 1]}, "DL1: subrun 2 is missing (0 to 1 are there; 2 at"),
        ({"R0": [0, 1, 2], "DL2": [2]}, "DL2: subruns 0 to 1 are missing (2 is there; 0 to 1 at"),
        ({"R0": [0, 1, 2], "DL1": [0, 2]}, "DL1: subrun 1 is missing (0, 2 are there; 1 at"),
        ({"DL1": [0, 2_000_000_000]}, "DL1: subruns 1 to 1999999999 are missing (0, 20"),
    ],
)
def test_missing_subruns(levels: dict[str, list[int]], message: str) -> None:
    """Between others, or from one level to the next: one finding says which."""
    store = planted(subruns(levels))

    assert words(store) == ["missing-subrun"]
    assert f"run 2008, {message}" in only(store, "missing-subrun").message


@pytest.mark.parametrize(
    "levels",
    [
        {"R0": [0, 1, 2], "DL1": [0, 1, 2]},
        {"R0": [4, 5], "DL1": [4, 5]},
        {"DL1": [7]},
        {"R0": [1], "DL1": [0, 1, 2]},
        {},
    ],
)
def test_complete_subruns_are_no_finding(levels: dict[str, list[int]]) -> None:
    """A run may begin anywhere, and a later level may have what was not imported of the earlier."""
    assert words(planted(subruns(levels))) == []


def test_subruns_of_two_runs_and_productions_are_not_mixed() -> None:
    """Gaps are sought within a run, and a level is compared with that of its own production."""
    said = [*subruns({"R0": [0, 1]}), *subruns({"R0": [3, 4]}, 2009)]
    for production, numbers in (("v0.9", (0, 1)), ("v0.10", (0,))):
        for number in numbers:
            keys = ((v.RUN, 2008), (v.SUBRUN, number), (v.DATA_LEVEL, "DL1"))
            name = f"{production}/{number}"
            said += [entity(name, *keys, (v.PRODUCTION, production)), generated(name, "a")]
    store = planted(said)
    finding = only(store, "missing-subrun")

    assert words(store) == ["missing-subrun"]
    assert "run 2008, DL1 (v0.10): subrun 1 is missing" in finding.message
    assert finding.records == (EX + "R0.Run02008.0001", EX + "v0.10/0")


def test_a_cycle() -> None:
    """Records that influenced themselves are told once, with all of them."""
    store = planted(
        [
            DONE,
            entity("set"),
            used("a", "set"),
            generated("set", "a"),
            entity("self"),
            relation(RelationKind.INFLUENCE, "self", "self"),
        ]
    )
    cycles = [one for one in found(store) if one.kind is FindingKind.CYCLE]

    assert [one.records for one in cycles] == [(EX + "a", EX + "set"), (EX + "self",)]
    assert cycles[0].sources == ("s1",)


ONE, OTHER = Iri(EX + "one"), Iri(EX + "other")


@pytest.mark.parametrize(
    ("records", "word"),
    [
        ([relation(RelationKind.DERIVATION, "e", "e")], "prov-order"),
        (
            [
                Relation(RelationKind.GENERATION, EX + "e", EX + "a", EX + name)
                for name in ("g1", "g2")
            ],
            "prov-uniqueness",
        ),
        ([used("x", "y"), used("a", "x")], "prov-typing"),
        ([relation(RelationKind.SPECIALIZATION, "e", "e")], "prov-impossible"),
        ([Relation(RelationKind.GENERATION, None, EX + "a")], "prov-incomplete"),
    ],
)
def test_violated_constraints(records: list[Record], word: str) -> None:
    """Each part of PROV-CONSTRAINTS has its kind, and the source that says it."""
    store = planted([DONE, entity("e"), *records])
    finding = only(store, word)

    assert finding.kind.severity is Severity.ERROR
    assert finding.sources == ("s1",)


def test_a_violation_inside_a_bundle_names_it() -> None:
    """What a bundle says is contradictory in itself, and its records have the bundle's keys."""
    said = [Entity(EX + "e", bundle=EX + "b"), Activity(EX + "e", bundle=EX + "b")]
    finding = only(planted(said), "prov-typing")

    assert finding.records == (f"{EX}b {EX}e",)
    assert finding.message.startswith(f"PROV-CONSTRAINTS 55 in {EX}b: {EX}e is both")


def test_interrupted_and_damaged_sources() -> None:
    """Neither has records of its own, and both are warnings."""
    store = MemoryStore()
    with store.writing():
        store.begin(Source("half", ("/logs/half.log",), "test", "1", 1))
        store.begin(Source("torn", ("/logs/torn.log",), "test", "1", 1))
        store.finish(Source("torn", ("/logs/torn.log",), "test", "1", 1, skipped=3))
    report = check(store, SETTINGS)

    assert [(one.kind.word, one.sources) for one in report.findings] == [
        ("source-interrupted", ("half",)),
        ("source-damaged", ("torn",)),
    ]
    assert "/logs/torn.log: 3 places" in report.findings[1].message


def test_only_the_lineage_of_a_record() -> None:
    """What concerns a record and all that influenced it, and not what it influenced."""
    store = planted(
        [run("a"), run("b"), run("c")],
        [
            use("/d/in.dl0.h5", "a", 0, 1),
            generation("/d/mid.dl1.h5", "a", 0, 1),
            use("/d/mid.dl1.h5", "b", 2, 3),
            use("/d/other.dl1.h5", "b", 2, 3),
            generation("/d/out.dl2.h5", "b", 2, 3),
            use("/d/unrelated.dl1.h5", "c", 2, 3),
        ],
    )

    def about(key: str) -> list[str]:
        report = check(store, SETTINGS, lineage_of=[key])
        return [record for one in report.findings for record in one.records]

    assert about("file:///d/mid.dl1.h5#a") == ["file:///d/in.dl0.h5"]
    assert about("file:///d/out.dl2.h5#b") == ["file:///d/other.dl1.h5", "file:///d/in.dl0.h5"]
    assert len(found(store)) == 3


def test_what_a_source_lost_may_concern_any_record() -> None:
    """A damaged source is told whatever record is asked about."""
    store = planted([run("u")], [use("/d/raw", "u", 0, 1)])
    with store.writing():
        store.begin(Source("half", ("/logs/half.log",), "test", "1", 1))

    report = check(store, SETTINGS, lineage_of=["urn:uuid:u"])

    assert [one.kind.word for one in report.findings] == ["source-interrupted", "origin"]


def test_only_some_kinds() -> None:
    """What nobody asked for is not told; what only it needs is not read."""
    store = planted([run("u")], [use("/d/x.dl1.h5", "u", 0, 1), use("/d/raw", "u", 0, 1)])
    report = check(store, SETTINGS, kinds=[FindingKind.ORIGIN])

    assert [one.kind for one in report.findings] == [FindingKind.ORIGIN]
    assert report.checked["file_events"] == 0


def test_a_check_is_ended_by_whatever_its_listener_raises() -> None:
    """That is how a time limit is kept."""

    def refuse(progress: CheckProgress) -> None:
        raise TimeoutError(progress.doing)

    with pytest.raises(TimeoutError, match="reading records"):
        check(planted([DONE]), SETTINGS, on_progress=refuse)


@given(documents())
def test_any_document_can_be_checked(said: list[Record]) -> None:
    """Whatever records say, a check ends; in whatever order they came, it says the same."""
    one, other = planted(said), planted(said[::-1])
    findings = found(one)

    assert found(other) == findings
    assert tuple(findings) == in_order(findings)
    for finding in findings:
        assert re.search(r": .+\.\Z", finding.message, re.DOTALL)
