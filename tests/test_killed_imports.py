"""An import that is killed at any moment, and run again, makes the graph of one that was not."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lineage import queries
from lineage.graph_store import GraphStore
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.bolt import BoltStore
from lineage.stores.embedded import open_embedded, supported
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredElement
from tests.conftest import wipe
from tests.embedded_engine import cleaned
from tests.killed_imports import MOMENTS, Job, Kill, Killer

pytestmark = pytest.mark.embedded

ALL = os.environ.get("HYPOTHESIS_PROFILE") == "ci"
"""More than 200 that do kill; else a part of them, for those who wait for the answer."""
TRANSACTION_KILLS = 165 if ALL else 20
CLOCK_KILLS = 24 if ALL else 5
REPEATED_KILLS = 8 if ALL else 2
WATCH_KILLS = 6 if ALL else 2
ENGINE_KILLS = 4 if ALL else 2

DATA = Path(__file__).parent / "data"
DEMO = Path(__file__).parent.parent / "demo" / "work32"
EX = "http://example.org/"


@dataclass(frozen=True, slots=True)
class Tree:
    """Files of several formats, one of them a log that grows between two imports."""

    path: Path
    log: Path
    short: Path
    whole: Path

    def shrink(self) -> None:
        """The log is as before it grew."""
        self.log.write_bytes(self.short.read_bytes())

    def grow(self) -> None:
        """The log has grown."""
        self.log.write_bytes(self.whole.read_bytes())


def document(path: Path, seed: int) -> None:
    """PROV-JSON with bundles, in several batches, some of it said by other documents too."""

    def said(name: str) -> dict[str, object]:
        return {
            "entity": {f"ex:{name}{i}": {"ex:n": i} for i in range(40)},
            "activity": {"ex:run": {"prov:startTime": f"2020-01-0{seed}T00:00:00Z"}},
            "wasGeneratedBy": {
                f"_:g{i}": {"prov:entity": f"ex:{name}{i}", "prov:activity": "ex:run"}
                for i in range(40)
            },
        }

    content = {
        "prefix": {"ex": EX},
        **said("e"),
        "bundle": {f"ex:b{seed}": said("e"), "ex:b": said("f")},
    }
    path.write_text(json.dumps(content))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A small one of everything."""
    root = tmp_path_factory.mktemp("killed")
    path = root / "tree"
    path.mkdir()
    names = ("ctapipe-quickstart", "ctapipe-train-energy-regressor", "ctapipe-apply-models")
    for name in names:
        shutil.copy(DEMO / f"{name}.provenance.log", path)
    shutil.copy(DEMO / "dl1" / "level1.dl1.h5", path)
    shutil.copy(DEMO / "instr" / "MonteCarloArray.optics.fits.gz", path)
    shutil.copy(DATA / "lstosa" / "seed_prov_excerpt.log", path / "prov.log")
    (path / "damaged.json").write_text(json.dumps({"prefix": {"ex": EX}, "used": {"_:u": 17}}))
    for seed in (1, 2):
        document(path / f"document{seed}.json", seed)
    whole = (DEMO / "raises_true.provenance.log").read_bytes()
    (root / "whole").write_bytes(whole)
    (root / "short").write_bytes(whole[: len(whole) // 2])
    return Tree(path, path / "grows.provenance.log", root / "short", root / "whole")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of a store that these tests have for themselves."""
    if reason := supported():
        pytest.skip(reason)
    with cleaned(tmp_path_factory.mktemp("engine") / "store") as directory:
        yield directory


def content(store: GraphStore) -> object:
    """All that a store says: digest, every element and relation, and what it knows of sources."""
    names = {source.key: source.content for source in store.sources()}
    told = [
        replace(one, sources=tuple(sorted(names[key] for key in one.sources)))
        if isinstance(one, StoredElement)
        else (one.key, one.relation, tuple(sorted(names[key] for key in one.sources)))
        for one in store.contents()
    ]
    # a log read in two parts counts what both of them need twice
    sources = {
        (one.content, one.paths, 0 if "grows" in one.paths[0] else one.records, one.skipped)
        for one in store.sources()
        if one.complete and one.written is None
    }
    events = {(one.key, names[one.source], one.event) for one in store.all_events()}
    return queries.digest(store), told, sources, events, store.stats(), store.namespaces()


@pytest.fixture(scope="module")
def uninterrupted(tree: Tree) -> object:
    """What the memory store says after the imports, which nothing interrupts."""
    store = MemoryStore()
    for change in (tree.shrink, tree.grow):
        change()
        import_paths(store, [tree.path], Settings())
    return content(store)


@dataclass(frozen=True, slots=True)
class Trial:
    """A store that stays open while imports into it are killed."""

    store: BoltStore
    tree: Tree
    engine: Path
    killer: Killer
    uninterrupted: object
    """What the store must say in the end."""

    def do(self, kill: Kill, *, eager: bool = True, watched: bool = False) -> dict[str, Any] | None:
        """Imports before and after the log grew; ``None`` if that was killed."""
        self.tree.shrink()
        growth = [(str(self.tree.log), str(self.tree.whole))]
        paths = [str(self.tree.path)]
        return self.killer.do(Job(str(self.engine), growth, paths, kill, eager, watched))

    def is_killed(self, kill: Kill, *, eager: bool = True) -> bool:
        """An import into the empty store is killed, if it comes to that moment."""
        wipe(self.store)
        return self.do(kill, eager=eager) is None

    def comes_to_its_end(self) -> bool:
        """Run again, the import makes the graph of one that nothing interrupted."""
        self.tree.grow()
        import_paths(self.store, [self.tree.path], Settings())
        return content(self.store) == self.uninterrupted


@pytest.fixture(scope="module")
def trial(tree: Tree, engine: Path, uninterrupted: object) -> Iterator[Trial]:
    """For all of these tests: an engine takes seconds to start."""
    store, killer = open_embedded(engine), Killer()
    yield Trial(store, tree, engine, killer, uninterrupted)
    killer.close()
    store.close()


@pytest.fixture(scope="module")
def transactions(trial: Trial) -> dict[bool, int]:
    """How many transactions the imports take, whether they settle after each batch or not."""
    counts = {}
    for eager in (True, False):
        wipe(trial.store)
        done = trial.do(Kill(), eager=eager)
        assert done is not None
        counts[eager] = int(done["transactions"])
    return counts


@pytest.fixture(scope="module")
def took_s(trial: Trial) -> float:
    """How long the imports take here, in seconds."""
    wipe(trial.store)
    began = time.monotonic()
    trial.do(Kill())
    return time.monotonic() - began


def kills(number: int, transactions: dict[bool, int]) -> Iterator[tuple[bool, Kill]]:
    """Kills at random transactions, spread over all of them and over all moments, twice over."""
    chance = random.Random(7)
    for i in range(2 * number):
        eager = i % 4 != 3
        last = transactions[eager]
        low, high = last * (i % number) // number, last * (i % number + 1) // number
        at = 1 + chance.randint(low, max(low, high - 1))
        moment = MOMENTS[i % len(MOMENTS)]
        yield eager, Kill(at, moment, chance.randint(1, 6), group=i % 3 == 0)


def test_without_a_kill_it_is_the_graph_of_the_memory_store(
    trial: Trial, transactions: dict[bool, int]
) -> None:
    """Small transactions and constant settling change nothing; there are enough to kill in."""
    wipe(trial.store)
    done = trial.do(Kill())

    assert done is not None
    assert content(trial.store) == trial.uninterrupted
    assert transactions[True] > 50


def test_a_kill_in_any_transaction_loses_nothing(
    trial: Trial, transactions: dict[bool, int]
) -> None:
    """Before, amid and after any transaction, and between a commit and its answer."""
    killed = 0
    for eager, kill in kills(TRANSACTION_KILLS, transactions):
        # one with fewer queries than the kill waits for survives
        killed += trial.is_killed(kill, eager=eager)

        assert trial.comes_to_its_end(), kill
        if killed == TRANSACTION_KILLS:
            break

    assert killed == TRANSACTION_KILLS


def test_a_kill_at_any_time_loses_nothing(trial: Trial, took_s: float) -> None:
    """By the clock, from the opening of the store on."""
    chance = random.Random(11)
    killed = 0
    for i in range(3 * CLOCK_KILLS):
        # the import may be done before
        killed += trial.is_killed(Kill(after_s=chance.uniform(0.01, took_s), group=i % 2 == 0))

        assert trial.comes_to_its_end(), i
        if killed == CLOCK_KILLS:
            break

    assert killed == CLOCK_KILLS


def test_kill_after_kill_it_still_comes_to_its_end(
    trial: Trial, transactions: dict[bool, int]
) -> None:
    """Killed three times in a row, the later ones while it takes up what the earlier ones left."""
    chance = random.Random(13)
    killed = 0
    for i in range(REPEATED_KILLS):
        wipe(trial.store)
        for _ in range(3):
            at = chance.randint(1, transactions[True] // 2)
            kill = Kill(at, MOMENTS[i % len(MOMENTS)], chance.randint(1, 6))
            killed += trial.do(kill) is None

        assert trial.comes_to_its_end(), i

    # the later ones have fewer transactions left to do
    assert killed > REPEATED_KILLS


def test_a_killed_watch_is_taken_up_by_the_next_one(
    trial: Trial, transactions: dict[bool, int]
) -> None:
    """Another watch, or an import, makes the graph whole."""
    chance = random.Random(17)
    killed = 0
    for i in range(WATCH_KILLS):
        wipe(trial.store)
        (trial.engine.parent / "watch.json").unlink(missing_ok=True)
        kill = Kill(chance.randint(1, transactions[True] // 2), MOMENTS[i % len(MOMENTS)])
        killed += trial.do(kill, watched=True) is None
        trial.tree.grow()
        again = trial.killer.do(
            Job(str(trial.engine), [], [str(trial.tree.path)], Kill(), watched=True)
        )

        assert again is not None
        assert content(trial.store) == trial.uninterrupted, kill

    assert killed


@pytest.mark.parametrize("alone", [True, False])
def test_a_killed_engine_loses_nothing(
    trial: Trial, transactions: dict[bool, int], alone: bool
) -> None:
    """The importer starts another engine and goes on; killed with it, the next import does."""
    chance = random.Random(19)
    killed = 0
    for i in range(ENGINE_KILLS):
        wipe(trial.store)
        at, moment = chance.randint(1, transactions[True]), MOMENTS[i % len(MOMENTS)]
        done = trial.do(Kill(at, moment, engine=str(trial.engine), alone=alone))
        killed += done["engines_killed"] if done is not None else 1

        assert trial.comes_to_its_end(), i

    assert killed == ENGINE_KILLS
