"""How many viewers follow each entity, over all nodes, for as long as the nodes say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grandstand.store import keys
from grandstand.store.reader import Reader
from grandstand.store.topology.topology import Command

LIFE_S = 15
"""How long what a node said counts: as long as a store may be away without a trace."""


class Followers:
    """The followers in all rooms."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def report(self, node: str, counts: Mapping[str, Mapping[str, int]]) -> dict[str, bool]:
        """Write how many follow at this node, for each room those that are news; return whether
        what the node said of the room before was still there. Raises StoreUnavailable."""
        commands: list[Command] = []
        for room, news in counts.items():
            key = keys.followers(room, node)
            pairs = [each for pair in news.items() for each in pair]
            # No entity has an empty name: this field says that the node was here.
            commands += [("EXISTS", key), ("HSET", key, "", 0, *pairs), ("EXPIRE", key, LIFE_S)]
        replies = await self._reader.ask_all(commands)
        return {room: bool(reply) for room, reply in zip(counts, replies[::3], strict=True)}

    async def of(self, room: str, entities: Sequence[str]) -> list[int]:
        """Return how many follow each of the entities, at all nodes that have viewers in the room;
        ``entities`` isn't empty. Raises StoreUnavailable."""
        nodes = await self._reader.ask("HKEYS", keys.edges(room))
        told = await self._reader.ask_all(
            [("HMGET", keys.followers(room, node.decode()), *entities) for node in nodes]
        )
        return [sum(int(row[place] or 0) for row in told) for place in range(len(entities))]
