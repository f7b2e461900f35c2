"""Polls end while the server, its leader or the store is killed, between the end and the effect.

A receiver takes what the effects send, with the ids that they carry. Each is sent at least once,
under the one id that follows from room, effect, action and poll; so who drops what has an id that
was seen has each exactly once. Ends with 1 and says what is wrong otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grandstand.domain.effects import Effect, HttpCall, Occurrence, On, firings_of_effect

from tests.effects.receiver import Receiver, answer, receiver
from tests.server import ServerProcess
from tests.waiting import until
from tests.workers.processes import pids, sequencer

ROOM = "soak"
WORKERS = 2
POLLS = 3
"""That end together, and are between their end and their effects when something is killed."""

AFTER_MS = 300
WITHIN_S = 0.8
"""A poll is final within a tick or two after it was closed, its effects are carried out then."""

VICTIMS = ("server", "leader", "store", "server and store")


@dataclass(slots=True)
class Show:
    """A server, a room with effects, and the other end of these."""

    server: ServerProcess
    there: Receiver
    draw: random.Random
    workers: int
    due: dict[str, str] = field(default_factory=dict)
    """What must be carried out: the id, and what it is about."""

    kills: Counter[str] = field(default_factory=Counter)

    async def begin(self) -> None:
        """Start all."""
        await asyncio.to_thread(self.server.start)
        await self._is_whole()
        self.server.make_room(ROOM)
        for effect in self._effects():
            body: dict[str, Any] = {
                "on": {"event": effect.on.event},
                "after": effect.after,
                "then": [
                    {"kind": "http", "method": "POST", "url": action.url}
                    for action in effect.then
                    if isinstance(action, HttpCall)
                ],
            }
            await self.server.produce("PUT", f"/v1/rooms/{ROOM}/effects/{effect.id}", body)

    def _effects(self) -> list[Effect]:
        call = HttpCall("POST", self.there.url + "/{poll}")
        return [
            Effect("at-once", On("poll.closed"), [call, call]),
            Effect("later", On("poll.closed"), [call], after=AFTER_MS),
        ]

    async def _is_whole(self) -> None:
        """One process serves by itself, several have a parent."""
        await until(lambda: self.workers in (1, len(pids(self.server))))

    async def round(self, victim: str) -> None:
        """Let some polls end, kill, and wait until everything was carried out."""
        base = f"/v1/rooms/{ROOM}/polls"
        body = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 600}
        produce = self.server.produce
        polls = [(await produce("POST", base, body))["id"] for _ in range(POLLS)]
        for poll in polls:
            happened = Occurrence("poll.closed", poll, 0, {}, {})
            for effect in self._effects():
                for firing in firings_of_effect(ROOM, effect, happened):
                    self.due[firing.id] = f"{effect.id} {firing.action} of {poll}"
        leader = pids(self.server)[await sequencer(self.server)] if victim == "leader" else 0
        self.there.answers = [
            answer(self.draw.choice([204, 204, 500])) for _ in range(self.draw.randrange(8))
        ]
        during = self.draw.random() < 0.5
        before = len(self.there.got)
        if during:
            self.there.answering.clear()
        await asyncio.gather(
            *(produce("POST", f"{base}/{poll}/close", {"grace": 0}) for poll in polls)
        )
        if during:  # an attempt that isn't answered
            await until(lambda: len(self.there.got) > before)
        else:
            await asyncio.sleep(self.draw.uniform(0, WITHIN_S))
        done = self.arrived & self.due.keys()
        self.kills["with effects still due"] += bool(self.due.keys() - done)
        await self._kill(victim, leader)
        self.there.answering.set()
        await until(lambda: self.due.keys() <= self.arrived)
        self.kills[victim] += 1

    @property
    def arrived(self) -> set[str]:
        """The ids that were seen."""
        return {got.headers["idempotency-key"] for got in self.there.got}

    async def _kill(self, victim: str, leader: int) -> None:
        if victim == "leader":
            os.kill(leader, signal.SIGKILL)
            await until(lambda: leader not in pids(self.server).values())
        store = self.server.valkey_pid
        if "store" in victim:
            self.server.kill_valkey()
        if "server" in victim:
            for pid in pids(self.server).values():
                os.kill(pid, signal.SIGKILL)
            self.server.kill()
            await asyncio.to_thread(self.server.start)
        elif "store" in victim:
            await until(lambda: self.server.valkey_pid != store)
        await self._is_whole()

    async def is_logged(self) -> bool:
        """Whether all is in the log, as done."""
        found, after = dict[str, str](), ""
        while True:
            path = f"/v1/rooms/{ROOM}/firings?after={after}"
            page = await self.server.produce("GET", path)
            found |= {each["id"]: each["status"] for each in page["firings"]}
            after = page.get("next", "")
            if not after:
                return found == dict.fromkeys(self.due, "done")


async def endure(
    folder: Path, victims: Sequence[str], draw: random.Random, workers: int = WORKERS
) -> Counter[str]:
    """Kill one after the other; how many of each, of effects, and of those that came again.

    Of one worker no leader can be killed: it is the server.
    """
    environment = {
        "GRANDSTAND_WORKERS": f"{workers}",
        "GRANDSTAND_DRAIN_S": "0.5",
        "GRANDSTAND_EFFECTS_ALLOW": "127.0.0.1",
    }
    server = ServerProcess(folder, environment=environment)
    try:
        async with receiver() as there:
            show = Show(server, there, draw, workers)
            await show.begin()
            for victim in victims:
                await show.round(victim)
            await until(show.is_logged)
            came = Counter(got.headers["idempotency-key"] for got in there.got)
            about = {(got.path, got.headers["idempotency-key"]) for got in there.got}
            assert came.keys() == show.due.keys()
            assert len(about) == len(show.due), "an id is of one effect and one poll"
            show.kills["effects"] = len(came)
            show.kills["sent again"] = came.total() - len(came)
            return show.kills
    except BaseException as error:
        error.add_note(server.log[-8000:])
        raise
    finally:
        server.end()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.effect_kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    draw = random.Random(given.seed)
    victims = [VICTIMS[number % len(VICTIMS)] for number in range(given.kills)]
    with tempfile.TemporaryDirectory() as folder:
        done = asyncio.run(endure(Path(folder), victims, draw))
    print(", ".join(f"{count} {kind}" for kind, count in sorted(done.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
