"""Columns of the tables in HDF5 files, and the attributes that speak of them."""

from __future__ import annotations

import re
from typing import Any

from importers.hdf5_values import class_name, text_of

_MOST_COLUMNS = 500
_MOST_TYPES, _LONGEST_TYPE_BYTES = 300, 20_000
_COLUMNS: dict[bytes, dict[str, str]] = {}
"""Types of tables -> what `columns_of` says of them."""
_PYTABLES = frozenset(
    b"CLASS TITLE VERSION FLAVOR NROWS FILTERS PYTABLES_FORMAT_VERSION AUTO_INDEX EXTDIM "
    b"PSEUDOATOM".split()
)
_SYSTEM = re.compile(rb"FIELD_\d+_|.*_(?:kind|dtype|meta)\Z")
"""What PyTables (and pandas on top of it) writes for itself, on objects that carry its CLASS."""
_COLUMN = re.compile(
    rb"(.+)_(?:DESC|UNIT|TRANSFORM\w*|ENUM|MAXLEN|TIME_FORMAT|TIME_SCALE|DTYPE|SCALE|OFFSET)"
)
"""What ctapipe < 0.16 says of a column, by its name; later ones begin with CTAFIELD and its number.

There are a thousand of them in a file, so that they are counted and not read.
"""


def columns_of(type_id: Any) -> dict[str, str]:
    """The columns of a table and their classes; not to be changed.

    The tables of a production are alike: what one was told is kept by the type as a file has it.
    """
    encoded = type_id.encode()
    columns = _COLUMNS.get(encoded)
    if columns is None:
        members = range(min(type_id.get_nmembers(), _MOST_COLUMNS))
        columns = {
            # the class alone: a member's type is an object of the library's, and there are many
            text_of(type_id.get_member_name(index)): class_name(type_id.get_member_class(index))
            for index in members
        }
        if len(encoded) <= _LONGEST_TYPE_BYTES:
            if len(_COLUMNS) >= _MOST_TYPES:
                _COLUMNS.clear()
            _COLUMNS[encoded] = columns
    return columns


def worth_reading(names: list[bytes], node: dict[str, Any]) -> list[bytes]:
    """The names of attributes worth reading; those that speak of columns are counted in the node.

    Left out is what PyTables writes for itself.
    """
    if b"CLASS" in names or b"PYTABLES_FORMAT_VERSION" in names:
        names = [name for name in names if name not in _PYTABLES and not _SYSTEM.match(name)]
    columns: dict[str, str] | None = node.get("columns")
    if columns is None:
        return names
    telling = [name for name in names if not name.startswith(b"CTAFIELD_")]
    if len(telling) == len(names):
        telling = [name for name in names if not _speaks_of(name, columns)]
    if len(telling) < len(names):
        node["column_attributes"] = len(names) - len(telling)
    return telling


def _speaks_of(name: bytes, columns: dict[str, str]) -> bool:
    match = _COLUMN.fullmatch(name)
    return match is not None and text_of(match[1]) in columns
