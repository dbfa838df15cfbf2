"""What a path tells of the observation."""

from __future__ import annotations

from typing import Any

import pytest

from lineage import vocabulary as v
from lineage.identity import resolve
from lineage.observations import highest_level, key_sources, keys_of_path, night_of, observed
from tests.file_events import SETTINGS, use

LST = "/fefs/aswg/data/real"


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        (
            f"{LST}/DL1/20200117/v0.10.10/dl1_LST-1.Run01807.0002.h5",
            {"data_level": "DL1", "night": "2020-01-17", "production": "v0.10.10", "run": 1807}
            | {"subrun": 2, "telescope": "LST-1"},
        ),
        (
            f"{LST}/R0/20191123/LST-1.1.Run01618.0008.fits.fz",
            {"data_level": "R0", "night": "2019-11-23", "run": 1618, "subrun": 8}
            | {"telescope": "LST-1"},
        ),
        ("/x/dl2_LST-1.Run01807.h5", {"data_level": "DL2", "run": 1807, "telescope": "LST-1"}),
        ("/srv/cta/dl1/gamma_run5.dl1.h5", {"data_level": "DL1", "run": 5}),
        ("/srv/cta/sim/gamma_run1.simtel.gz", {"run": 1}),
        ("/data/DL1/merged.dl2.h5", {"data_level": "DL2"}),
        ("/x/drs4_pedestal.Run02005.0000.h5", {"run": 2005, "subrun": 0}),
        ("/x/Run99999999999.h5", {}),
        ("/x/20201399/prune12.h5", {}),
        ("/x/trunk_run.h5", {}),
        ("", {}),
    ],
)
def test_paths_tell_keys(path: str, keys: dict[str, Any]) -> None:
    """Names of LST-1 and of ctapipe, and names that only look alike."""
    assert dict(keys_of_path(path)) == {v.LINEAGE + name: value for name, value in keys.items()}


def test_content_beats_names() -> None:
    """What an importer read is neither replaced nor repeated, and it is said which is which."""
    read = {v.RUN: 8, v.PROV_LABEL: "x"}
    keys = observed(read, "/x/LST-1.Run00007.0001.h5")

    assert keys == {v.RUN: 8, v.SUBRUN: 1, v.TELESCOPE: "LST-1"}
    assert key_sources(keys, read) == ["run: content", "subrun: name", "telescope: name"]


def test_of_two_data_levels_the_higher_counts() -> None:
    """A header may have been copied from the file before."""
    assert observed({v.DATA_LEVEL: "DL1"}, "/x/a.dl2.h5")[v.DATA_LEVEL] == "DL2"
    assert observed({v.DATA_LEVEL: "DL2"}, "/DL1/a.h5")[v.DATA_LEVEL] == "DL2"


def test_versions_carry_the_keys_of_their_paths() -> None:
    """Identity adds them to every version of a file."""
    resolved = resolve([use("/d/DL1/LST-1.Run00007.0001.h5", "a", 1, 2)], SETTINGS)
    (version,) = resolved.versions.values()

    assert {(v.RUN, 7), (v.SUBRUN, 1), (v.DATA_LEVEL, "DL1")} <= set(version.attributes)


@pytest.mark.parametrize(
    ("text", "level"), [("R1,DL0,DL1_IMAGES", "DL1"), ("['DL2']", "DL2"), ("none", None)]
)
def test_the_highest_level_counts(text: str, level: str | None) -> None:
    """As ctapipe's headers of all versions write it."""
    assert highest_level(text) == level


@pytest.mark.parametrize(("text", "night"), [("20200229", "2020-02-29"), ("20210229", None)])
def test_nights_are_dates(text: str, night: str | None) -> None:
    """Eight digits that no calendar has are no night."""
    assert night_of(text) == night
