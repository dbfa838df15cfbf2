"""HDF5 files: what they are, and what ctapipe, lstchain or anyone else wrote into their headers.

https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html

The file itself is the subject: a state of its path, which identity joins with what logs say of it.

* **ctapipe**, every data model from 0.8 to 0.32: the reference metadata (``CTA PRODUCT ID`` ...)
  and ``CONTEXT ...`` become the attributes that the importer of ctapipe's logs writes too, and the
  product id names the version. ``CTA ACTIVITY ID`` is only a hint: ctapipe-apply-models and failed
  merges leave that of an earlier activity, so no generation is asserted from it. Nor is a contact
  made an agent: to which entity it belongs, identity alone decides.
* **lstchain**: see hdf5_lstchain.py.
* **Any HDF5**: attributes, the tree of groups and data sets with shapes, types and sizes, counts,
  and the links that were not followed.

Nothing is executed, no link is followed, and no content of a data set is read but that of two small
ones of lstchain's. The file is opened in a process of its own (hdf5_worker.py), under caps: 50,000
objects, 32 levels, 1 MB for an attribute, 10 s.

Lost: the contents of data sets; what attributes say of single columns (units, descriptions), which
are counted, and those of ctapipe's large tables but the version; attributes beyond a hundred of one
object; long values in the tree; compound, opaque and reference attributes; the order of members;
the layout of the file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importers.ctapipe_reference import data_level
from importers.hdf5_lstchain import Step, step_of
from importers.hdf5_process import READER, NoAnswer
from importers.header_state import header_state
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.interfaces import Confidence, OnProblem, Problem, note
from lineage.observations import highest_level
from lineage.records import FileEvent, Statement, Value, attributes
from lineage.vocabulary import HDF5

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SUFFIXES = frozenset({".h5", ".hdf5", ".hdf", ".he5"})
_FIRST_USER_BLOCK_BYTES = 512
_TRUNCATED = re.compile(
    r"truncated file: eof = (\d+), sblock->base_addr = (\d+), stored_eof = (\d+)"
)
_OPEN_ELSEWHERE = re.compile(r"already open for (?:write|SWMR)|consistency flags")
_INNERMOST = re.compile(r"\((.*)\)\Z", re.DOTALL)
_LEVEL_GROUP = re.compile(r"/((?:dl|r)\d)", re.IGNORECASE)


class Hdf5Importer:
    """Reads the headers of any HDF5 file, and its contents never."""

    name = "hdf5"
    description = "HDF5 headers: ctapipe products, lstchain files, any other"
    url = "https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html"
    version = "1"
    describes_files = True

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By its signature, behind a user block too; by its name where it is not yet written."""
        if any(head.startswith(SIGNATURE, offset) for offset in _offsets(len(head))):
            return Confidence.CERTAIN
        return Confidence.SUFFIX if source.suffix.lower() in _SUFFIXES else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """The state of the file, and what its header tells of how it was made.

        Raises:
            SourceError: it is no HDF5 file, is cut off or being written, or the library cannot
                read it.
        """
        _check_signature(source)
        try:
            header = READER.read(source.absolute())
        except NoAnswer as error:
            raise SourceError(source, "", f"cannot be read: {error}.") from error
        if "refused" in header:
            raise _refusal(source, header["refused"])
        for place, message, lost in header["problems"]:
            on_problem(Problem(place, message, lost))
        for place, message in header["notes"]:
            on_problem(note(place, message))
        step = step_of(header, source, on_problem)
        yield from step.statements
        yield _state(source, header, step)


def _offsets(size: int) -> Iterator[int]:
    """Where a signature may stand in a file of this size."""
    yield 0
    offset = _FIRST_USER_BLOCK_BYTES
    while offset < size:
        yield offset
        offset *= 2


def _check_signature(source: Path) -> None:
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise SourceError(source, "byte 0", "is empty. It may be about to be written.")
        for offset in _offsets(size):
            file.seek(offset)
            if file.read(len(SIGNATURE)) == SIGNATURE:
                return
    raise SourceError(source, "byte 0", "has no HDF5 signature. It is cut off, or something else.")


def _refusal(source: Path, reason: str) -> SourceError:
    """What the library says of a file that it cannot open; in our words where we know it."""
    truncated = _TRUNCATED.search(reason)
    if truncated is not None:
        end, whole = int(truncated[1]), int(truncated[2]) + int(truncated[3])
        problem = f"ends at byte {end:,} of {whole:,}. It is cut off, or still being written: "
        return SourceError(source, f"byte {end}", problem + "import it when it is whole.")
    if _OPEN_ELSEWHERE.search(reason):
        problem = "is open for writing, or its writer did not close it. Import it when it is "
        return SourceError(source, "byte 0", problem + "complete (h5clear -s removes the mark).")
    inner = _INNERMOST.search(reason)
    said = inner[1] if inner is not None else reason
    problem = f"the HDF5 library cannot read it ({said}). It may be damaged or half-written."
    return SourceError(source, "byte 0", problem)


def _state(source: Path, header: dict[str, Any], step: Step) -> FileEvent:
    """What the file is, as identity takes it."""
    meta, others = {}, {}
    for name, value in header["root"].items():
        if name.startswith(("CTA ", "CONTEXT ")):
            meta[name] = _reference_value(name, value)
        else:
            others[name] = value
    if not step.facts:
        others |= header["steps"].get("/", {})
    further = [*_level(meta, header), *_description(header, others), *step.facts]
    return replace(header_state(source, meta, attributes(further)), node=step.node)


def _reference_value(name: str, value: Any) -> Any:
    """A value as the logs have it: text for the lists that some versions wrote."""
    if name.startswith("CTA PRODUCT DATA LEVEL") and isinstance(value, list):
        return ",".join(str(one) for one in value)
    return value


def _level(meta: dict[str, Any], header: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    """The highest data level that the header or the file's groups tell.

    apply-models leaves the levels of the DL1 file; the groups are there nevertheless.
    """
    groups = (_LEVEL_GROUP.fullmatch(node["path"]) for node in header["nodes"])
    told = [*(str(level) for _, level in data_level(meta)), *(one[1] for one in groups if one)]
    level = highest_level(",".join(told))
    if level is not None:
        yield v.DATA_LEVEL, level


def _description(header: dict[str, Any], others: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    """What is said of any HDF5 file."""
    yield v.FILE + "media_type", "application/x-hdf5"
    for name in ("groups", "datasets", "attributes", "stored_bytes"):
        yield HDF5 + name, header["counts"][name]
    tree = [_with_versions(node, header["steps"]) for node in header["nodes"]]
    if header["left_out"]:
        tree.append({"left_out": header["left_out"]})
    yield HDF5 + "tree", _json(tree)
    if others:
        yield HDF5 + "root_attributes", _json(others)
    if header["links"]:
        yield HDF5 + "links", _json(header["links"])
    if header["created"]:
        for name, seconds in zip(("first", "last"), header["created"], strict=True):
            yield f"{HDF5}{name}_dataset_created", datetime.fromtimestamp(seconds, UTC)


def _with_versions(node: dict[str, Any], steps: dict[str, Any]) -> dict[str, Any]:
    """A node of the tree with the versions of the software that wrote it."""
    said = {name: text for name, text in steps.get(node["path"], {}).items() if name.isupper()}
    return {**node, "attributes": {**node.get("attributes", {}), **said}} if said else node


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
