"""The queue of a room at this edge: what viewers send, in micro-batches, first in, first out.

Theory of operation: messages wait until shortly before the room's next tick, which is the first
can show them, or until there are 256. If few come, they wait for a quarter of a tick. Then the
batch is judged, appended and counted as a whole, while the next one fills, which may become larger.
Comments and the votes of each poll go to different places of the store at the same time. So a batch
takes messages of one viewer for only one such place (a lane), and the viewer's others wait for the
next batch: what one viewer sends takes effect in the order sent. Nobody is answered before the
store has answered.

While more is said than the room's sequencer can take, the comments of least weight are refused
(``edge.thinning``). They too go to the store, but as questions: one that was stored before, and
whose answer was lost, gets that answer. Votes are never thinned, nor what staff say.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import structlog
from msgspec import structs

from grandstand.domain import events
from grandstand.domain.causes import cause
from grandstand.domain.events import CommentEvent
from grandstand.edge.appeals import Appeals
from grandstand.edge.batch_timing import BatchTiming
from grandstand.edge.submission import Answer, CommentIn, VoteIn
from grandstand.edge.thinning import Thinning
from grandstand.moderation.moderator import Judgement, Moderator
from grandstand.moderation.policy import Policy
from grandstand.replica.room import LiveRoom
from grandstand.store.errors import StoreUnavailable, UnknownRoomError
from grandstand.store.ingest import Appended, CommentRate, Item
from grandstand.store.store import Store, retry_until
from grandstand.store.votes import Cast
from grandstand.telemetry import Metrics
from grandstand.timeouts import timeout
from grandstand.wire.codes import ErrorCode, RefusedError, RejectedError
from grandstand.wire.messages import Ack, Appeal

BATCH_FULL = 256
"""So many messages wait no longer."""

BATCH_MAX, COMMENTS_MAX = 512, 256
"""The most of a batch, and of comments in it, which a model must score within its deadline. A batch
costs 1 ms of CPU by itself, whatever it holds; the answers to 512 votes, written one by one, took 9
ms of CPU on a machine with twenty times too much to do."""

LINE_MAX = 8192
"""Messages that may wait: a second of the densest show known, at one edge."""

PATIENCE_S = 3.0
"""How long a batch is sent again before its senders are answered ``unavailable``."""

HELD_PER_VIEWER = 5
"""Comments of one viewer that may wait for a moderator. Without this a few viewers could fill the
queue of 5,000, and all other held comments would be refused. Each node may let in a few more within
a tick."""

HELD_RETRY_S = 30.0

AWAY_RETRY_S = (1.0, 3.0)
"""``retry_after`` is drawn from here, so that clients don't come back together."""

REFUSED_RETRY_S = (10.0, 20.0)
"""The same for a comment that was refused for good. By 10 and more clients know that they are not
to send it again: that would only add to what is too much."""

NEW_FROM_THERE = "a new guest, from the address of one who was banned"

log = structlog.get_logger(__name__)


class BatchQueue:
    """The queue of one room."""

    def __init__(
        self, live: LiveRoom, store: Store, moderator: Moderator, metrics: Metrics
    ) -> None:
        self._live = live
        self._store = store
        self._moderator = moderator
        self._metrics = metrics
        self._line: list[CommentIn | VoteIn] = []
        self._full = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._departures = BatchTiming(live.room)
        self._thinning = Thinning()
        self.appeals = Appeals(store.now_ms)
        self.refused = 0
        """Comments that were refused because more was said than the sequencer can take."""

    def put(self, message: CommentIn | VoteIn) -> None:
        """Add a message to the queue. ``answer`` is called later, or at once if the queue is
        full."""
        if len(self._line) >= LINE_MAX:
            message.answer(_overloaded())
            return
        self._line.append(message)
        if len(self._line) >= BATCH_FULL:
            self._full.set()
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name=f"batches {self._live.room}")

    def appeal(self, appeal: Appeal, user: str, answer: Answer) -> None:
        """Put what was refused of a viewer before a moderator. Raises RefusedError if nothing
        was."""
        self.put(self.appeals.comment_of(appeal, user, answer))

    async def flushed(self) -> None:
        """Wait until everything in the queue is answered."""
        while self._working is not None:
            await asyncio.wait([self._working])

    async def _work(self) -> None:
        try:
            while self._line:
                if len(self._line) < BATCH_FULL:
                    self._full.clear()
                    try:
                        async with timeout(self._wait_s):
                            await self._full.wait()
                    except TimeoutError:
                        pass
                await self._process(self._next_batch())
        finally:
            self._working = None

    @property
    def _wait_s(self) -> float:
        tick_ms = self._live.replica.state.settings.tick
        return self._departures.wait_ms(tick_ms, self._store.now_ms()) / 1000

    def _next_batch(self) -> list[CommentIn | VoteIn]:
        """Return the first messages of the queue, within the bounds of a batch; of each viewer only
        those for the lane of the first one."""
        batch: list[CommentIn | VoteIn] = []
        waiting: list[CommentIn | VoteIn] = []
        lanes: dict[str, str | None] = {}
        comments = 0
        for message in self._line[:BATCH_MAX]:
            user, lane = message.user, message.lane
            is_comment = isinstance(message, CommentIn)
            fits = not is_comment or comments < COMMENTS_MAX
            if lanes.setdefault(user, lane) == lane and fits:
                comments += is_comment
                batch.append(message)
            else:
                lanes[user] = None
                waiting.append(message)
        self._line[:BATCH_MAX] = waiting
        return batch

    async def _process(self, batch: list[CommentIn | VoteIn]) -> None:
        self._departures.left(len(batch), self._store.now_ms())
        self._metrics.batch_messages.observe(len(batch))
        comments = [message for message in batch if isinstance(message, CommentIn)]
        votes: dict[str, list[VoteIn]] = {}
        for message in batch:
            if isinstance(message, VoteIn):
                votes.setdefault(message.poll.id, []).append(message)
        jobs = [self._comments(comments)] if comments else []
        jobs += [self._votes(each) for each in votes.values()]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        if any(isinstance(result, StoreUnavailable) for result in results):
            # Those behind it would only wait as long again for the same answer.
            waiting, self._line = self._line, []
            for message in waiting:
                _answer(message, _unavailable())

    # --- comments --------------------------------------------------------------------------------

    async def _comments(self, batch: list[CommentIn]) -> None:
        settings = self._live.replica.state.settings
        moderation = settings.moderation
        policy = Policy(moderation.level, moderation.categories, moderation.on_timeout)
        try:
            texts = [each.utterance.text for each in batch if each.instead is None]
            with self._metrics.moderation_seconds.time():
                judged = await self._moderator.judge(texts, policy)
            for each in judged:
                self._metrics.verdicts.labels(each.action, each.category or "").inc()
            rest = iter(judged)
            judgements = [None if each.instead is not None else next(rest) for each in batch]
            thinned = self._thin(batch, judgements)
            items, shares = [], dict[str, int]()
            for place, (message, judgement) in enumerate(zip(batch, judgements, strict=True)):
                if judgement is None or message.instead is not None:
                    items.append(_question(message))
                elif _is_held(message, judgement) and not self._has_a_place(message.user, shares):
                    batch[place] = replace(message, instead=_waits_already())
                    items.append(_question(message))
                else:
                    items.append(_item(message, judgement, self._moderator.model))
            rate = CommentRate(int(settings.comment_interval * 1000), settings.comment_burst)
            with self._metrics.append_seconds.time():
                answers = await retry_until(
                    lambda: self._store.ingest.append(
                        self._live.room, items, rate, self._store.now_ms()
                    ),
                    PATIENCE_S,
                )
        except BaseException as error:  # a cancellation too: nobody may be left unanswered
            self._give_up(batch, error)
            raise
        self._departures.arrived(self._store.now_ms())
        refused = sum(answers[place].result == "unknown" for place in thinned)
        self.refused += refused
        self._metrics.refused.inc(refused)
        for message, appended in zip(batch, answers, strict=True):
            if appended.result == "rejected":
                self.appeals.refused(message.message_id, message.utterance)
            _answer(message, _answer_of(message, appended))

    def _thin(
        self, batch: list[CommentIn], judgements: Sequence[Judgement | None]
    ) -> Sequence[int]:
        """Give those that are too many their answer ``instead``; return their places."""
        share = self._live.share
        if share >= 1:
            return ()
        said = [
            (place, judgement.weight)
            for place, judgement in enumerate(judgements)
            if judgement is not None
            and judgement.action != "reject"
            and batch[place].utterance.role == "viewer"
        ]
        refused = self._thinning.refused([weight for _, weight in said], share)
        places = [said[each][0] for each in refused]
        for place in places:
            batch[place] = replace(batch[place], instead=_too_many())
        return places

    def _has_a_place(self, user: str, shares: dict[str, int]) -> bool:
        """Take one of the viewer's places among the held comments; return whether there was one.

        ``shares`` are the places taken by the batch, which the replica doesn't know yet.
        """
        taken = self._live.replica.held_of(user) + shares.get(user, 0)
        if taken >= HELD_PER_VIEWER:
            return False
        shares[user] = shares.get(user, 0) + 1
        return True

    # --- votes -----------------------------------------------------------------------------------

    async def _votes(self, batch: list[VoteIn]) -> None:
        try:
            casts = await retry_until(
                lambda: self._store.votes.cast(self._live.room, batch[-1].poll, batch),
                PATIENCE_S,
            )
        except BaseException as error:  # a cancellation too: nobody may be left unanswered
            self._give_up(batch, error)
            raise
        for message, cast in zip(batch, casts, strict=True):
            _answer(message, _counted(message, cast))

    def _give_up(self, batch: list[CommentIn] | list[VoteIn], error: BaseException) -> None:
        refused = _unavailable
        if isinstance(error, UnknownRoomError):
            refused = _no_room
        elif isinstance(error, StoreUnavailable):
            log.warning("batch_unavailable", messages=len(batch), reason=error.reason)
        else:
            log.exception("batch_failed", room=self._live.room, messages=len(batch))
        for message in batch:
            _answer(message, refused())


def _answer(message: CommentIn | VoteIn, reply: Ack | RefusedError) -> None:
    """Answer one message. A sender's failure must not keep the others of the batch from their
    answers."""
    try:
        message.answer(reply)
    except Exception:
        log.exception("answer_failed")


def _waits_already() -> RefusedError:
    words = f"{HELD_PER_VIEWER} of your comments wait for a moderator already"
    return RefusedError(ErrorCode.RATE_LIMITED, words, HELD_RETRY_S)


def _question(message: CommentIn) -> Item:
    return Item(message.user, message.stored_id, "q", b"")


def _is_held(message: CommentIn, judged: Judgement) -> bool:
    if message.refused_id:
        return True
    return judged.action == "hold" or (message.hold and judged.action != "reject")


def _item(message: CommentIn, judged: Judgement, model: str) -> Item:
    if judged.action == "reject" and not message.refused_id:
        reason = (judged.category or "moderation", *cause("moderation", judged.reason, model))
        return Item(message.user, message.message_id, "r", "\x1f".join(reason).encode())
    held = _is_held(message, judged)
    event = CommentEvent.of(
        structs.replace(message.utterance, lang=judged.language),
        judged.weight,
        judged.mood,
        judged.excitement,
        judged.dedupe_key,
        held,
        judged.category or "",
        judged.reason or (NEW_FROM_THERE if message.hold else ""),
        message.plea if message.refused_id else None,
        cause(judged.category or "", judged.reason, model)[1],
    )
    return Item(message.user, message.stored_id, "h" if held else "c", events.encode(event))


def _answer_of(message: CommentIn, appended: Appended) -> Ack | RefusedError:
    match appended.result:
        case "accepted" | "held":
            status: Literal["accepted", "held"] = appended.result
            return Ack(message.message_id, status, appended.comment)
        case "rejected":
            return RejectedError(*appended.reason.split("\x1f"))
        case "limited":
            wait_s = appended.wait_ms / 1000
            return RefusedError(ErrorCode.RATE_LIMITED, f"comment again in {wait_s:.1f} s", wait_s)
        case "unknown":
            assert message.instead is not None
            return message.instead
        case "overloaded":
            return _overloaded()


def _counted(message: VoteIn, cast: Cast) -> Ack | RefusedError:
    if cast in ("counted", "repeated"):
        return Ack(message.message_id)
    if message.instead is not None:
        return message.instead
    if cast == "lost":
        return _unavailable()
    if cast == "voted_already":
        words = "you have changed your vote too often" if message.poll.change else "you have voted"
        return RefusedError(ErrorCode.ALREADY_VOTED, words)
    return RefusedError(ErrorCode.POLL_NOT_OPEN, "this poll takes no vote for that moment")


def _no_room() -> RefusedError:
    return RefusedError(ErrorCode.UNKNOWN_ROOM, "this room was deleted")


def _overloaded() -> RefusedError:
    return RefusedError(
        ErrorCode.OVERLOADED, "too much at once: send it again later", random.uniform(*AWAY_RETRY_S)
    )


def _too_many() -> RefusedError:
    return RefusedError(
        ErrorCode.OVERLOADED,
        "more is said than the room can take: this was not sent",
        random.uniform(*REFUSED_RETRY_S),
    )


def _unavailable() -> RefusedError:
    return RefusedError(
        ErrorCode.UNAVAILABLE,
        "the store is away: send it again later, with the same id",
        random.uniform(*AWAY_RETRY_S),
    )
