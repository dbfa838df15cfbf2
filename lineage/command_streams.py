"""Where a command writes: a progress line for people, a file or standard output for data."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lineage import report
from lineage.errors import LineageError
from lineage.session import OnProgress
from lineage.session import Progress as ImportProgress


def prepare_streams() -> None:
    """Makes standard input, output and error usable, however the program was started."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # a file of the store would get the number of the closed one, and be written over
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        # what the terminal's encoding lacks is marked; JSON is ASCII, and exports are bytes
        sys.stdout.reconfigure(errors="replace")


@contextmanager
def progress_line() -> Iterator[OnProgress]:
    """A progress line on a terminal, silence elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} files"),
        TextColumn("{task.fields[records]} records"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, records=0)

        def show(progress: ImportProgress) -> None:
            bar.update(
                task,
                description=report.plain(progress.path.name)
                + (" (resumed: these are in the store)" if progress.resuming else ""),
                completed=progress.index,
                total=progress.total,
                records=progress.records,
            )

        yield show


class StatusLine:
    """One line at the bottom of a terminal that says what goes on; nothing elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._shown = ""

    @property
    def visible(self) -> bool:
        """Somebody can see it."""
        return self._console.is_terminal

    def show(self, text: str) -> None:
        """Replaces the line."""
        text = report.plain(text).replace("\n", " ")[: max(self._console.width - 1, 1)]
        if self.visible and text != self._shown:
            self._shown = text
            sys.stderr.write(f"\r\x1b[2K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Takes it away, before something else is written."""
        if self._shown:
            self._shown = ""
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


@contextmanager
def output_stream(path: Path | None) -> Iterator[Any]:
    """A binary stream; a file appears under its name only when it is whole."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    # a link leads on to the file; a device or a pipe is written, never replaced
    path = Path(os.path.realpath(path))
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                yield stream
            return
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as stream:
            try:
                yield stream
                stream.flush()
                os.chmod(stream.name, 0o666 & ~_umask())
                os.replace(stream.name, path)
            except BaseException:
                os.unlink(stream.name)
                raise
    except OSError as error:
        raise LineageError(f"{path}: cannot be written ({error.strerror}).") from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
