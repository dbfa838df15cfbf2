"""Python literals as data: what `ast.literal_eval` reads, and what it does not."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.lstosa_literals import DEEPEST, BadLiteral, LiteralReader

LITERALS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["it's", 'say "it\'s"', "a\\b", "__PROV__", "{'a': 1}", "\n", "'", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(max_size=4), LITERALS, max_size=4), max_size=3))
@settings(max_examples=300, deadline=None)
def test_literals_are_read_as_python_reads_them(values: list[Any]) -> None:
    """The same value, ending at the same place, by one reader that remembers the one before."""
    reader = LiteralReader()
    for value in values:
        text = repr(value)

        assert reader.record(text + " and more") == (ast.literal_eval(text), len(text))


def test_a_large_value_that_is_repeated_is_one_object() -> None:
    """Packages are written in every session record; they are read once."""
    reader = LiteralReader()
    text = repr({"system": {"packages": [{"name": str(n)} for n in range(50)]}, "n": 1})
    first, second = reader.record(text)[0], reader.record(text.replace("'n': 1", "'n': 2"))[0]

    assert first["system"] is second["system"]
    assert (first["n"], second["n"]) == (1, 2)


def test_a_value_that_only_begins_like_the_one_before_is_another() -> None:
    """What is remembered is compared to its closing bracket."""
    reader = LiteralReader()
    long = ["x" * 50] * 5
    reader.record(repr({"a": long}))

    assert reader.record(repr({"a": [*long, "y"]}))[0] == {"a": [*long, "y"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<Quantity 1 TeV>", "<Quantity 1 TeV>"),
        ("<A b=<B 1>, c>", "<A b=<B 1>, c>"),
        ("array([1, 2])", "array([1, 2])"),
        ("datetime.datetime(2021, 1, 1, 0, 0)", "datetime.datetime(2021, 1, 1, 0, 0)"),
        ("PosixPath('/d/it\\'s')", "/d/it's"),
        ("01807", "01807"),
        ("inf", math.inf),
        ("b'x\\xff'", "b'x\\xff'"),
        (r"'a\>\x41\u00e9\101\N{DASH}'", r"a\>AéA\N{DASH}"),
        ("1" * 5000, "1" * 5000),
        ("__import__('os').system('true')", "__import__('os').system('true')"),
        ("9**9**9", "9**9**9"),
    ],
)
def test_what_is_no_literal_is_kept_as_text(text: str, value: Any) -> None:
    """Nothing is called or computed; the values around it are read."""
    record, end = LiteralReader().record(f"{{'a': {text}, 'b': [{text}]}}")

    assert record == {"a": value, "b": [value]}
    assert end == len(text) * 2 + 16


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{'a': 'b",
        "{'a': [1, 2",
        "{'a' 'b'}",
        "{'a': }",
        "{[1]: 2}",
        "{'a': 1, 'b'}",
        "{'a': '\\xZZ'}",
        "[" * (DEEPEST + 1),
        "{'a': " * 5000,
        "(" * 100_000,
    ],
)
def test_what_has_no_end_or_no_sense_is_refused(text: str) -> None:
    """Cut, malformed or nested too deeply."""
    with pytest.raises(BadLiteral):
        LiteralReader().record(text)


def test_halves_of_surrogate_pairs_become_question_marks() -> None:
    """No store can hold them."""
    assert LiteralReader().record(r"{'a': 'x\udce9'}")[0] == {"a": "x?"}


def test_a_dict_of_numbers_that_all_collide_is_refused() -> None:
    """Python's dicts crawl over keys of one hash, of which a line holds many thousand."""
    prime = 2**61 - 1
    text = "{" + ", ".join(f"{number * prime}: 1" for number in range(30_000)) + "}"

    with pytest.raises(BadLiteral, match="too many keys"):
        LiteralReader().record(text)


@given(st.text(st.sampled_from("{}[]()'\"\\,: 1a<>b.\n"), max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else is raised, and nothing ends behind the text."""
    try:
        _, end = LiteralReader().record(text)
    except BadLiteral as error:
        end = error.at or 1

    assert 0 < end <= max(len(text), 1)
