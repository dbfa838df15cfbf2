"""YAML as plain values: what safe_load says, without its dangers, and kept up to the damage."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from importers import yaml_values
from importers.yaml_values import read_yaml

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(value=PLAIN, flow=st.sampled_from([True, False, None]))
def test_what_yaml_dump_writes_is_read_as_safe_load_reads_it(value: Any, flow: bool | None) -> None:
    """Values of JSON's types come back as they were."""
    text = yaml.safe_dump(value, default_flow_style=flow)
    document = read_yaml(text)

    assert not document.problem
    assert document.value == yaml.safe_load(text) == value


def test_tags_construct_nothing(tmp_path: Path) -> None:
    """What a tag would call is not called; what stands behind it is kept as it stands."""
    canary = tmp_path / "canary"
    document = read_yaml(
        f"a: !!python/object/apply:os.mkdir ['{canary}']\n"
        "b: !!python/name:os.system ''\n"
        "c: !numpy.scalar {dtype: f8}\nd: !!int abc\ne: !!binary aGVsbG8=\n"
    )

    assert document.value == {
        "a": [str(canary)], "b": "", "c": {"dtype": "f8"}, "d": "abc", "e": "aGVsbG8=",
    }  # fmt: skip
    assert not document.problem
    assert document.python == {"python/object/apply:os.mkdir": 1, "python/name:os.system": 2}
    assert not canary.exists()


def test_times_and_sexagesimal_numbers_stay_text() -> None:
    """YAML 1.1 would make a date of one and 45045 of the other."""
    text = "day: 2020-01-17\nra: 12:30:45\nversion: 1.10\nlist: !!omap [{a: 1}, {b: 2}]\n"

    assert yaml.safe_load("day: 2020-01-17") == {"day": date(2020, 1, 17)}
    assert read_yaml(text).value == {
        "day": "2020-01-17", "ra": "12:30:45", "version": 1.1, "list": {"a": 1, "b": 2},
    }  # fmt: skip


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (BOMB, "stands for more than 200,000 values"),
        ("a: &a '" + "x" * 100_000 + "'\nb: [" + "*a," * 1000 + "]", "more than 200,000 values"),
        ("".join(f"k{number}: 1\n" for number in range(110_000)), "more than 200,000 values"),
        ("a: " + "{a: " * 1000, "nested more than 40 deep"),
        ("- " * 100_000, "nested more than 40 deep"),
        ("a: " + "[" * 100_000, "flow level"),
        ("a: &a [*a]", "*a stands for nothing before it"),
        ("a: *b", "*b stands for nothing before it"),
        ("a: 'x", "end of stream"),
        ('a: "\\ud800"', "invalid Unicode"),
        ("a: \x01", "no text holds the sign"),
        ("a: b: c", "not allowed in this context"),
    ],
)
def test_what_cannot_be_read_ends_with_a_reason(text: str, what: str) -> None:
    """Bombs, loops, depth and damage end at once."""
    assert what in read_yaml(text).problem


def test_what_is_whole_before_the_damage_is_kept() -> None:
    """With the line in which reading ended."""
    document = read_yaml("a: 1\nb:\n  c: [2, 3]\n  d: 'x\n")

    assert document.value == {"a": 1, "b": {"c": [2, 3]}}
    assert document.line == 5


def test_repeated_keys_are_told() -> None:
    """The last counts, as for safe_load."""
    document = read_yaml("a: 1\nb: 2\na: 3\n")

    assert document.value == {"a": 3, "b": 2}
    assert document.repeated == [(3, "a")]


def test_keys_are_texts() -> None:
    """As they are written; what is no text at all is called so."""
    assert read_yaml("1: a\nno: b\nnull: c\n[x]: d\n").value == {
        "1": "a", "no": "b", "null": "c", "a key that is no text (list)": "d",
    }  # fmt: skip


def test_numbers_of_any_length_are_harmless() -> None:
    """Those that are longer than any number are texts."""
    digits = "9" * 10_000

    assert read_yaml(f"a: {digits}\nb: {digits[:40]}").value == {"a": digits, "b": int(digits[:40])}


def test_only_the_first_document_counts() -> None:
    """What follows is another one."""
    assert read_yaml("---\na: 1\n---\nb: 1\n").value == {"a": 1}
    assert read_yaml("").value is None


@given(text=st.text(max_size=200) | st.text("abc:-[]{}&*!|>'\"#% \n\t,?", max_size=200))
def test_any_text_is_read_or_told(text: str) -> None:
    """Nothing but a document comes out."""
    document = read_yaml(text)

    assert isinstance(document, yaml_values.Document)
