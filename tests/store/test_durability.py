from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from grandstand.errors import OperatorError
from grandstand.store.connection import connect
from grandstand.store.durability import Durability, _everysec, probe_one
from grandstand.store.errors import StoreUnavailable
from redis.asyncio import Redis

from tests.valkey import valkey


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with valkey(tmp_path) as url:
        yield url


@pytest.fixture
async def redis(url: str) -> AsyncIterator[Redis]:
    client = connect(url)
    yield client
    await client.aclose()


async def test_the_embedded_store_promises_fsync_without_asking(redis: Redis) -> None:
    found = await probe_one(redis)
    assert (found.promise, found.waitaof) == ("fsync", False)


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("appendonly", "no", "no append-only file"),
        ("appendfsync", "no", "appendfsync no"),
        ("appendfsync", "everysec", "WAITAOF of Valkey"),
        ("no-appendfsync-on-rewrite", "yes", "while it rewrites"),
    ],
)
async def test_a_store_that_may_forget_is_weak_and_says_what_to_set(
    redis: Redis, setting: str, value: str, named: str
) -> None:
    await redis.config_set(setting, value)
    found = await probe_one(redis)
    assert (found.promise, found.waitaof) == ("weak", False)
    assert named in found.why
    assert "set appendonly yes, appendfsync always" in found.why


async def test_a_store_that_may_evict_is_weak(redis: Redis) -> None:
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    assert (await probe_one(redis)).promise == "fsync"  # there is no limit at which it would
    await redis.config_set("maxmemory", "1gb")
    found = await probe_one(redis)
    assert found.promise == "weak"
    assert "may evict data (allkeys-lru)" in found.why


async def test_valkeys_waitaof_still_answers_before_the_fsync(redis: Redis) -> None:
    """Once this fails, a Valkey has come whose ``WAITAOF`` waits: let ``probe`` trust it.

    ``everysec`` syncs once a second at most, so five writes, each awaited, take over three seconds
    where it holds.
    """
    await redis.config_set("appendfsync", "everysec")
    await redis.set("x", "first")
    started = await redis.time()
    for _ in range(5):
        await redis.set("x", "y")
        assert await redis.waitaof(1, 0, 3000) == [1, 0]
    ended = await redis.time()
    assert ended[0] - started[0] < 3


@pytest.mark.parametrize("version", ["8.0.0", "8.2.10", "10.1"])
def test_redis_8_can_be_asked_by_waitaof(version: str) -> None:
    found = _everysec({"redis_version": version})
    assert (found.promise, found.waitaof) == ("fsync", True)


@pytest.mark.parametrize("version", ["7.4.2", "7.2.5", "6.2.14", "unheard of"])
def test_older_redis_can_not(version: str) -> None:
    found = _everysec({"redis_version": version})
    assert (found.promise, found.waitaof) == ("weak", False)
    assert version in found.why


async def as_user(redis: Redis, url: str, *rules: str) -> Durability:
    await redis.acl_setuser("guest", enabled=True, passwords="+word", commands=list(rules))
    client = connect(re.sub("^unix://", "unix://guest:word@", url))
    try:
        return await probe_one(client)
    finally:
        await client.aclose()


async def test_a_store_that_keeps_its_configuration_to_itself_is_weak(
    redis: Redis, url: str
) -> None:
    found = await as_user(redis, url, "+@all", "-config")
    assert found.promise == "weak"
    assert "doesn't reveal its configuration" in found.why


async def test_a_wrong_password_is_the_operators_fault(redis: Redis, url: str) -> None:
    await redis.acl_setuser("guest", enabled=True, passwords="+word")
    client = connect(re.sub("^unix://", "unix://guest:wrong@", url))
    with pytest.raises(OperatorError, match="password in GRANDSTAND_REDIS_URL"):
        await probe_one(client)
    await client.aclose()


async def test_a_store_out_of_reach_is_unavailable(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(StoreUnavailable):
        await probe_one(client)
    await client.aclose()
