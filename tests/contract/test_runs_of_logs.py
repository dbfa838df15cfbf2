"""Runs that text logs tell of, and records of the same, in every store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import pytest

from lineage import vocabulary as v
from lineage.graph_store import Direction, GraphStore
from lineage.identity import event_key
from lineage.records import (
    Activity,
    Agent,
    EventKind,
    FileEvent,
    attributes,
)
from lineage.runs import RUN
from lineage.subgraph import StoredEvent
from lineage.vocabulary import ElementKind, RelationKind
from tests.contract.test_stores import EVERY_RELATION, SETTINGS, bind, fill
from tests.run_events import SOFTWARE, logged, seconds, told


def of_source(events: Iterable[FileEvent], source: str) -> list[StoredEvent]:
    return [StoredEvent(event_key(event, SETTINGS), source, event) for event in events]


THE_RECORD = "urn:uuid:r"
THE_RUN = RUN + "l"


def import_record(store: GraphStore) -> None:
    """A provenance record: the activity, which read one file and wrote another."""
    name = (v.PROV_LABEL, "tool")
    said = attributes([name, (v.PROV_START, seconds(0)), (v.PROV_END, seconds(60))])
    fill(store, [[Activity(THE_RECORD, said)]], "record")
    bind(store, of_source(told("r", (0, 60), ["/d/in"], ["/d/out"], node="n"), "record"))


def import_log(store: GraphStore) -> None:
    """A log of the same run, an hour ahead of UTC; it tells of a third file."""
    fill(store, [[Agent(SOFTWARE)]], "log")
    span = 1, 60.1
    events = logged("l", span, ["in", "/d/third"], ["/d/out"])
    # the third file is not among what joins them
    events[-1] = logged("l", span, ["in"], ["/d/out"], offset_min=60, warnings=2)[-1]
    bind(store, of_source(events, "log"))


def test_a_run_that_only_a_log_tells_of_is_an_activity_of_its_own(store: GraphStore) -> None:
    """It has local times, its software, and files keyed under it; it says what it rests on."""
    import_log(store)
    (run,) = store.read([THE_RUN])
    found = store.neighbours([THE_RUN], Direction.ANCESTORS, EVERY_RELATION)

    assert run.kinds == {ElementKind.ACTIVITY}
    assert run.name == "tool"
    assert run.values(v.IDENTIFIED_BY) == ("log",)
    assert run.values(v.PROV_START) == (datetime(2026, 1, 1, 8, 0, 1),)  # noqa: DTZ001
    assert [(one.relation.kind, one.object_key) for one in found] == [
        (RelationKind.USAGE, "file:///d/third"),
        (RelationKind.USAGE, "urn:lineage:path:l:in"),
        (RelationKind.ASSOCIATION, SOFTWARE),
    ]
    assert [one.key for one in store.named("in", limit=9)] == ["urn:lineage:path:l:in"]


@pytest.mark.parametrize("steps", [(import_record, import_log), (import_log, import_record)])
def test_a_log_and_a_record_of_one_run_are_one_activity(
    store: GraphStore, steps: tuple[Callable[[GraphStore], None], ...]
) -> None:
    """Whichever comes first: one node, each file related once, and the run's id still found."""
    for step in (*steps, *steps):
        step(store)
    (activity,) = store.read([THE_RECORD])
    used = store.neighbours([THE_RECORD], Direction.ANCESTORS, [RelationKind.USAGE])
    made = store.neighbours([THE_RECORD], Direction.DESCENDANTS, [RelationKind.GENERATION])
    written = f"file:///d/out#{THE_RUN}"

    assert list(store.read([THE_RUN, "urn:lineage:path:l:in", written])) == []
    assert [one.key for one in store.named(THE_RUN, limit=9)] == [THE_RECORD]
    assert [one.key for one in store.named(written, limit=9)] == ["file:///d/out#r"]
    assert [(one.object_key, one.sources) for one in used] == [
        ("file:///d/in", ("record",)),
        ("file:///d/third", ("log",)),
    ]
    assert [one.subject_key for one in made] == ["file:///d/out#r"]
    assert store.degrees([SOFTWARE], EVERY_RELATION) == {SOFTWARE: (0, 0)}
    assert store.stats().activities == 1
    assert activity.values(v.PROV_START) == (seconds(0),)
    assert activity.values(v.CTAPIPE + "log_warnings") == (2,)
    assert activity.values(v.CTAPIPE + "config_repr") == ()
    assert activity.values(v.JOINED_BY) == ("name, times and files",)
    assert activity.values(v.UTC_OFFSET_MIN) == (60,)


def test_what_identity_says_of_an_activity_and_of_an_entity_are_kept_apart(
    store: GraphStore,
) -> None:
    """A product that has the identifier of an activity, as in a hostile file, changes nothing."""
    product = "00000000-0000-4000-8000-00000000000a"
    iri = f"urn:uuid:{product}"
    file = FileEvent(EventKind.STATE, "/d/x", product=product, product_counts=True)
    bind(store, of_source([file], "file"))
    bind(store, of_source(told(product, (0, 60)), "record"))
    bind(store, of_source(logged("l", (0, 60)), "log"))
    (both,) = store.read([iri])
    bind(store, of_source(told("other", (0, 60)), "rival"))
    (entity,) = store.read([iri])

    assert both.kinds == {ElementKind.ENTITY, ElementKind.ACTIVITY}
    assert both.aliases == ("file:///d/x", THE_RUN)
    assert entity.kinds == {ElementKind.ENTITY}
    assert entity.aliases == ("file:///d/x",)
