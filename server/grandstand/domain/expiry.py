"""Tables of a room's state whose entries expire: removal of old entries, and of too many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

K = TypeVar("K")


class Ending(Protocol):
    """An entry that counts until a programme time (ms)."""

    @property
    def until(self) -> int:
        """When it ends."""


E = TypeVar("E", bound=Ending)


def forget_over(known: Mapping[K, E], changes: dict[K, E | None], now: int) -> None:
    """Let ``changes`` drop from ``known`` what is over at ``now``."""
    changes |= {name: None for name, each in known.items() if each.until <= now}


def forget_first(known: Mapping[K, E], changes: dict[K, E | None], most: int) -> None:
    """Let ``changes`` drop those that end first, so that they leave ``most`` at most."""
    both = {**known, **changes}
    present = {name: each.until for name, each in both.items() if each is not None}
    for name in sorted(present, key=present.__getitem__)[: max(0, len(present) - most)]:
        changes[name] = None
