"""OpenLineage events in lines that are too long, or as long as only some are."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path

import pytest

from importers import openlineage_lines
from importers.openlineage_lines import begins_with_long_line
from lineage.records import Activity
from tests.importing import Reading, read
from tests.test_openlineage import event

SHORT = "11111111-2222-4333-8444-555555555555"
LONG = "22222222-2222-4333-8444-555555555555"


def lines(path: Path, *, before: int, long: int) -> Reading:
    """What a file says of which one line is so long, some lines standing before it."""
    short = json.dumps(event(run={"runId": SHORT}))
    filled = json.dumps(event(run={"runId": LONG, "facets": {"a": {"b": "x" * long}}}))
    path.write_text("\n".join([*[short] * before, filled, short, ""]))
    return read("openlineage", path)


@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_line_without_end_costs_itself_alone(
    before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stands; its number is told."""
    monkeypatch.setattr(openlineage_lines, "LONGEST_LINE_BYTES", 200_000)
    found = lines(tmp_path / "a.jsonl", before=before, long=1_000_000)
    runs = {one.identifier for one in found.records if isinstance(one, Activity)}

    assert runs == {f"urn:uuid:{SHORT}"}
    assert [(one.place, one.message) for one in found.problems] == [
        (str(before + 1), "the line is longer than 200,000 bytes. It is left out.")
    ]


def test_it_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only as much of it as a line may have."""
    monkeypatch.setattr(openlineage_lines, "LONGEST_LINE_BYTES", 200_000)
    path = tmp_path / "a.jsonl"
    lines(path, before=0, long=30_000_000)
    tracemalloc.start()
    read("openlineage", path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 15_000_000


def test_a_first_line_longer_than_a_head_is_read(tmp_path: Path) -> None:
    """And so are those behind it."""
    found = lines(tmp_path / "a.jsonl", before=0, long=100_000)
    runs = {one.identifier for one in found.records if isinstance(one, Activity)}

    assert runs == {f"urn:uuid:{SHORT}", f"urn:uuid:{LONG}"}
    assert found.problems == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}\n{", True),
        ("{} \r\n\n  {", True),
        ("\ufeff{}\n{", True),
        ("{", False),
        ("{}", False),
        ("{}\n", False),
        ("[{}\n{", False),
        ('{"a": [{},\n{', False),
        ('{"a":\n{', False),
        ("", False),
    ],
)
@pytest.mark.parametrize("chunk", [4, 5, 1_000])
def test_lines_are_told_from_one_event_of_several_lines(
    text: str, expected: bool, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the brackets at the first end of a line, in whatever pieces it is read."""
    monkeypatch.setattr(openlineage_lines, "_CHUNK_BYTES", chunk)

    assert begins_with_long_line(io.BytesIO(text.encode())) is expected
