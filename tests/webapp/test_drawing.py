"""From a view to what is drawn: scene, marks, Cytoscape's elements, SVG, tables."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.errors import AmbiguousReference, NotInStore
from lineage.graph_store import Source
from lineage.records import Activity, attributes
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import ElementKind
from tests.webapp.conftest import EX
from webapp.drawing import draw
from webapp.elements import elements
from webapp.labels import clean, duration_text, shorten, size_text
from webapp.marks import DARK, LIGHT, Theme, mark, outcome
from webapp.references import token
from webapp.scene import look
from webapp.stylesheet import STYLESHEETS
from webapp.svg import svg
from webapp.tables import element_rows, relation_rows
from webapp.view import HARD_LIMIT, View

SVG_TAGS = ("svg", "title", "rect", "defs", "marker", "path", "g", "ellipse", "polygon", "text")
MERGED = View(focus="dl2/merged.dl2.h5", depth=None)


def test_ancestors_of_the_merged_file_hold_its_whole_production(store: MemoryStore) -> None:
    """The chain runs over four tools back to the simulation file."""
    names = {e.name for e in look(store, MERGED).subgraph.elements}

    assert {"ctapipe-process", "ctapipe-apply-models", "energy.pkl", "ctapipe-merge"} <= names
    assert any(name.startswith("gamma_run1.simtel") for name in names)


def test_every_arrow_points_to_the_left(store: MemoryStore) -> None:
    """Effects stand right of their causes, and arrows run back into the past."""
    drawing = draw(look(store, MERGED))
    centre = {node.token: node.centre for node in drawing.nodes}

    assert [a for a in drawing.arrows if centre[a.subject][0] <= centre[a.object][0]] == []


def test_elements_have_unique_ids_and_edges_known_ends(store: MemoryStore) -> None:
    """Cytoscape drops an edge without ends and confuses elements with one id."""
    drawn = elements(draw(look(store, MERGED)))
    ids = [element["data"]["id"] for element in drawn]
    ends = {e["data"][end] for e in drawn for end in ("source", "target") if end in e["data"]}

    assert len(set(ids)) == len(ids)
    assert ends <= set(ids)


def test_drawing_twice_gives_the_same_bytes(store: MemoryStore) -> None:
    """No order of a set or a dictionary shows in the drawing."""
    first, second = (json.dumps(elements(draw(look(store, MERGED)))) for _ in range(2))

    assert first == second


def test_an_expanded_element_shows_its_neighbours(store: MemoryStore) -> None:
    """The address' tokens alone find the opened element, and one opened inside of it."""
    narrow = look(store, replace(MERGED, depth=1))
    made_by = next(e for e in narrow.subgraph.elements if e.kind is ElementKind.ACTIVITY)
    opened = look(store, replace(MERGED, depth=1, open=(token(made_by.key),)))
    inner = next(e for e in opened.subgraph.elements if e.name == "gamma_run1.dl2.h5")
    twice = look(store, replace(MERGED, depth=1, open=(token(inner.key), token(made_by.key))))

    assert len(narrow.subgraph.elements) < len(opened.subgraph.elements)
    assert len(opened.subgraph.elements) < len(twice.subgraph.elements)
    assert twice.opened == {made_by.key, inner.key}


def test_hidden_neighbours_are_counted_on_their_side(store: MemoryStore) -> None:
    """What leads further says how far: causes at the left, effects at the right."""
    scene = look(store, replace(MERGED, depth=1))
    merge = next(e for e in scene.subgraph.elements if e.name == "ctapipe-merge")
    causes, effects = scene.subgraph.hidden[merge.key]

    assert mark(merge, (causes, effects)).note.startswith(f"◂ +{causes}")
    assert effects == 0


def test_a_hidden_kind_leaves_the_drawing_and_stays_in_the_legend(store: MemoryStore) -> None:
    """Agents can be switched off, and on again."""
    scene = look(store, replace(MERGED, hide=("agent", "used")))
    chips = {chip.keyword: chip for chip in (*scene.elements, *scene.relations)}

    assert all(e.kind is not ElementKind.AGENT for e in scene.subgraph.elements)
    assert not chips["used"].shown
    assert chips["used"].count > 0


def test_a_cut_answer_says_how_much_there_is(store: MemoryStore) -> None:
    """700 inputs: 300 are drawn by default, all on request, never silently fewer."""
    some = look(store, View(focus=EX + "merge", depth=1))
    whole = look(store, View(focus=EX + "merge", depth=1, limit=HARD_LIMIT))

    assert (len(some.subgraph.elements), some.subgraph.found) == (300, 701)
    assert not whole.subgraph.truncated


def test_failed_stub_and_overwritten_are_marked(store: MemoryStore) -> None:
    """Each has a state that the stylesheet shows without colour."""
    states = {
        state for element in store.find("", limit=2000).elements for state in mark(element).states
    }

    assert {"failed", "stub", "overwritten"} <= states
    assert mark(next(iter(store.read([EX + "only-named"])))).states == ("stub",)


@pytest.mark.parametrize("space", [v.CTAPIPE, v.LSTOSA])
@pytest.mark.parametrize(("code", "expected"), [(0, ""), (1, "failed")])
def test_an_exit_code_marks_a_failure_whichever_tool_recorded_it(
    space: str, code: int, expected: str
) -> None:
    """ctapipe's log and lstosa's history alike."""
    store = MemoryStore()
    source = Source("s", ("/s",), "lstosa", "1", 1)
    store.begin(source)
    store.write("s", [Activity(EX + "a", ((space + "exit_code", code),))])
    (element,) = store.read([EX + "a"])

    assert outcome(element) == expected


@pytest.mark.parametrize(
    ("focus", "error"), [("no such thing", NotInStore), ("gamma_run1.dl1.h5", None)]
)
def test_an_unknown_focus_is_an_error_and_a_path_is_its_last_version(
    store: MemoryStore, focus: str, error: type[Exception] | None
) -> None:
    """A name that is not there is said; one of an overwritten file means what lies there now."""
    if error is not None:
        with pytest.raises(error):
            look(store, View(focus=focus))
    else:
        found = look(store, View(focus=focus)).focus

        assert not found.values(v.OVERWRITTEN)


def test_a_name_of_many_is_ambiguous(store: MemoryStore) -> None:
    """Nobody guesses which of the runs was meant."""
    with pytest.raises(AmbiguousReference):
        look(store, View(focus="ctapipe-merge"))


def test_svg_is_well_formed_and_holds_every_name_as_text(store: MemoryStore) -> None:
    """Hostile names end up as characters: no foreign tag, no attribute, no control character."""
    drawing = draw(look(store, View(focus=EX + "hostile", depth=None)))
    root = ElementTree.fromstring(svg(drawing, drawing.nodes[0].full_name))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    texts = [element.text or "" for element in root.iter()]

    assert tags <= {*SVG_TAGS}
    assert any("<img src=x onerror=" in text for text in texts)


def test_svg_draws_each_element_and_relation_once(store: MemoryStore) -> None:
    """The picture holds what the view shows."""
    scene = look(store, MERGED)
    root = ElementTree.fromstring(svg(draw(scene), "merged"))
    space = "{http://www.w3.org/2000/svg}"

    assert len(root.findall(f"{space}g")) == len(scene.subgraph.elements)
    assert len(root.findall(f"{space}path")) == len(scene.subgraph.relations)


def test_the_tables_hold_the_same_subgraph(store: MemoryStore) -> None:
    """Everything drawn has a row, and is sent as JSON."""
    scene = look(store, MERGED)
    rows, relations = element_rows(scene), relation_rows(scene)

    assert [row["element"]["ref"] for row in rows] == [n.reference for n in draw(scene).nodes]
    assert len(relations) == len(scene.subgraph.relations)
    assert json.dumps([rows, relations]).isprintable()


def test_hostile_text_can_be_sent_as_utf_8(store: MemoryStore) -> None:
    """Lone surrogates and bidi overrides are replaced before they reach the browser."""
    drawn = elements(draw(look(store, View(focus=EX + "hostile", depth=None))))
    sent = json.dumps(drawn, ensure_ascii=False)

    assert sent.encode("utf-8")
    assert "\u202e" not in sent


@given(st.text(max_size=80), st.integers(5, 40))
def test_a_shortened_text_is_no_longer_than_asked(text: str, length: int) -> None:
    """And it is on one line."""
    short = shorten(text, length)

    assert len(short) <= length
    assert "\n" not in short


def test_a_file_name_keeps_both_its_ends() -> None:
    """Run number and suffix are at the end, the production at the beginning."""
    short = shorten("gamma_diffuse_prod6_run000123.dl1.h5", 24)

    assert short.startswith("gamma_diffus")
    assert short.endswith("123.dl1.h5")


@given(st.text(max_size=50))
def test_clean_text_can_be_sent_and_is_clean(text: str) -> None:
    """Cleaning keeps the length, and twice changes nothing more."""
    cleaned = clean(text)

    assert clean(cleaned) == cleaned
    assert len(cleaned.encode("utf-8").decode("utf-8")) == len(text)


def test_amounts_are_said_as_people_say_them() -> None:
    """Units follow the size."""
    assert [duration_text(s) for s in (2.41, 200, 18_420, 183_600)] == [
        "2.4 s",
        "3 min 20 s",
        "5 h 07 min",
        "2 d 3 h",
    ]
    assert [size_text(n) for n in (512, 294_128, 5_000_000_000)] == [
        "512 bytes",
        "294.1 kB",
        "5.0 GB",
    ]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2 defines it."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_both_themes_are_legible(theme: Theme) -> None:
    """Labels reach 7:1 on their shapes, outlines and arrows 3:1 on the canvas, as WCAG 2 asks."""
    assert min(contrast(p.text, p.fill) for p in theme.paints.values()) >= 7
    assert min(contrast(p.stroke, theme.background) for p in theme.paints.values()) >= 3
    assert min(contrast(c, theme.background) for c in theme.relation.values()) >= 3
    assert contrast(theme.failed, theme.background) >= 3
    assert contrast(theme.stub, theme.background) >= 7


def test_both_stylesheets_have_the_same_rules() -> None:
    """Only colours differ between light and dark."""
    light, dark = ([rule["selector"] for rule in sheet] for sheet in STYLESHEETS.values())

    assert light == dark


def test_activities_of_one_name_show_which_subrun_they_worked_on() -> None:
    """And which of them stands for the whole run; three dl1_to_dl2 are told apart."""
    store = MemoryStore()
    begun = (v.PROV_START, datetime.fromisoformat("2026-01-01T07:00"))
    ones = [
        Activity(EX + "part", attributes([begun, (v.SUBRUN, 1)])),
        Activity(EX + "whole", attributes([begun, (v.LSTOSA + "run_wise", True)])),
        Activity(EX + "other", attributes([begun])),
    ]
    store.write("s", ones)
    notes = [mark(one).note for one in store.read([one.identifier for one in ones])]

    assert notes == [
        "subrun 1 · 2026-01-01 07:00", "whole run · 2026-01-01 07:00", "2026-01-01 07:00",
    ]  # fmt: skip
