"""The alert directories that tests read, and others that they make of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from importers.gocart import GocartImporter
from lineage.interfaces import Problem
from lineage.records import Relation, Statement
from lineage.vocabulary import RelationKind
from tests.golden import DATA

GW = DATA / "gocart"
BURST = GW / "superevents" / "S230528ay" / "20230528T114043_preliminary" / "meta.yaml"
MOCK = GW / "mockevents" / "MS230425k"
PRELIMINARY = MOCK / "20230425T105653_preliminary" / "meta.yaml"
RETRACTION = MOCK / "20230425T110209_retraction" / "meta.yaml"
INITIAL = MOCK / "20230425T121940_initial" / "meta.yaml"
ALERT = "urn:lineage:gocart:alert:"
EVENT = "urn:lineage:gocart:event:"


def read(source: Path) -> tuple[list[Statement], list[Problem]]:
    """What the importer says of a directory, and its problems."""
    problems: list[Problem] = []
    return list(GocartImporter().records(source, problems.append)), problems


def only(statements: Iterable[Statement], kind: type[Any], end: str) -> Any:
    """The one element of a kind whose identifier ends so, or holds it."""
    (found,) = [one for one in statements if isinstance(one, kind) and end in one.identifier]
    return found


def related(statements: Iterable[Statement], kind: RelationKind) -> set[tuple[str, str]]:
    """(subject, object) of the relations of a kind, without what all identifiers share."""
    return {
        (short(one.subject), short(one.object))
        for one in statements
        if isinstance(one, Relation) and one.kind is kind
    }


def short(identifier: str | None) -> str:
    """An identifier without what all of them share."""
    return (identifier or "").removeprefix("urn:lineage:").removeprefix("gocart:")


def directory(tmp_path: Path, name: str, text: str | None = None, event: str = "S230528ay") -> Path:
    """An alert directory with this meta.yaml, or that of the sample."""
    source = tmp_path / "superevents" / event / name / "meta.yaml"
    source.parent.mkdir(parents=True)
    source.write_text(BURST.read_text() if text is None else text)
    return source
