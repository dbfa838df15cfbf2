"""What makes two entities look like one thing, and what excludes it."""

from __future__ import annotations

import pytest

from lineage import queries
from lineage import vocabulary as v
from lineage.guesses import MOST_COMPARED, guesses
from lineage.identifiers import file_iri, relative_iri
from lineage.records import Attributes, Entity, Relation, Value, attributes
from lineage.resemblance import resemblance, stem, told_apart
from lineage.stores.memory import MemoryStore
from lineage.subgraph import StoredElement
from lineage.vocabulary import ElementKind, RelationKind
from tests.two_logs import tell

NAME = "dl1_LST-1.Run01807.0000.h5"


def an_entity(
    path: str = "",
    *,
    evidence: str = "path",
    identifier: str = "",
    name: str = "",
    more: tuple[tuple[str, Value], ...] = (),
    seen: Attributes = (),
) -> StoredElement:
    """An entity at a path, as identity makes it."""
    key = identifier or file_iri(path)
    location = ((v.PROV_LOCATION, path),) if path else ()
    said = attributes([*location, (v.IDENTIFIED_BY, evidence), *more])
    return StoredElement(
        records=(Entity(key, said),),
        key=key,
        identifier=key,
        bundle=None,
        kinds=frozenset({ElementKind.ENTITY}),
        name=name or path.rpartition("/")[2],
        observed=seen,
    )


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("/data/a/x.h5", "/mnt/data/a/x.h5", "one path is the end of the other, /data/a/x.h5"),
        ("/data/a/x.h5", "/disk/a/x.h5", "same name in the same last directory, a/x.h5"),
        ("/p/a/b/x.h5", "/q/a/b/x.h5", "same name in the same last 2 directories, a/b/x.h5"),
        ("/data/a/x.h5", "/data/b/x.h5", "same name, other directory"),
        ("/d/merged.h5", "/e/merged.fits.gz", "same name but for its ending"),
        (
            "/d/LST-1.1.Run01807.0000.fits.fz",
            "/e/LST-1.Run01807.0000.h5",
            "same name but for its ending",
        ),
    ],
)
def test_paths_that_look_alike(one: str, other: str, reason: str) -> None:
    """The reason is said in words, and is the same from either end."""
    ends = an_entity(one), an_entity(other)
    found = resemblance(*ends)
    back = resemblance(*reversed(ends))

    assert found is not None
    assert found.reasons[0].startswith(reason)
    assert back is not None
    assert found.weight == back.weight


def test_a_relative_path_and_a_bare_name_look_like_the_end_of_a_path() -> None:
    """What a log or a monitor knows of a file is enough for a guess."""
    full = an_entity("/data/DL1/" + NAME)
    relative = an_entity("DL1/" + NAME, identifier=relative_iri("DL1/" + NAME, "abc"))
    bare = an_entity(identifier="http://example.org/plot-input", name=NAME)
    by_path, by_name = resemblance(relative, full), resemblance(bare, full)

    assert by_path is not None
    assert by_path.reasons == (f"one path is the end of the other, DL1/{NAME}",)
    assert by_name is not None
    assert by_name.reasons == ("same name; one is known by its name alone",)
    assert by_path.weight > by_name.weight


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/a/LST-1.1.Run01807.0000.fits.fz", "/a/LST-1.2.Run01807.0000.fits.fz"),
        ("/a/dl1_LST-1.Run01807.0000.h5", "/a/dl1_LST-1.Run01807.0001.h5"),
        ("/a/run.h5", "/b/run2.h5"),
        ("/a/x.h5", "/a/y.h5"),
    ],
)
def test_paths_that_do_not(one: str, other: str) -> None:
    """Data streams, subruns and other names are other files."""
    assert resemblance(an_entity(one), an_entity(other)) is None


@pytest.mark.parametrize(
    "name", [v.RUN, v.SUBRUN, v.TELESCOPE, v.DATA_LEVEL, v.PRODUCTION, v.NIGHT]
)
def test_other_observation_keys_exclude(name: str) -> None:
    """A run's file is no other run's; agreeing keys are a reason instead."""
    one, same, other = (
        an_entity(path, more=((name, value),))
        for path, value in (("/a/x.h5", "1"), ("/b/x.h5", "1"), ("/c/x.h5", "2"))
    )
    agreed = resemblance(one, same)

    assert resemblance(one, other) is None
    assert agreed is not None
    assert agreed.reasons[1].startswith("same ")


def test_two_bare_names_and_mere_words_are_no_guess() -> None:
    """Configurations of one name have identifiers that tell them apart; a directory is no word."""
    bare = [an_entity(identifier=f"urn:config:{n}", name="train.yaml") for n in range(2)]
    word = an_entity(identifier="urn:description:1", name="model2")

    assert resemblance(*bare) is None
    assert resemblance(word, an_entity("/data/DL2/model2")) is None


def test_sizes_and_bytes_speak_for_or_against() -> None:
    """Another size weighs less, the same bytes most; other bytes exclude."""
    one = an_entity("/a/x.h5", seen=attributes([(v.FILE_SIZE, 10), (v.FILE_SHA256, "ab")]))
    plain = resemblance(one, an_entity("/b/x.h5"))
    size = resemblance(one, an_entity("/b/x.h5", more=((v.FILE_SIZE, 10),)))
    larger = resemblance(one, an_entity("/b/x.h5", more=((v.FILE_SIZE, 2**40),)))
    odd = resemblance(one, an_entity("/b/x.h5", more=((v.FILE_SIZE, "many"),)))
    same = resemblance(one, an_entity("/b/x.h5", seen=((v.FILE_SHA256, "ab"),)))

    assert plain
    assert size
    assert larger
    assert odd
    assert same
    assert larger.weight < plain.weight == odd.weight < size.weight < same.weight
    assert size.reasons[-1] == "same size, 10 bytes"
    assert larger.reasons[-1] == "but 10 and 1,099,511,627,776 bytes"
    assert resemblance(one, an_entity("/b/x.h5", seen=((v.FILE_SHA256, "cd"),))) is None


def test_identity_tells_versions_and_products_apart() -> None:
    """What it knows for sure is no guess; a path of unknown version may be any of them."""
    path = "/a/x.h5"
    first = an_entity(path, evidence="generation", identifier=file_iri(path, fragment="1"))
    second = an_entity(path, evidence="generation", identifier=file_iri(path, fragment="2"))
    products = [
        an_entity(f"/{n}/x.h5", evidence="product", identifier=f"urn:uuid:{n}") for n in "pq"
    ]
    weak = an_entity(path)
    found = resemblance(weak, first)

    assert told_apart(first, second) == "they are two versions of one path, /a/x.h5"
    assert told_apart(*products) == "each carries a product id of its own"
    assert told_apart(first, first) == "they are one and the same record"
    assert told_apart(first, products[0]) == ""
    assert found
    assert found.reasons == ("same path, /a/x.h5; which version was meant is not known",)


def test_the_same_path_on_another_host_is_a_weak_guess() -> None:
    """Local disks have the same directories."""
    ends = [
        an_entity("/tmp/x.h5", identifier=file_iri("/tmp/x.h5", realm=realm))
        for realm in ("a", "b")
    ]
    found = resemblance(*ends)

    assert found
    assert found.reasons == ("same path, /tmp/x.h5, on another host",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("merged.dl2.h5", "merged.dl2"),
        ("events.fits.gz", "events"),
        ("LST-1.3.Run01618.0008.fits.fz", "LST-1.Run01618.0008"),
        (".h5", ".h5"),
        ("", ""),
    ],
)
def test_the_stem_of_a_name(name: str, expected: str) -> None:
    """Only suffixes of formats go; something is always left of a name."""
    assert stem(name) == expected


def _store(records: list[Entity | Relation]) -> MemoryStore:
    store = MemoryStore()
    tell(store, list(records), [], "s")
    return store


def _file(path: str) -> Entity:
    return Entity(file_iri(path), ((v.PROV_LOCATION, path),))


def test_files_that_met_in_one_activity_are_not_guessed_at() -> None:
    """Two inputs of one name, and an output named as its input, are other files."""
    paths = ("/run1/dl2.h5", "/run2/dl2.h5", "/out/dl2.h5", "/elsewhere/dl2.h5")
    one, two, out, free = (file_iri(path) for path in paths)
    merge = "urn:merge"
    store = _store(
        [
            *map(_file, paths),
            Relation(RelationKind.USAGE, merge, one),
            Relation(RelationKind.USAGE, merge, two),
            Relation(RelationKind.GENERATION, out, merge),
        ]
    )
    found = guesses(store, queries.resolve(store, one))

    assert [guess.element.identifier for guess in found.guesses] == [free]


@pytest.mark.parametrize(
    "kind", [RelationKind.ALTERNATE, RelationKind.DERIVATION, RelationKind.SPECIALIZATION]
)
def test_what_a_relation_links_is_not_guessed_at(kind: RelationKind) -> None:
    """Somebody said already what they have to do with one another, whichever was named first."""
    one, two = (file_iri(path) for path in ("/a/x.h5", "/b/x.h5"))
    store = _store([_file("/a/x.h5"), _file("/b/x.h5"), Relation(kind, two, one)])

    assert guesses(store, queries.resolve(store, one)).guesses == ()
    assert guesses(store, queries.resolve(store, two)).guesses == ()


def test_guesses_are_capped_and_say_so() -> None:
    """The best are shown, the others counted, and what was not compared is counted too."""
    store = _store([_file(f"/d{number}/many.h5") for number in range(MOST_COMPARED + 20)])
    found = guesses(store, queries.resolve(store, "/d7/many.h5"), limit=5)

    assert len(found.guesses) == 5
    assert found.left_out == found.found - 5
    assert found.not_compared == 20
    assert found.found + found.not_compared >= MOST_COMPARED + 18
