"""A real OBS without a screen: 640x360 pixels, 10 frames a second, on a free port, with a home of
its own. It draws by software on a display of its own. Debian's ``obs-studio`` and ``xvfb``.
"""

from __future__ import annotations

import base64
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import simpleobsws

from tests.server import held_port
from tests.waiting import PATIENCE_S, until, wait_until

WIDTH, HEIGHT, FRAMES_PER_S = 640, 360, 10
PASSWORD = "a password of the tests"
NOT_READY = 207
BMP_HEAD = 54
"""Bytes before the pixels, in the bitmaps that OBS writes."""

GLOBAL = """
[General]
FirstRun=true
EnableAutoUpdates=false
[Basic]
Profile=Untitled
ProfileDir=Untitled
SceneCollection=Untitled
SceneCollectionFile=Untitled
[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort={port}
AuthRequired=true
ServerPassword={password}
"""
PROFILE = f"""
[General]
Name=Untitled
[Video]
BaseCX={WIDTH}
BaseCY={HEIGHT}
OutputCX={WIDTH}
OutputCY={HEIGHT}
FPSType=1
FPSInt={FRAMES_PER_S}
"""


class ObsStudio:
    """One OBS with its display, for as long as its maker wants it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: socket.socket | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> ObsStudio:
        """Starts both; returns once it listens."""
        missing = [name for name in ("obs", "Xvfb") if shutil.which(name) is None]
        if missing:
            raise RuntimeError(f"no {' and no '.join(missing)}: apt-get install obs-studio xvfb")
        self._held = held_port()
        self.port = self._held.getsockname()[1]
        home = self._folder / "home"
        config = home / ".config" / "obs-studio"
        profile = config / "basic" / "profiles" / "Untitled"
        profile.mkdir(parents=True)
        told = GLOBAL.format(port=self.port, password=PASSWORD)
        (config / "global.ini").write_text(told)
        (profile / "basic.ini").write_text(PROFILE)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "LANG": "C.UTF-8",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "https_proxy": "http://127.0.0.1:9",  # nobody: it would ask for lists of services
            "DISPLAY": f":{self._display()}",
        }
        self._run(["obs", "--minimize-to-tray", "--multi"], env=environment)
        try:
            wait_until(self._listens)
        except BaseException:
            self.end()
            raise
        return self

    def _display(self) -> int:
        """Start a display; it takes the first number that is free, and tells it."""
        told, tells = os.pipe()
        screen = f"{WIDTH}x{HEIGHT}x24"
        command = ["Xvfb", "-displayfd", str(tells), "-screen", "0", screen, "-nolisten", "tcp"]
        self._run(command, pass_fds=[tells])
        os.close(tells)
        with os.fdopen(told) as line:
            return int(line.readline())

    def _run(self, command: list[str], **how: Any) -> None:
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **how
            )
        self._processes.append(process)

    def _listens(self) -> bool:
        ended = next((each for each in self._processes if each.poll() is not None), None)
        if ended is not None:
            raise RuntimeError(f"{ended.args!r} ended with {ended.returncode}:\n{self.log}")
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self) -> None:
        """Whatever state they are in: afterwards neither runs."""
        while self._processes:
            process = self._processes.pop()
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._held is not None:
            self._held.close()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Speak with it, as soon as it has loaded all."""
        client = simpleobsws.WebSocketClient(self.url, PASSWORD)
        await client.connect()
        try:
            assert await client.wait_until_identified(timeout=int(PATIENCE_S))
            session = Session(client)
            await until(session.is_ready)
            yield session
        finally:
            await client.disconnect()


class Session:
    """A connection to an OBS."""

    def __init__(self, client: simpleobsws.WebSocketClient) -> None:
        self.client = client

    async def is_ready(self) -> bool:
        answer = await self.client.call(simpleobsws.Request("GetSceneList"))
        return bool(answer.requestStatus.code != NOT_READY and answer.ok())

    async def ask(self, request: str, **data: Any) -> Any:
        """Return the data of a request that must succeed."""
        answer = await self.client.call(simpleobsws.Request(request, data))
        assert answer.ok(), f"{request}: {answer.requestStatus}"
        return answer.responseData

    async def add(self, scene: str, name: str, kind: str, **settings: Any) -> None:
        """Put a source on a scene."""
        await self.ask(
            "CreateInput", sceneName=scene, inputName=name, inputKind=kind, inputSettings=settings
        )

    async def scene(self) -> str:
        return str((await self.ask("GetCurrentProgramScene"))["currentProgramSceneName"])

    async def text_of(self, source: str) -> str:
        found = await self.ask("GetInputSettings", inputName=source)
        return str(found["inputSettings"].get("text", ""))

    async def picture(self, scene: str) -> npt.NDArray[np.uint8]:
        """Return a scene's pixels: rows of red, green and blue."""
        shot = await self.ask("GetSourceScreenshot", sourceName=scene, imageFormat="bmp")
        raw = base64.b64decode(shot["imageData"].partition(",")[2])
        pixels = np.frombuffer(raw, np.uint8, offset=int.from_bytes(raw[10:14], "little"))
        return pixels.reshape(HEIGHT, WIDTH, -1)[::-1, :, 2::-1]
