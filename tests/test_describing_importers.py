"""Importers whose records speak of the file that they read: its path is part of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lineage import registry
from lineage.access import AccessRoot
from lineage.errors import LineageError
from lineage.interfaces import Confidence, OnProblem
from lineage.records import EventKind, FileEvent, Statement
from lineage.session import ImportReport, Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore


class Card:
    """``NAME.card`` says that it is there; ``NAME.picture`` belongs to it."""

    name, version, describes_files = "card", "1", True
    description, url = "cards", "https://example.org/card"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        if head.startswith(b"stumble"):
            raise ValueError("fell over")
        return Confidence.CERTAIN if source.suffix == ".card" else Confidence.NO

    def parts(self, source: Path) -> Sequence[Path]:
        return [path for path in [source.with_suffix(".picture")] if path.exists()]

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        yield FileEvent(EventKind.STATE, str(source.absolute()))
        if source.read_text() == "break":
            raise ZeroDivisionError("by a hostile file")


@pytest.fixture(autouse=True)
def only_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry knows cards and nothing else."""
    monkeypatch.setattr(registry, "importers", lambda: {"card": Card()})


def imported(store: MemoryStore, path: Path, root: Path | None = None) -> ImportReport:
    """Imports; with a root, whose files others know below ``/recorded``."""
    roots = (AccessRoot("/recorded", root),) if root else ()
    return import_paths(store, [path], Settings(roots=roots))


def outcomes(report: ImportReport) -> dict[str, Outcome]:
    """File name -> what became of it."""
    return {Path(one.path).name: one.outcome for one in report.sources}


class Stumbling(Card):
    """Cannot tell the parts of a file."""

    def parts(self, source: Path) -> Sequence[Path]:
        raise ZeroDivisionError("by a hostile file")


def test_an_importer_that_cannot_tell_the_parts_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is imported without them, and so are all others."""
    monkeypatch.setattr(registry, "importers", lambda: {"card": Stumbling()})
    for name in ("a.card", "b.card"):
        (tmp_path / name).write_text(name)
    report = imported(MemoryStore(), tmp_path)

    assert set(outcomes(report).values()) == {Outcome.IMPORTED}


def test_the_same_bytes_elsewhere_are_another_source(tmp_path: Path) -> None:
    """Both files are known afterwards."""
    for name in ("a.card", "b.card"):
        (tmp_path / name).write_text("same")
    store = MemoryStore()
    imported(store, tmp_path)

    assert len(store.sources()) == 2
    assert store.stats().entities == 2


def test_local_paths_become_those_that_sources_know(tmp_path: Path) -> None:
    """The access roots are read backwards; a file below none keeps its own path."""
    (tmp_path / "a.card").write_text("x")
    store = MemoryStore()
    imported(store, tmp_path / "a.card", tmp_path)
    imported(store, tmp_path / "a.card")
    known = {element.paths[0] for element in store.find(".card", limit=9).elements}

    assert known == {"/recorded/a.card", str(tmp_path / "a.card")}


def test_parts_belong_to_their_source(tmp_path: Path) -> None:
    """They are not unknown files, and a changed one makes another source of the whole."""
    (tmp_path / "a.card").write_text("x")
    (tmp_path / "a.picture").write_text("1")
    (tmp_path / "notes.txt").write_text("1")
    store = MemoryStore()
    first, second = imported(store, tmp_path), imported(store, tmp_path)
    (tmp_path / "a.picture").write_text("2")
    third = imported(store, tmp_path)

    assert outcomes(first)["a.picture"] is Outcome.PART
    assert outcomes(first)["notes.txt"] is Outcome.UNKNOWN
    assert outcomes(second)["a.card"] is Outcome.UNCHANGED
    assert outcomes(third)["a.card"] is Outcome.IMPORTED


def test_an_importer_that_fails_stops_nothing(tmp_path: Path) -> None:
    """The file is named, what was read is kept, and the others are imported."""
    (tmp_path / "a.card").write_text("break")
    (tmp_path / "b.card").write_text("fine")
    store = MemoryStore()
    report = imported(store, tmp_path)
    (problem,) = report.sources[0].problems

    assert "ZeroDivisionError" in problem.message
    assert outcomes(report)["b.card"] is Outcome.IMPORTED
    assert store.stats().entities == 2
    assert not report.complete


def test_strict_tells_an_importer_that_fails(tmp_path: Path) -> None:
    """It is an error of that file, not a traceback."""
    (tmp_path / "a.card").write_text("break")
    with pytest.raises(LineageError, match=r"a\.card: the importer 'card' failed"):
        import_paths(MemoryStore(), [tmp_path], Settings(), strict=True)


def test_one_that_stumbles_while_looking_recognises_nothing(tmp_path: Path) -> None:
    """Others could still read the file."""
    (tmp_path / "a.txt").write_text("stumble")

    assert outcomes(imported(MemoryStore(), tmp_path))["a.txt"] is Outcome.UNKNOWN
