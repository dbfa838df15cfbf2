"""The example of a plugin in the documentation: installed as a stranger would, and what it says."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import queries, registry
from lineage.errors import SourceError
from lineage.interfaces import Confidence, Importer, Mark, Problem, appendable
from lineage.records import Activity, Statement
from lineage.session import Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.embedded_engine import cleaned
from tests.golden import DATA, _fields

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"
SHIFTLOG = EXAMPLES / "shiftlog"
SAMPLE = SHIFTLOG / "night.shiftlog"
GUIDE = (ROOT / "docs" / "importers.md").read_text("utf-8")


@pytest.fixture(scope="module")
def shiftlog() -> ModuleType:
    """The example's module."""
    spec = importlib.util.spec_from_file_location("shiftlog", SHIFTLOG / "shiftlog.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(
    module: ModuleType, source: Path, mark: Mark | None = None
) -> tuple[list[Statement], list[Problem], list[Mark]]:
    problems: list[Problem] = []
    marks: list[Mark] = []
    importer = module.ShiftLogImporter()
    return list(importer.appended(source, problems.append, mark, marks.append)), problems, marks


def test_the_guide_shows_what_the_examples_hold() -> None:
    """Every block of code in it stands in one of the examples, word for word."""
    blocks = re.findall(r"```(?:python|sh|toml)\n(.*?)```", GUIDE, re.DOTALL)
    texts = [path.read_text("utf-8") for path in EXAMPLES.rglob("*") if path.is_file()]

    assert len(blocks) >= 6
    for block in blocks:
        assert any(block in text for text in texts), block


def test_the_package_installs_and_the_command_line_finds_it(tmp_path: Path) -> None:
    """Built and installed by pip into a directory of its own, without network."""
    package, target = tmp_path / "package", tmp_path / "target"
    shutil.copytree(SHIFTLOG, package)
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(package)],
        check=True,
        cwd=tmp_path,
        capture_output=True,
        timeout=300,
    )
    environment = os.environ | {"PYTHONPATH": str(target), "PYTHONSAFEPATH": "1"}

    def lineage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from lineage.cli import main; main()", *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    listed = lineage("importers")
    done = lineage("--store", "memory", "import", str(SAMPLE), "--json")
    (source,) = json.loads(done.stdout)["sources"]

    assert "shiftlog" in listed.stdout
    assert "what a shift wrote down" in listed.stdout
    assert (source["importer"], source["records"]) == ("shiftlog", 9)
    assert [problem["place"] for problem in source["skipped"]] == ["5"]
    assert done.returncode == 1


def test_its_golden_records(shiftlog: ModuleType) -> None:
    """The sample says what was checked by hand."""
    said, problems, _ = read(shiftlog, SAMPLE)
    lines = [json.dumps(_fields(one), ensure_ascii=False) for one in said]
    lines += [json.dumps(["problem", p.place, p.message, p.records_lost]) for p in problems]

    assert lines == (SHIFTLOG / "night.shiftlog.golden.jsonl").read_text("utf-8").splitlines()


def test_it_is_an_importer_that_is_sure_of_its_own_only(shiftlog: ModuleType) -> None:
    """It has every part of one, and claims no file of another format."""
    importer = shiftlog.ShiftLogImporter()
    other = ROOT / "tests" / "data" / "ctapipe" / "work32" / "ctapipe-merge.provenance.log"

    assert isinstance(importer, Importer)
    assert appendable(importer) is not None
    assert importer.recognises(SAMPLE, SAMPLE.read_bytes()) is Confidence.CERTAIN
    assert importer.recognises(other, other.read_bytes()) is Confidence.NO


def test_its_steps_chain(shiftlog: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one step wrote the next one used: the DL2 file comes from the raw one."""
    monkeypatch.setattr(registry, "importers", lambda: {"shiftlog": shiftlog.ShiftLogImporter()})
    store = MemoryStore()
    import_paths(store, [SAMPLE], Settings())
    start = queries.resolve(store, "dl2_LST-1.Run02008.h5").key
    names = [element.name for element in queries.ancestors(store, start).elements]

    assert "LST-1.1.Run02008.0000.fits.fz" in names
    assert {"take-data", "calibrate", "reduce"} <= set(names)


def test_its_log_grows(
    shiftlog: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At every cut: no whole line before it is lost, and the rest is read alone."""
    monkeypatch.setattr(registry, "importers", lambda: {"shiftlog": shiftlog.ShiftLogImporter()})
    content = SAMPLE.read_bytes()
    log = tmp_path / "x.shiftlog"
    whole, problems, _ = read(shiftlog, SAMPLE)
    for cut in random.Random(1).sample(range(len(content)), 50):
        log.write_bytes(content[:cut])
        try:
            said, _, marks = read(shiftlog, log)
        except SourceError:
            said, marks = [], []
        log.write_bytes(content)
        rest, told, _ = read(shiftlog, log, marks[-1] if marks else None)
        lines = content[:cut].count(b"\n")
        steps = [line for line in content.splitlines()[:lines] if line[:2] == b"20"]

        assert len([one for one in said if isinstance(one, Activity)]) == len(steps)
        assert {*map(repr, said), *map(repr, rest)} == set(map(repr, whole))
        assert told == problems or lines >= 5

    store = MemoryStore()
    for cut in (150, 300, len(content)):
        log.write_bytes(content[:cut])
        report = import_paths(store, [log], Settings())

    assert report.sources[0].outcome is Outcome.GROWN
    assert len(store.sources()) == 1


LINES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(SAMPLE.read_bytes().splitlines()),
        st.just(b"2026-03-28T21:30:00Z 2026-03-28T21:50:00Z x < relative"),
        st.just(b"2026-03-28T21:30:00 2026-03-28T21:50:00Z x"),
        st.just(b"0001-01-01T00:00:00+23:00 9999-12-31T23:59:59-23:00 x"),
        st.just(b"x" * 1_100_000),
    ),
    max_size=6,
)


@given(LINES)
def test_whatever_it_is_given_only_problems_come_out(
    shiftlog: ModuleType, tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    """Each names its line."""
    source = tmp_path_factory.mktemp("fuzz") / "x.shiftlog"
    source.write_bytes(b"#shiftlog 1\n" + b"\n".join(lines))
    try:
        _, problems, _ = read(shiftlog, source)
    except SourceError:
        return

    assert all(problem.place.isdigit() for problem in problems)


def test_the_scripts_are_sound() -> None:
    """The plugin for gocart compiles; the shell finds no fault in the script for the monitor."""
    plugin = EXAMPLES / "gp_lineage.py"
    compile(plugin.read_text("utf-8"), plugin.name, "exec")
    checked = subprocess.run(
        ["sh", "-n", str(EXAMPLES / "monitor_with_lineage.sh")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stderr) == (0, "")
    assert all(os.access(path, os.X_OK) for path in EXAMPLES.iterdir() if path.is_file())


def run_plugin(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """As gocart runs it: by a shell, with the directory of the alert."""
    return subprocess.run(
        f"{sys.executable} {EXAMPLES / 'gp_lineage.py'} {directory}",
        shell=True,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_plugin_that_finds_no_explorer_says_so_where_gocart_prints_it(tmp_path: Path) -> None:
    """Nothing on standard error, which gocart takes for a failure of the plugin."""
    done = run_plugin(tmp_path, LINEAGE_COMMAND=str(tmp_path / "nowhere"))

    assert (done.returncode, done.stderr) == (0, "")
    assert "was not imported" in done.stdout


@pytest.mark.embedded
def test_the_plugin_imports_the_alert(tmp_path: Path) -> None:
    """The alert in the directory that it is given is in the store afterwards."""
    alert = tmp_path / "mockevents" / "MS230425k" / "20230425T121940_initial"
    shutil.copytree(DATA / "gocart" / alert.relative_to(tmp_path), alert)
    command = Path(sys.executable).with_name("lineage")
    with cleaned(tmp_path / "store") as store:
        environment: dict[str, Any] = {"LINEAGE_STORE": f"embedded:{store}"}
        done = run_plugin(alert, LINEAGE_COMMAND=str(command), **environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"meta\.yaml\s+gocart\s+imported", done.stdout)
