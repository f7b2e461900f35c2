"""The servers behind a store, as their operator sees them: one, or a cluster's primaries."""

from __future__ import annotations

from typing import Any

from grandstand.store.store import Store


async def all_keys(store: Store) -> set[str]:
    """The names of all keys, but for beats, which end by themselves."""
    redises: list[Any] = [node.redis for node in await store.topology.nodes()]
    names = {name.decode() for redis in redises for name in await redis.keys("*")}
    return {name for name in names if ":beat:" not in name}


async def forget_everything(store: Store) -> None:
    for node in await store.topology.nodes():
        await node.redis.flushall()


async def configure(store: Store, name: str, value: str) -> None:
    for node in await store.topology.nodes():
        await node.redis.config_set(name, value)
