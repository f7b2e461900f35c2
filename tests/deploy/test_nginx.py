"""A real cache, with the configuration that operators get, in front of a real server."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx2
import msgspec
import pytest
import pytest_asyncio
from grandstand.wire.segments import SegmentIndex

from loadtest.cache import Cache, caching
from loadtest.lurkers.lurker_pool import LurkerPool
from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 100
ORIGIN = "https://www.example.org"
CORES = os.sched_getaffinity(0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    environment = {"GRANDSTAND_ORIGINS": ORIGIN}
    made = ServerProcess(tmp_path_factory.mktemp("nginx"), environment=environment)
    try:
        yield made.start()
    finally:
        made.end()


@pytest.fixture(scope="module")
def cache(server: ServerProcess) -> Iterator[Cache]:
    named = {f'# "{ORIGIN}"': f'"{ORIGIN}"'}
    with caching(("127.0.0.1", server.port), CORES, named) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def viewers(cache: Cache) -> AsyncIterator[httpx2.AsyncClient]:
    """As many connections as there are viewers, and none of them knows of the others."""
    limits = httpx2.Limits(max_connections=MANY, max_keepalive_connections=MANY)
    async with httpx2.AsyncClient(base_url=cache.url, limits=limits, timeout=60) as client:
        yield client


Ask = Callable[[str], Awaitable[list[httpx2.Response]]]


@pytest.fixture
def all_ask(viewers: httpx2.AsyncClient) -> Ask:
    async def ask(path: str) -> list[httpx2.Response]:
        return await asyncio.gather(*(viewers.get(path) for _ in range(MANY)))

    return ask


def index_of(answer: httpx2.Response) -> SegmentIndex:
    return msgspec.json.decode(answer.content, type=SegmentIndex)


def statuses(answers: list[httpx2.Response]) -> set[int]:
    return {answer.status_code for answer in answers}


async def test_however_many_ask_for_a_segment_the_server_is_asked_once(
    server: ServerProcess, cache: Cache, viewers: httpx2.AsyncClient, all_ask: Ask, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    async with viewing(server.url, room, server.token("ann")) as ann:
        await ann.insist({"type": "comment", "text": "once for all"})
    index = index_of(await viewers.get(f"/v1/rooms/{room}/segments"))
    later = index.next.url.replace(f"/{index.next.n}.", f"/{index.next.n + 30}.")

    # What is to come: nobody has it, and all are told so by one answer a second.
    began_s = time.monotonic()
    answers = await all_ask(later)
    assert statuses(answers) == {404}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert 1 <= cache.asked()[(later, 404)] <= 1 + time.monotonic() - began_s

    # What is there, and the state before it.
    for path in (index.segments[-1].url, index.snapshot):
        answers = await all_ask(path)
        assert statuses(answers) == {200}
        assert len({answer.content for answer in answers}) == 1
        assert cache.asked()[(path, 200)] == 1

    # A segment from the first who asks too early to the last who gets it.
    path = index.next.url.replace(f"/{index.next.n}.", f"/{index.next.n + 1}.")

    async def all_have_it() -> bool:
        return statuses(await all_ask(path)) == {200}

    await until(all_have_it)
    assert cache.asked()[(path, 200)] == 1


async def test_an_index_is_asked_for_once_a_second_whoever_asks_and_whatever_else_it_says(
    server: ServerProcess, cache: Cache, viewers: httpx2.AsyncClient, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    path = f"/v1/rooms/{room}/segments"
    first = index_of(await viewers.get(path))
    asked = 0

    async def moves_on() -> bool:
        nonlocal asked
        names = range(asked, asked + 20)
        asked += 20
        answers = await asyncio.gather(
            *(
                viewers.get(f"{path}?x={each}", headers={"Origin": f"https://{each}.example"})
                for each in names
            )
        )
        assert statuses(answers) == {200}
        return any(index_of(each).now >= first.now + 2000 for each in answers)

    await until(moves_on)
    assert asked > 3 * cache.asked()[(path, 200)] + 3 * cache.asked()[(path, 304)]


async def test_a_page_of_another_site_is_let_in_whoever_asked_before_it(
    server: ServerProcess, viewers: httpx2.AsyncClient, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    snapshot = index_of(await viewers.get(f"/v1/rooms/{room}/segments")).snapshot
    for path in (snapshot, f"/v1/rooms/{room}"):
        for origin, let_in in ((None, None), (ORIGIN, ORIGIN), ("https://other.example", None)):
            headers = {} if origin is None else {"Origin": origin}
            answer = await viewers.get(path, headers=headers)
            assert answer.status_code == 200
            assert answer.headers.get("access-control-allow-origin") == let_in


async def test_who_changed_a_room_reads_the_change(
    server: ServerProcess, viewers: httpx2.AsyncClient, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    producer = {"Authorization": f"Bearer {server.producer_token}"}
    path = f"/v1/rooms/{room}"
    for title in ("One", "Two", "Three"):
        assert (await viewers.get(path)).status_code == 200  # this one is kept
        changed = await viewers.patch(path, json={"title": title}, headers=producer)
        assert changed.status_code == 200
        read = await viewers.get(path, headers=producer)
        assert read.json()["settings"]["title"] == title


async def test_what_is_one_viewers_is_not_kept(
    server: ServerProcess, viewers: httpx2.AsyncClient, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room, guests="none")
    ann = {"Authorization": f"Bearer {server.token('ann')}"}
    path = f"/v1/rooms/{room}/segments"
    for where in (path, f"/v1/rooms/{room}"):
        assert (await viewers.get(where, headers=ann)).status_code == 200
        assert (await viewers.get(where)).status_code == 401
    segment = index_of(await viewers.get(path, headers=ann)).snapshot
    assert (await viewers.get(segment, headers=ann)).status_code == 200
    assert (await viewers.get(segment)).status_code == 401


async def test_a_socket_and_the_lurkers_word_come_through(
    server: ServerProcess, cache: Cache, viewers: httpx2.AsyncClient, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    async with viewing(cache.url, room, server.token("ann")) as ann:
        await ann.insist({"type": "comment", "text": "by way of the cache"})
    assert (await viewers.post(f"/v1/rooms/{room}/present")).status_code == 204
    assert (await viewers.get("/metrics")).status_code == 404


async def test_an_index_that_is_old_leads_a_lurker_to_live_all_the_same(
    server: ServerProcess, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    path = f"/v1/rooms/{room}/segments"
    kept = {
        "proxy_cache_revalidate on;": "proxy_ignore_headers Cache-Control; "
        "proxy_cache_valid 200 1d; proxy_cache_valid 404 1s;"
    }
    with caching(("127.0.0.1", server.port), CORES, kept) as cache:
        async with httpx2.AsyncClient(base_url=cache.url, timeout=60) as viewer:
            old = index_of(await viewer.get(path))

            async def is_old() -> bool:
                answer = await server.ask("GET", path)
                return bool(answer.json["now"] > old.now + 8_000)

            await until(is_old)
            assert index_of(await viewer.get(path)) == old
        live = (await server.ask("GET", path)).json["next"]["n"]
        assert live > old.next.n + 2
        pool = LurkerPool(cache.address, "cache.example", room)
        pool.take(1)
        try:
            await until(lambda: pool.turn() == 0 and max(cache.segments(), default=0) >= live)
        finally:
            pool.close()
    assert not pool.counts.faults
