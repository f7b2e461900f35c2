from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvloop
from grandstand.errors import OperatorError
from grandstand.store.connection import connect, translated, unavailability
from grandstand.store.errors import StoreUnavailable
from redis import exceptions as errors
from redis.asyncio import Redis

from tests.proxy import CuttingProxy
from tests.valkey import valkey
from tests.waiting import patience, until


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with valkey(tmp_path) as url:
        yield url


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[CuttingProxy]:
    async with CuttingProxy(url) as proxy:
        yield proxy


@pytest.fixture
async def redis(proxy: CuttingProxy) -> AsyncIterator[Redis]:
    client = connect(proxy.url, reply_timeout_s=0.3)
    yield client
    await client.aclose()


async def test_a_command_cut_off_after_its_execution_is_sent_once(
    redis: Redis, proxy: CuttingProxy
) -> None:
    cut = proxy.cut_after("INCRBY")
    with pytest.raises(StoreUnavailable), translated():
        await redis.incr("x")
    assert cut.fired
    assert proxy.count("INCRBY") == 1
    assert await redis.get("x") == b"1"


def test_a_connection_that_is_closed_while_it_is_written_to_is_lost(tmp_path: Path) -> None:
    async def write() -> None:
        async with valkey(tmp_path) as url:
            client = connect(url)
            pool: Any = client.connection_pool
            connection = await pool.get_connection()
            connection._writer.transport.abort()  # as by a server that was killed
            await asyncio.sleep(0)
            with pytest.raises(StoreUnavailable, match="closed"), translated():
                await connection.send_command("PING")
            await pool.release(connection)
            assert await client.ping()
            await client.aclose()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # which serves
        runner.run(write())


async def test_the_same_cut_makes_redis_pys_default_client_count_twice(
    proxy: CuttingProxy,
) -> None:
    async with Redis(port=urlsplit(proxy.url).port or 0) as default:
        proxy.cut_after("INCRBY")
        assert await default.incr("x") == 2


async def test_a_pipeline_cut_off_after_its_execution_is_sent_once(
    redis: Redis, proxy: CuttingProxy
) -> None:
    proxy.cut_after("INCRBY", nth=2)
    pipe = redis.pipeline(transaction=False)
    pipe.incr("x")
    pipe.incr("x")
    with pytest.raises(StoreUnavailable), translated():
        await pipe.execute()
    assert proxy.count("INCRBY") == 2
    assert await redis.get("x") == b"2"


async def test_a_command_cut_off_before_its_execution_is_not_sent_again(
    redis: Redis, proxy: CuttingProxy
) -> None:
    proxy.cut_before("INCRBY")
    with pytest.raises(StoreUnavailable), translated():
        await redis.incr("x")
    assert await redis.get("x") is None


async def test_a_late_reply_is_unavailable_and_never_taken_for_the_next_commands(
    redis: Redis, proxy: CuttingProxy
) -> None:
    await redis.set("x", "late")
    proxy.delay("GET", seconds=0.5)
    with pytest.raises(StoreUnavailable, match="Timeout"), translated():
        await redis.get("x")
    assert await redis.get("y") is None


async def test_a_silent_store_is_unavailable_within_the_timeout(
    redis: Redis, proxy: CuttingProxy
) -> None:
    await redis.ping()
    proxy.black_hole()
    with pytest.raises(StoreUnavailable), translated():
        await redis.ping()
    proxy.heal()
    assert await redis.ping()


async def test_a_refusing_store_is_unavailable_and_comes_back_by_itself(
    redis: Redis, proxy: CuttingProxy
) -> None:
    await redis.ping()
    proxy.refuse()
    with pytest.raises(StoreUnavailable), translated():
        await redis.ping()
    proxy.heal()
    assert await redis.ping()


async def test_a_connection_that_was_cut_while_idle_costs_no_error(
    redis: Redis, proxy: CuttingProxy
) -> None:
    await redis.incr("x")
    proxy.cut()
    (idle,) = redis.connection_pool._available_connections
    reader = idle._reader
    assert reader is not None
    await until(reader.at_eof)
    assert await redis.incr("x") == 2


async def test_a_cancelled_command_leaves_no_reply_behind_for_the_next(
    redis: Redis, proxy: CuttingProxy
) -> None:
    await redis.set("x", "cancelled")
    delayed = proxy.delay("GET", seconds=0.1)
    task = asyncio.ensure_future(redis.get("x"))
    await until(lambda: delayed.fired)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await redis.get("y") is None


async def test_no_store_at_all_is_unavailable(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(StoreUnavailable), translated():
        await client.ping()
    await client.aclose()


async def test_callers_wait_their_turn_for_a_connection(url: str) -> None:
    client = connect(url, max_connections=1)
    assert sorted(await asyncio.gather(*(client.incr("x") for _ in range(20)))) == list(
        range(1, 21)
    )
    assert len(await client.client_list()) == 1
    await client.aclose()


async def writes_until_refused(redis: Redis) -> None:
    """Write until the store, in which something else is about to begin, refuses it."""
    async with patience():
        while True:
            with translated():
                await redis.set("x", 1)


async def test_a_script_that_runs_too_long_is_unavailable(url: str) -> None:
    looping, other = connect(url), connect(url)
    await other.config_set("busy-reply-threshold", 1)
    task = asyncio.ensure_future(looping.eval("while true do end", 0))
    with pytest.raises(StoreUnavailable, match="BUSY"):
        await writes_until_refused(other)
    await other.script_kill()
    with pytest.raises(errors.ResponseError):
        await task
    await looping.aclose()
    await other.aclose()


async def test_a_full_store_is_unavailable(url: str) -> None:
    client = connect(url)
    await client.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailable, match="command not allowed"), translated():
        await client.set("x", 1)
    with pytest.raises(StoreUnavailable, match="command not allowed"), translated():
        await client.eval("return redis.call('SET', KEYS[1], 1)", 1, "x")
    await client.config_set("maxmemory", 0)
    await client.aclose()


async def test_a_replica_is_unavailable_for_writes(url: str) -> None:
    client = connect(url)
    await client.replicaof("127.0.0.1", "1")
    with pytest.raises(StoreUnavailable, match="read only"), translated():
        await client.set("x", 1)
    await client.config_set("replica-serve-stale-data", "no")
    with pytest.raises(StoreUnavailable, match=r"(?i)link with"), translated():
        await client.get("x")
    await client.replicaof("NO", "ONE")
    await client.aclose()


async def test_a_fault_of_our_own_goes_on_as_it_is(url: str) -> None:
    client = connect(url)
    await client.set("x", "text")
    with pytest.raises(errors.ResponseError, match="WRONGTYPE"), translated():
        await client.lpush("x", "y")
    await client.aclose()


@pytest.mark.parametrize(
    "error",
    [
        errors.BusyLoadingError("Redis is loading the dataset in memory"),
        errors.ResponseError("MISCONF Errors writing to the AOF file: No space left on device"),
        errors.ResponseError("NOREPLICAS Not enough good replicas to write."),
        errors.ResponseError("UNBLOCKED force unblock from blocking operation"),
        errors.ClusterDownError("The cluster is down"),
        errors.MaxConnectionsError("Too many connections"),
    ],
)
def test_these_errors_mean_unavailable(error: Exception) -> None:
    assert unavailability(error) is not None


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ("http://:secret@localhost", "or rediss+cluster://, not http://"),
        ("localhost:6379", "must begin with redis://"),
        ("", "must begin with"),
        ("redis://", "no host"),
        ("unix://", "no path"),
        ("redis://:secret@localhost:notaport", "can't be read"),
        ("redis://localhost?db=one", "can't be read"),
        ("redis://:secret@localhost?retry_on_timeout=1", "retry_on_timeout"),
    ],
)
def test_a_url_that_cannot_be_used_is_the_operators_fault(bad: str, named: str) -> None:
    with pytest.raises(OperatorError) as caught:
        connect(bad)
    assert "GRANDSTAND_REDIS_URL" in str(caught.value)
    assert named in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
