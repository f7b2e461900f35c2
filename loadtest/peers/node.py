"""Servers in Node: ``ws`` and Socket.IO."""

from __future__ import annotations

import shutil
from pathlib import Path

from loadtest.peers.told import ToldPeer

PROGRAMS = Path(__file__).parent / "programs"
HOW_TO_INSTALL = "npm --prefix loadtest/peers/programs ci (with Node 18 or later)"


def _available(package: str) -> bool:
    installed = PROGRAMS / "node_modules" / package
    return shutil.which("node") is not None and installed.exists()


WS = ToldPeer(
    "ws",
    command=("node", str(PROGRAMS / "ws.js")),
    how_to_install=HOW_TO_INSTALL,
    is_there=lambda: _available("ws"),
)

SOCKETIO = ToldPeer(
    "socketio",
    command=("node", str(PROGRAMS / "socketio.js")),
    dialect="socketio",
    path="/socket.io/?EIO=4&transport=websocket",
    how_to_install=HOW_TO_INSTALL,
    is_there=lambda: _available("socket.io"),
)
