"""The composition is one that Compose accepts, and holds what the documents promise of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from grandstand.settings import PREFIX, ServerSettings
from grandstand.store.topology.address import ClusterAddress

from tests.deploy.composition import CERTIFICATE, SECRETS, composed, services
from tests.deploy.programs import DEPLOY, ROOT, run
from tests.valkey_cluster import SETTINGS

SERVERS = ("one", "two")


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Of a service: what is mounted, by where it is seen."""
    pairs = (volume.split(":")[:2] for volume in service.get("volumes", ()))
    return {inside: outside for outside, inside in pairs}


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_nothing_starts_without_its_secrets_and_the_error_says_what_to_do(missing: str) -> None:
    given = {name: value for name, value in SECRETS.items() if name != missing}
    ended = run("docker-compose", "config", environment=given)
    assert ended.returncode != 0
    assert f"put {missing}=" in ended.stderr


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in re.findall(r"\$\{(\w*(?:SECRET|PASSWORD)\w*)", text):
        assert f"${{{name}:?" in text or f"${{{name}:-}}" in text


def test_servers_are_given_settings_that_exist() -> None:
    ours = {PREFIX + name.upper() for name in ServerSettings.model_fields}
    for name in SERVERS:
        assert set(services()[name]["environment"]) <= ours


def test_servers_take_the_settings_that_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in services()["one"]["environment"].items():
        monkeypatch.setenv(name, value)
    settings = ServerSettings.read()
    assert settings.redis_url == "redis://valkey:6379"
    assert settings.secret == SECRETS["GRANDSTAND_JWT_SECRET"]
    assert settings.jwks_url is None


def test_servers_have_time_to_drain_before_they_are_killed() -> None:
    for name in SERVERS:
        service = services()[name]
        drain_s = float(service["environment"]["GRANDSTAND_DRAIN_MAX_S"])
        assert float(service["stop_grace_period"].rstrip("s")) >= drain_s + 15


def test_every_image_is_of_one_version() -> None:
    for name, service in services().items():
        if "build" not in service:
            tag = service["image"].rpartition(":")[2]
            assert re.fullmatch(r"v?\d+\.\d+\.\d+(-alpine)?", tag), f"{name}: {tag}"


def test_every_service_comes_back_by_itself() -> None:
    assert all(service["restart"] == "unless-stopped" for service in services().values())


def test_what_is_mounted_from_here_exists_and_can_t_be_written() -> None:
    for service in services().values():
        for volume in service.get("volumes", ()):
            outside = volume.split(":")[0]
            if outside.startswith("/"):
                assert Path(outside).exists(), outside
                assert volume.endswith(":ro"), volume


def test_what_must_be_kept_is_in_a_volume_of_its_own() -> None:
    assert mounts(services()["valkey"])["/data"] == "store"
    assert mounts(services()["prometheus"])["/prometheus"] == "prometheus"
    assert mounts(services()["grafana"])["/var/lib/grafana"] == "grafana"
    assert all(mounts(services()[each])["/data"] == "archive" for each in ("one", "two"))
    kept = {"store", "archive", "prometheus", "grafana"}
    assert set(composed("docker-compose.yml")["volumes"]) == kept


def test_the_balancer_and_grafana_alone_can_be_reached_and_from_this_machine_only() -> None:
    published = {
        name: service["ports"] for name, service in services().items() if "ports" in service
    }
    assert set(published) == {"balancer", "grafana"}
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_store_is_reached_by_servers_alone_and_reaches_nobody() -> None:
    assert composed("docker-compose.yml")["networks"]["store"]["internal"] is True
    assert {name for name, each in services().items() if "store" in each["networks"]} == {
        "valkey",
        *SERVERS,
    }
    assert list(services()["valkey"]["networks"]) == ["store"]


def test_the_balancer_knows_the_servers_that_there_are() -> None:
    environment = services()["balancer"]["environment"]
    told_of = {environment[f"SERVER_{name.upper()}"] for name in SERVERS}
    assert told_of == {f"{name}:8000" for name in SERVERS}
    used = set(re.findall(r"\$\{(\w+)-", (DEPLOY / "haproxy.cfg").read_text()))
    assert {f"SERVER_{name.upper()}" for name in SERVERS} <= used


def test_files_suffice_for_the_connections_that_the_balancer_takes() -> None:
    (taken,) = re.findall(r'maxconn "\$\{MAXCONN-(\d+)\}"', (DEPLOY / "haproxy.cfg").read_text())
    assert services()["balancer"]["ulimits"]["nofile"]["soft"] > 2 * int(taken)


def test_what_prometheus_watches_are_services() -> None:
    groups = json.loads((DEPLOY / "prometheus" / "targets.json").read_text())
    watched = {target for group in groups for target in group["targets"]}
    assert watched == {*(f"{name}:8000" for name in SERVERS), "balancer:8404"}
    assert {target.partition(":")[0] for target in watched} <= set(services())


def test_grafana_asks_the_prometheus_that_there_is_and_finds_its_dashboards() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    source = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    provider = yaml.safe_load((provisioning / "dashboards" / "grandstand.yml").read_text())
    folder = provider["providers"][0]["options"]["path"]
    grafana = services()["grafana"]
    assert mounts(grafana)[folder] == str(DEPLOY / "grafana" / "dashboards")
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (DEPLOY / "grafana" / "dashboards" / Path(home).name).exists()
    assert Path(home).parent == Path(folder)


def test_tls_adds_the_certificate_and_a_port_to_the_balancer() -> None:
    balancer = composed("docker-compose.yml", "deploy/tls.yml")["services"]["balancer"]
    assert mounts(balancer)[balancer["environment"]["CERTIFICATE"]] == CERTIFICATE
    assert any(":8443" in port for port in balancer["ports"])
    assert balancer["environment"]["SERVER_ONE"] == "one:8000"


def test_a_cluster_takes_the_place_of_the_store() -> None:
    composition = composed("docker-compose.yml", "docker-compose.cluster.yml")
    services = composition["services"]
    nodes = {name for name in services if name.startswith("valkey")}
    assert len(nodes) == 7
    assert len({services[name]["networks"]["store"]["ipv4_address"] for name in nodes}) == 7
    places = {mounts(services[name])["/data"] for name in nodes}
    assert len(places & composition["volumes"].keys()) == 7
    assert composition["networks"]["store"]["internal"] is True
    for name in nodes:
        assert mounts(services[name])["/etc/valkey/valkey-cluster.conf"].endswith(
            "deploy/valkey-cluster.conf"
        )
        assert services[name]["networks"]["store"]["ipv4_address"] in str(services["cluster"])
    for name in SERVERS:
        address = ClusterAddress.of(services[name]["environment"]["GRANDSTAND_REDIS_URL"])
        assert {seed.host for seed in address.seeds} <= nodes
        assert services[name]["depends_on"]["cluster"]["condition"] == (
            "service_completed_successfully"
        )


def test_the_tests_run_a_cluster_with_the_settings_that_operators_are_given() -> None:
    text = (DEPLOY / "valkey-cluster.conf").read_text()
    rows = (row.split(None, 1) for row in text.splitlines() if row and not row.startswith("#"))
    given = dict(rows)
    same = SETTINGS.keys() - {"bind", "save", "maxclients", "repl-diskless-sync-delay"}
    assert {name: given[name] for name in same} == {name: SETTINGS[name] for name in same}
