"""Locust, run as one runs it, in front of a real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import broadcast

from loadtest.cache import caching
from loadtest.users.service_levels import DEFAULT
from tests.loadtest.shows import websocket_show
from tests.server import SECRET, ServerProcess
from tests.system.record import whole_record
from tests.waiting import patience, until

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of Locust came to."""

    code: int
    output: str
    result: dict[str, Any]

    def count(self, row: str) -> int:
        return int(self.result["rows"].get(row, {"count": 0})["count"])


async def locust(
    folder: Path,
    url: str,
    *options: str,
    secret: str | None,
    for_s: int = 5,
    lasts: Callable[[], Awaitable[None]] | None = None,
) -> Run:
    """Runs it headless, for so long or as long as ``lasts`` takes."""
    environment = {name: value for name, value in os.environ.items() if "GRANDSTAND" not in name}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    if secret is not None:
        environment["GRANDSTAND_JWT_SECRET"] = secret
    result = folder / "result.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--host", url,
        "--headless", "--only-summary", "-r", "100", *([] if lasts else ["-t", f"{for_s}s"]),
        "--result", str(result), *options,
        cwd=ROOT, env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        if lasts is not None:
            await lasts()
            process.terminate()
        async with patience():
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    told = json.loads(result.read_text()) if result.exists() else {}
    return Run(process.returncode, output.decode(), told)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path_factory.mktemp("locust"))
    try:
        yield made.start()
    finally:
        made.end()


def welcomed(server: ServerProcess) -> float:
    """How many this process of the server has let in."""
    told = server.call("GET", "/metrics").body.decode()
    return sum(map(float, re.findall(r"^grandstand_welcomes_total{.*} (.+)", told, re.M)))


async def test_a_whole_audience_reaches_its_levels_and_the_table_tells_all(
    server: ServerProcess, tmp_path: Path
) -> None:
    trace = tmp_path / "chat.ndjson"
    trace.write_text('{"at": 0, "user": "u", "text": "as it was said"}\n')
    already = welcomed(server)

    async def enough() -> None:
        """Everybody is in, sees twenty frames and more than twenty comments, and a poll's votes."""
        await until(lambda: welcomed(server) - already == 110)
        first = (await server.produce("GET", "/v1/rooms/whole"))["offset"]

        async def is_seen() -> bool:
            offset = (await server.produce("GET", "/v1/rooms/whole"))["offset"]
            polls = (await server.produce("GET", "/v1/rooms/whole/polls"))["polls"]
            voters = sum(poll.get("voters", 0) for poll in polls)
            said = len(await whole_record(server, "whole"))
            return bool(offset > first + 20 and said > 30 and voters)

        await until(is_seen)

    run = await locust(
        tmp_path, server.url, "Viewer", "BulkViewers", "Producer", "-u", "12",
        "--room", "whole", "--seats", "100",
        "--room-settings", '{"tick": 50, "comment_interval": 0, "moderation": {"level": 0}}',
        "--comments-per-s", "20", "--rhythm", "steady", "--trace", str(trace),
        "--poll-every", "0.5", "--cue-every", "1", "--voters", "1", "--sample-every", "10",
        # A busy machine is no fault of the server's: times are held to no more than a minute.
        "--slo", "welcome p99 < 60000, comment to screen p99 < 60000, vote to ack p99 < 60000,"
        "poll to screen p99 < 60000, gaps < 1, closes < 1, refusals < 1, failures < 1",
        secret=server.secret, lasts=enough,
    )  # fmt: skip
    assert run.code == 0, run.output
    assert run.result["reached"]
    assert run.count("connect") == run.count("welcome") == 110
    assert run.count("comment to ack") > 20
    assert run.count("frame") > 1000
    (process,) = run.result["processes"]
    assert process["totals"]["seated"] == 100
    assert process["settled"]["cpu_us_per_receive"] > 0
    comments = await server.ask(
        "GET", "/v1/rooms/whole/comments?from=0&to=9000000000000", None, server.producer_token
    )
    assert {comment["text"] for comment in comments.json["comments"]} == {"as it was said"}


async def test_lurkers_watch_without_a_socket_and_say_what_an_hour_of_theirs_costs(
    server: ServerProcess, tmp_path: Path
) -> None:
    room = server.make_room("lurked")
    with caching(("127.0.0.1", server.port), os.sched_getaffinity(0)) as cache:

        async def enough() -> None:
            """All have asked for some segments, one after the other."""
            await until(lambda: len(cache.segments()) >= 4)

        run = await locust(
            tmp_path, cache.url, "Lurker", "-u", "2", "--seats", "30", "--room", room,
            "--slo", "segment lag p99 < 60000, failures < 1",
            secret=None, lasts=enough,
        )  # fmt: skip
    assert run.code == 0, run.output
    assert run.count("snapshot") == 60
    assert run.count("segment") > 60
    (process,) = run.result["processes"]
    told = process["lurkers"]
    assert told["requests"]["segment"] > 0
    assert told["requests_per_viewer_hour"] > 0
    assert told["bytes_per_viewer_hour"] > 0


async def test_a_missed_level_is_named_and_ends_the_run_with_1(
    server: ServerProcess, tmp_path: Path
) -> None:
    already = welcomed(server)

    async def entered() -> None:
        await until(lambda: welcomed(server) - already == 2)

    run = await locust(
        tmp_path, server.url, "Viewer", "-u", "2", "--room", "missed", "--comments-per-s", "0",
        "--slo", "vote to ack p50 < 100, closes < 1", secret=server.secret, lasts=entered,
    )  # fmt: skip
    assert run.code == 1
    assert not run.result["reached"]
    assert "MISSED   vote to ack: nothing was measured" in run.output
    assert "reached  closes 0, under 1" in run.output


SLOW_TO_END = """
import gevent
from locust import events
from locust.runners import WorkerRunner


@events.init.add_listener
def attach(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        environment.events.test_stopping.add_listener(lambda **_: gevent.sleep(2))
"""


async def test_guests_in_two_processes_are_one_table_though_both_are_slow_to_end(
    server: ServerProcess, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text(SLOW_TO_END)
    run = await locust(
        tmp_path, server.url, "Viewer", "BulkViewers", "-u", "22", "--seats", "20",
        "-f", f"loadtest/locustfile.py,{slow}", "--room", server.make_room("guests"),
        "--comments-per-s", "5", "--rhythm", "steady", "--processes", "2",
        "--slo", "welcome p99 < 60000, comment to ack p99 < 60000, failures < 1, closes < 1",
        secret=None, for_s=8,
    )  # fmt: skip
    assert run.code == 0, run.output
    assert run.count("guest") == 21, run.output
    assert run.count("welcome") == 21 + 20
    assert sorted(each["totals"]["seated"] for each in run.result["processes"]) == [0, 20]


@pytest.mark.parametrize("processes", [[], ["--processes", "2"]], ids=["one", "two"])
async def test_a_run_whose_viewers_are_not_let_in_ends_and_says_so(
    server: ServerProcess, tmp_path: Path, processes: list[str]
) -> None:
    room = server.make_room("closed", guests="none")
    run = await locust(
        tmp_path, server.url, "Viewer", "Producer", "-u", "4", "--room", room, *processes,
        secret=None, for_s=24 * 3600,
    )  # fmt: skip
    assert run.code == 1
    assert "MISSED   no viewer is left" in run.output
    assert (run.count("guest"), run.count("refused 403")) == (3, 3), run.output


async def test_a_run_whose_seats_are_not_let_in_ends_and_says_so(
    server: ServerProcess, tmp_path: Path
) -> None:
    run = await locust(
        tmp_path, server.url, "BulkViewers", "-u", "2", "--seats", "5", "--room", "nowhere",
        secret=None, for_s=24 * 3600,
    )  # fmt: skip
    assert run.code == 1
    assert "MISSED   no viewer is left" in run.output
    assert run.count("close 4004 no such room") == 10, run.output


async def test_viewers_come_back_after_a_restart_and_it_is_told(
    server: ServerProcess, tmp_path: Path
) -> None:
    room = server.make_room("restarted")
    already = welcomed(server)

    async def restarted() -> None:
        await until(lambda: welcomed(server) - already == 4)
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        await until(lambda: welcomed(server) == 4)

    run = await locust(
        tmp_path, server.url, "Viewer", "-u", "4", "--room", room,
        secret=server.secret, lasts=restarted,
    )  # fmt: skip
    assert run.code == 1, run.output
    assert run.count("close 1012 restart") == 4
    assert run.count("welcome") == 8
    assert run.count("gap") == 0
    assert "MISSED   closes 4, not under 1" in run.output


async def test_bulk_viewers_count_at_a_peer_where_there_is_no_room(tmp_path: Path) -> None:
    async with websocket_show(lambda _: None) as (port, here):

        async def sent() -> None:
            await until(lambda: len(here) == 60)
            for _ in range(10):
                broadcast(here, b"x" * 512)
            # A pong comes behind the frames: they have been read.
            await asyncio.gather(*[await connection.ping() for connection in here])

        run = await locust(
            tmp_path, f"http://127.0.0.1:{port}", "BulkViewers", "-u", "2", "--seats", "30",
            "--dialect", "websocket", "--path", "/any", secret=None, lasts=sent,
        )  # fmt: skip
    assert run.code == 0, run.output
    assert run.count("frame") == 600
    assert "the load generator" in run.output


@pytest.mark.parametrize("processes", [[], ["--processes", "2"]], ids=["one", "two"])
async def test_a_room_that_is_not_as_asked_for_ends_the_run_at_once_and_fails_it(
    server: ServerProcess, tmp_path: Path, processes: list[str]
) -> None:
    run = await locust(
        tmp_path, server.url, "Viewer", "-u", "1", "--comments-per-s", "0",
        "--room-settings", '{"tick": 1}', "--slo", "closes < 9999", *processes,
        secret=server.secret, for_s=24 * 3600,
    )  # fmt: skip
    assert run.code == 1
    assert "MISSED   the room: HTTP 422" in run.output


async def test_a_run_that_is_over_before_its_room_is_open_fails(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        run = await locust(
            tmp_path, url, "Viewer", "-u", "1", "--slo", "closes < 9999", secret=SECRET, for_s=1
        )
    assert run.code == 1
    assert "MISSED   the room: the run was over before it was open" in run.output


async def test_a_level_that_cannot_be_read_ends_the_run_before_it_begins(
    server: ServerProcess, tmp_path: Path
) -> None:
    run = await locust(tmp_path, server.url, "--slo", "all is well", secret=None)
    assert run.code == 1
    assert "'all is well' isn't like 'welcome p99 < 2000'" in run.output


def test_the_documents_name_every_option_and_the_default_levels() -> None:
    text = (ROOT / "docs" / "load.md").read_text()
    source = (ROOT / "loadtest" / "users" / "options.py").read_text()
    named = re.findall(r'option\("(--[a-z-]+)"', source)
    assert len(named) > 10
    assert [name for name in named if f"`{name}`" not in text] == []
    assert " ".join(text.split()).count(DEFAULT) == 1
