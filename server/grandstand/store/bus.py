"""Pub/sub between sequencers and edges. It is fast, and no promise rests on it.

Each process has one connection to each server where channels of the rooms are that it follows. Each
connection and reconnection, and each channel that goes to another server, calls ``on_connected``,
and replicas then fill their gaps from the timeline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.listener import Listener
from grandstand.store.topology.topology import Topology
from grandstand.tasks import cancel_all

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger(__name__)


class Bus:
    """The channels of the rooms that this process listens to."""

    def __init__(
        self,
        topology: Topology,
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None],
    ) -> None:
        """``on_message`` gets the room and the envelope's bytes; both are called on the loop."""
        self._topology = topology
        self._on_message = on_message
        self._on_connected = on_connected
        self._rooms: dict[str, str] = {}
        self._listeners: dict[Redis, Listener] = {}
        self._tasks: dict[Redis, asyncio.Task[None]] = {}
        self._unserved: set[str] = set()
        self._changed = asyncio.Event()
        topology.when_changed(self._changed.set)

    @property
    def hears(self) -> bool:
        """Return whether it listens to all its rooms."""
        return not self._unserved and all(each.hears for each in self._listeners.values())

    async def subscribe(self, room: str) -> None:
        """Listen to ``room`` from now on; during an outage, from the next connection on."""
        self._rooms[keys.bus(room)] = room
        listener = self._assign(keys.bus(room))
        if listener is not None:
            await listener.ask()

    def forget(self, room: str) -> None:
        """Ignore what still comes of ``room``; the next connection doesn't ask for it."""
        channel = keys.bus(room)
        self._rooms.pop(channel, None)
        self._withdraw(channel)
        self._changed.set()

    async def run(self) -> None:
        """Listen until cancelled, whatever is lost or goes to another server.

        Raises what a listener ended by: that is a fault of ours.
        """
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._spread()
        finally:
            await cancel_all(self._tasks.values())

    def _assign(self, channel: str) -> Listener | None:
        """Give the channel to the listener of the server that has it; None if none has."""
        try:
            redis = self._topology.client(channel)
        except StoreUnavailable:
            self._withdraw(channel)
            self._unserved.add(channel)
            return None
        listener = self._listeners.get(redis)
        if listener is None:
            listener = Listener(redis, self._heard, self._on_connected, self._topology.suspect)
            self._listeners[redis] = listener
            self._changed.set()
        if channel not in listener.channels:
            self._withdraw(channel)
            listener.channels.add(channel)
        return listener

    def _withdraw(self, channel: str) -> None:
        self._unserved.discard(channel)
        for listener in self._listeners.values():
            listener.channels.discard(channel)

    async def _spread(self) -> None:
        """Give each channel to the listener of its server, and end those that have none left."""
        for task in self._tasks.values():
            if task.done():
                task.result()  # raises: none ends by itself
        for channel in self._rooms:
            self._assign(channel)
        for redis, listener in list(self._listeners.items()):
            if not listener.channels:
                del self._listeners[redis]
                await cancel_all([self._tasks.pop(redis)] if redis in self._tasks else [])
            elif redis not in self._tasks:
                task = asyncio.create_task(listener.run(), name="listen to the bus")
                task.add_done_callback(lambda _: self._changed.set())
                self._tasks[redis] = task
            else:
                await self._ask(listener)

    async def _ask(self, listener: Listener) -> None:
        try:
            if await listener.ask():
                self._on_connected()
        except StoreUnavailable as lost:  # it connects again, and asks then
            log.warning("bus_lost", reason=lost.reason)

    def _heard(self, channel: str, payload: bytes) -> None:
        room = self._rooms.get(channel)
        if room is None:
            return
        try:
            self._on_message(room, payload)
        except Exception:  # one room's fault must not stop the others' channels
            log.exception("message_failed", room=room, size_bytes=len(payload))
