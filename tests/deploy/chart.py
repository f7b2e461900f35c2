"""The chart as Helm itself renders it, in a process of its own: Helm's library is Go's, and brings
threads and signal handlers with it.

``python -m tests.deploy.chart`` reads a list of values from its input and writes what became of
each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import helm_python
import yaml

from tests.deploy.programs import DEPLOY, ROOT

CHART = DEPLOY / "chart"
RELEASE, NAMESPACE = "show", "live"

STORE = "redis+cluster://valkey-0.valkey:6379,valkey-1.valkey:6379"
LEAST: dict[str, Any] = {
    "settings": {"GRANDSTAND_REDIS_URL": STORE},
    "secrets": {"GRANDSTAND_JWT_SECRET": {"name": "show", "key": "jwt-secret"}},
}
"""The values that must be given."""

EVERYTHING: dict[str, Any] = {
    "image": {"tag": "1.2.3"},
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {
        "GRANDSTAND_ORIGINS": "https://show.example",
        "GRANDSTAND_HANDSHAKES_PER_S": "900",
    },
    "secrets": {
        "GRANDSTAND_REDIS_URL": {"name": "store", "key": "url"},
        "GRANDSTAND_ARCHIVE_URL": {"name": "archive", "key": "url"},  # though a setting has it too
        "GRANDSTAND_JWT_SECRET": {"name": "show", "key": "jwt-secret"},
        "GRANDSTAND_JWT_SECRET_PREVIOUS": {"name": "show", "key": "jwt-secret-before"},
    },
    "env": [{"name": "AWS_REGION", "value": "eu-central-1"}],
    "volumes": [{"name": "model", "configMap": {"name": "model"}}],
    "volumeMounts": [{"name": "model", "mountPath": "/model"}],
    "autoscaling": {
        "enabled": True,
        "extraMetrics": [
            {
                "type": "External",
                "external": {
                    "metric": {
                        "name": "grandstand_viewers_forecast",
                        "selector": {"matchLabels": {"ahead": "300", "quantile": "0.9"}},
                    },
                    "target": {"type": "AverageValue", "averageValue": "5000"},
                },
            }
        ],
    },
    "spread": {"whenUnsatisfiable": "DoNotSchedule"},
    "nodeSelector": {"pool": "edges"},
    "tolerations": [{"key": "edges", "operator": "Exists"}],
    "priorityClassName": "show",
    "podAnnotations": {"note": "on air"},
    "balancer": {"tls": {"name": "certificate"}},
    "service": {"type": "LoadBalancer", "annotations": {"note": "on air"}},
    "networkPolicy": {"from": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]},
    "monitoring": {"enabled": True, "labels": {"release": "prometheus"}},
}
"""All that can be asked for together."""

WITHOUT_BALANCER: dict[str, Any] = {
    **LEAST,
    "balancer": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "monitoring": {"enabled": True},
}


def rendered(*cases: Mapping[str, Any]) -> list[Any]:
    """Return for each of some values ``manifests`` (documents), ``notes`` and ``lint``, or the
    ``error`` that Helm ends with."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.deploy.chart"],
        input=json.dumps(cases),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return [_read(each) for each in json.loads(ended.stdout)]


def _read(outcome: dict[str, Any]) -> dict[str, Any]:
    texts = outcome.pop("texts", {})
    manifests = []
    for name, text in texts.items():
        if name.endswith("NOTES.txt"):
            outcome["notes"] = text
        else:
            manifests += [document for document in yaml.safe_load_all(text) if document]
    return {**outcome, "manifests": manifests}


@cache
def examples() -> dict[str, Any]:
    """Return what the chart comes to with each of the values above, by their names."""
    named = {"least": LEAST, "everything": EVERYTHING, "without balancer": WITHOUT_BALANCER}
    return dict(zip(named, rendered(*named.values()), strict=True))


def manifest(kind: str, name: str, example: str = "least") -> Any:
    """Return the manifest of that kind whose name ends so."""
    found = [
        each
        for each in examples()[example]["manifests"]
        if each["kind"] == kind and each["metadata"]["name"] == f"{RELEASE}-grandstand{name}"
    ]
    (only,) = found
    return only


def container(component: str, example: str = "least") -> Any:
    """Return the container of a component's pods."""
    pod = manifest("Deployment", f"-{component}", example)["spec"]["template"]["spec"]
    (only,) = pod["containers"]
    return only


def variables(component: str, example: str = "least") -> dict[str, Any]:
    """Return a component's environment: values, and where secrets come from."""
    return {
        each["name"]: each.get("value", each.get("valueFrom"))
        for each in container(component, example)["env"]
    }


def _outcomes(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = []
    for values in cases:
        try:
            with helm_python.Chart.load(CHART) as chart:
                texts = chart.render(values, name=RELEASE, namespace=NAMESPACE)
        except helm_python.HelmError as error:
            done.append({"error": str(error)})
        else:
            report = helm_python.lint(CHART, values, strict=True)
            done.append({"texts": texts, "lint": report})
    return done


if __name__ == "__main__":
    print(json.dumps(_outcomes(json.load(sys.stdin))))
