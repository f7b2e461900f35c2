"""Servers in Python, with libraries that Grandstand itself stands on."""

from __future__ import annotations

import sys

from loadtest.peers.told import ToldPeer

_PROGRAMS = "loadtest.peers.programs"

WEBSOCKETS = ToldPeer(
    "websockets", command=(sys.executable, "-m", f"{_PROGRAMS}.websockets_broadcast")
)
UVICORN_STARLETTE = ToldPeer(
    "uvicorn_starlette", command=(sys.executable, "-m", f"{_PROGRAMS}.uvicorn_starlette")
)
