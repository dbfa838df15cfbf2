"""Plots of a data quality monitor: what they show is inferred, and said to be."""

from __future__ import annotations

import random
import re
import shutil
import struct
import tempfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.dqm import DqmImporter
from lineage import queries
from lineage import vocabulary as v
from lineage.canonical import canonical, encode_event
from lineage.command_options import relation_kinds
from lineage.errors import SourceError
from lineage.interfaces import Confidence, Problem
from lineage.records import Activity, Entity, FileEvent, Relation, Statement
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import DQM, ElementKind, RelationKind

PLOTS = Path(__file__).parent / "data" / "dqm" / "plots"
SAMPLES = sorted(PLOTS.rglob("*.png"))
BASE = "datalog_2021_04_02_22_21_14_CEST"
PNG = SAMPLES[0].read_bytes()
PAGE = (
    "<html><head><title>Module 0 data quality monitor</title><script src='x.js'></script></head>"
    "<body><h1>Module0 Data Quality Monitor</h1><h2>PacketRate</h2><div>{}</div>"
    "<h2>FIFOFlags</h2><div>1</div></body></html>"
)


def read(path: Path) -> tuple[list[Statement], list[Problem]]:
    """What the importer says of a file."""
    problems: list[Problem] = []
    return list(DqmImporter().records(path, problems.append)), problems


def confidence(path: Path) -> Confidence:
    return DqmImporter().recognises(path, path.read_bytes()[:65536])


def plot(directory: Path, base: str, kind: str, content: bytes = PNG, ext: str = ".png") -> Path:
    """A file where the monitor would write it."""
    path = directory / f"{base}_dqm" / f"{base}_{kind}{ext}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def used(statements: list[Statement]) -> dict[str, str | None]:
    """Role -> what the activity used."""
    return {
        str(one.values(v.PROV_ROLE)[0]): one.object
        for one in statements
        if isinstance(one, Relation) and one.kind is RelationKind.USAGE
    }


@pytest.fixture
def imported() -> MemoryStore:
    """The samples in a store."""
    store = MemoryStore()
    import_paths(store, [PLOTS], Settings())
    return store


def names(store: MemoryStore, reference: str, walk: object, kinds: str | None = None) -> set[str]:
    """Names of what a walk from a reference finds."""
    start = queries.resolve(store, reference).key
    found = walk(store, start, kinds=relation_kinds(kinds))  # type: ignore[operator]
    return {one.name for one in found.elements}


def test_every_sample_is_a_plot_of_its_class_and_data() -> None:
    """Class and data file are those of its name; the library that drew it is the image's word."""
    for source in SAMPLES:
        statements, problems = read(source)
        (activity,) = [one for one in statements if isinstance(one, Activity)]
        (event,) = [one for one in statements if isinstance(one, FileEvent)]
        said = re.search(rb"tEXtSoftware\0Matplotlib version([\d.]+)", source.read_bytes())
        kind = source.stem.removeprefix(BASE + "_")

        assert problems == []
        assert said is not None
        assert activity.values(v.PROV_LABEL) == activity.values(DQM + "plot_class") == (kind,)
        assert activity.values(DQM + "data_name") == (BASE + ".h5",)
        assert (event.path, event.activity) == (str(source), activity.identifier)
        assert dict(event.attributes)[v.FILE + "media_type"] == "image/png"
        assert f"urn:lineage:software:matplotlib:{said[1].decode()}" in {
            one.object for one in statements if isinstance(one, Relation)
        }


@pytest.mark.parametrize("source", SAMPLES, ids=lambda path: path.stem.rpartition("_")[2])
def test_everything_inferred_says_so(source: Path) -> None:
    """All but the library is told by names, or by the way the monitor works."""
    for one in read(source)[0]:
        if isinstance(one, FileEvent):
            said = [value for name, value in one.relation_attributes if name == v.EVIDENCE]
        elif isinstance(one, Activity | Entity | Relation):
            said = list(one.values(v.EVIDENCE))
        else:
            continue

        assert [str(value)[:9] for value in said] == (
            [] if "matplotlib" in str(one) else ["inferred:"]
        )


def test_which_plots_exist_of_a_data_file(imported: MemoryStore) -> None:
    """Asked of the data file by its name, or of all files by attribute."""
    found = names(imported, f"{BASE}.h5", queries.descendants)
    by_name = queries.find(imported, f"data_name={BASE}.h5", kinds=[ElementKind.ENTITY])
    plots = {source.name for source in SAMPLES}

    assert len(plots) == 4
    assert {one for one in found if one.endswith(".png")} == plots
    assert {one.name for one in by_name.elements} == plots


def test_which_data_file_a_plot_shows(imported: MemoryStore) -> None:
    """It stands among the ancestors, beside the hidden input and the software."""
    assert names(imported, f"{BASE}_FIFOFlags.png", queries.ancestors) == {
        f"{BASE}_FIFOFlags.png",
        "FIFOFlags",
        f"{BASE}.h5",
        "pixel geometry",
        "larpix-monitor",
        "matplotlib 3.7.5",
    }


def test_data_of_one_name_in_two_outputs_are_two(tmp_path: Path) -> None:
    """Base names repeat; within one output directory the monitor itself cannot tell them apart."""
    one, same = (plot(tmp_path / "a", "run", kind) for kind in ("A", "B"))
    other = plot(tmp_path / "b", "run", "A")
    first, second, third = (used(read(path)[0]) for path in (one, same, other))

    assert first == second
    assert not set(first.values()) & set(third.values())


@pytest.mark.parametrize(("base", "data"), [("run", "run.h5"), ("run.h", "run.hdf5")])
def test_the_monitor_cuts_three_characters_of_the_name(
    tmp_path: Path, base: str, data: str
) -> None:
    """It watches .h5 files, but takes any with --once."""
    (activity,) = [
        one for one in read(plot(tmp_path, base, "TileRate"))[0] if isinstance(one, Activity)
    ]

    assert activity.values(DQM + "data_name") == (data,)


@pytest.mark.parametrize("kind", ["PixelMap_1_2", "AnodeSimple", "MyOwnPlot", "_x", "Größe"])
def test_new_plot_classes_need_no_code(tmp_path: Path, kind: str) -> None:
    """Users add plots by writing a class."""
    source = plot(tmp_path, "a_b", kind)
    (activity,) = [one for one in read(source)[0] if isinstance(one, Activity)]

    assert confidence(source) is Confidence.SHAPE
    assert activity.values(DQM + "plot_class") == (kind,)


@pytest.mark.parametrize(
    ("ext", "content"),
    [
        (".pdf", b"%PDF-1.4\n"),
        (".svg", b'<?xml version="1.0"?>\n<svg>'),
        (".jpg", b"\xff\xd8\xff\xe0"),
        (".eps", b"%!PS-Adobe"),
        (".html", b"<!DOCTYPE html><html></html>"),
    ],
)
def test_every_kind_of_picture_is_known(tmp_path: Path, ext: str, content: bytes) -> None:
    """--ext decides; the file must begin as such files do."""
    source = plot(tmp_path, "run", "TestPlot", content, ext)
    wrong = plot(tmp_path, "run", "Other", b"something else", ext)

    assert confidence(source) is Confidence.SHAPE
    assert read(source)[1] == []
    assert confidence(wrong) is Confidence.NO
    with pytest.raises(SourceError, match="does not begin as its suffix"):
        read(wrong)


@pytest.mark.parametrize(
    "path",
    [
        "run_dqm/other_TestPlot.png",
        "run_dqm/run_.png",
        "run_dqm/run_1st.png",
        "run_dqm/run_A-B.png",
        "run_dqm/runTestPlot.png",
        "_dqm/_TestPlot.png",
        "run/run_TestPlot.png",
        "run_TestPlot.png",
    ],
)
def test_other_pictures_are_left_alone(tmp_path: Path, path: str) -> None:
    """Path and content must both fit."""
    source = tmp_path / path
    source.parent.mkdir(exist_ok=True)
    source.write_bytes(PNG)

    assert confidence(source) is Confidence.NO
    with pytest.raises(SourceError, match="lies in no directory"):
        read(source)


def test_a_plot_drawn_anew_is_the_same_plot(tmp_path: Path) -> None:
    """The monitor overwrites it every few seconds; nothing tells one drawing from the next."""
    source, store = plot(tmp_path, "run", "TestPlot"), MemoryStore()
    import_paths(store, [source], Settings())
    before = store.stats()
    shutil.copy(SAMPLES[1], source)
    import_paths(store, [source], Settings())

    assert store.stats().entities == before.entities
    assert store.stats().relations == before.relations
    assert store.stats().sources == 2


def test_the_plotly_page_names_its_plots_and_no_data(tmp_path: Path) -> None:
    """One page for all data files, wherever it lies."""
    page = tmp_path / "index.html"
    page.write_text(PAGE.format("x" * 3_000_000))
    statements, problems = read(page)
    (activity,) = [one for one in statements if isinstance(one, Activity)]

    assert confidence(page) is Confidence.SHAPE
    assert problems == []
    assert activity.values(DQM + "plot_class") == ("FIFOFlags", "PacketRate")
    assert activity.values(DQM + "data_name") == ()
    assert set(used(statements)) == {"geometry"}


def test_another_page_is_left_alone(tmp_path: Path) -> None:
    """HTML is everybody's."""
    page = tmp_path / "index.html"
    page.write_text("<html><head><title>x</title></head></html>")

    assert confidence(page) is Confidence.NO


def test_a_picture_without_end_is_told(tmp_path: Path) -> None:
    """Cut anywhere, the plot is known by its path; the place is named."""
    drawn = random.Random("cuts")
    for length in (drawn.randrange(8, len(PNG)) for _ in range(50)):
        statements, (problem,) = read(plot(tmp_path, "run", "TestPlot", PNG[:length]))

        assert problem.place == f"byte {length}"
        assert problem.records_lost == 0
        assert used(statements)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    "content",
    [
        PNG[:8] + struct.pack(">I4s", 2**32 - 1, b"tEXt"),
        PNG[:8] + chunk(b"tEXt", b"") * 50_000,
        PNG[:8] + chunk(b"tEXt", b"Software\0" + b"a" * 1_000_000) + chunk(b"IEND", b""),
        PNG[:8] + chunk(b"tEXt", b"Software\0<script>\x1b[2J version9/../..") + chunk(b"IEND", b""),
    ],
)
def test_hostile_pictures_cost_nothing(tmp_path: Path, content: bytes) -> None:
    """Lengths that lie, chunks without number, texts that are no name."""
    statements, _ = read(plot(tmp_path, "run", "TestPlot", content))

    assert used(statements)
    assert not [one for one in statements if "script" in str(one)]


@pytest.mark.parametrize("base", ["<script>", "a b", "..", "x" * 200, "a\x1b[2Jb", "é", "\udcff"])
def test_hostile_names_are_quoted(tmp_path: Path, base: str) -> None:
    """A name is a text, and a part of an identifier without what no IRI holds."""
    statements, _ = read(plot(tmp_path, base, "TestPlot"))

    for one in statements:
        if isinstance(one, Entity | Activity):
            assert re.fullmatch(r"[!-;=?-~]+", one.identifier)
            assert canonical(one).encode()


@given(st.binary(max_size=200), st.sampled_from([".png", ".html", ".pdf", ".svg", ""]))
@settings(max_examples=100, deadline=None)
def test_any_content_is_read_or_refused(data: bytes, ext: str) -> None:
    """Random bytes behind the right beginning, or without it."""
    with tempfile.TemporaryDirectory() as directory:
        for content in (data, PNG[:8] + data, PNG[:100] + data, b"<html>" + data):
            try:
                statements, _ = read(plot(Path(directory), "run", "TestPlot", content, ext))
            except SourceError:
                continue
            assert [encode_event(one) for one in statements if isinstance(one, FileEvent)]
