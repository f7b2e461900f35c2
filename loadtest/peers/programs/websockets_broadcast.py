"""The ``websockets`` library as its documentation broadcasts, on uvloop, undeflated, no pings."""

from __future__ import annotations

import asyncio

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from loadtest.peers.programs.control import Loops, obey


async def main() -> None:
    """Serve until standard input ends."""
    viewers: set[ServerConnection] = set()

    async def hold(viewer: ServerConnection) -> None:
        viewers.add(viewer)
        try:
            await viewer.wait_closed()
        finally:
            viewers.remove(viewer)

    async def publish(payload: bytes, _: Loops) -> None:
        broadcast(viewers, payload)

    serving = serve(hold, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=4096)
    async with serving as server:
        await obey(server.sockets[0].getsockname()[1], lambda: len(viewers), publish)
        for viewer in viewers:
            viewer.transport.abort()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
