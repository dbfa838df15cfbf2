"""A source that says ever other things of one element."""

from __future__ import annotations

from pathlib import Path

from lineage.interfaces import Problem
from lineage.records import Entity
from lineage.repetition import MOST_DECLARATIONS, Repetition
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore

PREFIX = '{"prefix":{"ex":"http://example.org/"},"entity":'
NAME = "http://example.org/e"


def said(number: int) -> Entity:
    """What is said for the so manieth time."""
    return Entity(NAME, (("urn:a", number),))


def test_what_is_said_without_end_is_left_out(tmp_path: Path) -> None:
    """Once it is too much; each is told, and other elements are taken."""
    several = ",".join(f'"ex:e":{{"ex:a":{number}}}' for number in range(5_000))
    (tmp_path / "a.json").write_text(f'{PREFIX}{{{several},"ex:last":{{}}}}}}')
    store = MemoryStore()
    (report,) = import_paths(store, [tmp_path], Settings()).sources
    (lost,) = {problem.message for problem in report.problems if problem.records_lost}
    declared = [one for one in store.records(report.content) if isinstance(one, Entity)]

    assert len(declared) == 2 * MOST_DECLARATIONS + 1
    assert report.skipped == 5_001 - len(declared)
    assert "more than 1,000 different things" in lost
    assert declared[-1].identifier == "http://example.org/last"


def test_the_same_words_are_taken_as_often_as_they_come() -> None:
    """A store that knows them has nothing to do."""
    problems: list[Problem] = []
    repetition = Repetition(problems.append)

    assert all(repetition.takes(said(number % 7)) for number in range(10_000))
    assert not problems


def test_what_was_taken_before_is_taken_again() -> None:
    """Also when there is no room for more."""
    problems: list[Problem] = []
    repetition = Repetition(problems.append)
    taken = [number for number in range(5_000) if repetition.takes(said(number))]

    assert repetition.takes(said(taken[-1]))
    assert not repetition.takes(said(9_999))


def test_many_elements_are_no_repetition() -> None:
    """However many there are."""
    problems: list[Problem] = []
    repetition = Repetition(problems.append)

    assert all(repetition.takes(Entity(f"urn:e:{number}")) for number in range(300_000))
    assert not problems
