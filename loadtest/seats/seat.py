"""One seat: its connection, how far it is in, and where it is in the show."""

from __future__ import annotations

from _socket import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from grandstand.client.backoff import Backoff


@dataclass(slots=True, eq=False)
class Seat:
    """One viewer. ``offset`` is the last numbered frame that it has."""

    number: int
    token: str | None
    sampled: bool
    socket: socket | None = None
    recv_into: Callable[[bytearray], int] | None = None
    plain: bool = False
    """In, with nothing half read, and not sampled: reads go the short way."""
    upgraded: bool = False
    seated: bool = False
    rest: bytes = b""
    epoch: str | None = None
    offset: int = 0
    since_s: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)
