"""lstosa's .history files: every program that ended, and how."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.records import Activity
from lineage.vocabulary import LSTOSA
from tests.lstosa_logs import (
    HISTORIES,
    events,
    of,
    only,
    read,
    scratch,
    written,
)


def names(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("source", HISTORIES, ids=names)
def test_each_entry_of_a_history_is_an_activity_with_its_exit_code(source: Path) -> None:
    """Run, program, production and the last word, whatever stands between."""
    statements, problems = read(source)
    expected = [
        (int(words[0][:5]), words[1], words[2], int(words[-1]))
        for words in map(str.split, source.read_text("utf-8").splitlines())
    ]
    found = [
        (
            one.values(v.RUN)[0],
            one.values(v.PROV_LABEL)[0],
            one.values(v.PRODUCTION)[0],
            one.values(LSTOSA + "exit_code")[0],
        )
        for one in of(statements, Activity)
    ]

    assert found == expected
    assert len({one.identifier for one in of(statements, Activity)}) == len(expected)
    assert not problems


@pytest.mark.parametrize(
    ("date", "ended"),
    [
        ("2021-12-19 22:11", datetime(2021, 12, 19, 22, 11, tzinfo=UTC)),
        ("Thu Mar 25 12:08:59 UTC 2021", datetime(2021, 3, 25, 12, 8, 59, tzinfo=UTC)),
        ("Thu Mar  5 12:08:59 UTC 2021", datetime(2021, 3, 5, 12, 8, 59, tzinfo=UTC)),
        ("Xxx Yyy 99 99:99:99 UTC 2021", None),
    ],
)
def test_both_spellings_of_a_date_are_read(date: str, ended: datetime | None) -> None:
    """They are UTC; one that is no date costs the time only."""
    statements, problems = scratch(f"04183 prog v1 {date} None None 1\n", "x.history")

    assert only(statements, Activity).values(v.PROV_END) == ((ended,) if ended else ())
    assert not problems


@pytest.mark.parametrize("gap", ["", " ", "\n"])
def test_glued_entries_are_told_apart(gap: str) -> None:
    """Where the line end is missing, the code stands before the digits of the next run."""
    one = "04183.0001 prog v0.7.0 2021-12-19 22:11 None x.json 13"
    statements, problems = scratch(f"{one}{gap}{one.replace(' 13', ' 0')}{gap}{one}", "x.history")

    assert [a.values(LSTOSA + "exit_code") for a in of(statements, Activity)] == [
        (13,),
        (0,),
        (13,),
    ]
    assert {a.values(LSTOSA + "file") for a in of(statements, Activity)} == {("x.json",)}
    assert len({a.identifier for a in of(statements, Activity)}) == 3
    assert not problems


def test_gain_selection_writes_its_entries_otherwise() -> None:
    """The date comes first, in local time."""
    text = "2024-01-02 03:04:05 | 01807.0003 gain_selection 1\n"
    statements, problems = scratch(text, "gain_selection_01807.0003.history")
    activity = only(statements, Activity)

    assert activity.values(LSTOSA + "exit_code") == (1,)
    assert activity.values(v.SUBRUN) == (3,)
    assert activity.values(v.PROV_END) == (datetime(2024, 1, 2, 3, 4, 5),)  # noqa: DTZ001
    assert not problems


def test_what_is_no_entry_is_told_with_its_line() -> None:
    """An entry without exit code, and a line of another kind."""
    text = "04183 prog v1 2021-12-19 22:11 None None\nwhat?\n04183 prog v1 2021-12-19 22:11 1 0\n"
    statements, problems = scratch(text, "x.history")

    assert len(of(statements, Activity)) == 1
    assert [(one.place, one.records_lost) for one in problems] == [("1", 1), ("2", 1)]


def test_a_history_that_is_none_is_refused(tmp_path: Path) -> None:
    """By its name it might be one."""
    with pytest.raises(SourceError, match=r"x\.history:1: holds no record"):
        read(written(tmp_path, "once upon a time\n", "x.history"))


def test_a_running_history_is_empty(tmp_path: Path) -> None:
    """lstosa makes the file when the job is submitted."""
    assert read(written(tmp_path, "", "x.history")) == ([], [])


def test_files_named_in_a_history_are_names() -> None:
    """Whether they were read or written is not told; no event is made of a guess."""
    for source in HISTORIES:
        assert not events(read(source)[0])
