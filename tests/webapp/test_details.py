"""What the panel and the start page say, and what they make of hostile values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from dash.development.base_component import Component

from lineage import access
from lineage.access import AccessRoot
from lineage.disk import look_at_files
from lineage.session import import_paths
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import ElementKind
from tests.golden import DATA
from tests.webapp.conftest import DEMO, EX, HOSTILE_NAME
from webapp.details import details
from webapp.documents import leaves
from webapp.panel import panel
from webapp.references import element_of, token
from webapp.sections import Details
from webapp.start import overview, start_page

TREES = DATA / "tskit"


def about(store: MemoryStore, reference: str) -> Details:
    """The details of one element."""
    return details(store, element_of(store, reference))


def section(shown: Details, title: str) -> Any:
    """The section with this title."""
    return next(s for s in shown.sections if s.title == title)


def hrefs(components: list[Any]) -> list[str]:
    """Every address in a tree of components."""
    found = []
    for component in components:
        parts = [component, *component._traverse()] if isinstance(component, Component) else []
        found += [part.href for part in parts if getattr(part, "href", None)]
    return found


def test_a_file_says_who_made_it_with_what(store: MemoryStore) -> None:
    """Activity, software, configuration, command and duration stand in one section."""
    made = section(about(store, "dl2/merged.dl2.h5"), "Made by")
    words = {link.words: link.name for link in made.links}

    assert words["activity"] == "ctapipe-merge"
    assert words["by"].startswith("ctapipe")
    assert "configured by" in words
    assert {"Started", "Took", "Host", "Command"} <= {row.name for row in made.rows}


def test_an_activity_lists_what_it_used_and_generated(store: MemoryStore) -> None:
    """Causes under one title, effects under another, roles beside them."""
    made = section(about(store, "dl2/merged.dl2.h5"), "Made by").links[0]
    shown = about(store, made.reference)

    assert "gamma_run1.dl2.h5" in [link.name for link in section(shown, "Comes from").links]
    assert [link.name for link in section(shown, "Led to").links] == ["merged.dl2.h5"]
    assert any("data product" in link.detail for link in section(shown, "Comes from").links)


def test_identity_is_shown_with_its_evidence(store: MemoryStore) -> None:
    """A file says on what its identity rests and which source says so."""
    rows = section(about(store, "dl2/merged.dl2.h5"), "Evidence").rows

    assert any(row.name == "Recognised by" and "Exact" in row.text for row in rows)


def test_what_is_inferred_says_so_beside_its_link() -> None:
    """A relation that no source states carries what it rests on."""
    store = MemoryStore()
    import_paths(store, [TREES / "msp_mut_2rows.trees"], Settings())
    (tree,) = store.find("msprime sim_ancestry", kinds=[ElementKind.ENTITY], limit=2).elements
    links = section(about(store, tree.key), "Comes from").links

    assert [link.detail for link in links] == ["inferred: order of the provenance rows"]


def test_a_configuration_is_taken_apart_into_dotted_names() -> None:
    """Nested dictionaries become one line a leaf, without the name that encloses all."""
    assert leaves({"Tool": {"A": {"x": 1, "y": [1, 2]}, "b": None}}) == [
        ("A.x", "1"),
        ("A.y", "1, 2"),
        ("b", "–"),
    ]


def test_installed_packages_are_listed_by_line() -> None:
    """A list of names and versions is read as such."""
    packages = [{"name": "numpy", "version": "2.1"}, {"name": "h5py", "version": "3.1"}]

    assert leaves({"packages": packages, "n": 1})[0] == ("packages", "numpy 2.1\nh5py 3.1")


def test_no_hostile_address_becomes_a_link(store: MemoryStore, settings: Settings) -> None:
    """Script and data addresses stay text, and a path outside the roots has no link."""
    element = element_of(store, EX + "hostile")
    links = access.links(element, settings.roots)
    shown = panel(details(store, element), token(element.key), links)

    assert all(href.startswith(("?", "http://example.org/")) for href in hrefs(shown))


def test_hostile_names_are_children_and_never_markup(store: MemoryStore) -> None:
    """The label arrives as one plain string, and without turning characters."""
    shown = about(store, EX + "hostile")
    texts = [row.text for s in shown.sections for row in s.rows]

    assert shown.name == HOSTILE_NAME
    assert not any("\u202e" in text or "\x1b" in text for text in texts)


def test_every_element_has_a_panel_that_can_be_sent(store: MemoryStore, settings: Settings) -> None:
    """No record of the demonstration or of the hostile ones breaks the panel."""
    for element in store.find("", limit=90).elements:
        links = access.links(element, settings.roots)
        shown = panel(details(store, element), token(element.key), links)
        sent = json.dumps(
            [part.to_plotly_json() for part in shown], default=vars, ensure_ascii=False
        )

        assert sent.encode("utf-8").decode("utf-8") == sent


def test_the_start_page_counts_and_offers_ways_in(store: MemoryStore) -> None:
    """Counts, failures, end products and the latest activities are there at once."""
    shown = overview(store)
    names = [entry.element.name for entry in shown.results]

    assert shown.failed > 0
    assert "level2.dl1.h5" in names
    assert shown.activities[0].detail >= shown.activities[1].detail
    assert hrefs(start_page(shown))[0] == "?page=check&kind=failed"
    assert len(hrefs(start_page(shown))) == 1 + len(shown.results) + len(shown.activities)


def test_an_empty_store_says_how_to_fill_it() -> None:
    """No empty canvas: the command to begin with, which is another where no import can reach."""
    empty = overview(MemoryStore())
    pages = [start_page(shown) for shown in (empty, replace(empty, alone=False))]
    alone, shared = (json.dumps([p.to_plotly_json() for p in page], default=vars) for page in pages)

    assert "lineage serve PATH" in alone
    assert "lineage import DIRECTORY" in shared


def test_what_was_seen_on_the_disk_has_a_section_and_a_badge(tmp_path: Path) -> None:
    """Size, digest and state of the file; one that is gone or changed says so at the top."""
    store = MemoryStore()
    import_paths(store, [DEMO / "work32"], Settings())
    roots = (AccessRoot("/srv/cta", tmp_path),)
    merged = element_of(store, "dl2/merged.dl2.h5").key
    before = about(store, merged)
    file = tmp_path / "work32" / "dl2" / "merged.dl2.h5"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x" * 1_500)
    look_at_files(store, roots, [merged], hashed=True)
    present = about(store, merged)
    rows = {row.name: row.text for row in section(present, "On the disk").rows}

    assert not any(s.title == "On the disk" for s in before.sections)
    assert (rows["State"], rows["Size"]) == ("present", "1.5 kB")
    assert rows["SHA-256"] == hashlib.sha256(b"x" * 1_500).hexdigest()
    assert present.badges == before.badges

    file.write_bytes(b"other")
    look_at_files(store, roots, [merged])

    assert ("changed", "changed on the disk") in about(store, merged).badges

    file.unlink()
    look_at_files(store, roots, [merged])
    gone = about(store, merged)

    assert ("missing", "missing on the disk") in gone.badges
    assert "missing on the disk" in str(panel(gone, token(merged), ()))
