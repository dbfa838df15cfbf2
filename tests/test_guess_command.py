"""``lineage guess``, ``decide`` and ``decisions``, and walks that follow alternates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lineage import command_options
from lineage.cli import app
from lineage.errors import LineageError
from lineage.graph_store import GraphStore
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.two_logs import MADE, READ, tell_both

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands on one store that two logs filled; returns standard output."""
    store = MemoryStore()
    tell_both(store)

    @contextmanager
    def opened() -> Iterator[tuple[GraphStore, Settings]]:
        yield store, Settings()

    for module in ("lineage.cli", "lineage.cli_guesses", "lineage.cli_check"):
        monkeypatch.setattr(f"{module}.opened", opened)
    monkeypatch.setattr("getpass.getuser", lambda: "maria")
    monkeypatch.setattr(command_options.program, "store", None)

    def call(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception

        assert result.exit_code == code, result.output
        return result.stdout

    return call


def read(text: str) -> Any:
    return json.loads(text)


def test_guesses_are_listed_with_reasons(run: Run) -> None:
    """For people in a table, for programs with weight and evidence."""
    said = read(run("guess", READ, "--json"))

    assert "another mount point?" in run("guess", READ)
    assert [one["id"] for one in said["guesses"]] == [MADE]
    assert said["guesses"][0]["evidence"] == "guess"
    assert (said["found"], said["not_compared"], said["decisions"]) == (1, 0, [])


def test_deciding_and_taking_back(run: Run) -> None:
    """Who, when and why are kept; a decision taken back is gone."""
    run("decide", READ, MADE, "--same", "--note", "one inode")
    (said,) = read(run("decisions", "--json"))["decisions"]
    (about,) = read(run("guess", READ, "--json"))["decisions"]

    assert (said["verdict"], said["by"], said["note"]) == ("same", "maria", "one inode")
    assert said["ids"] == sorted([READ, MADE])
    assert said["in_store"] is True
    assert about["verdict"] == "same"
    assert "one inode" in run("decisions")

    run("decide", MADE, READ, "--undo")

    assert read(run("decisions", "--json"))["decisions"] == []


def test_walks_follow_alternates_when_asked(run: Run) -> None:
    """--guesses before anything was decided, --alternates after it was confirmed."""
    out = "/mnt/data/DL2/out.h5"

    assert "r0_to_dl1" not in run("ancestors", out)
    assert "r0_to_dl1" not in run("ancestors", out, "--alternates")
    assert "r0_to_dl1" in run("ancestors", out, "--guesses")

    run("decide", READ, MADE, "--same")

    assert "r0_to_dl1" not in run("ancestors", out)
    assert "r0_to_dl1" in run("ancestors", out, "--alternates")
    assert "out.h5" in run("descendants", MADE, "--alternates")
    assert "dl1_to_dl2" in run("path", out, "r0_to_dl1", "--alternates")
    assert "dl1_to_dl2" not in run("path", out, "r0_to_dl1")


def test_an_export_holds_decisions_and_no_guesses(run: Run, tmp_path: Path) -> None:
    """The whole graph and a walk's result do; what one source says does not."""
    run("decide", READ, MADE, "--different", "--note", "other disk")
    files = [tmp_path / f"{name}.json" for name in ("all", "walk", "source")]
    run("export", "-f", "prov-json", "-o", str(files[0]))
    run("export", READ, "-f", "prov-json", "--direction", "both", "-o", str(files[1]))
    run("export", "-f", "prov-json", "--source", "/logs/reader.log", "-o", str(files[2]))
    whole, walk, source = (path.read_text() for path in files)

    assert "lineage:Decision" in whole
    assert "other disk" in whole
    assert "lineage:Decision" not in walk  # the other one is not in it
    assert "lineage:Decision" not in source
    assert "guess" not in whole


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((READ, MADE), "give one of --same, --different and --undo"),
        ((READ, MADE, "--same", "--undo"), "give one of"),
        ((READ, MADE, "--undo"), "nothing was decided about"),
        ((READ, MADE, "--undo", "--note", "x"), "keeps no note"),
        ((READ, READ, "--same"), "one and the same record"),
        ((READ, "r0_to_dl1", "--same"), "is no entity"),
        ((READ, "nowhere", "--same"), "nothing in the store is called"),
        ((READ, MADE, "--same", "--note", "x" * 2001), "the note has 2,001 characters"),
    ],
)
def test_what_cannot_be_decided_is_said(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """Nothing is kept then."""
    with pytest.raises(LineageError, match=message):
        run("decide", *arguments)

    assert read(run("decisions", "--json"))["decisions"] == []
