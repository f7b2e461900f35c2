"""Starlette on uvicorn as its documentation sends: ``await websocket.send_bytes`` for each.

On uvloop, undeflated, no pings.
"""

from __future__ import annotations

import asyncio
import socket

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from loadtest.peers.programs.control import Loops, obey


async def main() -> None:
    """Serve until standard input ends."""
    viewers: set[WebSocket] = set()

    async def hold(viewer: WebSocket) -> None:
        await viewer.accept()
        viewers.add(viewer)
        async for _ in viewer.iter_bytes():
            pass
        viewers.discard(viewer)

    async def publish(payload: bytes, _: Loops) -> None:
        for viewer in list(viewers):
            try:
                await viewer.send_bytes(payload)
            except WebSocketDisconnect:
                viewers.discard(viewer)

    app = Starlette(routes=[WebSocketRoute("/", hold)])
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    serving = asyncio.create_task(server.serve([listener]))
    await obey(listener.getsockname()[1], lambda: len(viewers), publish)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
