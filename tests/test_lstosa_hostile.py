"""prov.log that means harm, or means nothing: no code runs, and memory stays small."""

from __future__ import annotations

import io
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import importers.lstosa_lines
import importers.lstosa_log
import importers.lstosa_session
import importers.lstosa_things
from importers.lstosa import LstosaImporter
from importers.lstosa_lines import PROBLEMS_TOLD
from importers.lstosa_literals import BadLiteral, LiteralReader
from lineage import vocabulary as v
from lineage.identity import IdentitySettings, resolve
from lineage.records import Activity
from tests.lstosa_logs import (
    KEY,
    LOGPROV,
    LOGS,
    MERGED_LOGS,
    PREFIX,
    SEED,
    WHOLE,
    end,
    entity,
    events,
    every_event,
    line,
    md5,
    of,
    only,
    read,
    said,
    scratch,
    session,
    start,
    told,
    told_by,
    tolerant,
    used,
    written,
)


def test_a_thousand_damaged_places_are_told_one_by_one_and_the_rest_counted() -> None:
    """A report does not grow with the damage."""
    count = PROBLEMS_TOLD + 500
    _, problems = scratch((PREFIX + "{'a': \n") * count + end())

    assert len(problems) == PROBLEMS_TOLD + 1
    assert sum(one.records_lost for one in problems) == count
    assert str(count + 1 - PROBLEMS_TOLD) in problems[-1].message


def test_a_line_of_a_hundred_megabytes_is_not_held(tmp_path: Path) -> None:
    """It is told, costs one record, and those around it are read."""
    source = tmp_path / "prov.log"
    with source.open("w") as file:
        file.write(start() + PREFIX + "{'a': '")
        for _ in range(100):
            file.write("x" * 1_000_000)
        file.write("'}" + PREFIX + repr({"activity_id": "bbbbbb", "name": "n"}) + "\n" + end())
    tracemalloc.start()
    statements, problems = read(source)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(of(statements, Activity)) == 2
    assert {one.place for one in problems} == {"2"}
    assert sum(one.records_lost for one in problems) == 1
    assert peak_bytes < 30_000_000


@pytest.mark.parametrize(
    "text",
    [
        "".join(session(system={"x": "y" * 1000, "n": n}) for n in range(1000)),
        "".join(start(f"{number:06x}") for number in range(2000)),
        "".join(end(f"{number:06x}") for number in range(2000)),
        "".join(start(f"{n:06x}", x="y" * 500) + end(f"{n:06x}") for n in range(2000)),
        "".join(entity(f"/d/{number}", contentType="x" * 500) for number in range(2000)),
        start() + "".join(entity(f"/d/{n}") + used(f"/d/{n}", more="y" * 500) for n in range(1000)),
        "".join(line(entity_id=n, member_id=n, more="y" * 500) for n in range(2000)),
    ],
    ids=["sessions", "activities", "orphans", "parameters", "entities", "uses", "members"],
)
def test_what_is_held_back_is_bounded_and_not_lost(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records whose end never comes do not pile up; each has its say at last."""
    monkeypatch.setattr(importers.lstosa_log, "_MOST_RUNS", 50)
    monkeypatch.setattr(importers.lstosa_log, "_MOST_HELD", 20_000)
    monkeypatch.setattr(importers.lstosa_log, "_MOST_DECLARED", 50)
    monkeypatch.setattr(importers.lstosa_things, "_MOST", 50)
    monkeypatch.setattr(importers.lstosa_session, "_MOST", 5)
    source = written(tmp_path, text)
    heard: set[tuple[str, ...]] = set()
    tracemalloc.start()
    for one in LstosaImporter().records(source, lambda _: None):
        heard |= told([one])
    peak_bytes = tracemalloc.get_traced_memory()[1] - sum(map(sys.getsizeof, heard)) * 5
    tracemalloc.stop()

    assert told_by(text) <= heard
    assert peak_bytes < 1_500_000


@pytest.mark.parametrize("piece", [PREFIX + "{'a': \"" + PREFIX + "{'b': '", PREFIX + "{'a': x"])
def test_no_line_is_read_over_and_over(piece: str) -> None:
    """Each header of a damaged line is tried, but the line not once for each."""
    some, more = (_steps(piece * count) for count in (500, 2000))

    assert more < 8 * some


def _steps(text: str) -> int:
    """Characters that literals are looked for in, while a text is read."""
    looked = 0

    class Counting(LiteralReader):
        def record(self, text: str, at: int = 0) -> tuple[Any, int]:
            nonlocal looked
            try:
                value, end = super().record(text, at)
            except BadLiteral as error:
                looked += error.at - at
                raise
            looked += end - at
            return value, end

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importers.lstosa_lines, "LiteralReader", Counting)
        tolerant(text)
    return looked


def test_nothing_runs_and_nothing_but_the_source_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expressions are text, and paths are names."""
    canary = tmp_path / "canary"
    text = start() + PREFIX + f"{{'activity_id': __import__('os').system('touch {canary}')}}\n"
    text += PREFIX + f"{{'activity_id': open({str(canary)!r}, 'w')}}\n"
    text += entity("/srv/../../etc/shadow") + used("/srv/../../etc/shadow") + end()
    source = written(tmp_path, text)
    opened: list[Any] = []
    really_open = io.open

    def watched(file: Any, *arguments: Any, **named: Any) -> Any:
        opened.append(file)
        return really_open(file, *arguments, **named)

    monkeypatch.setattr(io, "open", watched)
    statements, _ = read(source)

    assert not canary.exists()
    assert opened == [source]
    assert events(statements)[0].path == "/etc/shadow"


def test_markup_and_control_characters_stay_text() -> None:
    """Whoever shows them must take care; here they are values like any other."""
    name = "<script>alert(1)</script>\0\x1b[31m"
    statements, problems = scratch(start(name=name) + end())

    assert only(statements, Activity).values(v.PROV_LABEL) == (name,)
    assert not problems


def test_of_a_repeated_key_the_last_counts() -> None:
    """As in Python."""
    record = "{'activity_id': 'a', 'name': 'x', 'name': 'y'}"

    assert only(scratch(f"{PREFIX}{record}\n")[0], Activity).values(v.PROV_LABEL) == ("y",)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from([md5("/d/x"), "/d/x", "abcdef", "2021-01-01T00:00:00", "SetCollection"])
    | st.sampled_from(["9999-12-31T23:59:59-23:00", "File", "\udcff", b"x", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=2)
    ),
    max_leaves=5,
)


KEYS = st.sampled_from(
    sorted({key for source in LOGS[:3] for key in KEY.findall(source.read_text("utf-8"))})
)


@given(st.lists(st.dictionaries(KEYS | st.text(max_size=2), VALUES, max_size=6), max_size=5))
@settings(max_examples=150, deadline=None)
def test_wrong_types_never_stop_an_import(hostile: list[dict[str, Any]]) -> None:
    """Whatever the values are, what comes out can be resolved and written as UTF-8."""
    statements, problems = tolerant("".join(f"{PREFIX}{one!r}\n" for one in hostile) + WHOLE)
    resolve(every_event(statements), IdentitySettings())

    assert "/d/y" in {one.path for one in events(statements)}
    assert all(text.encode() for text in said(statements))
    assert all(one.place and one.message for one in problems)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_samples_never_stop_an_import(data: st.DataObject) -> None:
    """Bytes put in, taken out or doubled somewhere in a real log."""
    content = bytearray(data.draw(st.sampled_from([SEED, LOGPROV, MERGED_LOGS[0]])).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.binary(max_size=8) | st.sampled_from([b"\n", PREFIX.encode(), b"'"]))
        content[at : at + data.draw(st.integers(0, 30))] = piece
    statements, problems = tolerant(bytes(content))

    assert all(text.encode() for text in said(statements))
    assert all(one.message for one in problems)


@given(st.binary(max_size=200) | st.text(st.sampled_from("{}'_PROV: \n1")).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_anything_else_is_refused_by_name(data: bytes) -> None:
    """Bytes that are no log end in the error meant for that, with a place."""
    statements, problems = tolerant(data)

    assert statements == []
    assert all(one.message for one in problems)
    assert bool(problems) or not data.strip()
