"""The regular files below directories; links are not followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lineage.errors import LineageError


def path_text(path: Path) -> str:
    """The absolute path as stores keep it; bytes that are no UTF-8 are replaced."""
    return os.fsencode(path.absolute()).decode("utf-8", "replace")


def files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file named, or below a directory named, once; and whether it was named.

    Raises:
        LineageError: a path does not exist, or cannot be looked at.
    """
    seen: set[Path] = set()
    named = {path.absolute() for path in paths}
    for path in paths:
        try:
            mode = path.stat().st_mode
        except FileNotFoundError as error:
            raise LineageError(f"{path}: there is no such file or directory.") from error
        except OSError as error:
            raise LineageError(f"{path}: cannot be read ({error.strerror}).") from error
        below = _files_below(path) if stat.S_ISDIR(mode) else iter([path])
        for file in below:
            if file.absolute() not in seen:
                seen.add(file.absolute())
                yield file, file.absolute() in named


def _files_below(directory: Path) -> Iterator[Path]:
    """Regular files, and what cannot be looked at: reading it will tell why."""
    closed: list[Path] = []
    for folder, folders, names in os.walk(
        directory, onerror=lambda error: closed.append(Path(error.filename))
    ):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            try:
                regular = stat.S_ISREG(path.lstat().st_mode)
            except OSError:
                regular = True
            if regular:
                yield path
    yield from closed


class Stamp(NamedTuple):
    """What a directory says of a file; another content without another stamp is next to impossible.

    Not quite: a write within the clock's tick of the last look leaves it as it was.
    """

    size_bytes: int
    modified_ns: int
    changed_ns: int
    inode: int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp in what ``stat`` answers."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class Look(NamedTuple):
    """What is below some directories at one time."""

    files: dict[str, Stamp]
    """Absolute path -> stamp."""
    closed: dict[str, str]
    """Directories that could not be listed, and why: what lies in them is unknown."""

    def hides(self, path: str) -> bool:
        """A file of this path may be there and not be seen."""
        return any(path.startswith(folder.rstrip("/") + "/") for folder in self.closed)


def look(directories: Iterable[Path]) -> Look:
    """Every regular file below some directories, with its stamp."""
    found = Look({}, {})
    pending = [os.path.abspath(directory) for directory in directories]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    _look_at(entry, found, pending)
        except OSError as error:
            found.closed[folder] = error.strerror or type(error).__name__
    return found


def _look_at(entry: os.DirEntry[str], found: Look, pending: list[str]) -> None:
    try:
        if entry.is_dir(follow_symlinks=False):
            pending.append(entry.path)
            return
        if entry.is_file(follow_symlinks=False):
            found.files[entry.path] = stamp_of(entry.stat(follow_symlinks=False))
    except OSError:
        # it went away between the listing and the look
        return
