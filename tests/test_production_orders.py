"""Whole productions as tools record them: whatever is imported first, the graph is the same."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from lineage import queries
from lineage.access import AccessRoot
from lineage.graph_store import GraphStore
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests import production_logs
from tests.conftest import EmptyStore
from tests.planted_cases import KINDS, planted
from tests.productions import Production
from tests.random_productions import whole

MORE = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else 1


def productions(seed: int) -> list[Production]:
    """A random production of all recorders, and a case of a few kinds."""
    kinds = random.Random(seed).sample(KINDS, 3)
    cases = [planted(kind, seed) for kind in kinds]
    return [whole(seed, "/cta/whole"), *cases]


def written(seed: int, directory: Path) -> tuple[list[Path], Settings]:
    """What records them: logs of ctapipe and lstosa, text logs, headers."""
    made = productions(seed)
    logs, disk = directory / "logs", directory / "disk"
    logs.mkdir()
    files = production_logs.sources(made, logs)
    files += production_logs.headers(made, disk)[:4]
    return files, Settings(roots=(AccessRoot("/", disk),))


def imported(
    store: GraphStore, files: Sequence[Path], settings: Settings, rng: random.Random
) -> str:
    """The digest after these files were imported, in one run or in several."""
    rest = list(files)
    while rest:
        size = rng.randint(1, len(rest))
        report = import_paths(store, rest[:size], settings)
        assert report.complete
        rest = rest[size:]
    return queries.digest(store)


@pytest.mark.parametrize("seed", range(12 * MORE))
def test_no_order_of_imports_shows_in_memory(seed: int, tmp_path: Path) -> None:
    """Any order, in any number of runs, each source once or twice: one digest."""
    files, settings = written(seed, tmp_path)
    rng = random.Random(seed)
    expected = queries.digest(_at_once(files, settings))
    digests = set()
    for _ in range(8):
        order = rng.sample(files, len(files)) + rng.sample(files, rng.randint(0, len(files)))
        digests.add(imported(MemoryStore(), order, settings, rng))

    assert digests == {expected}


@pytest.mark.parametrize("seed", range(100, 100 + 2 * MORE))
def test_no_order_of_imports_shows_in_any_store(
    seed: int, tmp_path: Path, empty_store: EmptyStore
) -> None:
    """The engines agree with memory, in every order."""
    files, settings = written(seed, tmp_path)
    rng = random.Random(seed)
    expected = queries.digest(_at_once(files, settings))
    digests = set()
    for _ in range(2):
        order = rng.sample(files, len(files)) + rng.sample(files, rng.randint(0, 3))
        digests.add(imported(empty_store(), order, settings, rng))

    assert digests == {expected}


def _at_once(files: Sequence[Path], settings: Settings) -> MemoryStore:
    store = MemoryStore()
    import_paths(store, files, settings)
    return store
