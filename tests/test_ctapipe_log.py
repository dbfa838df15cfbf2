"""ctapipe's text logs: what they say of each run, whatever version wrote them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from importers.ctapipe_log import CtapipeLogImporter
from lineage.interfaces import Confidence
from lineage.records import Activity, Agent, EventKind, Iri
from lineage.runs import RUN, same_as
from lineage.vocabulary import CTAPIPE, OUR_ATTRIBUTES
from tests.ctapipe_text_logs import (
    DATA,
    LOGS,
    TOOL,
    LogText,
    fact,
    files,
    read,
    records,
    runs,
    said,
)

WORK32 = DATA / "work32" / "ctapipe.log"
WORK11 = DATA / "work11" / "mylog.log"


def lines(source: Path, pattern: str) -> list[str]:
    """What a pattern finds in the lines of a log, read by a regular expression alone."""
    return re.findall(pattern, source.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("source", LOGS, ids=lambda path: path.name)
def test_every_run_of_a_log_arrives(source: Path) -> None:
    """As many runs as versions were told, or activities that the log holds the record of."""
    statements, problems = read(source)
    known = {f"urn:uuid:{uuid}" for uuid in lines(source, r'"activity_uuid": "([^"]+)"')}

    assert len(runs(statements)) == len(lines(source, r"\): ctapipe version "))
    assert {one.path for one in records(statements)} == known
    assert {same_as(one) for one in runs(statements)} - {None} == known
    assert not problems


@pytest.mark.parametrize(
    "source", [one for one in LOGS if one.parent.name == "work32"], ids=lambda path: path.name
)
def test_every_file_that_was_added_arrives(source: Path) -> None:
    """Inputs and outputs in the provenance lines are used and generated, once by each run."""
    expected = Counter(
        (match[0] == "in", match[1])
        for text in re.split(r"^.*ctapipe version", source.read_text("utf-8"), flags=re.MULTILINE)
        for match in set(re.findall(r"added (in|out)put entity '(.*)' to activity: '.*'", text))
        if not match[1].endswith(".yaml")
    )
    statements, _ = read(source)
    found = Counter(
        (one.kind is EventKind.USE, one.path.rpartition(":")[2])
        for one in files(statements)
        if one.role is None and "never.h5" not in one.path
    )
    # at the level of the nested tools the provenance system was not logged
    assert found == (expected or Counter([(False, "/srv/cta/work32/dl1/gamma_run1.dl1.h5")]))


def test_how_the_runs_of_a_production_ended() -> None:
    """Status, reason and what was overwritten, as the last lines say."""
    told = runs(read(WORK32)[0])
    failures = [str(fact(one, "exception"))[:40] for one in told if fact(one, "exception")]

    assert Counter(fact(one, "status") for one in told) == {"completed": 18, "error": 7}
    assert failures == [
        "Subarrays do not match for file: dl1/gam",
        "Input file dl1/gamma_run5.dl1.h5 contain",
        "`focal_length_choice` was set to 'EFFECT",
        "Output file /srv/cta/work32/dl1/gamma_ru",
        "input_url /srv/cta/work32/sim/does_not_e",
        "Config option `nonsense` not recognized ",
        "Subarrays do not match for file: dl1/lp_",
    ]
    assert [fact(one, "overwrote") for one in told if fact(one, "overwrote")] == [
        "/srv/cta/work32/dl1/gamma_run1.dl1.h5",
        "/srv/cta/work32/dl2/gamma_run1.dl2.h5",
    ]
    assert {fact(one, "version") for one in told} == {"0.32.0"}
    assert fact(told[1], "log_line") == 444
    assert fact(told[1], "log_file") == "/srv/cta/work32/ctapipe.log"
    assert fact(told[1], "provenance_log") == "/srv/cta/work32/ctapipe-process.provenance.log"


def test_interrupts_and_exit_codes() -> None:
    """Ctrl-C, a code of the tool's own, and success, in one process."""
    told = runs(read(DATA / "work32" / "ctapipe_single_process.log")[0])

    assert [(one.role, fact(one, "status"), fact(one, "exit_code")) for one in told] == [
        ("ctapipe-slow", "interrupted", None),
        ("ctapipe-exit", "error", 42),
        ("ctapipe-nested", "completed", None),
    ]
    # each tool lists the outputs of all activities before it; the last are its own
    assert [v for name, v in told[2].relation_attributes if name.endswith("#generated")] == [
        "/srv/cta/work32/dl1/gamma_run1.dl1.h5"
    ]


def test_a_run_whose_record_the_log_holds_is_that_activity() -> None:
    """Until 0.19.3: what the record says is read as from a provenance log; the log adds to it."""
    statements, _ = read(WORK11)
    first, second = runs(statements)[:2]

    assert [one.identifier for one in statements if isinstance(one, Activity)] == [
        "urn:uuid:a9cb66ba-e9c8-4d8b-a88d-b4e0b8a614d3",
        "urn:uuid:266dce17-1a37-4fd9-9e73-18f2fb373359",
    ]
    assert same_as(first) == "urn:uuid:a9cb66ba-e9c8-4d8b-a88d-b4e0b8a614d3"
    assert same_as(second) == "urn:uuid:266dce17-1a37-4fd9-9e73-18f2fb373359"
    assert (fact(second, "log_line"), fact(second, "overwrote")) == (
        907,
        "/srv/cta/work11/run1.dl1.h5",
    )


def test_at_the_level_of_information_files_come_from_what_was_opened_and_written() -> None:
    """INPUT PATH and Output are there without debugging messages; a run may have no end."""
    statements, _ = read(WORK11)
    third, failed, last = runs(statements)[2:]

    assert [(one.kind, one.path) for one in files(statements) if one.activity == third.path] == [
        (EventKind.USE, "/srv/cta/work32/sim/gamma_run5.simtel.zst"),
        (EventKind.GENERATION, "/srv/cta/work11/run5.dl1.h5"),
    ]
    assert (fact(failed, "status"), fact(failed, "exception")) == (
        "error",
        'Path "/srv/cta/work32/sim/nope.simtel.zst" does not exist',
    )
    assert (last.role, last.stop, fact(last, "status")) == ("ctapipe-merge", None, None)
    assert (fact(last, "log_warnings"), fact(last, "log_errors")) == (4, 2)


def test_times_are_local_and_stay_without_zone() -> None:
    """Nobody knows where the log was written."""
    run = runs(read(WORK32)[0])[0]

    assert run.start == datetime(2026, 11, 23, 7, 1, 24, 144000)  # noqa: DTZ001
    assert run.stop == datetime(2026, 11, 23, 7, 1, 41, 977000)  # noqa: DTZ001


def test_every_attribute_is_documented() -> None:
    """What the importer writes of its own accord has its sentence."""
    names = {
        name
        for source in LOGS
        for one in runs(read(source)[0])
        for name, _ in (*one.attributes, *one.relation_attributes)
        if name.startswith(CTAPIPE)
    }

    assert names <= set(OUR_ATTRIBUTES)
    assert CTAPIPE + "config_repr" in names


@pytest.mark.parametrize("style", ["0.5.0", "0.5.2", "0.7"])
def test_logs_without_times(style: str) -> None:
    """Until 0.9: no time, a slash in the place, and a logger that is named after the class."""
    log = LogText(style).old_begin("0.7.0").used("/d/in").opened("/d/in").generated("/d/out")
    log.tool("run", f"Finished: {TOOL}")
    log.provenance("finish_activity", f"finished activity: {TOOL}")
    statements, problems = log.said()
    (run,) = runs(statements)

    assert (run.role, run.start, run.stop) == (TOOL, None, None)
    assert (fact(run, "status"), fact(run, "version")) == ("completed", "0.7.0")
    assert [(one.kind, one.path) for one in files(statements)] == [
        (EventKind.USE, "/d/in"),
        (EventKind.GENERATION, "/d/out"),
    ]
    assert not problems


def test_runs_without_times_are_told_apart_by_place_and_content() -> None:
    """The same lines twice are two runs; appending to a log leaves their identifiers alone."""
    log = LogText("0.7").old_begin().used("/d/in").tool("run", f"Finished: {TOOL}")
    once, twice = runs(said(log.text)[0]), runs(said(log.text * 2)[0])
    other = runs(said(log.text.replace("/d/in", "/d/other"))[0])

    assert len({one.path for one in (*twice, *other)}) == 3
    assert [one.path for one in once] == [twice[0].path]


def test_a_coloured_console_says_what_the_file_says() -> None:
    """Both are copies of one run, with one identifier, whatever level each was written at."""
    texts = []
    for style in ("0.10", "console"):
        log = LogText(style).begin().opened("/d/in").used("/d/in").generated("/d/out")
        texts.append(log.end("/d/out").text)
    file, console = (said(text)[0] for text in texts)
    short = "".join(line for line in texts[0].splitlines(True) if "DEBUG" not in line)

    assert file == console
    assert [one.path for one in runs(said(short)[0])] == [one.path for one in runs(file)]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/d/it's a 'file' to activity: 'x", "/d/it's a 'file' to activity: 'x"),
        ("/d/a b", "/d/a b"),
        ("/d/../e//x", "/e/x"),
        ("C:\\data\\x.h5", "/C:/data/x.h5"),
        ("https://host/a b", "https://host/a%20b"),
        ("file:///d/a%20b", "/d/a b"),
    ],
)
def test_names_are_taken_as_they_were_typed(path: str, place: str) -> None:
    """Quotes are not escaped: the last one ends a name."""
    (event,) = files(LogText().begin().used(path).end().said()[0])

    assert event.path == place


def test_a_relative_path_is_one_of_the_run() -> None:
    """The directory that it ran in is unknown."""
    statements, _ = LogText().begin().used("dl1/é x.h5").end().said()
    (run,), (event,) = runs(statements), files(statements)

    assert event.path == f"urn:lineage:path:{run.path.removeprefix(RUN)}:dl1/%C3%A9%20x.h5"
    assert event.product == run.path


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ("", []),
        ("/d/x", ["/d/x"]),
        ("/d/x /d/y z /e/q", ["/d/x", "/d/y z", "/e/q"]),
        ("C:\\d\\x C:\\d\\y", ["/C:/d/x", "/C:/d/y"]),
    ],
)
def test_listed_outputs_are_parted_before_a_slash(outputs: str, found: list[str]) -> None:
    """Their names may hold blanks."""
    assert [one.path for one in files(LogText().begin().end(outputs).said()[0])] == found


def test_listed_outputs_say_nothing_new_where_they_were_added() -> None:
    """The provenance lines have them one by one."""
    log = LogText().begin().generated("/d/x").generated("/d/y /z").end("/d/x /d/y /z")

    assert [one.path for one in files(log.said()[0])] == ["/d/x", "/d/y /z"]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("'[PosixPath('/c/a.yaml'), PosixPath(\"/c/it's.yaml\")]'", ["/c/a.yaml", "/c/it's.yaml"]),
        ("'[WindowsPath('C:/c/a.yaml')]'", ["/C:/c/a.yaml"]),
        ("'/c/old.json'", ["/c/old.json"]),
        ("'[]'", []),
    ],
)
def test_configuration_files_are_used_in_that_role(message: str, found: list[str]) -> None:
    """As in provenance logs, whether or not they were added to the provenance too."""
    log = LogText().tool("initialize", f"Loading config from {message}")
    log.tool("initialize", "ctapipe version 0.32.0").end()
    events = files(log.said()[0])

    assert [(one.path, one.role) for one in events] == [
        (path, "Tool Configuration") for path in found
    ]


def test_several_tools_write_to_one_log() -> None:
    """Lines of two processes that lie between each other go to the run of their tool."""
    one, other = LogText().begin(), LogText(tool="ctapipe-merge").begin("0.31.0")
    one.used("/d/one").add("WARNING", one.root + ".Part", "part.work", "careful").end("/d/x")
    other.used("/d/other").end("/d/y")
    mixed = [line for pair in zip(one.lines, other.lines, strict=False) for line in pair]
    rest = one.lines[len(other.lines) :]
    statements, _ = said("\n".join([*mixed, *rest, ""]))
    found = {run.role: run for run in runs(statements)}

    assert [fact(found[name], "log_warnings") for name in (TOOL, "ctapipe-merge")] == [1, 0]
    assert [fact(found[name], "version") for name in (TOOL, "ctapipe-merge")] == [
        "0.32.0",
        "0.31.0",
    ]
    assert {(one.path, one.activity) for one in files(statements)} == {
        ("/d/one", found[TOOL].path),
        ("/d/x", found[TOOL].path),
        ("/d/other", found["ctapipe-merge"].path),
        ("/d/y", found["ctapipe-merge"].path),
    }


def test_a_run_that_was_killed_ends_where_the_next_begins() -> None:
    """It has no stop, and the next one has its own files."""
    statements, _ = LogText().begin().used("/d/one").begin().used("/d/two").end().said()
    first, second = runs(statements)

    assert (first.stop, fact(first, "status")) == (None, None)
    assert fact(second, "status") == "completed"
    assert [one.activity for one in files(statements)] == [first.path, second.path]


def test_an_activity_within_a_tool_is_a_run_too() -> None:
    """The provenance system names it; it has no logger of its own."""
    log = LogText().begin().provenance("start_activity", "started activity: inner")
    log.used("/d/in", "inner").provenance("finish_activity", "finished activity: inner")
    statements, _ = log.end("/d/out").said()
    outer, inner = runs(statements)

    assert (inner.role, outer.role) == ("inner", TOOL)
    assert inner.start is not None
    assert outer.start is not None
    assert outer.start < inner.start
    assert [(one.path, one.activity) for one in files(statements)] == [
        ("/d/out", outer.path),
        ("/d/in", inner.path),
    ]


@pytest.mark.parametrize(
    ("place", "level", "message", "status", "why"),
    [
        ("run", "ERROR", "no such trait.  Use --help for more info", "error", "no such trait"),
        ("run", "ERROR", "Caught unexpected exception: a\nb", "error", "a\nb"),
        ("run", "WARNING", "WAS INTERRUPTED BY CTRL-C", "interrupted", None),
        ("run", "CRITICAL", "Caught SystemExit with exit code 7", "error", None),
        ("run", "CRITICAL", "Caught SystemExit with exit code None", "error", None),
    ],
)
def test_how_a_run_failed(
    place: str, level: str, message: str, status: str, why: str | None
) -> None:
    """The end that every version writes, though the last line says that it is finished."""
    (run,) = runs(LogText().begin().tool(place, message, level).end().said()[0])

    assert (fact(run, "status"), fact(run, "exception")) == (status, why)
    assert fact(run, "exit_code") == (7 if message.endswith("7") else None)


def test_the_reason_of_a_wrong_option_stands_in_the_line_before() -> None:
    """From 0.18 on."""
    log = LogText().begin().tool("run", "The 'x' trait is wrong\nreally", "ERROR")
    (run,) = runs(log.tool("run", "Use --help for more info", "ERROR").end().said()[0])

    assert (fact(run, "status"), fact(run, "exception")) == (
        "error",
        "The 'x' trait is wrong\nreally",
    )


def test_a_log_is_recognised_by_its_lines(tmp_path: Path) -> None:
    """Those of its tools are nobody else's; a logger of ctapipe alone is a hint."""
    importer = CtapipeLogImporter()
    noise = "2026-03-01 07:00:00,000 DEBUG [ctapipe.core.plugins] (plugins.detect): Loading\n"
    other = "2026-03-01 07:00:00,000 INFO [something] (main.run): Starting: it\n"
    cases = [
        (LogText().begin().text, Confidence.CERTAIN),
        (LogText("console").old_begin().text, Confidence.CERTAIN),
        (LogText("0.5.0").old_begin().text, Confidence.CERTAIN),
        (LogText("0.5.2").old_begin().text, Confidence.CERTAIN),
        ("a warning on the console\n" + LogText().begin().text, Confidence.CERTAIN),
        (noise, Confidence.SHAPE),
        (other, Confidence.NO),
        ("", Confidence.NO),
        ('[{"activity_name": "x", "activity_uuid": "y"}]', Confidence.NO),
    ]

    for text, expected in cases:
        assert importer.recognises(tmp_path / "x.log", text.encode()) is expected


def test_a_log_that_tells_of_no_run_says_nothing() -> None:
    """That is no damage."""
    noise = "2026-03-01 07:00:00,000 DEBUG [ctapipe.core.plugins] (plugins.detect): Loading\n"

    assert said(noise * 3) == ([], [])


def test_the_software_is_declared_once_for_each_version() -> None:
    """The link to it is made where the run is joined to no other activity."""
    statements, _ = LogText().begin().end().begin().end().begin("0.31.0").end().said()
    agents = [one.identifier for one in statements if isinstance(one, Agent)]
    linked = [
        value
        for one in runs(statements)
        for _, value in one.relation_attributes
        if isinstance(value, Iri)
    ]

    assert agents == ["urn:lineage:software:ctapipe:0.32.0", "urn:lineage:software:ctapipe:0.31.0"]
    assert [one.value for one in linked] == [agents[0], agents[0], agents[1]]
