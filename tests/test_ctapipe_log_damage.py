"""ctapipe's text logs, cut, damaged and hostile: told by line, and nothing whole is lost."""

from __future__ import annotations

import contextlib
import random
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import ctapipe_log_runs
from importers.ctapipe_log import CtapipeLogImporter
from lineage.canonical import canonical, encode_event
from lineage.errors import SourceError
from lineage.identity import IdentitySettings, resolve
from lineage.interfaces import Confidence
from lineage.records import EventKind, FileEvent, Namespace, Statement
from tests.ctapipe_text_logs import LOGS, TOOL, LogText, fact, files, runs, said

HOSTILE = "<script>alert(1)</script>\0\x1b[2J/../../etc/shadow"


@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_a_log_cut_anywhere_keeps_the_runs_that_were_over(source: Path) -> None:
    """Each run that said its end before the cut is there as before; the cut line is named."""
    whole = source.read_bytes()
    before = [encode_event(one) for one in runs(said(whole)[0])]
    places = random.Random(source.name)
    for _ in range(50):
        text = whole[: places.randrange(200, len(whole))]
        statements, problems = said(text)
        kept = [encode_event(one) for one in runs(statements)]
        ends = re.findall(rb"^\S+ \S+ \S+ \[\S+\] \(tool.run\): Finished .*\n", text, re.MULTILINE)
        line = str(text.count(b"\n") + 1)

        assert kept[: len(ends)] == before[: len(ends)]
        assert len(kept) - len(ends) <= 4
        assert [one.place for one in problems if "has no end" in one.message] == (
            [] if text.endswith(b"\n") else [line]
        )


def test_a_log_whose_beginning_is_lost_has_runs_without_start() -> None:
    """What is told of its end is kept; it is joined to nothing."""
    (run,) = runs(LogText().used("/d/in").end("/d/out").said()[0])

    assert (run.start, run.product, fact(run, "status")) == (None, None, "completed")


@pytest.mark.parametrize(
    "head", ["x", "2026-03-01 07:00:01,000 INFO [ctapipe.t] (tool.write_provenance): Output: /"]
)
def test_a_line_of_a_hundred_megabytes_is_passed_over(head: str, tmp_path: Path) -> None:
    """It is named, its beginning is read, and the runs around it are whole."""
    source = tmp_path / "long.log"
    run = LogText().begin().end("/d/out").text.encode()
    with source.open("wb") as file:
        file.write(run + head.encode())
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + run.replace(b"2026", b"2027"))
    problems = []
    tracemalloc.start()
    statements = list(CtapipeLogImporter().records(source, problems.append))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [one.place for one in problems] == ["6"]
    assert peak_bytes < 64 * 2**20
    assert [one.role for one in runs(statements)].count(TOOL) == 2


def test_names_may_hold_anything() -> None:
    """Markup, controls, NUL and ways out of a directory are text."""
    log = LogText().begin().used(HOSTILE).generated("/d/" + HOSTILE).opened(HOSTILE)
    statements, _ = log.tool("run", f"Caught unexpected exception: {HOSTILE}", "ERROR").end().said()

    assert fact(runs(statements)[0], "exception") == HOSTILE
    assert {one.path.startswith(("/", "urn:lineage:path:")) for one in files(statements)} == {True}
    check(statements)


def test_bytes_that_are_no_text_are_replaced() -> None:
    """A name in another encoding is readable but for them."""
    text = LogText().begin().used("/d/caf\xe9").end().text.encode("latin-1")
    (event,) = files(said(text)[0])

    assert event.path == "/d/caf\ufffd"


def test_a_run_with_too_many_files_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, and what was kept is there."""
    monkeypatch.setattr(ctapipe_log_runs, "_MOST_FILES", 3)
    log = LogText().begin()
    for number in range(9):
        log.used(f"/d/{number}")
    statements, (problem,) = log.end().said()

    assert [one.path for one in files(statements)] == ["/d/0", "/d/1", "/d/2"]
    assert problem.place == "6"


def test_too_many_runs_at_once_end_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that begins runs without end is read in little memory."""
    monkeypatch.setattr(ctapipe_log_runs, "_MOST_RUNS", 3)
    texts = [LogText(tool=f"t{number}").begin().opened("/d").text for number in range(9)]
    statements, problems = said("".join(texts))

    assert [one.role for one in runs(statements)] == [f"t{number}" for number in range(9)]
    assert not problems


def test_a_long_configuration_is_left_out_and_said() -> None:
    """What is kept of a run stays small."""
    log = LogText().begin().tool("run", "CONFIG: " + "x" * 70_000, "DEBUG").end()
    statements, (problem,) = log.said()

    assert not [n for n, _ in runs(statements)[0].relation_attributes if "config" in n]
    assert "64 kB" in problem.message


@pytest.mark.parametrize(
    "record", ["[" * 100_000, '[{"a":' * 50_000, "[{]}", '[{"activity_uuid": 1}]']
)
def test_a_hostile_record_is_told_and_the_log_read_on(record: str) -> None:
    """Nesting, and what is no record, leave the run to what the log says."""
    log = LogText().old_begin().tool("write_provenance", f"PROVENANCE: '{record}'", "DEBUG")
    statements, problems = log.old_begin("0.11.0").opened("/d").said()

    assert len(runs(statements)) == 2
    assert all(problem.place for problem in problems)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """By an error that names it."""
    source = tmp_path / "other.log"
    source.write_text("no line of it\nis one of a log\n")
    with pytest.raises(SourceError, match="holds no line of a log"):
        list(CtapipeLogImporter().records(source, print))

    assert CtapipeLogImporter().recognises(source, source.read_bytes()) is Confidence.NO


def check(statements: list[Statement]) -> None:
    """Identity takes it, and stores can write it."""
    resolve([one for one in statements if isinstance(one, FileEvent)], IdentitySettings())
    for one in statements:
        assert not isinstance(one, Namespace)
        line = encode_event(one) if isinstance(one, FileEvent) else canonical(one)
        assert line.encode("utf-8")


PIECES = (
    "ctapipe version ",
    "Starting: ",
    "started activity: ",
    "Loading config from '[PosixPath('",
    "INPUT PATH = ",
    "added input entity '",
    "added output entity '",
    "' to activity: '",
    "finished activity: ",
    "Output: ",
    "PROVENANCE: '",
    '[{"activity_name": "t", "activity_uuid": "',
    "Finished ",
    "Finished: ",
    "Caught unexpected exception: ",
    "Caught SystemExit with exit code ",
    "WAS INTERRUPTED BY CTRL-C",
    "Use --help for more info",
    "Overwriting ",
    "CONFIG: {'log_file': PosixPath('",
    "t",
    "/d/x",
    "'",
    " ",
    "\n",
    "é\ud800",
    "-7",
)
messages = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
heads = st.builds(
    "{}{} [{}] ({}): ".format,
    st.sampled_from(
        ["", "2026-03-01 07:00:00,000 ", "2026-99-99 99:99:99 ", "0000-00-00 00:00:00 "]
    ),
    st.sampled_from(["DEBUG", "INFO", "\x1b[1;31mERROR\x1b[0m", "WARNING", "CRITICAL", "ODD"]),
    st.sampled_from(["ctapipe.t", "ctapipe.t.Part", "t", "ctapipe.core.provenance", "other"]),
    st.sampled_from(
        ["tool.run", "tool/initialize", "tool.write_provenance", "provenance.x", "part.work", ""]
    ),
)


@given(st.lists(st.tuples(heads, messages), max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_lines_are_read(parts: list[tuple[str, str]]) -> None:
    """Whatever a log says, in whatever order, comes to an end, and can be written."""
    text = "".join(f"{head}{message}\n" for head, message in parts)
    try:
        statements, problems = said(text.encode("utf-8", "surrogatepass"))
    except SourceError:
        return

    check(statements)
    assert all(problem.place for problem in problems)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but an error that is meant for that."""
    head = LogText().begin().lines[0].encode()
    for text in (head + data, head + b"\n" + data + b"\n" + head):
        check(said(text)[0])
    with contextlib.suppress(SourceError):
        check(said(data)[0])


def test_a_killed_run_is_not_joined_by_its_last_line() -> None:
    """Only what said its end has a stop."""
    statements, _ = LogText().begin().used("/d/in").said()
    (run,) = runs(statements)

    assert (run.kind, run.stop, run.product) == (EventKind.RUN, None, None)
