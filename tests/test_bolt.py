"""What only the Bolt store does: credentials, closed vocabulary, locks, transactions, Cypher."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from neo4j.exceptions import DatabaseError

from lineage import vocabulary as v
from lineage.errors import QueryFailed, QueryRefused, StoreBusy, StoreError
from lineage.graph_store import Source
from lineage.records import Activity, Entity, Record, Relation, attributes
from lineage.stores import write_right
from lineage.stores.bolt import BoltStore, open_bolt
from lineage.stores.bolt_connection import BoltServer
from lineage.stores.bolt_cypher import Caps
from lineage.stores.cypher_texts import cypher_text
from lineage.stores.embedded import open_embedded
from lineage.vocabulary import RelationKind
from tests.conftest import wipe
from tests.contract.test_stores import EX, T0, fill, lines

ROOT = Path(__file__).parents[1]
SAID: list[Record] = [
    Entity(EX + "e", attributes([(v.PROV_LABEL, "E"), (EX + "flag", True), (EX + "n", 2**40)])),
    Activity(EX + "a", ((v.PROV_START, T0),)),
    Relation(RelationKind.USAGE, EX + "a", EX + "e", None, ((v.PROV_TIME, T0),)),
]


def test_cypher_is_written_in_files_only() -> None:
    """No module builds Cypher out of strings; the texts take words of the closed vocabulary."""
    built = re.compile(r"""[rf]*["'][^"'\n]*\b(MATCH|MERGE|UNWIND|DETACH)\b[^"'\n]*[({]""")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("lineage", "webapp", "importers")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if built.search(line) and re.search(r"""["'] *(%|\+|\.format)|f["']""", line)
    ]

    assert found == []


@pytest.mark.parametrize("word", ["Entity) DETACH DELETE (n", "", "entity", "Entity`"])
def test_a_word_outside_the_vocabulary_is_refused(word: str) -> None:
    """A label that PROV or this project does not have never gets into a text."""
    with pytest.raises(ValueError, match="closed vocabulary"):
        cypher_text("add_labels", labels=["Agent", word])


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    """They would end in logs and process lists."""
    with pytest.raises(StoreError, match="do not belong in an address") as raised:
        open_bolt("bolt://neo4j:s3cret@127.0.0.1:7687")

    assert "s3cret" not in str(raised.value)


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says who did not answer, and what to do."""
    monkeypatch.setenv("LINEAGE_STORE_PASSWORD", "s3cret")
    with pytest.raises(StoreError, match=r"bolt://127\.0\.0\.1:1 did not answer") as raised:
        open_bolt("bolt://127.0.0.1:1")

    assert "s3cret" not in str(raised.value)
    assert "s3cret" not in repr(BoltServer("bolt://h", "u", "s3cret", "d"))


def test_users_cypher_reads_like_prov(bolt_store: BoltStore) -> None:
    """Labels, types and native properties are there, and times compare as times."""
    fill(bolt_store, [SAID])
    table = bolt_store.cypher(
        "MATCH (a:Activity)-[u:used]->(e:Entity {name: $name}) "
        "WHERE a.startTime = datetime('2026-03-29T01:30:00Z') AND e.ns_flag AND e.ns_n > 5 "
        "RETURN a.id, u.time, e",
        {"name": "E"},
    )
    ((activity, time, entity),) = table.rows

    assert (activity, time) == (EX + "a", "2026-03-29T01:30:00.000000000+00:00")
    assert (entity["id"], entity["labels"]) == (EX + "e", ["Element", "Entity"])
    assert table.columns == ("a.id", "u.time", "e")


def test_what_a_user_may_not_ask_changes_nothing(bolt_store: BoltStore) -> None:
    """The guard stands before the engine; the engine's own complaints are passed on."""
    fill(bolt_store, [SAID])
    with pytest.raises(QueryRefused):
        bolt_store.cypher("MATCH (n) DETACH DELETE n")
    with pytest.raises(QueryFailed):
        bolt_store.cypher("MATCH (n:Entity) RETURN n.name + $missing")

    assert sorted(lines(bolt_store.records())) == sorted(lines(SAID))


def test_answers_are_cut_and_say_so(bolt_store: BoltStore) -> None:
    """Rows and bytes are capped, and each cap that cut is named."""
    fill(bolt_store, [SAID])
    bolt_store._console._caps = Caps(rows=2)
    rows = bolt_store.cypher("UNWIND range(1, 5) AS i RETURN i")
    bolt_store._console._caps = Caps(size_bytes=20)
    sized = bolt_store.cypher("UNWIND range(1, 5) AS i RETURN 'twelve bytes'")
    bolt_store._console._caps = Caps()

    assert (len(rows.rows), rows.truncated, rows.limits) == (
        2,
        True,
        ("The answer is cut after 2 rows.",),
    )
    assert (len(sized.rows), sized.truncated) == (1, True)


def test_a_batch_that_fails_leaves_nothing(
    bolt_store: BoltStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elements of a batch whose relations fail are not there afterwards; the next try works."""
    from lineage.stores import bolt_write

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bolt_write, "create_relations", fail)
        with pytest.raises(KeyboardInterrupt):
            fill(bolt_store, [SAID])
    left = list(bolt_store.records())
    fill(bolt_store, [SAID])

    assert left == []
    assert sorted(lines(bolt_store.records())) == sorted(lines(SAID))


def test_a_semicolon_at_the_end_is_no_second_statement(bolt_store: BoltStore) -> None:
    """What is pasted from another console is answered; two statements are refused."""
    with pytest.raises(QueryRefused):
        bolt_store.cypher("RETURN 1 AS one; RETURN 2 AS two;")

    assert bolt_store.cypher("RETURN 1 AS one;\n").rows == ((1,),)


@contextmanager
def a_second(store: BoltStore) -> Iterator[BoltStore]:
    """Another connection to the same engine, as another process has it."""
    directory = store.description.removeprefix("embedded engine in ")
    if directory == store.description:
        other = BoltStore(store._connection.server)
    else:
        other = open_embedded(Path(directory), linger_s=0)
    try:
        yield other
    finally:
        other.close()


def test_one_writes_at_a_time(bolt_store: BoltStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second writer is told who writes, and may write when the first is done."""
    monkeypatch.setattr(write_right, "PATIENCE_S", 0.3)
    with a_second(bolt_store) as other:
        with bolt_store.writing(), pytest.raises(StoreBusy, match=r"process [0-9]+.* is writing"):
            other.begin(Source("s", (), "i", "1", 1))
        other.begin(Source("s", (), "i", "1", 1, recorded_at=T0))
        known = bolt_store.sources()

    assert [source.key for source in known] == ["s"]


@pytest.mark.neo4j
def test_a_lease_that_is_not_renewed_ends_by_itself(
    neo4j_store: BoltStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server a killed writer keeps nobody out for longer than its lease."""
    wipe(neo4j_store)
    monkeypatch.setattr(write_right, "LEASE_MS", 300)
    neo4j_store.begin(Source("s", (), "i", "1", 1, recorded_at=T0))
    assert isinstance(neo4j_store._right, write_right.Lease)
    neo4j_store._right._acquire(lambda _: None, 1.0)  # and nobody releases it
    with a_second(neo4j_store) as other:
        other.begin(Source("t", (), "i", "1", 1, recorded_at=T0))
        known = other.sources()

    assert [source.key for source in known] == ["s", "t"]


WRITER = """
import sys, time
from pathlib import Path
from lineage.stores.embedded import open_embedded
store = open_embedded(Path(sys.argv[1]))
with store.writing():
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.mark.embedded
def test_a_killed_writer_keeps_nobody_out(
    embedded_store: BoltStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the embedded engine the right to write ends with its process, however that ends."""
    wipe(embedded_store)
    monkeypatch.setattr(write_right, "PATIENCE_S", 0.3)
    directory = embedded_store.description.removeprefix("embedded engine in ")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, directory], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with writer.stdout:
        assert writer.stdout.readline() == "writing\n"
        with a_second(embedded_store) as other:
            with pytest.raises(StoreBusy):
                other.begin(Source("s", (), "i", "1", 1, recorded_at=T0))
            writer.kill()
            writer.wait()
            other.begin(Source("s", (), "i", "1", 1, recorded_at=T0))

    assert [source.key for source in embedded_store.sources()] == ["s"]


def test_a_connection_that_broke_is_made_again(bolt_store: BoltStore) -> None:
    """When the engine is gone the store asks where it is now, and goes on."""
    server = bolt_store._connection.server
    asked: list[BoltServer] = []

    def reopen() -> BoltServer:
        asked.append(server)
        return server

    store = BoltStore(server, reopen=reopen)
    lost = BoltServer("bolt://127.0.0.1:1", server.user, server.password, server.database)
    store._connection._driver.close()
    store._connection._driver = _driver_of(lost)
    found = store.sources()
    store.close()

    assert (found, asked) == ((), [server])


def test_an_engine_that_fails_is_an_error_that_says_so(bolt_store: BoltStore) -> None:
    """Whatever it fails at, as on a full disk: one line without the query, never a traceback."""
    connection = bolt_store._connection

    def work(_: Any) -> None:
        raise DatabaseError("no space left on the device\nMATCH (n)")

    failed = r"the engine failed \(.+\)\. Look into its log; a full disk"
    with pytest.raises(StoreError, match=failed):
        connection.read("RETURN nonsense(1)")
    with pytest.raises(StoreError, match=failed):
        connection.define("CREATE NONSENSE")
    with pytest.raises(StoreError, match=failed) as raised:
        connection.write(work)

    assert "MATCH" not in str(raised.value)


def _driver_of(server: BoltServer) -> Any:
    from lineage.stores.bolt_connection import _driver

    return _driver(server.address, server.user, server.password)
