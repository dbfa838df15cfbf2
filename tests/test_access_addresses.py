"""Which addresses in records may become links."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.access import links, safe_url
from tests.test_access import element


def test_address_is_a_link_that_nobody_fetches() -> None:
    """An http identifier is a link for people; an unsafe one has a reason and nothing to click."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        found = links(element(address, "http://u:p@127.0.0.1/"), [])

        with pytest.raises(TimeoutError):
            listener.accept()
    by_path = {link.path: link for link in found}

    assert by_path[address].local == address
    assert by_path["http://u:p@127.0.0.1/"].local is None


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("http://example.org/a?b=c#d", "http://example.org/a?b=c#d"),
        ("https://example.org:8080/%2e", "https://example.org:8080/%2e"),
        ("https://example.org/é", "https://example.org/%C3%A9"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("/file?of=x", "/file?of=x"),
        ("?of=x", "?of=x"),
        ("a/b:c", "a/b:c"),
        ("", None),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        (" javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("java\tscript:alert(1)", None),
        ("\x01javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("ftp://example.org/", None),
        ("//example.org/", None),
        ("/\\example.org/", None),
        ("\\\\example.org\\x", None),
        ("http:example.org", None),
        ("http:///x", None),
        ("http://user@example.org/", None),
        ("http://example.org@evil.example/", None),
        ("http://example.org:x/", None),
        ("http://[::1/", None),
        ("http://exämple.org/", None),
        ('http://example.org/"onclick=', None),
        ("http://example.org/<script>", None),
        ("x:y", None),
    ],
)
def test_only_plain_addresses_are_links(url: str, safe: str | None) -> None:
    """http, https and relative addresses are links; everything else is text."""
    assert safe_url(url) == safe


@settings(max_examples=300)
@given(st.text())
def test_any_text_is_a_safe_address_or_none(text: str) -> None:
    """What comes back is ASCII without blanks and has no scheme but http and https."""
    for url in (safe_url(text), safe_url(f"http://h/{text}"), safe_url(f"javascript:{text}")):
        assert url is None or (
            url.isascii()
            and url.isprintable()
            and " " not in url
            and (":" not in url.partition("/")[0] or url.lower().startswith(("http:", "https:")))
        )
