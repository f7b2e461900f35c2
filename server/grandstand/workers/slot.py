"""A worker's slot: the process in it, and our end of its socket pair.

It must not know the other workers, nor what follows a process that ended: the parent does.
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
"""Messages to and from the worker: it sends the first two, we send the others."""

ABORT_S = 1.0
"""How long a process that hangs may take to write its stacks, in s: it does so in milliseconds, or
never, when it is stopped."""


class WorkerSlot:
    """Where ``command``, a worker called ``name``, runs. The program also gets its end of the
    socket pair, an open file. ``changed`` is called when it begins to serve, or stops."""

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
        """Return whether there is a process."""
        return self._process is not None

    @property
    def silent_s(self) -> float:
        """Return for how long the process may be silent, in s."""
        return self._watch.silent_s

    async def live(self) -> int:
        """Run one process, from its start to its end; return its exit code."""
        self._watch = Watch()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                str(theirs.fileno()),
                env=self._environment,
                stdin=DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # the parent tells its workers of a Ctrl-C in a terminal
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
        """Ask the process to drain and end, or do so as soon as it has started."""
        self._stops = True
        self._watch.rest()
        self.tell(STOP)

    def tell(self, word: bytes) -> None:
        """Send a message to the process, if there is one."""
        if self._writer is not None:
            self._writer.write(word)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if there is one."""
        if self._process is not None:
            _send(self._process, number)

    def hangs(self) -> bool:
        """Return whether it is time to abort the process; asked every ``WORD_S``, true once."""
        return self._watch.hangs()

    def abort(self) -> None:
        """End the process: it writes the stacks of its threads, or is killed ``ABORT_S`` later.

        It leaves no core, which would contain what viewers wrote and the secret of their tokens.
        """
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(OSError):  # it has just ended
                resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
            _send(process, signal.SIGABRT)
            asyncio.get_running_loop().call_later(ABORT_S, _send, process, signal.SIGKILL)

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):  # it was killed before it had read our message
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
