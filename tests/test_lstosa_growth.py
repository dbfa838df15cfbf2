"""A prov.log that grows stays one source, and says what it would say at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import importers.lstosa_log
import importers.lstosa_session
import importers.lstosa_things
from importers.lstosa import LstosaImporter
from importers.lstosa_lines import Found
from importers.lstosa_log import LogReader
from lineage import queries
from lineage.interfaces import Mark, Problem
from lineage.session import Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.lstosa_logs import (
    LOGS,
    PROV_LOG,
    end,
    entity,
    generated,
    line,
    md5,
    session,
    start,
    used,
)


def step(digits: str, *paths: str, **changes: str) -> str:
    """One activity with a session record of its own, which may change."""
    begun = f"2021-01-01T00:00:0{len(paths)}.{int(digits, 16):09}"
    lines = session(startTime=begun, **changes) + start(digits, startTime=begun)
    lines += line(activity_id=digits, parameters={"a": len(paths)}, session_tag="r0_to_dl1:01807")
    lines += "".join(entity(path) + used(path, digits) for path in paths)
    return lines + entity("/d/out") + generated("/d/out", digits) + end(digits)


def interleaved(*texts: str) -> str:
    """Lines of several writers, by turns."""
    lists = [text.splitlines(keepends=True) for text in texts]
    return "".join(lines[i] for i in range(max(map(len, lists))) for lines in lists if lines[i:])


A, B, C = (step(f"{n}" * 6, *["/d/x", "/d/y", "/d/z"][:n]) for n in (1, 2, 3))
TORN = A + B[:700] + C.splitlines(keepends=True)[0] + B[700:]
MADE = {
    "one after the other": A + step("4" * 6, config_file="/c/1") + B + step("5" * 6) + C,
    "interleaved": interleaved(A, B, C) + A.replace("1" * 6, "6" * 6),
    "torn": TORN + A,
    "torn for ever": A + B[:700] + "\n" + C * 5,
    "glued": (A + B).replace("\n", "") + "\n" + C,
    "killed": A + "".join(B.splitlines(keepends=True)[:4]) + C + A.replace("1" * 6, "7" * 6),
    "late": A + used("/d/x", "1" * 6) + generated("/d/new", "1" * 6) + B,
    "recorded once": A
    + entity("/d/q")
    + step("8" * 6).replace(entity("/d/out"), "")
    + entity("/d/q"),
    "bad hash": step("9" * 6, "/d/x")
    + entity("/d/w", hash=md5("/d/v")) * 2
    + used("/d/w", "9" * 6),
    "members": A
    + line(entity_id=1, member_id=md5("/d/x"))
    + line(entity_id=md5("/d/out"), progenitor_id=md5("/d/x"))
    + line(entity_id=2, progenitor_id=1)
    + B,
    "rubbish": A + "what is this?\n" * 3 + B + "WARNING provLogger a message\n" + "and this\n" + C,
}
CONTENTS = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in LOGS} | {
    name: text.encode() for name, text in MADE.items()
}


def facts(store: MemoryStore) -> tuple[object, ...]:
    """What is known of the only source, the counts of the graph, and the graph."""
    (source,) = store.sources()
    known = source.content, source.size_bytes, source.skipped, source.complete, source.mark
    return known, store.stats(), queries.digest(store)


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_log_that_grew_says_what_it_would_have_said_at_once(
    name: str, seed: int, tmp_path: Path
) -> None:
    """Cut anywhere, also amid a line, a torn or a glued one: graph, counts and problems agree."""
    content, log = CONTENTS[name], tmp_path / "prov.log"
    store, alone = MemoryStore(), MemoryStore()
    told = list[Problem]()
    for length in [*sorted(random.Random(seed).sample(range(1, len(content)), 5)), len(content)]:
        log.write_bytes(content[:length])
        before = next(iter(store.sources()), None)
        report = import_paths(store, [log], Settings()).sources[0]
        kept = before.skipped_before if before and report.outcome is Outcome.GROWN else 0
        told = told[:kept] + report.problems
    whole = import_paths(alone, [log], Settings()).sources[0]

    assert facts(store) == facts(alone)
    assert told == whole.problems


class Trail(list[object]):
    """All that an importer says, complains of and marks, in order."""

    def __init__(self, log: Path, mark: Mark | None = None) -> None:
        super().__init__()
        for statement in LstosaImporter().appended(log, self.append, mark, self.append):
            self.append(statement)

    def said(self) -> set[str]:
        return {repr(one) for one in self if not isinstance(one, Mark | Problem)}

    def problems(self) -> list[object]:
        return [one for one in self if isinstance(one, Problem)]


@pytest.mark.parametrize("name", CONTENTS)
def test_every_mark_is_a_place_to_go_on(name: str, tmp_path: Path) -> None:
    """Both parts together are the whole, in statements and in problems."""
    log = tmp_path / "prov.log"
    log.write_bytes(CONTENTS[name])
    whole = Trail(log)
    for at, mark in enumerate(whole):
        if isinstance(mark, Mark):
            rest, before = Trail(log, mark), Trail.__new__(Trail)
            before.extend(whole[:at])

            assert rest.said() | before.said() == whole.said()
            assert before.problems() + rest.problems() == whole.problems()


def test_there_is_a_mark_behind_every_activity_of_the_production() -> None:
    """Nothing is open there: the log is read on from its end."""
    marks = {one.offset for one in Trail(PROV_LOG) if isinstance(one, Mark)}

    assert len(marks) == 15
    assert max(marks) == PROV_LOG.stat().st_size


@pytest.fixture
def lines_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lines that a reader is given, as they come."""
    lines, statements = list[int](), LogReader.statements

    def counted(self: LogReader, found: Found) -> Iterator[object]:
        lines.append(found.line)
        return statements(self, found)

    monkeypatch.setattr(LogReader, "statements", counted)
    return lines


@pytest.mark.parametrize("name", ["one after the other", "v0.10.10_run/prov.log"])
def test_only_what_is_new_is_read(name: str, lines_read: list[int], tmp_path: Path) -> None:
    """Of what stands before, the sessions' own lines are enough."""
    content, log = CONTENTS[name], tmp_path / "prov.log"
    log.write_bytes(content)
    marks = [one for one in Trail(log) if isinstance(one, Mark)]
    middle = marks[len(marks) // 2]
    lines_read.clear()
    Trail(log, middle)

    assert lines_read[0] == content[: middle.offset].count(b"\n") + 1
    assert lines_read == sorted(set(lines_read))


def test_a_line_that_speaks_of_what_was_before_has_it_read_again(
    lines_read: list[int], tmp_path: Path
) -> None:
    """Once, and without saying it again."""
    log = tmp_path / "prov.log"
    log.write_text(MADE["late"])
    mark = next(one for one in Trail(log) if isinstance(one, Mark) and one.offset == len(A))
    lines_read.clear()
    rest = Trail(log, mark)

    assert lines_read.count(1) == 1
    assert not any(
        "urn:lineage:lstosa:session" in one for one in rest.said() if "Entity" in one[:6]
    )


def test_a_log_that_ends_amid_an_activity_says_so(tmp_path: Path) -> None:
    """Nothing is lost by it: a longer log tells, and a reading of the whole as it is too."""
    log = tmp_path / "prov.log"
    log.write_text(A + session(startTime="x") + entity("/d/alone"))
    (problem,) = Trail(log).problems()
    statements = list(LstosaImporter().records(log, lambda _: None))

    assert isinstance(problem, Problem)
    assert problem.records_lost == 0
    assert "amid an activity" in problem.message
    assert "file:///d/alone" in repr(statements)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_small_memories_do_not_show(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """What is forgotten is forgotten at the same place, wherever reading began."""
    content = CONTENTS[data.draw(st.sampled_from(sorted(MADE)))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importers.lstosa_log, "_MOST_RUNS", data.draw(st.integers(1, 4)))
        patch.setattr(importers.lstosa_things, "_MOST", data.draw(st.integers(1, 4)))
        patch.setattr(importers.lstosa_session, "_MOST", data.draw(st.integers(1, 3)))
        patience = data.draw(st.integers(1, 30))
        patch.setattr(importers.lstosa_session, "PATIENCE", patience)
        patch.setattr(importers.lstosa_log, "PATIENCE", patience)
        log = tmp_path_factory.mktemp("log") / "prov.log"
        log.write_bytes(content)
        whole = Trail(log)
        marks = [at for at, one in enumerate(whole) if isinstance(one, Mark)]
        if marks:
            at = data.draw(st.sampled_from(marks))
            rest, before = Trail(log, whole[at]), Trail.__new__(Trail)  # type: ignore[arg-type]
            before.extend(whole[:at])

            assert rest.said() | before.said() == whole.said()
            assert before.problems() + rest.problems() == whole.problems()
