"""lstosa's provenance (the on-site analysis of LST-1), and that of its successor logprov.

https://lstosa.readthedocs.io/en/latest/provenance.html

* ``prov.log``: lines of Python dicts, each behind ``__PROV__<time>__PROV__`` (logprov: one
  underscore), written by parallel processes at once. An activity is known by its session, its start
  and its six hexadecimal digits; what it used and generated at a path become file events. lstosa
  and lstchain in their versions, and the account, become agents; parameters, without what names the
  observation, a plan that activities share. Machine, packages and environment of the process hang
  on the activity as JSON. Python objects (logprov) and sets of files are entities of their session.
* lstosa's ``hash`` is the MD5 of the *path*: it is kept as ``lstosa:path_md5`` where that is true,
  and else, with logprov's hash of the content, as ``lstosa:hash``.
* ``*_prov.log`` and ``*_prov.json``, merged for a run: the same, with one activity for those of
  all subruns and sets of files in place of theirs. It has new digits in each document, so it is
  known by session, start and name; identity links it to the activities of prov.log
  (lineage/works.py), and makes one version of a file that all subruns write. A set that an activity
  uses and generates is one entity: a cycle, as the document has it. The one process that such a log
  describes is said of the session.
* ``definition.yaml``: descriptions of activities (plans) and entities.
* ``.history``: one activity for each program that ended, with its exit code: the only trace of
  failures. Whether a file named there was read or written is not told; it is kept as a name.

Times in the logs are local and have no zone; they are kept so. Those of ``.history`` are UTC. Run,
subrun, telescope, night and production come from session tags, command lines and parameters.

Lost: the time at which a line was written; the order of lines; messages of the logger that are no
records; in dicts all but the last of repeated keys; halves of surrogate pairs in texts, which
become ``?``; identifiers of relations in merged documents; what is reported as a problem.

A file derived from another, as logprov says when it is generated, is a use of that other by its
maker (``evidence: inferred``). Other derivations, and memberships, know files by their path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from importers.lstosa_definition import definition, is_definition
from importers.lstosa_history import ENTRY, GAIN_SELECTION, history
from importers.lstosa_lines import BARE, HEADER, Problems, RecordScanner
from importers.lstosa_log import LogReader
from importers.lstosa_merged import merged
from importers.provjson import ProvJsonImporter
from lineage.errors import SourceError
from lineage.interfaces import HEAD_BYTES, Confidence, OnProblem, Problem
from lineage.records import Statement

_LOG = re.compile(rf"(?m)^[^\n{{'\"]{{0,80}}{HEADER.pattern}")
_BARE_LOG = re.compile(rf"\s*{BARE.pattern}")
_MERGED = re.compile(
    r'\s*\{\s*"prefix"\s*:\s*\{(?=[^{}]*"id"\s*:\s*"id:")(?=[^{}]*"default"\s*:\s*"param:")'
)
_OF_A_LINE = 4096
"""Characters in which the first entry of a history begins."""


class _Kind(Enum):
    """What lstosa's files are."""

    LOG = "log"
    BARE_LOG = "log without headers"
    MERGED = "merged document"
    DEFINITION = "definition"
    HISTORY = "history"


class LstosaImporter:
    """Reads what lstosa and logprov write; logs line by line."""

    name = "lstosa"
    description = "lstosa and logprov: prov.log, merged documents, definitions, histories"
    url = "https://lstosa.readthedocs.io/en/latest/provenance.html"
    version = "1"

    def recognises(self, source: Path, head: bytes) -> Confidence:
        """By the first record; by its name where it is empty or damaged there."""
        return _recognised(source, head)[1]

    def records(self, source: Path, on_problem: OnProblem) -> Iterator[Statement]:
        """What the file says; what is damaged is told, and the rest is read.

        Raises:
            SourceError: nothing in it can be read as what it seems to be.
        """
        with source.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            kind, _ = _recognised(source, head)
            if kind is _Kind.MERGED:
                yield from _merged(source, on_problem)
                return
            places: list[str] = []

            def tell(problem: Problem) -> None:
                places.append(problem.place)
                on_problem(problem)

            problems = Problems(tell)
            if kind is _Kind.DEFINITION:
                yield from definition(file, problems, source)
                return
            said = 0
            read = _history if kind is _Kind.HISTORY else _log
            for statement in read(file, problems, kind):
                said += 1
                yield statement
            problems.end()
            if places and not said:
                raise SourceError(source, places[0], f"holds no record of an lstosa {kind.value}.")


def _recognised(source: Path, head: bytes) -> tuple[_Kind, Confidence]:
    """What a file is, and how sure that is."""
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    is_history = source.name.endswith(".history")
    if _MERGED.match(text):
        return _Kind.MERGED, Confidence.CERTAIN
    if "PROV_" in text and _LOG.search(text):
        return _Kind.LOG, Confidence.CERTAIN
    if _BARE_LOG.match(text):
        return _Kind.BARE_LOG, Confidence.CERTAIN
    if is_definition(text):
        return _Kind.DEFINITION, Confidence.CERTAIN
    first = text[:_OF_A_LINE].lstrip()
    if ENTRY.match(first) or GAIN_SELECTION.match(first):
        return _Kind.HISTORY, Confidence.CERTAIN if is_history else Confidence.SHAPE
    if is_history:
        return _Kind.HISTORY, Confidence.SUFFIX
    named = source.name.endswith("prov.log")
    return _Kind.LOG, Confidence.SUFFIX if named else Confidence.NO


def _log(file: BinaryIO, problems: Problems, kind: _Kind) -> Iterator[Statement]:
    header = BARE if kind is _Kind.BARE_LOG else HEADER
    reader = LogReader(problems.tell, merged=kind is _Kind.BARE_LOG)
    for found in RecordScanner(file, header, problems):
        yield from reader.statements(found)
    yield from reader.rest()


def _history(file: BinaryIO, problems: Problems, _: _Kind) -> Iterator[Statement]:
    return history(file, problems)


def _merged(source: Path, on_problem: OnProblem) -> Iterator[Statement]:
    def report(message: str) -> None:
        on_problem(Problem("/entity", message, 0))

    return merged(ProvJsonImporter().records(source, on_problem), report)
