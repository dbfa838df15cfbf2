"""A planted corpus: productions of which the truth is known, recorded as real tools record."""

from __future__ import annotations

import pytest

from lineage.access import AccessRoot
from lineage.identity import IdentitySettings
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests import production_logs
from tests.planted_cases import KINDS, TOLERANCE_S, planted
from tests.production_truth import Verdict, judge

CASES = 40
"""Of each kind."""
IDENTITY = IdentitySettings(clock_tolerance_s=TOLERANCE_S)


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """The judgement on the graph of the whole corpus."""
    directory = tmp_path_factory.mktemp("corpus")
    productions = [planted(kind, seed) for kind in KINDS for seed in range(CASES)]
    disk = directory / "disk"
    (directory / "logs").mkdir()
    production_logs.sources(productions, directory / "logs")
    headed = [one for one in productions if one.random.random() < 0.3]
    production_logs.headers(headed, disk)
    roots = (AccessRoot("/", disk),)
    store = MemoryStore()
    report = import_paths(store, [directory], Settings(roots=roots, identity=IDENTITY))
    assert report.complete
    return judge(store, productions, IDENTITY)


def test_there_are_a_thousand_cases() -> None:
    """The corpus is as large as it is said to be."""
    assert CASES * len(KINDS) >= 1000


def test_no_record_is_lost(verdict: Verdict) -> None:
    """Every use and generation of every log is in the graph."""
    assert verdict.records > 4000
    assert verdict.lost == []


def test_no_entity_stands_for_two_versions(verdict: Verdict) -> None:
    """Not one wrong merge."""
    assert verdict.wrong == []


def test_every_overwrite_is_found(verdict: Verdict) -> None:
    """A version that a tool overwrote is marked so, or a finding names it."""
    assert verdict.replaced > 500
    assert verdict.unseen == []


def test_versions_in_pieces_are_few_and_reported(verdict: Verdict) -> None:
    """Where one real version is several entities, a finding says that something is unclear."""
    print(verdict.versions, sum(verdict.split.values()), verdict.split, len(verdict.unreported))
    assert verdict.unreported == []
