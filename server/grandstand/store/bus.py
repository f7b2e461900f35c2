"""Pub/sub between sequencers and edges. It is fast, and no promise rests on it.

Each process has one connection, which listens to the channels of the rooms that it follows. The
reconnect loop is our own: redis-py resubscribes silently, and messages that were published in
between are lost (redis-py#2089). Even without retries it connects once more before it raises, so
its callback that resubscribes is taken away: nobody would hear that listener. Each connection and
reconnection calls ``on_connected``, and replicas then fill their gaps from the timeline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from grandstand.store import keys
from grandstand.store.connection import translated
from grandstand.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

RETRY_S = 0.25
"""Pause between two tries to connect again."""

log = structlog.get_logger(__name__)


class Bus:
    """The channels of the rooms that this process listens to."""

    def __init__(
        self,
        redis: Redis,
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None],
    ) -> None:
        """``on_message`` gets the room and the envelope's bytes; both are called on the loop."""
        self._redis = redis
        self._on_message = on_message
        self._on_connected = on_connected
        self._rooms: dict[str, str] = {}
        self._pubsub: Any = None
        self._wanted = asyncio.Event()

    @property
    def hears(self) -> bool:
        """Return whether it listens, or has no room to listen to."""
        return self._pubsub is not None or not self._rooms

    async def subscribe(self, room: str) -> None:
        """Listen to ``room`` from now on; during an outage, from the next connection on."""
        self._rooms[keys.bus(room)] = room
        self._wanted.set()
        pubsub = self._pubsub
        if pubsub is not None:
            with translated():
                await pubsub.ssubscribe(keys.bus(room))

    def forget(self, room: str) -> None:
        """Ignore what still comes of ``room``; the next connection doesn't ask for it."""
        self._rooms.pop(keys.bus(room), None)

    async def run(self) -> None:
        """Listen until cancelled, through every loss of the connection."""
        while True:
            await self._wanted.wait()
            try:
                with translated():
                    await self._listen()
            except StoreUnavailable as lost:
                log.warning("bus_lost", reason=str(lost))
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.connect()
            pubsub.connection.deregister_connect_callback(pubsub.on_connect)
            asked: set[str] = set()
            while missing := self._rooms.keys() - asked:  # others may come while these are asked
                await pubsub.ssubscribe(*missing)
                asked |= missing
            self._pubsub = pubsub
            self._on_connected()
            try:
                while self._rooms:
                    message = await pubsub.parse_response(block=True)
                    self._handle(message)
                self._wanted.clear()
            finally:
                self._pubsub = None

    def _handle(self, message: Any) -> None:
        kind, channel, payload = message[0], message[1], message[2]
        if kind == b"smessage":
            room = self._rooms.get(channel.decode())
            if room is None:
                return
            try:
                self._on_message(room, payload)
            except Exception:  # one room's fault must not stop the others' channels
                log.exception("message_failed", room=room, size_bytes=len(payload))
