"""The command line as programs and people use it: one embedded store, real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib

from lineage.errors import LineageError
from lineage.registry import recognise
from lineage.settings import load_settings
from tests.command_line import DEMO, CommandLine

KNOWN = [path for path in (DEMO / "work32").rglob("*") if path.is_file() and recognise(path)]
"""What of the demonstration some importer reads."""
MERGED = "dl2/merged.dl2.h5"

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A command line whose embedded store holds the demonstration."""
    line = CommandLine(f"embedded:{tmp_path_factory.mktemp('store')}")
    done = line.run("import", "demo/work32")
    assert done.returncode == 0, done.stderr
    yield line
    line.run("stop")


def test_import_says_what_it_took(demo: CommandLine) -> None:
    """The report for programs counts files by outcome, and names the unknown ones."""
    done = demo.json("import", "demo/work32")

    assert done["imported"] == 0
    assert done["unchanged"] == len(KNOWN)
    assert done["complete"] is True
    assert {s["outcome"] for s in done["sources"]} == {"unchanged", "unknown"}


def test_import_of_a_file_that_nobody_knows_exits_2(demo: CommandLine, tmp_path: Path) -> None:
    """Nothing could be done: exit status 2, and the file is named."""
    path = tmp_path / "milk.txt"
    path.write_text("remember the milk")
    done = demo.run("import", str(path))

    assert done.returncode == 2
    assert "milk.txt" in done.stdout + done.stderr


def test_import_that_skips_exits_1(demo: CommandLine, tmp_path: Path) -> None:
    """Something was skipped: exit status 1, its place in the report. Forgotten: a memory store."""
    path = tmp_path / "half.json"
    path.write_text('{"entity": {"urn:x:e": {}}, "used": {"_:u": 17}}')
    done = demo.run("--store", "memory", "import", str(path), "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["sources"][0]["skipped"][0]["place"].startswith("/used")


def test_stats(demo: CommandLine) -> None:
    """Counts and the digest, with the promised keys."""
    stats = demo.json("stats")

    assert set(stats) == {"entities", "activities", "agents", "relations", "sources", "digest"}
    assert stats["activities"] == 32
    assert stats["sources"] == len(KNOWN)
    assert stats["digest"].startswith("sha256:")


def test_find(demo: CommandLine) -> None:
    """A search lists records with id, kind and name, and says how many there are."""
    found = demo.json("find", "energy.pkl")

    assert found["records"][0]["name"] == "energy.pkl"
    assert found["records"][0]["kind"] == "entity"
    assert (found["truncated"], found["found"]) == (False, len(found["records"]))


def test_find_by_attribute(demo: CommandLine) -> None:
    """Failures are found by their status."""
    found = demo.json("find", "exit_code=42")

    assert [record["name"] for record in found["records"]] == ["ctapipe-exit"]


def test_show_opens_the_file(demo: CommandLine) -> None:
    """One record has attributes, relations, and a link to the bytes on this machine."""
    shown = demo.json("show", MERGED)

    assert shown["kind"] == "entity"
    assert {r["kind"] for r in shown["relations"]} >= {"wasGeneratedBy"}
    access = shown["access"][0]
    assert access["available"]
    assert Path(access["local"]).resolve() == (DEMO / "work32" / MERGED).resolve()


def test_ancestors_and_descendants(demo: CommandLine) -> None:
    """Walks list records with their depth, and the relations between them."""
    found = demo.json("ancestors", MERGED, "--limit", "3")

    assert found["records"][0]["depth"] == 0
    assert len(found["records"]) == 3
    assert found["truncated"]
    assert found["found"] > 3
    below = demo.json("descendants", "sim/gamma_run1.simtel.gz")
    assert found["start"] in {record["id"] for record in below["records"]}
    assert {"kind", "subject", "object"} == set(below["relations"][0])


def test_path(demo: CommandLine) -> None:
    """Two records that are connected have a chain; two that are not have none."""
    assert demo.json("path", MERGED, "conf/train.yaml")["found"] > 2
    assert demo.json("path", MERGED, "conf/process.yaml")["found"] == 0


def test_a_name_of_several_records_is_refused_with_the_list(demo: CommandLine) -> None:
    """Nothing is chosen silently: exit status 2, the candidates on standard error."""
    done = demo.run("show", "ctapipe-merge")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("urn:uuid:") == 10


def test_an_unknown_name_suggests_near_ones(demo: CommandLine) -> None:
    """A typing error is answered with what is there."""
    done = demo.run("show", "energi.pkl")

    assert done.returncode == 2
    assert "energy.pkl" in done.stderr


def test_an_overwritten_path_means_its_last_version(demo: CommandLine) -> None:
    """The other versions are told on standard error, not chosen."""
    done = demo.run("show", "dl1/gamma_run1.dl1.h5", "--json")

    assert json.loads(done.stdout)["id"].startswith("urn:uuid:36f083a3")
    assert "urn:uuid:3217a743" in done.stderr


def test_cypher_answers_and_refuses(demo: CommandLine) -> None:
    """A question is answered; what is not a question is refused with the reason."""
    query = "MATCH (a:Activity) WHERE a.ctapipe_exit_code = 42 RETURN a.name AS name"
    assert demo.json("cypher", query)["rows"] == [["ctapipe-exit"]]

    refused = demo.run("cypher", "MATCH (n) DETACH DELETE n")
    assert refused.returncode == 2
    assert "DETACH changes data" in refused.stderr


def test_cypher_on_memory_says_why_not(demo: CommandLine) -> None:
    """The memory store has no Cypher and names the stores that have."""
    done = demo.run("--store", "memory", "cypher", "RETURN 1")

    assert done.returncode == 2
    assert "--store embedded" in done.stderr


@pytest.mark.parametrize(
    ("name", "syntax"),
    [("turtle", "turtle"), ("ntriples", "nt"), ("trig", "trig"), ("jsonld", "json-ld")],
)
def test_export_of_a_walk_as_rdf(demo: CommandLine, tmp_path: Path, name: str, syntax: str) -> None:
    """A walk's result is written whole under its name, and rdflib reads it."""
    target = tmp_path / "out"
    done = demo.run("export", MERGED, "--format", name, "-o", str(target))
    graph = rdflib.Dataset().parse(target, format=syntax)

    assert done.returncode == 0, done.stderr
    assert any("train.yaml" in str(term) for quad in graph for term in quad)
    assert list(tmp_path.iterdir()) == [target]


def test_export_with_the_short_form_of_every_relation(demo: CommandLine, tmp_path: Path) -> None:
    """A query without inference finds what was used only where it is asked for."""
    question = "ASK { ?a <http://www.w3.org/ns/prov#used> ?e }"
    target = tmp_path / "out.ttl"
    demo.run("export", MERGED, "--format", "turtle", "--unqualified", "-o", str(target))

    assert rdflib.Graph().parse(target, format="turtle").query(question).askAnswer
    assert demo.run("export", "--format", "prov-n", "--unqualified").returncode == 2


def test_export_to_standard_output(demo: CommandLine) -> None:
    """PROV-JSON of the whole graph comes on standard output and nothing else does."""
    document = json.loads(demo.run("export", "--format", "prov-json").stdout)

    assert len(document["activity"]) == 32


def test_export_that_cannot_be_written_says_so(demo: CommandLine, tmp_path: Path) -> None:
    """A target in a missing directory is an error that names it."""
    done = demo.run("export", "--format", "turtle", "-o", str(tmp_path / "no" / "out.ttl"))

    assert done.returncode == 2
    assert "out.ttl" in done.stderr


def test_a_mistyped_store_lists_what_there_is(demo: CommandLine) -> None:
    """An unknown store is refused before anything else."""
    done = demo.run("--store", "oracle", "stats")

    assert done.returncode == 2
    assert "bolt://HOST:PORT" in done.stderr


def test_a_name_of_two_lines_is_told_on_one(demo: CommandLine, tmp_path: Path) -> None:
    """Its second line could say of another file what is not true."""
    (tmp_path / "a\nskipped b.json: forged").write_text('{"entity":')
    done = demo.run("--store", "memory", "import", str(tmp_path))

    assert done.returncode == 1
    assert not [line for line in done.stdout.splitlines() if line.startswith("skipped b.json")]


def test_control_characters_do_not_reach_the_terminal(demo: CommandLine, tmp_path: Path) -> None:
    """What an imported file says cannot steer a terminal."""
    path = tmp_path / "evil\x1b[2J.json"
    path.write_text('{"entity": {"urn:x:e": {}}, "used": {"_:u": 17}}')
    done = demo.run("--store", "memory", "import", str(path))

    assert "\x1b" not in done.stdout + done.stderr


def test_names_that_are_no_text_can_be_reported(demo: CommandLine, tmp_path: Path) -> None:
    """A file name that is no UTF-8 is shown with a mark in its place."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.json"))
    path.write_text('{"entity": {"urn:x:e": {}}}')
    demo.environment["PYTHONIOENCODING"] = "utf-8:strict"
    done = demo.run("--store", "memory", "import", str(path))
    del demo.environment["PYTHONIOENCODING"]

    assert done.returncode == 0, done.stderr
    assert "b\N{REPLACEMENT CHARACTER}.json" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="Linux has /dev/full")
def test_a_full_disk_is_told(demo: CommandLine) -> None:
    """Standard output that takes no more is an error with a reason, and no traceback."""
    command = [sys.executable, "-c", "from lineage.cli import main; main()", "find", "", "--json"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command,
            env=demo.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "standard output" in done.stderr


def test_export_into_a_pipe_leaves_the_pipe(demo: CommandLine, tmp_path: Path) -> None:
    """What is no regular file is written into, not replaced."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        done = demo.run("export", MERGED, "--format", "prov-json", "-o", str(pipe))
        said = reader.communicate(timeout=60)[0]

    assert done.returncode == 0, done.stderr
    assert pipe.is_fifo()
    assert "entity" in json.loads(said)


@pytest.mark.parametrize("address", ["http://x", "bolt://[::1", "bolt://127.0.0.1:x", "bolt://"])
def test_an_address_of_no_server_is_refused(demo: CommandLine, address: str) -> None:
    """What cannot be a server's address is said to be none, before anything is asked of it."""
    demo.environment["LINEAGE_STORE_PASSWORD"] = "any"
    done = demo.run("--store", address, "stats")
    del demo.environment["LINEAGE_STORE_PASSWORD"]

    assert done.returncode == 2
    assert "is no address" in done.stderr


@pytest.mark.parametrize(
    "text",
    ["[web]\nhosts = [1]", "[identity]\nlocal_prefixes = [2]",
     pytest.param("store = " + "[" * 5_000, id="deep"),
     '[identity]\nlocal_prefixes = ["tmp"]', '[identity]\nlocal_prefixes = [""]',
     '[[access]]\nprefix = "/a"\ndirectory = "b\\u0000c"'],
)  # fmt: skip
def test_settings_of_the_wrong_kind_are_refused(tmp_path: Path, text: str) -> None:
    """A setting that would fail later is refused when it is read, with the file's name."""
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(LineageError, match=r"settings\.toml"):
        load_settings(path)


def test_numbers_that_json_lacks_are_text(demo: CommandLine, tmp_path: Path) -> None:
    """NaN and the infinities are written as XML Schema spells them: JSON has no such numbers."""
    value = {"$": "NaN", "type": "xsd:double"}
    path = tmp_path / "nan.json"
    path.write_text(json.dumps({"entity": {"urn:x:nan": {"urn:x:value": value}}}))
    own = CommandLine(f"embedded:{tmp_path / 'store'}")
    own.run("import", str(path))
    shown = own.json("show", "urn:x:nan")
    own.run("stop")

    assert list(shown["attributes"].values()) == ["NaN"]


def test_a_named_file_of_no_known_format_says_what_to_do(demo: CommandLine, tmp_path: Path) -> None:
    """Alone, or beside the directory that it lies in; --format then says what is wrong with it."""
    path = tmp_path / "bad.json"
    path.write_text('{"bundle": "notadict"}')
    (tmp_path / "good.json").write_text('{"prefix": {"ex": "http://x.org/"}}')
    alone, beside = demo.run("import", str(path)), demo.run("import", str(tmp_path), str(path))
    forced = demo.run("import", "--format", "prov-json", str(path))

    assert (alone.returncode, beside.returncode) == (2, 1)
    assert "--format" in alone.stdout
    assert "/bundle: it must be an object" in forced.stdout


def test_an_import_of_nothing_says_so(demo: CommandLine, tmp_path: Path) -> None:
    """An empty directory."""
    done = demo.run("import", str(tmp_path))

    assert done.returncode == 2
    assert "no file to import" in done.stdout


def test_options_that_would_be_passed_over_are_refused(demo: CommandLine) -> None:
    """A walk crosses sources, and what is no walk has no depth."""
    both = demo.run("export", MERGED, "--source", "x", "--format", "turtle")
    deep = demo.run("export", "--depth", "1", "--format", "turtle")

    assert (both.returncode, deep.returncode) == (2, 2)
    assert "--source" in both.stderr
    assert "--depth" in deep.stderr


def test_column_names_are_text(demo: CommandLine) -> None:
    """Brackets in them are no markup."""
    done = demo.run("cypher", "RETURN 1 AS `[/x]`, 2 AS `[bold]`")

    assert done.returncode == 0, done.stderr
    assert "[/x]" in done.stdout
    assert "[bold]" in done.stdout


@pytest.mark.parametrize("command", ["stop", "stats"])
def test_passwords_in_addresses_are_not_echoed(demo: CommandLine, command: str) -> None:
    """Whatever the command makes of the address."""
    for store in ("bolt://neo4j:s3cret@127.0.0.1:9", "postgres:neo4j:s3cret"):
        done = demo.run("--store", store, command)

        assert done.returncode == 2
        assert "s3cret" not in done.stdout + done.stderr


def test_the_environment_beats_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LINEAGE_STORE and a store in the file are no contradiction."""
    path = tmp_path / "settings.toml"
    path.write_text('store = "embedded"')
    monkeypatch.setenv("LINEAGE_STORE", "memory")

    assert load_settings(path).store == "memory"


def test_check_says_what_is_wrong_and_exits_1(demo: CommandLine) -> None:
    """The demonstration has an overwritten input, and notes that do not count."""
    done = demo.run("check", "--json")
    found = json.loads(done.stdout)

    assert done.returncode == 1
    assert done.stderr == ""
    assert (found["counts"]["error"], found["counts"]["overwritten-input"]) == (0, 1)
    (overwritten,) = (f for f in found["findings"] if f["kind"] == "overwritten-input")
    assert overwritten["sources"][0]["paths"][0].endswith(".provenance.log")
    assert demo.run("check", "dl2/gamma_run1.dl2.h5", "--kinds", "origin").returncode == 0
    assert "out2.txt: is not there" in demo.run("check", "--disk").stdout
