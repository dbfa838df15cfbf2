"""What lstchain wrote into one HDF5 file, gathered while its objects are looked at.

Versions, configurations and old lists of sources are attributes of the tables (and of the root) by
whose step they were written; the sources of the last step and the records of its activities are
small data sets, the only ones whose content is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from h5py import h5t

from importers.hdf5_configuration import LONGEST_BYTES, ConfigurationRefused, configuration
from importers.hdf5_pickle import PickleRefused, decode
from importers.hdf5_values import NotRead, plain, small_dataset, text_of

LONGEST_PATH = 300
_VERSIONS = frozenset(
    {b"LSTCHAIN_VERSION", b"CTAPIPE_VERSION", b"CTAPIPE_IO_LST_VERSION", b"CONTACT"}
)
SPECIAL = _VERSIONS | {b"config", b"SOURCE_FILENAMES"}
"""Attributes that are taken from every object, however many others it has."""
_MOST_STEPS = 2_000
_MOST_CONFIGURATION_BYTES = 4 * LONGEST_BYTES
_MOST_STAGES = 16
_LONGEST_VERSION = 500

_INNERMOST = re.compile(r"\((.*)\)\Z")
OnProblem = Callable[[str, str], None]


class Steps:
    """Gathers; `result` is what it has, as JSON has it."""

    def __init__(self, on_problem: OnProblem) -> None:
        self._problem = on_problem
        self._steps: dict[str, dict[str, Any]] = {}
        """Path -> what is said of the step that wrote the object."""
        self._configurations: dict[bytes, dict[str, Any]] = {}
        self._configuration_bytes = 0
        self._old_filenames: dict[str, None] = {}
        self._source_filenames: list[str] = []
        self._stages: dict[str, str] = {}

    def result(self) -> dict[str, Any]:
        """What was gathered."""
        return {
            "steps": self._steps,
            "configurations": list(self._configurations.values()),
            "source_filenames": self._source_filenames,
            "old_source_filenames": list(self._old_filenames),
            "stages": self._stages,
        }

    def take_dataset(self, found: Any, path: str) -> None:
        """Reads a data set if it is one of lstchain's own."""
        take: Callable[[Any, str], None]
        if path == "/source_filenames/filenames":
            take = self._take_source_filenames
        elif path.startswith("/provenance/") and path.count("/") == 2:
            take = self._take_stage
        else:
            return
        try:
            take(found, path)
        # whatever a damaged file makes the library raise
        except Exception as error:  # noqa: BLE001
            self._problem(path, f"is not read: {said(error)}.")

    def _take_source_filenames(self, found: Any, _: str) -> None:
        """The inputs of the last step, as lstchain >= 0.8 lists them."""
        value = plain(small_dataset(found))
        names = value if isinstance(value, list) else [value]
        self._source_filenames = [name for name in names if isinstance(name, str)]

    def _take_stage(self, found: Any, path: str) -> None:
        """The record of one activity, as lstchain >= 0.10.16 keeps it."""
        shape = found.get_space().get_simple_extent_dims()
        if shape != () or found.get_type().get_class() != h5t.STRING:
            return  # another tool's
        if len(self._stages) >= _MOST_STAGES:
            raise NotRead(f"is one of more than {_MOST_STAGES}")
        self._stages[path] = plain(small_dataset(found))

    def take_attribute(self, name: bytes, value: Any, path: str) -> bool:
        """Takes one of the `SPECIAL` attributes; False where it is something else of that name."""
        if not isinstance(value, (bytes, str)):
            return False
        path = cut(path, LONGEST_PATH)
        if name not in _VERSIONS and not self._of_lstchain(path):
            return False
        if path not in self._steps and len(self._steps) >= _MOST_STEPS:
            return True
        data = value.encode("utf-8", "replace") if isinstance(value, str) else value
        step = self._steps.setdefault(path, {})
        if name in _VERSIONS:
            step[name.decode()] = cut(text_of(data), _LONGEST_VERSION)
        elif name == b"config":
            self._take_configuration(data, path, step)
        else:
            self._take_old_filenames(data, path)
        return True

    def _of_lstchain(self, path: str) -> bool:
        """Its version stands beside (upper case sorts first), or on the root."""
        return any("LSTCHAIN_VERSION" in self._steps.get(place, ()) for place in (path, "/"))

    def _take_configuration(self, data: bytes, path: str, step: dict[str, Any]) -> None:
        known = self._configurations.get(data)
        if known is None:
            self._configuration_bytes += len(data)
            try:
                if self._configuration_bytes > _MOST_CONFIGURATION_BYTES:
                    limit = f"{_MOST_CONFIGURATION_BYTES:,}"
                    raise ConfigurationRefused(f"is one of more than {limit} bytes in all")
                found = configuration(data)
            except ConfigurationRefused as error:
                self._problem(f"{path}@config", f"{error}. It is left out.")
                return
            known = {"encoding": found.encoding, "value": found.value, "nodes": []}
            known["index"] = len(self._configurations)
            self._configurations[data] = known
        known["nodes"].append(path)
        step["configuration"] = known["index"]

    def _take_old_filenames(self, data: bytes, path: str) -> None:
        """The list that lstchain < 0.8 pickled, and that HDF5 cut off at 64 kB."""
        place = f"{path}@SOURCE_FILENAMES"
        try:
            found = decode(data)
        except PickleRefused as error:
            self._problem(place, f"{error}. It is left out.")
            return
        listed = found.value if isinstance(found.value, list) else [found.value]
        names = [name for name in listed if isinstance(name, str)]
        self._old_filenames |= dict.fromkeys(names)
        if not found.whole:
            self._problem(place, f"is cut off after {len(names)} names. Those are kept.")


def cut(text: str, most: int) -> str:
    """The beginning of a text, with a sign that there is more."""
    return text if len(text) <= most else f"{text[:most]}..."


def said(error: Exception) -> str:
    """What went wrong, in one line: ours as it is, of the library's what it found in the end."""
    text = " ".join(str(error.args[0] if error.args else error).split())
    if isinstance(error, NotRead):
        return text[:300]
    if isinstance(error, MemoryError) or "alloc" in text:
        return "needs more memory than a header may"
    found = _INNERMOST.search(text)
    return found[1][:200] if found is not None else f"{type(error).__name__}: {text[:200]}"
