"""10,000 viewers cut at once who come back with ``resume``, and what those notice who stayed.

They come back as the contract asks (full jitter, ``Retry-After``) to a server with its ordinary
limits. Comments go on all the while, and are timed at seats of those who stayed.
"""

from __future__ import annotations

import time
from typing import Any

from loadtest.bench.commands import CutAll, Say
from loadtest.bench.crowd import Crowd, crowd
from loadtest.bench.grandstand import grandstand

CUT = 10_000
STAYED = 500
COMMENTS_PER_S = 10
BEFORE_S = 3.0
WITHIN_S = 60.0
AFTER_S = 2.0


def measure(server_core: int, client_core: int) -> dict[str, Any]:
    """How long it took until the last was back, and what was missed."""
    unlimited = {"GRANDSTAND_MAX_CONNECTIONS_PER_ADDRESS": "100000"}
    with (
        grandstand([server_core], {"max_latency": 60_000}, unlimited, ordinary=True) as server,
        crowd(
            server.address, client_core, secret=server.secret, per_s=1200, room="bench"
        ) as stormy,
        crowd(
            server.address, client_core, secret=server.secret, per_s=1200, sample_every=10
        ) as calm,
    ):
        calm.open(STAYED)
        stormy.open(CUT)
        before = _talk(calm, BEFORE_S)
        opened = stormy.counts()
        stormy.ask(CutAll())
        began_s = time.monotonic()
        back_s, during = None, []
        while back_s is None and time.monotonic() < began_s + WITHIN_S:
            during.append(_talk(calm, 0.5))
            counts = stormy.counts()
            if counts["seated"] >= CUT:
                back_s = time.monotonic() - began_s
        after = _talk(calm, AFTER_S)
        counts = stormy.counts()
        return {
            "cut": CUT,
            "back_s": back_s,
            "came_back_with_all": counts["comebacks"],
            "given_anew": counts["restarts"],
            "gaps": counts["gaps"] - opened["gaps"],
            "refused": counts["refusals"],
            "faults": counts["faults"],
            "those_who_stayed": {
                "before": before,
                "during": during,
                "after": after,
                "gaps": calm.counts()["gaps"],
                "closes": calm.counts()["closes"],
            },
        }


def _talk(seats: Crowd, seconds: float) -> dict[str, Any]:
    """Comments at a steady pace; latencies of what was seen meanwhile."""
    for turn in range(round(seconds * COMMENTS_PER_S)):
        text = f"comment number {time.monotonic_ns() % 10**9} {'abcdefgh'[turn % 8] * 3}"
        seats.ask(Say(text))
        time.sleep(1 / COMMENTS_PER_S)
    latencies: dict[str, Any] = seats.counts()["latencies_ms"]
    return latencies
