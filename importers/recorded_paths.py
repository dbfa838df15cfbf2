"""What a tool recorded as the place of a file: an absolute path, an address, or neither."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote

from lineage.identifiers import path_of, relative_iri

_REMOTE = r"(https?|ftps?|s3|gs|davs?|xroot|roots?)"
_COLLAPSED = re.compile(rf"/(?:.*/)?{_REMOTE}:/([^/].*)")
"""A URL that a tool took for a relative path: ``/cwd/https:/host/x``."""
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://.")
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


def absolute_path(url: str) -> str | None:
    """The absolute path that a recorded URL is, or ``None`` for a true URL or a relative path."""
    if url.startswith("file:/"):
        url = path_of(url) or url.removeprefix("file:")
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
