"""FITS headers: what they say arrives, their data are not read, and what is damaged is told."""

from __future__ import annotations

import gzip
import io
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import astropy
import pytest
from astropy.io import fits

from importers.bounded_bytes import forward
from importers.fits import FitsImporter
from importers.fits_headers import HeaderReader, data_bytes
from lineage import queries
from lineage import vocabulary as v
from lineage.access import AccessRoot
from lineage.interfaces import HEAD_BYTES, Confidence
from lineage.records import EventKind
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.fits_files import cards, headers, read, said
from tests.golden import DATA

ROOT = Path(__file__).parent.parent
WORK32 = ROOT / "demo" / "work32"
OPTICS = DATA / "fits" / "LST.optics.fits"
"""Written by ctapipe 0.32's ``Reference.to_dict(fits=True)`` and astropy in a tool of ctapipe's,
whose provenance log lies beside it."""
ASTROPY = sorted(
    path
    for path in Path(astropy.__file__).parent.rglob("*.fits*")
    # no FITS, or repaired by astropy while it reads
    if path.suffix != ".Z" and path.name not in ("idcompspec.fits", "group_invalid.fits")
)
SAMPLES = [*sorted((WORK32 / "instr").glob("*.fits.gz")), OPTICS, *ASTROPY]
PRODUCT = "345af6de-311f-4aa8-89c1-3a15e0852dc6"


def written(path: Path, *hdus: Any, **options: Any) -> Path:
    """A file that astropy writes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits.HDUList(list(hdus)).writeto(path, **options)
    return path


def primary(**keywords: Any) -> Any:
    hdu = fits.PrimaryHDU()
    for name, value in keywords.items():
        hdu.header[name.replace("_", "-")] = value
    return hdu


def test_there_is_a_corpus() -> None:
    """astropy brings its own samples along."""
    assert len(SAMPLES) > 50


@pytest.mark.parametrize("source", SAMPLES, ids=lambda path: path.name)
def test_every_hdu_and_every_keyword_is_found(source: Path) -> None:
    """As many headers, and the same values, as astropy finds when it opens the whole file."""
    found, _ = headers(source.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(source, disable_image_compression=True) as opened:
            expected = [list(_values(hdu.header)) for hdu in opened]

    assert [hdu.values for hdu in found] == expected


def _values(header: Any) -> Iterator[tuple[str, Any]]:
    for card in header.cards:
        try:
            keyword, value = card.keyword, card.value
        except fits.VerifyError:
            continue
        if keyword not in ("", "HISTORY", "COMMENT") and isinstance(
            value, str | int | float | complex
        ):
            yield keyword, value


def test_the_reference_metadata_are_those_of_the_log() -> None:
    """What ctapipe recorded of its output is what the output's header says, key by key."""
    activities = json.loads((DATA / "fits" / "export-optics.provenance.log").read_text())
    recorded = activities[0]["output"][0]["reference_meta"]
    event, problems = read(OPTICS)
    found = {
        name.removeprefix(v.CTA): value
        for name, value in event.attributes
        if name.startswith(v.CTA)
    }
    expected = {key.removeprefix("CTA ").replace(" ", "_"): text for key, text in recorded.items()}

    assert not problems
    assert found == expected
    assert event.product == recorded["CTA PRODUCT ID"] == PRODUCT
    assert event.activity == "urn:uuid:" + recorded["CTA ACTIVITY ID"]
    assert event.kind is EventKind.STATE
    assert event.path == str(OPTICS)


@pytest.mark.parametrize("order", [1, -1])
def test_a_header_joins_what_the_log_says_of_its_file(order: int) -> None:
    """One version, whichever comes first, and it is the product."""
    store = MemoryStore()
    for path in [OPTICS, DATA / "fits" / "export-optics.provenance.log"][::order]:
        roots = (AccessRoot("/srv/cta/work32/optics", DATA / "fits"),)
        assert import_paths(store, [path], Settings(roots=roots)).complete
    shown = queries.show(store, queries.resolve(store, "LST.optics.fits").key)
    kinds = [stored.relation.kind.keyword for stored in shown.relations]

    assert shown.element.identifier == "urn:uuid:" + PRODUCT
    assert kinds == ["wasGeneratedBy"]
    assert {name for name, _ in shown.element.attributes} >= {
        v.FITS + "DATASUM",
        v.CTA + "PRODUCT_ID",
    }


@pytest.mark.parametrize("order", [1, -1])
def test_the_demonstration_has_one_version_of_each_instrument_file(order: int) -> None:
    """Headers without product id join the file that the log says was written there."""
    store = MemoryStore()
    roots = (AccessRoot("/srv/cta", ROOT / "demo"),)
    logs = sorted(WORK32.rglob("*.provenance.log"))
    for path in [*logs, *sorted((WORK32 / "instr").glob("*.fits.gz"))][::order]:
        assert import_paths(store, [path], Settings(roots=roots)).complete
    found = store.find(".fits.gz", limit=20)

    assert found.found == 4
    for element in found.elements:
        relations = queries.show(store, element.key).relations
        said = dict(element.attributes)

        assert element.paths[0].startswith("/srv/cta/work32/instr/")
        assert [one.relation.kind.keyword for one in relations] == ["wasGeneratedBy"]
        assert {v.FITS + "TAB_TYPE", v.FITS + "columns", v.IDENTIFIED_BY} <= set(said)


def test_both_orders_give_one_graph() -> None:
    """The digest of the demonstration does not tell which files came first."""
    digests = set()
    for order in (1, -1):
        store = MemoryStore()
        roots = (AccessRoot("/srv/cta", ROOT / "demo"),)
        paths = [*WORK32.rglob("*.provenance.log"), *WORK32.rglob("*.fits.gz")]
        for path in sorted(paths)[::order]:
            import_paths(store, [path], Settings(roots=roots))
        digests.add(queries.digest(store))

    assert len(digests) == 1


def test_keywords_columns_checksums_and_history(tmp_path: Path) -> None:
    """They are attributes of the file, under their own names."""
    table = fits.BinTableHDU.from_columns(
        [fits.Column("TIME", "D", unit="s"), fits.Column("ID", "K")], name="EVENTS"
    )
    table.header["CREATOR"] = "maker 1.2"
    table.header["DATE-OBS"] = "2020-01-17"
    first = primary(ORIGIN="CTAO", CREATOR="other")
    for line in ("one", "two"):
        first.header.add_history(line)
    found = said(written(tmp_path / "a.fits", first, table, checksum=True))
    hdus = json.loads(found["fits:hdus"][0])

    assert found["fits:ORIGIN"] == ["CTAO"]
    assert found["fits:CREATOR"] == ["maker 1.2", "other"]
    assert found["fits:DATE-OBS"] == ["2020-01-17"]
    assert found["fits:HISTORY"] == ["one\ntwo"]
    assert found["fits:columns"] == ["EVENTS: TIME [s], ID"]
    assert len(found["fits:CHECKSUM"][0].split()) == len(found["fits:DATASUM"][0].split()) == 2
    assert [hdu["kind"] for hdu in hdus] == ["PRIMARY", "BINTABLE"]
    assert hdus[1]["keywords"] == {"CREATOR": "maker 1.2", "DATE-OBS": "2020-01-17"}
    assert (hdus[1]["name"], hdus[1]["rows"]) == ("EVENTS", 0)


def test_run_and_telescope_where_the_file_agrees_about_them(tmp_path: Path) -> None:
    """Two runs in one file are none."""
    one = fits.ImageHDU()
    one.header["OBS_ID"], one.header["TELESCOP"] = "02008", "LST-1"
    other = fits.ImageHDU()
    other.header["OBS_ID"], other.header["TELESCOP"] = 2009, "LST-1"
    single = said(written(tmp_path / "one.fits", primary(), one))
    double = said(written(tmp_path / "two.fits", primary(), one, other))

    assert (single["run"], single["telescope"]) == ([2008], ["LST-1"])
    assert (double.get("run"), double["telescope"]) == (None, ["LST-1"])


def test_a_product_may_be_named_by_an_extension(tmp_path: Path) -> None:
    """The first HDU with a product id counts; the others are kept apart."""
    image = fits.ImageHDU()
    other = "11111111-2222-4333-8444-555555555555"
    first = primary()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first.header["HIERARCH CTA CONTACT NAME"] = "nobody"
        image.header["HIERARCH CTA PRODUCT ID"] = other.upper()
    source = written(tmp_path / "a.fits", first, image)
    event, _ = read(source)
    hdus = json.loads(said(source)["fits:hdus"][0])

    assert event.product == other
    assert (v.CTA + "CONTACT_NAME", "nobody") not in event.attributes
    assert len(hdus) == 2


def test_long_values_and_odd_ones(tmp_path: Path) -> None:
    """CONTINUE, complex numbers, logical values, integers of any size, and none at all."""
    hdu = primary(LONG="x" * 300, YES=True, Z=1 + 2j, BIG=10**30, SMALL=-3, EMPTY="")
    hdu.header["NOTHING"] = None
    found = said(written(tmp_path / "a.fits", hdu))

    assert found["fits:LONG"] == ["x" * 300]
    assert (found["fits:YES"], found["fits:SMALL"]) == ([True], [-3])
    assert (found["fits:Z"], found["fits:BIG"]) == (["(1+2j)"], [str(10**30)])
    assert found["fits:EMPTY"] == [""]
    assert "fits:NOTHING" not in found


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz"])
def test_it_is_recognised_by_its_first_cards(ending: str, tmp_path: Path) -> None:
    """Whatever it is called; other gzip files are not FITS."""
    source = tmp_path / ("anything" + ending)
    written(tmp_path / ("a.fits" + ending), primary()).rename(source)
    importer = FitsImporter()

    assert importer.recognises(source, source.read_bytes()[:HEAD_BYTES]) is Confidence.CERTAIN
    assert importer.recognises(Path("x.gz"), gzip.compress(b"x" * 100)) is Confidence.NO
    assert importer.recognises(Path("x.gz"), gzip.compress(b"x" * 100)[:15]) is Confidence.NO


class Counting(io.BytesIO):
    """Bytes that count how many of them are read."""

    got = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.got += len(data)
        return data


def test_data_are_passed_over_and_not_read() -> None:
    """Of 50 MB between two headers nothing is read."""
    image = cards(
        "SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   = 2",
        "NAXIS1  = 10000", "NAXIS2  = 5000", "END",
    )  # fmt: skip
    extension = cards("XTENSION= 'IMAGE   '", "BITPIX  = 8", "NAXIS   = 0", "A = 1", "END")
    padding = -50_000_000 % 2880
    file = Counting(image + bytes(50_000_000 + padding) + extension)
    found = list(HeaderReader(forward(file), pytest.fail))

    assert len(found) == 2
    assert file.got < 10_000


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        (["BITPIX = -32", "NAXIS = 2", "NAXIS1 = 3", "NAXIS2 = 5", "PCOUNT = 4"], 4 * 19),
        (["BITPIX = 16", "NAXIS = 0"], 0),
        (["BITPIX = 8", "NAXIS = 2", "NAXIS1 = 0", "NAXIS2 = 5", "GROUPS = T", "GCOUNT = 2"], 10),
        (["BITPIX = 8", "NAXIS = 1", "NAXIS1 = " + "9" * 60], int("9" * 60)),
        (["BITPIX = 8", "NAXIS = 2", "NAXIS1 = 3"], None),
        (["BITPIX = 8", "NAXIS = 1", "NAXIS1 = -3"], None),
        (["BITPIX = 7", "NAXIS = 0"], None),
        (["BITPIX = 8", "NAXIS = 99999999"], None),
        (["BITPIX = 8", "NAXIS = 'x'"], None),
        ([], None),
    ],
)
def test_the_size_of_data(lines: list[str], size: int | None) -> None:
    """As the standard's equations have it; what cannot be is not guessed."""
    wide = [f"{name:8}={value}" for name, value in (line.split("=") for line in lines)]
    (hdu, *_), _ = headers(cards("SIMPLE  =                    T", *wide, "END"))

    assert data_bytes(hdu) == size


def test_nothing_but_a_state_is_said() -> None:
    """Headers name no inputs: no relation is made up from SOURCE or HISTORY."""
    event, _ = read(OPTICS)

    assert (event.kind, event.role, event.relation_attributes) == (EventKind.STATE, None, ())
