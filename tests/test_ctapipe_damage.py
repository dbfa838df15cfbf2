"""ctapipe provenance logs that are cut, broken, hostile, or something else."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import importers.ctapipe_activity
import importers.ctapipe_stream
from importers.ctapipe import CtapipeImporter
from lineage.canonical import canonical, encode_event
from lineage.errors import SourceError
from lineage.identity import IdentitySettings, resolve
from lineage.interfaces import HEAD_BYTES, Confidence
from lineage.records import (
    Activity,
    FileEvent,
    Namespace,
    Statement,
)
from tests.ctapipe_logs import (
    LOGS,
    TRUNCATED,
    UUID,
    ScratchLog,
    only,
    read,
    record,
    written,
)


def test_a_cut_log_keeps_what_is_whole_and_says_where_it_stopped() -> None:
    """A log that ends in the middle of an activity loses that one."""
    statements, problems = read(TRUNCATED)
    (problem,) = problems

    assert [one.identifier[9:17] for one in statements if isinstance(one, Activity)] == ["b6b484ef"]
    assert problem.place == str(TRUNCATED.read_text().count("\n") + 1)
    assert f"byte {TRUNCATED.stat().st_size}" in problem.message
    assert problem.records_lost == 1


@pytest.mark.parametrize("size", [30, 100, 3000, 20_000])
def test_chunks_do_not_show(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log read in small pieces says the same, at the same lines."""
    expected = read(TRUNCATED)
    monkeypatch.setattr(importers.ctapipe_stream, "_CHUNK_BYTES", size)

    assert read(TRUNCATED) == expected


@given(st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_damage_costs_only_the_activity_that_it_hits(rng: random.Random) -> None:
    """A cut anywhere in one activity leaves the others, and is reported by its line."""
    records = [
        record(activity_uuid=UUID[:-1] + str(n), input=[{"url": f"/d/{n}", "role": "r{["}])
        for n in range(4)
    ]
    texts = [json.dumps(one, indent=3) for one in records]
    hit = rng.randrange(4)
    whole = texts[hit]
    texts[hit] = whole[: rng.randrange(40, len(whole) - 1)]
    text = "".join(f"[\n{one}\n]" for one in texts)
    with_damage = ScratchLog(text)
    statements, problems = with_damage.read()
    kept = {one.identifier[-1] for one in statements if isinstance(one, Activity)}

    assert kept == {str(n) for n in range(4)} - {str(hit)}
    assert [problem.records_lost for problem in problems] == [1]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["/d/x", "a/b", "https://h/x", "/cwd/https:/h/x", "C:\\x", UUID, "\udcff"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
TIMES = JSON | st.fixed_dictionaries({"time_utc": JSON | st.just("9999-12-31T23:59:59-05:00")})
FILES = JSON | st.lists(
    JSON
    | st.fixed_dictionaries(
        {"url": JSON, "role": JSON},
        optional={
            "reference_meta": JSON
            | st.dictionaries(
                st.sampled_from(
                    ["CTA PRODUCT ID", "CTA ACTIVITY ID", "CTA PRODUCT CREATION TIME", "X"]
                ),
                JSON,
            )
        },
    ),
    max_size=3,
)


@given(
    st.fixed_dictionaries(
        {"activity_uuid": st.just(UUID)},
        optional={
            "activity_name": JSON,
            "start": TIMES,
            "stop": TIMES,
            "status": JSON,
            "exit_code": JSON,
            "duration_min": JSON,
            "config": JSON,
            "samples": JSON,
            "unheard": JSON,
            "input": FILES,
            "output": FILES,
            "system": JSON
            | st.fixed_dictionaries(
                {"arguments": JSON, "platform": JSON, "environment": JSON, "python": JSON}
            ),
        },
    )
)
@settings(max_examples=150, deadline=None)
def test_wrong_types_never_stop_an_import(hostile: dict[str, Any]) -> None:
    """Whatever its values are, an activity with a uuid arrives, and can be written as UTF-8."""
    statements, _ = ScratchLog(json.dumps([hostile])).read()
    events = [one for one in statements if isinstance(one, FileEvent)]
    resolve(events, IdentitySettings())

    assert only(statements, Activity).identifier == f"urn:uuid:{UUID}"
    for one in statements:
        assert not isinstance(one, Namespace)
        line = encode_event(one) if isinstance(one, FileEvent) else canonical(one)
        assert line.encode("utf-8")


@given(st.binary(max_size=200) | st.text(st.sampled_from('[]{},:"a1\\ \n')).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_anything_else_is_refused_by_name(data: bytes) -> None:
    """Bytes that are no log end in the error meant for that, or in nothing but problems."""
    message = "x.provenance.log"
    statements: list[Statement] = []
    try:
        statements, _ = ScratchLog(data).read()
    except SourceError as error:
        message = str(error)

    assert "x.provenance.log" in message
    assert statements == []


@pytest.mark.parametrize(
    "inner", ["[" * 200_000, '{"a":' * 200_000, "1" * 5000], ids=["lists", "objects", "digits"]
)
def test_hostile_json_costs_its_activity(tmp_path: Path, inner: str) -> None:
    """Nesting and numbers beyond all bounds are reported, and the next activity is read."""
    good = json.dumps(record())
    bad = json.dumps(record(config="@")).replace('"@"', inner)
    statements, problems = read(written(tmp_path, text=f"[{bad}, {good}]"))

    assert only(statements, Activity).identifier == f"urn:uuid:{UUID}"
    assert len(problems) == 1


def test_an_activity_without_uuid_is_reported_and_left_out(tmp_path: Path) -> None:
    """Nothing can say twice that it is the same activity, so it is not taken."""
    source = written(tmp_path, record(activity_uuid="x"), record())
    statements, (problem,) = read(source)

    assert only(statements, Activity).identifier == f"urn:uuid:{UUID}"
    assert (problem.place, problem.records_lost) == ("2", 1)


@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_the_importer_recognises_its_logs_by_content(source: Path) -> None:
    """The name is needed only where the content is nothing but empty arrays."""
    head = source.read_bytes()[:HEAD_BYTES]
    empty = not head.strip(b"[] \n")
    elsewhere = CtapipeImporter().recognises(Path("some.txt"), head)

    assert CtapipeImporter().recognises(source, head) >= Confidence.SHAPE
    assert elsewhere is (Confidence.NO if empty else Confidence.CERTAIN)


@pytest.mark.parametrize("head", [b'{"entity": {}}', b"[]", b'[{"a": 1}]', b"", b"\x89HDF", b"[1]"])
def test_the_importer_leaves_other_files_alone(head: bytes) -> None:
    """JSON of other kinds is not its business."""
    assert CtapipeImporter().recognises(Path("x.json"), head) is Confidence.NO


@pytest.mark.parametrize("text", ["[]", "[][]", "[\n]\n"])
def test_empty_arrays_are_an_empty_log(tmp_path: Path, text: str) -> None:
    """A run that failed early leaves an array without activities."""
    assert read(written(tmp_path, text=text)) == ([], [])


def test_what_is_no_activity_is_told_in_one_sentence(tmp_path: Path) -> None:
    """And which line it is in."""
    log = tmp_path / "x.provenance.log"
    log.write_text("[1]\n" + json.dumps([record()]))
    _, problems = read(log)

    assert [problem.message for problem in problems] == [
        "no activity begins here (value seen: '1]\\n[{\"activity_name\"'), at byte 1. "
        "It is left out; what is whole is kept."
    ]


def test_an_activity_without_end_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more of it than the most is held in memory."""
    monkeypatch.setattr(importers.ctapipe_stream, "_CHUNK_BYTES", 1_000)
    monkeypatch.setattr(importers.ctapipe_stream, "_LARGEST_ACTIVITY", 20_000)
    log = tmp_path / "x.provenance.log"
    log.write_text(json.dumps([record(activity_name="n" * 100_000), record()]))
    statements, problems = read(log)

    assert len([one for one in statements if isinstance(one, Activity)]) == 1
    assert [problem.message for problem in problems] == [
        "the activity that begins in line 1 has more than 20,000 characters, at byte 20001. "
        "It is left out; what is whole is kept."
    ]


def test_files_without_end_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first are read, and the number of the others is told."""
    monkeypatch.setattr(importers.ctapipe_activity, "_MOST_FILES", 10)
    log = tmp_path / "x.provenance.log"
    log.write_text(json.dumps([record(input=[f"/a/{at}" for at in range(25)], output=[])]))
    statements, problems = read(log)
    used = [one.path for one in statements if isinstance(one, FileEvent) and one.path[0] == "/"]

    assert used == [f"/a/{at}" for at in range(10)]
    assert [problem.records_lost for problem in problems] == [15]
    assert "input lists 25 files, more than 10" in problems[0].message
