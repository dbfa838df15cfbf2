"""What the objects of one open HDF5 file say, found in one walk under caps.

Links of any kind but hard ones are listed and not followed; every object is looked at once. No
content of a data set is read but that of lstchain's own small ones.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from h5py import h5a, h5d, h5f, h5g, h5l, h5o, h5t

from importers.hdf5_columns import columns_of, worth_reading
from importers.hdf5_pickle import PickleRefused, decode
from importers.hdf5_steps import LONGEST_PATH, SPECIAL, Steps, cut, said
from importers.hdf5_values import (
    Elsewhere,
    NotRead,
    attribute,
    plain,
    refuse_foreign,
    text_of,
    type_name,
)

MOST_OBJECTS = 50_000
MOST_DEPTH = 32
LONGEST_S = 10.0
_MOST_OPEN = 100
_CACHE_BYTES = 4 * 2**20
"""Of the library's own for headers; it would take 32 MB of a file with many groups."""
_MOST_DESCRIBED = 2_000
"""Objects that the tree names; all of them are counted."""
_MOST_DESCRIBED_CHARACTERS = 1_000_000
"""Roughly, of all that the tree says."""
_MOST_NAMES = 10_000
"""Attributes of one object, if they are read at all."""
_MOST_READ_OF_NODE = 100
_LAST_TIME_S = 2**32
"""Object headers have room for no later one, but for years of nonsense in an old form."""
_MANY = 30
_PRODUCT, _CTAPIPE = "CTA PRODUCT ID", b"CTAPIPE_VERSION"
_MOST_READ = 5_000
_MOST_ROOT = 1_000
_MOST_LISTED = 200
_LONGEST_SHOWN = 500
_LONGEST_ROOT = 20_000
_MOST_CHARACTERS = 4_000_000
"""Of all attributes together."""


class _Place(NamedTuple):
    """Where an object is. Only the name is kept: paths in a hostile file are long."""

    parent: _Place | None
    name: bytes
    shown: str
    """The path, cut."""
    depth: int

    def path(self) -> bytes:
        """The whole path."""
        names: list[bytes] = []
        place: _Place | None = self
        while place is not None:
            names.append(place.name)
            place = place.parent
        return b"/".join(reversed(names)) or b"/"

    def below(self, name: bytes) -> _Place:
        """A member of this group."""
        shown = cut(f"{self.shown.rstrip('/')}/{text_of(name)}", LONGEST_PATH)
        return _Place(self, name, shown, self.depth + 1)


class Problems:
    """What could not be taken; told by calling it, so that no one needs the walk for that.

    Where the walk is in a cycle, the file is not closed with it.
    """

    def __init__(self) -> None:
        self.listed: list[tuple[str, str, int]] = []
        """Place, message, records lost."""

    def __call__(self, place: str, message: str, lost: int = 1) -> None:
        """Lists one, if there are not too many."""
        if len(self.listed) < _MOST_LISTED:
            self.listed.append((cut(place, LONGEST_PATH), message, lost))


class Scan:
    """One walk; `result` is what it found, as JSON has it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._stop_at = time.process_time() + LONGEST_S
        self._ask_at = time.monotonic() + LONGEST_S
        """By the clock, which is not behind the time spent and costs a hundredth to read."""
        self._counts = {"groups": 0, "datasets": 0, "types": 0, "attributes": 0, "stored_bytes": 0}
        self._left_out = {"objects": 0, "attributes": 0, "links": 0}
        self._problem = Problems()
        self._root: dict[str, Any] = {}
        self._nodes: list[dict[str, Any]] = []
        self._described = 0
        self._links: list[dict[str, str]] = []
        self._foreign: list[str] = []
        self._created: list[int] = []
        self._steps = Steps(self._problem)
        self._read = 0
        self._characters = _MOST_CHARACTERS
        self._room = MOST_OBJECTS
        self._seen: set[int] = set()
        self._queue: deque[tuple[_Place, Any]] = deque()
        """Groups to look into; the first of them are kept open."""

    def result(self) -> dict[str, Any]:
        """Walks, and tells what was found."""
        root = h5g.open(self._file, b"/")
        self._seen.add(h5o.get_info(root).addr)
        self._visit(root, _Place(None, b"", "/", 0))
        while self._queue and self._may_go_on():
            self._look_into(*self._queue.popleft())
        notes = []
        if self._foreign:
            shown = ", ".join(self._foreign[:3])
            more = f" and {len(self._foreign) - 3} more" if len(self._foreign) > 3 else ""
            notes.append(("/", f"leads to other files, which are not followed: {shown}{more}."))
        return {
            "counts": self._counts,
            "left_out": {name: count for name, count in self._left_out.items() if count},
            "root": self._root,
            "nodes": self._nodes,
            "links": self._links,
            "created": [min(self._created), max(self._created)] if self._created else None,
            "problems": self._problem.listed,
            "notes": notes,
            **self._steps.result(),
        }

    def _may_go_on(self) -> bool:
        """There is time, and room for further objects; else the walk ends, and it is said why."""
        if time.monotonic() > self._ask_at and time.process_time() > self._stop_at:
            message = f"took longer than {LONGEST_S:g} s. What was read until then is kept."
        elif self._room < 0:
            message = f"has more than {MOST_OBJECTS:,} objects. The others are not looked at."
        else:
            return True
        self._problem("/", message)
        self._queue.clear()
        return False

    def _look_into(self, place: _Place, group: Any) -> None:
        """Visits the members of a group."""
        links: list[tuple[bytes, int, int]] = []

        def take(name: bytes, info: Any) -> bool | None:
            # h5py hands out one object again and again
            links.append((name, info.type, info.u))
            return True if len(links) > self._room else None

        try:
            if group is None:
                group = h5g.open(self._file, place.path())
            group.links.iterate(take, info=True)
        # whatever a damaged file makes the library raise
        except Exception as error:  # noqa: BLE001
            self._problem(place.shown, f"its members cannot be listed ({said(error)}).")
        for name, kind, address in links:
            self._room -= 1
            if (self._room < 0 or not self._room % 256) and not self._may_go_on():
                return
            member = place.below(name)
            if kind != h5l.TYPE_HARD:
                self._note_link(group, name, kind, member.shown)
            elif address not in self._seen:
                self._seen.add(address)
                self._open(group, member)

    def _note_link(self, group: Any, name: bytes, link_type: int, path: str) -> None:
        """A link that leads by name, inside the file or out of it."""
        kind = "soft" if link_type == h5l.TYPE_SOFT else "external"
        try:
            target = group.links.get_val(name)
        # whatever a damaged file makes the library raise
        except Exception as error:  # noqa: BLE001
            self._problem(path, f"is a link that cannot be read ({said(error)}).")
            return
        if isinstance(target, tuple):
            target = b":".join(target)
        shown = cut(text_of(target), LONGEST_PATH)
        if kind == "external":
            self._foreign.append(f"{path} -> {shown}")
        self._list_link({"path": path, "kind": kind, "target": shown})

    def _list_link(self, link: dict[str, str]) -> None:
        if len(self._links) < _MOST_LISTED:
            self._links.append(link)
        else:
            self._left_out["links"] += 1

    def _open(self, group: Any, place: _Place) -> None:
        try:
            self._visit(h5o.open(group, place.name), place)
        # whatever a damaged file makes the library raise
        except Exception as error:  # noqa: BLE001
            self._problem(place.shown, f"cannot be read ({said(error)}).")

    def _visit(self, found: Any, place: _Place) -> None:
        """Counts and describes one object, and takes from it what is sought."""
        path = place.shown
        node: dict[str, Any] = {"path": path, "kind": "type"}
        if isinstance(found, h5g.GroupID):
            self._counts["groups"] += 1
            node["kind"] = "group"
            if place.depth < MOST_DEPTH:
                self._queue.append((place, found if len(self._queue) < _MOST_OPEN else None))
            elif found.get_num_objs():
                message = f"lies {MOST_DEPTH} levels deep. What is below is not looked at."
                self._problem(path, message)
        elif isinstance(found, h5d.DatasetID):
            self._counts["datasets"] += 1
            node["kind"] = "dataset"
            self._describe_dataset(found, node, path)
        else:
            self._counts["types"] += 1
        self._take_attributes(found, node, path)
        if path != "/":
            self._list_node(node)

    def _list_node(self, node: dict[str, Any]) -> None:
        columns, kept = node.get("columns", ()), node.get("attributes", ())
        size = len(node["path"]) + 100 + 40 * len(columns) + _LONGEST_SHOWN * len(kept)
        room = self._described + size <= _MOST_DESCRIBED_CHARACTERS
        if len(self._nodes) < _MOST_DESCRIBED and room:
            self._nodes.append(node)
            self._described += size
        else:
            self._left_out["objects"] += 1

    def _describe_dataset(self, found: Any, node: dict[str, Any], path: str) -> None:
        """Shape, type and size as the header has them, and the columns of a table."""
        properties = found.get_create_plist()
        created = h5o.get_info(found).ctime
        if 0 < created < _LAST_TIME_S:
            self._created.append(created)
        try:
            refuse_foreign(properties)
        except NotRead as error:
            # to tell its shape, the library would open the files that it comes from
            if isinstance(error, Elsewhere):
                self._foreign.append(f"{node['path']} {error}")
            node["kind"] = "dataset of others"
            self._list_link({"path": node["path"], "kind": "storage", "target": str(error)})
            return
        space = found.get_space()
        dimensions = space.get_simple_extent_dims()
        node["shape"] = None if dimensions is None else list(dimensions)
        type_id = found.get_type()
        node["type"] = type_name(type_id)
        node["bytes"] = stored = found.get_storage_size()
        self._counts["stored_bytes"] += stored
        self._steps.take_dataset(found, path)
        if type_id.get_class() == h5t.COMPOUND:
            node["columns"] = columns_of(type_id)

    def _take_attributes(self, found: Any, node: dict[str, Any], path: str) -> None:
        """The attributes that say something of the object as a whole."""
        count = h5a.get_num_attrs(found)
        self._counts["attributes"] += count
        if not count:
            return
        if count > _MOST_NAMES:
            # the library would sort them all before it names the first
            message = f"has {count:,} attributes, more than {_MOST_NAMES:,}. None of them is read."
            self._problem(path, message)
            return
        names: list[bytes] = []
        try:
            if count > _MANY and _PRODUCT in self._root:
                # those of columns are a thousand in a file, and half of the time that it takes
                names += [_CTAPIPE] if h5a.exists(found, _CTAPIPE) else []
                node["attributes_not_read"] = count - len(names)
            else:
                h5a.iterate(found, lambda name, *_: names.append(name))
        # whatever a damaged file makes the library raise
        except Exception as error:  # noqa: BLE001
            self._problem(path, f"its attributes cannot be listed ({said(error)}).")
        kept: dict[str, Any] = {}
        most = _MOST_ROOT if path == "/" else _MOST_READ_OF_NODE
        for name, value in self._values(found, worth_reading(names, node), path, most):
            if name not in SPECIAL or not self._steps.take_attribute(name, value, path):
                kept[text_of(name)] = self._shown(value, path, name)
        if path == "/":
            self._root = kept
        elif kept:
            node["attributes"] = kept

    def _values(
        self, found: Any, names: list[bytes], path: str, most: int
    ) -> Iterator[tuple[bytes, Any]]:
        """The attributes that are read, one by one."""
        read = 0
        for name in names:
            full = read >= most or self._read >= _MOST_READ or self._characters <= 0
            if full and name not in SPECIAL:
                self._left_out["attributes"] += 1
                continue
            read += 1
            self._read += 1
            try:
                value = attribute(found, name)
            # whatever a damaged file makes the library raise
            except Exception as error:  # noqa: BLE001
                self._problem(f"{path}@{text_of(name)}", f"is not read: {said(error)}.")
                continue
            yield name, value

    def _shown(self, value: Any, path: str, name: bytes) -> Any:
        """A value as the tree has it; pickles that make plain values, as these."""
        if isinstance(value, bytes) and len(value) < _LONGEST_SHOWN and value[-1:] != b".":
            self._characters -= len(value)
            return text_of(value)
        shown = plain(value)
        if isinstance(value, bytes) and _is_pickle(value):
            try:
                shown = decode(value).value
            except PickleRefused as error:
                self._problem(f"{path}@{text_of(name)}", f"{error}. It is left out.")
                shown = "<pickle>"
        shown, length = _cut_value(shown, _LONGEST_ROOT if path == "/" else _LONGEST_SHOWN)
        self._characters -= length
        return shown


def _is_pickle(value: bytes) -> bool:
    """PyTables writes ``None``, lists, dicts and enumerations so; texts do not look like it."""
    if value in (b"N.", b"I00\n.", b"I01\n."):
        return True
    return value[-1:] == b"." and (
        value[:1] == b"\x80" or (value[:1] in b"(cI]}" and b"\n" in value)
    )


def _cut_value(value: Any, most: int) -> tuple[Any, int]:
    """A value short enough for a summary, and how long it is now."""
    if isinstance(value, str):
        value = cut(value, most)
        return value, len(value)
    if isinstance(value, (list, dict)):
        text = json.dumps(value)
        return (value if len(text) <= most else cut(text, most)), min(len(text), most)
    return value, 10


def open_file(path: bytes) -> Any:
    """The file, for reading, without locks; closing it closes whatever is open in it."""
    from h5py import h5p

    access = h5p.create(h5p.FILE_ACCESS)
    access.set_file_locking(False, True)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    cache = access.get_mdc_config()
    cache.max_size = _CACHE_BYTES
    access.set_mdc_config(cache)
    return h5f.open(path, h5f.ACC_RDONLY, access)
