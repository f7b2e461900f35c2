"""The run-down of a show that is on, as forecasts read it. Pure."""

from __future__ import annotations

from msgspec import UNSET

from grandstand.crowd.curve_file import check_span
from grandstand.crowd.show import Item
from grandstand.domain.rundown import Rundown
from grandstand.errors import OperatorError

MINUTE_MS = 60_000


def coming_items(rundown: Rundown, now_ms: int, ahead_ms: int) -> list[Item]:
    """Return the items whose times are known; none if the run-down goes on for too long.

    ``now_ms`` is programme time, which is ``ahead_ms`` ahead of the curve's clock. What is on air
    began when it went. If that was late, what waits comes later by as much; it never begins before
    now.
    """
    delay_ms = 0
    if rundown.went_at is not UNSET:
        for item in rundown.items:
            if item.status == "on_air" and item.expected_at is not UNSET:
                delay_ms = max(0, rundown.went_at - item.expected_at)
    found: list[Item] = []
    for item in rundown.items:
        at = item.expected_at
        if item.status == "on_air" and rundown.went_at is not UNSET:
            at = rundown.went_at
        if at is UNSET:
            continue
        if item.status == "waiting":
            at = max(at + delay_ms, now_ms)
        start = (at - ahead_ms) / MINUTE_MS
        found.append(Item(start, start if item.kind == "break" else None, item.title))
    try:
        check_span("the run-down", found)
    except OperatorError:
        return []
    return found
