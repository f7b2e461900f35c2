"""The named audiences of one room on this node: who gets which publication beside the room's own.

It must not know messages or sessions. Theory of operation: an audience exists while it has members
and while the room knows its key, so that there are never more of them than the room's state has
such things; nobody who joins can make one up. A key's latest value is kept for those who join
later, and dropped with the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from grandstand.edge.audience import Audience, Outlet
from grandstand.edge.publication import Publication
from grandstand.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Voters:
    """Those who have a vote in a poll."""

    poll: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Moderators and producers."""


@dataclass(frozen=True, slots=True)
class Interests:
    """What a viewer asked to be told of: a language (BCP 47; empty for none) and topics.

    They come in a message of 4,096 bytes: some 11 KB for a viewer who follows the 100 it may.
    """

    lang: str
    topics: tuple[str, ...]


AudienceKey: TypeAlias = Voters | Staff


class Audiences:
    """A room's audiences by key."""

    def __init__(self, metrics: Metrics, is_known: Callable[[AudienceKey], bool]) -> None:
        """``is_known``: whether the room's state has what a key names."""
        self._metrics = metrics
        self._is_known = is_known
        self._audiences: dict[AudienceKey, Audience] = {}
        self._latest: dict[AudienceKey, Publication] = {}
        self.interests: dict[Outlet, Interests] = {}
        """Those of viewers who said any. No topic or language has an audience yet."""

    def __contains__(self, key: AudienceKey) -> bool:
        """Whether anybody is in the audience."""
        return key in self._audiences

    def __len__(self) -> int:
        return len(self._audiences)

    def join(self, key: AudienceKey, outlet: Outlet) -> None:
        """Add a member and write the key's latest value to it; do nothing for one who is in it, or
        for a key that the room doesn't know.
        """
        if not self._is_known(key):
            return
        audience = self._audiences.get(key)
        if audience is None:
            audience = self._audiences[key] = Audience(self._metrics, full_ones_leave=False)
        if outlet in audience:
            return
        audience.join(outlet)
        latest = self._latest.get(key)  # the next may be long in coming
        if latest is not None:
            outlet.write(latest.ready(outlet.is_text, outlet.deflates))

    def follow(self, outlet: Outlet, topics: list[str], lang: str | None = None) -> None:
        """Keep the topics that a viewer follows, in place of those of before, and the language that
        it asks for; without ``lang`` it stays the same.
        """
        known = self.interests.get(outlet)
        if lang is None:
            lang = known.lang if known is not None else ""
        if topics or lang:
            self.interests[outlet] = Interests(lang, tuple(dict.fromkeys(topics)))
        elif known is not None:
            del self.interests[outlet]

    def leave(self, outlet: Outlet) -> None:
        """Remove a member from every audience, and audiences that are empty then."""
        self.interests.pop(outlet, None)
        for key, audience in list(self._audiences.items()):
            audience.leave(outlet)
            if not audience:
                del self._audiences[key]

    def update(self, key: AudienceKey, value: Publication) -> None:
        """Give a value to the members that read, and keep it for those who join until the next."""
        if not self._is_known(key):
            return
        self._latest[key] = value
        audience = self._audiences.get(key)
        if audience is not None:
            audience.broadcast(value)

    def notify(self, key: AudienceKey, publication: Publication) -> None:
        """Give a publication to all members now, also to those that are full: none may miss it."""
        audience = self._audiences.get(key)
        if audience is not None:
            audience.write_now(publication)

    def prune(self) -> None:
        """Drop the audiences and values of keys that the room doesn't know any more."""
        for known in (self._audiences, self._latest):
            for key in [key for key in known if not self._is_known(key)]:
                del known[key]
