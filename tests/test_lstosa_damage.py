"""prov.log torn, glued, cut, hostile, or something else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import importers.lstosa_lines
import importers.lstosa_log
import importers.lstosa_session
import importers.lstosa_things
from importers.lstosa import LstosaImporter
from lineage import vocabulary as v
from lineage.interfaces import HEAD_BYTES, Confidence
from lineage.records import Activity
from lineage.vocabulary import LSTOSA
from tests.lstosa_logs import (
    LOGPROV,
    LOGS,
    MERGED_LOGS,
    PREFIX,
    WHOLE,
    end,
    entity,
    events,
    of,
    only,
    read,
    records,
    said,
    scratch,
    start,
    told,
    told_by,
    tolerant,
    used,
)


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

    assert events(statements)[0].path == "/d/x"
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


@pytest.mark.parametrize("size", [600, 701, 900, 4000])
def test_pieces_of_long_lines_do_not_show(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line read in pieces holds the same records, wherever the pieces meet."""
    glued = WHOLE.replace("\n", " ") * 3 + "\n"
    expected = scratch(glued)[0]
    monkeypatch.setattr(importers.lstosa_lines, "LONGEST_LINE", size)
    statements, problems = scratch(glued)

    assert said(statements) == said(expected)
    assert {one.records_lost for one in problems} <= {0}


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
