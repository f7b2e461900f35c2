"""One connection that listens to the sharded channels of one server, through every loss of it.

The reconnect loop is our own: redis-py resubscribes silently, and messages that were published in
between are lost (redis-py#2089). Even without retries it connects once more before it raises, so
its callback that resubscribes is taken away: nobody would hear that listener.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from grandstand.store.connection import translated
from grandstand.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

RETRY_S = 0.25
"""Pause between two tries to connect again."""

log = structlog.get_logger(__name__)


class Listener:
    """Listens to ``channels``, which others may change."""

    def __init__(
        self,
        redis: Redis,
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None],
        on_lost: Callable[[], None],
    ) -> None:
        """``on_message`` gets the channel; ``on_lost`` is told of the loss of the connection, or of
        a channel that has gone to another server."""
        self._redis = redis
        self._on_message = on_message
        self._on_connected = on_connected
        self._on_lost = on_lost
        self._asked: set[str] = set()
        self._pubsub: Any = None
        self.channels: set[str] = set()

    @property
    def hears(self) -> bool:
        """Return whether it listens to all its channels."""
        return self._pubsub is not None and self.channels <= self._asked

    async def ask(self) -> bool:
        """Subscribe to the channels that are new; return whether there was one. Without a
        connection, the next one does it.

        Raises StoreUnavailable.
        """
        new = self.channels - self._asked if self._pubsub is not None else set()
        self._asked |= new
        with translated():
            for channel in new:  # one each: a command's channels must lie in one slot
                await self._pubsub.ssubscribe(channel)
        return bool(new)

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                with translated():
                    await self._listen()
            except StoreUnavailable as lost:
                log.warning("bus_lost", reason=str(lost))
            self._on_lost()
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.connect()
            pubsub.connection.deregister_connect_callback(pubsub.on_connect)
            asked: set[str] = set()
            while missing := self.channels - asked:  # others may come while these are asked
                for channel in missing:
                    await pubsub.ssubscribe(channel)
                asked |= missing
            self._pubsub, self._asked = pubsub, asked
            self._on_connected()
            try:
                while True:
                    kind, channel, payload = await pubsub.parse_response(block=True)
                    if kind == b"smessage":
                        self._on_message(channel.decode(), payload)
                    elif kind == b"sunsubscribe":  # we never ask for it: its slot has moved
                        self._asked.discard(channel.decode())
                        self._on_lost()
            finally:
                self._pubsub = None
