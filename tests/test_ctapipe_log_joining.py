"""The text logs and the provenance logs of one production, imported in any order: one graph."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import queries
from lineage import vocabulary as v
from lineage.graph_store import GraphStore
from lineage.records import Activity
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import CTAPIPE
from tests.ctapipe_text_logs import DATA, LOGS, RECORDS
from tests.ctapipe_text_logs import moment as moment_of

ALL = [*LOGS, *RECORDS]
SMALL = [
    path
    for path in ALL
    if path.name != "ctapipe.log" and path.parent.name != "other" and "merge" not in path.name
]
CONSOLE = DATA / "work32" / "console_ansi.log"


def imported(batches: Iterable[Sequence[Path]], store: GraphStore | None = None) -> GraphStore:
    """A store, into which the batches were imported one after another."""
    store = store or MemoryStore()
    for batch in batches:
        assert not [
            problem.message
            for report in import_paths(store, batch, Settings()).sources
            for problem in report.problems
        ]
    return store


@cache
def whole() -> GraphStore:
    """Everything at once."""
    return imported([ALL])


def activities(store: GraphStore) -> dict[str, Activity]:
    return {one.identifier: one for one in store.records() if isinstance(one, Activity)}


def only(activity: Activity, name: str) -> object:
    (value,) = activity.values(name)
    return value


def test_only_runs_that_no_record_tells_of_are_further_activities() -> None:
    """Two: one whose provenance log is not among the samples, one that wrote an empty record."""
    with_logs, without = activities(whole()), activities(imported([RECORDS]))
    further = sorted(set(with_logs) - set(without))
    found = [with_logs[one] for one in further]

    assert set(without) <= set(with_logs)
    assert {
        (
            only(one, v.PROV_LABEL),
            str(only(one, v.PROV_START)),
            one.values(CTAPIPE + "provenance_log"),
        )
        for one in found
    } == {
        (
            "ctapipe-slow",
            "2026-11-23 07:17:08.979000",
            ("/srv/cta/work32/ctapipe-slow.provenance.log",),
        ),
        # ctapipe 0.11 does not record a run that its tool ends itself: its log is []
        ("ctapipe-merge", "2026-11-23 07:46:38.130000", ()),
    }
    assert {only(one, v.IDENTIFIED_BY) for one in found} == {"log"}


def test_joining_adds_no_relation_but_those_of_the_further_runs() -> None:
    """What a log says of a file, its record said: relative paths and repeated ones too."""
    with_logs, without = whole().stats().relations, imported([RECORDS]).stats().relations

    assert with_logs["used"] == without["used"]
    assert with_logs["wasGeneratedBy"] == without["wasGeneratedBy"] + 1
    assert with_logs["wasAssociatedWith"] == without["wasAssociatedWith"] + 2


def test_every_run_of_the_logs_has_found_its_record() -> None:
    """Each activity says in what they agree, and what only the log knows."""
    found = activities(whole())
    joined = [one for one in found.values() if one.values(v.JOINED_BY)]
    runs = sum(text.count("ctapipe version ") for text in (path.read_text() for path in LOGS))

    # two are further activities
    assert len(joined) == runs - 2
    assert {only(one, v.UTC_OFFSET_MIN) for one in joined} == {0}
    assert Counter(only(one, v.JOINED_BY) for one in joined) == {
        "name, times and files": 26,
        "name and times": 4,
        "record": 2,
    }
    for one in joined:
        (element,) = whole().read([one.identifier])
        (alias,) = element.aliases

        assert [named.key for named in whole().named(alias, limit=9)] == [one.identifier]
        assert one.values(CTAPIPE + "log_line")


def test_what_a_file_comes_from_is_as_it_was() -> None:
    """A log that tells of the same activities changes no ancestor."""
    names = []
    for store in (whole(), imported([RECORDS])):
        (start,) = [
            element.key
            for element in store.find("merged.dl2.h5", limit=9).elements
            if element.name == "merged.dl2.h5"
        ]
        found = queries.ancestors(store, start, depth=20, limit=1000)
        names.append([element.key for element in found.elements])

    assert names[0] == names[1]


@pytest.mark.parametrize("seed", range(8))
def test_neither_order_nor_parts_of_an_import_show(seed: int) -> None:
    """Logs first or records first, all at once or one by one."""
    shuffled = random.Random(seed).sample(ALL, len(ALL))
    cut = random.Random(seed).randrange(1, len(ALL))
    batches = [[one] for one in shuffled] if seed % 2 else [shuffled[:cut], shuffled[cut:]]

    assert queries.digest(imported(batches)) == queries.digest(whole())


@pytest.mark.parametrize("logs_first", [True, False])
def test_every_engine_joins_as_memory_does(store: GraphStore, *, logs_first: bool) -> None:
    """The same graph in either order, whatever the engine."""
    batches = [LOGS, RECORDS] if logs_first else [RECORDS, LOGS]
    imported([*batches, ALL], store)

    assert queries.digest(store) == queries.digest(whole())


@given(
    st.lists(st.sampled_from(SMALL), min_size=1, max_size=8, unique=True),
    st.randoms(use_true_random=False),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_some_of_the_sources_are_one_graph(some: list[Path], rng: random.Random) -> None:
    """Whichever logs and records are there, in whatever order and parts they come."""
    parts: list[list[Path]] = []
    for path in rng.sample(some, len(some)):
        if not parts or rng.random() < 0.5:
            parts.append([])
        parts[-1].append(path)

    assert queries.digest(imported(parts)) == queries.digest(imported([some]))


def test_only_what_happened_at_a_path_decides_what_was_used_there() -> None:
    """A log of local times that wrote it has no order with records in UTC of other files."""
    record = next(path for path in SMALL if path.name == "ctapipe-apply-models.provenance.log")
    log = next(path for path in SMALL if path.name == "ctapipe_single_process.log")

    assert queries.digest(imported([[record], [log]])) == queries.digest(imported([[record, log]]))


@pytest.mark.parametrize("hours", [1, 2, -3, 5.75])
def test_logs_of_another_zone_are_joined(hours: float, tmp_path: Path) -> None:
    """The clock of the log is hours ahead of UTC, which the records have."""
    shifted = tmp_path / "shifted.log"
    shifted.write_text(
        re.sub(
            r"^\S+ \S+(?= \S+ \[)",
            lambda found: f"{moment_of(found[0]) + timedelta(hours=hours)}"[:23].replace(".", ","),
            CONSOLE.read_text(),
            flags=re.MULTILINE,
        )
    )
    records = [path for path in RECORDS if path.name == "process_run5.provenance.log"]
    store = imported([[shifted], records])
    (activity,) = activities(store).values()

    assert activity.identifier.startswith("urn:uuid:d7cc6949")
    assert only(activity, v.UTC_OFFSET_MIN) == hours * 60
    assert only(activity, v.JOINED_BY) == "name, times and files"


def test_a_log_alone_is_a_graph_of_its_own() -> None:
    """Runs are chained by their local times; where a relative path leads to nobody knows."""
    store = imported([[DATA / "work32" / "ctapipe.log"]])
    (instrument,) = store.find("LSTCam.camgeom.fits.gz", limit=9).elements
    (merged,) = store.find("merged.dl2.h5", limit=9).elements
    names = [
        [element.name for element in queries.ancestors(store, one.key, depth=9, limit=99).elements]
        for one in (instrument, merged)
    ]

    assert store.stats().activities == 25
    assert sorted(names[0]) == [
        "LSTCam.camgeom.fits.gz",
        "ctapipe 0.32.0",
        "ctapipe-dump-instrument",
        "ctapipe-process",
        "gamma_run1.dl1.h5",
        "gamma_run1.simtel.gz",
        "process_v2.yaml",
    ]
    assert sorted(names[1]) == [
        "ctapipe 0.32.0",
        "ctapipe-merge",
        "gamma_run1.dl2.h5",
        "merged.dl2.h5",
    ]


def test_two_copies_of_a_log_are_one_run(tmp_path: Path) -> None:
    """A console and a file, of which one says less."""
    short = tmp_path / "short.log"
    lines = CONSOLE.read_text().splitlines(keepends=True)
    short.write_text("".join(line for line in lines if "DEBUG" not in line))
    store = imported([[short], [CONSOLE]])

    assert store.stats().activities == 1
    assert store.stats().relations == imported([[CONSOLE]]).stats().relations
    assert queries.digest(store) == queries.digest(imported([[CONSOLE], [short]]))
