"""A store whose embedded engine is killed answers on, whoever asks first."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lineage.graph_store import CypherStore
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.embedded import open_embedded
from tests.embedded_engine import cleaned, engine_pid

DEMO = Path(__file__).parent.parent / "demo" / "work32"

pytestmark = pytest.mark.embedded


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory whose engine is ended after the test."""
    with cleaned(tmp_path) as given:
        yield given


def test_all_threads_are_answered_after_the_engine_was_killed(directory: Path) -> None:
    """Threads that find the engine gone together wait for one new engine, and none fails."""
    store = open_embedded(directory)
    try:
        import_paths(store, [DEMO / "logs"], Settings())
        before = store.stats()
        os.kill(engine_pid(directory), signal.SIGKILL)
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda _: store.stats(), range(12)))
    finally:
        store.close()

    assert before.sources == 1
    assert answers == [before] * 12


def test_a_users_query_is_answered_after_the_engine_was_killed(directory: Path) -> None:
    """The console's own query brings the engine back too."""
    store = open_embedded(directory)
    try:
        assert isinstance(store, CypherStore)
        os.kill(engine_pid(directory), signal.SIGKILL)
        answer = store.cypher("RETURN 1 AS one")
    finally:
        store.close()

    assert answer.rows == ((1,),)
