"""What the sample logs of ctapipe mean together: which file came from which."""

from __future__ import annotations

import random

from lineage import vocabulary as v
from lineage.identity import IdentitySettings, Resolution, resolve
from lineage.records import (
    Relation,
)
from tests.ctapipe_logs import (
    DATA,
    LOGS,
    WORK32,
    events_of,
    read,
)


def text(result: Resolution) -> str:
    return repr(
        [sorted(p.items()) for p in (result.versions, result.runs, result.bindings, result.links)]
    )


def ancestors(relations: list[Relation], start: str) -> set[str]:
    found, frontier = {start}, {start}
    while frontier:
        frontier = {
            one.object
            for one in relations
            if one.subject in frontier and one.object is not None and one.kind.value.influence
        } - found
        found |= frontier
    return found


def test_the_last_merged_dl2_comes_from_what_made_it_and_nothing_else() -> None:
    """Overwritten files and models that their path has lost are told apart."""
    statements = [one for source in WORK32 for one in read(source)[0]]
    result = resolve(events_of(WORK32), IdentitySettings())
    (merged,) = [
        identifier
        for identifier, version in result.versions.items()
        if "file:///srv/cta/work32/dl2/merged.dl2.h5" in version.aliases
    ]
    relations = [one for one in statements if isinstance(one, Relation)]
    found = ancestors([*relations, *result.bindings.values()], merged)
    files = {one for one in found if one.startswith("file:")}
    beginnings = {one[:17] for one in found if one.startswith("urn:uuid:")}

    assert files == {
        "file:///srv/cta/work32/sim/gamma_run1.simtel.gz",
        "file:///srv/cta/work32/conf/process_v2.yaml",
        "file:///srv/cta/work32/conf/train.yaml",
        "file:///srv/cta/work32/models/energy.pkl#a5fe78d9-238e-4ef0-a181-4a45e973f5b2",
    }
    assert {"urn:uuid:a5fe78d9", "urn:uuid:73b05d3a", "urn:uuid:674e6bd5"} <= beginnings
    assert not beginnings & {
        f"urn:uuid:{short}"
        for short in ("3217a743", "1874e528", "6b0d488d", "7897cb72", "b754f77c")
    }


def test_an_append_uses_the_version_that_it_appended_to() -> None:
    """ctapipe-merge --append does not list its output as an input; the argument tells."""
    result = resolve(events_of(WORK32), IdentitySettings())
    (relation,) = [
        one for one in result.bindings.values() if one.values(v.IDENTIFIED_BY) == ("argument",)
    ]

    assert relation.subject is not None
    assert relation.subject.startswith("urn:uuid:f649f4cf")
    assert relation.object is not None
    assert relation.object.startswith("urn:uuid:c8e6f730")


def test_a_listed_product_of_another_activity_is_a_finding() -> None:
    """A script that lists its children's file did not make it."""
    result = resolve(events_of(WORK32), IdentitySettings())

    assert [(one.kind, one.identifiers[2][:17]) for one in result.findings] == [
        ("product-kept", "urn:uuid:b754f77c")
    ]


def test_the_order_of_logs_does_not_show() -> None:
    """A hundred orders of all events of the samples give one resolution."""
    events, rng = events_of(LOGS), random.Random(1)
    expected = text(resolve(events, IdentitySettings()))

    for _ in range(100):
        rng.shuffle(events)
        assert text(resolve(events, IdentitySettings())) == expected


def test_lstchain_chains_by_path_though_its_product_ids_are_made_up() -> None:
    """dl1 is written under one invented id and read under another; the path joins them."""
    result = resolve(events_of(sorted((DATA / "lstchain").glob("*.log"))), IdentitySettings())
    relations = list(result.bindings.values())
    dl2 = [one.subject for one in relations if "dl2_LST" in str(one.subject)]

    assert len(dl2) == 2
    for version in dl2:
        assert version is not None
        assert "urn:uuid:b96c9ea6-5388-42fe-bc2e-9b0b9c87a75e" in ancestors(relations, version)
