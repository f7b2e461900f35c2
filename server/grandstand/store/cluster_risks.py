"""What the settings of a cluster's nodes risk, for its operator; those away are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from redis import exceptions as errors
from redis.asyncio import Redis

from grandstand.store.topology.topology import Node

SLOW_MS = 5000
"""A node timeout above this keeps a lost primary's rooms waiting for more than some 7 s."""

Settings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Risk:
    """Something that a cluster's settings risk, and what to do about it."""

    words: str
    advice: str


_SETTINGS: Sequence[tuple[Callable[[Settings], bool], Risk]] = (
    (
        lambda node: node.get("appendonly") == "no",
        Risk(
            "keeps nothing on disk, or old data: a primary that is started again before a replica "
            "took over makes its replica as empty as it is",
            "set appendonly yes there",
        ),
    ),
    (
        lambda node: node.get("cluster-require-full-coverage") == "yes",
        Risk(
            "serves no room at all while one primary is away",
            "set cluster-require-full-coverage no there",
        ),
    ),
    (
        lambda node: int(node.get("cluster-node-timeout", 0)) > SLOW_MS,
        Risk(
            "waits long before a lost primary is replaced",
            "set cluster-node-timeout 2000 there",
        ),
    ),
    (
        lambda node: node.get("cluster-replica-no-failover") == "yes",
        Risk("never takes over for its primary", "set cluster-replica-no-failover no there"),
    ),
    (
        lambda node: node.get("cluster-allow-replica-migration") == "no",
        Risk(
            "lets no spare replica go where a primary has lost its last one",
            "set cluster-allow-replica-migration yes there",
        ),
    ),
)


async def risks(nodes: Sequence[Node]) -> list[Risk]:
    """Return what the nodes risk, each risk once, with the names of the nodes."""
    servers = {name: redis for node in nodes for name, redis in _servers(node)}
    settings = {name: await _settings(redis) for name, redis in servers.items()}
    found = [
        Risk(f"{', '.join(names)} {risk.words}", risk.advice)
        for is_at_risk, risk in _SETTINGS
        if (names := [name for name, each in settings.items() if is_at_risk(each)])
    ]
    alone = [node.name for node in nodes if not node.replicas]
    if alone:
        words = f"{', '.join(alone)} has no replica, and acknowledges nothing without one"
        found.append(Risk(words, "give each primary a replica: valkey-cli --cluster add-node"))
    has_spare = any(len(node.replicas) > 1 for node in nodes)
    if not has_spare and (single := [node.name for node in nodes if node.replicas]):
        words = (
            f"{', '.join(single)} has one replica, and the cluster no spare one: when either of "
            "the two is lost, the other acknowledges nothing until it is back"
        )
        advice = (
            "give the cluster a spare replica, which goes where one is missing, or each primary two"
        )
        found.append(Risk(words, advice))
    return found


def _servers(node: Node) -> Sequence[tuple[str, Redis]]:
    return [(node.name, node.redis), *node.replicas.items()]


async def _settings(redis: Redis) -> Settings:
    with suppress(errors.RedisError):
        found = await redis.config_get("appendonly", "cluster-*")
        return {str(name): str(value) for name, value in found.items()}
    return {}
