from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from grandstand.store import keys
from grandstand.store.connection import connect
from grandstand.store.durability import Durability
from grandstand.store.errors import StoreUnavailable
from grandstand.store.lua import Script, load
from grandstand.store.topology.single import Single
from grandstand.store.writer import Writer
from redis import exceptions as errors
from redis.asyncio import Redis

from tests.proxy import CuttingProxy
from tests.valkey import valkey

ADD = Script("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])")
READ = Script("read", "return redis.call('GET', KEYS[1])")
BAD = Script("bad", "return redis.call('LPUSH', KEYS[1], 1)")
ALWAYS = Durability("fsync", waitaof=False, why="")
WAITAOF = Durability("fsync", waitaof=True, why="")


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[CuttingProxy]:
    async with valkey(tmp_path) as url, CuttingProxy(url) as proxy:
        yield proxy


@pytest.fixture
async def redis(proxy: CuttingProxy) -> AsyncIterator[Redis]:
    client = connect(proxy.url)
    yield client
    await client.aclose()


@pytest.fixture
async def writer(redis: Redis) -> Writer:
    return Writer(Single(redis), ALWAYS)


async def test_calls_are_answered_in_their_order(writer: Writer) -> None:
    calls = [(ADD, ["x"], [1]), (ADD, ["y"], [10]), (ADD, ["x"], [2])]
    assert await writer.run(calls) == [1, 10, 3]


async def test_no_calls_ask_nothing_of_the_store(writer: Writer, proxy: CuttingProxy) -> None:
    assert await writer.run([]) == []
    assert proxy.commands == []


async def test_a_script_is_loaded_once(writer: Writer, proxy: CuttingProxy) -> None:
    for _ in range(3):
        await writer.run([(ADD, ["x"], [1]), (ADD, ["x"], [1])])
    assert proxy.count("SCRIPT") == 1


async def test_only_calls_without_effect_are_run_again_when_scripts_are_lost(
    writer: Writer, redis: Redis
) -> None:
    await redis.script_load(ADD.source)
    assert await writer.run([(ADD, ["x"], [1]), (READ, ["x"], []), (ADD, ["x"], [1])]) == [
        1,
        b"2",  # after the rest: its script had to be loaded first
        2,
    ]


async def test_a_run_cut_off_after_its_execution_is_unavailable_and_done_once(
    writer: Writer, proxy: CuttingProxy, redis: Redis
) -> None:
    await writer.run([(ADD, ["x"], [1])])
    proxy.cut_after("EVALSHA", nth=2)
    with pytest.raises(StoreUnavailable):
        await writer.run([(ADD, ["x"], [1]), (ADD, ["y"], [1])])
    assert await redis.mget("x", "y") == [b"2", b"1"]


async def test_a_fault_in_one_script_leaves_the_other_calls_alone(writer: Writer) -> None:
    first, fault, last = await writer.run([(ADD, ["x"], [1]), (BAD, ["x"], []), (ADD, ["x"], [1])])
    assert (first, last) == (1, 2)
    assert isinstance(fault, errors.ResponseError)
    assert "WRONGTYPE" in str(fault)


async def test_where_each_must_succeed_a_fault_is_raised(writer: Writer, redis: Redis) -> None:
    assert await writer.all([(ADD, ["x"], [1])]) == [1]
    with pytest.raises(errors.ResponseError, match="WRONGTYPE"):
        await writer.all([(BAD, ["x"], []), (ADD, ["x"], [1])])
    assert await redis.get("x") == b"2"


async def test_a_full_store_is_unavailable_to_those_calls_alone_that_write(
    writer: Writer, redis: Redis
) -> None:
    await writer.run([(ADD, ["x"], [1]), (READ, ["x"], [])])
    await redis.config_set("maxmemory", 1)
    refused, read = await writer.run([(ADD, ["x"], [1]), (READ, ["x"], [])])
    assert isinstance(refused, StoreUnavailable)
    assert read == b"1"


async def test_a_script_that_does_not_compile_is_our_fault(writer: Writer) -> None:
    with pytest.raises(errors.ResponseError, match="compiling"):
        await writer.run([(Script("broken", "return ("), [], [])])


async def test_a_script_of_the_package_that_is_not_there_is_our_fault() -> None:

    with pytest.raises(FileNotFoundError):
        load("no_such_script")


async def test_with_waitaof_each_run_writes_and_waits_on_its_own_connection(
    redis: Redis, proxy: CuttingProxy
) -> None:
    writer = Writer(Single(redis), WAITAOF)
    await writer.run([(ADD, ["x"], [1]), (READ, ["x"], [])])
    proxy.commands.clear()
    assert await writer.run([(READ, ["x"], [])]) == [b"1"]
    assert [command[0] for command in proxy.commands] == [b"EVALSHA", b"EVAL", b"WAITAOF"]
    assert await redis.get(keys.beat("x", "")) is not None


async def test_an_fsync_that_does_not_come_is_unavailable(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.store.confirmations.TIMEOUT_MS", 20)
    await redis.config_set("appendfsync", "no")
    with pytest.raises(StoreUnavailable, match="no fsync within 20 ms"):
        await Writer(Single(redis), WAITAOF).run([(ADD, ["x"], [1])])


async def test_a_file_switched_off_since_is_unavailable(redis: Redis) -> None:
    await redis.config_set("appendonly", "no")
    with pytest.raises(StoreUnavailable, match="does not confirm its fsync"):
        await Writer(Single(redis), WAITAOF).run([(ADD, ["x"], [1])])


async def test_a_full_store_confirms_what_it_may_write(redis: Redis) -> None:
    writer = Writer(Single(redis), WAITAOF)
    frees = Script("frees", "#!lua flags=allow-oom\nreturn redis.call('DEL', KEYS[1])")
    await writer.run([(ADD, ["x"], [1]), (frees, ["y"], [])])
    await redis.config_set("maxmemory", 1)
    assert await writer.run([(frees, ["x"], [])]) == [1]
