"""What parts of a work and merged records of it tell: in a line each, or sessions at random."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from lineage.records import EventKind, FileEvent, Value, attributes
from lineage.works import ACTIVITY, PART, SESSION, WHOLE, did_work
from tests.file_events import at

OF_ALL, OF_ONE = "DL2 merged file", "DL2 subrun dataset"
"""Roles: of the whole run, and of one subrun."""
NAME = "dl1_to_dl2"


def did(
    iri: str,
    span: tuple[float, float | None],
    used: Iterable[str] = (),
    generated: Iterable[str] = (),
    *,
    subrun: int | None = None,
    session: str = "s",
    name: str = NAME,
    role: str = OF_ALL,
    node: str | None = None,
) -> list[FileEvent]:
    """One activity: what it used and generated, and that it was part of a work."""
    start, stop = (None if time is None else at(time) for time in span)
    said: list[tuple[str, Value]] = [(ACTIVITY, name), (SESSION, session)]
    if subrun is not None:
        said.append((PART, subrun))
    more = attributes(said)
    uses = [FileEvent(EventKind.USE, p, iri, start, stop, node=node) for p in used]
    writes = [
        FileEvent(
            EventKind.GENERATION, p, iri, start, stop, role, node=node, relation_attributes=more
        )
        for p in generated
    ]
    return [*uses, *writes, did_work(iri, name, session, start, stop)]


def part(
    mark: str, subrun: int | None, span: tuple[float, float | None], **more: object
) -> list[FileEvent]:
    """A subrun's activity; it writes ``/d/out`` unless told otherwise."""
    more = {"generated": ["/d/out"]} | more
    return did(f"urn:part:{mark}", span, subrun=subrun, **more)  # type: ignore[arg-type]


def whole(span: tuple[float, float], **more: object) -> list[FileEvent]:
    """What a merged record tells of a work; it writes ``/d/out`` unless told otherwise."""
    more = {"generated": ["/d/out"]} | more
    scope = f"{more.get('session', 's')}:{span[0]}:{more.get('name', NAME)}"
    return did(f"{WHOLE}{scope}", span, **more)  # type: ignore[arg-type]


PATHS = ("/d/x", "/d/y", "/tmp/z")


@st.composite
def work_sets(draw: st.DrawFn) -> list[FileEvent]:
    """Sessions of a run: subruns side by side, done again or not, and merged records of some."""
    events: list[FileEvent] = []
    files = st.sets(st.sampled_from(PATHS), max_size=2).map(sorted)
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for n in range(draw(st.integers(0, 7))):
        work = draw(st.sampled_from(("s", "t"))), draw(st.sampled_from((NAME, "dl1ab")))
        start = draw(st.integers(0, 6))
        stop = draw(st.none() | st.integers(start, 8))
        if stop is not None:
            spans.setdefault(work, []).append((start, stop))
        events += did(
            f"urn:part:{n}",
            (start, stop),
            draw(files),
            draw(files),
            subrun=draw(st.none() | st.integers(0, 2)),
            session=work[0],
            name=work[1],
            role=draw(st.sampled_from((OF_ALL, OF_ALL, OF_ONE))),
            node=draw(st.sampled_from((None, "n1", "n2"))),
        )
    seen: set[tuple[tuple[str, str], int]] = set()
    for _ in range(draw(st.integers(0, 3)) if spans else 0):
        work = draw(st.sampled_from(sorted(spans)))
        some = draw(st.lists(st.sampled_from(spans[work]), min_size=1))
        span = some[0][0], max(stop for _, stop in some)
        if (work, span[0]) not in seen:
            seen.add((work, span[0]))
            more = {"session": work[0], "name": work[1]}
            events += whole(span, used=draw(files), generated=draw(files), **more)
    return events
