"""The fastest of quizzes, cached for some seconds, since every viewer's page may ask after a
reveal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from grandstand.domain.polls.record import PollRecord
from grandstand.store.store import Store
from grandstand.store.votes import Fast

FRESH_S = 5.0
"""How long they are cached."""


class Fastest:
    """Who was fastest in each quiz, as read up to some seconds ago."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], tuple[float, Sequence[Fast]]] = {}
        self._asking = asyncio.Lock()

    async def of(self, room: str, poll: PollRecord) -> Sequence[Fast]:
        """Return the fastest with the right answer; the store is asked only for what isn't
        cached."""
        async with self._asking:
            now_s = asyncio.get_running_loop().time()
            self._known = {
                key: known for key, known in self._known.items() if known[0] > now_s - FRESH_S
            }
            key = room, poll.id
            if key not in self._known:
                self._known[key] = now_s, await self._store.votes.fastest(room, poll)
            return self._known[key][1]
