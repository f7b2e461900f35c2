"""The store is slow, full, or away while the show goes on.

The server has an outside Valkey here, which nobody starts again for it; the tests stop it by
SIGSTOP, as a machine that hangs does, or end it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from grandstand.store.connection import connect
from grandstand.store.embedded import EmbeddedStore
from redis.asyncio import Redis

from tests.conftest import MakeServer
from tests.server import ServerProcess
from tests.system.record import whole_record
from tests.viewer import Message, Viewer, viewing
from tests.waiting import until

pytestmark = pytest.mark.single

SIGNS_OF_LIFE = 2
"""That viewers get while the store is away: one in ten seconds, where nothing else is sent."""
SLOW_MS = 4500
"""Below the 5 s after which a command counts as unanswered."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """A Valkey of the operator's own."""
    store = EmbeddedStore(tmp_path_factory.mktemp("outage") / "valkey")
    asyncio.run(store.start())
    try:
        yield store
    finally:
        asyncio.run(store.stop())


def url_of(store: EmbeddedStore) -> str:
    return f"unix://{store.data_dir / 'valkey.sock'}"


@pytest.fixture(scope="module")
def server(
    store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path_factory.mktemp("server"), redis_url=url_of(store))
    try:
        yield server.start()
    finally:
        server.end()


@asynccontextmanager
async def asking(store: EmbeddedStore) -> AsyncIterator[Redis]:
    redis = connect(url_of(store))
    try:
        yield redis
    finally:
        await redis.aclose()


async def readiness(server: ServerProcess) -> int:
    return (await server.ask("GET", "/readyz")).status


async def until_ready_is(server: ServerProcess, status: int) -> None:
    async def is_so() -> bool:
        return await readiness(server) == status

    await until(is_so)


async def open_poll(server: ServerProcess, room: str) -> str:
    body = {"kind": "single", "question": "Which?", "options": ["a", "b"], "duration": 600}
    poll = await server.produce("POST", f"/v1/rooms/{room}/polls", body)
    return str(poll["id"])


async def tally(server: ServerProcess, room: str, poll: str) -> list[int]:
    told = await server.produce("GET", f"/v1/rooms/{room}/polls/{poll}")
    return list(told["tally"])


def is_unavailable(answer: Message) -> bool:
    return answer.get("code") == "unavailable" and answer["retry_after"] > 0


async def test_a_store_that_answers_late_delays_and_loses_nothing(
    store: EmbeddedStore, server: ServerProcess, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    poll = await open_poll(server, room)
    async with (
        viewing(server.url, room, server.token("ann"), comes_back=False) as ann,
        viewing(server.url, room, server.token("bo"), comes_back=False) as bo,
        asking(store) as redis,
    ):
        await bo.sees(lambda picture: poll in picture.polls)
        await redis.client_pause(SLOW_MS)
        answers = await asyncio.gather(
            ann.insist({"type": "comment", "text": "said into the silence"}),
            bo.insist({"type": "vote", "poll": poll, "choices": [1]}),
        )
        assert [answer["type"] for answer in answers] == ["ack", "ack"]
        await bo.seen("said into the silence")
        assert len(await whole_record(server, room)) == 1
        assert await tally(server, room, poll) == [0, 1]


async def test_a_full_store_turns_messages_away_and_takes_them_once_there_is_room(
    store: EmbeddedStore, server: ServerProcess, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    poll = await open_poll(server, room)
    comment = {"type": "comment", "id": "c1", "text": "said to a full store"}
    vote = {"type": "vote", "id": "v1", "poll": poll, "choices": [0]}
    async with (
        viewing(server.url, room, server.token("ann"), comes_back=False) as ann,
        asking(store) as redis,
    ):
        await ann.sees(lambda picture: poll in picture.polls)
        await redis.config_set("maxmemory", "1mb")
        try:
            answers = await asyncio.gather(ann.ask(comment), ann.ask(vote))
            assert all(map(is_unavailable, answers)), answers
            refused = await server.ask(
                "POST", f"/v1/rooms/{room}/cues", {"name": "now"}, server.producer_token
            )
            assert (refused.status, refused.json["code"]) == (503, "unavailable")
            assert int(refused.headers["retry-after"]) > 0
        finally:
            await redis.config_set("maxmemory", "0")
        answers = await asyncio.gather(ann.insist(comment), ann.insist(vote))
        assert [answer["type"] for answer in answers] == ["ack", "ack"]
        await ann.seen("said to a full store")
        assert await tally(server, room, poll) == [1, 0]


async def test_viewers_stay_through_thirty_seconds_without_a_store(
    store: EmbeddedStore, server: ServerProcess, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    poll = await open_poll(server, room)
    comments: list[Message] = [
        {"type": "comment", "id": f"c{number}", "text": f"said while it was away, {number}"}
        for number in range(3)
    ]
    vote: Message = {"type": "vote", "id": "v1", "poll": poll, "choices": [1]}
    async with (
        viewing(server.url, room, server.token("ann"), comes_back=False) as ann,
        viewing(server.url, room, server.token("bo"), comes_back=False) as bo,
    ):
        await ann.sees(lambda picture: poll in picture.polls)
        assert store.pid is not None
        os.kill(store.pid, signal.SIGSTOP)
        try:
            answers = await asyncio.gather(*(ann.ask(message) for message in [*comments, vote]))
            assert all(map(is_unavailable, answers)), answers
            await until_ready_is(server, 503)
            assert (await server.ask("GET", "/healthz")).status == 200
            # Who comes now is welcome in a room that is known here, and sent away from others.
            async with viewing(server.url, room) as newcomer:
                assert [shown["id"] for shown in newcomer.welcome["polls"]] == [poll]
            stranger = Viewer(server.url, "never-seen-here", comes_back=False)
            with pytest.raises(ConnectionError):
                await stranger.come()
            assert stranger.of_type("error")[0]["code"] == "unavailable"
            assert stranger.of_type("bye")[0]["reconnect"] is True
            assert stranger.closes == [1013]
            frames = len(bo.of_type("frame"))
            await until(lambda: len(bo.of_type("frame")) >= frames + SIGNS_OF_LIFE)
        finally:
            os.kill(store.pid, signal.SIGCONT)
        answers = await asyncio.gather(*(ann.insist(message) for message in [*comments, vote]))
        assert [answer["type"] for answer in answers] == ["ack"] * 4
        await until_ready_is(server, 200)
        for comment in comments:
            await bo.seen(comment["text"])
        said = Counter(row["text"] for row in await whole_record(server, room))
        assert {comment["text"]: said[comment["text"]] for comment in comments} == {
            comment["text"]: 1 for comment in comments
        }
        assert await tally(server, room, poll) == [0, 1]
        assert (ann.connections, bo.connections) == (1, 1)


async def test_an_embedded_store_that_dies_is_started_again_under_its_viewers(
    make_server: MakeServer, room: str
) -> None:
    server = await asyncio.to_thread(make_server().start)
    await asyncio.to_thread(server.make_room, room)
    async with viewing(server.url, room, server.token("ann"), comes_back=False) as ann:
        await ann.insist({"type": "comment", "text": "said before it died"})
        before = server.valkey_pid
        server.kill_valkey()
        answers = await asyncio.gather(
            *(ann.insist({"type": "comment", "text": f"said after, {n}"}) for n in range(5))
        )
        assert [answer["type"] for answer in answers] == ["ack"] * 5
        await until(lambda: server.valkey_pid != before)
        for number in range(5):
            await ann.seen(f"said after, {number}")
        assert len(await whole_record(server, room)) == 6
