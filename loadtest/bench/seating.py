"""The crowd's process: seats on a core of their own, told what to do by lines of JSON.

A line in, a line out. Between two commands it goes on taking in what comes, and looks after its
sockets every ``pause_ms`` alone: over a network no server pays for waking up its readers, and on
loopback one that is slow pays for every write (``loadtest.process`` has the figures). For latencies
the pause is 0.
"""

from __future__ import annotations

import json
import select
import statistics
import time
from collections import Counter
from dataclasses import fields
from typing import Any, assert_never

import msgspec
from grandstand.tokens import Tokens

from loadtest.bench.commands import (
    AskTime,
    Command,
    CutAll,
    OpenSeats,
    Say,
    Sleep,
    TakeCounts,
)
from loadtest.seats.dialects import Grandstand, dialect
from loadtest.seats.pace import Pace
from loadtest.seats.seat import Seat
from loadtest.seats.socket_pool import MOST_EVENTS, SocketPool
from loadtest.users.ledger import Ledger

IDLE_MS = 5.0
LIFETIME_S = 3600.0

_decode = msgspec.json.Decoder(Command).decode


class Seating:
    """One pool of sockets, and what is asked of it; its seats tell it what others have sent."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.tokens = Tokens(told["secret"]) if told.get("secret") else None
        talk = dialect(
            told["dialect"],
            "{}:{}".format(*told["address"]),
            told["room"],
            path=told["path"],
            deflate=told["deflate"],
            patience=told["patience"],
            topics=told["topics"],
            languages=told["languages"],
        )
        self.pool = SocketPool(
            talk,
            (told["address"][0], told["address"][1]),
            Pace(told["per_s"], told["at_once"]),
            listener=self,
            sample_every=told["sample_every"],
        )
        self.pause_s = told["pause_ms"] / 1000
        self.ledger = Ledger()
        self.latencies_ms: dict[str, list[float]] = {}
        self.seats: list[Seat] = []
        self.refused: Counter[str] = Counter()
        self.is_asleep = False
        self._spoken = 0

    # --- what it is told -------------------------------------------------------------------------

    def answer(self, command: Command) -> Any:
        """Do what is asked; the answer is as the command says."""
        match command:
            case OpenSeats():
                return self.open(command.count)
            case CutAll():
                return self.cut()
            case Say():
                return self.say(command.text)
            case AskTime():
                return self.ask_time()
            case Sleep():
                return self.sleep(command.asleep)
            case TakeCounts():
                return self.counts()
            case _:
                assert_never(command)

    def open(self, count: int) -> int:
        """Asks for so many seats in all; how many there are to be."""
        for number in range(len(self.seats), count):
            token = None
            if self.tokens is not None:
                sub = f"bench:{number}"
                token = self.tokens.issue(sub, sub, "viewer", ["*"], LIFETIME_S)
            self.seats.append(self.pool.take(number, token))
        return len(self.seats)

    def cut(self) -> int:
        """All connections break."""
        self.pool.cut()
        return len(self.seats)

    def say(self, text: str) -> int:
        """A seat that doesn't sample comments; which of them in all that is."""
        seat = self.seats[1 + self._spoken * 7 % (len(self.seats) - 1)]
        if seat.sampled:
            seat = self.seats[1]
        self._spoken += 1
        own_id = f"s{self._spoken}"
        self.ledger.sent(own_id, "comment", self.pool.clock())
        self.pool.say(seat, Grandstand.say({"type": "comment", "id": own_id, "text": text}))
        return self._spoken

    def ask_time(self) -> int:
        """Every seat asks for the time."""
        for seat in self.seats:
            self.pool.say(seat, Grandstand.say({"type": "time", "id": "t", "sent": 0}))
        return len(self.seats)

    def sleep(self, asleep: bool) -> bool:
        """Reads nothing any more, or again."""
        self.is_asleep = asleep
        return asleep

    def counts(self) -> dict[str, Any]:
        """What was counted so far; times since they were asked for last."""
        counts = self.pool.counts
        figures = {each.name: getattr(counts, each.name) for each in fields(counts)}
        for name in ("connect_ms", "welcome_ms"):
            figures[name] = _spread(figures[name])
            getattr(counts, name).clear()
        latencies, self.latencies_ms = self.latencies_ms, {}
        figures["latencies_ms"] = {what: _spread(ms) for what, ms in latencies.items()}
        figures["refused"] = dict(self.refused)
        figures["waiting"] = self.pool.waiting
        return figures

    # --- what the pool tells ----------------------------------------------------------------------

    def saw(self, frame: dict[str, Any]) -> None:
        """Nothing is made of it."""

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        """A sampled seat has these."""
        for _, ms in self.ledger.shown(ids, now_s):
            self.latencies_ms.setdefault("comment to screen", []).append(ms)

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        """An answer to a comment."""
        own_id = message.get("id", "")
        answered = self.ledger.answered(own_id, now_s)
        if answered is None:
            return
        if "comment" in message:
            self.latencies_ms.setdefault("comment to ack", []).append(answered[1])
            seen = self.ledger.named(own_id, message["comment"])
            self.latencies_ms.setdefault("comment to screen", []).extend(seen)
        else:
            self.refused[message.get("code", message["type"])] += 1
            self.ledger.dropped(own_id)

    # --- its loop --------------------------------------------------------------------------------

    def look(self) -> None:
        """Takes in all that has come."""
        while not self.is_asleep and self.pool.turn() == MOST_EVENTS:
            pass
        self.pool.open_due()


def _spread(values: list[float]) -> dict[str, float]:
    """Percentiles, and how many there were."""
    if len(values) < 2:
        return {"count": len(values)} | ({"p50": values[0], "p99": values[0]} if values else {})
    parts = statistics.quantiles(values, n=100)
    return {"count": len(values), "p50": parts[49], "p99": parts[98], "max": max(values)}


def main() -> None:
    """Until standard input ends."""
    with open(0, "rb", buffering=0) as told:  # else a line may wait where ``select`` can't see it
        seating = Seating(json.loads(told.readline()))
        look_s = 0.0
        while True:
            is_still = seating.pause_s or seating.is_asleep
            watched: list[Any] = [told] if is_still else [told, seating.pool]
            pause_s = max(0.0, look_s - time.monotonic()) if seating.pause_s else IDLE_MS / 1000
            readable, _, _ = select.select(watched, [], [], pause_s)
            if told in readable:
                line = told.readline()
                if not line:
                    return
                print(json.dumps(seating.answer(_decode(line))), flush=True)
            if time.monotonic() >= look_s:  # however many commands come, and no sooner for them
                look_s = time.monotonic() + seating.pause_s
                seating.look()


if __name__ == "__main__":
    main()
