"""The PROV-JSON importer: streaming, order, cuts and damage."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from importers.provjson import KEYS, ProvJsonImporter
from importers.provjson_stream import CHUNK_BYTES, BrokenText, DamagedValue, JsonCursor
from lineage.errors import SourceError
from lineage.interfaces import Problem
from lineage.records import (
    Agent,
    Bundle,
    Entity,
    Namespace,
    Statement,
)
from lineage.vocabulary import RELATION_BY_KEYWORD
from tests.provjson_documents import (
    EX,
    PREFIX,
    SAMPLES,
    document,
    keyword_of,
    read,
    records_of,
    written,
)

__all__ = ["document"]  # a fixture


@given(st.permutations(sorted(KEYS)))
@settings(max_examples=30, deadline=None)
def test_the_order_of_keys_means_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[str]
) -> None:
    """Records are the same in whatever order the keys of document and bundle stand."""
    sections: dict[str, Any] = {
        keyword: {"ex:r": {"prov:entity": "ex:a"}} for keyword in RELATION_BY_KEYWORD
    }
    sections |= {kind: {"ex:a": {"ex:n": "1"}} for kind in ("entity", "activity", "agent")}
    sections |= PREFIX
    inner = {key: sections[key] for key in order if key != "bundle"}
    inner["prefix"] = {"ex": "urn:inner:"}
    sections["bundle"] = {"ex:b": inner}
    path = tmp_path_factory.mktemp("order") / "document.json"
    statements, problems = written(path, {key: sections[key] for key in order})
    reference, _ = written(path, {key: sections[key] for key in sorted(order)})

    assert problems == []
    assert statements[0] == Namespace("ex", EX)
    assert set(statements) == set(reference)
    assert len(statements) == len(reference)


def _large(records: int, *, prefix_last: bool = False) -> str:
    entities = {
        f"ex:{at}": {
            "prov:label": f"file number {at}",
            "prov:type": {"$": "ex:File{}", "type": "xsd:QName"},
            "ex:é": "{" * (at % 3) + "}" * (at % 2),
        }
        for at in range(records)
    }
    used = {f"_:{at}": {"prov:entity": f"ex:{at}"} for at in range(records)}
    content = {"entity": entities, "used": used, "bundle": {"ex:b": {"entity": entities}}}
    content = content | PREFIX if prefix_last else PREFIX | content
    return json.dumps(content, indent=records % 3 or None, ensure_ascii=bool(records % 2))


@pytest.mark.parametrize("prefix_last", [False, True])
@pytest.mark.parametrize("records", [4000, 4001, 4003])
def test_large_documents_are_read_across_chunks(
    document: Path, records: int, prefix_last: bool
) -> None:
    """Nothing is lost where one chunk of text ends and the next begins."""
    text = _large(records, prefix_last=prefix_last)
    statements, problems = written(document, text)
    read = records_of(statements)

    assert len(text) > 4 * CHUNK_BYTES
    assert problems == []
    assert Counter(map(keyword_of, read)) == {"entity": 2 * records, "used": records, "bundle": 1}
    assert len(set(read)) == len(read)


class _Counting(io.FileIO):
    """A file that knows how much was read of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        data = super().read(-1 if size is None else size) or b""
        _Counting.taken += len(data)
        return data


def test_records_come_before_the_file_is_read(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first record is there when a small part of the file has been read."""
    document.write_text(_large(6001))
    monkeypatch.setattr(_Counting, "taken", 0)
    monkeypatch.setattr(Path, "open", lambda path, mode: _Counting(path, mode))
    statements = ProvJsonImporter().records(document, pytest.fail)
    first = [next(statements) for _ in range(3)]
    statements.close()  # type: ignore[attr-defined]

    assert isinstance(first[2], Entity)
    assert 0 < _Counting.taken < document.stat().st_size / 4


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_cut_document_keeps_what_is_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Wherever a file ends too early, its whole records are there and a byte is named."""
    path = tmp_path_factory.mktemp("cut") / "document.json"
    sample = data.draw(st.sampled_from(SAMPLES))
    whole = [one for one in read(sample)[0] if not isinstance(one, Namespace)]
    content = sample.read_bytes().rstrip()
    length = data.draw(st.integers(0, len(content) - 1))
    path.write_bytes(content[:length])
    try:
        statements, problems = read(path)
    except SourceError:
        assume(False)
    kept = records_of(statements)

    assert problems[-1].place.startswith("byte ")
    assert int(problems[-1].place.split()[1]) <= length
    if sample.name != "bindings4.json":  # its prefixes come last
        assert kept == whole[: len(kept)]


def test_a_cut_document_loses_nothing_before_the_cut(document: Path) -> None:
    """A document cut behind its n-th record gives n records."""
    text = json.dumps(PREFIX | {"entity": {f"ex:{at}": {} for at in range(9)}})
    counts = []
    for at in range(9):
        end = text.index(f'"ex:{at}": {{}}') + len(f'"ex:{at}": {{}}')
        counts.append(len(records_of(written(document, text[:end])[0])))

    assert counts == list(range(1, 10))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("null", "must be an object"),
        ("5", "must be an object"),
        ('"text"', "must be an object"),
        ("nonsense", "not JSON"),
        ("", "not JSON"),
        ('{"ex:n": 01}', "not JSON"),
        ('{"ex:n" 1}', "not JSON"),
        ('{"ex:n": "a\nb"}', "not JSON"),
        ('{"ex:n": NaN}', "NaN"),
        ('{"ex:n": -Infinity}', "-Infinity"),
        (f'{{"ex:n": {"9" * 5000}}}', "5000 digits"),
        ('{"ex:n": "\\ud800"}', "surrogate"),
        ('{"ex:\\udfff": 1}', "surrogate"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"ex:n":' * 50_000 + "1" + "}" * 50_000, "nested too deeply"),
        ('{"ex:n": {"type": "xsd:string"}}', "no text under"),
        ('{"ex:n": {"$": null}}', "no text under"),
        ('{"ex:n": {"$": "a", "type": 5}}', "type or language"),
        ('{"ex:n": {"$": "a", "lang": []}}', "type or language"),
        ('{"ex:n": [["a"]]}', "does not know"),
        ('{"other:n": 1}', "'other:n' is not declared"),
        ('{"n": 1}', "'n' has no prefix"),
        ('{"": 1}', "is empty"),
        ('{"prov:activity": ["ex:a", "ex:b"]}', "takes one value"),
        ('{"prov:activity": []}', "takes one value"),
        ('{"prov:activity": 5}', "must be a qualified name"),
        ('{"prov:activity": {"$": "5"}}', "must be a qualified name"),
        ('{"prov:time": ["2020-01-01T00:00:00", "2021-01-01T00:00:00"]}', "takes one value"),
        ('{"prov:plan": "ex:a", "prov:plan": "ex:b"}', "more than one value"),
    ],
)
@pytest.mark.parametrize("section", ["entity", "used", "hadMember"])
def test_a_damaged_record_costs_itself_alone(
    document: Path, section: str, record: str, reason: str
) -> None:
    """A damaged record is named by its JSON pointer; those before and after it are read."""
    around = '{"ex:a": {}, "ex:b/~": ', ', "ex:c": {}}'
    text = f'{{"prefix": {{"ex": "{EX}"}}, "{section}": {around[0]}{record}{around[1]}}}'
    statements, problems = written(document, text)
    lost = [problem for problem in problems if problem.records_lost]

    assert [problem.place for problem in lost] == [f"/{section}/ex:b~1~0"]
    assert reason in lost[0].message
    assert [one.identifier for one in records_of(statements)] == [EX + "a", EX + "c"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ('{"prov:time": "yesterday"}', "no date and time"),
        ('{"prov:time": 5}', "no date and time"),
        ('{"prov:startTime": "0001-01-01T00:00:00+14:00"}', "no date and time"),
        ('{"prov:activity": null}', "null"),
        ('{"ex:n": null}', "null"),
        ('{"ex:n": [null]}', "null"),
        ('{"ex:n": {"$": "a", "type": "other:t"}}', "read as text"),
        ('{"ex:n": {"$": "other:t", "type": "xsd:QName"}}', "as it is written"),
        ('{"ex:n": {"$": "a", "note": "b"}}', "no meaning"),
        ('{"ex:n": 1, "ex:n": 2}', "repeated"),
    ],
)
@pytest.mark.parametrize("section", ["entity", "used"])
def test_a_part_of_no_meaning_is_told_and_the_record_kept(
    document: Path, section: str, record: str, reason: str
) -> None:
    """What can be left out of a record is left out, and told with its place."""
    text = f'{{"prefix": {{"ex": "{EX}"}}, "{section}": {{"ex:a": {record}}}}}'
    statements, problems = written(document, text)

    assert [(problem.place, problem.records_lost) for problem in problems] == [
        (f"/{section}/ex:a", 0)
    ]
    assert reason in problems[0].message
    assert len(records_of(statements)) == 1


def test_repeated_keys_are_told_and_nothing_is_lost(document: Path) -> None:
    """A key that stands twice in an object is a problem; what both say is kept."""
    text = (
        '{"prefix": {"a": "urn:a:"}, "entity": {"a:1": {"a:n": 1, "a:n": 2}, "a:1": {}}, '
        '"entity": {"b:2": {}}, "prefix": {"b": "urn:b:"}, "agent": {"b:3": {}}, '
        '"bundle": {"a:b": {}, "a:b": {}}}'
    )
    statements, problems = written(document, text)

    assert [problem.place for problem in problems] == [
        "/entity/a:1",
        "/entity/a:1",
        "/entity",
        "/entity/b:2",
        "/prefix",
        "/bundle/a:b",
    ]
    assert records_of(statements) == [
        Entity("urn:a:1", (("urn:a:n", 1), ("urn:a:n", 2))),
        Entity("urn:a:1"),
        Agent("urn:b:3"),
        Bundle("urn:a:b"),
        Bundle("urn:a:b"),
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"entity": [], "agent": {}}', ["/entity"]),
        ('{"entity": {}, "surprise": {"a": [1]}}', ["/surprise"]),
        ('{"entity": {}, "@context": {}}', ["/@context"]),
        (
            '{"prefix": {"a": 5, "b": "", "c": "urn:c:"}, "entity": {"c:1": {}}}',
            ["/prefix/a", "/prefix/b"],
        ),
        (
            '{"prefix": {"a": "urn:\\ud800", "\\udfff": "urn:b:"}, "entity": {"urn:c": {}}}',
            ["/prefix/a", "/prefix/\\udfff", "/prefix"],
        ),
        ('{"bundle": {"urn:b": []}}', ["/bundle/urn:b"]),
        ('{"bundle": {"b": {"entity": {"urn:a": {}}}}, "entity": {"urn:c": {}}}', ["/bundle/b"]),
        ('{"bundle": {"urn:b": {"bundle": {}}}}', ["/bundle/urn:b/bundle"]),
        ('{"entity": {}} {"entity": {}}', ["byte 15"]),
        ('{"entity": {"urn:a": {} "urn:b": {}}}', ["byte 24"]),
        ('{"entity": {"urn:a": {}, 5: {}}}', ["byte 25"]),
        ('{"entity": {"urn:a": {"urn:n": "\x80"}}}', ["byte 21"]),
    ],
)
def test_damage_around_records_is_told(document: Path, text: str, places: list[str]) -> None:
    """Whatever is wrong outside records has a JSON pointer or a byte."""
    document.write_bytes(text.encode("latin-1"))
    _, problems = read(document)

    assert [problem.place for problem in problems] == places


def test_a_file_that_is_no_text_ends_where_it_stops_being_text(document: Path) -> None:
    """Records before a byte that is not UTF-8 are kept."""
    good = json.dumps(PREFIX | {"entity": {"ex:a": {}}})[:-2].encode()
    document.write_bytes(good + b', "ex:\xff": {}}}')
    statements, problems = read(document)

    assert records_of(statements) == [Entity(EX + "a")]
    assert "not UTF-8" in problems[0].message


def test_a_value_without_end_is_not_swallowed(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that goes on and on is given up before it fills the memory."""
    monkeypatch.setattr("importers.provjson_stream.LONGEST_VALUE", CHUNK_BYTES)
    document.write_text('{"entity": {"urn:a": {"urn:n": "' + "x" * (8 * CHUNK_BYTES))
    _, problems = read(document)

    assert "longer than" in problems[0].message


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*sorted(KEYS), "ex:a", "_:b", "$", "type", "lang", "prov:entity"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=25,
    )
)
@settings(max_examples=200, deadline=None)
def test_no_json_breaks_the_importer(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    """Any JSON at all is read, told or refused: no other exception."""
    path = tmp_path_factory.mktemp("any") / "document.json"
    path.write_text(json.dumps(content))
    refused = False
    statements: list[Statement] = []
    problems: list[Problem] = []
    try:
        statements, problems = read(path)
    except SourceError:
        refused = True
    known = isinstance(content, dict) and (not content or not KEYS.isdisjoint(content))
    silent = isinstance(content, dict) and not any(content.values())

    assert refused is not known
    assert refused or silent or statements or problems or "prefix" in content


def test_keys_of_no_meaning_are_told_wherever_they_stand(tmp_path: Path) -> None:
    """Also before the first that PROV-JSON knows."""
    path = tmp_path / "document.json"
    path.write_text('{"first": 1, "entity": {}, "last": 2}')
    _, problems = read(path)

    assert sorted(problem.place for problem in problems) == ["/first", "/last"]


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_bytes_break_the_importer(tmp_path_factory: pytest.TempPathFactory, tail: bytes) -> None:
    """Any bytes after a good record leave it as it is."""
    path = tmp_path_factory.mktemp("any") / "document.json"
    path.write_bytes(b'{"entity": {"urn:a": {}, ' + tail)
    statements, _ = read(path)

    assert statements[0] == Entity("urn:a")


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x, max_size=4)))
@settings(max_examples=50, deadline=None)
def test_the_cursor_reads_values_as_the_standard_library_does(value: Any) -> None:
    """One value after a key is what json makes of it."""
    cursor = JsonCursor(io.BytesIO(json.dumps({"key": value}).encode()))
    (found,) = [(key, cursor.value()) for key in cursor.members()]

    assert found == ("key", value)


def test_the_cursor_goes_on_after_a_damaged_value() -> None:
    """A value that is no JSON is passed by its brackets; the next one is read."""
    cursor = JsonCursor(io.BytesIO(b'{"a": {"x": tru, "y": "}"}, "b": 2}'))
    keys = cursor.members()
    next(keys)
    with pytest.raises(DamagedValue):
        cursor.value()
    following = (next(keys), cursor.value())

    assert following == ("b", 2)


def test_the_cursor_names_the_byte_where_text_breaks() -> None:
    """Bytes are counted, not characters."""
    cursor = JsonCursor(io.BytesIO('{"é": 1; '.encode()))

    with pytest.raises(BrokenText) as caught:
        [cursor.value() for _ in cursor.members()]

    assert caught.value.byte == 8
