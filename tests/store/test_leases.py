from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from grandstand.store import keys
from grandstand.store.connection import StoreUnavailable, connect
from grandstand.store.leases import LEASE_MS, Leases
from grandstand.store.reader import Reader
from grandstand.store.store import Store
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
    return Leases(Writer(redis, store.durability), "other")


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
    reader = Reader(redis)
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
