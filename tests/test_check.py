"""What a check finds: each kind planted and found, and nothing where nothing is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.check import CheckProgress, check
from lineage.check_findings import (
    EVERY_KIND,
    KIND_BY_WORD,
    Finding,
    FindingKind,
    Severity,
    in_order,
)
from lineage.graph_store import Source
from lineage.records import Activity, Entity, Iri, Record, Relation
from lineage.session import import_paths
from lineage.settings import load_settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests.checked_stores import (
    EX,
    activity,
    entity,
    found,
    generated,
    planted,
    relation,
    used,
    words,
)
from tests.file_events import P1, SETTINGS, at, generation, header, use
from tests.run_events import logged, told
from tests.strategies import documents

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "demo"

STARTED, ENDED = (v.PROV_START, at(0)), (v.PROV_END, at(1))
DONE = activity("a", STARTED, ENDED)
FAILED = activity(
    "a", STARTED, ENDED, (v.CTAPIPE + "exit_code", 1), (v.CTAPIPE + "status", "error")
)


def run(name: str) -> Activity:
    """An activity of file events, with times."""
    return Activity(f"urn:uuid:{name}", (ENDED, STARTED))


def only(store: MemoryStore | object, word: str) -> Finding:
    """The one finding of a kind."""
    (finding,) = (one for one in found(store) if one.kind.word == word)  # type: ignore[arg-type]
    return finding


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


@pytest.mark.parametrize("kind", FindingKind)
def test_every_kind_is_documented(kind: FindingKind) -> None:
    """docs/check.md has one table with all kinds, as `lineage.check_findings` has them."""
    text = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")

    assert f"| `{kind.word}` | {kind.severity.value} | {kind.sentence} |" in text
    assert KIND_BY_WORD[kind.word] is kind


def test_the_table_in_the_documents_has_no_other_kinds() -> None:
    """The vocabulary is closed."""
    text = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    words_ = re.findall(r"^\| `([a-z-]+)` \| (?:error|warning|note) \|", text, re.MULTILINE)

    assert words_ == [kind.word for kind in FindingKind]
    assert len(EVERY_KIND) == len(words_)


def test_the_demonstration_is_told_what_is_true_of_it() -> None:
    """Each finding about the logs of demo/work32 was looked at; four files are not on the disk."""
    settings = load_settings(DEMO / "settings.toml")
    store = MemoryStore()
    import_paths(store, sorted((DEMO / "work32").rglob("*.provenance.log")), settings)
    report = check(store, settings.identity, roots=settings.roots)
    told = [
        (one.kind.word, one.message.partition(": ")[0].removeprefix("/srv/cta/work32/"))
        for one in report.findings
    ]

    assert told == [
        # made by ctapipe-process at 07:09 and used by five; ctapipe-nested lists it as its output
        # half an hour later, with the same product id
        ("overwritten-input", "dl1/gamma_run1.dl1.h5"),
        ("product-kept", "dl1/gamma_run1.dl1.h5"),
        # the demonstration ships neither what the last test tool wrote nor the largest simulations
        ("file-missing", "out2.txt"),
        ("file-missing", "sim/gamma_merged_run4601.simtel.gz"),
        ("file-missing", "sim/gamma_prod6_run1.simtel.zst"),
        ("file-missing", "sim/gamma_prod6_run4.simtel.zst"),
        ("failed", "urn:uuid:0b90dbdd-3c71-4a31-a0b5-54d0bef2ee4d"),  # process, exit code 2
        ("failed", "urn:uuid:56fc040d-8703-4a42-b8ab-c9233a311154"),  # train, exit code 2
        ("failed", "urn:uuid:637eb578-1dc3-4f04-9b29-cadde0fd46c0"),  # process, exit code 2
        ("failed", "urn:uuid:6554ffad-3529-4c7f-b2e8-c0264dcbb04e"),  # merge, exit code 1
        ("failed", "urn:uuid:67cc9a62-0c9c-46a7-9b08-64ae7fc6b24a"),  # process, exit code 1
        ("failed", "urn:uuid:6b4c495c-5baa-4d5d-b0fd-df29b224b46a"),  # process, exit code 2
        ("failed", "urn:uuid:6f1d5c9c-ab24-490e-820d-fcf06f3761ae"),  # slow, interrupted
        ("failed", "urn:uuid:8ead9c87-a017-49cf-bb56-8f3991b93d6e"),  # merge, exit code 1
        ("failed", "urn:uuid:b1ac65f0-a0ce-4451-92ee-76b1820b0520"),  # merge, exit code 1
        ("failed", "urn:uuid:b61ffbbe-5dba-4f68-9258-ab55d0706093"),  # quickstart, exit code 1
        ("failed", "urn:uuid:d41a2471-68df-4522-ae43-994d213d14a4"),  # exit, exit code 42
        # ctapipe-merge --append
        ("changed-in-place", "dl1/appended.dl1.h5"),
        ("origin", "conf/process.yaml"),
        ("origin", "conf/process_v2.yaml"),
        ("origin", "conf/train.yaml"),
        ("origin", "sim/gamma_merged_run4601.simtel.gz"),
        ("origin", "sim/gamma_prod6_run1.simtel.zst"),
        ("origin", "sim/gamma_prod6_run4.simtel.zst"),
        ("origin", "sim/gamma_run1.simtel.gz"),
        ("origin", "sim/gamma_run5.simtel.zst"),
        ("origin", "sim/muon_run14.simtel.zst"),
    ]
    overwritten, kept = report.findings[:2]
    assert overwritten.records[0] == "urn:uuid:36f083a3-6837-44cc-9d6c-ecac35147593"
    assert len(overwritten.records) == 6
    assert "urn:uuid:b754f77c-7c7b-4bbf-9de1-5dc74b8b9575" in kept.records
    assert report.checked["files_on_disk"] == 31


def test_the_models_maker_is_in_the_demonstration() -> None:
    """Without the log of the training the model has no maker: an origin, as no level tells more."""
    settings = load_settings(DEMO / "settings.toml")
    store = MemoryStore()
    logs = sorted((DEMO / "work32").rglob("*.provenance.log"))
    import_paths(store, [log for log in logs if "train" not in log.name], settings)
    report = check(store, settings.identity, kinds=[FindingKind.ORIGIN])

    assert "file:///srv/cta/work32/models/energy.pkl" in {
        record for one in report.findings for record in one.records
    }


@given(st.permutations(sorted((DEMO / "work32").rglob("*.provenance.log"))))
def test_the_order_of_imports_does_not_matter(logs: list[Path]) -> None:
    """The same logs give the same findings."""
    settings = load_settings(DEMO / "settings.toml")
    store, reference = MemoryStore(), MemoryStore()
    import_paths(store, logs, settings)
    import_paths(reference, sorted(logs), settings)

    assert check(store, settings.identity).findings == check(reference, settings.identity).findings
