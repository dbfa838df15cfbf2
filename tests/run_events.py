"""Runs as logs tell of them, activities as provenance records do: in a line each, or at random."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.identifiers import relative_iri
from lineage.records import EventKind, FileEvent
from lineage.runs import RUN, did, ran

T0 = datetime(2026, 1, 1, 7, tzinfo=UTC)
SOFTWARE = "urn:lineage:software:ctapipe:0.11.0"


def seconds(time: float) -> datetime:
    return T0 + timedelta(seconds=time)


def told(
    activity: str,
    span: tuple[float | None, float | None],
    used: Iterable[str] = (),
    generated: Iterable[str] = (),
    *,
    name: str = "tool",
    node: str | None = None,
) -> list[FileEvent]:
    """A provenance record: times in seconds, in UTC."""
    iri = f"urn:uuid:{activity}"
    start, stop = (None if time is None else seconds(time) for time in span)
    events = [
        FileEvent(kind, path, iri, start, stop, node=node)
        for kind, paths in ((EventKind.USE, used), (EventKind.GENERATION, generated))
        for path in paths
    ]
    return [*events, ran(iri, name, start, stop, node=node, used=used, generated=generated)]


def logged(
    run: str,
    span: tuple[float | None, float | None],
    used: Iterable[str] = (),
    generated: Iterable[str] = (),
    *,
    name: str = "tool",
    offset_min: int = 0,
    warnings: int = 0,
    same: str | None = None,
) -> list[FileEvent]:
    """A log's run: seconds as above, as a clock tells them that is ``offset_min`` ahead of UTC."""
    start, stop = (
        None
        if time is None
        else (seconds(time) + timedelta(minutes=offset_min)).replace(tzinfo=None)
        for time in span
    )
    kinds = (EventKind.USE, used), (EventKind.GENERATION, generated)
    places = [(kind, [place(run, path) for path in paths]) for kind, paths in kinds]
    events = [did(RUN + run, kind, path, start, stop) for kind, paths in places for path in paths]
    run_event = ran(
        RUN + run,
        name,
        start,
        stop,
        used=places[0][1],
        generated=places[1][1],
        facts=[(v.CTAPIPE + "log_warnings", warnings)],
        alone=[(v.CTAPIPE + "config_repr", "{}")],
        agents=[SOFTWARE],
        same=same,
    )
    return [*events, run_event]


def place(run: str, path: str) -> str:
    """What an importer makes of a path that a log wrote."""
    return path if path.startswith("/") else relative_iri(path, run)


FILES = ("/d/x", "/d/y", "/e/x", "/tmp/z")


@st.composite
def run_sets(draw: st.DrawFn) -> list[FileEvent]:
    """Records and logs of some runs, near each other in time; some of them of the same run."""
    events: list[FileEvent] = []
    files = st.sets(st.sampled_from(FILES), max_size=2).map(sorted)
    spans = []
    for n in range(draw(st.integers(0, 4))):
        start = draw(st.sampled_from((0, 0.5, 60, 900, 901, 1800)))
        span = (start, start + draw(st.sampled_from((30, 30.5, 90))))
        used, generated = draw(files), draw(files)
        name = draw(st.sampled_from(("tool", "tool", "other")))
        spans.append((span, used, generated, name))
        if draw(st.integers(0, 4)):
            node = draw(st.sampled_from((None, "n1")))
            events += told(f"r{n}", span, used, generated, name=name, node=node)
        if not draw(st.integers(0, 3)):
            events.append(ran(f"urn:uuid:r{n}", name, seconds(span[0]), None))
    for n in range(draw(st.integers(0, 4)) if spans else 0):
        span, used, generated, name = draw(st.sampled_from(spans))
        late = draw(st.sampled_from((0, 0.5, 4, 70)))
        slow = draw(st.sampled_from((0, 0.1, 0.6, 1.5, 3)))
        offset_min = draw(st.sampled_from((0, 0, 60, 345, -720, 900)))
        stop = None if not draw(st.integers(0, 5)) else span[1] + slow
        same = None if draw(st.integers(0, 4)) else f"urn:uuid:r{draw(st.integers(0, 4))}"
        for warnings in range(draw(st.integers(1, 2))):
            events += logged(
                f"{n}",
                (span[0] + late, stop),
                [*_as_typed(draw, used), *(["extra"] if not draw(st.integers(0, 5)) else [])],
                _as_typed(draw, generated),
                name=name,
                offset_min=offset_min,
                warnings=warnings,
                same=same if warnings else None,
            )
    return events


def _as_typed(draw: st.DrawFn, paths: list[str]) -> list[str]:
    """Some of the paths, some of them relative."""
    forms = ((lambda path: path), (lambda path: path[1:]), (lambda path: path[3:]))
    return [draw(st.sampled_from(forms))(path) for path in paths if draw(st.integers(0, 3))]
