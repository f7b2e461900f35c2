"""What an attack is: its name, the server that it is made on, and what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtest.attacks.target import Target

MOST_P99_MS = 60.0
"""What a witness' round trip may take while somebody attacks, unless an attack says otherwise."""


@dataclass(frozen=True, slots=True)
class Attack:
    """``run`` ends when the attack is over; the witness is timed until the server answers again.

    ``options`` and ``environment`` are those of ``grandstand serve``, ``settings`` the room's.
    """

    name: str
    run: Callable[[Target], Awaitable[None]]
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    most_p99_ms: float = MOST_P99_MS
