"""Who follows which topics of one room on this node, and the cards of topics that go to them.

It must not know messages or sessions. Theory of operation: a topic is here while somebody here
follows it, whether the room knows it or not, and a viewer follows at most 100. So a change of a
topic that nobody follows here ends at a dictionary, and nobody else pays for topics. What changed
in a tick is gathered by viewer, who gets it in one write. A card is encoded once for all who get it
in the same form and language; what it says in a language comes behind it, in a frame of its own.

A card is a latest value. Of one that changes again before all have it, the newest is written. A
viewer whose socket is full is passed over, and gets the present cards once it has read.

A write costs the kernel far more than its bytes do. So where the tick's frames still wait for their
turn, a viewer gets its cards by the write that brings them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import structlog

from grandstand.edge.cohort import Outlet, give
from grandstand.replica.publication import Form, Publication
from grandstand.telemetry import Metrics
from grandstand.wire.frame_splitting import split, translation_frames
from grandstand.wire.messages import Frame, Overlay
from grandstand.wire.translations import TranslatedOverlay, Translations

GATHERED_AT_ONCE = 10_000
"""Followers of changed topics who are gathered in one go, 2 ms."""

CARDS_AT_ONCE = 50
"""Cards that are made in one go, 3 ms in deflated JSON."""

WRITTEN_AT_ONCE = 500
"""Cards that are written in one go, 4 ms if each goes to another viewer."""

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
        cards: Callable[[str], Sequence[Overlay]],
        is_known: Callable[[str], bool],
        now: Callable[[], int],
        put_beside: Callable[[Outlet, bytes], bool],
        translated: Callable[[str, str], Sequence[TranslatedOverlay]],
        language_of: Callable[[Outlet], str | None],
    ) -> None:
        """``cards`` returns the present cards of a topic; ``is_known``, whether the room knows it;
        ``now`` is programme time, ms; ``put_beside`` is the audience's. ``translated`` returns what
        of a topic's cards is said in a language (BCP 47), and ``language_of`` which one a viewer
        gets, if any."""
        self._metrics = metrics
        self._cards = cards
        self._is_known = is_known
        self._now = now
        self._put_beside = put_beside
        self._translated = translated
        self._language_of = language_of
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
            if outlet not in topic.followers:
                topic.followers[outlet] = None
                self._note(name)
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
            self._note(topic.name)
            if not topic.followers:
                self._topics.pop(topic.name, None)

    def _note(self, name: str) -> None:
        """Let ``recounted`` return a topic, unless it is one that a stranger made up: ``changed``
        does so once the room knows it."""
        if self._is_known(name):
            self._recounted[name] = None

    def followed(self, outlet: Outlet) -> list[str]:
        """Return the topics that a viewer follows."""
        return [topic.name for topic in self._followed.get(outlet, ())]

    def count(self, name: str) -> int:
        """Return how many viewers here follow a topic."""
        topic = self._topics.get(name)
        return 0 if topic is None else len(topic.followers)

    @property
    def has_recounted(self) -> bool:
        """Return whether ``recounted`` has something to return."""
        return bool(self._recounted)

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
        """Let ``recounted`` return all topics that the room knows once more."""
        self.recount(filter(self._is_known, self._topics))

    # --- cards -----------------------------------------------------------------------------------

    def tell(self, outlet: Outlet) -> None:
        """Write the present cards of a viewer's topics; later, if its socket is full."""
        topics = self._followed.get(outlet, ())
        if topics and outlet.paused:
            self._passed_by.add(outlet)
            return
        self._passed_by.discard(outlet)
        names = [topic.name for topic in topics]
        data = self._present(names, outlet.form, self._language_of(outlet))
        if data and self._write(outlet, data):
            self._count(1, len(data))

    def _present(self, names: Sequence[str], form: Form, lang: str | None) -> bytes:
        """Return the present cards of topics; without those that can't be made."""
        try:
            cards = [card for name in names for card in self._cards(name)]
            frames = split(Frame(now=self._now(), overlays=cards)) if cards else []
            frames += self._words(names, lang)
            return b"".join([Publication.of(frame).ready(form) for frame in frames])
        except Exception:  # one topic's failure must not stop the others' cards
            if len(names) > 1:
                return b"".join([self._present([name], form, lang) for name in names])
            log.exception("card_failed", topic=names[0])
            return b""

    def _words(self, names: Iterable[str], lang: str | None) -> list[Frame]:
        """Return frames with what the present cards of topics say in a language."""
        if lang is None:
            return []
        said = [each for name in names for each in self._translated(name, lang)]
        return translation_frames(self._now(), Translations(lang, overlays=said)) if said else []

    def passes_by(self, outlet: Outlet) -> None:
        """Note that frames pass a viewer by, and cards with them."""
        if outlet in self._followed:
            self._passed_by.add(outlet)

    def caught_up(self, outlet: Outlet) -> None:
        """Write the present cards to a viewer whom frames passed by while it didn't read."""
        if outlet in self._passed_by:
            self.tell(outlet)

    def changed(self, names: Iterable[str]) -> None:
        """Give the present cards of these topics to those who follow them."""
        followed = [name for name in names if name in self._topics]
        self._changed |= dict.fromkeys(followed)
        self.recount(followed)  # the room may know them only now
        if self._work is None:
            self._go_on()

    def _go_on(self) -> None:
        """Do a part of the fan-out; the rest follows after the loop has done other work."""
        if self._work is None and self._changed:
            self._work = self._fan_out()
        try:
            if self._work is not None and next(self._work, self) is self:
                self._work = None
        except Exception:  # what has changed meanwhile is a new fan-out's
            log.exception("fan_out_failed")
            self._work = None
        if self._work is not None or self._changed:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _fan_out(self) -> Iterator[None]:
        while self._changed:
            changed, self._changed = self._changed, {}
            waiting: dict[Outlet, list[tuple[Topic, bytes]]] = {}
            yield from self._gather(changed, waiting)
            yield from self._write_all(waiting)

    def _gather(
        self, names: Iterable[str], waiting: dict[Outlet, list[tuple[Topic, bytes]]]
    ) -> Iterator[None]:
        """Put the topics' present cards into ``waiting``, for each of their followers."""
        made = gathered = 0
        for name in names:
            topic, publication = self._topics.get(name), self._publication(name)
            if topic is None or publication is None:
                continue
            ready: dict[tuple[Form, str | None], bytes] = {}
            for outlet in list(topic.followers):
                key = form, lang = outlet.form, self._language_of(outlet)
                if key not in ready:
                    ready[key] = self._ready(name, publication, form, lang)
                if card := ready[key]:
                    waiting.setdefault(outlet, []).append((topic, card))
                gathered += 1
                if gathered % GATHERED_AT_ONCE == 0:
                    yield
            made += 1
            if made % CARDS_AT_ONCE == 0:
                yield

    def _write_all(self, waiting: dict[Outlet, list[tuple[Topic, bytes]]]) -> Iterator[None]:
        """Write what waits to those who still follow it."""
        number = reached = size = 0
        for outlet, cards in waiting.items():
            data = b"".join([card for topic, card in cards if outlet in topic.followers])
            if data and not self._put_beside(outlet, data) and self._write(outlet, data):
                reached, size = reached + 1, size + len(data)
            number += len(cards)
            if number >= WRITTEN_AT_ONCE:
                self._count(reached, size)
                number = reached = size = 0
                yield
        self._count(reached, size)

    def _publication(self, name: str) -> Publication | None:
        try:
            cards = list(self._cards(name))
            # Without `head`: numbered frames may still wait for who is patient.
            return Publication.of(Frame(now=self._now(), overlays=cards)) if cards else None
        except Exception:  # one topic's failure must not stop the others' cards
            log.exception("card_failed", topic=name)
            return None

    def _ready(self, name: str, publication: Publication, form: Form, lang: str | None) -> bytes:
        try:
            words = map(Publication.of, self._words([name], lang))
            return b"".join([each.ready(form) for each in (publication, *words)])
        except Exception:
            log.exception("card_failed", topic=name)
            return b""

    def _write(self, outlet: Outlet, data: bytes) -> bool:
        """Write to a viewer, now or once it has read; return whether it was now."""
        is_written = give(outlet, data)
        if not is_written:
            self.passes_by(outlet)
        return is_written

    def _count(self, writes: int, size: int) -> None:
        self._metrics.writes.inc(writes)
        self._metrics.sent_bytes.inc(size)
