from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from grandstand.store import keys
from grandstand.store.connection import connect
from grandstand.store.errors import ConflictError, StoreUnavailable
from grandstand.store.leases import LEASE_MS, Leases
from grandstand.store.reader import Reader
from grandstand.store.store import Store
from grandstand.store.topology.single import Single
from grandstand.store.writer import Writer
from redis.asyncio import Redis

from tests.proxy import CuttingProxy


@pytest.fixture
async def redis(proxy: CuttingProxy) -> AsyncIterator[Redis]:
    redis = connect(proxy.url)
    yield redis
    await redis.aclose()


@pytest.fixture
def other(redis: Redis, store: Store) -> Leases:
    return Leases(Writer(Single(redis), store.durability), "other")


async def test_one_node_holds_a_room_and_keeps_it(store: Store, other: Leases) -> None:
    assert await store.leases.hold(["a"]) == {"a"}
    assert await other.hold(["a", "b"]) == {"b"}
    assert await store.leases.hold(["a", "b"]) == {"a"}


async def test_no_rooms_need_no_lease(store: Store) -> None:
    assert await store.leases.hold([]) == set()


async def test_a_lease_that_was_given_back_is_free_at_once(store: Store, other: Leases) -> None:
    await store.leases.hold(["a"])
    await other.give_back(["a"])  # not the other's to give
    assert await other.hold(["a"]) == set()
    await store.leases.give_back(["a"])
    assert await other.hold(["a"]) == {"a"}


async def test_a_lease_runs_out_unless_it_is_kept(
    store: Store, other: Leases, redis: Redis
) -> None:
    reader = Reader(Single(redis))
    await store.leases.hold(["a"])
    assert 0 < await reader.ask("PTTL", keys.lease("a")) <= LEASE_MS
    await reader.ask("PEXPIRE", keys.lease("a"), LEASE_MS * 1000)
    await store.leases.hold(["a"])
    assert await reader.ask("PTTL", keys.lease("a")) <= LEASE_MS
    await reader.ask("PEXPIRE", keys.lease("a"), 0)  # as after two silent seconds
    assert await other.hold(["a"]) == {"a"}
    assert await store.leases.hold(["a"]) == set()


async def test_a_lease_whose_answer_was_lost_is_held_all_the_same(
    store: Store, other: Leases, proxy: CuttingProxy
) -> None:
    await store.leases.hold(["x"])
    proxy.cut_after("EVALSHA")
    with pytest.raises(StoreUnavailable):
        await store.leases.hold(["a"])
    assert await other.hold(["a"]) == set()
    assert await store.leases.hold(["a"]) == {"a"}


async def test_a_holder_that_gave_nothing_back_is_lost_and_one_that_did_is_not(
    store: Store, other: Leases, redis: Redis
) -> None:
    reader = Reader(Single(redis))
    await store.leases.hold(["a"])
    assert await store.leases.lost("a") == 0
    await reader.ask("DEL", keys.lease("a"))  # as after two silent seconds
    assert await store.leases.lost("a") == 0  # it is still there itself
    await reader.ask("DEL", keys.lease("a"))
    assert await other.hold(["a"]) == {"a"}
    assert await other.lost("a") == 1
    assert not await store.leases.recover("a")
    assert await other.recover("a")
    assert await other.lost("a") == 0
    await other.give_back(["a"])
    assert await reader.ask("EXISTS", keys.lease("a"), keys.holder("a")) == 0
    await store.leases.hold(["a"])
    assert await store.leases.lost("a") == 0


async def test_a_lease_that_is_only_kept_writes_nothing_else(store: Store, redis: Redis) -> None:
    reader = Reader(Single(redis))
    await store.leases.hold(["a"])
    await reader.ask("HSET", keys.holder("a"), "mark", "1")
    await reader.ask("EXPIRE", keys.holder("a"), 5000)
    for _ in range(3):
        await store.leases.hold(["a"])
    assert 0 < await reader.ask("TTL", keys.holder("a")) <= 5000


async def test_an_entry_is_tried_by_one_node_that_holds_and_one_at_a_time(
    store: Store, other: Leases, redis: Redis
) -> None:
    reader = Reader(Single(redis))
    entered: list[str] = []

    async def second() -> None:
        async with store.leases.trying("b", "1-0"):
            entered.append("b")

    async with store.leases.trying("a", "1-0") as lost:
        assert lost == 0
        waiting = asyncio.create_task(second())
        await store.leases.hold(["a"])  # a round trip, which the other would have needed
        assert entered == []
        assert await reader.ask("EXISTS", keys.holder("b")) == 0
        with pytest.raises(ConflictError):
            async with other.trying("a", "1-0"):
                pass
    await waiting
    await reader.ask("DEL", keys.lease("a"))
    async with other.trying("a", "1-0") as lost:
        assert lost == 1
    async with other.trying("a", "2-0") as lost:
        assert lost == 0
