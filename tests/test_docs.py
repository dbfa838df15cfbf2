"""The documentation names everything that there is, and what it shows works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer

from lineage.cli import app
from lineage.cypher_guard import check
from lineage.registry import importers

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    """Each command is shown, and says in its help what it does."""
    described = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]

    assert f"lineage {command}" in README
    assert described.help


def test_every_importer_has_its_row_in_the_readme() -> None:
    """The table of formats is complete."""
    for name in importers():
        assert f"| `{name}` |" in README


def test_every_importer_is_registered_in_the_packaging_metadata() -> None:
    """The registry is what pyproject.toml says, and each entry can be loaded."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert set(project["entry-points"]["lineage.importers"]) <= set(importers())


@pytest.mark.parametrize("target", ["demo", "test", "neo4j", "benchmarks", "format"])
def test_make_targets_named_in_the_documents_exist(target: str) -> None:
    """`make TARGET` in README and CONTRIBUTING is a target of the Makefile."""
    texts = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert f"make {target}" in texts
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_cypher_example_is_allowed() -> None:
    """What README and docs/graph.md show passes the guard."""
    texts = README + (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
    examples = re.findall(r"```cypher\n(.*?)```", texts, re.DOTALL)

    assert len(examples) >= 3
    for example in examples:
        check(example)


def test_every_setting_is_in_the_readme(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings example is read without complaint."""
    from lineage.settings import load_settings

    example = re.search(r"```toml\n(store = .*?)```", README, re.DOTALL)
    assert example is not None
    path = tmp_path / "settings.toml"
    path.write_text(example[1], encoding="utf-8")
    monkeypatch.delenv("LINEAGE_STORE", raising=False)
    settings = load_settings(path)

    assert settings.roots[0].prefix == "/fefs/aswg"
    assert settings.identity.local_prefixes == ("/tmp", "/scratch")
    assert settings.identity.realms == (("/scratch/shared", ""),)
    assert settings.identity.clock_tolerance_s == 1.0
    assert settings.hosts == ("lineage.example.org",)


def test_the_python_example_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's Python code prints the lineage of the merged file."""
    example = re.findall(r"```python\n(from pathlib.*?)```", README, re.DOTALL)[0]
    monkeypatch.chdir(ROOT)
    exec(compile(example, "README.md", "exec"), {})

    assert "gamma_run1.simtel.gz" in capsys.readouterr().out


def test_nothing_committed_names_this_or_that_machine() -> None:
    """Documents and code speak of the project alone: no absolute path of a developer's machine."""
    for pattern in ("*.md", "*.toml"):
        for path in ROOT.glob(pattern):
            assert not re.search(r"(/home/\w+|/Users/\w+|C:\\)", path.read_text(encoding="utf-8"))
