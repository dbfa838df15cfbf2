"""A stranger's importer may hand over, raise or be anything: it costs its own file alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from lineage import queries, registry
from lineage.graph_store import GraphStore
from lineage.interfaces import Confidence, OnProblem
from lineage.records import Activity, Bundle, EventKind, FileEvent, Namespace, Relation, attributes
from lineage.session import Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import PROV_LABEL, RelationKind

A = "urn:x:a"
GARBAGE: dict[str, Any] = {
    "none": None,
    "number": 5,
    "class": Activity,
    "identifier": Activity(None),  # type: ignore[arg-type]
    "bundle": Activity(A, (), 5),  # type: ignore[arg-type]
    "bundle without name": Bundle(b"x"),  # type: ignore[arg-type]
    "prefix": Namespace("x", None),  # type: ignore[arg-type]
    "attributes": Activity(A, {A: 1}),  # type: ignore[arg-type]
    "attribute name": Activity(A, ((1, "x"),)),  # type: ignore[arg-type]
    "attribute value": Activity(A, ((A, b"x"),)),  # type: ignore[arg-type]
    "attribute alone": Activity(A, (A,)),  # type: ignore[arg-type]
    "relation kind": Relation("used", A, A),  # type: ignore[arg-type]
    "relation end": Relation(RelationKind.USAGE, A, 7),  # type: ignore[arg-type]
    "event kind": FileEvent("use", "/f", A),  # type: ignore[arg-type]
    "event path": FileEvent(EventKind.USE, None, A),  # type: ignore[arg-type]
    "event without activity": FileEvent(EventKind.USE, "/f"),
    "event time": FileEvent(EventKind.USE, "/f", A, "yesterday"),  # type: ignore[arg-type]
    "half a pair": FileEvent(EventKind.USE, "/\ud800", A),
}


class Stranger:
    """Says one good thing, and then whatever it is given."""

    name, version = "stranger", "1"
    description, url = "anything", "https://example.org/stranger"

    def __init__(self, then: Callable[[], Iterator[Any]] = lambda: iter(())) -> None:
        self._then = then

    def recognises(self, source: Path, head: bytes) -> Confidence:
        return Confidence.CERTAIN

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Any]:
        yield Activity("urn:x:good", attributes([(PROV_LABEL, "good")]))
        yield from self._then()


def ends() -> Iterator[Any]:
    """As a library does that was written as a program."""
    sys.exit("no licence")
    yield


@pytest.mark.parametrize(
    "then",
    [*(lambda one=one: iter((one,)) for one in GARBAGE.values()), ends],
    ids=[*GARBAGE, "exit"],
)
def test_what_is_no_statement_ends_one_file(tmp_path: Path, then: Callable[[], Any]) -> None:
    """What came before it is kept, the file is named with the reason, and nothing is raised."""
    source, store = tmp_path / "source", MemoryStore()
    source.write_text("x")
    report = import_paths(store, [source], Settings(), importer=Stranger(then))

    assert report.sources[0].outcome is Outcome.IMPORTED
    assert "the importer 'stranger' failed" in report.sources[0].problems[0].message
    assert [element.identifier for element in store.records()] == ["urn:x:good"]


def test_names_that_are_no_text_are_names(store: GraphStore, tmp_path: Path) -> None:
    """Half a surrogate pair in an activity, a product or a relative path breaks no engine."""
    source = tmp_path / "source"
    source.write_text("x")
    moment = datetime(2020, 1, 1, tzinfo=UTC)

    def said() -> Iterator[Any]:
        for number in range(2):
            activity = f"urn:x:\ud800{number}"
            yield Activity(activity)
            for path in ("/f\udcff", "/g"):
                yield FileEvent(EventKind.GENERATION, path, activity, moment, product="\ud800")

    report = import_paths(store, [source], Settings(), importer=Stranger(said))
    beside = MemoryStore()
    import_paths(beside, [source], Settings(), importer=Stranger(said))

    assert report.complete, report.sources[0].problems
    assert queries.digest(store) == queries.digest(beside)


class Unnamed(Stranger):
    """Has no name."""

    name = None  # type: ignore[assignment]


class Impostor(Stranger):
    """Has the name of one of ours."""

    name = "prov-json"


class Raises(Stranger):
    """Cannot even be asked for its address."""

    @property
    def url(self) -> str:  # type: ignore[override]
        raise RuntimeError("nobody knows")


def program() -> Stranger:
    """As a module that is a program."""
    sys.exit(2)


def test_importers_that_are_none_are_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with one, it is told and the others are there; no name is taken twice."""
    usual = registry.entry_points(group=registry.GROUP)
    wrong = ("Unnamed", "Impostor", "Raises", "program", "nowhere")
    points = [EntryPoint(f"x-{one}", f"{__name__}:{one}", registry.GROUP) for one in wrong]
    monkeypatch.setattr(registry, "entry_points", lambda group: [*usual, *points])
    found = registry.importers.__wrapped__()

    assert set(found) == {point.name for point in usual}
    assert type(found["prov-json"]) is not Impostor
    assert [record.args[0] for record in caplog.records if record.args] == sorted(
        point.name for point in points
    )


@pytest.mark.parametrize("answer", [None, "yes", 17, Confidence.SHAPE])
def test_an_answer_that_is_no_confidence_is_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    """An importer that cannot say how sure it is does not keep others from a file."""

    class Unsure(Stranger):
        def recognises(self, source: Path, head: bytes) -> Confidence:
            return answer  # type: ignore[no-any-return]

    source, unsure = tmp_path / "source", Unsure()
    source.write_text("x")
    monkeypatch.setattr(registry, "importers", lambda: {"stranger": unsure})
    found = registry.recognise(source)

    assert found is (unsure if answer is Confidence.SHAPE else None)
