"""What a graph made of the records of productions, compared with what really happened."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from lineage import vocabulary as v
from lineage.check import check
from lineage.graph_store import GraphStore
from lineage.identity import IdentitySettings
from lineage.records import Activity, Entity, Relation
from lineage.vocabulary import RelationKind
from tests.production_logs import iri, marker
from tests.productions import Production, Version

UNCERTAIN = frozenset(
    {
        "ambiguous-run",
        "ambiguous-use",
        "moved-input",
        "product-kept",
        "product-later",
        "same-instant",
        "written-together",
        "shared-path",
        "unbound-use",
        "unclear-order",
        "unknown-host",
    }
)
"""Findings that say that versions may not be what they seem."""

Real = tuple[str, int]
"""Root of a production, and number of a version."""


@dataclass(slots=True)
class Verdict:
    """How right a graph is."""

    records: int = 0
    """Uses and generations that logs tell of."""
    lost: list[str] = field(default_factory=list)
    """Those of them that are not in the graph."""
    wrong: list[str] = field(default_factory=list)
    """Entities that stand for several real versions."""
    replaced: int = 0
    """Versions that tools overwrote, as far as records tell of them at all."""
    unseen: list[str] = field(default_factory=list)
    """Those of them that neither a mark nor a finding shows."""
    versions: int = 0
    """Real versions that records tell of."""
    split: Counter[str] = field(default_factory=Counter)
    """Kind of case -> entities too many, for one real version."""
    unreported: list[str] = field(default_factory=list)
    """Entities too many of which no finding tells."""


def judge(
    store: GraphStore, productions: Iterable[Production], settings: IdentitySettings
) -> Verdict:
    """Compares a graph with the truth."""
    verdict = Verdict()
    bound: dict[tuple[RelationKind, str, str], str] = {}
    named: dict[str, str] = {}
    marked: set[str] = set()
    marks: dict[str, set[str]] = defaultdict(set)
    marked_by: dict[str, set[str]] = defaultdict(set)
    for record in store.records():
        if isinstance(record, Relation):
            for path in record.values(v.RECORDED_PATH):
                used = record.kind is RelationKind.USAGE
                ends = (record.subject, record.object) if used else (record.object, record.subject)
                bound[record.kind, str(ends[0]), str(path)] = str(ends[1])
        elif isinstance(record, Activity):
            for label in record.values(v.PROV_LABEL):
                named[str(label)] = record.identifier
        elif isinstance(record, Entity):
            if True in record.values(v.OVERWRITTEN):
                marked.add(record.identifier)
            for said in record.values(v.CTA + "CONTACT_NAME"):
                marks[record.identifier].add(str(said))
                marked_by[str(said)].add(record.identifier)
    doubted, origins = set[str](), set[str]()
    for finding in check(store, settings).findings:
        if finding.kind.word in UNCERTAIN:
            doubted |= set(finding.records)
        elif finding.kind.word in ("origin", "no-maker"):
            origins |= set(finding.records)
    truth: dict[str, set[Real]] = defaultdict(set)
    entities: dict[Real, set[str]] = defaultdict(set)
    for production in productions:
        for one in production.activities:
            if one.style == "nobody":
                continue
            activity = iri(one) or named.get(one.name, "")
            for kind, files in (
                (RelationKind.USAGE, one.inputs),
                (RelationKind.GENERATION, one.outputs),
            ):
                for path, version in files:
                    assert version is not None
                    verdict.records += 1
                    path = posixpath.normpath(path) if path.startswith("/") else path
                    entity = bound.get((kind, activity, path))
                    if entity is None:
                        verdict.lost.append(f"{kind} {one.name} {path}")
                        continue
                    truth[entity].add((production.root, version.number))
                    entities[production.root, version.number].add(entity)
        for version in production.disk.values():
            for entity in marked_by.get(marker(production, version), ()):
                # a change in place may have left the header as it was
                if not any(real in truth[entity] for real in _same_header(production, version)):
                    truth[entity].add((production.root, version.number))
                    entities[production.root, version.number].add(entity)
    verdict.wrong = [
        f"{entity}: headers {several}" for entity, several in marks.items() if len(several) > 1
    ]
    verdict.wrong += [
        f"{entity}: {sorted(real)}" for entity, real in truth.items() if len(real) > 1
    ]
    verdict.versions = len(entities)
    for real, several in entities.items():
        if len(several) > 1:
            verdict.split[real[0].split("/")[2]] += len(several) - 1
            if not several & (doubted | origins):
                verdict.unreported.append(f"{real}: {sorted(several)}")
    for production in productions:
        _judge_replaced(production, entities, marked | doubted, verdict)
    return verdict


def _same_header(production: Production, version: Version) -> list[Real]:
    """The versions with the same header."""
    files = [version for one in production.activities for _, version in one.outputs]
    return [
        (production.root, one.number)
        for one in files
        if one is not None and one.header == version.header
    ]


def _judge_replaced(
    production: Production, entities: dict[Real, set[str]], shown: set[str], verdict: Verdict
) -> None:
    still: set[Version] = set(production.disk.values())
    recorded = {
        (production.place(path, one.host), version)
        for one in production.activities
        for path, version in (*one.inputs, *one.outputs)
        if one.style != "nobody"
    }
    for one in production.replaced:
        known = entities.get((production.root, one.before.number))
        if not known or one.before in still or (one.place, one.before) not in recorded:
            continue
        # a copy that records tell of may still be there for all that they know
        gone = {place for place, version in production.silently if version is one.before}
        if any((place, one.before) in recorded for place in gone):
            continue
        verdict.replaced += 1
        if not known & shown:
            verdict.unseen.append(f"{one.place[1]}: {sorted(known)}")
