"""The real app in a real browser: what a user sees, presses and gets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
from playwright.sync_api import Browser, expect

from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.webapp.conftest import DEMO, EX, HOSTILE_NAME
from tests.webapp.watching import CY, Watched, served, watch

pytestmark = pytest.mark.browser

MERGED = "/?focus=dl2/merged.dl2.h5"


@pytest.fixture(scope="module")
def base(store: MemoryStore, settings: Settings) -> Iterator[str]:
    """The address of the real server over the demonstration."""
    with served(store, settings) as address:
        yield address


def test_searching_leads_to_a_drawing(watched: Watched) -> None:
    """Slash, a few letters, Enter: the record is focused and its neighbourhood drawn."""
    page = watched.open("/")
    expect(page.locator(".tile").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("merged.dl2")
    expect(page.locator("#results a").first).to_contain_text("merged.dl2.h5")
    page.keyboard.press("Enter")
    watched.drawn()

    watched.heading("merged.dl2.h5")
    assert {"ctapipe-merge", "gamma_run1.dl2.h5"} <= set(watched.names())
    assert page.input_value("#search") == ""


def test_a_search_that_finds_nothing_says_so(watched: Watched) -> None:
    """Empty is another answer than loading or failing."""
    page = watched.open("/")
    page.fill("#search", "zzzzzz")

    expect(page.locator("#results")).to_contain_text("Nothing is called that")


def test_a_tap_selects_and_fills_the_panel(watched: Watched) -> None:
    """The panel follows, the address too, and screen readers are told."""
    page = watched.open(MERGED)
    watched.tap("ctapipe-merge")
    watched.heading("ctapipe-merge")

    expect(page.locator("#live")).to_have_text("ctapipe-merge selected")
    expect(page.locator("#panel")).to_contain_text("Command")
    assert "sel=" in page.url
    assert watched.selected() == "ctapipe-merge"


def test_a_double_tap_expands_and_another_collapses(watched: Watched) -> None:
    """What is hidden comes out, and goes away again."""
    page = watched.open(MERGED + "&depth=1")
    before = watched.names()
    watched.tap("ctapipe-merge", times=2)
    watched.drawn(len(before) + 2)
    page.wait_for_timeout(500)
    watched.tap("ctapipe-merge", times=2)
    page.wait_for_function(f"n => {CY}.nodes().length === n", arg=len(before))

    assert watched.names() == before


def test_a_path_without_blanks_stays_in_the_panel(watched: Watched) -> None:
    """What is said of a file that cannot be opened is broken into lines."""
    page = watched.open("/")
    page.goto(f"{watched.base}/?focus={EX}long")
    note = page.locator("#panel .note")
    expect(note).to_contain_text("Cannot be opened")

    assert note.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_the_file_behind_a_record_arrives(watched: Watched, tmp_path: Path) -> None:
    """One press, and its bytes are on the user's disk."""
    page = watched.open(MERGED)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download file").click()
    saved = tmp_path / "saved"
    download.value.save_as(saved)
    there = hashlib.sha256((DEMO / "work32/dl2/merged.dl2.h5").read_bytes()).hexdigest()

    assert hashlib.sha256(saved.read_bytes()).hexdigest() == there
    assert download.value.suggested_filename == "merged.dl2.h5"


def test_the_address_restores_the_view_elsewhere(
    watched: Watched, browser: Browser, base: str
) -> None:
    """Another person with another browser sees the same records, selection and panel."""
    page = watched.open(MERGED + "&depth=1")
    watched.tap("ctapipe-merge", times=2)
    watched.drawn(5)
    watched.heading("ctapipe-merge")
    names, address = watched.names(), page.url
    context = browser.new_context()
    other = watch(context, base)
    other.page.goto(address)
    other.drawn(5)
    other.heading("ctapipe-merge")
    other.page.wait_for_function(f"() => {CY}.$('node:selected').length === 1")

    assert other.names() == names
    assert other.selected() == "ctapipe-merge"
    assert other.errors == []
    context.close()


def test_back_and_forward_walk_through_many_steps(watched: Watched) -> None:
    """Four steps back, four forward, and each shows what it showed before."""
    page = watched.open("/")
    page.locator(".card a", has_text="merged.dl2.h5").click()
    watched.heading("merged.dl2.h5")
    page.get_by_role("link", name="Causes").click()
    expect(page.get_by_role("link", name="Causes")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="One relation more").click()
    expect(page.locator(".toolbar .number")).to_have_text("3")
    page.locator("#panel a", has_text="ctapipe-merge").first.click()
    watched.heading("ctapipe-merge")
    page.get_by_role("link", name="Focus here").click()
    expect(page.locator(".focus-name")).to_have_text("ctapipe-merge")

    steps: list[tuple[str, str]] = [(page.url, page.locator(".focus-name").inner_text())]
    for expected in ("merged.dl2.h5", "merged.dl2.h5", "merged.dl2.h5"):
        page.go_back()
        expect(page.locator(".focus-name")).to_have_text(expected)
        steps.append((page.url, expected))
    expect(page.locator(".toolbar .number")).to_have_text("2")
    page.go_back()
    expect(page.locator(".tile").first).to_be_visible()
    for url, name in reversed(steps):
        page.go_forward()
        expect(page.locator(".focus-name")).to_have_text(name)

        assert page.url == url


def test_the_table_says_what_the_drawing_says(watched: Watched) -> None:
    """As many rows as elements, and a name in it fills the panel."""
    page = watched.open(MERGED)
    names = watched.names()
    page.get_by_role("link", name="Table").click()
    cells = page.locator("#element-table .ag-center-cols-container [col-id=element]")
    expect(cells).to_have_count(len(names))
    page.locator("#element-table a", has_text="gamma_run1.dl2.h5").click()

    watched.heading("gamma_run1.dl2.h5")
    assert sorted(cells.all_inner_texts()) == names


@pytest.mark.parametrize(("item", "suffix"), [("SVG picture", ".svg"), ("Turtle", ".ttl")])
def test_downloads_of_the_view(watched: Watched, tmp_path: Path, item: str, suffix: str) -> None:
    """The menu gives files that other programs read."""
    page = watched.open(MERGED)
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name=item, exact=True).click()
    saved = tmp_path / f"saved{suffix}"
    download.value.save_as(saved)

    assert download.value.suggested_filename == "merged.dl2.h5" + suffix
    if suffix == ".ttl":
        assert len(rdflib.Graph().parse(saved, format="turtle")) > 10
    else:
        assert saved.read_text().count("<ellipse") == 3


def test_the_picture_is_a_png(watched: Watched, tmp_path: Path) -> None:
    """Drawn by the browser, without asking the server."""
    page = watched.open(MERGED)
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG picture").click()
    saved = tmp_path / "saved.png"
    download.value.save_as(saved)

    assert saved.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_console_says_why_memory_answers_no_cypher(watched: Watched) -> None:
    """An example fills the editor; the answer is a reason, not an error."""
    page = watched.open("/?page=cypher")
    page.locator(".cypher .chip").first.click()

    expect(page.locator("#query")).to_have_value(re.compile("MATCH"))
    expect(page.locator("#answer")).to_contain_text("no query engine")


def test_a_legend_chip_hides_its_kind(watched: Watched) -> None:
    """Agents go, the chip stays to bring them back."""
    page = watched.open(MERGED)
    agents = len([name for name in watched.names() if name.startswith("ctapipe 0")])
    page.get_by_role("switch", name=re.compile("agent")).click()
    page.wait_for_function(f"() => {CY}.nodes('.agent').length === 0")

    expect(page.get_by_role("switch", name=re.compile("agent"))).to_have_attribute(
        "aria-checked", "false"
    )
    assert agents == 1


def test_a_cut_drawing_offers_the_rest(watched: Watched) -> None:
    """300 of 701 are shown, and one press shows 600."""
    page = watched.open(f"/?focus={EX}merge&depth=1")
    expect(page.locator(".counts")).to_contain_text("Showing 300 of 701")
    page.locator(".counts a").click()

    page.wait_for_function(f"() => {CY}.nodes().length === 600")


def test_hostile_names_do_nothing(watched: Watched) -> None:
    """Markup and script addresses are shown as text in canvas, panel, search and table."""
    page = watched.open(f"/?focus={EX}hostile&depth=all")
    watched.heading(HOSTILE_NAME)
    page.fill("#search", "onerror")
    expect(page.locator("#results a").first).to_contain_text("<img src=x onerror=")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Table").click()
    expect(page.locator("#element-table a").first).to_contain_text("<img src=x")

    assert page.locator("img").count() == 0
    assert page.locator("a[href^='javascript' i], a[href^='data' i]").count() == 0
    assert "owned" not in page.title().partition("onerror")[0]
    assert not any(url.endswith("/x") for url in watched.requests)


def test_arrows_follow_relations_and_enter_expands(watched: Watched) -> None:
    """Everything can be reached without a mouse."""
    page = watched.open(MERGED + "&depth=1")
    before = len(watched.names())
    page.locator("#canvas").focus()
    page.keyboard.press("ArrowLeft")
    watched.heading("merged.dl2.h5")
    page.keyboard.press("ArrowLeft")
    watched.heading("ctapipe-merge")
    page.keyboard.press("Enter")
    page.wait_for_function(f"n => {CY}.nodes().length > n", arg=before)
    page.keyboard.press("ArrowRight")
    watched.heading("merged.dl2.h5")
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => {CY}.$('node:selected').length === 0")

    assert page.evaluate("document.activeElement.id") == "canvas"


def test_the_dark_scheme_follows_the_system_and_the_button(browser: Browser, base: str) -> None:
    """Page and canvas change together, and the choice survives a reload."""
    context = browser.new_context(color_scheme="dark")
    watched = watch(context, base)
    page = watched.open(MERGED)
    fill = f"() => {CY}.nodes('.activity').first().style('background-color')"
    page.wait_for_function(
        f"() => {CY}.nodes('.activity').first().style('background-color') === 'rgb(40,53,117)'"
    )
    page.get_by_role("button", name="Light or dark").click()
    page.wait_for_function(
        f"() => {CY}.nodes('.activity').first().style('background-color') !== 'rgb(40,53,117)'"
    )
    light = page.evaluate(fill)
    page.reload()
    watched.drawn()
    page.wait_for_function(
        f"c => {CY}.nodes('.activity').first().style('background-color') === c", arg=light
    )

    assert page.evaluate("document.documentElement.dataset.scheme") == "light"
    assert watched.errors == []
    context.close()


def test_an_unknown_focus_offers_a_way_on(watched: Watched) -> None:
    """A stale link says what is missing and leads back."""
    page = watched.page
    page.goto(watched.base + "/?focus=merged.dl2.h6")
    expect(page.locator(".message")).to_contain_text("Not in this store")
    page.get_by_role("link", name="Start page").last.click()

    expect(page.locator(".tile").first).to_be_visible()
    expect(page.locator(".message")).to_have_count(0)


def test_a_server_that_went_away_is_said_and_asked_again(watched: Watched) -> None:
    """What is on the screen stays, a notice says that it may be old, and a press goes on."""
    page = watched.open(MERGED + "&depth=1")
    page.route("**/_dash-update-component**", lambda route: route.abort())
    page.get_by_role("link", name="One relation more").click()
    expect(page.locator(".offline")).to_be_visible()
    assert len(watched.names()) > 1
    page.unroute("**/_dash-update-component**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".toolbar .number")).to_have_text("2")

    expect(page.locator(".offline")).to_be_hidden()
    watched.errors.clear()  # the browser says that requests failed


def test_the_page_has_a_language_and_named_controls(watched: Watched) -> None:
    """Screen readers know what they read and what each button does."""
    page = watched.open(MERGED)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], input')].filter(el =>
        !(el.textContent.trim() || el.getAttribute('aria-label') || el.title || el.placeholder))
        .map(el => el.outerHTML)"""
    )

    assert page.evaluate("document.documentElement.lang") == "en"
    assert unnamed == []
