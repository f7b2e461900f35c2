"""What viewers cost whose frames may wait for a second, beside those whose frames don't.

*Frames*: 512 bytes, five a second, in one room. The bare loop (``send()`` in C) writes each frame,
or five of them joined; ours has viewers without patience and, on a server of its own, with it. What
publishing costs however many get it is taken off: the same frames to a single viewer of another
such server, in the same round. *Show*: two such servers have the same comments in turn, with all
that a room does; the bare loop then writes as many frames of their mean size.

All servers of a size are up together on one core and are measured in turn, round by round; a
viewer looks at its socket every 30 ms (``seating``). Who comments in a show does nothing else: in
a process that reads for thousands, comments would wait and come together, and there would be
fewer frames where there are more writes.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

from loadtest.bench.commands import Say
from loadtest.bench.crowd import Crowd, crowd
from loadtest.bench.grandstand import ROOM, Grandstand, grandstand
from loadtest.peers.floor import FloorInC
from loadtest.peers.peer import Running, due
from loadtest.process import cpu_ns, softirq_pids
from loadtest.users.texts import texts

PATIENCE_MS = 1000
FRAMES_VIEWERS = (1000, 5000, 15000)
SHOW_VIEWERS = (5000, 15000)
BYTES = 512
EVERY_MS = 200.0
TOGETHER = 5
"""Frames that five a second and a patience of a second put together."""

WINDOW_S = 5.0
"""What is measured of each turn: whole periods of patience, while frames go on before and after."""

LEAD_S = PATIENCE_MS / 1000 + 0.2
"""Before the window and after it: the longest that a frame may wait, and a little."""

FRAMES_ROUNDS = 3
SHOW_ROUNDS = 5
SENT_PER_S = 170.0
"""Of a recorded chat's comments as many are refused, held or merged that about 50 are shown."""

SHOWN_PER_S = 50
QUICK = {"tick": 50}
"""A frame as soon as it is published."""

ROOMY = {"tick": 200, "budget": 2 * SHOWN_PER_S, "max_latency": 60_000}
SHOW_WINDOW_S = 10.0
SPEAKERS = 100
PAUSE_MS = 30.0
HEADER_BYTES = 4
"""Of a WebSocket frame from a server with 126 to 65,535 bytes."""

SETTLE_S = 1.5
SHOWN = 'grandstand_comments_total{fate="shown"}'


class Meter(threading.Thread):
    """The CPU that processes use in a window of time, while something else gives them work."""

    def __init__(self, pids: list[int]) -> None:
        super().__init__()
        self.cpu_us = 0.0
        self._pids = pids

    def run(self) -> None:
        """Wait until frames come as they do in the middle of a show, and measure."""
        time.sleep(LEAD_S)
        before = cpu_ns(self._pids)
        time.sleep(WINDOW_S)
        self.cpu_us = (cpu_ns(self._pids) - before) / 1000


@dataclass
class Side:
    """A server and its viewers, who sit on another core."""

    server: Any
    seats: Crowd
    softirqs: list[int]
    speakers: Crowd | None = None
    rounds: list[dict[str, float]] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """Whose CPU counts."""
        return [*self.server.pids(), *self.softirqs]

    def take(self, viewers: int, size: int, every_ms: float) -> dict[str, float]:
        """Publish to all; CPU of the window. Raises CrowdError if a viewer missed a frame."""
        count = round((WINDOW_S + 2 * LEAD_S) * 1000 / every_ms)
        frames, meter = self.seats.counts()["frames"], Meter(self.pids)
        meter.start()
        self.server.publish(b"a" * size, count, every_ms)
        meter.join()
        counts = self.seats.until(lambda now: now["frames"] - frames >= viewers * count)
        arrived = (counts["frames"] - frames) / viewers / count
        return {"cpu_us": meter.cpu_us, "arrived": arrived}


def measure(server_core: int, client_core: int, trace: str | None) -> dict[str, Any]:
    """Return both tables. Raises PeerError, CrowdError and OSError."""
    return {
        "frames": [_frames(server_core, client_core, viewers) for viewers in FRAMES_VIEWERS],
        "show": [_show(server_core, client_core, viewers, trace) for viewers in SHOW_VIEWERS],
    }


# --- frames --------------------------------------------------------------------------------------


def _frames(server_core: int, client_core: int, viewers: int) -> dict[str, Any]:
    joined = TOGETHER * (BYTES + HEADER_BYTES) - HEADER_BYTES
    paces = {
        "joined": (joined, EVERY_MS * TOGETHER),
        **dict.fromkeys(("each", "alone", "without", "with"), (BYTES, EVERY_MS)),
    }
    frames = WINDOW_S * 1000 / EVERY_MS
    with ExitStack() as stack:
        sides = {
            "each": _floor(stack, server_core, client_core),
            "joined": _floor(stack, server_core, client_core),
            "alone": _ours(stack, server_core, client_core, 0, QUICK),
            "without": _ours(stack, server_core, client_core, 0, QUICK),
            "with": _ours(stack, server_core, client_core, PATIENCE_MS, QUICK),
        }
        for name, side in sides.items():
            side.seats.open(1 if name == "alone" else viewers)
        time.sleep(SETTLE_S)
        for number in range(FRAMES_ROUNDS + 1):
            for name in [*sides] if number % 2 else [*reversed(sides)]:
                here = 1 if name == "alone" else viewers
                sides[name].rounds.append(sides[name].take(here, *paces[name]))
        rounds = {name: side.rounds[1:] for name, side in sides.items()}  # the first warms up
        us = {
            name: [
                (its["cpu_us"] - own * alone["cpu_us"]) / viewers / frames
                for its, alone in zip(rounds[name], rounds["alone"], strict=True)
            ]
            for name, own in (("each", 0), ("joined", 0), ("without", 1), ("with", 1))
        }
        return {
            "viewers": viewers,
            "rounds": rounds,
            "us": us,
            "times each": _ratios(us["with"], us["each"]),
            "times joined": _ratios(us["with"], us["joined"]),
            "times without": _ratios(us["with"], us["without"]),
            "without, times each": _ratios(us["without"], us["each"]),
        }


def _ratios(ours: list[float], its: list[float]) -> list[float]:
    """Return ours in theirs, round by round, from the lowest up."""
    return sorted(mine / other for mine, other in zip(ours, its, strict=True))


# --- a show --------------------------------------------------------------------------------------


def _show(server_core: int, client_core: int, viewers: int, trace: str | None) -> dict[str, Any]:
    with ExitStack() as stack:
        sides = [_ours(stack, server_core, client_core, each, ROOMY) for each in (0, PATIENCE_MS)]
        floor = _floor(stack, server_core, client_core)
        said = [texts(trace or "", Random(1)) for _ in sides]  # the same in both
        for side in (*sides, floor):
            side.seats.open(viewers)
        for side in sides:
            side.speakers = stack.enter_context(_crowd(side.server, client_core))
            side.speakers.open(SPEAKERS)
        time.sleep(SETTLE_S)
        for number in range(SHOW_ROUNDS + 1):
            turns = [*zip(sides, said, strict=True)]
            for side, its in turns if number % 2 else turns[::-1]:
                side.rounds.append(_window(side, viewers, its))
            floor.rounds.append(_same_bytes(floor, viewers, sides[0].rounds[-1]))
        without, with_, bare = (side.rounds[1:] for side in (*sides, floor))
        each_us = [[it["us_per_delivered_comment"] for it in side] for side in (without, with_)]
        whole_us = [[it["cpu_us"] for it in side] for side in (without, bare)]
        return {
            "viewers": viewers,
            "without": without,
            "with": with_,
            "floor": bare,
            "us_per_delivered_comment": [statistics.median(us) for us in each_us],
            "times without": _ratios(each_us[1], each_us[0]),
            "without, times floor": _ratios(*whole_us),
        }


def _window(side: Side, viewers: int, said: Iterable[str]) -> dict[str, float]:
    """Let the show go on; what some seconds of it cost, and what each viewer got in them."""
    server, speakers = side.server, side.speakers
    assert speakers is not None
    lead, count = round(LEAD_S * SENT_PER_S), round(SHOW_WINDOW_S * SENT_PER_S)
    turns = zip(said, due(lead + count + 1, 1000 / SENT_PER_S), strict=False)
    for text, _ in islice(turns, lead):
        speakers.ask(Say(text))
    before, cpu = _counted(side.seats, server), cpu_ns(side.pids)
    for text, _ in turns:
        speakers.ask(Say(text))
    cpu_us = (cpu_ns(side.pids) - cpu) / 1000
    got = _counted(side.seats, server)
    got.subtract(before)
    return {
        "cpu_us": cpu_us,
        "shown": got["shown"],
        "frames": got["frames"] / viewers,
        "frame_bytes": got["bytes_received"] / got["frames"],
        "writes": got["writes"] / viewers,
        "us_per_delivered_comment": cpu_us / got["shown"] / viewers,
    }


def _counted(seats: Crowd, server: Grandstand) -> Counter[str]:
    """What seats and server have counted so far."""
    counts = seats.counts()
    return Counter(
        frames=counts["frames"],
        bytes_received=counts["bytes_received"],
        shown=int(server.metric(SHOWN)),
        writes=server.writes(),
    )


def _same_bytes(floor: Side, viewers: int, window: dict[str, float]) -> dict[str, float]:
    """Let the bare loop write frames of that size as often; CPU for as many."""
    size = round(window["frame_bytes"]) - HEADER_BYTES
    found = floor.take(viewers, size, SHOW_WINDOW_S * 1000 / window["frames"])
    return {**found, "cpu_us": found["cpu_us"] * SHOW_WINDOW_S / WINDOW_S}


# --- who is measured -----------------------------------------------------------------------------


def _ours(
    stack: ExitStack,
    server_core: int,
    client_core: int,
    patience_ms: int,
    settings: dict[str, int],
) -> Side:
    server = stack.enter_context(grandstand([server_core], settings))
    seats = stack.enter_context(_crowd(server, client_core, PAUSE_MS, patience_ms))
    return Side(server, seats, softirq_pids([server_core]))


def _crowd(
    server: Grandstand, core: int, pause_ms: float = 0, patience_ms: int = 0
) -> AbstractContextManager[Crowd]:
    return crowd(
        server.address,
        core,
        room=ROOM,
        secret=server.secret,
        pause_ms=pause_ms,
        patience_ms=patience_ms,
    )


def _floor(stack: ExitStack, server_core: int, client_core: int) -> Side:
    peer = FloorInC()
    server: Running = stack.enter_context(peer.started([server_core]))
    seats = crowd(
        server.address, client_core, dialect=peer.dialect, path=peer.path, pause_ms=PAUSE_MS
    )
    return Side(server, stack.enter_context(seats), softirq_pids([server_core]))
