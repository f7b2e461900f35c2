"""A process that sequences, and that one text kills or hangs.

Run with the store's URL, a folder in which each that is lost leaves a file, what is done with the
text when it happens, and what happens.
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

from grandstand.rules import events
from grandstand.rules.novelty import Themes
from grandstand.sequencer.duty import Duty
from grandstand.sequencer.folding import RoomFold
from grandstand.store.store import open_store
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry

POISON = "wolfsbane"


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
        Themes.shape = poisoned(Themes.shape, lambda _, gist: gist, happen)  # type: ignore[method-assign]
    elif place == "fold":
        told = poisoned(RoomFold._comment, lambda _, draft, told, now: told.event.text, happen)
        RoomFold._comment = told  # type: ignore[method-assign]
    else:
        events.decode = poisoned(events.decode, lambda payload, _: str(payload), happen)


async def sequence(url: str) -> None:
    store = await open_store(url)
    await Duty(store, Metrics(CollectorRegistry())).run()


if __name__ == "__main__":
    url, folder, place, happens = sys.argv[1:]

    def happen() -> None:
        Path(folder, str(os.getpid())).touch()
        {"die": die, "hang": hang}[happens]()

    poison(place, happen)
    asyncio.run(sequence(url))
