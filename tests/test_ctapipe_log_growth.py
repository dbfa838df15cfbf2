"""A text log that grows while it is read stays one source, and says what it would say at once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import ctapipe_log_lines
from importers.ctapipe_log import CtapipeLogImporter
from lineage import queries
from lineage.canonical import canonical, encode_event
from lineage.interfaces import Mark
from lineage.records import FileEvent, Statement
from lineage.session import Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.ctapipe_text_logs import LOGS, LogText

TIMELESS = LogText("0.7").old_begin().opened("/d/in").generated("/d/out").tool("run", "Finished: x")
MADE = {
    "timeless": TIMELESS.text * 3,
    "killed": LogText().begin().used("c/in").begin().opened("/d/in").begin().end("/d/out").text,
    "console": LogText("console").begin().opened("/d/in").end("/d/out").text * 2,
}
CONTENTS = {path.name: path.read_bytes() for path in LOGS} | {
    name: text.encode() for name, text in MADE.items()
}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_log_that_grew_says_what_it_would_have_said_at_once(
    name: str, seed: int, tmp_path: Path
) -> None:
    """Cut anywhere, also amid a line or before anything is known of a run."""
    content, log = CONTENTS[name], tmp_path / "some.log"
    store, alone = MemoryStore(), MemoryStore()
    for length in sorted(random.Random(seed).sample(range(len(content)), 6)):
        log.write_bytes(content[:length])
        import_paths(store, [log], Settings())
    log.write_bytes(content)
    report = import_paths(store, [log], Settings())
    import_paths(alone, [log], Settings())

    assert queries.digest(store) == queries.digest(alone)
    assert len(store.sources()) == 1
    assert report.sources[0].outcome in (Outcome.GROWN, Outcome.IMPORTED)
    assert not report.sources[0].problems


def lines(statements: list[Statement]) -> set[str]:
    return {
        encode_event(one) if isinstance(one, FileEvent) else canonical(one)  # type: ignore[arg-type]
        for one in statements
    }


def test_every_mark_is_a_place_to_go_on(tmp_path: Path) -> None:
    """From each of them the rest is read as it was, and there is one behind every run."""
    log = tmp_path / "some.log"
    log.write_bytes(CONTENTS["ctapipe.log"])
    importer, marks = CtapipeLogImporter(), list[tuple[Mark, int]]()
    whole: list[Statement] = []
    reading = importer.appended(log, print, None, lambda mark: marks.append((mark, len(whole))))
    for one in reading:
        whole += [one]
    ends = {mark.offset for mark, _ in marks}

    assert len(ends) == 26
    assert max(ends) == log.stat().st_size
    for mark, before in marks[:: len(marks) // 12]:
        rest = list(importer.appended(log, print, mark, lambda _: None))

        assert lines(whole[before:]) <= lines(rest)
        assert lines(rest) <= lines(whole)


def test_a_long_line_before_it_does_not_move_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that were left out count."""
    monkeypatch.setattr(ctapipe_log_lines, "_LONGEST_LINE", 1_000)
    monkeypatch.setattr(ctapipe_log_lines, "_CHUNK_BYTES", 300)
    log, marks = tmp_path / "long.log", list[Mark]()
    run = LogText().begin().end("/d/out").text
    log.write_text(
        run + "x" * 5_000 + "\n" + run.replace("2026", "2027") + "y" * 1_500 + "\n" + run
    )
    list(CtapipeLogImporter().appended(log, lambda _: None, None, marks.append))
    content = log.read_bytes()

    assert all(content[mark.offset - 1 :][:1] in (b"\n", b"") or not mark.offset for mark in marks)
    assert all(int(m.state.split()[0]) == content[: m.offset].count(b"\n") + 1 for m in marks)
    assert max(mark.offset for mark in marks) == len(content)


@given(st.sampled_from(sorted(MADE)), st.data())
@settings(max_examples=60, deadline=None)
def test_no_cut_leaves_a_run_behind(name: str, data: st.DataObject) -> None:
    """What a cut log says of runs, the whole log says too, or says better."""
    content = CONTENTS[name]
    cut = content[: data.draw(st.integers(0, len(content)))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ctapipe_log_lines, "_CHUNK_BYTES", data.draw(st.integers(1, 400)))
        told, whole = (_activities(part) for part in (cut, content))

    assert told <= whole


def _activities(content: bytes) -> set[str | None]:
    from tests.ctapipe_text_logs import said

    if not content.count(b"\n"):
        return set()
    return {one.activity for one in said(content)[0] if isinstance(one, FileEvent)}
