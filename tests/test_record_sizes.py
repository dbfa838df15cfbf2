"""What is too large for an engine, or too often wrong, costs itself alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lineage import queries, registry
from lineage.errors import RecordTooLarge
from lineage.interfaces import Confidence, OnProblem, Problem
from lineage.record_sizes import LONGEST_NAME, MOST_CHARACTERS, fitting
from lineage.records import (
    Activity,
    Entity,
    EventKind,
    FileEvent,
    Namespace,
    Record,
    Statement,
)
from lineage.session import ImportReport, Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.bolt_connection import parts
from lineage.stores.memory import MemoryStore

PREFIX = '{"prefix":{"ex":"http://example.org/"},"entity":'
LONG = "x" * 16_000_000


class NarrowStore(MemoryStore):
    """Takes no record that an engine would not take, and then nothing of its batch."""

    def write(self, source: str, statements: Sequence[Record | Namespace]) -> int:
        list(parts([{"record": repr(statement)} for statement in statements]))
        return super().write(source, statements)


class Endless:
    """An importer that finds a million places wrong, and one record."""

    name = "endless"
    description = url = version = ""

    def recognises(self, source: Path, head: bytes) -> Confidence:
        return Confidence.CERTAIN

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        for number in range(50_000):
            on_problem(Problem(str(number), "is wrong."))
        yield Entity("http://example.org/e")


def imported(store: MemoryStore, directory: Path) -> ImportReport:
    """The report of an import of all that is below a directory."""
    return import_paths(store, [directory], Settings())


def test_a_record_that_no_engine_takes_costs_itself_alone(tmp_path: Path) -> None:
    """Those before and after it are written, so is the next file, and it is named."""
    long = f'{{"ex:first":{{}},"ex:e":{{"ex:a":"{LONG}"}},"ex:last":{{}}}}}}'
    (tmp_path / "a.json").write_text(PREFIX + long)
    (tmp_path / "b.json").write_text(PREFIX + '{"ex:next":{}}}')
    store = NarrowStore()
    report = imported(store, tmp_path)
    names = {one.identifier for one in store.records() if isinstance(one, Entity)}

    assert names == {f"http://example.org/{name}" for name in ("first", "last", "next")}
    assert [one.outcome for one in report.sources] == [Outcome.IMPORTED] * 2
    (problem,) = report.sources[0].problems
    assert problem.place == "entity(http://example.org/e)"
    assert "a record takes 16," in problem.message


def test_one_row_that_is_too_large_is_refused_by_its_own_error() -> None:
    """So that it can be told from a store that is gone."""
    with pytest.raises(RecordTooLarge):
        list(parts([{"a": "x"}, {"a": LONG}]))


@pytest.mark.parametrize("name", ["path", "activity", "product"])
def test_a_file_event_of_endless_names_is_left_out(name: str) -> None:
    """And its path is told, as far as anybody would read it."""
    problems: list[Problem] = []
    names = {"path": "/a", "activity": "urn:a", "product": "p"} | {name: "/" * (LONGEST_NAME + 1)}
    event = FileEvent(EventKind.USE, **names)  # type: ignore[arg-type]

    assert fitting(event, problems.append) is None
    assert "100,001 characters" in problems[0].message
    assert len(problems[0].place) <= 200


def test_the_longest_attributes_of_a_file_event_are_left_out() -> None:
    """The event itself, and what is short, is kept in its order."""
    problems: list[Problem] = []
    short = (("urn:a", "1"), ("urn:c", 2))
    long = ("urn:b", "x" * MOST_CHARACTERS)
    event = FileEvent(EventKind.USE, "/a", attributes=(short[0], long, short[1]))
    kept = fitting(event, problems.append)

    assert kept == FileEvent(EventKind.USE, "/a", attributes=short)
    assert "The longest, 1 in number" in problems[0].message


def test_ordinary_file_events_are_taken_as_they_are() -> None:
    """Nothing is made anew, and nothing told."""
    problems: list[Problem] = []
    event = FileEvent(EventKind.USE, "/a", attributes=(("urn:a", "x" * 1_000_000),))

    assert fitting(event, problems.append) is event
    assert not problems


def test_places_without_number_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand are told; the others would only fill the memory."""
    (tmp_path / "a").write_text("a")
    monkeypatch.setattr(registry, "recognise", lambda _: Endless())
    store = MemoryStore()
    (source,) = imported(store, tmp_path).sources

    assert len(source.problems) == 10_001
    assert source.skipped == 50_000
    assert source.problems[-1].message.startswith("40,000 more places are skipped")
    assert store.stats().entities == 1


@pytest.mark.parametrize(
    "values",
    [
        '"ex:a":[' + ",".join(map(str, range(200_001))) + "]",
        ",".join(f'"ex:a{number}":1' for number in range(200_001)),
    ],
)
def test_a_record_of_endless_values_costs_itself_alone(values: str, tmp_path: Path) -> None:
    """In one list or in many attributes."""
    (tmp_path / "a.json").write_text(f'{PREFIX}{{"ex:e":{{{values}}},"ex:last":{{}}}}}}')
    store = MemoryStore()
    (source,) = imported(store, tmp_path).sources

    assert [problem.place for problem in source.problems] == ["/entity/ex:e"]
    assert "more than 200,000 values" in source.problems[0].message
    assert queries.resolve(store, "http://example.org/last").name == "last"


def test_a_file_of_a_path_without_end_stops_nothing(tmp_path: Path) -> None:
    """Of an activity that used it all the rest is kept."""
    log = tmp_path / "x.provenance.log"
    log.write_text(
        '[{"activity_name":"a","activity_uuid":"11111111-2222-4333-8444-555555555555",'
        '"start":{"time_utc":"2026-01-01T00:00:00"},"stop":{},"system":{},"output":[],'
        '"input":[{"url":"/' + "x" * 200_000 + '","role":"r"},{"url":"/b","role":"r"}]}]'
    )
    store = MemoryStore()
    (source,) = imported(store, tmp_path).sources
    kept = [one for one in store.records() if isinstance(one, Entity | Activity)]

    assert any("200,001 characters" in problem.message for problem in source.problems)
    assert {one.key for one in kept} >= {
        "file:///b",
        "urn:uuid:11111111-2222-4333-8444-555555555555",
    }
