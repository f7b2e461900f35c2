"""Rooms: which exist, how many viewers each has, and the store's clock.

An item that can't be read, because a newer version wrote it, is left out. The others are read.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import PARTS, RoomState, Sanction
from grandstand.domain.stored_state import item_of, state_of
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.timeline import new_epoch
from grandstand.store.writer import Argument, Writer
from grandstand.wire.messages import HeldComment
from grandstand.wire.settings import Settings

ROOM_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
PRESENCE_MS = 5000
"""How long a node's number of viewers counts."""

T = TypeVar("T")

_CREATE, _LIST = load("create"), load("list")


@dataclass(frozen=True, slots=True)
class Description:
    """A room from outside: settings, counts, and the position of its last commit."""

    settings: Settings
    viewers: int
    comments: int
    polls: int
    epoch: str
    offset: int
    now: int


class _PollPlace(msgspec.Struct, frozen=True):
    """A poll's place among the others: decoding no more takes a third of the time."""

    opens_at: int


class Rooms:
    """All rooms of the store."""

    def __init__(self, reader: Reader, writer: Writer, made: Callable[[str], None]) -> None:
        """``made`` is told each room that was created."""
        self._reader = reader
        self._writer = writer
        self._made = made

    async def create(self, room: str, request_id: str, settings: Settings | None = None) -> bool:
        """Create ``room`` with ``settings``, or default ones; return whether this request did it.

        Raises StoreUnavailable, also while a deleted room of this name is being swept; the same
        request may be made again.
        """
        state = {"settings": settings or Settings()}
        return await self._create(room, request_id, secrets.token_bytes(16), state, {})

    async def restore(
        self, room: str, salt: bytes, state: RoomState, seen_seq: int, seen_offset: int
    ) -> bool:
        """Make a room anew that the store has lost, from what a replica knows; return whether it
        did.

        Bans stay in force, cards stay, and numbers go on. Votes are lost, so polls are too. Raises
        StoreUnavailable, also if the room was deleted meanwhile.
        """
        kept = {part: getattr(state, part) for part in PARTS if part != "polls"}
        seen = (seen_seq, seen_offset)
        return await self._create(room, secrets.token_hex(8), salt, kept, state.sanctions, seen)

    async def _create(
        self,
        room: str,
        request_id: str,
        salt: bytes,
        state: Mapping[str, object],
        sanctions: Mapping[str, Sanction],
        seen: tuple[int, int] | None = None,
    ) -> bool:
        seq, offset = seen or (0, 0)
        values: list[Argument] = [
            request_id,
            new_epoch(),
            salt,
            await self.history(room),
            seq,
            offset,
            "0" if seen is None else "1",
            len(sanctions),
        ]
        for part, value in [*sanctions.items(), *state.items()]:
            values += (part, msgspec.msgpack.encode(value))
        touched = [
            keys.head(room),
            keys.state(room),
            keys.timeline(room),
            keys.record(room),
            keys.ingest(room),
            keys.held(room),
            keys.sanctions(room),
            keys.jobs(room),
        ]
        (created,) = await self._writer.all([(_CREATE, touched, values)])
        if created < 0:
            raise StoreUnavailable(f"what the deleted room {room} had is being swept away")
        await self._writer.all([(_LIST, [keys.ROOMS], [room])])  # another slot
        self._made(room)
        return bool(created)

    async def ids(self) -> list[str]:
        """Return the ids of all rooms, sorted."""
        return sorted(room.decode() for room in await self._reader.ask("SMEMBERS", keys.ROOMS))

    async def describe(self, rooms: Sequence[str], store_now_ms: float) -> dict[str, Description]:
        """Return each room that exists, in one round trip; none of them is followed for it."""
        replies = await self._reader.ask_all(
            [
                command
                for room in rooms
                for command in (
                    ("HMGET", keys.head(room), "epoch", "offset", "now", "ended"),
                    ("HGET", keys.state(room), "settings"),
                    ("HGETALL", keys.edges(room)),
                    ("ZCARD", keys.record(room)),
                    ("HLEN", keys.polls(room)),
                )
            ]
        )
        described = {}
        for index, room in enumerate(rooms):
            (epoch, offset, now, ended), settings, edges, comments, polls = replies[
                index * 5 : index * 5 + 5
            ]
            if epoch is None or ended is not None:
                continue
            parts = {} if settings is None else {"settings": settings}
            described[room] = Description(
                settings=state_of(parts, {})[0].settings,
                viewers=viewers_of(edges, store_now_ms)[0],
                comments=int(comments),
                polls=int(polls),
                epoch=epoch.decode(),
                offset=int(offset),
                now=int(now),
            )
        return described

    async def poll(self, room: str, poll: str) -> PollRecord | None:
        """Return one poll of a room."""
        row = await self._reader.ask("HGET", keys.polls(room), poll)
        return None if row is None else item_of(row, PollRecord)

    async def polls(self, room: str) -> list[PollRecord]:
        """Return all polls of a room, in the order in which they open."""
        rows = await self._reader.ask("HVALS", keys.polls(room))
        return sorted(_items(rows, PollRecord), key=lambda poll: (poll.opens_at, poll.id))

    async def poll_page(
        self, room: str, before: str, limit: int
    ) -> tuple[list[PollRecord], str] | None:
        """Return the last ``limit`` polls in the order in which they open, of those before the poll
        ``before`` unless that is ''; and the ``before`` of the page before it, '' if this is the
        first. None if there is no poll ``before``."""
        order = keys.poll_order(room)
        known, ordered, rank = await self._reader.ask_all(
            [
                ("HLEN", keys.polls(room)),
                ("ZCARD", order),
                ("ZREVRANK", order, before),
            ],
            at_once=True,
        )
        if ordered < known:
            await self._put_polls_in_order(room)
            rank = await self._reader.ask("ZREVRANK", order, before)
        if before and rank is None:
            return None
        first = rank + 1 if before else 0
        ids = await self._reader.ask("ZREVRANGE", order, first, first + limit)
        page = ids[:limit][::-1]
        if not page:
            return [], ""
        rows = await self._reader.ask("HMGET", keys.polls(room), *page)
        polls = _items([row for row in rows if row is not None], PollRecord)
        return polls, page[0].decode() if len(ids) > limit else ""

    async def _put_polls_in_order(self, room: str) -> None:
        """Write the order of the polls, for a room of a version that kept none, or after the store
        lost it.

        A poll that can't be read comes before all others.
        """
        rows = await self._reader.ask("HGETALL", keys.polls(room))
        places = [(item_of(row, _PollPlace), poll) for poll, row in rows.items()]
        await self._reader.ask_all(
            [
                ("ZADD", keys.poll_order(room), 0 if place is None else place.opens_at, poll)
                for place, poll in places
            ]
        )

    async def held_ids(self, room: str) -> list[str]:
        """Return the ids of the comments that wait for a moderator, in any order."""
        return [each.decode() for each in await self._reader.ask("HKEYS", keys.held(room))]

    async def held_of(self, room: str, ids: Sequence[str]) -> list[HeldComment]:
        """Return those of the comments that wait for a moderator, in this order; ``ids`` isn't
        empty."""
        rows = await self._reader.ask("HMGET", keys.held(room), *ids)
        return _items([row for row in rows if row is not None], HeldComment)

    async def present(self, node: str, viewers: Mapping[str, int], store_now_ms: float) -> None:
        """Write how many viewers this node has in each room."""
        await self._reader.ask_all(
            [
                ("HSET", keys.edges(room), node, f"{count}:{store_now_ms:.0f}")
                for room, count in viewers.items()
            ]
        )

    async def viewers(self, room: str, store_now_ms: float) -> int:
        """Return the room's viewers over all nodes that reported lately; the others are
        forgotten."""
        rows = await self._reader.ask("HGETALL", keys.edges(room))
        total, silent = viewers_of(rows, store_now_ms)
        if silent:
            await self._reader.ask("HDEL", keys.edges(room), *silent)
        return total

    async def clock_ms(self) -> float:
        """Return the store's wall clock; of several servers always the same one's."""
        seconds, micros = await self._reader.ask("TIME", near=keys.AWAKE)
        return float(seconds) * 1000 + float(micros) / 1000

    async def history(self, room: str) -> str:
        """Return the name of the history that the room's server writes: another one after every
        restart, and after every failover. Raises StoreUnavailable."""
        return await self._reader.history(keys.head(room))


def _items(rows: Iterable[bytes], kind: type[T]) -> list[T]:
    return [item for row in rows if (item := item_of(row, kind)) is not None]


def viewers_of(edges: Mapping[bytes, bytes], store_now_ms: float) -> tuple[int, list[bytes]]:
    """Return the viewers of the nodes that reported lately, and the nodes that didn't, or
    unreadably."""
    total, silent = 0, []
    for node, report in edges.items():
        count, _, when = report.partition(b":")
        is_read = count.isdigit() and when.isdigit()
        if is_read and store_now_ms - int(when) <= PRESENCE_MS:
            total += int(count)
        else:
            silent.append(node)
    return total, silent
