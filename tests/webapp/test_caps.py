"""Whatever the app leaves out it says: guesses, relations, sources, long values, large stores."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lineage import vocabulary as v
from lineage.graph_store import Direction, Source, Table
from lineage.identity import IdentitySettings
from lineage.records import Activity, Entity, Record, Relation, attributes
from lineage.stores.memory import MemoryStore
from lineage.subgraph import is_guess
from lineage.vocabulary import RelationKind
from tests.file_events import at
from tests.webapp.conftest import EX, add, wide_records
from webapp import start
from webapp.checking import Checks
from webapp.console import answer
from webapp.details import MOST_RELATIONS, details
from webapp.documents import LONGEST_TEXT, leaves
from webapp.findings import check_page
from webapp.guessing import MOST_SHOWN
from webapp.panel import panel
from webapp.references import element_of, token
from webapp.scene import MOST_GUESSED_AT, Scene, look
from webapp.sections import Details, Link, Row, Section
from webapp.start import overview, start_page
from webapp.toolbar import legend, toolbar
from webapp.view import HARD_LIMIT, View


def _file(identifier: str, path: str) -> Entity:
    said = [(v.PROV_LABEL, path.rpartition("/")[2]), (v.PROV_LOCATION, path)]
    return Entity(EX + identifier, attributes(said))


def _mounts(count: int) -> list[Record]:
    """An activity that used files which lie below another mount point too."""
    records: list[Record] = []
    for number in range(count):
        name = f"DL1/dl1_LST-1.Run{number:05d}.h5"
        records += [
            _file(f"there{number}", f"/fefs/{name}"),
            _file(f"here{number}", f"/mnt/{name}"),
            Relation(RelationKind.USAGE, EX + "merge", f"{EX}there{number}"),
        ]
    return records


def _said(scene: Scene) -> str:
    """Everything in the toolbar, as text."""
    parts = [part.to_plotly_json() for part in toolbar(scene)]
    return json.dumps(parts, default=vars, ensure_ascii=False)


def _section(store: MemoryStore, reference: str, title: str) -> Section:
    shown = details(store, element_of(store, reference))
    return next(section for section in shown.sections if section.title == title)


def _text(parts: list[Any]) -> str:
    return json.dumps([part.to_plotly_json() for part in parts], default=vars, ensure_ascii=False)


def test_guesses_about_more_than_are_drawn_are_counted() -> None:
    """Those asked about last are drawn, and the line above says of how many."""
    store = MemoryStore()
    asked = MOST_GUESSED_AT + 2
    add(store, "mounts", _mounts(asked))
    names = tuple(token(f"{EX}there{number}") for number in range(asked))
    scene = look(store, View(focus=EX + "merge", guess=names))
    keys = {element.key for element in scene.subgraph.elements}

    assert {f"{EX}here{asked - 1}", f"{EX}here2"} <= keys
    assert not {f"{EX}here0", f"{EX}here1"} & keys
    assert f"{MOST_GUESSED_AT} guesses about {MOST_GUESSED_AT} of {asked} records" in _said(scene)


def test_no_more_guesses_are_asked_about_than_are_in_sight() -> None:
    """A token of an element that is not drawn counts for nothing."""
    store = MemoryStore()
    add(store, "mounts", _mounts(3))
    gone = tuple(f"gone{number}" for number in range(MOST_GUESSED_AT))
    scene = look(store, View(focus=EX + "merge", guess=(*gone, token(EX + "there0"))))

    assert "1 guess" in _said(scene)
    assert " about " not in _said(scene)


def test_guesses_beyond_the_best_are_counted() -> None:
    """A name that many files bear: the best are drawn, and it is said of how many."""
    store = MemoryStore()
    alike = MOST_SHOWN + 4
    files: list[Record] = [
        _file(f"conf{number}", f"/home/u{number}/conf/run.json") for number in range(alike + 1)
    ]
    add(store, "alike", [*files, Relation(RelationKind.USAGE, EX + "merge", EX + "conf0")])
    scene = look(store, View(focus=EX + "merge", guess=(token(EX + "conf0"),)))

    assert sum(map(is_guess, scene.subgraph.relations)) == MOST_SHOWN
    assert f"{MOST_SHOWN} of {alike} guesses" in _said(scene)


def test_a_cut_drawing_says_where_the_whole_is() -> None:
    """No download holds what is not drawn, and neither line nor menu promises it."""
    store = MemoryStore()
    add(store, "wide", wide_records(HARD_LIMIT + 1))
    said = _said(look(store, View(focus=EX + "merge", limit=HARD_LIMIT)))

    assert "the most that is drawn; lineage export writes all" in said
    assert f"Holds what is shown here, {HARD_LIMIT:,} of {HARD_LIMIT + 2:,} records" in said


@pytest.mark.parametrize(
    ("direction", "said"),
    [(Direction.ANCESTORS, "what it comes from"), (Direction.DESCENDANTS, "came from it")],
)
def test_a_lone_focus_is_explained(direction: Direction, said: str) -> None:
    """Nothing to draw is an answer, and a file may have another name."""
    store = MemoryStore()
    add(store, "lone", [_file("lone", "/data/lone.h5")])
    (note, *_) = legend(look(store, View(focus=EX + "lone", direction=direction)))

    assert said in note.children
    assert "Perhaps the same" in note.children


def test_relations_that_a_hub_has_beside_those_listed_are_counted() -> None:
    """Also where all of them are effects: the note stands where the list is cut."""
    store = MemoryStore()
    uses: list[Record] = [
        Relation(RelationKind.USAGE, f"{EX}run{number}", EX + "hub")
        for number in range(MOST_RELATIONS + 30)
    ]
    add(store, "hub", uses)
    effects = _section(store, EX + "hub", "Led to")
    element = element_of(store, EX + "hub")

    assert effects.note == "30 relations more are not listed here."
    assert f'"{MOST_RELATIONS}+"' in _text(panel(details(store, element), "t", []))


def test_sources_beyond_those_listed_are_counted() -> None:
    """A file that many logs mention says how many more there are."""
    store = MemoryStore()
    for number in range(25):
        key = f"{number:064d}"
        store.begin(Source(key, (f"/logs/{number}.json",), "test", "1", 1))
        store.write(key, [_file("shared", "/data/shared.h5")])
    rows = _section(store, EX + "shared", "Evidence").rows

    assert sum(row.name == "Said by" for row in rows) == 20
    assert "5 sources more" in rows[-1].text


def test_a_second_maker_is_mentioned() -> None:
    """What one activity is said to have made, and another too, is not shown as the one's alone."""
    store = MemoryStore()
    made: list[Record] = [
        Relation(RelationKind.GENERATION, EX + "out", EX + maker) for maker in ("one", "other")
    ]
    add(store, "made", made)

    assert "1 activity more" in _section(store, EX + "out", "Made by").note


def test_a_value_that_is_cut_says_by_how_much() -> None:
    """The end of a very long text is missing, and known to be."""
    store = MemoryStore()
    text = [(EX + "log", "x" * 20_010)]
    add(store, "long", [Entity(EX + "wordy", attributes(text))])
    (row,) = _section(store, EX + "wordy", "Attributes").rows

    assert row.text.endswith("x … (10 characters more)")
    assert leaves({"a": "y" * (LONGEST_TEXT + 3), "b": 1})[0][1].endswith("(3 characters more)")


def test_paths_and_findings_are_read_without_unfolding() -> None:
    """What is folded away shows both ends: the name of a file is at its end."""
    store = MemoryStore()
    path = "/fefs/aswg/data/real/monitoring/PixelCalibration/Cat-A/" + "night/" * 20 + "c.h5"
    deep = "/fefs/" + "night/" * 60 + "deepest.h5"
    add(store, "deep", [_file("long", path), _file("deep", deep)])
    shown = [details(store, element_of(store, EX + name)) for name in ("long", "deep")]
    first, second = (_text(panel(one, "t", [])) for one in shown)

    assert not shown[0].sections[0].rows[0].long
    assert "Summary" not in first.partition('"Path"')[2].partition("Evidence")[0]
    assert "night/deepest.h5" in second


def _large(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """More of everything than is looked at; what was made is none of the first by name."""
    monkeypatch.setattr(start, "MOST_LOOKED_AT", 3)
    store = MemoryStore()
    failed = attributes([(v.CTAPIPE + "status", "error"), (v.CTAPIPE + "exit_code", 1)])
    records: list[Record] = [Entity(EX + name) for name in ("a", "b", "c", "d", "z")]
    records += [Activity(f"{EX}run{number}", failed) for number in range(4)]
    add(store, "large", [*records, Relation(RelationKind.GENERATION, EX + "z", EX + "run0")])
    return store


def test_the_start_page_of_a_large_store_says_what_it_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Failures are of those looked at, and lead to their list."""
    page = _text(start_page(overview(_large(monkeypatch))))

    assert "✕ 3 of the first 3 failed" in page
    assert "?page=check&kind=failed" in page
    assert "“Latest” is among the first 3 of each kind" in page


def test_the_latest_results_of_a_large_store_are_those_of_its_latest_activities(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not none, only because others come before them by name."""
    shown = overview(_large(monkeypatch))

    assert [entry.element.identifier for entry in shown.results] == [EX + "z"]


class _Answering(MemoryStore):
    """A store that answers every query with so many rows."""

    rows = 0

    def cypher(self, query: str) -> Table:
        """Numbers."""
        return Table(("n",), tuple((number,) for number in range(self.rows)), False)


@pytest.mark.parametrize(
    ("rows", "layout"), [(1, "autoHeight"), (12, "autoHeight"), (13, "normal")]
)
def test_a_short_answer_takes_no_more_room_than_it_needs(rows: int, layout: str) -> None:
    """Only a long one has a height, and a scroll bar, of its own."""
    store = _Answering()
    store.rows = rows
    grid = answer(store, "MATCH (n) RETURN n")[-1]

    assert grid.dashGridOptions["domLayout"] == layout
    assert (grid.style["height"] is None) == (layout == "autoHeight")


def test_a_very_long_name_is_cut_among_findings() -> None:
    """Its link is a line or two, with both ends of the name."""
    store = MemoryStore()
    begun = [(v.PROV_LABEL, "run " + "x" * 5000 + " end"), (v.PROV_START, at(0))]
    add(store, "long", [Activity(EX + "run", attributes(begun))])
    page = _text(check_page(store, Checks(IdentitySettings()), View(page="check")))

    assert "x" * 1000 not in page
    assert re.search(r"run x+…x+ end", page)


def test_a_section_with_values_counts_no_links() -> None:
    """How many links follow the values of a maker is no number that anybody asks for."""
    links = tuple(Link("by", "n", "r", "t", "agent", "") for _ in range(5))
    sections = (Section("Made by", (Row("Took", "1 s"),), links), Section("Led to", links=links))
    shown = Details("n", "entity", "entity", "r", "i", (), sections)
    made, led = (part for part in panel(shown, "t", []) if getattr(part, "open", False))

    assert not made.children[0].children[1].children
    assert led.children[0].children[1].children == "5"
