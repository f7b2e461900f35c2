"""What tests of more than one part share: processes that end with them, rooms, a real Valkey."""

from __future__ import annotations

import gc
import re
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.clusters import CLUSTERS, ON_CLUSTER, borrowed_cluster
from tests.examples import TIMES
from tests.server import ServerProcess
from tests.valkey import valkey
from tests.valkey_cluster import ValkeyCluster

settings.register_profile("grandstand", deadline=None, derandomize=TIMES == 1)
settings.load_profile("grandstand")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background so, and all that is started by it inherits it; the
    # tests send Ctrl-C to programs that a terminal would have started.
    signal.signal(signal.SIGINT, signal.default_int_handler)

LOG_CHARS = 8000
TESTS = Path(__file__).parent
WITH_PROCESSES = (
    *("system", "workers", "deploy", "demo", "pages", "loadtest", "attacks", "commands"),
    "test_start.py",
)

_servers = pytest.StashKey[list[ServerProcess]]()

MakeServer = Callable[..., ServerProcess]


def pytest_configure() -> None:
    """While tests are collected nothing is to be thrown away: looking for it is a third of the
    time."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()  # nor is what was collected to be looked at again and again
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let processes of ``make test`` do unlike things at a time, and end together.

    What waits for processes and pages comes first: at the end one long file would be alone. Of each
    part the files are spread over the whole, the longest first: while one process has a browser,
    which takes more than a core, the others wait for what was killed to come back.
    """
    if ON_CLUSTER:
        single = {item for item in items if item.get_closest_marker("single") is not None}
        config.hook.pytest_deselected(items=list(single))
        items[:] = [item for item in items if item not in single]
    parts: dict[str, Counter[Path]] = defaultdict(Counter)
    for item in items:
        parts[item.path.relative_to(TESTS).parts[0]][item.path] += 1
    places = {
        path: (part not in WITH_PROCESSES, number / len(files))
        for part, files in parts.items()
        for number, (path, _) in enumerate(files.most_common())
    }
    items.sort(key=lambda item: places[item.path])


def pytest_unconfigure() -> None:
    CLUSTERS.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its servers logged."""
    report = yield
    if report.failed:
        for server in item.config.stash.get(_servers, []):
            report.sections.append((f"log of {server.name}", server.log[-LOG_CHARS:]))
    return report


@contextmanager
def making(config: pytest.Config, folder: Path) -> Iterator[MakeServer]:
    """A maker of servers, each in a folder of its own; ends them all."""
    running = config.stash.setdefault(_servers, [])
    made: list[ServerProcess] = []

    def make(**named: Any) -> ServerProcess:
        server = ServerProcess(**{"folder": folder / f"s{len(made)}", **named})
        made.append(server)
        running.append(server)
        return server

    try:
        yield make
    finally:
        for server in made:
            server.end()
            running.remove(server)


@pytest.fixture
def make_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeServer]:
    """Makes servers of this test's own; they are started by it."""
    with making(request.config, tmp_path) as make:
        yield make


@pytest.fixture(scope="session")
def shared_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """One server for all tests that leave it as it was: each takes a room of its own."""
    with making(request.config, tmp_path_factory.mktemp("shared")) as make:
        yield make().start()


@pytest.fixture
def room(request: pytest.FixtureRequest) -> str:
    """A room id of this test's own."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:60].strip("-")


@pytest.fixture(scope="session")
def live_server(shared_server: ServerProcess) -> ServerProcess:
    """The shared server with the room ``gala``, as the demonstration has it."""
    shared_server.make_room("gala", budget=30, moderation={"level": 2})
    return shared_server


@pytest_asyncio.fixture
async def valkey_url(tmp_path: Path) -> AsyncIterator[str]:
    """A Valkey that no server of ours has started."""
    async with valkey(tmp_path / "valkey") as url:
        yield url


@pytest.fixture
def cluster() -> Iterator[ValkeyCluster]:
    """A cluster without data, whole again whatever an earlier test did to it."""
    with borrowed_cluster() as cluster:
        yield cluster
