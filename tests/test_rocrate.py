"""RO-Crates of runs: what runcrate makes of a run of cwltool, and what others may write."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import queries
from lineage import vocabulary as v
from lineage.access import AccessRoot
from lineage.errors import SourceError
from lineage.interfaces import Confidence
from lineage.records import Activity, Agent, Entity, EventKind, Iri, Relation
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import SCHEMA, RelationKind
from tests.golden import DATA
from tests.importing import Reading, confidence, read, read_text

CRATE = DATA / "ro-crate" / "reduce" / "ro-crate-metadata.json"
NAME = "ro-crate-metadata.json"
ORDERED = "47e31406de803727dd455d94662d2687f9170742"
SELECTED = "9a242eb623c6e5d142ab8a464a13439e88558cc5"
EVENTS = "40a60cd007832b5a80556b987b93de092a123989"


def crate(directory: Path, *nodes: Any) -> Reading:
    """What a crate of these nodes says."""
    about = {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    context = "https://w3id.org/ro/crate/1.1/context"
    text = json.dumps({"@context": context, "@graph": [about, *nodes]})

    assert confidence("ro-crate", directory, text, NAME) is Confidence.CERTAIN
    return read_text("ro-crate", directory, text, NAME)


def test_the_sample_is_counted_independently() -> None:
    """Actions, and files that they name, as json alone finds them."""
    graph = json.loads(CRATE.read_text())["@graph"]
    actions = [one for one in graph if one["@type"] in ("CreateAction", "OrganizeAction")]
    found = read("ro-crate", CRATE)

    assert found.problems == []
    assert {one.identifier for one in found.records if isinstance(one, Activity)} == {
        f"urn:uuid:{one['@id'][1:]}" for one in actions
    }
    assert sum(one.kind is EventKind.USE for one in found.events) == 4  # 3 inputs, 1 workflow
    assert {Path(one.path).name for one in found.events if one.kind is EventKind.GENERATION} == {
        SELECTED,
        ORDERED,
    }


def test_files_lie_where_the_crate_lies() -> None:
    """Paths are those of the directory that the document is in."""
    found = read("ro-crate", CRATE)

    assert {str(Path(one.path).parent) for one in found.events} == {str(CRATE.parent)}


def test_names_that_no_file_can_have_stop_nothing(tmp_path: Path) -> None:
    """A NUL, and half a surrogate pair, in an ``@id``: the next file is imported, too."""
    objects = [{"@id": "a\0b"}, {"@id": "/a\0b"}, {"@id": "\ud800"}, {"@id": "/\ud800"}]
    crate(tmp_path, {"@id": "#a", "@type": "CreateAction", "object": objects})
    (tmp_path / "z.json").write_text('{"entity":{"prov:e":{}}}')
    settings = Settings(roots=(AccessRoot("/srv/cta", tmp_path),))
    report = import_paths(MemoryStore(), [tmp_path], settings)

    assert [one.outcome.value for one in report.sources] == ["imported", "imported"]


def test_steps_chain_from_result_to_input(tmp_path: Path) -> None:
    """The ordered list comes from the selection, that from the events; access roots are turned."""
    shutil.copy(CRATE, tmp_path / NAME)
    store = MemoryStore()
    settings = Settings(roots=(AccessRoot("/srv/cta/reduce", tmp_path),))
    import_paths(store, [tmp_path], settings)
    ordered = queries.resolve(store, "ordered.csv")
    found = {one.name: one for one in queries.ancestors(store, ordered.key).elements}

    assert ordered.identifier.startswith(f"file:///srv/cta/reduce/{ORDERED}#")
    assert {
        "Run of workflow/packed.cwl#main/order",
        "selected.csv",
        "Run of workflow/packed.cwl#main/select",
        "events.csv",
        "pattern",
        "Run of workflow/packed.cwl#main",
        "reduce an event list",
        "Run of cwltool 3.1.20260315121657",
    } <= set(found)
    assert found["events.csv"].identifier == f"file:///srv/cta/reduce/{EVENTS}"


def test_roles_are_the_parameters_of_what_ran() -> None:
    """A file that is an example of several parameters has the role of this action's."""
    found = read("ro-crate", CRATE)
    roles = {
        (Path(one.path).name, one.role) for one in found.events if one.kind is not EventKind.STATE
    }

    assert roles == {
        (EVENTS, "events"),
        (SELECTED, "events"),
        (SELECTED, "selected"),
        (ORDERED, "ordered"),
        ("packed.cwl", "instrument"),
    }


def test_what_a_step_made_is_not_the_workflows(tmp_path: Path) -> None:
    """But what no step lists is."""
    found = crate(
        tmp_path,
        {"@id": "w.cwl", "@type": ["File", "ComputationalWorkflow"]},
        {"@id": "#w", "@type": "CreateAction", "instrument": {"@id": "w.cwl"},
         "result": [{"@id": "a"}, {"@id": "b"}]},
        {"@id": "#s", "@type": "CreateAction", "instrument": {"@id": "#tool"},
         "result": {"@id": "a"}},
        {"@id": "#tool", "@type": "SoftwareApplication", "name": "tool", "version": "2"},
    )  # fmt: skip
    made = {
        (Path(one.path).name, (one.activity or "")[-2:])
        for one in found.events
        if one.kind is EventKind.GENERATION
    }

    assert made == {("a", "#s"), ("b", "#w")}
    assert "urn:lineage:software:tool:2" in {one.identifier for one in found.records}  # type: ignore[union-attr]


def test_things_that_are_no_files_are_entities(tmp_path: Path) -> None:
    """Values of parameters, addresses, plans; local names are this crate's alone."""
    found = crate(
        tmp_path,
        {"@id": "#a", "@type": "CreateAction", "name": "run", "error": "broke", "x": {"y": [1]},
         "startTime": "2026-01-01T00:00:00Z", "endTime": "noon",
         "object": [{"@id": "#p"}, {"@id": "https://example.org/x y"}, {"@id": "file:///d/a%20b"},
                    {"@id": "in/a%20b"}, {"@id": "#set"}],
         "instrument": {"@id": "#how"}, "agent": {"@id": "https://orcid.org/0000"},
         "containerImage": {"@id": "#image"}},
        {"@id": "#p", "@type": "PropertyValue", "name": "cut", "value": 0.5},
        {"@id": "#how", "@type": "HowTo", "name": "recipe"},
        {"@id": "#image", "@type": "ContainerImage", "tag": "7"},
        {"@id": "#set", "@type": "Collection", "hasPart": [{"@id": "part.h5"}, {"@id": "#p"}]},
        {"@id": "part.h5", "@type": "File"},
        {"@id": "https://orcid.org/0000", "@type": "Person", "name": "J. Doe"},
    )  # fmt: skip
    named = {one.identifier: one for one in found.records if not isinstance(one, Relation)}
    (run,) = [one for one in named.values() if isinstance(one, Activity)]
    local = run.identifier.removesuffix("#a")

    assert run.values(SCHEMA + "error") == ("broke",)
    assert run.values(SCHEMA + "x") == ('{"y":[1]}',)
    assert json.loads(str(run.values(SCHEMA + "containerImage")[0]))["tag"] == "7"
    assert [(problem.place, problem.records_lost) for problem in found.problems] == [("#a", 0)]
    assert {one.path for one in found.events if one.kind is EventKind.USE} == {
        "/d/a b",
        str(tmp_path / "in/a b"),
        str(tmp_path / "part.h5"),
    }
    cut = named[local + "#p"]
    assert isinstance(cut, Entity)
    assert cut.values(v.PROV_VALUE) == (0.5,)
    assert isinstance(named["https://example.org/x%20y"], Entity)
    plan = named[local + "#how"]
    assert isinstance(plan, Entity)
    assert plan.values(v.PROV_TYPE) == (Iri(v.PROV + "Plan"),)
    assert isinstance(named["https://orcid.org/0000"], Agent)


def test_engines_inform_workflows_and_workflows_steps() -> None:
    """Three runs hang together: cwltool's, the workflow's, each step's."""
    records = read("ro-crate", CRATE).records
    labels = {
        one.identifier: one.values(v.PROV_LABEL)[0] for one in records if isinstance(one, Activity)
    }
    informed = {
        (labels[one.subject or ""], labels[one.object or ""])
        for one in records
        if isinstance(one, Relation) and one.kind is RelationKind.COMMUNICATION
    }
    main = "Run of workflow/packed.cwl#main"

    assert informed == {
        (main, "Run of cwltool 3.1.20260315121657"),
        (f"{main}/select", main),
        (f"{main}/order", main),
    }


def test_paths_that_lead_out_are_only_texts(tmp_path: Path) -> None:
    """They are normalised and never opened; circles among nodes end."""
    found = crate(
        tmp_path,
        {"@id": "#a", "@type": ["CreateAction", "Collection"], "instrument": {"@id": "#a"},
         "object": [{"@id": "../../../../../../../../etc/shadow"}, {"@id": "%2e%2e/x"}, 5, None],
         "result": [{"@id": "#c"}, {"@id": "#a"}], "exampleOfWork": {"@id": "#a"}},
        {"@id": "#c", "@type": "Collection", "hasPart": [{"@id": "#c"}, {"@id": "d/"}]},
        {"@id": "d/", "@type": ["Dataset", "Collection"], "hasPart": {"@id": "d/"}},
        {"@id": "#o", "@type": "OrganizeAction", "object": {"@id": "#k"}, "result": {"@id": "#o"}},
        {"@id": "#k", "@type": "ControlAction", "object": {"@id": "#o"}},
        5, {"x": 1}, {"@id": 7},
    )  # fmt: skip

    assert "/etc/shadow" in {one.path for one in found.events}
    assert str(tmp_path.parent / "x") in {one.path for one in found.events}
    assert found.places == ["/@graph/6", "/@graph/7", "/@graph/8", "#a", "#a"]


def test_what_is_no_crate_is_refused(tmp_path: Path) -> None:
    """Too large, cut, or without a graph."""
    large = '{"@graph":[],"x":"' + "y" * (1 << 25) + '"}'
    with pytest.raises(SourceError, match="larger than a crate's metadata may be"):
        read_text("ro-crate", tmp_path, large, NAME)
    with pytest.raises(SourceError, match="it has no @graph of nodes"):
        read_text("ro-crate", tmp_path, "{}", NAME)
    with pytest.raises(SourceError, match="byte 0: it is no RO-Crate"):
        read_text("ro-crate", tmp_path, "no", NAME)
    assert confidence("ro-crate", tmp_path, '{"@graph":[]}', "other.json") is Confidence.NO


KEYS = st.sampled_from(
    ["@id", "@type", "object", "result", "instrument", "agent", "name", "hasPart", "startTime",
     "exampleOfWork", "input", "output", "value", "encodingFormat", "softwareVersion"]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["#a", "#b", "a/b", "./", "..", "CreateAction", "OrganizeAction", "ControlAction", "File",
     "Collection", "SoftwareApplication", "ComputationalWorkflow", "Person", "_:b", "x:y", ""]
)  # fmt: skip
VALUES = st.recursive(
    TEXTS | st.text(max_size=4) | st.none() | st.integers() | st.floats() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=8) | VALUES, max_size=5))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_graph_is_read_or_told(tmp_path: Path, nodes: list[Any]) -> None:
    """Whatever refers to whatever."""
    found = crate(tmp_path, *nodes)

    assert all(problem.message for problem in found.problems)
    assert all(one.path.startswith("/") for one in found.events)
