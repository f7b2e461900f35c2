"""Stats cards: which versions a room shows, keeps until their time, and removes. Pure.

Theory of operation: a card is identified by its entity and its name. Each update is a version of
it, an overlay of the same id with its own ``at``. Clients keep versions, so a viewer behind live
goes on seeing the one of its own moment. A version that expires at its ``at`` removes a card.
Versions are sent when their ``at`` is near; until then they wait in the room's state. So a viewer
who joins meanwhile finds the card as it is, and a sequencer that takes over finds the waiting
versions.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.entities import Entity, Measured, kind_of
from grandstand.domain.outcome import Fate
from grandstand.domain.schemas import KindSchema, decimals_of, in_order
from grandstand.domain.state import RoomState
from grandstand.overlays.sentences.languages import written_in
from grandstand.overlays.sentences.sentence import TEMPLATE
from grandstand.wire.messages import Overlay
from grandstand.wire.translations import TranslatedOverlay

KIND = "stats"
SENTENCE = "sentence"
"""The kind of cards that rules make."""

MAX_CARDS = 200
"""Cards in a room; beyond that, the oldest are removed. A welcome has all of them."""

MAX_CARDS_BYTES = 262_144
"""Of all cards together, as msgpack; beyond that, the oldest are removed too. 200 cards of the
largest size are 1 MB, which each viewer who enters would be sent; of athletes' results they are 60
KB."""

MAX_WAITING = 500
"""Versions that wait for their moment: each change of them writes them all."""

VERSION_MS = 200
"""Of a card's versions in one such span only the last is sent: it is a tick's length, and faster
than anyone reads."""


class TooManyWaitError(Exception):
    """More updates than may wait for their moment."""


def version(
    entity: str,
    name: str,
    at: int,
    values: Mapping[str, Any],
    duration_ms: int,
    schema: KindSchema | None = None,
) -> Overlay:
    """Return one version of a card; without ``values`` it removes the card at ``at``.

    It expires ``duration_ms`` after ``at``, or with 0 stays until it is replaced. ``schema`` is
    that of the entity's kind.
    """
    data = {"entity": entity, "name": name, "values": dict(values)}
    return _card(entity, name, at, data | _decimals(values, schema), duration_ms)


def followers_card(
    entity_id: str, entity: Entity, schema: KindSchema | None, oldest: int
) -> Overlay | None:
    """Return the card of an entity for those who follow it, which tells how old each value is.

    An entity has one, whatever it is called. None if it ended at ``oldest`` (programme time, ms) or
    before.
    """
    values = {name: as_data(entity.values[name]) for name in in_order(entity.values, schema)}
    data = {
        "entity": entity_id,
        "kind": kind_of(entity_id),
        "name": entity.name,
        "values": values,
        **_decimals(values, schema),
    }
    card = _card(entity_id, "", entity.at, data, entity.duration_ms)
    return None if card.expires_at is not UNSET and card.expires_at <= oldest else card


def _decimals(values: Mapping[str, Any], schema: KindSchema | None) -> dict[str, dict[str, int]]:
    """Return what a card says of how its values are written: nothing where no schema does."""
    decimals = decimals_of(values, schema)
    return {"decimals": decimals} if decimals else {}


def as_data(value: Measured) -> dict[str, int | float | str | None]:
    """Return a value as cards have it: only what there is of it."""
    beside = {
        "unit": value.unit or None,
        "rank": value.rank,
        "best": value.best,
        "starts": value.starts,
    }
    there = {name: each for name, each in beside.items() if each is not None}
    return {"value": value.value, **there, "at": value.at}


def cards_by_rule(entity_id: str, entity: Entity, oldest: int) -> list[Overlay]:
    """Return the cards that rules made of an entity for those who follow it; those that ended at
    ``oldest`` (programme time, ms) or before are left out."""
    return [
        Overlay(each.id, SENTENCE, each.at, each.data, entity_id, each.expires_at)
        for each in entity.told
        if each.expires_at > oldest
    ]


def translated_cards(entity: Entity, lang: str, oldest: int) -> list[TranslatedOverlay]:
    """Return what of ``cards_by_rule`` is said in another language (BCP 47)."""
    code = written_in(lang)
    return [
        TranslatedOverlay(each.id, each.at, {"text": each.words[code]}, TEMPLATE)
        for each in entity.told
        if code in each.words and each.expires_at > oldest
    ]


def followers_card_id(entity: str) -> str:
    """Return the id of an entity's card for those who follow it."""
    return _card_id(entity, "")


def _card_id(entity: str, name: str) -> str:
    hashed = hashlib.blake2b(f"{entity}\0{name}".encode(), digest_size=9).digest()
    return f"{KIND}-{base64.urlsafe_b64encode(hashed).decode()}"


def _card(entity: str, name: str, at: int, data: dict[str, Any], duration_ms: int) -> Overlay:
    values = data["values"]
    expires_at = at + duration_ms if values else at
    return Overlay(
        id=_card_id(entity, name),
        kind=KIND,
        at=at,
        data=data,
        topic=entity,
        expires_at=UNSET if values and not duration_ms else expires_at,
    )


def is_due(state: RoomState, now: int) -> bool:
    """Return whether time alone changes the room's cards now."""
    return any(_is_near(card, now) for card in state.waiting.values()) or any(_lapsed(state, now))


class Cards:
    """What one tick does to a room's overlays; changes nothing of ``state`` itself."""

    def __init__(self, state: RoomState, now: int) -> None:
        self._state = state
        self._now = now
        self._newest: dict[str, Overlay] = {}
        self._out: dict[tuple[str, int], Overlay] = {}
        self._waits = dict(state.waiting)
        self._dropped: set[str] = set()
        self.moved: dict[str, Overlay | None] = {}
        """Versions that wait from now on, or no longer."""

    def give(self, cards: Sequence[Overlay]) -> list[Fate]:
        """Take versions in; return what happens to each.

        Raises TooManyWaitError, and then takes none.
        """
        ahead = {_version_key(card) for card in cards if not _is_near(card, self._now)}
        if len(self._waits.keys() | ahead) > MAX_WAITING and ahead - self._waits.keys():
            raise TooManyWaitError
        return [
            self._show(card) if _is_near(card, self._now) else self._keep(card) for card in cards
        ]

    def tell(self, card: Overlay) -> list[Fate]:
        """Take a card by rule in: one that is there keeps its time, so nobody is told it twice."""
        held = self._newest.get(card.id) or self._state.overlays.get(card.id)
        if held is not None:
            is_taken_back = card.expires_at is not UNSET and card.expires_at <= card.at
            expires_at = held.at if is_taken_back else held.expires_at
            card = replace(card, at=held.at, expires_at=expires_at)
        return self.give([card])

    def _keep(self, card: Overlay) -> Fate:
        place = _version_key(card)
        if self._waits.get(place) == card:
            return "repeated"
        self._waits[place] = self.moved[place] = card
        return "waiting"

    def _show(self, card: Overlay) -> Fate:
        held = self._newest.get(card.id) or self._state.overlays.get(card.id)
        if held == card:
            return "repeated"
        if (held is not None and card.at < held.at) or _is_past(card, self._state, self._now):
            return "late"
        self._newest[card.id] = card
        self._out[card.id, card.at // VERSION_MS] = card
        return "taken"

    def drop(self, name: str) -> None:
        """Have an overlay leave every screen at once, and what waits of it."""
        self._dropped.add(name)
        for place in [place for place, card in self._waits.items() if card.id == name]:
            del self._waits[place]
            self.moved[place] = None

    def finish(self) -> tuple[list[Overlay], list[str]]:
        """Return what the tick shows, each card's versions in their order, and the ids that it
        removes."""
        due = [place for place, card in self._waits.items() if _is_near(card, self._now)]
        for place in sorted(due, key=lambda place: self._waits[place].at):
            self._show(self._waits.pop(place))
            self.moved[place] = None
        lapsed = [name for name in _lapsed(self._state, self._now) if name not in self._newest]
        gone = [*sorted(self._dropped), *(name for name in lapsed if name not in self._dropped)]
        return list(self._out.values()), [*gone, *self._too_many(set(gone))]

    def _too_many(self, gone: set[str]) -> list[str]:
        if not self._newest:
            return []
        there = (self._state.overlays | self._newest).values()
        cards = [card for card in there if card.kind == KIND and card.id not in gone]
        cards.sort(key=lambda card: card.at, reverse=True)
        sizes = accumulate(len(msgspec.msgpack.encode(card)) for card in cards)
        fitting = sum(size <= MAX_CARDS_BYTES for size in sizes)
        return [card.id for card in cards[min(fitting, MAX_CARDS) :]]


def _version_key(card: Overlay) -> str:
    return f"{card.id}@{card.at}"


def _is_near(card: Overlay, now: int) -> bool:
    return card.at <= now + AHEAD_MS


def _is_past(overlay: Overlay, state: RoomState, now: int) -> bool:
    """Return whether it has expired for the viewer furthest behind, too."""
    expires_at = overlay.expires_at
    return expires_at is not UNSET and expires_at + state.settings.max_latency <= now


def _lapsed(state: RoomState, now: int) -> Iterator[str]:
    return (name for name, one in state.overlays.items() if _is_past(one, state, now))
