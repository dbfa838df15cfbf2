"""What one row of a provenance table says, as attributes."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from importers.tskit_rows import Row, Step, chain, seed
from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.records import Entity, Iri, Value, attributes
from lineage.vocabulary import TSKIT

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

_LONGEST_TEXT = 1 << 16
_LONGEST_PART = 1 << 12
_BEGINNING = 200
_MOST_VIOLATIONS = 3
_INTEGER_MAX = 2**63 - 1
_RESOURCES = {
    "elapsed_time": "elapsed_time_s",
    "user_time": "user_time_s",
    "sys_time": "sys_time_s",
    "max_memory": "max_memory_bytes",
}
_compact = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""Sorted: tsinfer sorts the rows that it copies, and the same row must say the same."""
_SCHEMA = Path(__file__).with_name("tskit_provenance_schema.json")
Fact = tuple[str, Value]


def state_iri(step_digest: str) -> str:
    """The tree sequence as a row left it."""
    return "urn:lineage:tskit:tree-sequence:" + step_digest


def activity_iri(step_digest: str) -> str:
    """What a row tells of."""
    return "urn:lineage:tskit:activity:" + step_digest


class Other(NamedTuple):
    """The provenance of another tree sequence, which tskit's union keeps among its parameters."""

    name: str
    """Of the parameter."""
    rows: tuple[Row, ...]
    scope: str
    """For `chain`."""
    state: str
    """The tree sequence that its rows lead to."""


class Description(NamedTuple):
    """What a row says."""

    label: str
    facts: list[Fact]
    problems: list[tuple[str, str]]
    """(JSON pointer inside the record, what is wrong): it is kept all the same."""
    software: tuple[str, str | None] | None = None
    """Name and version."""
    model: Entity | None = None
    """A SLiM script."""
    others: tuple[Other, ...] = ()
    names_current: bool = False
    """A parameter is said to be the tree sequence of the row before."""


def describe(step: Step, most_others: int) -> Description:
    """What a row says.

    Args:
        most_others: Rows inside of parameters that may be taken for another's provenance.
    """
    record = step.parsed.record
    if record is None:
        return undecoded(step, step.parsed.problem)
    problems = [("", step.parsed.problem)] if step.parsed.problem else []
    problems += _violations(record)
    rest = dict(record)
    software = _software(rest)
    parameters = rest.get("parameters")
    model, others, named = None, tuple[Other, ...](), False
    facts = list(_times(step))
    if isinstance(parameters, dict):
        del rest["parameters"]
        shown = dict(parameters)
        named = {"__constant__": "__current_ts__"} in parameters.values()
        others = tuple(_others(shown, step.after, most_others))
        if software is not None and software[0] == "SLiM":
            model = _model(shown)
        facts += _parameters(shown)
    facts += _facts(rest, record)
    label = _label(software, parameters) or _unnamed(step)
    return Description(label, facts, problems, software, model, others, named)


def undecoded(step: Step, problem: str) -> Description:
    """A row of which only the text can be kept."""
    row = step.parsed.row
    text = row.data.decode("utf-8", "replace")
    facts = [*_times(step), (TSKIT + "text", text[:_LONGEST_TEXT])]
    if row.whole_digest or len(text) > _LONGEST_TEXT:
        sha = row.whole_digest or hashlib.sha256(row.data).digest()
        facts.append((TSKIT + "cut", f"text: {row.size_bytes} bytes, SHA-256 {sha.hex()}"))
    return Description(_unnamed(step), facts, [("", problem)])


def _unnamed(step: Step) -> str:
    return f"provenance row {step.position}"


def _times(step: Step) -> Iterator[Fact]:
    text, time = step.parsed.row.timestamp, step.parsed.time
    if time is not None:
        yield v.PROV_END, time
    if text and (time is None or time.isoformat() != text):
        yield TSKIT + "timestamp", text


def _software(rest: dict[str, Any]) -> tuple[str, str | None] | None:
    """Name and version; taken out of ``rest`` where they are whole. SLiM 3.0 had its own form."""
    found = rest.get("software")
    if isinstance(found, dict):
        name, version = found.get("name"), found.get("version")
        whole = set(found) <= {"name", "version"}
        keys: tuple[str, ...] = ("software",)
    else:
        name, version, whole, keys = rest.get("program"), rest.get("version"), True, ()
        keys = ("program", "version")
    if not isinstance(name, str) or not name.strip():
        return None
    if whole and isinstance(version, str | None):
        for key in keys:
            rest.pop(key, None)
    return name, version if isinstance(version, str) and version.strip() else None


def _label(software: tuple[str, str | None] | None, parameters: Any) -> str:
    command = parameters.get("command") if isinstance(parameters, dict) else None
    parts = [software[0]] if software else []
    if isinstance(command, str) and command not in parts:
        parts.append(command)
    return " ".join(parts)[:_BEGINNING]


def _parameters(shown: dict[str, Any]) -> Iterator[Fact]:
    for key, name in (("command", "command"), ("args", "arguments")):
        value = shown.get(key)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            value = shlex.join(value)
        if isinstance(value, str) and value:
            yield TSKIT + name, value[:_LONGEST_TEXT]
    yield from _json("parameters", shown)


def _others(shown: dict[str, Any], after: str, most: int) -> Iterator[Other]:
    """Parameters that are provenance tables; in ``shown`` a reference replaces them."""
    for name, value in list(shown.items()):
        rows = _rows(value)
        if rows and len(rows) <= most:
            most -= len(rows)
            scope = f"{after} {name}"
            last = ""
            for step in chain(lambda rows=rows: rows, scope):  # type: ignore[misc]
                last = step.after
            state = state_iri(last)
            shown[name] = {"rows": len(rows), "tree_sequence": state}
            yield Other(name, rows, scope, state)


def _rows(value: Any) -> tuple[Row, ...]:
    if not isinstance(value, dict) or set(value) != {"timestamp", "record"}:
        return ()
    times, records = value["timestamp"], value["record"]
    if not isinstance(times, list) or not isinstance(records, list) or len(times) != len(records):
        return ()
    if not all(isinstance(one, str) for one in (*times, *records)):
        return ()
    encoded = (record.encode() for record in records)
    return tuple(
        Row(number, time, data, len(data))
        for number, (time, data) in enumerate(zip(times, encoded, strict=True))
    )


def _model(shown: dict[str, Any]) -> Entity | None:
    """The script that SLiM ran; in ``shown`` a reference replaces it."""
    script = shown.get("model")
    if not isinstance(script, str) or not script.strip():
        return None
    identifier = "urn:lineage:tskit:model:" + digest(script)
    shown["model"] = {"plan": identifier}
    facts: list[Fact] = [
        (v.PROV_TYPE, Iri(v.PROV + "Plan")),
        (v.PROV_LABEL, "SLiM model"),
        (v.PROV_VALUE, script[:_LONGEST_TEXT]),
    ]
    if len(script) > _LONGEST_TEXT:
        facts.append((TSKIT + "cut", f"value: {len(script)} characters, {digest(script)}"))
    return Entity(identifier, attributes(facts))


def _facts(rest: dict[str, Any], record: dict[str, Any]) -> Iterator[Fact]:
    """The attributes of all but software and parameters; ``rest`` is what they leave."""
    if isinstance(rest.get("schema_version"), str):
        yield TSKIT + "schema_version", rest.pop("schema_version")
    number = seed(record)
    if number is not None:
        yield TSKIT + "random_seed", number if abs(number) <= _INTEGER_MAX else str(number)
    environment = rest.get("environment")
    if isinstance(environment, dict):
        del rest["environment"]
        system = environment.get("os")
        node = system.get("node") if isinstance(system, dict) else None
        if isinstance(node, str) and node:
            yield TSKIT + "node", node
        if environment:
            yield from _json("environment", environment)
    resources = rest.get("resources")
    if isinstance(resources, dict):
        left = dict(resources)
        for key, name in _RESOURCES.items():
            value = left.get(key)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and abs(left[key]) <= _INTEGER_MAX:
                yield TSKIT + name, left[key] if key == "max_memory" else float(left[key])
                del left[key]
        rest["resources"] = left
        if not left:
            del rest["resources"]
    if rest:
        yield from _json("record", rest)


def _json(name: str, value: dict[str, Any]) -> Iterator[Fact]:
    """A part of a record as JSON; of what is very long digest and beginning."""
    text = _compact(value)
    if len(text) > _LONGEST_TEXT:
        parts = {key: _compact(part) for key, part in value.items()}
        long = [key for key, part in parts.items() if len(part) > _LONGEST_PART]
        kept = value | {key: _cut(parts[key]) for key in long}
        cut = ", ".join(long)
        text = _compact(kept)
        if len(text) > _LONGEST_TEXT:
            text, cut = _compact(_cut(text)), "all"
        yield TSKIT + "cut", f"{name}: {cut}"[:_LONGEST_TEXT]
    yield TSKIT + name, text


def _cut(text: str) -> dict[str, Any]:
    sha = hashlib.sha256(text.encode()).hexdigest()
    return {"characters": len(text), "sha256": sha, "beginning": text[:_BEGINNING]}


def _violations(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Where a record does not follow tskit's schema; SLiM 3.0 is older than that."""
    if record.get("program") == "SLiM" and "schema_version" not in record:
        return []
    version = record.get("schema_version")
    if isinstance(version, str) and version and not version.startswith("1."):
        return [("/schema_version", f"is of schema version {version[:40]!r}; 1 is known")]
    found = islice(_validator().iter_errors(record), _MOST_VIOLATIONS)
    return [
        (
            "".join(f"/{part}" for part in error.absolute_path),
            f"does not follow tskit's schema: {error.message[:_BEGINNING]}",
        )
        for error in found
    ]


@cache
def _validator() -> Draft7Validator:
    from jsonschema import Draft7Validator

    # tskit's file names its draft under "schema", without the "$"
    return Draft7Validator(json.loads(_SCHEMA.read_text("utf-8")))
