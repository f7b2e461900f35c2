"""The store as the rest of the system sees it: one topology, one object per concern."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from grandstand.domain.clock import StoreClock
from grandstand.store import preflight
from grandstand.store.audience_reports import AudienceReports
from grandstand.store.awake_rooms import AwakeRooms
from grandstand.store.bus import Bus
from grandstand.store.cluster_risks import Risk, risks
from grandstand.store.connection import translated
from grandstand.store.crowds import Crowds
from grandstand.store.deletions import Deletions
from grandstand.store.durability import Durability, probe
from grandstand.store.effects import Effects
from grandstand.store.entities import Entities
from grandstand.store.errors import StoreUnavailable
from grandstand.store.fingerprints import Fingerprints
from grandstand.store.followers import Followers
from grandstand.store.highlights import Highlights
from grandstand.store.houses import Houses
from grandstand.store.ingest import Ingest
from grandstand.store.job_cursors import JobCursors
from grandstand.store.leases import Leases
from grandstand.store.losses import Losses
from grandstand.store.nodes import Nodes
from grandstand.store.reader import Reader
from grandstand.store.recommendations import Recommendations
from grandstand.store.record import Record
from grandstand.store.recounts import Recounts
from grandstand.store.revocations import Revocations
from grandstand.store.rooms import Rooms
from grandstand.store.rundowns import Rundowns
from grandstand.store.signing_keys import SigningKeys
from grandstand.store.suggestions import Suggestions
from grandstand.store.timeline import Timeline
from grandstand.store.topology.opening import open_topology
from grandstand.store.topology.topology import Topology
from grandstand.store.translations import Translations
from grandstand.store.votes import Votes
from grandstand.store.writer import Writer

RETRY_S = (0.05, 0.1, 0.2, 0.4)
"""Pauses between tries of one write; the last one is repeated."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """The store's server: name and version, and its memory in bytes (``most`` 0: without a limit).

    Of a cluster the memory is that of its fullest primary.
    """

    name: str
    used: int
    most: int


class Store:
    """All data of rooms, in one Redis or Valkey, or in a cluster of them."""

    def __init__(self, topology: Topology, durability: Durability, node: str, url: str) -> None:
        """``node`` names this process among those that share the store; ``url``, which may have a
        password, is for processes that it starts."""
        reader, writer = Reader(topology), Writer(topology, durability)
        # Kept, since to ask for it is a system call on Python 3.11, and every vote needs the time.
        self._loop = asyncio.get_running_loop()
        self.topology = topology
        self.node = node
        self.url = url
        self.durability = durability
        self.clock = StoreClock()
        self.awake_rooms = AwakeRooms(reader)
        self.ingest = Ingest(reader, writer, self.awake_rooms.nudge, self.clock)
        self.losses = Losses()
        self.timeline = Timeline(reader, writer, self.losses)
        self.job_cursors = JobCursors(writer)
        self.effects = Effects(reader, writer)
        self.entities = Entities(reader)
        self.followers = Followers(reader)
        self.highlights = Highlights(reader, writer)
        self.houses = Houses(reader)
        self.votes = Votes(reader, writer, self.losses)
        self.recommendations = Recommendations(reader)
        self.recounts = Recounts(reader)
        self.signing_keys = SigningKeys(reader, writer)
        self.record = Record(reader, writer)
        self.rundowns = Rundowns(reader)
        self.rooms = Rooms(reader, writer, self.awake_rooms.nudge)
        self.audience_reports = AudienceReports(reader)
        self.crowds = Crowds(reader, writer)
        self.translations = Translations(reader)
        self.suggestions = Suggestions(reader)
        self.fingerprints = Fingerprints(reader)
        self.nodes = Nodes(reader)
        self.revocations = Revocations(reader, writer)
        self.deletions = Deletions(reader, writer, self.awake_rooms.nudge)
        self.leases = Leases(writer, node)

    def bus(
        self, on_message: Callable[[str, bytes], None], on_connected: Callable[[], None]
    ) -> Bus:
        """Return a listener to rooms' channels, over connections of its own."""
        return Bus(self.topology, on_message, on_connected)

    def now_ms(self) -> float:
        """Return the store's wall clock, as this process knows it."""
        return self.clock.now(self._loop.time() * 1000)

    async def sample_clock(self) -> None:
        """Ask the store for its time. Raises StoreUnavailable."""
        asked_ms = self._loop.time() * 1000
        store_ms = await self.rooms.clock_ms()
        before_ms, held_ms = self.clock.jumped_ms, self.now_ms()
        self.clock.sample(asked_ms, self._loop.time() * 1000, store_ms)
        if self.clock.jumped_ms and not before_ms:
            log.error("store_clock_jumped", by_s=round(self.clock.jumped_ms / 1000, 1))
        elif before_ms and not self.clock.jumped_ms:
            by_s = round((self.now_ms() - held_ms) / 1000, 1)
            event = "store_clock_believed" if abs(by_s) > 1 else "store_clock_back"
            log.warning(event, by_s=by_s)

    async def about(self) -> About:
        """Return what the servers say of themselves. Raises StoreUnavailable."""
        with translated():
            nodes = await self.topology.nodes()
            infos = [await node.redis.info() for node in nodes]
        info = max(infos, key=_fullness)
        sort = str(info.get("server_name", "redis"))
        version = info.get(f"{sort}_version", info.get("redis_version", "of unknown version"))
        used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
        name = f"{sort.title()} {version}"
        return About(f"{name}, {len(nodes)} primaries" if nodes[0].name else name, used, most)

    async def risks(self) -> list[Risk]:
        """Return what the settings of a cluster's nodes risk; nothing of a single server. Raises
        StoreUnavailable."""
        with translated():
            nodes = await self.topology.nodes()
            return await risks(nodes) if nodes[0].name else []

    async def close(self) -> None:
        """End every connection."""
        await self.topology.aclose()


async def open_store(url: str) -> Store:
    """Connect, find out what an ack is worth there, and set the clock.

    Raises OperatorError for a wrong URL, wrong credentials, or an unsuitable server;
    StoreUnavailable if nobody answers.
    """
    topology = open_topology(url)
    try:
        nodes = await preflight.check(topology)
        store = Store(topology, await probe(nodes), secrets.token_hex(4), url)
        await store.sample_clock()
    except BaseException:
        await topology.aclose()
        raise
    return store


def _fullness(info: Mapping[str, Any]) -> tuple[float, int]:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    return used / most if most else 0.0, used


async def retry_until(write: Callable[[], Awaitable[T]], patience_s: float) -> T:
    """Repeat a recognisable write until it is answered; for ``patience_s``, in s.

    Only for writes that are safe to repeat, which all of the store's scripts are. Raises the last
    StoreUnavailable.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    tries = 0
    while True:
        try:
            return await write()
        except StoreUnavailable as away:
            pause_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
            tries += 1
            if loop.time() + pause_s >= deadline:
                raise
            log.info("store_retry", tries=tries, reason=away.reason)
            await asyncio.sleep(pause_s)
