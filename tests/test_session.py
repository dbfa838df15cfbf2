"""Importing paths into a store: what is taken, what is skipped, and that order does not matter."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from lineage import queries
from lineage.errors import LineageError
from lineage.session import ImportReport, Outcome, Progress, import_paths, open_store
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore

DEMO = Path(__file__).parent.parent / "demo" / "work32"
LOGS = sorted(DEMO.rglob("*.provenance.log"))
GOOD = {"prefix": {"ex": "http://example.org/"}, "entity": {"ex:e": {}}}


def write(path: Path, content: object) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(content))
    return path


def imported(*paths: Path, store: MemoryStore | None = None) -> tuple[MemoryStore, ImportReport]:
    """A memory store with these paths imported, and the report."""
    store = store or MemoryStore()
    return store, import_paths(store, paths, Settings())


def test_unknown_files_in_a_directory_change_nothing(tmp_path: Path) -> None:
    """What no importer knows is listed, and the import is complete all the same."""
    write(tmp_path / "a.json", GOOD)
    (tmp_path / "notes.txt").write_text("remember the milk")
    store, report = imported(tmp_path)

    assert {Path(one.path).name: one.outcome for one in report.sources} == {
        "a.json": Outcome.IMPORTED,
        "notes.txt": Outcome.UNKNOWN,
    }
    assert report.complete
    assert store.stats().entities == 1


def test_an_unknown_file_that_was_named_counts(tmp_path: Path) -> None:
    """Naming a file means wanting it."""
    path = tmp_path / "notes.txt"
    path.write_text("remember the milk")
    _, report = imported(path)

    assert not report.complete
    assert report.nothing_done


def test_a_damaged_record_is_skipped_and_said_each_time(tmp_path: Path) -> None:
    """Good records are kept, the bad one is named, and again when it is imported again."""
    path = write(tmp_path / "a.json", {**GOOD, "used": {"_:u": 17}})
    store, first = imported(path)
    digest = queries.digest(store)
    _, second = imported(path, store=store)

    assert store.stats().entities == 1
    assert "/used/_:u" in first.sources[0].problems[0].place
    assert first.sources[0].problems == second.sources[0].problems
    assert queries.digest(store) == digest
    assert not second.complete


def test_strict_writes_nothing_when_anything_is_wrong(tmp_path: Path) -> None:
    """A problem in the last file keeps the first from being written."""
    write(tmp_path / "a.json", GOOD)
    write(tmp_path / "b.json", {**GOOD, "used": {"_:u": 17}})
    store = MemoryStore()
    with pytest.raises(LineageError, match=r"b\.json"):
        import_paths(store, [tmp_path], Settings(), strict=True)

    assert store.stats().entities == 0
    assert store.sources() == ()


def test_one_unreadable_file_stops_nothing(tmp_path: Path) -> None:
    """A file that claims to be PROV-JSON and is not leaves the others alone, and no trace."""
    write(tmp_path / "a.json", GOOD)
    (tmp_path / "b.json").write_text('{"entity": ')
    store, report = imported(tmp_path)

    assert report.sources[0].outcome is Outcome.IMPORTED
    assert report.sources[1].problems
    assert store.stats().entities == 1


def test_links_inside_a_directory_are_not_followed(tmp_path: Path) -> None:
    """Importing a directory reads nothing outside of it."""
    outside = write(tmp_path / "outside.json", GOOD)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.json").symlink_to(outside)
    store, report = imported(inside)

    assert report.sources == []
    assert store.stats().entities == 0


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    """Nothing is imported when a named path is not there."""
    with pytest.raises(LineageError, match="no such file"):
        imported(tmp_path / "nowhere")


def test_importing_twice_changes_nothing() -> None:
    """The second import of the same files finds them unchanged."""
    store, first = imported(DEMO)
    before = store.stats(), queries.digest(store)
    _, again = imported(DEMO, store=store)

    assert (store.stats(), queries.digest(store)) == before
    assert again.count(Outcome.UNCHANGED) == first.count(Outcome.IMPORTED) >= len(LOGS)
    assert again.count(Outcome.IMPORTED) == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_order_and_number_of_imports_do_not_matter(seed: int) -> None:
    """The digest is the same for any order of the files, imported one by one or together."""
    together, report = imported(DEMO)
    files = [Path(one.path) for one in report.sources if one.outcome is Outcome.IMPORTED]
    random.Random(seed).shuffle(files)
    one_by_one = MemoryStore()
    for file in files:
        imported(file, store=one_by_one)

    assert queries.digest(one_by_one) == queries.digest(together)
    assert one_by_one.stats() == together.stats()


@pytest.mark.parametrize("files", range(1, len(LOGS)))
def test_an_interrupted_import_is_taken_up_again(files: int) -> None:
    """Stopped in the middle and run again, an import ends in the same graph."""
    whole, _ = imported(*LOGS)
    store = MemoryStore()

    def interrupt(progress: Progress) -> None:
        if progress.path == LOGS[files] and progress.records:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_paths(store, LOGS, Settings(), on_progress=interrupt)
    assert any(not source.complete for source in store.sources())
    imported(*LOGS, store=store)

    assert queries.digest(store) == queries.digest(whole)
    assert all(source.complete for source in store.sources())


def test_the_logs_of_separate_tools_chain() -> None:
    """The merged DL2 file comes from the raw file, the configurations and the model that made it,
    and not from the earlier versions of the same paths."""
    store, _ = imported(DEMO)
    merged = queries.resolve(store, "dl2/merged.dl2.h5")
    found = queries.ancestors(store, merged.key).elements
    names = [element.name for element in found]
    identifiers = " ".join(element.identifier for element in found)

    assert names.count("gamma_run1.simtel.gz") == 1
    assert {"process_v2.yaml", "train.yaml", "energy.pkl"} <= set(names)
    assert "energy.pkl#a5fe78d9" in identifiers
    assert "ctapipe-train-energy-regressor" in names
    assert [name for name in names if "simtel" in name] == ["gamma_run1.simtel.gz"]
    assert "process.yaml" not in names
    for stranger in ("3217a743", "1874e528", "6b0d488d", "7897cb72", "b754f77c"):
        assert stranger not in identifiers


def test_a_store_that_is_no_store_is_refused() -> None:
    """The message lists what there is."""
    with pytest.raises(LineageError, match="there are: memory, embedded"):
        open_store("oracle", Settings())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe is refused at once, though nobody writes into it."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    _, report = imported(pipe)

    assert [one.outcome for one in report.sources] == [Outcome.FAILED]
    assert report.nothing_done


def test_a_file_that_goes_away_meanwhile_is_told(tmp_path: Path) -> None:
    """A file removed while others are read, or while it is read, stops nothing."""
    first, second = write(tmp_path / "a.json", GOOD), write(tmp_path / "b.json", GOOD)

    def remove(progress: Progress) -> None:
        if progress.records:
            first.unlink(missing_ok=True)
            second.unlink(missing_ok=True)

    report = import_paths(MemoryStore(), [tmp_path], Settings(), on_progress=remove)

    assert [one.outcome for one in report.sources] == [Outcome.IMPORTED, Outcome.FAILED]
    assert all("No such file" in one.problems[0].message for one in report.sources)


def test_a_path_too_long_is_told(tmp_path: Path) -> None:
    """What the system refuses as a path is an error with a reason."""
    with pytest.raises(LineageError, match="cannot be read"):
        imported(tmp_path / ("a" * 300))


def test_a_closed_directory_counts_as_skipped(tmp_path: Path) -> None:
    """What lies in a directory that may not be listed is missing, and that is said."""
    write(tmp_path / "a.json", GOOD)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    if os.access(closed, os.R_OK):
        pytest.skip("this user may read everything")
    _, report = imported(tmp_path)
    closed.chmod(0o700)

    assert not report.complete
    assert [one.path for one in report.sources if one.problems] == [str(closed)]


def test_a_name_that_is_not_text_is_kept_as_text(tmp_path: Path) -> None:
    """A file name that is no UTF-8 is imported, and its path in the store can be written."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.json"))
    store, report = imported(write(path, GOOD))

    assert report.complete
    assert store.sources()[0].paths[0].encode() == os.fsencode(tmp_path) + b"/b\xef\xbf\xbd.json"


def test_a_file_that_becomes_a_pipe_meanwhile_holds_nothing_up(tmp_path: Path) -> None:
    """Opening a pipe waits for a writer; here none ever comes."""
    log = tmp_path / "a.json"
    write(log, GOOD)
    write(tmp_path / "b.json", {**GOOD, "entity": {"ex:next": {}}})

    def swap(progress: Progress) -> None:
        if progress.path == log and progress.records:
            log.unlink()
            os.mkfifo(log)

    report = import_paths(MemoryStore(), [tmp_path], Settings(), on_progress=swap)

    assert [one.path for one in report.sources if one.problems] == [str(log)]
    assert "no regular file" in report.sources[0].problems[0].message
