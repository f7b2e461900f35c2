"""A viewer who spoke all through a long show is erased: how soon nothing serves the words.

    .venv/bin/python -m loadtest.bench.erasure [--minutes 60] [--archive URL] [--out FILE]

The show is a real one, run fast: after each minute's comments, which all are shown, the room's
programme clock is put a minute ahead. So the archive has as many parts, the record as many
comments, and the viewer said one thing in each minute. Then comments go on at a steady pace while
the viewer is erased, and it is asked until nothing has the words: each segment of the index, each
part of the archive, the first page of the record, which is emptied last. What a comment took to
another viewer meanwhile stands beside what it took before.

Prints what was found and adds it to ``loadtest/results/erasure.json``; ends with 1 if segments or
archive took longer than ``WITHIN_S``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from grandstand.archive.parts import Span, unpack
from grandstand.archive.storage import Storage, storage
from grandstand.tokens import Tokens
from websockets.asyncio.client import ClientConnection, connect

from loadtest.bench.__main__ import machine
from loadtest.bench.grandstand import ROOM, Grandstand, cores, grandstand

RESULT = Path(__file__).parents[1] / "results" / "erasure.json"
WITHIN_S = 10.0
"""From the answer to the call, for segments and archive (the issue's own figure)."""

MINUTE_MS = 60_000
SPEAKERS = 30
EACH = 5
"""Comments of each speaker in a minute."""

PER_S = 10
BEFORE_S = 10.0
LOOK_S = 0.05
STILL_S, STILL_LOOKS = 1.0, 4
AHEAD_MINUTES = 5
"""So far the show gets ahead of its archive, which leaves out what it is ten minutes late for."""

MARK = "zqx"
"""Stands in all that the erased viewer says, and in nothing else."""

SETTINGS = {
    "budget": 1000,
    "max_latency": 60_000,
    "moderation": {"level": 0},
    "selection": {"novelty": 0},
}


class Seat:
    """A viewer: says things and waits for their acks, and notes when it saw which text."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._acks: dict[str, asyncio.Future[None]] = {}
        self._seen_s: dict[str, asyncio.Future[float]] = {}
        self._said = 0
        self.user: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    async def say(self, text: str) -> None:
        """Comment, and wait until it is accepted. Raises OSError if it isn't."""
        self._said += 1
        ack = self._acks[f"{self._said}"] = asyncio.get_running_loop().create_future()
        comment = {"type": "comment", "id": f"{self._said}", "text": text}
        await self._socket.send(msgspec.msgpack.encode(comment))
        await ack

    async def _read(self) -> None:
        async for data in self._socket:
            message = msgspec.msgpack.decode(data)  # type: ignore[arg-type]  # binary frames
            now_s = time.monotonic()
            match message["type"]:
                case "welcome":  # again whenever the room's history begins anew
                    if not self.user.done():
                        self.user.set_result(message["viewer"]["id"])
                    self._see(message["recent"], now_s)
                case "frame":
                    self._see(message.get("comments", ()), now_s)
                case "ack":
                    self._acks.pop(message["id"]).set_result(None)
                case "error":
                    self._acks.pop(message["id"]).set_exception(OSError(message["message"]))

    def _see(self, comments: Iterable[dict[str, Any]], now_s: float) -> None:
        for each in comments:
            if not self.seen(each["text"]).done():
                self.seen(each["text"]).set_result(now_s)

    def seen(self, text: str) -> asyncio.Future[float]:
        """When it saw a text first, s of the monotonic clock; to be awaited."""
        return self._seen_s.setdefault(text, asyncio.get_running_loop().create_future())


@asynccontextmanager
async def seated(server: Grandstand, name: str) -> AsyncIterator[Seat]:
    """A viewer who is in."""
    token = Tokens(server.secret).issue(name, name, "viewer", [ROOM], 3600)
    url = "ws://{}:{}/v1/rooms/{}/live".format(*server.address, ROOM)
    async with connect(url, subprotocols=["grandstand.v1.msgpack"]) as socket:  # type: ignore[list-item]
        await socket.send(msgspec.msgpack.encode({"type": "hello", "token": token}))
        seat = Seat(socket)
        await seat.user
        yield seat


class Search:
    """Looks for the words where they were; each look is at what had them the last time."""

    def __init__(self, server: Grandstand, archive: Storage) -> None:
        self._server = server
        self._archive = archive
        self._clean: set[str] = set()

    def has_segments(self) -> bool:
        """Whether a segment that the index names has the words."""
        index = self._server.call("GET", f"/v1/rooms/{ROOM}/segments")
        paths = [each["url"].replace(".msgpack", ".json") for each in index["segments"]]
        return any(MARK in json.dumps(self._server.call("GET", path)) for path in paths)

    def parts_with(self) -> int:
        """How many parts of the archive have them."""
        found = 0
        for epoch in self._archive.names(ROOM):
            for name in self._archive.names(f"{ROOM}/{epoch}"):
                path = f"{ROOM}/{epoch}/{name}"
                if path in self._clean or Span.read(name) is None:
                    continue
                try:
                    part = unpack(self._archive.read(path))
                except FileNotFoundError:  # cut again meanwhile
                    continue
                if MARK.encode() in msgspec.msgpack.encode(part):
                    found += 1
                else:
                    self._clean.add(path)  # a part's content never changes
        return found

    def has_record(self) -> bool:
        """Whether the record has them: its first comments, which are emptied last."""
        page = self._server.call("GET", f"/v1/rooms/{ROOM}/comments?shown=all&from=0&to={2**52}")
        return MARK in json.dumps(page)


async def talk(said: Seat, seen: Seat, name: str, until: asyncio.Event) -> list[float]:
    """Comments at a steady pace; ms that each took to another viewer."""
    took, waiting, number = [], [], 0
    while not until.is_set():
        text, began_s = f"{name} {_unlike(number)}", time.monotonic()
        waiting.append((text, began_s))
        await said.say(text)
        number += 1
        await asyncio.sleep(max(0.0, began_s + 1 / PER_S - time.monotonic()))
    for text, began_s in waiting:
        took.append((await seen.seen(text) - began_s) * 1000)
    return took


async def measure(minutes: int, archive: str) -> dict[str, Any]:
    """Everything, once."""
    server_core, client_core = cores()
    settings = {**SETTINGS, "programme_offset": minutes * MINUTE_MS}
    environment = {"GRANDSTAND_ARCHIVE_URL": archive}
    with grandstand([server_core], settings, environment) as server:
        os.sched_setaffinity(0, {client_core})
        async with seated(server, "erased") as erased, seated(server, "listener") as listener:
            began_s = time.monotonic()
            search = Search(server, storage(archive))
            said = await _show(server, minutes, erased, search)
            held = await _archived(search)
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(BEFORE_S, stop.set)
            async with seated(server, "talker") as talker:
                before = await talk(talker, listener, "before", stop)
                stop.clear()
                during = asyncio.create_task(talk(talker, listener, "during", stop))
                show_s = time.monotonic() - began_s
                path = f"/v1/rooms/{ROOM}/viewers/{await erased.user}/erase"
                await asyncio.to_thread(server.call, "POST", path)
                called_s, took = time.monotonic(), {}
                looks = {
                    "segments_s": search.has_segments,
                    "archive_s": search.parts_with,
                    "record_s": search.has_record,
                }
                while looks:
                    for name, look in [*looks.items()]:
                        if not await asyncio.to_thread(look):
                            took[name] = time.monotonic() - called_s
                            del looks[name]
                    await asyncio.sleep(LOOK_S)
                await asyncio.sleep(max(0.0, called_s + BEFORE_S - time.monotonic()))
                stop.set()
                meanwhile = await during
    return {
        "comments": said,
        "comments_of_the_erased": minutes,
        "parts_with_them": held,
        "show_s": show_s,
        **took,
        "comment_ms": {"before": _figures(before), "meanwhile": _figures(meanwhile)},
    }


async def _archived(search: Search) -> int:
    """Wait until the archive stands still; return how many parts have the words."""
    held, still = -1, 0
    while still < STILL_LOOKS:
        await asyncio.sleep(STILL_S)
        before, held = held, await asyncio.to_thread(search.parts_with)
        still = still + 1 if held == before else 0
    return held


async def _show(server: Grandstand, minutes: int, erased: Seat, search: Search) -> int:
    """The whole show but for its end; return how many comments it has."""
    contexts = [seated(server, f"speaker {number}") for number in range(SPEAKERS)]
    seats = [await context.__aenter__() for context in contexts]
    offset = minutes * MINUTE_MS
    try:
        for minute in range(minutes):
            said = [_unlike(minute * SPEAKERS * EACH + n) for n in range(SPEAKERS * EACH)]
            saying = [seats[n % SPEAKERS].say(text) for n, text in enumerate(said)]
            words = f"{MARK} {_unlike(minute)}"
            await asyncio.gather(*saying, erased.say(words))
            await erased.seen(words)
            if minute % AHEAD_MINUTES == 0:
                await _archived(search)
            offset -= MINUTE_MS
            await asyncio.to_thread(
                server.call, "PATCH", f"/v1/rooms/{ROOM}", {"programme_offset": offset}
            )
        return minutes * (SPEAKERS * EACH + 1)
    finally:
        for context in contexts:
            await context.__aexit__(None, None, None)


def _unlike(number: int) -> str:
    """A text that isn't merged with that of another number: six letters in two words."""
    letters = [chr(97 + number // 26**place % 26) for place in range(6)]
    return f"{''.join(letters[:3])} {''.join(letters[3:])}"


def _figures(took_ms: Sequence[float]) -> dict[str, float]:
    parts = statistics.quantiles(took_ms, n=100)
    return {"count": len(took_ms), "p50": parts[49], "p99": parts[98], "max": max(took_ms)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 1 if it took too long."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench.erasure")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--archive", help="any URL of fsspec's; [default: a folder of its own]")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(given.minutes, given.archive or f"file://{folder}"))
    about = {"machine": machine(), "load_at_the_start": round(load, 1), "minutes": given.minutes}
    about["archive"] = (given.archive or "file").split(":")[0]
    reached = max(found["segments_s"], found["archive_s"]) <= WITHIN_S
    found = json.loads(json.dumps(found), parse_float=lambda text: round(float(text), 2))
    runs = json.loads(given.out.read_text())["runs"] if given.out.exists() else []
    runs.append({**about, **found, "within_s": WITHIN_S, "reached": reached})
    given.out.write_text(json.dumps({"runs": runs}, indent=1) + "\n")
    for name, value in {**found, "reached": reached}.items():
        print(f"{name}: {value}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
