"""A program of ours that is told what to publish: a line of JSON in, a line of JSON out.

So publishing costs it next to nothing: the payload is given once, and then "COUNT times, every
MS". The other ends are ``programs/control.py`` and ``programs/control.js``; both end when their
standard input does, so nothing is left of a benchmark that was killed.
"""

from __future__ import annotations

import json
import select
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.peers.child import READY_S, child, tail
from loadtest.peers.peer import Dialect, Loop, PeerError

ANSWER_S = 120.0
"""For any answer, beyond the time that the publishing itself is to take, in seconds."""


class ToldProgram:
    """A running one. Raises PeerError when it doesn't answer."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self._payload: bytes | None = None
        self.address = ("127.0.0.1", int(self._answer(READY_S)["port"]))

    def viewers(self) -> int:
        """How many are in."""
        return int(self._ask({"viewers": True})["viewers"])

    def publish(self, payload: bytes, count: int = 1, every_ms: float = 0) -> tuple[Loop, ...]:
        """As every peer does; floors say what each loop took."""
        if payload != self._payload:
            self._ask({"payload": payload.decode()})
            self._payload = payload
        within_s = ANSWER_S + count * every_ms / 1000
        answer = self._ask({"publish": count, "every_ms": every_ms}, within_s)
        return tuple(Loop(cpu_ns, wall_ns) for cpu_ns, wall_ns in answer["loops"])

    def pids(self) -> list[int]:
        """The one process."""
        return [self._process.pid]

    def _ask(self, what: dict[str, Any], within_s: float = ANSWER_S) -> Any:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
        except BrokenPipeError:
            raise PeerError(f"it has ended:\n{tail(self._log)}") from None
        return self._answer(within_s)

    def _answer(self, within_s: float) -> Any:
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], within_s)
        line = self._process.stdout.readline() if readable else b""
        if not line:
            raise PeerError(f"no answer:\n{tail(self._log)}")
        return json.loads(line)


@contextmanager
def told(command: Sequence[str], cores: Collection[int]) -> Iterator[ToldProgram]:
    """Start a program that reports its port, and stop it."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with child(command, cores, log, told=True) as process:
            yield ToldProgram(process, log)


@dataclass(frozen=True, slots=True)
class ToldPeer:
    """A peer that is one such program, and ``is_there`` once something has been installed."""

    name: str
    command: tuple[str, ...]
    dialect: Dialect = "websocket"
    path: str = "/"
    how_to_install: str = "nothing: it needs no more than the server itself"
    is_there: Callable[[], bool] = lambda: True

    def available(self) -> bool:
        """Whether it can be started here."""
        return self.is_there()

    def started(self, cores: Collection[int]) -> AbstractContextManager[ToldProgram]:
        """The program, up."""
        return told(self.command, cores)
