"""prov.log torn, glued, cut, hostile, or something else."""

from __future__ import annotations

import ast
import io
import random
import re
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
from lineage.canonical import canonical, encode_event
from lineage.identity import IdentitySettings, resolve
from lineage.interfaces import HEAD_BYTES, Confidence
from lineage.records import Activity, Entity, FileEvent, Namespace, Statement
from lineage.vocabulary import LSTOSA
from tests.lstosa_logs import (
    LOGPROV,
    MERGED_LOGS,
    PREFIX,
    PROV_LOG,
    SEED,
    end,
    entity,
    events,
    generated,
    line,
    md5,
    of,
    only,
    read,
    records,
    scratch,
    session,
    start,
    tolerant,
    used,
    written,
)

LOGS = [PROV_LOG, SEED, LOGPROV, *MERGED_LOGS]
KEY = re.compile(r"'(\w{4,})': ")
WHOLE = start() + entity("/d/x") + used("/d/x") + entity("/d/y") + generated("/d/y") + end()


def said(statements: list[Statement]) -> set[str]:
    """The statements as lines."""
    found = set()
    for one in statements:
        assert not isinstance(one, Namespace)
        found.add(encode_event(one) if isinstance(one, FileEvent) else canonical(one))
    return found


def told_by(text: str) -> set[tuple[str, ...]]:
    """What the whole lines of a log say, told without the importer."""
    found: set[tuple[str, ...]] = set()
    paths = {}
    for one in text.splitlines(keepends=True):
        if not one.endswith("}\n"):
            continue
        try:
            record = ast.literal_eval(one[one.index("{") :])
        except (SyntaxError, ValueError):
            continue
        if "session_id" in record:
            found.add(("session", str(record["session_id"]).replace("-", "")))
        if "activity_id" in record:
            found.add(("activity", record["activity_id"]))
        path = record.get("filepath", "")
        if path.startswith("/") and record.get("type") == "File":
            paths[record["entity_id"]] = path
            found.add(("file", path))
        for key in ("used", "generated"):
            if record.get(f"{key}_id") in paths:
                path = paths[record[f"{key}_id"]]
                found.add((record["activity_id"], path, record[f"{key}_role"]))
    return found


def told(statements: list[Statement]) -> set[tuple[str, ...]]:
    """The same of what the importer says."""
    found: set[tuple[str, ...]] = set()
    for one in statements:
        if isinstance(one, Activity):
            found.add(("activity", str(one.values(LSTOSA + "activity_id")[0])))
        elif isinstance(one, Entity):
            if ":session:" in one.identifier:
                found.add(("session", one.identifier.rpartition(":")[2]))
            for path in one.values(v.PROV_LOCATION):
                found.add(("file", str(path)))
        elif isinstance(one, FileEvent):
            found.add(("file", one.path))
            found.add((str(one.activity).rpartition(":")[2], one.path, str(one.role)))
    return found


@pytest.mark.parametrize("source", LOGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_whole_record_before_a_cut_is_lost_and_the_cut_is_named(source: Path) -> None:
    """Cut at fifty places: every whole line has its say, and the line of the cut is told."""
    whole = source.read_bytes()
    before = read(source)[1]
    places = random.Random(source.name)
    for _ in range(50):
        cut = whole[: places.randrange(len(whole))]
        statements, problems = tolerant(cut, source.name)
        text = cut.decode("utf-8", "ignore")
        told_places = [one.place for one in problems if one not in before]

        assert told_by(text) <= told(statements)
        assert set(told_places) == ({str(text.count("\n") + 1)} if cut[-1:] != b"\n" else set())


@pytest.mark.parametrize("position", range(1, len(PREFIX) + 300, 7))
def test_a_torn_line_is_put_together_again(position: int) -> None:
    """Another process's line in the middle of one, without or with a line end, costs nothing."""
    torn, other = WHOLE.splitlines(keepends=True)[1], start("bbbbbb") + end("bbbbbb")
    position = min(position, len(torn) - 2)
    expected = said(scratch(WHOLE + other)[0])
    for gap in ("", "\n"):
        text = WHOLE.replace(torn, torn[:position] + gap + other + torn[position:])
        statements, problems = scratch(text)
        inside = position > len(PREFIX)
        if position < len(PREFIX) - 30 and not gap:
            continue  # cut in the header, its record is lost with it
        if inside:
            assert said(statements) == expected
            assert {one.records_lost for one in problems} <= {0}
        assert {one.values(LSTOSA + "activity_id") for one in of(statements, Activity)} == {
            ("abcdef",),
            ("bbbbbb",),
        }


def test_glued_lines_are_as_many_records() -> None:
    """Two writers may share a line."""
    glued = WHOLE.replace("\n", "") + "\n"

    assert scratch(glued) == scratch(WHOLE)


def test_reading_goes_on_at_the_next_header_of_a_line() -> None:
    """What is torn and never ends costs its own record only."""
    first, second = entity("/d/x").rstrip("\n"), used("/d/x")
    statements, (problem,) = scratch(start() + first + first[:-40] + second + end())

    assert only(statements, FileEvent).path == "/d/x"
    assert (problem.place, problem.records_lost) == ("2", 1)


@pytest.mark.parametrize("inside", ["__PROV__", PREFIX + "{'a': 1}", PREFIX + "{'entity_id': 'x'}"])
def test_the_prefix_inside_a_value_begins_no_record(inside: str) -> None:
    """lstosa's own reader drops such a line."""
    statements, problems = scratch(start(script=inside) + end())

    assert only(statements, Activity).values(LSTOSA + "script") == (inside,)
    assert not problems


def test_messages_of_the_same_logger_are_no_damage() -> None:
    """Warnings of derivations and of files not found stand between the records."""
    text = WHOLE.replace("\n", "\nWARNING provLogger Derivation detected in dl1ab. ID: 'x'}\n")

    assert scratch(text) == scratch(WHOLE)


def test_lines_of_other_making_are_told_once_for_each_run_of_them() -> None:
    """They cost no record; the first and the last are named."""
    text = start() + "what is this?\n" * 5 + end() + "and this\n"
    statements, problems = scratch(text)

    assert [(one.place, one.records_lost) for one in problems] == [("2", 0), ("8", 0)]
    assert "lines 2 to 6" in problems[0].message
    assert only(statements, Activity).values(v.PROV_END)


def test_a_thousand_damaged_places_are_told_one_by_one_and_the_rest_counted() -> None:
    """A report does not grow with the damage."""
    count = PROBLEMS_TOLD + 500
    _, problems = scratch((PREFIX + "{'a': \n") * count + end())

    assert len(problems) == PROBLEMS_TOLD + 1
    assert sum(one.records_lost for one in problems) == count
    assert str(count + 1 - PROBLEMS_TOLD) in problems[-1].message


@pytest.mark.parametrize("size", [600, 701, 900, 4000])
def test_pieces_of_long_lines_do_not_show(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line read in pieces holds the same records, wherever the pieces meet."""
    glued = WHOLE.replace("\n", " ") * 3 + "\n"
    expected = scratch(glued)[0]
    monkeypatch.setattr(importers.lstosa_lines, "LONGEST_LINE", size)
    statements, problems = scratch(glued)

    assert said(statements) == said(expected)
    assert {one.records_lost for one in problems} <= {0}


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
        "".join(entity(f"/d/{number}", contentType="x" * 500) for number in range(2000)),
        start() + "".join(entity(f"/d/{n}") + used(f"/d/{n}", more="y" * 500) for n in range(1000)),
        "".join(line(entity_id=n, member_id=n, more="y" * 500) for n in range(2000)),
    ],
    ids=["sessions", "activities", "entities", "uses", "members"],
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
    assert only(statements, FileEvent).path == "/etc/shadow"


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
    resolve(events(statements), IdentitySettings())

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


@pytest.mark.parametrize("source", LOGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_logs_are_recognised_by_content(source: Path) -> None:
    """Whatever their name is, and where their beginning is torn."""
    head = source.read_bytes()[:HEAD_BYTES]
    torn = head[100:] if source not in MERGED_LOGS else head

    assert LstosaImporter().recognises(Path("x.txt"), head) is Confidence.CERTAIN
    assert LstosaImporter().recognises(Path("x.txt"), torn) is Confidence.CERTAIN


@pytest.mark.parametrize(
    "head",
    [
        b"INFO root: a message\n",
        b"__PROV__ is the prefix of lstosa\n",
        b"activities:\n  - run\n  - sleep\nentities: []\n",
        b"{'name': 'x'}\n",
        b'{"prefix": {"id": "id:"}, "entity": {}}',
    ],
)
def test_other_files_are_left_alone(head: bytes) -> None:
    """Logs, YAML and JSON of other tools."""
    assert LstosaImporter().recognises(Path("x"), head) is Confidence.NO


def test_the_records_of_the_samples_are_all_accounted_for() -> None:
    """No sample has a record of no known kind."""
    for source in LOGS:
        if source != LOGPROV:  # its values are no literals
            assert told_by(source.read_text("utf-8")) <= told(read(source)[0])
            assert records(source)
