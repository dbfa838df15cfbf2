"""What leaves the app as a file: recorded files, and exports of what is shown."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from flask import Flask, Response, request

from lineage import access
from lineage.access import AccessRoot
from lineage.errors import AccessRefused, AmbiguousReference, LineageError, NotInStore
from lineage.export import FORMATS, write
from webapp.callbacks import asked
from webapp.connection import Connection
from webapp.drawing import draw
from webapp.references import element_of
from webapp.scene import Scene, look
from webapp.svg import svg
from webapp.view import parse

AUDIT = logging.getLogger("lineage.audit")
"""One line for each file that was opened or refused: by which element, which link, from where."""

_CHUNK_BYTES = 1 << 18
_IN_MEMORY_BYTES = 8_000_000
_FILE_NAME = re.compile(r"[^A-Za-z0-9._+=@-]+")


def add_downloads(server: Flask, connection: Connection, roots: tuple[AccessRoot, ...]) -> None:
    """Adds ``/file`` and ``/export/<format>``; no address of either holds a path."""

    @server.get("/file")
    def file() -> Response:
        wanted, number = request.args.get("of", ""), request.args.get("link", "")
        who = request.remote_addr
        try:
            element = asked(connection, lambda store: element_of(store, wanted))
            links = access.links(element, roots)
            if not (number.isascii() and number.isdecimal() and int(number[:6]) < len(links)):
                raise AccessRefused(f"{element.name}: has no access link {number[:20]!r}.")
            link = links[int(number)]
            opened = access.open_file(link.path, roots)
        except LineageError as error:
            AUDIT.warning("refused %r link %r to %s: %s", wanted, number[:20], who, error)
            return _failure(error)
        AUDIT.info("opened %r link %s for %s", element.key, number, who)
        response = _attachment(_chunks(opened.stream), opened.name)
        response.content_length = opened.size_bytes
        return response

    @server.get("/export/<name>")
    def export(name: str) -> Response:
        if name != "svg" and name not in FORMATS:
            return Response(f"There is no format {name!r}.\n", 404, mimetype="text/plain")
        view = parse(request.query_string.decode("ascii", "replace"))
        try:
            scene = asked(connection, lambda store: look(store, view))
            title = scene.focus.name
            if name == "svg":
                return _attachment(iter([svg(draw(scene), title).encode()]), title + ".svg")
            content = _exported(connection, name, scene)
        except LineageError as error:
            return _failure(error)
        return _attachment(_chunks(content), title + FORMATS[name].suffix)


def _exported(connection: Connection, name: str, scene: Scene) -> BinaryIO:
    """The whole document before its first byte is sent: a refusal half-way leaves no torn file."""
    spool = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - closed by _chunks
    try:
        namespaces = asked(connection, lambda store: store.namespaces())
        write(name, scene.subgraph.records(), namespaces, spool)  # type: ignore[arg-type]
    except LineageError:
        spool.close()
        raise
    spool.seek(0)
    return spool  # type: ignore[return-value]


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _attachment(content: Iterator[bytes], name: str) -> Response:
    """Always saved, never shown: a page of ours would run its scripts."""
    plain = _FILE_NAME.sub("_", name).strip("._") or "lineage"
    starred = quote(name.encode("utf-8", "replace"), safe="")
    response = Response(content, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain[-150:]}\"; filename*=UTF-8''{starred[-450:]}"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _failure(error: LineageError) -> Response:
    if isinstance(error, AccessRefused):
        status = 403
    elif isinstance(error, NotInStore | AmbiguousReference):
        status = 404
    else:
        status = 503
    return Response(f"{error}\n", status, mimetype="text/plain")
