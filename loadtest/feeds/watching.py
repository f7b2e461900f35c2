"""Viewers of a room who follow all entities of a feed, and the cards that they are shown."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

FOLLOWED = 100
"""Topics of one viewer at most."""

LARGEST = 1_048_576

Card = dict[str, Any]


class Watch:
    """All cards that rules made, by id, in the order in which they came: as they were told last,
    for whom, in which message, and how many seconds after their moment."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        self.taken_back = 0
        self._messages = 0

    def in_order(self) -> list[Card]:
        """Return the cards by the moment that they are about."""
        return sorted(self.cards.values(), key=lambda card: card["at"])

    async def follow(self, room: str, entities: Sequence[str]) -> None:
        """Be there until cancelled. Raises OSError, ConnectionClosed."""
        viewers = [
            self._follow(room, entities[first : first + FOLLOWED])
            for first in range(0, max(1, len(entities)), FOLLOWED)
        ]
        await asyncio.gather(*viewers)

    async def _follow(self, room: str, topics: Sequence[str]) -> None:
        url = f"ws{room.removeprefix('http')}/live"
        protocol = Subprotocol("grandstand.v1.json")
        async with connect(url, subprotocols=[protocol], proxy=None, max_size=LARGEST) as socket:
            await socket.send(json.dumps({"type": "hello", "follow": topics}))
            try:
                async for payload in socket:
                    self._take(json.loads(payload))
            except ConnectionClosed as closed:
                raise OSError(f"the server closed a viewer: {closed}") from closed

    def _take(self, message: dict[str, Any]) -> None:
        self._messages += 1
        for overlay in message.get("overlays", ()):
            if overlay["kind"] == "sentence":
                self._see(overlay, "everyone" if "offset" in message else "followers")

    def _see(self, overlay: dict[str, Any], audience: str) -> None:
        known = self.cards.get(overlay["id"])
        if overlay["expires_at"] <= overlay["at"]:
            if known is not None and not known["is_taken_back"]:
                known["is_taken_back"] = True
                self.taken_back += 1
        elif known is None or audience == "everyone":
            card = {"at": overlay["at"], "audience": audience, **overlay["data"]}
            came = {"message": self._messages, "late_s": round(time.time() - card["at"] / 1000, 3)}
            self.cards[overlay["id"]] = {**card, **came, "is_taken_back": False}
