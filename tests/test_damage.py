"""Files that hold more damage than records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importers import damage
from lineage import registry
from lineage.errors import SourceError
from lineage.interfaces import Problem
from lineage.records import Activity, Entity
from tests.test_openlineage import event

CONTEXT = [{"ex": "http://e/"}, "https://openprovenance.org/prov-jsonld/context.jsonld"]


def provn(records: list[bool]) -> str:
    said = [f"entity({'ex' if good else 'zz'}:{at})\n" for at, good in enumerate(records)]
    return f"document\nprefix ex <http://e/>\n{''.join(said)}endDocument\n"


def provxml(records: list[bool]) -> str:
    said = [
        f'<p:entity p:id="ex:{at}"/>' if one else "<p:entity/>" for at, one in enumerate(records)
    ]
    names = 'xmlns:p="http://www.w3.org/ns/prov#" xmlns:ex="http://e/"'
    return f"<p:document {names}>{''.join(said)}</p:document>"


def jsonld(records: list[bool]) -> str:
    graph: list[Any] = [
        {"@type": "prov:Entity"} | ({"@id": f"ex:{at}"} if good else {})
        for at, good in enumerate(records)
    ]
    return json.dumps({"@context": CONTEXT, "@graph": graph})


def events(records: list[bool]) -> str:
    said = [
        event(run={"runId": f"11111111-2222-4333-8444-{at:012}"}) if good else {"run": 1}
        for at, good in enumerate(records)
    ]
    return "".join(f"{json.dumps(one)}\n" for one in said)


Write = Callable[[list[bool]], str]
FORMATS = [
    ("prov-n", provn, Entity),
    ("prov-xml", provxml, Entity),
    ("prov-jsonld", jsonld, Entity),
    ("openlineage", events, Activity),
]


def numbers(
    name: str, text: str, kind: type[Any], directory: Path
) -> tuple[list[int], list[Problem], SourceError | None]:
    """The records that were read, the problems, and what ended the reading."""
    path = directory / "a"
    path.write_text(text)
    problems: list[Problem] = []
    found: list[int] = []
    importer = registry.importers()[name]
    try:
        for one in importer.records(path, problems.append):
            if isinstance(one, kind) and one.identifier[-1].isdigit():
                found.append(int(re.split("[/-]", one.identifier)[-1]))  # noqa: PERF401
    except SourceError as error:
        return found, problems, error
    return found, problems, None


@pytest.mark.parametrize(("name", "write", "kind"), FORMATS)
def test_an_importer_gives_up(
    name: str, write: Write, kind: type[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was read before is kept, and it is said where and why."""
    monkeypatch.setattr(damage, "MOST_LOST", 100)
    good = [True] * 30
    text = write([*good, *[False] * 50, *good, *[False] * 5_000, True])
    found, problems, error = numbers(name, text, kind, tmp_path)

    assert found == [*range(30), *range(80, 110)]
    assert sum(problem.records_lost for problem in problems) == 100
    assert error is not None
    assert error.problem.startswith("100 records are lost so far, more than the 60 that could be")
    assert error.place == problems[-1].place


@pytest.mark.parametrize(("name", "write", "kind"), FORMATS)
def test_who_holds_more_records_than_damage_is_read_to_the_end(
    name: str, write: Write, kind: type[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much damage there is."""
    monkeypatch.setattr(damage, "MOST_LOST", 100)
    records = [True, True, False] * 300
    found, problems, error = numbers(name, write(records), kind, tmp_path)

    assert error is None
    assert found == [at for at, one in enumerate(records) if one]
    assert len([problem for problem in problems if problem.records_lost]) == 300
