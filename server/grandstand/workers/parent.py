"""The process that an operator starts and stops: it starts the others, and serves nobody.

Theory of operation: it takes the port without listening, starts the embedded store if that is
wanted, and starts the workers. Each worker listens on the port by itself, so the kernel spreads new
connections over the living ones, and refuses at once those that wait for a dead one. Workers know
each other only through the store, like servers on several machines. A worker that hangs is ended;
one that ends is started again. When the parent ends, all workers end, and the store last.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import structlog
import uvloop
from prometheus_client import CollectorRegistry

from grandstand import listeners, process_limits
from grandstand.api.metrics_peers import MetricsPeers
from grandstand.collector import starting
from grandstand.errors import OperatorError, exit_on_operator_error
from grandstand.hangup import Hangup
from grandstand.settings import PREFIX, ServerSettings
from grandstand.store_context import connected, store_url
from grandstand.tasks import cancel_all
from grandstand.telemetry import ParentMetrics, configure_logging
from grandstand.timeouts import timeout
from grandstand.workers.restarts import Restarts
from grandstand.workers.slot import HASTEN, WorkerSlot
from grandstand.workers.watch import WORD_S

STOP_S = 15.0
"""How long a worker may take besides the drain before it is killed, in s. Its close frames take up
to 5 s, handing over its rooms and the store's answers 1 s."""

NAME = "parent"
"""The parent's ``worker`` in the metrics."""

log = structlog.get_logger(__name__)


def run(settings: ServerSettings) -> NoReturn:
    """Become the parent of ``settings.workers`` workers, until SIGINT or SIGTERM.

    Check what they will need, and go on as a program that has loaded none of it: half as large.
    Raises OperatorError, before anything is started, for everything that an operator can correct.
    """
    with starting():
        from grandstand.app import build  # imported here: the parent doesn't need it

    if sys.platform != "linux":
        raise OperatorError(
            f"{PREFIX}WORKERS: only Linux spreads connections over processes on one port"
        )
    process_limits.raise_file_limit()
    with starting():
        build.check(settings)
    program = [sys.executable, "-m", "grandstand.workers.parent"]
    os.execve(sys.executable, program, _environment(settings))


def main() -> None:
    """Run ``python -m grandstand.workers.parent``, as ``run`` calls it."""
    with exit_on_operator_error():
        settings = ServerSettings.read()
        configure_logging(settings.log_level, settings.log_json)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))


async def _serve(settings: ServerSettings) -> None:
    with (
        listeners.reserve(settings.host, settings.port) as holder,
        tempfile.TemporaryDirectory(prefix="grandstand-") as folder,
    ):
        async with store_url(settings) as store:
            async with connected(store):
                pass  # it is there, and its faults have been reported once
            port = int(holder.getsockname()[1])
            shared = settings.model_copy(update={"port": port, "redis_url": store})
            await _Parent(shared, Path(folder), listeners.url(holder)).serve()


class _Parent:
    def __init__(self, settings: ServerSettings, folder: Path, url: str) -> None:
        self._settings = settings
        self._folder = folder
        self._url = url
        environment = _environment(settings)
        program = (sys.executable, "-m", "grandstand.workers.worker")
        names = [str(number + 1) for number in range(settings.workers)]
        self._workers = [
            WorkerSlot(name, (*program, name, str(folder)), environment, self._count)
            for name in names
        ]
        self._metrics = ParentMetrics(CollectorRegistry(), names)
        self._stopping = asyncio.Event()
        self._complete = asyncio.Event()

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        hangup = Hangup()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled)
        loop.add_signal_handler(
            signal.SIGHUP, lambda: self._signalled() if hangup.is_real else self._look()
        )
        keeping = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
        watching = asyncio.create_task(self._watch())
        try:
            async with MetricsPeers(self._folder, NAME).answering(self._metrics.registry):
                await self._until(self._complete, keeping)
                if self._complete.is_set():
                    log.info("serving", url=self._url, workers=len(self._workers))
                await self._until(self._stopping, keeping)
                await self._ended(keeping)
        finally:
            self._stop()
            await self._ended(keeping)
            await cancel_all([watching])
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)

    async def _until(self, event: asyncio.Event, keeping: list[asyncio.Task[None]]) -> None:
        """Wait for the event, or until all must stop, or the first worker can't start."""
        waiting = [asyncio.create_task(each.wait()) for each in (event, self._stopping)]
        try:
            done, _ = await asyncio.wait([*waiting, *keeping], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        finally:
            for task in waiting:
                task.cancel()

    # --- one worker --------------------------------------------------------------------------

    async def _keep(self, worker: WorkerSlot) -> None:
        """Run a process in this slot, again and again, until all must stop."""
        loop = asyncio.get_running_loop()
        restarts = Restarts()
        while not self._stopping.is_set():
            began_s = loop.time()
            code = await worker.live()
            if self._stopping.is_set():
                return
            if not self._complete.is_set() and code == 1:
                raise OperatorError(f"worker {worker.name} can't start: it has said why")
            pause_s = restarts.pause_s(loop.time() - began_s)
            self._metrics.restarts.labels(worker.name).inc()
            log.error("worker_ended", of=worker.name, code=code, again_in_s=pause_s)
            try:
                async with timeout(pause_s):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    # --- all of them -------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WORD_S)
            for worker in self._workers:
                if worker.hangs():
                    log.error("worker_hung", of=worker.name, silent_s=worker.silent_s)
                    self._metrics.hung.labels(worker.name).inc()
                    worker.abort()

    def _count(self) -> None:
        serving = sum(each.serves for each in self._workers)
        self._metrics.workers.set(serving)
        if serving == len(self._workers):
            self._complete.set()

    def _signalled(self) -> None:
        if self._stopping.is_set():
            for worker in self._workers:
                worker.tell(HASTEN)
        else:
            log.info("stopping")
            self._stop()

    def _stop(self) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            for worker in self._workers:
                worker.stop()

    def _look(self) -> None:
        """Ask each worker to check for a new model; one that is only starting finds it anyway."""
        for worker in self._workers:
            if worker.serves:
                worker.send_signal(signal.SIGHUP)

    async def _ended(self, keeping: list[asyncio.Task[None]]) -> None:
        """Wait until all have ended; one that doesn't in time is killed, which loses nothing
        acknowledged."""
        _, late = await asyncio.wait(keeping, timeout=self._settings.longest_drain_s + STOP_S)
        for worker in self._workers:
            if worker.is_taken:
                log.error("worker_killed", of=worker.name)
                worker.send_signal(signal.SIGKILL)
        if late:
            await asyncio.wait(late)


def _environment(settings: ServerSettings) -> Mapping[str, str]:
    """Return our environment, with what options, or we, have set."""
    given = {
        "HOST": settings.host,
        "PORT": str(settings.port),
        "WORKERS": str(settings.workers),
        "DATA_DIR": str(settings.data_dir),
        "REDIS_URL": settings.redis_url or "",
    }
    return {**os.environ, **{PREFIX + name: value for name, value in given.items()}}


if __name__ == "__main__":
    main()
