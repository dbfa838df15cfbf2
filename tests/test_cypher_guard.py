"""The guard in front of users' Cypher: what it passes, what it refuses and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage import cypher_words as words
from lineage.cypher_guard import check
from lineage.cypher_tokens import MAX_CHARACTERS, tokens
from lineage.errors import QueryRefused

DATA = Path(__file__).parent / "data" / "cypher"
ROOT = Path(__file__).parent.parent


def allowed_queries() -> list[str]:
    """The queries of the corpus that pass."""
    lines = (DATA / "allowed.txt").read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line and not line.startswith("#")]


def refused_queries() -> list[tuple[str, str]]:
    """The reason and the query of every refused one in the corpus."""
    found: list[tuple[str, str]] = []
    reason = ""
    for line in (DATA / "refused.txt").read_text(encoding="utf-8").split("\n"):
        if line.startswith("= "):
            reason = line[2:]
        elif line and not line.startswith("#"):
            found.append((reason, line))
    return found


def documented_queries() -> Iterator[str]:
    """Every Cypher example in the documentation."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        yield from re.findall(r"```cypher\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


ALLOWED = allowed_queries()
REFUSED = refused_queries()
PLAIN_REFUSED = [query for _, query in REFUSED if not set(query) & set("'\"`/\\")]
FORBIDDEN = (
    "CREATE (x)",
    "MERGE (x {a: 1})",
    "SET x.y = 1",
    "DELETE x",
    "DETACH DELETE x",
    "REMOVE x.y",
    "FOREACH (y IN [1] | CREATE (z))",
    "CALL dbms.listConfig()",
    "CALL apoc.load.json('http://127.0.0.1/')",
    "LOAD CSV FROM 'http://127.0.0.1/' AS y",
    "USE system",
    "SHOW USERS",
    "DROP INDEX y",
    "TERMINATE TRANSACTIONS 'y'",
    "apoc.load.json('http://127.0.0.1/')",
    "; CREATE (x)",
)
SPACES = {
    "block comments": "/**/",
    "line comments": " // x\n",
    "new lines": "\n",
    "tabs": "\t",
    "long comments": " /* MATCH (n) RETURN n */ ",
}


def reason_of(query: str) -> str:
    """Why a query is refused; empty when it passes."""
    try:
        check(query)
    except QueryRefused as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("query", ALLOWED)
def test_ordinary_query_passes(query: str) -> None:
    """A query that only reads passes, whatever it calls its labels, properties and variables."""
    assert reason_of(query) == ""


@pytest.mark.parametrize(("reason", "query"), REFUSED)
def test_hostile_query_is_refused_for_its_reason(reason: str, query: str) -> None:
    """Every hostile query is refused, and the message says the reason and the place."""
    message = reason_of(query)

    assert reason in message
    assert re.match(r"query \d+:\d+: ", message)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_blanks_do_not_hide_a_clause(space: str) -> None:
    """Comments, tabs and line ends between the words change nothing."""
    passed = [query for query in PLAIN_REFUSED if not reason_of(query.replace(" ", space))]

    assert len(PLAIN_REFUSED) > 200
    assert passed == []


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase, str.title])
def test_case_does_not_hide_a_clause(change: object) -> None:
    """Keywords are recognised in any case."""
    assert callable(change)
    passed = [query for query in PLAIN_REFUSED if not reason_of(change(query))]

    assert passed == []


def test_lookalike_letters_are_refused() -> None:
    """Full-width letters, and no-break or zero-width blanks, are no Cypher here."""
    wide = [
        "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in query)
        for query in PLAIN_REFUSED
        if re.search("[A-Za-z]", query)
    ]
    blanks = [
        f"MATCH (n){chr(code)}RETURN n" for code in (0xA0, 0x200B, 0x2028, 0x85, 0x3000, 0xFEFF, 0)
    ]

    assert [query for query in wide + blanks if not reason_of(query)] == []


def test_escaped_letters_are_refused() -> None:
    r"""A keyword whose first letter is written as \uXXXX is refused."""
    escaped = [f"\\u{ord(query[0]):04x}{query[1:]}" for query in PLAIN_REFUSED]

    assert [query for query in escaped if not reason_of(query)] == []


def test_lone_carriage_return_is_refused() -> None:
    """Engines disagree whether it ends a comment, so it is refused; with a line feed it is fine."""
    assert reason_of("MATCH (n) // x\rCREATE (m)\nRETURN n")
    assert not reason_of("MATCH (n)\r\nRETURN n")


def test_message_tells_line_and_column() -> None:
    """The place is where the forbidden word begins."""
    assert reason_of("MATCH (n)\n  SET n.x = 1").startswith("query 2:3: SET changes data")


@pytest.mark.parametrize("query", list(documented_queries()))
def test_documented_query_passes(query: str) -> None:
    """Every Cypher example in the documentation is allowed."""
    assert reason_of(query) == ""


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("RETURN '" + "x" * MAX_CHARACTERS + "'", "characters at most"),
        ("RETURN " + "(" * 2000 + "1" + ")" * 2000, "nested"),
        ("RETURN " + "[" * 2000 + "]" * 2000, "nested"),
        ("RETURN " + "{a:" * 900 + "1" + "}" * 900, "nested"),
        ("RETURN " + "CASE WHEN 1 THEN " * 400 + "1" + " END" * 400, "nested"),
        ("RETURN " + "COUNT { RETURN " * 300 + "1" + "}" * 300, "nested"),
        ("CALL { " * 300 + "RETURN 1 AS x" + "} RETURN 1 AS x" * 300, "nested"),
        ("MATCH (n:" + "(" * 2000 + "A" + ")" * 2000 + ") RETURN n", "nested"),
        ("MATCH " + "(" * 2000 + "a" + ")" * 2000 + " RETURN a", "nested"),
        ("RETURN " + "NOT " * 1000 + "true", "signs"),
        ("RETURN " + "- " * 1000 + "1", "signs"),
        ("MATCH (n:" + "!" * 1000 + "A) RETURN n", "signs"),
        ("RETURN 1" + " + 1" * 1000, "operators"),
        ("RETURN x" + "[0]" * 1000, "operators"),
        ("MATCH (n:A" + "|A" * 1000 + ") RETURN n", "operators"),
        ("RETURN 1 AS x" + " UNION RETURN 1 AS x" * 100, "clauses"),
        ("MATCH (a)" + "--()" * 1000 + " RETURN a", "relationship patterns"),
        ("RETURN " + ", ".join(["[x IN y | x]"] * 30), "comprehensions"),
    ],
    ids=range(18),
)
def test_bounds_hold(query: str, reason: str) -> None:
    """Queries that are too long, too deep or too wide for an engine's parser are refused."""
    assert reason in reason_of(query)


def test_unbalanced_brackets_are_read_in_linear_time() -> None:
    """Ten thousand opening parentheses end in a refusal and no deep recursion."""
    assert reason_of("RETURN " + "(" * 9000)
    assert reason_of("MATCH " + "(" * 9000)


def test_allowed_functions_hold_no_dotted_namespace_but_times() -> None:
    """Only functions of times have a dot in their names; no plug-in's function is allowed."""
    dotted = {name.partition(".")[0] for name in words.FUNCTIONS if "." in name}

    assert dotted == {"date", "time", "datetime", "localtime", "localdatetime", "duration"}


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_forbidden_clause_anywhere_is_refused(data: st.DataObject) -> None:
    """Wherever a forbidden clause is put between the tokens of a query, it is refused."""
    pieces = [token.text for token in tokens(data.draw(st.sampled_from(ALLOWED)))]
    place = data.draw(st.integers(0, len(pieces)))
    forbidden = data.draw(st.sampled_from(FORBIDDEN))
    space = data.draw(st.sampled_from([" ", *SPACES.values()]))
    # blanks around it: a division sign and a comment would make another comment
    query = f" {space} ".join([*pieces[:place], forbidden, *pieces[place:]])

    assert reason_of(query)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *"()[]{}.,:|&!=<>+-*/%^$'`\"; \n",
                "..",
                "//",
                "/*",
                "*/",
                "\\u0027",
                "MATCH",
                "RETURN",
                "WHERE",
                "WITH",
                "n",
                "x",
                "AS",
                "IN",
                "CASE",
                "WHEN",
                "END",
                "CALL",
                "EXISTS",
                "COUNT",
                "size",
                "range",
                "1",
                "9" * 50,
                "CREATE",
                "UNION",
                "é",
            ]
        ),
        max_size=60,
    ),
    st.booleans(),
)
def test_token_soup_is_passed_or_refused(pieces: list[str], spaced: bool) -> None:
    """Any sequence of tokens is passed or refused, and what passes begins with a reading clause."""
    query = (" " if spaced else "").join(pieces)
    reason = reason_of(query)

    assert reason.startswith("query ") or tokens(query)[0].word in {
        "MATCH",
        "OPTIONAL",
        "UNWIND",
        "WITH",
        "RETURN",
        "CALL",
    }


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))))
def test_any_text_is_passed_or_refused(text: str) -> None:
    """No text makes the guard raise anything but its refusal, alone or inside of a query."""
    reasons = reason_of(text), reason_of(f"MATCH (n) RETURN n {text}")

    assert reasons[0].startswith("query ")
    assert reasons[1] == "" or reasons[1].startswith("query ")


def test_corpus_is_as_large_as_it_should_be() -> None:
    """At least 150 allowed and, with the spellings that are tried of each, 500 refused queries."""
    assert len(ALLOWED) >= 150
    assert len(REFUSED) + len(PLAIN_REFUSED) * len(SPACES) >= 500
