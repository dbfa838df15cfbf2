"""What a check can find: a closed vocabulary of findings, each with its severity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"
    """What is said cannot be true, or the disk contradicts it."""
    WARNING = "warning"
    """Something is missing or doubtful: somebody should look."""
    NOTE = "note"
    """Worth knowing, nothing to put right. Notes are counted, and do not make a check fail."""


class _Row(NamedTuple):
    name: str
    severity: Severity
    sentence: str


_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


class FindingKind(Enum):
    """Everything that a check can find, in the order in which it is told."""

    PROV_ORDER = _Row(
        "prov-order", _ERROR, "something would have to happen before itself (constraints 30 to 49)"
    )
    PROV_UNIQUENESS = _Row(
        "prov-uniqueness",
        _ERROR,
        "what there can be only one of is said twice, differently (constraints 22 to 29)",
    )
    PROV_TYPING = _Row(
        "prov-typing", _ERROR, "one thing is both an entity and an activity (50 and 55)"
    )
    PROV_IMPOSSIBLE = _Row(
        "prov-impossible", _ERROR, "a statement that PROV excludes (constraints 51 to 56)"
    )
    PROV_INCOMPLETE = _Row(
        "prov-incomplete", _ERROR, "a relation leaves out an end that PROV demands"
    )
    PRODUCT_LATER = _Row(
        "product-later",
        _ERROR,
        "an activity lists as its input a product that it, or one that ended later, generated",
    )
    FILE_CHANGED = _Row(
        "file-changed", _ERROR, "a file is not what it was, or what a source says (--disk)"
    )
    DECISION_CONTRADICTED = _Row(
        "decision-contradicted",
        _WARNING,
        "a user said that two are the same, or not, and what is known by now says otherwise",
    )
    DECISION_LOST = _Row(
        "decision-lost", _WARNING, "a user decided about something that is not in the store"
    )
    SOURCE_INTERRUPTED = _Row(
        "source-interrupted", _WARNING, "the import of a source did not come to its end"
    )
    SOURCE_DAMAGED = _Row(
        "source-damaged", _WARNING, "places of a source could not be read, and were skipped"
    )
    NO_MAKER = _Row(
        "no-maker",
        _WARNING,
        "a file that some tool must have written (DL1 or higher, or a product id) has no maker",
    )
    ONLY_NAMED = _Row("only-named", _WARNING, "relations name it, and no source declares it")
    UNFINISHED = _Row("unfinished", _WARNING, "an activity that started and has no end")
    FAILED_OUTPUT_USED = _Row(
        "failed-output-used",
        _WARNING,
        "something that a failed activity generated was used by another",
    )
    MISSING_SUBRUN = _Row(
        "missing-subrun",
        _WARNING,
        "subruns of a run are missing between others, or are there at the data level before",
    )
    OVERWRITTEN_INPUT = _Row(
        "overwritten-input", _WARNING, "an input whose path holds a later version now"
    )
    UNBOUND_USE = _Row(
        "unbound-use",
        _WARNING,
        "a path was used before any known generation of it, so its version is unknown",
    )
    AMBIGUOUS_USE = _Row(
        "ambiguous-use",
        _WARNING,
        "one of several versions of a path was meant, and nothing tells which",
    )
    READ_WHILE_WRITTEN = _Row(
        "read-while-written",
        _WARNING,
        "another version of a path was being written while an activity that used it ran",
    )
    WRITTEN_TOGETHER = _Row(
        "written-together",
        _WARNING,
        "activities that ran at the same time generated a path: one may list what another wrote",
    )
    UNCLEAR_ORDER = _Row(
        "unclear-order",
        _WARNING,
        "which version of a path was there last cannot be told: by time, or one was put there",
    )
    AMBIGUOUS_RUN = _Row(
        "ambiguous-run",
        _WARNING,
        "a run that a text log tells of may be several activities: it is taken for one of its own",
    )
    PRODUCT_KEPT = _Row(
        "product-kept", _WARNING, "a second activity lists the same product id as its output"
    )
    SAME_INSTANT = _Row(
        "same-instant",
        _WARNING,
        "several activities generated a path and ended at the same instant: which was last?",
    )
    SHARED_PATH = _Row(
        "shared-path", _WARNING, "a path that several hosts generated is taken for one file"
    )
    UNKNOWN_HOST = _Row(
        "unknown-host",
        _WARNING,
        "a path on a host's own disk, and some source tells no host: taken for files of their own",
    )
    CYCLE = _Row("cycle", _WARNING, "records that influenced themselves")
    FILE_MISSING = _Row(
        "file-missing", _WARNING, "a file is not where it was recorded to be (--disk)"
    )
    FILE_UNREADABLE = _Row("file-unreadable", _WARNING, "a file cannot be looked at (--disk)")
    FAILED = _Row("failed", _NOTE, "an activity that failed or was interrupted")
    NO_TIME = _Row(
        "no-time", _NOTE, "an activity of no known time: its uses cannot be told from later ones"
    )
    IN_PLACE = _Row(
        "changed-in-place", _NOTE, "a file that only those used who wrote its next version"
    )
    MOVED_INPUT = _Row(
        "moved-input", _NOTE, "an input whose path holds another version now; it is kept elsewhere"
    )
    ORIGIN = _Row(
        "origin", _NOTE, "used, and generated by nobody: it comes from outside, as raw data do"
    )

    @property
    def word(self) -> str:
        """What it is called in output and options."""
        return self.value.name

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.value.severity

    @property
    def sentence(self) -> str:
        """What it means."""
        return self.value.sentence


KIND_BY_WORD: Mapping[str, FindingKind] = {kind.word: kind for kind in FindingKind}
ORDER: Mapping[FindingKind, int] = {kind: place for place, kind in enumerate(FindingKind)}
EVERY_KIND = frozenset(FindingKind)

_SHOWN_CHARACTERS = 300
_SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is missing, contradictory or worth knowing."""

    kind: FindingKind
    message: str
    """``where: what is wrong (value seen). What to do.``"""
    records: tuple[str, ...] = ()
    """Keys of the elements, and ids of the relations, that it is about."""
    sources: tuple[str, ...] = ()
    """Keys of the sources that say so, sorted."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found."""

    findings: tuple[Finding, ...]
    """By kind, records and message."""
    checked: Mapping[str, int] = field(default_factory=dict)
    """What was looked at, and how much of it."""
    source_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Source key -> where it was seen."""

    def counts(self) -> dict[FindingKind, int]:
        """Findings of each kind that occurs, in the order of kinds."""
        counted = Counter(finding.kind for finding in self.findings)
        return {kind: counted[kind] for kind in FindingKind if kind in counted}

    def count(self, severity: Severity) -> int:
        """Findings of this severity."""
        return sum(finding.kind.severity is severity for finding in self.findings)

    @property
    def clean(self) -> bool:
        """There is nothing but notes."""
        return all(finding.kind.severity is Severity.NOTE for finding in self.findings)

    def about(self, keys: set[str]) -> CheckReport:
        """Only what concerns these elements; what a source lost may concern any, and stays."""
        kept = (
            finding
            for finding in self.findings
            if not finding.records or not keys.isdisjoint(finding.records)
        )
        return replace(self, findings=tuple(kept))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by kind, records and message."""
    return tuple(sorted(findings, key=lambda one: (ORDER[one.kind], one.records, one.message)))


def shown(text: str, most: int = _SHOWN_CHARACTERS) -> str:
    """``text`` as a message holds it: a long one is cut, and says so."""
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[:most]}... ({left_out:,} characters more)"


def listed(names: Collection[str]) -> str:
    """Some names in a message; it says how many it leaves out."""
    some = [shown(name) for name in list(names)[:_SHOWN_NAMES]]
    more = len(names) - len(some)
    return ", ".join(some) + (f" and {more:,} more" if more else "")


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 activity``, ``12,481 activities``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
