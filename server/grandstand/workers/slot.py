"""A worker's place: the process in it, and our end of the line to it.

It must not know the others, nor who comes after a process that ended: the parent does.
"""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from grandstand.tasks import cancel_all
from grandstand.workers.watch import Watch

READY, ALIVE, STOP, HASTEN = b"ready\n", b"alive\n", b"stop\n", b"hasten\n"
"""What is said on the line to a worker: the first two by the worker, the others by us."""

ABORT_S = 1.0
"""How long a process that hangs may take to tell its stack, in s: it does so in milliseconds, or
never, when it is stopped."""


class WorkerSlot:
    """Where ``command``, a worker called ``name``, runs; the program is also told its end of the
    line, an open file. ``changed`` hears that it serves, or no longer.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        changed: Callable[[], None],
    ) -> None:
        self.name = name
        self.serves = False
        self._command = command
        self._environment = environment
        self._changed = changed
        self._process: Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._watch = Watch()
        self._stops = False

    @property
    def is_taken(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    async def live(self) -> int:
        """One process, from its start to its end; its exit code."""
        self._watch = Watch()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                str(theirs.fileno()),
                env=self._environment,
                stdin=DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in a terminal is the parent's to tell
            )
        reader, self._writer = await asyncio.open_connection(sock=ours)
        hearing = asyncio.create_task(self._hear(reader))
        try:
            if self._stops:
                self.stop()
            return await self._process.wait()
        finally:
            await cancel_all([hearing])
            self._writer.close()
            self._process = self._writer = None
            self._serve(False)

    def stop(self) -> None:
        """It is to drain and end, or will be as soon as it has started."""
        self._stops = True
        self._watch.rest()
        self.tell(STOP)

    def tell(self, word: bytes) -> None:
        """Says something to the process, if there is one."""
        if self._writer is not None:
            self._writer.write(word)

    def send_signal(self, number: signal.Signals) -> None:
        """To the process, if there is one."""
        if self._process is not None:
            _send(self._process, number)

    def hangs(self) -> bool:
        """Whether it is time to abort it; asked every ``WORD_S``, true once."""
        return self._watch.hangs()

    def abort(self) -> None:
        """Ends the process: it tells the stacks of its threads, or is killed ``ABORT_S`` later.

        It leaves no core, which would hold what viewers wrote and the secret of their tokens.
        """
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(OSError):  # it has just ended
                resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
            _send(process, signal.SIGABRT)
            asyncio.get_running_loop().call_later(ABORT_S, _send, process, signal.SIGKILL)

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):  # it was killed before it had read our word
            while word := await reader.readline():
                self._watch.heard()
                if word == READY:
                    self._serve(True)
        self._watch.rest()

    def _serve(self, serves: bool) -> None:
        self.serves = serves
        self._changed()


def _send(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        process.send_signal(number)
