"""A planted corpus: productions of which the truth is known, recorded as real tools record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lineage.access import AccessRoot
from lineage.identity import IdentitySettings
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests import production_logs
from tests.planted_cases import KINDS, TOLERANCE_S, moved_onto, planted
from tests.production_truth import Verdict, judge
from tests.random_productions import whole

CASES = int(os.environ.get("LINEAGE_PLANTED_CASES", "40"))
"""Of each kind."""
FIRST = int(os.environ.get("LINEAGE_PLANTED_SEED", "0"))
"""Seed of the first case of each kind."""
WHOLE = CASES * 3 // 2
"""Random productions of each kind of recorder."""
RECORDERS = ("named", "blind", "local", "mixed", "clocks")
IDENTITY = IdentitySettings(clock_tolerance_s=TOLERANCE_S)
CLEAR = (
    "chain",
    "overwrite",
    "appended",
    "in_place",
    "two_hosts",
    "used_first",
    "relative",
    "linked",
    "invented",
    "failed",
    "collisions",
    "redumped",
    "strange_paths",
    "told_twice",
)
"""Kinds of cases in which the records leave nothing open."""


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """The judgement on the graph of the whole corpus, with headers of some of its files."""
    directory = tmp_path_factory.mktemp("corpus")
    productions = [planted(kind, seed) for kind in KINDS for seed in range(FIRST, FIRST + CASES)]
    for recorders in RECORDERS:
        seeds = range(FIRST, FIRST + WHOLE)
        productions += [whole(seed, f"/cta/{recorders}/{seed}", recorders) for seed in seeds]
    (directory / "logs").mkdir()
    production_logs.sources(productions, directory / "logs")
    # nothing but the header tells of what is moved onto a path there
    onto = f"/{moved_onto.__name__}/"
    headed = [one for one in productions if onto in one.root or one.random.random() < 0.25]
    production_logs.headers(headed, directory / "disk")
    settings = Settings(roots=(AccessRoot("/", directory / "disk"),), identity=IDENTITY)
    store = MemoryStore()
    assert import_paths(store, [directory], settings).complete
    return judge(store, productions, IDENTITY)


def test_there_are_a_thousand_cases() -> None:
    """The corpus is as large as it is said to be."""
    assert CASES * len(KINDS) >= 1000


def test_no_record_is_lost(verdict: Verdict) -> None:
    """Every use and generation of every log is in the graph."""
    assert verdict.records > 8000
    assert verdict.lost == []


def test_no_entity_stands_for_two_versions(verdict: Verdict) -> None:
    """Not one wrong merge."""
    assert verdict.versions > 5000
    assert verdict.wrong == []


def test_every_overwrite_is_found(verdict: Verdict) -> None:
    """A version that a tool overwrote is marked so, or a finding names it."""
    assert verdict.replaced > 2000
    assert verdict.unseen == []


def test_one_version_in_several_entities_is_always_reported(verdict: Verdict) -> None:
    """Where identity cannot tell that two are one, a finding names one of them."""
    assert verdict.unreported == []


def test_what_the_records_leave_no_doubt_about_is_never_in_pieces(verdict: Verdict) -> None:
    """One entity for each version in the plain kinds of cases, and few more in all.

    Of the rest most are planted to be ambiguous: then each use that may have meant several versions
    is an entity of its own, so that there cannot be more of them than uses. What is measured is one
    for every seven versions; more than one for every five would be a change for the worse.
    """
    assert {kind: verdict.split[kind] for kind in CLEAR if verdict.split[kind]} == {}
    assert sum(verdict.split.values()) < verdict.versions / 5


def test_it_is_a_corpus_that_finds_mistakes(tmp_path: Path) -> None:
    """Where nothing at all is recorded of a file that is moved onto another, the judge sees it."""
    productions = [planted(moved_onto, seed) for seed in range(3)]
    production_logs.sources(productions, tmp_path)
    store = MemoryStore()
    import_paths(store, [tmp_path], Settings(identity=IDENTITY))

    assert len(judge(store, productions, IDENTITY).wrong) == 3
