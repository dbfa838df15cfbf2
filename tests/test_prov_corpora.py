"""The documents that ship with the prov library: read as prov reads them, and back from exports."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import prov
import pytest
import rdflib
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml.etree import XMLSyntaxError
from prov import Error as ProvError
from prov.model import ProvDocument

from lineage import export
from lineage.errors import SourceError
from lineage.interfaces import Confidence
from lineage.interop import from_prov, to_prov
from lineage.records import Bundle, Literal, Namespace, Record, Relation, attributes
from tests.contract.test_exports import valid
from tests.importing import confidence, read, read_text
from tests.strategies import documents, namespaces

CORPUS = Path(prov.__file__).parent / "tests"
JSON = sorted((CORPUS / "json").glob("*.json"))
RDF = sorted([*(CORPUS / "rdf").glob("*.ttl"), *(CORPUS / "rdf").glob("*.trig")])
PROVN = sorted((CORPUS / "provn").rglob("*.provn"))
XML = sorted([*(CORPUS / "xml").glob("*.xml"), *(CORPUS / "unification").rglob("*.xml")])
XML += sorted((CORPUS / "unification").rglob("*.provx"))
JSONLD = sorted((CORPUS / "jsonld").glob("*.jsonld"))

MERGED = "scruffy-*[234]-*"
"""Records of one identifier that differ in more than one time: RDF merges them, for any reader."""

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """prov and rdflib log what they find odd about prov's own odd documents."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def by_prov(path: Path, format_: str, **options: str) -> list[Record] | None:
    """The records that prov reads, or ``None`` where it refuses the document as a whole."""
    try:
        return list(from_prov(ProvDocument.deserialize(str(path), format=format_, **options)))
    except (ProvError, XMLSyntaxError):
        return None


@cache
def of_json(path: Path) -> tuple[tuple[Record, ...], tuple[Namespace, ...]]:
    document = ProvDocument.deserialize(str(path))
    prefixes = [Namespace(space.prefix, space.uri) for space in document.namespaces]
    return tuple(from_prov(document)), tuple(prefixes)


def test_the_corpora_are_there() -> None:
    """What the tests below are about."""
    found = [len(corpus) for corpus in (JSON, RDF, PROVN, XML, JSONLD)]

    assert found == [398, 402, 524, 204, 5]


@pytest.mark.parametrize("path", RDF, ids=lambda path: path.name)
def test_rdf_is_read_as_prov_reads_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but one of the documents that prov can read; in that, one name is two kinds of thing."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)  # it rewrites durations
    syntax = {".ttl": "turtle", ".trig": "trig"}[path.suffix]
    theirs, ours = by_prov(path, "rdf", rdf_format=syntax), read("prov-o", path)

    if theirs is None:
        assert fnmatch(path.name, "scruffy-*")
    elif path.name == "bundle2.ttl":
        # to prov ``a prov:Entity, prov:Activity`` is an entity of type prov:Activity
        assert len(set(theirs) ^ set(ours.records)) == 6
    else:
        assert set(ours.records) == set(theirs)
        assert ours.problems == []


@pytest.mark.parametrize("format_", [name for name in export.FORMATS if name != "prov-json"])
@pytest.mark.parametrize(
    "path", [*JSON[::5], CORPUS / "json" / "bundle4.json"], ids=lambda p: p.stem
)
def test_exports_are_read_back_equal(path: Path, format_: str, tmp_path: Path) -> None:
    """What an export wrote comes back as it was, but for what RDF merges and Turtle refuses."""
    records, prefixes = of_json(path)
    bundles = any(isinstance(record, Bundle) for record in records)
    if bundles and not export.FORMATS[format_].holds_bundles:
        pytest.skip("refused by the export")
    target = tmp_path / f"x{export.FORMATS[format_].suffix}"
    with target.open("wb") as stream:
        export.write(format_, records, prefixes, stream)
    importer = format_ if format_ == "prov-n" else "prov-o"
    found = read(importer, target)
    merged = importer == "prov-o" and fnmatch(path.stem, MERGED)

    assert (set(found.records) == set(records)) is not merged
    assert merged or found.problems == []
    assert merged or to_prov(found.records) == to_prov(records)
    assert confidence(importer, tmp_path, target.read_bytes()) is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("importer", "format_", "options"),
    [
        ("prov-n", "provn", {}),
        ("prov-xml", "xml", {}),
        ("prov-jsonld", "jsonld", {}),
        ("prov-jsonld", "jsonld", {"context": "embed"}),
    ],
)
@pytest.mark.parametrize(
    "path", [*JSON[::4], CORPUS / "json" / "bundle4.json"], ids=lambda p: p.stem
)
def test_what_prov_writes_is_read_as_prov_reads_it(
    path: Path, importer: str, format_: str, options: dict[str, str], tmp_path: Path
) -> None:
    """PROV-N, PROV-XML and PROV-JSONLD, in parts, give what prov gives of the whole."""
    target = tmp_path / "x"
    document = ProvDocument.deserialize(str(path))
    try:
        document.serialize(str(target), format=format_, **options)
    except ProvError:
        assert format_ == "jsonld"
        assert fnmatch(path.stem, "mention*")
        return
    found = read(importer, target)

    assert set(found.records) == set(by_prov(target, format_) or [])
    assert found.problems == []
    assert confidence(importer, tmp_path, target.read_bytes()) is Confidence.CERTAIN


@pytest.mark.parametrize("path", [*PROVN, *XML, *JSONLD], ids=lambda path: path.name)
def test_real_documents_are_read_as_prov_reads_them(path: Path) -> None:
    """The same records; where prov refuses a whole document, what is wrong with parts of it."""
    importer, format_ = {
        ".provn": ("prov-n", "provn"),
        ".jsonld": ("prov-jsonld", "jsonld"),
    }.get(path.suffix, ("prov-xml", "xml"))
    theirs, found = by_prov(path, format_), read(importer, path)

    if theirs is None:
        assert found.problems
        assert all(found.places)
    else:
        assert set(found.records) == set(theirs)
        assert found.problems == []


@pytest.mark.parametrize(
    "path", sorted((CORPUS / "malformed").glob("*")), ids=lambda path: path.name
)
@pytest.mark.parametrize("importer", ["prov-n", "prov-xml", "prov-jsonld", "prov-o"])
def test_malformed_documents_are_refused_or_told(path: Path, importer: str) -> None:
    """prov's own malformed ones, by every reader."""
    try:
        found = read(importer, path)
    except SourceError:
        return

    assert all(problem.place and problem.message for problem in found.problems)


def told_apart_by_rdf(records: list[Record]) -> bool:
    """No two of the records are one node, or one relation, to a reader of RDF."""
    names = [(one.bundle, one.identifier) for one in records if not isinstance(one, Bundle)]
    named = [name for name in names if name[1] is not None]
    bundles = {one.identifier for one in records if isinstance(one, Bundle)}
    sides = [(one.bundle, one.kind, one.subject) for one in records if isinstance(one, Relation)]
    return (
        len(named) == len(set(named))
        and len(sides) == len(set(sides))
        and not bundles & {name for _, name in named}
        and len(bundles)
        == len({one.bundle for one in records if not isinstance(one, Bundle)} - {None})
    )


@given(documents(), st.lists(namespaces, max_size=3))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_document_is_read_back_from_rdf(
    tmp_path: Path, records: list[Record], declared: list[Namespace]
) -> None:
    """TriG and JSON-LD of any records that RDF can tell apart give these records."""
    assume(told_apart_by_rdf(records))
    for format_ in ("trig", "jsonld"):
        stream = io.BytesIO()
        export.write(format_, records, declared, stream)
        found = read_text("prov-o", tmp_path, stream.getvalue())

        assert {as_rdf_has_it(one) for one in found.records} == {
            as_rdf_has_it(valid(one)) for one in records
        }
        assert found.problems == []


def as_rdf_has_it(record: Record) -> Record:
    """The record with language tags in lower case, in which RDF's are read."""
    if isinstance(record, Bundle):
        return record
    items = attributes(
        (name, replace(value, language=value.language.lower()))
        if isinstance(value, Literal) and value.language
        else (name, value)
        for name, value in record.attributes
    )
    return replace(record, attributes=items)


@given(documents(), st.lists(namespaces, max_size=3))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_document_is_read_back_from_prov_n(
    tmp_path: Path, records: list[Record], declared: list[Namespace]
) -> None:
    """PROV-N of any records gives these records."""
    stream = io.BytesIO()
    export.write("prov-n", records, declared, stream)
    found = read_text("prov-n", tmp_path, stream.getvalue())

    assert set(found.records) == set(from_prov(to_prov(map(valid, records), declared)))
    assert found.problems == []
