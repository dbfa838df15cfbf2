"""One directory with the files of every tool, as somebody points the importer at it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from lineage import queries
from lineage.session import ImportReport, Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.golden import DATA, Sample, samples

SAMPLES = samples()


def name_of(sample: Sample) -> str:
    return str(sample.path.relative_to(DATA))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every sample, below a directory for each format, with a few files of nobody's."""
    base = tmp_path_factory.mktemp("mixed")
    for sample in SAMPLES:
        to = base / name_of(sample)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sample.path, to)
    (base / "notes.txt").write_text("remember the milk")
    (base / "empty").write_bytes(b"")
    return base


@pytest.fixture(scope="module")
def imported(tree: Path) -> tuple[MemoryStore, ImportReport]:
    """The tree in one go."""
    store = MemoryStore()
    return store, import_paths(store, [tree], Settings())


def test_each_file_goes_to_its_importer(
    tree: Path, imported: tuple[MemoryStore, ImportReport]
) -> None:
    """What each file is is found out by itself; the rest is listed as unknown, or as a part."""
    found = {str(Path(one.path).relative_to(tree)): one for one in imported[1].sources}
    wrong = {
        name_of(sample): found[name_of(sample)].importer
        for sample in SAMPLES
        if (found[name_of(sample)].importer or None) != sample.importer
    }

    assert not wrong
    assert found["notes.txt"].outcome is Outcome.UNKNOWN
    assert found["empty"].outcome is Outcome.UNKNOWN
    assert len(found) == len(SAMPLES) + 2


def test_nothing_fails_in_a_way_that_nobody_foresaw(
    imported: tuple[MemoryStore, ImportReport],
) -> None:
    """Problems come with their places; no importer broke down."""
    problems = [(one.path, problem) for one in imported[1].sources for problem in one.problems]

    assert not [pair for pair in problems if "the importer" in pair[1].message]
    assert all(problem.message for _, problem in problems)


def test_order_and_repetition_change_nothing(
    tree: Path, imported: tuple[MemoryStore, ImportReport]
) -> None:
    """Files one by one in any order, some of them twice: the same digest."""
    digest = queries.digest(imported[0])
    files = [Path(one.path) for one in imported[1].sources]
    for seed in range(3):
        shuffled = random.Random(seed)
        order = [*files, *shuffled.sample(files, 10)]
        shuffled.shuffle(order)
        store = MemoryStore()
        for start in range(0, len(order), 7):
            import_paths(store, order[start : start + 7], Settings())

        assert queries.digest(store) == digest
