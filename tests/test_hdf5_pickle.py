"""Pickles are read and never loaded."""

from __future__ import annotations

import collections
import math
import pickle
from pathlib import Path, PurePosixPath
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.hdf5_pickle import PickleRefused, decode
from tests.hostile_tree import Harm

KEYS = st.text(max_size=5) | st.integers(-5, 5)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


def as_json(value: Any) -> Any:
    """What JSON makes of a value."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, (list, tuple)) else value


@given(PLAIN, st.integers(0, pickle.HIGHEST_PROTOCOL))
@settings(max_examples=200)
def test_plain_values_come_back(value: Any, protocol: int) -> None:
    """Of every protocol, what unpickling gives; tuples are lists, keys are texts."""
    found = decode(pickle.dumps(value, protocol=protocol))

    assert found.value == as_json(value)
    assert found.whole


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (numpy.float64(2.5), 2.5),
        (numpy.int32(-7), -7),
        (numpy.uint64(2**63), 2**63),
        (numpy.float32(0.5), 0.5),
        (numpy.bool_(True), True),
        (PurePosixPath("/a/b"), "/a/b"),
        (collections.OrderedDict(a=1), {"a": 1}),
        (b"bytes\xff", "bytes\ufffd"),
        ({1}, [1]),
        (frozenset({1}), [1]),
        (numpy.float64, "numpy.float64"),
    ],
    ids=str,
)
def test_values_that_need_no_import_are_understood(
    value: Any, expected: Any, protocol: int
) -> None:
    """NumPy's numbers, paths, ordered dicts; a class stays its name."""
    assert decode(pickle.dumps({"x": [value, value]}, protocol=protocol)).value == {
        "x": [expected, expected]
    }


def test_an_enumeration_is_its_name() -> None:
    """As ctapipe says of a column."""
    assert decode(b"cctapipe.containers\nEventType\np0\n.").value == "ctapipe.containers.EventType"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_would_call_is_refused_and_named(protocol: int, tmp_path: Path) -> None:
    """No file appears, wherever the call stands."""
    canary = tmp_path / "canary"
    for value in (Harm(canary), {"a": [1, Harm(canary)]}, [Harm(canary)] * 2):
        with pytest.raises(PickleRefused, match=r"would call io\.open"):
            decode(pickle.dumps(value, protocol=protocol))

    assert not canary.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'id'\ntR.",
        b"(S'id'\nios\nsystem\n.",
        b"(cos\nsystem\nS'id'\no.",
        b"\x80\x02cbuiltins\nobject\n)\x81}b.",
        b"Pfile\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
        b"cbuiltins\ngetattr\n(cos\nenviron\nS'get'\ntR.",
        b"\x82\x01.",
        b"\x80\x05\x97.",
        b"cnumpy\ndtype\n(S'f8'\ntR(I3\nS'<'\ntbcnumpy.core.multiarray\nscalar\n(h\x00S'x'\ntR.",
        b"(lp0\ng5\na.",
        b"a.", b"s.", b"t.", b"0.", b"1.", b"2.", b"R.", b"b.", b"\x93.", b"\x87.", b"p0\n.", b".",
        b"", b"plain text",
    ],
)  # fmt: skip
def test_programs_and_nonsense_are_refused(data: bytes) -> None:
    """Every opcode that runs code, and every underflow of the stack."""
    with pytest.raises(PickleRefused):
        decode(data)


def laughs(levels: int, text: bytes = b"I1\na") -> bytes:
    """A list of ten references to a list of ten references ..."""
    data = b"(lp0\n" + text * 3
    for level in range(1, levels):
        data += b"(lp%d\n" % level + b"g%d\na" % (level - 1) * 10
    return data + b"."


@pytest.mark.parametrize(
    "data",
    [
        laughs(40),
        laughs(7, b"V" + b"x" * 10_000 + b"\na"),
        b"(lp0\ng0\na.",
        b"]" * 100 + b"a" * 99 + b".",
        b"I1\n0" * 600_000 + b"N.",
        b"\x8b" + (200_000).to_bytes(4, "little") + b"\x01" * 200_000 + b".",
    ],
    ids=["values", "characters", "itself", "depth", "instructions", "integer"],
)
def test_bombs_are_refused(data: bytes) -> None:
    """Shared, endless, deep, long and large values."""
    with pytest.raises(PickleRefused):
        decode(data)


def test_what_is_cut_off_keeps_its_beginning() -> None:
    """The outermost list or dict, as far as it goes."""
    names = [f"name{number}" for number in range(100)]
    for protocol in (0, 2, 4):
        data = pickle.dumps(names, protocol=protocol)
        for length in range(len(data) // 2, len(data), 7):
            found = decode(data[:length])
            assert not found.whole
            assert found.value == names[: len(found.value)]
            assert protocol == 4 or len(found.value) > 30


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A pickle with one byte changed."""
    data = bytearray(pickle.dumps(draw(PLAIN), protocol=draw(st.integers(0, 5))))
    data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


@given(st.binary(max_size=120) | damaged())
@settings(max_examples=500)
def test_any_bytes_are_plain_or_refused(data: bytes) -> None:
    """Nothing else ever happens."""
    try:
        value = decode(data).value
    except PickleRefused as error:
        value = str(error)

    assert _is_plain(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float))


def test_nan_and_infinity_are_numbers() -> None:
    """As the tailcuts of a configuration have them."""
    found = decode(pickle.dumps([math.inf, math.nan], protocol=0)).value

    assert found[0] == math.inf
    assert math.isnan(found[1])
