"""A log that has grown stays one source: only what is new is read, and the graph is the same."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importers.ctapipe import CtapipeImporter
from lineage import queries, registry
from lineage.errors import SourceError
from lineage.graph_store import GraphStore, Source
from lineage.growth import content_of
from lineage.interfaces import Confidence, Mark, OnMark, OnProblem, Problem, appendable
from lineage.records import Activity, Statement
from lineage.session import ImportReport, Outcome, Progress, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.ctapipe_logs import LOGS, TRUNCATED, WORK32, record, written

WHOLE = b"".join(path.read_bytes() for path in WORK32)
"""Nine logs as one, as when every tool of a production writes to the same file."""


def imported(store: GraphStore, *paths: Path) -> ImportReport:
    return import_paths(store, paths, Settings())


def grow(store: GraphStore, log: Path, *lengths: int, content: bytes = WHOLE) -> ImportReport:
    """Imports a log each time that it has grown to a length."""
    report = ImportReport()
    for length in lengths:
        log.write_bytes(content[:length])
        report = imported(store, log)
    return report


def counts(store: GraphStore) -> dict[str, Any]:
    """What is known of the only source, besides when it was imported and what it began as."""
    (source,) = store.sources()
    return {
        "content": source.content,
        "size": source.size_bytes,
        "skipped": source.skipped,
        "complete": source.complete,
        "paths": source.paths,
        "mark": source.mark,
    }


@pytest.mark.parametrize("seed", range(4))
def test_a_log_that_grew_says_what_it_would_have_said_at_once(
    store: GraphStore, tmp_path: Path, seed: int
) -> None:
    """Cut at any places, also amid an activity: one source, the same graph, the same counts."""
    log = tmp_path / "some.provenance.log"
    lengths = sorted(random.Random(seed).sample(range(1, len(WHOLE)), 6))
    report = grow(store, log, *lengths, len(WHOLE))
    alone = MemoryStore()
    imported(alone, log)

    assert queries.digest(store) == queries.digest(alone)
    assert counts(store) == counts(alone)
    assert report.sources[0].outcome is Outcome.GROWN
    assert not report.sources[0].problems
    assert store.stats() == alone.stats()


def test_only_what_is_new_is_read(
    store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reading begins behind the last whole activity of the first."""
    starts: list[int | None] = []
    reading = CtapipeImporter.appended

    def watched(
        self: CtapipeImporter,
        source: Path,
        on_problem: OnProblem,
        mark: Mark | None,
        on_mark: OnMark,
    ) -> Iterator[Statement]:
        starts.append(mark and mark.offset)
        return reading(self, source, on_problem, mark, on_mark)

    monkeypatch.setattr(CtapipeImporter, "appended", watched)
    first, second = written(tmp_path, record()).read_bytes(), json.dumps([record()]).encode()
    log = tmp_path / "grown.provenance.log"
    grow(store, log, len(first), len(first + second), content=first + second)

    assert starts == [None, first.rindex(b"}") + 1]


def test_what_the_end_cut_off_is_no_loss_once_it_is_whole(
    store: GraphStore, tmp_path: Path
) -> None:
    """The problem at the end goes with the growth; the place of a later one counts lines from 1."""
    log = tmp_path / "some.provenance.log"
    first, second = record(), record(activity_uuid="2" * 8 + UUID_END)
    whole = (json.dumps([first, second], indent=2) + "\n").encode()
    cut = grow(store, log, len(whole) - 20, content=whole)
    (damaged,) = store.sources()
    grown = grow(store, log, len(whole), content=whole)
    (mended,) = store.sources()
    more = grow(store, log, 2 * len(whole), content=whole + b"rubbish" * len(whole))

    assert cut.sources[0].problems
    assert damaged.skipped
    assert not grown.sources[0].problems
    assert mended.skipped == 0
    assert [p.place for p in more.sources[0].problems] == [str(whole.count(b"\n") + 1)]


def test_a_damaged_place_further_up_is_counted_on(store: GraphStore, tmp_path: Path) -> None:
    """What was skipped before the mark stays skipped, though it is not read again."""
    log = tmp_path / "some.provenance.log"
    first = json.dumps([record(activity_uuid="no"), record()]).encode()
    second = json.dumps([record(activity_uuid=None), record()]).encode()
    report = grow(store, log, len(first), len(first + second), content=first + second)
    (source,) = store.sources()
    again = imported(store, log)

    assert len(report.sources[0].problems) == 1
    assert source.skipped == 2
    assert len(again.sources[0].problems) == 2


def test_a_rewritten_log_is_another_source(store: GraphStore, tmp_path: Path) -> None:
    """Longer, but with another beginning: both contents are known, and what both say is kept."""
    log = written(tmp_path, record())
    imported(store, log)
    written(tmp_path, record(activity_name="another-tool"), record(activity_uuid="2" * 36))
    report = imported(store, log)

    assert report.sources[0].outcome is Outcome.IMPORTED
    assert len(store.sources()) == 2


def test_a_copy_of_what_it_was_before_is_known(store: GraphStore, tmp_path: Path) -> None:
    """All that the shorter content says is in the store already; a truncated log is no news."""
    log, copy = tmp_path / "some.provenance.log", tmp_path / "old.provenance.log"
    half = len(WHOLE) // 2
    grow(store, log, half)
    copy.write_bytes(WHOLE[:half])
    grow(store, log, len(WHOLE))
    before = queries.digest(store)
    (clean,) = [s for s in store.sources() if s.complete]
    report = imported(store, copy)

    assert report.sources[0].outcome is Outcome.UNCHANGED
    assert store.sources()[0].content == clean.content
    assert queries.digest(store) == before


def test_two_logs_that_began_alike_are_both_whole(store: GraphStore, tmp_path: Path) -> None:
    """Each copy of a log may go on in its own way."""
    logs = [tmp_path / name for name in ("a.provenance.log", "b.provenance.log")]
    begun = json.dumps([record()]).encode()
    for log in logs:
        grow(store, log, len(begun), content=begun)
    for number, log in enumerate(logs):
        content = begun + json.dumps([record(activity_uuid=f"{number}" * 8 + UUID_END)]).encode()
        grow(store, log, len(content), content=content)
    alone = MemoryStore()
    imported(alone, *logs)

    assert queries.digest(store) == queries.digest(alone)
    assert {source.content for source in store.sources()} == {
        source.content for source in alone.sources()
    }
    assert all(source.complete for source in store.sources())


UUID_END = "-2222-4333-8444-555555555555"


@pytest.mark.parametrize("batch", range(3))
def test_a_growth_that_is_interrupted_is_taken_up_again(
    store: GraphStore, tmp_path: Path, batch: int
) -> None:
    """The source is incomplete meanwhile; run again, the same mark is gone on from."""
    log = tmp_path / "some.provenance.log"
    half = len(WHOLE) // 2
    grow(store, log, half)
    log.write_bytes(WHOLE)

    def interrupt(progress: Progress) -> None:
        if progress.records >= batch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_paths(store, [log], Settings(), on_progress=interrupt)
    report = imported(store, log)
    alone = MemoryStore()
    imported(alone, log)

    assert report.sources[0].outcome is Outcome.GROWN
    assert queries.digest(store) == queries.digest(alone)
    assert counts(store) == counts(alone)


def test_a_first_import_that_was_interrupted_leaves_no_half_source(tmp_path: Path) -> None:
    """When the log has grown meanwhile, it is read whole, as the source that was begun."""
    store = MemoryStore()
    log = tmp_path / "some.provenance.log"
    log.write_bytes(WHOLE[: len(WHOLE) // 2])

    def interrupt(progress: Progress) -> None:
        if progress.records:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_paths(store, [log], Settings(), on_progress=interrupt)
    report = grow(store, log, len(WHOLE))

    assert report.sources[0].outcome is Outcome.IMPORTED
    assert [source.complete for source in store.sources()] == [True]


def test_another_version_of_the_importer_reads_all(
    store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mark means nothing to an importer that would say other things."""
    log = tmp_path / "some.provenance.log"
    grow(store, log, len(WHOLE) // 2)
    monkeypatch.setattr(CtapipeImporter, "version", "next")
    report = grow(store, log, len(WHOLE))

    assert report.sources[0].outcome is Outcome.IMPORTED
    assert len(store.sources()) == 2


def test_a_log_that_grows_while_it_is_read_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came after the look at it is taken the next time, and no mark lies in it."""
    log = tmp_path / "some.provenance.log"
    log.write_bytes(WHOLE[: len(WHOLE) // 2])
    reading = CtapipeImporter.appended

    def late(self: CtapipeImporter, source: Path, *more: Any) -> Iterator[Statement]:
        source.write_bytes(WHOLE)
        return reading(self, source, *more)

    monkeypatch.setattr(CtapipeImporter, "appended", late)
    store = MemoryStore()
    first = imported(store, log)
    (source,) = store.sources()
    second = imported(store, log)
    alone = MemoryStore()
    imported(alone, log)

    assert not first.sources[0].problems
    assert source.size_bytes == len(WHOLE) // 2
    assert source.mark is not None
    assert source.mark.offset <= source.size_bytes
    assert second.sources[0].outcome is Outcome.GROWN
    assert queries.digest(store) == queries.digest(alone)
    assert counts(store) == counts(alone)


@pytest.mark.parametrize("log", [*LOGS, TRUNCATED], ids=lambda path: path.name)
def test_behind_a_mark_any_longer_file_reads_alike(log: Path, tmp_path: Path) -> None:
    """What was said and complained of before the last mark of a beginning, and what the whole says
    behind it, are together what the whole says: at any cut, with any damage."""
    damaged = b'\n[{"activity_name": "x"}, 17, {"activity_name": "' + log.read_bytes()[-200:]
    content = log.read_bytes() + damaged + WORK32[0].read_bytes()
    whole = told(tmp_path, content)
    for length in random.Random(log.name).sample(range(len(content)), 20):
        begun = told(tmp_path, content[:length])
        marks = [one for one in begun if isinstance(one, Mark)]
        if not marks:
            continue
        before = begun[: begun.index(marks[-1]) + 1]
        rest = told(tmp_path, content, marks[-1])

        assert set(map(repr, before + rest)) == set(map(repr, whole))
        assert problems([*before, *rest]) == problems(whole)


def told(
    tmp_path: Path, content: bytes, mark: Mark | None = None
) -> list[Statement | Problem | Mark]:
    """All that the importer says, complains of, and marks, in order."""
    source = tmp_path / "told.provenance.log"
    source.write_bytes(content)
    trail: list[Statement | Problem | Mark] = []
    try:
        for statement in CtapipeImporter().appended(source, trail.append, mark, trail.append):
            trail.append(statement)  # noqa: PERF402 - it must stand between the others
    except SourceError:
        pass
    return trail


def problems(trail: list[Statement | Problem | Mark]) -> list[Problem]:
    return [one for one in trail if isinstance(one, Problem)]


class Lines:
    """A log of one activity a line: how little an importer must do to be appended to."""

    name, version, appendable = "lines", "1", True
    description, url = "lines", "https://example.org/lines"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        return Confidence.CERTAIN if source.suffix == ".lines" else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        return self.appended(source, on_problem, None, lambda _: None)

    def appended(
        self, source: Path, on_problem: OnProblem, mark: Mark | None, on_mark: OnMark
    ) -> Iterator[Statement]:
        with source.open("rb") as lines:
            lines.seek(mark.offset if mark else 0)
            for line in lines:
                if line.endswith(b"\n"):
                    yield Activity(f"urn:x:{line.decode().strip()}")
                    on_mark(Mark(lines.tell()))


class DescribingLines(Lines):
    """The path is part of what it says."""

    describes_files = True


def test_an_importer_opts_in_with_few_lines(
    store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One attribute and one method."""
    monkeypatch.setattr(registry, "importers", lambda: {"lines": Lines()})
    log = tmp_path / "x.lines"
    text = b"a\nb\nhalf of a line\n"
    reports = [grow(store, log, n, content=text).sources[0] for n in (2, 9, len(text))]

    assert [(one.outcome.value, one.records) for one in reports] == [
        ("imported", 1),
        ("grown", 1),
        ("grown", 1),
    ]
    assert store.sources()[0].records == store.stats().activities == 3


def test_a_describing_importer_is_not_appended_to() -> None:
    """There the key is made of the path too, and the beginning cannot be told from it."""
    assert appendable(Lines()) is not None
    assert appendable(DescribingLines()) is None


def test_the_digest_of_a_beginning_is_that_of_the_shorter_file(tmp_path: Path) -> None:
    """One reading gives every digest that was asked for; lengths beyond the end give none."""
    path = tmp_path / "file"
    data = random.Random(1).randbytes(3_000_001)
    path.write_bytes(data)
    lengths = [0, 1, 1 << 20, 3_000_000, 3_000_001, 3_000_002]
    content = content_of(path, lengths)
    shorter = tmp_path / "shorter"
    for length in lengths[1:-1]:
        shorter.write_bytes(data[:length])

        assert content.beginnings[length] == content_of(shorter).sha256
    assert set(content.beginnings) == set(lengths[1:-1])
    assert (content.size_bytes, content.beginnings[3_000_001]) == (3_000_001, content.sha256)


def a_source(**more: Any) -> Source:
    return Source("k", ("/x.log",), "lines", "1", 10, **more)


def test_a_source_is_incomplete_from_a_new_content_on(store: GraphStore) -> None:
    """Until it is finished it still holds the content and the mark that it had."""
    grown = a_source(
        content="c2", mark=Mark(19, "2 {}"), records=7, records_before=5, complete=True
    )
    with store.writing():
        store.begin(a_source())
        store.finish(a_source(mark=Mark(9, "\ud800"), records=3, skipped=1))
        store.begin(a_source(content="k"))
        (finished,) = store.sources()
        store.begin(a_source(content="c2"))
        (growing,) = store.sources()
        store.finish(grown)
        (done,) = store.sources()

    assert (finished.complete, finished.content, finished.skipped) == (True, "k", 1)
    assert (growing.complete, growing.content, growing.mark) == (False, "k", finished.mark)
    assert done == grown
    with store.writing():
        store.finish(a_source(content="c3"))
    assert store.sources()[0].mark is None
