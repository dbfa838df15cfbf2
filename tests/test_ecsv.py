"""ECSV headers: metadata, columns and units arrive, the table is not read, damage is told."""

from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path
from typing import Any

import astropy
import pytest
from astropy.table import Column, Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers import ecsv
from importers.ecsv import EcsvImporter
from lineage import queries
from lineage import vocabulary as v
from lineage.access import AccessRoot
from lineage.errors import SourceError
from lineage.interfaces import Confidence, Problem
from lineage.records import EventKind, FileEvent
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.golden import DATA

OPTICS = DATA / "ecsv" / "LST.optics.ecsv"
"""Of the same run of a tool of ctapipe's as tests/data/fits/LST.optics.fits."""
SAMPLES = [
    *sorted((DATA / "ecsv").glob("*.ecsv")),
    *sorted(Path(astropy.__file__).parent.rglob("*.ecsv")),
]
HEAD = "# %ECSV 1.0\n# ---\n"
COLUMNS = "# datatype:\n# - {name: a, unit: m, datatype: int64}\n"
BODY = "a\n1\n"


def read(source: Path) -> tuple[FileEvent, list[Problem]]:
    """The state that the importer yields, and its problems."""
    problems: list[Problem] = []
    (event,) = EcsvImporter().records(source, problems.append)
    assert isinstance(event, FileEvent)
    return event, problems


def of_text(tmp_path: Path, text: str) -> tuple[dict[str, Any], list[Problem]]:
    """Attribute -> value of a table with this text."""
    source = tmp_path / "a.ecsv"
    source.write_text(text, "utf-8")
    event, problems = read(source)
    return {name.removeprefix(v.LINEAGE): value for name, value in event.attributes}, problems


@pytest.mark.parametrize("source", SAMPLES, ids=lambda path: path.name)
def test_metadata_columns_and_units_are_those_that_astropy_reads(source: Path) -> None:
    """Plain values natively, mappings as JSON."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = Table.read(source, format="ascii.ecsv")
    event, problems = read(source)
    said = {name: value for name, value in event.attributes if name.startswith(v.FITS)}
    plain = {
        v.FITS + key: value
        for key, value in table.meta.items()
        if isinstance(value, str | int | float) and not key.startswith("CTA ")
    }
    named = said[v.FITS + "columns"].split(", ")

    assert not problems
    assert plain.items() <= said.items()
    assert {key.partition(":")[0] for key in said} == {"urn"}
    for column in table.columns.values():
        # what astropy puts together out of several columns has another name there
        if type(column) is Column:
            unit = f" [{column.unit}]" if column.unit is not None else ""
            assert f"{column.name}{unit}" in named


def test_the_reference_metadata_are_those_of_the_log() -> None:
    """What ctapipe recorded of its output is what the output's header says, key by key."""
    activities = json.loads((DATA / "fits" / "export-optics.provenance.log").read_text())
    recorded = activities[0]["output"][1]["reference_meta"]
    event, _ = read(OPTICS)
    found = {
        name.removeprefix(v.CTA): value
        for name, value in event.attributes
        if name.startswith(v.CTA)
    }

    assert found == {
        key.removeprefix("CTA ").replace(" ", "_"): text for key, text in recorded.items()
    }
    assert event.product == recorded["CTA PRODUCT ID"]
    assert (event.kind, event.path) == (EventKind.STATE, str(OPTICS))


@pytest.mark.parametrize("order", [1, -1])
def test_a_header_joins_what_the_log_says_of_its_file(order: int) -> None:
    """One version, whichever comes first, and it is the product."""
    store = MemoryStore()
    for path in [OPTICS, DATA / "fits" / "export-optics.provenance.log"][::order]:
        roots = (AccessRoot("/srv/cta/work32/optics", DATA / "ecsv"),)
        assert import_paths(store, [path], Settings(roots=roots)).complete
    element = queries.resolve(store, "LST.optics.ecsv")
    (relation,) = queries.show(store, element.key).relations

    assert element.identifier == "urn:uuid:3f07e2b9-1e70-4ffd-8356-6e27ac90bd94"
    assert relation.relation.kind.keyword == "wasGeneratedBy"
    assert dict(element.attributes)[v.FITS + "TAB_TYPE"] == "optics"


def test_nested_metadata_are_json(tmp_path: Path) -> None:
    """Tags count for nothing; how columns are put together is no statement about the file."""
    text = HEAD + COLUMNS + (
        "# meta: !!omap\n# - {keywords: {x: {value: 1.5}}}\n# - {comments: [one, two]}\n"
        "# - t0: !astropy.units.Quantity\n#     unit: !astropy.units.Unit {unit: Gyr}\n"
        "#     value: 13.8\n# - {none: null}\n# - __serialized_columns__: {a: {b: c}}\n"
    )  # fmt: skip
    said, problems = of_text(tmp_path, text + BODY)

    assert not problems
    assert json.loads(said["fits:keywords"]) == {"x": {"value": 1.5}}
    assert json.loads(said["fits:comments"]) == ["one", "two"]
    assert json.loads(said["fits:t0"]) == {"unit": {"unit": "Gyr"}, "value": 13.8}
    assert set(said) == {
        "fits:keywords", "fits:comments", "fits:t0", "fits:columns", "fits:format",
    }  # fmt: skip


def test_run_and_telescope(tmp_path: Path) -> None:
    """They are observation keys, as in FITS."""
    said, _ = of_text(tmp_path, HEAD + COLUMNS + "# meta: {OBS_ID: 2008, TELESCOP: LST-1}\n" + BODY)

    assert (said["run"], said["telescope"]) == (2008, "LST-1")


def test_the_table_is_not_read(tmp_path: Path) -> None:
    """Of a hundred megabytes behind the header a piece is looked at, also if it is one line."""
    source = tmp_path / "a.ecsv"
    for body in (b"1 " * 50_000_000, b"1\n" * 50_000_000):
        source.write_bytes((HEAD + COLUMNS).encode() + b"a\n" + body)
        event, problems = read(source)

        assert (v.FITS + "columns", "a [m]") in event.attributes
        assert not problems


def test_compressed_tables_are_read(tmp_path: Path) -> None:
    """As astropy reads them."""
    source = tmp_path / "a.ecsv.gz"
    source.write_bytes(gzip.compress(OPTICS.read_bytes()))
    event, problems = read(source)

    assert EcsvImporter().recognises(source, source.read_bytes()) is Confidence.CERTAIN
    assert event.attributes == read(OPTICS)[0].attributes
    assert not problems


def test_it_is_recognised_by_its_first_line() -> None:
    """Not by a hash sign, nor by what stands later."""
    importer = EcsvImporter()

    assert importer.recognises(Path("a.txt"), b"# %ECSV 0.9\n# ---\n") is Confidence.CERTAIN
    assert importer.recognises(Path("a.txt"), b"# a\n# %ECSV 1.0\n") is Confidence.NO
    assert importer.recognises(Path("a.ecsv"), b"a b\n1 2\n") is Confidence.SUFFIX


BOMB = "meta:\n  a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"  {name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("header", "place", "what"),
    [
        (BOMB, "11", "stands for more than"),
        ("meta: {a: &x [1], b: *y}\n", "5", "*y stands for nothing"),
        ("meta: {a: 'x\n", "6", "cannot be read further"),
        ("meta: " + "[" * 100_000 + "\n", "5", "cannot be read further"),
    ],
)
def test_a_bad_header_is_told_and_what_is_whole_is_kept(
    header: str, place: str, what: str, tmp_path: Path
) -> None:
    """Alias bombs, loops, depth and damage; with their line."""
    commented = "".join(f"# {line}\n" for line in header.splitlines())
    said, (problem, *_) = of_text(tmp_path, HEAD + COLUMNS + commented + BODY)

    assert said["fits:columns"] == "a [m]"
    assert what in problem.message
    assert abs(int(problem.place) - int(place)) <= 1


def test_no_code_of_a_header_runs(tmp_path: Path) -> None:
    """Python's tags are text, and that they are there is told as no loss."""
    canary = tmp_path / "canary"
    said, problems = of_text(
        tmp_path,
        f"{HEAD}{COLUMNS}# meta: {{a: !!python/object/apply:os.mkdir ['{canary}']}}\n{BODY}",
    )

    assert json.loads(said["fits:a"]) == [str(canary)]
    assert not canary.exists()
    assert [(one.message, one.is_note) for one in problems] == [
        (
            "!!python/object/apply:os.mkdir is not followed; what it stands at is kept as it is "
            "written.",
            True,
        )
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (HEAD + COLUMNS, "no line with the names of the columns follows"),
        (HEAD + "# meta: {a: 1}\n" + BODY, "names no columns"),
        (HEAD + COLUMNS + "# meta: {a: 1, a: 2}\n" + BODY, "'a' is there twice"),
    ],
)
def test_odd_headers_are_told(text: str, what: str, tmp_path: Path) -> None:
    """What is there is kept."""
    said, problems = of_text(tmp_path, text)

    assert said["fits:format"] == "ECSV 1.0"
    assert what in problems[0].message


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """With their line; the rest of the value is kept."""
    source = tmp_path / "a.ecsv"
    source.write_bytes((HEAD + COLUMNS).encode() + b"# meta: {a: 'b\xff'}\n" + BODY.encode())
    event, (problem,) = read(source)

    assert (v.FITS + "a", "b\ufffd") in event.attributes
    assert problem.place == "5"


def test_long_headers_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that are compressed."""
    monkeypatch.setattr(ecsv, "MOST_HEADER_BYTES", 50_000)
    text = HEAD + COLUMNS + "# meta:\n" + "#   k: 1\n" * 20_000
    for name, content in (("a.ecsv", text.encode()), ("a.ecsv.gz", gzip.compress(text.encode()))):
        source = tmp_path / name
        source.write_bytes(content)
        event, problems = read(source)

        assert (v.FITS + "columns", "a [m]") in event.attributes
        assert "it is longer than" in problems[0].message


@pytest.mark.parametrize(
    "content", ["", "a b\n1 2\n", HEAD, HEAD + BODY, "# %ECSV 1.0\n# [1]\na\n"]
)
def test_what_says_nothing_is_refused(content: str, tmp_path: Path) -> None:
    """With the line that should say something."""
    source = tmp_path / "a.ecsv"
    source.write_text(content)
    with pytest.raises(SourceError, match=r"a\.ecsv:[12]: "):
        read(source)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [b"- {name: a}", b"datatype:", b"meta: !!omap", b"- {a: 1}", b"a: &b *b"]
        ),
        max_size=20,
    )
)
def test_headers_of_any_kind_are_read_or_refused(lines: list[bytes], tmp_path: Path) -> None:
    """Random lines after the first: a state, problems or a refusal."""
    source = tmp_path / "a.ecsv"
    source.write_bytes(HEAD.encode() + b"".join(b"# " + line + b"\n" for line in lines) + b"a\n")
    problems: list[Problem] = []
    refusal = None
    try:
        for statement in EcsvImporter().records(source, problems.append):
            assert isinstance(statement, FileEvent)
    except SourceError as error:
        refusal = error

    assert refusal is None or refusal.place
    assert all(problem.place and problem.message for problem in problems)
