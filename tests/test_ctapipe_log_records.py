"""ctapipe's text logs that hold the provenance record of their run."""

from __future__ import annotations

import json

import pytest

from lineage import vocabulary as v
from lineage.identity import resolve
from lineage.records import FileEvent
from lineage.runs import same_as
from tests.ctapipe_text_logs import (
    TOOL,
    LogText,
    records,
    runs,
    said,
)
from tests.file_events import SETTINGS


def with_record(*activities: dict[str, object], style: str = "0.10", name: str = TOOL) -> LogText:
    """A run of 0.11, whose log holds a provenance record."""
    log = LogText(style).old_begin().used("in").used("/d/more").generated("/d/out")
    log.tool("run", f"Finished: {name}")
    log.provenance("finish_activity", f"finished activity: {name}")
    log.tool("write_provenance", "Output: /d/out")
    text = json.dumps(activities, indent=3)
    return log.tool("write_provenance", f"PROVENANCE: '{text}'", "DEBUG")


def activity(number: int, **changes: object) -> dict[str, object]:
    """A record that agrees with `with_record`, an hour behind its clock."""
    return {
        "activity_name": TOOL,
        "activity_uuid": f"00000000-0000-4000-8000-{number:012}",
        "start": {"time_utc": "2026-03-01T06:00:01.400"},
        "stop": {"time_utc": "2026-03-01T06:00:08.490"},
        "system": {"ctapipe_version": "0.11.0"},
        "input": [{"url": "/d/in", "role": "DL0"}],
        "output": [{"url": "/d/out", "role": None}],
        **changes,
    }


@pytest.mark.parametrize("style", ["0.10", "0.7", "0.5.2", "console"])
def test_a_record_within_the_log_is_its_run(style: str) -> None:
    """What the record names is not said again; what only the log tells is said of the activity."""
    statements, problems = with_record(activity(1), style=style).said()
    (run,), (record,) = runs(statements), records(statements)
    result = resolve([one for one in statements if isinstance(one, FileEvent)], SETTINGS)
    joined = dict(result.runs[record.path].attributes)

    assert record.path == "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert (same_as(run), run.product) == (record.path, record.path)
    assert {(one.subject, one.object) for one in result.bindings.values()} == {
        (record.path, "file:///d/in"),
        (record.path, "file:///d/more"),
        ("file:///d/out#00000000-0000-4000-8000-000000000001", record.path),
    }
    assert list(result.runs) == [record.path]
    assert joined[v.JOINED_BY] == "record"
    assert joined.get(v.UTC_OFFSET_MIN) == (None if run.start is None else 60)
    assert not problems


def test_an_empty_record_leaves_the_run_to_the_log() -> None:
    """Wrong options were not recorded until 0.21.1."""
    (run,) = runs(with_record().said()[0])

    assert same_as(run) is None


def test_a_record_of_another_run_is_not_this_one() -> None:
    """The same tool ran in the process before; its times tell that it was another run."""
    other = activity(2, stop={"time_utc": "2026-03-01T05:05:00.000"})
    statements, _ = with_record(other).said()
    (run,), (record,) = runs(statements), records(statements)

    assert record.path == "urn:uuid:00000000-0000-4000-8000-000000000002"
    assert same_as(run) is None


def test_of_several_activities_the_run_is_the_last_that_fits() -> None:
    """A process writes all that it has done so far, again and again."""
    inner = activity(3, activity_name="inner")
    once = with_record(inner, activity(1)).text
    statements, _ = said(once + once.replace("2026-03-01 07", "2026-03-01 08"))
    first, second = runs(statements)

    assert [one.path[-1] for one in records(statements)] == ["3", "1"]
    assert (same_as(first) or "")[-1:] == "1"
    # the same activity again is no other run's
    assert same_as(second) is None


def test_damage_within_a_record_is_named_by_its_place_in_the_log() -> None:
    """Line and byte are those of the log, and good activities after it are read."""
    text = "é\n" + with_record(activity(1), activity(2)).text
    broken = text.replace('"activity_name"', '"activity_name', 1)
    start = broken.index("PROVENANCE: '") + len("PROVENANCE: '")
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(broken[start:])
    line = broken[:start].count("\n") + caught.value.lineno
    byte = len(broken[: start + caught.value.pos].encode())
    statements, (problem,) = said(broken)

    assert problem.place == str(line)
    assert f"at byte {byte}." in problem.message
    assert [one.path[-1] for one in records(statements)] == ["2"]
