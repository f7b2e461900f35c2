"""Checks whether Grandstand can work with a store. They run at the start and in the doctor.

A server that answers PING may still be a replica, a Sentinel, a node of a cluster, too old, or no
Redis at all. And a user may lack a permission that is first needed when a room opens. The operator
must correct each of these, so each is one line that says how, before anybody is let in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from redis import exceptions as errors

from grandstand.errors import OperatorError
from grandstand.store import keys
from grandstand.store.connection import is_forbidden, unavailability, unwrapped
from grandstand.store.errors import StoreUnavailable
from grandstand.store.lua import load
from grandstand.store.topology.slots import SLOTS
from grandstand.store.topology.topology import Node, Topology

OLDEST = (7, 0)
"""Sharded channels and scripts with flags came with Redis 7.0; every Valkey has them."""

PROBE = "fitness"
"""What keys contain that are tried, and no room's: nothing is read or kept there."""

_FIT = load("fit")
_GRANT = "ACL SETUSER <user> ~gs:* ~grandstand:* &gs:* +@all"


async def check(topology: Topology) -> Sequence[Node]:
    """Check whether each server that takes writes can do, and allows its user to do, everything
    that Grandstand needs; return these servers.

    Raises:
        OperatorError: one can't; the message says what to do.
        StoreUnavailable: one can't be reached, or is still loading.
    """
    with operator_faults():
        nodes = await topology.nodes()
        served = sum(node.slots for node in nodes)
    if served < SLOTS:
        raise OperatorError(
            f"{SLOTS - served} of the cluster's {SLOTS} slots are served by no primary, so some "
            "rooms can't be: look with valkey-cli --cluster check, then start the nodes that are "
            "down, or give their slots to others by valkey-cli --cluster fix"
        )
    if nodes[0].name and not topology.answers_in_part:
        raise StoreUnavailable(
            "the cluster's nodes that answer say that it is down, since most primaries are away "
            "(or one is, where cluster-require-full-coverage is yes), and no replica takes over: "
            "start those again, or, if they are gone for good, promote replicas by CLUSTER "
            "FAILOVER TAKEOVER"
        )
    for node in nodes:
        with _naming(node.name), operator_faults():
            _check_kind(await node.redis.info(), is_one_of_many=bool(node.name))
    for node in nodes:
        with _naming(node.name), operator_faults():
            try:
                await _try_commands(node)
            except errors.ResponseError as error:
                # A store that is full, busy or can't save for a while will recover.
                if is_forbidden(error) or unavailability(error) is None:
                    raise
        await _check_replicas(node)
    return nodes


async def _check_replicas(node: Node) -> None:
    """Check whether the replicas let us in: one of them may be the primary tomorrow. One that is
    away may come back."""
    for name, redis in node.replicas.items():
        with suppress(StoreUnavailable), _naming(name), operator_faults():
            await redis.ping()


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say of which node of a cluster an error speaks."""
    try:
        yield
    except OperatorError as fault:
        words, colon, advice = str(fault).partition(": ")
        where = f" (node {name})" if name else ""
        raise OperatorError(f"{words}{where}{colon}{advice}") from fault
    except StoreUnavailable as away:
        where = f"node {name}, as the cluster names it: " if name else ""
        raise StoreUnavailable(f"{where}{away.reason}") from away


def _check_kind(info: dict[str, Any], *, is_one_of_many: bool) -> None:
    mode = info.get("server_mode", info.get("redis_mode"))
    if mode == "sentinel":
        raise OperatorError(
            "GRANDSTAND_REDIS_URL names a Sentinel, which keeps no data: give the address of the "
            "primary that it watches"
        )
    if mode == "cluster" and not is_one_of_many:
        raise OperatorError(
            "GRANDSTAND_REDIS_URL names a node of a cluster: begin with redis+cluster:// (or "
            "rediss+cluster:// for TLS) in place of redis://, and give two or more of its nodes"
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


async def _try_commands(node: Node) -> None:
    # Workers start together: in each other's keys they would find the wrong kind of value.
    redis: Any = node.redis
    key, channel = keys.room_key(node.tag, f"{PROBE}-{secrets.token_hex(8)}"), keys.bus(node.tag)
    await redis.script_load(_FIT.source)
    await redis.execute_command("EVALSHA", _FIT.sha1, 1, key, channel)
    for command in (
        ("EVAL", "return 1", 0),
        ("WAIT", 0, 1),
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
        ("ZCOUNT", key, 0, 0),
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
        if "cluster support disabled" in str(fault):
            raise OperatorError(
                "GRANDSTAND_REDIS_URL names a cluster, but the server there is a single one: begin "
                "with redis:// (or rediss:// for TLS)"
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
