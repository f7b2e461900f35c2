"""What the audience has decided about the stage, and whether it is deciding now. Pure.

An order comes with the id of the firing that brings it. One that comes again changes nothing, also
after a restart: the ids of the last orders are kept with the state.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

REMEMBERED = 100
"""Ids of orders."""

CALL_MS = 90_000
"""How long the picture calls for a vote at most: of a poll that is cancelled nothing is told."""


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    """The order to call for votes between ``songs``; what is empty isn't one."""

    songs: list[str]


class Take(Struct, frozen=True, forbid_unknown_fields=True):
    """The order to play a ``song``, and the votes that chose it."""

    song: str
    votes: int
    percent: int


class Draw(Struct, frozen=True, forbid_unknown_fields=True):
    """The order to draw lots between those of ``songs`` that ``cast`` says to have the most
    ``votes``; what is empty isn't one."""

    songs: list[str]
    cast: list[str]
    votes: int

    def leaders(self) -> list[str]:
        """Return the songs of the tie."""
        most = str(self.votes)
        return [song for song, cast in zip(self.songs, self.cast, strict=False) if cast == most]


Order: TypeAlias = Call | Take | Draw


class Stage(Struct, frozen=True):
    """The state. Times are programme time, ms.

    ``song`` and ``before`` are what is played now and what was played until then ("" at first), as
    the poll's options said.
    """

    song: str = ""
    before: str = ""
    since: int = 0
    votes: int = 0
    percent: int = 0
    is_drawn: bool = False
    choices: tuple[str, ...] = ()
    called_at: int = 0
    orders: tuple[str, ...] = ()

    def follow(self, order: Order, name: str, now: int) -> Stage:
        """Return the state after an order of that id."""
        if name in self.orders:
            return self
        orders = (*self.orders, name)[-REMEMBERED:]
        if isinstance(order, Call):
            choices = tuple(song for song in order.songs if song)
            return replace(self, choices=choices, called_at=now, orders=orders)
        if isinstance(order, Draw):
            leaders = order.leaders() or [""]
            song = leaders[hashlib.blake2b(name.encode()).digest()[0] % len(leaders)]
            percent = 0
        else:
            song, percent = order.song, order.percent
        if not song:
            return replace(self, orders=orders)
        return Stage(
            song=song,
            before=self.song,
            since=now,
            votes=order.votes,
            percent=percent,
            is_drawn=isinstance(order, Draw),
            orders=orders,
        )

    def is_calling(self, at: int) -> bool:
        """Return whether the picture calls for votes at a moment."""
        return bool(self.choices) and 0 <= at - self.called_at < CALL_MS
