"""``lineage check`` as programs and people use it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lineage import command_options
from lineage.cli import main
from lineage.graph_store import GraphStore
from lineage.records import Entity, Relation
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import RelationKind
from tests.checked_stores import EX, activity, entity, generated, planted, used
from tests.file_events import at, generation, use

DONE = activity(
    "a",
    ("http://www.w3.org/ns/prov#startTime", at(0)),
    ("http://www.w3.org/ns/prov#endTime", at(1)),
)


class Command:
    """Runs the command over a store in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, store: GraphStore, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        self._monkeypatch.setattr(command_options, "open_store", lambda *_: store)
        self._monkeypatch.setattr(sys, "argv", ["lineage", "check", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        written = self._capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """The command, with settings that name no root."""
    settings = tmp_path / "settings.toml"
    settings.write_text("")
    monkeypatch.setenv("LINEAGE_SETTINGS", str(settings))
    return Command(monkeypatch, capsys)


def faulty() -> GraphStore:
    """A stub, an origin and an unfinished activity."""
    return planted(
        [
            DONE,
            activity("b", ("http://www.w3.org/ns/prov#startTime", at(0))),
            used("a", "stub"),
            used("b", "raw"),
            entity("raw"),
        ]
    )


def test_a_clean_store_exits_0(command: Command) -> None:
    """Notes are counted and make no difference."""
    status, out, _ = command.run(planted([DONE, entity("raw"), used("a", "raw")]))

    assert status == 0
    assert "nothing is missing or contradictory" in out
    assert "1 note (origin 1): --kinds note lists them" in out


def test_an_empty_store_exits_0(command: Command) -> None:
    """There is nothing that could be missing."""
    assert command.run(MemoryStore())[0] == 0


def test_findings_exit_1_and_say_where_and_who(command: Command) -> None:
    """Each under its kind, with records and the paths of its sources; notes only counted."""
    status, out, _ = command.run(faulty())

    assert status == 1
    assert "only-named (warning, 1): relations name it" in out
    assert f"    records  {EX}stub\n    sources  /logs/s1.log\n" in out
    assert "2 warnings\n1 note (origin 1)" in out
    assert f"{EX}raw: comes" not in out


def test_kinds_are_chosen_by_name_or_severity(command: Command) -> None:
    """What is asked for by --kinds is listed, notes too, and alone decides the exit status."""
    assert command.run(faulty(), "--kinds", "note")[0] == 0
    assert f"{EX}raw: comes" in command.run(faulty(), "--kinds", "origin")[1]
    assert command.run(faulty(), "--kinds", "error, unfinished")[0] == 1
    assert command.run(faulty(), "--kinds", "error")[0] == 0


def test_an_unknown_kind_exits_2_and_names_all(command: Command) -> None:
    """Nothing could be done."""
    status, out, err = command.run(faulty(), "--kinds", "origins")

    assert (status, out) == (2, "")
    assert "there is no finding 'origins'. There are: error, warning, note, prov-order" in err


def test_json_holds_everything(command: Command) -> None:
    """Findings with records and sources, counts by severity and kind, and what was looked at."""
    status, out, _ = command.run(faulty(), "--json")
    done = json.loads(out)

    assert status == 1
    assert set(done) == {"findings", "counts", "checked"}
    assert [set(one) for one in done["findings"]] == [
        {"kind", "severity", "message", "records", "sources"}
    ] * 3
    assert done["findings"][0] | {"message": ""} == {
        "kind": "only-named",
        "severity": "warning",
        "message": "",
        "records": [EX + "stub"],
        "sources": [{"key": "s1", "paths": ["/logs/s1.log"]}],
    }
    assert done["counts"] == {
        "error": 0, "warning": 2, "note": 1, "only-named": 1, "unfinished": 1, "origin": 1,
    }  # fmt: skip
    assert done["checked"] == {
        "records": 6, "entities": 1, "activities": 2, "relations": 2, "file_events": 0,
        "sources": 1,
    }  # fmt: skip


def test_only_what_concerns_a_reference(command: Command) -> None:
    """A path or a name; unknown ones exit 2."""
    store = planted(
        [],
        [
            use("/d/in.dl1.h5", "a", 0, 1),
            generation("/d/out.h5", "a", 0, 1),
            use("/d/x.dl1.h5", "b", 0, 1),
        ],
    )
    status, out, _ = command.run(store, "out.h5", "--kinds", "no-maker")

    assert status == 1
    assert "in.dl1.h5" in out
    assert "x.dl1.h5" not in out
    assert command.run(store, "nowhere.h5")[0] == 2


def test_the_disk_needs_a_root(command: Command) -> None:
    """Without one nothing could be done, and the setting is named."""
    status, _, err = command.run(faulty(), "--disk")

    assert status == 2
    assert "[[access]]" in err


def test_hostile_text_steers_no_terminal(command: Command) -> None:
    """Control characters in names are replaced; very long names are cut, and say so."""
    name = "\x1b[31m\u202eevil\n  fake: finding." + "x" * 5000
    store = planted(
        [
            DONE,
            Relation(RelationKind.USAGE, EX + "a", f"urn:x:{name}"),
            Entity("urn:y:" + name),
            generated("e", "a"),
        ]
    )
    status, out, _ = command.run(store)

    assert status == 1
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\n  fake" not in out
    assert "characters more)" in out


def test_many_records_of_one_finding_are_counted(command: Command) -> None:
    """No list is cut silently."""
    events = [generation("/d/x", "a", 0, 1), generation("/d/x", "b", 8, 9)]
    events += [use("/d/x", f"u{number}", 2, 3) for number in range(20)]
    status, out, _ = command.run(planted([], events), "--kinds", "overwritten-input")

    assert status == 1
    assert " and 15 more: --json lists all" in out
