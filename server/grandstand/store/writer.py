"""The one way to run scripts: at most once, answered when the write is as durable as promised.

All writes go through ``Writer.run``. A call is repeated only when the server said that it does not
know its script: then it had no effect. After any other failure the caller sends it again under the
same id, which the scripts recognise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import exceptions as errors

from grandstand.store.connection import translated, unavailability
from grandstand.store.durability import Durability
from grandstand.store.errors import StoreUnavailable
from grandstand.store.lua import Script
from grandstand.store.topology.topology import Topology

Argument = bytes | str | int | float

Call = tuple[Script, Sequence[bytes | str], Sequence[Argument]]
"""A script, its keys and its arguments."""


class Writer:
    """Runs scripts on one store whose ``durability`` has been probed."""

    def __init__(self, topology: Topology, durability: Durability) -> None:
        self._topology = topology
        self._confirmation = durability.confirmation

    async def run(self, calls: Sequence[Call]) -> list[Any]:
        """Run ``calls``, those of one server in one round trip; return a result for each, in order.

        A result is the script's reply, or, in its place, a ``StoreUnavailable`` (out of memory,
        read-only, its server is away) or ``redis.ResponseError`` (a fault in the script); the other
        calls aren't affected. Replies are as durable as ``durability`` says. Calls of one slot run
        in their order, except that those whose script the server did not know run after the rest.
        So what must always follow another call belongs into its script or a later run.

        Raises:
            StoreUnavailable: any of the calls may or may not have been done, or may not be as
                durable as promised: send all of them again.
        """
        if not calls:
            return []
        with translated():
            results = await self._round(calls, ())
            unknown = [i for i, r in enumerate(results) if isinstance(r, errors.NoScriptError)]
            if unknown:
                again = [calls[i] for i in unknown]
                scripts = {script.sha1: script for script, _, _ in again}
                redone = await self._round(again, tuple(scripts.values()))
                for i, result in zip(unknown, redone, strict=True):
                    results[i] = result
        return [_checked(result) for result in results]

    async def all(self, calls: Sequence[Call]) -> list[Any]:
        """Do as ``run``, for calls of which each must succeed: a result that is an error is
        raised."""
        results = await self.run(calls)
        for result in results:
            if isinstance(result, Exception):
                raise result
        return results

    async def _round(self, calls: Sequence[Call], scripts: Sequence[Script]) -> list[Any]:
        loads = [("SCRIPT LOAD", script.source) for script in scripts]
        commands = [
            ("EVALSHA", script.sha1, len(keys), *keys, *arguments)
            for script, keys, arguments in calls
        ]
        return await self._topology.pipeline(commands, loads, self._confirmation)


def _checked(result: Any) -> Any:
    if isinstance(result, errors.NoScriptError):  # flushed again: no effect
        return StoreUnavailable("the store keeps losing its scripts")
    if isinstance(result, Exception):
        return unavailability(result) or result
    return result
