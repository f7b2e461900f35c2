"""Commands that may be repeated without harm: reads, and writes of latest values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grandstand.store.connection import translated

if TYPE_CHECKING:
    from redis.asyncio import Redis

Command = tuple[Any, ...]


class Reader:
    """Sends one command or several at a time; replies as redis-py gives them, strings as bytes."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis

    async def ask(self, *command: Any) -> Any:
        """Return one command's reply. Raises StoreUnavailable."""
        with translated():
            return await self._redis.execute_command(*command)

    async def ask_all(self, commands: Sequence[Command], at_once: bool = False) -> list[Any]:
        """Return the commands' replies, in one round trip; ``at_once`` as of one moment (MULTI).

        Raises StoreUnavailable.
        """
        if not commands:
            return []
        with translated():
            async with self._redis.pipeline(transaction=at_once) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                replies: list[Any] = await pipe.execute()
                return replies

    async def ask_each(self, commands: Sequence[Command]) -> list[Any]:
        """Do as ``ask_all``, but put a ResponseError in place of each reply that the store refuses.

        Raises StoreUnavailable.
        """
        if not commands:
            return []
        with translated():
            async with self._redis.pipeline(transaction=False) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                replies: list[Any] = await pipe.execute(raise_on_error=False)
                return replies
