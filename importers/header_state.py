"""What a header with CTA reference metadata says of the file that it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from importers.ctapipe_configuration import compact
from importers.ctapipe_reference import UUID, created, data_level, metadata, product_id
from lineage import vocabulary as v
from lineage.records import Attributes, EventKind, FileEvent, Value, attributes

PREFIX = "CTA "
_MERGES = frozenset({"ctapipe-merge", "ctapipe-merge-tables"})
_UNKNOWN = frozenset({"", "unknown", "unspecified", "None"})
_LARGEST_RUN = 2**31


def header_state(source: Path, meta: Mapping[str, Any], further: Attributes = ()) -> FileEvent:
    """The state of a file, as identity takes it.

    The activity in it is a hint for identity and no more: ctapipe-apply-models leaves that of the
    file's predecessor.

    Args:
        source: The file whose header it is.
        meta: Its ``CTA ...`` keys; empty where it has none.
        further: What else its header says of it; observation keys among it beat CTA's.
    """
    said, rest = metadata(meta)
    # no tool of CTA's writes lists or larger numbers; as text they are not lost
    said += metadata({key: compact(value) for key, value in rest.items() if value is not None})[0]
    told = {name for name, _ in further}
    said += [pair for pair in _observed(meta) if pair[0] not in told]
    product, made = product_id(meta), created(meta)
    activity = str(meta.get("CTA ACTIVITY ID", ""))
    return FileEvent(
        EventKind.STATE,
        str(source.absolute()),
        f"urn:uuid:{activity.lower()}" if made and UUID.fullmatch(activity) else None,
        stop=made,
        product=product,
        product_counts=product is not None,
        product_created=made,
        attributes=attributes([*said, *further]),
    )


def _observed(meta: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """The observation keys that the metadata tell."""
    yield from data_level(meta)
    run = str(meta.get("CTA PROCESS ID", ""))
    # ctapipe-merge writes that of its first input
    if run.isdecimal() and run.isascii() and meta.get("CTA ACTIVITY NAME") not in _MERGES:
        number = int(run[:12])
        if number < _LARGEST_RUN:
            yield v.RUN, number
    instrument = meta.get("CTA INSTRUMENT ID")
    if isinstance(instrument, str) and instrument not in _UNKNOWN:
        yield v.TELESCOPE, instrument
