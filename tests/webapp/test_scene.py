"""What a view shows where no influence leads anywhere."""

from __future__ import annotations

from lineage.graph_store import Source
from lineage.records import Entity, Relation
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests.webapp.conftest import EX
from webapp.scene import Scene, look
from webapp.toolbar import legend
from webapp.view import View, parse

EVENT = View(focus=EX + "event")


def alerts() -> MemoryStore:
    """An event, and two alerts which are only specializations of it."""
    store = MemoryStore()
    store.begin(Source("s", ("/s",), "test", "1", 1))
    for name in ("first", "second"):
        said = Relation(RelationKind.SPECIALIZATION, EX + name, EX + "event")
        store.write("s", [Entity(EX + name), said])
    return store


def address_of(scene: Scene, keyword: str) -> str:
    """Where the legend's chip of a relation leads."""
    *_, relations = legend(scene)
    chips = (chip for chip in relations.children if chip.title.endswith(f" {keyword}"))
    address: str = next(chips).href
    return address


def test_a_thing_without_influences_is_shown_with_what_else_is_said_of_it() -> None:
    """An alert event stands with its alerts, not alone."""
    scene = look(alerts(), EVENT)

    assert {element.key for element in scene.subgraph.elements} == {
        EX + name for name in ("event", "first", "second")
    }


def test_its_relations_can_be_hidden_and_shown_again() -> None:
    """The chip of the only relation hides it for good, and brings it back."""
    store = alerts()
    hidden = look(store, parse(address_of(look(store, EVENT), "specializationOf")))
    again = look(store, parse(address_of(hidden, "specializationOf")))

    assert [element.key for element in hidden.subgraph.elements] == [EX + "event"]
    assert len(again.subgraph.elements) == 3
