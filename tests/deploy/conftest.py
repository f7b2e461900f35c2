"""One installation for all tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.composition import services
from tests.deploy.topology import Topology, installation


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """What docker-compose.yml composes, as plain processes."""
    settings = services()["one"]["environment"]
    with installation(tmp_path_factory.mktemp("topology"), settings) as running:
        yield running
