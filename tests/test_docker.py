"""What can be checked of the Docker files without an engine; ``docker/check`` runs the install."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

DOCKER = Path(__file__).parent.parent / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")


def test_everything_is_published_on_loopback_only() -> None:
    """No port is open to the network."""
    ports = [port for service in COMPOSE["services"].values() for port in service["ports"]]

    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_passwords_come_from_the_environment_and_have_no_default() -> None:
    """A start without passwords is refused by compose itself."""
    for service, variable in (
        ("neo4j", "NEO4J_AUTH"),
        ("explorer", "LINEAGE_STORE_PASSWORD"),
        ("explorer", "LINEAGE_WEB_PASSWORD"),
    ):
        assert re.search(r"\$\{\w+:\?", COMPOSE["services"][service]["environment"][variable])


def test_the_explorer_waits_for_a_healthy_neo4j_whose_data_persist() -> None:
    """Both services have a health check; the graph lives in a volume."""
    neo4j, explorer = COMPOSE["services"]["neo4j"], COMPOSE["services"]["explorer"]

    assert explorer["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert "healthcheck" in neo4j
    assert "HEALTHCHECK" in DOCKERFILE
    assert neo4j["volumes"] == ["neo4j-data:/data"]
    assert "neo4j-data" in COMPOSE["volumes"]


def test_neo4j_is_a_supported_release() -> None:
    """The image is the 5.26 long-term-support line or newer."""
    major, minor = re.match(r"neo4j:(\d+)\.(\d+)", COMPOSE["services"]["neo4j"]["image"]).groups()  # type: ignore[union-attr]

    assert (int(major), int(minor)) >= (5, 26)


def test_the_image_runs_without_root_and_listens_where_compose_publishes() -> None:
    """The container's user is not root, and its port is the published one."""
    assert "\nUSER lineage\n" in DOCKERFILE
    assert '"--host", "0.0.0.0", "--port", "8050"' in DOCKERFILE
    assert COMPOSE["services"]["explorer"]["ports"] == ["127.0.0.1:8050:8050"]


def test_files_that_the_compose_file_names_are_there() -> None:
    """The Dockerfile and the settings are where compose looks for them."""
    explorer = COMPOSE["services"]["explorer"]

    assert (DOCKER / explorer["build"]["context"] / explorer["build"]["dockerfile"]).is_file()
    assert (DOCKER / explorer["volumes"][0].split(":")[0]).is_file()
