"""Honest viewers from an address of their own, who ask the ``time`` and say something.

    python -m loadtest.attacks.witness HOST PORT ROOM TOKEN...

One viewer a token. Each asks every ``EVERY_S``, at even distances among them, whatever was
answered before; the first says something besides, so that there are frames. It prints a line when
all are in, goes on until its standard input ends, and prints what it saw as JSON (``Seen``). A
viewer who is cut comes back as every client does, if it may.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from grandstand.client.backoff import Backoff, Closed, End, Failed, Refused
from grandstand.timeouts import timeout
from grandstand.wire.codes import AfterClose, CloseCode

from loadtest.attacks.target import Target
from loadtest.seats.client_frames import StreamError
from loadtest.seats.dialects import Grandstand, Kind, bye_in

HOME = "127.0.0.100"
VIEWERS = 6
EVERY_S = 0.12
"""One viewer's; all together ask every 20 ms, and each stays under its own limit."""

SAYS_EVERY = 4
"""The first viewer says something with each fourth question."""

END_S = 60.0
IN_S = 20.0
"""For all to come in."""


@dataclass
class Seen:
    """Times are seconds of CLOCK_MONOTONIC: when it was sent, and until the answer.

    ``frames`` are the moments at which the first viewer got one. What is never answered took until
    the end. ``lags`` is how late this process itself was.
    """

    trips: list[tuple[float, float]] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    lags: list[tuple[float, float]] = field(default_factory=list)
    closes: list[float] = field(default_factory=list)


class _Viewer:
    def __init__(self, number: int, address: tuple[str, int], room: str, token: str) -> None:
        self.seen = Seen()
        self.is_in = asyncio.Event()
        self.fault = ""
        self._number = number
        self._first = number == 0
        self._address = address
        self._token = token
        self._dialect = Grandstand(f"{address[0]}:{address[1]}", room)
        self._backoff = Backoff()
        self._waiting: dict[str, float] = {}
        self._next = 0
        self._writer: asyncio.StreamWriter | None = None

    async def stay(self) -> None:
        """Be there, and come back when cut, unless it mustn't."""
        while True:
            self._backoff.begin()
            try:
                end = await self._visit()
            except (OSError, StreamError) as error:
                end = Failed(repr(error))
            now_s = time.monotonic()
            end, after = self._backoff.judge(end, now_s)
            self._writer = None
            self.fault = str(end)
            self.seen.closes.append(now_s)
            if after is not AfterClose.RECONNECT:
                return
            await asyncio.sleep(self._backoff.return_s(now_s, random.random()) - now_s)

    async def ask(self) -> None:
        """Ask at fixed moments."""
        due_s = time.monotonic() + EVERY_S * self._number / VIEWERS
        while True:
            due_s += EVERY_S
            await asyncio.sleep(due_s - time.monotonic())
            self.seen.lags.append((due_s, time.monotonic() - due_s))
            self._next += 1
            own_id = f"q{self._next}"
            self._waiting[own_id] = due_s
            self._say({"type": "time", "id": own_id, "sent": 0})
            if self._first and self._next % SAYS_EVERY == 0:
                text = f"what a night number {self._next * 7919 % 100_003}"
                self._say({"type": "comment", "id": f"c{self._next}", "text": text})

    def over(self) -> Seen:
        """What it saw."""
        now_s = time.monotonic()
        self.seen.trips += [(sent_s, now_s - sent_s) for sent_s in self._waiting.values()]
        return self.seen

    def _say(self, message: dict[str, object]) -> None:
        if self._writer is not None:
            self._writer.write(Grandstand.say(message))

    async def _visit(self) -> End:
        reader, writer = await asyncio.open_connection(*self._address, local_addr=(HOME, 0))
        transport_socket = writer.get_extra_info("socket")
        transport_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            writer.write(self._dialect.opening)
            data, upgraded = b"", False
            while more := await reader.read(1 << 16):
                data, at = data + more, 0
                while (message := self._dialect.cut(data, at, upgraded)) is not None:
                    at = message.end
                    writer.write(message.reply)
                    match message.kind:
                        case Kind.UPGRADED:
                            upgraded = True
                            writer.write(self._dialect.hello(self._token, None))
                        case Kind.ENTERED:
                            self._writer = writer
                            self._backoff.welcomed(time.monotonic())
                            self.is_in.set()
                        case Kind.REFUSED:
                            return Refused(message.code, message.retry_after_s)
                        case Kind.CLOSED:
                            return Closed(message.code)
                        case Kind.COUNTED if self._first:
                            self.seen.frames.append(time.monotonic())
                        case Kind.TOLD if message.told is not None:
                            if (bye := bye_in(message.told)) is not None:
                                self._backoff.warned(bye, time.monotonic())
                            self._answered(str(message.told.get("id")))
                data = data[at:]
            return Closed(CloseCode.NO_CLOSE_FRAME)
        finally:
            writer.close()

    def _answered(self, own_id: str) -> None:
        sent_s = self._waiting.pop(own_id, None)
        if sent_s is not None:
            self.seen.trips.append((sent_s, time.monotonic() - sent_s))


async def _run(address: tuple[str, int], room: str, tokens: list[str]) -> None:
    viewers = [_Viewer(n, address, room, token) for n, token in enumerate(tokens)]
    staying = [asyncio.create_task(viewer.stay()) for viewer in viewers]
    try:
        async with timeout(IN_S):
            for viewer in viewers:
                await viewer.is_in.wait()
    except TimeoutError:
        faults = [viewer.fault or "no answer" for viewer in viewers if not viewer.is_in.is_set()]
        sys.exit(f"the witness: {len(faults)} not let in after {IN_S} s: {'; '.join(faults)}")
    print("in", flush=True)
    asking = [asyncio.create_task(viewer.ask()) for viewer in viewers]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in (*staying, *asking):
        task.cancel()
    await asyncio.gather(*staying, *asking, return_exceptions=True)
    all_ = Seen()
    for viewer in viewers:
        seen = viewer.over()
        all_.trips += seen.trips
        all_.frames += seen.frames
        all_.lags += seen.lags
        all_.closes += seen.closes
    print(json.dumps(asdict(all_)), flush=True)


class Witness:
    """The process, as the one who measures sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def over(self) -> Seen:
        """End it; what it saw. Raises OSError if it ended by itself."""
        told, _ = self._process.communicate(timeout=END_S)
        if self._process.returncode:
            raise OSError(f"the witness ended with {self._process.returncode}")
        return Seen(**json.loads(told))


@contextmanager
def witness(target: Target) -> Iterator[Witness]:
    """Viewers who are in, from now until ``over``. Raises OSError if they can't come in."""
    tokens = [target.token(f"witness{number}") for number in range(VIEWERS)]
    command = [
        *(sys.executable, "-m", "loadtest.attacks.witness"),
        *(target.address[0], str(target.address[1]), target.room, *tokens),
    ]
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "in\n":
                raise OSError("the witness isn't in: its last line says why")
            yield Witness(process)
        finally:
            if process.poll() is None:
                process.kill()


if __name__ == "__main__":
    host, port, room, *tokens = sys.argv[1:]
    asyncio.run(_run((host, int(port)), room, tokens))
