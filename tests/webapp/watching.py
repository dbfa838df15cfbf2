"""A real browser on the real server, and a record of what a page should not have done."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page, expect

from lineage.graph_store import GraphStore
from lineage.settings import Settings
from webapp.serve import make_server

expect.set_options(timeout=60_000)
"""Milliseconds; an engine that starts again on a shared machine takes a while."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CY = "document.getElementById('canvas')._cyreg.cy"


@dataclass
class Watched:
    """A page, and everything that it should not have done."""

    page: Page
    base: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, address: str) -> Page:
        """Loads an address and waits until it is drawn."""
        self.page.goto(self.base + address)
        if "focus=" in address:
            self.drawn()
        return self.page

    def drawn(self, least: int = 2) -> None:
        """Waits until that many elements are on the canvas and the panel is filled."""
        self.page.wait_for_function(
            f"n => {{ const el = document.getElementById('canvas');"
            f" return !!(el && el._cyreg && {CY}.elements().length >= n); }}",
            arg=least,
        )
        expect(self.page.locator("#panel h2")).to_be_visible()

    def names(self) -> list[str]:
        """Names of the drawn elements."""
        found: list[str] = self.page.evaluate(f"() => {CY}.nodes().map(n => n.data('name')).sort()")
        return found

    def tap(self, name: str, *, times: int = 1) -> None:
        """Clicks where an element is drawn."""
        place = self.page.evaluate(
            f"""name => {{ const n = {CY}.nodes().filter(n => n.data('name') === name).first();
            const box = document.getElementById('canvas').getBoundingClientRect();
            const p = n.renderedPosition(); return {{x: box.x + p.x, y: box.y + p.y}}; }}""",
            name,
        )
        if times == 2:
            self.page.mouse.dblclick(place["x"], place["y"])
        else:
            self.page.mouse.click(place["x"], place["y"])

    def selected(self) -> str:
        """Name of the element with the ring."""
        found: str = self.page.evaluate(
            f"() => {CY}.$('node:selected').map(n => n.data('name')).join()"
        )
        return found

    def heading(self, name: str | re.Pattern[str]) -> None:
        """Waits until the panel is about this element."""
        expect(self.page.locator("#panel h2")).to_have_text(name)


@contextmanager
def served(store: GraphStore, settings: Settings, *, read_only: bool = False) -> Iterator[str]:
    """The address of the real server over a store."""
    server = make_server(store, settings, host="127.0.0.1", port=0, read_only=read_only)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(server.close)  # in its own thread, which looks at the sockets
        thread.join(10)


def watch(context: BrowserContext, base: str) -> Watched:
    """A page whose requests and complaints are kept."""
    watched = Watched(context.new_page(), base)
    watched.page.on("request", lambda request: watched.requests.append(request.url))
    watched.page.on(
        "console",
        lambda message: watched.errors.append(message.text) if message.type == "error" else None,
    )
    watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
    watched.page.add_init_script(
        "document.addEventListener('securitypolicyviolation',"
        " e => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))"
    )
    return watched


def behaved(watched: Watched) -> None:
    """Nothing has left the machine, failed or broken the policy; the browser is done with it."""
    inside = (watched.base + "/", "data:", "blob:")
    watched.page.context.close()  # no server ends before the connections to it

    assert [url for url in watched.requests if not url.startswith(inside)] == []
    assert watched.errors == []
