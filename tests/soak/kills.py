"""Viewers talk while the workers that serve them are killed, hung and stopped, and so is the store.

Every comment that was acknowledged is in the record, once; no viewer sees a frame twice or two
under one number. A feed goes on meanwhile: at the end each entity has the values that were given
last. Ends with 1 and says what is wrong otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.server import ServerProcess
from tests.system.record import whole_record
from tests.viewer import Viewer
from tests.waiting import until
from tests.workers.processes import crowd, events, go_on, pids

WORKERS = 3
VIEWERS = 24
BETWEEN = 40
"""Acknowledged comments from one kill to the next, so that all is well again in between."""
ENTITIES = 7
ASKED_S = 10.0
"""For an answer to the feed: who hangs gives none."""

HOW = {"killed": signal.SIGKILL, "stopped": signal.SIGTERM, "hung": signal.SIGSTOP}


async def endure(folder: Path, kills: int, draw: random.Random) -> Counter[str]:
    """Let the viewers talk until there were so many kills; how many of each kind."""
    environment = {"GRANDSTAND_WORKERS": f"{WORKERS}", "GRANDSTAND_DRAIN_S": "0.5"}
    server = ServerProcess(folder, environment=environment)
    acknowledged: dict[str, str] = {}
    entities: dict[str, dict[str, Any]] = {}
    over = asyncio.Event()
    done: Counter[str] = Counter()

    async def talk(viewer: Viewer) -> None:
        number = 0
        while not over.is_set():
            seen = len(viewer.frames)
            text = f"{viewer.name} says line {number}"
            answer = await viewer.insist({"type": "comment", "text": text})
            assert answer["type"] == "ack", answer
            acknowledged[answer["comment"]] = text
            number += 1
            await until(
                lambda seen=seen: len(viewer.frames) > seen or over.is_set()  # type: ignore[misc]
            )

    async def feed() -> None:
        number = 0
        while not over.is_set():
            entity, at = f"athlete:{number % ENTITIES}", round(time.time() * 1000)
            mark = {"value": number, "unit": "m", "rank": 1 + number % 9, "best": number + 1}
            body = {"entity": entity, "name": f"No. {number}", "at": at, "values": {"mark": mark}}
            await _taken(server, {**body, "audience": "followers"})
            entities[entity] = {**mark, "at": at}
            number += 1

    async def strike() -> None:
        kind = draw.choice([*HOW, "store killed"])
        if kind == "store killed":
            before = server.valkey_pid
            server.kill_valkey()
            await until(lambda: server.valkey_pid != before)
        else:
            name, pid = draw.choice(sorted(pids(server).items()))
            served = len(events(server, "serving"))
            os.kill(pid, HOW[kind])
            await until(lambda: len(events(server, "serving")) > served)
            assert pids(server)[name] != pid
            go_on(pid)
        done[kind] += 1

    try:
        await asyncio.to_thread(server.start)
        await until(lambda: len(events(server, "serving")) == WORKERS + 1)
        server.make_room("soak")
        async with AsyncExitStack() as stack:
            viewers = await crowd(stack, server, "soak", count=VIEWERS)
            talking = [asyncio.create_task(talk(viewer)) for viewer in viewers]
            talking.append(asyncio.create_task(feed()))
            for _ in range(kills):
                said = len(acknowledged)
                await until(lambda said=said: len(acknowledged) >= said + BETWEEN)  # type: ignore[misc]
                await strike()
                await until(lambda: all(viewer.is_here for viewer in viewers))
            over.set()
            await asyncio.gather(*talking)
            last = await viewers[0].insist({"type": "comment", "text": "and that was all"})
            acknowledged[last["comment"]] = "and that was all"
            for viewer in viewers:
                await viewer.seen("and that was all")
        kept = await whole_record(server, "soak")
        assert {row["id"]: row["text"] for row in kept} == acknowledged
        assert len(kept) == len(acknowledged)
        assert len(entities) == ENTITIES
        for entity, mark in entities.items():
            found = await server.produce("GET", f"/v1/rooms/soak/entities/{entity}")
            assert found["values"] == {"mark": mark}, entity
    except BaseException as error:
        error.add_note(server.log[-8000:])
        raise
    finally:
        server.end()
    done["comments"] = len(acknowledged)
    return done


async def _taken(server: ServerProcess, body: dict[str, Any]) -> None:
    """Give an update until it is answered: whoever should answer may be killed, or hang."""
    while True:
        try:
            answer = await server.ask(
                "POST", "/v1/rooms/soak/stats", body, server.producer_token, ASKED_S
            )
        except (OSError, http.client.HTTPException):
            continue
        if answer.status == 200:
            return
        assert answer.status in (429, 503), answer.body.decode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        done = asyncio.run(endure(Path(folder), given.kills, random.Random(given.seed)))
    print(", ".join(f"{count} {kind}" for kind, count in sorted(done.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
