"""Hypothesis strategies for records, namespaces and whole documents; any test may use them.

Names come from small pools, so that records share identifiers. Left out is what PROV has no room
for (two values of a formal attribute) and what `prov` cannot tell apart (see lineage.interop).
"""

from __future__ import annotations

import math
from datetime import UTC

from hypothesis import strategies as st

from lineage import vocabulary as v
from lineage.records import (
    Activity,
    Agent,
    Attributes,
    Bundle,
    Entity,
    Iri,
    Literal,
    Namespace,
    Record,
    Relation,
    Value,
    attributes,
)
from lineage.vocabulary import RelationKind

NAMESPACE_IRIS = ("http://example.org/", "http://example.org/ns#", "urn:uuid:", "id:", "file:///d/")

local_parts = st.one_of(
    st.sampled_from(["a", "b", "dl1", "Run01618.0008", "x:y", "p/q=1", "-a.", "é", "%20", "1"]),
    st.text(alphabet="abz019_.-:/=#(),;[]@~&+*?!'éλ", min_size=1, max_size=8),
)
iris = st.builds(str.__add__, st.sampled_from(NAMESPACE_IRIS), local_parts)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(timezones=st.none() | st.just(UTC))
floats = st.floats(allow_nan=False).map(lambda value: value + 0.0) | st.just(math.nan)
"""Without -0.0, which equals 0.0; NaN is always the same object."""
languages = st.sampled_from(["en", "fr", "de-AT"])
literals = st.one_of(
    st.builds(Literal, texts, st.just(v.PROV + "InternationalizedString"), languages),
    st.builds(
        Literal,
        texts,
        st.sampled_from([v.XSD + "anyURI", v.XSD + "gYear", v.RDF + "XMLLiteral", "id:type"]),
    ),
    st.builds(Literal, st.integers(-9, 9).map(str), st.just(v.XSD + "long")),
    st.builds(Literal, st.sampled_from(["no number", ""]), st.just(v.XSD + "int")),
)
values: st.SearchStrategy[Value] = st.one_of(
    texts,
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**70), max_value=2**70),
    floats,
    moments,
    iris.map(Iri),
    literals,
)
attribute_names = st.one_of(
    st.sampled_from([v.PROV_TYPE, v.PROV_LABEL, v.PROV_LOCATION, v.PROV_VALUE, v.PROV_ROLE]), iris
)
attribute_tuples = st.lists(st.tuples(attribute_names, values), max_size=5).map(attributes)
namespaces = st.builds(
    Namespace,
    st.sampled_from(["ex", "", "id", "a b", "xsd", "ns"]),
    st.sampled_from(NAMESPACE_IRIS),
)


def _merged(*parts: Attributes) -> Attributes:
    return attributes(item for part in parts for item in part)


@st.composite
def activities(draw: st.DrawFn, bundle: str | None = None) -> Activity:
    """An activity that may have times."""
    times = draw(st.dictionaries(st.sampled_from([v.PROV_START, v.PROV_END]), moments, max_size=2))
    return Activity(draw(iris), _merged(tuple(times.items()), draw(attribute_tuples)), bundle)


@st.composite
def relations(draw: st.DrawFn, bundle: str | None = None) -> Relation:
    """A relation of any kind; its ends may be absent, its time and further ends present."""
    kind = draw(st.sampled_from(RelationKind))
    formal: list[tuple[str, Value]] = [
        (v.PROV + end.name, Iri(draw(iris))) for end in kind.value.further if draw(st.booleans())
    ]
    if kind.value.has_time and draw(st.booleans()):
        formal.append((v.PROV_TIME, draw(moments)))
    return Relation(
        kind,
        draw(st.none() | iris),
        draw(st.none() | iris),
        draw(st.none() | iris),
        _merged(tuple(formal), draw(attribute_tuples)),
        bundle,
    )


def elements(bundle: str | None = None) -> st.SearchStrategy[Entity | Activity | Agent]:
    """An entity, an activity or an agent."""
    return st.one_of(
        st.builds(Entity, iris, attribute_tuples, st.just(bundle)),
        activities(bundle),
        st.builds(Agent, iris, attribute_tuples, st.just(bundle)),
    )


@st.composite
def documents(draw: st.DrawFn) -> list[Record]:
    """The records of one document, each once, with up to two named bundles."""
    bundles = draw(st.lists(iris, max_size=2, unique=True))
    records: list[Record] = [Bundle(bundle) for bundle in bundles]
    for bundle in (None, *bundles):
        records += draw(st.lists(elements(bundle) | relations(bundle), max_size=5))
    return list(dict.fromkeys(records))
