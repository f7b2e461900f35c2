"""One attack on one server: what the witness saw before it and during it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from loadtest.attacks.attack import MOST_GAP_MS, Attack
from loadtest.attacks.target import Target, target
from loadtest.attacks.witness import Seen, witness
from loadtest.spread import spread

CALM_S = 3.0
AFTER_S = 1.0
RECOVERS_S = 120.0


def measure(attack: Attack) -> dict[str, Any]:
    """Round trips and gaps in ms; ``closes``: witnesses cut; ``hung``: workers ended as hung;
    ``counted``: what the attack itself counted."""
    with target(attack.settings, attack.environment, attack.options, attack.rooms) as attacked:
        with witness(attacked) as witnesses:
            time.sleep(CALM_S)
            began_s = time.monotonic()
            counted = asyncio.run(_attacked(attack, attacked))
            _until_it_answers(attacked)
            ended_s = time.monotonic()
            time.sleep(AFTER_S)
            seen = witnesses.over()
        hung = attacked.server.metric("grandstand_workers_hung_total")
    return {
        "seconds": round(ended_s - began_s, 2),
        "before": _of(seen, began_s - CALM_S, began_s),
        "during": _of(seen, began_s, ended_s + AFTER_S),
        "closes": len(seen.closes),
        "hung": hung,
        "counted": dict(counted or {}),
        "most_p99_ms": attack.most_p99_ms,
    }


def _until_it_answers(attacked: Target) -> None:
    """What the attack has left for the server to do is part of it. Raises OSError."""
    deadline_s = time.monotonic() + RECOVERS_S
    while True:
        try:
            attacked.server.call("GET", "/healthz")
        except OSError:
            attacked.server.close()
            if time.monotonic() > deadline_s:
                raise
        else:
            return


async def _attacked(attack: Attack, attacked: Target) -> Mapping[str, int] | None:
    return await attack.run(attacked)


def _of(seen: Seen, from_s: float, until_s: float) -> dict[str, Any]:
    frames = [from_s, *(at for at in seen.frames if from_s <= at < until_s), until_s]
    return {
        "trip_ms": spread(1000 * took for at, took in seen.trips if from_s <= at < until_s),
        "longest_gap_ms": round(1000 * max(after - at for at, after in pairwise(frames)), 1),
        "own_lag_ms": spread(1000 * lag for at, lag in seen.lags if from_s <= at < until_s),
    }


def table(found: dict[str, dict[str, Any]]) -> str:
    """One line an attack."""
    lines = [
        f"{'attack':38}{'s':>6}{'p50':>8}{'p99':>8}{'max':>8}{'gap':>8}{'before':>8}"
        f"{'lag':>6}{'closes':>8}{'hung':>6}  verdict"
    ]
    for name, its in found.items():
        during, before = its["during"], its["before"]
        trip = during["trip_ms"]
        lag_ms = during["own_lag_ms"].get("p99", 0)
        verdict = ", ".join(faults(its)) or f"under {its['most_p99_ms']:.0f}"
        counted = "".join(f"  {count} {what}" for what, count in its["counted"].items())
        lines.append(
            f"{name:38}{its['seconds']:6.1f}{trip.get('p50', 0):8.1f}{trip.get('p99', 0):8.1f}"
            f"{trip.get('max', 0):8.1f}{during['longest_gap_ms']:8.0f}"
            f"{before['trip_ms'].get('p99', 0):8.1f}{lag_ms:6.0f}{its['closes']:8}"
            f"{its['hung']:6.0f}  {verdict}{counted}"
        )
    return "\n".join(lines)


def faults(its: dict[str, Any]) -> list[str]:
    """What honest viewers noticed, or a worker did not survive, that must not be."""
    during = its["during"]
    is_soon = during["trip_ms"]["count"] and during["trip_ms"]["p99"] <= its["most_p99_ms"]
    judged = {
        f"OVER {its['most_p99_ms']:.0f}": not is_soon,
        f"gap OVER {MOST_GAP_MS:.0f}": during["longest_gap_ms"] > MOST_GAP_MS,
        "HUNG": its["hung"],
        "CUT": its["closes"],
    }
    return [words for words, is_so in judged.items() if is_so]
