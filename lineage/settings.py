"""What a user may configure, from one TOML file and the environment.

The file is ``$LINEAGE_SETTINGS``, else ``settings.toml`` in the user's configuration directory.
Credentials never stand in it: they come from the environment.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from lineage.access import AccessRoot
from lineage.errors import LineageError
from lineage.identity import IdentitySettings


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; the defaults need no file."""

    store: str = "embedded"
    """``memory``, ``embedded``, ``embedded:DIR``, ``bolt://...`` or ``neo4j://...``."""
    roots: tuple[AccessRoot, ...] = ()
    """Where recorded paths lie on this machine; without any, no file is opened."""
    hosts: tuple[str, ...] = ()
    """Further host names that the web app answers to."""
    identity: IdentitySettings = field(default_factory=IdentitySettings)


def settings_path() -> Path:
    """Where the settings file is, or would be."""
    named = os.environ.get("LINEAGE_SETTINGS")
    return Path(named) if named else user_config_path("lineage") / "settings.toml"


def load_settings(path: Path | None = None) -> Settings:
    """The settings in ``path``; the defaults where there is no file and none was named.

    ``LINEAGE_STORE`` beats the file's ``store``. Directories are relative to the file.

    Raises:
        LineageError: the file is missing though named, is not TOML, or has an unknown key.
    """
    named = path is not None or bool(os.environ.get("LINEAGE_SETTINGS"))
    path = path or settings_path()
    store = os.environ.get("LINEAGE_STORE")
    if not named and not path.exists():
        return Settings(store=store or "embedded")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LineageError(f"{path}: cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LineageError(f"{path}: is not TOML ({error}).") from error
    table = _Table(path, content)
    named_store = table.take("store", str, "embedded")
    access = [_Table(path, entry) for entry in table.take("access", list, [])]
    identity = _Table(path, table.take("identity", dict, {}))
    realms = [_Table(path, entry) for entry in identity.take("realms", list, [])]
    web = _Table(path, table.take("web", dict, {}))
    settings = Settings(
        store=store or named_store,
        roots=tuple(_root(path, entry) for entry in access),
        hosts=web.texts("hosts", ()),
        identity=IdentitySettings(
            local_prefixes=_prefixes(path, identity),
            realms=tuple(_realm(path, entry) for entry in realms),
            clock_tolerance_s=_tolerance(path, identity),
        ),
    )
    for part in (table, identity, web, *access, *realms):
        part.done()
    return settings


class _Table:
    """A TOML table whose keys are taken one by one; what is left over is an error."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        if not isinstance(content, dict):
            raise LineageError(f"{path}: has {content!r} where a table belongs.")
        self._path = path
        self._left = dict(content)

    def take(self, key: str, kind: type, default: Any) -> Any:
        value = self._left.pop(key, default)
        if not isinstance(value, kind):
            raise LineageError(
                f"{self._path}: {key!r} is {value!r}; a {kind.__name__} belongs there."
            )
        return value

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        values = self.take(key, list, list(default))
        if not all(isinstance(value, str) for value in values):
            raise LineageError(f"{self._path}: {key!r} is {values!r}; only texts belong there.")
        return tuple(values)

    def done(self) -> None:
        if self._left:
            raise LineageError(
                f"{self._path}: knows no setting {next(iter(self._left))!r}. There are: store, "
                "[[access]] prefix and directory, [identity] local_prefixes, "
                "clock_tolerance_s and realms (prefix and host), [web] hosts."
            )


def _root(path: Path, entry: _Table) -> AccessRoot:
    prefix = entry.take("prefix", str, "")
    directory = entry.take("directory", str, prefix)
    if not prefix.startswith("/"):
        raise LineageError(
            f"{path}: [[access]] has the prefix {prefix!r}. Give an absolute path, as in the logs."
        )
    if "\0" in directory:
        raise LineageError(f"{path}: [[access]] has the directory {directory!r}, which none is.")
    return AccessRoot(prefix, path.parent / directory)


def _prefixes(path: Path, identity: _Table) -> tuple[str, ...]:
    prefixes = identity.texts("local_prefixes", IdentitySettings().local_prefixes)
    for prefix in prefixes:
        if not prefix.startswith("/"):
            raise LineageError(
                f"{path}: [identity] local_prefixes has {prefix!r}. Give absolute paths, as in the "
                "logs."
            )
    return prefixes


def _realm(path: Path, entry: _Table) -> tuple[str, str]:
    prefix, host = entry.take("prefix", str, ""), entry.take("host", object, None)
    if not prefix.startswith("/") or not isinstance(host, str):
        raise LineageError(
            f"{path}: [[identity.realms]] has the prefix {prefix!r} and the host {host!r}. Give an "
            'absolute path and the host that it belongs to, or host = "" where all share it.'
        )
    return prefix, host


def _tolerance(path: Path, identity: _Table) -> float:
    seconds = identity.take("clock_tolerance_s", object, IdentitySettings().clock_tolerance_s)
    if type(seconds) not in (int, float) or not 0 <= seconds <= 86_400:
        raise LineageError(
            f"{path}: [identity] has clock_tolerance_s = {seconds!r}. Give seconds, 0 to 86400."
        )
    return float(seconds)
