"""What the records leave open: each trap in two or three events."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from lineage import queries
from lineage import vocabulary as v
from lineage.identity import resolve
from lineage.session import Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.ctapipe_logs import WORK32, record, written
from tests.file_events import (
    P1,
    P2,
    SETTINGS,
    attribute,
    evidence,
    generated,
    generation,
    header,
    use,
    used,
)


def kinds(*events: object) -> list[str]:
    return [one.kind for one in resolve(events, SETTINGS).findings]  # type: ignore[arg-type]


def test_a_file_that_turns_up_later_may_have_been_there_before() -> None:
    """A product was seen at a path that another had written: since when nobody knows."""
    made = generation("/d/old", "m", 0, 1, product=P1, created=1)
    other = generation("/d/x", "o", 0, 2)
    blind, seen = use("/d/x", "b", 5, 6), use("/d/x", "s", 9, 10, product=P1, created=1)
    result = resolve([made, other, blind, seen], SETTINGS)

    assert used(result, blind) == "file:///d/x#used:b"
    assert used(result, seen) == f"urn:uuid:{P1}"
    assert attribute(result, "file:///d/x#o", v.OVERWRITTEN) == [True]


def test_what_was_seen_at_a_path_is_there_until_something_else_is_known() -> None:
    """A use that names no product reads what the one before it found."""
    made = generation("/d/old", "m", 0, 1, product=P1, created=1)
    other = generation("/d/x", "o", 0, 2)
    seen, blind = use("/d/x", "s", 5, 6, product=P1, created=1), use("/d/x", "b", 9, 10)
    result = resolve([made, other, seen, blind], SETTINGS)

    assert used(result, blind) == f"urn:uuid:{P1}"
    assert evidence(result, blind) == "path+time"


def test_a_version_that_was_put_back_is_the_one_that_is_there() -> None:
    """Seen again after a later one was written, it has replaced that."""
    first = generation("/d/x", "a", 0, 1, product=P1, created=1)
    second = generation("/d/x", "b", 3, 4, product=P2, created=4)
    result = resolve([first, second, use("/d/x", "u", 8, 9, product=P1, created=1)], SETTINGS)

    assert attribute(result, f"urn:uuid:{P1}", v.OVERWRITTEN) == []
    assert attribute(result, f"urn:uuid:{P2}", v.OVERWRITTEN) == [True]


def test_of_two_files_with_one_product_id_the_one_at_the_path_was_read() -> None:
    """Whoever else claims the id, at another path."""
    one = generation("/d/a", "a", 0, 1, product=P1, created=1)
    other = generation("/d/b", "b", 3, 4, product=P1, created=1)
    reads = [use(path, f"u{path[-1]}", 8, 9, product=P1, created=1) for path in ("/d/a", "/d/b")]
    result = resolve([one, other, *reads], SETTINGS)

    assert [used(result, read) for read in reads] == [generated(result, one), f"urn:uuid:{P1}#b"]


def test_a_blind_writer_may_have_kept_the_product_id() -> None:
    """A use that names a product which a tool without ids has written over since is unclear."""
    made = generation("/d/x", "m", 0, 1, product=P1, created=1)
    blind = generation("/d/x", "b", 3, 4)
    read = use("/d/x", "u", 8, 9, product=P1, created=1)
    result = resolve([made, blind, read], SETTINGS)

    assert used(result, read) == f"file:///d/x#used:u:{P1}"
    assert kinds(made, blind, read) == ["ambiguous-use"]


def test_an_input_that_is_listed_twice_is_one_unclear_version() -> None:
    """Two roles, two ids that a reader made up: one activity read one file."""
    made = generation("/d/x", "m", None, None)
    reads = [
        use("/d/x", "u", 5, 6, role=role, product=product, counts=False)
        for role, product in (("r", P1), ("s", P2))
    ]
    result = resolve([made, *reads], SETTINGS)

    assert {used(result, read) for read in reads} == {"file:///d/x#used:u"}


def test_a_header_that_names_the_predecessor_s_maker_is_the_successor_s() -> None:
    """ctapipe-apply-models leaves that activity; the creation time tells."""
    first, second = generation("/d/x", "a", 0, 1), generation("/d/x", "b", 5, 6)
    state = header("/d/x", P1, 5.5)
    named = replace(state, activity="urn:uuid:a")
    result = resolve([first, second, named], SETTINGS)

    assert generated(result, first) == "file:///d/x#a"
    assert generated(result, second) == f"urn:uuid:{P1}"
    assert attribute(result, "file:///d/x#a", v.OVERWRITTEN) == [True]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [(("n1", "n1", "n1"), "file:///d/x#b"), (("n1", "n2", "n3"), "file:///d/x#used:u")],
)
def test_within_the_tolerance_two_hosts_have_no_order(
    nodes: tuple[str, str, str], expected: str
) -> None:
    """Half a second after another host's stop is too close; on one host it is not."""
    first = generation("/d/x", "a", 0, 1, node=nodes[0])
    second = generation("/d/x", "b", 4, 5, node=nodes[1])
    read = use("/d/x", "u", 5 + 0.5 / 60, 6, node=nodes[2])

    assert used(resolve([first, second, read], SETTINGS), read) == expected


def test_writing_while_another_reads_is_reported() -> None:
    """An activity reads when it starts: that it did is a convention, so it is said."""
    first, second = generation("/d/x", "a", 0, 1), generation("/d/x", "b", 4, 6)
    read = use("/d/x", "u", 5, 9)
    result = resolve([first, second, read], SETTINGS)

    assert used(result, read) == "file:///d/x#a"
    assert [one.kind for one in result.findings] == ["read-while-written"]


def test_activities_side_by_side_that_write_one_path_are_reported() -> None:
    """A script may list what a tool in it wrote."""
    inner, outer = generation("/d/x", "i", 2, 3), generation("/d/x", "o", 0, 9)

    assert kinds(inner, outer) == ["written-together"]


def test_a_log_that_was_copied_is_the_log(tmp_path: Path) -> None:
    """The same content in another directory tells nothing new."""
    copy = tmp_path / "elsewhere" / "other.provenance.log"
    copy.parent.mkdir()
    shutil.copy(WORK32[0], copy)
    store = MemoryStore()
    import_paths(store, [WORK32[0]], Settings())
    before = queries.digest(store)
    report = import_paths(store, [copy], Settings())

    assert [one.outcome for one in report.sources] == [Outcome.UNCHANGED]
    assert queries.digest(store) == before


def test_a_document_s_file_iri_is_no_version_of_the_path(tmp_path: Path) -> None:
    """A PROV document may name a file by its path; versions that logs tell of stay apart."""
    files = {"input": [{"url": "/d/x", "role": "in"}], "output": [{"url": "/d/x", "role": "out"}]}
    log = written(tmp_path, record(**files))
    document = tmp_path / "some.prov.json"
    document.write_text(
        json.dumps(
            {
                "prefix": {"ex": "http://example.org/"},
                "entity": {"file:///d/x": {}},
                "activity": {"ex:a": {}},
                "used": {"_:u": {"prov:activity": "ex:a", "prov:entity": "file:///d/x"}},
            }
        )
    )
    digests = set()
    for order in ([log, document], [document, log]):
        store = MemoryStore()
        for path in order:
            assert import_paths(store, [path], Settings()).complete
        digests.add(queries.digest(store))
        made = [one for one in store.records() if getattr(one, "identifier", "") or ""]
        identifiers = {str(getattr(one, "identifier", "")) for one in made}

        assert any(one.startswith("file:///d/x#") for one in identifiers)
    assert len(digests) == 1


def test_a_copy_may_be_of_what_was_changed_in_place() -> None:
    """A tool without ids read a product and wrote over it; then its id turned up elsewhere."""
    made = generation("/d/x", "m", 0, 1, product=P1, created=1)
    read, blind = use("/d/x", "b", 3, 4), generation("/d/x", "b", 3, 4)
    copy = use("/d/copy", "u", 8, 9, product=P1, created=1)

    assert used(resolve([made, read, blind, copy], SETTINGS), copy) == f"file:///d/copy#used:u:{P1}"
    # who had not read it has not kept its id
    assert used(resolve([made, blind, copy], SETTINGS), copy) == f"urn:uuid:{P1}"


def test_a_copy_of_one_of_two_files_with_one_product_id_is_unclear() -> None:
    """Neither was written where it was used, and both were there."""
    one = generation("/d/a", "a", 0, 1, product=P1, created=1)
    other = generation("/d/b", "b", 3, 4, product=P1, created=1)
    early, late = (
        use("/d/c", name, start, start + 1, product=P1, created=1)
        for name, start in (("e", 2), ("l", 8))
    )
    result = resolve([one, other, early, late], SETTINGS)

    assert used(result, early) == f"urn:uuid:{P1}"
    assert used(result, late) == f"file:///d/c#used:l:{P1}"


def test_a_path_that_may_lead_to_another_may_hold_what_was_written_there() -> None:
    """One product was seen at two paths, by a link or a copy, and then one was overwritten."""
    made = generation("/v1/x", "m", 0, 1, product=P1, created=1)
    seen = use("/pro/x", "s", 2, 3, product=P1, created=1)
    other = generation("/v1/x", "o", 4, 5, product=P2, created=5)
    blind = use("/pro/x", "u", 8, 9)
    again = use("/pro/x", "t", 6, 7, product=P1, created=1)

    assert used(resolve([made, seen, other, blind], SETTINGS), blind) == "file:///pro/x#used:u"
    # seen there once more it is a copy
    assert used(resolve([made, seen, other, again, blind], SETTINGS), blind) == f"urn:uuid:{P1}"
    # and no path leads to another host's own disk
    there = [replace(one, path=f"/scratch{one.path}", node="n1") for one in (made, other)]
    assert used(resolve([*there, seen, blind], SETTINGS), blind) == "file:///pro/x#used:u"
    here = [replace(one, path=f"/scratch{one.path}", node="n2") for one in (seen, blind)]
    assert used(resolve([*there, *here], SETTINGS), here[1]) == f"urn:uuid:{P1}"


def test_a_header_may_be_of_what_came_after_all_that_was_seen_there() -> None:
    """Two products were made elsewhere and brought to a path: a use saw one, a header the other."""
    first = generation("/d/a", "a", 0, 1, product=P1, created=1)
    seen = use("/d/x", "u", 5, 6, product=P1, created=1)
    for created, expected in ((3, ["unclear-order"]), (7, [])):
        other = generation("/d/b", "b", 2, 8, product=P2, created=created)

        assert kinds(first, seen, other, header("/d/x", P2, created)) == expected
