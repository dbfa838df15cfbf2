"""What users decided about pairs of entities: they are the same thing, or they are not.

A decision is neither a statement of a source nor part of the digest. It is kept by the identifiers
that the user saw; an entity that has risen to a stronger identifier is found through its aliases.
In an exported document a decision is a record: an alternateOf where both are the same, an entity of
the type ``lineage:Decision`` where they are not. An import takes such a record for the decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.records import Attributes, Entity, Iri, Relation, Value, attributes
from lineage.vocabulary import RelationKind

LONGEST_NOTE = 2_000
"""Characters of a note; a longer one is refused."""
LONGEST_NAME = 200
"""Characters of who decided; a longer one is cut."""

_ENTITY = "urn:lineage:decision:"
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Verdict(Enum):
    """What was decided about two entities."""

    SAME = "same"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Decision:
    """Two entities are the same thing, or are not, as somebody said."""

    first: str
    """Identifier; the smaller of the two."""
    second: str
    verdict: Verdict
    by: str
    """Who decided: a login name, mostly."""
    at: datetime
    """When, UTC."""
    note: str = ""
    source: str = ""
    """Key of the source that brought it; empty where it was decided in this store."""

    @property
    def key(self) -> str:
        """What a store keeps it under: there is one decision for a pair."""
        return pair_key(self.first, self.second)

    @property
    def pair(self) -> tuple[str, str]:
        """The two identifiers."""
        return self.first, self.second

    @property
    def rank(self) -> tuple[bool, datetime, str, str, str]:
        """The greatest counts, of several about one pair: what was decided here, then the latest.

        So no imported document, whatever times it claims, puts aside what was said here.
        """
        return not self.source, self.at, self.verdict.value, self.by, self.note


def pair_key(one: str, other: str) -> str:
    """The key of a pair, in whatever order."""
    return digest(json.dumps(sorted((one, other))))


def decision(
    one: str,
    other: str,
    verdict: Verdict,
    by: str,
    at: datetime,
    note: str = "",
    *,
    source: str = "",
) -> Decision:
    """A decision about two identifiers in whatever order.

    What is invisible in a name or note is replaced: they are shown beside what others wrote.
    """
    first, second = sorted((one, other))
    who = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", by)[:LONGEST_NAME]
    text = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", note.strip())
    return Decision(first, second, verdict, who, at.astimezone(UTC), text, source)


def foremost(some: Iterable[Decision]) -> dict[str, Decision]:
    """Of the decisions about each pair the one that counts, by key and in its order."""
    best: dict[str, Decision] = {}
    for one in some:
        known = best.setdefault(one.key, one)
        if one.rank > known.rank:
            best[one.key] = one
    return {key: best[key] for key in sorted(best)}


def between(made: Decision, current: Mapping[str, str]) -> Decision:
    """The decision about what its identifiers mean now.

    Args:
        made: As it was decided.
        current: Identifier -> the identifier that it is an alias of.
    """
    first, second = sorted(current.get(end, end) for end in made.pair)
    return replace(made, first=first, second=second)


def link(made: Decision) -> Relation:
    """The alternateOf that a decision that two are the same stands for."""
    about = [(v.EVIDENCE, v.DECISION_EVIDENCE), *_about(made)]
    return Relation(RelationKind.ALTERNATE, made.first, made.second, None, attributes(about))


def record_of(made: Decision) -> Entity | Relation:
    """A decision as a PROV record."""
    if made.verdict is Verdict.SAME:
        return link(made)
    about: list[tuple[str, Value]] = [
        (v.PROV_TYPE, Iri(v.DECISION_TYPE)),
        (v.DECIDED, made.verdict.value),
        *((v.DECIDED_ON, Iri(end)) for end in made.pair),
        *_about(made),
    ]
    return Entity(_ENTITY + made.key, attributes(about))


def _about(made: Decision) -> Attributes:
    note = ((v.DECISION_NOTE, made.note),) if made.note else ()
    return (v.DECIDED_BY, made.by), (v.DECIDED_AT, made.at), *note


def decision_of(record: object, source: str) -> Decision | None:
    """The decision that `record_of` wrote, or ``None`` for any other record.

    Args:
        record: Anything that an importer yields.
        source: Key of the source that says it.
    """
    if isinstance(record, Relation):
        ours = record.kind is RelationKind.ALTERNATE and record.bundle is None
        if not ours or (v.EVIDENCE, v.DECISION_EVIDENCE) not in record.attributes:
            return None
        ends, verdict = (record.subject, record.object), Verdict.SAME
    elif isinstance(record, Entity) and record.identifier.startswith(_ENTITY):
        if record.bundle is not None or record.values(v.DECIDED) != (Verdict.DIFFERENT.value,):
            return None
        named = [value.value for value in record.values(v.DECIDED_ON) if isinstance(value, Iri)]
        ends = (named[0], named[-1]) if len(named) == 2 else (None, None)
        verdict = Verdict.DIFFERENT
    else:
        return None
    one, other = ends
    said = dict(record.attributes)
    by, at, note = said.get(v.DECIDED_BY), said.get(v.DECIDED_AT), said.get(v.DECISION_NOTE, "")
    if not (isinstance(by, str) and isinstance(at, datetime) and isinstance(note, str)):
        return None
    if one is None or other is None or one == other or at.tzinfo is None:
        return None
    if len(note) > LONGEST_NOTE:
        return None
    made = decision(one, other, verdict, by, at, note, source=source)
    # what would not come out again as it went in is no record of ours
    written = record_of(made)
    same_ends = isinstance(record, Relation) or written == record
    return made if same_ends and written.attributes == record.attributes else None


def encode_decision(made: Decision) -> str:
    """A decision as one line of JSON."""
    fields = [
        made.first,
        made.second,
        made.verdict.value,
        made.by,
        made.at.isoformat(),
        made.note,
        made.source,
    ]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def decode_decision(line: str) -> Decision:
    """The decision that `encode_decision` wrote."""
    first, second, verdict, by, at, note, source = json.loads(line)
    moment = datetime.fromisoformat(at)
    return Decision(first, second, Verdict(verdict), by, moment, note, source)
