"""A server with workers for one test."""

from __future__ import annotations

import asyncio

import pytest

from tests.conftest import MakeServer
from tests.server import ServerProcess
from tests.viewer import until
from tests.workers.processes import WORKERS, events


@pytest.fixture
def server(make_server: MakeServer) -> ServerProcess:
    environment = {"GRANDSTAND_WORKERS": str(WORKERS), "GRANDSTAND_DRAIN_S": "0.5"}
    server = make_server(environment=environment).start()
    asyncio.run(until(lambda: [each for each in events(server, "serving") if "workers" in each]))
    return server
