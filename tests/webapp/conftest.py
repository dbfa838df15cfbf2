"""The demonstration production in memory, with some hostile records beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from lineage import session
from lineage import vocabulary as v
from lineage.access import AccessRoot
from lineage.graph_store import Source
from lineage.records import Activity, Agent, Entity, Iri, Record, Relation, attributes
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests.browser import installed_browser
from tests.webapp.watching import ARGUMENTS, Watched, behaved, watch

DEMO = Path(__file__).parents[2] / "demo"

HOSTILE_NAME = "<img src=x onerror=\"document.title='owned'\">"
HOSTILE_LINK = "javascript:document.title='owned'"
EX = "http://example.org/"


def hostile_records() -> list[Record]:
    """Markup, script addresses, bidi overrides, quotes and lone surrogates wherever text goes."""
    return [
        Entity(
            EX + "hostile",
            attributes(
                [
                    (v.PROV_LABEL, HOSTILE_NAME),
                    (v.PROV_LOCATION, "/etc/passwd"),
                    (EX + "homepage", HOSTILE_LINK),
                    (EX + "data", "data:text/html://<script>document.title='owned'</script>"),
                    (EX + "<b>name</b>", "]]>\x00\x1b[31m\u202egnp.exe"),
                ]
            ),
        ),
        Entity(EX + "surrogate\udce9", attributes([(v.PROV_LABEL, "caf\udce9 ${7*7} {{7*7}}")])),
        Activity(EX + "attack", attributes([(v.PROV_LABEL, '"];x->y;"\\N\n}digraph{')])),
        Agent(EX + "mallory", attributes([(v.PROV_TYPE, Iri(v.PROV + "Person"))])),
        Relation(
            RelationKind.GENERATION,
            EX + "hostile",
            EX + "attack",
            attributes=attributes([(v.PROV_ROLE, HOSTILE_NAME)]),
        ),
        Relation(RelationKind.USAGE, EX + "attack", EX + "surrogate\udce9"),
        Relation(RelationKind.USAGE, EX + "attack", EX + "only-named"),
        Relation(RelationKind.ASSOCIATION, EX + "attack", EX + "mallory"),
        Entity(EX + "long", attributes([(v.PROV_LOCATION, "/srv/cta/" + "long" * 100)])),
    ]


def wide_records(count: int) -> list[Record]:
    """One activity that used ``count`` entities."""
    return [
        Relation(RelationKind.USAGE, EX + "merge", f"{EX}run{number:05d}")
        for number in range(count)
    ]


def add(store: MemoryStore, name: str, records: list[Record]) -> None:
    """Writes records as one source."""
    source = Source(name * 16, (f"/{name}.json",), "test", "1", 1)
    store.begin(source)
    store.write(source.key, records)
    store.finish(source)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Where the demonstration's files lie."""
    return Settings(store="memory", roots=(AccessRoot("/srv/cta", DEMO),))


@pytest.fixture(scope="session")
def store(settings: Settings) -> MemoryStore:
    """The demonstration, the hostile records, and an activity with 700 inputs; only read."""
    store = MemoryStore()
    session.import_paths(store, [DEMO / "work32"], settings)
    add(store, "evil", hostile_records())
    add(store, "wide", wide_records(700))
    return store


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, for all the tests here."""
    program = installed_browser()
    if program is None:
        pytest.skip("no Chromium or Chrome: install one, or set LINEAGE_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A profile of its own, so that nothing is remembered."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", color_scheme="light"
    )
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def watched(context: BrowserContext, base: str) -> Iterator[Watched]:
    """A page of the server at ``base``; afterwards it has done nothing that it should not."""
    watched = watch(context, base)
    yield watched
    behaved(watched)
