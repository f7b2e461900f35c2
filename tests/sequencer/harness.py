"""A room over a real store, whose sequencer and jobs a test starts and stops."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from grandstand.domain import events
from grandstand.domain.envelope import Commit
from grandstand.domain.events import CommentEvent, ControlEvent
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.votes import Ballot
from grandstand.domain.record import Row
from grandstand.leader.job import Job
from grandstand.leader.registry import ROOM_JOBS
from grandstand.leader.supervisor import RoomSupervisor
from grandstand.replica.publication import Publication
from grandstand.replica.room import LiveRoom
from grandstand.sequencer.folding import RoomFold
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.timeline import Head
from grandstand.tasks import cancel_all
from grandstand.telemetry import Metrics
from grandstand.wire.codec import decode_frame
from grandstand.wire.translations import Translations
from prometheus_client import CollectorRegistry

from tests.edge.harness import ByHand


class Listener:
    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self.latests: list[Publication] = []

    def published(self, publication: Publication) -> None:
        if publication.offset is None:
            self.latests.append(publication)

    def committed(self, commit: Commit) -> None:
        self.commits.append(commit)

    def translated(self, news: Mapping[str, Translations]) -> None:
        pass

    def entities_changed(self, entities: Collection[str]) -> None:
        pass

    def reloaded(self) -> None:
        pass

    def ended(self) -> None:
        pass

    @property
    def texts(self) -> list[str]:
        return [
            comment.text
            for commit in self.commits
            for frame in map(decode_frame, commit.frames)
            for comment in frame.comments or []
        ]

    def tallies(self, poll: str) -> list[list[int]]:
        """What everyone was told of a poll's votes."""
        frames = [decode_frame(latest.payload) for latest in self.latests]
        return [each.tally for frame in frames for each in frame.tallies or [] if each.poll == poll]


class Sequenced:
    """A room with one sequencer and its jobs, which the test starts."""

    def __init__(self, hand: ByHand) -> None:
        self.hand = hand
        self.node = hand.harness
        self.live: LiveRoom = hand.live
        self.listener = Listener()
        self.live.listeners.append(self.listener)
        self.metrics = Metrics(CollectorRegistry())
        self.works: list[tuple[RoomSupervisor, asyncio.Task[int | None]]] = []

    def start(self, *jobs: Job) -> asyncio.Task[int | None]:
        """With the jobs that every room has, unless others are given."""
        work = RoomSupervisor(self.live.room, self.node.store, self.metrics, jobs or ROOM_JOBS)
        task = asyncio.create_task(work.run())
        self.works.append((work, task))
        return task

    async def stop(self) -> None:
        """End what was started."""
        for work, task in self.works:
            await cancel_all([task])
            await work.end()
        self.works.clear()

    async def append(self, *made: CommentEvent | ControlEvent) -> list[str]:
        items = [
            Item(
                "" if not isinstance(event, CommentEvent) else event.user,
                uuid4().hex if isinstance(event, CommentEvent) else event.id,
                "c" if isinstance(event, CommentEvent) else "x",
                events.encode(event),
            )
            for event in made
        ]
        store = self.node.store
        stored = await store.ingest.append(self.live.room, items, CommentRate(0, 1), store.now_ms())
        return [each.comment for each in stored]

    def said(self, *texts: str) -> Sequence[CommentEvent]:
        now = self.live.now()
        return [CommentEvent("u", "N", now, text, 5.0, 0.0, 0.0, hash(text)) for text in texts]

    def poll(self, **fields: Any) -> PollRecord:
        now = self.live.now()
        return PollRecord(
            **{
                "id": uuid4().hex[:6],
                "kind": "single",
                "question": "?",
                "options": ["A", "B"],
                "opens_at": now,
                "closes_at": now + 60_000,
                "grace": 0,
                **fields,
            }
        )

    async def vote(self, poll: PollRecord, voter: str, choice: int) -> str:
        ballot = Ballot(voter, uuid4().hex, (choice,), in_window=True)
        (cast,) = await self.node.store.votes.cast(self.live.room, poll, [ballot])
        return cast


class Alone:
    """Nothing beside a sequencer."""

    is_behind = False
    is_at_work = False

    def loaded(self, head: Head, fold: RoomFold) -> None:
        pass

    def committed(self, head: Head, commit: Commit, fold: RoomFold, said: Sequence[Row]) -> None:
        pass

    def ticked(self) -> None:
        pass
