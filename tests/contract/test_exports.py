"""Records -> text -> records: every format, over the prov library's own documents."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import prov
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from prov import Error as ProvError
from prov.model import ProvDocument
from rdflib.compare import isomorphic

from lineage import export
from lineage import vocabulary as v
from lineage.errors import LineageError
from lineage.export import ExportRefused
from lineage.export.names import valid_iri
from lineage.interop import from_prov, to_prov
from lineage.records import (
    Activity,
    Agent,
    Bundle,
    Entity,
    Iri,
    Literal,
    Namespace,
    Record,
    Relation,
    attributes,
)
from lineage.vocabulary import RelationKind
from tests.strategies import documents
from tests.strategies import namespaces as declared_namespaces

CORPUS = Path(prov.__file__).parent / "tests" / "json"
NAMES = sorted(path.stem for path in CORPUS.glob("*.json"))
EX = "http://example.org/"
PREFIXES = [Namespace("ex", EX)]
RDFLIB_NAMES = {"turtle": "turtle", "trig": "trig", "ntriples": "nt", "jsonld": "json-ld"}

_MERGED = "one identifier, two values of a formal attribute: one node in RDF holds both"
_DURATION = "rdflib rewrites xsd:duration into its shortest form when it parses"
_DATATYPES = {
    f"attr_{name}": _DURATION
    for name in (
        "activity0", "agent0", "association0", "association_one_role_attr32", "attribution0",
        "communication0", "delegation0", "derivation0", "end0", "entity0", "entity_one_attr32",
        "entity_one_location_attr32", "entity_one_other_attr32", "entity_one_value_attr32",
        "generation0", "influence0", "invalidation0", "start0", "usage0",
    )
}  # fmt: skip
_RDF = _DATATYPES | {
    f"scruffy-{name}*": _MERGED for name in ("end", "generation", "invalidation", "start", "usage")
}
LIMITS: dict[str, dict[str, str]] = {
    "prov-json": {},
    "prov-n": {},
    "trig": _RDF,
    "turtle": _RDF | {"bundle?": "Turtle has one graph; bundles are refused"},
}
"""Format -> documents that do not come back equal, and why. All others must, and these must not."""

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """prov and rdflib log what they find odd about prov's own odd documents."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@cache
def document(name: str) -> ProvDocument:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ProvDocument.deserialize(CORPUS / f"{name}.json")


def namespaces(source: ProvDocument) -> list[Namespace]:
    found = []
    for bundle in (source, *source.bundles):
        if (default := bundle.get_default_namespace()) is not None:
            found.append(Namespace("", default.uri))
        found += [Namespace(space.prefix, space.uri) for space in bundle.namespaces]
    return found


def exported(format_: str, records: list[Record], prefixes: list[Namespace] | None = None) -> str:
    stream = io.BytesIO()
    written = export.write(format_, records, PREFIXES if prefixes is None else prefixes, stream)
    assert written == len(records)
    return stream.getvalue().decode()


def read_by_prov(format_: str, text: str) -> ProvDocument:
    how = {
        "prov-json": {"format": "json"},
        "prov-n": {"format": "provn"},
        "turtle": {"format": "rdf", "rdf_format": "turtle"},
        "trig": {"format": "rdf", "rdf_format": "trig"},
    }
    return ProvDocument.deserialize(content=text, **how[format_])


def comes_back(format_: str, name: str) -> bool:
    original = document(name)
    try:
        text = exported(format_, list(from_prov(original)), namespaces(original))
        found = read_by_prov(format_, text)
    except (ExportRefused, ProvError):
        return False
    return bool(original == found and found == original)


@pytest.mark.parametrize("format_", sorted(LIMITS))
@pytest.mark.parametrize("name", NAMES)
def test_prov_reads_its_own_documents_back_equal(format_: str, name: str) -> None:
    """What prov reads from an export equals what it had, but for the limits listed above."""
    reason = next((why for known, why in LIMITS[format_].items() if fnmatch(name, known)), None)

    assert comes_back(format_, name) is (reason is None), reason


@pytest.mark.parametrize("format_", ["trig", "turtle"])
@pytest.mark.parametrize("name", sorted(_DATATYPES))
def test_only_the_reader_rewrites_durations(
    format_: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The documents with durations come back equal from an rdflib that keeps the text it reads."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)

    assert comes_back(format_, name)


def test_each_limit_is_about_some_document() -> None:
    """No limit outlives the document that it was about."""
    for limits in LIMITS.values():
        for known in limits:
            assert any(fnmatch(name, known) for name in NAMES)


def graphs(format_: str, text: str) -> dict[str, rdflib.Graph]:
    dataset = rdflib.Dataset()
    dataset.parse(data=text, format=RDFLIB_NAMES[format_])
    return {str(graph.identifier): graph for graph in dataset.graphs() if len(graph)}


@pytest.mark.parametrize("name", [*NAMES[::4], "bundle1", "bundle2", "bundle3", "bundle4"])
def test_all_rdf_formats_say_the_same(name: str) -> None:
    """rdflib reads graphs from TriG, JSON-LD, Turtle and N-Triples that are isomorphic."""
    original = document(name)
    formats = ["jsonld"] if original.has_bundles() else ["jsonld", "turtle", "ntriples"]
    records = list(from_prov(original))
    expected = graphs("trig", exported("trig", records, namespaces(original)))
    for format_ in formats:
        found = graphs(format_, exported(format_, records, namespaces(original)))

        assert found.keys() == expected.keys()
        assert all(isomorphic(found[graph], expected[graph]) for graph in expected)


def valid(record: Record) -> Record:
    """A record with every identifier as RDF and PROV-N write it."""
    if isinstance(record, Bundle):
        return Bundle(valid_iri(record.identifier))
    items = attributes(
        (valid_iri(name), Iri(valid_iri(value.value)) if isinstance(value, Iri) else value)
        for name, value in record.attributes
    )
    changes = {"identifier": record.identifier, "bundle": record.bundle}
    if isinstance(record, Relation):
        changes |= {"subject": record.subject, "object": record.object}
    iris = {name: iri and valid_iri(iri) for name, iri in changes.items()}
    return replace(record, attributes=items, **iris)  # type: ignore[arg-type]


@given(documents(), st.lists(declared_namespaces, max_size=3))
@settings(max_examples=100, deadline=None)
def test_prov_reads_any_document_back_from_prov_json(
    records: list[Record], declared: list[Namespace]
) -> None:
    """Whatever the prefixes, PROV-JSON says what the records say."""
    found = read_by_prov("prov-json", exported("prov-json", records, declared))

    # as records: to prov no document with a NaN equals another
    assert set(from_prov(found)) == set(from_prov(to_prov(records, declared)))


@given(documents(), st.lists(declared_namespaces, max_size=3))
@settings(max_examples=100, deadline=None)
def test_prov_reads_any_document_back_from_prov_n(
    records: list[Record], declared: list[Namespace]
) -> None:
    """PROV-N says what the records say, with percent-encoding where names need it."""
    found = read_by_prov("prov-n", exported("prov-n", records, declared))

    assert set(from_prov(found)) == set(from_prov(to_prov(map(valid, records), declared)))


def test_formats_are_the_six_promised() -> None:
    """The table is keyed by its entries' names, and each has a suffix and a media type."""
    assert list(export.FORMATS) == ["turtle", "trig", "ntriples", "jsonld", "prov-json", "prov-n"]
    for name, entry in export.FORMATS.items():
        assert entry.name == name
        assert entry.suffix.startswith(".")
        assert "/" in entry.media_type


def test_an_unknown_format_names_the_known_ones() -> None:
    """The error lists what there is."""
    with pytest.raises(LineageError, match="no format is called 'xml'; there are: turtle, trig"):
        export.write("xml", [], [], io.BytesIO())


@pytest.mark.parametrize("format_", list(export.FORMATS))
def test_no_records_make_an_empty_document(format_: str) -> None:
    """An export of nothing is still a document of its format."""
    text = exported(format_, [])

    if format_ in LIMITS:
        assert read_by_prov(format_, text) == ProvDocument()
    else:
        assert graphs(format_, text) == {}


@pytest.mark.parametrize("format_", list(export.FORMATS))
def test_bundles_keep_apart_or_are_refused(format_: str) -> None:
    """A format that says that it holds bundles names them; any other raises."""
    records: list[Record] = [
        Bundle(EX + "b"),
        Entity(EX + "e", bundle=EX + "b"),
        Entity(EX + "e", attributes([(v.PROV_LABEL, "outside")])),
    ]
    if not export.FORMATS[format_].holds_bundles:
        with pytest.raises(ExportRefused, match="Export as trig, jsonld, prov-json or prov-n"):
            exported(format_, records)
        return
    text = exported(format_, records)
    if format_ == "jsonld":
        assert graphs(format_, text).keys() >= {EX + "b"}
    else:
        (bundle,) = read_by_prov(format_, text).bundles
        assert bundle.identifier.uri == EX + "b"
        assert [record.identifier.uri for record in bundle.get_records()] == [EX + "e"]


@pytest.mark.parametrize("format_", ["prov-json", "prov-n"])
def test_mixed_records_are_grouped(format_: str) -> None:
    """Records of bundles and kinds may come in any order, and one identifier many times."""
    records: list[Record] = [
        Entity(EX + "e", bundle=EX + "b"),
        Relation(RelationKind.USAGE, EX + "a", EX + "e"),
        Entity(EX + "e", attributes([(v.PROV_LABEL, "one")])),
        Agent(EX + "g", bundle=EX + "c"),
        Activity(EX + "a"),
        Bundle(EX + "empty"),
        Entity(EX + "e", attributes([(v.PROV_LABEL, "two")])),
        Relation(RelationKind.USAGE, EX + "a", EX + "e", bundle=EX + "b"),
        Entity(EX + "e", attributes([(v.PROV_LABEL, "three")])),
    ]
    found = read_by_prov(format_, exported(format_, records))

    assert sorted(map(repr, from_prov(found))) == sorted(
        map(repr, [*records, Bundle(EX + "b"), Bundle(EX + "c")])
    )


@pytest.mark.parametrize("format_", [*RDFLIB_NAMES, "prov-n"])
@pytest.mark.parametrize(
    "record",
    [
        Entity("no scheme"),
        Entity(EX + "e", attributes([(v.PROV_LABEL, Literal("x", v.PROV + "y", "en_US evil"))])),
        Entity(EX + "e", attributes([(v.PROV_LABEL, "a path \udc80")])),
    ],
    ids=["relative", "language", "surrogate"],
)
def test_what_a_format_cannot_hold_is_refused_by_name(format_: str, record: Record) -> None:
    """The error shows the value and names a format that holds it."""
    with pytest.raises(ExportRefused, match="Export as prov-json"):
        exported(format_, [Entity(EX + "fine"), record])


@pytest.mark.parametrize("format_", list(RDFLIB_NAMES))
def test_a_language_that_is_not_named_is_refused_in_rdf(format_: str) -> None:
    """rdf:langString without a tag is no RDF literal."""
    value = Literal("x", v.RDF + "langString")

    with pytest.raises(ExportRefused, match="names no language"):
        exported(format_, [Entity(EX + "e", attributes([(v.PROV_LABEL, value)]))])


@pytest.mark.parametrize("format_", sorted(LIMITS))
def test_languages_come_back(format_: str) -> None:
    """Tags survive; underscores become the hyphens that BCP 47 wants, except in PROV-JSON."""
    tags = ["en", "de-AT-1996", "x-private", "pt_BR"]
    items = attributes(
        (v.PROV_LABEL, Literal("x", v.PROV + "InternationalizedString", tag)) for tag in tags
    )
    (found,) = from_prov(read_by_prov(format_, exported(format_, [Entity(EX + "e", items)])))
    read = {value.language.lower() for _, value in found.attributes}

    last = "pt_br" if format_ == "prov-json" else "pt-br"
    assert read == {"en", "de-at-1996", "x-private", last}


def test_prov_json_holds_text_that_is_not_unicode() -> None:
    """A path whose bytes are no UTF-8 survives, spelled with JSON's escapes."""
    records: list[Record] = [
        Entity(EX + "e\udc80", attributes([(v.PROV_LOCATION, "/data/\udc80")]), EX + "\udc80")
    ]
    found = read_by_prov("prov-json", exported("prov-json", records))

    assert set(from_prov(found)) == {*records, Bundle(EX + "\udc80")}


@pytest.mark.parametrize("format_", sorted(LIMITS))
def test_identifiers_outside_all_namespaces_are_written(format_: str) -> None:
    """Files, uuids and strange schemes need no declared prefix to be named."""
    iris = [
        "urn:uuid:5c0b9b8e-6c7e-4a1c-9f3f-0d6f5b8f2a11",
        "file:///fefs/data/run%201.h5#urn",
        "http://example.com/?q=1",
        "mailto:a@b.org",
        "tag:",
        "http://[::1]:8080/x",
    ]
    if format_ in ("turtle", "trig"):
        # prov resolves IRIs of RDF under declared prefixes only
        iris = iris[:2]
    records: list[Record] = [Entity(iri) for iri in iris]
    found = read_by_prov(format_, exported(format_, records, []))

    assert set(from_prov(found)) == set(records)


def test_prov_json_is_one_json_object_whose_relations_have_names_of_their_own() -> None:
    """Relations without identifier get blank ones, all different."""
    used = Relation(RelationKind.USAGE, EX + "a", EX + "e")
    content = json.loads(exported("prov-json", [used, used, used]))

    assert set(content["used"]) == {"_:r1", "_:r2", "_:r3"}
    assert content["prefix"] == {"ex": EX, "prov": v.PROV} or content["prefix"] == {"ex": EX}
