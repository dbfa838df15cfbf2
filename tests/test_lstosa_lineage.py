"""What lstosa's samples mean together: which file came from which, subrun by subrun."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lineage import queries
from lineage import vocabulary as v
from lineage.identity import IdentitySettings, resolve
from lineage.records import Relation
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.lstosa_logs import DATA, LOGPROV, PROV_LOG, RUN, every_event, read


def imported(*paths: Path) -> MemoryStore:
    store = MemoryStore()
    import_paths(store, list(paths), Settings())
    return store


def ancestors(store: MemoryStore, reference: str) -> list[str]:
    start = queries.resolve(store, reference)
    found = queries.ancestors(store, start.key, depth=50, limit=1000)
    return sorted(one.name for one in found.elements)


@pytest.mark.parametrize("subrun", ["0000", "0001", "0002"])
@pytest.mark.parametrize("paths", [(PROV_LOG,), (RUN,), (DATA,)], ids=["log", "run", "all"])
def test_a_subrun_comes_from_its_own_files_and_from_no_other_subrun(
    subrun: str, paths: tuple[Path, ...]
) -> None:
    """Three interleaved writers, and merged documents beside them, mix nothing up."""
    found = ancestors(imported(*paths), f"dl2_LST-1.Run01807.{subrun}.h5")

    assert found == sorted([
        f"dl2_LST-1.Run01807.{subrun}.h5", "dl1_to_dl2",
        "cls_gh.sav", "reg_disp_norm.sav", "reg_disp_sign.sav", "reg_energy.sav",
        f"dl1_LST-1.Run01807.{subrun}.h5", "dl1ab", "lstchain_standard_config.json",
        f"dl1_LST-1.Run01807.{subrun}.h5", "r0_to_dl1", "dl1ab parameters",
        f"LST-1.1.Run01807.{subrun}.fits.fz", "DrivePosition_20200117.txt",
        "calibration_filters_52.Run01805.0000.h5", "drs4_pedestal.Run01804.0000.h5",
        "time_calibration.Run01625.0000.h5", "ffactor_systematics_20200725.h5",
        "RunSummary_20200117.ecsv",
        "lstanalyzer", "lstchain 0.12.3", "lstosa 0.11.10",
    ])  # fmt: skip


def test_dl1ab_uses_the_version_before_its_own() -> None:
    """One path, two versions: no file comes from itself."""
    result = resolve(every_event(read(PROV_LOG)[0]), IdentitySettings())
    path = "/srv/cta/worklst/data/DL1/20200117/v0.1.0/tailcut84/dl1_LST-1.Run01807.0001.h5"
    versions = [one for one in result.versions if one.startswith(f"file://{path}#")]
    relations = [
        (one.kind.keyword, one.subject, one.object)
        for one in result.bindings.values()
        if {one.subject, one.object} & set(versions)
    ]
    made = {subject: maker for kind, subject, maker in relations if kind == "wasGeneratedBy"}

    assert len(versions) == 2
    assert all(made[used] != user for kind, user, used in relations if kind == "used")


def test_calibration_reaches_the_run_only_over_the_same_path() -> None:
    """The pedestal that was made lies elsewhere than the one that was used: no guess joins them."""
    found = ancestors(imported(PROV_LOG), "dl2_LST-1.Run01807.0001.h5")

    assert "calibrate_charge" not in found
    assert "drs4_pedestal" not in found


def test_the_cycle_of_a_merged_document_is_walked_through() -> None:
    """DL2 of the run comes from the DL1 that dl1ab used and generated, and from the raw files."""
    found = ancestors(imported(RUN / "calibration_to_dl2_01807_prov.json"), "DL2Collection")

    assert {"DL1Collection", "dl1ab", "r0_to_dl1", "R0Collection", "reg_energy.sav"} <= set(found)
    assert found.count("DL1Collection") == 1


def test_a_merged_log_and_its_document_are_one_graph() -> None:
    """Imported together they add nothing but what only one of them says."""
    both = imported(*RUN.glob("calibration_to_dl2_01807_prov.*"))
    log = imported(RUN / "calibration_to_dl2_01807_prov.log")
    document = imported(RUN / "calibration_to_dl2_01807_prov.json")
    relations = [store.stats().relations for store in (both, log, document)]

    assert both.stats().activities == log.stats().activities == 6
    assert relations[0]["wasGeneratedBy"] == relations[1]["wasGeneratedBy"] == 12
    assert relations[0]["used"] == relations[1]["used"] + 1 == relations[2]["used"] + 1


def test_logprov_s_map_comes_from_the_index_that_it_is_derived_from() -> None:
    """Through the objects in memory, and by its derivation."""
    found = ancestors(imported(LOGPROV), "/srv/cta/logprov/map.fits")

    assert {"write_map", "choose", "Observations", "obs-index.fits", "kay"} <= set(found)


def test_the_order_of_events_does_not_show() -> None:
    """Fifty orders of all events of the samples give one resolution."""
    said = [one for path in sorted(RUN.glob("*prov*")) if "golden" not in path.name
            for one in every_event(read(path)[0])]  # fmt: skip
    expected = _text(resolve(said, IdentitySettings()).bindings)
    shuffled = random.Random(1)
    for _ in range(50):
        shuffled.shuffle(said)

        assert _text(resolve(said, IdentitySettings()).bindings) == expected


def _text(bindings: dict[str, Relation]) -> str:
    return repr(sorted(bindings.items()))


def test_failures_are_found_by_their_exit_code() -> None:
    """The histories are the only trace of them."""
    store = imported(DATA / "history_files")
    found = store.find("exit_code=1", limit=10)

    assert [one.name for one in found.elements] == [
        "lstchain_create_calibration_file",
        "lstchain_create_calibration_file",
        "lstchain_data_create_drs4_pedestal_file",
    ]
    assert all(one.values(v.RUN) for one in found.elements)
