"""Records go to prov and come back; prov's corpus says the same in both."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import prov
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prov.model import ProvDocument

from importers.provjson import ProvJsonImporter
from lineage import vocabulary as v
from lineage.errors import LineageError
from lineage.interfaces import Problem
from lineage.interop import from_prov, to_prov
from lineage.records import Agent, Bundle, Entity, Iri, Literal, Namespace, Record, typed_value
from tests.strategies import documents, namespaces

CORPUS = sorted(Path(prov.__file__).parent.glob("tests/json/*.json"))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keeps prov's remarks about local parts and language tags out of the results."""
    logging.getLogger("prov").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _read(path: Path) -> tuple[list[Record], list[Namespace], list[Problem]]:
    problems: list[Problem] = []
    records: list[Record] = []
    declared: list[Namespace] = []
    for statement in ProvJsonImporter().records(path, problems.append):
        if isinstance(statement, Namespace):
            declared.append(statement)
        else:
            records.append(statement)  # type: ignore[arg-type]
    return records, declared, problems


def test_the_corpus_is_there() -> None:
    """prov ships 398 PROV-JSON documents in its wheel."""
    documents_found = len(CORPUS)

    assert documents_found == 398


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_prov_reads_the_corpus_as_we_do(path: Path) -> None:
    """Every document of prov's corpus means the same to prov and to the importer."""
    records, declared, problems = _read(path)
    ours, theirs = to_prov(records, declared), ProvDocument.deserialize(str(path))

    assert problems == []
    assert ours == theirs
    assert theirs == ours
    assert {bundle.identifier for bundle in ours.bundles} == {
        bundle.identifier for bundle in theirs.bundles
    }
    assert set(from_prov(theirs)) == set(records)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(), st.lists(namespaces, max_size=4))
def test_records_return_from_prov(records: list[Record], declared: list[Namespace]) -> None:
    """from_prov undoes to_prov, whatever prefixes are declared."""
    returned = from_prov(to_prov(records, declared))

    assert set(returned) == set(records)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(records=documents(), declared=st.lists(namespaces, max_size=4))
def test_records_return_through_the_text_that_prov_writes(
    records: list[Record], declared: list[Namespace], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What prov serialises as PROV-JSON, the importer reads as the same records."""
    path = tmp_path_factory.mktemp("prov") / "document.json"
    path.write_text(to_prov(records, declared).serialize(format="json"), encoding="utf-8")
    read, _, problems = _read(path)

    assert problems == []
    assert set(read) == set(records)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["int", "long", "integer", "double", "boolean", "dateTime", "string"]),
    st.one_of(
        st.sampled_from(["042", "1_0", "+5", "True", " true", "1", "nan", "INF", "-INF", "1e400"]),
        st.sampled_from(["2020-01-01", "2020-01-01T24:00:00", "2020-01-01T10:00:00.5Z", "T", ""]),
        st.sampled_from(["2020-01-01 10:00:00", " 2020-01-01T10:00:00+05:30 ", "9" * 5000]),
        st.integers().map(str),
        st.floats(allow_nan=False).map(repr),
        st.text(max_size=8),
    ),
)
def test_a_typed_value_is_what_prov_makes_of_it(datatype: str, text: str) -> None:
    """typed_value collapses a literal to a Python value exactly where prov does."""
    value = typed_value(text, v.XSD + datatype)
    document = ProvDocument()
    document.add_namespace("ex", "http://example.org/")
    literal = prov.model.Literal(text, prov.constants.XSD[datatype])
    document.entity("ex:a", [("ex:value", literal)])
    (record,) = from_prov(document)

    assert record == Entity("http://example.org/a", (("http://example.org/value", value),))


def test_declared_prefixes_are_used() -> None:
    """An identifier is written under the longest declared namespace that leaves a plain name."""
    declared = [
        Namespace("ex", "http://example.org/"),
        Namespace("deep", "http://example.org/deep/"),
    ]
    document = to_prov(
        [Entity("http://example.org/deep/a"), Entity("http://example.org/b")], declared
    )

    assert list(json.loads(document.serialize(format="json"))["entity"]) == ["deep:a", "ex:b"]


def test_prefixes_of_no_use_are_replaced() -> None:
    """A prefix that is taken, blank or not a name is replaced by one that works."""
    declared = [Namespace("_", "urn:a:"), Namespace("a b", "urn:b:"), Namespace("xsd", "urn:c:")]
    records = [Entity("urn:a:1"), Entity("urn:b:1"), Entity("urn:c:1")]
    document = to_prov(records, declared)
    prefixes = json.loads(document.serialize(format="json"))["prefix"]

    assert sorted(prefixes.values()) == ["urn:a:", "urn:b:", "urn:c:"]
    assert not {"_", "a b", "xsd"} & set(prefixes)
    assert set(from_prov(document)) == set(records)


def test_an_empty_bundle_stays() -> None:
    """A named bundle without records survives the way to prov and back."""
    returned = list(from_prov(to_prov([Bundle("urn:b")])))

    assert returned == [Bundle("urn:b")]


def test_one_identifier_may_be_of_two_kinds() -> None:
    """An entity and an agent of one identifier are two records on both sides."""
    records = {Entity("urn:a"), Agent("urn:a")}

    assert set(from_prov(to_prov(records))) == records


def test_what_prov_refuses_is_named() -> None:
    """Two values of a formal attribute are an error that names the record."""
    plans = tuple((v.PROV_PLAN, Iri(name)) for name in ("urn:a", "urn:b"))

    with pytest.raises(LineageError, match="urn:activity"):
        to_prov([Entity("urn:activity", plans)])


def test_a_name_of_no_known_prefix_stays_as_it_is() -> None:
    """An opaque qualified name is kept by prov and comes back opaque."""
    opaque = Literal("xsd:int", v.PROV + "QUALIFIED_NAME")
    record = Entity("urn:a", (("urn:b", opaque),))

    assert list(from_prov(to_prov([record]))) == [record]
