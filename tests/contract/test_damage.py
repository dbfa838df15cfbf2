"""What every importer makes of damaged sources: an error that names the place, and nothing else.

Each sample is cut at many places, and bytes of it are changed. The places are drawn with a fixed
seed, so that a failure can be repeated.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage.errors import SourceError
from lineage.interfaces import HEAD_BYTES, Importer, Problem, parts_of
from lineage.registry import importers
from tests.golden import DATA, Sample, samples

CUTS = 50
OWN = [sample for sample in samples() if sample.importer is not None]
SMALL = [sample for sample in OWN if sample.path.stat().st_size <= 64_000]


def ids(sample: Sample) -> str:
    return str(sample.path.relative_to(DATA))


def importer_of(sample: Sample) -> Importer:
    assert sample.importer is not None
    return importers()[sample.importer]


class Scratch:
    """A copy of a sample, and of what belongs to it, that can be damaged."""

    def __init__(self, sample: Sample, directory: Path) -> None:
        # names count for some formats: up to three directories above the file are kept
        inside = sample.path.relative_to(DATA / sample.path.relative_to(DATA).parts[0])
        self.path = directory.joinpath(*inside.parts[-4:])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.whole = sample.path.read_bytes()
        self._importer = importer_of(sample)
        for part in parts_of(self._importer, sample.path):
            if part.parent == sample.path.parent:
                shutil.copy(part, self.path.parent / part.name)

    def read(self, content: bytes) -> tuple[int, list[str], SourceError | None]:
        """Statements read, the places of problems, and the error that ended it."""
        self.path.write_bytes(content)
        problems: list[Problem] = []
        count, refusal = 0, None
        self._importer.recognises(self.path, content[:HEAD_BYTES])
        try:
            for _ in self._importer.records(self.path, problems.append):
                count += 1
        except SourceError as error:
            refusal = error
        assert all(problem.message for problem in problems)
        return count, [problem.place for problem in problems], refusal


@pytest.fixture
def scratch(request: pytest.FixtureRequest, tmp_path: Path) -> Scratch:
    """The copy of the sample that the test is about."""
    return Scratch(request.getfixturevalue("sample"), tmp_path)


@pytest.mark.parametrize("sample", OWN, ids=ids)
def test_a_sample_cut_anywhere_is_read_or_told(sample: Sample, scratch: Scratch) -> None:
    """No cut makes an importer stumble; where less is read, a place or a refusal says so."""
    places = random.Random(str(ids(sample)))
    whole, _, _ = scratch.read(scratch.whole)
    for _ in range(CUTS):
        length = places.randrange(len(scratch.whole) + 1)
        count, problems, refusal = scratch.read(scratch.whole[:length])

        assert count >= whole or problems or refusal is not None or not _lost(scratch, length)
        assert all(place for place in problems) or refusal is not None


def _lost(scratch: Scratch, length: int) -> bool:
    """The cut took away more than the end of a text: what follows a whole line is not missed."""
    return b"\n" not in scratch.whole[max(length - 1, 0) : length + 1] and bool(
        scratch.whole[length:].strip()
    )


@pytest.mark.parametrize("sample", OWN, ids=ids)
def test_changed_bytes_make_no_importer_stumble(sample: Sample, scratch: Scratch) -> None:
    """Whatever a disk or a person did to a file: records, problems or a refusal."""
    changes = random.Random("change " + ids(sample))
    for _ in range(CUTS // 2):
        content = bytearray(scratch.whole)
        for _ in range(changes.choice([1, 1, 2, 8, 64])):
            if content:
                content[changes.randrange(len(content))] = changes.randrange(256)
        scratch.read(bytes(content))


@pytest.mark.parametrize("name", sorted(importers()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_random_bytes_make_no_importer_stumble(
    name: str, data: st.DataObject, tmp_path: Path
) -> None:
    """Pieces of its samples between random bytes are read, told or refused."""
    mine = [sample for sample in SMALL if sample.importer == name]
    if not mine:
        pytest.skip(f"{name} has no small sample")
    sample = data.draw(st.sampled_from(mine))
    scratch = Scratch(sample, tmp_path)
    size = len(scratch.whole)
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    middle = data.draw(st.binary(max_size=64))
    scratch.read(scratch.whole[:start] + middle + scratch.whole[stop:])
