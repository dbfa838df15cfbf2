"""From a recorded path to bytes: the only code that opens what an imported file names.

A recorded path is hostile: a provenance file can claim ``/etc/shadow``. It is only text until it
lies under a root that the user set. Then it is opened from the root's own directory, component by
component inside the kernel where that is possible (``openat2`` with ``RESOLVE_BENEATH``), so that
symbolic links may lead about inside the root and never out of it, whoever renames what meanwhile.
Addresses are links for people; nothing here fetches them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit

from lineage.errors import AccessRefused, FileMissing
from lineage.identifiers import path_of
from lineage.subgraph import StoredElement

MAX_LINKS = 40
"""Symbolic links followed for one path, as in Linux."""
MAX_COMPONENTS = 128
"""Longest path that is opened, in directories; one descriptor each without ``openat2``."""

_FILE_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_DIRECTORY_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08
_OPENAT2 = 437
"""System call number, the same on every Linux architecture but alpha."""
_NO_OPENAT2 = (errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.E2BIG, errno.EAGAIN)
"""Answers after which the slower way is taken; EAGAIN: something was renamed meanwhile."""
_GONE = (errno.ENOENT, errno.ENOTDIR)
_UNSAFE_URL = re.compile(r"[\x00-\x20\x7f-\x9f\\\"'<>`]")
_URL_SIGNS = "".join(chr(code) for code in range(0x21, 0x7F))


@dataclass(frozen=True, slots=True)
class AccessRoot:
    """Recorded paths that begin with ``prefix`` are found below ``directory``."""

    prefix: str
    """Absolute POSIX path as sources recorded it."""
    directory: Path
    """On this machine; equal to ``prefix`` where the files still lie where they were made."""


@dataclass(frozen=True, slots=True)
class AccessLink:
    """A way to the bytes of an element, or the reason why there is none."""

    path: str
    """As recorded, or an address."""
    local: str | None
    """The path on this machine, or the address; ``None`` where there is none to show."""
    available: bool
    """A file can be opened there now; an address is never tried."""
    reason: str
    """Why it is not available; empty when it is."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A regular file inside a root, open for reading; whoever gets it closes the stream."""

    stream: BinaryIO
    name: str
    size_bytes: int


def links(element: StoredElement, roots: Iterable[AccessRoot]) -> tuple[AccessLink, ...]:
    """The access links of an element: its recorded paths first, then its address."""
    known = tuple(roots)
    found: dict[str, AccessLink] = {}
    for recorded in (*element.paths, element.identifier):
        path = path_of(recorded) or recorded
        if path.lower().startswith(("http://", "https://")):
            address = safe_url(path)
            reason = "" if address else f"{path[:200]!r}: no address that is shown as a link."
            found.setdefault(path, AccessLink(path, address, address is not None, reason))
        elif recorded != element.identifier:
            found.setdefault(path, _link(path, known))
    return tuple(found.values())


def is_below_a_root(path: str, roots: Iterable[AccessRoot]) -> bool:
    """A recorded path may be opened, if it is there."""
    try:
        _locate(path, tuple(roots))
    except AccessRefused:
        return False
    return True


def recorded_path(local: Path, roots: Iterable[AccessRoot]) -> str:
    """The path by which sources know a file of this machine: the roots backwards.

    Args:
        local: An existing file. Under no root, its absolute path is the answer.
    """
    real = os.path.realpath(local)
    found: list[tuple[int, str]] = []
    for root in roots:
        directory = os.path.realpath(root.directory)
        rest = os.path.relpath(real, directory)
        if rest != os.curdir and rest.split(os.sep)[0] != os.pardir:
            found.append((len(directory), f"{root.prefix.rstrip('/')}/{rest}"))
    return max(found)[1] if found else os.path.abspath(local)


def open_file(path: str, roots: Iterable[AccessRoot]) -> OpenedFile:
    """The regular file that a recorded path means, if it lies under a root.

    Args:
        path: As recorded; it is decoded no further.

    Raises:
        FileMissing: it lies under a root, and is not there.
        AccessRefused: it lies under no root, or leads out of its root, or is no readable regular
            file. The message tells nothing about what is outside of the roots.
    """
    root, components = _locate(path, tuple(roots))
    shown = repr(path[:200])
    try:
        # the root itself may be a symbolic link: the user chose it
        directory = os.open(root.directory, _DIRECTORY_FLAGS)
    except OSError as error:
        raise AccessRefused(
            f"{shown}: the directory set for {root.prefix!r} cannot be opened."
            " Correct the setting of the access roots."
        ) from error
    try:
        descriptor = open_beneath(directory, components)
    except (OSError, ValueError) as error:
        gone = isinstance(error, OSError) and error.errno in _GONE
        raise (FileMissing if gone else AccessRefused)(f"{shown}: {_reason(error)}") from error
    finally:
        os.close(directory)
    return _opened(descriptor, components[-1], shown)


def safe_url(url: str) -> str | None:
    """``url`` as a link that a browser may be given: http, https or relative; else ``None``.

    Characters outside of ASCII come back percent-encoded; a host must be plain ASCII.
    """
    if not url or _UNSAFE_URL.search(url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        encoded = quote(url, safe=_URL_SIGNS)
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        plain = host and host.isascii() and "@" not in parts.netloc
        return encoded if plain and url[len(parts.scheme) :].startswith("://") else None
    relative = not parts.scheme and not parts.netloc and not url.startswith("//")
    return encoded if relative and ":" not in url.partition("/")[0] else None


def open_beneath(directory: int, components: tuple[str, ...]) -> int:
    """A descriptor of what ``components`` lead to from ``directory``, without leaving it.

    Raises:
        OSError: it is not there, leads out of the directory (``EXDEV``) or may not be read.
    """
    if sys.platform == "linux":
        try:
            return _openat2(directory, "/".join(components))
        except OSError as error:
            if error.errno not in _NO_OPENAT2:
                raise
    return walk_beneath(directory, components)


def walk_beneath(directory: int, components: tuple[str, ...]) -> int:
    """As `open_beneath`, where the kernel has no ``openat2``: one component at a time.

    Symbolic links are read and walked by hand, so that at no time a name is resolved by anything
    that could leave the directory. ``..`` goes back to the descriptor that was come from.
    """
    trail = [os.dup(directory)]
    pending = list(reversed(components))
    followed = 0
    try:
        while pending:
            component = pending.pop()
            if component in ("", "."):
                continue
            if component == "..":
                if len(trail) == 1:
                    raise OSError(errno.EXDEV, "leads out of its root")
                os.close(trail.pop())
                continue
            try:
                opened = _open_component(trail[-1], component, last=not pending)
            except OSError as error:
                # a symbolic link gives ELOOP for a file, ENOTDIR for a directory, EMLINK on BSD
                if error.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                    raise
                target = _link_target(trail[-1], component, error)
                followed += 1
                if followed > MAX_LINKS:
                    raise OSError(errno.ELOOP, "too many symbolic links") from error
                if target.startswith("/"):
                    raise OSError(errno.EXDEV, "leads out of its root") from error
                pending.extend(reversed(target.split("/")))
                continue
            trail.append(opened)
            if len(trail) > MAX_COMPONENTS + 1:
                raise OSError(errno.ENAMETOOLONG, "too many directories")
        return trail.pop() if len(trail) > 1 else os.dup(trail[0])
    finally:
        for descriptor in trail:
            os.close(descriptor)


def _open_component(directory: int, name: str, *, last: bool) -> int:
    flags = _FILE_FLAGS if last else _DIRECTORY_FLAGS
    return os.open(name, flags | os.O_NOFOLLOW, dir_fd=directory)


def _link_target(directory: int, name: str, error: OSError) -> str:
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError:
        raise error from None


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def _openat2(directory: int, path: str) -> int:
    if platform.machine() == "alpha":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    library = ctypes.CDLL(None, use_errno=True)
    how = _OpenHow(_FILE_FLAGS, 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    descriptor: int = library.syscall(
        ctypes.c_long(_OPENAT2),
        ctypes.c_int(directory),
        ctypes.c_char_p(os.fsencode(path)),
        ctypes.byref(how),
        ctypes.c_size_t(ctypes.sizeof(how)),
    )
    if descriptor < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return descriptor


def _link(path: str, roots: tuple[AccessRoot, ...]) -> AccessLink:
    try:
        root, components = _locate(path, roots)
        local = str(root.directory.joinpath(*components))
    except AccessRefused as refused:
        return AccessLink(path, None, False, str(refused))
    try:
        open_file(path, (root,)).stream.close()
    except AccessRefused as refused:
        return AccessLink(path, local, False, str(refused))
    return AccessLink(path, local, True, "")


def _locate(path: str, roots: tuple[AccessRoot, ...]) -> tuple[AccessRoot, tuple[str, ...]]:
    """The root with the longest prefix, compared by whole components, and what is left."""
    shown = repr(path[:200])
    components = _components(path, shown)
    best: tuple[AccessRoot, int] | None = None
    for root in roots:
        prefix = tuple(part for part in root.prefix.split("/") if part)
        fits = root.prefix.startswith("/") and components[: len(prefix)] == prefix
        if fits and (best is None or len(prefix) > best[1]):
            best = root, len(prefix)
    if best is None:
        raise AccessRefused(
            f"{shown}: it lies under none of the access roots. Set one that contains it."
        )
    rest = components[best[1] :]
    if not rest:
        raise AccessRefused(f"{shown}: it is a directory. Only files can be opened.")
    return best[0], rest


def _components(path: str, shown: str) -> tuple[str, ...]:
    if not path.startswith("/"):
        raise AccessRefused(f"{shown}: it is not an absolute path, so it is unknown where it lies.")
    components = tuple(part for part in path.split("/") if part not in ("", "."))
    hostile = (
        ".." in components
        or len(components) > MAX_COMPONENTS
        or any(character < " " or character in "\\\x7f" for character in path)
    )
    if hostile or path.endswith(("/", "/.")):
        raise AccessRefused(
            f"{shown}: paths with '..', backslashes, control characters, a slash at the end or"
            f" more than {MAX_COMPONENTS} directories are not opened."
            " Open the file by hand if you trust its source."
        )
    return components


def _reason(error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.EXDEV, errno.ELOOP, errno.EMLINK):
        return (
            "its symbolic links lead out of its access root, or in circles."
            " Set a root that contains where they lead, or use relative links."
        )
    if number in _GONE:
        return "there is no such file below its access root. It was moved or removed."
    if number in (errno.EACCES, errno.EPERM):
        return "it may not be read by this process. Change its permissions."
    return "it cannot be opened as a file below its access root."


def _opened(descriptor: int, name: str, shown: str) -> OpenedFile:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise AccessRefused(f"{shown}: it is no regular file. Only regular files can be opened.")
    os.set_blocking(descriptor, True)
    return OpenedFile(os.fdopen(descriptor, "rb"), name, status.st_size)
