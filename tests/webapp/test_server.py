"""The server's edge: headers, refused requests, files by number, exports."""

from __future__ import annotations

import base64
import io
import logging
from dataclasses import replace

import pytest
import rdflib
from flask.testing import FlaskClient

from lineage import session
from lineage.access import AccessRoot
from lineage.errors import LineageError, StoreError
from lineage.graph_store import GraphStore
from lineage.settings import Settings
from lineage.stores.memory import MemoryStore
from tests.webapp.conftest import DEMO, EX
from webapp.app import create_app
from webapp.callbacks import asked
from webapp.connection import Connection
from webapp.console import EXAMPLES, answer
from webapp.references import element_of, reference
from webapp.security import is_loopback
from webapp.serve import make_server

VIEW = "focus=dl2/merged.dl2.h5&depth=all"


@pytest.fixture(scope="module")
def client(store: MemoryStore, settings: Settings) -> FlaskClient:
    """A client of the app as it is served on loopback."""
    return create_app(store, settings).server.test_client()


def test_every_answer_carries_the_headers(client: FlaskClient) -> None:
    """Pages, scripts, errors and downloads alike run under the policy."""
    for path in ("/", "/assets/explorer.js", "/nowhere/at/all", "/export/svg?" + VIEW, "/file"):
        with client.get(path) as answered:
            headers = answered.headers
        policy = headers["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", ""])
def test_foreign_names_are_turned_away(client: FlaskClient, host: str) -> None:
    """A name that somebody points at this machine (DNS rebinding) gets nothing."""
    assert client.get("/", headers={"Host": host}).status_code >= 400


@pytest.mark.parametrize("host", ["localhost:8050", "127.0.0.1", "[::1]:8050"])
def test_loopback_names_are_answered(client: FlaskClient, host: str) -> None:
    """The ways in which people call their own machine work."""
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_a_host_from_the_settings_is_answered(store: MemoryStore, settings: Settings) -> None:
    """Behind a proxy the public name is configured."""
    app = create_app(store, replace(settings, hosts=("lineage.lab.example",)))
    answered = app.server.test_client().get("/", headers={"Host": "lineage.lab.example"})

    assert answered.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example", "Content-Type": "application/json"}, 403),
        ({"Origin": "null", "Content-Type": "application/json"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_other_sites_cannot_post(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    """A foreign origin, or a form's content type, is refused before Dash sees it."""
    answered = client.post("/_dash-update-component", data="{}", headers=headers)

    assert answered.status_code == status


def basic(password: str) -> dict[str, str]:
    """The header in which a browser sends a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"me:{password}".encode()).decode()}


def test_a_password_guards_everything(store: MemoryStore, settings: Settings) -> None:
    """Without the right one there is neither page nor file nor callback."""
    client = create_app(store, settings, password="correct ßhorse").server.test_client()

    assert client.get("/").headers["WWW-Authenticate"].startswith("Basic")
    for path in ("/", "/_dash-layout", "/export/svg?" + VIEW, "/file", "/assets/explorer.js"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=basic("wrong")).status_code == 401
        assert client.get(path, headers={"Authorization": "Basic %%%"}).status_code == 401
    assert client.get("/", headers=basic("correct ßhorse")).status_code == 200


def test_health_is_told_without_a_password(store: MemoryStore, settings: Settings) -> None:
    """What watches the server learns that it runs; a foreign name learns not even that."""
    client = create_app(store, settings, password="secret").server.test_client()
    answer = client.get("/health")

    assert (answer.status_code, answer.text) == (200, "OK")
    assert client.get("/health", headers={"Host": "evil.example"}).status_code == 421


def test_a_proxy_must_name_the_user(store: MemoryStore, settings: Settings) -> None:
    """Where a proxy authenticates, a request that went around it is refused."""
    client = create_app(store, settings, user_header="X-User").server.test_client()

    assert client.get("/").status_code == 401
    assert client.get("/", headers={"X-User": "mara"}).status_code == 200


def test_other_machines_are_let_in_only_with_a_guard(
    store: MemoryStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Binding beyond loopback needs a password or a named proxy."""
    monkeypatch.delenv("LINEAGE_WEB_PASSWORD", raising=False)
    monkeypatch.delenv("LINEAGE_PROXY_USER_HEADER", raising=False)

    with pytest.raises(LineageError, match="LINEAGE_WEB_PASSWORD"):
        make_server(store, settings, host="0.0.0.0", port=0)
    assert not is_loopback("192.168.0.7")


def test_a_taken_port_is_an_error_that_says_so(store: MemoryStore, settings: Settings) -> None:
    """Two explorers do not share a port."""
    server = make_server(store, settings, host="127.0.0.1", port=0)
    try:
        with pytest.raises(LineageError, match="Choose another --port"):
            make_server(store, settings, host="127.0.0.1", port=int(server.effective_port))
    finally:
        server.close()


def test_a_files_bytes_arrive_as_an_attachment(
    client: FlaskClient, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    """By element and number; never shown in the page, and written into the audit log."""
    key = element_of(store, "dl2/merged.dl2.h5").key
    with caplog.at_level(logging.INFO, "lineage.audit"):
        answered = client.get("/file", query_string={"of": reference(key), "link": "0"})

    assert answered.data == (DEMO / "work32/dl2/merged.dl2.h5").read_bytes()
    assert answered.mimetype == "application/octet-stream"
    assert answered.headers["Content-Disposition"].startswith('attachment; filename="merged')
    assert any("opened" in record.message and key in record.message for record in caplog.records)


@pytest.mark.parametrize(
    ("of", "link", "status"),
    [
        (EX + "hostile", "0", 403),
        (EX + "hostile", "7", 403),
        (EX + "hostile", "-1", 403),
        (EX + "hostile", "٣", 403),
        ("/etc/passwd", "", 403),
        ("../../etc/passwd", "0", 404),
        ("", "0", 404),
    ],
)
def test_no_request_reaches_a_file_outside_the_roots(
    client: FlaskClient, of: str, link: str, status: int
) -> None:
    """A record that claims /etc/passwd, a bad number and an unknown name give no bytes."""
    answered = client.get("/file", query_string={"of": of, "link": link})

    assert answered.status_code == status
    assert b"root:" not in answered.data


@pytest.mark.parametrize("name", ["turtle", "trig", "ntriples", "prov-json", "prov-n", "svg"])
def test_each_export_is_an_attachment(client: FlaskClient, name: str) -> None:
    """What is shown leaves in every format, never to be rendered here."""
    answered = client.get(f"/export/{name}?{VIEW}")

    assert answered.status_code == 200
    assert answered.mimetype == "application/octet-stream"
    assert answered.headers["Content-Disposition"].startswith("attachment")


def test_the_turtle_holds_the_relations_shown(client: FlaskClient) -> None:
    """Another RDF library reads it and finds who generated the file."""
    graph = rdflib.Graph().parse(io.BytesIO(client.get(f"/export/turtle?{VIEW}").data), "turtle")
    generated = {
        subject
        for said in (rdflib.PROV.wasGeneratedBy, rdflib.PROV.qualifiedGeneration)
        for subject in graph.subjects(said)
    }

    assert len(generated) == 4


def test_an_unknown_format_and_an_unknown_focus_are_not_found(client: FlaskClient) -> None:
    """Neither is a server error."""
    assert client.get("/export/exe?" + VIEW).status_code == 404
    assert client.get("/export/svg?focus=nothing-of-the-kind").status_code == 404


class Broken(MemoryStore):
    """A store whose engine has gone away."""

    def find(self, text: str, **_options: object) -> object:  # type: ignore[override]
        """Fails as a store does that lost its server."""
        raise StoreError("bolt://localhost:7687 did not answer.")


def test_a_store_that_went_away_is_opened_again(store: MemoryStore) -> None:
    """The question that failed is asked once more of the new one."""
    connection = Connection(Broken(), lambda: store)
    found = asked(connection, lambda s: s.find("merged", limit=3))

    assert found.elements
    assert connection.store is store


def test_a_store_that_stays_away_is_an_error() -> None:
    """Without a way to open it again the error reaches the user."""
    with pytest.raises(StoreError, match="did not answer"):
        asked(Connection(Broken()), lambda s: s.find("merged", limit=3))


def test_memory_says_why_it_answers_no_cypher() -> None:
    """The console explains itself instead of failing."""
    assert "no query engine" in str(answer(MemoryStore(), "MATCH (n) RETURN n")[0])


@pytest.fixture
def imported(embedded_store: GraphStore) -> GraphStore:
    """The demonstration in the embedded engine."""
    session.import_paths(
        embedded_store,
        [DEMO / "work32"],
        Settings(roots=(AccessRoot("/srv/cta", DEMO),)),
    )
    return embedded_store


@pytest.mark.embedded
def test_every_example_query_is_answered(imported: GraphStore) -> None:
    """What the console offers to click on gives a table, and writing is refused with a reason."""
    for _, query in EXAMPLES:
        shown = str(answer(imported, query))

        assert "AgGrid" in shown, (query, shown[:500])
    assert "Refused" in str(answer(imported, "CREATE (n:Entity) RETURN n"))


def test_who_opened_what_is_written_down(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """An audit line for each file, and for each refusal."""
    with caplog.at_level("INFO", logger="lineage.audit"):
        client.get("/file?of=dl2/merged.dl2.h5&link=0", headers={"Host": "127.0.0.1"})
        client.get("/file?of=no-such-file&link=0", headers={"Host": "127.0.0.1"})
    said = [record.getMessage() for record in caplog.records]

    assert any(line.startswith("opened") for line in said)
    assert any(line.startswith("refused") for line in said)
