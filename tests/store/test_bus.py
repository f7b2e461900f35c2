from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
from grandstand.domain.envelope import Latest, encode
from grandstand.store import listener
from grandstand.store.bus import Bus
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store, open_store
from grandstand.tasks import cancel_all

from tests.proxy import CuttingProxy
from tests.waiting import patience, until


class Ears:
    """What a bus has told so far."""

    def __init__(self, store: Store) -> None:
        self.messages: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.connections: asyncio.Queue[None] = asyncio.Queue()
        self.bus = store.bus(
            lambda room, payload: self.messages.put_nowait((room, payload)),
            lambda: self.connections.put_nowait(None),
        )

    async def connected(self) -> None:
        async with patience():
            await self.connections.get()

    async def heard(self) -> tuple[str, bytes]:
        async with patience():
            return await self.messages.get()


@pytest.fixture
async def speaker(valkey_url: str) -> AsyncIterator[Store]:
    """Another process, not behind the proxy."""
    store = await open_store(valkey_url)
    yield store
    await store.close()


@pytest.fixture
async def ears(
    store: Store, speaker: Store, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ears]:
    async def nobody_listens() -> bool:
        """What an earlier test has closed may still be a listener to the server."""
        return not await speaker.rooms._reader.ask("PUBSUB", "SHARDCHANNELS")

    await until(nobody_listens)
    monkeypatch.setattr(listener, "RETRY_S", 0.01)
    ears = Ears(store)
    running = asyncio.create_task(ears.bus.run())
    yield ears
    await cancel_all([running])


Say = Callable[[str, bytes], Awaitable[None]]


@pytest.fixture
def say(speaker: Store) -> Say:
    async def say(room: str, frame: bytes) -> None:
        await speaker.timeline.publish(room, Latest("e", frame, 0))

    return say


def told(room: str, frame: bytes) -> tuple[str, bytes]:
    return room, encode(Latest("e", frame, 0))


async def listeners(speaker: Store) -> set[bytes]:
    """The store's own numbers of the connections that listen."""
    clients = await speaker.rooms._reader.ask("CLIENT", "LIST", "TYPE", "PUBSUB")
    return {client.split()[0] for client in clients.splitlines()}


def asked(proxy: CuttingProxy, room: str) -> int:
    """How often the room's channel was subscribed to."""
    return sum(f"gs:{{{room}}}:bus".encode() in command for command in proxy.commands)


async def answered(speaker: Store, room: str, listeners: int = 1) -> None:
    """Waits until the store knows so many listeners of the room's channel."""

    async def is_so() -> bool:
        channel = f"gs:{{{room}}}:bus"
        _, count = await speaker.rooms._reader.ask("PUBSUB", "SHARDNUMSUB", channel)
        return bool(count == listeners)

    await until(is_so)


async def test_a_room_is_heard_once_it_is_subscribed_to(
    ears: Ears, say: Say, speaker: Store
) -> None:
    await ears.bus.subscribe("a")
    await ears.connected()
    await answered(speaker, "a")
    await say("b", b"not ours")
    await say("a", b"1")
    assert await ears.heard() == told("a", b"1")
    await ears.bus.subscribe("b")
    await answered(speaker, "b")
    await say("b", b"2")
    assert await ears.heard() == told("b", b"2")


async def test_rooms_that_come_while_it_connects_are_heard_too(
    ears: Ears, say: Say, speaker: Store, proxy: CuttingProxy
) -> None:
    await ears.bus.subscribe("a")
    while not asked(proxy, "a"):
        await ears.bus.subscribe(f"b{len(proxy.commands)}")
        await asyncio.sleep(0)
    await ears.bus.subscribe("c")
    await ears.connected()
    await answered(speaker, "c")
    await say("c", b"1")
    assert await ears.heard() == told("c", b"1")


@pytest.mark.parametrize("how", ["killed", "cut"])
async def test_after_a_loss_it_listens_again_and_says_so(
    ears: Ears, say: Say, speaker: Store, proxy: CuttingProxy, how: str
) -> None:
    async def is_gone() -> bool:
        return not first & await listeners(speaker)

    await ears.bus.subscribe("a")
    await ears.bus.subscribe("b")
    await ears.connected()
    await answered(speaker, "a")
    await answered(speaker, "b")
    first = await listeners(speaker)
    if how == "killed":
        assert await speaker.rooms._reader.ask("CLIENT", "KILL", "TYPE", "PUBSUB") == 1
    else:
        proxy.cut()
    await until(is_gone)
    await ears.connected()
    for room in ("a", "b"):
        await answered(speaker, room)
        await say(room, b"again")
        assert await ears.heard() == told(room, b"again")
    assert asked(proxy, "a") == 2, "the library resubscribed besides"


async def test_it_waits_for_a_store_that_is_away(
    ears: Ears, say: Say, speaker: Store, proxy: CuttingProxy
) -> None:
    proxy.refuse()
    await ears.bus.subscribe("a")  # there is no connection yet: it is kept for the next one
    proxy.heal()
    await ears.connected()
    await answered(speaker, "a")
    await say("a", b"1")
    assert await ears.heard() == told("a", b"1")


async def test_a_subscription_that_is_cut_off_is_made_by_the_next_connection(
    ears: Ears, say: Say, speaker: Store, proxy: CuttingProxy
) -> None:
    await ears.bus.subscribe("a")
    await ears.connected()
    await answered(speaker, "a")
    proxy.cut_before("SSUBSCRIBE")
    with suppress(StoreUnavailable):  # the sender may or may not see it
        await ears.bus.subscribe("b")
    await ears.connected()
    await answered(speaker, "b")
    await say("b", b"1")
    assert await ears.heard() == told("b", b"1")


async def test_what_was_forgotten_is_not_told(ears: Ears, say: Say, speaker: Store) -> None:
    await ears.bus.subscribe("a")
    await ears.bus.subscribe("b")
    await ears.connected()
    await answered(speaker, "a")
    await answered(speaker, "b")
    ears.bus.forget("a")
    ears.bus.forget("unknown")
    await say("a", b"1")
    await say("b", b"2")
    assert await ears.heard() == told("b", b"2")


async def test_a_fault_of_a_listeners_own_ends_it_loudly(store: Store) -> None:
    def fails() -> None:
        raise RuntimeError("a bug")

    bus = store.bus(lambda room, payload: None, fails)
    await bus.subscribe("a")
    with pytest.raises(RuntimeError, match="a bug"):
        async with patience():
            await bus.run()


def test_its_constructor_asks_nothing(store: Store) -> None:
    assert isinstance(Ears(store).bus, Bus)


async def test_what_one_room_fails_at_costs_the_others_no_message(store: Store, say: Say) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    connected = asyncio.Event()

    def hear(room: str, payload: bytes) -> None:
        if payload == told("a", b"odd")[1]:
            raise ZeroDivisionError
        heard.put_nowait(payload)

    bus = store.bus(hear, connected.set)
    running = asyncio.create_task(bus.run())
    await bus.subscribe("a")
    async with patience():
        await connected.wait()
    await answered(store, "a")
    await say("a", b"odd")
    await say("a", b"good")
    async with patience():
        assert await heard.get() == told("a", b"good")[1]
    assert not running.done()
    await cancel_all([running])
