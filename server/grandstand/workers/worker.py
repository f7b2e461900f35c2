"""One of the processes: a server that shares its port, and obeys its parent by a socket pair.

Only the parent holds the other end of the socket. So it ends when the parent ends, for whatever
reason, and then the worker stops too, since nobody would start it again, or stop it. The worker's
heartbeats come from its event loop; when they stop, the parent ends it.
"""

from __future__ import annotations

import asyncio
import faulthandler
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import uvloop

from grandstand.api.metrics_peers import MetricsPeers
from grandstand.collector import starting
from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings
from grandstand.tasks import cancel_all
from grandstand.telemetry import configure_logging
from grandstand.workers.slot import ALIVE, HASTEN, READY, STOP
from grandstand.workers.watch import WORD_S

if TYPE_CHECKING:
    from grandstand.app.lifecycle import Running

log = structlog.get_logger(__name__)


def main(name: str, folder: str, line: str) -> None:
    """Run ``python -m grandstand.workers.worker``, as the parent calls it, with the worker's name,
    the folder where its metrics_peers answer, and its end of the socket pair, an open file. Exits
    with 1 after an operator's error."""
    faulthandler.enable()
    try:
        settings = ServerSettings.read()
        configure_logging(settings.log_level, settings.log_json)
        structlog.contextvars.bind_contextvars(worker=name)
        with (
            socket.socket(fileno=int(line)) as parent,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_work(settings, name, Path(folder), parent))
    except OperatorError as fault:
        log.error("worker_cannot_start", reason=str(fault))
        sys.exit(1)


async def _work(settings: ServerSettings, name: str, folder: Path, parent: socket.socket) -> None:
    with starting():
        from grandstand.app.lifecycle import serve

    hearing: list[asyncio.Task[None]] = []

    async def ready(running: Running) -> None:
        hearing.append(asyncio.create_task(hear(parent, running, folder), name="parent"))

    try:
        await serve(settings, ready, metrics_peers=MetricsPeers(folder, name))
    finally:
        await cancel_all(hearing)


async def hear(parent: socket.socket, running: Running, folder: Path) -> None:
    """Do what the parent says until it closes the socket, and send heartbeats."""
    reader, writer = await asyncio.open_connection(sock=parent)
    speaking = asyncio.create_task(_speak(writer), name="alive")
    try:
        while word := await reader.readline():
            if word == STOP:
                running.stop()
            elif word == HASTEN:
                running.hasten()
    except ConnectionError:
        pass  # the parent was killed before it had read our message
    finally:
        speaking.cancel()
        writer.close()
    log.error("parent_ended")
    running.leave()
    shutil.rmtree(folder, ignore_errors=True)  # the parent can't; others do so too


async def _speak(writer: asyncio.StreamWriter) -> None:
    writer.write(READY)
    while True:
        await asyncio.sleep(WORD_S)
        writer.write(ALIVE)


if __name__ == "__main__":
    main(*sys.argv[1:])
