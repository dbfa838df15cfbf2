"""Where files are, and the identifiers of what is there."""

from __future__ import annotations

from urllib.parse import quote

from lineage.canonical import digest
from lineage.identifiers import RELATIVE, file_iri

Place = tuple[str, str]
"""(realm, path): what a path means, and on which host."""

UNKNOWN_HOST = "unknown-"
"""Start of the name of a host that nobody tells; the realm of a path on its own disk."""

_UUID = "urn:uuid:"


def unknown_host(activity: str | None) -> str:
    """A host that only this activity is known to have run on."""
    return UNKNOWN_HOST + digest(activity or "")[:16]


def clock_host(node: str | None) -> str | None:
    """Whose clock tells what happened on a host: see `lineage.clocks.Clock`."""
    return None if node is not None and node.startswith(UNKNOWN_HOST) else node or ""


def product_iri(product: str) -> str:
    """The IRI of a product id."""
    return _UUID + quote(product, safe="", errors="surrogatepass")


def version_fragment(activity: str) -> str:
    """What tells the version that an activity wrote from others."""
    return quote(activity.removeprefix(_UUID), safe="/:@-._~", errors="surrogatepass")


def place_iri(place: Place, activity: str | None = None) -> str:
    """The ``file:`` IRI of a path, or of the version of it that an activity wrote.

    What is no absolute path is an IRI already.
    """
    realm, path = place
    if not path.startswith("/"):
        return path if activity is None else f"{path}#{version_fragment(activity)}"
    fragment = "" if activity is None else activity.removeprefix(_UUID)
    return file_iri(path, realm=realm, fragment=fragment)


def unclear_iri(place: Place, activity: str, product: str | None) -> str:
    """The IRI of what an activity used at a path, where nothing tells which version that was."""
    used = "used:" + activity.removeprefix(_UUID)
    return place_iri(place, used if product is None else f"{used}:{product}")


def place_evidence(place: Place) -> str:
    """What `place_iri` rests on where nobody is known to have written the path."""
    path = place[1]
    return "path" if path.startswith(("/", RELATIVE)) else "iri"
