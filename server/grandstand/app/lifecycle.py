"""The life of a server: it starts, obeys signals, drains, and stops everything that it started.

It must not know what a server is made of: ``build`` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
import uvloop
from starlette.routing import BaseRoute

from grandstand import listeners, process_limits
from grandstand.api.metrics_peers import MetricsPeers
from grandstand.app.build import Assembly, build, equip
from grandstand.collector import starting
from grandstand.edge.drain_pace import DrainPace
from grandstand.edge.transport.draining import Draining, Span
from grandstand.edge.transport.event_stream import EventStream
from grandstand.edge.transport.websocket import ViewerSocket
from grandstand.hangup import Hangup
from grandstand.replica.rooms import LiveRooms
from grandstand.settings import ServerSettings
from grandstand.store.store import retry_until
from grandstand.store_context import connected, store_url
from grandstand.tasks import PATIENTLY_S, cancel_all
from grandstand.tokens import Tokens

STORE_PATIENCE_S = 5
"""How long the store may take, at the start, to return the revoked tokens."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A server at work.

    ``stop`` lets it drain and end, ``hasten`` ends it at once. ``leave`` is ``stop`` for one of
    several that share a port: new connections go to the others from then on.
    """

    url: str
    tokens: Tokens
    rooms: LiveRooms
    stopping: asyncio.Event
    stop: Callable[[], None]
    hasten: Callable[[], None]
    leave: Callable[[], None]


Ready = Callable[[Running], Awaitable[None]]


def run(settings: ServerSettings) -> None:
    """Run ``serve`` on an event loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))


async def serve(
    settings: ServerSettings,
    ready: Ready | None = None,
    extra_routes: Sequence[BaseRoute] = (),
    metrics_peers: MetricsPeers | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then drain and stop everything that was started. A second
    signal ends it at once.

    ``ready`` is called once the server answers. ``extra_routes`` are routes of the caller's own.
    With ``metrics_peers`` it is one of several processes on one port: ``ready`` then says who tells
    it to stop, and a signal means that only this one leaves.

    Raises OperatorError, before anybody is let in, for everything that an operator can correct.
    """
    process_limits.raise_file_limit()
    with starting():
        equipment = equip(settings)
    shares_port = metrics_peers is not None
    listener = listeners.listen(settings.host, settings.port, shares_port)
    try:
        async with contextlib.AsyncExitStack() as stack:
            if metrics_peers is not None:
                registry = equipment.metrics.registry
                await stack.enter_async_context(metrics_peers.answering(registry))
            url = await stack.enter_async_context(store_url(settings))
            store = await stack.enter_async_context(connected(url))
            assembly = build(equipment, store, extra_routes, metrics_peers)
            await retry_until(assembly.rooms.revocations.compare, STORE_PATIENCE_S)
            await _Lifecycle(assembly, listener, shares_port).run(ready)
    finally:
        listener.close()
        await equipment.moderator.close()
        await equipment.forecasts.close()


class _Lifecycle:
    """One server from its start to its end."""

    def __init__(self, assembly: Assembly, listener: socket.socket, shares_port: bool) -> None:
        self._assembly = assembly
        self._listener = listener
        self._shares_port = shares_port
        self._stopping = asyncio.Event()
        settings = assembly.equipment.settings
        self._draining = Draining(Span(settings.drain_s, settings.longest_drain_s))

    async def run(self, ready: Ready | None) -> None:
        """Serve until told to stop. Raises what a task, the HTTP server or ``ready`` raised."""
        server = self._assembly.server
        with self._signals():
            background = [
                asyncio.create_task(task(), name=name)
                for name, task in self._assembly.background_tasks().items()
            ]
            serving = asyncio.create_task(server.serve(sockets=[self._listener]), name="http")
            try:
                await server.until_started(serving)
                await self._started(ready)
                if await _until_over(self._stopping, [serving, *background]):
                    await self._drain()
                await self._end(serving)
            finally:
                self._stop()
                server.end()
                await asyncio.gather(
                    serving, return_exceptions=True
                )  # its error was reported above
                failed = [task for task in background if task.done() and not task.cancelled()]
                await cancel_all(background, PATIENTLY_S)
                await self._assembly.rooms.close()
                if self._assembly.archive is not None:
                    self._assembly.archive.close()
        for task in failed:
            task.result()

    async def _started(self, ready: Ready | None) -> None:
        _spare_the_collector()
        url, durability = listeners.url(self._listener), self._assembly.store.durability
        log.info("serving", url=url, durability=durability.promise)
        if ready is not None:
            tokens, rooms = self._assembly.equipment.tokens, self._assembly.rooms
            await ready(
                Running(url, tokens, rooms, self._stopping, self._stop, self._hasten, self._leave)
            )

    async def _drain(self) -> None:
        """Send viewers and subscribers away, as fast as the settings say and others can take
        them."""
        here = self._assembly.server.server_state.connections
        viewers = [each for each in here if isinstance(each, ViewerSocket | EventStream)]
        pace = DrainPace(self._assembly.store, self._assembly.node.handshake_limit.per_s)
        pacing = asyncio.create_task(pace.run(), name="pace of the drain")
        try:
            told = await self._draining.run(viewers, here, lambda: pace.per_s)
        finally:
            await cancel_all([pacing])
        log.info("drained", viewers=told)
        longest_s = self._assembly.equipment.settings.longest_drain_s
        if len(viewers) > pace.per_s * longest_s:
            log.warning(
                "drained_too_fast",
                others_per_s=round(pace.per_s),
                advice="raise GRANDSTAND_DRAIN_MAX_S, or add servers",
            )

    async def _end(self, serving: asyncio.Task[None]) -> None:
        """Let the HTTP server end, and what its viewers still sent reach the store."""
        self._stop()
        self._assembly.server.end()
        await serving
        rooms = self._assembly.node.edge_rooms.values()
        await asyncio.gather(*(room.batches.flushed() for room in rooms))

    def _stop(self) -> None:
        if not self._stopping.is_set():
            log.info("stopping")
        self._stopping.set()
        self._assembly.node.draining = self._assembly.api.draining = True

    def _hasten(self) -> None:
        self._stop()
        self._draining.hasten()
        self._assembly.server.force_exit = True

    def _leave(self) -> None:
        self._assembly.server.refuse_newcomers()
        self._stop()

    def _signalled(self) -> None:
        if self._shares_port:
            self._leave()
        elif self._stopping.is_set():
            self._hasten()
        else:
            self._stop()

    def _look(self) -> None:
        """Look for new models."""
        self._assembly.equipment.reload.now()
        self._assembly.equipment.forecasts.look()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Obey signals inside the block."""
        hangup = Hangup()
        obeyed: dict[int, Callable[[], None]] = {
            signal.SIGINT: self._signalled,
            signal.SIGTERM: self._signalled,
            signal.SIGHUP: lambda: self._stop() if hangup.is_real else self._look(),
        }
        loop = asyncio.get_running_loop()
        for number, obey in obeyed.items():
            loop.add_signal_handler(number, obey)
        try:
            yield
        finally:
            for number in obeyed:
                loop.remove_signal_handler(number)


async def _until_over(stopping: asyncio.Event, parts: list[asyncio.Task[None]]) -> bool:
    """Wait until the server must stop, or (False) a part of it failed."""
    asked = asyncio.create_task(stopping.wait(), name="asked to stop")
    waiting: set[asyncio.Task[Any]] = {asked, *parts}
    try:
        while not stopping.is_set():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(task.exception() for task in done):
                return False
        return True
    finally:
        asked.cancel()


def _spare_the_collector() -> None:
    """Let the garbage collector look only at new objects, and seldom.

    A viewer is some 25 long-lived objects without cycles. The collector would go through them again
    and again as a crowd comes in: 32 us of each viewer's entry, and 7 this way (12,000 viewers).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
