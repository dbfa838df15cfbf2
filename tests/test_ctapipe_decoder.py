"""Activities whose parts are written as in the activity before, beside what json makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import importers.ctapipe_stream
from importers.ctapipe_decoder import SHARED_PARTS, ActivityDecoder
from importers.ctapipe_stream import ActivityScanner
from lineage.records import Activity
from lineage.vocabulary import CTAPIPE
from tests.ctapipe_logs import UUID, read, record, written

PIECES = [*'{}[],:"\\ \n', '"python": ', '"system": ', "1", "1.0", "NaN", "1e400", '{"a": "}"}']
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text('ab"\\{}é\ud800', max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=6,
)
SYSTEMS = VALUES | st.dictionaries(st.sampled_from([*SHARED_PARTS, "executable"]), VALUES)
RECORDS = st.dictionaries(st.sampled_from(["system", "config", "a\\b", "python"]), SYSTEMS)
TEXTS = st.builds(
    lambda value, indent, ascii_only: json.dumps(value, indent=indent, ensure_ascii=ascii_only),
    RECORDS,
    st.sampled_from([None, 3]),
    st.booleans(),
)
DAMAGED = st.builds(
    lambda text, at, dropped, piece: text[:at] + piece + text[at + dropped :],
    TEXTS,
    st.integers(0, 60),
    st.integers(0, 9),
    st.sampled_from(["", *PIECES]),
)


def outcome(decoder: ActivityDecoder | json.JSONDecoder, text: str) -> str:
    """What a decoder makes of a text: ``repr`` tells 1 from 1.0 and sees the order of keys."""
    try:
        return repr(decoder.raw_decode(text, 2))
    except json.JSONDecodeError as error:
        return f"{error.msg} at {error.pos}"


@given(st.lists(TEXTS | DAMAGED, max_size=3))
@example(['{"system": {"python": {"a": 1}}}', '{"system": {"python": {"a": 1}, "python": 2}}'])
@example(['{"system": {"python": {"a": 1}}}', '{"system": {"python": {"a": 1}'])
@example(['{"system": {"python": {}}}', '{"system": {"python": {}, "b": {"python": {}}}}'])
@example(['{"system": {"python": 1}}', '{"system": {"python": 12}}'])
@example(['{"system": {"py\\u0074hon": {}}, "s\ntem": {}}'])
@example(['{"system": }', '{"system": {"python": {"a": 1}, }}'])
@settings(max_examples=200, deadline=None)
def test_an_activity_is_what_json_says_whatever_was_read_before(texts: list[str]) -> None:
    """Value, kind of number, order of keys, end; message and place where it is damaged."""
    decoder = ActivityDecoder()
    tried = ["[ " + text + end for text in [*texts, *texts] for end in ("", "]")]

    assert [outcome(decoder, text) for text in tried] == [
        outcome(json.JSONDecoder(), text) for text in tried
    ]


def test_a_part_that_is_written_as_before_is_the_same_object() -> None:
    """It is decoded once; written in another way, it is equal."""
    decoder = ActivityDecoder()
    packages = {"packages": [{"name": "numpy", "version": "2.5.5"}]}
    text = json.dumps(record(system={"python": packages}), indent=3)
    first, _ = decoder.raw_decode(text, 0)
    second, _ = decoder.raw_decode(text.replace("0.32.0", "0.33.0"), 0)
    other, _ = decoder.raw_decode(json.dumps(record(system={"python": packages})), 0)

    assert second["system"]["python"] is first["system"]["python"]
    assert other["system"]["python"] is not first["system"]["python"]
    assert other == first


@pytest.mark.parametrize(
    ("first", "second"), [("2", "2.0"), ("true", "1"), ("0.0", "-0.0"), ('{"a":1}', '{ "a":1}')]
)
def test_what_python_takes_for_equal_is_told_as_it_is_written(
    tmp_path: Path, first: str, second: str
) -> None:
    """The activity before does not show in what is kept of the system record."""
    texts = [
        json.dumps(record(activity_uuid=UUID[:-1] + str(at), system={"platform": {"n_cpus": "@"}}))
        for at in range(2)
    ]
    log = "".join(
        f"[{text}]".replace('"@"', value)
        for text, value in zip(texts, (first, second), strict=True)
    )
    statements, _ = read(written(tmp_path, text=log))
    kept = [one.values(CTAPIPE + "system")[0] for one in statements if isinstance(one, Activity)]

    assert kept == [
        f'{{"platform":{{"n_cpus":{value.replace(" ", "")}}}}}' for value in (first, second)
    ]


def test_activities_are_rarely_begun_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scanner reads on before the text runs out in the midst of one."""
    monkeypatch.setattr(importers.ctapipe_stream, "_CHUNK_BYTES", 1_000)
    begun = 0

    class Counting(ActivityDecoder):
        def raw_decode(self, text: str, at: int) -> tuple[Any, int]:
            nonlocal begun
            begun += 1
            return super().raw_decode(text, at)

    log = written(tmp_path, *[record(activity_name=f"tool{at}") for at in range(200)])
    with log.open("rb") as file:
        found = list(ActivityScanner(file, pytest.fail, None, Counting()))

    assert len(found) == 200
    assert begun <= 202
