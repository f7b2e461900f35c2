"""Which cards everyone sees: one at a time, the most telling first. Pure; bounded.

Theory of operation: a card that is telling enough waits until the screen is free, for so long as
it is news. When the screen is free, the most telling of those that wait is shown. A card that finds
the screen free is shown a second after its moment. What is less telling, or has waited in vain,
goes to those who follow its entity.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from grandstand.overlays.card_rules.card import Card

LEAST = 0.3
"""Less telling cards are for followers: a best of the ninth, the third change of one lead."""

GAP_MS = 10_000
"""A card is read, then there is a while without one: a sentence of 15 words takes 4 s."""

GATHER_MS = 1_000
"""So long a card waits for a more telling one of the same moment: eight finishers of a race come
within half a second."""

NEWS_MS = 20_000
MAX_WAITING = 50

LEAST_TO_FOLLOWERS = 0.025
"""Of a gap that changes with every ball, a follower of the second gets five cards in ten minutes;
of the 150th of a marathon, one."""

FOLLOWERS_GAP_MS = 5_000
"""A follower gets one card of an entity in such a span, or a more telling one."""

MAX_ENTITIES = 5000


@dataclass(slots=True)
class Screen:
    """Decides in the order of programme time."""

    _free_at: int = 0
    _waiting: list[Card] = field(default_factory=list)
    _told: dict[str, tuple[int, float]] = field(default_factory=dict)

    def copy(self) -> Screen:
        """Return one that changes by itself."""
        return Screen(self._free_at, list(self._waiting), dict(self._told))

    @property
    def waiting(self) -> list[Card]:
        """Return the cards that may still be shown."""
        return self._waiting

    def add(self, card: Card) -> list[Card]:
        """Take a card; return those that followers get at once."""
        if card.telling < LEAST:
            return self._to_followers(card)
        self._waiting.append(card)
        self._waiting.sort(key=_most_telling_first)
        more = self._waiting[MAX_WAITING:]
        del self._waiting[MAX_WAITING:]
        return [each for card in more for each in self._to_followers(card)]

    def release(self, now: int) -> list[Card]:
        """Return what is shown until ``now``, in order."""
        out: list[Card] = []
        while self._waiting:
            moment = max(self._free_at, min(card.at for card in self._waiting) + GATHER_MS)
            if moment > now:
                break
            old = [card for card in self._waiting if card.at < moment - NEWS_MS]
            for card in old:
                self._waiting.remove(card)
                out += self._to_followers(card)
            there = [card for card in self._waiting if card.at <= moment]
            if there:
                self._waiting.remove(there[0])
                out.append(replace(there[0], at=moment, audience="everyone"))
                self._free_at = moment + GAP_MS
        return out

    def _to_followers(self, card: Card) -> list[Card]:
        if card.to_followers < LEAST_TO_FOLLOWERS:
            return []
        at, telling = self._told.pop(card.entity, (card.at - FOLLOWERS_GAP_MS, 0.0))
        is_given = card.at - at >= FOLLOWERS_GAP_MS or card.to_followers > telling
        self._told[card.entity] = (card.at, card.to_followers) if is_given else (at, telling)
        if len(self._told) > MAX_ENTITIES:
            del self._told[next(iter(self._told))]
        return [replace(card, audience="followers")] if is_given else []


def _most_telling_first(card: Card) -> tuple[float, int, str]:
    return (-card.telling, card.at, card.id)
