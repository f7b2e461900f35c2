"""The whole server in this process: how it starts, and that it ends with all that it started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from grandstand.app.lifecycle import Running, serve
from grandstand.edge.heartbeat import Heartbeat
from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests.moderation.installation import install
from tests.valkey import valkey_of
from tests.waiting import PATIENCE_S

SECRET = "a secret of at least thirty-two bytes"
UPGRADE = (
    b"GET /v1/rooms/gala/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def settings(folder: Path, **given: Any) -> ServerSettings:
    given = {"jwt_secret": SECRET, "port": 0, "data_dir": folder / "data", "drain_s": 0, **given}
    return ServerSettings.read(**given)


def is_store_running(folder: Path) -> bool:
    return valkey_of(folder / "data") is not None


@asynccontextmanager
async def served(folder: Path, **given: Any) -> AsyncIterator[tuple[Running, asyncio.Task[None]]]:
    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()

    async def ready(running: Running) -> None:
        started.set_result(running)

    task = asyncio.create_task(serve(settings(folder, **given), ready))
    waiting: set[asyncio.Future[Any]] = {task, started}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    try:
        if not started.done():
            await task
        yield started.result(), task
    finally:
        if started.done():
            started.result().stop()
        await asyncio.wait({task})


async def test_it_serves_from_ready_on_and_stops_what_it_started(tmp_path: Path) -> None:
    async with served(tmp_path) as (running, task):
        async with httpx2.AsyncClient(base_url=running.url) as http:
            assert (await http.get("/readyz")).status_code == 200
            assert (await http.get("/metrics")).status_code == 200
            assert (await http.get("/")).headers["content-type"].startswith("text/html")
        assert is_store_running(tmp_path)
        assert not running.stopping.is_set()
        running.stop()
        running.stop()
        await asyncio.wait_for(task, PATIENCE_S)
        assert running.stopping.is_set()
        assert not is_store_running(tmp_path)
        with pytest.raises(httpx2.ConnectError):
            await httpx2.AsyncClient(base_url=running.url).get("/readyz")


def live_url(running: Running) -> str:
    return f"{running.url.replace('http', 'ws')}/v1/rooms/gala/live"


async def welcomed(stack: AsyncExitStack, running: Running) -> ClientConnection:
    """A viewer in the room, which is made if need be."""
    token = running.tokens.issue("p", "P", "producer", ["*"], 60)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=running.url, headers=headers) as http:
        assert (await http.put("/v1/rooms/gala", json={})).is_success
    viewer = await stack.enter_async_context(connect(live_url(running), proxy=None))
    await viewer.send(json.dumps({"type": "hello", "token": token}))
    assert json.loads(await viewer.recv())["type"] == "welcome"
    return viewer


async def told_until_closed(viewer: ClientConnection) -> list[dict[str, Any]]:
    messages = []
    with suppress(ConnectionClosedError):
        async for message in viewer:
            messages.append(json.loads(message))
    return messages


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_is_an_orderly_end_that_viewers_are_told_of(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with served(tmp_path, drain_s=1) as (running, task):
        async with AsyncExitStack() as stack:
            viewer = await welcomed(stack, running)
            os.kill(os.getpid(), number)
            *_, bye = await told_until_closed(viewer)
            assert (bye["type"], bye["code"], bye["reconnect"]) == ("bye", 1012, True)
            assert 0 <= bye["after"] <= 1000
            assert viewer.close_code == 1012
        await asyncio.wait_for(task, PATIENCE_S)


async def test_a_server_that_drains_is_not_ready_lives_and_lets_nobody_in(tmp_path: Path) -> None:
    async with served(tmp_path, drain_s=600) as (running, task), AsyncExitStack() as stack:
        viewers = [await welcomed(stack, running) for _ in range(3)]
        os.kill(os.getpid(), signal.SIGTERM)
        first, *others = [asyncio.create_task(told_until_closed(viewer)) for viewer in viewers]
        done, waiting = await asyncio.wait([first, *others], return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        async with httpx2.AsyncClient(base_url=running.url) as http:
            assert (await http.get("/healthz")).status_code == 200
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["code"]) == (503, "unavailable")
            assert int(ready.headers["Retry-After"]) >= 1
        with pytest.raises(InvalidStatus, match="503"):
            await connect(live_url(running), proxy=None)
        stayed = viewers[[first, *others].index(waiting.pop())]
        await stayed.send(json.dumps({"type": "time", "id": "t", "sent": 1}))
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, PATIENCE_S)  # far less than its drain_s
        answers = [await telling for telling in (first, *others)]
        assert all(messages[-1]["code"] == 1012 for messages in answers)
        assert "time" in {message["type"] for messages in answers for message in messages}


async def test_viewers_go_no_faster_than_others_take_them_or_the_operator_is_told(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        async with served(tmp_path, drain_max_s=0.5) as (running, task), AsyncExitStack() as stack:
            viewers = [await welcomed(stack, running) for _ in range(3)]
            store = running.rooms.store
            await store.nodes.report("another", 1, store.now_ms())
            began_s = asyncio.get_running_loop().time()
            running.stop()
            for viewer in viewers:
                assert (await told_until_closed(viewer))[-1]["code"] == 1012
            assert asyncio.get_running_loop().time() - began_s > 0.15  # one each 0.17 s
            await asyncio.wait_for(task, PATIENCE_S)
    (told,) = [entry for entry in logs if entry["event"] == "drained_too_fast"]
    assert "GRANDSTAND_DRAIN_MAX_S" in told["advice"]


async def test_a_second_signal_waits_for_nobody(tmp_path: Path) -> None:
    async with served(tmp_path, drain_s=600) as (running, task), AsyncExitStack() as stack:
        await welcomed(stack, running)
        port = int(running.url.rpartition(":")[2])
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        silent.write(UPGRADE)
        await welcomed(stack, running)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(running.stopping.wait(), PATIENCE_S)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(task, PATIENCE_S)  # far less than its drain_s
        silent.close()


async def test_more_handshakes_than_are_let_in_a_second_are_told_when_to_come_again(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, handshakes_per_s=1) as (running, _):

        async def arrive() -> None:
            async with connect(live_url(running), proxy=None):
                pass

        told_off = await asyncio.gather(*(arrive() for _ in range(5)), return_exceptions=True)
        refused = [each for each in told_off if isinstance(each, InvalidStatus)]
        assert refused
        response = refused[0].response
        assert (response.status_code, json.loads(response.body)["code"]) == (503, "overloaded")
        assert response.headers["Retry-After"] == "1"
        async with httpx2.AsyncClient(base_url=running.url) as http:
            told = (await http.get("/metrics")).text
        counted = f'grandstand_handshakes_refused_total{{code="overloaded"}} {len(refused)}.0'
        assert counted in told


async def test_a_part_that_fails_ends_the_server_with_its_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serves = asyncio.Event()

    async def failing(self: Heartbeat) -> None:
        await serves.wait()
        raise ZeroDivisionError

    monkeypatch.setattr(Heartbeat, "run", failing)
    async with served(tmp_path) as (_, task):
        serves.set()
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(task, PATIENCE_S)
    assert not is_store_running(tmp_path)


async def test_if_what_waits_for_ready_fails_nothing_is_left_running(tmp_path: Path) -> None:
    before = asyncio.all_tasks()

    async def ready(running: Running) -> None:
        raise OperatorError("the demonstration can't start")

    with pytest.raises(OperatorError, match="demonstration"):
        await serve(settings(tmp_path), ready)
    assert asyncio.all_tasks() == before
    assert not is_store_running(tmp_path)


async def test_a_port_in_use_is_the_operators_to_mend(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=f"can't listen on 127.0.0.1:{port}"):
            await serve(settings(tmp_path, port=port))
    assert not is_store_running(tmp_path)


async def test_a_store_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"redis://user:hush-hush@127.0.0.1:{port}"
    with pytest.raises(OperatorError, match="GRANDSTAND_REDIS_URL") as refused:
        await serve(settings(tmp_path, redis_url=url))
    assert "127.0.0.1" in str(refused.value)
    assert "hush-hush" not in str(refused.value)


async def test_a_model_that_is_none_is_the_operators_to_mend(tmp_path: Path) -> None:
    model = install(tmp_path)
    model.write_bytes(b"no model")
    with pytest.raises(OperatorError, match=r"model\.onnx: is not the file that manifest"):
        await serve(settings(tmp_path, model=model))
    assert not is_store_running(tmp_path)


async def test_without_a_way_to_check_tokens_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="GRANDSTAND_JWT_SECRET"):
        await serve(ServerSettings.read(port=0, data_dir=tmp_path))


async def test_pages_of_the_origins_that_are_let_in_may_read_how_long_to_wait(
    tmp_path: Path,
) -> None:
    async with (
        served(tmp_path, origins=("https://show.example",)) as (running, _),
        httpx2.AsyncClient(base_url=running.url) as http,
    ):
        ours = await http.get("/healthz", headers={"Origin": "https://show.example"})
        assert ours.headers["access-control-allow-origin"] == "https://show.example"
        assert "Retry-After" in ours.headers["access-control-expose-headers"]
        unknown_variables = await http.get("/healthz", headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in unknown_variables.headers
