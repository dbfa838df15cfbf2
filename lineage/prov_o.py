"""PROV-O's terms for what a record says, by kind of relation and name of attribute, both ways."""

from __future__ import annotations

from typing import NamedTuple

from lineage import vocabulary as v
from lineage.records import Iri, Relation
from lineage.vocabulary import ElementKind, RelationKind

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
        self.attributes = {predicate: name for name, predicate in self.predicates.items()}
        if row.has_time:
            # written so by some instead of prov:atTime
            self.attributes |= {
                v.PROV + name: v.PROV_TIME for name in ("startedAtTime", "endedAtTime")
            }
        self.objects = {self.object, v.PROV + "influencer"}
        if kind is RelationKind.INFLUENCE:
            self.objects |= {v.PROV + name for name in ("entity", "activity", "agent")}


TERMS = {kind: Terms(kind) for kind in RelationKind}
"""Relation kind -> its terms, as absolute IRIs."""


class Meaning(NamedTuple):
    """What a property or class of PROV-O says about a relation."""

    kind: RelationKind
    type: str | None = None
    """IRI of the type that the relation has besides: prov:Revision ..."""
    inverse: bool = False
    """The statement's object is the relation's subject."""


UNQUALIFIED: dict[str, Meaning] = {
    **{terms.unqualified: Meaning(kind) for kind, terms in TERMS.items()},
    **{v.PROV + name: Meaning(RelationKind.DERIVATION, iri) for iri, name in DERIVATIONS.items()},
    v.PROV + "generated": Meaning(RelationKind.GENERATION, inverse=True),
    v.PROV + "invalidated": Meaning(RelationKind.INVALIDATION, inverse=True),
    v.PROV + "influenced": Meaning(RelationKind.INFLUENCE, inverse=True),
}
"""Property that relates two nodes directly -> what it says."""
QUALIFIED: dict[str, Meaning] = {
    **{terms.qualified: Meaning(kind) for kind, terms in TERMS.items()},
    **{
        v.PROV + "qualified" + iri.removeprefix(v.PROV): Meaning(RelationKind.DERIVATION, iri)
        for iri in DERIVATIONS
    },
}
"""Property that leads to a qualified node -> what the node says."""
NODE_CLASSES: dict[str, Meaning] = {
    **{terms.node_class: Meaning(kind) for kind, terms in TERMS.items()},
    **{iri: Meaning(RelationKind.DERIVATION, iri) for iri in DERIVATIONS},
}
"""Class of a qualified node -> what it says."""
ELEMENT_CLASSES: dict[str, ElementKind] = {
    v.PROV + name: kind
    for kind, names in (
        (ElementKind.ENTITY, ("Entity", "Plan", "Collection", "EmptyCollection", "Bundle")),
        (ElementKind.ACTIVITY, ("Activity",)),
        (ElementKind.AGENT, ("Agent", "Person", "Organization", "SoftwareAgent")),
    )
    for name in names
}
"""Class of an element -> its kind."""
IMPLIED_CLASSES = frozenset(
    v.PROV + name
    for name in ("ActivityInfluence", "AgentInfluence", "EntityInfluence", "InstantaneousEvent")
)
"""Classes of qualified nodes that say no more than those in `NODE_CLASSES`."""
RANGES: dict[str, ElementKind] = {
    v.PROV + "entity": ElementKind.ENTITY,
    v.PROV + "hadPlan": ElementKind.ENTITY,
    v.PROV + "activity": ElementKind.ACTIVITY,
    v.PROV + "hadActivity": ElementKind.ACTIVITY,
    v.PROV + "agent": ElementKind.AGENT,
}
"""Property of a qualified node -> what its values thereby are."""
DOMAINS: dict[str, ElementKind] = {
    v.PROV + "startedAtTime": ElementKind.ACTIVITY,
    v.PROV + "endedAtTime": ElementKind.ACTIVITY,
    v.PROV + "generatedAtTime": ElementKind.ENTITY,
    v.PROV + "invalidatedAtTime": ElementKind.ENTITY,
    v.PROV + "value": ElementKind.ENTITY,
}
"""Property of an element -> what whoever has it thereby is."""
ELEMENT_ATTRIBUTES = {predicate: name for name, predicate in ELEMENT_PREDICATES.items()}
"""PROV-O's property of an element -> attribute, where that has another name."""
AS_IN_BUNDLE = v.PROV + "asInBundle"


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
