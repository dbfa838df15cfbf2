"""Notes: what is left alone on purpose, or waits for more, is told and is no failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest
from typer.testing import CliRunner

from lineage import registry
from lineage.cli import app
from lineage.errors import SourceError
from lineage.interfaces import Confidence, OnProblem, Problem, note
from lineage.reading import first_problem
from lineage.records import Activity, Statement
from lineage.session import Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import HDF5


@pytest.fixture
def master(tmp_path: Path) -> Path:
    """A file of links into others, as experiments write one for each scan."""
    for name in ("a.h5", "b.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            file["data"] = [1, 2, 3]
    path = tmp_path / "master.h5"
    with h5py.File(path, "w") as file:
        file["a"] = h5py.ExternalLink("a.h5", "/data")
        file["b"] = h5py.ExternalLink("b.h5", "/data")
    return path


def test_a_master_file_of_links_is_taken_whole(master: Path) -> None:
    """Its links are kept, and not followed; nothing of it is lost."""
    store = MemoryStore()
    report = import_paths(store, [master], Settings())
    (one,) = report.sources
    (source,) = store.sources()
    (file,) = (found.records[0] for found in store.find("master.h5", limit=5).elements)

    assert report.complete
    assert (one.outcome, one.problems, source.skipped) == (Outcome.IMPORTED, [], 0)
    assert "/a -> a.h5:/data, /b -> b.h5:/data" in one.notes[0].message
    assert json.loads(str(file.values(HDF5 + "links")[0]))[1]["path"] == "/b"


@pytest.mark.parametrize("option", [(), ("--strict",)])
def test_the_command_line_tells_notes_and_ends_well(option: tuple[str, ...], master: Path) -> None:
    """Exit status 0, also where any skipped place would be fatal."""
    done = CliRunner().invoke(app, ["--store", "memory", "import", *option, str(master)])

    assert done.exit_code == 0, done.output
    assert f"note: {master}:/: leads to other files" in done.output
    assert "0 places skipped" in done.output


def test_programs_get_notes_of_their_own(master: Path) -> None:
    """Beside what was skipped."""
    done = CliRunner().invoke(app, ["--store", "memory", "import", "--json", str(master)])
    (source,) = json.loads(done.stdout)["sources"]

    assert source["skipped"] == []
    assert [set(one) for one in source["notes"]] == [{"place", "message"}]


class Remarking:
    """Says one thing, with a note and perhaps a problem that loses nothing."""

    name, version = "remarking", "1"
    description, url = "remarks", "https://example.org/remarks"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        return Confidence.CERTAIN if head.startswith(b"remark") else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        on_problem(note("1", "is a note."))
        yield Activity("urn:x:a")
        if source.suffix == ".wrong":
            on_problem(Problem("2", "is odd, and kept.", records_lost=0))


def test_what_is_wrong_counts_though_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A problem without a lost record is one; a note is none, whoever looks."""
    monkeypatch.setattr(registry, "importers", lambda: {"remarking": Remarking()})
    wrong, right = tmp_path / "a.wrong", tmp_path / "a.right"
    for path in (wrong, right):
        path.write_text(f"remark {path.suffix}")
    reports = {path: import_paths(MemoryStore(), [path], Settings()) for path in (wrong, right)}

    assert (reports[wrong].complete, reports[right].complete) == (False, True)
    assert first_problem(right) is None
    assert first_problem(wrong) == Problem("2", "is odd, and kept.", 0)
    with pytest.raises(SourceError, match="odd"):
        import_paths(MemoryStore(), [wrong], Settings(), strict=True)
    assert import_paths(MemoryStore(), [right], Settings(), strict=True).complete


def test_records_are_what_a_source_says() -> None:
    """Two activities with their agent, plan, relations and files; that they ran says no more."""
    log = Path(__file__).parent.parent / "demo/work32/ctapipe-apply-models.provenance.log"
    (one,) = import_paths(MemoryStore(), [log], Settings()).sources
    activities, agents, plans, associations, plans_used, files = 2, 1, 1, 2, 2, 8

    assert one.records == activities + agents + plans + associations + plans_used + files
