"""The few HTTP requests that the embedded engine needs; they go to loopback and no further."""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any

from lineage.errors import QueryFailed, StoreError

DATABASE = "lineage"


def is_ready(port: int, *, timeout_s: float = 2.0) -> bool:
    """Whether an engine answers there. No password goes along: bad ones would lock users out."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", "/api/v1/ready")
        return connection.getresponse().status == http.client.NO_CONTENT
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def make_reader(port: int, root_password: str, reader_password: str) -> None:
    """There is a user ``reader`` who may read records and nothing else; again changes nothing.

    Raises:
        StoreError: the engine did not take it.
    """
    _expect(
        port,
        "/api/v1/server/groups",
        {
            "database": DATABASE,
            "name": "reader",
            "access": [],
            "types": {"*": {"access": ["readRecord"]}},
            "resultSetLimit": -1,  # a limit here would cut answers without a word
            "readTimeout": -1,
        },
        root_password,
        (http.client.OK,),
    )
    _expect(
        port,
        "/api/v1/server/users",
        {"name": "reader", "password": reader_password, "databases": {DATABASE: ["reader"]}},
        root_password,
        (http.client.CREATED, http.client.CONFLICT),
    )


def run_sql(port: int, root_password: str, sql: str, *, timeout_s: float) -> list[dict[str, Any]]:
    """The rows that a SQL statement answers.

    Raises:
        QueryFailed: the engine refused the statement.
        StoreError: the engine did not answer.
    """
    status, text = _post(
        port,
        f"/api/v1/command/{DATABASE}",
        {"language": "sql", "command": sql},
        root_password,
        timeout_s,
    )
    if status != http.client.OK:
        raise QueryFailed(f"{sql}: the engine refused this SQL ({_detail(text)}).")
    rows: list[dict[str, Any]] = json.loads(text)["result"]
    return rows


def _expect(
    port: int, path: str, body: dict[str, Any], password: str, wanted: tuple[int, ...]
) -> None:
    status, text = _post(port, path, body, password, timeout_s=20)
    if status not in wanted:
        raise StoreError(
            f"embedded engine: {path} was answered with HTTP {status} ({_detail(text)}). "
            "Run `lineage stop`, then try again."
        )


def _post(
    port: int, path: str, body: dict[str, Any], password: str, timeout_s: float
) -> tuple[int, str]:
    # not urllib: it would hand the password to a proxy that the environment names
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    token = base64.b64encode(f"root:{password}".encode()).decode()
    try:
        connection.request(
            "POST",
            path,
            json.dumps(body),
            {"Authorization": f"Basic {token}", "Content-Type": "application/json"},
        )
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise StoreError(
            f"embedded engine: port {port} did not answer ({error}). Try again; the engine is "
            "started anew if it has ended."
        ) from error
    finally:
        connection.close()


def _detail(text: str) -> str:
    try:
        answer = json.loads(text)
    except ValueError:
        return text[:200]
    return str(answer.get("detail") or answer.get("error") or text)[:400]
