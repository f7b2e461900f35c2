"""Every time limit of the server, in a task that was cancelled before: it ends what it is to end.

Nothing may stay behind because the one who waited for its end was cancelled: no process, no
connection, no store. Before Python 3.11.4 neither asyncio's time limits hold there, nor those of
libraries that use them. The painter of the demonstration's picture is in ``demo/test_stream.py``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
import uvicorn
from grandstand import tokens
from grandstand.api import metrics_peers
from grandstand.api.metrics_peers import MetricsPeers
from grandstand.app import http_server
from grandstand.client.figures import Figures
from grandstand.client.viewer import Attendee
from grandstand.client.websocket import SUBPROTOCOL
from grandstand.demo import stream
from grandstand.demo.crowd import Crowd
from grandstand.domain.events import Restored
from grandstand.edge.transport.draining import Draining, Span
from grandstand.inference.reload import Reload
from grandstand.moderation.scorer import OnnxScorer
from grandstand.replica import pending_events, rooms
from grandstand.resources import model
from grandstand.settings import ServerSettings
from grandstand.store import embedded
from grandstand.store.embedded import EmbeddedStore
from grandstand.store.errors import StoreUnavailable
from grandstand.tasks import cancel_all
from grandstand.telemetry import ModelsMetrics
from grandstand.tokens import Tokens
from grandstand.workers.parent import _Parent
from grandstand.workers.restarts import Restarts
from grandstand.workers.slot import WorkerSlot
from prometheus_client import CollectorRegistry
from websockets.utils import accept_key

from tests.cancelled import cancelled, cleaning_up
from tests.edge.harness import Harness, harness
from tests.processes import arguments, children, is_running
from tests.waiting import until


@pytest_asyncio.fixture
async def still(tmp_path: Path) -> AsyncIterator[Harness]:
    """A node whose rooms nobody sequences."""
    async with harness(tmp_path, sequenced=False) as made:
        yield made


# --- what would stay behind ----------------------------------------------------------------------


async def test_a_viewer_cuts_a_server_that_does_not_answer_its_close() -> None:
    closed = asyncio.Event()
    greeted = asyncio.Event()

    async def upgrade_and_say_no_more(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (key,) = (
            line.partition(": ")[2]
            for line in head.splitlines()
            if line.lower().startswith("sec-websocket-key")
        )
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept_key(key)}\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )
        try:
            while await reader.read(1000):
                greeted.set()
        except ConnectionResetError:
            pass
        closed.set()
        writer.close()

    server = await asyncio.start_server(upgrade_and_say_no_more, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def token() -> str:
        return "a token"

    crowd = Crowd("", lambda sub, name: "", 1, Random())
    address = f"ws://127.0.0.1:{port}/"
    viewer = Attendee(address, token, crowd, Figures(), Random(), delay_ms=0)
    staying = asyncio.create_task(viewer.stay())
    await greeted.wait()
    staying.cancel()
    await asyncio.wait([staying])
    assert staying.cancelled()
    await until(closed.is_set)
    server.close()


async def test_a_store_that_hears_nothing_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "ANSWER_TIMEOUT_S", 0.1)
    monkeypatch.setattr(embedded, "STOP_TIMEOUT_S", 0.1)
    store = EmbeddedStore(tmp_path)
    await store.start()
    pid = store.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await cancelled(store.stop)
    assert not is_running(pid)


@pytest.fixture
def silent_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ffmpeg"
    path.write_text("#!/bin/sh\nexec sleep 600\n")
    path.chmod(0o700)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(path))
    return path


def sleeping() -> list[int]:
    return [pid for pid in children() if arguments(pid)[:1] == ["sleep"]]


async def test_an_encoder_that_does_not_answer_is_ended(
    silent_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CHECK_S", 0.1)
    assert await cancelled(stream.missing) == f"{silent_encoder} doesn't answer"
    assert not sleeping()


async def test_an_encoder_is_ended_with_the_task_that_asks_it(silent_encoder: Path) -> None:
    asking = asyncio.create_task(stream.missing())
    await until(sleeping)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    assert not sleeping()


async def test_a_painter_that_hears_nothing_is_killed_when_its_end_is_cancelled_too() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "600")
    os.kill(process.pid, signal.SIGSTOP)
    ending = await cleaning_up(lambda: stream._end(process))
    ending.cancel()
    await asyncio.wait([ending])
    assert ending.cancelled()
    assert not is_running(process.pid)


# --- what would not go on ------------------------------------------------------------------------


class Guest:
    """A viewer that is told to go and stays."""

    def shutdown(self) -> None:
        pass


async def test_draining_goes_on() -> None:
    guests = [Guest() for _ in range(3)]
    assert await cancelled(lambda: Draining(Span(0.2, 0.2)).run(guests, set(guests))) == 3


async def test_a_sibling_that_does_not_answer_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_peers, "PATIENCE_S", 0.05)
    path = tmp_path / "2.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        assert await cancelled(lambda: MetricsPeers(tmp_path, "1")._ask(path)) == ""


async def test_an_event_that_nobody_takes_up_is_unavailable(
    still: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_events, "OUTCOME_PATIENCE_S", 0.1)
    live = (await still.by_hand()).live
    with pytest.raises(StoreUnavailable, match="no sequencer"):
        await cancelled(lambda: live.submit(Restored(uuid4().hex, "u")))


async def goes_on(job: Callable[[], Any], turns: Callable[[], int]) -> None:
    """The job, begun in a task that was cancelled before, makes its turns."""
    working = await cleaning_up(job)
    await until(lambda: turns() >= 3 or working.done())
    assert not working.done()
    await cancel_all([working])


class Turns:
    """Counts the calls of a method and lets them through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self.count = 0
        method = getattr(owner, name)

        def counting(*arguments: Any) -> Any:
            self.count += 1
            return method(*arguments)

        monkeypatch.setattr(owner, name, counting)

    def __call__(self) -> int:
        return self.count


async def test_an_issuers_keys_are_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    turns = Turns(monkeypatch, tokens, "_fetch")
    await goes_on(lambda: Tokens(None, f"http://127.0.0.1:{port}/keys").run(0.02, 0.01), turns)


async def test_a_model_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch, Reload, "_look")
    scorer = OnnxScorer(model())
    metrics = ModelsMetrics(CollectorRegistry()).of("scorer", "comments")
    reload = Reload(model(), scorer, OnnxScorer, lambda scorer: None, 200, metrics, 0.01)
    await goes_on(reload.run, turns)


async def test_heads_are_compared_again(still: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "COMPARE_S", 0.01)
    turns = Turns(monkeypatch, still.rooms, "_compare")
    await goes_on(still.rooms._compare_forever, turns)


async def test_the_date_of_answers_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "DATE_S", 0.01)
    server = http_server.HttpServer(uvicorn.Config("none", log_config=None))
    turns = Turns(monkeypatch, server, "on_tick")
    await goes_on(server.main_loop, turns)


async def test_a_worker_that_ended_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(monkeypatch, WorkerSlot, "live")
    monkeypatch.setattr(Restarts, "pause_s", lambda self, lived_s: 0.01)
    running = _Parent(ServerSettings.read(workers=1), tmp_path, "")
    place = WorkerSlot("1", ("false",), {}, lambda: None)
    running._complete.set()
    keeping = await cleaning_up(lambda: running._keep(place))
    await until(lambda: turns() >= 3 or keeping.done())
    running._stopping.set()
    await keeping
    assert turns() >= 3
