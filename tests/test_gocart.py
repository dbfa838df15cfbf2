"""Alert directories: events, alerts, maps, what gocart made of them, and what ends an event."""

from __future__ import annotations

import json
import random
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from importers.gocart import GocartImporter
from lineage import queries
from lineage import vocabulary as v
from lineage.access import AccessRoot
from lineage.graph_store import Direction
from lineage.interfaces import Confidence
from lineage.records import (
    Activity,
    Agent,
    Entity,
    EventKind,
    FileEvent,
    Relation,
)
from lineage.session import ImportReport, Outcome, import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import GOCART, RelationKind
from tests.gocart_alerts import (
    ALERT,
    BURST,
    EVENT,
    GW,
    INITIAL,
    MOCK,
    PRELIMINARY,
    RETRACTION,
    directory,
    only,
    read,
    related,
    short,
)

FILES = "inferred: files that lie beside meta.yaml"


def imported(*paths: Path, base: Path = GW) -> MemoryStore:
    """A store with these paths, imported one after the other."""
    store = MemoryStore()
    for path in paths:
        report = import_paths(store, [path], Settings(roots=(AccessRoot("/gw", base),)))
        assert report.complete
    return store


def ancestors(store: MemoryStore, reference: str) -> set[str]:
    """Names of all that influenced something."""
    start = queries.resolve(store, reference)
    return {element.name for element in queries.ancestors(store, start.key).elements}


def alerts(store: MemoryStore, event: str) -> list[dict[str, Any]]:
    """The alerts of an event in order: what a person asks for who follows it up."""
    specializations = store.neighbours(
        [EVENT + event], Direction.DESCENDANTS, {RelationKind.SPECIALIZATION}
    )
    keys = [stored.subject_key for stored in specializations if stored.subject_key]
    said = [
        {name.removeprefix(GOCART): value for name, value in element.attributes}
        for element in store.read(keys)
    ]
    return sorted(said, key=lambda one: one["time_created"])


@pytest.mark.parametrize("source", [BURST, PRELIMINARY, INITIAL], ids=lambda p: p.parent.name)
def test_every_value_of_the_notice_is_an_attribute_of_the_alert(source: Path) -> None:
    """Counted beside gocart's own JSON of the notice, and PyYAML's reading of the areas."""
    (notice,) = (json.loads(path.read_text()) for path in source.parent.glob("*.json"))
    event = notice.pop("event")
    alert = only(read(source)[0], Entity, ALERT)
    said = {name.removeprefix(GOCART): value for name, value in alert.attributes}
    shares = {
        f"{group}_{name}": value
        for group in ("classification", "properties")
        for name, value in event.pop(group).items()
    }
    times = {"event_time": event.pop("time"), "time_created": notice["time_created"]}
    areas = {
        name: value
        for name, value in yaml.safe_load(source.read_text())["EXTRA"].items()
        if name.startswith("area")
    }
    event["instruments"] = ",".join(event["instruments"])

    assert {
        name: value for name, value in event.items() if value is not None
    }.items() <= said.items()
    assert shares.items() <= said.items()
    assert areas.items() <= said.items()
    assert len(areas) == 3
    for name, text in times.items():
        assert said[name] == datetime.fromisoformat(text)
    assert said["alert_type"] == notice["alert_type"]


def test_a_directory_in_full() -> None:
    """Event, alert, issue, map, localisation, gocart's three steps, and who did what."""
    statements, problems = read(BURST)
    own = "S230528ay:20230528T114043_preliminary"
    map_iri = only(statements, Entity, "map:S230528ay").identifier
    elements = [
        type(one).__name__ for one in statements if isinstance(one, Entity | Activity | Agent)
    ]

    assert not problems
    assert (elements.count("Entity"), elements.count("Activity"), elements.count("Agent")) == (
        3,
        5,
        5,
    )
    assert related(statements, RelationKind.SPECIALIZATION) == {(f"alert:{own}", "event:S230528ay")}
    assert related(statements, RelationKind.USAGE) == {
        (f"issue:{own}", short(map_iri)),
        (f"run:{own}", f"alert:{own}"),
    }
    assert related(statements, RelationKind.ATTRIBUTION) == {
        (f"alert:{own}", "software:oLIB"),
        (short(map_iri), "organization:LIGO%2FVirgo%2FKAGRA"),
    }
    assert {agent for _, agent in related(statements, RelationKind.ASSOCIATION)} == {
        "software:gocart", "software:bilby", "software:ligo.skymap:1.0.7",
        "organization:LIGO%2FVirgo%2FKAGRA",
    }  # fmt: skip
    assert not related(statements, RelationKind.DERIVATION)


def test_files_come_from_the_steps_that_made_them() -> None:
    """The map is used by both conversions, meta.yaml by the plot alone."""
    found = {
        (short(one.activity).rpartition("_")[2], one.kind, Path(one.path).name)
        for one in read(BURST)[0]
        if isinstance(one, FileEvent)
    }
    run, plot, table = "preliminary", "preliminary:aitoff", "map"

    assert found == {
        (run, EventKind.GENERATION, "meta.yaml"),
        (run, EventKind.GENERATION, "bilby.multiorder.fits"),
        (run, EventKind.GENERATION, "S230528ay-preliminary.json"),
        (table, EventKind.USE, "bilby.multiorder.fits"),
        (table, EventKind.GENERATION, "skymap.csv"),
        (plot, EventKind.USE, "bilby.multiorder.fits"),
        (plot, EventKind.USE, "meta.yaml"),
        (plot, EventKind.GENERATION, "skymap.png"),
    }


def test_what_is_inferred_says_so() -> None:
    """Of gocart's work nothing is recorded; that a map is the same one rests on headers."""
    statements, _ = read(BURST)
    steps = [one for one in statements if isinstance(one, Activity) and ":run:" in one.identifier]
    events = [one for one in statements if isinstance(one, FileEvent)]

    assert len(steps) == 3
    assert {one.values(v.EVIDENCE) for one in steps} == {(FILES,)}
    assert {one.relation_attributes for one in events} == {((v.EVIDENCE, FILES),)}
    assert not [one for one in steps if one.values(v.PROV_START)]
    assert only(statements, Entity, "map:").values(v.EVIDENCE) == ("inferred: equal headers",)


@pytest.mark.parametrize("order", [1, -1])
def test_the_lineage_of_a_plot(order: int) -> None:
    """Back over the map's file to the pipeline and the program that made the map."""
    fits = BURST.with_name("bilby.multiorder.fits")
    store = imported(*[BURST, fits][::order])

    assert ancestors(store, "S230528ay/20230528T114043_preliminary/skymap.png") == {
        "skymap.png", "gocart aitoff", "gocart", "bilby.multiorder.fits", "meta.yaml",
        "gocart notice", "S230528ay PRELIMINARY", "LVK preliminary alert", "oLIB",
        "LIGO/Virgo/KAGRA", "S230528ay map by bilby", "bilby localisation", "bilby",
        "ligo.skymap 1.0.7",
    }  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_the_map_file_is_one_version_with_its_header(order: int) -> None:
    """What gocart wrote and what the FITS importer reads are the same file."""
    store = imported(*[BURST, BURST.with_name("bilby.multiorder.fits")][::order])
    found = store.find("bilby.multiorder.fits", limit=9)
    said = dict(found.elements[0].attributes)

    assert found.found == 1
    assert said[v.FITS + "CREATOR"] == "ligo-skymap-from-samples"
    assert said[v.PROV_LOCATION].startswith("/gw/superevents/")


def test_the_latest_alert_and_the_history_of_its_area() -> None:
    """Alerts come in the order of their issue, each with its 90 % area."""
    found = alerts(imported(GW), "MS230425k")

    assert [(one["alert_type"], one.get("area90")) for one in found] == [
        ("PRELIMINARY", 21.009),
        ("RETRACTION", None),
        ("INITIAL", 21.009),
    ]
    assert found[-1]["time_created"].isoformat() == "2023-04-25T12:19:40+00:00"


def test_an_event_tells_whether_it_was_retracted() -> None:
    """By an attribute that can be searched for, and by the invalidation."""
    store = imported(GW)
    (mock,) = store.find("retracted_at=2023-04-25", limit=9).elements
    (invalidation,) = store.neighbours([mock.key], Direction.ANCESTORS, {RelationKind.INVALIDATION})
    other = queries.resolve(store, "S230528ay")

    assert mock.name == "MS230425k"
    assert invalidation.relation.time == datetime.fromisoformat("2023-04-25T11:02:09Z")
    assert GOCART + "retracted_at" not in dict(other.attributes)


def test_a_retraction_is_nobodys_origin() -> None:
    """Neither of the alert that it takes back, nor of one that follows it."""
    store = imported(GW)
    key = f"{ALERT}MS230425k:20230425T110209_retraction"
    below = {element.name for element in queries.descendants(store, key).elements}
    later = ancestors(store, f"{ALERT}MS230425k:20230425T121940_initial")

    assert below == {
        "MS230425k RETRACTION", "gocart notice", "meta.yaml", "MS230425k-retraction.json",
    }  # fmt: skip
    assert "MS230425k PRELIMINARY" in later
    assert not {name for name in later if "RETRACTION" in name or "retraction" in name}


def test_a_later_alert_revises_the_one_before() -> None:
    """Past a retraction; what a retraction takes back is invalidated."""
    initial, preliminary = (read(path)[0] for path in (INITIAL, PRELIMINARY))
    first = "alert:MS230425k:20230425T105653_preliminary"
    (revision,) = [
        one for one in initial if isinstance(one, Relation) and one.kind is RelationKind.DERIVATION
    ]

    assert related(initial, RelationKind.DERIVATION) == {
        ("alert:MS230425k:20230425T121940_initial", first)
    }
    assert revision.values(v.PROV_TYPE)[0].value == v.PROV + "Revision"  # type: ignore[union-attr]
    assert revision.values(v.EVIDENCE) == ("inferred: names of the event's directories",)
    assert not related(preliminary, RelationKind.DERIVATION)
    assert related(read(RETRACTION)[0], RelationKind.INVALIDATION) == {
        ("event:MS230425k", "issue:MS230425k:20230425T110209_retraction"),
        (first, "issue:MS230425k:20230425T110209_retraction"),
    }


def test_one_map_in_two_alerts_is_one() -> None:
    """Equal headers: the INITIAL repeats the map of the PRELIMINARY."""
    maps = [only(read(path)[0], Entity, "map:").identifier for path in (PRELIMINARY, INITIAL)]

    assert maps[0] == maps[1]


def test_the_order_of_imports_does_not_show() -> None:
    """All sources in twelve orders give one graph."""
    paths = [*GW.rglob("meta.yaml"), *GW.rglob("*.fits")]
    orders, digests = random.Random(3), set()
    for _ in range(12):
        orders.shuffle(paths)
        digests.add(queries.digest(imported(*paths)))

    assert len(digests) == 1


def test_alerts_of_one_second_follow_by_their_kind(tmp_path: Path) -> None:
    """An initial and an update of the same second are two alerts, in this order."""
    text = BURST.read_text().replace("2023-05-28T11:40:43Z", "2023-05-28T12:00:00Z")
    first = directory(tmp_path, "20230528T114043_early_warning",
                      BURST.read_text().replace("PRELIMINARY", "EARLY_WARNING"))  # fmt: skip
    initial = directory(tmp_path, "20230528T120000_initial", text.replace("PRELIMINARY", "INITIAL"))
    update = directory(tmp_path, "20230528T120000_update", text.replace("PRELIMINARY", "UPDATE"))
    derivations = [
        related(read(path)[0], RelationKind.DERIVATION) for path in (first, initial, update)
    ]

    assert derivations == [
        set(),
        {
            (
                "alert:S230528ay:20230528T120000_initial",
                "alert:S230528ay:20230528T114043_early_warning",
            )
        },
        {("alert:S230528ay:20230528T120000_update", "alert:S230528ay:20230528T120000_initial")},
    ]


@pytest.mark.parametrize(
    ("kind", "gap"),
    [("UPDATE", True), ("RETRACTION", True), ("INITIAL", False), ("PRELIMINARY", False)],
)
def test_a_gap_is_told_where_it_can_be_known(kind: str, gap: bool, tmp_path: Path) -> None:
    """Updates and retractions are never the first; the others may be."""
    source = directory(
        tmp_path, f"20230528T114043_{kind.lower()}", BURST.read_text().replace("PRELIMINARY", kind)
    )
    statements, problems = read(source)

    assert bool(only(statements, Entity, ALERT).values(GOCART + "gap")) is gap
    assert not problems


def copied(tmp_path: Path) -> Path:
    """The samples, to be changed."""
    base = tmp_path / "gw"
    shutil.copytree(GW, base, ignore=shutil.ignore_patterns("*.golden.jsonl", "elsewhere.txt"))
    return base


def outcomes(report: ImportReport) -> dict[str, Outcome]:
    """Directory and file name -> what became of it."""
    return {"/".join(Path(one.path).parts[-2:]): one.outcome for one in report.sources}


def test_the_files_of_an_alert_are_its_parts(tmp_path: Path) -> None:
    """They are not listed as unknown; what plugins leave is."""
    base = copied(tmp_path)
    (base / "superevents" / "S230528ay" / "20230528T114043_preliminary" / "plugin.txt").touch()
    found = outcomes(import_paths(MemoryStore(), [base], Settings()))

    assert {name.rpartition("/")[2]: one for name, one in found.items() if "S230528ay" in name
            or "20230528T114043" in name} == {
        "meta.yaml": Outcome.IMPORTED, "bilby.multiorder.fits": Outcome.IMPORTED,
        "skymap.csv": Outcome.PART, "skymap.png": Outcome.PART,
        "S230528ay-preliminary.json": Outcome.PART, "plugin.txt": Outcome.UNKNOWN,
    }  # fmt: skip


def test_an_alert_that_comes_later_changes_none_before(tmp_path: Path) -> None:
    """Only the one that follows is another source then."""
    base = copied(tmp_path)
    mock = base / "mockevents" / "MS230425k"
    late = mock / "20230425T105653_preliminary"
    late.rename(tmp_path / "late")
    store = MemoryStore()
    import_paths(store, [base], Settings())
    (tmp_path / "late").rename(late)
    found = outcomes(import_paths(store, [base], Settings()))
    revised = ancestors(store, f"{ALERT}MS230425k:20230425T121940_initial")

    assert found["20230425T121940_initial/meta.yaml"] is Outcome.IMPORTED
    assert found["20230528T114043_preliminary/meta.yaml"] is Outcome.UNCHANGED
    assert "MS230425k PRELIMINARY" in revised


def test_it_is_recognised_by_its_sections() -> None:
    """Another meta.yaml is not gocart's."""
    importer = GocartImporter()

    assert importer.recognises(Path("x"), BURST.read_bytes()) is Confidence.CERTAIN
    assert importer.recognises(Path("meta.yaml"), b"name: x\nHEADER: {}\n") is Confidence.NO
    assert importer.recognises(BURST, b"") is Confidence.SUFFIX


def test_mock_events_are_marked() -> None:
    """By the first letter of their id, as gocart does."""
    said = [only(read(path)[0], Entity, EVENT).values(GOCART + "mock") for path in (INITIAL, BURST)]

    assert said == [(True,), (False,)]


@pytest.mark.parametrize("place", ["relative", "dotted"])
def test_a_relative_path_is_the_same_directory(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directories' names are found from wherever the command is given."""
    monkeypatch.chdir(INITIAL.parent if place == "relative" else MOCK)
    source = Path("meta.yaml") if place == "relative" else Path(INITIAL.parent.name) / "meta.yaml"

    assert related(read(source)[0], RelationKind.DERIVATION)
    assert {part.name for part in GocartImporter().parts(source)} == {
        "MS230425k-initial.json", "meta.yaml",
    }  # fmt: skip
