"""An edge that costs little: comments that are judged already, at any rate the store can take.

A room's edges take most of the CPU of a comment, so on a small machine the sequencer and its slot
never have all that they can take. This feeder has done an edge's work beforehand. What is left is
what an edge must do: thin by the share that the room's commits name, and append in batches.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, cycle, islice, pairwise

from grandstand.domain import events
from grandstand.domain.envelope import Commit
from grandstand.domain.events import CommentEvent
from grandstand.domain.identity import user_id
from grandstand.domain.utterance import Utterance
from grandstand.edge.thinning import Thinning
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.word_rules import Rules
from grandstand.replica.publication import Publication
from grandstand.replica.room import LiveRoom
from grandstand.replica.rooms import LiveRooms
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store, open_store
from grandstand.tasks import cancel_all
from grandstand.wire.translations import Translations
from msgspec import structs

BATCH = 256
BATCHES_ON_THEIR_WAY = 4
"""As many as four edges have."""

PEOPLE = 10_000
RATE = CommentRate(2000, 10_000)
"""As rooms have it, but nobody meets it."""


@dataclass(slots=True)
class Fed:
    """What came of one rate."""

    offered: int = 0
    accepted: int = 0
    refused: int = 0
    overloaded: int = 0
    shares: list[float] = field(default_factory=list)
    ticks_ms: list[int] = field(default_factory=list)

    @property
    def longest_tick_ms(self) -> int:
        """The longest time from a commit to the next."""
        return max((later - before for before, later in pairwise(self.ticks_ms)), default=0)


class Feeder:
    """Feeds one room; listens to its commits."""

    def __init__(self, store: Store, live: LiveRoom, judged: Sequence[CommentEvent]) -> None:
        """``judged`` are comments with all that moderation says of them."""
        self._store = store
        self._live = live
        self._judged = cycle(judged)
        self._people = cycle([user_id(f"v{number}", live.salt) for number in range(PEOPLE)])
        self._ids = count()
        self._thinning = Thinning()
        self.fed = Fed()
        live.listeners.append(self)

    async def feed(self, per_s: float, seconds: float) -> Fed:
        """Offer comments at that rate, as far as the store takes them, at least one batch; return
        what came of it."""
        self.fed = fed = Fed()
        began_s = time.monotonic()
        at_work: set[asyncio.Task[None]] = set()
        while (passed_s := time.monotonic() - began_s) < seconds or not fed.offered:
            if passed_s * per_s < fed.offered:
                await asyncio.sleep(0.001)
            elif len(at_work) >= BATCHES_ON_THEIR_WAY:
                await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
            else:
                fed.offered += BATCH
                task = asyncio.create_task(self._append(fed))
                at_work.add(task)
                task.add_done_callback(at_work.discard)
        await asyncio.gather(*at_work)
        return fed

    async def _append(self, fed: Fed) -> None:
        batch = list(islice(self._judged, BATCH))
        refused = set(self._thinning.refused([each.weight for each in batch], self._live.share))
        now, items = self._live.now(), list[Item]()
        for place, event in enumerate(batch):
            person, name = next(self._people), str(next(self._ids))
            if place in refused:
                items.append(Item(person, name, "q", b""))
            else:
                said = structs.replace(event, user=person, at=now)
                items.append(Item(person, name, "c", events.encode(said)))
        answers = await self._store.ingest.append(
            self._live.room, items, RATE, self._store.now_ms()
        )
        results = [answer.result for answer in answers]
        fed.accepted += results.count("accepted")
        fed.refused += results.count("unknown")
        fed.overloaded += results.count("overloaded")

    def committed(self, commit: Commit) -> None:
        """Keep when it was made, and its share."""
        self.fed.shares.append(commit.share)
        self.fed.ticks_ms.append(commit.now)

    def published(self, publication: Publication) -> None:
        """Nothing is made of it."""

    def translated(self, news: Mapping[str, Translations]) -> None:
        """Nor of this."""

    def entities_changed(self, entities: Collection[str]) -> None:
        """Nor of this."""

    def reloaded(self) -> None:
        """Nor of this."""

    def ended(self) -> None:
        """Nor of this."""


async def judged(texts: Sequence[str]) -> list[CommentEvent]:
    """Return comments as an edge without a scorer judges them."""
    moderator = Moderator(None, Rules.load())
    verdicts = await moderator.judge(texts, Policy(0))
    await moderator.close()
    return [
        CommentEvent.of(
            Utterance("", "A viewer", 0, text),
            verdict.weight,
            verdict.mood,
            verdict.excitement,
            verdict.dedupe_key,
        )
        for text, verdict in zip(texts, verdicts, strict=True)
    ]


@asynccontextmanager
async def feeding(url: str, room: str, texts: Sequence[str]) -> AsyncIterator[Feeder]:
    """A feeder of the room in the store at ``url``, for the duration of the block."""
    store = await open_store(url)
    rooms = LiveRooms(store)
    running = asyncio.create_task(rooms.run())
    try:
        yield Feeder(store, await rooms.get(room), await judged(texts))
    finally:
        await cancel_all([running])
        await rooms.close()
        await store.close()
