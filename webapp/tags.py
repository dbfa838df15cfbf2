"""``data-`` and ``aria-`` attributes of components, which are no Python names."""

from __future__ import annotations

from typing import Any


def data(**values: str) -> dict[str, Any]:
    """``data(act="fit")`` is ``{"data-act": "fit"}``: what explorer.js goes by."""
    return {f"data-{name}": value for name, value in values.items()}


def aria(**values: str) -> dict[str, Any]:
    """``aria(label="Fit")`` is ``{"aria-label": "Fit"}``."""
    return {f"aria-{name}": value for name, value in values.items()}
