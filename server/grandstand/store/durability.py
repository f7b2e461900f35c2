"""What an acknowledgement from this store promises. It is found out at the start and sent in
``welcome``.

Of a cluster, a write is acknowledged once a replica has it (``WAIT``), unless no primary has one.

``appendfsync always`` answers a write after its fsync, so its reply is the promise. With
``everysec`` the reply comes first, and ``WAITAOF`` must be asked for the fsync. It can be trusted
only from Redis 8.0 on: Redis 7.4 and every Valkey so far (8.1 and 9.1 tried) count a write as
synced while it is merely written (redis/redis#13793; ``tests/store/test_durability.py`` shows it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from redis import exceptions as errors
from redis.asyncio import Redis

from grandstand.errors import OperatorError
from grandstand.store.confirmations import FsyncConfirmation, ReplicaConfirmation
from grandstand.store.connection import translated, unwrapped
from grandstand.store.topology.topology import Confirmation, Node

_ADVICE = (
    "for acks that a loss of power can't undo, set appendonly yes, appendfsync always, "
    "no-appendfsync-on-rewrite no and maxmemory-policy noeviction there"
)
_WAITAOF_SINCE_REDIS = (8, 0)


@dataclass(frozen=True, slots=True)
class Durability:
    """``promise`` is ``welcome.durability``; ``why`` is for the operator's log.

    ``waitaof``: a reply becomes the promise only once ``WAITAOF 1 0`` has followed it.
    ``may_evict``: the store forgets data when it is full.
    """

    promise: Literal["fsync", "replicated", "weak"]
    waitaof: bool
    why: str
    may_evict: bool = False

    @property
    def confirmation(self) -> Confirmation | None:
        """Return what must follow a write before its reply is the promise."""
        if self.promise == "replicated":
            return ReplicaConfirmation()
        return FsyncConfirmation() if self.waitaof else None

    @property
    def keeps_history(self) -> bool:
        """Return whether a restart of the store loses nothing that anybody has seen.

        With ``WAITAOF`` and ``WAIT`` acks are safe, but frames are published before they are.
        """
        return self.promise == "fsync" and not self.waitaof


async def probe(nodes: Sequence[Node]) -> Durability:
    """Ask the server how safely it stores what it acknowledges, or all primaries of a cluster.

    Raises as ``probe_one``.
    """
    found = [await probe_one(node.redis) for node in nodes]
    if not nodes[0].name:
        return found[0]
    evicting = next((each for each in found if each.may_evict), None)
    if evicting is not None:
        return evicting
    with translated():
        replication = [await node.redis.info("replication") for node in nodes]
    if not any(each["connected_slaves"] for each in replication):
        why = "no primary of the cluster has a replica: give each primary one"
        return Durability("weak", waitaof=False, why=why)
    return Durability("replicated", waitaof=False, why="a replica has a write before its ack")


async def probe_one(redis: Redis) -> Durability:
    """Ask one server how safely it stores what it acknowledges. A setting that can't be read counts
    as weak.

    Raises:
        OperatorError: the server refuses our credentials.
        StoreUnavailable: it can't be reached.
    """
    with translated():
        try:
            config = await redis.config_get("*append*") | await redis.config_get("maxmemory*")
        except errors.ConnectionError as error:
            if not isinstance(unwrapped(error), errors.AuthenticationError):
                raise
            raise OperatorError(
                f"the store refuses the user or password in GRANDSTAND_REDIS_URL: {error}"
            ) from error
        except errors.ResponseError as error:
            return _weak(f"the store doesn't reveal its configuration ({error})")
        if config.get("appendonly") != "yes":
            return _weak("the store keeps no append-only file")
        if config.get("no-appendfsync-on-rewrite") != "no":
            return _weak("the store does not sync while it rewrites its append-only file")
        if config.get("maxmemory") != "0" and config.get("maxmemory-policy") != "noeviction":
            evicting = _weak(f"the store may evict data ({config.get('maxmemory-policy')})")
            return replace(evicting, may_evict=True)
        match config.get("appendfsync"):
            case "always":
                return Durability("fsync", waitaof=False, why="the store runs appendfsync always")
            case "everysec":
                return _everysec(await redis.info("server"))
            case other:
                return _weak(f"the store runs appendfsync {other}")


def _everysec(server: dict[str, object]) -> Durability:
    if server.get("server_name") == "valkey":
        return _weak(
            f"the store runs appendfsync everysec, and WAITAOF of Valkey "
            f"{server.get('valkey_version')} answers before the fsync"
        )
    version = tuple(map(int, re.findall(r"\d+", str(server.get("redis_version")))[:2]))
    if version < _WAITAOF_SINCE_REDIS:
        return _weak(
            f"the store runs appendfsync everysec, and WAITAOF of Redis "
            f"{server.get('redis_version')} can't be relied on before 8.0"
        )
    return Durability(
        "fsync",
        waitaof=True,
        why="the store runs appendfsync everysec: every ack waits for its WAITAOF, up to a second "
        "(appendfsync always answers within milliseconds)",
    )


def _weak(why: str) -> Durability:
    return Durability("weak", waitaof=False, why=f"{why}: {_ADVICE}")
