"""The samples in ``tests/data`` and their golden records.

``python -m tests.golden [IMPORTER ...]`` writes the golden records anew. Long values are cut there,
with the digest of the whole, so that a person can read them and nothing can change unseen.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lineage.canonical import canonical, digest, encode_event
from lineage.errors import SourceError
from lineage.interfaces import Problem
from lineage.records import FileEvent, Namespace
from lineage.registry import importers

DATA = Path(__file__).parent / "data"
ENDING = ".golden.jsonl"
_MOST = 160
_NO_SAMPLES = frozenset({"cypher"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One real input, and the importer that must know it."""

    path: Path
    importer: str | None


def samples() -> list[Sample]:
    """Every sample: ``tests/data/<importer>/**``."""
    found = []
    for directory in sorted(DATA.iterdir()):
        if not directory.is_dir() or directory.name in _NO_SAMPLES:
            continue
        elsewhere = _elsewhere(directory)
        for path in sorted(directory.rglob("*")):
            name = str(path.relative_to(directory))
            if path.is_file() and not name.endswith(ENDING) and name != "elsewhere.txt":
                found.append(Sample(path, elsewhere.get(name, directory.name)))
    return found


def _elsewhere(directory: Path) -> dict[str, str | None]:
    """``elsewhere.txt``: ``path: importer`` or ``path: -`` for files that nobody reads."""
    path = directory / "elsewhere.txt"
    if not path.exists():
        return {}
    pairs = (line.rsplit(": ", 1) for line in path.read_text("utf-8").splitlines() if line)
    return {name: None if importer == "-" else importer for name, importer in pairs}


def golden_path(source: Path) -> Path:
    """Where the golden records of a sample lie."""
    return source.with_name(source.name + ENDING)


def is_large(sample: Sample) -> bool:
    """It has more than one record."""
    return golden_path(sample.path).read_bytes().count(b"\n") > 1


def golden_lines(sample: Sample) -> list[str]:
    """What the importer says of a sample, one line a statement, and its problems at the end."""
    assert sample.importer is not None
    problems: list[Problem] = []
    said: list[Any] = []
    try:
        for one in importers()[sample.importer].records(sample.path, problems.append):
            said.append(_fields(one))  # noqa: PERF401 what was read before an error counts
    except SourceError as error:
        said.append(["refused", error.place, error.problem])
    said += [["problem", one.place, one.message, one.records_lost] for one in problems]
    return [json.dumps(_short(one), ensure_ascii=False) for one in said]


def _fields(statement: Any) -> Any:
    if isinstance(statement, Namespace):
        return ["prefix", statement.prefix, statement.iri]
    encode = encode_event if isinstance(statement, FileEvent) else canonical
    return json.loads(encode(statement))


def _short(value: Any) -> Any:
    """Texts cut, and local paths as they are in every checkout."""
    if isinstance(value, str):
        value = value.replace(str(DATA), "DATA").replace(quote(str(DATA)), "DATA")
        if len(value) > _MOST:
            return f"{value[:_MOST]}... {len(value)} characters, {digest(value)}"
    if isinstance(value, list):
        return [_short(one) for one in value]
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return value


def main(names: list[str]) -> None:
    """Writes golden records; of the importers named, or of all."""
    for sample in samples():
        if sample.importer is not None and (not names or sample.importer in names):
            lines = golden_lines(sample)
            golden_path(sample.path).write_text("".join(f"{line}\n" for line in lines), "utf-8")
            print(golden_path(sample.path))


if __name__ == "__main__":
    main(sys.argv[1:])
