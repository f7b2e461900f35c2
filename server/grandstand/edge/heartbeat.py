"""Once a second: how many viewers are here, and a sign of life to rooms where nothing happens."""

from __future__ import annotations

import asyncio

import structlog

from grandstand.edge.node import Node
from grandstand.store.connection import StoreUnavailable
from grandstand.tasks import cancel_all

ROUND_S = 1.0

log = structlog.get_logger(__name__)


class Heartbeat:
    """Tells the store of this node's viewers, and its viewers that the node is there."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def run(self) -> None:
        """Does so until cancelled."""
        # Apart from each other: a store that doesn't answer must not silence the room.
        at_work = [
            asyncio.create_task(self._give_signs(), name="signs of life"),
            asyncio.create_task(self._tell_store(), name="viewers told"),
        ]
        try:
            await asyncio.gather(*at_work)
        finally:
            await cancel_all(at_work)

    async def _give_signs(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            for room in self._node.edge_rooms.values():
                room.heartbeat(loop.time())
            await asyncio.sleep(ROUND_S)

    async def _tell_store(self) -> None:
        store = self._node.rooms.store
        told: set[str] = set()
        while True:
            counts = {name: len(room) for name, room in self._node.edge_rooms.items()}
            news = {name: count for name, count in counts.items() if count or name in told}
            try:
                await store.rooms.present(store.node, news, store.now_ms())
                told = {name for name, count in news.items() if count}
            except StoreUnavailable as away:
                log.info("presence_untold", reason=away.reason)
            await asyncio.sleep(ROUND_S)
