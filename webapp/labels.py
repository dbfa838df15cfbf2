"""Text from sources made fit for the screen: no control characters, short enough, measured."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from lineage.canonical import encode_value
from lineage.records import Literal, Value

LABEL_CHARACTERS = 26
"""Longest name inside a drawn element; the panel has it in full."""

_FORMAT_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories that draw nothing and may turn the text around them (bidi overrides)."""


def clean(text: str, *, lines: bool = False) -> str:
    """``text`` with every character that is not drawn replaced, so that nothing hides in it.

    Args:
        lines: Keep line breaks and tabs.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) in _FORMAT_CATEGORIES and character not in kept
        else character
        for character in text
    )


def shorten(text: str, length: int = LABEL_CHARACTERS) -> str:
    """``text`` on one line, cut in the middle: both ends of a file name tell it apart."""
    plain = clean(text)
    if len(plain) <= length:
        return plain
    tail = (length - 1) // 2
    return f"{plain[: length - 1 - tail]}…{plain[-tail:]}"


def cut(text: str, length: int) -> str:
    """The beginning of ``text``, which says how much of it is missing."""
    left = len(text) - length
    return text if left <= 0 else f"{text[:length]} … ({left:,} characters more)"


def width_px(text: str, size_px: float = 12) -> float:
    """About how wide ``text`` is drawn in a sans-serif font; a little too much rather than less."""
    units = 0.0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF":
            units += 1.05
        elif character in "ijltfI.,:;'|!()[] /-":
            units += 0.38
        elif character in "mwMW@%" or character.isupper():
            units += 0.8
        else:
            units += 0.6
    return units * size_px


def count(number: int, singular: str, plural: str = "") -> str:
    """``1 record``, ``12,481 records``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def value_text(value: Value) -> str:
    """A value as people read it."""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Literal):
        language = f" ({value.language})" if value.language else ""
        return clean(value.text + language, lines=True)
    if isinstance(value, str):
        return clean(value, lines=True)
    encoded = encode_value(value)
    return clean(str(encoded["$"] if isinstance(encoded, dict) else encoded), lines=True)


def moment_text(moment: datetime) -> str:
    """``2023-05-12 10:31:07 UTC``; without the zone where the source gave none."""
    zone = " UTC" if moment.tzinfo is UTC or moment.utcoffset() is not None else ""
    shown = moment.astimezone(UTC) if zone else moment
    return shown.strftime("%Y-%m-%d %H:%M:%S") + zone


def duration_text(seconds: float) -> str:
    """``2.4 s``, ``3 min 20 s``, ``5 h 07 min``, ``2 d 3 h``."""
    if seconds < 0:
        return f"{seconds:,.1f} s"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def size_text(size_bytes: int) -> str:
    """``512 bytes``, ``1.5 MB``: decimal, as disks and file managers count."""
    amount = float(size_bytes)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            return f"{size_bytes:,} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError(size_bytes)
