"""Media types, told by first bytes and names."""

from __future__ import annotations

import pytest

from lineage.media_types import HEAD_BYTES, media_type


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("x", b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
        ("x.txt", b"SIMPLE  =                    T", "application/fits"),
        ("x.fits.gz", b"\x1f\x8b", "application/gzip"),
        ("a.json", b"{}", "application/json"),
        ("run.provenance.log", b"[]", "text/plain"),
        ("settings.yaml", b"a: 1", "application/yaml"),
        ("README", "é".encode(), "text/plain"),
        ("README", b"x" * (HEAD_BYTES - 1) + "é".encode()[:1], "text/plain"),
        ("x", b"\xff\xfe", "application/octet-stream"),
        ("x", b"a\0b", "application/octet-stream"),
        ("x", b"", "application/octet-stream"),
        (".json", b"", "application/json"),
    ],
)
def test_media_types(name: str, head: bytes, kind: str) -> None:
    """First bytes, then the suffix, then whether it is text."""
    assert media_type(name, head) == kind
