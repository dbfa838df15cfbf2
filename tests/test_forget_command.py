"""``lineage sources`` and ``lineage forget`` as people run them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.embedded_engine import cleaned

pytestmark = pytest.mark.embedded


def document(*names: str) -> str:
    """A PROV-JSON document that declares these entities."""
    said = {f"ex:{name}": {"prov:label": name} for name in names}
    return json.dumps({"prefix": {"ex": "http://example.org/"}, "entity": said})


@pytest.fixture
def line(tmp_path: Path) -> Iterator[CommandLine]:
    """A command line whose store holds two documents, which share one entity."""
    (tmp_path / "one.json").write_text(document("a", "both"))
    (tmp_path / "two.json").write_text(document("b", "both"))
    with cleaned(tmp_path / "store") as store:
        command = CommandLine(f"embedded:{store}")
        assert command.run("import", str(tmp_path)).returncode == 0
        yield command


def test_a_source_is_forgotten_by_its_path(line: CommandLine, tmp_path: Path) -> None:
    """First it is said what would go; then it goes, and what the other says stays."""
    dry = line.run("forget", str(tmp_path / "one.json"), "--dry-run")
    still = line.json("sources")
    done = line.run("forget", str(tmp_path / "one.json"))
    left = line.json("sources")
    names = {record["name"] for record in line.json("find", "example.org")["records"]}

    assert (dry.returncode, done.returncode) == (0, 0)
    assert dry.stdout.startswith("would forget ")
    assert "one.json: 2 records, 0 file events" in done.stdout
    assert [source["paths"] for source in left] == [[str(tmp_path / "two.json")]]
    assert (len(still), names) == (2, {"b", "both"})


def test_what_a_reference_leaves_open_removes_nothing(line: CommandLine, tmp_path: Path) -> None:
    """A directory stands for several sources, which --all accepts; an unknown name is refused."""
    several = line.run("forget", str(tmp_path))
    unknown = line.run("forget", "nobody.json")
    kept = len(line.json("sources"))
    every = line.run("forget", str(tmp_path), "--all")

    assert (several.returncode, unknown.returncode, kept) == (2, 2, 2)
    assert "2 sources are meant" in several.stderr
    assert "nobody.json: no source of the store has this path" in unknown.stderr
    assert (every.returncode, line.json("sources")) == (0, [])
    assert "no sources yet" in line.run("sources").stdout


def test_by_digest_and_beside_an_unknown_one(line: CommandLine) -> None:
    """The beginning of the SHA-256 suffices; one wrong name among several gives exit status 1."""
    first, second = line.json("sources")
    done = line.run("forget", first["content"][:8], "nobody.json")

    assert done.returncode == 1
    assert [source["key"] for source in line.json("sources")] == [second["key"]]


def test_a_name_of_two_lines_takes_one(line: CommandLine, tmp_path: Path) -> None:
    """Its second line would pass for another source, or for something that was forgotten."""
    named = tmp_path / "x\nforgot everything.json"
    named.write_text(document("x"))
    assert line.run("import", str(named)).returncode == 0
    listed = line.run("sources").stdout
    said = line.run("forget", str(named)).stdout

    assert len(said.splitlines()) == 1
    assert not any(text.strip().startswith("forgot everything") for text in listed.splitlines())
