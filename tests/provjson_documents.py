"""What the tests of the PROV-JSON importer share: samples, reading, counting."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import prov
import pytest

from importers.provjson import ProvJsonImporter
from lineage.interfaces import Problem
from lineage.records import (
    Bundle,
    Namespace,
    Statement,
)

DATA = Path(__file__).parent / "data" / "prov-json"
SAMPLES = sorted(DATA.glob("*/*.json"))
MALFORMED = sorted((Path(prov.__file__).parent / "tests" / "malformed").glob("*.json"))
EX = "http://example.org/"
PREFIX = {"prefix": {"ex": EX}}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Where a test writes its document."""
    return tmp_path / "document.json"


def read(path: Path) -> tuple[list[Statement], list[Problem]]:
    problems: list[Problem] = []
    return list(ProvJsonImporter().records(path, problems.append)), problems


def written(path: Path, content: Any) -> tuple[list[Statement], list[Problem]]:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read(path)


def records_of(statements: list[Statement]) -> list[Statement]:
    return [one for one in statements if not isinstance(one, Namespace)]


def counted(container: dict[str, Any]) -> Counter[str]:
    """Records by keyword, counted in the parsed JSON."""
    counts: Counter[str] = Counter()
    for keyword, section in container.items():
        if keyword == "prefix":
            continue
        for content in section.values():
            if keyword == "bundle":
                counts += Counter(bundle=1) + counted(content)
                continue
            for record in content if isinstance(content, list) else [content]:
                member = record.get("prov:entity")
                many = keyword == "hadMember" and isinstance(member, list)
                counts[keyword] += len(member) if many else 1
    return counts


def keyword_of(record: Statement) -> str:
    return "bundle" if isinstance(record, Bundle) else record.kind.keyword  # type: ignore[union-attr,return-value]
