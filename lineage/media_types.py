"""What kind of file something is: by its first bytes, else by its name."""

from __future__ import annotations

import mimetypes

HEAD_BYTES = 4096
"""How much of a file's beginning decides."""

_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (b"\x89KAS\r\n\x1a\n", "application/x-kastore"),
    (b"SIMPLE  =", "application/fits"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"root\0", "application/x-root"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
)
"""Source: the formats' own specifications; application/fits is RFC 4047, zstd RFC 8878."""

_BY_NAME = {
    ".ecsv": "text/csv",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".toml": "application/toml",
    ".trig": "application/trig",
    ".ttl": "text/turtle",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
"""Suffixes that the standard library does not know on every machine."""


def media_type(name: str, head: bytes) -> str:
    """The media type of a file.

    Args:
        name: Its base name.
        head: Its first `HEAD_BYTES` bytes, or all of a shorter one.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    known = _BY_NAME.get(suffix) or mimetypes.types_map.get(suffix)
    if known is not None:
        return known
    return "text/plain" if head and _is_text(head) else "application/octet-stream"


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # the head may end amid a character
        return len(head) == HEAD_BYTES and error.start > len(head) - 4
    return True
