"""The configuration that lstchain attaches to a table: JSON, the text of a Python dict, a pickle.

Which of them depends on the function that wrote it: ``add_config_metadata`` writes JSON, dl1ab
``str(config)``, and ``write_dataframe`` hands the dict to PyTables, which pickles it.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from importers.hdf5_pickle import PickleRefused, decode

LONGEST_BYTES = 1_000_000
_LONGEST_REPR = 200_000
"""Python's own parser needs some hundred times the memory of its text."""
_MOST_DEPTH = 64
_INTEGER_MAX = 2**1_024
_CONSTANTS = {"inf": math.inf, "nan": math.nan}
_PATHS = frozenset({"PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path"})
_INPUT = re.compile(r"(.+_)?(file|files|path|paths|url|urls)|spe_location|target_data")
_NO_INPUT = re.compile(r"(output|log|logging|provenance|show)_.*")
_NOTHING = frozenset({"", "default", "None", "null"})


class ConfigurationRefused(ValueError):
    """It is none of the three, or too large."""


class Configuration(NamedTuple):
    """What was found."""

    encoding: str
    """``JSON``, ``Python`` or ``pickle``."""
    value: dict[str, Any]


class Configured(NamedTuple):
    """A file that a configuration names."""

    key: str
    """``LSTR0Corrections.drs4_pedestal_path``"""
    path: str
    """As written."""


@lru_cache(maxsize=64)
def configuration(data: bytes) -> Configuration:
    """The configuration in an attribute's bytes; nothing in it is executed.

    Raises:
        ConfigurationRefused: with the reason.
    """
    if len(data) > LONGEST_BYTES:
        raise ConfigurationRefused(f"is longer than {LONGEST_BYTES:,} bytes")
    begins = data.lstrip()[:1]
    try:
        if begins != b"{" or data[:2] == b"}.":
            encoding, (value, whole) = "pickle", decode(data)
            if not whole:
                raise ConfigurationRefused("is a pickle that is damaged or cut off")
        else:
            encoding, value = _text(data.decode("utf-8", "replace"))
    except ConfigurationRefused:
        raise
    except PickleRefused as error:
        raise ConfigurationRefused(str(error)) from error
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        reason = f"cannot be read ({type(error).__name__}: {error!s:.80})"
        raise ConfigurationRefused(reason) from error
    if not isinstance(value, dict):
        raise ConfigurationRefused(f"is no mapping but a {type(value).__name__}")
    return Configuration(encoding, value)


def _text(text: str) -> tuple[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        pass
    else:
        if isinstance(value, (dict, list)):
            _check_depth(value, 0)
        return "JSON", value
    if len(text) > _LONGEST_REPR:
        raise ConfigurationRefused(f"is no JSON, and longer than {_LONGEST_REPR:,} characters")
    return "Python", _literal(ast.parse(text.strip(), mode="eval").body, 0)


def _check_depth(value: Any, depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise ConfigurationRefused("is nested too deeply")
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (dict, list)):
            _check_depth(item, depth + 1)


def _literal(node: ast.expr, depth: int) -> Any:
    """The value of a display of constants; as ``ast.literal_eval``, and with paths, inf and nan."""
    if depth > _MOST_DEPTH:
        raise ConfigurationRefused("is nested too deeply")
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if isinstance(node, ast.Dict):
        keys = [None if key is None else _literal(key, depth + 1) for key in node.keys]
        values = [_literal(value, depth + 1) for value in node.values]
        return {str(key): value for key, value in zip(keys, values, strict=True)}
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [_literal(item, depth + 1) for item in node.elts]
    if isinstance(node, ast.Name) and node.id in _CONSTANTS:
        return _CONSTANTS[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _literal(node.operand, depth + 1)
        if type(number) in (int, float):
            return -number if isinstance(node.op, ast.USub) else number
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _PATHS:
        parts = [_literal(part, depth + 1) for part in node.args]
        if len(parts) == 1 and isinstance(parts[0], str) and not node.keywords:
            return parts[0]
    raise ConfigurationRefused(f"holds an expression ({type(node).__name__}), which is not run")


def _constant(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, int) and abs(value) > _INTEGER_MAX:
        raise ConfigurationRefused("holds an integer of hundreds of digits")
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise ConfigurationRefused(f"holds a {type(value).__name__}")


def configured_inputs(config: Any) -> Iterator[Configured]:
    """The files that a configuration names as inputs, each with the end of its key.

    ``EventSource.input_url``, ``LSTR0Corrections.drs4_pedestal_path`` and whatever else is called a
    file, a path or an address; outputs and logs are left out.
    """
    yield from _inputs(config, "", 0)


def _inputs(value: Any, parent: str, depth: int) -> Iterator[Configured]:
    if depth > _MOST_DEPTH or not isinstance(value, dict):
        return
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _inputs(item, key, depth + 1)
        elif _INPUT.fullmatch(key) and not _NO_INPUT.fullmatch(key):
            for path in item if isinstance(item, list) else [item]:
                if isinstance(path, str) and path.strip() not in _NOTHING:
                    yield Configured(f"{parent}.{key}" if parent else key, path)
