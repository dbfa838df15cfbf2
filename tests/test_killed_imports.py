"""An import that is killed at any moment, and run again, makes the graph of one that was not."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

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
"""Every kill, 204 in all; else a part of them, for those who wait for the answer."""
TRANSACTION_KILLS = 142 if ALL else 20
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


@pytest.fixture(scope="module")
def shared(engine: Path) -> Iterator[BoltStore]:
    """A store that stays open while imports into it are killed."""
    store = open_embedded(engine)
    yield store
    store.close()


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    """What runs imports and kills them."""
    made = Killer()
    yield made
    made.close()


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


def job(tree: Tree, engine: Path, kill: Kill, *, eager: bool = True) -> Job:
    """The imports, before and after the log grew."""
    tree.shrink()
    return Job(str(engine), [(str(tree.log), str(tree.whole))], [str(tree.path)], kill, eager)


def resumed(store: BoltStore, tree: Tree) -> object:
    """What the store says once the import was run again."""
    tree.grow()
    import_paths(store, [tree.path], Settings())
    return content(store)


@pytest.fixture(scope="module")
def transactions(shared: BoltStore, tree: Tree, engine: Path, killer: Killer) -> dict[bool, int]:
    """How many transactions the imports take, whether they settle after each batch or not."""
    counts = {}
    for eager in (True, False):
        wipe(shared)
        done = killer.do(job(tree, engine, Kill(), eager=eager))
        assert done is not None
        counts[eager] = int(done["transactions"])
    return counts


def kills(number: int, transactions: dict[bool, int]) -> list[tuple[bool, Kill]]:
    """Kills at random transactions, spread over all of them and over all moments."""
    found = []
    chance = random.Random(7)
    for i in range(number):
        eager = i % 4 != 3
        last = transactions[eager]
        low, high = last * i // number, last * (i + 1) // number
        at = 1 + chance.randint(low, max(low, high - 1))
        moment = MOMENTS[i % len(MOMENTS)]
        found.append((eager, Kill(at, moment, chance.randint(1, 6), group=i % 3 == 0)))
    return found


def test_without_a_kill_it_is_the_graph_of_the_memory_store(
    shared: BoltStore,
    tree: Tree,
    engine: Path,
    killer: Killer,
    transactions: dict[bool, int],
    uninterrupted: object,
) -> None:
    """Small transactions and constant settling change nothing; there are enough to kill in."""
    wipe(shared)
    done = killer.do(job(tree, engine, Kill()))

    assert done is not None
    assert content(shared) == uninterrupted
    assert transactions[True] > 50


def test_a_kill_in_any_transaction_loses_nothing(
    shared: BoltStore,
    tree: Tree,
    engine: Path,
    killer: Killer,
    transactions: dict[bool, int],
    uninterrupted: object,
) -> None:
    """Before, amid and after any transaction, and between a commit and its answer."""
    killed = 0
    for eager, kill in kills(TRANSACTION_KILLS, transactions):
        wipe(shared)
        killed += killer.do(job(tree, engine, kill, eager=eager)) is None

        assert resumed(shared, tree) == uninterrupted, kill

    # one with fewer queries than the kill waits for survives
    assert killed > TRANSACTION_KILLS * 3 // 4


def test_a_kill_at_any_time_loses_nothing(
    shared: BoltStore,
    tree: Tree,
    engine: Path,
    killer: Killer,
    uninterrupted: object,
) -> None:
    """By the clock, from the opening of the store on."""
    chance = random.Random(11)
    killed = 0
    for i in range(CLOCK_KILLS):
        wipe(shared)
        kill = Kill(after_s=chance.uniform(0.01, 3.0), group=i % 2 == 0)
        killed += killer.do(job(tree, engine, kill)) is None

        assert resumed(shared, tree) == uninterrupted, kill

    assert killed


def test_kill_after_kill_it_still_comes_to_its_end(
    shared: BoltStore,
    tree: Tree,
    engine: Path,
    killer: Killer,
    transactions: dict[bool, int],
    uninterrupted: object,
) -> None:
    """Killed three times in a row, the later ones while it takes up what the earlier ones left."""
    chance = random.Random(13)
    killed = 0
    for i in range(REPEATED_KILLS):
        wipe(shared)
        for _ in range(3):
            at = chance.randint(1, transactions[True] // 2)
            kill = Kill(at, MOMENTS[i % len(MOMENTS)], chance.randint(1, 6))
            killed += killer.do(job(tree, engine, kill)) is None

        assert resumed(shared, tree) == uninterrupted, i

    assert killed


def test_a_killed_watch_is_taken_up_by_the_next_one(
    shared: BoltStore,
    tree: Tree,
    engine: Path,
    killer: Killer,
    transactions: dict[bool, int],
    uninterrupted: object,
) -> None:
    """Another watch, or an import, makes the graph whole."""
    chance = random.Random(17)
    killed = 0
    for i in range(WATCH_KILLS):
        wipe(shared)
        (engine.parent / "watch.json").unlink(missing_ok=True)
        kill = Kill(chance.randint(1, transactions[True] // 2), MOMENTS[i % len(MOMENTS)])
        watching = replace(job(tree, engine, kill), watched=True)
        killed += killer.do(watching) is None
        tree.grow()
        again = killer.do(replace(watching, kill=Kill()))

        assert again is not None
        assert content(shared) == uninterrupted, kill

    assert killed


@pytest.mark.parametrize("alone", [True, False])
def test_a_killed_engine_loses_nothing(
    shared: BoltStore,
    tree: Tree,
    engine: Path,
    killer: Killer,
    transactions: dict[bool, int],
    uninterrupted: object,
    alone: bool,
) -> None:
    """The importer starts another engine and goes on; killed with it, the next import does."""
    chance = random.Random(19)
    for i in range(ENGINE_KILLS):
        wipe(shared)
        kill = Kill(
            chance.randint(1, transactions[True]),
            MOMENTS[i % len(MOMENTS)],
            engine=str(engine),
            alone=alone,
        )
        killer.do(job(tree, engine, kill))

        assert resumed(shared, tree) == uninterrupted, kill
