"""The composition as Compose itself resolves it."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from tests.deploy.programs import told

SECRETS = {"GRANDSTAND_JWT_SECRET": "a" * 32, "GRAFANA_PASSWORD": "sesame"}
CERTIFICATE = "/etc/ssl/show.pem"


@cache
def composed(*files: str) -> Any:
    """What some files come to together."""
    named = [part for file in files for part in ("--file", file)]
    environment = {**SECRETS, "CERTIFICATE": CERTIFICATE}
    return yaml.safe_load(told("docker-compose", *named, "config", environment=environment))


def services() -> dict[str, Any]:
    """The services of docker-compose.yml, by name."""
    found: dict[str, Any] = composed("docker-compose.yml")["services"]
    return found
