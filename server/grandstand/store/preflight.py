"""Checks whether Grandstand can work with a store. They run at the start and in the doctor.

A server that answers PING may still be a replica, a Sentinel, a node of a cluster, too old, or no
Redis at all. And a user may lack a permission that is first needed when a room opens. The operator
must correct each of these, so each is one line that says how, before anybody is let in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from redis import exceptions as errors

from grandstand.errors import OperatorError
from grandstand.store import keys
from grandstand.store.connection import is_forbidden, unavailability, unwrapped
from grandstand.store.writer import load

if TYPE_CHECKING:
    from redis.asyncio import Redis

OLDEST = (7, 0)
"""Sharded channels and scripts with flags came with Redis 7.0; every Valkey has them."""

PROBE = "fitness"
"""A name that no room's key contains: nothing is read or kept there."""

_FIT = load("fit")
_GRANT = "ACL SETUSER <user> ~gs:* ~grandstand:* &gs:* +@all"


async def check(redis: Redis) -> None:
    """Check whether the server can do, and allows its user to do, everything that Grandstand needs.

    Raises:
        OperatorError: it can't; the message says what to do.
        StoreUnavailable: it can't be reached, or is still loading.
    """
    with operator_faults():
        _check_kind(await redis.info())
    with operator_faults():
        try:
            await _try_commands(redis)
        except errors.ResponseError as error:
            # A store that is full, busy or can't save for a while will recover.
            if is_forbidden(error) or unavailability(error) is None:
                raise


def _check_kind(info: dict[str, Any]) -> None:
    mode = info.get("server_mode", info.get("redis_mode"))
    if mode == "sentinel":
        raise OperatorError(
            "GRANDSTAND_REDIS_URL names a Sentinel, which keeps no data: give the address of the "
            "primary that it watches"
        )
    if mode == "cluster":
        raise OperatorError(
            "GRANDSTAND_REDIS_URL names a node of a cluster: give a single primary, started with "
            "cluster-enabled no"
        )
    if info.get("role", "master") != "master":
        raise OperatorError(
            "GRANDSTAND_REDIS_URL names a replica, which takes no writes: give its primary"
            + (f", {info['master_host']}:{info['master_port']}" if "master_host" in info else "")
        )
    version = str(info.get("redis_version", ""))
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        raise OperatorError(
            f"the store is Redis {version or 'of an unknown version'}, which is too old: take "
            "Redis 7.0 or later, or any Valkey"
        )


async def _try_commands(redis: Any) -> None:
    # Workers start together: in each other's keys they would find the wrong kind of value.
    key, channel = keys.room_key(PROBE, f"{PROBE}-{secrets.token_hex(8)}"), keys.bus(PROBE)
    await redis.script_load(_FIT.source)
    await redis.evalsha(_FIT.sha1, 1, key, channel)
    for command in (
        ("HKEYS", key),
        ("HVALS", key),
        ("HGETALL", key),
        ("HSCAN", key, 0),
        ("SMEMBERS", key),
        ("SMISMEMBER", key, "a"),
        ("SREM", key, "a"),
        ("XRANGE", key, "-", "+"),
        ("XLEN", key),
        ("ZADD", key, 1, "a"),
        ("ZREM", key, "a"),
        ("ZCARD", key),
        ("ZRANGE", key, 0, 0),
        ("ZREVRANGE", key, 0, 0),
        ("ZREVRANK", key, "a"),
        ("ZREMRANGEBYSCORE", key, 0, 0),
        ("ZREMRANGEBYRANK", key, 0, 0),
        ("HSET", key, "a", "1"),
        ("EXPIRE", key, 60),
        ("TTL", key),
        ("UNLINK", key),
        ("TIME",),
    ):
        await redis.execute_command(*command)
    async with redis.pipeline(transaction=True) as pipe:
        pipe.exists(key)
        await pipe.execute()
    async with redis.pubsub() as pubsub:
        await pubsub.ssubscribe(channel)
        message = await pubsub.parse_response(block=True)
        if message[0] not in (b"ssubscribe", "ssubscribe"):
            raise OperatorError(f"the store answers a subscription by {message[0]!r}")


@contextmanager
def operator_faults() -> Iterator[None]:
    """Turn a server's first errors into a line for the operator, where the operator can correct
    them."""
    try:
        yield
    except errors.RedisError as fault:
        error = unwrapped(fault)
        if is_forbidden(error):
            raise OperatorError(
                f"the user in GRANDSTAND_REDIS_URL lacks a permission ({_line(error)}): {_GRANT}"
            ) from fault
        if isinstance(error, errors.AuthenticationError):
            raise OperatorError(
                f"the store refuses the user or password in GRANDSTAND_REDIS_URL: {_line(error)}"
            ) from fault
        if "protected mode" in str(fault) or "DENIED" in str(fault):
            raise OperatorError(
                "the store is in protected mode and lets nobody in from elsewhere: set a password "
                "there and put it into GRANDSTAND_REDIS_URL"
            ) from fault
        if isinstance(error, errors.ReadOnlyError):
            raise OperatorError(
                "GRANDSTAND_REDIS_URL names a replica, which takes no writes: give its primary"
            ) from fault
        if (away := unavailability(fault)) is not None and not isinstance(
            error, errors.InvalidResponse
        ):
            raise away from fault
        raise OperatorError(
            f"what GRANDSTAND_REDIS_URL names doesn't answer as a Redis or Valkey would "
            f"({_line(error)}): give another address"
        ) from fault


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
