"""One alert directory as gocart leaves it: what its meta.yaml says, and which files are there."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from importers.iso_times import moment
from importers.yaml_values import read_yaml, text_of
from lineage.interfaces import Problem

META = "meta.yaml"
KEPT = " What is whole is kept."
MOST_BYTES = 1 << 20
SECTIONS = ("ALERT", "EXTRA", "HEADER")
_DIRECTORY = re.compile(r"(\d{8})T?(\d{6})(?:\.\d+)?_([a-z][a-z_]*)")
_EVENT = re.compile(r"[A-Z]{1,4}\d{6}[A-Za-z]+")
"""LVK's ids: S230528ay, and MS230425k for mock events."""
_TYPES = ("EARLY_WARNING", "PRELIMINARY", "INITIAL", "UPDATE", "RETRACTION")
"""In the order in which alerts of one second follow one another."""
RETRACTION = "RETRACTION"
NEVER_FIRST = frozenset({"UPDATE", RETRACTION})
"""What can only follow another alert of the event."""


class Named(NamedTuple):
    """What the names of directories tell of an alert: ``<event>/<time>_<type>/``."""

    event: str
    time: datetime
    type: str

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Sorts the alerts of an event."""
        rank = _TYPES.index(self.type) if self.type in _TYPES else len(_TYPES)
        return self.time, rank, self.type


@dataclass(frozen=True, slots=True)
class Alert:
    """What meta.yaml says, and where that is silent, its directory."""

    event: str
    """LVK's superevent id."""
    type: str
    """As LVK writes it: ``PRELIMINARY``."""
    time: datetime | None
    """When it was issued, UTC."""
    notice: dict[str, Any]
    """ALERT."""
    extra: dict[str, Any]
    """EXTRA: what gocart computed from the map."""
    header: dict[str, Any]
    """HEADER: of the map's FITS file, without HISTORY."""

    @property
    def is_retraction(self) -> bool:
        """It takes the event back."""
        return self.type == RETRACTION

    @property
    def name(self) -> str:
        """As its directory is called: ``20230528T114043_preliminary``."""
        return f"{_compact(self.time)}_{self.type.lower()}"


def place_of(source: Path) -> Named | None:
    """What the names of the directories that a file lies in tell."""
    return named(Path(os.path.abspath(source)).parent)


def named(directory: Path) -> Named | None:
    """What a directory's name and its parent's tell, if gocart would call them so."""
    match = _DIRECTORY.fullmatch(directory.name)
    if match is None or not _EVENT.fullmatch(directory.parent.name):
        return None
    try:
        time = datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Named(directory.parent.name, time, match[3].upper())


def read_alert(source: Path, on_problem: Callable[[Problem], None]) -> Alert | None:
    """What a meta.yaml says; ``None`` where that is no alert."""
    with source.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        on_problem(Problem("", f"it is larger than {MOST_BYTES >> 20} MiB, and so no alert's."))
        return None
    text, line = text_of(data)
    if line:
        on_problem(Problem(str(line), "what is no UTF-8 is replaced by a sign of its own.", 0))
    document = read_yaml(text)
    said = document.value if isinstance(document.value, dict) else {}
    if document.problem:
        why = f"it cannot be read further ({document.problem:.200}).{KEPT}"
        on_problem(Problem(str(document.line), why))
    elif not data.endswith(b"\n"):
        last = data.count(b"\n") + 1
        on_problem(Problem(str(last), "the last line has no end; it may be cut off.", 0))
    for line, key in document.repeated:
        on_problem(Problem(str(line), f"{key[:80]!r} is there twice; the last counts.", 0))
    missing = [name for name in SECTIONS if not isinstance(said.get(name), dict)]
    if missing and len(missing) < len(SECTIONS) and not document.problem:
        why = f"missing or no mapping: {', '.join(missing)}. The file may be cut off."
        on_problem(Problem(f"/{missing[0]}", why, 0))
    sections = [{} if name in missing else said[name] for name in SECTIONS]
    return _alert(sections, place_of(source), on_problem)


def _alert(
    sections: list[dict[str, Any]], place: Named | None, on_problem: Callable[[Problem], None]
) -> Alert | None:
    """Content first, names second; where they disagree, that is told."""
    notice, extra, header = sections
    event, kind = _text(notice.get("superevent_id")), _text(notice.get("alert_type"))
    time = moment(notice.get("time_created"))
    if not any(sections) or (place is None and (event is None or kind is None)):
        return None
    for name, own, told in (
        ("superevent_id", event, place and place.event),
        ("alert_type", kind and kind.upper(), place and place.type),
        ("time_created", time and time.replace(microsecond=0), place and place.time),
    ):
        if own is None and told is not None:
            text = f"there is none; the directory's name says {_shown(told)}, which is taken."
            on_problem(Problem(f"/ALERT/{name}", text, 0))
        elif told is not None and own != told:
            text = f"it is {_shown(own)}, but the directory's name says {_shown(told)}. The file "
            on_problem(Problem(f"/ALERT/{name}", text + "counts.", 0))
    return Alert(
        event or (place.event if place else ""),
        (kind or (place.type if place else "")).upper(),
        time or (place.time if place else None),
        notice,
        extra,
        header,
    )


def _shown(value: Any) -> str:
    return _compact(value) if isinstance(value, datetime) else repr(value)[:100]


def previous(source: Path) -> Path | None:
    """The meta.yaml of the last alert of the same event before this one, as directories tell.

    Retractions are no such alerts: what comes after one does not come from it.
    """
    own, event = place_of(source), Path(os.path.abspath(source)).parent.parent
    if own is None:
        return None
    earlier = []
    for name in _names(event):
        directory = event / name
        alert = named(directory)
        if alert is None or alert.type == RETRACTION or alert.order >= own.order:
            continue
        if _is(directory, stat.S_ISDIR) and _is(directory / META, stat.S_ISREG):
            earlier.append((alert.order, directory / META))
    return max(earlier)[1] if earlier else None


class Files(NamedTuple):
    """What gocart made beside meta.yaml, as far as it is there."""

    map: Path | None
    """The notice's map, its bytes unchanged."""
    ascii_map: Path | None
    plot: Path | None
    notice: Path | None

    @property
    def present(self) -> list[Path]:
        """Those that are there."""
        return [path for path in self if path is not None]


def files(source: Path, alert: Alert) -> Files:
    """The files of an alert. Links are none: they may lead anywhere."""
    there = frozenset(_names(source.parent))

    def known(name: str) -> Path | None:
        path = source.parent / name
        return path if name in there and _is(path, stat.S_ISREG) else None

    creator = _text(alert.header.get("CREATOR"))
    return Files(
        known(f"{creator.lower()}.multiorder.fits") if creator else None,
        known("skymap.csv"),
        known("skymap.png"),
        known(f"{alert.event}-{alert.type.lower()}.json"),
    )


def _names(directory: Path) -> list[str]:
    """What lies in a directory; nothing where it cannot be listed."""
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _is(path: Path, of_kind: Callable[[int], bool]) -> bool:
    try:
        return of_kind(path.lstat().st_mode)
    except OSError:
        return False


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _compact(time: datetime | None) -> str:
    """``20230528T114043``, as gocart writes it."""
    return "unknown" if time is None else f"{time:%Y%m%dT%H%M%S}"
