"""The check page in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.webapp.watching import behaved, served, watch

pytestmark = pytest.mark.browser


def test_findings_lead_to_records_and_back(
    context: BrowserContext, store: MemoryStore, settings: Settings
) -> None:
    """From the header to a kind, to a record, back, and to the check of that record's lineage."""
    with served(store, settings) as base:
        watched = watch(context, base)
        page = watched.open("/")
        page.get_by_role("link", name="Check", exact=True).click()
        overwritten = page.locator(".findings", has_text="overwritten-input").first
        expect(overwritten).to_have_attribute("open", "")
        expect(page).to_have_title("Check · lineage")
        page.get_by_role("link", name=re.compile("^failed [0-9]+$")).click()
        expect(page.locator(".findings")).to_have_count(1)
        page.go_back()
        overwritten.get_by_role("link", name="gamma_run1.dl1.h5").first.click()
        watched.drawn()
        watched.heading("gamma_run1.dl1.h5")
        expect(page.locator("#panel")).to_contain_text("overwritten-input (warning)")
        page.locator("#panel").get_by_role("link", name="Check").click()
        expect(page.locator(".scope")).to_contain_text("gamma_run1.dl1.h5")
        page.get_by_role("link", name="Check everything").click()
        expect(page.locator(".scope")).to_have_count(0)
        page.go_back()
        page.go_back()
        watched.heading("gamma_run1.dl1.h5")

        behaved(watched)
