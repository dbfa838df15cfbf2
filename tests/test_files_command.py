"""``lineage files`` as people run it: what it prints, keeps, and how it exits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.embedded_engine import cleaned

pytestmark = pytest.mark.embedded

DOCUMENT = {
    "prefix": {"ex": "http://example.org/"},
    "entity": {
        f"ex:{name}": {"prov:location": path}
        for name, path in (
            ("a", "/recorded/a.json"),
            ("b", "/recorded/b.json"),
            ("gone", "/recorded/gone.json"),
            ("elsewhere", "/etc/passwd"),
        )
    },
}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[CommandLine]:
    """A command line whose store mentions four files, of which two are there."""
    data = tmp_path / "data"
    data.mkdir()
    for name in "ab":
        (data / f"{name}.json").write_text("{}")
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[[access]]\nprefix = "/recorded"\ndirectory = "{data}"\n')
    document = tmp_path / "document.json"
    document.write_text(json.dumps(DOCUMENT))
    with cleaned(tmp_path / "store") as store:
        command = CommandLine(f"embedded:{store}")
        command.environment["LINEAGE_SETTINGS"] = str(settings)
        assert command.run("import", str(document)).returncode == 0
        yield command


def test_files_are_looked_at_and_remembered(line: CommandLine, tmp_path: Path) -> None:
    """For programs and for people; shown by `show`, asked in Cypher, and outside of the digest."""
    digest = line.json("stats")["digest"]
    first = line.json("files", "--hash")
    (tmp_path / "data" / "b.json").write_text('{"changed": true}')
    second = line.run("files")
    named = line.run("files", "b.json", "gone.json")
    shown = line.json("show", "a.json")["observed"]
    described = line.run("show", "b.json").stdout
    changed = line.json(
        "cypher", "MATCH (e:Entity) WHERE e.file_state = 'changed' RETURN e.name, e.file_size_bytes"
    )

    assert (first["present"], first["missing"], first["elsewhere"]) == (2, 1, 1)
    assert first["identical"] == [["http://example.org/a", "http://example.org/b"]]
    assert second.returncode == 0
    assert "1 present, 1 changed, 1 missing" in second.stdout
    assert "/recorded/gone.json" in second.stdout
    assert "/recorded/a.json" not in second.stdout
    assert named.returncode == 0
    assert {"changed", "missing"} <= set(named.stdout.split())
    assert shown["file:sha256"] == hashlib.sha256(b"{}").hexdigest()
    assert "file:first_sha256" in described
    assert changed["rows"] == [["b.json", 17]]
    assert line.json("stats")["digest"] == digest


def test_what_cannot_be_looked_at_has_an_exit_status(line: CommandLine, tmp_path: Path) -> None:
    """1 where something was skipped, 2 where nothing could be done, each with its reason."""
    (tmp_path / "data" / "a.json").unlink()
    (tmp_path / "data" / "a.json").mkdir()
    some = line.run("files")
    nothing = line.run("files", "passwd")
    only = line.run("files", "a.json")
    (tmp_path / "settings.toml").write_text("")
    no_roots = line.run("files")

    assert (some.returncode, nothing.returncode, only.returncode) == (1, 2, 2)
    assert "regular file" in some.stderr
    assert "access root" in nothing.stderr
    assert no_roots.returncode == 2
    assert "[[access]]" in no_roots.stderr
