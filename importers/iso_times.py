"""Times as sources write them in ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lineage.records import utc


def moment(text: Any) -> datetime | None:
    """An ISO time, which is UTC unless it says otherwise."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else utc(time)
    except (ValueError, OverflowError):
        return None
