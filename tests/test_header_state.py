"""What CTA's reference metadata in a header say of the file, whatever the format."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from importers.header_state import header_state
from lineage import vocabulary as v
from lineage.records import EventKind

UUID = "3D1F53DF-7f93-4f90-b96c-637119e64b6d"


def keys(**meta: Any) -> dict[str, Any]:
    """Observation keys of a header."""
    named = {f"CTA {name.replace('_', ' ')}": value for name, value in meta.items()}
    said = header_state(Path("/a"), named).attributes
    return {name: value for name, value in said if name in v.OBSERVATION_KEYS}


def test_the_product_its_time_and_the_hint_of_an_activity() -> None:
    """Ids in lower case; a header without creation time gives no hint."""
    meta = {"CTA PRODUCT ID": UUID, "CTA ACTIVITY ID": UUID}
    timed = meta | {"CTA PRODUCT CREATION TIME": "2026-11-25 02:53:19.643"}
    bare, whole = header_state(Path("/a"), meta), header_state(Path("/a"), timed)

    assert (bare.kind, bare.product, bare.product_counts) == (EventKind.STATE, UUID.lower(), True)
    assert (bare.activity, bare.stop) == (None, None)
    assert whole.activity == f"urn:uuid:{UUID.lower()}"
    assert whole.stop == whole.product_created == datetime(2026, 11, 25, 2, 53, 19, 643_000, UTC)


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"PROCESS_ID": "2008"}, {v.RUN: 2008}),
        ({"PROCESS_ID": 14}, {v.RUN: 14}),
        ({"PROCESS_ID": "14", "ACTIVITY_NAME": "ctapipe-merge"}, {}),
        ({"PROCESS_ID": "14,5"}, {}),
        ({"PROCESS_ID": "9" * 5000}, {}),
        ({"INSTRUMENT_ID": "LST-1"}, {v.TELESCOPE: "LST-1"}),
        ({"INSTRUMENT_ID": "unspecified"}, {}),
        ({"PRODUCT_DATA_LEVELS": "DL1_IMAGES,DL2"}, {v.DATA_LEVEL: "DL2"}),
        ({"PRODUCT_ID": "no uuid", "ACTIVITY_ID": ["x"]}, {}),
    ],
)
def test_observation_keys(meta: dict[str, Any], expected: dict[str, Any]) -> None:
    """A merge carries the run of its first input: it has none."""
    assert keys(**meta) == expected


def test_a_formats_own_keys_beat_those_of_the_metadata() -> None:
    """OBS_ID and TELESCOP are more particular."""
    meta = {"CTA PROCESS ID": "1", "CTA INSTRUMENT ID": "Array"}
    said = header_state(Path("/a"), meta, ((v.RUN, 2008), (v.TELESCOPE, "LST-1"))).attributes

    assert [pair for pair in said if pair[0] in v.OBSERVATION_KEYS] == [
        (v.RUN, 2008), (v.TELESCOPE, "LST-1"),
    ]  # fmt: skip


def test_what_is_no_plain_value_is_kept_as_text() -> None:
    """Lists, large numbers; nothing for None."""
    said = dict(header_state(Path("/a"), {"CTA A": [1], "CTA B": 2**40, "CTA C": None}).attributes)

    assert said == {v.CTA + "A": "[1]", v.CTA + "B": str(2**40)}
