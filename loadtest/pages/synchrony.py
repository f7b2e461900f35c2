"""How exactly what is said follows the picture: two viewers at different distances from live.

One about 3 s behind live comments through its page; the other is about 15 s behind. Of each bullet,
at the animation frame that first painted it, two differences are taken:

- by the **playhead**: what the page's clock said in that frame, less the comment's ``at``;
- by the **picture**: the time code read from the video's pixels in that frame, less ``at``. A frame
  stands ``FRAME_MS`` on the screen and carries the time of its beginning, so even a bullet that
  starts at the very moment differs by 0 to ``FRAME_MS``, and by one frame of the screen (17 ms)
  more for what is chosen when. ``picture_beyond_frame`` is how far ``at`` lies outside of the time
  for which the frame stands.

Comments that came when the viewer was already past them (the crowd's slowest) are shown at once and
counted apart; what they are is decided from the socket, not from what the page says.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from grandstand.demo import timecode
from playwright.async_api import Browser

from loadtest.pages.spectator import Spectator, spectator
from loadtest.pages.venue import Venue
from loadtest.spread import spread

ROOM = "gala"
FRAME_MS = 40
"""25 frames a second."""

SCREEN_MS = 1000 / 60
"""One frame of the screen: so much later than what was read may be what is seen."""

IN_TIME_MS = 250
"""A comment that reached the page so long before its moment was there in time."""

BEHIND_MS = {"near": 3_000, "far": 15_000}
COMMENTS = 100
BY_HAND = 10
"""So many of them through the composer; the others through the page's own connection."""

PAUSE_S = (0.4, 1.0)
SETTLE_S = 5.0
POLLS = 3
POLL_S = 12


async def measure(browser: Browser, venue: Venue, comments: int = COMMENTS) -> dict[str, Any]:
    """One run."""
    await venue.call("PATCH", f"/v1/rooms/{ROOM}", {"comment_interval": 0, "comment_burst": 10_000})
    viewers = {
        name: await spectator(
            browser, f"{venue.url}/?room={ROOM}&behind={behind_ms / 1000:g}", keep_received=True
        )
        for name, behind_ms in BEHIND_MS.items()
    }
    try:
        for one in viewers.values():
            await one.first_bullet()
        await asyncio.sleep(SETTLE_S)
        own = await say(viewers["near"], venue, comments)
        await asyncio.sleep(BEHIND_MS["far"] / 1000 + SETTLE_S)
        return {name: await _judged(one, own) for name, one in viewers.items()}
    finally:
        for one in viewers.values():
            await one.leave()


async def say(sender: Spectator, venue: Venue, comments: int) -> set[str]:
    """Comments and polls, over a minute or more; the comments' ids as acknowledged."""
    chance = Random(3)
    for number in range(comments):
        text = f"{chance.choice(['what a', 'such a', 'that'])} note no. {number}"
        if number % (comments // BY_HAND) == 0:
            await sender.page.locator('[data-test="text"]').fill(text)
            await sender.page.locator('[data-test="send"]').click()
        else:
            await sender.page.evaluate(
                "text => void window.grandstand.live.comment(text).answer", text
            )
        if number % (comments // POLLS) == 10:
            await venue.call(
                "POST",
                f"/v1/rooms/{ROOM}/polls",
                {
                    "kind": "single",
                    "question": f"Again, {number}?",
                    "options": ["yes", "no"],
                    "duration": POLL_S,
                },
            )
        await asyncio.sleep(chance.uniform(*PAUSE_S))
    return {one["comment"] for one in sender.received if one["type"] == "ack" and "comment" in one}


async def _judged(one: Spectator, by_sender: set[str]) -> dict[str, Any]:
    """What a viewer saw, against what its socket had brought."""
    observed = await one.observed()
    due = observed["due"]
    moments, came, old = brought(one.received)
    latency_ms = await one.page.evaluate(
        "(() => { const {live} = window.grandstand; return live.now() - live.playhead(); })()"
    )
    rows = []
    for seen in observed["sightings"]:
        at = moments.get(seen["id"], due.get(seen["id"], {}).get("at"))
        if at is None:
            continue
        rows.append(
            {
                "kind": seen["kind"],
                "id": seen["id"],
                "own": seen["own"],
                "from_near": seen["id"] in by_sender,
                "history": seen["id"] in old,
                "ahead_ms": at - (came.get(seen["id"], float("inf")) - seen["behindMs"]),
                **moment(seen, at),
            }
        )
    quality = await one.page.evaluate(
        "(q => ({shown: q.totalVideoFrames, dropped: q.droppedVideoFrames}))"
        "(document.querySelector('video').getVideoPlaybackQuality())"
    )
    bullets = [row for row in rows if row["kind"] == "bullet" and not row["history"]]
    in_time = [row for row in bullets if not row["own"] and row["ahead_ms"] >= IN_TIME_MS]
    return {
        "behind_live_ms": round(latency_ms),
        "video": quality,
        "faults": one.faults,
        "from_near": differences([row for row in in_time if row["from_near"]]),
        "crowd": differences([row for row in in_time if not row["from_near"]]),
        "own": differences([row for row in bullets if row["own"]]),
        "came_late": len([r for r in bullets if not r["own"] and r["ahead_ms"] < IN_TIME_MS]),
        "polls": differences([row for row in rows if row["kind"] == "poll"]),
        "future": future(rows),
        "rows": rows,
    }


def moment(seen: dict[str, Any], at: int) -> dict[str, Any]:
    """When an item was to be seen, and when it was, by playhead and picture: programme time, ms."""
    code = None if seen["cells"] is None else timecode.read(seen["cells"])
    playhead = seen["playhead"]
    picture = None if code is None else timecode.nearest(code, round(playhead))
    return {"at": at, "playhead": playhead, "picture": picture}


def brought(
    received: list[dict[str, Any]],
) -> tuple[dict[str, int], dict[str, int], set[str]]:
    """When items are to be seen, the programme clock when they came, and those of a welcome."""
    moments: dict[str, int] = {}
    came: dict[str, int] = {}
    old: set[str] = set()
    for message in received:
        old |= {item["id"] for item in message.get("recent", [])}
        for item in [*message.get("comments", []), *message.get("recent", [])]:
            moments.setdefault(item["id"], item["at"])
            came.setdefault(item["id"], message["now"])
        for poll in message.get("polls", []):
            moments.setdefault(poll["id"], poll["opens_at"])
    return moments, came, old


def differences(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How far items were from their moment when they were first seen, by playhead and picture."""
    read = [row for row in rows if row["picture"] is not None]
    beyond = [_beyond(row["at"] - row["picture"]) for row in read]
    return {
        "playhead": spread(abs(row["playhead"] - row["at"]) for row in rows),
        "picture": spread(abs(row["picture"] - row["at"]) for row in read),
        "picture_beyond_frame": spread(beyond),
        "picture_signed": spread(row["picture"] - row["at"] for row in read),
        "picture_to_playhead": spread(row["playhead"] - row["picture"] for row in read),
        "unreadable": len(rows) - len(read),
    }


def _beyond(after_ms: float) -> float:
    """How far a moment lies outside of the time for which a frame stands."""
    return max(0.0, -after_ms, after_ms - FRAME_MS)


def future(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Items shown before their moment (``at`` is rounded by 0.5), or with no picture to be read."""
    read = [row for row in rows if row["picture"] is not None]
    return {
        "shown": len(rows),
        "without_picture": len(rows) - len(read),
        "by_playhead": sum(row["at"] > row["playhead"] + 0.5 for row in rows),
        "by_picture": sum(row["at"] - row["picture"] > FRAME_MS for row in read),
        "by_picture_and_screen": sum(
            row["at"] - row["picture"] > FRAME_MS + SCREEN_MS for row in read
        ),
    }
