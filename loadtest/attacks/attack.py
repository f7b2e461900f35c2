"""What an attack is: its name, the server that it is made on, and what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtest.attacks.target import Target
from loadtest.bench.grandstand import ROOM

MOST_P99_MS = 60.0
"""What a witness' round trip may take while somebody attacks, unless an attack says otherwise."""

MOST_GAP_MS = 1000.0
"""How long a viewer may be without a frame meanwhile. The witness says something every half second,
so that without an attack there is one at least as often."""


@dataclass(frozen=True, slots=True)
class Attack:
    """``run`` ends when the attack is over; the witness is timed until the server answers again.

    It returns what it counted, if a figure is to be believed only together with that. ``options``
    and ``environment`` are those of ``grandstand serve``, ``settings`` those of each room.
    """

    name: str
    run: Callable[[Target], Awaitable[Mapping[str, int] | None]]
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    rooms: Sequence[str] = (ROOM,)
    most_p99_ms: float = MOST_P99_MS
