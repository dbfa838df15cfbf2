"""PROV-O's terms for what a record says, by kind of relation and name of attribute."""

from __future__ import annotations

from lineage import vocabulary as v
from lineage.records import Iri, Relation
from lineage.vocabulary import RelationKind

_READ_AS_ONE = frozenset(
    {
        RelationKind.COMMUNICATION,
        RelationKind.ATTRIBUTION,
        RelationKind.ASSOCIATION,
        RelationKind.DELEGATION,
        RelationKind.INFLUENCE,
    }
)
"""Relations whose unqualified property readers take together with the qualified node."""

_SHARED_PREDICATES = {v.PROV_LABEL: v.RDFS + "label", v.PROV_LOCATION: v.PROV + "atLocation"}
ELEMENT_PREDICATES = _SHARED_PREDICATES | {
    v.PROV_START: v.PROV + "startedAtTime",
    v.PROV_END: v.PROV + "endedAtTime",
}
"""Attribute of an element -> PROV-O's property, where that has another name."""
_RELATION_PREDICATES = _SHARED_PREDICATES | {
    v.PROV_TIME: v.PROV + "atTime",
    v.PROV_ROLE: v.PROV + "hadRole",
}
_END_PREDICATES = {
    "activity": "hadActivity",
    "ender": "hadActivity",
    "generation": "hadGeneration",
    "plan": "hadPlan",
    "starter": "hadActivity",
    "usage": "hadUsage",
}
DERIVATIONS = {
    v.PROV + "PrimarySource": "hadPrimarySource",
    v.PROV + "Quotation": "wasQuotedFrom",
    v.PROV + "Revision": "wasRevisionOf",
}
"""Type of a derivation -> its own unqualified property."""
_BEYOND_PROV_O = {
    RelationKind.ALTERNATE: "Alternate",
    RelationKind.MEMBERSHIP: "Membership",
    RelationKind.MENTION: "Mention",
    RelationKind.SPECIALIZATION: "Specialization",
}
"""Classes of qualified nodes that PROV-O lacks, as the prov library calls them."""


class Terms:
    """The terms of one relation kind."""

    def __init__(self, kind: RelationKind) -> None:
        row = kind.value
        name = row.qualified_class or _BEYOND_PROV_O[kind]
        self.unqualified = v.PROV + (row.predicate or row.keyword)
        self.qualified = f"{v.PROV}qualified{name}"
        self.node_class = v.PROV + name
        self.object = v.PROV + (row.object_property or row.object.name)
        self.read_as_one = kind in _READ_AS_ONE
        self.is_derivation = kind is RelationKind.DERIVATION
        self.is_mention = kind is RelationKind.MENTION
        self.predicates = _RELATION_PREDICATES | {
            v.PROV + end.name: v.PROV + _END_PREDICATES[end.name]
            for end in row.further
            if end.name in _END_PREDICATES
        }


TERMS = {kind: Terms(kind) for kind in RelationKind}
"""Relation kind -> its terms, as absolute IRIs."""


def bundle_of_mention(record: Relation) -> str | None:
    """The bundle of a mention that PROV-Links can hold: one that says nothing else."""
    if record.identifier is not None or len(record.attributes) != 1:
        return None
    name, bundle = record.attributes[0]
    return bundle.value if name == v.PROV + "bundle" and isinstance(bundle, Iri) else None


def special_derivations(record: Relation) -> list[str]:
    """Those of a derivation's types that PROV-O makes a kind of derivation of their own."""
    return [
        value.value
        for value in record.values(v.PROV_TYPE)
        if isinstance(value, Iri) and value.value in DERIVATIONS
    ]
