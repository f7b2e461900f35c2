"""The demonstration's announcer: tells followers what athletes reach, shows the leading board, and
gives the athletics to the card rules and shows what they find."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from grandstand.demo.meet import SCHEMA, attempts, body_of, house_records, update_of
from grandstand.demo.scoreboard import Scoreboard, entries
from grandstand.overlays.card_rules.finder import CardFinder

ATTEMPT_EVERY_S = 4.0
"""A final takes three minutes, which is faster than life; a visitor stays for a few."""

Show = Callable[[dict[str, Any]], Awaitable[None]]
"""Puts one update into the room, as ``POST …/stats`` takes it."""


class Announcer:
    """Shows cards and the board to everyone, and tells athletes' marks to their followers."""

    def __init__(self, now_ms: Callable[[], int], show: Show, random: Random) -> None:
        self._now_ms = now_ms
        self._show = show
        self._attempts = attempts(random)
        self._scoreboard = Scoreboard()
        self._finder = CardFinder([SCHEMA])
        self._finder.update(house_records(now_ms()))

    async def announce(self) -> None:
        """Let the athletes compete until cancelled."""
        for entry in entries(self._now_ms()):
            await self._show(entry)
        while True:
            await asyncio.sleep(ATTEMPT_EVERY_S)
            await self.step()

    async def step(self) -> None:
        """Let one of them try, and show what is worth a card by now."""
        now = self._now_ms()
        for entity, label, figure in next(self._attempts):
            self._finder.update(update_of(entity, label, figure, now))
            for news in self._scoreboard.take(entity, label, figure, now):
                await self._show(news)
        for board in self._scoreboard.board(now):
            await self._show(board)
        for card in self._finder.read(now).cards:
            if card.audience == "everyone":
                await self._show(body_of(card))
