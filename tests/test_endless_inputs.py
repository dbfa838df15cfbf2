"""Small inputs that ask for work without end get an end of it, and say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import importers.ctapipe_log_runs
import importers.provo_pieces
import importers.rocrate_records
from importers.ctapipe_log import CtapipeLogImporter
from importers.provo import ProvOImporter
from importers.rocrate import RoCrateImporter
from lineage import joining, run_fits, runs
from lineage.interfaces import Importer, Problem
from lineage.records import Entity, FileEvent, Statement

LOG = "2026-01-01 00:00:{:02},000 DEBUG [ctapipe.t] ({}): {}\n"


def read(importer: Importer, path: Path, text: str) -> tuple[list[Statement], list[Problem]]:
    problems: list[Problem] = []
    path.write_text(text)
    return list(importer.records(path, problems.append)), problems


def crate(path: Path, *nodes: dict[str, Any]) -> tuple[list[Statement], list[Problem]]:
    context = "https://w3id.org/ro/crate/1.1/context"
    text = json.dumps({"@context": context, "@graph": nodes})
    return read(RoCrateImporter(), path / "ro-crate-metadata.json", text)


def named(letter: str, count: int) -> list[dict[str, str]]:
    return [{"@id": f"#{letter}{number}"} for number in range(count)]


def test_a_product_of_lists_in_a_crate_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty controls of fifty steps for fifty runs are 125,000 relations."""
    monkeypatch.setattr(importers.rocrate_records, "_MOST_STATEMENTS", 1000)
    engine = {"@id": "#e", "@type": "OrganizeAction", "result": named("r", 50)}
    engine["object"] = named("c", 50)
    steps = [{"@type": "CreateAction", **one} for one in named("s", 50) + named("r", 50)]
    controls = [
        {"@type": "ControlAction", "object": named("s", 50), **one} for one in named("c", 50)
    ]
    statements, (problem,) = crate(tmp_path, engine, *steps, *controls)

    assert len(statements) == 1000
    assert "refer to one another too often" in problem.message


def test_references_that_make_nothing_end_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is followed, and counted."""
    monkeypatch.setattr(importers.rocrate_records, "_MOST_REFERENCES", 500)
    files = [{"@type": "File", "exampleOfWork": named("p", 50), "@id": f"{n}"} for n in range(50)]
    action = {"@id": "#a", "@type": "CreateAction", "object": [{"@id": f"{n}"} for n in range(50)]}
    statements, (problem,) = crate(tmp_path, *files, action)

    assert 50 <= len(statements) < 100
    assert problem.records_lost


def test_a_long_node_is_not_told_with_each_action_that_refers_to_it(tmp_path: Path) -> None:
    """A short one is; of a long one the reference is."""
    notes = [{"@id": "#short", "text": "x"}, {"@id": "#long", "text": "x" * 200_000}]
    action = {"@id": "#a", "@type": "CreateAction", "about": [{"@id": n["@id"]} for n in notes]}
    (told,), problems = crate(tmp_path, action, *notes)

    assert not problems
    assert len(repr(told)) < 1000
    assert '"text":"x"' in repr(told)
    assert "#long" in repr(told)


def test_damaged_nodes_are_sought_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands around them is parsed each time; good nodes among few bad ones are found."""
    context = {"prov": "http://www.w3.org/ns/prov#"}
    nodes: list[dict[str, Any]] = [
        {"@id": f"http://e/{number}", "@type": 7 if number % 40 == 5 else "prov:Entity"}
        for number in range(400)
    ]
    text = json.dumps({"@context": context, "@graph": nodes})
    found, told = read(ProvOImporter(), tmp_path / "x.jsonld", text)
    monkeypatch.setattr(importers.provo_pieces, "_MOST_AGAIN_BYTES", 40_000)
    some, fewer = read(ProvOImporter(), tmp_path / "x.jsonld", text)

    assert len([one for one in found if isinstance(one, Entity)]) == 390
    assert [problem.place for problem in told] == [f"/@graph/{n}" for n in range(5, 400, 40)]
    assert any("too much is damaged" in problem.message for problem in fewer)
    assert sum(one.records_lost for one in fewer) == 400 - sum(isinstance(s, Entity) for s in some)


def test_a_run_is_compared_with_few_activities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many records its log holds; the last, its own, is found."""
    compared, fit = [], run_fits.fit

    def counted(run: FileEvent, known: FileEvent) -> run_fits.Fit | None:
        compared.append(known.path)
        return fit(run, known)

    monkeypatch.setattr(importers.ctapipe_log_runs, "fit", counted)
    begun, stopped = ({"time_utc": f"2026-01-01T00:00:{second:02}"} for second in (0, 30))
    activities = [
        {
            "activity_name": "t",
            "activity_uuid": f"{number:08x}-0000-4000-8000-000000000000",
            "start": begun,
            "stop": stopped if number == 99 else {"time_utc": "2026-01-01T00:05:00"},
        }
        for number in range(100)
    ]
    text = LOG.format(0, "tool.initialize", "ctapipe version 0.19.0")
    text += LOG.format(0, "tool.run", "Starting: t")
    text += LOG.format(30, "provenance.finish_activity", "finished activity: t")
    for some in (activities[:50], activities[50:90], *([activities[:1]] * 20)):
        text += LOG.format(30, "tool.write_provenance", f"PROVENANCE: '{json.dumps(some)}'")
    statements, problems = read(CtapipeLogImporter(), tmp_path / "x.log", text)
    most = importers.ctapipe_log_runs._MOST_RECORDS

    assert not problems
    assert len(compared) == most * most
    assert len({one.path for one in statements if isinstance(one, FileEvent)}) > 90


def test_a_finding_names_some_of_many_activities() -> None:
    """Runs of one moment may all fit each other's activities: their product is not written."""
    run = runs.ran(runs.run_iri("a"), "t", None, None)
    found = joining._ambiguous(run, [f"urn:x:{number}" for number in range(1000)])

    assert "or one of 980 more" in found.message
    assert len(found.identifiers) == 21
