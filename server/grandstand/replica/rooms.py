"""All rooms that this process follows: loads them, listens to the bus, compares heads.

Pub/sub is never trusted. Every second, and after every loss of the bus's connection, the heads in
the store are compared with the replicas.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial

import structlog

from grandstand.domain import envelope
from grandstand.domain.envelope import Ended, Renewed
from grandstand.domain.stored_state import UNREADABLE
from grandstand.replica.revocations import RevocationList
from grandstand.replica.room import LiveRoom, load
from grandstand.store import keys
from grandstand.store.errors import RoomEndedError, StoreUnavailable, UnknownRoomError
from grandstand.store.rooms import ROOM_ID
from grandstand.store.store import Store
from grandstand.tasks import cancel_all
from grandstand.timeouts import timeout

COMPARE_S = 1.0
QUIET_COMPARED = 50
"""Rooms without viewers and without news that are compared at a time."""

UNKNOWN_S = 1.0
"""How long a room that doesn't exist isn't looked up again."""

UNKNOWN_KEPT = 10_000

EARLY = 64
EARLY_BYTES = 4 * 2**20
"""Envelopes that are kept for a room that is being loaded, the newest, and their bytes: 13 s of
ticks in a room where as much is said as it can take. What isn't kept is read from the store."""

log = structlog.get_logger(__name__)


class LiveRooms:
    """The rooms that this process follows, by their id."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock_ahead_s = 0.0
        """How far the clock of a followed room is ahead of the store's: the largest value."""
        self.store_is_up = True
        """Whether the store answers; of a cluster, each server that was asked."""

        self.reaches_store = True
        """Whether any server of it answers. While one of many is away, the rooms of the others go
        on, and all processes see the same."""

        self.revocations = RevocationList(store)
        self._rooms: dict[str, LiveRoom] = {}
        self._loading: dict[str, asyncio.Task[LiveRoom]] = {}
        self._early: dict[str, deque[bytes]] = {}
        self._unknown: dict[str, float] = {}
        self._at_work: list[asyncio.Task[None]] = []
        self._bus = store.bus(self._heard, self._connected)
        self._compare_now = asyncio.Event()
        self._compared = 0

    def peek(self, room: str) -> LiveRoom | None:
        """Return the room, if it is followed already."""
        return self._rooms.get(room)

    async def get(self, room: str) -> LiveRoom:
        """Return the room and follow it from now on. Raises UnknownRoomError, StoreUnavailable."""
        known = self._rooms.get(room)
        if known is not None:
            return known
        now_s = asyncio.get_running_loop().time()
        if not ROOM_ID.fullmatch(room) or now_s - self._unknown.get(room, -UNKNOWN_S) < UNKNOWN_S:
            raise UnknownRoomError(room)
        loading = self._loading.get(room)
        if loading is None:
            loading = asyncio.create_task(self._load(room), name=f"load {room}")
            self._loading[room] = loading
            loading.add_done_callback(lambda _: self._loading.pop(room, None))
        return await asyncio.shield(loading)

    def created(self, room: str) -> None:
        """Note that the room exists from now on, whatever was known."""
        self._unknown.pop(room, None)

    async def _load(self, room: str) -> LiveRoom:
        try:
            # The bus stays subscribed: don't subscribe to every name that strangers make up.
            if await self.store.timeline.head(room) is None:
                raise UnknownRoomError(room)
            # First listen, then load: a commit in between comes twice and isn't lost.
            early = self._early[room] = deque(maxlen=EARLY)
            await self._bus.subscribe(room)
            live = LiveRoom(room, self.store, *await load(self.store, room))
        except BaseException as error:
            if isinstance(error, UnknownRoomError):
                if len(self._unknown) >= UNKNOWN_KEPT:
                    self._unknown.clear()
                self._unknown[room] = asyncio.get_running_loop().time()
            self._bus.forget(room)
            raise
        finally:
            self._early.pop(room, None)
        self._rooms[room] = live
        for payload in early:
            self._heard(room, payload)
        if self._rooms.get(room) is not live:  # it was deleted meanwhile
            raise UnknownRoomError(room)
        return live

    def _heard(self, room: str, payload: bytes) -> None:
        if room == keys.EVERYWHERE:
            self._compare_now.set()
            return
        live = self._rooms.get(room)
        if live is None:
            if room in self._early:
                _keep(self._early[room], payload)
            return
        try:
            received = envelope.decode(payload)
        except UNREADABLE:  # the next comparison of heads finds the gap
            log.exception("envelope_unreadable", room=room, size_bytes=len(payload))
            return
        if isinstance(received, Ended):
            if received.epoch == live.replica.epoch:
                self._end(live)
            self._compare_now.set()
        elif isinstance(received, Renewed):
            self._compare_now.set()
        else:
            live.heard(received)

    def _connected(self) -> None:
        self._compare_now.set()

    async def run(self) -> None:
        """Follow the rooms until cancelled."""
        await self._bus.subscribe(keys.EVERYWHERE)
        self._at_work = [
            asyncio.create_task(self._bus.run(), name="bus"),
            asyncio.create_task(self._compare_forever(), name="compare heads"),
        ]
        try:
            ended, _ = await asyncio.wait(self._at_work, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:  # not by a group: it would wait forever for a task whose cancellation is lost
            await cancel_all(self._at_work)

    async def _compare_forever(self) -> None:
        heard = True
        while True:
            try:
                async with timeout(COMPARE_S):
                    await self._compare_now.wait()
            except TimeoutError:
                pass
            everything = self._compare_now.is_set()
            self._compare_now.clear()
            is_up = await self._ask(everything)
            self.reaches_store = is_up or self.store.topology.answers_in_part
            if is_up:
                # A bus that was cut connects again within a moment; else it is an outage.
                self.store_is_up = self._bus.hears or heard
                heard = self._bus.hears
                ahead_ms = (live.clock_ahead_ms for live in self._rooms.values())
                self.clock_ahead_s = max(ahead_ms, default=0.0) / 1000

    async def _ask(self, everything: bool) -> bool:
        """Ask the store for the time, the revocations and the heads; return whether it answers.

        Each by itself: of a cluster they are on several servers.
        """
        is_up = True
        compare = partial(self._compare, everything)
        for ask in (self.store.sample_clock, self.revocations.compare, compare):
            try:
                await ask()
            except StoreUnavailable as away:
                is_up = False
                if self.store_is_up:
                    log.warning("store_away", reason=away.reason)
                self.store_is_up = False
        return is_up

    def _to_compare(self, everything: bool) -> list[LiveRoom]:
        """Return all rooms, or those where something happens, and some of the others in their
        turn."""
        lives = list(self._rooms.values())
        if everything:
            return lives
        quiet = [live for live in lives if live.is_quiet]
        some = quiet[self._compared : self._compared + QUIET_COMPARED]
        self._compared = self._compared + QUIET_COMPARED if len(some) == QUIET_COMPARED else 0
        return [*(live for live in lives if not live.is_quiet), *some]

    async def _compare(self, everything: bool = True) -> None:
        # As they are before the store is asked: what comes meanwhile is no sign of a cut.
        lives = self._to_compare(everything)
        seen = [(live, live.replica.epoch, live.replica.seq) for live in lives]
        heads = await self.store.timeline.heads([live.room for live, _, _ in seen])
        for live, seen_epoch, seen_seq in seen:
            try:
                if live.room in heads:
                    await self._compare_one(live, seen_epoch, seen_seq, heads[live.room])
            except StoreUnavailable as away:
                log.info("room_away", room=live.room, reason=away.reason)
            except UnknownRoomError:  # deleted or lost since its head was read: next time
                log.info("room_gone_meanwhile", room=live.room)
            except Exception:  # one room's fault must not stop the others' comparison
                log.exception("compare_failed", room=live.room)

    async def _compare_one(
        self, live: LiveRoom, seen_epoch: str, seen_seq: int, head: tuple[str, int] | None
    ) -> None:
        if head is None:
            return await self._vanished(live)
        epoch, seq = head
        if seen_epoch != live.replica.epoch:
            return  # loaded anew meanwhile
        if epoch != seen_epoch:
            live.catch_up(live.replica.seq + 1)
        elif seq < seen_seq:
            await self._history_was_cut(live, seen_seq)
        elif seq > live.replica.seq:
            live.catch_up(seq)

    async def _vanished(self, live: LiveRoom) -> None:
        """Handle a room that was deleted, or that the store has lost: a process that knows a lost
        room makes it anew."""
        try:
            await self.store.timeline.load(live.room)
        except RoomEndedError:
            self._end(live)
        except UnknownRoomError:
            log.error("room_lost", room=live.room, seq=live.replica.seq)
            replica = live.replica
            if await self.store.rooms.restore(
                live.room, live.salt, replica.state, replica.seq, replica.offset
            ):
                self.store.losses.count("room")
                log.error("room_restored", room=live.room, lost="its record, polls and votes")
            live.catch_up(replica.seq + 1)

    def _end(self, live: LiveRoom) -> None:
        if self._rooms.pop(live.room, None) is live:
            log.info("room_ended", room=live.room)
            self._bus.forget(live.room)
            live.end()

    async def _history_was_cut(self, live: LiveRoom, seen_seq: int) -> None:
        """Return whether the store knows less than this process has shown: no offset may get a
        second content."""
        snapshot = await self.store.timeline.load(live.room)
        if snapshot.head.epoch != live.replica.epoch or snapshot.head.seq >= seen_seq:
            return
        log.error("history_cut", room=live.room, seq=snapshot.head.seq, seen=seen_seq)
        await self.store.timeline.renew_epoch(
            live.room,
            snapshot.head,
            await self.store.rooms.history(live.room),
            live.replica.seq,
            live.replica.offset,
        )
        live.catch_up(live.replica.seq + 1)

    async def close(self) -> None:
        """End what still asks the store for a room; call this before the store is closed."""
        filling = (live.filling for live in self._rooms.values() if live.filling is not None)
        notes = (note for live in self._rooms.values() for note in live.events.notes)
        sealing = (live.sealing for live in self._rooms.values() if live.sealing is not None)
        reading = (live.reading for live in self._rooms.values() if live.reading is not None)
        tasks = [*self._at_work, *self._loading.values(), *filling, *notes, *sealing, *reading]
        await cancel_all(tasks)


def _keep(early: deque[bytes], payload: bytes) -> None:
    """Keep an envelope with as many of those before it as fit."""
    early.append(payload)
    size = sum(map(len, early))
    while size > EARLY_BYTES:
        size -= len(early.popleft())
