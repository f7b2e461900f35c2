"""Votes of polls that are still counted, cached for a second, since consoles ask again and
again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from grandstand.domain.polls.record import PollRecord
from grandstand.store.store import Store

FRESH_S = 1.0
"""How long tallies are cached."""

AT_ONCE = 20
"""Polls that are summed together: of 16 shards each, 320 replies, about 3 ms."""

Tally = tuple[list[int], int]
"""Votes per option, and voters."""


class Tallies:
    """The votes of polls, as read up to a second ago."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], tuple[float, Tally]] = {}
        self._asking = asyncio.Lock()

    async def of(self, room: str, polls: Sequence[PollRecord]) -> dict[str, Tally]:
        """Return the tallies by poll; the store is asked only for what isn't cached."""
        async with self._asking:
            now_s = asyncio.get_running_loop().time()
            self._known = {
                key: known for key, known in self._known.items() if known[0] > now_s - FRESH_S
            }
            stale = [poll for poll in polls if (room, poll.id) not in self._known]
            for first in range(0, len(stale), AT_ONCE):
                some = stale[first : first + AT_ONCE]
                tallies = await self._store.votes.tallies(room, some)
                self._known |= {
                    (room, poll.id): (now_s, tally)
                    for poll, tally in zip(some, tallies, strict=True)
                }
            return {poll.id: self._known[room, poll.id][1] for poll in polls}
