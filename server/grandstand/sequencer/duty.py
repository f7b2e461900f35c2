"""Which rooms this process sequences: takes leases, keeps them, gives them back.

Every process tries for every room; the lease picks one. A process that stops breathing loses its
leases within a second and a half, and the first to ask after that takes the room over.
"""

from __future__ import annotations

import asyncio

import structlog

from grandstand.sequencer.tick import RoomSequencer
from grandstand.store.cancelling import end
from grandstand.store.connection import StoreUnavailable
from grandstand.store.store import Store
from grandstand.store.timeline import ConflictError, UnknownRoomError
from grandstand.telemetry import Metrics

ROUND_S = 0.4
"""About a quarter of the lease: two renewals may fail before it runs out."""

log = structlog.get_logger(__name__)


class Duty:
    """The rooms that this process sequences."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._working: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Does its duty until cancelled, then gives the leases back."""
        try:
            while True:
                try:
                    await self._round()
                except StoreUnavailable as away:
                    log.warning("duty_paused", reason=away.reason)
                await asyncio.sleep(ROUND_S)
        finally:
            await self._stop()

    async def _round(self) -> None:
        rooms = await self._store.rooms.ids()
        held = await self._store.leases.hold(rooms)
        self._metrics.rooms.set(len(rooms))
        self._metrics.leases_held.set(len(held))
        for room in list(self._working):
            if room not in held or self._working[room].done():
                await self._dismiss(room)
        for room in held - self._working.keys():
            sequencer = RoomSequencer(room, self._store, self._metrics)
            self._working[room] = asyncio.create_task(
                self._work(room, sequencer), name=f"sequence {room}"
            )

    async def _work(self, room: str, sequencer: RoomSequencer) -> None:
        try:
            await sequencer.run()
        except ConflictError as conflict:
            log.warning("sequencer_superseded", room=room, reason=str(conflict))
        except (StoreUnavailable, UnknownRoomError) as away:
            log.warning("sequencer_stopped", room=room, reason=str(away))
        except Exception:
            log.exception("sequencer_failed", room=room)

    async def _dismiss(self, room: str) -> None:
        await end([self._working.pop(room)])

    async def _stop(self) -> None:
        await end(self._working.values())  # at once: whoever waits for us may lose patience
        for room in self._working:
            try:
                await self._store.leases.give_back(room)
            except StoreUnavailable:
                return  # they run out by themselves
