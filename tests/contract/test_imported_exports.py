"""What file events make and a document declares too is one relation, in every store."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import export, queries
from lineage.canonical import canonical
from lineage.check import check
from lineage.forgetting import forget
from lineage.graph_store import GraphStore
from lineage.identity import Changes, resolve
from lineage.records import Record, Relation
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores import bolt
from lineage.stores.bolt import BoltStore
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredRelation
from tests import production_logs
from tests.conftest import EmptyStore, wipe
from tests.contract.test_forgetting import (
    DEMO,
    Told,
    forgotten_as_never_said,
    graph,
    state,
    tell,
    the_source,
)
from tests.contract.test_stores import a_source, engine_settings
from tests.file_events import P1, P2, SETTINGS, generation, use
from tests.killed_transactions import killed_after
from tests.random_productions import whole
from tests.test_identity_properties import event_sets

A, B, C = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")
LOGS = [DEMO / f"ctapipe-{tool}.provenance.log" for tool in ("process", "merge", "apply-models")]


def imported(*paths: Path, store: GraphStore | None = None) -> GraphStore:
    """A store after imports one by one; in memory by default."""
    store = MemoryStore() if store is None else store
    for path in paths:
        assert import_paths(store, [path], Settings()).complete
    return store


def exported(store: GraphStore, path: Path, format_: str = "prov-json") -> Path:
    """All that a store says, in a file."""
    with path.open("wb") as stream:
        export.write(format_, store.records(), store.namespaces(), stream)
    return path


def relations(store: GraphStore) -> list[StoredRelation]:
    return [one for one in store.contents() if isinstance(one, StoredRelation)]


def walks(store: GraphStore) -> dict[str, tuple[list[str], Counter[str]]]:
    """What every element came from: the elements, and how often each relation is there."""
    found = {}
    for element in store.find("", limit=10_000).elements:
        walk = queries.ancestors(store, element.key, depth=None, limit=10_000)
        lines = Counter(canonical(stored.relation) for stored in walk.relations)
        found[element.key] = [one.key for one in walk.elements], lines
    return found


@pytest.mark.parametrize("format_", list(export.FORMATS))
def test_an_export_of_any_format_adds_nothing_to_what_it_was_made_of(
    format_: str, tmp_path: Path
) -> None:
    """Beside all logs of the demonstration: counts, digest, walks and findings stay as they are."""
    alone = imported(DEMO)
    document = exported(alone, tmp_path / f"x{export.FORMATS[format_].suffix}", format_)
    orders = [imported(DEMO, document), imported(document, DEMO)]
    said = [finding.kind for finding in check(alone, SETTINGS).findings]

    for both in orders:
        assert both.stats().relations == alone.stats().relations
        assert queries.digest(both) == queries.digest(alone)
        assert walks(both) == walks(alone)
        assert [finding.kind for finding in check(both, SETTINGS).findings] == said


def test_an_export_is_one_more_source_of_every_relation(
    empty_store: EmptyStore, tmp_path: Path
) -> None:
    """In whatever order: a relation has the log that tells of it and the export as its sources."""
    alone = imported(*LOGS)
    document = exported(alone, tmp_path / "x.json")
    (key,) = {one.key for one in imported(document).sources()}
    expected = [(one.key, sorted({*one.sources, key})) for one in relations(alone)]
    states = []
    for order in ([*LOGS, document], [document, *LOGS], [LOGS[0], document, *LOGS[1:], document]):
        both = imported(*order, store=empty_store())

        assert [(one.key, list(one.sources)) for one in relations(both)] == expected
        assert both.stats().relations == alone.stats().relations
        assert queries.digest(both) == queries.digest(alone)
        states.append(graph(both))
    assert states[0] == states[1] == states[2]


def test_each_outlives_the_other(empty_store: EmptyStore, tmp_path: Path) -> None:
    """Export or logs forgotten: what is left is what the others alone would have made."""
    logs_alone = imported(*LOGS)
    document = exported(logs_alone, tmp_path / "x.json")
    document_alone = imported(document)
    (exports,) = document_alone.sources()
    for order in ([*LOGS, document], [document, *LOGS]):
        both = imported(*order, store=empty_store())
        forget(both, the_source(both, exports.key), Settings())

        assert graph(both) == graph(logs_alone)
        imported(document, store=both)
        for source in logs_alone.sources():
            forget(both, the_source(both, source.key), Settings())

        assert graph(both) == graph(document_alone)


def test_an_older_export_says_what_was_known_then(empty_store: EmptyStore, tmp_path: Path) -> None:
    """Made before other logs were known, it has a weaker name for a file; that stays its own."""
    train = DEMO / "ctapipe-train-energy-regressor.provenance.log"
    apply_ = DEMO / "ctapipe-apply-models.provenance.log"
    alone = imported(train, apply_)
    model = "/srv/cta/work32/models/energy.pkl"
    document = exported(imported(apply_), tmp_path / "x.json")
    states = []
    for order in ([apply_, document, train], [document, train, apply_], [train, apply_, document]):
        both = imported(*order, store=empty_store())
        states.append(graph(both))
        more = Counter(both.stats().relations)
        more.subtract(alone.stats().relations)
        named = queries.resolve(both, model)

        assert {kind: count for kind, count in more.items() if count} == {"used": 2}
        assert named.key == queries.resolve(alone, model).key
        assert f"file://{model}" in {one.key for one in both.read([f"file://{model}"])}
        forget(both, the_source(both, imported(document).sources()[0].key), Settings())
        assert graph(both) == graph(alone)
    assert states[0] == states[1] == states[2]


def test_users_count_a_relation_once(bolt_store: BoltStore, tmp_path: Path) -> None:
    """In Cypher there is one relationship, which names those who declare it."""
    document = exported(imported(*LOGS), tmp_path / "x.json")
    store = imported(*LOGS, document, store=bolt_store)
    counts = store.stats().relations
    for type_ in ("used", "wasGeneratedBy"):
        text = f"MATCH (s)-[r:{type_}]->(o) RETURN count(r), count(DISTINCT [s.key, o.key, r.role])"
        ((count, distinct),) = bolt_store.cypher(text).rows

        assert count == counts[type_] == distinct
    text = "MATCH (:Activity)-[r:used]->(:Entity) RETURN r.sources, r.declared_by LIMIT 1"
    ((sources, declared_by),) = bolt_store.cypher(text).rows

    assert len(sources) == 2
    assert set(declared_by) < set(sources)


def bindings(*several: Told) -> dict[str, Relation]:
    """What identity makes of all their events, by event key."""
    return resolve((event for told in several for event in told.events), SETTINGS).bindings


def test_a_declaration_of_what_is_told_is_new_once_for_each_source(store: GraphStore) -> None:
    """It counts as any other record does, though no relation is added."""
    log = Told("log", [], [use("/d/x", A, 0, 10), generation("/d/y", A, 0, 10)])
    tell(store, log)
    said = list(bindings(log).values())
    with store.writing():
        for key, new in (("d0", 2), ("d1", 2), ("d0", 0), ("log", 2), ("log", 0)):
            store.begin(a_source(key))

            assert store.write(key, said) == new
    assert {one.sources for one in relations(store)} == {("d0", "d1", "log")}


def test_what_two_events_say_alike_has_all_that_declare_it(empty_store: EmptyStore) -> None:
    """Two hosts tell of one product: whatever the order is, and whichever of them goes."""
    hosts = [Told(host, [], [use("/tmp/x", A, 0, 10, product=P1, node=host)]) for host in "mn"]
    made = bindings(*hosts)
    several = [*hosts, Told("document", list(made.values()), [])]

    assert len(made) == 2
    assert len(set(made.values())) == 1
    for order in permutations(several):
        for gone in several:
            store, expected = empty_store(), MemoryStore()
            for told in order:
                tell(store, told)
            forget(store, the_source(store, gone.key), Settings())
            for told in several:
                if told is not gone:
                    tell(expected, told)

            assert state(store) == state(expected)


def test_events_that_change_places_leave_declarations_where_they_are(store: GraphStore) -> None:
    """In one transaction each comes to say what the other said; only one of that is declared."""
    log = Told("log", [], [use("/tmp/x", A, 0, 10, product=P1, node=host) for host in "mn"])
    tell(store, log)
    (one, relation), (other, _) = bindings(log).items()
    moved = replace(relation, object="urn:uuid:" + P2)
    with store.writing():
        store.bind(Changes(bindings=((other, moved),)))
        store.begin(a_source("document"))
        store.write("document", [relation])
        store.bind(Changes(bindings=((one, moved), (other, relation))))
    found = {stored.key: (stored.relation, stored.sources) for stored in relations(store)}

    assert found == {one: (moved, ("log",)), other: (relation, ("document", "log"))}


@st.composite
def productions(draw: st.DrawFn) -> tuple[list[Told], int]:
    """Logs, and documents of what identity made of some of them; one source is to be forgotten."""
    logs = [Told(f"s{n}", [], draw(event_sets())) for n in range(draw(st.integers(1, 2)))]
    documents = []
    for number in range(draw(st.integers(1, 2))):
        known = draw(st.lists(st.sampled_from(logs), unique_by=lambda one: one.key))
        result = resolve((event for log in known for event in log.events), SETTINGS)
        made: list[Record] = [*result.bindings.values(), *result.links.values()]
        said = list({canonical(one): one for one in made}.values())
        if said and not draw(st.booleans()):
            said = draw(st.lists(st.sampled_from(said), unique_by=canonical))
        if draw(st.booleans()):
            said += [one.record for one in result.versions.values()]
        documents.append(Told(f"d{number}", said, []))
    several = draw(st.permutations([*logs, *documents]))
    return several, draw(st.integers(0, len(several) - 1))


def one_graph(empty_store: EmptyStore, production: tuple[list[Told], int]) -> None:
    """Whatever the order is, and as if a source that was forgotten had never been there."""
    several, _ = production
    store = empty_store()
    for told in several:
        tell(store, told)
    expected = state(store)
    reference = MemoryStore()
    for told in reversed(several):
        tell(reference, told)

    assert state(reference) == expected
    forgotten_as_never_said(empty_store, production)


@given(productions())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_documents_of_what_identity_made_and_its_events_are_one_graph(
    production: tuple[list[Told], int],
) -> None:
    """In memory."""
    one_graph(MemoryStore, production)


@given(productions())
@engine_settings
def test_documents_of_what_identity_made_and_its_events_are_one_graph_in_an_engine(
    empty_store: EmptyStore, production: tuple[list[Told], int]
) -> None:
    """In engines, too."""
    one_graph(empty_store, production)


@given(st.integers(0, 10_000), st.sampled_from(["named", "blind", "local", "all"]), st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_export_of_a_production_beside_it_adds_nothing(
    seed: int, recorders: str, data: st.DataObject
) -> None:
    """A random production, its export beside it: the same relations and walks, in both orders."""
    with tempfile.TemporaryDirectory() as directory:
        logs = production_logs.sources([whole(seed, "/cta/x", recorders)], Path(directory))
        alone = imported(*logs)
        formats = [one.name for one in export.FORMATS.values()]
        format_ = data.draw(st.sampled_from(formats))
        suffix = export.FORMATS[format_].suffix
        document = exported(alone, Path(directory) / f"x{suffix}", format_)
        part = logs[: data.draw(st.integers(1, len(logs)))]
        older = exported(imported(*part), Path(directory) / f"older{suffix}", format_)
        both = [imported(*logs, document), imported(document, *logs)]
        more = [imported(*logs, older), imported(older, *part, *logs)]

    for store in both:
        assert store.stats().relations == alone.stats().relations
        assert queries.digest(store) == queries.digest(alone)
        assert walks(store) == walks(alone)
    assert queries.digest(more[0]) == queries.digest(more[1])


EVENTS = {
    "uses": [use("/d/x", B, 20, 30), use("/d/y", B, 20, 30, role="r")],
    "makers": [generation("/d/x", A, 0, 10), generation("/d/y", A, 0, 10)],
    "later": [generation("/d/x", C, 12, 15)],
}
"""Each moves what the ones before it have used to another version."""


def test_a_kill_leaves_none_double_and_none_out(
    bolt_store: BoltStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Died in any transaction of moving what documents declare, and of forgetting it again."""
    monkeypatch.setattr(bolt, "_ITEMS_AT_ONCE", 1)
    known: list[Told] = []
    documents = []
    for key, events in EVENTS.items():
        known.append(Told(key, [], events))
        documents.append(Told(f"after {key}", list(bindings(*known).values()), []))
    reference = MemoryStore()
    for told in (*known, *documents):
        tell(reference, told)
    whole_, before = state(reference), MemoryStore()
    for told in (*known[:2], *documents):
        tell(before, told)
    at = 0

    def tell_and_forget(store: BoltStore) -> None:
        tell(store, known[2])
        forget(store, the_source(store, "later"), Settings())

    while True:
        wipe(bolt_store)
        for told in (*known[:2], *documents):
            tell(bolt_store, told)
        if not killed_after(bolt_store, at, monkeypatch, tell_and_forget):
            break
        tell(bolt_store, known[2])

        assert state(bolt_store) == whole_, at

        at += 1

    assert at > 12
    assert state(bolt_store) == state(before)
