"""What a tool recorded as the place of a file: an absolute path, an address, or neither."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote, unquote

from lineage.identifiers import path_of, relative_iri

_REMOTE = r"(https?|ftps?|s3|gs|davs?|xroot|roots?)"
_COLLAPSED = re.compile(rf"/(?:.*/)?{_REMOTE}:/([^/].*)")
"""A URL that a tool took for a relative path: ``/cwd/https:/host/x``."""
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://.")
_OF_HOST = re.compile(r"(?!file:|[A-Za-z]:)([A-Za-z0-9][A-Za-z0-9.\-]*):(/(?!/).*)", re.DOTALL)
"""``host:/path``, as scp and mount write it; a single letter is a drive."""
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


def host_of(url: str) -> str | None:
    """The host that a recorded URL says its path is on: ``file://host/path`` or ``host:/path``."""
    if url.startswith("/"):
        return None
    if url.startswith("file://"):
        host = unquote(url[7:].partition("/")[0])
        return None if host in ("", "localhost") else host
    found = _OF_HOST.fullmatch(url)
    return found[1] if found and not re.fullmatch(_REMOTE, found[1]) else None


def absolute_path(url: str) -> str | None:
    """The absolute path that a recorded URL is, or ``None`` for a true URL or a relative path."""
    if url.startswith("file:/"):
        url = path_of(url) or url.removeprefix("file:")
    if host_of(url) is not None:
        url = url.partition(":")[2]
    if _DRIVE.match(url):
        return "/" + url.replace("\\", "/")
    if not url.startswith("/") or (":/" in url and _COLLAPSED.fullmatch(url)):
        return None
    if "//" not in url and "/." not in url and not url.endswith("/"):
        return url
    return "/" + posixpath.normpath(url).lstrip("/")


def scoped_identifier(url: str, activity: str) -> tuple[str, str]:
    """The IRI of what is no absolute path, and what that rests on.

    A relative path means something in its activity only: the directory that it ran in is unknown.
    """
    collapsed = _COLLAPSED.fullmatch(url)
    if collapsed:
        url = f"{collapsed[1]}://{collapsed[2]}"
    if _URL.match(url):
        return quote(url, safe="/:?#[]@!$&'()*+,;=%~-._"), "iri"
    return relative_iri(url, activity.removeprefix("urn:uuid:")), "path"
