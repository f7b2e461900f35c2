"""All peers, from the cheapest to the dearest by what is known of them."""

from __future__ import annotations

from loadtest.peers.floor import FLOOR, FloorInC
from loadtest.peers.nats import Nats
from loadtest.peers.nchan import Nchan
from loadtest.peers.node import SOCKETIO, WS
from loadtest.peers.peer import Peer
from loadtest.peers.python import UVICORN_STARLETTE, WEBSOCKETS

LINEUP: tuple[Peer, ...] = (
    FloorInC(),
    FLOOR,
    Nchan(),
    WS,
    WEBSOCKETS,
    SOCKETIO,
    UVICORN_STARLETTE,
    Nats(),
)
