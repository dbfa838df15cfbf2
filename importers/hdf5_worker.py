"""The process in which HDF5 files are opened: it may crash, and it can do little else.

It reads requests, one JSON object a line (``{"path": ...}``), and answers each with one line. Once
it is ready, it can open no further file and no socket beside the one file that it looks at, and
neither memory nor time without end. It ends when its input does.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any, BinaryIO

from h5py import h5f

from importers.hdf5_scan import LONGEST_S, Scan, open_file

MEMORY_BYTES = 80 * 2**20
"""What a file may take, beyond what the libraries have when they are loaded."""
_CPU_S = int(LONGEST_S) + 2
_FILES_BETWEEN_COLLECTIONS = 100
_OF_FILES = h5f.OBJ_FILE | h5f.OBJ_DATASET | h5f.OBJ_GROUP | h5f.OBJ_ATTR
"""Not the data types: the library has some of its own."""
_LARGEST_FILE_BYTES = 4096
"""It writes none; the library could be led to."""


def main() -> None:
    """Answers until the input ends."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    _warm_up()
    _give_up_rights()
    # thousands of small objects a file, none of them in a cycle for long
    gc.freeze()
    gc.disable()
    send(answers, {"ready": True})
    for number, line in enumerate(requests, 1):
        allow_cpu(_CPU_S)
        answer = look_at(os.fsencode(json.loads(line)["path"]))
        send(answers, answer)
        if "last" in answer:
            return
        if not number % _FILES_BETWEEN_COLLECTIONS:
            gc.collect()


def send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    """Writes one line; halves of surrogate pairs become ``?``."""
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    answers.write(text.encode("utf-8", "replace") + b"\n")
    answers.flush()


def look_at(path: bytes) -> dict[str, Any]:
    """What a file says, or why it cannot be read; ``last`` where this process must not go on."""
    answer = _scan(path)
    if not _is_closed():
        gc.collect()  # an error may have left a cycle
        if not _is_closed():
            answer["last"] = True
    return answer


def _scan(path: bytes) -> dict[str, Any]:
    """As `look_at`. The file is closed when nothing here speaks of it any more.

    Its own ``close`` would go through every identifier that h5py has, its hundreds of types too.
    """
    try:
        return Scan(open_file(path)).result()
    # whatever a hostile file makes the library raise
    except Exception as error:  # noqa: BLE001
        return {"refused": _reason(error)}


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]


def _is_closed() -> bool:
    """No file is open, nor anything of one."""
    try:
        return bool(h5f.get_obj_count(h5f.OBJ_ALL, _OF_FILES) == 0)
    # a library that cannot close a hostile file is not used again
    except Exception:  # noqa: BLE001
        return False


def _warm_up() -> None:
    """Loads what Python loads when it is first needed: later no file can be opened for it."""
    import ast

    import h5py

    for name in ("utf-8", "latin-1", "ascii", "unicode_escape", "raw_unicode_escape"):
        b"x".decode(name)
    ast.parse("{'a': [1, -2.5, (None,)]}", mode="eval")
    with h5py.File("warm-up", "w", driver="core", backing_store=False) as file:
        file.attrs["text"] = "x"
        file.attrs["bytes"] = b"x"
        file.attrs["numbers"] = [1.5, 2.5]
        file.attrs["truth"] = True
        file.attrs["config"] = "{'a': 1}"
        file.create_group("group")["link"] = h5py.SoftLink("/")
        file.create_dataset("source_filenames/filenames", data=[b"x"], chunks=(1,), compression=1)
        file.create_dataset("provenance/stage", data="{}")
        Scan(file.id).result()
    look_at(os.fsencode(__file__))


def _give_up_rights() -> None:
    """Sets limits that hold until the process ends; Windows has none of them."""
    try:
        import resource
    except ImportError:
        return
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, _LARGEST_FILE_BYTES)
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    _limit(resource.RLIMIT_NOFILE, descriptor + 1)
    if hasattr(resource, "RLIMIT_NPROC"):
        _limit(resource.RLIMIT_NPROC, 0)
    used = _address_space_bytes()
    if used:
        _limit(resource.RLIMIT_AS, used + MEMORY_BYTES)


def _limit(kind: int, most: int) -> None:
    import resource

    try:
        resource.setrlimit(kind, (most, most))
    except (ValueError, OSError):  # a system without this limit, or with a lower one
        return


def _address_space_bytes() -> int:
    """What the process has by now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def allow_cpu(seconds: int) -> None:
    """Lets the process compute for so long from now on."""
    try:
        import resource
    except ImportError:
        return
    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = int(spent.ru_utime + spent.ru_stime) + seconds
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))
    except (ValueError, OSError):
        return


if __name__ == "__main__":
    main()
