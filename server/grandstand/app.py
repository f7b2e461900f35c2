"""The one place where everything is put together: store, rooms, edge, sequencer, HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import structlog
import uvicorn
import uvloop
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from grandstand import __version__, resources
from grandstand.edge.entrance import Entrance
from grandstand.edge.gate import Gate, Limits
from grandstand.edge.keepalive import Keepalive
from grandstand.edge.presence import Presence
from grandstand.edge.socket import ViewerSocket
from grandstand.faults import OperatorError
from grandstand.moderation import ModelError, Moderator, OnnxScorer, Rules
from grandstand.moderation.reload import Reload
from grandstand.pages import pages
from grandstand.producers import problems
from grandstand.producers.api import Api
from grandstand.producers.routes import routes
from grandstand.replica.rooms import LiveRooms
from grandstand.sequencer.duty import Duty
from grandstand.settings import ServerSettings
from grandstand.store.cancelling import PATIENTLY_S, end
from grandstand.store.connection import StoreUnavailable
from grandstand.store.embedded import EmbeddedStore
from grandstand.store.store import Store, open_store
from grandstand.telemetry import Metrics
from grandstand.tokens import Tokens

FILES_MIN = 1024
"""Open files without which not even a small room fits; the hard limit is taken where it's more."""

GRACE_S = 5
"""How long viewers may take to answer the close frame when the process goes away."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A server at work."""

    url: str
    tokens: Tokens
    rooms: LiveRooms
    stopping: asyncio.Event
    stop: Callable[[], None]


class _Server(uvicorn.Server):
    """Uvicorn, but for signals: those are ours, so that Ctrl-C is an orderly end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


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
) -> None:
    """Serves until SIGINT or SIGTERM, then drains and stops all that it started.

    ``ready`` is called once the server answers; ``besides`` are routes of the caller's own. Raises
    OperatorError, before anybody is let in, for whatever an operator can mend.
    """
    _raise_file_limit()
    tokens = Tokens(settings.secret, settings.jwks_url)
    metrics = Metrics(CollectorRegistry())
    reload = _reload(settings, metrics)
    listener = _listen(settings.host, settings.port)
    try:
        async with _store(settings) as store:
            await _serve(settings, store, tokens, metrics, reload, listener, ready, besides)
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
) -> None:
    moderator = reload.moderator
    rooms = LiveRooms(store)
    metrics.built(__version__, store.durability.promise)
    metrics.store_up.set_function(lambda: float(rooms.store_is_up))
    metrics.read_counter(
        "moderation_comments",
        "Comments by how the scorer fared",
        "how",
        lambda: asdict(moderator.counts),
    )
    keepalive = Keepalive()
    gate = Gate(
        rooms=rooms,
        tokens=tokens,
        moderator=moderator,
        keepalive=keepalive,
        metrics=metrics,
        limits=Limits(settings.max_connections_per_viewer, settings.max_connections_per_address),
        origins=settings.origins,
        drain_ms=int(settings.drain_s * 1000),
    )
    api = Api(rooms=rooms, tokens=tokens, registry=metrics.registry)
    app = Starlette(
        routes=[*routes(api), *besides, *pages(resources.pages())],
        exception_handlers={404: problems.not_found},
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=settings.origins,
                allow_methods=["GET", "POST", "PUT", "PATCH"],
                allow_headers=["Authorization", "Content-Type"],
                expose_headers=["Retry-After"],
            )
        ],
    )
    server = _Server(
        uvicorn.Config(
            app,
            ws=functools.partial(ViewerSocket, gate=gate, keepalive=keepalive),  # type: ignore[arg-type]
            http=Entrance,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    stopping = asyncio.Event()

    def stop() -> None:
        if not stopping.is_set():
            log.info("stopping")
        stopping.set()
        gate.draining = True
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop)
    hangup = _Hangup()
    loop.add_signal_handler(signal.SIGHUP, lambda: stop() if hangup.is_real else reload.now())
    running = Running(_url(listener), tokens, rooms, stopping, stop)

    at_work = [
        asyncio.create_task(job, name=name)
        for name, job in {
            "rooms": rooms.run(),
            "keepalive": keepalive.run(),
            "presence": Presence(gate).run(),
            "duty": Duty(store, metrics).run(),
            "tokens": tokens.run(),
            "reload": reload.run(),
        }.items()
    ]
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        await _until_started(server, serving)
        _spare_the_collector()
        log.info("serving", url=running.url, durability=store.durability.promise)
        if ready is not None:
            await ready(running)
        await _until_over(serving, at_work)
        stop()
        await serving
        await asyncio.gather(*(room.inbox.flushed() for room in gate.edge_rooms.values()))
    finally:
        stop()
        await asyncio.gather(serving, return_exceptions=True)  # told above, unless another was
        failed = [task for task in at_work if task.done() and not task.cancelled()]
        await end(at_work, PATIENTLY_S)
        await rooms.close()
        for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(signal_number)
    for task in failed:
        task.result()


async def _until_over(serving: asyncio.Task[None], at_work: list[asyncio.Task[None]]) -> None:
    """Until the server was stopped, or a part of it failed."""
    waiting = {serving, *at_work}
    while serving in waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if any(task.exception() for task in done):
            return


async def _until_started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _store(settings: ServerSettings) -> AsyncIterator[Store]:
    """The store that the settings name, or the embedded one, stopped at the end."""
    if settings.redis_url is not None:
        store = await _connected(settings.redis_url)
        try:
            yield store
        finally:
            await store.close()
        return
    embedded = EmbeddedStore(settings.data_dir)
    url = await embedded.start()
    watching = asyncio.create_task(embedded.watch(), name="embedded store")
    try:
        store = await _connected(url)
        try:
            yield store
        finally:
            await store.close()
    finally:
        await end([watching])
        await embedded.stop()


async def _connected(url: str) -> Store:
    try:
        store = await open_store(url)
    except StoreUnavailable as away:
        place = urlsplit(url)
        where = f"{place.scheme}://{place.hostname or place.path}"
        raise OperatorError(
            f"the store at {where} doesn't answer ({away.reason}): start it, or mend "
            "GRANDSTAND_REDIS_URL"
        ) from None
    if store.durability.promise == "weak":
        log.warning("acks_are_weak", why=store.durability.why)
    return store


def _reload(settings: ServerSettings, metrics: Metrics) -> Reload:
    """The moderator with its scorer, and what brings a new one."""
    path = settings.model or resources.model()
    try:
        scorer = OnnxScorer(path)
    except ModelError as error:
        raise OperatorError(str(error)) from None
    moderator = Moderator(
        scorer,
        Rules.load(),
        deadline_ms=settings.moderation_deadline_ms,
        threads=settings.moderation_threads,
        metrics=metrics.scorer,
    )
    return Reload(path, scorer, moderator, metrics.scorer)


class _Hangup:
    """What SIGHUP means: to look for a new model, or that the terminal was closed."""

    def __init__(self) -> None:
        is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup
        self._had_terminal = _has_terminal() and not is_ignored

    @property
    def is_real(self) -> bool:
        """Whether the terminal that the process was started from is gone."""
        return self._had_terminal and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _spare_the_collector() -> None:
    """Let the garbage collector look at new objects alone, and seldom.

    A viewer is some 25 long-lived objects without cycles, which it would look through again and
    again as a crowd comes in: 32 us of each viewer's entry, and 7 this way (12,000 viewers).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise OperatorError(
            f"can't listen on {host}:{port} ({error.strerror}): give another --port or --host"
        ) from None
    listener.setblocking(False)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES_MIN:
        raise OperatorError(
            f"only {hard} open files are allowed, one per viewer: raise it (ulimit -n 65536)"
        )
    wanted = 1_048_576 if hard == resource.RLIM_INFINITY else hard
    if soft < wanted:
        with contextlib.suppress(ValueError):  # the system caps it below: what is there stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
