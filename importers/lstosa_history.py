"""lstosa's ``.history`` files: what the programs of a sequence ended with, failures among it.

An entry is ``RUN[.SUBRUN] PROGRAM PRODUCTION DATE [FILE] [FILE] CODE``, the date as
``2021-12-19 22:11`` (UTC) or ``Thu Mar 25 12:08:59 UTC 2021``; gain selection writes
``DATE | RUN.SUBRUN gain_selection CODE`` in local time. Entries may be glued together; the last
word of each is its exit code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from importers.lstosa_lines import LONGEST_LINE, Problems
from importers.lstosa_names import PREFIX, part, run_number
from importers.lstosa_session import pipeline
from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.records import Activity, Relation, Statement, Value, attributes
from lineage.vocabulary import LSTOSA, RelationKind

_RUN = r"(?P<run>\d{5})(?:\.(?P<subrun>\d{4}))?"
_ISO = r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?"
_CTIME = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d UTC \d{4}"
_WORD = r"[^\s|]{1,200}"
ENTRY = re.compile(
    rf"{_RUN} (?P<program>{_WORD}) (?P<production>{_WORD}) (?P<date>{_ISO}|{_CTIME})(?= )"
)
"""The beginning of an entry, up to its date."""
GAIN_SELECTION = re.compile(
    rf"(?P<date>{_ISO}) \| {_RUN} (?P<program>gain_selection)(?P<production>)(?= )"
)
_CODE = re.compile(r"-?\d{1,5}")


class _Entry(NamedTuple):
    match: re.Match[str]
    rest: list[str]
    """The words after the date."""
    text: str


def history(file: BinaryIO, problems: Problems) -> Iterator[Statement]:
    """One activity for each entry that has an exit code.

    Args:
        file: The history file.
        problems: Is told of lines that hold no entry.
    """
    seen: Counter[int] = Counter()
    agent = pipeline("lstosa", None)
    number, told = 0, False
    while line := file.readline(LONGEST_LINE):
        number += 1
        for entry in _entries(line.decode("utf-8", "replace"), number, problems):
            if not told:
                yield agent
                told = True
            text = hash(entry.text)
            seen[text] += 1
            iri = f"{PREFIX}history:{_mark(entry, seen[text])}"
            yield Activity(iri, attributes(_facts(entry)))
            yield Relation(RelationKind.ASSOCIATION, iri, agent.identifier)


def _entries(line: str, number: int, problems: Problems) -> Iterator[_Entry]:
    """The entries of a line."""
    pattern = GAIN_SELECTION if GAIN_SELECTION.search(line) else ENTRY
    found = list(pattern.finditer(line))
    before = line[: found[0].start()] if found else line
    if before.strip():
        message = f"no entry begins with {before.strip()[:60]!r}. It is left out."
        problems.tell(number, message, int(not found))
    for at, match in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(line)
        text = line[match.start() : end].strip()
        rest = line[match.end() : end].split()
        # glued to the next entry, the code loses the blank behind it and not the one before
        if rest and _CODE.fullmatch(rest[-1]):
            yield _Entry(match, rest, text)
        else:
            seen = rest[-1] if rest else ""
            message = f"the entry {text[:60]!r} does not end in an exit code (value seen: "
            problems.tell(number, f"{message}{seen[:40]!r}). It is left out.", 1)


def _mark(entry: _Entry, occurrence: int) -> str:
    """What an entry is known by; the same line again is another entry."""
    match = entry.match
    subrun = f".{match['subrun']}" if match["subrun"] else ""
    mark = f"{match['run']}{subrun}:{part(match['program'])}:{digest(entry.text)[:16]}"
    return mark if occurrence == 1 else f"{mark}:{occurrence}"


def _facts(entry: _Entry) -> Iterator[tuple[str, Value]]:
    match = entry.match
    code = int(entry.rest[-1])
    yield v.PROV_LABEL, match["program"]
    yield LSTOSA + "exit_code", code
    yield LSTOSA + "entry", entry.text
    ended = _ended(match)
    if ended is not None:
        yield v.PROV_END, ended
    run, subrun = run_number(match["run"]), run_number(match["subrun"])
    if run is not None:
        yield v.RUN, run
    if subrun is not None:
        yield v.SUBRUN, subrun
    if match["production"]:
        yield v.PRODUCTION, match["production"]
    for word in entry.rest[:-1]:
        if word != "None":
            yield LSTOSA + "file", word


def _ended(match: re.Match[str]) -> datetime | None:
    """When the program had ended; gain selection's clock is a local one."""
    text = match["date"]
    try:
        if text[0].isdigit():
            ended = datetime.fromisoformat(text)
            return ended if match["program"] == "gain_selection" else ended.replace(tzinfo=UTC)
        # the names of days and months are English ones, whatever the locale
        _, month, day, clock, _, year = text.split()
        return datetime.fromisoformat(
            f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{clock}+00:00"
        )
    except ValueError:
        return None


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
