"""One server that has all keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redis.asyncio import Redis

from grandstand.store.topology.slots import Key
from grandstand.store.topology.topology import (
    Command,
    Confirmation,
    Node,
    first_error,
    key_of,
    send,
    send_at_once,
)

TAG = "Any"
"""No room has this name: it has a capital letter."""


class Single:
    """A topology of one server."""

    def __init__(self, redis: Redis) -> None:
        self.redis: Any = redis

    def client(self, key: Key) -> Redis:
        """Return the only client."""
        client: Redis = self.redis
        return client

    def when_changed(self, call: Callable[[], None]) -> None:
        """Nothing ever changes."""

    def suspect(self) -> None:
        """There is nowhere else to look."""

    async def ask(self, command: Command, near: Key | None = None) -> Any:
        """Return one command's reply."""
        return await self.redis.execute_command(*command)

    async def pipeline(
        self,
        commands: Sequence[Command],
        first: Sequence[Command] = (),
        confirmation: Confirmation | None = None,
    ) -> list[Any]:
        """Send all in one round trip; return the commands' replies."""
        last = () if confirmation is None else confirmation.commands(key_of(commands[-1]), "")
        replies = await send(self.redis, [*first, *commands, *last])
        at, end = len(first), len(first) + len(commands)
        if (fault := first_error(replies[:at])) is not None:
            raise fault
        if confirmation is not None:
            confirmation.check(replies[end:])
        return replies[at:end]

    async def transaction(self, commands: Sequence[Command]) -> list[Any]:
        """Return the replies as of one moment."""
        return await send_at_once(self.redis, commands)

    async def nodes(self) -> Sequence[Node]:
        """Return the only server."""
        return [Node("", self.redis, TAG)]

    @property
    def answers_in_part(self) -> bool:
        """Return False: one server answers or doesn't."""
        return False

    async def aclose(self) -> None:
        """End every connection."""
        await self.redis.aclose()
