"""Tree sequences that are cut, broken or hostile."""

from __future__ import annotations

import json
import random
import struct
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kastore
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.tskit import TskitImporter
from importers.tskit_kastore import MAGIC
from importers.tskit_rows import LARGEST_ROW_BYTES, MOST_ROWS
from lineage import vocabulary as v
from lineage.canonical import canonical, encode_event
from lineage.errors import SourceError
from lineage.identity import IdentitySettings, resolve
from lineage.interfaces import Confidence, Problem
from lineage.records import FileEvent, Namespace, Statement
from lineage.vocabulary import TSKIT
from tests.tree_sequences import (
    DATA,
    SAMPLES,
    TIME,
    activities,
    file_event,
    read,
    record,
    states,
    stored_rows,
    write,
)

MEGABYTE = 1 << 20


def cut(source: Path, length: int, target: Path) -> Path:
    """The beginning of a file."""
    target.write_bytes(source.read_bytes()[:length])
    return target


def read_or_refusal(path: Path) -> tuple[list[Statement], list[str]]:
    """What is read of a file, and the places that are told."""
    problems: list[Problem] = []
    statements: list[Statement] = []
    try:
        statements += TskitImporter().records(path, problems.append)
    except SourceError as error:
        return statements, [*(problem.place for problem in problems), error.place]
    return statements, [problem.place for problem in problems]


def array_place(source: Path, name: str) -> tuple[int, int]:
    """Where an array begins and ends, found by its descriptor alone."""
    data = source.read_bytes()
    for index in range(struct.unpack_from("<I", data, 12)[0]):
        kind, key, key_length, start, length = struct.unpack_from("<B7xQQQQ", data, 64 + 64 * index)
        if data[key : key + key_length].decode() == name:
            return start, start + length * (1, 1, 2, 2, 4, 4, 8, 8, 4, 8)[kind]
    raise KeyError(name)


def places(source: Path) -> list[int]:
    """50 places in a file, half of them within the provenance table."""
    drawn = random.Random(source.name)
    begin, _ = array_place(source, "provenances/record")
    _, end = array_place(source, "provenances/timestamp_offset")
    size = source.stat().st_size
    return [drawn.randrange(size) for _ in range(25)] + [
        drawn.randrange(begin, end + 1) for _ in range(25)
    ]


@pytest.mark.parametrize("source", SAMPLES, ids=lambda path: path.stem)
def test_no_whole_row_before_a_cut_is_lost(source: Path, tmp_path: Path) -> None:
    """Wherever a file ends, its whole JSON rows arrive, and the place is told."""
    begin, _ = array_place(source, "provenances/record")
    ends, at = [], begin
    for _, text in stored_rows(source):
        at += len(text.encode())
        ends.append(at if text.startswith("{") else 1 << 62)
    for length in places(source):
        scratch = cut(source, length, tmp_path / "x.trees")
        statements, told = read_or_refusal(scratch)
        whole = sum(end <= length for end in ends)

        assert len(activities(statements)) >= whole
        assert f"byte {length}" in told
        assert all(told)


def test_a_cut_behind_the_table_costs_nothing_of_it(tmp_path: Path) -> None:
    """Activities and tree sequences are those of the whole file; only its id is missing."""
    source = DATA / "union.trees"
    _, end = array_place(source, "provenances/timestamp_offset")
    statements, _ = read(cut(source, end, tmp_path / "x.trees"))

    assert activities(statements) == activities(read(source)[0])
    assert states(statements) == states(read(source)[0])
    assert file_event(statements).product is None


def test_a_cut_between_the_offsets_costs_no_row(tmp_path: Path) -> None:
    """The texts lie before their offsets, and JSON objects end by themselves."""
    source = DATA / "tsinfer.trees"
    begin, end = array_place(source, "provenances/record_offset")
    for length in range(begin, end + 1):
        statements, _ = read(cut(source, length, tmp_path / "x.trees"))

        assert [one.values(TSKIT + "command")[0] for one in activities(statements)] == [
            "sim_ancestry",
            "sim_mutations",
            "from-tree-sequence",
            "infer",
        ]


def test_rows_without_time_are_kept_apart(tmp_path: Path) -> None:
    """Where the cut took the timestamps, a row may be any run's: it is this file's alone."""
    source = DATA / "msp_mut_2rows.trees"
    begin, _ = array_place(source, "provenances/timestamp")
    statements, problems = read(cut(source, begin, tmp_path / "x.trees"))

    assert [one.values(TSKIT + "random_seed") for one in activities(statements)] == [(42,), (43,)]
    assert not states(statements) & states(read(source)[0])
    assert "timestamp" in problems[-1].message


def test_lost_rows_are_counted(tmp_path: Path) -> None:
    """The descriptor tells how many there should be."""
    source = DATA / "tsinfer.trees"
    begin, _ = array_place(source, "provenances/record")
    _, problems = read(cut(source, begin + 1500, tmp_path / "x.trees"))

    assert [problem.records_lost for problem in problems if problem.records_lost] == [3]
    assert "/provenances/1" in [problem.place for problem in problems]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "byte 0"),
        (b"\x89KAS", "byte 0"),
        (b"\x89HDF\r\n\x1a\n" + bytes(60), "byte 0"),
        (MAGIC, "byte 8"),
        (MAGIC + struct.pack("<HHIQ", 2, 0, 1, 64) + bytes(40), "byte 8"),
        (MAGIC + struct.pack("<HHIQ", 1, 0, 2**32 - 1, 2**63) + bytes(40), "byte 12"),
        (MAGIC + struct.pack("<HHIQ", 1, 0, 10, 2**63) + bytes(40), "byte 64"),
        (MAGIC + struct.pack("<HHIQ", 1, 0, 0, 64) + bytes(40), "byte 64"),
    ],
)
def test_what_is_no_tree_sequence_is_refused(tmp_path: Path, content: bytes, place: str) -> None:
    """By the byte where that shows."""
    path = tmp_path / "x.trees"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read(path)

    assert caught.value.place == place
    assert caught.value.problem


def test_another_kastore_is_refused_by_what_it_is(tmp_path: Path) -> None:
    """The container is not tskit's alone."""
    path = tmp_path / "x.kas"
    kastore.dump({"format/name": numpy.frombuffer(b"mine", numpy.int8)}, str(path))
    sure = TskitImporter().recognises(path, path.read_bytes())
    with pytest.raises(SourceError, match="format 'mine'"):
        read(path)

    assert sure is Confidence.SHAPE


@pytest.mark.parametrize("head", [b"", b"(a:1,b:2);\n", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"])
def test_other_files_are_left_alone(head: bytes) -> None:
    """Newick trees, msprime's old HDF5 and tszip archives are not kastore."""
    assert TskitImporter().recognises(Path("x.trees"), head) is Confidence.NO


def with_descriptor(path: Path, name: str, change: Callable[[list[int]], None]) -> None:
    """Changes (type, key start, key length, start, length) of an array in a file."""
    data = bytearray(path.read_bytes())
    for index in range(struct.unpack_from("<I", data, 12)[0]):
        at = 64 + 64 * index
        fields = list(struct.unpack_from("<B7xQQQQ", data, at))
        if data[fields[1] : fields[1] + fields[2]].decode() == name:
            change(fields)
            struct.pack_into("<B7xQQQQ", data, at, *fields)
    path.write_bytes(data)


def set_field(index: int, value: int) -> Callable[[list[int]], None]:
    def change(fields: list[int]) -> None:
        fields[index] = value

    return change


@pytest.mark.parametrize("array", ["record", "record_offset", "timestamp", "timestamp_offset"])
@pytest.mark.parametrize("field", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("value", [0, 9, 200, 2**40, 2**63, 2**64 - 1])
def test_descriptors_that_lie_are_told(tmp_path: Path, array: str, field: int, value: int) -> None:
    """Nothing is allocated that the file does not hold, and nothing else goes wrong."""
    path = write(tmp_path / "x.trees", [(TIME, record()), (TIME + "1", record())])
    with_descriptor(path, f"provenances/{array}", set_field(field, value if field else value % 256))
    tracemalloc.start()
    statements, told = read_or_refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert statements or told
    assert all(told)
    assert peak < 8 * MEGABYTE


@pytest.mark.parametrize(
    "offsets", [[0, 2**40, 2**41], [5, 3, 1], [0, 0, 0], [2**64 - 1, 0, 2], [0], []]
)
@pytest.mark.parametrize("column", ["record", "timestamp"])
def test_offsets_that_lie_are_told(tmp_path: Path, offsets: list[int], column: str) -> None:
    """Rows outside of the file, or that end before they begin, are lost and counted."""
    more: dict[str, Any] = {f"provenances/{column}_offset": numpy.array(offsets, numpy.uint64)}
    path = write(tmp_path / "x.trees", [(TIME, record()), (TIME + "1", record())], **more)
    statements, problems = read(path)
    lost = sum(problem.records_lost for problem in problems)

    assert file_event(statements)
    assert lost + len(activities(statements)) == (
        max(0, len(offsets) - 1) if column == "record" else 2
    )


def test_a_row_like_no_other_in_size_keeps_beginning_and_digest(tmp_path: Path) -> None:
    """It is not taken apart; that is said, and the rows behind it are read."""
    long = record(parameters={"command": "x", "a": "y" * LARGEST_ROW_BYTES})
    path = write(tmp_path / "x.trees", [(TIME, long), (TIME + "1", record())])
    statements, (problem,) = read(path)
    first, second = activities(statements)

    assert problem.place == "/provenances/0"
    assert len(str(first.values(TSKIT + "text")[0])) == 1 << 16
    assert "SHA-256" in str(first.values(TSKIT + "cut")[0])
    assert second.values(v.PROV_LABEL) == ("tool work",)


def test_rows_without_number_are_capped(tmp_path: Path) -> None:
    """Twice as many empty rows as are read cost what is allowed, and the rest is counted."""
    count = 2 * MOST_ROWS
    more: dict[str, Any] = {"provenances/record_offset": numpy.zeros(count + 1, numpy.uint64)}
    statements, problems = read(write(tmp_path / "x.trees", [], **more))
    lost = [problem.records_lost for problem in problems if problem.records_lost]

    assert lost == [MOST_ROWS]
    assert dict(file_event(statements).attributes)[TSKIT + "provenance_rows"] == count


HOSTILE = {
    "lists": '{"parameters": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "nearly too deep": '{"software": {"name": "x", "version": "1"}, "parameters": {"a": '
    + "[" * 900
    + "]" * 900
    + "}}",
    "digits": '{"parameters": {"random_seed": ' + "9" * 5000 + "}}",
    "numbers": '{"resources": {"elapsed_time": 1e999, "user_time": NaN, "sys_time": -1e308, '
    '"max_memory": ' + "9" * 400 + "}}",
    "repeated keys": "{" + ",".join(['"a":1'] * 200_000) + "}",
    "surrogates": '{"software": {"name": "\\ud800", "version": "\\udfff"}}',
    "controls": '{"software": {"name": "a\\u0000b\\u001b[2J", "version": "<script>"}}',
    "long names": '{"software": {"name": "' + "n" * 100_000 + '", "version": "../../etc"}}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_rows_are_kept_and_the_next_is_read(tmp_path: Path, text: str) -> None:
    """Whatever a row holds, it costs no other; everything can be written as UTF-8."""
    statements, _ = read(write(tmp_path / "x.trees", [(TIME, text), (TIME + "1", record())]))

    assert len(activities(statements)) == 2
    assert activities(statements)[1].values(v.PROV_LABEL) == ("tool work",)
    for line in lines(statements):
        assert len(line) < 10 * MEGABYTE


def test_code_in_parameters_stays_a_text(tmp_path: Path) -> None:
    """msprime's own reader makes objects of classes and of marshalled functions."""
    canary = tmp_path / "canary"
    parameters = {
        "command": "x",
        "a": {"__class__": "pathlib.Path", "args": [str(canary)]},
        "b": {"__class__": "os.system", "command": f"touch {canary}"},
        "c": {"__function__": "4wAAAAAAAAAA", "defaults": None},
    }
    path = write(tmp_path / "x.trees", [(TIME, record(parameters=parameters))])
    (activity,) = activities(read(path)[0])

    assert json.loads(str(activity.values(TSKIT + "parameters")[0])) == parameters
    assert not canary.exists()


def test_a_table_within_tables_ends(tmp_path: Path) -> None:
    """Each level doubles the backslashes; what is too deep stays a parameter."""
    inner = json.dumps(record())
    for _ in range(12):
        table = {"timestamp": [""], "record": [inner]}
        inner = json.dumps(record(parameters={"command": "union", "other": table}))
    statements, problems = read(write(tmp_path / "x.trees", [(TIME, inner)]))

    assert problems == []
    assert len(activities(statements)) == 13


def test_a_second_tree_sequence_in_the_file_is_told(tmp_path: Path) -> None:
    """Streams of tree sequences may lie in one file; tskit reads the first."""
    path = write(tmp_path / "x.trees", [(TIME, record())])
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() * 2)
    statements, (problem,) = read(path)

    assert len(activities(statements)) == 1
    assert (problem.place, problem.records_lost) == (f"byte {size}", 1)


def lines(statements: list[Statement]) -> list[str]:
    """Each statement as it would be stored, in UTF-8."""
    found = []
    for one in statements:
        assert not isinstance(one, Namespace)
        line = encode_event(one) if isinstance(one, FileEvent) else canonical(one)
        line.encode("utf-8")
        found.append(line)
    return found


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["SLiM", "union", TIME, "\udcff", "{}", '{"software": 1}']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
TABLES = JSON | st.fixed_dictionaries(
    {"timestamp": st.lists(st.text(max_size=5)), "record": st.lists(st.text(max_size=5))}
)
RECORDS = JSON | st.fixed_dictionaries(
    {},
    optional={
        "schema_version": JSON,
        "program": JSON,
        "version": JSON,
        "software": JSON | st.fixed_dictionaries({"name": JSON, "version": JSON}),
        "parameters": JSON
        | st.fixed_dictionaries(
            {}, optional={"command": JSON, "other": TABLES, "model": JSON, "args": JSON}
        ),
        "environment": JSON | st.fixed_dictionaries({"os": JSON}),
        "resources": JSON | st.fixed_dictionaries({"max_memory": JSON, "sys_time": JSON}),
        "slim": JSON,
        "unheard": JSON,
    },
)


@given(st.lists(st.tuples(st.text(max_size=8) | st.just(TIME), RECORDS), max_size=4))
@settings(max_examples=150, deadline=None)
def test_rows_of_any_content_arrive(rows: list[tuple[str, Any]]) -> None:
    """Every row is an activity, unless it repeats one; everything can be stored."""
    times = [time.encode("utf-8", "replace").decode() for time, _ in rows]
    stored = list(zip(times, (json.dumps(one) for _, one in rows), strict=True))
    with tempfile.TemporaryDirectory() as directory:
        statements, _ = read(write(Path(directory) / "x.trees", stored))
    resolve([file_event(statements)], IdentitySettings())

    assert len(activities(statements)) >= len(set(stored))
    assert lines(statements)


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda rest: MAGIC + rest))
@settings(max_examples=200, deadline=None)
def test_anything_else_is_refused_with_a_place(data: bytes) -> None:
    """Bytes that are no kastore end in the error meant for that."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "x.trees"
        path.write_bytes(data)
        with pytest.raises(SourceError) as caught:
            read(path)

    assert caught.value.place.startswith("byte ")
