"""Who is measured: how it is started, what its viewers speak, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from loadtest.bench.crowd import Crowd, crowd
from loadtest.bench.grandstand import ROOM
from loadtest.peers.peer import Loop

SIZES = (512, 4096)
VIEWERS = (1000, 5000, 15000)

Frames = Mapping[int, tuple[int, ...]]
"""How many viewers there are in turn, and of how many bytes the frames are that they get."""

EVERYTHING: Frames = dict.fromkeys(VIEWERS, SIZES)
COMMENT_BYTES = 150
"""Of a frame with one comment, in JSON as a peer would send it."""

COMMENT_VIEWERS = 5000
"""The audience that gets such frames."""


class Server(Protocol):
    """What is measured."""

    @property
    def address(self) -> tuple[str, int]:
        """Where viewers connect."""

    def pids(self) -> list[int]:
        """Whose CPU and memory count."""

    def publish(self, payload: bytes, count: int = 1, every_ms: float = 0) -> tuple[Loop, ...]:
        """Frames for everybody."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A server that is to be measured, and what its viewers speak."""

    name: str
    started: Callable[[], AbstractContextManager[Server]]
    dialect: str
    path: str = ""
    room: str = ROOM
    frames: Frames = field(default_factory=lambda: EVERYTHING)
    alone: str = ""
    """Another room, for a single viewer: such a server publishes to it, and counts its writes."""

    is_ours: bool = False
    besides: Callable[[Any], Any] | None = None
    """Looks at the full server, while nothing else is measured."""

    def crowd(
        self, server: Server, core: int, pause_ms: float = 0.0, room: str = ""
    ) -> AbstractContextManager[Crowd]:
        """An empty crowd that speaks to it."""
        return crowd(
            server.address,
            core,
            dialect=self.dialect,
            path=self.path,
            room=room or self.room,
            secret=getattr(server, "secret", ""),  # peers have none
            pause_ms=pause_ms,
        )
