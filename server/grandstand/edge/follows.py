"""What the viewers of this node follow, for those who recommend.

One viewer's follows are read from its sessions at the moment somebody asks. A sample of all,
without names, goes by a channel every few seconds to the process that finds out what is alike.
Nothing of it is kept here or in the store. It must not know boards.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Generator, Iterator
from itertools import islice
from typing import NamedTuple

import structlog

from grandstand.domain.identity import user_id
from grandstand.edge.node import Node
from grandstand.edge.room import EdgeRoom
from grandstand.recommendations import tastes
from grandstand.recommendations.bulletin import watched
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.tasks import in_turns

LOOKED_AT = 100
"""Rooms in which a viewer with a token for all of them is looked for, 2 us each: first those where
somebody follows something."""

SESSIONS_AT_ONCE = 2000
"""Sessions that are looked at in one go, 1 ms."""

log = structlog.get_logger(__name__)


class Following(NamedTuple):
    """The topics that a viewer follows, and the rooms where it is."""

    topics: list[str]
    rooms: list[str]


class Follows:
    """The follows of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def of(self, sub: str, names: frozenset[str]) -> Following:
        """Return what a viewer follows here; ``sub`` and the ``names`` of rooms are its token's."""
        found = Following([], [])
        for room in islice(self._rooms(names), LOOKED_AT):
            sessions = room.sessions_of(user_id(sub, room.live.salt))
            if sessions:
                found.rooms.append(room.live.room)
            for session in sessions:
                found.topics.extend(room.topics.followed(session.outlet))
        return found

    def _rooms(self, names: frozenset[str]) -> Iterator[EdgeRoom]:
        rooms = self._node.edge_rooms
        if "*" not in names:
            return (rooms[name] for name in names if name in rooms)
        return iter(sorted(rooms.values(), key=lambda room: not len(room.topics)))

    async def run(self) -> None:
        """Tell what people follow here until cancelled; while nobody follows, nothing."""
        store, told = self._node.rooms.store, False
        while True:
            people = await in_turns(self._sampled())
            if people or told:
                payload = tastes.packed(store.node, people)
                try:
                    await store.recommendations.publish(keys.FOLLOWS, payload)
                    told = bool(people)
                except StoreUnavailable as away:
                    log.info("sample_lost", reason=away.reason)
            await asyncio.sleep(tastes.SAMPLE_S)

    def _sampled(self) -> Generator[None, None, list[list[str]]]:
        """Return what some of those with a token follow, by chance if there are too many.

        A viewer counts once in a room, whatever connections it has; of what it follows count the
        topics that the room knows.
        """
        people: list[list[str]] = []
        number = seen = 0
        for room in [room for room in self._node.edge_rooms.values() if len(room.topics)]:
            users: set[str] = set()
            for session in room.sessions:
                number += 1
                if number % SESSIONS_AT_ONCE == 0:
                    yield
                topics = room.topics.followed(session.outlet)
                if not topics or not session.user or session.user in users:
                    continue
                users.add(session.user)
                known = [topic for topic in topics if topic in room.live.entities]
                person = [watched(room.live.room), *known]
                seen += 1
                if len(people) < tastes.MOST_PEOPLE:
                    people.append(person)
                elif (place := random.randrange(seen)) < tastes.MOST_PEOPLE:
                    people[place] = person
        random.shuffle(people)
        return people
