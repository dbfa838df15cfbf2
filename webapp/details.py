"""What the panel says about one element, as plain values in the order in which people ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from lineage import queries
from lineage import vocabulary as v
from lineage.check_findings import Finding
from lineage.graph_store import GraphStore, Source
from lineage.identifiers import PrefixMap, local_part
from lineage.records import Attributes, Iri, Value
from lineage.subgraph import StoredElement, StoredRelation
from lineage.vocabulary import RelationKind
from webapp import documents
from webapp.labels import clean, count, cut, duration_text, moment_text, size_text, value_text
from webapp.marks import RELATION_WORDS, exit_code, kind_words, mark, outcome
from webapp.references import reference, token
from webapp.sections import Details, Link, Row, Section

MOST_RELATIONS = 200
"""Relations that the panel lists."""
_LONGEST_VALUE = 20_000
_MOST_SOURCES = 20
_EVIDENCE = {
    "product": "the product id that the file carries. Exact: it survives moves and copies.",
    "iri": "an identifier that a provenance document gives it. Exact by convention.",
    "generation": "its path and the activity that generated it. Exact for the log that says so.",
    "path+time": "its path and the last time that it was written before this use. Strong.",
    "path": "its path alone; nobody is known to have generated it. Weak.",
    "unclear": "nothing: it is one of several versions of the path, and no record tells which.",
    "argument": "an argument of the command line. Strong.",
    "guess": "a resemblance of names. A guess, never merged.",
}
_STATES = {
    "failed": "failed",
    "running": "unfinished",
    "stub": "only named, never described",
    "overwritten": "overwritten later",
}
_ON_DISK = {"missing": "missing on the disk", "changed": "changed on the disk"}
_SEEN = {
    v.FILE_STATE: "State",
    v.FILE_SIZE: "Size",
    v.FILE_MODIFIED: "Modified",
    v.FILE_SHA256: "SHA-256",
    v.FILE_MEDIA_TYPE: "Media type",
    v.FILE_OBSERVED_AT: "Looked at",
    v.FILE_OBSERVED_PATH: "At",
    v.FILE_FIRST_SIZE: "Size before",
    v.FILE_FIRST_MODIFIED: "Modified before",
    v.FILE_FIRST_SHA256: "SHA-256 before",
    v.FILE_FIRST_OBSERVED_AT: "Last seen so",
}
"""What is seen on the disk, in the order in which it is shown."""
_NAMES = {
    v.CTAPIPE + "version": "ctapipe",
    v.CTAPIPE + "node": "Host",
    v.CTAPIPE + "arguments": "Command",
    v.LSTOSA + "node": "Host",
    v.LSTOSA + "arguments": "Command",
}
_TIMES = (v.PROV_START, v.PROV_END)
_IDENTITY = (v.IDENTIFIED_BY, v.RECORDED_PRODUCT, v.RECORDED_PATH)
_EXECUTION = ("version", "user", "node", "executable", "arguments")
_ELSEWHERE = (v.PROV_LABEL, v.PROV_TYPE, *_TIMES, *_IDENTITY, v.OVERWRITTEN)


def details(store: GraphStore, element: StoredElement, findings: Iterable[Finding] = ()) -> Details:
    """What the panel says about ``element``.

    Args:
        store: Where it is.
        element: Any.
        findings: What the last check found about it.
    """
    shown = queries.show(store, element.key, limit=MOST_RELATIONS)
    prefixes = queries.prefix_map(store)
    sections = [
        _what(element, prefixes),
        _findings(findings),
        _made_by(store, element, shown),
        *_relations(shown, shown.others),
        *_attributes(element, prefixes),
        _on_disk(element),
        _identity(element, store.sources()),
    ]
    drawn = mark(element)
    return Details(
        name=clean(element.name),
        kind=kind_words(element),
        paint=drawn.kind,
        reference=reference(element.key),
        identifier=clean(element.identifier),
        badges=(
            *((state, _STATES[state]) for state in drawn.states),
            *((state, _ON_DISK[state]) for state in _disk_states(element)),
        ),
        sections=tuple(s for s in sections if s.rows or s.links),
    )


def _findings(findings: Iterable[Finding]) -> Section:
    rows = (
        Row(f"{one.kind.word} ({one.kind.severity.value})", clean(one.message), one.kind.sentence)
        for one in findings
    )
    return Section("Findings", tuple(rows))


def _what(element: StoredElement, prefixes: PrefixMap) -> Section:
    """Times and outcome first, then where it lies."""
    said = dict(element.attributes)
    rows = _span(said)
    status = said.get(v.CTAPIPE + "status")
    if status is not None:
        rows.append(Row("Status", value_text(status)))
    code = exit_code(said)
    if code is not None and (outcome(element) == "failed" or str(code) != "0"):
        rows.append(Row("Exit code", value_text(code)))
    rows += [Row("Path" if n == 0 else "Also at", clean(p)) for n, p in enumerate(element.paths)]
    size = said.get(v.FILE + "size_bytes")
    if isinstance(size, int):
        rows.append(Row("Size", size_text(size)))
    types = [
        prefixes.compact(value.value)
        for value in element.values(v.PROV_TYPE)
        if isinstance(value, Iri) and value.value not in v.TYPE_LABELS
    ]
    if types:
        rows.append(Row("Type", ", ".join(map(clean, types))))
    return Section("", tuple(rows))


def _span(said: Mapping[str, Value]) -> list[Row]:
    start, end = (said.get(name) for name in _TIMES)
    rows = []
    if start is not None:
        rows.append(Row("Started", value_text(start)))
    if end is not None:
        rows.append(Row("Ended", value_text(end)))
    if (
        isinstance(start, datetime)
        and isinstance(end, datetime)
        and (start.tzinfo is None) == (end.tzinfo is None)
    ):
        rows.append(Row("Took", duration_text((end - start).total_seconds())))
    return rows


def _made_by(store: GraphStore, element: StoredElement, shown: queries.Shown) -> Section:
    """Who made an entity, with what: read off the activity that generated it."""
    makers = {
        s.object_key: None
        for s in shown.relations
        if s.relation.kind is RelationKind.GENERATION and s.subject_key == element.key
    }
    made = next(iter(makers), None)
    if made is None or made not in shown.others:
        return Section("")
    others = len(makers) - 1
    note = f"{count(others, 'activity', 'activities')} more generated it: see Comes from."
    activity = shown.others[made]
    said = dict(activity.attributes)
    rows = [row for row in _span(said) if row.name != "Ended"]
    for name in (space + name for space in (v.CTAPIPE, v.LSTOSA) for name in _EXECUTION):
        values = [value for attribute, value in activity.attributes if attribute == name]
        if values:
            rows.append(_row(name, values, queries.prefix_map(store)))
    agents = queries.show(store, made, limit=MOST_RELATIONS)
    links = [_link("activity", activity, "")]
    for stored in agents.relations:
        if stored.relation.kind is RelationKind.ASSOCIATION and stored.subject_key == made:
            other = agents.others.get(stored.object_key or "")
            if other is not None:
                links.append(_link("by", other, ""))
    plan = next((value for s in agents.relations for value in s.relation.values(v.PROV_PLAN)), None)
    if isinstance(plan, Iri):
        links += [_link("configured by", other, "") for other in store.read([plan.value])]
    return Section("Made by", tuple(rows), tuple(links), note=note if others else "")


def _relations(shown: queries.Shown, others: Mapping[str, StoredElement]) -> tuple[Section, ...]:
    causes: list[Link] = []
    effects: list[Link] = []
    equals: list[Link] = []
    own = shown.element.key
    for stored in sorted(shown.relations, key=lambda stored: _order(stored, own, others)):
        kind = stored.relation.kind
        as_subject = stored.subject_key == own
        other = others.get((stored.object_key if as_subject else stored.subject_key) or "")
        if other is not None:
            link = _link(RELATION_WORDS[kind][not as_subject], other, _circumstances(stored))
            into = causes if as_subject else effects
            (into if kind.value.influence else equals).append(link)
    sections = [
        Section("Comes from", links=tuple(causes)),
        Section("Led to", links=tuple(effects)),
        Section("Also related", links=tuple(equals)),
    ]
    if shown.left_out:
        note = f"{count(shown.left_out, 'relation')} more are not listed here."
        # causes come first from the store; a section without links is not shown
        place = next((place for place in (1, 0, 2) if sections[place].links), 0)
        sections[place] = replace(sections[place], note=note)
    return tuple(sections)


def _order(
    stored: StoredRelation, own: str, others: Mapping[str, StoredElement]
) -> tuple[str, str, str, str]:
    """By kind, then time: the relation's own, else the start of the activity at its other end."""
    end = (stored.object_key if stored.subject_key == own else stored.subject_key) or ""
    other = others.get(end)
    start = dict(other.attributes).get(v.PROV_START) if other else None
    time = stored.relation.time or start
    shown = time.isoformat() if isinstance(time, datetime) else ""
    return stored.relation.kind.keyword, shown, other.name if other else "", stored.key


def _circumstances(stored: StoredRelation) -> str:
    relation = stored.relation
    parts = [value_text(role) for role in relation.values(v.PROV_ROLE)]
    if relation.time is not None:
        parts.append(moment_text(relation.time))
    evidence = [value_text(value) for value in relation.values(v.IDENTIFIED_BY)]
    parts += [f"bound by {text}" for text in evidence if text not in ("product", "generation")]
    parts += [value_text(value) for value in relation.values(v.EVIDENCE)]
    for name in (v.DECIDED_BY, v.DECIDED_AT, v.DECISION_NOTE):
        parts += [value_text(value) for value in relation.values(name)]
    return " · ".join(parts)


def _link(words: str, other: StoredElement, detail: str) -> Link:
    drawn = mark(other)
    start = dict(other.attributes).get(v.PROV_START)
    if isinstance(start, datetime):
        detail = " · ".join(part for part in (detail, moment_text(start)) if part)
    return Link(
        words,
        clean(other.name),
        reference(other.key),
        token(other.key),
        drawn.kind,
        detail,
        drawn.states,
    )


def _attributes(element: StoredElement, prefixes: PrefixMap) -> list[Section]:
    """What is left, by what it is about; large JSON values are taken apart."""
    execution: list[Row] = []
    reference_data: list[Row] = []
    rest: list[Row] = []
    taken_apart: list[Section] = []
    status = (
        v.CTAPIPE + "status",
        v.CTAPIPE + "exit_code",
        v.CTAPIPE + "duration_min",
        v.LSTOSA + "exit_code",
    )
    skipped = {*_ELSEWHERE, v.PROV_LOCATION, v.FILE + "paths", v.FILE + "size_bytes", *status}
    for name, values in _grouped(element.attributes):
        if name in skipped:
            continue
        document = documents.parse(values)
        if document is not None:
            taken_apart.append(_document_section(name, document))
        elif name.startswith(v.CTAPIPE):
            execution.append(_row(name, values, prefixes))
        elif name.startswith(v.CTA):
            reference_data.append(_row(name, values, prefixes))
        else:
            rest.append(_row(name, values, prefixes))
    return [
        Section("Execution", tuple(execution)),
        Section("CTA reference metadata", tuple(reference_data), folded=len(reference_data) > 8),
        Section("Attributes", tuple(rest)),
        *taken_apart,
    ]


def _disk_states(element: StoredElement) -> list[str]:
    """``missing`` or ``changed``, where that was found."""
    said = dict(element.observed).get(v.FILE_STATE)
    return [state for state in _ON_DISK if state == said]


def _on_disk(element: StoredElement) -> Section:
    """What a look at the file found; no source says it."""
    said = dict(element.observed)
    rows = []
    for name, words in _SEEN.items():
        value = said.get(name)
        if isinstance(value, int) and name in (v.FILE_SIZE, v.FILE_FIRST_SIZE):
            rows.append(Row(words, size_text(value), v.OUR_ATTRIBUTES[name]))
        elif value is not None:
            rows.append(Row(words, value_text(value), v.OUR_ATTRIBUTES[name]))
    return Section("On the disk", tuple(rows), folded=not _disk_states(element))


def _grouped(attributes: Attributes) -> Iterable[tuple[str, list[Value]]]:
    groups: dict[str, list[Value]] = {}
    for name, value in attributes:
        groups.setdefault(name, []).append(value)
    return groups.items()


def _row(name: str, values: list[Value], prefixes: PrefixMap) -> Row:
    texts = [
        clean(prefixes.compact(value.value)) if isinstance(value, Iri) else value_text(value)
        for value in values
    ]
    text = ("\n" if any(len(t) > 40 for t in texts) else ", ").join(texts)
    arguments = documents.line(text) if name.endswith("arguments") else None
    only = str(getattr(values[0], "value", values[0])) if len(values) == 1 else ""
    plain = local_part(name).replace("_", " ")
    return Row(
        _NAMES.get(name, clean(plain[:1].upper() + plain[1:])),
        cut(arguments or text, _LONGEST_VALUE),
        v.OUR_ATTRIBUTES.get(name, clean(name)),
        only if "://" in only and not isinstance(values[0], datetime) else "",
    )


_DOCUMENT_TITLES = {
    v.CTAPIPE + "system": "Environment",
    v.CTAPIPE + "config": "Configuration",
    v.CTAPIPE + "samples": "CPU and memory samples",
    v.LSTOSA + "system": "Environment",
}


def _document_section(name: str, document: Mapping[str, Any]) -> Section:
    leaves = documents.leaves(document)
    left = len(leaves) - documents.MOST_LEAVES
    return Section(
        _DOCUMENT_TITLES.get(name, clean(local_part(name))),
        tuple(Row(path, text) for path, text in leaves[: documents.MOST_LEAVES]),
        folded=name != v.CTAPIPE + "config",
        note=f"{left:,} more are in the record." if left > 0 else "",
    )


def _identity(element: StoredElement, sources: tuple[Source, ...]) -> Section:
    """On what evidence this is one thing, and who says so."""
    rows = [
        Row("Recognised by", _EVIDENCE.get(str(value), value_text(value)), str(value))
        for value in element.values(v.IDENTIFIED_BY)
    ]
    rows += [Row("Recorded product", value_text(p)) for p in element.values(v.RECORDED_PRODUCT)]
    rows += [Row("Also known as", clean(alias)) for alias in element.aliases]
    if element.bundle is not None:
        rows.append(Row("Bundle", clean(element.bundle)))
    by_key = {source.key: source for source in sources}
    said = [by_key[key] for key in element.sources if key in by_key]
    rows += [
        Row("Said by", clean(s.paths[0]) if s.paths else s.key, s.importer)
        for s in said[:_MOST_SOURCES]
    ]
    if len(said) > _MOST_SOURCES:
        more = count(len(said) - _MOST_SOURCES, "source")
        rows.append(Row("", f"and {more} more: lineage show --json lists all"))
    if not said and not element.stub:
        rows.append(Row("Said by", "file events that several records agree on"))
    return Section("Evidence", tuple(rows))
