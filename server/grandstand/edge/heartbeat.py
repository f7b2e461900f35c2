"""Once a second: reports that this node lets viewers in, how many are here, those without a socket
among them, and where they are in the programme; and sends heartbeats to rooms where nothing
happens."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any

import structlog
from msgspec.structs import replace

from grandstand.domain.audience_report import AudienceReport
from grandstand.edge.node import Node
from grandstand.store.errors import StoreUnavailable
from grandstand.tasks import cancel_all

ROUND_S = 1.0
AT_ONCE = 100
"""Rooms whose reports are made in one go, 3 ms."""

RECOUNTED = 5000
"""Counts of followers that a node reports at a time, of all rooms: 100 KB, 2 ms of the store."""

log = structlog.get_logger(__name__)


class Heartbeat:
    """Tells the store of this node's viewers, and tells viewers that the node is alive."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._told: set[str] = set()
        """Rooms of which followers were reported."""

    async def run(self) -> None:
        """Do so until cancelled."""
        # Separately: a store that doesn't answer must not stop the room's heartbeat.
        at_work = [
            asyncio.create_task(self._give_signs(), name="heartbeats"),
            asyncio.create_task(self._tell_store(), name="report of viewers"),
        ]
        try:
            await asyncio.gather(*at_work)
        finally:
            await cancel_all(at_work)

    async def _give_signs(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            for room in self._node.edge_rooms.values():
                room.heartbeat(loop.time())
            await asyncio.sleep(ROUND_S)

    async def _tell_store(self) -> None:
        store = self._node.rooms.store
        reported: set[str] = set()
        while True:
            counts = {name: room.viewers for name, room in self._node.edge_rooms.items()}
            news = {name: count for name, count in counts.items() if count or name in reported}
            # Each by itself: of a cluster one server may be away, and only its part stays untold.
            _, is_told, _, _ = await asyncio.gather(
                _told(self._report_node()),
                _told(store.rooms.present(store.node, news, store.now_ms())),
                _told(self._report_audiences(news)),
                _told(self._report_followers()),
            )
            here = {name for name, count in news.items() if count}
            reported = here if is_told else reported | here
            await asyncio.sleep(ROUND_S)

    async def _report_node(self) -> None:
        if not self._node.draining:  # else ``DrainPace`` reports
            store, admits_per_s = self._node.rooms.store, self._node.handshake_limit.per_s
            await store.nodes.report(store.node, admits_per_s, store.now_ms())

    async def _report_followers(self) -> None:
        """Report how many follow which entity here, as far as it is news."""
        store = self._node.rooms.store
        rooms = {
            name: room
            for name, room in self._node.edge_rooms.items()
            if len(room.topics) or room.topics.has_recounted
        }
        share = max(1, RECOUNTED // max(1, len(rooms)))
        news = {name: room.recounted_followers(share) for name, room in rooms.items()}
        try:
            known = await store.followers.report(store.node, news)
        except StoreUnavailable:
            for name, room in rooms.items():
                room.topics.recount(news[name])
            raise
        for name, room in rooms.items():
            if name in self._told and not known[name]:
                room.topics.recount_all()
        self._told = {name for name, room in rooms.items() if len(room.topics)}

    async def _report_audiences(self, rooms: Collection[str]) -> None:
        """Report where the viewers of these rooms are, and who is there without a socket."""
        store, now_s = self._node.rooms.store, asyncio.get_running_loop().time()
        reports: dict[str, AudienceReport] = {}
        lurked, asked = self._node.lurked(), self._node.asked_languages.by_room(now_s)
        asked = {name: each for name, each in asked.items() if self._node.rooms.peek(name)}
        for name in {*rooms, *lurked, *asked}:
            languages = asked.get(name, [])
            report = AudienceReport(languages=languages)
            if (room := self._node.edge_rooms.get(name)) is not None:
                report = replace(
                    room.playheads.report(now_s),
                    refused=room.batches.refused,
                    languages=[*room.languages.wanted, *languages],
                )
            reports[name] = report
            if name in lurked:
                reports[name] = replace(report, present=lurked[name])
            if len(reports) % AT_ONCE == 0:
                await asyncio.sleep(0)
        await store.audience_reports.write(store.node, reports, store.now_ms())


async def _told(report: Coroutine[Any, Any, None]) -> bool:
    """Return whether a report reached the store; log why it didn't."""
    try:
        await report
    except StoreUnavailable as away:
        log.info("heartbeat_failed", reason=away.reason)
        return False
    return True
