"""The demonstration's announcer: sends the athletics as a feed, of which rules make cards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random

from grandstand.demo import meet
from grandstand.demo.meet import Body

ATTEMPT_EVERY_S = 4.0
"""A final takes three minutes, which is faster than life; a visitor stays for a few."""

LISTED_BEFORE = 16
"""Attempts before its beginning at which the next final is announced: a minute."""

Give = Callable[[Sequence[Body]], Awaitable[None]]
"""Puts updates into the room, as ``POST …/stats`` takes them."""


class Announcer:
    """Tells of one final after the other."""

    def __init__(self, now_ms: Callable[[], int], give: Give, random: Random) -> None:
        self._now_ms = now_ms
        self._give = give
        self._random = random
        self._finals = meet.finals()
        self._next = self._final = next(self._finals)
        self._attempts: Iterator[Body | None] = iter(())
        self._left = 0
        self._marks: dict[str, float] = {}
        self._records = [meet.house_records()]

    async def announce(self) -> None:
        """Let the athletes compete until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(ATTEMPT_EVERY_S)

    async def step(self) -> None:
        """Let one of them try, and tell what comes of it."""
        now = self._now_ms()
        bodies = self._attempt(now) if self._left else self._begin(now)
        if self._marks:
            bodies.append({**meet.board(self._final, self._marks), "at": now})
        if bodies:
            await self._give(bodies)

    def _begin(self, now: int) -> list[Body]:
        """Begin the next final; return who takes part in it."""
        self._final, self._next = self._next, next(self._finals)
        self._attempts, self._left = meet.attempts(self._final, self._random), meet.ATTEMPTS
        self._marks.clear()
        records, self._records = self._records, []
        bodies = [*meet.start_list(self._final, now), *records]
        return [{**each, "at": now - 1} for each in meet.cleared()] + [
            {**each, "at": now} for each in bodies
        ]

    def _attempt(self, now: int) -> list[Body]:
        """Return what the next attempt brings, and who starts in a minute."""
        self._left -= 1
        bodies: list[Body] = []
        if self._left == LISTED_BEFORE:
            starts = now + round(LISTED_BEFORE * ATTEMPT_EVERY_S * 1000)
            bodies += meet.start_list(self._next, starts)
        attempt = next(self._attempts)
        if attempt is not None:
            self._marks[attempt["entity"]] = attempt["values"][self._final.label]["value"]
            bodies.append(attempt)
        return [{**each, "at": now} for each in bodies]
