"""docs/check.md names the kinds of findings that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lineage.check_findings import (
    EVERY_KIND,
    KIND_BY_WORD,
    FindingKind,
)

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("kind", FindingKind)
def test_every_kind_is_documented(kind: FindingKind) -> None:
    """docs/check.md has one table with all kinds, as `lineage.check_findings` has them."""
    text = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")

    assert f"| `{kind.word}` | {kind.severity.value} | {kind.sentence} |" in text
    assert KIND_BY_WORD[kind.word] is kind


def test_the_table_in_the_documents_has_no_other_kinds() -> None:
    """The vocabulary is closed."""
    text = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    words_ = re.findall(r"^\| `([a-z-]+)` \| (?:error|warning|note) \|", text, re.MULTILINE)

    assert words_ == [kind.word for kind in FindingKind]
    assert len(EVERY_KIND) == len(words_)
