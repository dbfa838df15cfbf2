"""RO-Crates that tell of runs: Process, Workflow and Provenance Run Crates.

https://www.researchobject.org/workflow-run-crate/ (profiles 0.1 to 0.5, RO-Crate 1.0 to 1.3)

``ro-crate-metadata.json`` describes the directory that it lies in. Each CreateAction, UpdateAction
and ActivateAction becomes an `Activity`; files and directories among its objects and results become
file events at their paths in the crate, in the role of the parameter that they were given for;
other things (values of parameters, addresses) entities that were used or generated. An instrument
that is a program is associated with the activity, one that is a workflow is used by it and, where
it is no file, its plan. What the crate says of a file is said of that file.

* What a step of a workflow made is the step's, although the workflow's run lists it too.
* An OrganizeAction, the run of an engine, informs the run of the workflow, and that the runs of the
  steps that ControlActions lead to.
* ``#`` and a uuid is that uuid (``urn:uuid:``); any other local name is one of this document alone.
* Contexts are not fetched: names mean what they mean in RO-Crate's own. Properties that are not
  read here stand under their schema.org names, those with structure as JSON.
* Times without a zone are kept so.

Lost: what the crate says of itself and of things that no action has to do with, files excepted;
parts and authors of files as relations; what is reported as a problem.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from importers import jsonld_stream
from importers.provjson_stream import BrokenText, DamagedValue
from importers.rocrate_records import Crate
from lineage.errors import SourceError
from lineage.interfaces import Confidence, OnProblem, Problem
from lineage.records import Statement

MOST_BYTES = 1 << 25
"""Of a document: its nodes refer to one another, so all of them are held in memory."""
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
_CRATE = re.compile(
    rb'"@id"\s*:\s*"https?://w3id\.org/ro/crate[/"]|w3id\.org/ro/crate/[\d.]+/context'
)
_NAME = re.compile(r"(?:.*-)?ro-crate-metadata\.json(?:ld)?\Z")


class RoCrateImporter:
    """Reads the metadata documents of RO-Crates."""

    name = "ro-crate"
    description = "RO-Crates of runs (Process, Workflow, Provenance Run Crate)"
    url = "https://www.researchobject.org/workflow-run-crate/"
    version = "1"
    describes_files = True

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By its context and the specification that it says to follow."""
        if not _JSON.match(head) or b'"@graph"' not in head:
            return Confidence.NO
        if _CRATE.search(head):
            return Confidence.CERTAIN
        return Confidence.SHAPE if _NAME.match(source.name) else Confidence.NO

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """What the crate says of its files and of the actions that made them.

        Raises:
            SourceError: The file is no RO-Crate, or too large.
        """
        size_bytes = source.stat().st_size
        if size_bytes > MOST_BYTES:
            problem = f"it is larger than a crate's metadata may be ({size_bytes} bytes)."
            raise SourceError(source, "", f"{problem} At most {MOST_BYTES} are read.")
        nodes: dict[str, dict[str, Any]] = {}
        with source.open("rb") as file:
            key = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            try:
                for piece in jsonld_stream.pieces(source, file):
                    _take(piece, nodes, on_problem)
            except BrokenText as error:
                place = f"byte {error.byte}"
                if not nodes:
                    raise SourceError(source, place, f"it is no RO-Crate: {error}.") from error
                on_problem(Problem(place, f"{error.message}; nothing after it is read"))
        if not nodes:
            raise SourceError(source, "", "it has no @graph of nodes. Is it an RO-Crate?")
        directory = source.absolute().parent.as_posix()

        def note(identifier: str, message: str, lost: int) -> None:
            on_problem(Problem(ascii(identifier)[1:-1], message, lost))

        yield from Crate(directory, key, nodes, note).statements()


def _take(
    piece: jsonld_stream.Piece, nodes: dict[str, dict[str, Any]], on_problem: OnProblem
) -> None:
    """Adds a node; two of one name are one."""
    if not piece.around:
        return
    try:
        if isinstance(piece.value, DamagedValue):
            raise jsonld_stream.Unwritable(str(piece.value))
        node = jsonld_stream.plain(piece.value)
    except jsonld_stream.Unwritable as error:
        on_problem(Problem(piece.place, f"{error}. It is left out."))
        return
    name = node.get("@id") if isinstance(node, dict) else None
    if not isinstance(name, str) or not name:
        on_problem(Problem(piece.place, "a node must be an object with an @id. It is left out."))
        return
    nodes[name] = {**nodes.get(name, {}), **node}
