"""What of a ctapipe configuration makes two runs the same: the plan that they share."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from lineage import vocabulary as v
from lineage.canonical import digest
from lineage.records import Entity, Iri, attributes

_RUN_TRAITS = re.compile(
    r"(log_.+|logging_config|provenance_log|quiet|verbose|progress_bar|overwrite|show_config.*"
    r"|(.+_)?(file|files|path|paths|url|urls|dir)|outdir|input|output)"
)
"""Traits that say where a run reads, writes and talks, not what it does."""
_NESTED = (dict, list)


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SORTED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def compact(value: Any) -> str:
    """JSON in one line."""
    return _COMPACT.encode(value)


def reduced_text(config: dict[str, Any], own_urls: Collection[str]) -> str:
    """What a configuration says of the work itself, as canonical JSON.

    Args:
        config: As recorded.
        own_urls: Inputs and outputs of the activity; such values are left out.
    """
    return _SORTED.encode(reduced(config, frozenset(own_urls)))


def plan_iri(text: str) -> str:
    """The IRI of a plan: runs with equal `reduced_text` share it."""
    return "urn:lineage:configuration:" + digest(text)


def plan(text: str) -> Entity:
    """The plan that `reduced_text` describes, named after its tool."""
    tools = [key for key, value in json.loads(text).items() if isinstance(value, dict)]
    return Entity(
        plan_iri(text),
        attributes(
            [
                (v.PROV_TYPE, Iri(v.PROV + "Plan")),
                (v.PROV_LABEL, f"{next(iter(tools), 'ctapipe')} configuration"),
                (v.CTAPIPE + "config", text),
            ]
        ),
    )


def reduced(config: Any, own_urls: frozenset[str]) -> Any:
    """The configuration without paths, verbosity and the run's own inputs and outputs."""
    if type(config) is dict:
        return {
            key: reduced(value, own_urls) if type(value) in _NESTED else value
            for key, value in config.items()
            if not _of_the_run(key) and not (type(value) is str and value in own_urls)
        }
    if type(config) is list:
        return [
            reduced(value, own_urls) if type(value) in _NESTED else value
            for value in config
            if not (type(value) is str and value in own_urls)
        ]
    return config


@lru_cache(maxsize=4096)
def _of_the_run(trait: str) -> bool:
    return _RUN_TRAITS.fullmatch(trait) is not None
