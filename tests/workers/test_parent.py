"""Several processes on one port, as an operator starts, stops and loses them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from grandstand.timeouts import timeout

from tests.conftest import MakeServer
from tests.moderation.installation import install
from tests.processes import children, is_running
from tests.server import STOP_S, ServerProcess
from tests.system.record import whole_record
from tests.viewer import Viewer
from tests.waiting import until
from tests.workers.processes import (
    VIEWERS,
    WORKERS,
    crowd,
    events,
    pids,
    run_folder,
    samples,
    sequencer,
)

pytestmark = pytest.mark.single


async def test_workers_share_viewers_who_see_each_other_s_comments_and_one_scrape_tells_of_all(
    lasting_server: ServerProcess, room: str
) -> None:
    lasting_server.make_room(room)
    async with AsyncExitStack() as stack:
        viewers = await crowd(stack, lasting_server, room)
        for viewer in viewers:
            assert (await viewer.comment(f"{viewer.name} is here"))["status"] == "accepted"
        for viewer in viewers:
            for other in viewers:
                await viewer.seen(f"{other.name} is here")
        names = [str(number + 1) for number in range(WORKERS)]
        assert samples(lasting_server, "grandstand_workers") == {"parent": WORKERS}
        assert set(samples(lasting_server, "grandstand_store_up")) == set(names)
        assert set(samples(lasting_server, "process_resident_memory_bytes")) == {*names, "parent"}
        assert await sequencer(lasting_server) in names


async def test_a_killed_worker_s_viewers_come_back_and_every_ack_is_in_the_record(
    server: ServerProcess, room: str
) -> None:
    server.make_room(room)
    over = asyncio.Event()
    acknowledged: dict[str, str] = {}

    async def talk(viewer: Viewer) -> None:
        number = 0
        while not over.is_set():
            seen = len(viewer.frames)
            text = f"{viewer.name} says line {number}"
            answer = await viewer.insist({"type": "comment", "text": text})
            assert answer["type"] == "ack", answer
            acknowledged[answer["comment"]] = text
            number += 1
            await until(lambda seen=seen: len(viewer.frames) > seen)  # type: ignore[misc]

    async with AsyncExitStack() as stack:
        viewers = await crowd(stack, server, room)
        sequencing = await sequencer(server)
        talking = [asyncio.create_task(talk(viewer)) for viewer in viewers]
        await until(lambda: len(acknowledged) > 100)
        before = pids(server)
        os.kill(before[sequencing], signal.SIGKILL)
        await until(lambda: any(viewer.connections == 2 and viewer.is_here for viewer in viewers))
        said = len(acknowledged)
        await until(lambda: len(acknowledged) > said + 100)
        await until(lambda: len(pids(server)) == WORKERS)
        over.set()
        await asyncio.gather(*talking)
        back = [viewer for viewer in viewers if viewer.connections > 1]
        assert 0 < len(back) < VIEWERS
        assert all(viewer.welcome["recovered"] for viewer in back)
        last = await viewers[0].comment("and that was all")
        acknowledged[last["comment"]] = "and that was all"
        for viewer in viewers:
            await viewer.seen("and that was all")
    kept = await whole_record(server, room)
    assert {row["id"]: row["text"] for row in kept} == acknowledged
    assert len(kept) == len(acknowledged)
    (ended,) = events(server, "worker_ended")
    assert (ended["of"], ended["code"]) == (sequencing, -signal.SIGKILL)
    await until(lambda: samples(server, "grandstand_workers") == {"parent": WORKERS})
    (other,) = before.keys() - {sequencing}
    assert samples(server, "grandstand_worker_restarts_total") == {sequencing: 1, other: 0}
    assert samples(server, "grandstand_workers_hung_total") == {sequencing: 0, other: 0}
    assert pids(server)[sequencing] != before[sequencing]


async def test_a_signal_to_the_parent_drains_all_and_the_store_ends_last(
    server: ServerProcess, room: str
) -> None:
    server.make_room(room)
    running = [*children(server.pid), server.pid]
    assert server.valkey_pid in running
    async with AsyncExitStack() as stack:
        viewers = await crowd(stack, server, room, comes_back=False)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop, signal.SIGTERM))
        for viewer in viewers:
            bye = await viewer.told("bye", 1012)
            assert bye["reconnect"] is True
            assert 0 <= bye["after"] <= 500
        await until(lambda: all(viewer.closes == [1012] for viewer in viewers))
        await stopping
    assert not any(map(is_running, running))
    assert sum(each["viewers"] for each in events(server, "drained")) == VIEWERS
    assert not events(server, "worker_ended")
    assert not events(server, "worker_killed")


async def test_workers_end_by_themselves_when_their_parent_is_killed_and_the_next_one_goes_on(
    server: ServerProcess, room: str
) -> None:
    server.make_room(room)
    workers, store = pids(server).values(), server.valkey_pid
    folder = run_folder(server)
    async with AsyncExitStack() as stack:
        viewers = await crowd(stack, server, room)
        said = await viewers[0].comment("said before the kill")
        await viewers[-1].seen("said before the kill")
        server.kill()
        await until(lambda: not any(map(is_running, workers)))
        assert not folder.exists()
        await asyncio.to_thread(server.start)
        assert server.valkey_pid == store
        await until(lambda: all(each.is_here and each.connections > 1 for each in viewers))
        assert all(viewer.closes[0] == 1012 for viewer in viewers)
        assert viewers[0].welcome["recovered"]
        await viewers[1].comment("said after the kill")
        await viewers[0].seen("said after the kill")
    kept = await whole_record(server, room)
    assert kept[0]["id"] == said["comment"]
    await asyncio.to_thread(server.stop)


async def test_a_worker_that_is_asked_to_stop_drains_alone_and_is_started_again(
    server: ServerProcess, room: str
) -> None:
    server.make_room(room)
    async with AsyncExitStack() as stack:
        viewers = await crowd(stack, server, room)
        before = pids(server)
        os.kill(before["1"], signal.SIGTERM)
        await until(lambda: pids(server).get("1", before["1"]) != before["1"])
        moved = [viewer for viewer in viewers if viewer.closes == [1012]]
        stayed = [viewer for viewer in viewers if not viewer.closes]
        assert moved
        assert stayed
        assert len(moved) + len(stayed) == VIEWERS
        for viewer in moved:
            await viewer.returns()
        assert pids(server)["2"] == before["2"]
    assert [(each["of"], each["code"]) for each in events(server, "worker_ended")] == [("1", 0)]


async def test_a_second_signal_ends_all_at_once(make_server: MakeServer, room: str) -> None:
    environment = {"GRANDSTAND_WORKERS": str(WORKERS), "GRANDSTAND_DRAIN_S": "600"}
    server = make_server(environment=environment)
    await asyncio.to_thread(server.start)
    await until(lambda: len(events(server, "serving")) == WORKERS + 1)
    server.make_room(room)
    async with AsyncExitStack() as stack:
        viewers = await crowd(stack, server, room, comes_back=False)
        os.kill(server.pid, signal.SIGTERM)
        await until(lambda: len([viewer for viewer in viewers if viewer.of_type("bye")]) >= WORKERS)
        ready = await server.ask("GET", "/readyz")
        assert (ready.status, ready.json["code"]) == (503, "unavailable")
        assert (await server.ask("GET", "/healthz")).status == 200
        assert [viewer for viewer in viewers if viewer.is_here]
        async with timeout(STOP_S):
            await asyncio.to_thread(server.stop, signal.SIGTERM)
    assert not events(server, "worker_killed")


async def test_a_hangup_asks_every_worker_to_look_for_a_new_model(
    lasting_server: ServerProcess,
) -> None:
    os.kill(lasting_server.pid, signal.SIGHUP)

    def looked() -> list[str]:
        told = events(lasting_server, "model_unchanged")
        return sorted(each["worker"] for each in told if each["model"] == "comment scorer")

    await until(lambda: looked() == ["1", "2"])


def told(server: ServerProcess) -> str:
    """The one line that a server which doesn't start says."""
    assert server.launch().wait(STOP_S) == 1
    (line,) = server.log.splitlines()
    assert line.startswith("grandstand: ")
    return line


def starting(make_server: MakeServer, **environment: str) -> ServerProcess:
    return make_server(environment={"GRANDSTAND_WORKERS": str(WORKERS), **environment})


def test_a_port_in_use_is_told_once_and_nothing_is_left(make_server: MakeServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = starting(make_server)
        server.port = taken.getsockname()[1]
        assert f"can't listen on 127.0.0.1:{server.port}" in told(server)
    assert not server.data_dir.exists()


def test_a_port_that_another_s_workers_share_is_in_use(
    lasting_server: ServerProcess, make_server: MakeServer
) -> None:
    other = starting(make_server)
    other.port = lasting_server.port
    assert f"can't listen on 127.0.0.1:{lasting_server.port}" in told(other)


def test_a_faulty_model_is_told_once_before_anything_is_started(
    make_server: MakeServer, tmp_path: Path
) -> None:
    model = install(tmp_path)
    model.write_bytes(b"no model")
    server = starting(make_server, GRANDSTAND_MODEL=str(model))
    assert "model.onnx: is not the file that manifest" in told(server)
    assert not server.data_dir.exists()


def test_a_store_that_does_not_answer_is_told_once(make_server: MakeServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = starting(make_server, GRANDSTAND_REDIS_URL=f"redis://127.0.0.1:{port}")
    assert "GRANDSTAND_REDIS_URL" in told(server)
