from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from grandstand.store.connection import connect
from grandstand.store.errors import StoreUnavailable
from grandstand.store.reader import Reader
from grandstand.store.topology.single import Single
from redis import exceptions as errors

from tests.proxy import CuttingProxy


@pytest.fixture
async def reader(proxy: CuttingProxy) -> AsyncIterator[Reader]:
    redis = connect(proxy.url)
    yield Reader(Single(redis))
    await redis.aclose()


async def test_a_reply_comes_as_bytes(reader: Reader) -> None:
    await reader.ask("HSET", "h", "field", b"\xff")
    assert await reader.ask("HGETALL", "h") == {b"field": b"\xff"}
    assert await reader.ask("GET", "nothing") is None


async def test_several_replies_come_in_their_order_in_one_round_trip(
    reader: Reader, proxy: CuttingProxy
) -> None:
    await reader.ask("PING")
    proxy.commands.clear()
    asked = [("SET", "x", 1), ("GET", "x"), ("GET", "y")]
    assert await reader.ask_all(asked) == [True, b"1", None]
    assert [command[0] for command in proxy.commands] == [b"SET", b"GET", b"GET"]


async def test_what_is_asked_at_once_is_of_one_moment(reader: Reader, proxy: CuttingProxy) -> None:
    assert await reader.ask_all([("GET", "x"), ("GET", "y")], at_once=True) == [None, None]
    assert proxy.count("MULTI") == proxy.count("EXEC") == 1


async def test_nothing_is_asked_for_nothing(reader: Reader, proxy: CuttingProxy) -> None:
    assert await reader.ask_all([]) == []
    assert proxy.commands == []


async def test_a_cut_is_unavailable_and_the_next_question_is_answered(
    reader: Reader, proxy: CuttingProxy
) -> None:
    proxy.cut_after("GET")
    with pytest.raises(StoreUnavailable):
        await reader.ask("GET", "x")
    proxy.cut_before("GET", nth=2)
    with pytest.raises(StoreUnavailable):
        await reader.ask_all([("GET", "x"), ("GET", "x")])
    assert await reader.ask("GET", "x") is None


async def test_a_wrong_command_is_our_fault(reader: Reader) -> None:
    await reader.ask("SET", "x", 1)
    with pytest.raises(errors.ResponseError, match="WRONGTYPE"):
        await reader.ask("HGETALL", "x")
