"""Much work for few bytes: what a flood of frames costs the loop, over one or many connections.

Asserted are frames read and the loop thread's CPU time, in one turn of the loop and in all.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from grandstand.edge.transport import frame_reader
from grandstand.edge.transport.inbound import FRAMES, FRAMES_BEFORE_HELLO
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.edge.transport.round_robin import FRAMES_A_TURN, TURN_S, RoundRobin
from grandstand.edge.transport.websocket import ViewerSocket
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from tests.edge.echo import EchoAdmission, EchoSession
from tests.edge.transport.test_websocket import CONFIG, MemoryTransport, head

READ_BYTES = 256 * 1024
"""What uvloop reads at once."""

TURN_CPU_S = 0.1
"""Far above what 64 frames take (1 to 4 ms), far below the 0.4 s of a read that nobody counts."""


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No budget fills up meanwhile, however slow the machine is."""
    monkeypatch.setattr(frame_reader, "time", SimpleNamespace(monotonic=lambda: 0.0))


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def masked(opcode: Opcode, payload: bytes = b"", fin: bool = True, deflate: bool = False) -> bytes:
    extensions = [PerMessageDeflate(True, True, 15, 15)] if deflate else []
    return Frame(opcode, payload, fin).serialize(mask=True, extensions=extensions)


ASK = b'{"type":"time","id":"t","sent":1}'
FLOODS = {
    "pings": (b"", masked(Opcode.PING)),
    "pongs": (b"", masked(Opcode.PONG)),
    "continuations": (masked(Opcode.TEXT, fin=False), masked(Opcode.CONT, fin=False)),
    "fragments": (
        b"",
        masked(Opcode.TEXT, b"a", False) + masked(Opcode.CONT, b"b", False) + masked(Opcode.CONT),
    ),
    "empty": (b"", masked(Opcode.TEXT)),
    "time": (b"", masked(Opcode.TEXT, ASK)),
    "bombs": (b"", masked(Opcode.TEXT, b"\0" * 1_000_000, deflate=True)),
    "inflated": (b"", masked(Opcode.TEXT, b"\0" * 4096, deflate=True)),
}


class Counting(EchoSession):
    """Counts messages, and answers nothing."""

    count = 0

    def received(self, payload: bytes, is_text: bool) -> None:
        self.count += 1


class Crowd:
    """Attackers on wires of memory, who share a queue as those of a process do."""

    def __init__(self, count: int, greeted: bool) -> None:
        self.due: list[Callable[[], None]] = []
        self.admission = EchoAdmission(make_session=Counting)
        turns = RoundRobin(self.due.append, now_s=time.thread_time)
        self.wires = [MemoryTransport() for _ in range(count)]
        self.sockets = []
        for wire in self.wires:
            socket = ViewerSocket(
                CONFIG,
                ServerState(),
                {},
                admission=self.admission,
                keepalive=Keepalive(),
                turns=turns,
            )
            socket.connection_made(wire)
            socket.data_received(head(Sec_WebSocket_Extensions="permessage-deflate"))
            if greeted:
                socket.greeted()
            self.sockets.append(socket)

    def flood(self, data: bytes) -> tuple[list[float], list[float]]:
        """Each sends this in one read, again whenever it is read from. CPU seconds of each read,
        and of each turn."""
        reads, turns = [], []
        for _ in range(3):
            for socket, wire in zip(self.sockets, self.wires, strict=True):
                if wire.is_reading_now and not wire.is_closed and not wire.has_ended:
                    reads.append(cpu_s(lambda: socket.data_received(data)))  # noqa: B023
            while self.due:
                turns.append(cpu_s(self.due.pop(0)))
        return reads, turns

    def count_of(self, number: int) -> int:
        """How many messages one has got through."""
        session = self.admission.sessions[number]
        assert isinstance(session, Counting)
        return session.count

    @property
    def messages(self) -> int:
        return sum(map(self.count_of, range(len(self.sockets))))


def cpu_s(call: Callable[[], None]) -> float:
    begun_s = time.thread_time()
    call()
    return time.thread_time() - begun_s


@pytest.mark.parametrize(
    ("connections", "greeted"), [(1, False), (200, False), (1, True), (4, True), (20, True)]
)
@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_takes_a_bounded_part_of_each_turn_and_a_bounded_budget_in_all(
    kind: str, connections: int, greeted: bool
) -> None:
    first, frame = FLOODS[kind]
    crowd = Crowd(connections, greeted)
    reads, turns = crowd.flood(first + frame * (READ_BYTES // len(frame)))
    assert max(reads) < TURN_CPU_S
    assert max(turns, default=0.0) < TURN_CPU_S
    assert all(not wire.is_reading_now or wire.has_ended for wire in crowd.wires)
    budget = (FRAMES if greeted else FRAMES_BEFORE_HELLO).burst
    # A turn was needed for each 64 frames at most, if they weren't dear; fewer, and they weren't
    # counted.
    cheap = [turn_s for turn_s in turns if turn_s < TURN_S]
    assert len(cheap) <= connections * budget / FRAMES_A_TURN + connections + 1
    assert crowd.messages <= connections * budget


@pytest.mark.parametrize("kind", ["pings", "pongs", "continuations", "empty", "time"])
def test_lasting_excess_ends_with_4000(kind: str) -> None:
    first, frame = FLOODS[kind]
    crowd = Crowd(1, greeted=True)
    crowd.flood(first + frame * (READ_BYTES // len(frame)))
    assert crowd.admission.sessions[0].told[-1] == "violated"
    (wire,) = crowd.wires
    assert (4000).to_bytes(2, "big") in wire.take()[-40:]
    assert not wire.is_reading_now


def test_an_honest_viewer_is_read_between_two_turns_of_a_flood() -> None:
    crowd = Crowd(51, greeted=True)
    honest = crowd.sockets[-1]
    for socket in crowd.sockets[:-1]:
        socket.data_received(masked(Opcode.PING) * 1000)
    for count in range(1, 20):
        crowd.due.pop(0)()
        honest.data_received(masked(Opcode.TEXT, b"x"))
        assert crowd.count_of(-1) == count
