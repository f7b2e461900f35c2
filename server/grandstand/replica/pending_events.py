"""The control events of one room that this process has sent, until a commit brings their outcomes.

Theory of operation: an event is appended to the room's ingest stream, and the commit that applies
it says what became of it. Many updates of entities enter in pieces, each of which one commit can
take with the comments and events between them. Few pieces of a room are on their way at a time, so
that what else enters it is never far behind them, whatever its feeds say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from msgspec.structs import replace

from grandstand.domain import events
from grandstand.domain.entities import MAX_UPDATES
from grandstand.domain.envelope import Commit
from grandstand.domain.events import ControlEvent, StatsGiven
from grandstand.domain.outcome import Effect, Fate, Refused, Result
from grandstand.domain.state import OutcomeRecord
from grandstand.store import outcomes
from grandstand.store.errors import RoomEndedError, StoreUnavailable, UnknownRoomError
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store, retry_until
from grandstand.timeouts import timeout

NOTES_MAX = 100
"""Events on their way at a time that nobody waits for; more of them are dropped."""

OUTCOME_PATIENCE_S = 5.0
"""A takeover takes up to 3 s; an event in the stream is applied after it all the same."""

PIECES = 4
"""Pieces of updates that enter by one write: 1,000 updates, as many as a feed gives at a time."""

UPDATES_ON_THEIR_WAY = 2 * PIECES * MAX_UPDATES
"""Updates of entities that wait for their outcomes at a time, however many events have them."""

NO_RATE = CommentRate(0, 1)

log = structlog.get_logger(__name__)


class PendingEvents:
    """The events of one room that are on their way."""

    def __init__(self, room: str, store: Store) -> None:
        self.notes: set[asyncio.Task[None]] = set()
        self._room = room
        self._store = store
        self._outcomes: dict[str, asyncio.Future[OutcomeRecord]] = {}
        self._updates = 0
        self._queue = asyncio.Lock()
        self._fewer = asyncio.Event()

    @property
    def is_awaited(self) -> bool:
        """Return whether anybody waits for an outcome."""
        return bool(self._outcomes)

    async def submit(self, event: ControlEvent) -> Result:
        """Send an event into the room and return its outcome.

        Raises StoreUnavailable if it isn't known to be stored, or if no sequencer has applied it in
        time; it may then still take effect, or a part of it if it has many updates of entities.
        Raises RoomEndedError if the room was deleted.
        """
        if not isinstance(event, StatsGiven) or not event.entities:
            (result,) = await self._submit_all([event])
        elif len(event.entities) > MAX_UPDATES:
            result = await self._submit_pieces(event)
        else:
            (result,) = await self._submit_in_turn([event])
        return result

    async def _submit_pieces(self, event: StatsGiven) -> Result:
        """Send cards, and if these aren't refused the updates of entities, in pieces."""
        fates: list[Fate] = []
        if event.cards:
            result = await self.submit(replace(event, entities=[]))
            if isinstance(result, Refused):
                return result
            fates += result.fates
        pieces = [
            StatsGiven(f"{event.id}.{first}", [], event.entities[first : first + MAX_UPDATES])
            for first in range(0, len(event.entities), MAX_UPDATES)
        ]
        for first in range(0, len(pieces), PIECES):
            for result in await self._submit_in_turn(pieces[first : first + PIECES]):
                if isinstance(result, Refused):
                    return result
                fates += result.fates
        return Effect(fates=fates)

    async def _submit_in_turn(self, pieces: Sequence[StatsGiven]) -> list[Result]:
        """Send events with updates once few enough are on their way: first come, first served."""
        count = sum(len(piece.entities) for piece in pieces)
        try:
            async with timeout(OUTCOME_PATIENCE_S), self._queue:
                while self._updates and self._updates + count > UPDATES_ON_THEIR_WAY:
                    self._fewer.clear()
                    await self._fewer.wait()
        except TimeoutError:
            raise StoreUnavailable("too many updates of this room are on their way") from None
        self._updates += count
        try:
            return await self._submit_all(pieces)
        finally:
            self._updates -= count
            self._fewer.set()

    async def _submit_all(self, given: Sequence[ControlEvent]) -> list[Result]:
        """Send events by one write, which keeps their order."""
        loop = asyncio.get_running_loop()
        waiting: dict[str, asyncio.Future[OutcomeRecord]] = {
            event.id: loop.create_future() for event in given
        }
        self._outcomes |= waiting
        items = [Item("", event.id, "x", events.encode(event)) for event in given]
        try:
            async with timeout(OUTCOME_PATIENCE_S):
                await retry_until(
                    lambda: self._store.ingest.append(
                        self._room, items, NO_RATE, self._store.now_ms()
                    ),
                    OUTCOME_PATIENCE_S,
                )
                stored = await asyncio.gather(*waiting.values())
                return [*map(outcomes.result_of, given, stored)]
        except TimeoutError:
            raise StoreUnavailable("no sequencer took the event up in time") from None
        finally:
            for event in waiting:
                self._outcomes.pop(event, None)

    def resolve(self, commit: Commit) -> None:
        """Give those who wait for an event its outcome."""
        for outcome in commit.private.outcomes:
            waiting = self._outcomes.pop(outcome.event, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(outcome)

    def end(self) -> None:
        """Raise RoomEndedError where an outcome is waited for."""
        waiting, self._outcomes = self._outcomes, {}
        for outcome in waiting.values():
            if not outcome.done():
                outcome.set_exception(RoomEndedError(self._room))

    def note(self, event: ControlEvent) -> None:
        """Send an event that nobody waits for, and that may be lost."""
        if len(self.notes) < NOTES_MAX:
            noting = asyncio.create_task(self._note(event), name=f"note {event.id}")
            self.notes.add(noting)
            noting.add_done_callback(self.notes.discard)

    async def _note(self, event: ControlEvent) -> None:
        try:
            await self.submit(event)
        except (StoreUnavailable, UnknownRoomError) as away:
            log.warning("note_lost", room=self._room, note=event.id, reason=str(away))
