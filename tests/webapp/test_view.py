"""The address: what it may say, and what is made of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage.graph_store import Direction
from lineage.records import Entity
from lineage.stores.memory import MemoryStore
from lineage.vocabulary import INFLUENCES, RelationKind
from tests.webapp.conftest import EX, add
from webapp.references import element_of, reference, token
from webapp.view import HARD_LIMIT, View, address, focused, parse, toggled

KEYWORDS = sorted(kind.keyword for kind in RelationKind)
ALSO = sorted(kind.keyword for kind in RelationKind if kind not in INFLUENCES)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)

VIEWS = st.builds(
    View,
    page=st.sampled_from(["explore", "cypher"]),
    focus=st.one_of(st.just(""), TEXT),
    direction=st.sampled_from([None, *Direction]),
    depth=st.one_of(st.none(), st.integers(1, 30)),
    limit=st.integers(1, HARD_LIMIT),
    hide=st.lists(st.sampled_from([*KEYWORDS, "agent"]), unique=True).map(tuple),
    also=st.lists(st.sampled_from(ALSO), unique=True).map(tuple),
    open=st.lists(TEXT.map(token), unique=True, max_size=20).map(tuple),
    tab=st.sampled_from(["graph", "table"]),
    query=st.one_of(st.just(""), TEXT),
)


@given(VIEWS)
def test_an_address_restores_its_view(view: View) -> None:
    """What an address asks for is what it was made from."""
    assert parse(address(view)) == view


def test_defaults_stay_out_of_the_address() -> None:
    """The start page has no query."""
    assert address(View()) == "?"


@given(st.text(max_size=200))
def test_any_address_is_some_view(search: str) -> None:
    """Nothing that stands in the address bar is an error, and nothing exceeds the caps."""
    view = parse(search)

    assert 1 <= view.limit <= HARD_LIMIT


def test_what_is_out_of_range_is_passed_over() -> None:
    """Unknown words, negative and huge numbers do not get through."""
    view = parse("?depth=-4&limit=999999&hide=used,DROP&also=used&tab=../x&dir=up&page=admin")

    assert view == View(limit=HARD_LIMIT, hide=("used",))


def test_another_focus_keeps_the_filters_and_forgets_what_was_opened() -> None:
    """Direction, depth and hidden kinds stay; expanded elements and a raised limit do not."""
    view = View(focus="a", depth=5, hide=("agent",), open=("x",), limit=900)

    assert parse(focused(view, "b")) == View(focus="b", depth=5, hide=("agent",))


def test_toggling_twice_changes_nothing() -> None:
    """A chip undoes itself."""
    view = View(focus="a", hide=("used",))

    assert parse(toggled(parse(toggled(view, "hide", "agent")), "hide", "agent")) == view


def test_long_and_unprintable_keys_are_found_again_by_their_short_reference() -> None:
    """An address stays under 4 kB whatever an identifier is, and no server state is needed."""
    long = EX + "x" * 9000
    odd = EX + "caf\udce9"
    store = MemoryStore()
    add(store, "long", [Entity(long), Entity(long + "y"), Entity(odd)])
    references = {key: reference(key) for key in (long, long + "y", odd)}

    assert all(len(address(View(focus=text))) < 4000 for text in references.values())
    assert {key: element_of(store, text).key for key, text in references.items()} == {
        key: key for key in references
    }


def test_very_many_parameters_are_passed_over() -> None:
    """An address of that kind is nobody's view; it is no error either."""
    assert parse("?" + "&".join(f"a{number}=1" for number in range(80))) == View()
