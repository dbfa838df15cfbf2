"""Tree sequences: rows are a chain, which files with a common beginning share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineage import queries
from lineage import vocabulary as v
from lineage.command_options import relation_kinds
from lineage.records import EventKind, Relation
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import TSKIT, RelationKind
from tests.tree_sequences import (
    DATA,
    SAMPLES,
    SLIM_3_0,
    SLIM_3_3,
    TIME,
    UUID,
    activities,
    file_event,
    made_by,
    numbered,
    other,
    read,
    record,
    states,
    stored_rows,
    uses,
    write,
)


def ids(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("source", SAMPLES, ids=ids)
def test_the_rows_are_a_chain_that_ends_in_the_file(source: Path) -> None:
    """Each activity used what the one before made; the file is the last one's, and says so."""
    statements, _ = read(source)
    found, event = activities(statements), file_event(statements)
    before = None
    for activity in found:
        assert before in (None, *uses(statements, activity).values())
        before = made_by(statements, activity)

    assert len(states(statements)) == len(found)
    assert event.activity == (found[-1].identifier if found else None)
    assert event.kind is (EventKind.GENERATION if found else EventKind.STATE)
    assert (event.path, event.product_counts) == (str(source), True)


@pytest.mark.parametrize("source", SAMPLES, ids=ids)
def test_every_link_of_the_chain_says_what_it_rests_on(source: Path) -> None:
    """Inferred from the order of rows, or read where a parameter names what it used."""
    statements, _ = read(source)
    named = {
        activity.identifier: "__current_ts__" in str(activity.values(TSKIT + "parameters"))
        for activity in activities(statements)
    }
    for one in statements:
        if isinstance(one, Relation) and one.kind is not RelationKind.ASSOCIATION:
            (evidence,) = one.values(v.EVIDENCE)
            other = one.values(v.PROV_ROLE) == ("other",)
            read_there = other or (one.kind is RelationKind.USAGE and named[str(one.subject)])

            assert str(evidence).startswith("parameters:" if read_there else "inferred:")


def test_files_with_a_common_beginning_share_it() -> None:
    """Four samples go back to one simulation; a tool that sorts keys does not part them."""
    one, two, union, user = (
        read(DATA / f"{name}.trees")[0]
        for name in ("msp_1row", "msp_mut_2rows", "union", "user_rows_nonjson")
    )

    assert states(one) < states(two)
    assert states(two) < states(union)
    assert states(two) < states(user)
    assert states(union) & states(user) == states(two)


def test_the_layout_of_the_json_does_not_matter(tmp_path: Path) -> None:
    """tsinfer sorts the keys of the rows that it copies."""
    rows = stored_rows(DATA / "msp_mut_2rows.trees")
    again = [(time, json.dumps(json.loads(text), sort_keys=True, indent=1)) for time, text in rows]
    ours = read(write(tmp_path / "x.trees", again))[0]
    theirs = read(DATA / "msp_mut_2rows.trees")[0]

    assert activities(ours) == activities(theirs)
    assert states(ours) == states(theirs)


def test_a_union_has_the_other_tree_sequence_as_its_own_file_has_it(tmp_path: Path) -> None:
    """Its rows are the same activities, and they lead to the same tree sequence."""
    theirs, ours = [numbered(1), numbered(2)], [numbered(3)]
    alone = read(write(tmp_path / "other.trees", theirs))[0]
    united, problems = read(write(tmp_path / "union.trees", [*ours, (TIME, other(theirs))]))
    union = next(one for one in activities(united) if one.values(TSKIT + "command") == ("union",))
    used = uses(united, union)

    assert problems == []
    assert {one.identifier for one in activities(alone)} < {
        one.identifier for one in activities(united)
    }
    assert used == {
        "self": made_by(united, next(one for one in activities(united) if "step3" in str(one))),
        "other": made_by(alone, activities(alone)[-1]),
    }
    assert len(activities(united)) == 4


def test_a_union_of_unions_is_a_graph(tmp_path: Path) -> None:
    """Tables within tables are followed."""
    inner = [numbered(2), numbered_union(3, [numbered(1)])]
    outer = [numbered(4), numbered_union(5, inner)]
    statements, problems = read(write(tmp_path / "x.trees", outer))
    alone = read(write(tmp_path / "inner.trees", inner))[0]

    assert problems == []
    assert len(activities(statements)) == 5
    assert states(alone) < states(statements)


def numbered_union(number: int, rows: list[tuple[str, Any]]) -> tuple[str, dict[str, Any]]:
    return numbered(number)[0], other(rows)


@pytest.mark.parametrize(
    "table",
    [
        {"timestamp": ["x"], "record": []},
        {"timestamp": [1], "record": [2]},
        {"timestamp": "x", "record": "y"},
        {"timestamp": [], "record": []},
        {"record": ["{}"]},
        None,
        [],
    ],
)
def test_what_is_no_table_stays_a_parameter(tmp_path: Path, table: Any) -> None:
    """The other's provenance may be missing or broken."""
    row = record(parameters={"command": "union", "other": table})
    (activity,) = activities(read(write(tmp_path / "x.trees", [(TIME, row)]))[0])

    assert json.loads(str(activity.values(TSKIT + "parameters")[0]))["other"] == table


@pytest.mark.parametrize("time", ["2026-01-02T03:04:05", "", "yesterday"])
def test_rows_that_could_be_of_any_run_are_not_shared(tmp_path: Path, time: str) -> None:
    """Two jobs of SLiM 3.0 that end in one second leave the same row, and are two runs."""
    rows = [(time, SLIM_3_0)]
    one = read(write(tmp_path / "one.trees", rows))[0]
    two = read(write(tmp_path / "two.trees", rows, uuid=UUID.replace("1", "2")))[0]
    again = read(write(tmp_path / "copy.trees", rows))[0]

    assert not states(one) & states(two)
    assert states(one) == states(again)


def test_such_rows_are_shared_behind_one_that_is_unique(tmp_path: Path) -> None:
    """What was made from one file of SLiM 3.0 has one simulation as its origin."""
    rows = [("2026-01-02T03:04:05", SLIM_3_0), numbered(1)]
    one = read(write(tmp_path / "one.trees", rows))[0]
    two = read(write(tmp_path / "two.trees", [*rows, numbered(2)], UUID.replace("1", "2")))[0]

    assert states(one) < states(two)


def test_a_seed_makes_a_row_unique(tmp_path: Path) -> None:
    """SLiM writes whole seconds, but since 3.1 its seed as well."""
    rows = [("2026-01-02T03:04:05", SLIM_3_3)]
    one = read(write(tmp_path / "one.trees", rows))[0]
    two = read(write(tmp_path / "two.trees", rows, uuid=UUID.replace("1", "2")))[0]

    assert states(one) == states(two)


def test_a_repeated_row_is_one_step(tmp_path: Path) -> None:
    """Old tsinfer wrote the rows of its samples twice; the file says how many are no steps."""
    once = [numbered(1), numbered(2), numbered(3)]
    twice = [*once[:2], *once]
    ours, problems = read(write(tmp_path / "twice.trees", twice))

    assert problems == []
    assert activities(ours) == activities(read(write(tmp_path / "once.trees", once))[0])
    assert dict(file_event(ours).attributes)[TSKIT + "repeated_rows"] == 2
    assert dict(file_event(ours).attributes)[TSKIT + "provenance_rows"] == 5


def names(store: MemoryStore, reference: str, walk: Any, kinds: str | None = None) -> set[str]:
    """Names of what a walk from a reference finds."""
    start = queries.resolve(store, reference).key
    return {one.name for one in walk(store, start, kinds=relation_kinds(kinds)).elements}


def test_the_ancestors_of_a_file_are_its_chain() -> None:
    """What a user asks first is how a file was made, and with what."""
    store = MemoryStore()
    import_paths(store, [DATA], Settings())

    assert names(store, "union.trees", queries.ancestors) == {
        "union.trees",
        "tskit union",
        "tskit 1.0.3",
        "tree sequence after msprime sim_mutations",
        "msprime sim_mutations",
        "tree sequence after msprime sim_ancestry",
        "msprime sim_ancestry",
        "msprime 1.4.4",
    }


def test_what_a_file_led_to_is_found_when_alternates_are_followed() -> None:
    """That its very bytes were read is not known, only that the rows go on from its own."""
    store = MemoryStore()
    import_paths(store, [DATA], Settings())
    found = names(store, "msp_mut_2rows.trees", queries.descendants, "all")
    alone = names(store, "msp_mut_2rows.trees", queries.descendants)

    assert {one for one in found if one.endswith(".trees")} == {
        "msp_mut_2rows.trees",
        "union.trees",
        "user_rows_nonjson.trees",
    }
    assert alone == {"msp_mut_2rows.trees"}


def test_copies_are_one_file_and_dumps_are_several(tmp_path: Path) -> None:
    """The uuid in the file is new at each dump."""
    rows = [numbered(1)]
    for name, uuid in (("a", UUID), ("copy", UUID), ("dump", UUID.replace("1", "2"))):
        write(tmp_path / f"{name}.trees", rows, uuid)
    store = MemoryStore()
    import_paths(store, [tmp_path], Settings())
    first, copy, dump = (queries.resolve(store, f"{name}.trees") for name in ("a", "copy", "dump"))

    assert first.key == copy.key == f"urn:uuid:{UUID}"
    assert first.paths == (str(tmp_path / "a.trees"), str(tmp_path / "copy.trees"))
    assert dump.key != first.key


def test_a_path_that_is_written_again_has_two_versions(tmp_path: Path) -> None:
    """The later one is meant by the path; the earlier one is marked."""
    store, path = MemoryStore(), tmp_path / "x.trees"
    for count, uuid in ((1, UUID), (2, UUID.replace("1", "2"))):
        write(path, [numbered(1), numbered(2)][:count], uuid)
        import_paths(store, [path], Settings())
    last, (first,) = queries.resolve_versions(store, str(path))

    assert last.identifier == f"urn:uuid:{UUID.replace('1', '2')}"
    assert first.values(v.OVERWRITTEN) == (True,)
    assert last.values(v.OVERWRITTEN) == ()
