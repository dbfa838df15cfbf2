"""What users decide about guesses, whatever the store: kept, found again, exported, restored."""

from __future__ import annotations

import random
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import deciding, export, queries
from lineage.alternates import with_alternates
from lineage.canonical import canonical
from lineage.check import check
from lineage.check_findings import FindingKind
from lineage.decisions import Decision, Verdict, decision, foremost
from lineage.errors import LineageError
from lineage.graph_store import GraphStore
from lineage.guesses import guesses
from lineage.records import Entity, EventKind, Record
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.bolt import BoltStore
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import INFLUENCES, RelationKind
from tests.conftest import EmptyStore
from tests.contract.test_stores import engine_settings, fill
from tests.strategies import documents
from tests.two_logs import (
    MADE,
    MADE_PATH,
    MAKER,
    READ,
    READER,
    SETTINGS,
    T0,
    activity,
    event,
    tell,
    tell_both,
    tell_made,
    tell_read,
)

OUT = "/mnt/data/DL2/out.h5"
WITH_ALTERNATES = INFLUENCES | {RelationKind.ALTERNATE}
NOTES = (
    "seen on both disks",
    "<script>alert(1)</script>",
    "\u202egnp.exe\u2066 \x00\x1b[31m \udce9 ${7*7} {{7*7}}",
    "'\"`); MATCH (n) DETACH DELETE n //",
    "two\nlines\tand a tab",
)


def decide(store: GraphStore, verdict: Verdict = Verdict.SAME, note: str = "") -> Decision:
    """What maria says of the file that two logs write down under two paths."""
    ends = (queries.resolve(store, end) for end in (READ, MADE))
    return deciding.decide(store, *ends, verdict, by="maria", note=note, at=T0)


def ancestors(store: GraphStore, *, guessed: bool = False) -> list[str]:
    """Names of what the reader's output comes from, alternates followed."""
    seen = with_alternates(store, guessed=guessed).store
    start = queries.resolve(store, OUT).key
    return [e.name for e in queries.ancestors(seen, start, kinds=WITH_ALTERNATES).elements]


def exported(store: GraphStore, name: str) -> bytes:
    """The whole graph with the decisions, as the command writes it."""
    stream = BytesIO()
    records: list[Record] = [*store.records(), *deciding.records(store)]
    export.write(name, records, store.namespaces(), stream)
    return stream.getvalue()


def lines(store: GraphStore) -> list[str]:
    """All that is exported, in an order that is always the same."""
    return sorted(map(canonical, [*store.records(), *deciding.records(store)]))


def test_another_mount_point_is_guessed_at(store: GraphStore) -> None:
    """The file that another log made is the first guess, with reasons; nothing is merged."""
    tell_both(store)
    found = guesses(store, queries.resolve(store, READ))
    (guess,) = found.guesses

    assert guess.element.identifier == MADE
    assert guess.reasons == (
        "one path is the end of the other, /data/DL1/dl1_LST-1.Run01807.0000.h5: another mount "
        "point?",
        "same telescope LST-1, run 1807, subrun 0, DL1",
        "this one has no known maker, and r0_to_dl1 generated the other",
    )
    assert (found.found, found.left_out, found.not_compared) == (1, 0, 0)
    assert "r0_to_dl1" not in ancestors(store)
    assert "r0_to_dl1" in ancestors(store, guessed=True)


def test_a_confirmed_guess_is_crossed_when_asked(store: GraphStore) -> None:
    """The walk reaches the maker in either direction, and only with alternates."""
    tell_both(store)
    decide(store)
    seen = with_alternates(store).store
    led_to = queries.descendants(seen, MAKER, kinds=WITH_ALTERNATES)
    plain = queries.ancestors(store, queries.resolve(store, OUT).key, kinds=WITH_ALTERNATES)

    assert ancestors(store)[-1] == "r0_to_dl1"
    assert "out.h5" in [element.name for element in led_to.elements]
    assert "r0_to_dl1" not in [element.name for element in plain.elements]
    assert guesses(store, queries.resolve(store, READ)).guesses == ()


def test_a_refused_pair_is_not_guessed_again(store: GraphStore) -> None:
    """From neither end, and no walk crosses it; taking it back brings the guess back."""
    tell_both(store)
    ends = [queries.resolve(store, end) for end in (READ, MADE)]
    decide(store, Verdict.DIFFERENT)

    assert [guesses(store, end).guesses for end in ends] == [(), ()]
    assert "r0_to_dl1" not in ancestors(store, guessed=True)

    assert deciding.undecide(store, *map(deciding.identifiers, ends)) == 1
    assert len(guesses(store, ends[0]).guesses) == 1
    assert store.decisions() == ()


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("verdict", Verdict)
def test_a_decision_is_kept_with_who_when_and_why(
    store: GraphStore, verdict: Verdict, note: str
) -> None:
    """Whatever stands in the note; a second decision replaces the first."""
    tell_both(store)
    decide(store, Verdict.SAME, "before")
    made = decide(store, verdict, note)
    fresh = store.decisions()

    assert fresh == (made,)
    assert (made.by, made.at, made.verdict) == ("maria", T0, verdict)
    assert not {"\x00", "\x1b", "\udce9"} & set(made.note)


@pytest.mark.parametrize("name", ["prov-json", "prov-n", "trig", "jsonld"])
@pytest.mark.parametrize("verdict", Verdict)
def test_decisions_are_exported_and_restored(
    store: GraphStore, tmp_path: Path, verdict: Verdict, name: str
) -> None:
    """An import into an empty store gives the same graph, digest and decisions back."""
    tell_both(store)
    before = queries.digest(store)
    decide(store, verdict, "<b>why</b>\n'\"")
    path = tmp_path / f"all{export.FORMATS[name].suffix}"
    path.write_bytes(exported(store, name))
    other = MemoryStore()
    report = import_paths(other, [path], Settings())
    (restored,) = other.decisions()
    (mine,) = store.decisions()

    assert report.complete
    assert queries.digest(store) == before == queries.digest(other)
    assert lines(other) == lines(store)
    assert restored.source == other.sources()[0].key
    assert (restored.pair, restored.verdict, restored.note) == (mine.pair, verdict, mine.note)
    assert guesses(other, queries.resolve(other, READ)).guesses == ()


def test_a_decision_follows_to_the_stronger_identifier(store: GraphStore) -> None:
    """Made about paths alone, it holds for the generation, and then for the product."""
    tell_read(store)
    weak = f"file://{MADE_PATH}"
    tell(
        store, [activity(READER, "dl1_to_dl2")], [event(EventKind.USE, MADE_PATH, "urn:x", 9)], "w"
    )
    ends = [queries.resolve(store, end) for end in (READ, weak)]
    deciding.decide(store, *ends, Verdict.SAME, by="maria", at=T0)
    tell_made(store)

    assert [one.pair for one in deciding.decided(store).decisions] == [(MADE, READ)]
    assert ancestors(store)[-1] == "r0_to_dl1"

    product = "9a1f0c52-5b58-4d0e-9d5f-1d3c9e1f7a10"
    made = event(EventKind.GENERATION, MADE_PATH, MAKER, 0, product)
    tell(store, [], [event(EventKind.STATE, MADE_PATH, MAKER, 0, product)], "header")
    tell(store, [], [made], "again")
    risen = queries.resolve(store, f"urn:uuid:{product}")

    assert weak in risen.aliases
    assert [one.pair for one in deciding.decided(store).decisions] == [
        tuple(sorted((risen.identifier, READ)))
    ]
    assert len(deciding.about(store, risen)) == 1
    assert "r0_to_dl1" in ancestors(store)


def test_a_later_decision_about_the_same_pair_replaces_an_earlier_one(store: GraphStore) -> None:
    """Also where one of both was known by a weaker identifier then."""
    tell_read(store)
    weak = f"file://{MADE_PATH}"
    tell(store, [], [event(EventKind.USE, MADE_PATH, "urn:x", 9)], "w")
    ends = [queries.resolve(store, end) for end in (READ, weak)]
    deciding.decide(store, *ends, Verdict.DIFFERENT, by="maria", at=T0)
    tell_made(store)
    made = decide(store)

    assert store.decisions() == (made,)


def test_what_identity_tells_apart_cannot_be_the_same(store: GraphStore) -> None:
    """Two versions of one path are two; the message says so, and nothing is kept."""
    tell_made(store)
    later = event(EventKind.GENERATION, MADE_PATH, READER, 9)
    tell(store, [activity(READER, "again")], [later], "later")
    ends = [e for e in store.find(MADE_PATH, limit=9).elements if "#" in e.identifier]

    with pytest.raises(LineageError, match="two versions of one path, /data/DL1/"):
        deciding.decide(store, *ends, Verdict.SAME, by="maria")

    assert store.decisions() == ()
    assert guesses(store, ends[0]).guesses == ()


def test_a_decision_that_later_imports_contradict_is_a_finding(store: GraphStore) -> None:
    """What was one path each turns out to be two products; what is gone is told as well."""
    tell_read(store, "/elsewhere/DL1/dl1_LST-1.Run01807.0000.h5")
    tell_made(store)
    one = "file:///elsewhere/DL1/dl1_LST-1.Run01807.0000.h5"
    deciding.decide(
        store, queries.resolve(store, one), queries.resolve(store, MADE), Verdict.SAME, by="m"
    )
    with store.writing():
        store.decide([decision("urn:gone", MADE, Verdict.DIFFERENT, "m", T0)])

    assert _kinds(store) == [FindingKind.DECISION_LOST]

    products = ("11111111-5b58-4d0e-9d5f-1d3c9e1f7a10", "22222222-5b58-4d0e-9d5f-1d3c9e1f7a10")
    events = [
        event(EventKind.GENERATION, MADE_PATH, MAKER, 0, products[0]),
        event(EventKind.GENERATION, one.removeprefix("file://"), READER, 5, products[1]),
    ]
    tell(store, [], events, "products")
    kinds = _kinds(store)

    assert kinds == [FindingKind.DECISION_CONTRADICTED, FindingKind.DECISION_LOST]


def _kinds(store: GraphStore) -> list[FindingKind]:
    kinds = {FindingKind.DECISION_CONTRADICTED, FindingKind.DECISION_LOST}
    return [finding.kind for finding in check(store, SETTINGS, kinds=kinds).findings]


@given(documents(), st.randoms(use_true_random=False))
@engine_settings
def test_decisions_change_no_digest_and_outlive_imports(
    empty_store: EmptyStore, said: list[Record], rng: random.Random
) -> None:
    """Whatever is imported before, between and after them, in whatever order."""
    keys = sorted({one.identifier for one in said if isinstance(one, Entity)} | {"urn:a", "urn:b"})
    made = [
        decision(*rng.sample(keys, 2), rng.choice(list(Verdict)), "m", T0 + timedelta(rng.random()))
        for _ in range(4)
    ]
    plain, store = MemoryStore(), empty_store()
    fill(plain, [said])
    fill(store, [said[::2]])
    for one in made:
        with store.writing():
            deciding.take_over(store, [one])
    fill(store, [said])

    assert queries.digest(store) == queries.digest(plain)
    assert store.stats().relations == plain.stats().relations
    assert store.decisions() == tuple(foremost(made).values())


@given(st.permutations(range(5)))
def test_the_order_of_imported_decisions_means_nothing(order: list[int]) -> None:
    """The latest counts, and what was decided here counts more than any."""
    brought = [
        decision(
            "urn:a", "urn:b", list(Verdict)[n % 2], f"u{n}", T0 + timedelta(n // 2), source="s"
        )
        for n in range(5)
    ]
    store, local = MemoryStore(), decision("urn:a", "urn:b", Verdict.SAME, "me", T0)
    for number in order:
        deciding.take_over(store, [brought[number]])

    assert store.decisions() == (brought[4],)

    store.decide([local])
    deciding.take_over(store, brought)

    assert store.decisions() == (local,)


def test_users_find_decisions_in_cypher(bolt_store: BoltStore) -> None:
    """As nodes of their own, which name the entities by identifier."""
    tell_both(bolt_store)
    decide(bolt_store, note="why")
    table = bolt_store.cypher(
        "MATCH (d:Decision {verdict: 'same'}) MATCH (e:Entity {id: d.first}) "
        "RETURN e.name, d.by, d.note"
    )

    assert table.rows == (("dl1_LST-1.Run01807.0000.h5", "maria", "why"),)
