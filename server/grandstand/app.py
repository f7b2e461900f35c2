"""The one place where everything is put together: store, rooms, edge, sequencer, HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog
import uvicorn
import uvloop
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from grandstand import __version__, machine, resources
from grandstand.api import problems
from grandstand.api.metrics_peers import MetricsPeers
from grandstand.api.operations import Api
from grandstand.api.origins import let_in
from grandstand.api.routes import routes
from grandstand.edge.admission import Admission
from grandstand.edge.heartbeat import Heartbeat
from grandstand.edge.node import Limits, Node
from grandstand.edge.revoked import Revoked
from grandstand.edge.transport.connection_limits import Arrivals
from grandstand.edge.transport.dispatch import Dispatch
from grandstand.edge.transport.draining import Draining
from grandstand.edge.transport.handshake import NOT_SNIFFED
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.edge.transport.websocket import ViewerSocket
from grandstand.errors import OperatorError
from grandstand.leader.leader import RoomLeader
from grandstand.moderation.manifest import ModelError
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.reload import Reload
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.pages import pages
from grandstand.replica.rooms import LiveRooms
from grandstand.replica.secrets import SecretWatch
from grandstand.settings import ServerSettings
from grandstand.store.store import Store, retry_until
from grandstand.store_context import connected, store_url
from grandstand.tasks import PATIENTLY_S, cancel_all
from grandstand.telemetry import Metrics
from grandstand.timeouts import timeout
from grandstand.tokens import Tokens
from grandstand.wire.codes import ErrorCode

GRACE_S = 5
"""How long viewers may take to answer the close frame when the process goes away."""

AFTER_S = 1.0
"""At most so long ``bye`` asks a viewer to wait: it smooths the slices in which they are told."""

DATE_S = 1.0
"""How often the Date of HTTP answers is renewed."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A server at work.

    ``stop`` lets it drain and end, ``hasten`` end at once. ``leave`` is ``stop`` for one of several
    that share a port: newcomers go to the others from then on.
    """

    url: str
    tokens: Tokens
    rooms: LiveRooms
    stopping: asyncio.Event
    stop: Callable[[], None]
    hasten: Callable[[], None]
    leave: Callable[[], None]


class _Server(uvicorn.Server):
    """Uvicorn, but for signals: those are ours, so that Ctrl-C is an orderly end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._over = asyncio.Event()

    def end(self) -> None:
        """Stops serving, once the connections are closed.

        The listening sockets are closed here: uvicorn would wait for them, which from Python 3.12
        on waits for their connections too, after a second signal as well.
        """
        self.refuse_newcomers()
        self.servers = []
        self.should_exit = True
        self._over.set()

    async def main_loop(self) -> None:
        """As uvicorn's, which wakes ten times a second to see whether it is to exit."""
        while not await self.on_tick(0):  # renews the Date of answers
            with contextlib.suppress(TimeoutError):
                async with timeout(DATE_S):
                    await self._over.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def refuse_newcomers(self) -> None:
        """Closes the port, and leaves all connections as they are."""
        for listening in self.servers if self.started else ():
            listening.close()


def run(
    settings: ServerSettings, ready: Callable[[Running], Awaitable[None]] | None = None
) -> None:
    """``serve`` on an event loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, ready))


async def serve(
    settings: ServerSettings,
    ready: Callable[[Running], Awaitable[None]] | None = None,
    besides: Sequence[BaseRoute] = (),
    metrics_peers: MetricsPeers | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM, then drains and stops all that it started; a second signal
    ends it at once.

    ``ready`` is called once the server answers; ``besides`` are routes of the caller's own. With
    ``metrics_peers`` it is one of several processes on one port: ``ready`` says who tells it to
    stop, and a signal means that this one leaves.

    Raises OperatorError, before anybody is let in, for
    whatever an operator can mend.
    """
    machine.raise_file_limit()
    tokens = Tokens(settings.secret, settings.jwks_url, settings.token_terms)
    metrics = Metrics(CollectorRegistry())
    reload = _reload(settings, metrics)
    listener = machine.listen(settings.host, settings.port, shared=metrics_peers is not None)
    try:
        async with contextlib.AsyncExitStack() as stack:
            if metrics_peers is not None:
                await stack.enter_async_context(metrics_peers.answering(metrics.registry))
            store = await stack.enter_async_context(
                connected(await stack.enter_async_context(store_url(settings)))
            )
            await _serve(
                settings, store, tokens, metrics, reload, listener, ready, besides, metrics_peers
            )
    finally:
        listener.close()
        await reload.moderator.close()


async def _serve(
    settings: ServerSettings,
    store: Store,
    tokens: Tokens,
    metrics: Metrics,
    reload: Reload,
    listener: socket.socket,
    ready: Callable[[Running], Awaitable[None]] | None,
    besides: Sequence[BaseRoute],
    metrics_peers: MetricsPeers | None,
) -> None:
    moderator = reload.moderator
    rooms = LiveRooms(store)
    await retry_until(rooms.revocations.compare, GRACE_S)
    tokens.revocations = rooms.revocations.known
    metrics.built(__version__, store.durability.promise)
    metrics.store_up.set_function(lambda: float(rooms.store_is_up))
    metrics.store_clock_jump.set_function(lambda: store.clock.jumped_ms / 1000)
    metrics.room_clock_ahead.set_function(lambda: rooms.clock_ahead_s)
    metrics.read_counter(
        "store_losses",
        "What the store was found to have lost",
        "what",
        lambda: store.losses.counts,
    )
    metrics.read_counter(
        "moderation_comments",
        "Comments by how the scorer fared",
        "how",
        lambda: asdict(moderator.counts),
    )
    keepalive = Keepalive()
    arrivals = Arrivals(keepalive, settings.max_connections_per_address, machine.max_connections())
    metrics.read_counter(
        "connections_refused",
        "Connections closed at accept, for being slow, or for odd HTTP, by what was wrong",
        "why",
        lambda: arrivals.refused,
    )
    node = Node(
        rooms=rooms,
        tokens=tokens,
        moderator=moderator,
        keepalive=keepalive,
        metrics=metrics,
        limits=Limits(settings.max_connections_per_viewer, settings.max_connections_per_address),
        handshake_limit=HandshakeLimit(
            settings.handshakes_per_s,
            metrics.handshakes_refused.labels(ErrorCode.OVERLOADED.value).inc,
        ),
        hides_rooms=settings.hide_rooms,
        ban_holds_address_s=settings.ban_holds_address_s,
        drain_ms=int(min(settings.drain_s, AFTER_S) * 1000),
    )
    api = Api(
        rooms=rooms,
        tokens=tokens,
        names=moderator.names,
        registry=metrics.registry,
        metrics_peers=metrics_peers,
        hides_rooms=settings.hide_rooms,
    )
    app = Starlette(
        routes=[*routes(api), *besides, *pages(resources.pages())],
        exception_handlers={404: problems.not_found},
        middleware=[let_in(settings.origins)],
    )
    server = _Server(
        uvicorn.Config(
            app,
            ws=functools.partial(  # type: ignore[arg-type]
                ViewerSocket,
                admission=Admission(node, settings.origins),
                keepalive=keepalive,
                turns=RoundRobin(),
            ),
            http=functools.partial(Dispatch, arrivals=arrivals),  # type: ignore[arg-type]
            backlog=machine.BACKLOG,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=[NOT_SNIFFED],
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    stopping = asyncio.Event()
    draining = Draining(settings.drain_s)

    def stop() -> None:
        if not stopping.is_set():
            log.info("stopping")
        stopping.set()
        node.draining = api.draining = True

    def hasten() -> None:
        stop()
        draining.hasten()
        server.force_exit = True

    def leave() -> None:
        server.refuse_newcomers()
        stop()

    def signalled() -> None:
        if metrics_peers is not None:
            leave()
        elif stopping.is_set():
            hasten()
        else:
            stop()

    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, signalled)
    hangup = machine.Hangup()
    loop.add_signal_handler(signal.SIGHUP, lambda: stop() if hangup.is_real else reload.now())
    url = machine.url(listener)
    running = Running(url, tokens, rooms, stopping, stop, hasten, leave)

    at_work = [
        asyncio.create_task(job, name=name)
        for name, job in {
            "rooms": rooms.run(),
            "keepalive": keepalive.run(),
            "heartbeat": Heartbeat(node).run(),
            "revoked": Revoked(node).run(),
            "leader": RoomLeader(store, metrics, node.visited).run(),
            "tokens": tokens.run(),
            "secrets": SecretWatch(store, tokens.fingerprint, metrics.secrets_differ.set).run(),
            "reload": reload.run(),
        }.items()
    ]
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        await _until_started(server, serving)
        _spare_the_collector()
        log.info("serving", url=url, durability=store.durability.promise)
        if ready is not None:
            await ready(running)
        if await _until_over(stopping, [serving, *at_work]):
            here = server.server_state.connections
            viewers = [each for each in here if isinstance(each, ViewerSocket)]
            log.info("drained", viewers=await draining.run(viewers, here))
        stop()
        server.end()
        await serving
        await asyncio.gather(*(room.batches.flushed() for room in node.edge_rooms.values()))
    finally:
        stop()
        server.end()
        await asyncio.gather(serving, return_exceptions=True)  # told above, unless another was
        failed = [task for task in at_work if task.done() and not task.cancelled()]
        await cancel_all(at_work, PATIENTLY_S)
        await rooms.close()
        for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(signal_number)
    for task in failed:
        task.result()


async def _until_over(stopping: asyncio.Event, parts: list[asyncio.Task[None]]) -> bool:
    """Until the server is to stop, or (False) a part of it failed."""
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


async def _until_started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.01)


def check(settings: ServerSettings) -> None:
    """What the settings name is there and fits. Raises OperatorError."""
    Tokens(settings.secret, settings.jwks_url, settings.token_terms)
    _scorer(settings)


def _scorer(settings: ServerSettings) -> tuple[Path, OnnxScorer]:
    path = settings.model or resources.model()
    try:
        return path, OnnxScorer(path)
    except ModelError as error:
        raise OperatorError(str(error)) from None


def _reload(settings: ServerSettings, metrics: Metrics) -> Reload:
    """The moderator with its scorer, and what brings a new one."""
    path, scorer = _scorer(settings)
    moderator = Moderator(
        scorer,
        Rules.load(),
        deadline_ms=settings.moderation_deadline_ms,
        threads=settings.moderation_threads,
        metrics=metrics.scorer,
    )
    return Reload(path, scorer, moderator, metrics.scorer)


def _spare_the_collector() -> None:
    """Let the garbage collector look at new objects alone, and seldom.

    A viewer is some 25 long-lived objects without cycles, which it would look through again and
    again as a crowd comes in: 32 us of each viewer's entry, and 7 this way (12,000 viewers).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
