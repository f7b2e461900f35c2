"""Who follows which topics of one room on this node, and the cards of topics that go to them.

It must not know messages or sessions. Theory of operation: a topic is here while somebody here
follows it, whether the room knows it or not, and a viewer follows at most 100. So a change of a
topic that nobody follows here ends at a dictionary, and nobody else pays for topics. What changed
in a tick is gathered by viewer, who gets it in one write. A card is encoded once for all who get it
in the same form.

A card is a latest value. Of one that changes again before all have it, the newest is written. A
viewer whose socket is full is passed over, and gets the present cards once it has read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import structlog

from grandstand.edge.cohort import Outlet, give
from grandstand.replica.publication import Publication
from grandstand.telemetry import Metrics
from grandstand.wire.frame_splitting import split
from grandstand.wire.messages import Frame, Overlay

GATHERED_AT_ONCE = 10_000
"""Followers of changed topics who are gathered in one go, 2 ms."""

WRITTEN_AT_ONCE = 500
"""Viewers who are written to in one go, 4 ms."""

log = structlog.get_logger(__name__)


class Topic:
    """A topic that is followed here."""

    __slots__ = ("followers", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.followers: dict[Outlet, None] = {}


class Topics:
    """The followed topics of one room."""

    def __init__(
        self,
        metrics: Metrics,
        card: Callable[[str], Overlay | None],
        now: Callable[[], int],
    ) -> None:
        """``card`` returns the present card of a topic, if it has one; ``now`` is programme time,
        ms."""
        self._metrics = metrics
        self._card = card
        self._now = now
        self._topics: dict[str, Topic] = {}
        self._followed: dict[Outlet, tuple[Topic, ...]] = {}
        self._passed_by: set[Outlet] = set()
        self._changed: dict[str, None] = {}
        self._recounted: dict[str, None] = {}
        self._work: Iterator[None] | None = None

    def __len__(self) -> int:
        return len(self._topics)

    def follow(self, outlet: Outlet, names: Iterable[str]) -> None:
        """Put topics in the place of those that a viewer follows."""
        before, topics = self._followed.pop(outlet, ()), []
        for name in dict.fromkeys(names):
            topic = self._topics.get(name)
            if topic is None:
                topic = self._topics[name] = Topic(name)
            topic.followers[outlet] = None
            self._recounted[name] = None
            topics.append(topic)
        self._leave(outlet, set(before) - set(topics))
        if topics:
            self._followed[outlet] = tuple(topics)

    def leave(self, outlet: Outlet) -> None:
        """Remove a viewer, and topics that nobody follows then."""
        self._passed_by.discard(outlet)
        self._leave(outlet, self._followed.pop(outlet, ()))

    def _leave(self, outlet: Outlet, topics: Iterable[Topic]) -> None:
        for topic in topics:
            topic.followers.pop(outlet, None)
            self._recounted[topic.name] = None
            if not topic.followers:
                self._topics.pop(topic.name, None)

    def followed(self, outlet: Outlet) -> list[str]:
        """Return the topics that a viewer follows."""
        return [topic.name for topic in self._followed.get(outlet, ())]

    def count(self, name: str) -> int:
        """Return how many viewers here follow a topic."""
        topic = self._topics.get(name)
        return 0 if topic is None else len(topic.followers)

    def recounted(self, most: int) -> list[str]:
        """Return at most so many topics whose followers weren't the same since they were returned
        last."""
        names = list(islice(self._recounted, most))
        for name in names:
            del self._recounted[name]
        return names

    def recount(self, names: Iterable[str]) -> None:
        """Let ``recounted`` return these once more."""
        self._recounted |= dict.fromkeys(names)

    def recount_all(self) -> None:
        """Let ``recounted`` return all topics once more."""
        self.recount(self._topics)

    # --- cards -----------------------------------------------------------------------------------

    def tell(self, outlet: Outlet) -> None:
        """Write the present cards of a viewer's topics; later, if its socket is full."""
        topics = self._followed.get(outlet, ())
        if topics and outlet.paused:
            self._passed_by.add(outlet)
            return
        self._passed_by.discard(outlet)
        cards = [card for topic in topics if (card := self._card(topic.name)) is not None]
        if cards:
            frames = split(Frame(now=self._now(), overlays=cards))
            self._write(outlet, [Publication.of(frame) for frame in frames])

    def caught_up(self, outlet: Outlet) -> None:
        """Write the present cards to a viewer whom a card passed by while it didn't read."""
        if outlet in self._passed_by:
            self.tell(outlet)

    def changed(self, names: Iterable[str]) -> None:
        """Give the present cards of these topics to those who follow them."""
        followed = [name for name in names if name in self._topics]
        self._changed |= dict.fromkeys(followed)
        self.recount(followed)  # the room may know them only now
        if self._changed and self._work is None:
            self._work = self._fan_out()
            self._go_on()

    def _go_on(self) -> None:
        """Do a part of the fan-out; the rest follows after the loop has done other work."""
        if self._work is not None and next(self._work, self) is self:
            self._work = None
        if self._work is not None:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _fan_out(self) -> Iterator[None]:
        while self._changed:
            changed, self._changed = self._changed, {}
            waiting: dict[Outlet, list[Publication]] = {}
            gathered = 0
            for name in changed:
                topic, publication = self._topics.get(name), self._publication(name)
                if topic is None or publication is None:
                    continue
                for outlet in list(topic.followers):
                    waiting.setdefault(outlet, []).append(publication)
                    gathered += 1
                    if gathered % GATHERED_AT_ONCE == 0:
                        yield
            for number, (outlet, publications) in enumerate(waiting.items(), 1):
                if outlet in self._followed:  # else it left meanwhile
                    self._write(outlet, publications)
                if number % WRITTEN_AT_ONCE == 0:
                    yield

    def _publication(self, name: str) -> Publication | None:
        try:
            card = self._card(name)
            # Without `head`: numbered frames may still wait for who is patient.
            frame = None if card is None else Frame(now=self._now(), overlays=[card])
            return None if frame is None else Publication.of(frame)
        except Exception:  # one topic's failure must not stop the others' cards
            log.exception("card_failed", topic=name)
            return None

    def _write(self, outlet: Outlet, publications: list[Publication]) -> None:
        data = b"".join([publication.ready(outlet.form) for publication in publications])
        if not give(outlet, data):
            self._passed_by.add(outlet)
            return
        self._metrics.writes.inc()
        self._metrics.sent_bytes.inc(len(data))
