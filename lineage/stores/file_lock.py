"""Advisory locks on whole files, which end with the last process that holds the file open."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage.errors import StoreError

_HELD = frozenset({errno.EAGAIN, errno.EACCES})
_UNSUPPORTED = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


def open_lock(path: Path) -> int:
    """A descriptor of the lock file, which is made if need be; no program started inherits it."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"{path}: this lock file cannot be opened ({error.strerror}). "
            "Choose a store directory that you can write to."
        ) from error


def try_exclusive(descriptor: int, path: Path) -> bool:
    """Whether the lock is now held, by nobody else."""
    import fcntl  # not on Windows, where this module must still import

    return _try(descriptor, path, fcntl.LOCK_EX)


def try_shared(descriptor: int, path: Path) -> bool:
    """Whether the lock is now held, together with others who share it."""
    import fcntl

    return _try(descriptor, path, fcntl.LOCK_SH)


def release(descriptor: int) -> None:
    """Gives the lock up for every copy of the descriptor, those of forked processes included."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def exclusive(path: Path) -> Iterator[int | None]:
    """The descriptor with the lock held, or ``None`` at once where somebody else holds it.

    At the end the descriptor is closed, not unlocked: a program that inherited it keeps the lock.
    """
    descriptor = open_lock(path)
    try:
        yield descriptor if try_exclusive(descriptor, path) else None
    finally:
        os.close(descriptor)


def _try(descriptor: int, path: Path, how: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        cure = (
            "Put the store on a disk of this machine; some network file systems have no locks."
            if error.errno in _UNSUPPORTED
            else "Choose another store directory."
        )
        raise StoreError(f"{path}: the file cannot be locked ({error.strerror}). {cure}") from error
    return True
