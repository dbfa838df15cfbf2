"""What every importer promises, over every sample that lies in ``tests/data/<importer>/``.

A new importer needs no line here: it puts its samples into the directory of its name, and their
golden records beside them (``python -m tests.golden`` writes them; read them before you commit
them). ``elsewhere.txt`` in such a directory names files that another importer reads, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.interfaces import Confidence, Importer, Problem
from lineage.registry import importers, recognise
from tests.golden import DATA, Sample, golden_lines, golden_path, is_large, samples

SAMPLES = samples()
OWN = [sample for sample in SAMPLES if sample.importer is not None]


def ids(sample: Sample) -> str:
    return str(sample.path.relative_to(DATA))


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_a_sample_is_recognised_as_what_it_is(sample: Sample) -> None:
    """The surest importer is the sample's own, whatever others are installed."""
    found = recognise(sample.path)

    assert (found.name if found else None) == sample.importer


@pytest.mark.parametrize("sample", OWN, ids=ids)
def test_golden_records(sample: Sample) -> None:
    """The samples give the records that were once checked by hand."""
    assert golden_lines(sample) == golden_path(sample.path).read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", sorted(importers()))
def test_an_importer_describes_itself(name: str) -> None:
    """It has what the command line shows, and samples."""
    importer = importers()[name]

    assert importer.name == name
    assert importer.description
    assert importer.url.startswith("https://")
    assert importer.version
    assert any(sample.importer == name for sample in OWN)


@pytest.mark.parametrize("name", sorted(importers()))
@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\0",
        b"{}",
        b"[]",
        b"{",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.4",
        b"#!/bin/sh\n",
        b"a,b\n1,2\n",
    ],
)
def test_nobody_claims_what_is_nobodys(name: str, head: bytes, tmp_path: Path) -> None:
    """No importer is certain of a file that could be anything."""
    source = tmp_path / "anything"
    source.write_bytes(head)

    assert importers()[name].recognises(source, head) < Confidence.CERTAIN


@pytest.mark.parametrize("sample", OWN, ids=ids)
def test_importing_writes_nothing(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source and its directory are as before; nothing is left where the importer ran."""
    before = _seen(sample.path.parent)
    monkeypatch.chdir(tmp_path)
    golden_lines(sample)

    assert _seen(sample.path.parent) == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sample", OWN, ids=ids)
def test_reading_again_says_the_same(sample: Sample) -> None:
    """Records are a function of the source."""
    assert golden_lines(sample) == golden_lines(sample)


@pytest.mark.parametrize("sample", [one for one in OWN if is_large(one)], ids=ids)
def test_reading_is_lazy(sample: Sample) -> None:
    """Records come one by one, and whoever stops after the first needs no more."""
    records = _importer(sample).records(sample.path, _ignore)

    assert isinstance(records, Iterator)
    assert next(records, None) is not None


def _importer(sample: Sample) -> Importer:
    assert sample.importer is not None
    return importers()[sample.importer]


def _ignore(problem: Problem) -> None:
    assert problem.message


def _seen(directory: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in directory.iterdir():
        status = path.stat()
        found[path.name] = (status.st_size, status.st_mtime_ns)
    return found
