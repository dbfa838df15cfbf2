"""Headers on every answer, and the requests that are turned away.

The app shows what strangers wrote to people who are logged in elsewhere: no foreign script, no
foreign frame, no foreign page that posts to it, and no foreign name that resolves to it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, request

HEALTH = "/health"
"""Answers when the server runs."""

_LOG = logging.getLogger("lineage.web")
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def content_policy(script_hashes: Sequence[str]) -> str:
    """The Content-Security-Policy under which every page runs.

    Inline style elements are ag-grid's; ``data:`` images are its icons. Without them it is bare.
    """
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *script_hashes)),
            "style-src-elem 'self' 'unsafe-inline'",
            "style-src-attr 'none'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        )
    )


def guard(
    server: Flask,
    *,
    script_hashes: Sequence[str],
    trusted_hosts: Collection[str] = (),
    password: str | None = None,
    user_header: str | None = None,
) -> None:
    """Puts headers on every answer of ``server`` and a check before every request.

    Args:
        trusted_hosts: Host names that it answers to, besides those of this machine's loopback.
        password: Asked for by HTTP Basic authentication, with any user name.
        user_header: Header in which a proxy in front names the user; without it nobody comes in.
    """
    hosts = {name.lower() for name in (*_LOOPBACK_NAMES, *trusted_hosts)}
    policy = content_policy(script_hashes)

    def check() -> Response | None:
        if _host_name(request.host) not in hosts:
            _LOG.warning("refused: host %r", request.host[:200])
            return _refusal(
                421,
                "This name is not among those that the explorer answers to. "
                "Add it under [web] hosts in the settings.",
            )
        if request.path == HEALTH:
            return None  # whoever watches the server has no password and learns nothing
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            origin = request.headers.get("Origin")
            if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
                _LOG.warning("refused: origin %r", origin[:200])
                return _refusal(403, "Another site may not send requests here.")
            if request.mimetype != "application/json":
                return _refusal(415, "Only JSON is taken here.")
        if user_header is not None and not request.headers.get(user_header):
            return _refusal(401, f"The proxy in front names no user in {user_header}.")
        if password is not None and not _knows(password):
            refused = _refusal(401, "A password is needed.")
            refused.headers["WWW-Authenticate"] = 'Basic realm="lineage", charset="UTF-8"'
            return refused
        return None

    def harden(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = policy
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["X-Frame-Options"] = "DENY"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    server.before_request(check)
    server.after_request(harden)


def is_loopback(host: str) -> bool:
    """Whether a server bound to ``host`` is reached from this machine only."""
    return host in _LOOPBACK_NAMES or host.startswith("127.")


def _host_name(host: str) -> str:
    name = urlsplit(f"//{host}").hostname if host.isascii() and " " not in host else None
    return (name or "").lower()


def _knows(password: str) -> bool:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded, validate=True).partition(b":")[2]
    except ValueError:
        return False
    # digests are of one length, so the comparison takes as long for every guess
    return hmac.compare_digest(
        hashlib.sha256(given).digest(), hashlib.sha256(password.encode()).digest()
    )


def _refusal(status: int, text: str) -> Response:
    return Response(text + "\n", status=status, mimetype="text/plain")
