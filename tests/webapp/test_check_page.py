"""The check page: findings by kind, links to records, bounds that are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import plotly.utils
import pytest

from lineage import vocabulary as v
from lineage.errors import NotInStore
from lineage.graph_store import Source
from lineage.identity import IdentitySettings
from lineage.records import Activity, Entity, attributes
from lineage.stores.memory import MemoryStore
from tests.checked_stores import EX, activity, entity, planted, used
from tests.file_events import at
from tests.webapp.conftest import HOSTILE_NAME, add
from webapp.checking import Checks, CheckStopped
from webapp.details import details
from webapp.findings import MOST_LISTED, MOST_OF_A_KIND, check_page, stopped
from webapp.view import View, address, focused, parse

DONE = activity("a", (v.PROV_START, at(0)), (v.PROV_END, at(1)))


def checks(**bounds: Any) -> Checks:
    return Checks(IdentitySettings(), **bounds)


def sent(page: list[Any]) -> str:
    """What goes to the browser."""
    return json.dumps(page, cls=plotly.utils.PlotlyJSONEncoder, ensure_ascii=False)


def parts(component: Any) -> Iterator[Any]:
    """A component and everything in it."""
    yield component
    children = getattr(component, "children", None)
    for child in children if isinstance(children, list | tuple) else [children]:
        if child is not None and not isinstance(child, str):
            yield from parts(child)


def texts(page: list[Any]) -> str:
    """The text of a page, without its attributes."""
    found: list[str] = []
    for part in (one for component in page for one in parts(component)):
        children = getattr(part, "children", None)
        for child in children if isinstance(children, list | tuple) else [children]:
            found += [child] if isinstance(child, str) else []
    return " ".join(found)


def addresses(page: list[Any]) -> list[str]:
    found = (getattr(part, "href", None) for component in page for part in parts(component))
    return [href for href in found if href]


def test_findings_are_listed_by_kind_with_links(store: MemoryStore) -> None:
    """The demonstration's warnings are open, its notes folded; each record is a link."""
    page = check_page(store, checks(), View(page="check"))
    groups = [part for part in page if getattr(part, "className", "") == "card findings"]
    folded = {part.children[0].children[0].children: not part.open for part in groups}

    assert folded["overwritten-input"] is False
    assert folded["origin"] is True
    assert focused(View(), "urn:uuid:36f083a3-6837-44cc-9d6c-ecac35147593") in addresses(page)
    assert "Said by" in texts(page)
    assert "ctapipe-merge.provenance.log" in texts(page)


def test_one_kind_alone(store: MemoryStore) -> None:
    """A chip leads to it, and it is open there."""
    whole = check_page(store, checks(), View(page="check"))
    page = check_page(store, checks(), View(page="check", kind="failed"))
    groups = [part for part in page if getattr(part, "className", "") == "card findings"]

    assert "?page=check&kind=failed" in addresses(whole)
    assert [part.open for part in groups] == [True]
    assert "ctapipe-slow" in texts(page)


def test_only_the_lineage_of_a_record(store: MemoryStore) -> None:
    """What concerns a file and all that influenced it, and a way back to everything."""
    page = check_page(store, checks(), View(page="check", focus="dl2/merged.dl2.h5"))

    assert "merged.dl2.h5" in texts(page)
    assert "gamma_run1.simtel.gz" in texts(page)
    assert "muon_run14" not in texts(page)
    assert "?page=check" in addresses(page)


def test_an_unknown_record_is_an_error(store: MemoryStore) -> None:
    """As on every other page."""
    with pytest.raises(NotInStore):
        check_page(store, checks(), View(page="check", focus="nowhere"))


def test_an_address_of_the_page_is_restored() -> None:
    """Page, kind and record; what is no kind is passed over."""
    view = View(page="check", kind="origin", focus="urn:x")

    assert parse(address(view)) == view
    assert parse("?page=check&kind=<script>") == View(page="check")


@pytest.mark.parametrize(
    ("view", "words"),
    [(View(page="check"), "Nothing is stored yet"), (View(page="check", kind="cycle"), "Nothing")],
)
def test_an_empty_store_says_how_to_fill_it(view: View, words: str) -> None:
    """Empty is another answer than clean."""
    assert words in texts(check_page(MemoryStore(), checks(), view))


def test_a_clean_store_says_so() -> None:
    """And what was looked through."""
    page = check_page(planted([DONE]), checks(), View(page="check"))

    assert "Nothing is missing or contradictory" in texts(page)
    assert "Looked through 0 entities, 1 activity" in texts(page)


def test_long_lists_are_cut_and_say_so() -> None:
    """Some of each kind, more of one alone, and then the command that lists all."""
    number = MOST_LISTED + 1
    store = planted([DONE, *(used("a", f"stub{n:04d}") for n in range(number))])
    several = check_page(store, checks(), View(page="check"))
    alone = check_page(store, checks(), View(page="check", kind="only-named"))

    assert f"The first {MOST_OF_A_KIND} of {number}" in texts(several)
    assert "?page=check&kind=only-named" in addresses(several)
    assert f"The first {MOST_LISTED} of {number}" in texts(alone)
    assert "lineage check --kinds only-named" in texts(alone)


def test_many_records_of_one_finding_are_counted() -> None:
    """The rest is a number."""
    records = [
        used("a", "set"), *(Activity(f"{EX}a{n:03d}") for n in range(40)),
        *(used(f"a{n:03d}", "set") for n in range(40)), DONE,
        Entity(EX + "set", ((v.OVERWRITTEN, True),)),
    ]  # fmt: skip
    page = check_page(planted(records), checks(), View(page="check", kind="overwritten-input"))

    assert "and 30 more" in texts(page)


def test_hostile_text_is_text() -> None:
    """Markup, script addresses and bidi overrides are children, never markup or links."""
    name = HOSTILE_NAME + "\u202egnp.exe"
    store = MemoryStore()
    add(
        store,
        "evil",
        [
            Activity(
                "javascript:alert(1)", attributes([(v.PROV_LABEL, name), (v.PROV_START, at(0))])
            ),
            used("a", "<b>stub</b>"),
            DONE,
        ],
    )
    page = check_page(store, checks(), View(page="check"))

    assert "\u202e" not in sent(page)
    assert HOSTILE_NAME in texts(page)
    assert all(href.startswith("?") for href in addresses(page))


def test_a_check_is_done_once_for_each_state_of_the_store() -> None:
    """What was found is kept until something is imported."""
    store, kept = planted([DONE]), checks()
    before = kept.known(store)
    first = kept.report(store)
    again = kept.report(store)
    planted([used("a", "stub")], key="s2", store=store)

    assert before is None
    assert again is first
    assert kept.known(store) is None
    assert len(kept.report(store).findings) == 1


def test_an_import_under_way_is_checked_each_time() -> None:
    """What it adds changes nothing that tells of its source."""
    store, kept = planted([DONE]), checks()
    with store.writing():
        store.begin(Source("half", ("/logs/half.log",), "test", "1", 1))
        found = kept.report(store).findings
        store.write("half", [used("a", "stub")])
        more = kept.report(store).findings

    assert [one.kind.word for one in found] == ["source-interrupted"]
    assert [one.kind.word for one in more] == ["source-interrupted", "only-named"]


def test_bounds_are_told() -> None:
    """Too many records, or too much time: the page says so and names the command."""
    store = planted([DONE, used("a", "stub")])
    with pytest.raises(CheckStopped, match="This store holds 2 records, and up to 1 are") as large:
        checks(most_records=1).report(store)
    with pytest.raises(CheckStopped, match="stopped after 0 s, while reading records"):
        checks(most_seconds=0.0).report(store)

    assert "lineage check" in texts(stopped(large.value))


def test_the_panel_tells_what_the_last_check_found(store: MemoryStore) -> None:
    """A section with its findings, once the store has been checked."""
    kept = checks()
    (element,) = store.read(["urn:uuid:36f083a3-6837-44cc-9d6c-ecac35147593"])
    report = kept.report(store).about({element.key})
    sections = {s.title: s for s in details(store, element, report.findings).sections}
    without = {s.title for s in details(store, element).sections}

    assert [row.name for row in sections["Findings"].rows] == [
        "overwritten-input (warning)",
        "product-kept (warning)",
    ]
    assert "Findings" not in without


def test_a_stub_without_a_name_is_a_link_too() -> None:
    """Whatever names an element, it can be reached."""
    page = check_page(planted([entity("e"), DONE, used("a", "stub")]), checks(), View(page="check"))

    assert focused(View(), EX + "stub") in addresses(page)
