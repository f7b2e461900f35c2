"""The job that forecasts matches: it asks a model about what a feed says of them.

Theory of operation: commits bring the rows of entities of kind ``match`` and the cards for everyone
that name a model. ``forecasts.match`` settles their values, says what to ask and what follows. Each
forecast is a version of one overlay, with the ``at`` of the update that it is made of. It enters by
the ingest stream together with the move of the cursor.

Nothing is kept but the cursor: a forecast has its line, its events and the numbers that it was made
of. Who takes over begins with those that viewers have, holds them against the rows, and asks again
where they differ. A forecast that is told twice is the same.

A model that is slow, fails or isn't there is no reason to wait: the match is asked about again with
its next update. In a room without matches nothing is looked at but the names of what changed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping

import msgspec
import structlog
from msgspec import UNSET

from grandstand.domain.entities import entity_of, kind_of
from grandstand.domain.envelope import Commit
from grandstand.domain.events import StatsGiven
from grandstand.forecasts.cards import OfMatch, of_card
from grandstand.forecasts.match import KIND, MODEL, Match, certain
from grandstand.forecasts.models import ForecastModels
from grandstand.leader.commits import Batch, Commits, Cursor, follow
from grandstand.leader.room import LeaderRoom
from grandstand.wire import forecasts
from grandstand.wire.codec import decode_frame
from grandstand.wire.forecasts import Forecast
from grandstand.wire.messages import Overlay

TELL_MS = 1000
"""Between two questions about a match at least, whatever comes of them."""

MOVE_MS = 5000
IDLE_MOVE_MS = 30_000
"""Between two moves of the cursor, if nothing is told: each is a write. The latter while commits
come and there is no match: the timeline keeps more anyway, and no alert looks before a minute."""

MATCHES_MAX = 20
"""Of a room: their forecasts are 100 KB of its state at most."""

ENDED_MS = 900_000
"""For how long a forecast is shown once the outcome is known."""

SILENT_MS = 21_600_000
"""For how long one is shown of which nothing more is heard: longer than a pause for rain. A feed
that stops without an outcome would keep a room's places for ever."""

log = structlog.get_logger(__name__)


class MatchForecasting:
    """Forecasts the matches of all rooms that this process leads."""

    name = "match forecasts"

    def __init__(self, models: ForecastModels) -> None:
        self._models = models

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Follow the commits, and the time where a forecast waits for its turn."""
        work = _Work(room, cursor, self._models)
        await work.begin()
        try:
            await follow(commits, work)
        finally:
            room.kept_awake_by.discard(self.name)


class _NotForecastError(Exception):
    """Why a match can't be forecast."""


class _Followed:
    """A match of this room."""

    def __init__(self, match: Match) -> None:
        self.match = match
        self.is_by_card = False
        self.asked_ms = 0
        self.is_given_up = False  # until something changes
        self.why = ""  # it couldn't be forecast, as was logged

    @property
    def is_due(self) -> bool:
        return self.match.has_changed and not self.is_given_up


class _Work:
    """The matches of one room, for as long as this process leads it."""

    def __init__(self, room: LeaderRoom, cursor: Cursor, models: ForecastModels) -> None:
        self._room = room
        self._cursor = cursor
        self._models = models
        self._matches: dict[str, _Followed] = {}
        self._gone: list[Overlay] = []
        self._batch: Batch | None = None
        self._moved_ms = 0
        self._is_full = False

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone brings something."""
        return self._cursor.is_behind or any(each.is_due for each in self._matches.values())

    # --- the beginning ---------------------------------------------------------------------------

    async def begin(self) -> None:
        """Go on with the forecasts that viewers have. What commits after the cursor bring is known
        by then, but for what they removed. Raises StoreUnavailable."""
        room = self._room
        await self._cursor.enroll()
        await room.next_tick()  # which takes in what was appended before this process led the room
        now = room.now()
        there = [
            each
            for each in room.overlays
            if each.kind == forecasts.KIND and (each.expires_at is UNSET or each.expires_at > now)
        ]
        for overlay in sorted(there, key=lambda each: each.at)[-MATCHES_MAX:]:
            try:
                told = msgspec.convert(overlay.data, Forecast)
            except msgspec.ValidationError:  # of another version
                continue
            self._matches[told.entity] = _Followed(Match(told.entity, told))
        await self._know()

    async def _know(self) -> None:
        """Hold forecasts against what the room's rows and cards say. Raises StoreUnavailable."""
        if not self._matches:
            return
        room = self._room
        rows, _ = await room.store.entities.of(room.id, [*self._matches])
        cards = {each.entity: each for card in room.overlays if (each := of_card(card)) is not None}
        for name, followed in [*self._matches.items()]:
            followed.is_given_up = False
            entity, card = entity_of(rows.get(name)), cards.get(name)
            followed.is_by_card = entity is None or MODEL not in entity.values
            if entity is not None and MODEL in entity.values:
                followed.match.know(entity.name, entity.values)
            elif card is not None and card.values:
                followed.match.know(card.name, card.values)
            elif (gone := entity or card) is not None:
                self._forget(name, gone.at)

    async def _find(self) -> None:
        """Take the matches that commits brought which nobody has any more. Raises
        StoreUnavailable."""
        cursor, is_first = 0, True
        while cursor or is_first:
            rows, cursor = await self._room.store.entities.slice(self._room.id, cursor)
            is_first = False
            self._see_rows({name: rows[name] for name in rows.keys() - self._matches.keys()})
        for card in map(of_card, self._room.overlays):
            if card is not None and card.entity not in self._matches:
                self._take(card)

    # --- what commits bring ----------------------------------------------------------------------

    async def take(self, batch: Batch) -> None:
        """Look at what commits brought, and forecast what has changed."""
        self._batch = batch
        if batch.missed:
            await self._know()
            await self._find()
        for commit in batch.commits:
            self._see(commit)
        await self._go_on(batch, batch.now, MOVE_MS if self._matches else IDLE_MOVE_MS)

    async def rest(self) -> None:
        """Tell what has waited for its turn."""
        if self._batch is not None:
            await self._go_on(self._batch, self._room.now(), MOVE_MS)

    def _see(self, commit: Commit) -> None:
        self._see_rows(commit.private.entities)
        for payload in commit.frames:
            if b"overlays" in payload and b"match:" in payload:
                for overlay in decode_frame(payload).overlays or ():
                    card = of_card(overlay)
                    if card is not None:
                        self._take(card)

    def _see_rows(self, rows: Mapping[str, bytes]) -> None:
        for name, row in rows.items():
            entity = entity_of(row) if kind_of(name) == KIND else None
            if entity is not None:
                self._take(OfMatch(name, entity.name, entity.at, entity.values))

    def _take(self, given: OfMatch) -> None:
        followed = self._matches.get(given.entity)
        if followed is None:
            is_on = given.names_model and not given.has_ended and not self._is_silent(given.at)
            if not is_on or not self._has_room():
                return
            followed = self._matches[given.entity] = _Followed(Match(given.entity))
        if given.values:
            followed.match.update(given.name, given.values)
            followed.is_given_up, followed.is_by_card = False, given.is_card
        elif followed.is_by_card or not given.is_card:  # people's own card may go
            self._forget(given.entity, given.at)

    def _has_room(self) -> bool:
        """Return whether one more match may be forecast; forget those that are over first."""
        if len(self._matches) >= MATCHES_MAX:
            self._matches = {
                name: each
                for name, each in self._matches.items()
                if not each.match.outcome and not self._is_silent(each.match.newest)
            }
        is_full = len(self._matches) >= MATCHES_MAX
        if is_full and not self._is_full:
            log.warning("forecasts_full", room=self._room.id, matches=MATCHES_MAX)
        self._is_full = is_full
        return not is_full

    def _is_silent(self, at: int) -> bool:
        """Return whether nothing has been heard of a match for too long, the last time ``at``."""
        return self._room.now() - at >= SILENT_MS

    def _forget(self, name: str, at: int) -> None:
        """Take the forecast of a match away, which its feed has removed. A version that ended
        before what the last viewer sees would come too late."""
        forecast = self._matches.pop(name).match.forecast
        if forecast is not None:
            seen = self._room.now() - self._room.settings.max_latency // 2
            at = max(at, int(forecast.line[-1][0]), seen)
            self._gone.append(_overlay(forecast, expires_at=at, at=at))

    # --- what is told ----------------------------------------------------------------------------

    async def _go_on(self, batch: Batch, now: int, move_ms: int) -> None:
        due = [
            each
            for each in self._matches.values()
            if each.is_due
            and not 0 <= now - each.asked_ms < TELL_MS
            and not self._models.is_loading(each.match.model)
        ]
        for followed in due:
            followed.asked_ms = now
        made = await asyncio.gather(*(self._forecast(each) for each in due))
        told, self._gone = self._gone, []
        for followed, forecast in zip(due, made, strict=True):
            if forecast is not None:
                told.append(_overlay(forecast, is_over=bool(followed.match.outcome)))
        if told or not 0 <= now - self._moved_ms < move_ms:
            await self._cursor.move(batch, [self._event(each) for each in told])
            self._moved_ms = now
        if any(each.is_due for each in self._matches.values()):
            self._room.kept_awake_by.add(MatchForecasting.name)
        else:
            self._room.kept_awake_by.discard(MatchForecasting.name)

    async def _forecast(self, followed: _Followed) -> Forecast | None:
        """Return what is new of a match; None if nothing is. One that can't be forecast is named,
        once, and waits for its next update."""
        try:
            made = await self._made(followed.match)
        except _NotForecastError as fault:
            if followed.why != str(fault):
                entity = followed.match.entity
                log.warning("not_forecast", room=self._room.id, match=entity, why=str(fault))
            followed.is_given_up, followed.why = True, str(fault)
            return None
        followed.why = ""
        return made

    async def _made(self, match: Match) -> Forecast | None:
        """Return what is new of a match; None if nothing is. Raises _NotForecastError."""
        models, name, outcome = self._models, match.model, match.outcome
        manifest = models.manifest(name)
        if manifest is None:
            known = ", ".join(models.names)
            raise _NotForecastError(f"there is no model {name!r} to ask, only {known}")
        asked = match.questions()
        if outcome in manifest.labels:
            return match.answer(manifest, asked, [certain(manifest, outcome)])
        if outcome:
            labels = ", ".join(manifest.labels)
            raise _NotForecastError(f"its outcome is {outcome!r}, and not one of {labels}")
        rows = await models.ask(name, [*asked.values()])
        if rows is None:
            raise _NotForecastError(f"the model {name} didn't answer in time")
        for row in rows:
            if isinstance(row, str):
                raise _NotForecastError(row)
        return match.answer(manifest, asked, [row for row in rows if not isinstance(row, str)])

    def _event(self, overlay: Overlay) -> StatsGiven:
        """Return the event of a version, whose id is made of room, job and what is told."""
        about = f"{self._room.id}\0{MatchForecasting.name}\0".encode() + msgspec.msgpack.encode(
            overlay
        )
        return StatsGiven(hashlib.blake2b(about, digest_size=16).hexdigest(), [overlay])


def _overlay(
    forecast: Forecast,
    *,
    at: int | None = None,
    expires_at: int | None = None,
    is_over: bool = False,
) -> Overlay:
    """Return the version of a match's overlay that tells a forecast."""
    name = hashlib.blake2b(forecast.entity.encode(), digest_size=9).hexdigest()
    at = int(forecast.line[-1][0]) if at is None else at
    if expires_at is None:
        expires_at = at + (ENDED_MS if is_over else SILENT_MS)
    return Overlay(
        f"{forecasts.KIND}-{name}",
        forecasts.KIND,
        at,
        msgspec.to_builtins(forecast),
        forecast.entity,
        expires_at,
    )
