"""Servers with workers: one for one test, one for all that leave it as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.conftest import MakeServer, making
from tests.server import ServerProcess
from tests.waiting import until
from tests.workers.processes import WORKERS, events


def serving(make_server: MakeServer) -> ServerProcess:
    """A server all of whose workers serve."""
    environment = {"GRANDSTAND_WORKERS": str(WORKERS), "GRANDSTAND_DRAIN_S": "0.5"}
    server = make_server(environment=environment).start()
    asyncio.run(until(lambda: [each for each in events(server, "serving") if "workers" in each]))
    return server


@pytest.fixture
def server(make_server: MakeServer) -> ServerProcess:
    return serving(make_server)


@pytest.fixture(scope="module")
def lasting_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    with making(request.config, tmp_path_factory.mktemp("workers")) as make:
        yield serving(make)
