"""Serves the app, on this machine only unless a password or a proxy stands in front."""

from __future__ import annotations

import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Callable, Collection

import waitress
from waitress.server import BaseWSGIServer, MultiSocketServer

from lineage.errors import LineageError
from lineage.graph_store import GraphStore
from lineage.settings import Settings
from webapp.app import create_app
from webapp.security import is_loopback

_THREADS = 8


def make_server(
    store: GraphStore,
    settings: Settings,
    *,
    host: str,
    port: int,
    reopen: Callable[[], GraphStore] | None = None,
    read_only: bool = False,
) -> MultiSocketServer | BaseWSGIServer:
    """A server that listens and does not yet answer: call ``run()``, and ``close()`` to end it.

    ``LINEAGE_WEB_PASSWORD`` asks users for a password; ``LINEAGE_PROXY_USER_HEADER`` names the
    header in which a proxy in front passes on who they are.

    Raises:
        LineageError: others reach ``host`` and nothing guards it, or the port is taken.
    """
    password = os.environ.get("LINEAGE_WEB_PASSWORD") or None
    user_header = os.environ.get("LINEAGE_PROXY_USER_HEADER") or None
    if not is_loopback(host) and password is None and user_header is None:
        raise LineageError(
            f"--host {host}: other machines could read the whole store. Set LINEAGE_WEB_PASSWORD, "
            "or LINEAGE_PROXY_USER_HEADER behind a proxy that authenticates, or leave --host out."
        )
    app = create_app(
        store,
        settings,
        trusted_hosts=_names(host),
        password=password,
        user_header=user_header,
        reopen=reopen,
        read_only=read_only,
    )
    listening = _listen(host, port)
    return waitress.create_server(
        app.server, sockets=[listening], threads=_THREADS, ident="lineage"
    )


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, made here so that it is closed again where the port is taken."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise LineageError(
            f"{host}:{port}: cannot listen there ({error.strerror}). Choose another --port."
        ) from error
    return listening


def _names(host: str) -> Collection[str]:
    return () if host in ("0.0.0.0", "::") else (host,)  # noqa: S104 - compared, not bound


def _write_audit() -> None:
    """Who opened which file, and what was refused, on standard error."""
    audit = logging.getLogger("lineage.audit")
    if not audit.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        audit.addHandler(handler)
        audit.setLevel(logging.INFO)
        audit.propagate = False


def serve(
    store: GraphStore,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8050,
    open_browser: bool = True,
    reopen: Callable[[], GraphStore] | None = None,
    read_only: bool = False,
) -> None:
    """Serves until interrupted, and says where."""
    server = make_server(store, settings, host=host, port=port, reopen=reopen, read_only=read_only)
    shown = f"[{host}]" if ":" in host else host
    _write_audit()
    address = f"http://{shown}:{server.effective_port}/"
    print(f"lineage explorer at {address} (Ctrl+C ends it)", file=sys.stderr)  # noqa: T201
    if open_browser:
        webbrowser.open(address)
    try:
        server.run()
    finally:
        server.close()
