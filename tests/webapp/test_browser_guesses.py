"""Guesses in a real browser: drawn dashed, decided about with the mouse and with keys."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from lineage import deciding, queries
from lineage import vocabulary as v
from lineage.decisions import LONGEST_NOTE, Verdict
from lineage.records import Entity, Relation, attributes
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests.two_logs import MADE, NAME, READ, tell, tell_both
from tests.webapp.watching import CY, Watched, behaved, served, watch
from webapp.app import create_app
from webapp.guessing import READ_ONLY

pytestmark = pytest.mark.browser

HOSTILE = "<script>document.title='owned'</script>\u202e.h5"
OUT = "/?depth=5&focus=" + quote("/mnt/data/DL2/out.h5")
GUESSES = "#panel li.guess:not(.decided)"
DECIDED = "#panel li.decided"


@pytest.fixture
def two_logs() -> MemoryStore:
    """One file under two paths, and two records of one hostile name."""
    store = MemoryStore()
    tell_both(store)
    evil = [
        Entity(
            f"http://example.org/{n}",
            attributes([(v.PROV_LABEL, HOSTILE), (v.PROV_LOCATION, f"/{n}/<b>&{HOSTILE}")]),
        )
        for n in range(2)
    ]
    used = Relation(RelationKind.USAGE, "http://example.org/reads", evil[0].identifier)
    tell(store, [*evil, used], [], "evil")
    return store


@pytest.fixture
def base(two_logs: MemoryStore) -> Iterator[str]:
    """Address of a server over them."""
    with served(two_logs, Settings(store="memory")) as address:
        yield address


def _edges(page: Page, classes: str) -> list[dict[str, str]]:
    """How the edges of a class are drawn."""
    found: list[dict[str, str]] = page.evaluate(
        f"c => {CY}.edges(c).map(e => ({{style: e.style('line-style'),"
        " head: e.style('target-arrow-shape'), words: e.data('words')}))",
        classes,
    )
    return found


def _ask(watched: Watched) -> Page:
    """Opens the reader's output, selects its input and looks for what may be the same."""
    page = watched.open(OUT)
    watched.tap(NAME)
    watched.heading(NAME)
    page.get_by_role("button", name="Look for it").click()
    expect(page.locator(GUESSES)).to_have_count(1)
    return page


def test_guesses_are_drawn_dashed_on_request(watched: Watched) -> None:
    """Nothing before it is asked for; the address restores it, and hiding takes it away."""
    page = watched.open(OUT)
    before = watched.names()
    page = _ask(watched)
    page.wait_for_function(f"() => {CY}.edges('.guess').length === 1")

    assert _edges(page, ".guess") == [{"style": "dashed", "head": "none", "words": "same?"}]
    assert before.count(NAME) == 1
    assert watched.names().count(NAME) == 2
    expect(page.locator(".counts")).to_contain_text("1 guess")
    expect(page.locator(GUESSES)).to_contain_text("another mount point?")

    page.reload()
    watched.drawn(5)

    expect(page.locator(GUESSES)).to_have_count(1)

    page.get_by_role("button", name="Hide").click()
    page.wait_for_function(f"() => {CY}.edges('.guess').length === 0")

    expect(page.locator(GUESSES)).to_have_count(0)
    assert watched.names() == before


def test_same_keeps_a_decision_and_undo_takes_it_back(
    watched: Watched, two_logs: MemoryStore
) -> None:
    """The dashed line turns solid, the panel says who and why, and the walk can follow it."""
    page = _ask(watched)
    page.get_by_label("Why").fill("one inode")
    page.get_by_role("button", name="Same: ").click()

    expect(page.locator(DECIDED)).to_contain_text("one inode")
    expect(page.locator("#said")).to_contain_text(f"Kept: the two {NAME} are the same thing")
    page.wait_for_function(f"() => {CY}.edges('.same').length === 1")
    assert _edges(page, ".guess") == []
    assert _edges(page, ".same") == [{"style": "solid", "head": "none", "words": "same"}]
    (made,) = two_logs.decisions()
    assert (made.pair, made.verdict, made.note) == ((MADE, READ), Verdict.SAME, "one inode")

    page.get_by_role("switch", name="alternate of").click()
    page.wait_for_function(f"() => {CY}.nodes().some(n => n.data('name') === 'r0_to_dl1')")
    page.go_back()
    page.get_by_role("button", name="Take back").click()

    expect(page.locator("#said")).to_have_text(f"Taken back: what was decided about the two {NAME}")
    expect(page.locator(GUESSES)).to_have_count(1)
    expect(page.locator(DECIDED)).to_have_count(0)
    assert two_logs.decisions() == ()


def test_different_works_by_keyboard_alone(watched: Watched, two_logs: MemoryStore) -> None:
    """Focus goes on where it was, and what was refused is drawn no more."""
    page = _ask(watched)
    button = page.get_by_role("button", name="Different: ")
    button.focus()
    page.keyboard.press("Enter")

    expect(page.locator(DECIDED)).to_contain_text("Different")
    expect(page.get_by_role("button", name="Hide")).to_have_attribute("aria-expanded", "true")
    page.wait_for_function("() => document.activeElement.dataset.verdict === 'undo'")
    page.wait_for_function(f"() => {CY}.edges('.guess').length === 0")
    assert [one.verdict for one in two_logs.decisions()] == [Verdict.DIFFERENT]

    page.keyboard.press("Enter")

    expect(page.locator(GUESSES)).to_have_count(1)
    assert two_logs.decisions() == ()


def test_an_import_under_way_is_said(watched: Watched, two_logs: MemoryStore) -> None:
    """The page goes on working, nothing is lost, and the same press works later."""
    page = _ask(watched)
    with two_logs.writing():
        page.get_by_role("button", name="Same: ").click()
        expect(page.get_by_role("alert").filter(has_text="being imported")).to_be_visible()
        expect(page.locator(GUESSES)).to_have_count(1)
    page.get_by_role("button", name="Same: ").click()

    expect(page.locator(DECIDED)).to_have_count(1)


def test_hostile_names_and_notes_are_text(watched: Watched, two_logs: MemoryStore) -> None:
    """Markup, script addresses and text that turns round, in guesses and in decisions."""
    ends = [queries.resolve(two_logs, f"http://example.org/{n}") for n in range(2)]
    page = watched.open("/?focus=http://example.org/0")
    page.get_by_role("button", name="Look for it").click()
    expect(page.locator(GUESSES)).to_contain_text("<script>")
    two_logs.decide(
        [deciding.decide(two_logs, *ends, Verdict.SAME, by=HOSTILE, note=HOSTILE + "\n<img src=x>")]
    )
    page.reload()

    expect(page.locator(f"{DECIDED} blockquote")).to_contain_text("<img src=x>")
    assert "\u202e" not in page.locator("#panel").inner_text()
    assert page.locator("#panel img, #panel script").count() == 0
    assert "owned" not in page.title().partition("<script>")[0]
    page.get_by_role("link", name="Table").click()
    expect(page.locator("#relation-table")).to_contain_text("the same, says")


def test_a_read_only_explorer_says_why_there_are_no_buttons(
    context: BrowserContext, two_logs: MemoryStore
) -> None:
    """Guesses are shown all the same."""
    with served(two_logs, Settings(store="memory"), read_only=True) as base:
        watched = watch(context, base)
        page = _ask(watched)

        expect(page.locator("#panel")).to_contain_text(READ_ONLY)
        expect(page.locator("[data-act=decide], #decision-note")).to_have_count(0)
        behaved(watched)


@pytest.mark.parametrize(
    ("doors", "headers", "by"),
    [
        ({"user_header": "X-User"}, {"X-User": "maria"}, "maria"),
        (
            {"password": "p"},
            {"Authorization": "Basic " + base64.b64encode(b"jo:p").decode()},
            "jo (by their own account)",
        ),
    ],
)
def test_who_decided_is_kept(
    two_logs: MemoryStore, doors: dict[str, str], headers: dict[str, str], by: str
) -> None:
    """The user that a proxy names; a name beside a shared password is only claimed."""
    client = create_app(two_logs, Settings(store="memory"), **doors).server.test_client()  # type: ignore[arg-type]
    known = client.get("/_dash-dependencies", headers=headers).get_json()
    value = {"one": READ, "other": MADE, "verdict": "same", "note": ""}
    body = {
        "output": next(one["output"] for one in known if "said.children" in one["output"]),
        "outputs": [
            {"id": "said", "property": "children"},
            {"id": "attempt", "property": "data"},
        ],
        "changedPropIds": ["decide.data"],
        "inputs": [{"id": "decide", "property": "data", "value": value}],
    }
    client.post("/_dash-update-component", json=body, headers=headers)

    assert [made.by for made in two_logs.decisions()] == [by]


@pytest.mark.parametrize("read_only", [False, True])
def test_only_what_was_asked_for_is_decided(two_logs: MemoryStore, read_only: bool) -> None:
    """Odd requests, other sites and a read-only app change nothing."""
    app = create_app(two_logs, Settings(store="memory"), read_only=read_only)
    client = app.server.test_client()
    known = client.get("/_dash-dependencies").get_json()
    (output, *more) = [one["output"] for one in known if "said.children" in one["output"]] or [""]
    body = {
        "output": output or "..said.children...attempt.data..",
        "outputs": [
            {"id": "said", "property": "children"},
            {"id": "attempt", "property": "data"},
        ],
        "changedPropIds": ["decide.data"],
    }

    def post(value: object, **headers: str) -> int:
        inputs = [{"id": "decide", "property": "data", "value": value}]
        sent = client.post(
            "/_dash-update-component", json=body | {"inputs": inputs}, headers=headers
        )
        status: int = sent.status_code
        return status

    wanted = {"one": READ, "other": MADE, "verdict": "same", "note": "n"}
    odd: list[object] = [
        None,
        "same",
        [],
        {},
        wanted | {"verdict": "maybe"},
        wanted | {"verdict": ["same"]},
        wanted | {"one": 1},
        wanted | {"other": "nowhere"},
        wanted | {"other": READ},
        wanted | {"note": "x" * (LONGEST_NOTE + 1)},
    ]
    for value in odd:
        post(value)
    refused = post(wanted, Origin="http://evil.example")
    foreign = post(wanted, Host="evil.example")
    client.get("/_dash-update-component", query_string=wanted)

    assert not more
    assert bool(output) is not read_only
    assert (refused, foreign) == (403, 421)
    assert two_logs.decisions() == ()

    post(wanted)

    assert len(two_logs.decisions()) == (0 if read_only else 1)
