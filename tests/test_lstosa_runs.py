"""Files of a whole run: from which subruns they come, whoever tells of it, in whatever order."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from lineage import export, queries
from lineage import vocabulary as v
from lineage.check import check
from lineage.check_findings import FindingKind
from lineage.identifiers import path_of
from lineage.identity import IdentitySettings
from lineage.records import Activity, Entity, Relation
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import LSTOSA, RelationKind
from tests.lstosa_logs import (
    DATA,
    MERGED_DOCUMENTS,
    MERGED_LOGS,
    PROV_LOG,
    RUN,
    end,
    entity,
    generated,
    line,
    start,
    used,
    written,
)

DL2 = "dl2_LST-1.Run01807.h5"
DL2_PATH = f"/srv/cta/worklst/data/DL2/20200117/v0.1.0/model2/{DL2}"
OF_THE_RUN = {
    DL2: "dl1_to_dl2",
    "datacheck_dl1_LST-1.Run01807.h5": "dl1_datacheck",
    "datacheck_dl1_LST-1.Run01807.pdf": "dl1_datacheck",
}
R0 = {f"LST-1.1.Run01807.{subrun:04}.fits.fz" for subrun in range(3)}
CALIBRATION = {
    "drs4_pedestal.Run01804.0000.h5",
    "calibration_filters_52.Run01805.0000.h5",
    "time_calibration.Run01625.0000.h5",
    "ffactor_systematics_20200725.h5",
}
SOURCES = sorted(one for one in DATA.rglob("*") if one.suffix in (".log", ".json", ".history"))
SOURCES += sorted(DATA.glob("definition*.yaml"))
SETTINGS = IdentitySettings()


def imported(*batches: list[Path]) -> MemoryStore:
    store = MemoryStore()
    for batch in batches:
        import_paths(store, batch, Settings())
    return store


@cache
def everything() -> MemoryStore:
    return imported(SOURCES)


def ancestors(store: MemoryStore, reference: str) -> Counter[str]:
    start = queries.resolve(store, reference)
    found = queries.ancestors(store, start.key, depth=50, limit=1000)

    assert not found.truncated
    return Counter(one.name for one in found.elements)


def relations(store: MemoryStore, kind: RelationKind) -> list[Relation]:
    return [one for one in store.records() if isinstance(one, Relation) and one.kind is kind]


def versions(store: MemoryStore) -> Counter[str]:
    """Path -> how many versions of it the store has."""
    files = (one.identifier for one in store.records() if isinstance(one, Entity))
    return Counter(path for one in files if (path := path_of(one)) is not None)


@pytest.mark.parametrize("name", OF_THE_RUN)
@pytest.mark.parametrize("paths", [[PROV_LOG], [RUN], SOURCES], ids=["log", "run", "all"])
def test_a_file_of_the_run_comes_from_the_raw_files_of_all_subruns(
    name: str, paths: list[Path]
) -> None:
    """And from the calibrations that they were reduced with; each file is there once."""
    found = ancestors(imported(paths), name)

    assert found.keys() >= R0 | CALIBRATION
    assert all(found[one] == 1 for one in R0 | CALIBRATION | {name})


def test_one_version_was_generated_by_the_activities_of_all_subruns() -> None:
    """It is called after session and activity; a merged record adds one activity, and no file."""
    for store, more in ((imported([PROV_LOG]), 0), (everything(), 1)):
        for name, activity in OF_THE_RUN.items():
            version = queries.resolve(store, name)
            makers = [
                one.object
                for one in relations(store, RelationKind.GENERATION)
                if one.subject == version.identifier
            ]

            assert version.identifier.endswith(f"{name}#2020011701807/{activity}")
            assert len(makers) == 3 + more


def test_merged_records_add_no_version_of_any_file() -> None:
    """All that they name is there already, as prov.log has it; two raw files they name alone."""
    alone = versions(imported([PROV_LOG]))

    assert versions(imported([RUN])) == alone
    assert alone[DL2_PATH] == 1
    assert max(alone.values()) == 2
    assert sorted(path.rpartition("/")[2] for path, count in alone.items() if count == 2) == [
        f"dl1_LST-1.Run01807.{subrun:04}.h5" for subrun in range(3)
    ]


def test_a_merged_record_is_one_activity_in_every_document_of_it() -> None:
    """Its digits are new in each; session, start and name are not. It comes from its parts."""
    store = everything()
    found = {one.identifier: one for one in store.records() if isinstance(one, Activity)}
    wholes = [one for one in found.values() if one.values(LSTOSA + "run_wise")]
    parts: dict[str, list[tuple[object, ...]]] = {one.identifier: [] for one in wholes}
    for one in relations(store, RelationKind.INFLUENCE):
        part = found[str(one.object)]

        assert one.values(v.AGGREGATES) == (True,)
        assert part.values(v.PROV_LABEL) == found[str(one.subject)].values(v.PROV_LABEL)
        parts[str(one.subject)].append(part.values(v.SUBRUN))

    subruns: list[tuple[object, ...]] = [(0,), (1,), (2,)]
    found_parts = {one.values(v.PROV_LABEL)[0]: sorted(parts[one.identifier]) for one in wholes}

    assert found_parts == {
        "drs4_pedestal": [()],
        "calibrate_charge": [()],
        "r0_to_dl1": subruns,
        "dl1ab": subruns,
        "dl1_datacheck": subruns,
        "dl1_to_dl2": subruns,
    }


def test_neither_order_nor_repetition_of_imports_shows() -> None:
    """Twenty orders of all samples, in parts, give one digest."""
    expected, rng = queries.digest(everything()), random.Random(7)
    for _ in range(20):
        order = [*SOURCES, *rng.sample(SOURCES, 4)]
        rng.shuffle(order)
        cuts = sorted(rng.sample(range(1, len(order)), 3))
        batches = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]

        assert queries.digest(imported(*batches)) == expected


def test_a_check_finds_the_cycle_of_the_merged_documents_and_no_ambiguity() -> None:
    """The set of DL1 files that dl1ab used and generated; no two writers at one instant."""
    report = check(everything(), SETTINGS)
    cycles = [one for one in report.findings if one.kind is FindingKind.CYCLE]

    assert report.counts().keys() <= {
        FindingKind.SOURCE_DAMAGED, FindingKind.UNFINISHED, FindingKind.CYCLE,
        FindingKind.FAILED, FindingKind.IN_PLACE, FindingKind.ORIGIN,
    }  # fmt: skip
    assert len(cycles) == 1
    assert [one.rpartition(":")[2] for one in cycles[0].records] == [
        "776a07e7567fca333e6957d81c9a8cf1", "dl1ab",
    ]  # fmt: skip
    assert len(cycles[0].sources) == 6
    assert not check(imported([PROV_LOG]), SETTINGS).counts().get(FindingKind.CYCLE)


def test_walks_through_the_cycle_end_and_give_every_element_once() -> None:
    """Both ways from every element of the merged documents, and the ways agree."""
    store = imported(MERGED_DOCUMENTS)
    keys = [one.identifier for one in store.records() if isinstance(one, Entity | Activity)]
    above = {one: set(walk(store, one, queries.ancestors)) for one in keys}
    below = {one: set(walk(store, one, queries.descendants)) for one in keys}
    (in_cycle,) = {
        frozenset(one for one in keys if key in above[one] and one in above[key]) for key in keys
        if any(key in above[other] and other in above[key] for other in keys if other != key)
    }  # fmt: skip

    assert {one.rpartition(":")[2] for one in in_cycle} == {
        "776a07e7567fca333e6957d81c9a8cf1", "dl1ab",
    }  # fmt: skip
    assert all((a in above[b]) == (b in below[a]) for a in keys for b in keys)
    (dl2,) = (one for one in keys if one.endswith(f"{DL2}#2020011701807/dl1_to_dl2"))
    names = Counter(one.name for one in store.read(above[dl2]))

    assert names["DL1Collection"] == names["R0Collection"] == 1
    assert names.keys() >= CALIBRATION


def walk(store: MemoryStore, key: str, queried: object) -> list[str]:
    found = queried(store, key, depth=100, limit=1000)  # type: ignore[operator]
    names = [one.key for one in found.elements]

    assert len(set(names)) == len(names) == found.found
    return names


@pytest.mark.parametrize("format_", export.FORMATS)
def test_the_cycle_and_the_links_come_back_from_an_export(format_: str, tmp_path: Path) -> None:
    """Nothing of them is hidden or walked in circles there."""
    store = imported([PROV_LOG, *MERGED_DOCUMENTS, *MERGED_LOGS])
    source = tmp_path / f"run{export.FORMATS[format_].suffix}"
    with source.open("wb") as stream:
        export.write(format_, store.records(), store.namespaces(), stream)
    again = imported([source])

    assert queries.digest(again) == queries.digest(store)
    assert check(again, SETTINGS).counts()[FindingKind.CYCLE] == 1


def process(digits: str, subrun: int, begun: str, session: int | str, run: str = "01807") -> str:
    """What lstosa writes of one process, whose session is a number, or a night and a run."""
    tag = {"session_tag": f"dl1_to_dl2:{run}"}
    system = {"arguments": ["datasequence.py", f"{run}.{subrun:04}", "LST1"]}
    of_run = {"startTime": begun, "observation_date": "20210101", "observation_run": run}
    raw, out = f"/d/dl1.{run}.{subrun:04}", f"/d/dl2_LST-1.Run{run}.h5"
    text = line(session_id=session, system=system, **of_run, **tag)
    text += start(digits, in_session=session, startTime=begun, name="dl1_to_dl2", **tag)
    text += entity(raw) + used(raw, digits, **tag)
    text += entity(out) + generated(out, digits, generated_role="DL2 merged file", **tag)
    return text + end(digits, begun[:-1] + "9", **tag)


def test_where_each_process_had_a_session_night_and_run_join_them(tmp_path: Path) -> None:
    """Until 2022 the ids of sessions were numbers of processes; another run has its own files."""
    text = process("aaaaaa", 0, "2021-01-01T00:00:01", 8739478486569)
    text += process("aaaaaa", 1, "2021-01-01T00:00:02", 8773094569769)
    text += process("bbbbbb", 0, "2021-01-01T00:00:03", 8773094569770, "01808")
    store = imported([written(tmp_path, text)])

    assert ancestors(store, "dl2_LST-1.Run01807.h5").keys() >= {"dl1.01807.0000", "dl1.01807.0001"}
    assert "dl1.01807.0000" not in ancestors(store, "dl2_LST-1.Run01808.h5")
    assert queries.resolve(store, "dl2_LST-1.Run01807.h5").identifier.endswith(
        "#2021010101807/dl1_to_dl2"
    )


def test_activities_of_the_same_digits_stay_apart(tmp_path: Path) -> None:
    """Six digits collide in other sessions and at other times: each keeps its own files."""
    text = process("aaaaaa", 0, "2021-01-01T00:00:01", "2021010101807")
    text += process("aaaaaa", 1, "2021-01-01T00:00:02", "2021010101807")
    text += process("aaaaaa", 0, "2021-01-01T00:00:03", "2021010101808", "01808")
    store = imported([written(tmp_path, text)])
    makers = {one.object: one.subject for one in relations(store, RelationKind.GENERATION)}

    assert store.stats().activities == len(makers) == 3
    assert len(set(makers.values())) == 2
    assert {one.object for one in relations(store, RelationKind.USAGE)} == {
        "file:///d/dl1.01807.0000", "file:///d/dl1.01807.0001", "file:///d/dl1.01808.0000",
    }  # fmt: skip


def test_a_run_that_is_processed_again_is_another_version(tmp_path: Path) -> None:
    """The session is the same since 2022; the earlier version is overwritten, its users keep it."""
    text = "".join(
        process(f"a{day}000{subrun}", subrun, f"2021-01-0{day}T00:00:0{subrun}", "2021010101807")
        for day in (1, 3)
        for subrun in (0, 1)
    )
    out, tag = "/d/dl2_LST-1.Run01807.h5", {"session_tag": "look:01807"}
    text += start("cccccc", startTime="2021-01-02T00:00:01", name="look", **tag)
    text += entity(out) + used(out, "cccccc", **tag)
    text += end("cccccc", "2021-01-02T00:00:02", **tag)
    store = imported([written(tmp_path, text)])
    first = "file:///d/dl2_LST-1.Run01807.h5#2021010101807/dl1_to_dl2"
    (user,) = [one for one in relations(store, RelationKind.USAGE) if "#" in str(one.object)]
    (earlier,) = store.read([first])

    assert queries.resolve(store, "dl2_LST-1.Run01807.h5").identifier == f"{first}/2"
    assert user.object == first
    assert earlier.values(v.OVERWRITTEN) == (True,)


def calibrated(before: str, *more: str) -> str:
    """The sample as if its calibrations were made where they were looked for, and when.

    Args:
        before: Hour and minute of the calibration.
        more: The same, of later ones.
    """
    lines = PROV_LOG.read_text("utf-8").splitlines(keepends=True)
    of_calibration = "".join(line for line in lines if ":01804-01805'" in line)
    of_calibration = of_calibration.replace("/20200117/v0.12.3/", "/")
    made = (of_calibration.replace("T07:31:", f"T{at}:") for at in (before, *more))
    digits = (("f6c5cb", "a06a19"), ("aaaaaa", "bbbbbb"))
    texts = [
        text.replace("f6c5cb", first).replace("a06a19", second)
        for text, (first, second) in zip(made, digits, strict=False)
    ]
    return "".join((*texts, *(line for line in lines if ":01804-01805'" not in line)))


def test_the_calibration_of_a_dl2_file_reaches_its_own_raw_files(tmp_path: Path) -> None:
    """Levels connect through paths: pedestal, coefficients, and the runs that they were made of."""
    found = ancestors(imported([written(tmp_path, calibrated("07:29"))]), DL2)

    assert found.keys() >= R0 | CALIBRATION | {"drs4_pedestal", "calibrate_charge"}
    assert found.keys() >= {"LST-1.1.Run01804.fits.fz", "LST-1.1.Run01805.fits.fz"}
    assert all(found[one] == 1 for one in CALIBRATION)


def test_a_calibration_that_is_made_again_is_another_version(tmp_path: Path) -> None:
    """In the same session, for it has the same runs; DL1 was made with the one before it."""
    store = imported([written(tmp_path, calibrated("07:28", "07:40"))])
    pedestal = "drs4_pedestal.Run01804.0000.h5"
    above = queries.ancestors(store, queries.resolve(store, DL2).key, depth=50, limit=1000)
    (found,) = [one for one in above.elements if one.name == pedestal]

    assert found.identifier.endswith(f"{pedestal}#0180401805/drs4_pedestal")
    assert found.values(v.OVERWRITTEN) == (True,)
    assert queries.resolve(store, pedestal).identifier == f"{found.identifier}/2"
