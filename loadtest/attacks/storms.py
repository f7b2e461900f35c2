"""A crowd of guests who all speak at once, each within its limits: dear texts, and ordinary ones.

Squared katakana unfold to up to six letters each, so that 160 characters have the trigrams of 500
and more. The same storm of ordinary text says what is the text's fault, and what the crowd's.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from functools import partial
from typing import Any

from grandstand.text.normalise import clean

from loadtest.attacks.attack import Attack
from loadtest.attacks.target import Target
from loadtest.seats.dialects import Grandstand as Dialect
from loadtest.seats.seat import Seat
from loadtest.seats.socket_pool import SocketPool
from loadtest.selection import Chance, Sayer, long_chat, ordinary, squared

GUESTS = 200
COMMENTS = 3
"""Of each guest: what ``comment_burst`` allows at once by default."""

LOOK_S = 0.02
SCRAPE_S = 0.25
COMMITTED, SEQUENCED = "grandstand_tick_entries_sum", "grandstand_comments_total"
SEATED_WITHIN_S = 60.0
OVER_WITHIN_S = 120.0


class Storm:
    """Guests' seats, and what they were answered; it listens to their pool.

    They come from 32 addresses, as all seats on loopback do.
    """

    def __init__(self, target: Target) -> None:
        host, port = target.address
        self.answers: Counter[str] = Counter()
        self._sent = 0
        self._stand = SocketPool(
            Dialect(f"{host}:{port}", target.room), target.address, comes_back=False, listener=self
        )
        path = f"/v1/rooms/{target.room}/guests"
        self._seats = [
            self._stand.take(number, target.server.call("POST", path, {})["token"])
            for number in range(GUESTS)
        ]

    def come_in(self) -> None:
        """Until all are in. Raises OSError if they aren't let in."""
        until_s = time.monotonic() + SEATED_WITHIN_S
        while self._stand.counts.seated < GUESTS:
            if time.monotonic() > until_s:
                raise OSError(f"not all guests came in: {self._stand.counts}")
            self._stand.turn(LOOK_S)

    def speak(self, sayer: Sayer, length: int) -> None:
        """All say all that they have to say, and wait until each has an answer or is cut.

        Raises OSError if the server never answers.
        """
        chance = Chance(7)
        for seat in self._seats:
            said = [clean(sayer(chance, length))[:length] for _ in range(COMMENTS)]
            self._stand.say(seat, b"".join(self._comment(text) for text in said))
        until_s = time.monotonic() + OVER_WITHIN_S
        while self.answers.total() < COMMENTS * self._stand.counts.seated:
            if time.monotonic() > until_s:
                raise OSError(f"{self._sent} comments were said, and answered: {self.answers}")
            self._stand.turn(LOOK_S)
        if cut := GUESTS - self._stand.counts.seated:
            self.answers["guests cut"] = cut

    def close(self) -> None:
        """All leave."""
        self._stand.close()

    def _comment(self, text: str) -> bytes:
        self._sent += 1
        return Dialect.say({"type": "comment", "id": f"s{self._sent}", "text": text})

    def saw(self, frame: dict[str, Any]) -> None:
        """Nothing is made of it."""

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        """Nor of these."""

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        """An answer came, or something else."""
        if message["type"] == "ack":
            self.answers[message["status"]] += 1
        elif message["type"] == "error":
            self.answers[message["code"]] += 1


async def storm(target: Target, sayer: Sayer, length: int) -> Counter[str]:
    """600 comments at once; over when the room has committed all that it acknowledged.

    Returns how many answers there were of each kind, and among how many comments (the witness' few
    with them) the room chose what to show.
    """
    return await asyncio.to_thread(_storm, target, sayer, length)


def _storm(target: Target, sayer: Sayer, length: int) -> Counter[str]:
    metric = target.server.metric
    crowd = Storm(target)
    try:
        crowd.come_in()
        committed, sequenced = metric(COMMITTED), metric(SEQUENCED)
        crowd.speak(sayer, length)
        acked = crowd.answers["accepted"] + crowd.answers["held"]
        until_s = time.monotonic() + OVER_WITHIN_S
        while metric(COMMITTED) - committed < acked:
            if time.monotonic() > until_s:
                raise OSError("not all that was acknowledged was committed")
            time.sleep(SCRAPE_S)
    finally:
        crowd.close()
    crowd.answers["sequenced"] = round(metric(SEQUENCED) - sequenced)
    return crowd.answers


def _settings(length: int) -> dict[str, Any]:
    """All that comes reaches the choice of what is shown, whatever the moderator has time for."""
    return {"max_text": length, "moderation": {"on_timeout": "allow"}}


ATTACKS = (
    *(
        Attack(
            f"{name}-{length}",
            partial(storm, sayer=sayer, length=length),
            settings=_settings(length),
        )
        for name, length, sayer in (
            ("katakana", 160, squared),
            ("ordinary", 160, ordinary),
            ("katakana", 500, squared),
            ("ordinary", 500, long_chat),
        )
    ),
    *(
        Attack(
            f"workers-{name}",
            partial(storm, sayer=sayer, length=160),
            options=("--workers", "2"),
            settings=_settings(160),
        )
        for name, sayer in (("katakana", squared), ("ordinary", ordinary))
    ),
)
