"""File -> committed graph: our import beside bare UNWIND/MERGE of the same graph, in one run.

Run it as ``python -m benchmarks.imports [--records 55000] [--neo4j bolt://127.0.0.1:7687]``. The
embedded engine is started in a directory that goes afterwards; **a Neo4j is emptied**, so it must
be named (its password comes from LINEAGE_STORE_PASSWORD). Times are of the clock, because most of
the work is the engine's; the ratios are what counts. An item is a node or a relation of PROV.

The document is one of lstosa's merged ones. Read as PROV-JSON it is written down as it is, as bare
MERGE does; read as lstosa's, its uses and generations are bound to versions of files.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.provjson import write_document
from importers.lstosa import LstosaImporter
from importers.provjson import ProvJsonImporter
from lineage.interfaces import Importer
from lineage.records import Activity, Agent, Entity, Relation
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.bolt import BoltStore, open_bolt
from lineage.stores.embedded import open_embedded

BATCH = 5_000
WARM_RECORDS = 20_000

Rows = list[dict[str, Any]]


def empty(store: BoltStore) -> None:
    """Deletes all that the engine holds, but for the schema."""
    text = "MATCH (n) WHERE NOT n:Schema WITH n LIMIT 10000 DETACH DELETE n RETURN count(n) AS gone"
    connection = store._connection
    while connection.write(lambda tx: tx.run(text).single(strict=True)["gone"]):
        pass


def parts(rows: Rows) -> Iterator[Rows]:
    """Rows in lists for one transaction each."""
    rest = iter(rows)
    while part := list(islice(rest, BATCH)):
        yield part


def tables(document: Path) -> dict[str, Rows]:
    """The document as a plain script would hold it: Cypher text -> rows."""
    found: dict[str, Rows] = {}
    for record in ProvJsonImporter().records(document, print):
        if isinstance(record, Entity | Activity | Agent):
            # a label more would be fairer, but the embedded engine refuses it in a MERGE
            text = "UNWIND $rows AS row MERGE (n:Bare {key: row.key}) SET n += row.properties"
            row = {"key": record.identifier, "properties": plain(record.attributes)}
        elif isinstance(record, Relation):
            text = (
                "UNWIND $rows AS row MATCH (a:Bare {key: row.subject}) "
                "MATCH (b:Bare {key: row.object}) "
                f"MERGE (a)-[r:{record.kind.keyword}]->(b) SET r += row.properties"
            )
            row = {
                "subject": record.subject,
                "object": record.object,
                "properties": plain(record.attributes),
            }
        else:
            continue
        found.setdefault(text, []).append(row)
    return found


def plain(items: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Attributes as properties, as text and without a thought."""
    return {
        name.rpartition("#")[2].rpartition("/")[2].replace(":", "_"): str(v) for name, v in items
    }


def bare(store: BoltStore, document: Path) -> float:
    """Seconds that plain UNWIND/MERGE takes, the reading of the file included."""
    start = time.perf_counter()
    for text, rows in tables(document).items():
        for part in parts(rows):
            store._connection.write(
                lambda tx, text=text, part=part: tx.run(text, rows=part).consume()
            )
    return time.perf_counter() - start


def ours(store: BoltStore, document: Path, importer: Importer) -> float:
    """Seconds that an import takes, from file to committed graph."""
    start = time.perf_counter()
    report = import_paths(store, [document], Settings(), importer=importer)
    if not report.complete:
        raise SystemExit(f"{document}: was not imported whole.")
    return time.perf_counter() - start


def measure(name: str, store: BoltStore, document: Path, warm: Path, items: int) -> None:
    """Prints the rates of one engine, which is warmed up before."""
    connection = store._connection
    plainly, as_files = ProvJsonImporter(), LstosaImporter()
    connection.define("CREATE CONSTRAINT bare IF NOT EXISTS FOR (n:Bare) REQUIRE n.key IS UNIQUE")
    for _ in range(2):
        ours(store, warm, plainly)
        empty(store)
        bare(store, warm)
        empty(store)
    plain_s = bare(store, document)
    empty(store)
    ours_s = ours(store, document, plainly)
    again_s = ours(store, document, plainly)
    # as if the first import had been killed at its very end: every record is looked at again
    connection.write(lambda tx: tx.run("MATCH (s:Source) SET s.complete = false").consume())
    checked_s = ours(store, document, plainly)
    empty(store)
    ours(store, warm, as_files)
    empty(store)
    versions_s = ours(store, document, as_files)
    empty(store)
    print(
        f"{name}: {items:,} items\n"
        f"  bare UNWIND/MERGE   {plain_s:7.2f} s  {items / plain_s / 1000:6.1f} k items/s\n"
        f"  our import          {ours_s:7.2f} s  {items / ours_s / 1000:6.1f} k items/s"
        f"  {plain_s / ours_s:5.2f} x bare\n"
        f"  the same file again {again_s:7.2f} s  {ours_s / again_s:6.1f} x faster\n"
        f"  every record again  {checked_s:7.2f} s  {ours_s / checked_s:6.1f} x faster\n"
        f"  as versions of files{versions_s:7.2f} s  {items / versions_s / 1000:6.1f} k items/s"
        f"  {plain_s / versions_s:5.2f} x bare"
    )


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=55_000)
    parser.add_argument("--neo4j", help="address of a server whose content may be deleted")
    parser.add_argument("--no-embedded", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        document, warm = Path(name, "document.json"), Path(name, "warm.json")
        with document.open("w") as file:
            items = write_document(file, given.records)
        with warm.open("w") as file:
            write_document(file, WARM_RECORDS)
        if not given.no_embedded:
            store = open_embedded(Path(name, "store"), linger_s=0)
            try:
                measure("embedded", store, document, warm, items)
            finally:
                store.close()
        if given.neo4j:
            store = open_bolt(given.neo4j)
            try:
                measure(store.description, store, document, warm, items)
            finally:
                store.close()


if __name__ == "__main__":
    main()
