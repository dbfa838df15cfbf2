"""Narrow screens, keys alone, long names, and a store that went away, in a real browser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, expect

from lineage import vocabulary as v
from lineage.errors import StoreError
from lineage.records import Entity, Record, Relation, attributes
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredElement
from lineage.vocabulary import RelationKind
from tests.webapp.conftest import EX, add
from tests.webapp.watching import CY, Watched, behaved, served, watch

pytestmark = pytest.mark.browser

CHAIN = 12
LONG = "a_label_that_goes_on_" * 60
RUN = "dl1_LST-1.Run01807.{:04d}.h5"
CALIBRATION = "/fefs/aswg/monitoring/calibration/{}calibration_filters_52.Run01805.0000.h5"
WHOLE = "/?depth=all&focus=" + quote(f"{EX}run0006")


class Leaving(MemoryStore):
    """A store that can go away."""

    gone = False

    def read(self, keys: Iterable[str]) -> Iterator[StoredElement]:
        """As memory does, unless it is gone."""
        if self.gone:
            raise StoreError("memory: did not answer. Remember again.")
        return super().read(keys)


def _records() -> list[Record]:
    """A chain of files, each derived from the one before; one with a name of 1,260 letters."""
    records: list[Record] = [
        Entity(
            f"{EX}run{number:04d}",
            attributes(
                [
                    (v.PROV_LABEL, RUN.format(number)),
                    (v.PROV_LOCATION, f"/fefs/aswg/data/{number}/{RUN.format(number)}"),
                ]
            ),
        )
        for number in range(CHAIN)
    ]
    records += [
        Relation(RelationKind.DERIVATION, f"{EX}run{number + 1:04d}", f"{EX}run{number:04d}")
        for number in range(CHAIN - 1)
    ]
    long = Entity(EX + "long", attributes([(v.PROV_LABEL, LONG), (v.PROV_LOCATION, "/a/out.h5")]))
    twins = [
        Entity(EX + name, attributes([(v.PROV_LOCATION, CALIBRATION.format(where))]))
        for name, where in (("lone", "20200117/v0.12.3/"), ("alike", ""))
    ]
    return [*records, long, *twins]


@pytest.fixture
def chain() -> Leaving:
    """The records in memory."""
    store = Leaving()
    add(store, "chain", _records())
    return store


@pytest.fixture
def base(chain: Leaving) -> Iterator[str]:
    """Address of a server over them."""
    with served(chain, Settings(store="memory")) as address:
        yield address


@pytest.fixture
def phone(browser: Browser, base: str) -> Iterator[Watched]:
    """A page as wide as a phone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, reduced_motion="reduce"
    )
    watched = watch(context, base)
    yield watched
    behaved(watched)


def _is_whole(one: Locator) -> bool:
    """It stands within the screen's width, and nothing of its text is cut off."""
    whole: bool = one.evaluate(
        """e => { const b = e.getBoundingClientRect();
        return b.left >= 0 && b.right <= innerWidth && e.scrollWidth <= e.clientWidth + 1; }"""
    )
    return whole


def test_a_phone_shows_the_focus_and_how_much_of_the_rest(phone: Watched) -> None:
    """A part that can be read, its size, and the whole at a touch."""
    page = phone.open(WHOLE)
    phone.drawn(2 * CHAIN - 1)
    pill = page.get_by_role("button", name=f"of {CHAIN} in sight")
    expect(pill).to_be_visible()

    assert page.evaluate(f"() => {CY}.zoom()") >= 0.5

    pill.click()

    expect(pill).to_be_hidden()
    page.wait_for_function(
        f"() => {CY}.nodes().every(n => n.renderedPosition('x') > 0"
        f" && n.renderedPosition('x') < {CY}.width())"
    )


def test_what_goes_out_of_sight_is_counted(watched: Watched) -> None:
    """Nothing is said while everything is there; zooming in changes that."""
    page = watched.open("/?depth=1&focus=" + quote(f"{EX}run0006"))
    watched.drawn(5)
    pill = page.locator("#sight")
    expect(pill).to_be_hidden()
    page.evaluate(f"() => {{ {CY}.zoom(3); {CY}.center({CY}.nodes('.focus')); }}")

    expect(pill).to_have_text("1 of 3 in sight: show all")


def test_a_phone_shows_names_and_menus_in_full(phone: Watched) -> None:
    """Names in the search and on the start page, and the downloads, are within the screen."""
    page = phone.open("/")
    for name in page.locator(".card .entry-name").all():
        assert _is_whole(name)
    page.locator("#search").fill("dl1_LST-1")
    names = page.locator("#results .entry-name")
    expect(names).to_have_count(CHAIN)
    assert all(map(_is_whole, names.all()))

    names.first.click()
    phone.drawn()
    page.get_by_text("Download", exact=True).click()
    expect(page.get_by_role("link", name="PROV-N")).to_be_visible()

    assert _is_whole(page.locator(".menu-list", has_text="PROV-N"))
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_keys_alone_lead_from_search_to_the_drawing(watched: Watched) -> None:
    """Enter in the list puts the focus on the canvas, where arrows go on."""
    page = watched.open("/")
    expect(page.locator(".tile").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("0006.h5")
    expect(page.locator("#results a").first).to_contain_text(RUN.format(6))
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.id === 'canvas'")
    page.keyboard.press("ArrowRight")
    watched.heading(RUN.format(6))
    page.keyboard.press("ArrowRight")

    watched.heading(RUN.format(7))


def test_escape_empties_the_search_at_once(watched: Watched) -> None:
    """What is typed next does not follow the old text, however soon it comes."""
    page = watched.open("/")
    page.locator("#search").fill("old")
    expect(page.locator("#results")).not_to_be_empty()
    left = page.evaluate(
        """() => { const field = document.getElementById('search'); field.focus();
        field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
        return field.value; }"""
    )

    assert left == ""


def test_escape_closes_an_open_menu_first(watched: Watched) -> None:
    """The focus goes back to what opened it, and the selection stays."""
    page = watched.open("/?focus=" + quote(f"{EX}run0006"))
    watched.tap(RUN.format(7))
    watched.heading(RUN.format(7))
    menu = page.locator("summary", has_text="Download")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Turtle")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="Turtle")).to_be_hidden()
    expect(menu).to_be_focused()
    assert watched.selected() == RUN.format(7)


def test_a_very_long_name_leaves_room_for_the_rest(watched: Watched) -> None:
    """The panel shows the beginning of it; what can be done stands in sight below."""
    page = watched.open("/")
    page.goto(f"{watched.base}/?focus={EX}long")
    heading = page.locator("#panel h2")
    expect(heading).to_have_attribute("title", LONG)

    expect(page.get_by_role("button", name="Copy id")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Look for it")).to_be_in_viewport()


def test_guesses_come_into_sight(watched: Watched) -> None:
    """What is drawn beside a record that fills the middle is not drawn beyond the edge."""
    page = watched.open("/")
    page.goto(f"{watched.base}/?focus={EX}lone")
    watched.drawn(1)
    page.get_by_role("button", name="Look for it").click()
    page.wait_for_function(f"() => {CY}.edges('.guess').length >= 1")

    page.wait_for_function(
        f"""() => {{ const box = {CY}.nodes().renderedBoundingBox();
        return box.x1 >= 0 && box.x2 <= {CY}.width(); }}"""
    )


def test_a_panel_without_a_store_can_be_asked_again(watched: Watched, chain: Leaving) -> None:
    """What happened, and the way on; the drawing stays."""
    page = watched.open("/?focus=" + quote(f"{EX}run0006"))
    chain.gone = True
    watched.tap(RUN.format(7))
    expect(page.locator("#panel")).to_contain_text("did not answer")
    chain.gone = False
    page.locator("#panel").get_by_role("button", name="Try again").click()

    watched.heading(RUN.format(7))


def test_the_table_says_what_it_cuts_off(watched: Watched) -> None:
    """A name that does not fit ends in an ellipsis, and paths are whole under the pointer."""
    page = watched.open("/")
    page.goto(f"{watched.base}/?tab=table&focus={EX}long")
    name = page.locator("#element-table a span").last
    expect(name).to_have_text(LONG)

    assert name.evaluate("e => getComputedStyle(e).textOverflow") == "ellipsis"
    assert name.evaluate("e => e.scrollWidth > e.clientWidth")
    expect(page.get_by_role("gridcell", name="/a/out.h5")).to_have_attribute("title", "/a/out.h5")


def test_the_link_is_copied_from_the_header_or_on_a_phone_from_the_panel(
    watched: Watched, phone: Watched
) -> None:
    """One button for it, wherever there is room."""
    address = "/?focus=" + quote(f"{EX}run0006")
    for one in (watched, phone):
        page = one.open(address)
        copy = page.get_by_role("button", name="Copy link").filter(visible=True)
        expect(copy).to_have_count(1)


def test_a_phone_has_room_for_what_is_said(phone: Watched) -> None:
    """What became of a decision is as wide as the screen, not a column of syllables."""
    page = phone.open("/")
    page.goto(f"{phone.base}/?focus={EX}lone")
    phone.drawn(1)
    page.get_by_role("button", name="Look for it").click()
    page.get_by_role("button", name="Different: ").click()
    said = page.locator("#said > div")
    expect(said).to_contain_text("are different things")

    assert said.evaluate("e => e.getBoundingClientRect().width") > 340
