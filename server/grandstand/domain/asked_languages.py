"""Which languages viewers without a socket asked this node for lately. Pure.

Theory of operation: caches answer nearly all of them, but what is new is asked of a node once at
least. So where somebody reads segments in a language, a node hears of it every few seconds.
"""

from __future__ import annotations

KEPT_S = 30.0
"""For so long after the last question somebody is taken to be there."""


class AskedLanguages:
    """The languages of all rooms here."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], float] = {}

    def note(self, room: str, lang: str, now_s: float) -> None:
        """Note a question for one of a room's languages."""
        self._asked[room, lang] = now_s

    def by_room(self, now_s: float) -> dict[str, list[str]]:
        """Return the languages that somebody asked for lately, of each room that has some."""
        found: dict[str, list[str]] = {}
        for (room, lang), asked_s in [*self._asked.items()]:
            if now_s - asked_s > KEPT_S:
                del self._asked[room, lang]
            else:
                found.setdefault(room, []).append(lang)
        return found
