"""Processes that sequence, and that one text kills or hangs.

Run with the store's URL, a folder in which each that is lost leaves a file, what is done with the
text when it happens, what happens, and the number of processes. They are forked from one that has
imported everything, which takes longer than all that they do. It also ends the lease of the room
``ROOM`` when one dies, so that nobody has to wait until it runs out.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grandstand.domain import events
from grandstand.domain.novelty import ShownTexts
from grandstand.leader.leader import RoomLeader
from grandstand.sequencer.folding import RoomFold
from grandstand.store import keys
from grandstand.store.store import open_store
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry
from redis import Redis

POISON = "wolfsbane"
ROOM = "a"
"""In which the poison is said."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    time.sleep(3600)


def poisoned(
    function: Callable[..., Any], text_of: Callable[..., Any], happen: Callable[[], None]
) -> Callable[..., Any]:
    """``function``, but ``happen`` comes first where the text is the poison."""

    def watching(*arguments: Any, **named: Any) -> Any:
        if POISON in text_of(*arguments):
            happen()
        return function(*arguments, **named)

    return watching


def poison(place: str, happen: Callable[[], None]) -> None:
    if place == "compare":
        ShownTexts.shape = poisoned(ShownTexts.shape, lambda _, skeleton: skeleton, happen)  # type: ignore[method-assign]
    elif place == "fold":
        told = poisoned(RoomFold._comment, lambda _, draft, comment, event, now: event.text, happen)
        RoomFold._comment = told  # type: ignore[method-assign]
    else:
        events.decode = poisoned(events.decode, lambda payload, _: str(payload), happen)


async def sequence(url: str) -> None:
    store = await open_store(url)
    await RoomLeader(store, Metrics(CollectorRegistry())).run()


def fork(url: str, count: int) -> None:
    """Start ``count`` processes that sequence, and end the lease of each that dies."""
    for _ in range(count):
        if os.fork() == 0:
            asyncio.run(sequence(url))
            return
    with Redis.from_url(url) as store:
        for _ in range(count):
            os.wait()
            store.delete(keys.lease(ROOM))


if __name__ == "__main__":
    url, folder, place, happens, count = sys.argv[1:]

    def happen() -> None:
        Path(folder, str(os.getpid())).touch()
        {"die": die, "hang": hang}[happens]()

    poison(place, happen)
    fork(url, int(count))
