"""Which runs of logs and activities of records fit, found by what they have in common."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from lineage import run_fits
from lineage.identity import IdentitySettings, resolve
from lineage.records import EventKind, FileEvent
from lineage.run_fits import Index, Search, fit
from lineage.runs import RUN, is_run
from tests.run_events import logged, run_sets, told

RUNS = 60


@given(run_sets())
@settings(max_examples=200, deadline=None)
def test_the_index_finds_what_fits_and_nothing_else(events: list[FileEvent]) -> None:
    """From either side: as when every run is held against every activity."""
    known = [event for event in events if event.kind is EventKind.RUN]
    runs = [event for event in known if is_run(event.activity)]
    activities = [event for event in known if not is_run(event.activity)]
    pairs = [(run, one, found) for run in runs for one in activities if (found := fit(run, one))]
    index = Index(known)
    by_run = [(run, one, found) for run in runs for one, found in index.fitting(run)]
    by_activity = [
        (run, one, found)
        for one in activities
        if one.stop is not None
        for run, found in index.fitting(one)
    ]

    assert sorted(by_run, key=repr) == sorted(pairs, key=repr)
    assert sorted(by_activity, key=repr) == sorted(
        (pair for pair in pairs if pair[1].stop is not None), key=repr
    )


def farm(output: str, recorded: str = "/jobs/{0}/out{0}.h5") -> list[FileEvent]:
    """Jobs that all ran in the same minute: what their logs, and their records, say they wrote."""
    events = []
    for at in range(RUNS):
        events += told(f"r{at}", (0, 60), generated=[recorded.format(at)])
        events += logged(f"l{at}", (0, 60), generated=[output.format(at)])
    return events


@pytest.mark.parametrize("output", ["/jobs/{0}/out{0}.h5", "out{0}.h5", "../{0}/out{0}.h5"])
def test_a_farm_is_told_apart_by_its_files(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run is its activity, and is held against few others to find that."""
    compared = 0
    compare = run_fits._fit

    def counting(*pair: run_fits._Told) -> run_fits.Fit | None:
        nonlocal compared
        compared += 1
        return compare(*pair)

    monkeypatch.setattr(run_fits, "_fit", counting)
    result = resolve(farm(output), IdentitySettings())

    assert {key: run.aliases for key, run in result.runs.items()} == {
        f"urn:uuid:r{at}": (f"{RUN}l{at}",) for at in range(RUNS)
    }
    assert compared <= 2 * RUNS


def test_a_farm_that_nothing_tells_apart_is_joined_with_nothing() -> None:
    """Every run fits every activity; each is ambiguous."""
    result = resolve(farm("out.h5", "/jobs/{0}/out.h5"), IdentitySettings())

    assert set(result.runs) == {f"{RUN}l{at}" for at in range(RUNS)}
    assert [one.kind for one in result.findings] == ["ambiguous-run"] * RUNS


def test_what_a_changed_run_has_to_do_with_is_all_searched_for() -> None:
    """Through activities that other runs fit too, whatever is taken up first; and no other."""
    spans = [(0, 60), (0, 61.5), (0, 63)]
    chain = [
        *(told(f"r{at}", span)[-1] for at, span in enumerate(spans)),
        *(logged(f"l{at}", (0, span[1] - 0.75))[-1] for at, span in enumerate(spans)),
    ]
    stranger = logged("l9", (0, 70))[-1]
    for first in range(len(chain)):
        search = Search()
        order = [*chain[first:], stranger, *chain[:first]]
        for event in order:
            search.take(event, new=event is order[0])

        assert {one for one in search.products if is_run(one)} == {f"{RUN}l{at}" for at in range(3)}
