"""The job that carries effects out: at least once each, under an id that stays the same.

Theory of operation: it follows the commits. What happened in one makes firings, which are noted in
the log and then carried out, each in a task of its own. The cursor moves behind commits whose
firings are in the log; who takes over finds there what isn't over yet, and in the commits after the
cursor what isn't noted yet. Ids tell that both are the same.

One effect that hangs, is down or answers nonsense delays no other: each has slots of its own for
attempts (``slots``), and holds none while it waits between two of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice

import structlog

from grandstand.domain import effects
from grandstand.domain.effects import Effect, Firing, Occurrence
from grandstand.domain.envelope import Commit
from grandstand.domain.polls.record import PollRecord
from grandstand.effects import registry, retries
from grandstand.effects.answer import Answer
from grandstand.effects.network import ForbiddenAddressError
from grandstand.effects.outbound import Outbound
from grandstand.effects.slots import Slots
from grandstand.leader.commits import Batch, Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.store.effects import FIRINGS_KEPT, Secrets
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import retry_until
from grandstand.tasks import cancel_all
from grandstand.telemetry import Metrics
from grandstand.wire.codec import decode_frame
from grandstand.wire.highlights import KIND, Highlight

MOVE_S = 5.0
"""Between two moves of the cursor: a takeover looks again at the commits of so long."""

HIGHLIGHT_OLD_MS = 60_000
"""A highlight that was noticed so long ago fires nothing any more, whoever tells it again."""

HIGHLIGHTS_KNOWN = 1000

PATIENCE_S = 60.0
NOTED_AGAIN_S = 0.5
"""How long the log is tried for new firings, and how often for what became of one."""

log = structlog.get_logger(__name__)


class Effects:
    """Carries out the effects of all rooms that this process leads."""

    name = "effects"

    def __init__(self, outbound: Outbound, metrics: Metrics) -> None:
        self._outbound = outbound
        self._metrics = metrics

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Follow the commits of ``room``."""
        await self._outbound.http.warm_up()
        work = _RoomEffects(room, self._outbound, self._metrics)
        parts = [
            asyncio.create_task(work.follow(commits)),
            asyncio.create_task(work.move_along(cursor)),
        ]
        try:
            ended, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in ended:
                part.result()
        finally:
            await cancel_all([*parts, *work.firing.values()])


class _RoomEffects:
    """One room's effects, for as long as this process leads it."""

    def __init__(self, room: LeaderRoom, outbound: Outbound, metrics: Metrics) -> None:
        self.firing: dict[str, asyncio.Task[None]] = {}
        self._room = room
        self._outbound = outbound
        self._metrics = metrics
        self._effects: dict[str, tuple[Effect, Secrets]] = {}
        self._known: dict[str, None] = {}
        self._polls: dict[str, PollRecord] = {}
        self._highlights: dict[str, None] = {}
        self._slots = Slots()
        self._done: Batch | None = None

    async def follow(self, commits: Commits) -> None:
        """Carry out what is left in the log, then what each commit brings."""
        await self._read_effects()
        logged = await self._room.store.effects.firings(self._room.id)
        self._known = dict.fromkeys(firing.id for firing in reversed(logged))
        for firing in reversed(logged):
            if not firing.is_over:
                self._start(firing)
        async for batch in commits:
            if batch.missed or any(each.private.effects_changed for each in batch.commits):
                await self._read_effects()
            if self._effects:
                await self._fire(self._firings(batch))
            self._pass_by(batch)
            self._done = batch

    async def move_along(self, cursor: Cursor) -> None:
        """Move the cursor now and then: each move is a write."""
        while True:
            await asyncio.sleep(MOVE_S)
            if self._done is not None:
                batch, self._done = self._done, None
                await cursor.move(batch)

    async def _read_effects(self) -> None:
        self._effects = await self._room.store.effects.with_secrets(self._room.id)

    def _firings(self, batch: Batch) -> Iterator[Firing]:
        """Yield what a batch brings, one by one: a storm of cues makes more than are taken."""
        room, known = self._room.id, [effect for effect, _ in self._effects.values()]
        for happened in self._happened(batch):
            yield from effects.firings_of(room, known, happened)
        for commit in batch.commits:
            for test, name in commit.private.effect_tests.items():
                if name in self._effects:
                    effect, _ = self._effects[name]
                    told = effects.made_up(effect.on.event, test, commit.now - effect.after)
                    yield from effects.firings_of_effect(room, effect, told)

    def _happened(self, batch: Batch) -> Iterator[Occurrence]:
        for commit in batch.commits:
            for poll in commit.private.polls:
                yield from self._of_poll(poll, commit.now)
            yield from cues_of(commit)
            for found in highlights_of(commit):
                if found.item not in self._highlights:
                    yield found
            if commit.private.effects_changed:  # polls that were there before and open later
                for poll in self._room.polls.values():
                    if poll.opens_at > commit.now:
                        yield from effects.opening_of(poll)
        if batch.missed:  # what of it can still be seen
            for poll in self._room.polls.values():
                yield from self._of_poll(poll, self._room.stands.now)

    def _pass_by(self, batch: Batch) -> None:
        """Note the highlights that were told, whether or not an effect waited for them: what is put
        or switched on later doesn't fire by their end, or by a correction."""
        for commit in batch.commits:
            self._highlights |= dict.fromkeys(each.item for each in highlights_of(commit))
        while len(self._highlights) > HIGHLIGHTS_KNOWN:
            del self._highlights[next(iter(self._highlights))]

    def _of_poll(self, poll: PollRecord, now: int) -> Iterator[Occurrence]:
        """Yield what happened to a poll since this process saw it last."""
        yield from effects.of_poll(poll, now, self._polls.get(poll.id))
        if poll.id not in self._polls:
            there = self._polls.keys() & self._room.polls.keys()
            self._polls = {each: self._polls[each] for each in there}
        self._polls[poll.id] = poll

    async def _fire(self, firings: Iterable[Firing]) -> None:
        unknown = self._unknown(firings)
        new = [*islice(unknown, max(0, FIRINGS_KEPT - len(self.firing)))]
        if next(unknown, None) is not None:
            log.error("firings_dropped", room=self._room.id, waiting=len(self.firing))
            self._metrics.effect_attempts.labels("dropped").inc()
        if not new:
            return
        for firing in new:
            self._start(firing)
        while len(self._known) > 2 * FIRINGS_KEPT:
            del self._known[next(iter(self._known))]
        await self._log(*new)

    def _unknown(self, firings: Iterable[Firing]) -> Iterator[Firing]:
        """Yield each that is new, once: one commit may tell of it twice."""
        for firing in firings:
            if firing.id not in self._known and firing.id not in self.firing:
                self._known[firing.id] = None
                yield firing

    async def _log(self, *firings: Firing) -> None:
        store = self._room.store.effects
        await retry_until(lambda: store.log(self._room.id, firings), PATIENCE_S)

    def _start(self, firing: Firing) -> None:
        task = asyncio.create_task(self._carry_out(firing), name=f"fire {firing.id}")
        self.firing[firing.id] = task
        self._room.kept_awake_by.add(firing.id)
        task.add_done_callback(lambda _: self._ended(firing.id))

    def _ended(self, firing: str) -> None:
        self.firing.pop(firing, None)
        self._room.kept_awake_by.discard(firing)

    async def _carry_out(self, firing: Firing) -> None:
        await self._wait_for(firing.at)
        while not firing.is_over:
            async with self._slots.of(firing.effect), self._outbound.slots:
                answer = await self._attempt(firing)
            firing = retries.after(firing, answer, self._room.now())
            self._metrics.effect_attempts.labels(firing.status).inc()
            await self._note(firing)
            if not firing.is_over:
                await asyncio.sleep(retries.pause_ms(firing.attempts) / 1000)

    async def _note(self, firing: Firing) -> None:
        """Log what became of a firing, however long the store stays away."""
        while True:
            try:
                return await self._log(firing)
            except StoreUnavailable as away:
                log.warning("firing_not_logged", room=self._room.id, reason=away.reason)
                await asyncio.sleep(NOTED_AGAIN_S)

    async def _wait_for(self, at: int) -> None:
        while True:
            ahead_s = (at - self._room.now()) / 1000
            if ahead_s <= 0:
                return
            await asyncio.sleep(min(ahead_s, 1.0))  # the room's clock may be reset meanwhile

    async def _attempt(self, firing: Firing) -> Answer:
        effect, secrets = self._effects.get(firing.effect, (None, ()))
        if effect is None or firing.action >= len(effect.then):
            return Answer(False, "the effect is gone", is_final=True)
        if not effect.enabled and firing.occurrence.event != "test":
            return Answer(False, "the effect was switched off", is_final=True)
        poll = self._room.polls.get(firing.occurrence.item)
        if poll is not None and poll.status == "cancelled":
            return Answer(False, "the poll was cancelled", is_final=True)
        action = effect.then[firing.action]
        try:
            return await registry.attempt(self._outbound, action, secrets[firing.action], firing)
        except ForbiddenAddressError as forbidden:
            return Answer(False, str(forbidden), is_final=True)
        except Exception as fault:
            # Its words may quote a secret.
            log.error("attempt_failed", room=self._room.id, error=type(fault).__name__)
            return Answer(False, f"our own fault ({type(fault).__name__})")


def cues_of(commit: Commit) -> Iterator[Occurrence]:
    """Yield the cues of a commit, which happen at their time."""
    for payload in commit.frames:
        if b"cues" in payload:
            for cue in decode_frame(payload).cues or ():
                yield effects.of_cue(cue)


def highlights_of(commit: Commit) -> Iterator[Occurrence]:
    """Yield the highlights that a commit tells of, but for old ones: their beginning, their end, a
    correction. One commit may bring beginning and end, and then tells of the end alone."""
    for payload in commit.frames:
        if KIND.encode() in payload:
            for overlay in decode_frame(payload).overlays or ():
                if overlay.kind != KIND:
                    continue
                found = Highlight.of(overlay)
                if not found.is_gone and commit.now - found.noticed <= HIGHLIGHT_OLD_MS:
                    yield effects.of_highlight(found)
