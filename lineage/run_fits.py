"""How a log's run can be an activity that a record tells of, and which of many can.

Runs and activities find each other by the key that runs.py makes of name and stop, and by a file
that both must have written: what a farm did in one second is told apart without trying all pairs.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from lineage.clocks import moment
from lineage.identifiers import written_path
from lineage.records import FileEvent
from lineage.runs import GENERATED, KEY, QUARTER_S, STOP_S, USED, counterparts, is_run, same_as
from lineage.works import is_work, together

_WEST_MIN = (-570, -270, -210, -150)
_EAST_MIN = (210, 270, 330, 345, 390, 510, 525, 570, 630, 690, 765, 825)
_OFFSETS_S = frozenset(60 * at for at in (*range(-720, 841, 60), *_WEST_MIN, *_EAST_MIN))
"""Local time minus UTC, wherever that was since 2007. Others would join runs of other moments: a
tool that does the same every quarter of an hour.

Source: the IANA time zone database.
"""
_STOP_WITHOUT_FILES_S = 1.0
_SAME_STOP_S = 0.25
"""What is closer than this is preferred."""
_START_S = 60.0
"""A log may begin so much later: ctapipe opens its log file when all modules are imported."""
_START_WITHOUT_FILES_S = 5.0
_EARLY_S = 2.0


class Fit(NamedTuple):
    """How well a log's run fits an activity."""

    rank: int
    """-1: the log says so; 0: the files agree and the stops are the same; 3 is worst."""
    offset_s: int | None
    """Local time minus UTC, where the log tells times."""
    evidence: str
    """What they agree in."""


_TOGETHER = Fit(0, None, "work")


def fit(run: FileEvent, activity: FileEvent) -> Fit | None:
    """How a log's run can be this activity, or ``None`` where it cannot.

    Args:
        run: A ``RUN`` event whose activity `is_run`.
        activity: A ``RUN`` event whose activity is not.
    """
    return _fit(_Told(run), _Told(activity))


class _File(NamedTuple):
    """A path of a file event, as it is looked for among others."""

    written: str
    base: str
    end: str | None
    """Of a relative path, that with which the absolute one ends."""

    @property
    def mark(self) -> str:
        """Among the `_Told.marks` of whoever has this file too."""
        return self.written if self.end is None else self.base


def _file(path: str) -> _File:
    written = written_path(path)
    end = None
    if written != path:
        end = posixpath.normpath(written)
        while end.startswith("../"):
            end = end[3:]
    return _File(written, _base(written), end)


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


class Names:
    """The files that an activity used, or generated, by whatever end of their paths."""

    def __init__(self, event: FileEvent, relation: str) -> None:
        self._by_base: dict[str, list[str]] = defaultdict(list)
        for name, value in event.relation_attributes:
            if name == relation:
                path = written_path(str(value))
                self._by_base[_base(path)].append(path)

    def __contains__(self, path: str) -> bool:
        """``path``, that of a file event, is one of them, or the relative end of one."""
        return self.holds(_file(path))

    def holds(self, file: _File) -> bool:
        """As ``in``."""
        candidates = self._by_base.get(file.base, ())
        if file.end is None:
            return file.written in candidates
        return any(one == file.end or one.endswith("/" + file.end) for one in candidates)


class _Told:
    """A ``RUN`` event, and what of it is compared with that of others: worked out once."""

    def __init__(self, event: FileEvent) -> None:
        self.event = event
        self.is_run = is_run(event.activity)
        self.same = same_as(event)
        self.start, self.stop = moment(event.start), moment(event.stop)
        files = event.relation_attributes
        self.written = {str(value) for name, value in files if name == GENERATED}
        self.read = [str(value) for name, value in files if name == USED]

    @cached_property
    def sought(self) -> tuple[list[_File], list[_File]]:
        """What a run wrote, and read."""
        return [_file(path) for path in self.written], [_file(path) for path in self.read]

    @cached_property
    def names(self) -> tuple[Names, Names]:
        """What an activity generated, and used."""
        return Names(self.event, GENERATED), Names(self.event, USED)

    @property
    def marks(self) -> set[str]:
        """A run has one, and each activity that wrote what it did has that too."""
        if not self.written:
            return {""}
        if self.is_run:
            return {min((file.end is not None, file.mark) for file in self.sought[0])[1]}
        paths = {written_path(path) for path in self.written}
        return paths | {_base(path) for path in paths}


def _fit(run: _Told, activity: _Told) -> Fit | None:
    if run.same is not None:
        known = run.stop is not None and activity.stop is not None
        offset = _quarters((run.stop - activity.stop).total_seconds()) if known else None  # type: ignore[operator]
        return Fit(-1, offset, "record") if activity.event.path == run.same else None
    if run.start is None or run.stop is None or activity.start is None or activity.stop is None:
        return None
    if run.event.role != activity.event.role:
        return None
    late_s = (run.stop - activity.stop).total_seconds()
    offset_s = _quarters(late_s)
    stop_s = abs(late_s - offset_s)
    start_s = (run.start - activity.start).total_seconds() - offset_s
    if offset_s not in _OFFSETS_S or stop_s > STOP_S:
        return None
    if not -_EARLY_S <= start_s <= _START_S:
        return None
    files = _files_agree(run, activity)
    if files is None:
        return None
    if not files and (stop_s > _STOP_WITHOUT_FILES_S or start_s > _START_WITHOUT_FILES_S):
        return None
    evidence = "name, times and files" if files else "name and times"
    return Fit(2 * (not files) + (stop_s > _SAME_STOP_S), offset_s, evidence)


def _quarters(seconds: float) -> int:
    """The nearest number of seconds by which zones can differ."""
    return round(seconds / QUARTER_S) * QUARTER_S


def _files_agree(run: _Told, activity: _Told) -> bool | None:
    """True: they name the same files; False: it may be; ``None``: the run wrote other files.

    A log that tells when a run was over lists what it had written, but not all that it read.
    """
    if len(run.written) != len(activity.written):
        return None
    written, read = run.sought
    generated, used = activity.names
    if not all(map(generated.holds, written)):
        return None
    # what was opened is not always recorded
    return bool(read or written) and all(map(used.holds, read))


def _any(_: FileEvent) -> bool:
    return True


class Index:
    """``RUN`` events by their key, and by a file that they wrote."""

    def __init__(self, events: Iterable[FileEvent] = ()) -> None:
        self._by_key: dict[tuple[str, str], list[_Told]] = defaultdict(list)
        for event in events:
            self.add(event)

    def add(self, event: FileEvent) -> None:
        """Takes one up; it may be there already."""
        told = _Told(event)
        if event.product is not None:
            for place in self._places(told, event.product):
                self._by_key[place].append(told)
        if not told.is_run:
            # by its own identifier, where a log says which it is
            self._by_key[event.path, ""].append(told)

    def fitting(
        self, event: FileEvent, wanted: Callable[[FileEvent], bool] = _any
    ) -> Iterator[tuple[FileEvent, Fit]]:
        """What can be joined with an event.

        Args:
            wanted: Is asked first.
        """
        told = _Told(event)
        for key in counterparts(event):
            for place in self._places(told, key):
                for other in self._by_key.get(place, ()):
                    found = _found(told, other) if wanted(other.event) else None
                    if found is not None:
                        yield other.event, found

    @staticmethod
    def _places(told: _Told, key: str) -> list[tuple[str, str]]:
        """Where an event is found that has a key, or has to do with one that has it."""
        marks = told.marks if key.startswith(KEY) else ("",)
        return [(key, mark) for mark in marks]


def _found(one: _Told, other: _Told) -> Fit | None:
    """How one of two events, a run and an activity or a work and a part of it, fits the other."""
    if one.is_run != other.is_run:
        return _fit(one, other) if one.is_run else _fit(other, one)
    if is_work(one.event) and is_work(other.event) and together(one.event, other.event):
        return _TOGETHER
    return None


class _Group:
    """Runs and activities that have to do with one another, by whatever chain."""

    def __init__(self, member: str) -> None:
        self.members = [member]
        self.changed = False


class Search:
    """Which runs the events of an import have to do with.

    An event about a run is only of interest where it can be joined with one that is: a key alone
    is shared with strangers.
    """

    def __init__(self) -> None:
        self.paths: set[str] = set()
        """Where all that is said of each run is found."""
        self.products: set[str] = set()
        """Where those are found that can be joined with the runs, and what the changed ones did."""
        self._index = Index()
        self._groups: dict[str, _Group] = {}

    def fits(self, event: FileEvent) -> bool:
        """It can be joined with one that was taken up."""
        return next(self._index.fitting(event), None) is not None

    def take(self, event: FileEvent, *, new: bool) -> None:
        """Takes up a ``RUN`` event; a new one can change which activity its run was, or others."""
        self.paths.add(event.path)
        keys = set(counterparts(event))
        # an activity that a log names is asked for as what it is
        named = keys if same_as(event) is not None else set()
        self.paths |= named
        self.products |= keys - named
        groups = self._groups
        groups.setdefault(event.path, _Group(event.path))
        if new:
            self._change(groups[event.path])

        def is_apart(other: FileEvent) -> bool:
            return groups[other.path] is not groups[event.path]

        for other, _ in self._index.fitting(event, is_apart):
            self._unite(groups[event.path], groups[other.path])
        self._index.add(event)

    def _unite(self, one: _Group, other: _Group) -> None:
        if one.changed != other.changed:
            self._change(one if other.changed else other)
        small, large = sorted((one, other), key=lambda group: len(group.members))
        for member in small.members:
            self._groups[member] = large
        large.members += small.members

    def _change(self, group: _Group) -> None:
        """All of it can be another than before."""
        group.changed = True
        self.products |= {one for one in group.members if is_run(one)}
