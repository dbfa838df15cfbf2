"""The page before anything is focused: what the store holds and where to begin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dash import html

from lineage import queries
from lineage import vocabulary as v
from lineage.graph_store import CypherStore, Direction, GraphStore, Source, Stats
from lineage.records import Value
from lineage.subgraph import StoredElement
from lineage.vocabulary import INFLUENCES, ElementKind, RelationKind
from webapp.labels import clean, count, size_text
from webapp.marks import STATE_WORDS, kind_words, mark, types_of
from webapp.references import reference
from webapp.view import View, address, focused

MOST_LOOKED_AT = 1000
"""Elements of a kind among which the latest are sought; a larger store shows some of its own."""
_MOST_MAKERS = 100
"""Latest activities whose products are looked at besides."""
_SHOWN = 8
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One way in."""

    element: StoredElement
    detail: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What a store holds, at a glance."""

    description: str
    stats: Stats
    sources: tuple[Source, ...]
    """Latest first."""
    activities: tuple[Entry, ...]
    results: tuple[Entry, ...]
    """Entities that nothing in the store used: what the work was for."""
    failed: int
    """Failed ones among the activities looked at."""
    looked_at: int
    whole: bool
    """All elements were looked at."""
    alone: bool
    """The store is this process's own: no other can import into it."""


def overview(store: GraphStore) -> Overview:
    """The start page's content."""
    activities = store.find("", kinds=(ElementKind.ACTIVITY,), limit=MOST_LOOKED_AT)
    entities = store.find("", kinds=(ElementKind.ENTITY,), limit=MOST_LOOKED_AT)
    latest = sorted(activities.elements, key=_start, reverse=True)
    candidates = {element.key: element for element in entities.elements}
    if entities.found > len(candidates):  # what was made last may be none of the first by name
        candidates |= _made_by(store, latest[:_MOST_MAKERS])
    return Overview(
        description=store.description,
        stats=store.stats(),
        sources=tuple(sorted(store.sources(), key=lambda s: s.recorded_at or _NEVER, reverse=True)),
        activities=tuple(Entry(e, _when(e)) for e in latest[:_SHOWN]),
        results=tuple(_results(store, candidates.values())),
        failed=sum("failed" in mark(e).states for e in activities.elements),
        looked_at=len(activities.elements),
        whole=max(activities.found, entities.found) <= MOST_LOOKED_AT,
        alone=not isinstance(store, CypherStore),
    )


def _zoned(value: Value | None) -> datetime:
    if not isinstance(value, datetime):
        return _NEVER
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _start(element: StoredElement) -> tuple[datetime, str]:
    return _zoned(dict(element.attributes).get(v.PROV_START)), element.key


def _when(element: StoredElement) -> str:
    value = dict(element.attributes).get(v.PROV_START)
    return _minute(value) if isinstance(value, datetime) else ""


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _made_by(store: GraphStore, activities: Sequence[StoredElement]) -> dict[str, StoredElement]:
    keys = [activity.key for activity in activities]
    made = store.neighbours(keys, Direction.DESCENDANTS, {RelationKind.GENERATION})
    found = store.read(sorted({one.subject_key for one in made if one.subject_key}))
    return {element.key: element for element in found if ElementKind.ENTITY in element.kinds}


def _results(store: GraphStore, entities: Iterable[StoredElement]) -> list[Entry]:
    candidates = {e.key: e for e in entities if not types_of(e) and not e.stub}
    degrees = store.degrees(candidates, INFLUENCES)
    ends = [key for key, (causes, effects) in degrees.items() if causes and not effects]
    times = queries.generation_times(store, ends)
    ends.sort(key=lambda key: (times.get(key, _NEVER), key), reverse=True)
    return [
        Entry(candidates[key], _minute(times[key]) if key in times else "") for key in ends[:_SHOWN]
    ]


def start_page(shown: Overview) -> list[Any]:
    """The overview as components."""
    stats = shown.stats
    if not (stats.entities or stats.activities or stats.agents):
        return [_empty(shown)]
    looked = "" if shown.whole else f" among the first {MOST_LOOKED_AT:,}"
    return [
        html.Section(
            [
                html.H1("Where does it come from?"),
                html.P(
                    "Search for a file, an activity or a person above, or begin with one below. "
                    "The drawing runs from causes on the left to effects on the right."
                ),
            ],
            className="hero",
        ),
        html.Div(
            [
                _tile(stats.entities, "entity", "entities", "entity"),
                _tile(stats.activities, "activity", "activities", "activity", shown),
                _tile(stats.agents, "agent", "agents", "agent"),
                _tile(sum(stats.relations.values()), "relation", "relations", ""),
                _tile(stats.sources, "source", "sources", ""),
            ],
            className="tiles",
        ),
        html.Div(
            [
                _entries("Latest results", "Files that nothing here used", shown.results, looked),
                _entries("Latest activities", "By start time", shown.activities, looked),
                _sources(shown.sources),
            ],
            className="columns",
        ),
        html.P(
            [
                f"Store: {clean(shown.description)}. ",
                "" if shown.whole else f"“Latest” is{looked} of each kind by name.",
            ],
            className="note",
        ),
    ]


def _tile(
    number: int, singular: str, plural: str, glyph: str, shown: Overview | None = None
) -> html.Div:
    return html.Div(
        [
            html.Div(f"{number:,}", className="tile-number"),
            html.Div(
                [
                    *([html.Span(className=f"glyph {glyph}")] if glyph else []),
                    singular if number == 1 else plural,
                ],
                className="tile-name",
            ),
            *(_failed(shown) if shown and shown.failed else []),
        ],
        className="tile",
    )


def _failed(shown: Overview) -> list[Any]:
    words = f"✕ {shown.failed:,} failed"
    if shown.looked_at < shown.stats.activities:
        words = f"✕ {shown.failed:,} of the first {shown.looked_at:,} failed"
    failures = address(View(page="check", kind="failed"))
    return [html.Div(html.A(words, href=failures, title="Which"), className="tile-note failed")]


def _entries(title: str, hint: str, entries: tuple[Entry, ...], looked: str) -> html.Section:
    return html.Section(
        [
            html.H2(title, title=hint),
            html.Ul([_entry(entry) for entry in entries])
            if entries
            else html.P(f"None{looked}.", className="note"),
        ],
        className="card",
    )


def _entry(entry: Entry) -> html.Li:
    drawn = mark(entry.element)
    states = [state for state in drawn.states if state in ("failed", "running", "overwritten")]
    return html.Li(
        html.A(
            [
                html.Span(className=f"glyph {drawn.kind}", title=kind_words(entry.element)),
                html.Span(clean(entry.element.name), className="entry-name"),
                *(html.Span(STATE_WORDS[s], className=f"badge {s}") for s in states),
                html.Span(entry.detail, className="detail"),
            ],
            href=focused(View(), reference(entry.element.key)),
            title=clean(entry.element.identifier),
        )
    )


def _sources(sources: tuple[Source, ...]) -> html.Section:
    lines = [
        html.Li(
            [
                html.Span(
                    clean(source.paths[0].rpartition("/")[2] if source.paths else source.key[:12]),
                    className="entry-name",
                    title=clean("\n".join(source.paths), lines=True),
                ),
                *([] if source.complete else [html.Span("incomplete", className="badge failed")]),
                *(
                    [html.Span(f"{source.skipped:,} skipped", className="badge failed")]
                    if source.skipped
                    else []
                ),
                html.Span(
                    count(source.records, "record"),
                    className="detail",
                    title=f"{clean(source.importer)}, {size_text(source.size_bytes)}",
                ),
            ]
        )
        for source in sources[:_SHOWN]
    ]
    more = len(sources) - _SHOWN
    return html.Section(
        [
            html.H2("Sources", title="What was imported, latest first"),
            html.Ul(lines),
            *([html.P(f"and {more:,} more", className="note")] if more > 0 else []),
        ],
        className="card",
    )


def _empty(shown: Overview) -> html.Section:
    said, command = (
        "Import what your tools left behind, then load this page again:",
        "lineage import DIRECTORY",
    )
    if shown.alone:
        said = "This store lives as long as the explorer. End it, and start it with something:"
        command = "lineage serve PATH..."
    return html.Section(
        [
            html.H1("Nothing is stored yet"),
            html.P(said),
            html.Pre(command),
            html.P(f"Store: {clean(shown.description)}.", className="note"),
        ],
        className="hero empty",
    )
