"""Where the app is put together: page, callbacks, downloads and guards around one store."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from dash import Dash

from lineage.graph_store import GraphStore
from lineage.settings import Settings
from webapp.callbacks import add_callbacks
from webapp.checking import Checks
from webapp.connection import Connection
from webapp.deciding import Who, add_deciding
from webapp.downloads import add_downloads
from webapp.layout import INDEX, layout
from webapp.security import HEALTH, guard


def create_app(
    store: GraphStore,
    settings: Settings,
    *,
    trusted_hosts: Collection[str] = (),
    password: str | None = None,
    user_header: str | None = None,
    reopen: Callable[[], GraphStore] | None = None,
    read_only: bool = False,
) -> Dash:
    """The explorer over ``store``; its ``server`` attribute is the WSGI application.

    Args:
        trusted_hosts: Host names that it answers to, besides the loopback's and the settings'.
        password: See `webapp.security.guard`, as for ``user_header``.
        reopen: Opens the store again when it went away.
        read_only: Nobody decides about guesses here.
    """
    app = Dash(
        __name__,
        assets_folder=str(Path(__file__).parent / "assets"),
        title="lineage",
        update_title="",
        index_string=INDEX,
        serve_locally=True,
        compress=True,
        enable_mcp=False,
        health_endpoint=HEALTH.removeprefix("/"),
        include_pages_meta=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        add_log_handler=False,
    )
    app.layout = layout()
    connection = Connection(store, reopen)
    who = None if read_only else Who(user_header=user_header, shared=password is not None)
    add_callbacks(app, connection, settings.roots, Checks(settings.identity), read_only=read_only)
    if who is not None:
        add_deciding(app, connection, who)
    add_downloads(app.server, connection, settings.roots)
    guard(
        app.server,
        script_hashes=app.csp_hashes(),
        trusted_hosts=(*trusted_hosts, *settings.hosts),
        password=password,
        user_header=user_header,
    )
    return app
