"""The job that gathers, once a second, which rooms are live, and tells all nodes.

Theory of operation: a room is live while it has viewers, for ten minutes after its last commit, and
as long as one that was just made is awake. (Old rooms wake up to be trimmed.) All that is told of
it stands in the store, so the job follows no room, and whoever takes the lease over goes on with
the next second; only the last minutes' counts of viewers, by which a room rises, begin anew. What
people follow comes from the nodes by a channel. From that, at most every fifteen seconds and in a
thread, follows the alikeness. Nodes do the rest (``replica.recommender``).

A room that has ended, or that can't be read, is in no later bulletin.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import msgspec
import structlog

from grandstand.domain.entities import entity_of
from grandstand.recommendations import bulletin, tastes
from grandstand.recommendations.alikeness import Alikeness
from grandstand.recommendations.board import MAX_ROOM_THINGS, MAX_ROOMS, NEW_S
from grandstand.recommendations.bulletin import Bulletin, Listed
from grandstand.recommendations.rises import Rises
from grandstand.recommendations.tastes import People, Tastes
from grandstand.store import keys
from grandstand.store.recommendations import Glance
from grandstand.store.store import Store
from grandstand.tasks import cancel_all

ROUND_S = 1.0
LIVE_MS = 600_000
"""A room is live for so long after its last commit."""

LOOKED_AT = 500
"""Rooms of before that are looked at in one second, once this process has taken the lease: quiet
ones aren't awake."""

SHOWN_AT_ONCE = 50
SHOWN_S = 2.0
"""Of so many rooms in one second it is read which entities they show, of each so often."""

LISTED_AT_ONCE = 10
"""Rooms whose other entities are read in one second, 3 ms each if they have 500."""

LISTED_S = 20.0
"""After this long they are read again, if none came or went: names may have changed."""

MOST_THINGS = 20_000
"""Of all rooms together: with their names 1 MB in a bulletin, before it is packed."""

FIT_S = 15.0
FIT_SHARE = 20
"""Between two fits: at least this long, and so many times what the last one took."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _About:
    """What a room is about, as it was read last: the entities that it shows, and others."""

    shown: Mapping[str, str] = field(default_factory=dict)
    shown_seq: int = -1
    shown_s: float = float("-inf")
    others: Mapping[str, str] = field(default_factory=dict)
    count: int = 0
    others_s: float = float("-inf")

    @property
    def names(self) -> dict[str, str]:
        """Return the names of its things, the most important first."""
        return dict(islice({**self.shown, **self.others}.items(), MAX_ROOM_THINGS))


class Recommending:
    """Gathers what is live, for as long as this process holds the lease."""

    name = "recommendations"
    lease = keys.RECOMMENDATIONS

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self) -> None:
        """Tell of the live rooms each second, until cancelled. Raises StoreUnavailable."""
        work = _Work(self._store)
        await work.look_back()
        listening = self._store.bus(work.heard, lambda: None)
        await listening.subscribe(keys.FOLLOWS)
        beside = [
            asyncio.create_task(listening.run(), name="what people follow"),
            asyncio.create_task(work.keep_fitting(), name="alikeness"),
        ]
        try:
            while True:
                for task in beside:
                    if task.done():
                        task.result()
                await work.tell()
                await asyncio.sleep(ROUND_S)
        finally:
            await cancel_all(beside)


class _Work:
    """What one process knows while it holds the lease."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._tastes = Tastes()
        self._rises = Rises()
        self._live: set[str] = set()
        self._of_before: list[str] = []
        self._about: dict[str, _About] = {}
        self._alikeness = ""

    def heard(self, _: str, payload: bytes) -> None:
        """Take a node's sample of what people follow."""
        try:
            self._tastes.heard(payload, self._loop.time())
        except msgspec.MsgspecError as fault:  # a newer version's
            log.warning("sample_unreadable", reason=str(fault))

    # --- rooms -----------------------------------------------------------------------------------

    async def look_back(self) -> None:
        """Have all rooms looked at once. Raises StoreUnavailable."""
        self._of_before = await self._store.rooms.ids()

    async def tell(self) -> None:
        """Tell all nodes which rooms are live. Raises StoreUnavailable."""
        store = self._store
        now_ms = store.now_ms()
        awake = await store.awake_rooms.due(now_ms)
        some, self._of_before = self._of_before[:LOOKED_AT], self._of_before[LOOKED_AT:]
        rooms = sorted(self._live | awake | set(some))
        seen = await store.recommendations.glances(rooms, now_ms)
        live = [
            (room, glance)
            for room, glance in seen.items()
            if glance.viewers
            or _now(glance, now_ms) - glance.committed < LIVE_MS
            or (room in awake and not glance.committed)
        ]
        live.sort(key=lambda pair: (-pair[1].viewers, pair[0]))
        glances = dict(live[:MAX_ROOMS])
        self._live = set(glances)
        self._rises.keep(self._live)
        await self._read_shown(glances)
        await self._read_others(glances)
        payload = bulletin.packed(self._bulletin(glances, now_ms))
        await store.recommendations.publish(keys.RECOMMENDATIONS, payload)

    def _bulletin(self, glances: Mapping[str, Glance], now_ms: float) -> Bulletin:
        left, rooms = MOST_THINGS, list[Listed]()
        names: dict[str, str] = {}
        for room, glance in glances.items():
            own = self._about[room].names
            things = list(own)[:left]
            left -= len(things)
            names.update((thing, own[thing]) for thing in things)
            rise = self._rises.of(room, glance.viewers, self._loop.time())
            rooms.append(_listed(room, glance, things, rise, now_ms))
        return Bulletin(self._alikeness, rooms, names)

    async def _read_shown(self, glances: Mapping[str, Glance]) -> None:
        """Read which entities some of the rooms show, if something has changed there."""
        now_s = self._loop.time()
        self._about = {room: self._about.get(room) or _About() for room in glances}
        due = [
            (about.shown_s, room)
            for room, about in self._about.items()
            if about.shown_seq != glances[room].seq and now_s - about.shown_s >= SHOWN_S
        ]
        some = [room for _, room in sorted(due)[:SHOWN_AT_ONCE]]
        for room, shown in (await self._store.recommendations.shown(some)).items():
            about = self._about[room]
            about.shown, about.shown_seq, about.shown_s = shown, glances[room].seq, now_s

    async def _read_others(self, glances: Mapping[str, Glance]) -> None:
        """Read the entities of some of the rooms, if some came or went, and now and then."""
        now_s = self._loop.time()
        due = [
            (about.others_s, room)
            for room, about in self._about.items()
            if about.count != glances[room].entities
            or (about.count and now_s - about.others_s >= LISTED_S)
        ]
        followed = tastes.most_followed(self._tastes.people(now_s), MAX_ROOM_THINGS) if due else []
        for _, room in sorted(due)[:LISTED_AT_ONCE]:
            about = self._about[room]
            about.others = await self._names(room, followed)
            about.count, about.others_s = glances[room].entities, now_s

    async def _names(self, room: str, followed: Sequence[str]) -> dict[str, str]:
        """Return the names of a room's things: what most people follow first, then the newest."""
        entities = self._store.entities
        rows, _ = await entities.of(room, [*followed, ""])
        if len(rows) < MAX_ROOM_THINGS:
            rows = (await entities.slice(room, 0))[0] | rows
        found = [
            (thing, entity)
            for thing, row in rows.items()
            if (entity := entity_of(row)) is not None and entity.values
        ]
        places = {thing: place for place, thing in enumerate(followed)}
        found.sort(key=lambda pair: (places.get(pair[0], len(places)), -pair[1].at, pair[0]))
        return {thing: entity.name for thing, entity in found[:MAX_ROOM_THINGS]}

    # --- people ----------------------------------------------------------------------------------

    async def keep_fitting(self) -> None:
        """Make the alikeness anew, of those who are there then, until cancelled."""
        before: People = []
        while True:
            began_s = self._loop.time()
            people = sorted(map(tuple, self._tastes.people(began_s)))
            if people != before:
                await self._fit(people)
                before = people
            took_s = self._loop.time() - began_s
            await asyncio.sleep(max(FIT_S, FIT_SHARE * took_s) if before else ROUND_S)

    async def _fit(self, people: People) -> None:
        alikeness = await asyncio.to_thread(Alikeness.of, people)
        payload = await asyncio.to_thread(bulletin.packed_alikeness, alikeness)
        name = secrets.token_hex(4)
        await self._store.recommendations.keep_alikeness(name, payload)
        self._alikeness = name


def _now(glance: Glance, now_ms: float) -> int:
    """Return a room's programme time, ms."""
    return max(glance.committed, int(now_ms) - glance.settings.programme_offset)


def _listed(room: str, glance: Glance, things: list[str], rise: float, now_ms: float) -> Listed:
    settings, highlight = glance.settings, glance.highlight
    now = _now(glance, now_ms)
    age_s = None if highlight is None or highlight.is_gone else (now - highlight.noticed) / 1000
    is_new = highlight is not None and age_s is not None and 0 <= age_s < NEW_S
    return Listed(
        room=room,
        title=settings.title or room,
        is_open=settings.guests != "none",
        viewers=glance.viewers,
        excitement=glance.excitement,
        at=highlight.from_ if is_new and highlight is not None else now,
        things=things,
        rise=round(rise, 2),
        highlight_age_s=age_s if is_new else None,
    )
