"""The app over real engines: the same page, Cypher answered, and an engine that comes back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.bolt import BoltStore
from lineage.stores.embedded import open_embedded, supported
from tests.webapp.conftest import DEMO
from tests.webapp.watching import behaved, served, watch

pytestmark = pytest.mark.browser


def test_search_focus_and_cypher_on_an_engine(
    bolt_store: BoltStore, context: BrowserContext, settings: Settings
) -> None:
    """What was imported is found, drawn, and asked for in Cypher."""
    import_paths(bolt_store, [DEMO / "work32"], settings)
    with served(bolt_store, settings) as base:
        watched = watch(context, base)
        page = watched.open("/")
        expect(page.locator(".tile").first).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("merged.dl2")
        expect(page.locator("#results a").first).to_contain_text("merged.dl2.h5")
        page.keyboard.press("Enter")
        watched.drawn()
        names = watched.names()
        page.get_by_role("link", name="Cypher").click()
        page.locator("textarea").fill(
            "MATCH (a:Activity) WHERE a.ctapipe_exit_code = 42 RETURN a.name AS name"
        )
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("gridcell", name="ctapipe-exit")).to_be_visible()
        behaved(watched)

    assert {"ctapipe-merge", "gamma_run1.dl2.h5"} <= set(names)


@pytest.mark.embedded
def test_an_engine_that_was_killed_comes_back(
    tmp_path: Path, context: BrowserContext, settings: Settings
) -> None:
    """The page goes on where it was: the store starts its engine again by itself."""
    if reason := supported():
        pytest.skip(reason)
    store = open_embedded(tmp_path / "store", linger_s=0)
    try:
        import_paths(store, [DEMO / "work32" / "ctapipe-merge.provenance.log"], settings)
        with served(store, settings) as base:
            watched = watch(context, base)
            page = watched.open("/?focus=dl2/merged.dl2.h5")
            java = int((tmp_path / "store" / "engine.lock").read_text().split()[0])
            os.kill(java, signal.SIGKILL)
            watched.tap("ctapipe-merge")
            watched.heading("ctapipe-merge")
            page.reload()
            watched.drawn()
            behaved(watched)
    finally:
        store.close()
