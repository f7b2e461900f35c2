"""The demonstration's vision mixer: takes orders over HTTP, as a studio's would from effects.

It listens on a loopback port of its own, knows nothing of polls or rooms, and keeps what was
ordered in a file. The picture's process reads the file. So the song stays over a restart of either,
and without a picture all this works as well.

``POST /call``, ``/take`` and ``/draw`` have the bodies of ``stage``. They need the key as a bearer
token, and an ``Idempotency-Key``.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from grandstand import listeners
from grandstand.app.http_server import HttpServer
from grandstand.demo import stage_file
from grandstand.demo.stage import Call, Draw, Order, Stage, Take
from grandstand.errors import OperatorError

HOST = "127.0.0.1"
BODY_MAX_BYTES = 16_384
STAGE_FILE, PORT_FILE = "stage.json", "mixer.port"
FORMS: dict[str, type[Order]] = {"/call": Call, "/take": Take, "/draw": Draw}

log = structlog.get_logger(__name__)


class Mixer:
    """The mixer whose files lie in ``folder``; ``now_ms`` is the programme clock."""

    def __init__(self, folder: Path, now_ms: Callable[[], float]) -> None:
        self.path = folder / STAGE_FILE
        self.key = secrets.token_urlsafe(24)
        self._port_path = folder / PORT_FILE
        self._now_ms = now_ms
        self._listener = _listener(self._port_path)
        routes = [Route(path, self._taker(form), methods=["POST"]) for path, form in FORMS.items()]
        app = Starlette(routes=routes)
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
        self._server = HttpServer(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Return where it listens, ``host:port``."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    @property
    def stage(self) -> Stage:
        """Return what was ordered."""
        return stage_file.read(self.path)

    async def start(self) -> None:
        """Answer from now on. The folder must be there, and be ours."""
        self._port_path.write_text(self.address.rpartition(":")[2])
        serving = asyncio.create_task(self._server.serve(sockets=[self._listener]), name="mixer")
        self._serving = serving
        await self._server.until_started(serving)

    async def stop(self) -> None:
        """End, whether it has started or not."""
        if self._serving is not None:
            self._server.end()
            await asyncio.gather(self._serving, return_exceptions=True)
        self._listener.close()

    def _taker(self, form: type[Order]) -> Callable[[Request], Awaitable[Response]]:
        async def take(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not secrets.compare_digest(given.encode(), f"Bearer {self.key}".encode()):
                return PlainTextResponse("Wrong key.\n", 401)
            name = request.headers.get("idempotency-key", "")
            if not name:
                return PlainTextResponse("The header Idempotency-Key is missing.\n", 422)
            if int(request.headers.get("content-length", BODY_MAX_BYTES + 1)) > BODY_MAX_BYTES:
                return PlainTextResponse("Too large.\n", 413)
            try:
                order = msgspec.json.decode(await request.body(), type=form)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
                return PlainTextResponse(f"{fault}\n", 422)
            return self._follow(order, name)

        return take

    def _follow(self, order: Order, name: str) -> Response:
        before = self.stage
        after = before.follow(order, name, round(self._now_ms()))
        if after is not before:
            stage_file.keep(after, self.path)
            if after.song != before.song:
                log.info("song_changed", song=after.song, votes=after.votes)
        return Response(status_code=204)


def _listener(kept: Path) -> socket.socket:
    """Listen where it did before, so that a firing that waits finds it again, or else anywhere."""
    try:
        port = int(kept.read_text())
        return listeners.listen(HOST, port if 0 < port < 65536 else 0)
    except (OSError, ValueError, OperatorError):
        return listeners.listen(HOST, 0)
