"""Scripts, and the one way to run them: at most once, answered when the write is on disk.

All writes go through ``Writer.run``. A call is repeated only when the server said that it does not
know its script: then it had no effect. After any other failure the caller sends it again under the
same id, which the scripts recognise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from redis import exceptions as errors
from redis.asyncio import Redis

from grandstand.store.connection import translated, unavailability
from grandstand.store.durability import Durability
from grandstand.store.errors import StoreUnavailable

WAITAOF_TIMEOUT_MS = 4000
"""Below ``REPLY_TIMEOUT_S``, so that a late fsync can be told from a dead server."""

BEAT_KEY = b"grandstand:beat"
"""Incremented before each ``WAITAOF``, which waits only for its own connection's last write. Else a
resent call that a script answers without writing would be acknowledged before the fsync of the
write that it repeats."""

Argument = bytes | str | int | float

_INCLUDE = re.compile(r"^-- include (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script. ``sha1`` is its name at the server."""

    name: str
    source: str
    sha1: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha1", digest)


def load(name: str) -> Script:
    """Read ``store/scripts/{name}.lua`` from the package, with what it includes."""
    return Script(name, _INCLUDE.sub(lambda found: _source(found[1]), _source(name)))


def _source(name: str) -> str:
    file = resources.files("grandstand.store").joinpath("scripts", f"{name}.lua")
    return file.read_text(encoding="utf-8")


Call = tuple[Script, Sequence[bytes | str], Sequence[Argument]]
"""A script, its keys and its arguments."""


class Writer:
    """Runs scripts on one store whose ``durability`` has been probed."""

    def __init__(self, redis: Redis, durability: Durability) -> None:
        self._redis = redis
        self._durability = durability

    async def run(self, calls: Sequence[Call]) -> list[Any]:
        """Run ``calls`` in one round trip on one connection; return a result for each, in order.

        A result is the script's reply, or, in its place, a ``StoreUnavailable`` (out of memory,
        read-only) or ``redis.ResponseError`` (a fault in the script); the other calls aren't
        affected. Replies are as durable as ``durability`` says. Calls run in their order, except
        that those whose script the server did not know run after the rest. So what must always
        follow another call belongs into its script or a later run.

        Raises:
            StoreUnavailable: any of the calls may or may not have been done, or may not be on
                disk: send all of them again.
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
        async with self._redis.pipeline(transaction=False) as pipe:
            for script in scripts:
                pipe.script_load(script.source)
            for script, keys, arguments in calls:
                pipe.evalsha(script.sha1, len(keys), *keys, *arguments)
            if self._durability.waitaof:
                pipe.incr(BEAT_KEY)
                pipe.waitaof(1, 0, WAITAOF_TIMEOUT_MS)
            replies = await pipe.execute(raise_on_error=False)
        if self._durability.waitaof:
            _require_fsync(*replies[-2:])
        for reply in replies[: len(scripts)]:
            if isinstance(reply, errors.RedisError):
                raise reply
        return replies[len(scripts) : len(scripts) + len(calls)]


def _require_fsync(beat: Any, fsynced: Any) -> None:
    for reply in (beat, fsynced):
        if isinstance(reply, errors.ResponseError):
            raise StoreUnavailable(f"the store does not confirm its fsync: {reply}") from reply
    if fsynced[0] < 1:
        raise StoreUnavailable(f"no fsync within {WAITAOF_TIMEOUT_MS} ms")


def _checked(result: Any) -> Any:
    if isinstance(result, errors.NoScriptError):  # flushed again: no effect
        return StoreUnavailable("the store keeps losing its scripts")
    if isinstance(result, errors.ResponseError):
        return unavailability(result) or result
    return result
