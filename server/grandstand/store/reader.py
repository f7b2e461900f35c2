"""Commands that may be repeated without harm: reads, and writes of latest values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grandstand.store.connection import translated, unavailability
from grandstand.store.topology.slots import Key
from grandstand.store.topology.topology import Command, Topology, first_error


class Reader:
    """Sends one command or several at a time; replies as redis-py gives them, strings as bytes."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    async def ask(self, *command: Any, near: Key | None = None) -> Any:
        """Return one command's reply; ``near`` is a key that names the server for one without keys.

        Raises StoreUnavailable.
        """
        with translated():
            return await self._topology.ask(command, near)

    async def history(self, near: Key) -> str:
        """Return the name of what the key's server has written: another one after every restart and
        every failover, and where the key's slot has gone to another server.

        Raises StoreUnavailable.
        """
        # With the key, so that a server that has it no more says so.
        asked = [("EXISTS", near), ("INFO", "replication")]
        _, info = await self.ask_all(asked, at_once=True)
        return str(info["master_replid"])

    async def ask_all(self, commands: Sequence[Command], at_once: bool = False) -> list[Any]:
        """Return the commands' replies, in one round trip; ``at_once`` as of one moment (MULTI),
        for keys of one slot.

        Raises StoreUnavailable if one of them isn't answered; all have been sent.
        """
        if not commands:
            return []
        with translated():
            if at_once:
                return await self._topology.transaction(commands)
            replies = await self._topology.pipeline(commands)
            if (fault := first_error(replies)) is not None:
                raise fault
            return replies

    async def ask_each(self, commands: Sequence[Command]) -> list[Any]:
        """Do as ``ask_all``, but put the error in place of each reply that the store refuses, or
        that one of its servers doesn't give.

        Raises StoreUnavailable if nobody answers.
        """
        if not commands:
            return []
        with translated():
            replies = await self._topology.pipeline(commands)
        return [_told(reply) for reply in replies]


def _told(reply: Any) -> Any:
    return (unavailability(reply) or reply) if isinstance(reply, Exception) else reply
