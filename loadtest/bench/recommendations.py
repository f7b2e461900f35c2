"""What recommendations cost: answers from memory, calls, and how soon a follow counts.

    .venv/bin/python -m loadtest.bench.recommendations [--rooms 100] [--out FILE]

**Memory** is what a process does for an answer once the call was read: it picks from its board and
encodes, in this process, with rooms, things and people that are made up from a seed; ``public`` is
without a token, where an answer is made once a board. **HTTP** is a real server on one core, which
is asked over connections that stay, without a token and by viewers who follow something and have a
socket there. Of a busy machine the CPU a call is what counts. **Follow** is the time from a
viewer's ``follow`` to the first answer that has it, asked without a pause, at the process that has
the viewer's socket and at another one, which has to ask.

The result is written to ``loadtest/results/recommendations.json``. Ends with 1 if a process can't
give ``ANSWERS_S`` answers a second from memory with 500 rooms, or a follow takes longer than
``FOLLOW_MS``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from grandstand.api.recommendations import encoded
from grandstand.recommendations.alikeness import Alikeness
from grandstand.recommendations.bulletin import Bulletin, Listed, packed, watched
from grandstand.replica.recommender import Present, present
from websockets.asyncio.client import ClientConnection, connect

from loadtest.bench.__main__ import machine
from loadtest.bench.grandstand import cores
from loadtest.process import cpu_ns
from tests.server import ServerProcess
from tests.valkey import valkey

RESULT = Path(__file__).parents[1] / "results" / "recommendations.json"
ANSWERS_S = 10_000
"""From memory, of one process (the issue's own figure)."""

FOLLOW_MS = 1000.0
PEOPLE, ATHLETES, FOLLOWED, THINGS = 5000, 1500, 8, 40
LIMIT = 5
MEMORY_S = 3.0
CALLS_S = 10.0
CONNECTIONS = 16
FOLLOWS = 20


def board(rooms: int, chance: random.Random) -> Present:
    """Return a board of made-up rooms, athletes and people, as a process has it."""
    athletes = [f"athlete:{number}" for number in range(ATHLETES)]
    draws = [chance.paretovariate(1.0) for _ in athletes]
    people = [chance.choices(athletes, draws, k=FOLLOWED) for _ in range(PEOPLE)]
    listed = [
        Listed(
            f"room-{number}",
            f"Event {number}",
            True,
            round(10 * chance.paretovariate(0.8)),
            round(chance.random(), 2),
            1_790_000_000_000 + number,
            chance.sample(athletes, THINGS),
            chance.choice((1.0, 1.0, 3.0)),
            chance.choice((None, None, 30.0)),
        )
        for number in range(rooms)
    ]
    names = {each: f"Athlete {each.rpartition(':')[2]}" for each in athletes}
    return present(Bulletin("", listed, names), Alikeness.of(people))


def from_memory(rooms: int) -> dict[str, Any]:
    """Return how many answers a second this process gives, and how large a bulletin is."""
    chance = random.Random(1)
    made = board(rooms, chance)
    told = Bulletin("", list(made.rooms.values()), made.names)
    viewers = [
        [watched(f"room-{chance.randrange(rooms)}"), *chance.sample(sorted(made.names), FOLLOWED)]
        for _ in range(1000)
    ]
    spent: list[float] = []
    began_s = time.perf_counter()
    while time.perf_counter() - began_s < MEMORY_S:
        asked_s = time.process_time()
        follows = viewers[len(spent) % len(viewers)]
        picks = made.board.picks(follows, LIMIT, "balanced", follows[:1])
        encoded(made, picks, made.names, "en")
        spent.append(time.process_time() - asked_s)
    asked_s = time.process_time()
    for number in range(100_000):
        question = (LIMIT, "balanced", "en", f"room-{number % rooms}")
        if question not in made.answers:
            picks = made.board.picks((), LIMIT, "balanced", question[3:])
            made.keep(question, encoded(made, picks, made.names, "en"))
    public_s = time.process_time() - asked_s
    return {
        "rooms": rooms,
        "answers_a_second": round(len(spent) / sum(spent)),
        "answer_us_median": round(1e6 * statistics.median(spent), 1),
        "answer_us_p99": round(1e6 * sorted(spent)[len(spent) * 99 // 100], 1),
        "public_answers_a_second": round(100_000 / public_s),
        "bulletin_bytes": len(packed(told)),
    }


# --- a server ------------------------------------------------------------------------------------


def fill(server: ServerProcess, rooms: Sequence[str]) -> None:
    """Make rooms, and tell of an athlete in each."""
    for number, room in enumerate(rooms):
        server.make_room(room)
        body = {
            "entity": f"athlete:{number}",
            "name": f"Athlete {number}",
            "audience": "followers",
            "values": {"speed": 1},
        }
        server.call("POST", f"/v1/rooms/{room}/stats", body, server.producer_token)


async def seated(
    server: ServerProcess, room: str, token: str, follow: list[str]
) -> ClientConnection:
    """Return a viewer's socket, once it was welcomed."""
    socket = await connect(f"ws://{server.host}:{server.port}/v1/rooms/{room}/live")
    await socket.send(json.dumps({"type": "hello", "token": token, "follow": follow}))
    await told(socket, "welcome")
    return socket


async def told(socket: ClientConnection, kind: str) -> None:
    """Wait for a message of a type."""
    while json.loads(await socket.recv())["type"] != kind:
        pass


class Caller:
    """One connection over which is asked again and again."""

    def __init__(self, server: ServerProcess, token: str | None) -> None:
        self._server = server
        auth = "" if token is None else f"Authorization: Bearer {token}\r\n"
        path = f"/v1/recommendations?limit={LIMIT}&lang=en"
        self._request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n{auth}\r\n".encode()

    async def __aenter__(self) -> Caller:
        self._reader, self._writer = await asyncio.open_connection(
            self._server.host, self._server.port
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self) -> bytes:
        """Return an answer's body. Raises OSError if it isn't 200."""
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise OSError(head[:200].decode())
        length = head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0]
        return await self._reader.readexactly(int(length))


async def called(server: ServerProcess, tokens: Sequence[str | None]) -> dict[str, float]:
    """Ask over many connections at once; return how often it was answered, and for how much CPU."""
    until_s = time.monotonic() + CALLS_S

    async def ask_on(token: str | None) -> int:
        async with Caller(server, token) as caller:
            count = 0
            while time.monotonic() < until_s:
                await caller.ask()
                count += 1
        return count

    began_s, before_ns = time.monotonic(), cpu_ns([server.pid])
    counts = await asyncio.gather(
        *(ask_on(tokens[number % len(tokens)]) for number in range(CONNECTIONS))
    )
    calls, took_s = sum(counts), time.monotonic() - began_s
    cpu_us = (cpu_ns([server.pid]) - before_ns) / 1000 / calls
    return {
        "calls": calls,
        "a_second": round(calls / took_s),
        "server_cpu_us": round(cpu_us, 1),
        "a_second_of_a_core": round(1e6 / cpu_us),
    }


async def follow_times(
    server: ServerProcess, at: ServerProcess, token: str, rooms: Sequence[str]
) -> list[float]:
    """Follow one athlete after the other; return after how many ms each room is told at ``at``."""
    socket = await seated(server, rooms[0], token, [])
    times: list[float] = []
    async with Caller(at, token) as caller:
        for number in range(1, FOLLOWS + 1):
            room = number % (len(rooms) - 1) + 1
            message = {"type": "follow", "id": f"f{number}", "topics": [f"athlete:{room}"]}
            began_s = time.perf_counter()
            await socket.send(json.dumps(message))
            while not is_first(await caller.ask(), rooms[room]):
                pass
            times.append(1000 * (time.perf_counter() - began_s))
            await asyncio.sleep(1.0)  # a viewer may follow five at once, then one a second
    await socket.close()
    return times


def is_first(body: bytes, room: str) -> bool:
    """Return whether a room is told first, since the viewer follows something of it."""
    best = msgspec.json.decode(body)["rooms"][0]
    return bool(best["room"] == room and best["why"]["code"] == "follows")


async def measured(one: ServerProcess, two: ServerProcess, rooms: Sequence[str]) -> dict[str, Any]:
    """Return what calls cost at ``one``, and how soon a follow counts at both."""
    tokens = [one.token(f"viewer-{n}", rooms=(rooms[0],)) for n in range(CONNECTIONS)]
    seats = [
        await seated(one, rooms[0], token, [f"athlete:{n + 1}"]) for n, token in enumerate(tokens)
    ]
    await asyncio.sleep(3.0)  # until the rooms are told of with what they are about
    public, own = await called(one, [None]), await called(one, tokens)
    for seat in seats:
        await seat.close()
    token = one.token("follower", rooms=(rooms[0],))
    here = await follow_times(one, one, token, rooms)
    elsewhere = await follow_times(one, two, token, rooms)
    return {
        "http": {"rooms": len(rooms), "without_token": public, "viewers_who_follow": own},
        "follow_ms": {"same_process": of_times(here), "another_process": of_times(elsewhere)},
    }


async def of_servers(rooms: Sequence[str]) -> dict[str, Any]:
    """Measure two servers on one store, the first of which has a core to itself."""
    with tempfile.TemporaryDirectory() as folder:
        async with valkey(Path(folder) / "valkey") as url:
            one, two = (ServerProcess(Path(folder) / name, redis_url=url) for name in ("1", "2"))
            try:
                one.start()
                os.sched_setaffinity(one.pid, [cores()[0]])
                two.start()
                fill(one, rooms)
                return await measured(one, two, rooms)
            finally:
                one.end()
                two.end()


def of_times(times: Sequence[float]) -> dict[str, float]:
    """Return how many there are, their median and the longest, ms."""
    middle, most = statistics.median(times), max(times)
    return {"follows": len(times), "median": round(middle, 1), "most": round(most, 1)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=100, help="live rooms at the server")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    result: dict[str, Any] = {**machine(), "limit": LIMIT}
    result["memory"] = [from_memory(rooms) for rooms in (100, 500, 1500)]
    rooms = [f"event-{number}" for number in range(arguments.rooms)]
    result |= asyncio.run(of_servers(rooms))
    print(json.dumps(result, indent=1))
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    slowest = min(each["answers_a_second"] for each in result["memory"] if each["rooms"] <= 500)
    latest = max(each["most"] for each in result["follow_ms"].values())
    sys.exit(slowest < ANSWERS_S or latest > FOLLOW_MS)


if __name__ == "__main__":
    main()
