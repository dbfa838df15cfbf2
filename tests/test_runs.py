"""Which activity a log's run was: the rules, one by one."""

from __future__ import annotations

import random

import pytest

from lineage import vocabulary as v
from lineage.identity import Resolution, event_key, resolve
from lineage.records import Activity, EventKind, FileEvent, Iri
from lineage.runs import RUN, counterparts, ran
from lineage.vocabulary import CTAPIPE, RelationKind
from tests.checked_stores import planted
from tests.file_events import SETTINGS
from tests.run_events import SOFTWARE, logged, seconds, told

RECORD = told("r", (0, 60), ["/d/in"], ["/d/out"])


def joined(*events: list[FileEvent]) -> dict[str, str]:
    """Run -> activity, as resolution finds."""
    together = [event for some in events for event in some]
    result = resolve(random.Random(1).sample(together, len(together)), SETTINGS)
    return {alias: run.identifier for run in result.runs.values() for alias in run.aliases}


def resolved(*events: list[FileEvent]) -> Resolution:
    return resolve([event for some in events for event in some], SETTINGS)


def related(result: Resolution) -> set[tuple[str | None, str | None]]:
    """(subject, object) of every use and generation."""
    return {(one.subject, one.object) for one in result.bindings.values()}


@pytest.mark.parametrize("offset_min", [0, 60, 120, -210, 345, 840, -720])
def test_a_run_is_joined_in_any_time_zone(offset_min: int) -> None:
    """Offsets are those that zones have, from -12:00 to +14:00; it is told which."""
    log = logged("l", (1, 60.1), ["/d/in"], ["/d/out"], offset_min=offset_min, warnings=3)
    result = resolved(RECORD, log)
    run = result.runs["urn:uuid:r"]

    assert run.aliases == (RUN + "l",)
    assert dict(run.attributes) == {
        v.UTC_OFFSET_MIN: offset_min,
        v.JOINED_BY: "name, times and files",
        CTAPIPE + "log_warnings": 3,
    }
    assert list(result.runs) == ["urn:uuid:r"]
    assert not result.findings


@pytest.mark.parametrize(
    ("span", "offset_min"),
    [
        ((1, 60.1), 855),
        ((1, 60.1), -735),
        ((1, 60.1), 7),
        ((1, 60.1), 15),
        ((1, 60.1), -45),
        ((1, 62.5), 0),
        ((1, 57), 0),
        ((70, 130), 0),
        ((-4, 60), 0),
        ((1, None), 0),
        ((None, 60), 0),
    ],
)
def test_what_no_zone_explains_is_another_run(
    span: tuple[float | None, float | None], offset_min: int
) -> None:
    """Its stop is off, it began before the activity or long after, or one of them is unknown."""
    log = logged("l", span, ["/d/in"], ["/d/out"], offset_min=offset_min)

    assert joined(RECORD, log) == {}


def test_another_tool_is_another_run() -> None:
    """The name counts."""
    log = logged("l", (0, 60), ["/d/in"], ["/d/out"], name="other")

    assert joined(RECORD, log) == {}


def test_relations_that_the_record_has_are_not_doubled() -> None:
    """The relative end of a path, and a path itself, are what the record names already."""
    log = logged("l", (0, 60), ["in", "./in", "../d/in", "/d/in"], ["d/out"])

    assert related(resolved(RECORD, log)) == {
        ("urn:uuid:r", "file:///d/in"),
        ("file:///d/out#r", "urn:uuid:r"),
    }


def test_what_only_the_log_tells_is_said_of_the_activity() -> None:
    """A file that was opened and not recorded is a use of the activity, with the run's path."""
    log = logged("l", (0, 60), ["/d/in", "more/conf"])
    result = resolved(told("r", (0, 60), ["/d/in"]), log)

    assert related(result) == {
        ("urn:uuid:r", "file:///d/in"),
        ("urn:uuid:r", "urn:lineage:path:l:more/conf"),
    }
    assert dict(result.versions["urn:lineage:path:l:more/conf"].attributes) == {
        v.PROV_LOCATION: "more/conf",
        v.IDENTIFIED_BY: "path",
    }
    assert result.runs["urn:uuid:r"].attributes[1] == (v.JOINED_BY, "name and times")


def test_a_run_alone_has_its_own_identifiers_and_local_times() -> None:
    """It says that only a log tells of it; what it was a run of is linked by identity."""
    result = resolved(logged("l", (0, 60), ["in"], ["/d/out"], offset_min=60))
    run = result.runs[RUN + "l"]
    (link,) = result.links.values()

    assert dict(run.attributes) == {
        v.PROV_LABEL: "tool",
        v.PROV_START: seconds(3600).replace(tzinfo=None),
        v.PROV_END: seconds(3660).replace(tzinfo=None),
        v.IDENTIFIED_BY: "log",
        CTAPIPE + "log_warnings": 0,
        CTAPIPE + "config_repr": "{}",
    }
    assert related(result) == {
        (RUN + "l", "urn:lineage:path:l:in"),
        (f"file:///d/out#{RUN}l", RUN + "l"),
    }
    assert (link.kind, link.subject, link.object) == (
        RelationKind.ASSOCIATION,
        RUN + "l",
        SOFTWARE,
    )


@pytest.mark.parametrize("outputs", [["/d/else"], ["/d/out", "/d/else"], []])
def test_a_run_that_wrote_other_files_is_another(outputs: list[str]) -> None:
    """Everything that a run wrote was recorded, and a log lists it when the run is over."""
    assert joined(RECORD, logged("l", (0, 60), ["/d/in"], outputs)) == {}


def test_without_files_times_must_agree_closely() -> None:
    """A run that says of no file is joined within a second, and then says what it rests on."""
    record = told("r", (0, 60), ["/d/in"])
    near, far = logged("l", (2, 60.9)), logged("l", (2, 61.5))
    late = logged("l", (9, 60))

    assert joined(record, near) == {RUN + "l": "urn:uuid:r"}
    assert joined(record, far) == joined(record, late) == {}
    assert (v.JOINED_BY, "name and times") in resolved(record, near).runs["urn:uuid:r"].attributes


def test_files_decide_between_activities() -> None:
    """Of two activities at once the one whose files a run names is meant."""
    other = told("q", (0, 60), ["/d/in"], ["/e/out"])
    log = logged("l", (0, 60), ["in"], ["/e/out"])

    assert joined(RECORD, other, log) == {RUN + "l": "urn:uuid:q"}


def test_the_same_moment_decides_between_runs_a_quarter_of_an_hour_apart() -> None:
    """A run every 15 minutes that overwrites one file: the stop to the split second tells."""
    spans = [(0, 60), (900.3, 960.7), (1799, 1861.2)]
    records = [told(f"{n}", span, ["/d/in"], ["/d/out"]) for n, span in enumerate(spans)]
    logs = [
        logged(f"{n}", (span[0] + 1, span[1] + 0.01), ["/d/in"], ["/d/out"])
        for n, span in enumerate(spans)
    ]

    assert joined(*records, *logs) == {f"{RUN}{n}": f"urn:uuid:{n}" for n in range(3)}


def test_what_fits_two_activities_is_joined_with_none() -> None:
    """Nothing is guessed in silence: it is a finding, with all that it may be."""
    twin = told("q", (0, 60), ["/d/in"], ["/d/out"])
    result = resolved(RECORD, twin, logged("l", (0, 60), ["/d/in"], ["/d/out"]))
    (finding,) = [one for one in result.findings if one.kind == "ambiguous-run"]

    assert list(result.runs) == [RUN + "l"]
    assert finding.identifiers == (RUN + "l", "urn:uuid:q", "urn:uuid:r")


def test_two_runs_that_fit_one_activity_are_joined_by_neither() -> None:
    """Unless one of them fits better."""
    record = told("r", (0, 60), ["/d/in"])
    one, other = (logged(name, (0, 60), ["/d/in"]) for name in "lm")
    result = resolved(record, one, other)
    closer = logged("n", (0, 60), ["/d/in"], ["/d/out"])

    assert set(result.runs) == {RUN + "l", RUN + "m"}
    assert [finding.kind for finding in result.findings] == ["ambiguous-run"] * 2
    assert joined(told("r", (0, 60.5), ["/d/in"]), one, logged("m", (0, 60.5), ["/d/in"])) == {
        RUN + "m": "urn:uuid:r"
    }
    assert joined(RECORD, closer) == {RUN + "n": "urn:uuid:r"}


def test_an_activity_that_still_runs_is_joined_when_it_has_ended() -> None:
    """Without stop it fits nothing; later told as finished it is the same activity."""
    running = [ran("urn:uuid:r", "tool", seconds(0), None)]
    log = logged("l", (0, 60), ["/d/in"], ["/d/out"])

    assert joined(running, log) == {}
    assert joined(running, log, RECORD) == {RUN + "l": "urn:uuid:r"}


def test_an_activity_that_still_runs_and_a_log_that_names_it_meet_in_any_order() -> None:
    """A store that holds the log is asked for it when the activity comes, without a stop too."""
    running = [ran("urn:uuid:r", "tool", seconds(0), None)]
    log = logged("l", (0, None), ["/d/in"], same="urn:uuid:r")
    found = []
    for first, second in ((running, log), (log, running)):
        store = planted(events=second, key="second", store=planted(events=first, key="first"))
        found.append(list(store.records()))

    assert found[0] == found[1]
    assert RUN + "l" not in {one.identifier for one in found[0] if isinstance(one, Activity)}


def test_joining_renames_the_versions_that_a_run_wrote() -> None:
    """What used a run's output uses the activity's; the old identifier is an alias."""
    log = logged("l", (0, 60), [], ["/d/out"])
    reader = logged("m", (300, 360), ["/d/out"], name="reader")
    before, after = resolved(log, reader), resolved(log, reader, RECORD)
    (use,) = [one for one in reader if one.path == "/d/out"]
    old = f"file:///d/out#{RUN}l"

    assert before.bindings[event_key(use, SETTINGS)].object == old
    assert old not in after.versions
    assert after.bindings[event_key(use, SETTINGS)].object == "file:///d/out#r"
    assert after.versions["file:///d/out#r"].aliases == ("file:///d/out", old)


WRITER = told("w", (0, 60), [], ["/d/x"])
READER = told("u", (600, 660), ["/d/x"], name="reader")


def log_of_reader(minutes_later: float = 10, offset_min: int = 0) -> list[FileEvent]:
    start = minutes_later * 60
    return logged("u", (start, start + 60), ["/d/x"], name="reader", offset_min=offset_min)


def used(*events: list[FileEvent]) -> str | None:
    """What the reader used."""
    (found,) = [
        one.object for one in resolved(*events).bindings.values() if one.kind is RelationKind.USAGE
    ]
    return found


def test_times_of_logs_compare_with_one_another() -> None:
    """Of two runs that only logs tell of the zone is taken to be the same."""
    writer = logged("w", (0, 60), [], ["/d/x"], offset_min=120)

    assert used(writer, log_of_reader(offset_min=120)) == f"file:///d/x#{RUN}w"


def test_local_times_do_not_compare_with_utc() -> None:
    """A use that may have been before or after a generation, as zones go, is unclear."""
    result = resolved(WRITER, log_of_reader())

    assert used(WRITER, log_of_reader()) == f"file:///d/x#used:{RUN}u"
    assert [finding.kind for finding in result.findings] == ["ambiguous-use"]
    assert used(WRITER, log_of_reader(15 * 60)) == "file:///d/x#w"


@pytest.mark.parametrize(
    ("offset_min", "found"),
    [(0, "file:///d/x#w"), (120, "file:///d/x#w"), (-120, f"file:///d/x#used:{RUN}u")],
)
def test_a_log_of_the_record_tells_its_local_time(offset_min: int, found: str) -> None:
    """Then a use that a log alone tells of can be compared; west of UTC orders contradict."""
    writer = logged("w", (0, 60), [], ["/d/x"], offset_min=offset_min)

    assert used(WRITER, writer, log_of_reader(offset_min=offset_min)) == found


def test_a_later_generation_of_unknown_zone_leaves_a_doubt() -> None:
    """Which of two generations was the last before a use nobody can say."""
    other = logged("o", (120, 180), [], ["/d/x"], offset_min=60)

    assert used(WRITER, READER) == "file:///d/x#w"
    assert used(WRITER, READER, other) == "file:///d/x#used:u"


def test_a_header_joins_no_generation_of_unknown_zone() -> None:
    """That a product was made while a run lasted cannot be seen from its local times."""
    product = "00000000-0000-4000-8000-000000000001"
    state = FileEvent(EventKind.STATE, "/d/x", product=product, product_created=seconds(30))
    result = resolved(logged("w", (0, 60), [], ["/d/x"]), [state])

    assert f"urn:uuid:{product}" in result.versions
    assert f"file:///d/x#{RUN}w" in result.versions


def test_the_host_of_the_record_is_that_of_the_run() -> None:
    """A path below a local prefix belongs to the host that the record names."""
    record = told("r", (0, 60), ["/tmp/in"], node="n1")
    log = logged("l", (0, 60), ["/tmp/in", "/tmp/conf"])

    assert related(resolved(record, log)) == {
        ("urn:uuid:r", "file://n1/tmp/in"),
        ("urn:uuid:r", "file://n1/tmp/conf"),
    }


def test_an_address_is_its_own_identifier() -> None:
    """A use of a URL that no record names is of that IRI."""
    result = resolved(logged("l", (0, 60), []), logged("m", (0, 60), ["https://host/x"]))

    assert (RUN + "m", "urn:lineage:path:m:https%3A//host/x") in related(result)


def test_what_a_log_says_of_its_record_needs_no_times() -> None:
    """It holds the record itself; whatever else may fit."""
    known = logged("l", (None, None), ["/d/in"], ["/d/out"], same="urn:uuid:q")
    twin = told("q", (0, 60), ["/d/in"], ["/d/out"])
    rival = logged("m", (0, 60), ["/d/in"], ["/d/out"])
    result = resolved(RECORD, twin, known, rival)

    assert joined(RECORD, twin, known) == {RUN + "l": "urn:uuid:q"}
    assert dict(result.runs["urn:uuid:q"].attributes)[v.JOINED_BY] == "record"
    assert v.UTC_OFFSET_MIN not in dict(result.runs["urn:uuid:q"].attributes)
    assert set(result.runs) == {"urn:uuid:q", RUN + "m"}
    assert joined(RECORD, known) == {}


def test_a_key_is_shared_by_few() -> None:
    """Each side asks for at most two keys of the other, and a record for those who name it."""
    record = ran("urn:uuid:r", "tool", seconds(0), seconds(60))
    for offset in range(-720, 841, 15):
        log = logged("l", (0, 60), offset_min=offset)[-1]

        assert record.product in counterparts(log)
        assert log.product in counterparts(record)
        assert len(counterparts(log)) <= 2
        assert counterparts(record)[-1] == record.path


def test_agents_are_no_attributes() -> None:
    """What an event needs for itself stays in it."""
    run = resolved(logged("l", (0, 60), ["/d/in"])).runs[RUN + "l"]

    assert not [value for _, value in run.attributes if isinstance(value, Iri)]
    assert not [name for name, _ in run.attributes if name == v.PROV + "used"]
