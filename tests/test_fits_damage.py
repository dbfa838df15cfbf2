"""FITS files that are damaged, endless or bombs: what is whole is kept, and the place is told."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers import bounded_bytes, compressions, fits_headers
from importers.bounded_bytes import forward
from lineage import vocabulary as v
from lineage.errors import SourceError
from lineage.records import EventKind
from tests.fits_files import MINIMAL, cards, headers, read, said


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        (cards(*MINIMAL)[:200], "byte 200", "has no end: the file is cut off"),
        (cards(*MINIMAL, "END") + b"garbage" * 500, "byte 2880", "no other begins"),
        (cards(*MINIMAL[:2], "NAXIS   = 1", "END"), "byte 0", "does not tell the size"),
        (
            cards(*MINIMAL[:2], "NAXIS   = 1", "NAXIS1  = 99999999999999", "END") + b"x" * 10,
            "byte 2890",
            "10 of 99999999999999 bytes are there",
        ),
        (
            cards(
                *MINIMAL[:2],
                "NAXIS   = 999",
                *(f"NAXIS{number:<3}= 1000000000" for number in range(1, 1000)),
                "END",
            ),
            "byte 80640",
            "0 of more than 2^63 bytes are there",
        ),
        (cards(*MINIMAL, "KEY     = 'x", "END"), "byte 240", "cannot be read"),
    ],
)
def test_what_is_damaged_is_told_with_its_place(content: bytes, place: str, what: str) -> None:
    """What was read before it is kept."""
    found, problems = headers(content)

    assert len(found) == 1
    assert found[0].get("SIMPLE") is True
    assert problems[0].place == place
    assert what in problems[0].message


def test_padding_is_no_damage() -> None:
    """Blocks of zeros or blanks after the last HDU mean nothing."""
    for byte in (b"\0", b" "):
        _, problems = headers(cards(*MINIMAL, "END") + byte * 28800)

        assert not problems


def test_signs_that_fits_does_not_know_are_replaced() -> None:
    """Latin and UTF-8 letters in values cost a letter and no keyword."""
    (hdu,), problems = headers(cards(*MINIMAL, "NAME    = 'Grüße'", "END"))

    assert hdu.get("NAME") == "Gr??e"
    assert not problems


def test_a_file_without_header_is_refused(tmp_path: Path) -> None:
    """The message names the beginning of the file."""
    source = tmp_path / "a.fits"
    for content in (b"", b"SIMPLE", b"x" * 5000, b"\x1f\x8b\x08" + b"\0" * 50):
        source.write_bytes(content)
        with pytest.raises(SourceError, match=r"a\.fits:byte 0: holds no FITS header"):
            read(source)


def test_headers_without_end_are_read_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of cards is capped, in one header and in all."""
    monkeypatch.setattr(fits_headers, "MOST_CARDS", 360)
    endless = cards(*MINIMAL, "A       = 1") + cards(*["COMMENT x"] * 36) * 100
    (hdu,), (problem,) = headers(endless)

    assert hdu.get("A") == 1
    assert "has no end in 360 cards" in problem.message
    assert problem.place == "byte 28800"


def test_the_number_of_hdus_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told where reading stopped."""
    monkeypatch.setattr(fits_headers, "MOST_HDUS", 10)
    extension = cards("XTENSION= 'IMAGE   '", "BITPIX  = 8", "NAXIS   = 0", "END")
    found, (problem,) = headers(cards(*MINIMAL, "END") + extension * 10)

    assert len(found) == 10
    assert "more than 10 HDUs" in problem.message


def test_problems_are_told_so_often_and_no_more() -> None:
    """A header of nothing but damage does not fill the report."""
    _, problems = headers(cards(*MINIMAL, *["KEY     = 'x"] * 5000, "END"))

    assert len(problems) == 50
    assert "not told" in problems[-1].message


def test_keywords_are_capped_and_it_is_told(tmp_path: Path) -> None:
    """A thousand attributes are enough for a file."""
    source = tmp_path / "a.fits"
    source.write_bytes(
        cards(*MINIMAL, *[f"K{number:<7}= {number}" for number in range(1500)], "END")
    )
    event, problems = read(source)

    assert len(event.attributes) < 1010
    assert "more than 1,000 keywords" in problems[0].message


OPENED: dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
COMPRESSED = pytest.mark.parametrize("ending", OPENED)


def compressed(path: Path, *pieces: bytes) -> Path:
    """A file, compressed as its name ends."""
    with OPENED[path.suffix[1:]](path, "wb") as stream:
        for piece in pieces:
            stream.write(piece)
    return path


def packed(ending: str, content: bytes) -> bytes:
    """Bytes, compressed in one piece."""
    stream = io.BytesIO()
    with OPENED[ending](stream, "wb") as opened:
        opened.write(content)
    return stream.getvalue()


def image(size: int) -> bytes:
    return cards(*MINIMAL[:2], "NAXIS   = 1", f"NAXIS1  = {size}", "ORIGIN  = 'here'", "END")


@COMPRESSED
def test_a_bomb_is_read_as_far_as_the_ratio_allows(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The header before the zeros is kept, and it is told that the rest was not read."""
    monkeypatch.setattr(bounded_bytes, "FREE_BYTES", 1 << 20)
    source = compressed(tmp_path / f"a.fits.{ending}", image(20 << 20), *[bytes(1 << 20)] * 20)
    event, (problem,) = read(source)

    assert (v.FITS + "ORIGIN", "here") in event.attributes
    assert "as a bomb is" in problem.message
    assert 1 << 20 <= int(problem.place.removeprefix("byte ")) < 20 << 20


@COMPRESSED
def test_decompression_is_capped(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of what is no bomb."""
    noise = random.Random(1).randbytes(3 << 20)
    capped = [one._replace(most_bytes=1 << 20) for one in compressions.COMPRESSIONS]
    monkeypatch.setattr(compressions, "COMPRESSIONS", capped)
    event, (problem,) = read(compressed(tmp_path / f"a.fits.{ending}", image(len(noise)), noise))

    assert (v.FITS + "ORIGIN", "here") in event.attributes
    assert "only 1 MiB are decompressed" in problem.message


def test_xz_that_asks_for_memory_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file says how much its decompression takes; one of 1.5 GB of dictionary is not begun."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    content = lzma.compress(image(0), lzma.FORMAT_XZ, filters=filters)
    source = tmp_path / "a.fits.xz"
    # the size of the dictionary is one byte of the block's header, which ends in its checksum
    header = bytearray(content[12:24])
    assert header[2:4] == b"\x21\x01"
    header[4] = 38
    header[8:12] = zlib.crc32(header[:8]).to_bytes(4, "little")
    source.write_bytes(content[:12] + bytes(header) + content[24:])

    with pytest.raises(SourceError, match="Memory usage limit"):
        read(source)


@COMPRESSED
def test_a_file_of_several_pieces_is_one(ending: str, tmp_path: Path) -> None:
    """Blocked and concatenated files are read through; a million empty pieces are not."""
    content = image(10_000).ljust(2880 * 5, b"x") + cards("XTENSION= 'IMAGE   '", "BITPIX  = 8",
                                                          "NAXIS   = 0", "END")  # fmt: skip
    source = tmp_path / f"a.fits.{ending}"
    source.write_bytes(
        b"".join(packed(ending, content[at : at + 999]) for at in range(0, 20_000, 999))
    )
    _, problems = read(source)
    hdus = json.loads(said(source)["fits:hdus"][0])
    source.write_bytes(packed(ending, b"") * 100_000)

    assert not problems
    assert len(hdus) == 2
    with pytest.raises(SourceError, match="compressed pieces"):
        read(source)


@COMPRESSED
def test_damaged_compression_keeps_what_came_before(ending: str, tmp_path: Path) -> None:
    """The place is that of the decompressed file."""
    noise = random.Random(2).randbytes(3_000_000)
    whole = packed(ending, image(len(noise)) + noise)
    source = tmp_path / f"a.fits.{ending}"
    for content, what in (
        (whole[:2_000_000], "is cut off"),
        (whole[:2_000_000] + bytes(999_000), "is damaged"),
    ):
        source.write_bytes(content)
        event, (problem,) = read(source)

        assert (v.FITS + "ORIGIN", "here") in event.attributes
        assert what in problem.message
        assert problem.place.startswith("byte ")


@given(
    ending=st.sampled_from(sorted(OPENED)),
    pieces=st.lists(st.binary(max_size=300), max_size=8),
    sizes=st.data(),
)
def test_compressed_bytes_are_the_bytes(
    ending: str, pieces: list[bytes], sizes: st.DataObject
) -> None:
    """However they are read and passed over."""
    whole = b"".join(pieces)
    stream = forward(io.BytesIO(b"".join(packed(ending, piece) for piece in pieces or [b""])))
    at = 0
    while at < len(whole):
        size = sizes.draw(st.integers(1, 200))
        if sizes.draw(st.booleans()):
            assert stream.skip(size) == min(size, len(whole) - at)
        else:
            assert stream.read(size) == whole[at : at + size]
        at += size

    assert stream.read(10) == b""
    assert not stream.stopped


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.text("KEY =/'()&+-.0123456789DETFHISTORYCONTINUE", max_size=80).map(str.encode),
            st.sampled_from(
                [b"CONTINUE  'x&'", b"HIERARCH a b = 'c'", b"END", b"=", b"CHECKSUM= 1"]
            ),
        ),
        max_size=60,
    )
)
def test_cards_of_any_kind_are_read_or_told(lines: list[bytes], tmp_path: Path) -> None:
    """Random cards after the first two: a state, problems or a refusal."""
    content = b"".join(
        line.ljust(80) for line in (MINIMAL[0].encode(), MINIMAL[1].encode(), *lines)
    )
    source = tmp_path / "a.fits"
    source.write_bytes(content)
    event, problems = read(source)

    assert event.kind is EventKind.STATE
    assert all(problem.place.startswith("byte ") for problem in problems)
