"""HDF5 attributes, and the few data sets that may be read, as plain values under caps.

Everything is asked of the header before a byte is read: the type, the number of elements, the size.
Whatever is too large, lies in another file, or is no number or text, is not read.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy
from h5py import h5a, h5d, h5p, h5s, h5t

MOST_BYTES = 1_000_000
"""Largest attribute, and largest content of a data set, that is read."""
_MOST_TEXTS = 1_000
"""Texts of variable length in one attribute: each may be as long as the file."""
_LONGEST_TEXT = 4_000_000
_MOST_SOURCES = 1_000
"""Parts of a virtual data set whose files are looked at."""

_IN_FILE = frozenset({h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED})
_NUMBERS = frozenset({h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.BITFIELD})
_CLASSES = {
    h5t.INTEGER: "int",
    h5t.FLOAT: "float",
    h5t.STRING: "string",
    h5t.BITFIELD: "bits",
    h5t.OPAQUE: "opaque",
    h5t.COMPOUND: "compound",
    h5t.REFERENCE: "reference",
    h5t.ENUM: "enumeration",
    h5t.VLEN: "list",
    h5t.ARRAY: "array",
}


class NotRead(ValueError):
    """Why a value was left alone: ``is larger than ...``."""


class Elsewhere(NotRead):
    """The content lies in other files."""


class Opaque:
    """A value of a kind that is not read."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


def attribute(owner: Any, name: bytes) -> Any:
    """The value of an attribute: bytes for fixed-length text, str, int, float, bool, None, lists.

    A list of one text is that text.

    Args:
        owner: The identifier (``h5py.h5g.GroupID`` ...) that has it.

    Raises:
        NotRead: it is larger than the caps allow.
    """
    found = h5a.open(owner, name)
    type_id = found.get_type()
    try:
        size = found.get_storage_size()
    except RuntimeError:  # h5py takes a size of 0 for an error
        return _value(found, type_id, found.get_space(), 0)
    # one text of fixed length, as nearly all are: a third faster without asking for its shape
    if (
        isinstance(type_id, h5t.TypeStringID)
        and size == type_id.get_size()
        and not type_id.is_variable_str()
    ):
        _check_size(size)
        content = numpy.empty((), _text_dtype(size))
        found.read(content, mtype=type_id)
        text = content.tolist()
        return text if text[-1:] != b" " else _listed(text, type_id.get_strpad())
    return _value(found, type_id, found.get_space(), size)


@lru_cache(maxsize=256)
def _text_dtype(size: int) -> Any:
    return numpy.dtype(f"S{size}")


def small_dataset(dataset: Any) -> Any:
    """The content of a data set, as `attribute`, which must be small and lie in the file itself.

    Raises:
        NotRead: it is not.
    """
    properties = dataset.get_create_plist()
    refuse_foreign(properties)
    if properties.get_layout() == h5d.CHUNKED:
        size = dataset.get_type().get_size()
        for length in properties.get_chunk():
            size *= length
        _check_size(size, "chunks of ")
    _check_size(dataset.get_storage_size())
    space = dataset.get_space()
    size = math.prod(space.get_simple_extent_dims()) * dataset.get_type().get_size()
    return _value(dataset, dataset.get_type(), space, size)


def refuse_foreign(properties: Any) -> None:
    """Raises where a data set's content is not its own: it may lie in other files.

    Raises:
        Elsewhere: with the names of the files.
        NotRead: it is a view of other data sets in the same file.
    """
    layout = properties.get_layout()
    if layout == h5d.VIRTUAL:
        count = min(properties.get_virtual_count(), _MOST_SOURCES)
        names = {properties.get_virtual_filename(index) for index in range(count)} - {"."}
        if names:
            shown = ", ".join(sorted(names)[:3])
            raise Elsewhere(f"is put together from other files ({shown:.200})")
        raise NotRead("is put together from other data sets of the file")
    if layout not in _IN_FILE:
        raise NotRead(f"has an unknown layout ({layout})")
    if properties.get_external_count():
        name, _, _ = properties.get_external(0)
        raise Elsewhere(f"has its content in another file ({text_of(name):.200})")


def _check_size(size: int, of_what: str = "") -> None:
    if size > MOST_BYTES:
        raise NotRead(f"has {of_what}{size:,} bytes, more than {MOST_BYTES:,}")


def _value(found: Any, type_id: Any, space: Any, size: int) -> Any:
    """The value of an attribute or data set, whichever ``found`` is."""
    if space.get_simple_extent_type() == h5s.NULL:
        return b"" if type_id.get_class() == h5t.STRING else None
    _check_size(size)
    kind = type_id.get_class()
    if kind == h5t.STRING:
        if type_id.is_variable_str():
            return _texts(found, space)
        shape = space.get_simple_extent_dims()
        content = numpy.empty(shape, _text_dtype(type_id.get_size()))
        _read(found, content, type_id)
        return _listed(content.tolist(), type_id.get_strpad())
    if kind not in _NUMBERS:
        return Opaque(class_name(kind))
    # halves and long doubles too become what Python calls a float
    dtype = numpy.float64 if kind == h5t.FLOAT else found.dtype
    content = numpy.empty(space.get_simple_extent_dims(), dtype)
    _read(found, content, None)
    return content.tolist()


def _texts(found: Any, space: Any) -> Any:
    count = math.prod(space.get_simple_extent_dims())
    if count > _MOST_TEXTS:
        raise NotRead(f"has {count:,} texts, more than {_MOST_TEXTS:,}")
    content = numpy.empty(space.get_simple_extent_dims(), found.dtype)
    _read(found, content, None)
    length = sum(len(text) for text in content.flat if text is not None)
    if length > _LONGEST_TEXT:
        raise NotRead(f"has texts of {length:,} bytes, more than {_LONGEST_TEXT:,}")
    return _listed(content.tolist(), None)


def _read(found: Any, content: Any, type_id: Any) -> None:
    if isinstance(found, h5a.AttrID):
        found.read(content, mtype=type_id)
    else:
        found.read(h5s.ALL, h5s.ALL, content, mtype=type_id, dxpl=h5p.DEFAULT)


def _listed(value: Any, padding: int | None) -> Any:
    """Bytes without their padding; None is what HDF5 has for no text."""
    if isinstance(value, list):
        return [_listed(item, padding) for item in value]
    if isinstance(value, str):
        return value
    if padding == h5t.STR_SPACEPAD:
        return value.rstrip(b" ")
    return b"" if value is None else value


def type_name(type_id: Any) -> str:
    """A type in a word: ``int64``, ``string[30]``, ``list of float32``."""
    kind = type_id.get_class()
    name = class_name(kind)
    if kind in (h5t.INTEGER, h5t.FLOAT):
        unsigned = kind == h5t.INTEGER and type_id.get_sign() == h5t.SGN_NONE
        return f"{'u' if unsigned else ''}{name}{8 * type_id.get_size()}"
    if kind == h5t.STRING and not type_id.is_variable_str():
        return f"{name}[{type_id.get_size()}]"
    if kind == h5t.ARRAY:
        return f"{type_name(type_id.get_super())} {list(type_id.get_array_dims())}"
    return f"list of {type_name(type_id.get_super())}" if kind == h5t.VLEN else name


def class_name(kind: int) -> str:
    """A class of types in a word."""
    return _CLASSES.get(kind, "other")


def text_of(value: bytes | str) -> str:
    """Bytes as text: UTF-8, which HDF5 has for most."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def plain(value: Any) -> Any:
    """The value as JSON has it: bytes as text, what was not read as its kind in brackets."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Opaque):
        return f"<{value.kind}>"
    if isinstance(value, bytes):
        return text_of(value)
    return value
