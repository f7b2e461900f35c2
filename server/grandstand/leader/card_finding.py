"""The job that finds cards: it gives what a feed says of entities to the card rules.

Theory of operation: commits bring the rows of the entities that changed. What is new in them goes
to the finder of the room's judged kinds (``domain.schemas``), which is read once a second at most.
Each card that it finds enters by the ingest stream, together with the move of the cursor.

Nothing is kept but the cursor. Who takes over reads the rows of all entities: they hold the present
values and the last changes, so the standings of a moment before the cursor are known, and the rules
go on from there. They may find a card again; it has the same id, made of the room, the entity, the
value and its moment, and the fold tells none twice. How often something was said lately isn't
known to the new one: a lead is news once more.

In a room that switches it on, a model may word the cards that everyone sees. Its words are waited
for (``Wording``), for a moment that most viewers' latency hides; then the template's are told. A
card that is found again keeps the words that it had.

In a room with no judged kind, or with the setting ``cards`` at ``none``, nothing is looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import structlog
from msgspec.structs import replace

from grandstand.domain.entities import Told, entity_of, kind_of
from grandstand.domain.envelope import Commit
from grandstand.domain.events import CardFound
from grandstand.leader.commits import Batch, Commits, Cursor, follow
from grandstand.leader.room import LeaderRoom
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.finder import SETTLE_MS, CardFinder, Reading
from grandstand.overlays.card_rules.rows import Schedule, past_of, replaced_of, updates_of
from grandstand.overlays.card_rules.screen import NEWS_MS
from grandstand.overlays.card_rules.update import Update
from grandstand.overlays.sentences.languages import language_for, written_in
from grandstand.overlays.sentences.sentence import Sentence, sentence, worded
from grandstand.overlays.stats_cards import SENTENCE
from grandstand.tasks import timed_in_turns
from grandstand.telemetry import Metrics
from grandstand.wire.messages import Overlay

MOVE_MS = 5000
"""Between two moves of the cursor, if nothing is found: each is a write, and a takeover looks at
the commits of so long again."""

LOOK_BACK_MS = MOVE_MS + SETTLE_MS + NEWS_MS
"""Who takes over looks so far back before the cursor: at what the one before hadn't told yet."""

READ_S = 1.0
"""Between two readings at least: people see no difference, and each may fold ten minutes again."""

SHARE = 0.1
"""Of a core that readings may take: after one that took long the next one waits."""

EVERYONE_MS = 9_000
FOLLOWERS_MS = 20_000
"""For how long a card is shown: to everyone a second less than until the next may come."""

MOST_AT_ONCE = 100
"""Cards for followers of one reading; of more, the most telling ones."""

MOST_GIVEN = 2000
"""Cards that are remembered, since they may have to be taken back."""

log = structlog.get_logger(__name__)


class Wording(Protocol):
    """What words cards in place of the templates."""

    async def word(
        self, room: str, lang: str, text: str, names: Sequence[str], at: int
    ) -> tuple[str, str] | None:
        """Return words in place of the template's ``text``, and by whom; None soon if there are
        none."""


class CardFinding:
    """Finds the cards of all rooms that this process leads."""

    name = "cards"

    def __init__(self, metrics: Metrics, wording: Wording | None = None) -> None:
        self._metrics = metrics
        self._wording = wording

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Follow the commits, and the time where there are none."""
        work = _Work(room, cursor, self._metrics, self._wording)
        try:
            await follow(commits, work)
        finally:
            room.kept_awake_by.discard(self.name)


class _Work:
    """The cards of one room, for as long as this process leads it."""

    def __init__(
        self, room: LeaderRoom, cursor: Cursor, metrics: Metrics, wording: Wording | None
    ) -> None:
        self._room = room
        self._cursor = cursor
        self._metrics = metrics
        self._wording = wording
        self._finder: CardFinder | None = None
        self._kinds: frozenset[str] = frozenset()
        self._schedule = Schedule({})
        self._given: dict[str, CardFound] = {}
        self._batch: Batch | None = None
        self._is_new = True
        self._moved_ms = self._now = 0
        self._read_at_s = 0.0
        self._refused = 0

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone changes something."""
        return self._cursor.is_behind or (self._finder is not None and self._finder.is_waiting)

    # --- what commits bring ----------------------------------------------------------------------

    async def take(self, batch: Batch) -> None:
        """Look at what commits brought, and tell what is worth a card."""
        self._batch = batch
        if batch.missed:  # what they had is in the rows
            self._finder = None
        for commit in batch.commits:
            if commit.private.schemas or commit.now < self._now:  # or the clock was reset
                self._finder = None
            self._now = commit.now
            if not self._is_wanted():
                self._finder = None
            elif self._finder is None:
                await self._begin(commit.now, LOOK_BACK_MS if self._is_new else SETTLE_MS)
            self._is_new = False
            if self._finder is not None:
                self._see(commit, self._finder)
        await self._go_on(batch, batch.now)

    async def rest(self) -> None:
        """Let time go on in a room where nothing is committed."""
        if self._batch is not None:
            await self._go_on(self._batch, max(self._now, self._room.now()))

    def _is_wanted(self) -> bool:
        room = self._room
        return room.settings.cards != "none" and any(
            schema.is_judged for schema in room.schemas.values()
        )

    async def _begin(self, now: int, back_ms: int) -> None:
        """Go on from what the room's entities had so long before ``now``, programme ms.

        Raises StoreUnavailable.
        """
        room, at = self._room, now - back_ms
        judged = {kind: each for kind, each in room.schemas.items() if each.is_judged}
        records = {schema.records for schema in judged.values() if schema.records}
        self._kinds = frozenset(judged) | records
        self._schedule, self._given, self._refused = Schedule(judged), {}, 0
        finder, later = CardFinder(judged), list[Update]()
        cursor: int | None = None
        while cursor != 0:
            rows, cursor = await room.store.entities.slice(room.id, cursor or 0)
            for name, row in rows.items():
                entity = entity_of(row) if kind_of(name) in self._kinds else None
                if entity is not None:
                    for update in past_of(name, entity, at):
                        finder.know(update)
                    later += replaced_of(name, entity, at) + updates_of(name, entity, at)
                    self._schedule.take(name, entity, now)
        finder.begin(at)
        for update in later:
            finder.update(update)
        self._finder = finder

    def _see(self, commit: Commit, finder: CardFinder) -> None:
        since = min(finder.since, commit.now - self._room.settings.max_latency)
        for name, row in commit.private.entities.items():
            entity = entity_of(row) if kind_of(name) in self._kinds else None
            if entity is not None:
                for update in updates_of(name, entity, since):
                    finder.update(update)
                self._schedule.take(name, entity, commit.now)
        for start in self._schedule.news(commit.now):
            finder.start(start)

    # --- what is told ----------------------------------------------------------------------------

    async def _go_on(self, batch: Batch, now: int) -> None:
        found = await self._read(now)
        if found or not 0 <= now - self._moved_ms < MOVE_MS:
            await self._cursor.move(batch, found)
            self._moved_ms = now
        finder = self._finder
        if finder is not None and finder.is_waiting:
            self._room.kept_awake_by.add(CardFinding.name)
        else:
            self._room.kept_awake_by.discard(CardFinding.name)

    async def _read(self, now: int) -> list[CardFound]:
        loop = asyncio.get_running_loop()
        if self._finder is None or loop.time() < self._read_at_s:
            return []
        reading, cpu_s = await timed_in_turns(self._finder.reading(now))
        self._read_at_s = loop.time() + max(READ_S, cpu_s / SHARE)
        self._warn(self._finder)
        return [*self._found(reading, await self._worded(reading))]

    def _is_for_all(self, card: Card) -> bool:
        return card.audience == "everyone" and self._room.settings.cards == "everyone"

    async def _worded(self, reading: Reading) -> Mapping[str, Sentence]:
        """Return what a model says of cards that everyone sees, by their ids."""
        room, wording = self._room, self._wording
        cards = [card for card in reading.cards if self._is_for_all(card)]
        if wording is None or not room.settings.assistant.sentences or not cards:
            return {}
        card, lang = cards[-1], self._lang  # one at a time is seen, and has ten seconds
        told = self._told_before(card)
        if told is not None:
            return {card.id: told}
        names = list(dict.fromkeys(card.names.values()))
        said = await wording.word(room.id, lang, sentence(card, lang).text, names, card.at)
        found = None if said is None else worded(card, lang, *said)
        return {} if found is None else {card.id: found}

    def _told_before(self, card: Card) -> Sentence | None:
        """Return what the room shows of a card that is found again."""
        shown = self._room.shown
        for each in () if shown is None else shown.overlays:
            if (each.id, each.at) == (_overlay_id(card), card.at):
                return Sentence(str(each.data.get("text")), str(each.data.get("by")))
        return None

    @property
    def _lang(self) -> str:
        return language_for(self._room.settings.lang).code

    def _found(self, reading: Reading, said: Mapping[str, Sentence]) -> Iterator[CardFound]:
        everyone, followers = list[Card](), list[Card]()
        for card in reading.cards:
            (everyone if self._is_for_all(card) else followers).append(card)
        followers.sort(key=lambda card: -card.to_followers)
        for card in everyone:
            yield self._event(card, True, said.get(card.id))
        for card in followers[:MOST_AT_ONCE]:
            yield self._event(card, False, None)
        for name in reading.taken_back:
            if name in self._given:
                yield self._taken_back(self._given.pop(name))
        while len(self._given) > MOST_GIVEN:
            del self._given[next(iter(self._given))]

    def _event(self, card: Card, is_for_all: bool, by_model: Sentence | None) -> CardFound:
        self._metrics.cards.labels("everyone" if is_for_all else "followers").inc()
        lang = self._lang
        template = sentence(card, lang)
        said = by_model or template
        data = {
            "text": said.text,
            "by": said.by,
            "lang": lang,
            "entity": card.entity,
            "name": card.names[card.entity],
            "rule": card.rule,
        }
        name = _overlay_id(card)
        until = card.at + (EVERYONE_MS if is_for_all else FOLLOWERS_MS)
        found = CardFound(
            self._event_id(name, f"{is_for_all} {template.text}"),
            card.entity,
            Overlay(name, SENTENCE, card.at, data, card.entity, until) if is_for_all else None,
            None if is_for_all else Told(name, card.at, until, data, self._words(card, lang)),
        )
        self._given[card.id] = found
        return found

    def _words(self, card: Card, lang: str) -> dict[str, str]:
        """Return what a card for followers says in the room's other languages that have templates:
        the same numbers, written as each language does."""
        codes = {written_in(each) for each in self._room.settings.languages} - {None, lang}
        return {code: sentence(card, code).text for code in sorted(filter(None, codes))}

    def _taken_back(self, given: CardFound) -> CardFound:
        """Return the version of a card that ends it at its beginning."""
        everyone, followers = given.everyone, given.followers
        return CardFound(
            self._event_id(given.id, "taken back"),
            given.entity,
            None if everyone is None else replace(everyone, expires_at=everyone.at),
            None if followers is None else replace(followers, expires_at=followers.at),
        )

    def _event_id(self, name: str, what: str) -> str:
        """Return an id made of room, job, card and what is told of it."""
        about = f"{self._room.id}\0{CardFinding.name}\0{name}\0{what}"
        return hashlib.blake2b(about.encode(), digest_size=16).hexdigest()

    def _warn(self, finder: CardFinder) -> None:
        """Say that a feed sends more than is looked at."""
        refused = finder.counts["refused"]
        if refused > self._refused:
            log.warning("cards_flooded", room=self._room.id, updates=refused - self._refused)
            self._metrics.card_updates_refused.inc(refused - self._refused)
            self._refused = refused


def _overlay_id(card: Card) -> str:
    return f"card-{card.id}"
