"""When a patient viewer sees comments, by how far behind live their senders are.

Two rooms have the same picture and the same kind of comments; in one of them frames may wait for a
second. A page in each is ``BEHIND_S`` behind live. A comment's *slack* is the viewer's distance
from live less its sender's. Whoever has slack is to be seen at its moment in both rooms; who has
none is late in both, in the patient room by up to its patience more, and not in clumps: ``clump``
is how many late bullets began within ``CLUMP_MS``, at most.

No two pages are equally far behind live. So ``longer`` compares a bullet with itself: how much
later it began than its moment, or than its frame was made if its moment had passed by then. Both
pages show all bullets: else those in time start in a free lane or not at all, and late ones queue.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from random import Random
from typing import Any
from urllib.parse import urlsplit

from grandstand.client.figures import Figures
from grandstand.client.viewer import Attendee
from grandstand.wire.messages import Frame, Poll
from playwright.async_api import Browser

from loadtest.pages.spectator import DENSE, OBSERVER, Spectator, spectator
from loadtest.pages.synchrony import brought, future
from loadtest.pages.venue import STREAM, Venue
from loadtest.spread import spread

BEHIND_S = 15
SENDERS_S = (0, 3, 6, 15, 30)
PATIENCE_MS = {"without": 0, "with": 1000}
COMMENTS = 60
"""Of each sender in each room."""

PAUSE_S = (0.3, 1.3)
SETTLE_S = 5.0
CLUMP_MS = 100
WORDS = ("what", "such", "a", "note", "that", "song", "again", "louder", "lights", "band", "wow")
_SENDER = re.compile(r" from (\d+)$")


class Unmoved:
    """A sender does nothing about what it sees."""

    def saw_frame(self, epoch: str, offset: int, frame: Frame) -> None:
        """Nothing."""

    def saw_poll(self, viewer: Attendee, poll: Poll) -> None:
        """Nothing."""


async def measure(browser: Browser, venue: Venue, comments: int = COMMENTS) -> dict[str, Any]:
    """Both rooms at once."""
    async with AsyncExitStack() as stack:
        pages = {}
        for name, patience_ms in PATIENCE_MS.items():
            await venue.room(name, stream=STREAM, patience=patience_ms)
            url = f"{venue.url}/?room={name}&behind={BEHIND_S}"
            pages[name] = await spectator(
                browser, url, scripts=(OBSERVER, DENSE), keep_received=True
            )
            stack.push_async_callback(pages[name].leave)
        async with asyncio.TaskGroup() as talk:
            for name in PATIENCE_MS:
                for behind_s in SENDERS_S:
                    talk.create_task(_talk(venue, name, behind_s, comments))
        await asyncio.sleep(BEHIND_S + SETTLE_S)
        return {name: await _judged(page) for name, page in pages.items()}


async def _talk(venue: Venue, room: str, behind_s: int, comments: int) -> None:
    """One sender's comments, each with its distance from live at its end."""

    async def token() -> str:
        return venue.token

    chance, figures = Random(behind_s), Figures()
    address = f"ws://{urlsplit(venue.url).netloc}/v1/rooms/{room}/live"
    sender = Attendee(address, token, Unmoved(), figures, chance, behind_s * 1000)
    staying = asyncio.create_task(sender.stay())
    try:
        await asyncio.sleep(SETTLE_S)
        for number in range(comments):
            words = " ".join(chance.sample(WORDS, 4))
            await sender.say(f"{words} {number} from {behind_s}")
            await asyncio.sleep(chance.uniform(*PAUSE_S))
        if figures.refused:
            raise SystemExit(f"comments of a sender were refused: {dict(figures.refused)}")
    finally:
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)


async def _judged(page: Spectator) -> dict[str, Any]:
    """What its viewer saw of each sender."""
    observed = await page.observed()
    moments, made, old = brought(page.received)
    by_sender: dict[int, list[dict[str, Any]]] = {behind_s: [] for behind_s in SENDERS_S}
    said, rows = texts(page.received), []
    for seen in observed["sightings"]:
        found = _SENDER.search(said.get(seen["id"], ""))
        if found is None or seen["id"] in old:
            continue
        at = moments[seen["id"]]
        passed = max(0.0, made[seen["id"]] - seen["behindMs"] - at)
        late = seen["playhead"] - at
        row = {**seen, "at": at, "picture": None, "late_ms": late, "longer_ms": late - passed}
        by_sender[int(found[1])].append(row)
        rows.append(row)
    return {
        "behind_live_ms": spread(row["behindMs"] for row in rows),
        "senders": {
            f"{behind_s}": {
                "slack_s": BEHIND_S - behind_s,
                "late_ms": spread(row["late_ms"] for row in seen),
                "longer_ms": spread(row["longer_ms"] for row in seen),
                "clump": clump([row["local"] for row in seen]),
            }
            for behind_s, seen in by_sender.items()
        },
        "future": future(rows)["by_playhead"],
        "faults": page.faults,
    }


def texts(received: list[dict[str, Any]]) -> dict[str, str]:
    """The texts of all comments that came, by their ids."""
    return {
        each["id"]: each["text"] for message in received for each in message.get("comments", [])
    }


def clump(began_ms: list[float]) -> int:
    """How many began within ``CLUMP_MS``, at most."""
    ordered = sorted(began_ms)
    return max(
        (sum(first <= each < first + CLUMP_MS for each in ordered) for first in ordered), default=0
    )
