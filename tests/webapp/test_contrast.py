"""Text can be read: contrast of at least 4.5, as WCAG 2.2 asks for at level AA.

Source: WCAG 2.2, success criterion 1.4.3, and its definitions of contrast ratio and relative
luminance.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import webapp
from webapp.marks import THEMES, Theme
from webapp.stylesheet import stylesheet

LEAST = 4.5
STYLE = Path(webapp.__file__).parent / "assets" / "style.css"
SURFACES = ("page", "surface", "canvas")
ON_ALL = ("text", "soft", "accent", "bad", "warn")
PAIRS = (
    *((text, ground) for text in ON_ALL for ground in SURFACES),
    *((text, "accent-soft") for text in ("text", "soft", "accent")),
    ("bad", "bad-soft"),
    ("warn", "warn-soft"),
)

Colour = tuple[float, float, float]


def colour(text: str) -> Colour:
    """Red, green and blue of ``#rrggbb``, 0 to 255."""
    red, green, blue = (int(text[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def over(front: Colour, back: Colour, opacity: float) -> Colour:
    """What is seen where something drawn with an opacity lies on something else."""
    red, green, blue = (f * opacity + b * (1 - opacity) for f, b in zip(front, back, strict=True))
    return red, green, blue


def luminance(shown: Colour) -> float:
    """Relative luminance, 0 to 1."""
    parts = [value / 255 for value in shown]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """The ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def set_back(theme: Theme) -> float:
    """Opacity of the elements that are not beside the selected one."""
    (rule,) = (rule for rule in stylesheet(theme) if rule["selector"] == "node.far")
    opacity: float = rule["style"]["opacity"]
    return opacity


@pytest.mark.parametrize("scheme", [":root", "[data-scheme=dark]"])
def test_the_page_can_be_read(scheme: str) -> None:
    """Each colour of text on each ground that it stands on, light and dark."""
    (block,) = re.findall(re.escape(scheme) + r" \{(.*?)\}", STYLE.read_text(), re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    too_weak = {
        pair: round(ratio, 2)
        for pair in PAIRS
        if (ratio := contrast(*(colour(colours[name]) for name in pair))) < LEAST
    }

    assert too_weak == {}


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_names_in_the_drawing_can_be_read(theme: Theme) -> None:
    """Beside a selection and set back by it, on their fill and at the arrows."""
    ground, opacity = colour(theme.background), set_back(theme)
    ratios = {"stub": contrast(colour(theme.stub), ground)}
    for kind, paint in theme.paints.items():
        fill, text = colour(paint.fill), colour(paint.text)
        behind = over(fill, ground, opacity)
        ratios[kind] = contrast(text, fill)
        ratios[f"{kind} set back"] = contrast(over(text, behind, opacity), behind)
    for keyword, words in theme.relation.items():
        ratios[f"arrow {keyword}"] = contrast(colour(words), ground)
    too_weak = {name: round(ratio, 2) for name, ratio in ratios.items() if ratio < LEAST}

    assert too_weak == {}
