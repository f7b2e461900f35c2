"""The chart is one that Helm and Kubernetes accept, and holds what the documents promise of it."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
from grandstand import __version__
from grandstand.settings import PREFIX, ServerSettings
from grandstand.store.topology.address import ClusterAddress
from grandstand.telemetry import Metrics
from kubernetes_validate.utils import all_versions, validate
from prometheus_client import CollectorRegistry, generate_latest

from tests.deploy import chart
from tests.deploy.chart import CHART, LEAST, STORE, container, examples, manifest, variables
from tests.deploy.composition import services
from tests.deploy.programs import DEPLOY, ROOT, told

SETTINGS = {PREFIX + name.upper(): field for name, field in ServerSettings.model_fields.items()}
SECRET = {name for name, field in SETTINGS.items() if "SecretStr" in str(field.annotation)}
WITH_PASSWORDS = {"GRANDSTAND_REDIS_URL", "GRANDSTAND_ARCHIVE_URL"}
OF_THE_CHART = {
    "GRANDSTAND_HOST",  # the image
    "GRANDSTAND_PORT",
    "GRANDSTAND_WORKERS",  # a pod is a process
    "GRANDSTAND_DATA_DIR",  # an edge keeps nothing
    "GRANDSTAND_DRAIN_S",  # values.drain, from which more follows
    "GRANDSTAND_DRAIN_MAX_S",
}
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
OF_PROMETHEUS = ("ServiceMonitor", "PodMonitor")
OLDEST, NEWEST = "1.27.0", all_versions()[-1]


@pytest.mark.parametrize(
    ("example", "version"),
    [
        ("least", OLDEST),
        ("everything", OLDEST),
        ("everything", NEWEST),
        ("without balancer", OLDEST),
    ],
)
def test_kubernetes_knows_all_that_is_written(example: str, version: str) -> None:
    for each in examples()[example]["manifests"]:
        if each["kind"] not in OF_PROMETHEUS:
            validate(each, version, strict=True)


def test_helm_finds_nothing_to_mend() -> None:
    for name, outcome in examples().items():
        found = [each["error"] for each in outcome["lint"]["messages"]]
        assert outcome["lint"]["errors"] == [], name
        assert found in ([], ["icon is recommended"]), name


def refusals() -> list[tuple[dict[str, Any], str]]:
    """Values that are refused, and a word of what Helm says."""
    secret = {"name": "show", "key": "jwt-secret"}
    with_password = {"GRANDSTAND_REDIS_URL": "redis://:sesame@valkey:6379"}
    return [
        ({}, "say where the store is"),
        ({"settings": {"GRANDSTAND_REDIS_URL": STORE}}, "say how tokens are checked"),
        ({**LEAST, "settings": {"GRANDSTAND_JWT_SECRET": "a" * 32}}, "GRANDSTAND_JWT_SECRET"),
        ({**LEAST, "settings": with_password}, "GRANDSTAND_REDIS_URL"),
        ({**LEAST, "settings": {"GRANDSTAND_ORIGIN": "https://a.example"}}, "GRANDSTAND_ORIGIN"),
        ({**LEAST, "settings": {"GRANDSTAND_PORT": "80"}}, "GRANDSTAND_PORT"),
        ({**LEAST, "secrets": {"GRANDSTAND_JWT_SECRET": "a" * 32}}, "GRANDSTAND_JWT_SECRET"),
        ({**LEAST, "secrets": {"GRANDSTAND_ORIGINS": secret}}, "GRANDSTAND_ORIGINS"),
        ({**LEAST, "replica": 3}, "replica"),
        ({**LEAST, "replicas": 65}, "balancer.enabled"),
        ({**LEAST, "disruption": {"maxUnavailable": 0}}, "maxUnavailable"),
    ]


def test_values_that_would_fail_later_are_refused_and_helm_says_why() -> None:
    cases = refusals()
    outcomes = chart.rendered(*(values for values, _ in cases))
    for (values, word), outcome in zip(cases, outcomes, strict=True):
        assert word in outcome.get("error", ""), (values, outcome)


def test_settings_and_secrets_that_may_be_given_are_the_server_s_own() -> None:
    properties = SCHEMA["properties"]
    plain, secret = (
        set(properties[name]["propertyNames"]["enum"]) for name in ("settings", "secrets")
    )
    assert plain == SETTINGS.keys() - SECRET - OF_THE_CHART
    assert secret == SECRET | WITH_PASSWORDS
    for example in examples():
        listed = [each["name"] for each in container("edge", example)["env"]]
        assert len(listed) == len(set(listed))
        ours = {name for name in listed if name.startswith(PREFIX)}
        assert ours <= SETTINGS.keys()
        assert {n for n in ours if isinstance(variables("edge", example)[n], dict)} <= secret


def test_edges_take_the_settings_that_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables("edge").items():
        monkeypatch.setenv(name, value if isinstance(value, str) else "a" * 32)
    settings = ServerSettings.read()
    assert settings.redis_url is not None
    assert [seed.host for seed in ClusterAddress.of(settings.redis_url).seeds] == [
        "valkey-0.valkey",
        "valkey-1.valkey",
    ]
    assert settings.secret == "a" * 32
    assert settings.archive is None
    assert settings.longest_drain_s == 60


def test_edges_and_the_servers_of_the_composition_differ_in_what_is_said_alone() -> None:
    composed, charted = services()["one"]["environment"], variables("edge")
    same = {name for name in charted if composed.get(name) == charted[name]}
    differ = charted.keys() & {name for name, value in composed.items() if value} - same
    assert same == {"GRANDSTAND_DRAIN_S", "GRANDSTAND_FORWARDED_ALLOW_IPS"}
    assert differ == {"GRANDSTAND_REDIS_URL", "GRANDSTAND_JWT_SECRET", "GRANDSTAND_DRAIN_MAX_S"}
    balancer = services()["balancer"]
    assert container("balancer")["image"] == balancer["image"]
    pod = manifest("Deployment", "-balancer")["spec"]["template"]["spec"]
    told_of = {each["name"]: each["value"] for each in pod["securityContext"]["sysctls"]}
    assert told_of == balancer["sysctls"]
    for component, service in (("edge", services()["one"]), ("balancer", balancer)):
        limits = container(component)["resources"]["limits"]
        assert limits == {"memory": "2Gi"}
        assert service["deploy"]["resources"]["limits"]["memory"] == "2g"


def test_edges_have_time_to_drain_before_they_are_killed_and_before_the_next_one_goes() -> None:
    deployment = manifest("Deployment", "-edge")["spec"]
    pod = deployment["template"]["spec"]
    drain_s = float(variables("edge")["GRANDSTAND_DRAIN_MAX_S"])
    assert drain_s >= float(variables("edge")["GRANDSTAND_DRAIN_S"])
    first_s = float(container("edge")["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] >= first_s + drain_s + 20
    assert (
        first_s + drain_s <= deployment["minReadySeconds"] < deployment["progressDeadlineSeconds"]
    )
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    probe = container("edge")["livenessProbe"]
    assert probe["httpGet"]["path"] == "/healthz"
    assert container("edge")["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container("edge")["startupProbe"]["httpGet"]["path"] == "/healthz"


def test_pods_run_as_the_image_s_user_and_can_do_nothing_besides() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.M)
    for component in ("edge", "balancer"):
        pod = manifest("Deployment", f"-{component}")["spec"]["template"]["spec"]
        given = pod["securityContext"]
        assert given["runAsNonRoot"] is True
        if component == "edge":
            assert (str(given["runAsUser"]), str(given["runAsGroup"])) == user
        assert container(component)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is False
        # Kubernetes would set GRANDSTAND_PORT=tcp://… for a service called grandstand.
        assert pod["enableServiceLinks"] is False


@pytest.mark.parametrize("example", ["least", "everything", "without balancer"])
def test_what_selects_pods_finds_them_and_their_ports(example: str) -> None:
    pods: dict[str, dict[str, str]] = {}
    ports: dict[str, dict[str, int]] = {}
    found = examples()[example]["manifests"]
    for each in (each for each in found if each["kind"] == "Deployment"):
        component = each["metadata"]["name"].rpartition("-")[2]
        pods[component] = each["spec"]["template"]["metadata"]["labels"]
        listed = each["spec"]["template"]["spec"]["containers"][0]["ports"]
        ports[component] = {port["name"]: port["containerPort"] for port in listed}

    def chosen(labels: dict[str, str]) -> list[str]:
        return [name for name, own in pods.items() if labels.items() <= own.items()]

    front = "edge" if example == "without balancer" else "balancer"
    for each in found:
        name, spec = each["metadata"]["name"], each.get("spec", {})
        match each["kind"]:
            case "Service":
                expected = "edge" if name.endswith("-edges") else front
                assert chosen(spec["selector"]) == [expected]
                assert {port["targetPort"] for port in spec["ports"]} <= ports[expected].keys()
            case "Deployment" | "PodDisruptionBudget":
                assert chosen(spec["selector"]["matchLabels"]) == [name.rpartition("-")[2]]
            case "NetworkPolicy":
                assert chosen(spec["podSelector"]["matchLabels"]) == ["edge"]
                listed = [port["port"] for rule in spec["ingress"] for port in rule["ports"]]
                assert set(listed) == {ports["edge"]["http"]}
                peer = spec["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
                assert chosen(peer) == ["balancer"]
            case "PodMonitor":
                assert chosen(spec["selector"]["matchLabels"]) == ["balancer"]
                assert spec["podMetricsEndpoints"][0]["port"] in ports["balancer"]
            case "ServiceMonitor":
                labels = spec["selector"]["matchLabels"]
                watched = [
                    other["metadata"]["name"]
                    for other in found
                    if other["kind"] == "Service"
                    and labels.items() <= other["metadata"]["labels"].items()
                ]
                assert watched == ["show-grandstand-edges"]
    assert ports["edge"]["http"] == ServerSettings.model_fields["port"].default


def test_pods_are_spread_over_zones_and_machines_and_few_go_at_once() -> None:
    for component in ("edge", "balancer"):
        spec = manifest("Deployment", f"-{component}")["spec"]
        spread = spec["template"]["spec"]["topologySpreadConstraints"]
        assert [each["topologyKey"] for each in spread] == [
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        ]
        for each in spread:
            assert each["labelSelector"]["matchLabels"] == spec["selector"]["matchLabels"]
        budget = manifest("PodDisruptionBudget", f"-{component}")["spec"]
        assert 1 <= budget["maxUnavailable"] < spec["replicas"]


def test_edges_are_scaled_by_a_metric_that_they_expose() -> None:
    scaler = manifest("HorizontalPodAutoscaler", "-edge", "everything")["spec"]
    target = manifest("Deployment", "-edge", "everything")
    assert scaler["scaleTargetRef"]["name"] == target["metadata"]["name"]
    assert "replicas" not in target["spec"]  # else each upgrade would undo what was scaled
    metrics = Metrics(CollectorRegistry())
    metrics.connections["msgpack"].inc()
    asked = scaler["metrics"][0]["pods"]["metric"]["name"]
    assert f"\n{asked}{{" in generate_latest(metrics.registry).decode()
    assert scaler["metrics"][1]["external"]["metric"]["name"] == "grandstand_viewers_forecast"
    assert manifest("Deployment", "-edge")["spec"]["replicas"] == 3


def test_the_balancer_is_the_one_of_the_composition_and_takes_its_settings() -> None:
    config = manifest("ConfigMap", "-balancer")["data"]["haproxy.cfg"]
    assert config.strip() == (DEPLOY / "haproxy.cfg").read_text().strip()
    given = variables("balancer", "everything")
    service = manifest("Service", "-edges")
    host, _, port = given["SERVERS"].partition(":")
    assert host == f"{service['metadata']['name']}.{chart.NAMESPACE}.svc.cluster.local"
    assert int(port) == service["spec"]["ports"][0]["port"]
    assert service["spec"]["clusterIP"] == "None"
    known = set(re.findall(r"(?:\$\{|defined\()(\w+)", config))
    assert given.keys() <= known
    del given["CERTIFICATE"]  # no file is there
    told("haproxy", "-c", "-f", DEPLOY / "haproxy.cfg", environment=given)


def test_viewers_keep_their_own_addresses() -> None:
    service = manifest("Service", "", "everything")["spec"]
    assert service["externalTrafficPolicy"] == "Local"
    assert {port["port"] for port in service["ports"]} == {80, 443}


def test_notes_name_what_is_missing() -> None:
    assert "There is no archive" in examples()["least"]["notes"]
    assert "The balancer is off" in examples()["without balancer"]["notes"]
    assert "service/show-grandstand 8080:80" in examples()["everything"]["notes"]


def test_the_chart_is_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (CHART / "Chart.yaml").read_text()
    assert f'appVersion: "{project["version"]}"' in text
    assert f'kubeVersion: ">={OLDEST}-0"' in text
    assert __version__ == project["version"]
