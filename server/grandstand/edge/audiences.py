"""The audiences of one room on this node, by key: who gets which publication.

It must not know messages or sessions. Theory of operation: the room's own audience, ``EVERYONE``,
always exists; who gets a language isn't in it (``languages``). Another one exists while it has
members and while the room knows its key. So there are never more audiences than the room's state
has such things, and a viewer can't make one up. A key's latest value is kept for those who join
later, and dropped with the key.

An index names the audiences of each viewer, so that none is searched when the viewer leaves. It
doesn't name the room's: everybody is in that one, and entries for all would be 40 to 80 bytes a
viewer.
"""

from __future__ import annotations

from collections.abc import Callable

from grandstand.edge.audience import Audience
from grandstand.edge.cohort import Outlet
from grandstand.replica.publication import EVERYONE, AudienceKey, Publication
from grandstand.telemetry import Metrics


class Audiences:
    """A room's audiences by key."""

    def __init__(
        self, metrics: Metrics, offset: int, is_known: Callable[[AudienceKey], bool]
    ) -> None:
        """``offset`` is the room's. ``is_known``: whether the room's state has what a key names."""
        self._metrics = metrics
        self._is_known = is_known
        self._audiences: dict[AudienceKey, Audience] = {EVERYONE: Audience(metrics, offset)}
        self._joined: dict[Outlet, tuple[AudienceKey, ...]] = {}
        self._combinations: dict[tuple[AudienceKey, ...], tuple[AudienceKey, ...]] = {}
        self._latest: dict[AudienceKey, Publication] = {}

    def __contains__(self, key: AudienceKey) -> bool:
        """Return whether anybody is in the audience."""
        return key in self._audiences

    def __getitem__(self, key: AudienceKey) -> Audience:
        """Return an audience that has members, or the room's. Raises KeyError."""
        return self._audiences[key]

    def __len__(self) -> int:
        return len(self._audiences)

    def join(self, key: AudienceKey, outlet: Outlet) -> None:
        """Add a member and write the key's latest value to it; do nothing for one who is in it, or
        for a key that the room doesn't know. A viewer's position joins the room's own."""
        if not self._is_known(key):
            return
        audience = self._audiences.get(key)
        if audience is None:
            audience = self._audiences[key] = Audience(self._metrics, is_room=False)
        if outlet in audience:
            return
        audience.join(outlet)
        before = self._joined.get(outlet, ())
        keys = (*(each for each in before if each != key and each in self._audiences), key)
        # One tuple for all who joined the same: with its keys each has 150 bytes.
        self._joined[outlet] = self._combinations.setdefault(keys, keys)
        latest = self._latest.get(key)  # the next value may take long to come
        if latest is not None:
            outlet.write(latest.ready(outlet.form))

    def leave(self, outlet: Outlet) -> None:
        """Remove a member from every audience, and audiences that are empty then."""
        self._audiences[EVERYONE].leave(outlet)
        for key in self._joined.pop(outlet, ()):
            audience = self._audiences.get(key)
            if audience is not None:  # else the key ended while it was here
                audience.leave(outlet)
                if not audience:
                    del self._audiences[key]

    def publish(self, publication: Publication, within_s: float = 0.0) -> None:
        """Give the base to everyone, at once or with what comes within the time, and each addition
        to its audience as its value.
        """
        everyone = self._audiences[EVERYONE]
        if within_s:
            everyone.broadcast_within(within_s, publication)
        else:
            everyone.broadcast(publication)
        for key, addition in publication.additions.items():
            self.update(key, addition)

    def update(self, key: AudienceKey, value: Publication) -> None:
        """Give a value to the members that read, and keep it for those who join until the next."""
        if not self._is_known(key):
            return
        self._latest[key] = value
        audience = self._audiences.get(key)
        if audience is not None:
            audience.broadcast(value)

    def notify(self, key: AudienceKey, publication: Publication) -> None:
        """Send a publication to all members now, also to those that are full, since none may miss
        it."""
        audience = self._audiences.get(key)
        if audience is not None:
            audience.write_now(publication)

    def prune(self) -> None:
        """Drop the audiences and values of keys that the room doesn't know any more."""
        for known in (self._audiences, self._latest):
            for key in [key for key in known if not self._is_known(key)]:
                del known[key]
        self._combinations.clear()
